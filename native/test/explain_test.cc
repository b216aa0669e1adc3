// explain says what would become of a packet, by the code that forwards, and leaves no trace.
#include "test/site.h"
#include "test/tap.h"

using namespace lvsd;
using namespace lvsd::test;

namespace {

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
std::string hex(const Bytes& bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}
std::unique_ptr<Site> site_with(image::Method method) {
  image::Service service = service_of("192.0.2.0", 6, 80);
  service.prefix = 24;
  return site_of(service, {destination_of("10.0.0.1", method == image::kMasquerade ? 8080 : 0, method, image::kGre),
                           destination_of("10.0.0.2", method == image::kMasquerade ? 8080 : 0, method, image::kGre)});
}

}  // namespace

TEST("the frame it foretells is the frame that goes out, for every method; before and after there is a session") {
  for (const image::Method method : {image::kTunnel, image::kMasquerade, image::kDirect, image::kL3dsr}) {
    auto site = site_with(method);
    const std::string foretold = site->explain(0, Frame{});
    CHECK(says(foretold, "\"found\":false"));
    CHECK_EQUAL(site->engine.worker(0).sessions().live(), 0U);
    const Sent sent = site->one(0, Frame{});
    CHECK(says(foretold, "\"verdict\":\"forward\",\"port\":1,\"frame\":\"" + hex(sent.frame) + "\""));
    const std::string again = site->explain(0, Frame{});
    CHECK(says(again, "The flow has a session (established, ends in 900.000 s if nothing more comes)"));
    CHECK(says(again, hex(sent.frame)));
  }
}

TEST("no trace: counters, sessions and the scheduler's round are what they were") {
  auto site = site_with(image::kTunnel);
  const std::vector<std::uint64_t> before = site->engine.counters();
  for (int times = 0; times < 5; ++times) (void)site->explain(0, Frame{});
  Frame bad;
  bad.ttl = 0;
  bad.to_port = 81;
  (void)site->explain(0, bad);
  CHECK(site->engine.counters() == before);
}

TEST("tables that no batch has seen yet: what the old ones said is not remembered") {
  auto site = site_with(image::kTunnel);
  CHECK(!site->one(0, Frame{}).frame.empty());
  site->services = {};
  site->services.add(service_of("192.0.2.0", 6, 443), {destination_of("10.0.0.1", 0, image::kTunnel, image::kGre)});
  CHECK(site->publish_services());
  (void)site->engine.enter(0);
  site->engine.collect();
  CHECK(says(site->explain(0, Frame{}), "\"verdict\":\"pass\""));
}

TEST("it names the service and why, the slot, the server, what is added, the way") {
  auto site = site_with(image::kTunnel);
  const std::string text = site->explain(0, Frame{});
  for (const char* part : {"\"step\":\"parse\"", "tcp ACK from 198.51.100.7 port 40000 to 192.0.2.1 port 80", "\"step\":\"service\"",
                           "Service tcp 192.0.2.0/24 port 80 takes it", "\"step\":\"schedule\",\"scheduler\":\"maglev\"", "of 4093, which is that of 10.0.0.",
                           "\"step\":\"destination\"", "gre over IPv4", "\"step\":\"path\"", "\"mtu\":1476", "172.16.2.2 by pg1", "\"step\":\"rewrite\",\"added\":24",
                           "\"outerSource\":\"172.16.2.1\"", "\"step\":\"link\"", "02:02:00:00:ff:02", "\"step\":\"verdict\""}) {
    CHECK(says(text, part));
    if (!says(text, part)) complaints().push_back(std::string("misses: ") + part + " in " + text);
  }
}

TEST("NAT: each field that changes, before and after; the reply is explained from its session") {
  auto site = site_with(image::kMasquerade);
  const std::string text = site->explain(0, Frame{});
  CHECK(says(text, "{\"field\":\"destination port\",\"before\":\"80\",\"after\":\"8080\"}"));
  CHECK(says(text, "{\"field\":\"TTL\",\"before\":\"64\",\"after\":\"63\"}"));
  CHECK(!says(text, "\"field\":\"source address\""));
  const Bytes out = site->one(0, Frame{}).ip();
  Frame reply;
  reply.from = target_of(out) == address("10.0.0.1") ? "10.0.0.1" : "10.0.0.2";
  reply.from_port = 8080;
  reply.to = "198.51.100.7";
  reply.to_port = 40000;
  reply.to_mac = kOurMac1;
  const std::string back = site->explain(1, reply);
  CHECK(says(back, "\"reply\":true"));
  CHECK(says(back, "\"after\":\"192.0.2.1\""));
  CHECK(says(back, hex(site->one(1, reply).frame)));
}

TEST("what is dropped says why; what is not ours says that; what we answer is shown") {
  auto site = site_with(image::kDirect);
  Frame frame;
  frame.to = "203.0.113.1";
  CHECK(says(site->explain(0, frame), "No service takes tcp to 203.0.113.1 port 80: it is the kernel's."));
  frame = Frame{};
  frame.ttl = 1;
  const std::string text = site->explain(0, frame);
  CHECK(says(text, "\"verdict\":\"drop\",\"reason\":\"ttl_exceeded\""));
  CHECK(says(text, "\"answers\":[{\"port\":0,\"frame\":\""));
  frame = Frame{};
  frame.to_mac = "02:00:00:00:00:99";
  CHECK(says(site->explain(0, frame), "another station"));
}

int main() { return run_all(); }
