#include "packet/icmp.h"

#include "encap/nat.h"
#include "packet/checksum.h"
#include "packet/parse.h"
#include "test/packet_builder.h"
#include "test/tap.h"

using namespace lvsd;
using namespace lvsd::test;

namespace {

class NoTables : public Tables {};

const Ip kFour{v4(192, 0, 2, 1), v4(10, 0, 0, 1)};
const Ip kSix{v6(1), v6(2)};
const Bytes kRouter4 = v4(198, 51, 100, 1), kRouter6 = v6(0x71);
constexpr std::uint8_t kMac[6] = {2, 0xaa, 0xbb, 0xcc, 0xdd, 0xee};
const Bytes kMacBytes(kMac, kMac + 6);

/// The error about a frame; empty: there is none. The buffer is exactly as large as said.
Bytes error_about(const Bytes& bytes, IcmpProblem problem, const Bytes& from, std::uint16_t mtu = 0, std::size_t room = kMostIcmpError) {
  const Frame about(bytes);
  Frame into(Bytes(room, 0xee));
  Parsed parsed;
  if (parse(about.packet, parsed) != DropReason::none) return {};
  const std::size_t length = make_icmp_error(about.packet, parsed, problem, mtu, address(from), {into.packet.data, room});
  CHECK(about.bytes() == bytes);
  return slice(into.bytes(), 0, length);
}

Bytes answer_to(const Bytes& bytes, bool to_echo, std::size_t room = 2000) {
  const Frame about(bytes);
  Frame into(Bytes(room, 0xee));
  Parsed parsed;
  if (parse(about.packet, parsed) != DropReason::none) return {};
  const std::span<std::uint8_t> space{into.packet.data, room};
  const std::size_t length = to_echo ? make_echo_reply(about.packet, parsed, space) : make_neighbour_answer(about.packet, parsed, kMac, space);
  Address target;
  if (!to_echo) CHECK_EQUAL(asks_for_neighbour(about.packet, parsed, target), length > 0 || room < 2000);
  return slice(into.bytes(), 0, length);
}

}  // namespace

TEST("errors: type, code, MTU, addresses, quote") {
  struct Row {
    const char* what;
    IcmpProblem problem;
    unsigned type4, code4, type6, code6;
  };
  const Bytes whole4 = ip_packet(kFour, 6, tcp(kFour, 4000, 80, 1, 0x10, pattern(100)));
  const Bytes whole6 = ip_packet(kSix, 6, tcp(kSix, 4000, 80, 1, 0x10, pattern(100)));
  for (const Row& row : std::vector<Row>{
           {"too big", IcmpProblem::too_big, 3, 4, 2, 0},
           {"ttl", IcmpProblem::ttl_exceeded, 11, 0, 3, 0},
           {"reassembly", IcmpProblem::reassembly, 11, 1, 3, 1},
           {"no route", IcmpProblem::no_route, 3, 0, 1, 0},
           {"host", IcmpProblem::host_unreachable, 3, 1, 1, 3},
           {"port", IcmpProblem::port_unreachable, 3, 3, 1, 4},
           {"prohibited", IcmpProblem::prohibited, 3, 13, 1, 1},
       }) {
    const bool has_mtu = row.problem == IcmpProblem::too_big;
    const Bytes four = error_about(frame(whole4), row.problem, kRouter4, 1400), six = error_about(frame(whole6), row.problem, kRouter6, 1400);
    Ip from4{kRouter4, kFour.source}, from6{kRouter6, kSix.source};
    from4.tos = 0xc0, from4.df = true, from4.id = 0;
    CHECK_SAME(four, kTheirMac + kOurMac + Bytes({8, 0}) + ip_packet(from4, 1, icmp(from4, row.type4, row.code4, has_mtu ? 1400 : 0, whole4)), row.what);
    CHECK_SAME(six, kTheirMac + kOurMac + Bytes({0x86, 0xdd}) + ip_packet(from6, 58, icmp(from6, row.type6, row.code6, has_mtu ? 1400 : 0, whole6)), row.what);
  }
}

