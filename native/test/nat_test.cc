// NAT both ways: masquerade, full NAT, replies, echo, node ports, fragments; what matches nothing is the kernel's.
#include "test/site.h"
#include "test/tap.h"

using namespace lvsd;
using namespace lvsd::test;

namespace {

const std::string kVip4 = "192.0.2.1", kVip6 = "2001:db8:1::1";
const std::string kClient4 = "198.51.100.7", kClient6 = "2001:db8:c::7";
const std::string kServer4 = "10.0.0.1", kServer6 = "2001:db8:5::1";

Frame request(bool v4, std::uint8_t protocol) {
  Frame frame;
  frame.protocol = protocol;
  frame.from = v4 ? kClient4 : kClient6;
  frame.to = v4 ? kVip4 : kVip6;
  return frame;
}
/// What a server sends, at the servers' side.
Frame from_server(const std::string& from, std::uint16_t from_port, const std::string& to, std::uint16_t to_port, std::uint8_t protocol) {
  Frame frame;
  frame.from = from;
  frame.to = to;
  frame.from_port = from_port;
  frame.to_port = to_port;
  frame.protocol = protocol;
  frame.from_mac = kServerMac;
  frame.to_mac = kOurMac1;
  return frame;
}
std::unique_ptr<Site> nat_site(bool v4, std::uint8_t protocol, std::uint16_t port, image::Method method = image::kMasquerade, std::uint16_t server_port = 8080) {
  std::vector<image::Pool> pools;
  if (method == image::kFullNat) pools.push_back(pool_of(v4 ? "10.0.255.1" : "2001:db8:5:ffff::1", 2000, 2009));
  return site_of(service_of(v4 ? kVip4 : kVip6, protocol, port), {destination_of(v4 ? kServer4 : kServer6, server_port, method)}, pools);
}

}  // namespace

TEST("masquerade: TCP and UDP, IPv4 and IPv6, there and back, checksums right") {
  for (const bool v4 : {true, false}) {
    for (const std::uint8_t protocol : {std::uint8_t{6}, std::uint8_t{17}}) {
      auto site = nat_site(v4, protocol, 80);
      const Sent there = site->one(0, request(v4, protocol));
      CHECK(there.verdict == Verdict::forward);
      CHECK_EQUAL(there.port, 1);
      const Bytes out = there.ip();
      CHECK(target_of(out) == address(v4 ? kServer4 : kServer6));
      CHECK(source_of(out) == address(v4 ? kClient4 : kClient6));
      CHECK_EQUAL(be16(body_of(out), 2), 8080);
      CHECK_EQUAL(be16(body_of(out), 0), 40000);
      CHECK_EQUAL(ttl_of(out), 63);
      CHECK(checksums_right(out));
      const Sent back = site->one(1, from_server(v4 ? kServer4 : kServer6, 8080, v4 ? kClient4 : kClient6, 40000, protocol));
      CHECK(back.verdict == Verdict::forward);
      CHECK_EQUAL(back.port, 0);
      const Bytes in = back.ip();
      CHECK(source_of(in) == address(v4 ? kVip4 : kVip6));
      CHECK(target_of(in) == address(v4 ? kClient4 : kClient6));
      CHECK_EQUAL(be16(body_of(in), 0), 80);
      CHECK_EQUAL(be16(body_of(in), 2), 40000);
      CHECK_EQUAL(ttl_of(in), 63);
      CHECK(checksums_right(in));
      CHECK_EQUAL(site->event(Event::replies), 1U);
      CHECK_EQUAL(site->service(0).packets_out, 1U);
      CHECK_EQUAL(site->destination(0).bytes_out, in.size());
    }
  }
}

TEST("UDP's zero checksum stays zero, both ways") {
  auto site = nat_site(true, 17, 53);
  Frame frame = request(true, 17);
  frame.to_port = 53;
  frame.zero_udp_checksum = true;
  CHECK_EQUAL(be16(body_of(site->one(0, frame).ip()), 6), 0);
  Frame reply = from_server(kServer4, 8080, kClient4, 40000, 17);
  reply.zero_udp_checksum = true;
  const Bytes in = site->one(1, reply).ip();
  CHECK_EQUAL(be16(body_of(in), 6), 0);
  CHECK(checksums_right(in));
}

