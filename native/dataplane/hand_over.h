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
/// A frame takes as many bytes as it has, so that there is room for as many as a queue's own ring can bring at once.
class HandOver {
 public:
  static constexpr std::uint32_t kBytes = 4 << 20, kHeadroom = 256, kTailroom = 64, kMostBytes = 4096 - kHeadroom;
  enum What : std::uint32_t { kDecide, kSend };

  HandOver() : lines_(new(std::nothrow) Line[kBytes / kLine]) {}

  /// The writer. False: no room, or too big. Who then asks whether the reader sleeps, asks behind a fence: `put` is not one.
  [[nodiscard]] bool put(const Packet& packet, What what) noexcept {
    if (lines_ == nullptr || packet.length > kMostBytes) return false;
    std::uint32_t at = written_.load(std::memory_order_relaxed);
    const std::uint32_t needed = needed_for(packet.length), to_end = kBytes - at % kBytes;
    const std::uint32_t skipped = needed > to_end ? to_end : 0;
    if (at + skipped + needed - read_.load(std::memory_order_acquire) > kBytes) return false;
    if (skipped != 0) *record_at(at) = {skipped, 0, 0, kSkip};
    at += skipped;
    Record* const record = record_at(at);
    *record = {needed, packet.length, packet.port, what};
    std::memcpy(frame_of(record), packet.data, packet.length);
    written_.store(at + needed, std::memory_order_release);
    return true;
  }

  /// The reader: up to `most` frames of one kind, the oldest; they lie here until `release`.
  [[nodiscard]] std::uint32_t take(Packet* into, std::uint32_t most, What& what) noexcept {
    const std::uint32_t end = written_.load(std::memory_order_acquire);
    std::uint32_t count = 0;
    taken_ = read_.load(std::memory_order_relaxed);
    while (count < most && taken_ != end) {
      Record* const record = record_at(taken_);
      if (record->what != kSkip) {
        if (count != 0 && record->what != what) break;
        what = static_cast<What>(record->what);
        into[count++] = packet_of(record);
      }
      taken_ += record->bytes;
    }
    return count;
  }
  /// What the last `take` gave.
  void release() noexcept { read_.store(taken_, std::memory_order_release); }
  [[nodiscard]] bool is_empty() const noexcept { return written_.load(std::memory_order_acquire) == read_.load(std::memory_order_relaxed); }

  /// Bytes of the ring that a frame takes.
  [[nodiscard]] static constexpr std::uint32_t needed_for(std::uint32_t length) noexcept {
    return kLine + (kHeadroom + length + kTailroom + kLine - 1) / kLine * kLine;
  }

 private:
  static constexpr std::uint32_t kLine = 64;
  static constexpr std::uint32_t kSkip = 2;  ///< up to the ring's end: the frame did not fit there
  struct alignas(kLine) Line {
    std::uint8_t bytes[kLine];
  };
  struct Record {
    std::uint32_t bytes, length;
    std::uint16_t port;
    std::uint32_t what;
  };

  [[nodiscard]] Record* record_at(std::uint32_t at) const noexcept { return reinterpret_cast<Record*>(&lines_[at % kBytes / kLine]); }
  [[nodiscard]] static std::uint8_t* frame_of(Record* record) noexcept { return reinterpret_cast<std::uint8_t*>(record) + kLine + kHeadroom; }
  [[nodiscard]] static Packet packet_of(Record* record) noexcept {
    Packet packet;
    packet.data = frame_of(record);
    packet.length = record->length;
    packet.headroom = kHeadroom;
    packet.tailroom = static_cast<std::uint16_t>(record->bytes - kLine - kHeadroom - record->length);
    packet.port = record->port;
    packet.verdict = record->what == kSend ? Verdict::forward : Verdict::drop;
    return packet;
  }

  alignas(64) std::atomic<std::uint32_t> written_{0};
  alignas(64) std::atomic<std::uint32_t> read_{0};
  std::uint32_t taken_ = 0;  ///< the reader's
  std::unique_ptr<Line[]> lines_;
};

}  // namespace lvsd
