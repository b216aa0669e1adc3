#include <functional>

#include "packet/extensions.h"
#include "packet/icmp.h"
#include "packet/parse.h"
#include "test/packet_builder.h"
#include "test/tap.h"

using namespace lvsd;
using namespace lvsd::test;

namespace {

const Ip kFour{v4(192, 0, 2, 1), v4(10, 0, 0, 1)};
const Ip kSix{v6(1), v6(2)};
const Bytes kUdp4 = frame(ip_packet(kFour, 17, udp(kFour, 4000, 80, pattern(18))));
const Bytes kUdp6 = frame(ip_packet(kSix, 17, udp(kSix, 4000, 80, pattern(18))));

/// The frame with some of its bytes replaced; an IPv4 header is summed anew.
Bytes with(Bytes bytes, std::size_t at, const Bytes& replacement) {
  std::copy(replacement.begin(), replacement.end(), bytes.begin() + long(at));
  if (get16(bytes, 12) == 0x0800 && (at < 24 || at > 25)) {
    put16(bytes, 24, 0);
    put16(bytes, 24, oracle_checksum(slice(bytes, 14, std::min<std::size_t>(bytes.size(), 14 + (bytes[14] & 15) * 4U))));
  }
  return bytes;
}

struct Row {
  const char* what;
  Bytes bytes;
  DropReason should;
  std::function<bool(const Parsed&)> holds = [](const Parsed&) { return true; };
};

void run(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    const Frame frame(row.bytes);
    Parsed parsed;
    std::memset(static_cast<void*>(&parsed), 0xa5, sizeof parsed);  // every member is set
    const DropReason is = parse(frame.packet, parsed);
    if (is != row.should) complaints().push_back(std::string(row.what) + ": reason " + std::to_string(int(is)));
    else if (!row.holds(parsed)) complaints().push_back(std::string(row.what) + ": parsed otherwise");
  }
}

bool is_flow(const Parsed& parsed, const Ip& ip, unsigned protocol, unsigned from, unsigned to) {
  return parsed.source == address(ip.source) && parsed.destination == address(ip.destination) && parsed.protocol == protocol &&
         parsed.source_port == from && parsed.destination_port == to && parsed.has_ports == (from != 0);
}

Ip six(unsigned first_extension, const Bytes& extensions) {
  Ip ip = kSix;
  ip.first_extension = first_extension;
  ip.options = extensions;
  return ip;
}
Ip four(const std::function<void(Ip&)>& change) {
  Ip ip = kFour;
  change(ip);
  return ip;
}
/// Of eight bytes; `next` is the number of what follows.
Bytes extension(unsigned next) { return Bytes{std::uint8_t(next), 0, 1, 4, 0, 0, 0, 0}; }

}  // namespace

