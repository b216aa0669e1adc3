// ICMP errors reach whom they concern, both ways, through NAT with the quoted packet rewritten.
#include "test/site.h"
#include "test/tap.h"

using namespace lvsd;
using namespace lvsd::test;

namespace {

const std::string kVip4 = "192.0.2.1", kVip6 = "2001:db8:1::1";
const std::string kClient4 = "198.51.100.7", kClient6 = "2001:db8:c::7";
const std::string kRouter4 = "198.51.100.254", kRouter6 = "2001:db8:c::fe";

Frame request(bool v4, std::uint16_t port) {
  Frame frame;
  frame.from = v4 ? kClient4 : kClient6;
  frame.to = v4 ? kVip4 : kVip6;
  frame.from_port = port;
  return frame;
}
Bytes quoted_in(const Bytes& ip) {
  const Bytes body = body_of(ip);
  return {body.begin() + 8, body.end()};
}

}  // namespace

TEST("an error from the clients' side reaches the server that has the flow, whatever carries it there") {
  for (const bool v4 : {true, false}) {
    for (const image::Method method : {image::kTunnel, image::kDirect, image::kMasquerade, image::kFullNat}) {
      Site site;
      const std::string base = v4 ? "10.0.0." : "2001:db8:5::";
      std::vector<image::Destination> servers;
      for (const char* last : {"1", "2", "3", "4", "5"}) {
        servers.push_back(destination_of(base + last, method == image::kMasquerade || method == image::kFullNat ? 8080 : 0, method, image::kGre));
      }
      std::vector<image::Pool> pools;
      if (method == image::kFullNat) pools.push_back(pool_of(v4 ? "10.0.255.1" : "2001:db8:5:ffff::1", 2000, 2099));
      site.services.add(service_of(v4 ? kVip4 : kVip6, 6, 80), servers, pools);
      CHECK(site.publish());
      for (std::uint16_t port = 1000; port < 1010; ++port) {
        const Bytes there = site.one(0, request(v4, port)).ip();
        Frame reply = request(v4, 80);  // what the client gets: the VIP's answer
        reply.from = v4 ? kVip4 : kVip6;
        reply.to = v4 ? kClient4 : kClient6;
        reply.to_port = port;
        const Sent sent = site.one(0, error_about(reply.packet(), v4 ? kRouter4 : kRouter6, v4 ? kVip4 : kVip6));
        CHECK(sent.verdict == Verdict::forward);
        CHECK_EQUAL(sent.port, 1);
        const Bytes ip = sent.ip();
        CHECK(target_of(ip) == target_of(there));
        CHECK(checksums_right(ip));
        if (method != image::kMasquerade && method != image::kFullNat) continue;
        const Bytes quoted = quoted_in(ip);
        CHECK(source_of(quoted) == target_of(there));  // as the server sent it
        CHECK_EQUAL(be16(body_of(quoted), 0), 8080);
        CHECK(target_of(quoted) == source_of(there));
        CHECK_EQUAL(be16(body_of(quoted), 2), be16(body_of(there), 0));
        if (v4) CHECK_EQUAL(sum_of(std::span(quoted).first(20)), 0xffffU);
        CHECK_EQUAL(be16(body_of(ip), 6), 0x0001);  // what else the error says stays
      }
      CHECK_EQUAL(site.event(Event::icmp_errors_forwarded), 10U);
    }
  }
}

