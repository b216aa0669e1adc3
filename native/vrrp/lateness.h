#pragma once
#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

namespace lvsd {

/// How much later than planned: a histogram of microseconds, eight steps to each doubling, so that a percentile is right to an eighth.
/// One thread records; any other may read meanwhile.
class Lateness {
 public:
  void record(std::int64_t ns) noexcept {
    const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(ns, 0) / 1000);
    counts_[index_of(us)].fetch_add(1, std::memory_order_relaxed);
    count_.fetch_add(1, std::memory_order_relaxed);
    if (us > most_us_.load(std::memory_order_relaxed)) most_us_.store(us, std::memory_order_relaxed);
  }

  [[nodiscard]] std::uint64_t count() const noexcept { return count_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t most_us() const noexcept { return most_us_.load(std::memory_order_relaxed); }
  /// What `share` of them (0..1) did not exceed. 0 while there is none.
  [[nodiscard]] std::uint64_t percentile_us(double share) const noexcept {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(count()));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i].load(std::memory_order_relaxed);
      if (seen > wanted) return std::min(most_in(i), most_us());
    }
    return most_us();
  }

 private:
  static constexpr unsigned kSteps = 8, kStepBits = 3;
  static constexpr std::uint64_t kMostUs = (std::uint64_t{1} << 27) - 1;  ///< two minutes; what is above counts as this

  static std::size_t index_of(std::uint64_t us) noexcept {
    us = std::min(us, kMostUs);
    if (us < kSteps) return us;
    const unsigned shift = static_cast<unsigned>(std::bit_width(us)) - 1 - kStepBits;
    return (shift + 1) * kSteps + ((us >> shift) & (kSteps - 1));
  }
  static std::uint64_t most_in(std::size_t index) noexcept {
    if (index < kSteps) return index;
    const auto shift = static_cast<unsigned>(index / kSteps - 1);
    return ((std::uint64_t{kSteps} + index % kSteps + 1) << shift) - 1;
  }

  std::array<std::atomic<std::uint32_t>, 25 * kSteps> counts_{};
  std::atomic<std::uint64_t> count_{0}, most_us_{0};
};

}  // namespace lvsd