TEST("IPv4 flows") {
  const Ip marked = four([](Ip& ip) { ip.tos = 0xb9, ip.ttl = 7, ip.df = true, ip.id = 0xbeef; });
  run({
      {"udp", kUdp4, DropReason::none, [](const Parsed& p) {
         return is_flow(p, kFour, 17, 4000, 80) && p.network == Network::v4 && p.network_at == 14 && p.transport_at == 34 && p.end == 60 &&
                p.ttl == 64 && p.fragment_id == 0x1234 && !p.dont_fragment && !p.is_fragment && p.vlan_tags == 0 && p.tcp_flags == 0;
       }},
      {"tcp", frame(ip_packet(marked, 6, tcp(marked, 1, 2, 0, 0x12, {}))), DropReason::none, [&](const Parsed& p) {
         return is_flow(p, kFour, 6, 1, 2) && p.tcp_flags == 0x12 && p.tos == 0xb9 && p.ttl == 7 && p.dont_fragment && p.fragment_id == 0xbeef;
       }},
      {"padding is not of the packet", kUdp4 + Bytes(40, 0xff), DropReason::none, [](const Parsed& p) { return p.end == 60; }},
      {"sctp", frame(ip_packet(kFour, 132, sctp(5, 6, pattern(8)))), DropReason::none,
       [](const Parsed& p) { return is_flow(p, kFour, 132, 5, 6); }},
      {"udp-lite", frame(ip_packet(kFour, 136, udp_lite(kFour, 5, 6, pattern(8)))), DropReason::none,
       [](const Parsed& p) { return is_flow(p, kFour, 136, 5, 6); }},
      {"dccp", frame(ip_packet(kFour, 33, dccp(kFour, 5, 6, pattern(8)))), DropReason::none,
       [](const Parsed& p) { return is_flow(p, kFour, 33, 5, 6); }},
      {"esp has no ports", frame(ip_packet(kFour, 50, pattern(8))), DropReason::none,
       [](const Parsed& p) { return is_flow(p, kFour, 50, 0, 0); }},
      {"a protocol without data", frame(ip_packet(kFour, 50, {})), DropReason::none, [](const Parsed& p) { return p.end == 34; }},
      {"options", frame(ip_packet(four([](Ip& ip) { ip.options = Bytes(40, 1); }), 17, udp(kFour, 7, 8, {}))), DropReason::none,
       [](const Parsed& p) { return is_flow(p, kFour, 17, 7, 8) && p.transport_at == 74; }},
      {"icmp echo", frame(ip_packet(kFour, 1, icmp(kFour, 8, 0, 5, {}))), DropReason::none,
       [](const Parsed& p) { return is_flow(p, kFour, 1, 0, 0) && p.icmp_type == 8 && !p.is_icmp_error; }},
      {"icmp error", frame(ip_packet(kFour, 1, icmp(kFour, 11, 1, 0, pattern(28)))), DropReason::none,
       [](const Parsed& p) { return p.icmp_type == 11 && p.icmp_code == 1 && p.is_icmp_error; }},
      {"protocol 58 in IPv4 is not ICMPv6", frame(ip_packet(kFour, 58, Bytes{1, 0, 0, 0})), DropReason::none,
       [](const Parsed& p) { return !p.is_icmp_error && p.icmp_type == 0; }},
  });
}

TEST("VLAN tags") {
  const Bytes q{0x81, 0x00, 0x20, 0x05}, ad{0x88, 0xa8, 0x00, 0x07};
  const Bytes udp4 = slice(kUdp4, 14, kUdp4.size());
  run({
      {"one", frame(udp4, q), DropReason::none, [&](const Parsed& p) {
         return is_flow(p, kFour, 17, 4000, 80) && p.vlan_tags == 1 && p.network_at == 18 && std::memcmp(p.tags, q.data(), 4) == 0;
       }},
      {"two", frame(udp4, ad + q), DropReason::none, [&](const Parsed& p) {
         return is_flow(p, kFour, 17, 4000, 80) && p.vlan_tags == 2 && p.network_at == 22 && p.end == 68 &&
                std::memcmp(p.tags, (ad + q).data(), 8) == 0;
       }},
      {"three are not ours", frame(udp4, ad + q + q), DropReason::none, [](const Parsed& p) { return p.network == Network::other; }},
      {"a tag cut short", slice(frame(udp4, q), 0, 15), DropReason::truncated},
      {"a tag and no type", slice(frame(udp4, q), 0, 17), DropReason::truncated},
      {"LLDP is no error", frame(pattern(40), {}, 0x88cc), DropReason::none, [](const Parsed& p) { return p.network == Network::other; }},
      {"nor is a length", frame(pattern(40), {}, 40), DropReason::none, [](const Parsed& p) { return p.network == Network::other; }},
  });
}

