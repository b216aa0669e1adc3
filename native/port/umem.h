#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "base/syscall_error.h"

namespace lvsd {

/// Frames that the sockets of one worker share (XDP_SHARED_UMEM), so that what comes in by one port leaves by another without a copy.
/// Used by that worker's thread alone; made, and its sockets bound, on the control thread before.
class Umem {
 public:
  static constexpr std::uint32_t kFrame = 4096;
  static constexpr std::uint16_t kNobody = 0;
  static constexpr std::uint32_t kHeadroom = 256;  ///< XDP_PACKET_HEADROOM: where the kernel writes a frame

  [[nodiscard]] static std::shared_ptr<Umem> make(std::uint32_t frames) noexcept;
  ~Umem();
  Umem(const Umem&) = delete;
  Umem& operator=(const Umem&) = delete;

  [[nodiscard]] std::uint8_t* at(std::uint64_t address) const noexcept { return memory_ + address; }
  [[nodiscard]] std::uint8_t* begin() const noexcept { return memory_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] bool has(const std::uint8_t* where) const noexcept { return where >= memory_ && where < memory_ + bytes_; }
  [[nodiscard]] std::uint64_t address(const std::uint8_t* where) const noexcept { return static_cast<std::uint64_t>(where - memory_); }

  /// Address of a free frame, the one freed last (it is still in the cache); kNoFrame: there is none.
  static constexpr std::uint64_t kNoFrame = ~std::uint64_t{0};
  [[nodiscard]] std::uint64_t take() noexcept { return free_count_ == 0 ? kNoFrame : free_[--free_count_]; }
  void give(std::uint64_t address) noexcept {
    const std::uint64_t frame = address / kFrame;
    owners_[frame] = kNobody;
    free_[free_count_++] = frame * kFrame;
  }
  /// A queue's ring has the frame now: the kernel may write to it or read it until it comes back, or that socket is closed.
  void lend(std::uint64_t address, std::uint16_t owner) noexcept { owners_[address / kFrame] = owner; }
  /// Frees what the rings of a closed socket still had.
  void reclaim(std::uint16_t owner) noexcept;
  [[nodiscard]] std::uint32_t free_frames() const noexcept { return free_count_; }

  /// Frames promised to queues: a queue of which there would not be enough takes another umem. The control thread's.
  [[nodiscard]] bool reserve(std::uint32_t frames) noexcept;
  void unreserve(std::uint32_t frames) noexcept { reserved_ -= frames; }

  /// Bound sockets of this umem, for the next one to share it with. The control thread's.
  std::vector<int> sockets;
  std::uint16_t next_owner = kNobody;
  bool zero_copy = false;

 private:
  Umem() = default;
  std::uint8_t* memory_ = nullptr;
  std::uint64_t bytes_ = 0;
  std::unique_ptr<std::uint64_t[]> free_;
  std::unique_ptr<std::uint16_t[]> owners_;  ///< by frame
  std::uint32_t free_count_ = 0, frames_ = 0, reserved_ = 0;
};

}  // namespace lvsd
