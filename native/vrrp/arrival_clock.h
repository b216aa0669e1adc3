#pragma once
#include <algorithm>
#include <cstdint>

namespace lvsd {

/// The kernel stamps packets by the wall clock (SO_TIMESTAMPNS); this makes moments of CLOCK_MONOTONIC of the stamps of one socket.
/// Nanoseconds everywhere.
class ArrivalClock {
 public:
  /// Before the packets of a batch: what the wall clock is ahead of the monotonic one, and now.
  void begin(std::int64_t realtime_ahead, std::int64_t now) noexcept {
    ahead_before_ = known_ ? ahead_ : realtime_ahead;
    ahead_ = realtime_ahead;
    now_ = now;
    last_ = known_ ? last_ : 0;
    known_ = true;
  }

  /// Not before the packet that came before on this socket, and not after now. Where the wall clock was set since the batch before,
  /// the reading that is possible counts, and now if none is: a packet that seems old would look like silence of who sent it.
  std::int64_t arrival(std::int64_t stamp) noexcept {
    std::int64_t at = stamp - ahead_;
    if (was_set() && !possible(at)) {
      at = stamp - ahead_before_;
      if (!possible(at)) at = now_;
    }
    return last_ = std::clamp(at, std::min(last_, now_), now_);
  }

 private:
  static constexpr std::int64_t kDrift = 500'000;  ///< NTP slews at most 500 ppm: less than this between two batches of a live link

  [[nodiscard]] bool was_set() const noexcept {
    return ahead_ - ahead_before_ > kDrift || ahead_before_ - ahead_ > kDrift;
  }
  [[nodiscard]] bool possible(std::int64_t at) const noexcept { return at >= last_ && at <= now_; }

  bool known_ = false;
  std::int64_t ahead_ = 0, ahead_before_ = 0, now_ = 0, last_ = 0;
};

}  // namespace lvsd
