#include "packet/checksum.h"

#include "packet/crc32c.h"
#include "packet/parse.h"
#include "test/packet_builder.h"
#include "test/tap.h"

using namespace lvsd;
using namespace lvsd::test;

namespace {

/// The product's sums are little-endian words: swapped they are the oracle's.
unsigned product_sum(const Bytes& bytes) { return swap16(fold(sum_bytes(bytes.data(), bytes.size()))); }

}  // namespace

TEST("sum of every length and content is the oracle's") {
  Dice dice(1);
  for (std::size_t length = 0; length < 300; ++length) {
    for (int i = 0; i < 20; ++i) {
      Bytes bytes(length);
      for (auto& byte : bytes) byte = i == 0 ? 0xff : i == 1 ? 0 : std::uint8_t(dice.roll());
      const Frame exact(bytes);
      CHECK_EQUAL(swap16(fold(sum_bytes(exact.packet.data, length))), oracle_sum(bytes));
    }
  }
  const Bytes large(65535, 0xff);
  CHECK_EQUAL(product_sum(large), oracle_sum(large));
}

TEST("fold keeps the sum of numbers of any size") {
  Dice dice(2);
  for (int i = 0; i < 100000; ++i) {
    const std::uint64_t number = dice.roll() >> dice.below(64);
    std::uint64_t slow = number;
    while (slow > 0xffff) slow = (slow & 0xffff) + (slow >> 16);
    if (fold(number) != slow) return CHECK_EQUAL(fold(number), slow);
  }
  CHECK_EQUAL(fold(0), 0);
  CHECK_EQUAL(fold(~std::uint64_t{0}), 0xffff);
}

TEST("add_sums carries around") {
  CHECK_EQUAL(add_sums(~std::uint64_t{0}, 1), 1U);
  CHECK_EQUAL(fold(add_sums(~std::uint64_t{0}, 0x1234)), 0x1234);
}

TEST("RFC 1624 section 4: the example that equation 2 gets wrong") {
  std::uint8_t field[2] = {0xdd, 0x2f};
  update16(field, swap16(0x5555), swap16(0x3285));
  CHECK_EQUAL(load_be16(field), 0x0000);
}

TEST("changes of 16, 32 bits and addresses are what summing anew gives") {
  Dice dice(3);
  for (int i = 0; i < 20000; ++i) {
    Bytes bytes(48);
    for (auto& byte : bytes) byte = std::uint8_t(dice.roll());
    put16(bytes, 0, 0);
    std::uint8_t field[2];
    store_be16(field, std::uint16_t(oracle_checksum(bytes)));
    Bytes changed = bytes;
    const std::size_t width = std::size_t{2} << dice.below(4), at = 16;
    for (std::size_t k = 0; k < width; ++k) changed[at + k] = std::uint8_t(dice.roll());
    if (width == 2) update16(field, load<std::uint16_t>(&bytes[at]), load<std::uint16_t>(&changed[at]));
    if (width == 4) update32(field, load<std::uint32_t>(&bytes[at]), load<std::uint32_t>(&changed[at]));
    if (width == 8) {
      SumChange change;
      change.replace32(load<std::uint32_t>(&bytes[at]), load<std::uint32_t>(&changed[at]));
      change.replace32(load<std::uint32_t>(&bytes[at + 4]), load<std::uint32_t>(&changed[at + 4]));
      change.apply_at(field);
    }
    if (width == 16) update(field, Address::v6(&bytes[at]), Address::v6(&changed[at]));
    if (load_be16(field) != oracle_checksum(changed)) return CHECK_EQUAL(load_be16(field), oracle_checksum(changed));
  }
}

TEST("no change leaves every checksum as it is") {
  for (unsigned field = 0; field <= 0xffff; ++field) {
    SumChange change;
    if (change.apply(std::uint16_t(field)) != field) return CHECK_EQUAL(change.apply(std::uint16_t(field)), field);
  }
}

TEST("UDP's zero stays zero, and a computed zero is written 0xffff") {
  std::uint8_t udp_header[8] = {};
  SumChange change;
  change.replace16(1, 2);
  change_transport_checksum(udp_header, 8, wire::kUdp, change);
  CHECK_EQUAL(load<std::uint16_t>(udp_header + 6), 0);
  for (const std::uint8_t protocol : {wire::kUdp, wire::kUdpLite}) {
    store(udp_header + 6, std::uint16_t{5});
    SumChange to_zero;
    to_zero.replace16(0, 5);
    change_transport_checksum(udp_header, 8, protocol, to_zero);
    CHECK_EQUAL(load<std::uint16_t>(udp_header + 6), 0xffff);
  }
  std::uint8_t tcp_header[20] = {};
  store(tcp_header + 16, std::uint16_t{5});
  SumChange to_zero;
  to_zero.replace16(0, 5);
  change_transport_checksum(tcp_header, 20, wire::kTcp, to_zero);
  CHECK_EQUAL(load<std::uint16_t>(tcp_header + 16), 0);
}

