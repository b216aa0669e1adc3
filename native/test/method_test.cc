// A service whose method changes while it has flows: their replies find the client.
#include "test/site.h"
#include "test/tap.h"

using namespace lvsd;
using namespace lvsd::test;

namespace {

constexpr const char* kVip = "192.0.2.1";
constexpr const char* kServer = "10.0.0.1";

Frame request(std::uint16_t from_port) {
  Frame frame;
  frame.protocol = wire::kUdp;
  frame.from_port = from_port;
  frame.to_port = 53;
  return frame;
}

/// What the server answers to the frame that reached it.
Frame answer_to(const Bytes& ip) {
  Frame frame;
  frame.protocol = wire::kUdp;
  frame.to_mac = kOurMac1;
  frame.from = kServer;
  frame.from_port = 53;
  char text[16];
  frame.to = ::inet_ntop(AF_INET, &ip[12], text, sizeof text);
  frame.to_port = be16(body_of(ip), 0);
  return frame;
}

void set_method(Site& site, image::Method method, std::uint16_t ports = 1000) {
  site.services = ServicesImage();
  std::vector<image::Pool> pools;
  if (method == image::kFullNat) pools.push_back(pool_of("172.16.2.1", 2000, static_cast<std::uint16_t>(1999 + ports)));
  site.services.add(service_of(kVip, wire::kUdp, 53), {destination_of(kServer, 0, method)}, pools);
  CHECK(site.publish());
}

/// One packet to the server, and its answer back.
void goes_both_ways(Site& site, std::uint16_t port, const char* shown_to_server) {
  const Sent there = site.one(0, request(port));
  CHECK(there.verdict == Verdict::forward && target_of(there.ip()) == address(kServer));
  if (there.verdict != Verdict::forward) return;
  CHECK(source_of(there.ip()) == address(shown_to_server));
  const Sent back = site.one(1, answer_to(there.ip()));
  CHECK(back.verdict == Verdict::forward);
  if (back.verdict != Verdict::forward) return;
  CHECK(source_of(back.ip()) == address(kVip) && target_of(back.ip()) == address("198.51.100.7"));
  CHECK_EQUAL(be16(body_of(back.ip()), 2), port);
}

}  // namespace

TEST("direct, then NAT: replies are known from the flow's next packet on") {
  Site site;
  set_method(site, image::kDirect);
  CHECK(site.one(0, request(1000)).verdict == Verdict::forward);
  set_method(site, image::kMasquerade);
  const std::string told = site.explain(0, request(1000));
  CHECK(told.find("method was another") != std::string::npos);
  goes_both_ways(site, 1000, "198.51.100.7");
  goes_both_ways(site, 1000, "198.51.100.7");
  CHECK_EQUAL(site.engine.worker(0).sessions().live(), 1U);
  CHECK(site.explain(0, request(1000)).find("method was another") == std::string::npos);
}

TEST("NAT, then full NAT, then NAT: the server sees the address that the method shows it, and its replies arrive") {
  Site site;
  set_method(site, image::kMasquerade);
  goes_both_ways(site, 1000, "198.51.100.7");
  set_method(site, image::kFullNat);
  goes_both_ways(site, 1000, "172.16.2.1");
  goes_both_ways(site, 1000, "172.16.2.1");
  set_method(site, image::kMasquerade);
  goes_both_ways(site, 1000, "198.51.100.7");
  CHECK_EQUAL(site.engine.worker(0).sessions().live(), 1U);
}

TEST("all packets of one batch expect their replies by one thing") {
  Site site;
  set_method(site, image::kDirect);
  CHECK(site.one(0, request(1000)).verdict == Verdict::forward);
  set_method(site, image::kFullNat);
  const std::vector<Sent> sent = site.receive(0, std::vector<Bytes>(8, request(1000).bytes()));
  for (const Sent& each : sent) CHECK(each.verdict == Verdict::forward && be16(body_of(each.ip()), 0) == be16(body_of(sent[0].ip()), 0));
  goes_both_ways(site, 1000, "172.16.2.1");
}

TEST("a server that was this machine and is it no more") {
  Site site;
  site.network.local(kServer, 32, 1);
  set_method(site, image::kMasquerade);
  CHECK(site.one(0, request(1000)).verdict == Verdict::pass);
  Site moved;
  site.network = moved.network;
  CHECK(site.publish());
  goes_both_ways(site, 1000, "198.51.100.7");
}

TEST("where there is no source port left the session ends, and the packet is dropped") {
  Site site;
  set_method(site, image::kDirect);
  CHECK(site.one(0, request(1000)).verdict == Verdict::forward);
  set_method(site, image::kFullNat, 1);
  goes_both_ways(site, 1001, "172.16.2.1");
  CHECK(site.one(0, request(1000)).verdict == Verdict::drop);
  CHECK_EQUAL(site.dropped(DropReason::no_snat_port), 1U);
  CHECK_EQUAL(site.engine.worker(0).sessions().live(), 1U);
  goes_both_ways(site, 1001, "172.16.2.1");
}

TEST("an ICMP error that comes before the flow's next packet: the replies are the flow's, not the error's") {
  for (const image::Method method : {image::kMasquerade, image::kFullNat}) {
    Site site;
    set_method(site, image::kDirect);
    CHECK(site.one(0, request(1000)).verdict == Verdict::forward);
    set_method(site, method);
    Frame answered = request(53);
    answered.from = kVip;
    answered.to = "198.51.100.7";
    answered.to_port = 1000;
    const Sent error = site.one(0, error_about(answered.packet(), "198.51.100.254", kVip));
    CHECK(error.verdict == Verdict::forward && target_of(error.ip()) == address(kServer));
    const Sent there = site.one(0, request(1000));
    const Bytes body = body_of(error.ip()), quoted(body.begin() + 8, body.end());
    CHECK(target_of(quoted) == source_of(there.ip()));  // the server knows whom the error is about
    CHECK_EQUAL(be16(body_of(quoted), 2), be16(body_of(there.ip()), 0));
    goes_both_ways(site, 1000, method == image::kFullNat ? "172.16.2.1" : "198.51.100.7");
  }
}

TEST("a reply that was under way when full NAT ended arrives at the client") {
  Site site;
  set_method(site, image::kFullNat);
  const Sent there = site.one(0, request(1000));
  set_method(site, image::kMasquerade);
  const Sent back = site.one(1, answer_to(there.ip()));
  CHECK(back.verdict == Verdict::forward && target_of(back.ip()) == address("198.51.100.7"));
  CHECK_EQUAL(be16(body_of(back.ip()), 2), 1000);
}

int main() { return run_all(); }