TEST("IPv4 headers that are wrong") {
  run({
      {"no frame", {}, DropReason::truncated},
      {"half an Ethernet header", slice(kUdp4, 0, 13), DropReason::truncated},
      {"half an IP header", slice(kUdp4, 0, 33), DropReason::truncated},
      {"shorter than it says", slice(kUdp4, 0, 59), DropReason::truncated},
      {"version 5", with(kUdp4, 14, {0x55}), DropReason::bad_ip_header},
      {"header of 16 bytes", with(kUdp4, 14, {0x44}), DropReason::bad_ip_header},
      {"header beyond total length", with(kUdp4, 16, {0, 19}), DropReason::bad_ip_header},
      {"checksum", with(kUdp4, 24, {0x12, 0x34}), DropReason::bad_ip_checksum},
      {"total length cuts UDP", with(kUdp4, 16, {0, 27}), DropReason::bad_transport},
      {"UDP length beyond the packet", with(kUdp4, 38, {0, 27}), DropReason::bad_transport},
      {"UDP length below its header", with(kUdp4, 38, {0, 7}), DropReason::bad_transport},
      {"UDP length less than there is", with(kUdp4, 38, {0, 8}), DropReason::none},
      {"UDP-Lite coverage beyond", with(with(kUdp4, 23, {136}), 38, {0, 27}), DropReason::bad_transport},
      {"TCP offset below five", with(frame(ip_packet(kFour, 6, tcp(kFour, 1, 2, 0, 2, {}))), 46, {0x40}), DropReason::bad_transport},
      {"TCP offset beyond", with(frame(ip_packet(kFour, 6, tcp(kFour, 1, 2, 0, 2, {}))), 46, {0x60}), DropReason::bad_transport},
      {"TCP cut", with(frame(ip_packet(kFour, 6, tcp(kFour, 1, 2, 0, 2, {}))), 16, {0, 39}), DropReason::bad_transport},
      {"SCTP cut", frame(ip_packet(kFour, 132, Bytes(11))), DropReason::bad_transport},
      {"DCCP cut", frame(ip_packet(kFour, 33, Bytes(11))), DropReason::bad_transport},
      {"ICMP cut", frame(ip_packet(kFour, 1, Bytes(7))), DropReason::bad_transport},
  });
}

TEST("addresses that may not send") {
  const auto from4 = [](unsigned a, unsigned b, unsigned c, unsigned d, const Bytes& to = v4(10, 0, 0, 1)) {
    return frame(ip_packet({v4(a, b, c, d), to}, 17, udp(kFour, 1, 2, {})));
  };
  const auto from6 = [](const Bytes& from, const Bytes& to = v6(2)) { return frame(ip_packet({from, to}, 17, udp(kSix, 1, 2, {}))); };
  const Bytes loopback6 = Bytes(15) + Bytes{1}, mapped = Bytes(10) + Bytes{0xff, 0xff, 192, 0, 2, 1}, many6 = Bytes{0xff, 2} + Bytes(13) + Bytes{1};
  run({
      {"loopback", from4(127, 0, 0, 1), DropReason::bad_address},
      {"multicast", from4(224, 0, 0, 1), DropReason::bad_address},
      {"multicast, highest", from4(239, 255, 255, 255), DropReason::bad_address},
      {"broadcast", from4(255, 255, 255, 255), DropReason::bad_address},
      {"nobody to one", from4(0, 0, 0, 0), DropReason::bad_address},
      {"this network", from4(0, 1, 2, 3), DropReason::bad_address},
      {"nobody to all: DHCP", from4(0, 0, 0, 0, v4(255, 255, 255, 255)), DropReason::none},
      {"nobody to many: IGMP", from4(0, 0, 0, 0, v4(224, 0, 0, 22)), DropReason::none},
      {"240/4", from4(240, 0, 0, 1), DropReason::none, [](const Parsed& p) { return p.has_ports; }},
      {"223.255.255.255", from4(223, 255, 255, 255), DropReason::none},
      {"loopback6", from6(loopback6), DropReason::bad_address},
      {"multicast6", from6(many6), DropReason::bad_address},
      {"nobody6 to one", from6(Bytes(16)), DropReason::bad_address},
      {"nobody6 to many: DAD, MLD", from6(Bytes(16), many6), DropReason::none},
      {"mapped source", from6(mapped), DropReason::bad_address},
      {"mapped destination", from6(v6(1), mapped), DropReason::bad_address},
  });
}

