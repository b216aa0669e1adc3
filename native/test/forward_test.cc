// Each way of carrying a packet, each family; counters; paths; what changes and what does not.
#include "test/site.h"
#include "test/tap.h"

using namespace lvsd;
using namespace lvsd::test;

namespace {

const std::string kVip4 = "192.0.2.1", kVip6 = "2001:db8:1::1";
const std::string kClient4 = "198.51.100.7", kClient6 = "2001:db8:c::7";
const std::string kServer4 = "10.0.0.1", kServer6 = "2001:db8:5::1";

Frame from_client(bool v4, std::uint16_t port = 40000) {
  Frame frame;
  frame.from = v4 ? kClient4 : kClient6;
  frame.to = v4 ? kVip4 : kVip6;
  frame.from_port = port;
  return frame;
}

bool ends_with(const Bytes& whole, const Bytes& end) {
  return whole.size() >= end.size() && std::equal(end.begin(), end.end(), whole.end() - static_cast<std::ptrdiff_t>(end.size()));
}

/// One service with one server of a method.
std::unique_ptr<Site> site_with(bool v4, const image::Destination& to, std::uint8_t protocol = wire::kTcp, std::uint16_t port = 80) {
  image::Service service = service_of(v4 ? kVip4 : kVip6, protocol, port);
  service.dscp = 7;
  return site_of(service, {to});
}

}  // namespace

TEST("GRE: four mixes of families; the inner packet is the same byte by byte") {
  for (const bool inner4 : {true, false}) {
    for (const bool outer4 : {true, false}) {
      auto site = site_with(inner4, destination_of(outer4 ? kServer4 : kServer6, 0, image::kTunnel, image::kGre));
      const Frame frame = from_client(inner4);
      const Sent sent = site->one(0, frame);
      CHECK(sent.verdict == Verdict::forward);
      CHECK_EQUAL(sent.port, 1);
      const Bytes ip = sent.ip();
      CHECK(is_v4(ip) == outer4);
      CHECK_EQUAL(protocol_of(ip), 47);
      CHECK_EQUAL(ttl_of(ip), 64);
      CHECK(target_of(ip) == address(outer4 ? kServer4 : kServer6));
      CHECK(source_of(ip) == address(outer4 ? "172.16.2.1" : "fd01:2::1"));
      CHECK(checksums_right(ip));
      const Bytes body = body_of(ip);
      CHECK_EQUAL(be16(body, 0), 0);
      CHECK_EQUAL(be16(body, 2), inner4 ? wire::kTypeIpv4 : wire::kTypeIpv6);
      CHECK(ends_with(ip, frame.packet()));
      CHECK_EQUAL(ip.size(), frame.packet().size() + 4 + (outer4 ? 20 : 40));
      CHECK(std::equal(sent.frame.begin(), sent.frame.begin() + 6, std::begin({0x02, 0x02, 0x00, 0x00, 0xff, 0x02})));
    }
  }
}

TEST("IPIP and GUE carry both families; the inner packet is the same byte by byte") {
  for (const image::Tunnel tunnel : {image::kIpip, image::kGue}) {
    for (const bool inner4 : {true, false}) {
      image::Destination to = destination_of(kServer4, 0, image::kTunnel, tunnel);
      to.tunnel_port = tunnel == image::kGue ? 6080 : 0;
      auto site = site_with(inner4, to);
      const Frame frame = from_client(inner4);
      const Sent sent = site->one(0, frame);
      CHECK(sent.verdict == Verdict::forward);
      const Bytes ip = sent.ip();
      CHECK_EQUAL(protocol_of(ip), tunnel == image::kGue ? 17 : inner4 ? 4 : 41);
      CHECK(checksums_right(ip));
      CHECK(ends_with(ip, frame.packet()));
      if (tunnel == image::kGue) CHECK_EQUAL(be16(body_of(ip), 2), 6080);
    }
  }
}

TEST("a tunnelled packet with TTL 1 is carried as it is") {
  auto site = site_with(true, destination_of(kServer4, 0, image::kTunnel, image::kGre));
  Frame frame = from_client(true);
  frame.ttl = 1;
  const Sent sent = site->one(0, frame);
  CHECK(sent.verdict == Verdict::forward);
  CHECK(ends_with(sent.ip(), frame.packet()));
}