TEST("errors: the quote is what fits 576 and 1,280 bytes, and no padding") {
  const Bytes four = error_about(frame(ip_packet(kFour, 17, udp(kFour, 1, 2, pattern(1400)))), IcmpProblem::too_big, kRouter4, 1400);
  CHECK_EQUAL(four.size(), 14U + 576U);
  CHECK_RIGHT(slice(four, 14, four.size()), "576");
  const Bytes six = error_about(frame(ip_packet(kSix, 17, udp(kSix, 1, 2, pattern(1400)))), IcmpProblem::too_big, kRouter6, 1400);
  CHECK_EQUAL(six.size(), 14U + 1280U);
  CHECK_RIGHT(slice(six, 14, six.size()), "1280");
  const Bytes padded = error_about(frame(ip_packet(kFour, 17, udp(kFour, 1, 2, {}))) + Bytes(18), IcmpProblem::ttl_exceeded, kRouter4);
  CHECK_EQUAL(padded.size(), 14U + 28U + 28U);
}

TEST("errors keep VLAN tags and need room") {
  const Bytes tags{0x88, 0xa8, 0x20, 0x0a, 0x81, 0x00, 0x00, 0x64};
  const Bytes about = frame(ip_packet(kFour, 17, udp(kFour, 1, 2, pattern(10))), tags);
  const Bytes error = error_about(about, IcmpProblem::ttl_exceeded, kRouter4);
  CHECK_SAME(slice(error, 0, 22), kTheirMac + kOurMac + tags + Bytes({8, 0}), "link");
  CHECK_RIGHT(slice(error, 22, error.size()), "behind tags");
  for (std::size_t room = 0; room <= error.size(); ++room)
    CHECK_EQUAL(error_about(about, IcmpProblem::ttl_exceeded, kRouter4, 0, room).size(), room < error.size() ? 0 : error.size());
}

TEST("nothing is said about these") {
  Ip first = kFour, later = kFour, to_many = kFour, to_all = kFour, from_nobody = kFour, later6 = kSix, to_many6 = kSix, from_nobody6 = kSix;
  first.mf = true, later.offset = 8;
  to_many.destination = v4(224, 0, 0, 5), to_all.destination = from_nobody.destination = v4(255, 255, 255, 255), from_nobody.source = v4(0, 0, 0, 0);
  later6.first_extension = 44, later6.options = Bytes{17, 0, 0, 8, 0, 0, 0, 1};
  to_many6.destination = from_nobody6.destination = Bytes{0xff, 2} + Bytes(14, 1), from_nobody6.source = Bytes(16);
  const Bytes eight = pattern(8);
  struct Row {
    const char* what;
    Bytes about;
    bool said4_or_6, too_big;
  };
  const auto udp_in = [](const Ip& ip) { return frame(ip_packet(ip, 17, udp(ip, 1, 2, pattern(8)))); };
  Bytes to_many_macs = udp_in(kFour), from_many_macs = udp_in(kFour);
  to_many_macs[0] = 1, from_many_macs[6] = 1;
  for (const Row& row : std::vector<Row>{
           {"a whole packet", udp_in(kFour), true, true},
           {"a first fragment", frame(ip_packet(first, 17, slice(udp(first, 1, 2, pattern(40)), 0, 24))), true, true},
           {"a later fragment", frame(ip_packet(later, 17, eight)), false, false},
           {"a later fragment of IPv6", frame(ip_packet(later6, 17, eight)), false, false},
           {"an ICMP error", frame(ip_packet(kFour, 1, icmp(kFour, 3, 1, 0, pattern(28)))), false, false},
           {"a redirect", frame(ip_packet(kFour, 1, icmp(kFour, 5, 1, 0, pattern(28)))), false, false},
           {"an echo", frame(ip_packet(kFour, 1, icmp(kFour, 8, 0, 0, pattern(28)))), true, true},
           {"an ICMPv6 error", frame(ip_packet(kSix, 58, icmp(kSix, 1, 0, 0, pattern(48)))), false, false},
           {"to many", udp_in(to_many), false, false},
           {"to all", udp_in(to_all), false, false},
           {"from nobody", udp_in(from_nobody), false, false},
           {"to many at the link", to_many_macs, false, false},
           {"from many at the link", from_many_macs, false, false},
           {"to many, IPv6: only that it is too big", udp_in(to_many6), false, true},
           {"from nobody, IPv6", udp_in(from_nobody6), false, false},
           {"ARP", samples().back().bytes, false, false},
       }) {
    const bool is6 = get16(row.about, 12) == 0x86dd;
    check_right(error_about(row.about, IcmpProblem::ttl_exceeded, is6 ? kRouter6 : kRouter4).empty() == row.said4_or_6 ? "wrong" : "", row.what, __FILE__, __LINE__);
    check_right(error_about(row.about, IcmpProblem::too_big, is6 ? kRouter6 : kRouter4).empty() == row.too_big ? "wrong" : "", row.what, __FILE__, __LINE__);
    CHECK(error_about(row.about, IcmpProblem::ttl_exceeded, is6 ? kRouter4 : kRouter6).empty());
  }
  CHECK(error_about(udp_in(kFour), IcmpProblem::ttl_exceeded, v4(0, 0, 0, 0)).empty());
}