TEST("a prefix: replies come from the VIP that the client used") {
  Site site;
  image::Service prefix = service_of("192.0.2.0", 6, 80);
  prefix.prefix = 24;
  site.services.add(prefix, {destination_of(kServer4, 8080, image::kMasquerade)});
  CHECK(site.publish());
  for (const std::string vip : {"192.0.2.33", "192.0.2.200"}) {
    Frame frame = request(true, 6);
    frame.to = vip;
    frame.from_port = vip == "192.0.2.33" ? 1001 : 1002;
    CHECK(site.one(0, frame).verdict == Verdict::forward);
    CHECK(source_of(site.one(1, from_server(kServer4, 8080, kClient4, frame.from_port, 6)).ip()) == address(vip));
  }
}

TEST("two VIPs share a server and its port: each reply comes from its own") {
  Site site;
  site.services.add(service_of("192.0.2.1", 17, 3306), {destination_of(kServer4, 3307, image::kMasquerade)});
  site.services.add(service_of("192.0.2.2", 17, 3308), {destination_of(kServer4, 3307, image::kMasquerade)});
  CHECK(site.publish());
  Frame first = request(true, 17), second = request(true, 17);
  first.to_port = 3306;
  first.from_port = 5001;
  second.to = "192.0.2.2";
  second.to_port = 3308;
  second.from_port = 5002;
  (void)site.one(0, first);
  (void)site.one(0, second);
  Bytes in = site.one(1, from_server(kServer4, 3307, kClient4, 5001, 17)).ip();
  CHECK(source_of(in) == address("192.0.2.1"));
  CHECK_EQUAL(be16(body_of(in), 0), 3306);
  in = site.one(1, from_server(kServer4, 3307, kClient4, 5002, 17)).ip();
  CHECK(source_of(in) == address("192.0.2.2"));
  CHECK_EQUAL(be16(body_of(in), 0), 3308);
}

TEST("one source port to two VIPs that choose the same server: the second flow gets another one, each reply its own VIP") {
  Site site;
  const std::vector<image::Destination> servers = {destination_of("10.0.0.1", 8080, image::kMasquerade), destination_of("10.0.0.2", 8080, image::kMasquerade)};
  site.services.add(service_of("192.0.2.1", 6, 80), servers);
  site.services.add(service_of("192.0.2.2", 6, 80), servers);
  site.services.add(service_of("192.0.2.3", 6, 80), servers);
  CHECK(site.publish());
  int forwarded = 0;
  for (std::uint16_t port = 1; port <= 50; ++port) {
    std::vector<Address> chosen;
    for (const std::string vip : {"192.0.2.1", "192.0.2.2", "192.0.2.3"}) {
      Frame frame = request(true, 6);
      frame.to = vip;
      frame.from_port = port;
      const Sent sent = site.one(0, frame);
      if (sent.verdict != Verdict::forward) continue;
      chosen.push_back(target_of(sent.ip()));
      ++forwarded;
      const std::string server = chosen.back() == address("10.0.0.1") ? "10.0.0.1" : "10.0.0.2";
      CHECK(source_of(site.one(1, from_server(server, 8080, kClient4, port, 6)).ip()) == address(vip));
    }
    CHECK_EQUAL(chosen.size(), 2U);
    CHECK(!(chosen[0] == chosen[1]));
  }
  CHECK_EQUAL(forwarded, 100);  // the third has no server left
  CHECK_EQUAL(site.dropped(DropReason::session_table_full), 50U);
}

TEST("what a server sends of its own is the kernel's: other port, other client, other protocol") {
  auto site = nat_site(true, 6, 80);
  (void)site->one(0, request(true, 6));
  const Frame others[] = {from_server(kServer4, 22, kClient4, 40000, 6), from_server(kServer4, 8080, "198.51.100.8", 40000, 6),
                          from_server(kServer4, 8080, kClient4, 40001, 6), from_server(kServer4, 8080, kClient4, 40000, 17),
                          from_server("10.0.0.9", 8080, kClient4, 40000, 6)};
  for (const Frame& frame : others) {
    const Sent sent = site->one(1, frame);
    CHECK(sent.verdict == Verdict::pass);
    CHECK(sent.frame == frame.bytes());
  }
}

TEST("an ICMP echo goes through the NAT of a service of all protocols, and its answer back") {
  for (const bool v4 : {true, false}) {
    auto site = nat_site(v4, 0, 0, image::kMasquerade, 0);
    Frame echo = request(v4, v4 ? 1 : 58);
    echo.icmp_type = v4 ? 8 : 128;
    echo.from_port = 777;
    const Bytes out = site->one(0, echo).ip();
    CHECK(target_of(out) == address(v4 ? kServer4 : kServer6));
    CHECK(checksums_right(out));
    Frame answer = from_server(v4 ? kServer4 : kServer6, 777, v4 ? kClient4 : kClient6, 0, v4 ? 1 : 58);
    answer.icmp_type = v4 ? 0 : 129;
    const Sent back = site->one(1, answer);
    CHECK(back.verdict == Verdict::forward);
    CHECK(source_of(back.ip()) == address(v4 ? kVip4 : kVip6));
    CHECK(checksums_right(back.ip()));
  }
}

