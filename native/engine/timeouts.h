#pragma once
#include <algorithm>
#include <cstdint>

#include "engine/image.h"
#include "engine/session_state.h"

namespace lvsd {

/// After how many milliseconds without a packet a session ends, by its state: reckoned once for each service, so that a packet costs one
/// load. Of `affinity`: 0, the service has none.
struct Timeouts {
  static constexpr std::uint32_t kLongestMs = 0x7fffffff;  ///< half of what the clock can tell

  std::uint32_t ms[kSessionStates] = {};

  /// As long as the clock can tell, and never none.
  [[nodiscard]] static constexpr std::uint32_t bounded(std::uint64_t ms) noexcept {
    return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(ms, 1, kLongestMs));
  }

  [[nodiscard]] std::uint32_t operator[](SessionState state) const noexcept { return ms[static_cast<std::size_t>(state)]; }
};
static_assert(sizeof(Timeouts) == 32);

/// All in seconds.
/// @param tcp,udp the service's own for established connections and for UDP; 0: those of the settings
/// @param persistence 0: none
[[nodiscard]] constexpr Timeouts timeouts_of(const image::Settings& settings, std::uint32_t tcp, std::uint32_t udp,
                                             std::uint32_t persistence) noexcept {
  const auto bounded = [](std::uint32_t seconds) { return Timeouts::bounded(std::uint64_t{seconds} * 1000); };
  Timeouts times;
  const auto set = [&](SessionState state, std::uint32_t ms) { times.ms[static_cast<std::size_t>(state)] = ms; };
  set(SessionState::syn, bounded(settings.tcp_syn));
  set(SessionState::established, bounded(tcp != 0 ? tcp : settings.tcp_established));
  set(SessionState::fin, bounded(settings.tcp_fin));
  set(SessionState::closed, bounded(settings.tcp_closed));
  set(SessionState::udp, bounded(udp != 0 ? udp : settings.udp));
  set(SessionState::icmp, bounded(settings.icmp));
  set(SessionState::other, bounded(settings.other));
  set(SessionState::affinity, persistence == 0 ? 0 : bounded(persistence));
  return times;
}

}  // namespace lvsd
