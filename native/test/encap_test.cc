#include "encap/direct.h"
#include "encap/gre.h"
#include "encap/gue.h"
#include "encap/ipip.h"
#include "encap/l3dsr.h"
#include "encap/link.h"
#include "encap/nat.h"
#include "packet/parse.h"
#include "test/packet_builder.h"
#include "test/tap.h"

using namespace lvsd;
using namespace lvsd::test;

namespace {

class NoTables : public Tables {};

const NoTables kNoTables;
const Bytes kServer4 = v4(198, 51, 100, 7), kOurs4 = v4(198, 51, 100, 1);
const Bytes kServer6 = v6(0x77), kOurs6 = v6(0x71);
const Ip kFour{v4(192, 0, 2, 1), v4(10, 0, 0, 1)};
const Ip kSix{v6(1), v6(2)};
constexpr std::size_t kHeadroom = 128;

Destination destination(const Bytes& source, const Bytes& server, std::uint8_t tunnel, std::uint8_t flags = 0) {
  Destination to{};
  to.address = address(server);
  to.outer_source = address(source);
  to.tunnel = tunnel;
  to.flags = flags;
  to.tunnel_port = 6080;
  if (server.size() == 4) to.outer_sum = outer_sum4(to.outer_source, to.address, tunnel, 64);
  return to;
}

Adjacency adjacency(const Bytes& tags = {}) {
  Adjacency to{};
  const Bytes header = kTheirMac + kOurMac + tags;
  std::copy(header.begin(), header.end(), to.header);
  to.header_length = std::uint8_t(header.size());
  to.vlan_tags = std::uint8_t(tags.size() / 4);
  to.port = 3;
  return to;
}

struct Outcome {
  bool applied = false;
  Bytes before, link, packet;  ///< the IP packet that came; what stands before the one that left; that one
};

/// Through `parse`, one Carrier and the link header.
template <Carrier How>
Outcome carry(const Bytes& bytes, const Destination& to, const Rewrite& rewrite, std::size_t headroom = kHeadroom,
              const Adjacency& way = adjacency()) {
  Frame frame(bytes, headroom);
  Parsed parsed;
  Outcome outcome;
  if (parse(frame.packet, parsed) != DropReason::none) return outcome;
  outcome.before = slice(bytes, parsed.network_at, parsed.end);
  const std::uint8_t* const begin = frame.packet.data - headroom;
  if (!How::apply(frame.packet, parsed, to, kNoTables, rewrite) || !put_link_header(frame.packet, parsed, way)) return outcome;
  outcome.applied = true;
  CHECK_EQUAL(frame.packet.port, 3);
  CHECK(frame.packet.verdict == Verdict::forward);
  CHECK_EQUAL(frame.packet.data - begin, frame.packet.headroom);
  const std::size_t link = way.header_length + (way.vlan_tags == 0 ? parsed.vlan_tags * 4U : 0U) + 2;
  outcome.link = slice(frame.bytes(), 0, link);
  outcome.packet = frame.from(link);
  return outcome;
}

Rewrite rewrite(std::uint64_t flow_hash = 0x123456789abcdef0) {
  Rewrite what;
  what.flow_hash = flow_hash;
  return what;
}

/// What every tunnel's outer header says; returns what is behind it.
Bytes check_outer(const Outcome& out, const Bytes& source, const Bytes& server, unsigned protocol, const char* what) {
  CHECK(out.applied);
  if (!out.applied) return {};
  const bool outer4 = server.size() == 4, inner4 = out.before[0] >> 4 == 4;
  const unsigned inner_tos = inner4 ? out.before[1] : (get16(out.before, 0) >> 4 & 0xff);
  CHECK_RIGHT(out.packet, what);
  CHECK_EQUAL(get16(out.link, out.link.size() - 2), outer4 ? 0x0800U : 0x86ddU);
  if (outer4) {
    CHECK_EQUAL(out.packet[0], 0x45);
    CHECK_EQUAL(out.packet[1], inner_tos);
    CHECK_EQUAL(get16(out.packet, 6), inner4 ? get16(out.before, 6) & 0x4000 : 0x4000U);
    CHECK_EQUAL(out.packet[8], 64);
    CHECK_EQUAL(out.packet[9], protocol);
    CHECK_SAME(slice(out.packet, 12, 20), source + server, what);
    return slice(out.packet, 20, out.packet.size());
  }
  CHECK_EQUAL(out.packet[0] >> 4, 6);
  CHECK_EQUAL(get16(out.packet, 0) >> 4 & 0xff, inner_tos);
  CHECK((get32(out.packet, 0) & 0xfffff) != 0);
  CHECK_EQUAL(out.packet[6], protocol);
  CHECK_EQUAL(out.packet[7], 64);
  CHECK_SAME(slice(out.packet, 8, 40), source + server, what);
  return slice(out.packet, 40, out.packet.size());
}

struct Ends {
  Bytes source, server;
};
const std::vector<Ends> kBothEnds{{kOurs4, kServer4}, {kOurs6, kServer6}};

bool is_ip(const Sample& sample) { return sample.name != "arp"; }

/// Marks of all kinds for the samples: DSCP and ECN, DF.
std::vector<Sample> marked_samples() {
  std::vector<Sample> all;
  for (const Sample& sample : samples()) {
    if (!is_ip(sample)) continue;
    all.push_back(sample);
    Bytes bytes = sample.bytes;
    Frame frame(bytes);
    Parsed parsed;
    if (parse(frame.packet, parsed) != DropReason::none) continue;
    if (parsed.network == Network::v6) {
      put16(bytes, parsed.network_at, 0x6000 | 0xbb0U | (bytes[parsed.network_at + 1U] & 15U));
    } else {
      bytes[parsed.network_at + 1U] = 0xbb;  // EF, CE
      if (!parsed.is_fragment) bytes[parsed.network_at + 6U] |= 0x40;
      put16(bytes, parsed.network_at + 10U, 0);
      put16(bytes, parsed.network_at + 10U, oracle_checksum(slice(bytes, parsed.network_at, parsed.network_at + (bytes[parsed.network_at] & 15) * 4U)));
    }
    all.push_back({sample.name + ", marked", bytes});
  }
  return all;
}

}  // namespace

