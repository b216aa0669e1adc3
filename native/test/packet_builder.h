#pragma once
// Frames for tests, written byte by byte and summed by an oracle of their own: nothing here uses the code under test.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "packet/packet.h"
#include "test/tap.h"

namespace lvsd::test {

using Bytes = std::vector<std::uint8_t>;

inline Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
inline Bytes be16_bytes(unsigned value) { return {std::uint8_t(value >> 8), std::uint8_t(value)}; }
inline Bytes be32_bytes(std::uint32_t value) { return be16_bytes(value >> 16) + be16_bytes(value & 0xffff); }
inline void put16(Bytes& bytes, std::size_t at, unsigned value) { bytes.at(at) = std::uint8_t(value >> 8), bytes.at(at + 1) = std::uint8_t(value); }
inline unsigned get16(const Bytes& bytes, std::size_t at) { return bytes.at(at) << 8 | bytes.at(at + 1); }
inline std::uint32_t get32(const Bytes& bytes, std::size_t at) { return std::uint32_t(get16(bytes, at)) << 16 | get16(bytes, at + 2); }
inline Bytes slice(const Bytes& bytes, std::size_t from, std::size_t to) { return Bytes(bytes.begin() + long(from), bytes.begin() + long(to)); }
inline Bytes pattern(std::size_t count, unsigned seed = 1) {
  Bytes bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = std::uint8_t((i * 31 + seed * 17) ^ (i >> 7));
  return bytes;
}

/// RFC 1071, two bytes at a time, big-endian, as in the RFC's own listing.
inline unsigned oracle_sum(const Bytes& bytes) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) sum += std::uint64_t{bytes[i]} << (i % 2 == 0 ? 8 : 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return unsigned(sum);
}
inline unsigned oracle_checksum(const Bytes& bytes) { return ~oracle_sum(bytes) & 0xffff; }
/// RFC 9260 appendix A, one bit at a time.
inline std::uint32_t oracle_crc32c(const Bytes& bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78U : 0);
  }
  return ~crc;
}

struct Ip {
  Bytes source, destination;  ///< of four or sixteen bytes
  unsigned tos = 0, ttl = 64, id = 0x1234;
  bool df = false, mf = false;
  unsigned offset = 0;  ///< of a fragment, bytes
  Bytes options{};      ///< IPv4 options, or IPv6 extension headers
  unsigned first_extension = 0;  ///< number of the first of those
  std::uint32_t label = 0;
};

inline Bytes v4(unsigned a, unsigned b, unsigned c, unsigned d) { return {std::uint8_t(a), std::uint8_t(b), std::uint8_t(c), std::uint8_t(d)}; }
/// 2001:db8::n
inline Bytes v6(unsigned n) { return Bytes{0x20, 0x01, 0x0d, 0xb8} + Bytes(10) + be16_bytes(n); }
inline Address address(const Bytes& bytes) {
  std::uint32_t four;
  if (bytes.size() == 16) return Address::v6(bytes.data());
  std::memcpy(&four, bytes.data(), 4);
  return Address::v4(four);
}

inline Bytes pseudo(const Ip& ip, unsigned protocol, std::size_t length) {
  if (ip.source.size() == 4) return ip.source + ip.destination + Bytes{0, std::uint8_t(protocol)} + be16_bytes(unsigned(length));
  return ip.source + ip.destination + be32_bytes(std::uint32_t(length)) + Bytes{0, 0, 0, std::uint8_t(protocol)};
}
/// Writes the checksum at `at` over pseudo-header and segment.
inline Bytes summed(const Ip& ip, unsigned protocol, Bytes segment, std::size_t at) {
  put16(segment, at, 0);
  unsigned sum = oracle_checksum(pseudo(ip, protocol, segment.size()) + segment);
  if (sum == 0 && (protocol == 17 || protocol == 136)) sum = 0xffff;
  put16(segment, at, sum);
  return segment;
}