TEST("L3DSR: the server's address, the DSCP, ECN kept, one hop less, checksums right") {
  auto site = site_with(true, destination_of(kServer4, 0, image::kL3dsr));
  Frame frame = from_client(true);
  frame.tos = 0xb9;  // EF and ECT(1)
  const Bytes ip = site->one(0, frame).ip();
  CHECK(target_of(ip) == address(kServer4));
  CHECK(source_of(ip) == address(kClient4));
  CHECK_EQUAL(ip[1], 7 << 2 | 1);
  CHECK_EQUAL(ttl_of(ip), 63);
  CHECK(checksums_right(ip));
}

TEST("direct routing: the packet as it is, to the server's MAC, one hop less") {
  for (const bool v4 : {true, false}) {
    auto site = site_with(v4, destination_of(v4 ? kServer4 : kServer6, 0, image::kDirect));
    const Sent sent = site->one(0, from_client(v4));
    CHECK(sent.verdict == Verdict::forward);
    CHECK_EQUAL(sent.port, 1);
    const Bytes ip = sent.ip();
    CHECK(target_of(ip) == address(v4 ? kVip4 : kVip6));
    CHECK_EQUAL(ttl_of(ip), 63);
    CHECK(checksums_right(ip));
    CHECK(std::equal(sent.frame.begin(), sent.frame.begin() + 6, std::begin({0x02, 0x02, 0x00, 0x00, 0xff, 0x02})));
  }
}

TEST("what the path does not take: TTL 1 is told by time-exceeded that quotes the client's own packet") {
  for (const image::Method method : {image::kL3dsr, image::kMasquerade, image::kDirect}) {
    auto site = site_with(true, destination_of(kServer4, 0, method));
    Frame frame = from_client(true);
    frame.ttl = 1;
    const std::vector<Sent> sent = site->receive(0, frame);
    CHECK_EQUAL(sent.size(), 2U);
    CHECK(sent[0].verdict == Verdict::drop);
    CHECK_EQUAL(site->dropped(DropReason::ttl_exceeded), 1U);
    const Bytes ip = sent[1].ip();
    CHECK_EQUAL(sent[1].port, 0);
    CHECK(source_of(ip) == address("172.16.1.1"));
    CHECK(target_of(ip) == address(kClient4));
    CHECK(checksums_right(ip));
    const Bytes icmp = body_of(ip);
    CHECK_EQUAL(icmp[0], 11);
    CHECK(ends_with(icmp, frame.packet()));
  }
}

TEST("DF that does not fit gets frag-needed with the MTU that would; IPv6 gets packet-too-big") {
  for (const bool v4 : {true, false}) {
    auto site = site_with(v4, destination_of(kServer4, 0, image::kTunnel, image::kGre));
    Frame frame = from_client(v4);
    frame.payload.resize(1440, 'x');
    frame.payload.resize(v4 ? 1460 : 1440);
    const std::vector<Sent> sent = site->receive(0, frame);
    CHECK_EQUAL(sent.size(), 2U);
    CHECK(sent[0].verdict == Verdict::drop);
    CHECK_EQUAL(site->dropped(DropReason::too_big), 1U);
    const Bytes icmp = body_of(sent[1].ip());
    CHECK(checksums_right(sent[1].ip()));
    CHECK_EQUAL(icmp[0], v4 ? 3 : 2);
    CHECK_EQUAL(icmp[1], v4 ? 4 : 0);
    CHECK_EQUAL(be16(icmp, 6), 1476);
  }
}

TEST("without DF it is cut first, and each fragment is carried by itself") {
  auto site = site_with(true, destination_of(kServer4, 0, image::kTunnel, image::kGre));
  Frame frame = from_client(true);
  frame.dont_fragment = false;
  for (int at = 0; at < 1460; ++at) frame.payload.push_back(static_cast<std::uint8_t>(at));
  const std::vector<Sent> sent = site->receive(0, frame);
  CHECK_EQUAL(sent.size(), 3U);
  CHECK(sent[0].verdict == Verdict::held);
  Bytes whole;
  for (std::size_t piece = 1; piece < sent.size(); ++piece) {
    CHECK(sent[piece].verdict == Verdict::forward);
    const Bytes outer = sent[piece].ip();
    CHECK(outer.size() <= 1500);
    CHECK(checksums_right(outer));
    const Bytes inner(outer.begin() + 24, outer.end());
    CHECK(checksums_right(inner));
    CHECK_EQUAL((be16(inner, 6) & 0x1fffU) * 8, whole.size());
    const Bytes part = body_of(inner);
    whole.insert(whole.end(), part.begin(), part.end());
  }
  CHECK(whole == frame.transport());
  CHECK_EQUAL(site->event(Event::fragmented), 1U);
  CHECK_EQUAL(site->service(0).first, 1U);  // one packet of the client
}

