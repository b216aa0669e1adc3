#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <span>

#include "packet/address.h"

namespace lvsd {

/// What is said of a packet that was heard, in front of its bytes, or alone of a silence: what AdvertRing holds and what JavaScript reads (src/addon/heard-records.ts).
/// Behind it come the IPv4 header (none: IPv6) and what is behind that, and zeros up to the next multiple of eight.
struct HeardRecord {
  std::uint32_t bytes;        ///< Of the whole record.
  std::uint32_t channel;
  std::int64_t at_ns;         ///< CLOCK_MONOTONIC.
  std::uint16_t header_bytes;
  std::uint16_t payload_bytes;
  std::uint8_t ttl;
  std::uint8_t is_ip6;
  std::uint8_t is_silence;    ///< Nothing came: what the channel expects was not heard for its patience.
  std::uint8_t unused;
  Address source, destination;
};
static_assert(sizeof(HeardRecord) == 56 && sizeof(HeardRecord) % 8 == 0);

/// Heard packets that wait for JavaScript: at most so many, in so many bytes; a newer one is refused when there is no room. Whoever uses it holds the lock.
class AdvertRing {
 public:
  static constexpr std::uint32_t kMostRecords = 4096;
  static constexpr std::uint32_t kBytes = 2U << 20;

  [[nodiscard]] bool allocate() noexcept {
    memory_.reset(new (std::nothrow) std::uint8_t[kBytes]);
    return memory_ != nullptr;
  }
  [[nodiscard]] std::span<const std::uint8_t> memory() const noexcept { return {memory_.get(), kBytes}; }
  [[nodiscard]] bool empty() const noexcept { return records_ == 0; }

  /// `record.bytes` is filled in. false: no room.
  [[nodiscard]] bool push(HeardRecord record, std::span<const std::uint8_t> header_and_payload) noexcept {
    record.bytes = static_cast<std::uint32_t>((sizeof record + header_and_payload.size() + 7) & ~std::size_t{7});
    if (records_ == kMostRecords) return false;
    // A record lies in one piece: what is too long for the end of the memory begins anew at its start.
    const std::uint32_t rest = kBytes - head_;
    const std::uint32_t skipped = rest < record.bytes ? rest : 0;
    if (used_ + skipped + record.bytes > kBytes) return false;
    if (skipped > 0) put_word(head_, 0);
    const std::uint32_t at = skipped > 0 ? 0 : head_;
    std::memcpy(&memory_[at], &record, sizeof record);
    std::copy(header_and_payload.begin(), header_and_payload.end(), &memory_[at + sizeof record]);
    const std::size_t end = sizeof record + header_and_payload.size();
    std::memset(&memory_[at + end], 0, record.bytes - end);
    head_ = (at + record.bytes) % kBytes;
    used_ += skipped + record.bytes;
    ++records_;
    return true;
  }

  /// The oldest record, whole; empty: none. Stays until pop().
  [[nodiscard]] std::span<const std::uint8_t> front() noexcept {
    if (records_ == 0) return {};
    if (word(tail_) == 0) {
      used_ -= kBytes - tail_;
      tail_ = 0;
    }
    return {&memory_[tail_], word(tail_)};
  }
  void pop() noexcept {
    const auto bytes = static_cast<std::uint32_t>(front().size());
    tail_ = (tail_ + bytes) % kBytes;
    used_ -= bytes;
    --records_;
  }

 private:
  // Everything in the ring is a multiple of eight bytes, so that there is always room for the word that says "go on at the start".
  [[nodiscard]] std::uint32_t word(std::uint32_t at) const noexcept {
    std::uint32_t value;
    std::memcpy(&value, &memory_[at], sizeof value);
    return value;
  }
  void put_word(std::uint32_t at, std::uint32_t value) noexcept { std::memcpy(&memory_[at], &value, sizeof value); }

  std::unique_ptr<std::uint8_t[]> memory_;
  std::uint32_t head_ = 0, tail_ = 0, used_ = 0, records_ = 0;
};

}  // namespace lvsd