inline Bytes udp(const Ip& ip, unsigned from, unsigned to, const Bytes& data) {
  return summed(ip, 17, be16_bytes(from) + be16_bytes(to) + be16_bytes(unsigned(8 + data.size())) + Bytes(2) + data, 6);
}
inline Bytes udp_lite(const Ip& ip, unsigned from, unsigned to, const Bytes& data) {
  return summed(ip, 136, be16_bytes(from) + be16_bytes(to) + be16_bytes(0) + Bytes(2) + data, 6);
}
inline Bytes tcp(const Ip& ip, unsigned from, unsigned to, std::uint32_t sequence, unsigned flags, const Bytes& data, const Bytes& options = {}) {
  const auto words = std::uint8_t((20 + options.size()) / 4 << 4);
  return summed(ip, 6, be16_bytes(from) + be16_bytes(to) + be32_bytes(sequence) + be32_bytes(77) + Bytes{words, std::uint8_t(flags), 0x10, 0} +
                           Bytes(4) + options + data, 16);
}
inline Bytes dccp(const Ip& ip, unsigned from, unsigned to, const Bytes& data) {
  return summed(ip, 33, be16_bytes(from) + be16_bytes(to) + Bytes{4, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7} + data, 6);
}
inline Bytes sctp(unsigned from, unsigned to, const Bytes& data) {
  Bytes segment = be16_bytes(from) + be16_bytes(to) + be32_bytes(0xabcdef01) + Bytes(4) + data;
  const std::uint32_t crc = oracle_crc32c(segment);
  for (int i = 0; i < 4; ++i) segment[8 + i] = std::uint8_t(crc >> 8 * i);
  return segment;
}
inline Bytes icmp(const Ip& ip, unsigned type, unsigned code, std::uint32_t rest, const Bytes& data) {
  Bytes message = Bytes{std::uint8_t(type), std::uint8_t(code), 0, 0} + be32_bytes(rest) + data;
  if (ip.source.size() == 16) return summed(ip, 58, message, 2);
  put16(message, 2, oracle_checksum(message));
  return message;
}

inline Bytes ip_packet(const Ip& ip, unsigned protocol, const Bytes& segment) {
  if (ip.source.size() == 16) {
    const unsigned next = ip.options.empty() ? protocol : ip.first_extension;
    return be32_bytes(6U << 28 | ip.tos << 20 | ip.label) + be16_bytes(unsigned(ip.options.size() + segment.size())) +
           Bytes{std::uint8_t(next), std::uint8_t(ip.ttl)} + ip.source + ip.destination + ip.options + segment;
  }
  const std::size_t header = 20 + ip.options.size();
  Bytes bytes = Bytes{std::uint8_t(0x40 | header / 4), std::uint8_t(ip.tos)} + be16_bytes(unsigned(header + segment.size())) + be16_bytes(ip.id) +
                be16_bytes((ip.df ? 0x4000 : 0) | (ip.mf ? 0x2000 : 0) | ip.offset / 8) + Bytes{std::uint8_t(ip.ttl), std::uint8_t(protocol), 0, 0} +
                ip.source + ip.destination + ip.options;
  put16(bytes, 10, oracle_checksum(bytes));
  return bytes + segment;
}

inline const Bytes kOurMac{2, 0, 0, 0, 0, 1}, kTheirMac{2, 0, 0, 0, 0, 2};
/// From kTheirMac to kOurMac. `tags`: type and TCI of each.
inline Bytes frame(const Bytes& packet, const Bytes& tags = {}, int type = -1) {
  const unsigned said = type >= 0 ? unsigned(type) : (packet.at(0) >> 4) == 4 ? 0x0800 : 0x86dd;
  return kOurMac + kTheirMac + tags + be16_bytes(said) + packet;
}

/// A frame in memory of exactly its size, so that AddressSanitizer sees each byte read or written beyond.
class Frame {
 public:
  explicit Frame(const Bytes& bytes, std::size_t headroom = 0, std::size_t tailroom = 0)
      : memory_(new std::uint8_t[headroom + bytes.size() + tailroom]) {
    packet.data = memory_.get() + headroom;
    packet.length = std::uint32_t(bytes.size());
    packet.headroom = std::uint16_t(headroom);
    packet.tailroom = std::uint16_t(tailroom);
    std::fill_n(memory_.get(), headroom + bytes.size() + tailroom, std::uint8_t{0xee});
    if (!bytes.empty()) std::memcpy(packet.data, bytes.data(), bytes.size());
  }
  [[nodiscard]] Bytes bytes() const { return Bytes(packet.data, packet.data + packet.length); }
  [[nodiscard]] Bytes from(std::size_t at) const { return Bytes(packet.data + at, packet.data + packet.length); }