TEST("IPv4 fragments") {
  const auto piece = [](bool mf, unsigned offset, const Bytes& data) {
    return frame(ip_packet(four([&](Ip& ip) { ip.mf = mf, ip.offset = offset; }), 17, data));
  };
  const Bytes whole = udp(kFour, 4000, 80, pattern(56));
  run({
      {"first", piece(true, 0, slice(whole, 0, 32)), DropReason::none, [](const Parsed& p) {
         return is_flow(p, kFour, 17, 4000, 80) && p.is_fragment && p.is_first_fragment && p.more_fragments && p.fragment_offset == 0;
       }},
      {"middle", piece(true, 32, slice(whole, 32, 48)), DropReason::none, [](const Parsed& p) {
         return is_flow(p, kFour, 17, 0, 0) && p.is_fragment && !p.is_first_fragment && p.more_fragments && p.fragment_offset == 32;
       }},
      {"last", piece(false, 48, slice(whole, 48, 64)), DropReason::none, [](const Parsed& p) {
         return is_flow(p, kFour, 17, 0, 0) && p.is_fragment && !p.more_fragments && p.fragment_id == 0x1234;
       }},
      {"last of three bytes", piece(false, 48, pattern(3)), DropReason::none},
      {"not a multiple of eight", piece(true, 0, slice(whole, 0, 33)), DropReason::bad_ip_header},
      {"empty and more", piece(true, 8, {}), DropReason::bad_ip_header},
      {"beyond 65535", piece(false, 65528, pattern(8)), DropReason::bad_ip_header},
      {"up to 65535", piece(false, 65528, pattern(7)), DropReason::none},
      {"too tiny a first one (RFC 1858)", frame(ip_packet(four([](Ip& ip) { ip.mf = true; }), 6, pattern(16))), DropReason::bad_transport},
      {"ICMP error in a later one", frame(ip_packet(four([](Ip& ip) { ip.offset = 8; }), 1, Bytes{3, 4, 0, 0, 0, 0, 0, 0})), DropReason::none,
       [](const Parsed& p) { return !p.is_icmp_error; }},
  });
}

