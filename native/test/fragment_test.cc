#include "packet/fragment.h"

#include "packet/parse.h"
#include "test/packet_builder.h"
#include "test/tap.h"

using namespace lvsd;
using namespace lvsd::test;

namespace {

const Ip kFour{v4(192, 0, 2, 1), v4(10, 0, 0, 1)};

/// All fragments, each from a buffer of exactly its size or of `room`.
std::vector<Bytes> cut(const Bytes& bytes, std::uint32_t mtu, std::size_t room = 70000) {
  const Frame whole(bytes);
  Parsed parsed;
  std::vector<Bytes> pieces;
  if (parse(whole.packet, parsed) != DropReason::none) return pieces;
  Fragmenter fragmenter(whole.packet, parsed, mtu);
  const std::uint32_t count = fragmenter.count();
  while (fragmenter.more()) {
    Frame into({}, 32, std::min<std::size_t>({room, parsed.network_at + mtu, 65535U}));
    const auto free = into.packet.tailroom;
    if (!fragmenter.next(into.packet)) return pieces;
    CHECK_EQUAL(into.packet.length + into.packet.tailroom, free);
    pieces.push_back(into.bytes());
  }
  Packet more;
  CHECK(!fragmenter.next(more));
  CHECK_EQUAL(pieces.size(), count);
  CHECK(whole.bytes() == bytes);
  return pieces;
}

/// RFC 791 reassembly: data by offset; every byte once. Checks what must be the same in each.
Bytes reassemble(const std::vector<Bytes>& pieces, std::size_t link, std::uint32_t mtu, unsigned first_offset, bool last_has_more) {
  Bytes data;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const Bytes packet = slice(pieces[i], link, pieces[i].size());
    const std::size_t header = (packet[0] & 15) * 4U;
    CHECK_RIGHT(packet, "fragment");
    CHECK(packet.size() <= mtu);
    CHECK_EQUAL((get16(packet, 6) & 0x1fff) * 8, first_offset + data.size());
    CHECK_EQUAL((get16(packet, 6) & 0x2000) != 0, i + 1 < pieces.size() || last_has_more);
    CHECK_EQUAL(get16(packet, 6) & 0xc000, 0U);
    if (i + 1 < pieces.size()) CHECK_EQUAL((packet.size() - header) % 8, 0U);
    CHECK_SAME(slice(pieces[i], 0, link), slice(pieces[0], 0, link), "link header");
    data = data + slice(packet, header, packet.size());
  }
  return data;
}

}  // namespace

TEST("fragments reassemble for every MTU, size and tag") {
  Dice dice(41);
  for (int i = 0; i < 1500; ++i) {
    Ip ip = kFour;
    ip.tos = 0xb9, ip.ttl = 9, ip.id = unsigned(dice.below(65536));
    const Bytes tags = dice.below(2) == 0 ? Bytes{} : Bytes{0x81, 0, 0, 7};
    const Bytes segment = udp(ip, 1, 2, pattern(dice.below(3000), unsigned(i)));
    const std::uint32_t mtu = 28 + std::uint32_t(dice.below(1500));
    const std::vector<Bytes> pieces = cut(frame(ip_packet(ip, 17, segment), tags) + Bytes(dice.below(4)), mtu);
    CHECK_SAME(reassemble(pieces, 14 + tags.size(), mtu, 0, false), segment, "reassembled");
    for (const Bytes& piece : pieces) {
      const Bytes packet = slice(piece, 14 + tags.size(), piece.size());
      CHECK_SAME(slice(packet, 4, 6) + slice(packet, 8, 10) + slice(packet, 12, 20) + slice(packet, 1, 2),
                 be16_bytes(ip.id) + Bytes({9, 17}) + ip.source + ip.destination + Bytes(1, 0xb9), "header");
    }
    if (!complaints().empty()) return;
  }
}

TEST("a full Ethernet frame that GRE makes too long: two pieces of 1,476 at most") {
  const std::vector<Bytes> pieces = cut(frame(ip_packet(kFour, 17, udp(kFour, 1, 2, pattern(1472)))), 1476);
  CHECK_EQUAL(pieces.size(), 2U);
  CHECK_EQUAL(pieces[0].size(), 14U + 1476U);
  CHECK_EQUAL(pieces[1].size(), 14U + 20U + 24U);
}

TEST("what fits is one piece, unchanged; the last piece may use all of the room") {
  const Bytes whole = frame(ip_packet(kFour, 17, udp(kFour, 1, 2, pattern(100))));
  const std::vector<Bytes> pieces = cut(whole, 128);
  CHECK_EQUAL(pieces.size(), 1U);
  CHECK_SAME(pieces[0], whole, "as it was");
  CHECK_EQUAL(cut(frame(ip_packet(kFour, 50, pattern(16 + 23))), 43).size(), 2U);
}

