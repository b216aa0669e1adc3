#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "packet/packet.h"
#include "packet/rewrite.h"

/// Answers of ours to a packet: each function writes a whole frame, to the MAC it came from and with its VLAN tags, into `into` and
/// returns the frame's length; 0: there is no answer to this packet (or no room for it). All checksums are complete.
namespace lvsd {

/// Every answer fits; echo replies are as long as their requests.
inline constexpr std::size_t kMostIcmpError = 22 + 1280;

/// What went wrong. The type and code of the packet's own family are chosen by it.
enum class IcmpProblem : std::uint8_t {
  too_big,           ///< fragmentation needed (RFC 1191), packet too big
  ttl_exceeded,      ///< in transit
  reassembly,        ///< fragments did not all come in time
  no_route,          ///< network unreachable; no route to destination
  host_unreachable,  ///< address unreachable
  port_unreachable,
  prohibited,        ///< communication administratively prohibited
};

/// `packet` is the client's own, as it came. Nothing is said about ICMP errors, later fragments, packets to or from many (RFC 1812
/// section 4.3.2.7, RFC 4443 section 2.4 e), nor when `from` is of the other family. IPv4 quotes what fits 576 bytes, IPv6 1,280.
/// @param mtu of too_big: the largest packet that would have passed
[[nodiscard]] std::size_t make_icmp_error(const Packet& packet, const Parsed& parsed, IcmpProblem problem, std::uint16_t mtu,
                                          const Address& from, std::span<std::uint8_t> into) noexcept;

/// Whether this is an echo request that make_echo_reply would answer, but for its checksum.
[[nodiscard]] bool is_echo_request(const Parsed& parsed) noexcept;
/// To a whole echo request of either family whose checksum is right.
[[nodiscard]] std::size_t make_echo_reply(const Packet& packet, const Parsed& parsed, std::span<std::uint8_t> into) noexcept;

/// Whether somebody asks for a neighbour's MAC: a valid ARP request (not gratuitous), or a neighbour solicitation valid by RFC 4861
/// section 7.1.1, checksum included.
/// @param target whom they ask for
[[nodiscard]] bool asks_for_neighbour(const Packet& packet, const Parsed& parsed, Address& target) noexcept;
/// The ARP reply, or the solicited overriding advertisement, that says `mac` for the target. To duplicate address detection the
/// advertisement goes to all nodes (RFC 4861 section 7.2.4).
[[nodiscard]] std::size_t make_neighbour_answer(const Packet& packet, const Parsed& parsed, const std::uint8_t (&mac)[6],
                                                std::span<std::uint8_t> into) noexcept;

/// Rewrites addresses and ports inside the packet that an ICMP error quotes, as `rewrite` says for the quoted packet (its source, its
/// destination): its IP checksum, its transport checksum if it is quoted, and the ICMP checksum change incrementally, so what was
/// wrong before stays wrong. The error's own addresses are Nat's (encap/nat.h); the order of the two does not matter.
void translate_quoted(Packet& packet, const Parsed& error, const Quoted& quoted, const Rewrite& rewrite) noexcept;

}  // namespace lvsd
