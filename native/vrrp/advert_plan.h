#pragma once
#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace lvsd {

/// What is sent by itself, as AdvertPlan of src/vrrp/ports.ts: message i at first_ns + i * every_ns, the last one again and again if `repeats`.
struct AdvertPlan {
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
  static constexpr std::int64_t kLeastEveryNs = 1'000'000;  ///< a plan that says less would leave time for nothing else

  std::vector<std::uint8_t> bytes;        ///< all frames, one behind the other
  std::vector<std::uint32_t> ends;        ///< of each frame
  std::uint32_t frames_per_message = 1;   ///< 1: the same for every destination; else one for each
  std::int64_t first_ns = 0, every_ns = kLeastEveryNs;  ///< CLOCK_MONOTONIC
  bool repeats = false;
  std::int64_t most_late_ns = kNever;  ///< a moment that is served later is not served, nor are those after it

  /// How much before its moment it may leave with others, which saves a wake-up: a twentieth of the interval, half a millisecond at most.
  [[nodiscard]] std::int64_t leeway_ns() const noexcept { return std::min<std::int64_t>(every_ns / 20, 500'000); }
  [[nodiscard]] std::uint64_t messages() const noexcept { return ends.size() / frames_per_message; }
  /// There is a frame for each destination, none is longer than a packet may be, and the interval is sane.
  [[nodiscard]] bool is_valid(std::size_t destinations) const noexcept {
    if (frames_per_message == 0 || ends.empty() || ends.size() % frames_per_message != 0) return false;
    if (frames_per_message != 1 && frames_per_message != destinations) return false;
    if (every_ns < kLeastEveryNs && (repeats || messages() > 1)) return false;
    std::uint32_t before = 0;
    for (const std::uint32_t end : ends) {
      if (end < before || end > bytes.size()) return false;
      before = end;
    }
    return true;
  }
  [[nodiscard]] std::span<const std::uint8_t> frame(std::uint64_t message, std::size_t destination) const noexcept {
    const std::size_t at = message * frames_per_message + (frames_per_message == 1 ? 0 : destination);
    const std::uint32_t start = at == 0 ? 0 : ends[at - 1];
    return {bytes.data() + start, ends[at] - start};
  }
  /// When moment `turn` is; kNever: the plan is over before.
  [[nodiscard]] std::int64_t moment(std::uint64_t turn) const noexcept {
    return repeats || turn < messages() ? first_ns + static_cast<std::int64_t>(turn) * every_ns : kNever;
  }
  /// Nothing was said for so long since moment `turn` should have been served that it is better to say nothing more.
  [[nodiscard]] bool is_too_late(std::uint64_t turn, std::int64_t now) const noexcept {
    return most_late_ns != kNever && now - moment(turn) > most_late_ns;
  }
  /// The latest moment not after `now`; `next` if that has not come yet.
  [[nodiscard]] std::uint64_t latest(std::int64_t now, std::uint64_t next) const noexcept {
    if (now < moment(next)) return next;
    const auto passed = every_ns > 0 ? static_cast<std::uint64_t>((now - first_ns) / every_ns) : next;
    const std::uint64_t turn = passed > next ? passed : next;
    return !repeats && turn >= messages() ? messages() - 1 : turn;
  }
};

}  // namespace lvsd