TEST("full NAT: the server sees an address of the pool; its answer goes to the client from the VIP") {
  for (const bool v4 : {true, false}) {
    auto site = nat_site(v4, 6, 80, image::kFullNat);
    const Bytes out = site->one(0, request(v4, 6)).ip();
    CHECK(source_of(out) == address(v4 ? "10.0.255.1" : "2001:db8:5:ffff::1"));
    CHECK(target_of(out) == address(v4 ? kServer4 : kServer6));
    const std::uint16_t port = be16(body_of(out), 0);
    CHECK(port >= 2000 && port <= 2009);
    CHECK_EQUAL(be16(body_of(out), 2), 8080);
    CHECK(checksums_right(out));
    CHECK(site->one(0, request(v4, 6)).ip() == out);  // the same flow, the same port
    const Bytes in = site->one(1, from_server(v4 ? kServer4 : kServer6, 8080, v4 ? "10.0.255.1" : "2001:db8:5:ffff::1", port, 6)).ip();
    CHECK(source_of(in) == address(v4 ? kVip4 : kVip6));
    CHECK(target_of(in) == address(v4 ? kClient4 : kClient6));
    CHECK_EQUAL(be16(body_of(in), 0), 80);
    CHECK_EQUAL(be16(body_of(in), 2), 40000);
    CHECK(checksums_right(in));
  }
}

TEST("full NAT: an echo's id is translated and given back; ports that are all taken are said so") {
  auto site = nat_site(true, 0, 0, image::kFullNat, 0);
  Frame echo = request(true, 1);
  echo.from_port = 777;
  const Bytes out = site->one(0, echo).ip();
  const std::uint16_t id = be16(body_of(out), 4);
  CHECK(id >= 2000 && id <= 2009);
  CHECK(checksums_right(out));
  Frame answer = from_server(kServer4, id, "10.0.255.1", 0, 1);
  answer.icmp_type = 0;
  const Bytes in = site->one(1, answer).ip();
  CHECK(target_of(in) == address(kClient4));
  CHECK_EQUAL(be16(body_of(in), 4), 777);
  CHECK(checksums_right(in));
  int forwarded = 0;
  for (std::uint16_t port = 1; port <= 20; ++port) {
    Frame frame = request(true, 6);
    frame.from_port = port;
    forwarded += site->one(0, frame).verdict == Verdict::forward ? 1 : 0;
  }
  CHECK_EQUAL(forwarded, 10);
  CHECK_EQUAL(site->dropped(DropReason::no_snat_port), 10U);
}

TEST("a node port: every address of this machine takes it, TCP and UDP; the answer comes from that address") {
  for (const std::uint8_t protocol : {std::uint8_t{6}, std::uint8_t{17}}) {
    Site site;
    image::Service service = service_of(kVip4, protocol, 80);
    service.node_port = 30080;
    site.services.add(service, {destination_of(kServer4, 8080, image::kMasquerade)});
    CHECK(site.publish());
    Frame frame = request(true, protocol);
    frame.to = "172.16.1.1";
    frame.to_port = 30080;
    const Bytes out = site.one(0, frame).ip();
    CHECK(target_of(out) == address(kServer4));
    CHECK_EQUAL(be16(body_of(out), 2), 8080);
    const Bytes in = site.one(1, from_server(kServer4, 8080, kClient4, 40000, protocol)).ip();
    CHECK(source_of(in) == address("172.16.1.1"));
    CHECK_EQUAL(be16(body_of(in), 0), 30080);
    CHECK(checksums_right(in));
  }
}

TEST("a reply with TTL 1 is told to the server; one too big for the way to the client, too") {
  auto site = nat_site(true, 6, 80);
  (void)site->one(0, request(true, 6));
  Frame reply = from_server(kServer4, 8080, kClient4, 40000, 6);
  reply.ttl = 1;
  std::vector<Sent> sent = site->receive(1, reply);
  CHECK(sent[0].verdict == Verdict::drop);
  CHECK_EQUAL(sent.size(), 2U);
  CHECK_EQUAL(sent[1].port, 1);
  CHECK_EQUAL(body_of(sent[1].ip())[0], 11);
  CHECK(target_of(sent[1].ip()) == address(kServer4));
}