TEST("IPv6 flows and extension headers") {
  const Bytes data = udp(kSix, 4000, 80, pattern(8));
  const auto chain = [&](unsigned first, const Bytes& extensions) { return frame(ip_packet(six(first, extensions), 17, data)); };
  const auto is_udp = [](std::uint16_t at) { return [at](const Parsed& p) { return is_flow(p, kSix, 17, 4000, 80) && p.transport_at == at; }; };
  const Bytes seven = extension(60) + extension(60) + extension(60) + extension(60) + extension(60) + extension(60) + extension(60);
  Ip labelled = kSix;
  labelled.tos = 0xb9, labelled.label = 0xabcde, labelled.ttl = 3;
  run({
      {"udp", kUdp6, DropReason::none, [&](const Parsed& p) {
         return is_udp(54)(p) && p.network == Network::v6 && p.end == 80 && p.dont_fragment && !p.is_fragment && p.fragment_header_at == 0;
       }},
      {"class, label, hop limit", frame(ip_packet(labelled, 17, data)), DropReason::none,
       [](const Parsed& p) { return p.tos == 0xb9 && p.flow_label == 0xabcde && p.ttl == 3; }},
      {"hop-by-hop", chain(0, extension(17)), DropReason::none, is_udp(62)},
      {"destination options of 24 bytes", chain(60, Bytes{17, 2, 1, 20} + Bytes(20)), DropReason::none, is_udp(78)},
      {"routing, none left", chain(43, Bytes{17, 2, 0, 0} + Bytes(20)), DropReason::none, is_udp(78)},
      {"routing, one left: not for this address", chain(43, Bytes{17, 2, 0, 1} + Bytes(20)), DropReason::none,
       [](const Parsed& p) { return p.protocol == 43 && !p.has_ports && p.transport_at == 54; }},
      {"AH of 24 bytes", chain(51, Bytes{17, 4, 0, 0} + Bytes(20)), DropReason::none, is_udp(78)},
      {"eight", chain(60, seven + extension(17)), DropReason::none, is_udp(118)},
      {"nine are too many", chain(60, seven + extension(60) + extension(17)), DropReason::bad_extension},
      {"longer than the packet", chain(60, Bytes{17, 9, 0, 0, 0, 0, 0, 0}), DropReason::bad_extension},
      {"nothing where one should be", frame(ip_packet(kSix, 60, {})), DropReason::bad_extension},
      {"half a fragment header", frame(ip_packet(kSix, 44, Bytes(7))), DropReason::bad_extension},
      {"no next header", frame(ip_packet(kSix, 59, {})), DropReason::none, [](const Parsed& p) { return p.protocol == 59; }},
      {"atomic fragment", chain(44, Bytes{17, 0, 0, 0} + be32_bytes(7)), DropReason::none,
       [&](const Parsed& p) { return is_udp(62)(p) && !p.is_fragment && p.fragment_header_at == 54 && p.fragment_id == 7; }},
      {"first fragment", chain(44, Bytes{17, 0, 0, 1} + be32_bytes(7)), DropReason::none,
       [&](const Parsed& p) { return is_udp(62)(p) && p.is_fragment && p.is_first_fragment && p.more_fragments; }},
      {"later fragment", chain(44, Bytes{17, 0, 0, 8} + be32_bytes(7)), DropReason::none, [](const Parsed& p) {
         return is_flow(p, kSix, 17, 0, 0) && p.is_fragment && !p.is_first_fragment && p.fragment_offset == 8 && p.fragment_id == 7;
       }},
      {"fragment, then options", chain(44, Bytes{60, 0, 0, 1} + be32_bytes(7) + extension(17)), DropReason::none, is_udp(70)},
      {"two fragment headers", chain(44, Bytes{44, 0, 0, 1} + be32_bytes(7) + Bytes{17, 0, 0, 1} + be32_bytes(8)), DropReason::bad_extension},
      {"fragment of nine bytes and more", frame(ip_packet(six(44, Bytes{17, 0, 0, 1} + be32_bytes(7)), 17, pattern(9))), DropReason::bad_extension},
      {"version 4", with(kUdp6, 14, {0x40}), DropReason::bad_ip_header},
      {"cut", slice(kUdp6, 0, 79), DropReason::truncated},
      {"half a header", slice(kUdp6, 0, 53), DropReason::truncated},
      {"ICMPv6 echo", frame(ip_packet(kSix, 58, icmp(kSix, 128, 0, 1, {}))), DropReason::none,
       [](const Parsed& p) { return p.icmp_type == 128 && !p.is_icmp_error; }},
      {"ICMPv6 error", frame(ip_packet(kSix, 58, icmp(kSix, 2, 0, 1280, pattern(48)))), DropReason::none,
       [](const Parsed& p) { return p.icmp_type == 2 && p.is_icmp_error; }},
      {"protocol 1 in IPv6 is not ICMP", frame(ip_packet(kSix, 1, Bytes{3, 0, 0, 0})), DropReason::none,
       [](const Parsed& p) { return !p.is_icmp_error; }},
  });
}