TEST("echo replies") {
  const Bytes tags{0x81, 0x00, 0x00, 0x64};
  Ip marked = kFour, options = kFour;
  marked.tos = 0x28, options.options = Bytes(8, 1);
  for (const std::size_t size : {0U, 1U, 56U, 1400U}) {
    Ip back4{kFour.destination, kFour.source}, back6{kSix.destination, kSix.source};
    back4.tos = 0x28, back4.df = true, back4.id = 0;
    CHECK_SAME(answer_to(frame(ip_packet(marked, 1, icmp(marked, 8, 0, 0x12345678, pattern(size))), tags), true),
               kTheirMac + kOurMac + tags + Bytes({8, 0}) + ip_packet(back4, 1, icmp(back4, 0, 0, 0x12345678, pattern(size))), "IPv4");
    CHECK_SAME(answer_to(frame(ip_packet(kSix, 58, icmp(kSix, 128, 0, 0x12345678, pattern(size)))), true),
               kTheirMac + kOurMac + Bytes({0x86, 0xdd}) + ip_packet(back6, 58, icmp(back6, 129, 0, 0x12345678, pattern(size))), "IPv6");
  }
  CHECK_RIGHT(slice(answer_to(frame(ip_packet(options, 1, icmp(options, 8, 0, 1, pattern(9)))), true), 14, 14 + 20 + 17), "options");
  const Bytes request = frame(ip_packet(kFour, 1, icmp(kFour, 8, 0, 1, pattern(20))));
  Bytes bad = request;
  bad.back() ^= 1;
  CHECK(answer_to(bad, true).empty());
  CHECK(answer_to(request, true, request.size() - 1).empty());
  CHECK_EQUAL(answer_to(request, true, request.size()).size(), request.size());
  CHECK(answer_to(frame(ip_packet(kFour, 1, icmp(kFour, 0, 0, 1, {}))), true).empty());
  CHECK(answer_to(frame(ip_packet(kFour, 17, udp(kFour, 1, 2, {}))), true).empty());
  Ip many = kFour, cut = kFour;
  many.destination = v4(224, 0, 0, 1), cut.mf = true;
  CHECK(answer_to(frame(ip_packet(many, 1, icmp(many, 8, 0, 1, {}))), true).empty());
  CHECK(answer_to(frame(ip_packet(cut, 1, icmp(cut, 8, 0, 1, pattern(8)))), true).empty());
}

namespace {

Bytes arp(unsigned operation, const Bytes& sender_mac, const Bytes& sender, const Bytes& target) {
  return Bytes{0, 1, 8, 0, 6, 4} + be16_bytes(operation) + sender_mac + sender + Bytes(6) + target;
}
Bytes solicitation(const Ip& ip, const Bytes& target, const Bytes& options, unsigned code = 0) {
  return ip_packet(ip, 58, icmp(ip, 135, code, 0, target + options));
}
Ip asking(const Bytes& from, const Bytes& to, unsigned ttl = 255) {
  Ip ip{from, to};
  ip.ttl = ttl;
  return ip;
}

const Bytes kVip6 = v6(0x1234);
const Bytes kSolicitedNode = Bytes{0xff, 2} + Bytes(9) + Bytes{1, 0xff, 0, 0x12, 0x34};
const Bytes kSourceOption = Bytes{1, 1, 2, 9, 9, 9, 9, 9};

Bytes advertisement(const Bytes& link_to, const Bytes& to, unsigned flags) {
  Ip ip{kVip6, to};
  ip.ttl = 255;
  return link_to + kMacBytes + Bytes({0x86, 0xdd}) + ip_packet(ip, 58, icmp(ip, 136, 0, flags << 24, kVip6 + Bytes({2, 1}) + kMacBytes));
}

}  // namespace