namespace {

/// A UDP datagram of 3,000 bytes in three fragments of IPv4.
std::vector<Frame> fragments_of(Frame whole, Bytes& body) {
  whole.protocol = 17;
  whole.payload.clear();
  for (int at = 0; at < 3000; ++at) whole.payload.push_back(static_cast<std::uint8_t>(at * 7));
  whole.id = 4711;
  body = whole.transport();
  std::vector<Frame> parts;
  for (std::size_t at = 0; at < body.size(); at += 1200) {
    Frame part = whole;
    part.raw_payload = true;
    const std::size_t end = std::min(body.size(), at + 1200);
    part.payload.assign(body.begin() + static_cast<std::ptrdiff_t>(at), body.begin() + static_cast<std::ptrdiff_t>(end));
    part.fragment = static_cast<std::uint16_t>(at / 8 | (end < body.size() ? wire::kMoreFragments : 0));
    parts.push_back(part);
  }
  return parts;
}

}  // namespace

TEST("fragments in any order follow their first; no byte of the data changes, and the datagram's checksum is right") {
  for (const std::vector<std::size_t>& order : {std::vector<std::size_t>{0, 1, 2}, {2, 1, 0}, {1, 0, 2}}) {
    auto site = nat_site(true, 17, 80);
    Bytes body;
    const std::vector<Frame> parts = fragments_of(request(true, 17), body);
    Bytes whole(body.size());
    std::size_t came = 0;
    for (const std::size_t index : order) {
      for (const Sent& sent : site->receive(0, parts[index])) {
        if (sent.verdict != Verdict::forward) continue;
        const Bytes ip = sent.ip();
        CHECK(target_of(ip) == address(kServer4));
        const Bytes part = body_of(ip);
        std::copy(part.begin(), part.end(), whole.begin() + (be16(ip, 6) & 0x1fff) * 8);
        came += part.size();
      }
    }
    CHECK_EQUAL(came, body.size());
    CHECK_EQUAL(be16(whole, 2), 8080);
    Frame expected;
    expected.from = kClient4;
    expected.to = kServer4;
    expected.protocol = 17;
    CHECK_EQUAL(sum_of(whole, expected.pseudo(whole.size())), 0xffffU);
    CHECK(std::equal(whole.begin() + 8, whole.end(), body.begin() + 8));
    CHECK_EQUAL(site->event(Event::fragments_held), order[0] == 0 ? 0U : order[1] == 0 ? 1U : 2U);
  }
}

TEST("a server's fragments get the VIP, too; those whose first never comes are given up in time") {
  auto site = nat_site(true, 17, 80);
  (void)site->one(0, request(true, 17));
  Bytes body;
  const std::vector<Frame> parts = fragments_of(from_server(kServer4, 8080, kClient4, 40000, 17), body);
  int forwarded = 0;
  for (const std::size_t index : {1, 0, 2}) {
    for (const Sent& sent : site->receive(1, parts[index])) {
      if (sent.verdict != Verdict::forward) continue;
      CHECK(source_of(sent.ip()) == address(kVip4));
      ++forwarded;
    }
  }
  CHECK_EQUAL(forwarded, 3);
  Frame orphan = parts[1];
  orphan.id = 9;
  CHECK(site->one(1, orphan).verdict == Verdict::held);
  (void)site->tick(1000);
  CHECK_EQUAL(site->dropped(DropReason::fragment_timeout), 0U);
  (void)site->tick(1500);
  CHECK_EQUAL(site->dropped(DropReason::fragment_timeout), 1U);
}

TEST("one-packet scheduling through NAT: replies of every server that was asked get through") {
  Site site;
  image::Service service = service_of(kVip4, 17, 53);
  service.flags = image::kOnePacket;
  service.scheduler = image::kRr;
  site.services.add(service, {destination_of("10.0.0.1", 53, image::kMasquerade), destination_of("10.0.0.2", 53, image::kMasquerade)});
  CHECK(site.publish());
  Frame frame = request(true, 17);
  frame.to_port = 53;
  const Address first = target_of(site.one(0, frame).ip()), second = target_of(site.one(0, frame).ip());
  CHECK(!(first == second));
  for (const std::string server : {"10.0.0.1", "10.0.0.2"}) {
    const Sent back = site.one(1, from_server(server, 53, kClient4, 40000, 17));
    CHECK(back.verdict == Verdict::forward);
    CHECK(source_of(back.ip()) == address(kVip4));
  }
}

int main() { return run_all(); }