  Packet packet;

 private:
  std::unique_ptr<std::uint8_t[]> memory_;
};

/// What is right of an IP packet by the oracle: "" or what is wrong with it. Fragments: the header alone.
inline std::string oracle_complains(const Bytes& packet) {
  const bool is_v4 = packet.at(0) >> 4 == 4;
  const std::size_t header = is_v4 ? (packet[0] & 15) * 4U : 40;
  if (is_v4 && oracle_sum(slice(packet, 0, header)) != 0xffff) return "IPv4 header checksum";
  if (is_v4 ? get16(packet, 2) != packet.size() : get16(packet, 4) + 40 != packet.size()) return "length";
  if (is_v4 && (get16(packet, 6) & 0x3fff) != 0) return "";
  Ip ip;
  ip.source = is_v4 ? slice(packet, 12, 16) : slice(packet, 8, 24);
  ip.destination = is_v4 ? slice(packet, 16, 20) : slice(packet, 24, 40);
  unsigned protocol = packet[is_v4 ? 9 : 6];
  std::size_t at = header;
  while (!is_v4 && (protocol == 0 || protocol == 60 || protocol == 43)) {
    protocol = packet.at(at);
    at += 8U * (packet.at(at + 1) + 1U);
  }
  if (!is_v4 && protocol == 44) return "";
  const Bytes segment = slice(packet, at, packet.size());
  if (protocol == 132) {
    Bytes zeroed = segment;
    std::fill_n(zeroed.begin() + 8, 4, std::uint8_t{0});
    const std::uint32_t crc = oracle_crc32c(zeroed);
    return std::memcmp(&crc, &segment[8], 4) == 0 ? "" : "SCTP CRC32c";
  }
  if (protocol == 1) return oracle_sum(segment) == 0xffff ? "" : "ICMP checksum";
  if (protocol == 17 && get16(segment, 6) == 0) return "";
  if (protocol == 17 && get16(segment, 4) != segment.size()) return "UDP length";
  if (protocol != 6 && protocol != 17 && protocol != 58 && protocol != 136 && protocol != 33) return "";
  return oracle_sum(pseudo(ip, protocol, segment.size()) + segment) == 0xffff ? "" : "transport checksum";
}

/// "" or where two packets begin to differ.
inline std::string difference(const Bytes& is, const Bytes& should) {
  if (is.size() != should.size()) return "length " + std::to_string(is.size()) + ", should be " + std::to_string(should.size());
  for (std::size_t i = 0; i < is.size(); ++i) {
    if (is[i] != should[i]) return "byte " + std::to_string(i) + " is " + std::to_string(is[i]) + ", should be " + std::to_string(should[i]);
  }
  return "";
}

/// Complains of a sentence that is not empty.
inline void check_right(const std::string& wrong, const std::string& of, const char* file, int line) {
  if (!wrong.empty()) complaints().push_back(std::string(file) + ":" + std::to_string(line) + ": " + of + ": " + wrong);
}

/// xorshift64: the same sequence at every run.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15ULL + 1) {}
  std::uint64_t roll() {
    state_ ^= state_ << 13, state_ ^= state_ >> 7, state_ ^= state_ << 17;
    return state_;
  }
  std::size_t below(std::size_t bound) { return roll() % bound; }

 private:
  std::uint64_t state_;
};

/// One of everything: what tests of robustness begin with.
struct Sample {
  std::string name;
  Bytes bytes;
};

