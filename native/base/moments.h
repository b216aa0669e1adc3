#pragma once
#include <time.h>

#include <cstdint>

namespace lvsd {

/// Nanoseconds of a clock of clock_gettime(2).
inline std::int64_t now_ns(clockid_t clock) noexcept {
  timespec now{};
  ::clock_gettime(clock, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

inline std::int64_t monotonic_ns() noexcept { return now_ns(CLOCK_MONOTONIC); }

inline timespec timespec_of(std::int64_t ns) noexcept {
  return {static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
}

/// What realtime is ahead of CLOCK_MONOTONIC now, in nanoseconds: it changes when somebody sets the clock.
inline std::int64_t realtime_ahead_ns() noexcept {
  const std::int64_t before = monotonic_ns();
  const std::int64_t real = now_ns(CLOCK_REALTIME);
  return real - (before + (monotonic_ns() - before) / 2);
}

}  // namespace lvsd