TEST("GRE: outer header, four bytes, the packet as it came") {
  for (const Sample& sample : marked_samples()) {
    for (const Ends& ends : kBothEnds) {
      const Outcome out = carry<Gre>(sample.bytes, destination(ends.source, ends.server, image::kGre), rewrite());
      const Bytes gre = check_outer(out, ends.source, ends.server, 47, sample.name.c_str());
      if (gre.empty()) continue;
      CHECK_SAME(gre, be32_bytes(out.before[0] >> 4 == 4 ? 0x0800 : 0x86dd) + out.before, sample.name);
      CHECK_EQUAL(out.packet.size() - out.before.size(), tunnel_overhead(image::kGre, 0, ends.server.size() == 4));
    }
  }
}

TEST("GRE with checksum") {
  for (const Sample& sample : marked_samples()) {
    for (const Ends& ends : kBothEnds) {
      const Outcome out = carry<Gre>(sample.bytes, destination(ends.source, ends.server, image::kGre, image::kTunnelChecksum), rewrite());
      const Bytes gre = check_outer(out, ends.source, ends.server, 47, sample.name.c_str());
      if (gre.empty()) continue;
      CHECK_EQUAL(get16(gre, 0), 0x8000U);
      CHECK_EQUAL(get16(gre, 6), 0U);
      CHECK_EQUAL(oracle_sum(gre), 0xffffU);
      CHECK_SAME(slice(gre, 8, gre.size()), out.before, sample.name);
      CHECK_EQUAL(out.packet.size() - out.before.size(), tunnel_overhead(image::kGre, image::kTunnelChecksum, ends.server.size() == 4));
    }
  }
}

TEST("ipip, 6in4, 4in6, ip6ip6") {
  for (const Sample& sample : marked_samples()) {
    for (const Ends& ends : kBothEnds) {
      const Outcome out = carry<Ipip>(sample.bytes, destination(ends.source, ends.server, image::kIpip), rewrite());
      if (!out.applied) return complaints().push_back(sample.name + " was not carried");
      const Bytes inner = check_outer(out, ends.source, ends.server, out.before[0] >> 4 == 4 ? 4 : 41, sample.name.c_str());
      CHECK_SAME(inner, out.before, sample.name);
      CHECK_EQUAL(out.packet.size() - out.before.size(), tunnel_overhead(image::kIpip, 0, ends.server.size() == 4));
    }
  }
}