TEST("ARP") {
  const Bytes arp = Bytes{0, 1, 8, 0, 6, 4, 0, 1} + kTheirMac + v4(10, 0, 0, 9) + Bytes(6) + v4(10, 0, 0, 1);
  run({
      {"request", frame(arp, {}, 0x0806), DropReason::none, [](const Parsed& p) {
         return p.network == Network::arp && p.source == address(v4(10, 0, 0, 9)) && p.destination == address(v4(10, 0, 0, 1)) && !p.has_ports;
       }},
      {"cut", slice(frame(arp, {}, 0x0806), 0, 41), DropReason::truncated},
      {"of another protocol", with(frame(arp, {}, 0x0806), 16, {8, 1}), DropReason::none, [](const Parsed& p) { return p.source.is_zero(); }},
  });
}

TEST("the short way and the long way say the same of every sample and of 50,000 mutations") {
  Dice dice(11);
  std::size_t short_ways = 0;
  for (const Sample& sample : samples()) {
    for (int i = 0; i < 2200; ++i) {
      Bytes bytes = sample.bytes;
      if (i > 0) bytes[dice.below(bytes.size())] ^= std::uint8_t(1U << dice.below(8));
      if (i % 2 == 0 && bytes.size() > 34 && get16(bytes, 12) == 0x0800) bytes = with(bytes, 14, {bytes[14]});
      const Frame frame(bytes);
      Parsed a, b;
      std::memset(static_cast<void*>(&a), 0, sizeof a), std::memset(static_cast<void*>(&b), 0, sizeof b);
      const bool common = parse_detail::parse_common(frame.packet, a);
      const DropReason reason = parse_detail::parse_any(frame.packet, b);
      if (!common) continue;
      ++short_ways;
      if (reason != DropReason::none || std::memcmp(&a, &b, sizeof a) != 0) complaints().push_back(sample.name + " differs");
    }
  }
  CHECK(short_ways > 2000);
}

TEST("quoted packets") {
  struct QuotedRow {
    const char* what;
    Ip outer;
    unsigned type;
    Bytes quote;
    bool reads;
    std::function<bool(const Quoted&)> holds = [](const Quoted&) { return true; };
  };
  const Ip back4{v4(10, 0, 0, 1), v4(192, 0, 2, 1)}, back6{v6(2), v6(1)};
  const Bytes whole4 = ip_packet(back4, 17, udp(back4, 80, 4000, pattern(30)));
  Ip options4 = back4, later4 = back4, first6 = back6;
  options4.options = Bytes(12, 1), later4.offset = 80;
  first6.first_extension = 60, first6.options = extension(6);
  const auto is_flow_back = [&](std::uint8_t protocol, const Ip& ip) {
    return [=](const Quoted& q) {
      return q.source == address(ip.source) && q.destination == address(ip.destination) && q.protocol == protocol && q.has_ports &&
             q.source_port == 80 && q.destination_port == 4000 && q.network_at == (ip.source.size() == 4 ? 42 : 62);
    };
  };
  for (const QuotedRow& row : std::vector<QuotedRow>{
           {"whole", kFour, 3, whole4, true, is_flow_back(17, back4)},
           {"eight bytes of transport (RFC 792)", kFour, 11, slice(whole4, 0, 28), true, is_flow_back(17, back4)},
           {"no ports left", kFour, 3, slice(whole4, 0, 23), true, [](const Quoted& q) { return !q.has_ports && q.protocol == 17; }},
           {"half a header", kFour, 3, slice(whole4, 0, 19), false},
           {"options", kFour, 3, ip_packet(options4, 17, udp(back4, 80, 4000, {})), true, is_flow_back(17, back4)},
           {"options cut", kFour, 3, slice(ip_packet(options4, 17, udp(back4, 80, 4000, {})), 0, 31), false},
           {"later fragment", kFour, 3, ip_packet(later4, 17, pattern(30)), true, [](const Quoted& q) { return !q.has_ports && q.is_later_fragment; }},
           {"echo", kFour, 3, ip_packet(back4, 1, icmp(back4, 8, 0, 1, {})), true, [](const Quoted& q) { return !q.has_ports && q.protocol == 1; }},
           {"no error", kFour, 8, whole4, false},
           {"other family", kFour, 3, ip_packet(back6, 6, tcp(back6, 80, 4000, 1, 0, {})), false},
           {"IPv6", kSix, 2, ip_packet(back6, 6, tcp(back6, 80, 4000, 1, 0, {})), true, is_flow_back(6, back6)},
           {"IPv6 extensions", kSix, 1, ip_packet(first6, 6, tcp(back6, 80, 4000, 1, 0, {})), true, is_flow_back(6, back6)},
           {"IPv6 extension cut", kSix, 1, slice(ip_packet(first6, 6, tcp(back6, 80, 4000, 1, 0, {})), 0, 45), false},
           {"IPv4 in ICMPv6", kSix, 1, whole4, false},
       }) {
    const unsigned protocol = row.outer.source.size() == 4 ? 1 : 58;
    const Frame error(frame(ip_packet(row.outer, protocol, icmp(row.outer, row.type, 0, 0, row.quote))));
    Parsed parsed;
    Quoted quoted;
    CHECK(parse(error.packet, parsed) == DropReason::none);
    const bool reads = parse_quoted(error.packet, parsed, quoted);
    if (reads != row.reads || (reads && !row.holds(quoted))) complaints().push_back(std::string("quoted: ") + row.what);
  }
}

