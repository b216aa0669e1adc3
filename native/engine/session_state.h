#pragma once
#include <cstddef>
#include <cstdint>

namespace lvsd {

/// From one direction or both; names after the kernel's (net/netfilter/ipvs/ip_vs_proto_tcp.c), time-outs from the settings.
enum class SessionState : std::uint8_t { syn, established, fin, closed, udp, icmp, other, affinity };
inline constexpr std::size_t kSessionStates = 8;

}  // namespace lvsd