TEST("VLAN and QinQ tags of the client's frame are kept") {
  auto site = site_with(true, destination_of(kServer4, 0, image::kTunnel, image::kGre));
  Frame frame = from_client(true);
  frame.tags = {0x88a80064, 0x81000065};
  const Sent sent = site->one(0, frame);
  CHECK(sent.verdict == Verdict::forward);
  CHECK_EQUAL(ip_at(sent.frame), 22U);
  CHECK_EQUAL(be16(sent.frame, 12), 0x88a8);
  CHECK_EQUAL(be16(sent.frame, 14), 0x64);
  CHECK_EQUAL(be16(sent.frame, 18), 0x65);
  CHECK(ends_with(sent.ip(), frame.packet()));
}

TEST("a way with a VLAN of its own puts its tag on") {
  Site site;
  const std::uint32_t way = site.network.adjacency("172.16.2.9", 1, "02:02:00:00:ff:09");
  site.network.way(way).vlan_tags = 1;
  site.network.way(way).tag_type[0] = 0x8100;
  site.network.way(way).tag[0] = 77;
  site.network.route("10.9.0.0", 24, {way});
  site.services.add(service_of(kVip4, wire::kTcp, 80), {destination_of("10.9.0.1", 0, image::kDirect)});
  CHECK(site.publish());
  const Sent sent = site.one(0, from_client(true));
  CHECK(sent.verdict == Verdict::forward);
  CHECK_EQUAL(be16(sent.frame, 12), 0x8100);
  CHECK_EQUAL(be16(sent.frame, 14), 77);
  CHECK_EQUAL(be16(sent.frame, 16), wire::kTypeIpv4);
}

TEST("not ours: wrong port, other address, other MAC, no IP: passed unchanged, no session") {
  auto site = site_with(true, destination_of(kServer4, 0, image::kDirect));
  Frame frame = from_client(true);
  frame.to_port = 81;
  Sent sent = site->one(0, frame);
  CHECK(sent.verdict == Verdict::pass);
  CHECK(sent.frame == frame.bytes());
  frame = from_client(true);
  frame.to = "192.0.2.2";
  CHECK(site->one(0, frame).verdict == Verdict::pass);
  frame = from_client(true);
  frame.to_mac = "02:fe:00:00:00:99";
  CHECK(site->one(0, frame).verdict == Verdict::pass);
  CHECK_EQUAL(site->event(Event::received), 2U);  // another station's frame is none that we received
  Bytes arp(60, 0);
  mac("ff:ff:ff:ff:ff:ff", arp.data());
  put16(arp, 12, 0x88cc);
  CHECK(site->receive(0, {arp})[0].verdict == Verdict::pass);
  CHECK_EQUAL(site->engine.worker(0).sessions().live(), 0U);
}

TEST("a bad IP checksum is dropped and counted; a bad transport checksum leaves as bad as it came") {
  auto site = site_with(true, destination_of(kServer4, 8080, image::kMasquerade));
  Bytes bad = from_client(true).bytes();
  bad[24] ^= 0xff;
  CHECK(site->receive(0, {bad})[0].verdict == Verdict::drop);
  CHECK_EQUAL(site->dropped(DropReason::bad_ip_checksum), 1U);
  Bytes wrong = from_client(true).bytes();
  wrong[14 + 20 + 20] ^= 0x01;  // payload
  const std::vector<Sent> sent = site->receive(0, {wrong});
  CHECK(sent[0].verdict == Verdict::forward);
  CHECK(!checksums_right(sent[0].ip()));
}

TEST("counters: one of four for each packet, bytes of the IP packets, per destination") {
  auto site = site_with(true, destination_of(kServer4, 0, image::kTunnel, image::kGre));
  const Frame frame = from_client(true);
  for (int times = 0; times < 5; ++times) (void)site->one(0, frame);
  const ServiceCounters service = site->service(0);
  CHECK_EQUAL(service.first, 1U);
  CHECK_EQUAL(service.existing, 4U);
  CHECK_EQUAL(service.untracked + service.no_server, 0U);
  CHECK_EQUAL(service.bytes_in, 5 * frame.packet().size());
  CHECK_EQUAL(service.connections, 1U);
  const DestinationCounters destination = site->destination(0);
  CHECK_EQUAL(destination.packets_in, 5U);
  CHECK_EQUAL(destination.bytes_in, 5 * frame.packet().size());
  CHECK_EQUAL(destination.connections, 1U);
  CHECK_EQUAL(destination.active, 1);
  CHECK_EQUAL(site->event(Event::received), 5U);
  CHECK_EQUAL(site->event(Event::forwarded), 5U);
}

