#pragma once
#include <cstdint>

/// The numbers that both readings of the steering rules share: steering.cc and xdp_program.cc.
namespace lvsd::rules {

inline constexpr std::uint16_t kVlan = 0x8100, kServiceVlan = 0x88a8, kArp = 0x0806, kIpv4 = 0x0800, kIpv6 = 0x86dd;
inline constexpr int kMostExtensions = 4;  ///< IPv6 extension headers; behind more of them nothing is read
inline constexpr std::uint8_t kWithPorts[] = {6, 17, 33, 132, 136};  ///< TCP, UDP, DCCP, SCTP, UDP-Lite
inline constexpr std::uint8_t kExtensions[] = {0, 43, 60};           ///< hop-by-hop, routing, destination options
inline constexpr std::uint8_t kIcmp4Errors[] = {3, 4, 5, 11, 12};
inline constexpr std::uint8_t kNeighbourSolicitation = 135;
inline constexpr std::uint8_t kFirstDiscovery = 133, kLastDiscovery = 137;  ///< RFC 4861
inline constexpr std::uint8_t kLastIcmp6Error = 4;

template <std::size_t N>
[[nodiscard]] constexpr bool one_of(const std::uint8_t (&list)[N], std::uint8_t value) noexcept {
  for (const std::uint8_t each : list)
    if (each == value) return true;
  return false;
}
[[nodiscard]] constexpr bool has_ports(std::uint8_t protocol) noexcept { return one_of(kWithPorts, protocol); }
[[nodiscard]] constexpr bool is_extension(std::uint8_t header) noexcept { return one_of(kExtensions, header); }
[[nodiscard]] constexpr bool is_icmp4_error(std::uint8_t type) noexcept { return one_of(kIcmp4Errors, type); }
[[nodiscard]] constexpr bool is_icmp6_error(std::uint8_t type) noexcept { return type >= 1 && type <= kLastIcmp6Error; }
[[nodiscard]] constexpr bool is_discovery(std::uint8_t type) noexcept { return type >= kFirstDiscovery && type <= kLastDiscovery; }

/// Of PrefixValue::ingress. From the 65th port on services with a list of ports take all: the engine looks closer.
[[nodiscard]] constexpr std::uint64_t port_mask(std::uint32_t port) noexcept { return port < 64 ? std::uint64_t{1} << port : ~std::uint64_t{0}; }

}  // namespace lvsd::rules