TEST("GUE: source port of the flow, checksum where asked for and always over IPv6") {
  for (const Sample& sample : marked_samples()) {
    for (const Ends& ends : kBothEnds) {
      for (const std::uint8_t flags : {std::uint8_t{0}, std::uint8_t{image::kTunnelChecksum}}) {
        const Outcome out = carry<Gue>(sample.bytes, destination(ends.source, ends.server, image::kGue, flags), rewrite(77));
        const Bytes gue = check_outer(out, ends.source, ends.server, 17, sample.name.c_str());
        if (gue.empty()) continue;
        CHECK_EQUAL(get16(gue, 0), 0xc000U | 77);
        CHECK_EQUAL(get16(gue, 2), 6080U);
        CHECK_EQUAL(get16(gue, 4), gue.size());
        CHECK_EQUAL(get16(gue, 6) != 0, flags != 0 || ends.server.size() == 16);  // and right: check_outer
        CHECK_EQUAL(get32(gue, 8), out.before[0] >> 4 == 4 ? 0x00040000U : 0x00290000U);
        CHECK_SAME(slice(gue, 12, gue.size()), out.before, sample.name);
        CHECK_EQUAL(out.packet.size() - out.before.size(), tunnel_overhead(image::kGue, flags, ends.server.size() == 4));
      }
    }
  }
}

TEST("the outer checksum is right for every ToS, id and length") {
  Dice dice(21);
  for (int i = 0; i < 20000; ++i) {
    Ip ip = kFour;
    ip.tos = unsigned(dice.below(256)), ip.id = unsigned(dice.below(65536)), ip.df = dice.below(2) == 0;
    const Bytes server{std::uint8_t(1 + dice.below(200)), std::uint8_t(dice.roll()), std::uint8_t(dice.roll()), std::uint8_t(dice.roll())};
    const Bytes bytes = frame(ip_packet(ip, 50, Bytes(dice.below(40))));
    const Outcome out = dice.below(2) == 0 ? carry<Gre>(bytes, destination(kOurs4, server, image::kGre), rewrite(dice.roll()))
                                           : carry<Ipip>(bytes, destination(kOurs4, server, image::kIpip), rewrite(dice.roll()));
    CHECK(out.applied);
    if (oracle_sum(slice(out.packet, 0, 20)) != 0xffff) return complaints().push_back("outer checksum");
    if (ip.df) CHECK_EQUAL(get16(out.packet, 4), 0U);
  }
}

TEST("fragments of one datagram get outer ids of their own; flows get flow labels of their own") {
  Ip first = kFour, later = kFour;
  first.mf = true, later.offset = 24;
  const Destination to = destination(kOurs4, kServer4, image::kGre);
  const Outcome a = carry<Gre>(frame(ip_packet(first, 17, pattern(24))), to, rewrite());
  const Outcome b = carry<Gre>(frame(ip_packet(later, 17, pattern(24))), to, rewrite());
  CHECK(get16(a.packet, 4) != get16(b.packet, 4));
  const Destination to6 = destination(kOurs6, kServer6, image::kGre);
  const Bytes bytes = frame(ip_packet(kFour, 17, udp(kFour, 1, 2, {})));
  CHECK(get32(carry<Gre>(bytes, to6, rewrite(1)).packet, 0) != get32(carry<Gre>(bytes, to6, rewrite(2)).packet, 0));
  CHECK_EQUAL(get32(carry<Gre>(bytes, to6, rewrite(0)).packet, 0) & 0xfffff, 1U);
}

TEST("no headroom, no tunnel; just enough is enough") {
  const Bytes bytes = frame(ip_packet(kFour, 17, udp(kFour, 1, 2, {})));
  const Destination to4 = destination(kOurs4, kServer4, image::kGre), to6 = destination(kOurs6, kServer6, image::kGre);
  for (std::size_t room = 0; room < 60; ++room) {
    CHECK_EQUAL(carry<Gre>(bytes, to4, rewrite(), room).applied, room >= 24);
    CHECK_EQUAL(carry<Gre>(bytes, to6, rewrite(), room).applied, room >= 44);
    CHECK_EQUAL(carry<Ipip>(bytes, to4, rewrite(), room).applied, room >= 20);
    CHECK_EQUAL(carry<Gue>(bytes, to6, rewrite(), room).applied, room >= 52);
  }
}