TEST("ARP replies") {
  const Bytes vip = v4(10, 0, 0, 1), asker = v4(10, 0, 0, 9), tags{0x81, 0x00, 0x00, 0x64};
  const Bytes reply = Bytes{0, 1, 8, 0, 6, 4, 0, 2} + kMacBytes + vip + kTheirMac + asker;
  CHECK_SAME(answer_to(frame(arp(1, kTheirMac, asker, vip), {}, 0x0806) + Bytes(18), false), kTheirMac + kMacBytes + Bytes({8, 6}) + reply, "reply");
  CHECK_SAME(answer_to(frame(arp(1, kTheirMac, asker, vip), tags, 0x0806), false), kTheirMac + kMacBytes + tags + Bytes({8, 6}) + reply, "tagged");
  CHECK(!answer_to(frame(arp(1, kTheirMac, v4(0, 0, 0, 0), vip), {}, 0x0806), false).empty());  // RFC 5227 probe
  CHECK(answer_to(frame(arp(2, kTheirMac, asker, vip), {}, 0x0806), false).empty());
  CHECK(answer_to(frame(arp(1, kTheirMac, vip, vip), {}, 0x0806), false).empty());
  CHECK(answer_to(frame(arp(1, Bytes(6, 0xff), asker, vip), {}, 0x0806), false).empty());
  CHECK(answer_to(frame(arp(1, kTheirMac, v4(224, 0, 0, 1), vip), {}, 0x0806), false).empty());
  CHECK(answer_to(frame(arp(1, kTheirMac, asker, v4(255, 255, 255, 255)), {}, 0x0806), false).empty());
  CHECK(answer_to(frame(arp(1, kTheirMac, asker, vip), {}, 0x0806), false, 41).empty());
}

TEST("neighbour advertisements") {
  const Bytes asker = v6(9), nobody(16), all_nodes = Bytes{0xff, 2} + Bytes(13) + Bytes{1};
  const Bytes asked = frame(solicitation(asking(asker, kSolicitedNode), kVip6, kSourceOption));
  CHECK_SAME(answer_to(asked, false), advertisement({2, 9, 9, 9, 9, 9}, asker, 0x60), "solicited");
  CHECK_SAME(answer_to(frame(solicitation(asking(asker, kVip6), kVip6, {})), false), advertisement(kTheirMac, asker, 0x60), "unicast probe");
  CHECK_SAME(answer_to(frame(solicitation(asking(nobody, kSolicitedNode), kVip6, {})), false), advertisement({0x33, 0x33, 0, 0, 0, 1}, all_nodes, 0x20), "DAD");
  struct Row {
    const char* what;
    Bytes bytes;
  };
  for (const Row& row : std::vector<Row>{
           {"hop limit 254", frame(solicitation(asking(asker, kSolicitedNode, 254), kVip6, kSourceOption))},
           {"code 1", frame(solicitation(asking(asker, kSolicitedNode), kVip6, kSourceOption, 1))},
           {"target of many", frame(solicitation(asking(asker, kSolicitedNode), kSolicitedNode, kSourceOption))},
           {"option of no length", frame(solicitation(asking(asker, kSolicitedNode), kVip6, {1, 0, 2, 9, 9, 9, 9, 9}))},
           {"option cut short", frame(solicitation(asking(asker, kSolicitedNode), kVip6, {1, 2, 2, 9, 9, 9, 9, 9}))},
           {"half an option", frame(solicitation(asking(asker, kSolicitedNode), kVip6, {1}))},
           {"target cut", frame(solicitation(asking(asker, kSolicitedNode), slice(kVip6, 0, 15), {}))},
           {"DAD to one", frame(solicitation(asking(nobody, all_nodes), kVip6, {}))},
           {"DAD with a source option", frame(solicitation(asking(nobody, kSolicitedNode), kVip6, kSourceOption))},
           {"an advertisement", frame(ip_packet(asking(asker, kVip6), 58, icmp(asking(asker, kVip6), 136, 0, 0, kVip6)))},
       })
    check_right(answer_to(row.bytes, false).empty() ? "" : "was answered", row.what, __FILE__, __LINE__);
  Bytes bad = asked;
  bad.back() ^= 1;
  CHECK(answer_to(bad, false).empty());
  CHECK(answer_to(asked, false, 85).empty());
}