inline std::vector<Sample> samples() {
  const Bytes qinq{0x88, 0xa8, 0x20, 0x0a, 0x81, 0x00, 0x00, 0x64};
  const Ip a{v4(192, 0, 2, 1), v4(10, 0, 0, 1)}, b{v6(1), v6(2)};
  Ip with_options = a, first = a, later = a, chain = b, first6 = b, later6 = b, atomic = b;
  with_options.options = {0x94, 4, 0, 0, 7, 7, 4, 0, 0, 0, 0, 0};
  first.mf = true;
  later.offset = 24;
  chain.first_extension = 0;  // hop-by-hop, destination options, routing without segments left
  chain.options = Bytes{60, 0, 5, 2, 0, 0, 1, 0} + Bytes{43, 1} + Bytes(14) + Bytes{17, 0, 3, 0, 0, 0, 0, 0};
  first6.first_extension = later6.first_extension = atomic.first_extension = 44;
  first6.options = Bytes{17, 0, 0, 1} + be32_bytes(99);
  later6.options = Bytes{17, 0, 0, 24} + be32_bytes(99);
  atomic.options = Bytes{6, 0, 0, 0} + be32_bytes(99);
  const Bytes whole = udp(a, 4000, 80, pattern(40)), whole6 = udp(b, 4000, 80, pattern(40));
  const Bytes quote = ip_packet({a.destination, a.source}, 17, udp({a.destination, a.source}, 80, 4000, pattern(20)));
  const Bytes quote6 = ip_packet({b.destination, b.source}, 6, tcp({b.destination, b.source}, 80, 4000, 5, 0x10, pattern(20)));
  return {
      {"udp4", frame(ip_packet(a, 17, udp(a, 4000, 80, pattern(18))))},
      {"tcp4", frame(ip_packet(a, 6, tcp(a, 4000, 80, 9, 0x18, pattern(7), {2, 4, 5, 0xb4})))},
      {"tcp4 padded", frame(ip_packet(a, 6, tcp(a, 4000, 80, 9, 0x02, {}))) + Bytes(6)},
      {"udp4 qinq", frame(ip_packet(a, 17, udp(a, 4000, 80, pattern(18))), qinq)},
      {"udp4 options", frame(ip_packet(with_options, 17, udp(a, 4000, 80, pattern(18))))},
      {"udp4 first fragment", frame(ip_packet(first, 17, slice(whole, 0, 24)))},
      {"udp4 later fragment", frame(ip_packet(later, 17, slice(whole, 24, 48)))},
      {"sctp4", frame(ip_packet(a, 132, sctp(4000, 80, pattern(20))))},
      {"udp-lite4", frame(ip_packet(a, 136, udp_lite(a, 4000, 80, pattern(11))))},
      {"dccp4", frame(ip_packet(a, 33, dccp(a, 4000, 80, pattern(11))))},
      {"icmp echo", frame(ip_packet(a, 1, icmp(a, 8, 0, 0x00010002, pattern(33))))},
      {"icmp error", frame(ip_packet(a, 1, icmp(a, 3, 4, 1400, quote)))},
      {"esp4", frame(ip_packet(a, 50, pattern(40)))},
      {"udp6", frame(ip_packet(b, 17, udp(b, 4000, 80, pattern(18))))},
      {"tcp6 vlan", frame(ip_packet(b, 6, tcp(b, 4000, 80, 9, 0x18, pattern(7))), {0x81, 0x00, 0x00, 0x05})},
      {"udp6 extensions", frame(ip_packet(chain, 17, udp(b, 4000, 80, pattern(18))))},
      {"udp6 first fragment", frame(ip_packet(first6, 17, slice(whole6, 0, 24)))},
      {"udp6 later fragment", frame(ip_packet(later6, 17, slice(whole6, 24, 48)))},
      {"tcp6 atomic fragment", frame(ip_packet(atomic, 6, tcp(b, 4000, 80, 9, 0x18, pattern(7))))},
      {"sctp6", frame(ip_packet(b, 132, sctp(4000, 80, pattern(20))))},
      {"icmp6 echo", frame(ip_packet(b, 58, icmp(b, 128, 0, 0x00010002, pattern(33))))},
      {"icmp6 error", frame(ip_packet(b, 58, icmp(b, 2, 0, 1400, quote6)))},
      {"arp", frame(Bytes{0, 1, 8, 0, 6, 4, 0, 1} + kTheirMac + v4(10, 0, 0, 9) + Bytes(6) + v4(10, 0, 0, 1), {}, 0x0806)},
  };
}

}  // namespace lvsd::test

/// The IP packet has right checksums and lengths.
#define CHECK_RIGHT(packet, of) ::lvsd::test::check_right(::lvsd::test::oracle_complains(packet), (of), __FILE__, __LINE__)
/// Bytes are the same; says where they begin to differ.
#define CHECK_SAME(is, should, of) ::lvsd::test::check_right(::lvsd::test::difference((is), (should)), (of), __FILE__, __LINE__)
