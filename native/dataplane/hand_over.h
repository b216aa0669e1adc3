#pragma once
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>

#include "packet/packet.h"

namespace lvsd {

/// Frames from one worker to another: a ring with one writer and one reader, frames copied into it. What is handed over is either still
/// to be decided about (its flow is the other worker's), or decided and to be sent by a port whose queue is the other worker's.
class HandOver {
 public:
  static constexpr std::uint32_t kSlots = 256, kHeadroom = 256, kRoom = 4096;
  enum What : std::uint32_t { kDecide, kSend };

  HandOver() : slots_(new(std::nothrow) Slot[kSlots]) {}

  /// The writer. False: no room, or too big. Who then asks whether the reader sleeps, asks behind a fence: `put` is not one.
  [[nodiscard]] bool put(const Packet& packet, What what) noexcept {
    const std::uint32_t at = written_.load(std::memory_order_relaxed);
    if (slots_ == nullptr || packet.length > kRoom - kHeadroom || at - read_.load(std::memory_order_acquire) == kSlots) return false;
    Slot& slot = slots_[at % kSlots];
    slot.length = packet.length;
    slot.port = packet.port;
    slot.what = what;
    std::memcpy(slot.bytes + kHeadroom, packet.data, packet.length);
    written_.store(at + 1, std::memory_order_release);
    return true;
  }

  /// The reader: up to `most` frames of one kind, the oldest; they lie here until `release`.
  [[nodiscard]] std::uint32_t take(Packet* into, std::uint32_t most, What& what) noexcept {
    const std::uint32_t first = read_.load(std::memory_order_relaxed), end = written_.load(std::memory_order_acquire);
    std::uint32_t count = 0;
    for (; count < most && first + count != end; ++count) {
      Slot& slot = slots_[(first + count) % kSlots];
      if (count == 0) what = slot.what;
      if (slot.what != what) break;
      Packet& packet = into[count];
      packet = Packet{};
      packet.data = slot.bytes + kHeadroom;
      packet.length = slot.length;
      packet.headroom = kHeadroom;
      packet.tailroom = static_cast<std::uint16_t>(kRoom - kHeadroom - slot.length);
      packet.port = slot.port;
      packet.verdict = what == kSend ? Verdict::forward : Verdict::drop;
    }
    return count;
  }
  void release(std::uint32_t count) noexcept { read_.store(read_.load(std::memory_order_relaxed) + count, std::memory_order_release); }
  [[nodiscard]] bool is_empty() const noexcept { return written_.load(std::memory_order_acquire) == read_.load(std::memory_order_relaxed); }

 private:
  struct Slot {
    std::uint32_t length;
    std::uint16_t port;
    What what;
    alignas(64) std::uint8_t bytes[kRoom];
  };
  alignas(64) std::atomic<std::uint32_t> written_{0};
  alignas(64) std::atomic<std::uint32_t> read_{0};
  std::unique_ptr<Slot[]> slots_;
};

}  // namespace lvsd