TEST("a checksum beyond what is there is not touched") {
  std::uint8_t header[17] = {};
  SumChange change;
  change.replace16(1, 2);
  const Frame exact(Bytes(17));
  change_transport_checksum(exact.packet.data, 17, wire::kTcp, change);
  CHECK(exact.bytes() == Bytes(17));
  change_transport_checksum(header, 17, wire::kSctp, change);
  CHECK_EQUAL(header[8], 0);
}

TEST("crc32c: RFC 9260's polynomial, with and without the instruction") {
  const Bytes digits{'1', '2', '3', '4', '5', '6', '7', '8', '9'};
  CHECK_EQUAL(~crc32c(0xffffffff, digits.data(), digits.size()), 0xe3069283U);
  Dice dice(4);
  for (std::size_t length = 0; length < 200; ++length) {
    Bytes bytes(length);
    for (auto& byte : bytes) byte = std::uint8_t(dice.roll());
    CHECK_EQUAL(~crc32c(0xffffffff, bytes.data(), length), oracle_crc32c(bytes));
    CHECK_EQUAL(~crc32c_bytewise(0xffffffff, bytes.data(), length), oracle_crc32c(bytes));
    CHECK_EQUAL(crc32c_zeros(length, 3 * length), crc32c(std::uint32_t(length), Bytes(3 * length).data(), 3 * length));
  }
}

TEST("every sample's checksum is good, and bad when one bit of it is turned") {
  for (const Sample& sample : samples()) {
    Frame frame(sample.bytes);
    Parsed parsed;
    CHECK(parse(frame.packet, parsed) == DropReason::none);
    const ChecksumState state = check_transport(frame.packet, parsed);
    const bool has_none = parsed.is_fragment || parsed.network == Network::arp || parsed.protocol == wire::kEsp;
    CHECK_EQUAL(static_cast<int>(state), static_cast<int>(has_none ? ChecksumState::none : ChecksumState::good));
    if (has_none) continue;
    frame.packet.data[parsed.end - 1] ^= 0x10;
    CHECK(check_transport(frame.packet, parsed) == ChecksumState::bad);
    write_transport_checksum(frame.packet, parsed);
    CHECK(check_transport(frame.packet, parsed) == ChecksumState::good);
    CHECK_RIGHT(slice(frame.bytes(), parsed.network_at, parsed.end), sample.name);
  }
}

TEST("partial checksums are known by the pseudo-header's sum, and completed") {
  const Ip a{v4(192, 0, 2, 1), v4(10, 0, 0, 1)}, b{v6(1), v6(2)};
  for (const Ip& ip : {a, b}) {
    for (const unsigned protocol : {6U, 17U}) {
      const Bytes right = protocol == 6 ? tcp(ip, 4000, 80, 1, 0x18, pattern(101)) : udp(ip, 4000, 80, pattern(101));
      const std::size_t at = protocol == 6 ? 16 : 6;
      Bytes partial = right;
      put16(partial, at, oracle_sum(pseudo(ip, protocol, right.size())));
      Frame is(frame(ip_packet(ip, protocol, partial)) + Bytes(3)), full(frame(ip_packet(ip, protocol, right)));
      Parsed parsed;
      CHECK(parse(full.packet, parsed) == DropReason::none);
      CHECK(!looks_partial(full.packet, parsed));
      CHECK(parse(is.packet, parsed) == DropReason::none);
      CHECK(looks_partial(is.packet, parsed));
      complete_partial(is.packet, parsed);
      CHECK(!looks_partial(is.packet, parsed));
      CHECK(slice(is.bytes(), 0, full.packet.length) == full.bytes());
    }
  }
  Bytes crcless = sctp(1, 2, pattern(30));
  std::fill_n(crcless.begin() + 8, 4, std::uint8_t{0});
  Frame is(frame(ip_packet(a, 132, crcless)));
  Parsed parsed;
  CHECK(parse(is.packet, parsed) == DropReason::none);
  CHECK(looks_partial(is.packet, parsed));
  complete_partial(is.packet, parsed);
  CHECK(is.bytes() == frame(ip_packet(a, 132, sctp(1, 2, pattern(30)))));
}

TEST("fragments and UDP without a checksum are never partial") {
  Ip first{v4(192, 0, 2, 1), v4(10, 0, 0, 1)};
  first.mf = true;
  Bytes segment = udp(first, 1, 2, pattern(24));
  put16(segment, 6, oracle_sum(pseudo(first, 17, segment.size())));
  Frame cut(frame(ip_packet(first, 17, segment)));
  Parsed parsed;
  CHECK(parse(cut.packet, parsed) == DropReason::none);
  CHECK(!looks_partial(cut.packet, parsed));
  first.mf = false;
  put16(segment, 6, 0);
  Frame without(frame(ip_packet(first, 17, segment)));
  CHECK(parse(without.packet, parsed) == DropReason::none);
  CHECK(!looks_partial(without.packet, parsed));
  CHECK(check_transport(without.packet, parsed) == ChecksumState::none);
}

int main() { return run_all(); }