TEST("every truncation of every sample") {
  for (const Sample& sample : samples()) {
    for (std::size_t length = 0; length < sample.bytes.size(); ++length) {
      const Frame frame(slice(sample.bytes, 0, length));
      Parsed parsed;
      Quoted quoted;
      const DropReason reason = parse(frame.packet, parsed);
      if (reason == DropReason::none && parsed.network != Network::other) {
        CHECK(parsed.end <= length);  // the padded one alone may lose something
        (void)parse_quoted(frame.packet, parsed, quoted);
      }
    }
  }
}

TEST("200,000 mutations: what is said of them lies within the frame") {
  const std::vector<Sample> all = samples();
  Dice dice(12);
  std::size_t understood = 0;
  for (int i = 0; i < 200000; ++i) {
    Bytes bytes = all[dice.below(all.size())].bytes;
    for (std::size_t turns = 1 + dice.below(4); turns > 0; --turns) {
      const std::size_t at = dice.below(bytes.size());
      bytes[at] = dice.below(2) == 0 ? std::uint8_t(dice.roll()) : std::uint8_t(bytes[at] ^ 1U << dice.below(8));
    }
    if (dice.below(8) == 0) bytes.resize(dice.below(bytes.size() + 1));
    if (dice.below(2) == 0 && bytes.size() > 34 && get16(bytes, 12) == 0x0800) bytes = with(bytes, 14, {bytes[14]});
    const Frame frame(bytes);
    Parsed parsed;
    Quoted quoted;
    if (parse(frame.packet, parsed) != DropReason::none) continue;
    ++understood;
    const bool within = parsed.network_at <= parsed.transport_at && parsed.transport_at <= parsed.end && parsed.end <= bytes.size();
    if (!within) return complaints().push_back("offsets leave the frame");
    if (parsed.has_ports && parsed.transport_at + 8U > parsed.end) return complaints().push_back("ports beyond the end");
    (void)check_transport(frame.packet, parsed);
    (void)looks_partial(frame.packet, parsed);
    if (parsed.is_icmp_error && parse_quoted(frame.packet, parsed, quoted)) {
      const bool quote_within = quoted.network_at >= parsed.transport_at + 8 && quoted.network_at <= quoted.transport_at && quoted.transport_at <= parsed.end;
      if (!quote_within) return complaints().push_back("a quote leaves the frame");
    }
  }
  CHECK(understood > 20000);
}

int main() { return run_all(); }