TEST("no server with a weight: counted, dropped") {
  auto site = site_with(true, destination_of(kServer4, 0, image::kDirect, image::kIpip, 0));
  CHECK(site->one(0, from_client(true)).verdict == Verdict::drop);
  CHECK_EQUAL(site->dropped(DropReason::no_destination), 1U);
  CHECK_EQUAL(site->service(0).no_server, 1U);
}

TEST("a server that is this machine itself: the kernel gets the packet as it is") {
  for (const image::Method method : {image::kLocal, image::kMasquerade, image::kDirect}) {
    auto site = site_with(true, destination_of("172.16.2.1", 0, method));
    const Frame frame = from_client(true);
    const Sent sent = site->one(0, frame);
    CHECK(sent.verdict == Verdict::pass);
    CHECK(sent.frame == frame.bytes());
  }
}

TEST("a server whose address is a VIP of ours is a loop: dropped, not sent in circles") {
  Site site;
  site.services.add(service_of("10.0.0.0", 0, 0), {destination_of("10.0.0.1", 0, image::kL3dsr)});
  image::Service prefix = service_of("10.0.0.0", 0, 0);
  prefix.prefix = 24;
  Site again;
  again.services.add(prefix, {destination_of("10.0.0.1", 0, image::kL3dsr)});
  CHECK(again.publish());
  Frame frame = from_client(true);
  frame.to = "10.0.0.77";
  CHECK(again.one(0, frame).verdict == Verdict::drop);
  CHECK_EQUAL(again.dropped(DropReason::loop), 1U);
}

TEST("equal ways: a flow keeps to one, many flows use both") {
  Site site;
  const std::uint32_t first = site.network.neighbour("172.16.2.5", 1, "02:02:00:00:ff:05");
  const std::uint32_t second = site.network.neighbour("172.16.2.6", 1, "02:02:00:00:ff:06");
  site.network.route("10.5.0.0", 24, {first, second});
  site.services.add(service_of(kVip4, wire::kTcp, 80), {destination_of("10.5.0.1", 0, image::kTunnel, image::kGre)});
  CHECK(site.publish());
  int by_first = 0;
  for (std::uint16_t port = 1000; port < 1100; ++port) {
    const std::uint8_t way = site.one(0, from_client(true, port)).frame[5];
    CHECK_EQUAL(site.one(0, from_client(true, port)).frame[5], way);
    by_first += way == 5 ? 1 : 0;
  }
  CHECK(by_first > 20 && by_first < 80);
}

TEST("an unknown neighbour is asked for; packets wait for it and leave when it is known") {
  Site site;
  site.services.add(service_of(kVip4, wire::kTcp, 80), {destination_of("172.16.2.50", 0, image::kTunnel, image::kGre)});
  CHECK(site.publish());
  const Frame frame = from_client(true);
  for (int times = 0; times < 20; ++times) (void)site.one(0, frame);
  CHECK_EQUAL(site.event(Event::neighbour_held), 16U);
  CHECK_EQUAL(site.dropped(DropReason::neighbour_queue_full), 4U);
  const auto wanted = site.engine.worker(0).wanted();
  CHECK_EQUAL(wanted.size(), 1U);
  CHECK(wanted[0].address == address("172.16.2.50"));
  CHECK_EQUAL(wanted[0].port, 1);
  CHECK_EQUAL(site.engine.worker(0).wanted().size(), 0U);
  site.network.neighbour("172.16.2.50", 1, "02:02:00:00:ff:50");
  CHECK(!site.engine.publish_network(site.network.bytes()));
  const std::vector<Sent> sent = site.tick(10);
  CHECK_EQUAL(sent.size(), 16U);
  for (const Sent& one : sent) {
    CHECK(one.verdict == Verdict::forward);
    CHECK_EQUAL(one.port, 1);
    CHECK_EQUAL(one.frame[5], 0x50);
    CHECK(ends_with(one.ip(), frame.packet()));
  }
  CHECK(site.one(0, frame).verdict == Verdict::forward);
}