namespace {

struct Translated {
  Bytes is, should;
};

/// An ICMP error about what the server sent, brought back to the client's view: built for one set of numbers, translated to another, and
/// compared with the same error built for those.
Translated translate(const Ip& error, const Ip& quoted, unsigned protocol, const Bytes& segment, const Ip& error_after, const Ip& quoted_after,
                     const Bytes& segment_after, std::size_t quote_bytes) {
  const bool is_v4 = error.source.size() == 4;
  const auto build = [&](const Ip& outer, const Ip& inner, const Bytes& data, unsigned ttl) {
    Ip ip = outer;
    ip.ttl = ttl;
    const Bytes quote = ip_packet(inner, protocol, data);
    return frame(ip_packet(ip, is_v4 ? 1 : 58, icmp(ip, is_v4 ? 3 : 1, is_v4 ? 1 : 3, 0, slice(quote, 0, std::min(quote.size(), quote_bytes)))));
  };
  Frame is(build(error, quoted, segment, 64));
  Parsed parsed;
  Quoted read;
  const NoTables tables;
  Rewrite outer, inner;
  outer.new_source = address(error_after.source), outer.new_destination = address(error_after.destination);
  inner.new_source = address(quoted_after.source), inner.new_destination = address(quoted_after.destination);
  CHECK(parse(is.packet, parsed) == DropReason::none);
  CHECK(parse_quoted(is.packet, parsed, read));
  if (read.has_ports) inner.new_source_port = 80, inner.new_destination_port = 4000;
  translate_quoted(is.packet, parsed, read, inner);
  CHECK(Nat::apply(is.packet, parsed, Destination{}, tables, outer));
  return {is.bytes(), build(error_after, quoted_after, segment_after, 63)};
}

}  // namespace

TEST("translated quotes are what the router would have quoted of the translated packet, whatever its transport and length") {
  for (const bool is_v4 : {true, false}) {
    const Bytes client = is_v4 ? v4(192, 0, 2, 1) : v6(1), vip = is_v4 ? v4(10, 0, 0, 1) : v6(2), server = is_v4 ? kRouter4 : kRouter6,
                router = is_v4 ? v4(203, 0, 113, 9) : v6(3), pool = is_v4 ? v4(198, 51, 100, 99) : v6(4);
    const Ip quoted{server, pool}, quoted_after{vip, client}, error{router, server}, error_after{vip, client};
    struct Row {
      const char* what;
      unsigned protocol;
      Bytes before, after;
    };
    Bytes no_sum = udp(quoted, 8080, 50001, pattern(30)), no_sum_after = udp(quoted_after, 80, 4000, pattern(30));
    put16(no_sum, 6, 0), put16(no_sum_after, 6, 0);
    for (const Row& row : std::vector<Row>{
             {"udp", 17, udp(quoted, 8080, 50001, pattern(30)), udp(quoted_after, 80, 4000, pattern(30))},
             {"udp without checksum", 17, no_sum, no_sum_after},
             {"tcp", 6, tcp(quoted, 8080, 50001, 5, 0x10, pattern(30)), tcp(quoted_after, 80, 4000, 5, 0x10, pattern(30))},
             {"dccp", 33, dccp(quoted, 8080, 50001, pattern(30)), dccp(quoted_after, 80, 4000, pattern(30))},
             {"echo", is_v4 ? 1U : 58U, icmp(quoted, is_v4 ? 8 : 128, 0, 7, pattern(30)), icmp(quoted_after, is_v4 ? 8 : 128, 0, 7, pattern(30))},
             {"esp", 50, pattern(30), pattern(30)},
         }) {
      for (std::size_t length = is_v4 ? 20 : 40; length < 100; ++length) {
        // Without the four bytes of ports in the quote nobody can translate them: what is left of them then differs rightly.
        const std::size_t behind = length - (is_v4 ? 20 : 40);
        if (behind > 0 && behind < 4 && row.protocol != 50 && row.protocol != 1 && row.protocol != 58) continue;
        if (behind == checksum_offset(row.protocol) + 1) continue;  // nor half a checksum
        const Translated both = translate(error, quoted, row.protocol, row.before, error_after, quoted_after, row.after, length);
        CHECK_SAME(both.is, both.should, std::string(row.what) + (is_v4 ? " 4, " : " 6, ") + std::to_string(length));
        if (!complaints().empty()) return;
      }
    }
  }
}

