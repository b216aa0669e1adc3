#include "packet/segment.h"

#include "packet/checksum.h"
#include "packet/parse.h"
#include "test/packet_builder.h"
#include "test/tap.h"

using namespace lvsd;
using namespace lvsd::test;

namespace {

const Ip kFour{v4(192, 0, 2, 1), v4(10, 0, 0, 1)};
const Ip kSix{v6(1), v6(2)};

std::vector<Bytes> cut(const Bytes& bytes, std::uint32_t size, std::size_t room = 65535) {
  const Frame whole(bytes);
  Parsed parsed;
  std::vector<Bytes> pieces;
  CHECK(parse(whole.packet, parsed) == DropReason::none);
  Segmenter segmenter(whole.packet, parsed, size);
  const std::uint32_t count = segmenter.count();
  while (segmenter.more()) {
    Frame into({}, 32, room);
    if (!segmenter.next(into.packet)) return pieces;
    CHECK_EQUAL(into.packet.length + into.packet.tailroom, room);
    pieces.push_back(into.bytes());
  }
  CHECK_EQUAL(pieces.size(), count);
  return pieces;
}

/// As a device leaves it that has not completed the checksum.
Bytes partial(const Ip& ip, unsigned protocol, Bytes segment) {
  put16(segment, protocol == 6 ? 16 : 6, oracle_sum(pseudo(ip, protocol, segment.size())));
  return segment;
}

}  // namespace

TEST("TCP: segments are what the sender would have sent by itself") {
  Dice dice(51);
  for (int i = 0; i < 600; ++i) {
    Ip ip = dice.below(2) == 0 ? kFour : kSix;
    const bool is_v4 = ip.source.size() == 4;
    ip.df = is_v4, ip.tos = 0x02, ip.label = is_v4 ? 0 : 0x54321, ip.id = unsigned(dice.below(65536));
    const Bytes tags = dice.below(3) == 0 ? Bytes{0x81, 0, 0, 7} : Bytes{};
    const Bytes options = dice.below(2) == 0 ? Bytes{} : Bytes{1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8};
    const Bytes data = pattern(1 + dice.below(9000), unsigned(i));
    const std::uint32_t size = 100 + std::uint32_t(dice.below(1400)), sequence = std::uint32_t(dice.roll());
    const Bytes whole = frame(ip_packet(ip, 6, partial(ip, 6, tcp(ip, 4000, 80, sequence, 0xd9, data, options))), tags);
    const std::vector<Bytes> pieces = cut(whole + Bytes(dice.below(3)), size);
    CHECK_EQUAL(pieces.size(), (data.size() + size - 1) / size);
    for (std::size_t k = 0; k < pieces.size(); ++k) {
      const bool last = k + 1 == pieces.size();
      const unsigned flags = 0x50 | (k == 0 ? 0x80 : 0) | (last ? 0x09 : 0);  // ECE, ACK; CWR first; PSH, FIN last
      const Bytes part = slice(data, k * size, std::min<std::size_t>(data.size(), (k + 1) * size));
      Ip each = ip;
      each.id = ip.id + unsigned(k);
      CHECK_SAME(pieces[k], frame(ip_packet(each, 6, tcp(each, 4000, 80, sequence + std::uint32_t(k) * size, flags, part, options)), tags), "segment");
    }
    if (!complaints().empty()) return;
  }
}

TEST("UDP: each segment is a datagram") {
  for (Ip ip : {kFour, kSix}) {
    const Bytes data = pattern(5000);
    const std::vector<Bytes> pieces = cut(frame(ip_packet(ip, 17, partial(ip, 17, udp(ip, 4000, 80, data)))), 1200);
    CHECK_EQUAL(pieces.size(), 5U);
    for (std::size_t k = 0; k < pieces.size(); ++k) {
      Ip each = ip;
      each.id = ip.id + unsigned(k);
      CHECK_SAME(pieces[k], frame(ip_packet(each, 17, udp(each, 4000, 80, slice(data, k * 1200, std::min<std::size_t>(5000, (k + 1) * 1200))))), "datagram");
    }
  }
}

TEST("UDP without a checksum stays without one in IPv4") {
  Bytes segment = udp(kFour, 4000, 80, pattern(3000));
  put16(segment, 6, 0);
  const std::vector<Bytes> pieces = cut(frame(ip_packet(kFour, 17, segment)), 1000);
  CHECK_EQUAL(pieces.size(), 3U);
  for (const Bytes& piece : pieces) {
    CHECK_EQUAL(get16(piece, 40), 0U);
    CHECK_RIGHT(slice(piece, 14, piece.size()), "without");
  }
}

TEST("IPv6 extension headers stay in front of each") {
  Ip ip = kSix;
  ip.first_extension = 60, ip.options = Bytes{6, 0, 1, 4, 0, 0, 0, 0};
  const Bytes data = pattern(4000);
  Bytes together;
  for (const Bytes& piece : cut(frame(ip_packet(ip, 6, tcp(ip, 1, 2, 3, 0x18, data))), 1000)) {
    CHECK_RIGHT(slice(piece, 14, piece.size()), "extension");
    CHECK_SAME(slice(piece, 54, 62), ip.options, "extension");
    together = together + slice(piece, 82, piece.size());
  }
  CHECK_SAME(together, data, "payload");
}

TEST("the largest frame there is, cut at 1,448 and at 1") {
  const Bytes data = pattern(65535 - 40);
  Bytes together;
  for (const Bytes& piece : cut(frame(ip_packet(kFour, 6, tcp(kFour, 1, 2, 0xfffffff0, 0x10, data))), 1448)) {
    CHECK_RIGHT(slice(piece, 14, piece.size()), "large");
    together = together + slice(piece, 54, piece.size());
  }
  CHECK_SAME(together, data, "payload");
  CHECK_EQUAL(cut(frame(ip_packet(kFour, 6, tcp(kFour, 1, 2, 3, 0x10, pattern(33)))), 1, 100).size(), 33U);
}

TEST("what cannot be cut is not") {
  Ip first = kFour;
  first.mf = true;
  const Bytes tcp_frame = frame(ip_packet(kFour, 6, tcp(kFour, 1, 2, 3, 0x10, pattern(300))));
  CHECK(cut(tcp_frame, 0).empty());
  CHECK(cut(frame(ip_packet(kFour, 6, tcp(kFour, 1, 2, 3, 0x10, {}))), 100).empty());
  CHECK(cut(frame(ip_packet(kFour, 132, sctp(1, 2, pattern(300)))), 100).empty());
  CHECK(cut(frame(ip_packet(kFour, 1, icmp(kFour, 8, 0, 1, pattern(300)))), 100).empty());
  CHECK(cut(frame(ip_packet(first, 17, udp(first, 1, 2, pattern(304)))), 100).empty());
  CHECK(cut(tcp_frame, 100, 14 + 40 + 99).empty());
  CHECK_EQUAL(cut(tcp_frame, 100, 14 + 40 + 100).size(), 3U);
}

int main() { return run_all(); }
