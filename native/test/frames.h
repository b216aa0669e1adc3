#pragma once
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "packet/headers.h"
#include "test/images.h"

/// Frames for tests, built and judged by code of their own: checksums the slow way.
namespace lvsd::test {

using Bytes = std::vector<std::uint8_t>;

inline std::uint16_t be16(std::span<const std::uint8_t> bytes, std::size_t at) {
  return at + 2 <= bytes.size() ? static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]) : std::uint16_t{0};
}
inline void put16(Bytes& bytes, std::size_t at, std::uint16_t value) {
  bytes[at] = static_cast<std::uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<std::uint8_t>(value);
}
inline void add16(Bytes& bytes, std::uint16_t value) {
  bytes.push_back(static_cast<std::uint8_t>(value >> 8));
  bytes.push_back(static_cast<std::uint8_t>(value));
}
inline std::uint32_t sum_of(std::span<const std::uint8_t> bytes, std::uint32_t sum = 0) {
  for (std::size_t at = 0; at < bytes.size(); at += 2) sum += static_cast<std::uint32_t>(bytes[at] << 8 | (at + 1 < bytes.size() ? bytes[at + 1] : 0));
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

struct Frame {
  std::string from = "198.51.100.7", to = "192.0.2.1";
  std::uint16_t from_port = 40000, to_port = 80;
  std::uint8_t protocol = wire::kTcp;
  std::uint8_t tcp_flags = wire::kAck;
  std::uint8_t ttl = 64, tos = 0;
  bool dont_fragment = true;
  Bytes payload = {'h', 'e', 'l', 'l', 'o'};
  std::string from_mac = "02:01:00:00:ff:02", to_mac = "02:fe:00:00:00:01";
  std::uint16_t id = 1;
  bool zero_udp_checksum = false;
  std::vector<std::uint32_t> tags;  ///< type and TCI
  std::uint8_t icmp_type = 8, icmp_code = 0;  ///< of protocol 1 and 58; from_port is the id
  bool raw_payload = false;  ///< no transport header: the payload is all of it
  std::uint16_t fragment = 0;  ///< IPv4 flags and offset, instead of DF

  [[nodiscard]] bool v4() const { return address(from).is_v4(); }

  [[nodiscard]] Bytes transport() const {
    Bytes bytes;
    if (raw_payload) return payload;
    std::size_t checksum_at = 0;
    switch (protocol) {
      case wire::kTcp:
        add16(bytes, from_port);
        add16(bytes, to_port);
        for (const int byte : {0, 0, 0, 1, 0, 0, 0, 1, 0x50, static_cast<int>(tcp_flags), 0x20, 0, 0, 0, 0, 0}) bytes.push_back(static_cast<std::uint8_t>(byte));
        checksum_at = 16;
        break;
      case wire::kUdp:
        add16(bytes, from_port);
        add16(bytes, to_port);
        add16(bytes, static_cast<std::uint16_t>(8 + payload.size()));
        add16(bytes, 0);
        checksum_at = 6;
        break;
      case wire::kIcmp:
      case wire::kIcmpv6:
        bytes = {icmp_type, icmp_code, 0, 0};
        add16(bytes, from_port);
        add16(bytes, 1);
        checksum_at = 2;
        break;
      default: break;
    }
    bytes.insert(bytes.end(), payload.begin(), payload.end());
    if (checksum_at == 0 || (protocol == wire::kUdp && zero_udp_checksum)) return bytes;
    const auto sum = static_cast<std::uint16_t>(~sum_of(bytes, protocol == wire::kIcmp ? 0 : pseudo(bytes.size())));
    put16(bytes, checksum_at, sum == 0 && protocol == wire::kUdp ? 0xffff : sum);
    return bytes;
  }
  [[nodiscard]] std::uint32_t pseudo(std::size_t length) const {
    const Address source = address(from), destination = address(to);
    const std::size_t first = v4() ? 12 : 0;
    std::uint32_t sum = sum_of(std::span(source.bytes).subspan(first));
    sum += sum_of(std::span(destination.bytes).subspan(first));
    return sum + protocol + static_cast<std::uint32_t>(length);
  }

  /// The IP packet.
  [[nodiscard]] Bytes packet() const { return packet_with(transport()); }
  [[nodiscard]] Bytes packet_with(const Bytes& body) const {
    Bytes bytes;
    const Address source = address(from), destination = address(to);
    if (v4()) {
      bytes = {0x45, tos, 0, 0, 0, 0, 0, 0, ttl, protocol, 0, 0};
      put16(bytes, 2, static_cast<std::uint16_t>(20 + body.size()));
      put16(bytes, 4, id);
      put16(bytes, 6, fragment != 0 ? fragment : dont_fragment ? wire::kDontFragment : std::uint16_t{0});
      bytes.insert(bytes.end(), source.bytes.begin() + 12, source.bytes.end());
      bytes.insert(bytes.end(), destination.bytes.begin() + 12, destination.bytes.end());
      put16(bytes, 10, static_cast<std::uint16_t>(~sum_of(bytes)));
    } else {
      bytes = {static_cast<std::uint8_t>(0x60 | tos >> 4), static_cast<std::uint8_t>(tos << 4), 0, 0, 0, 0, protocol, ttl};
      put16(bytes, 4, static_cast<std::uint16_t>(body.size()));
      bytes.insert(bytes.end(), source.bytes.begin(), source.bytes.end());
      bytes.insert(bytes.end(), destination.bytes.begin(), destination.bytes.end());
    }
    bytes.insert(bytes.end(), body.begin(), body.end());
    return bytes;
  }
  /// The Ethernet frame, padded to 60 bytes.
  [[nodiscard]] Bytes bytes() const { return framed(packet()); }
  [[nodiscard]] Bytes framed(const Bytes& ip) const {
    Bytes frame(12);
    mac(to_mac, frame.data());
    mac(from_mac, frame.data() + 6);
    for (const std::uint32_t tag : tags) {
      add16(frame, static_cast<std::uint16_t>(tag >> 16));
      add16(frame, static_cast<std::uint16_t>(tag));
    }
    add16(frame, v4() ? wire::kTypeIpv4 : wire::kTypeIpv6);
    frame.insert(frame.end(), ip.begin(), ip.end());
    if (frame.size() < 60) frame.resize(60);
    return frame;
  }
};

/// frag-needed or packet-too-big of a router about a packet.
inline Frame error_about(const Bytes& quoted, const std::string& from, const std::string& to) {
  Frame error;
  error.from = from;
  error.to = to;
  error.protocol = error.v4() ? 1 : 58;
  error.icmp_type = error.v4() ? 3 : 2;
  error.icmp_code = error.v4() ? 4 : 0;
  error.from_port = 0;
  error.payload = quoted;
  if (error.payload.size() > 60) error.payload.resize(60);
  return error;
}

/// The parts of a frame that left: where its IP packet begins, and whether its checksums are right.
inline std::size_t ip_at(std::span<const std::uint8_t> frame) {
  std::size_t at = 12;
  while (be16(frame, at) == wire::kTypeVlan || be16(frame, at) == wire::kTypeQinq) at += 4;
  return at + 2;
}
inline Bytes ip_of(std::span<const std::uint8_t> frame) {
  const std::size_t at = ip_at(frame);
  const std::size_t length = frame[at] >> 4 == 4 ? be16(frame, at + 2) : std::size_t{40} + be16(frame, at + 4);
  if (at + length > frame.size()) return {};
  return {frame.begin() + static_cast<std::ptrdiff_t>(at), frame.begin() + static_cast<std::ptrdiff_t>(at + length)};
}
inline bool is_v4(std::span<const std::uint8_t> ip) { return ip[0] >> 4 == 4; }
inline std::size_t header_length(std::span<const std::uint8_t> ip) { return is_v4(ip) ? (ip[0] & 15U) * 4 : 40; }
inline std::uint8_t protocol_of(std::span<const std::uint8_t> ip) { return ip[is_v4(ip) ? 9 : 6]; }
inline std::uint8_t ttl_of(std::span<const std::uint8_t> ip) { return ip[is_v4(ip) ? 8 : 7]; }
inline Address source_of(std::span<const std::uint8_t> ip) {
  std::uint32_t v4;
  std::memcpy(&v4, &ip[12], 4);
  return is_v4(ip) ? Address::v4(v4) : Address::v6(&ip[8]);
}
inline Address target_of(std::span<const std::uint8_t> ip) {
  std::uint32_t v4;
  std::memcpy(&v4, &ip[16], 4);
  return is_v4(ip) ? Address::v4(v4) : Address::v6(&ip[24]);
}
inline Bytes body_of(std::span<const std::uint8_t> ip) { return {ip.begin() + static_cast<std::ptrdiff_t>(header_length(ip)), ip.end()}; }

/// IP header and transport: right, or (UDP) none.
inline bool checksums_right(std::span<const std::uint8_t> ip) {
  if (is_v4(ip) && sum_of(ip.first(header_length(ip))) != 0xffff) return false;
  if (is_v4(ip) && (be16(ip, 6) & 0x3fff) != 0) return true;  // a fragment: its transport cannot be summed
  const Bytes body = body_of(ip);
  const std::uint8_t protocol = protocol_of(ip);
  if (protocol == wire::kUdp && be16(body, 6) == 0) return is_v4(ip);
  if (protocol != wire::kTcp && protocol != wire::kUdp && protocol != wire::kIcmp && protocol != wire::kIcmpv6) return true;
  std::uint32_t sum = 0;
  if (protocol != wire::kIcmp) {
    const Address source = source_of(ip), target = target_of(ip);
    const std::size_t first = is_v4(ip) ? 12 : 0;
    sum = sum_of(std::span(source.bytes).subspan(first)) + sum_of(std::span(target.bytes).subspan(first)) + protocol +
          static_cast<std::uint32_t>(body.size());
  }
  return sum_of(body, sum) == 0xffff;
}

}  // namespace lvsd::test
