#pragma once
// Frames of forward_fuzz.cc, and what must hold of each that leaves.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <span>

#include "engine/tables.h"
#include "fuzz/input.h"
#include "packet/checksum.h"
#include "packet/headers.h"
#include "packet/parse.h"
#include "test/frames.h"
#include "test/images.h"

namespace lvsd::fuzz {

using namespace lvsd::test;

inline constexpr std::uint16_t kHeadroom = 128;

/// A frame in memory of its own, which ends where its room ends: AddressSanitizer sees what leaves it.
struct Copy {
  Copy(const Bytes& frame, std::uint16_t port, std::uint16_t tailroom) : before(frame), memory(new std::uint8_t[kHeadroom + frame.size() + tailroom]) {
    std::memset(memory.get(), 0, kHeadroom + frame.size() + tailroom);
    if (!frame.empty()) std::memcpy(memory.get() + kHeadroom, frame.data(), frame.size());
    packet.data = memory.get() + kHeadroom;
    packet.length = static_cast<std::uint32_t>(frame.size());
    packet.headroom = kHeadroom;
    packet.tailroom = tailroom;
    packet.port = port;
    end = packet.data + frame.size() + tailroom;
  }
  Bytes before;
  std::unique_ptr<std::uint8_t[]> memory;
  const std::uint8_t* end;
  Packet packet;
};

inline bool parses(const Bytes& frame, Parsed& into) {
  Packet packet;
  packet.data = const_cast<std::uint8_t*>(frame.data());
  packet.length = static_cast<std::uint32_t>(frame.size());
  return parse(packet, into) == DropReason::none;
}

/// Makes the checksums right again that a mutation broke, so that it is looked at further than the door.
inline void repair(Bytes& frame) {
  const std::size_t at = ip_at(frame);
  if (frame.size() < at + 20 || be16(frame, at - 2) != wire::kTypeIpv4) return;
  const std::size_t header = (frame[at] & 15U) * 4;
  if (header >= 20 && frame.size() >= at + header) write_ipv4_checksum(frame.data() + at);
}

inline void print(const Packet& packet) {
  for (std::uint32_t at = 0; at < packet.length; ++at) std::fprintf(stderr, "%02x", packet.data[at]);
  std::fprintf(stderr, "\n");
}

inline bool is_among(const Address& address, std::span<const Address> of) { return std::find(of.begin(), of.end(), address) != of.end(); }
inline bool in_pool(const Address& address) {
  static const Address kPools[] = {test::address("203.0.113.1"), test::address("203.0.113.2"), test::address("2001:db8:f::1"), test::address("2001:db8:f::2")};
  return is_among(address, kPools);
}
inline bool is_full_nat_server(const Address& address) {
  static const Address kServers[] = {test::address("10.0.4.1"), test::address("10.0.4.2"), test::address("2001:db8:5::7"), test::address("2001:db8:6::7")};
  return is_among(address, kServers);
}

/// Where the client's packet is in a tunnel's, if it is one.
inline std::optional<std::size_t> inner_at(const Bytes& ip) {
  const std::uint8_t protocol = protocol_of(ip);
  const std::size_t at = header_length(ip);
  if (protocol == wire::kIpv4InIp || protocol == wire::kIpv6InIp) return at;
  if (protocol == wire::kGre) return at + 4 + (be16(ip, at) & 0x8000 ? 4U : 0U);
  if (protocol == wire::kUdp && (be16(ip, at + 2) == 6080 || be16(ip, at + 2) == 5555)) return at + 8 + 4 + (ip[at + 8] & 31U) * 4;
  return std::nullopt;
}

inline void check_out(const Tables& tables, const Packet& packet, const Bytes* before) {
  require(packet.port < tables.ports().size(), "port of what leaves is one");
  require(packet.length >= 14, "what leaves is a frame");
  const Bytes frame(packet.data, packet.data + packet.length);
  const std::uint16_t type = be16(frame, ip_at(frame) - 2);
  if (type != wire::kTypeIpv4 && type != wire::kTypeIpv6) return;
  const Bytes ip = ip_of(frame);
  require(ip.size() >= 20, "IP packet within its frame");
  require(!is_v4(ip) || sum_of(std::span(ip).first(header_length(ip))) == 0xffff, "header checksum");
  if (before == nullptr) return;

  Parsed parsed;
  require(parses(*before, parsed), "what was forwarded could be read");
  const Bytes was(before->begin() + parsed.network_at, before->begin() + parsed.end);
  Parsed now;
  const bool from_nobody = parsed.source.is_zero() || parsed.source == Address::v4(0);
  require(from_nobody || parses(frame, now), "what leaves can be read");
  const auto inner = inner_at(ip);
  const bool tunnel = inner && ip.size() == *inner + was.size() && std::equal(was.begin(), was.end(), ip.begin() + static_cast<std::ptrdiff_t>(*inner));
  require(tunnel || protocol_of(ip) == protocol_of(was), "a tunnel carries what came, everything else keeps its protocol");
  require(tunnel || ip.size() == was.size(), "nothing but a tunnel makes a packet longer");
  require(tunnel || !checksums_right(was) || checksums_right(ip), "transport checksum");
  require(tunnel || ttl_of(ip) + 1 == ttl_of(was), "a hop was taken");
  if (!tunnel && is_full_nat_server(target_of(ip)) && !is_full_nat_server(target_of(was))) require(in_pool(source_of(ip)), "full NAT gave a source");
}

}  // namespace lvsd::fuzz
