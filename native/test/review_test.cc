// What a reviewer asked, each once: rare orders of events and packets that look like others.
#include "test/site.h"
#include "test/tap.h"

using namespace lvsd;
using namespace lvsd::test;

namespace {

Frame to_vip(const char* vip, std::uint16_t port) {
  Frame frame;
  frame.to = vip;
  frame.to_port = port;
  return frame;
}

Frame solicitation(const char* to, std::uint8_t type) {
  Frame frame;
  frame.from = "fd01:1::2", frame.to = to;
  frame.protocol = wire::kIcmpv6;
  frame.icmp_type = type, frame.from_port = 0;
  frame.ttl = 255;
  const Address target = address(to);
  frame.payload.assign(target.bytes.begin(), target.bytes.end());
  return frame;
}

}  // namespace

TEST("a service of everything takes its clients' packets, not its servers' answers") {
  Site site;
  image::Service all = service_of("0.0.0.0", 0, 0);
  all.prefix = 0;
  site.services.add(all, {destination_of("10.0.0.1", 0, image::kMasquerade)});
  CHECK(site.publish());
  for (const std::uint8_t protocol : {wire::kTcp, wire::kUdp}) {
    Frame asks = to_vip("192.0.2.77", 80);
    asks.protocol = protocol;
    const Sent out = site.one(0, asks);
    CHECK(out.verdict == Verdict::forward && target_of(out.ip()) == address("10.0.0.1"));
    Frame answers;
    answers.to_mac = kOurMac1;
    answers.from = "10.0.0.1", answers.to = asks.from;
    answers.from_port = 80, answers.to_port = asks.from_port;
    answers.protocol = protocol;
    const Sent back = site.one(1, answers);
    CHECK(back.verdict == Verdict::forward && back.port == 0);
    CHECK(back.verdict == Verdict::forward && source_of(back.ip()) == address("192.0.2.77") && target_of(back.ip()) == address(asks.from));
  }
}

TEST("what neighbours say to each other is never a service's, though it takes all that is sent to its address (RFC 4861)") {
  Site site;
  site.services.add(service_of("2001:db8:a::1", 0, 0), {destination_of("2001:db8:5::1", 0, image::kTunnel, image::kGre)});
  CHECK(site.publish());
  for (const std::uint8_t type : {133, 134, 135, 136, 137}) CHECK(site.one(0, solicitation("2001:db8:a::1", type)).verdict == Verdict::pass);
  CHECK(site.one(0, solicitation("2001:db8:a::1", 128)).verdict == Verdict::forward);
}

TEST("full NAT never shows a server the client's own address, even if the session goes in the batch that made it") {
  Site site;
  site.services.add(service_of("192.0.2.7", wire::kTcp, 80), {destination_of("10.0.0.1", 80, image::kFullNat)},
                    {{address("203.0.113.1"), address("203.0.113.1"), 1000, 65535, 0}});
  CHECK(site.publish());
  std::uint32_t shown = 0, forwarded = 0;
  for (std::uint32_t batch = 0; batch < 300; ++batch) {  // a flood through a table of 4,096
    std::vector<Bytes> frames;
    for (std::uint32_t n = 0; n < kBatch; ++n) {
      Frame syn = to_vip("192.0.2.7", 80);
      syn.from = "198.51.100." + std::to_string(1 + (batch * kBatch + n) / 40'000);
      syn.from_port = static_cast<std::uint16_t>(1024 + (batch * kBatch + n) % 40'000);
      syn.tcp_flags = wire::kSyn;
      frames.push_back(syn.bytes());
    }
    for (const Sent& sent : site.receive(0, frames)) {
      if (sent.verdict != Verdict::forward || sent.port != 1) continue;
      ++forwarded;
      shown += source_of(sent.ip()) == address("203.0.113.1") ? 0 : 1;
    }
  }
  CHECK(forwarded > 10'000);
  CHECK_EQUAL(shown, 0u);
}

TEST("an explanation of a new full-NAT flow has the source that the flow then gets") {
  Site site;
  site.services.add(service_of("192.0.2.7", 0, 0), {destination_of("10.0.0.1", 0, image::kFullNat)},
                    {{address("203.0.113.1"), address("203.0.113.2"), 1000, 1009, 0}});
  CHECK(site.publish());
  const Frame frame = to_vip("192.0.2.7", 443);
  const std::string told = site.explain(0, frame);
  const Sent out = site.one(0, frame);
  std::string hex;
  for (const std::uint8_t byte : out.frame) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", byte);
    hex += two;
  }
  CHECK(out.verdict == Verdict::forward);
  CHECK(told.find(hex) != std::string::npos);
}

TEST("an engine without ports passes everything and lives on") {
  Site site;
  NetworkImage nothing;
  site.services.add(service_of("192.0.2.1", wire::kTcp, 80), {destination_of("10.0.0.1", 80, image::kMasquerade)});
  CHECK(site.publish());
  CHECK(site.one(0, to_vip("192.0.2.1", 80)).verdict == Verdict::forward);
  CHECK(!site.engine.publish_network(nothing.bytes()));
  CHECK(site.one(0, to_vip("192.0.2.1", 80)).verdict == Verdict::pass);
  CHECK(site.tick(20'000).empty());
  CHECK(!site.engine.publish_network(site.network.bytes()));
  CHECK(site.one(0, to_vip("192.0.2.1", 80)).verdict == Verdict::forward);
}

TEST("packets that wait for a neighbour whose port goes meanwhile are dropped in time, not sent into nothing") {
  Site site;
  site.services.add(service_of("192.0.2.1", wire::kTcp, 80), {destination_of("172.16.2.77", 80, image::kMasquerade)});
  CHECK(site.publish());
  CHECK(site.one(0, to_vip("192.0.2.1", 80)).verdict == Verdict::held);
  NetworkImage one_port;
  one_port.port("pg0", kOurMac0);
  one_port.local("172.16.1.1", 24, 0);
  CHECK(!site.engine.publish_network(one_port.bytes()));
  CHECK(site.tick(100).empty());
  CHECK(site.tick(4'000).empty());
  CHECK_EQUAL(site.dropped(DropReason::no_neighbour), 1u);
}

TEST("the clock goes round (49 days): flows, held packets and fragments live on, and end") {
  Site site;
  site.now_ms = 0xffffffffULL - 1'000;
  site.services.add(service_of("192.0.2.1", wire::kTcp, 80), {destination_of("10.0.0.1", 80, image::kMasquerade), destination_of("10.0.0.2", 80, image::kMasquerade)});
  site.services.add(service_of("192.0.2.2", wire::kTcp, 80), {destination_of("172.16.2.77", 80, image::kMasquerade)});
  CHECK(site.publish());
  (void)site.tick(0);
  const Sent first = site.one(0, to_vip("192.0.2.1", 80));
  CHECK(site.one(0, to_vip("192.0.2.2", 80)).verdict == Verdict::held);
  (void)site.tick(1'500);
  const Sent second = site.one(0, to_vip("192.0.2.1", 80));
  CHECK(first.verdict == Verdict::forward && second.verdict == Verdict::forward && target_of(first.ip()) == target_of(second.ip()));
  CHECK_EQUAL(site.event(Event::sessions_created), 2u);
  (void)site.tick(1'600);
  CHECK_EQUAL(site.dropped(DropReason::no_neighbour), 1u);
  for (int step = 0; step < 200; ++step) (void)site.tick(10'000);
  CHECK_EQUAL(site.event(Event::sessions_expired), 2u);
}

int main() { return run_all(); }
