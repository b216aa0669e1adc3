#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/session_state.h"

namespace lvsd {

/// Bits of the TCP header's flags (RFC 9293 section 3.1).
namespace tcp {
inline constexpr std::uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kAck = 0x10;
inline constexpr std::uint8_t kKnown = 0x3f;  ///< without ECE and CWR, which say nothing about a connection's state
}  // namespace tcp

/// What a segment is for the state: the kernel's order (tcp_state_idx: RST, SYN, FIN, ACK). `nothing` has none of these flags: no
/// stack sends it, and it changes no state.
enum class Segment : std::uint8_t { rst, syn, fin, ack, nothing };

[[nodiscard]] constexpr Segment segment_kind(std::uint8_t flags) noexcept {
  if ((flags & tcp::kRst) != 0) return Segment::rst;
  if ((flags & tcp::kSyn) != 0) return Segment::syn;
  if ((flags & tcp::kFin) != 0) return Segment::fin;
  return (flags & tcp::kAck) != 0 ? Segment::ack : Segment::nothing;
}

/// State of a flow whose first packet this is. One that begins in the middle (its session was another engine's) is established.
[[nodiscard]] constexpr SessionState first_tcp_state(std::uint8_t flags) noexcept {
  switch (segment_kind(flags)) {
    case Segment::syn: return SessionState::syn;
    case Segment::fin: return SessionState::fin;
    case Segment::ack: return SessionState::established;
    default: return SessionState::closed;
  }
}

/// The kernel's tables with its eleven states taken together to four, rows as above. Where only the client is seen (tunnels, direct
/// routing) the first table is all there is, as the kernel's INPUT_ONLY.
/// What differs: RST in `syn` closes (the kernel leaves SYN_RECV), and a server's ACK does not establish: only the client's shows that
/// there is one behind that address.
namespace tcp {
using enum SessionState;
inline constexpr SessionState kFromClient[5][4] = {
    //            syn          established  fin     closed
    /* rst */ {closed, closed, closed, closed},
    /* syn */ {syn, established, syn, syn},
    /* fin */ {fin, fin, fin, closed},
    /* ack */ {established, established, fin, closed},
    /* nothing */ {syn, established, fin, closed},
};
inline constexpr SessionState kFromServer[5][4] = {
    /* rst */ {closed, closed, closed, closed},
    /* syn */ {syn, established, fin, closed},
    /* fin */ {fin, fin, fin, closed},
    /* ack */ {syn, established, fin, closed},
    /* nothing */ {syn, established, fin, closed},
};

/// [from server][flags][state], other protocols' states staying what they are, so that a packet costs one load.
[[nodiscard]] constexpr auto all_steps() noexcept {
  std::array<std::array<std::array<SessionState, kSessionStates>, 64>, 2> steps{};
  for (std::size_t direction = 0; direction < 2; ++direction) {
    for (std::size_t flags = 0; flags < 64; ++flags) {
      const auto row = static_cast<std::size_t>(segment_kind(static_cast<std::uint8_t>(flags)));
      for (std::size_t state = 0; state < kSessionStates; ++state) {
        const bool is_tcp = state < 4;
        steps[direction][flags][state] = !is_tcp          ? static_cast<SessionState>(state)
                                         : direction == 0 ? kFromClient[row][state]
                                                          : kFromServer[row][state];
      }
    }
  }
  return steps;
}
inline constexpr auto kSteps = all_steps();
}  // namespace tcp

[[nodiscard]] constexpr SessionState next_state(SessionState state, std::uint8_t flags, bool from_server) noexcept {
  return tcp::kSteps[from_server ? 1 : 0][flags & tcp::kKnown][static_cast<std::size_t>(state)];
}

/// A SYN for a connection that has ended is a new one: it may be scheduled anew (the kernel's conn_reuse_mode 1).
[[nodiscard]] constexpr bool restarts_tcp(SessionState state, std::uint8_t flags) noexcept {
  const bool only_syn = (flags & (tcp::kSyn | tcp::kAck | tcp::kRst | tcp::kFin)) == tcp::kSyn;
  return only_syn && (state == SessionState::fin || state == SessionState::closed);
}

/// What a packet of the client does to a session in one of the states, all of it in one load.
class ClientStep {
 public:
  static constexpr std::uint8_t kAfter = 7, kProves = 8, kRestarts = 128;

  constexpr ClientStep() noexcept = default;
  constexpr ClientStep(SessionState before, std::uint8_t flags) noexcept
      : bits_(static_cast<std::uint8_t>(static_cast<std::uint8_t>(next_state(before, flags, false)) |
                                        ((flags & tcp::kSyn) == 0 ? kProves : 0) | (restarts_tcp(before, flags) ? kRestarts : 0))) {}

  [[nodiscard]] constexpr SessionState after() const noexcept { return static_cast<SessionState>(bits_ & kAfter); }
  /// The bit kProves, or 0: whether the packet shows that there is somebody behind the client's address.
  [[nodiscard]] constexpr std::uint32_t proves() const noexcept { return bits_ & kProves; }
  [[nodiscard]] constexpr bool restarts() const noexcept { return (bits_ & kRestarts) != 0; }

 private:
  std::uint8_t bits_ = 0;
};

namespace tcp {
/// [flags][state]
[[nodiscard]] constexpr auto all_client_steps() noexcept {
  std::array<std::array<ClientStep, kSessionStates>, 64> steps;
  for (std::size_t flags = 0; flags < 64; ++flags) {
    for (std::size_t state = 0; state < kSessionStates; ++state) {
      steps[flags][state] = ClientStep(static_cast<SessionState>(state), static_cast<std::uint8_t>(flags));
    }
  }
  return steps;
}
inline constexpr auto kClientSteps = all_client_steps();
}  // namespace tcp

[[nodiscard]] inline ClientStep client_step(SessionState state, std::uint8_t flags) noexcept {
  return tcp::kClientSteps[flags & tcp::kKnown][static_cast<std::size_t>(state)];
}

}  // namespace lvsd