TEST("an error of the server, or of a router before it, reaches the client as one about the client's own packet") {
  for (const bool v4 : {true, false}) {
    for (const image::Method method : {image::kMasquerade, image::kFullNat}) {
      for (const bool from_router : {true, false}) {
        Site site;
        const std::string server = v4 ? "10.0.0.1" : "2001:db8:5::1", router = v4 ? "10.0.9.9" : "2001:db8:5::99";
        std::vector<image::Pool> pools;
        if (method == image::kFullNat) pools.push_back(pool_of(v4 ? "10.0.255.1" : "2001:db8:5:ffff::1", 2000, 2099));
        site.services.add(service_of(v4 ? kVip4 : kVip6, 6, 80), {destination_of(server, 8080, method)}, pools);
        CHECK(site.publish());
        const Frame sent_by_client = request(v4, 1000);
        const Bytes there = site.one(0, sent_by_client).ip();
        const std::string seen_source = method == image::kMasquerade ? (v4 ? kClient4 : kClient6) : v4 ? "10.0.255.1" : "2001:db8:5:ffff::1";
        Frame error = error_about(there, from_router ? router : server, seen_source);
        error.from_mac = kServerMac;
        error.to_mac = kOurMac1;
        const Sent sent = site.one(1, error);
        CHECK(sent.verdict == Verdict::forward);
        CHECK_EQUAL(sent.port, 0);
        const Bytes ip = sent.ip();
        CHECK(target_of(ip) == address(v4 ? kClient4 : kClient6));
        CHECK(source_of(ip) == address(v4 ? kVip4 : kVip6));
        CHECK(checksums_right(ip));
        const Bytes quoted = quoted_in(ip);
        CHECK(source_of(quoted) == address(v4 ? kClient4 : kClient6));
        CHECK(target_of(quoted) == address(v4 ? kVip4 : kVip6));
        CHECK_EQUAL(be16(body_of(quoted), 0), 1000);
        CHECK_EQUAL(be16(body_of(quoted), 2), 80);
      }
    }
  }
}

TEST("an error about nobody's flow is the kernel's; one that quotes nothing, to a VIP, is dropped") {
  Site site;
  site.services.add(service_of(kVip4, 6, 80), {destination_of("10.0.0.1", 8080, image::kFullNat)}, {pool_of("10.0.255.1", 2000, 2099)});
  CHECK(site.publish());
  Frame other = request(true, 1);
  other.from = "192.0.2.77";
  other.to = kClient4;
  CHECK(site.one(0, error_about(other.packet(), kRouter4, "192.0.2.77")).verdict == Verdict::pass);
  CHECK(site.one(0, error_about({1, 2, 3}, kRouter4, kVip4)).verdict == Verdict::drop);
  CHECK_EQUAL(site.dropped(DropReason::bad_icmp_quote), 1U);
  Frame reply = request(true, 80);  // a flow that full NAT does not know
  reply.from = kVip4;
  reply.to = kClient4;
  reply.to_port = 4444;
  CHECK(site.one(0, error_about(reply.packet(), kRouter4, kVip4)).verdict == Verdict::drop);
  CHECK_EQUAL(site.dropped(DropReason::icmp_no_session), 1U);
}

TEST("without a session the hash tells: an error about a flow that another director had goes where that flow goes") {
  Site site;
  std::vector<image::Destination> servers, translated;
  for (const char* server : {"10.0.0.1", "10.0.0.2", "10.0.0.3"}) {
    servers.push_back(destination_of(server, 0, image::kTunnel, image::kGre));
    translated.push_back(destination_of(server, 8080, image::kMasquerade));
  }
  site.services.add(service_of(kVip4, 6, 80), servers);
  site.services.add(service_of(kVip4, 6, 81), translated);
  CHECK(site.publish());
  for (std::uint16_t port = 1; port < 60; ++port) {
    Frame there = request(true, port), reply = request(true, port < 30 ? 80 : 81);
    there.to_port = reply.from_port;
    reply.from = kVip4;
    reply.to = kClient4;
    reply.to_port = port;
    const Bytes told = site.one(0, error_about(reply.packet(), kRouter4, kVip4)).ip();
    CHECK(target_of(told) == target_of(site.one(0, there).ip()));
    CHECK(checksums_right(told));
    if (port >= 30) CHECK_EQUAL(be16(body_of(quoted_in(told)), 0), 8080);
  }
}

TEST("errors of ours are limited, and none is about an ICMP error") {
  Site site;
  site.services.add(service_of(kVip4, 6, 80), {destination_of("10.0.0.1", 0, image::kDirect)});
  CHECK(site.publish());
  Frame dying = request(true, 5);
  dying.ttl = 1;
  int told = 0;
  for (int times = 0; times < 300; ++times) told += static_cast<int>(site.receive(0, dying).size()) - 1;
  CHECK_EQUAL(told, 100);
  CHECK_EQUAL(site.dropped(DropReason::rate_limited), 200U);
  site.now_ms += 50;
  CHECK_EQUAL(site.receive(0, dying).size(), 2U);
  Frame reply = request(true, 80);
  reply.from = kVip4;
  reply.to = kClient4;
  reply.to_port = 5;
  Frame error = error_about(reply.packet(), kRouter4, kVip4);
  error.ttl = 1;
  CHECK_EQUAL(site.receive(0, error).size(), 1U);
}

int main() { return run_all(); }