TEST("a packet that an outer length cannot say is not carried") {
  Bytes large = frame(ip_packet(kFour, 50, pattern(65535 - 20)));
  CHECK(!carry<Gre>(large, destination(kOurs4, kServer4, image::kGre), rewrite()).applied);
  large = frame(ip_packet(kFour, 50, pattern(65535 - 20 - 24)));
  CHECK_RIGHT(carry<Gre>(large, destination(kOurs4, kServer4, image::kGre), rewrite()).packet, "largest");
}

TEST("the link header: tags of the packet stay unless the way has its own") {
  const Bytes one{0x81, 0, 0, 5}, two{0x88, 0xa8, 0, 9, 0x81, 0, 0, 7};
  const Destination gre = destination(kOurs4, kServer4, image::kGre), plain{};
  const Bytes packet = ip_packet(kFour, 17, udp(kFour, 1, 2, {}));
  for (const Bytes& own : {Bytes{}, one, two}) {
    for (const Bytes& of_way : {Bytes{}, one, two}) {
      const Bytes should = kTheirMac + kOurMac + (of_way.empty() ? own : of_way) + Bytes{8, 0};
      const std::size_t more = should.size() > 14 + own.size() ? should.size() - 14 - own.size() : 0;
      CHECK_SAME(carry<Gre>(frame(packet, own), gre, rewrite(), kHeadroom, adjacency(of_way)).link, should, "link before GRE");
      const Outcome direct = carry<Direct>(frame(packet, own), plain, rewrite(), more, adjacency(of_way));
      CHECK_SAME(direct.link, should, "link before the packet itself");
      CHECK_RIGHT(direct.packet, "direct");
      if (more > 0) CHECK(!carry<Direct>(frame(packet, own), plain, rewrite(), more - 1, adjacency(of_way)).applied);
    }
  }
}

TEST("Ethernet padding does not travel") {
  const Bytes packet = ip_packet(kFour, 6, tcp(kFour, 1, 2, 3, 2, {}));
  const Bytes padded = frame(packet) + Bytes(6, 0xdd);
  CHECK_EQUAL(carry<Gre>(padded, destination(kOurs4, kServer4, image::kGre), rewrite()).packet.size(), packet.size() + 24);
  CHECK_EQUAL(carry<Direct>(padded, Destination{}, rewrite()).packet.size(), packet.size());
}

TEST("direct: one hop less, nothing else") {
  for (const Sample& sample : marked_samples()) {
    const Outcome out = carry<Direct>(sample.bytes, Destination{}, rewrite(), 0);
    if (!out.applied) return complaints().push_back(sample.name + " was not carried");
    const bool is_v4 = out.before[0] >> 4 == 4;
    Bytes should = out.before;
    --should[is_v4 ? 8 : 7];
    if (is_v4) put16(should, 10, 0), put16(should, 10, oracle_checksum(slice(should, 0, (should[0] & 15) * 4U)));
    CHECK_SAME(out.packet, should, sample.name);
  }
}

TEST("no hop is taken from who has none left; tunnels take none") {
  for (Ip ip : {kFour, kSix}) {
    const bool is_v4 = ip.source.size() == 4;
    const Destination to = destination(is_v4 ? kOurs4 : kOurs6, is_v4 ? kServer4 : kServer6, image::kGre);
    for (ip.ttl = 0; ip.ttl < 3; ++ip.ttl) {
      const Bytes bytes = frame(ip_packet(ip, 18, pattern(20)));
      CHECK_EQUAL(carry<Direct>(bytes, to, rewrite()).applied, ip.ttl > 1);
      CHECK_EQUAL(carry<L3dsr>(bytes, to, rewrite()).applied, ip.ttl > 1);
      CHECK_EQUAL(carry<Nat>(bytes, to, rewrite()).applied, ip.ttl > 1);
      const Outcome tunnelled = carry<Gre>(bytes, to, rewrite());
      CHECK_SAME(slice(tunnelled.packet, tunnelled.packet.size() - tunnelled.before.size(), tunnelled.packet.size()), tunnelled.before, "GRE");
    }
  }
}