TEST("a neighbour that never answers: asked again each second, given up after three") {
  Site site;
  site.services.add(service_of(kVip4, wire::kTcp, 80), {destination_of("172.16.2.50", 0, image::kTunnel, image::kGre)});
  CHECK(site.publish());
  (void)site.one(0, from_client(true));
  std::size_t asked = site.engine.worker(0).wanted().size();
  for (int second = 0; second < 4; ++second) {
    CHECK_EQUAL(site.tick(1000).size(), 0U);
    asked += site.engine.worker(0).wanted().size();
  }
  CHECK(asked >= 3);
  CHECK_EQUAL(site.dropped(DropReason::no_neighbour), 1U);
}

TEST("ARP and neighbour solicitations for a VIP are answered where the service says so") {
  for (const bool answers : {true, false}) {
    Site site;
    image::Service four = service_of(kVip4, wire::kTcp, 80), six = service_of(kVip6, wire::kTcp, 80);
    four.flags = six.flags = static_cast<std::uint8_t>(answers ? 2 : 0);
    site.services.add(four, {destination_of(kServer4, 0, image::kTunnel, image::kGre)});
    site.services.add(six, {destination_of(kServer6, 0, image::kTunnel, image::kGre)});
    CHECK(site.publish());
    Bytes arp(12);
    mac("ff:ff:ff:ff:ff:ff", arp.data());
    mac(kClientMac, arp.data() + 6);
    for (const std::uint16_t word : {0x0806, 1, 0x0800, 0x0604, 1, 0x0201, 0x0000, 0xff02, 0xac10, 0x0102, 0, 0, 0, 0xc000, 0x0201}) add16(arp, word);
    arp.resize(60);
    const std::vector<Sent> sent = site.receive(0, {arp});
    CHECK(sent[0].verdict == (answers ? Verdict::held : Verdict::pass));
    CHECK_EQUAL(sent.size(), answers ? 2U : 1U);
    if (!answers) continue;
    CHECK_EQUAL(be16(sent[1].frame, 20), 2);
    CHECK(std::equal(sent[1].frame.begin() + 22, sent[1].frame.begin() + 28, std::begin({0x02, 0xfe, 0x00, 0x00, 0x00, 0x01})));
    CHECK_EQUAL(site.event(Event::arp_answered), 1U);
  }
}

TEST("echo: answered by us, left to the kernel, or forwarded, as the service says") {
  Frame echo = from_client(true);
  echo.protocol = wire::kIcmp;
  for (const image::Echo setting : {image::kEchoAnswer, image::kEchoKernel, image::kEchoDefault}) {
    for (const bool all_ports : {true, false}) {
      Site site;
      image::Service service = service_of(kVip4, static_cast<std::uint8_t>(all_ports ? 0 : 6), all_ports ? 0 : 80);
      service.echo = setting;
      site.services.add(service, {destination_of(kServer4, 0, image::kTunnel, image::kGre)});
      CHECK(site.publish());
      const std::vector<Sent> sent = site.receive(0, echo);
      if (setting == image::kEchoAnswer) {
        CHECK_EQUAL(sent.size(), 2U);
        CHECK_EQUAL(body_of(sent[1].ip())[0], 0);
        CHECK(source_of(sent[1].ip()) == address(kVip4));
        CHECK(checksums_right(sent[1].ip()));
      } else {
        CHECK(sent[0].verdict == (setting == image::kEchoDefault && all_ports ? Verdict::forward : Verdict::pass));
      }
    }
  }
}

TEST("a prefix takes all its addresses; a longer one and an exact port go before") {
  Site site;
  image::Service wide = service_of("192.0.2.0", 0, 0);
  wide.prefix = 24;
  site.services.add(wide, {destination_of("10.0.0.1", 0, image::kTunnel, image::kGre)});
  site.services.add(service_of("192.0.2.9", wire::kTcp, 0), {destination_of("10.0.0.2", 0, image::kTunnel, image::kGre)});
  site.services.add(service_of("192.0.2.9", wire::kTcp, 443), {destination_of("10.0.0.3", 0, image::kTunnel, image::kGre)});
  CHECK(site.publish());
  const auto server = [&](const std::string& to, std::uint16_t port) {
    Frame frame = from_client(true);
    frame.to = to;
    frame.to_port = port;
    return target_of(site.one(0, frame).ip());
  };
  CHECK(server("192.0.2.200", 80) == address("10.0.0.1"));
  CHECK(server("192.0.2.9", 80) == address("10.0.0.2"));
  CHECK(server("192.0.2.9", 443) == address("10.0.0.3"));
}

int main() { return run_all(); }
