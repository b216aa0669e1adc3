#pragma once
#include <algorithm>
#include <cstdint>
#include <limits>

namespace lvsd {

/// Whether somebody who says the same again and again has fallen silent. Nanoseconds of CLOCK_MONOTONIC.
class Silence {
 public:
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

  Silence() = default;
  /// It was heard at `since`, and is silent `patience` after it was heard last.
  Silence(std::int64_t since, std::int64_t patience) noexcept : heard_(since), patience_(patience) {}

  void hear(std::int64_t at) noexcept { heard_ = std::max(heard_, at); }
  /// It was told, having lasted until `at`. Of the next one there is something to tell only when it was heard again.
  void tell(std::int64_t at) noexcept { told_ = at; }
  [[nodiscard]] bool is_told() const noexcept { return told_ > heard_; }
  /// When to look at it again: it cannot be silent anew before.
  [[nodiscard]] std::int64_t due() const noexcept { return patience_ == kNever ? kNever : std::max(heard_, told_) + patience_; }

 private:
  std::int64_t heard_ = 0, told_ = 0, patience_ = kNever;
};

}  // namespace lvsd