TEST("L3DSR: destination, DSCP, one hop less, right checksums, payload untouched") {
  for (const Sample& sample : marked_samples()) {
    Rewrite what = rewrite();
    what.dscp = 11;
    const bool is_v4 = get16(sample.bytes, sample.name.find("qinq") != std::string::npos ? 20 : sample.name.find("vlan") != std::string::npos ? 16 : 12) == 0x0800;
    const Outcome out = carry<L3dsr>(sample.bytes, destination(is_v4 ? kOurs4 : kOurs6, is_v4 ? kServer4 : kServer6, 0), what, 0);
    if (!out.applied) return complaints().push_back(sample.name + " was not carried");
    CHECK_RIGHT(out.packet, sample.name);
    const std::size_t to = is_v4 ? 16 : 24, width = is_v4 ? 4 : 16;
    CHECK_SAME(slice(out.packet, to, to + width), is_v4 ? kServer4 : kServer6, sample.name);
    CHECK_EQUAL(out.packet[is_v4 ? 8 : 7], out.before[is_v4 ? 8 : 7] - 1);
    const auto tos = [&](const Bytes& p) { return is_v4 ? p[1] : get16(p, 0) >> 4 & 0xff; };
    CHECK_EQUAL(tos(out.packet), 11U << 2 | (tos(out.before) & 3));
    Bytes restored = out.packet;  // but for what must change, it is what came
    std::copy_n(out.before.begin(), is_v4 ? 20 : 40, restored.begin());
    std::size_t differing = 0;
    for (std::size_t i = 0; i < restored.size(); ++i) differing += restored[i] != out.before[i];
    const bool touches_l4 = sample.name.find("later") == std::string::npos;
    CHECK(differing <= (touches_l4 ? 2U : 0U));
  }
}

TEST("L3DSR: a server of the other family is refused") {
  CHECK(!carry<L3dsr>(frame(ip_packet(kFour, 17, udp(kFour, 1, 2, {}))), destination(kOurs6, kServer6, 0), rewrite()).applied);
  CHECK(!carry<L3dsr>(frame(ip_packet(kSix, 17, udp(kSix, 1, 2, {}))), destination(kOurs4, kServer4, 0), rewrite()).applied);
}

namespace {

Rewrite to_server(bool is_v4, bool with_source) {
  Rewrite what = rewrite();
  what.new_destination = address(is_v4 ? kServer4 : kServer6);
  what.new_destination_port = 8080;
  if (with_source) what.new_source = address(is_v4 ? kOurs4 : kOurs6), what.new_source_port = 50001;
  return what;
}

bool sample_is_v4(const Bytes& bytes) {
  const Frame frame(bytes);
  Parsed parsed;
  return parse(frame.packet, parsed) == DropReason::none && parsed.network == Network::v4;
}

/// Where a segment's ports, or its checksum, are.
Bytes segment_of(const Bytes& packet) { return slice(packet, packet[0] >> 4 == 4 ? (packet[0] & 15) * 4U : 40, packet.size()); }

}  // namespace

TEST("NAT: addresses, ports, right checksums for every transport, with and without a new source") {
  for (const Sample& sample : marked_samples()) {
    const bool is_v4 = sample_is_v4(sample.bytes);
    for (const bool with_source : {false, true}) {
      const Outcome out = carry<Nat>(sample.bytes, Destination{}, to_server(is_v4, with_source), 0);
      if (!out.applied) return complaints().push_back(sample.name);
      CHECK_RIGHT(out.packet, sample.name);
      const std::size_t from = is_v4 ? 12 : 8, width = is_v4 ? 4 : 16;
      CHECK_SAME(slice(out.packet, from + width, from + 2 * width), is_v4 ? kServer4 : kServer6, sample.name);
      CHECK_SAME(slice(out.packet, from, from + width), with_source ? (is_v4 ? kOurs4 : kOurs6) : slice(out.before, from, from + width), sample.name);
      const Frame after(frame(out.packet));
      Parsed parsed;
      CHECK(parse(after.packet, parsed) == DropReason::none);
      if (!parsed.has_ports) continue;
      CHECK_EQUAL(parsed.destination_port, 8080);
      CHECK_EQUAL(parsed.source_port, with_source ? 50001 : 4000);
    }
  }
}