TEST("translated quotes: options, extension headers, later fragments") {
  Ip quoted{kRouter4, v4(198, 51, 100, 99)}, after{v4(10, 0, 0, 1), v4(192, 0, 2, 1)};
  const Ip error{v4(203, 0, 113, 9), kRouter4}, error_after{v4(10, 0, 0, 1), v4(192, 0, 2, 1)};
  quoted.options = after.options = Bytes(12, 1);
  Translated both = translate(error, quoted, 17, udp(quoted, 8080, 50001, pattern(9)), error_after, after, udp(after, 80, 4000, pattern(9)), 100);
  CHECK_SAME(both.is, both.should, "options");
  quoted.options.clear(), after.options.clear(), quoted.offset = after.offset = 64;
  both = translate(error, quoted, 17, pattern(40), error_after, after, pattern(40), 100);
  CHECK_SAME(both.is, both.should, "later fragment");
  Ip quoted6{kRouter6, v6(4)}, after6{v6(2), v6(1)};
  const Ip error6{v6(3), kRouter6}, error_after6{v6(2), v6(1)};
  quoted6.first_extension = after6.first_extension = 60;
  quoted6.options = after6.options = Bytes{6, 0, 1, 4, 0, 0, 0, 0};
  both = translate(error6, quoted6, 6, tcp(quoted6, 8080, 50001, 1, 2, pattern(9)), error_after6, after6, tcp(after6, 80, 4000, 1, 2, pattern(9)), 200);
  CHECK_SAME(both.is, both.should, "extension headers");
  quoted6.first_extension = after6.first_extension = 44;
  quoted6.options = after6.options = Bytes{58, 0, 0, 64, 0, 0, 0, 7};
  both = translate(error6, quoted6, 58, pattern(40), error_after6, after6, pattern(40), 200);
  CHECK_SAME(both.is, both.should, "later fragment of ICMPv6");
}

TEST("a bad ICMP checksum stays bad by the same") {
  const Ip quoted{kRouter4, v4(198, 51, 100, 99)}, error{v4(203, 0, 113, 9), kRouter4};
  Bytes bytes = frame(ip_packet(error, 1, icmp(error, 3, 1, 0, ip_packet(quoted, 17, udp(quoted, 8080, 50001, pattern(9))))));
  Bytes bad = bytes;
  bad.back() ^= 0x20;
  Rewrite inner;
  inner.new_source = address(v4(10, 0, 0, 1)), inner.new_source_port = 80;
  for (Bytes* each : {&bytes, &bad}) {
    Frame is(*each);
    Parsed parsed;
    Quoted read;
    CHECK(parse(is.packet, parsed) == DropReason::none && parse_quoted(is.packet, parsed, read));
    translate_quoted(is.packet, parsed, read, inner);
    *each = is.bytes();
  }
  CHECK_RIGHT(slice(bytes, 14, bytes.size()), "good");
  CHECK_EQUAL(oracle_complains(slice(bad, 14, bad.size())) == "ICMP checksum", true);
  bad.back() ^= 0x20;
  CHECK_SAME(bad, bytes, "but for the one bit");
}

TEST("100,000 mutations: answers and translations stay within their buffers") {
  std::vector<Sample> all = samples();
  all.push_back({"solicitation", frame(solicitation(asking(v6(9), kSolicitedNode), kVip6, kSourceOption))});
  Dice dice(31);
  std::size_t made = 0;
  for (int i = 0; i < 100000; ++i) {
    Bytes bytes = all[dice.below(all.size())].bytes;
    for (std::size_t turns = dice.below(3); turns > 0; --turns) bytes[dice.below(bytes.size())] = std::uint8_t(dice.roll());
    Frame about(bytes), into(Bytes(dice.below(200)));
    Parsed parsed;
    Quoted quoted;
    if (parse(about.packet, parsed) != DropReason::none) continue;
    const std::span<std::uint8_t> room{into.packet.data, into.packet.length};
    const bool is_v4 = parsed.network == Network::v4;
    const std::size_t error = make_icmp_error(about.packet, parsed, IcmpProblem(dice.below(7)), 1400, address(is_v4 ? kRouter4 : kRouter6), room);
    if (error > 0) CHECK_RIGHT(slice(into.bytes(), parsed.network_at, error), "error");
    const std::size_t echo = make_echo_reply(about.packet, parsed, room);
    if (echo > 0) CHECK_RIGHT(slice(into.bytes(), parsed.network_at, echo), "echo");
    made += (error > 0) + (echo > 0) + (make_neighbour_answer(about.packet, parsed, kMac, room) > 0);
    if (parse_quoted(about.packet, parsed, quoted)) {
      Rewrite what;
      what.new_source = address(is_v4 ? kRouter4 : kRouter6), what.new_destination_port = 9;
      translate_quoted(about.packet, parsed, quoted, what);
    }
    if (!complaints().empty()) return;
  }
  CHECK(made > 10000);
}

int main() { return run_all(); }