TEST("a fragment is cut further: offsets go on, more-fragments stays") {
  for (const bool more : {true, false}) {
    Ip ip = kFour;
    ip.mf = more, ip.offset = 1480;
    const Bytes data = pattern(800);
    const std::vector<Bytes> pieces = cut(frame(ip_packet(ip, 17, data)), 300);
    CHECK_EQUAL(pieces.size(), 3U);
    CHECK_SAME(reassemble(pieces, 14, 300, 1480, more), data, "the middle");
  }
}

TEST("options: those with the copied flag go into every piece, others into the first") {
  struct Row {
    const char* what;
    Bytes options, later;
  };
  for (const Row& row : std::vector<Row>{
           {"copied only", {0x94, 4, 0, 0}, {0x94, 4, 0, 0}},
           {"record route is not copied", {7, 7, 4, 0, 0, 0, 0, 0}, {}},
           {"both", {7, 7, 4, 0, 0, 0, 0, 0x94, 4, 0, 0, 0}, {0x94, 4, 0, 0}},
           {"no-operation before, end behind", {1, 1, 0x82, 3, 9, 0, 0x94, 4}, {0x82, 3, 9, 0}},
           {"two copied of odd lengths", {0x82, 3, 9, 0x83, 3, 4, 0, 0}, {0x82, 3, 9, 0x83, 3, 4, 0, 0}},
           {"a length of nothing ends the walk", {0x82, 3, 9, 0x83, 0, 4, 0, 0}, {0x82, 3, 9, 0}},
           {"a length beyond ends the walk", {0x82, 3, 9, 0x83, 9, 4, 0, 0}, {0x82, 3, 9, 0}},
           {"forty bytes", Bytes{0x83, 39, 4} + Bytes(36, 5) + Bytes{0}, Bytes{0x83, 39, 4} + Bytes(36, 5) + Bytes{0}},
       }) {
    Ip ip = kFour;
    ip.options = row.options;
    const Bytes data = pattern(300);
    const std::vector<Bytes> pieces = cut(frame(ip_packet(ip, 17, udp(ip, 1, 2, data))), 150);
    CHECK(pieces.size() >= 3);
    CHECK_SAME(reassemble(pieces, 14, 150, 0, false), udp(ip, 1, 2, data), row.what);
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      const std::size_t header = (pieces[i][14] & 15) * 4U;
      CHECK_SAME(slice(pieces[i], 34, 14 + header), i == 0 ? row.options : row.later, row.what);
    }
  }
}

TEST("what may not be cut is not") {
  Ip df = kFour;
  df.df = true;
  const Ip six{v6(1), v6(2)};
  CHECK(cut(frame(ip_packet(df, 17, udp(df, 1, 2, pattern(500)))), 300).empty());
  CHECK(cut(frame(ip_packet(six, 17, udp(six, 1, 2, pattern(500)))), 300).empty());
  CHECK(cut(frame(ip_packet(kFour, 17, udp(kFour, 1, 2, pattern(500)))), 27).empty());
  CHECK(cut(samples().back().bytes, 27).empty());
  CHECK(cut(frame(ip_packet(kFour, 50, {})), 100).empty());
}

TEST("no room, no fragment: nothing is written beyond") {
  const Bytes whole = frame(ip_packet(kFour, 17, udp(kFour, 1, 2, pattern(500))));
  for (std::size_t room = 0; room < 14 + 300; room += 7) CHECK(cut(whole, 300, room).size() <= 1 || room >= 14 + 296);
  CHECK_EQUAL(cut(whole, 300, 14 + 300).size(), 2U);
}

TEST("mutations of packets with options are cut without a trace beyond their buffers") {
  Dice dice(42);
  Ip ip = kFour;
  ip.options = Bytes{0x82, 3, 9, 1, 0x83, 7, 4, 0, 0, 0, 0, 7, 7, 4, 0, 0, 0, 0, 0x94, 4, 0, 0, 0, 0};
  const Bytes whole = frame(ip_packet(ip, 17, udp(ip, 1, 2, pattern(300))));
  std::size_t pieces = 0;
  for (int i = 0; i < 20000; ++i) {
    Bytes bytes = whole;
    bytes[34 + dice.below(24)] = std::uint8_t(dice.roll());
    put16(bytes, 24, 0), put16(bytes, 24, oracle_checksum(slice(bytes, 14, 58)));
    const std::uint32_t mtu = 52 + std::uint32_t(dice.below(200));
    const std::vector<Bytes> made = cut(bytes, mtu);
    pieces += made.size();
    CHECK_SAME(reassemble(made, 14, mtu, 0, false), udp(ip, 1, 2, pattern(300)), "mutated options");
    if (!complaints().empty()) return;
  }
  CHECK(pieces > 40000);
}

int main() { return run_all(); }