TEST("NAT: fragments reassemble to a datagram whose checksum is right; later ones keep every byte of data") {
  for (const Ip& ip : {kFour, kSix}) {
    const bool is_v4 = ip.source.size() == 4;
    const Bytes whole = udp(ip, 4000, 80, pattern(100));
    Bytes together;
    for (const unsigned offset : {0U, 48U}) {
      Ip piece = ip;
      const bool more = offset == 0;
      if (is_v4) piece.mf = more, piece.offset = offset;
      else piece.first_extension = 44, piece.options = Bytes{17, 0} + be16_bytes(offset | (more ? 1 : 0)) + be32_bytes(9);
      const Bytes data = slice(whole, offset, more ? 48 : whole.size());
      const Outcome out = carry<Nat>(frame(ip_packet(piece, 17, data)), Destination{}, to_server(is_v4, true), 0);
      CHECK(out.applied);
      const Bytes segment = segment_of(out.packet);
      const Bytes carried = is_v4 ? segment : slice(segment, 8, segment.size());
      if (!more) CHECK_SAME(carried, data, "later fragment");
      together = together + carried;
    }
    const Ip after{is_v4 ? kOurs4 : kOurs6, is_v4 ? kServer4 : kServer6};
    CHECK_SAME(together, udp(after, 50001, 8080, pattern(100)), "reassembled");
  }
}

TEST("NAT and L3DSR: bad checksums stay bad by the same, UDP's zero stays zero") {
  for (const Ip& ip : {kFour, kSix}) {
    const bool is_v4 = ip.source.size() == 4;
    const Ip after{is_v4 ? kOurs4 : kOurs6, is_v4 ? kServer4 : kServer6};
    Bytes bad = tcp(ip, 4000, 80, 1, 0x18, pattern(20));
    bad[30] ^= 0x40;  // on its way to us
    Bytes should = tcp(after, 50001, 8080, 1, 0x18, pattern(20));
    should[30] ^= 0x40;
    CHECK_SAME(segment_of(carry<Nat>(frame(ip_packet(ip, 6, bad)), Destination{}, to_server(is_v4, true), 0).packet), should, "bad TCP");
    Bytes bad_sctp = sctp(4000, 80, pattern(21)), should_sctp = sctp(50001, 8080, pattern(21));
    bad_sctp[15] ^= 1, should_sctp[15] ^= 1;
    CHECK_SAME(segment_of(carry<Nat>(frame(ip_packet(ip, 132, bad_sctp)), Destination{}, to_server(is_v4, true), 0).packet), should_sctp, "bad SCTP");
    Bytes without = udp(ip, 4000, 80, pattern(9));
    put16(without, 6, 0);
    CHECK_EQUAL(get16(segment_of(carry<Nat>(frame(ip_packet(ip, 17, without)), Destination{}, to_server(is_v4, true), 0).packet), 6), 0U);
    const Destination to = destination(after.source, after.destination, 0);
    CHECK_EQUAL(get16(segment_of(carry<L3dsr>(frame(ip_packet(ip, 17, without)), to, rewrite(), 0).packet), 6), 0U);
  }
}

TEST("NAT: a UDP checksum that comes out as zero is written 0xffff") {
  std::size_t zeros = 0;
  for (unsigned word = 0; word <= 0xffff; ++word) {
    const Ip after{kFour.source, kServer4};
    const Bytes segment = udp(after, 4000, 8080, be16_bytes(word));
    if (get16(segment, 6) != 0xffff) continue;
    ++zeros;
    const Outcome out = carry<Nat>(frame(ip_packet(kFour, 17, udp(kFour, 4000, 80, be16_bytes(word)))), Destination{}, to_server(true, false), 0);
    CHECK_EQUAL(get16(segment_of(out.packet), 6), 0xffffU);
  }
  CHECK(zeros > 0);
}

TEST("NAT: what cannot be done is refused") {
  Ip first = kFour;
  first.mf = true;
  Rewrite addresses_only = to_server(true, false);
  addresses_only.new_destination_port = 0;
  const Bytes piece = frame(ip_packet(first, 132, sctp(1, 2, pattern(20))));
  CHECK(!carry<Nat>(piece, Destination{}, to_server(true, false), 0).applied);
  CHECK(carry<Nat>(piece, Destination{}, addresses_only, 0).applied);
  CHECK(!carry<Nat>(frame(ip_packet(kFour, 17, udp(kFour, 1, 2, {}))), Destination{}, to_server(false, false), 0).applied);
  CHECK(!carry<Nat>(frame(ip_packet(kSix, 17, udp(kSix, 1, 2, {}))), Destination{}, to_server(true, true), 0).applied);
}

TEST("NAT: protocol 58 in IPv4 keeps its data") {
  const Bytes data = pattern(30);
  CHECK_SAME(segment_of(carry<Nat>(frame(ip_packet(kFour, 58, data)), Destination{}, to_server(true, true), 0).packet), data, "58");
}

TEST("NAT there and back is identity but for two hops, for every sample and 20,000 of random content") {
  Dice dice(22);
  std::vector<Sample> all = marked_samples();
  for (int i = 0; i < 20000; ++i) {
    const Ip& ip = dice.below(2) == 0 ? kFour : kSix;
    Bytes data(dice.below(64));
    for (auto& byte : data) byte = std::uint8_t(dice.roll());
    const std::uint8_t protocols[] = {6, 17, 33, 132, 136};
    const std::uint8_t protocol = protocols[dice.below(5)];
    const Bytes segment = protocol == 6 ? tcp(ip, 4000, 80, 1, 16, data) : protocol == 17 ? udp(ip, 4000, 80, data)
                        : protocol == 33 ? dccp(ip, 4000, 80, data) : protocol == 132 ? sctp(4000, 80, data) : udp_lite(ip, 4000, 80, data);
    all.push_back({"random", frame(ip_packet(ip, protocol, segment))});
  }
  for (const Sample& sample : all) {
    Frame frame(sample.bytes);
    Parsed before, between;
    CHECK(parse(frame.packet, before) == DropReason::none);
    const Bytes packet = slice(sample.bytes, before.network_at, before.end);
    CHECK(Nat::apply(frame.packet, before, Destination{}, kNoTables, to_server(before.network == Network::v4, true)));
    CHECK(parse(frame.packet, between) == DropReason::none);
    Rewrite back;
    back.new_source = before.source, back.new_destination = before.destination;
    if (before.has_ports) back.new_source_port = before.source_port, back.new_destination_port = before.destination_port;
    CHECK(Nat::apply(frame.packet, between, Destination{}, kNoTables, back));
    Bytes is = frame.from(before.network_at);
    const bool is_v4 = before.network == Network::v4;
    is[is_v4 ? 8 : 7] = std::uint8_t(is[is_v4 ? 8 : 7] + 2);
    if (is_v4) put16(is, 10, 0), put16(is, 10, oracle_checksum(slice(is, 0, (is[0] & 15) * 4U)));
    CHECK_SAME(is, packet, sample.name);
    if (!complaints().empty()) return;
  }
}

TEST("100,000 mutations through every Carrier: nothing beyond the frame is touched") {
  const std::vector<Sample> all = samples();
  Dice dice(23);
  std::size_t carried = 0;
  for (int i = 0; i < 100000; ++i) {
    Bytes bytes = all[dice.below(all.size())].bytes;
    for (std::size_t turns = 1 + dice.below(3); turns > 0; --turns) bytes[dice.below(bytes.size())] = std::uint8_t(dice.roll());
    const Frame seen(bytes);
    Parsed parsed;
    if (parse(seen.packet, parsed) != DropReason::none || (parsed.network != Network::v4 && parsed.network != Network::v6)) continue;
    const bool is_v4 = parsed.network == Network::v4;
    const std::size_t headroom = dice.below(80);
    const Ends& ends = kBothEnds[dice.below(2)];
    const std::uint8_t flags = std::uint8_t(dice.below(2));
    switch (dice.below(6)) {
      case 0: carried += carry<Gre>(bytes, destination(ends.source, ends.server, image::kGre, flags), rewrite(), headroom).applied; break;
      case 1: carried += carry<Ipip>(bytes, destination(ends.source, ends.server, image::kIpip), rewrite(), headroom).applied; break;
      case 2: carried += carry<Gue>(bytes, destination(ends.source, ends.server, image::kGue, flags), rewrite(), headroom).applied; break;
      case 3: carried += carry<L3dsr>(bytes, destination(ends.source, ends.server, 0), rewrite(), headroom).applied; break;
      case 4: carried += carry<Nat>(bytes, Destination{}, to_server(is_v4, flags != 0), headroom).applied; break;
      default: carried += carry<Direct>(bytes, Destination{}, rewrite(), headroom).applied;
    }
  }
  CHECK(carried > 10000);
}

int main() { return run_all(); }
