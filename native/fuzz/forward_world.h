#pragma once
// The world of forward_fuzz.cc: a network, services of every kind, and what is sent to them.
#include <cstring>
#include <string>
#include <vector>

#include "packet/headers.h"
#include "test/frames.h"
#include "test/images.h"

namespace lvsd::fuzz {

using namespace lvsd::test;

inline constexpr const char* kOurMac[] = {"02:fe:00:00:00:01", "02:fe:00:00:00:02"};

struct World {
  std::vector<ImageBytes> networks, services;
  std::vector<Bytes> frames;
};

inline ImageBytes network_image(bool poor) {
  NetworkImage image;
  image.port("pg0", kOurMac[0]);
  image.port("pg1", kOurMac[1]);
  image.local("172.16.1.1", 24, 0);
  image.local("172.16.2.1", 24, 1);
  image.local("fd01:1::1", 64, 0);
  image.local("fd01:2::1", 64, 1);
  const char* const client_mac = poor ? "" : "02:01:00:00:ff:02";
  const std::uint32_t clients4 = image.neighbour("172.16.1.2", 0, client_mac), servers4 = image.neighbour("172.16.2.2", 1, "02:02:00:00:ff:02");
  const std::uint32_t clients6 = image.neighbour("fd01:1::2", 0, client_mac), servers6 = image.neighbour("fd01:2::2", 1, "02:02:00:00:ff:02");
  const std::uint32_t narrow4 = image.adjacency("172.16.2.3", 1, poor ? "" : "02:02:00:00:ff:03", 600);
  const std::uint32_t narrow6 = image.adjacency("fd01:2::3", 1, "02:02:00:00:ff:03", 1280);
  const std::uint32_t tagged = image.adjacency("172.16.2.4", 1, "02:02:00:00:ff:04");
  image.way(tagged).vlan_tags = 2;
  image.way(tagged).tag_type[0] = 0x88a8, image.way(tagged).tag_type[1] = 0x8100;
  image.way(tagged).tag[0] = 100, image.way(tagged).tag[1] = 7;
  image.route("198.51.100.0", 24, {clients4});
  image.route("2001:db8:c::", 48, {clients6});
  image.route("10.0.1.0", 24, {servers4, tagged});
  image.route("10.0.2.0", 24, {narrow4});
  image.route("10.0.3.0", 24, {servers4});
  image.route("10.0.4.0", 24, {poor ? narrow4 : servers4});
  image.route("2001:db8:5::", 48, {servers6});
  image.route("2001:db8:6::", 48, {narrow6});
  return image.bytes();
}

inline image::Service service(const char* vip, std::uint8_t protocol, std::uint16_t port, image::Scheduler scheduler, std::uint8_t flags = 0) {
  image::Service made = service_of(vip, protocol, port);
  made.scheduler = scheduler;
  made.flags = flags;
  made.table_size = 13;
  return made;
}

/// 0: all services. 1: every second one is gone, and weights are zero. 2: also a service of everything.
inline ImageBytes services_image(int variant) {
  using namespace image;
  ServicesImage image;
  image.settings.udp = image.settings.icmp = image.settings.other = 20;
  image.settings.tcp_syn = image.settings.tcp_closed = 5;
  std::uint32_t number = 0;
  const auto add = [&](image::Service made, std::vector<image::Destination> destinations, const std::vector<Pool>& pools = {}) {
    if (variant == 1 && number++ % 2 == 1) return;
    if (variant == 1 && !destinations.empty()) destinations.front().weight = 0;
    image.add(made, destinations, pools);
  };
  const auto two = [](const char* a, const char* b, std::uint16_t port, Method method, Tunnel tunnel = kIpip) {
    std::vector<image::Destination> both{destination_of(a, port, method, tunnel), destination_of(b, port, method, tunnel, 3)};
    if (method == kTunnel && tunnel == kGue) both[0].tunnel_port = 6080, both[1].tunnel_port = 5555, both[1].flags = kTunnelChecksum;
    if (method == kTunnel && tunnel == kGre) both[1].flags = kTunnelChecksum;
    return both;
  };
  const std::vector<Pool> pool4{{address("203.0.113.1"), address("203.0.113.2"), 1000, 1009, 0}};
  const std::vector<Pool> pool6{{address("2001:db8:f::1"), address("2001:db8:f::2"), 1000, 1009, 0}};

  add(service("192.0.2.1", 6, 80, kMaglev), two("10.0.3.1", "10.0.3.2", 8080, kMasquerade));
  add(service("192.0.2.2", 0, 0, kMaglev), two("10.0.1.1", "10.0.2.2", 0, kTunnel, kGre));
  add(service("192.0.2.3", 17, 53, kRr, kOnePacket), two("10.0.1.1", "10.0.2.1", 53, kTunnel));
  add(service("192.0.2.4", 6, 443, kWlc), two("10.0.1.1", "10.0.2.1", 443, kTunnel, kGue));
  auto l3dsr = service("192.0.2.5", 0, 0, kMaglev, kStateless);
  l3dsr.dscp = 10;
  add(l3dsr, two("10.0.1.5", "10.0.2.5", 0, kL3dsr));
  auto direct = service("192.0.2.6", 6, 80, kSh, kAnswerArp);
  direct.echo = kEchoAnswer;
  add(direct, two("10.0.1.6", "10.0.2.6", 80, kDirect));
  add(service("192.0.2.7", 0, 0, kWrr), two("10.0.4.1", "10.0.4.2", 0, kFullNat), pool4);
  add(service("192.0.2.8", 17, 53, kRr, kOnePacket), two("10.0.3.1", "10.0.3.2", 5353, kMasquerade));
  auto prefix = service("192.0.2.64", 0, 0, kMaglev);
  prefix.prefix = 26;
  prefix.persistence = 30;
  prefix.persistence_prefix = 24;
  add(prefix, two("10.0.3.1", "10.0.2.2", 0, kMasquerade));
  add(service("192.0.2.9", 6, 22, kRr), {destination_of("172.16.2.1", 22, kMasquerade), destination_of("10.0.3.3", 22, kMasquerade), destination_of("10.0.3.4", 22, kLocal)});
  auto node = service("192.0.2.10", 6, 80, kRr);
  node.node_port = 30080;
  add(node, two("10.0.3.1", "10.0.3.2", 80, kMasquerade));
  add(service("192.0.2.11", 0, 0, kMaglev), two("2001:db8:5::1", "2001:db8:6::1", 0, kTunnel, kGre));
  add(service("192.0.2.12", 0, 0, kRr), {});
  add(service("192.0.2.13", 0, 0, kRr), {destination_of("10.99.0.1", 0, kMasquerade), destination_of("192.0.2.2", 0, kMasquerade)});
  add(service("192.0.2.14", 0, 0, kRr), {destination_of("172.16.2.77", 0, kMasquerade), destination_of("172.16.2.78", 0, kTunnel)});
  for (std::uint8_t scheduler = 0; scheduler < kSchedulers; ++scheduler) {
    if (scheduler == kMh && variant != 2) continue;  // its thousands of slots would take most of an input's time
    const std::string vip = "192.0.2." + std::to_string(20 + scheduler);
    add(service(vip.c_str(), 6, 80, static_cast<Scheduler>(scheduler)), two("10.0.3.1", "10.0.3.2", 80, kMasquerade));
  }
  add(service("2001:db8:a::1", 6, 80, kMaglev), two("2001:db8:5::1", "2001:db8:6::1", 8080, kMasquerade));
  add(service("2001:db8:a::2", 0, 0, kMaglev, kAnswerArp), two("2001:db8:5::1", "2001:db8:6::1", 0, kTunnel, kGre));
  add(service("2001:db8:a::3", 0, 0, kRr), two("10.0.1.1", "10.0.2.1", 0, kTunnel));
  add(service("2001:db8:a::4", 17, 53, kWlc, kOnePacket), two("2001:db8:5::1", "2001:db8:6::1", 53, kTunnel, kGue));
  auto l3dsr6 = service("2001:db8:a::5", 0, 0, kMaglev, kStateless);
  l3dsr6.dscp = 63;
  l3dsr6.echo = kEchoAnswer;
  add(l3dsr6, two("2001:db8:5::5", "2001:db8:6::5", 0, kL3dsr));
  add(service("2001:db8:a::7", 0, 0, kRr), two("2001:db8:5::7", "2001:db8:6::7", 0, kFullNat), pool6);
  auto sticky = service("2001:db8:a::8", 0, 0, kLc);
  sticky.persistence = 10;
  sticky.persistence_prefix = 64;
  add(sticky, two("2001:db8:5::1", "2001:db8:6::1", 0, kMasquerade));
  if (variant == 2) {
    auto all = service("0.0.0.0", 0, 0, kRr);
    all.prefix = 0;
    add(all, two("10.0.3.7", "10.0.3.8", 0, kMasquerade));
  }
  return image.bytes();
}

/// What is sent: to every service by every transport, answers of servers, errors, fragments, neighbours that ask.
inline void add_frames(std::vector<Bytes>& frames, bool v4) {
  std::vector<std::string> vips;
  if (v4) {
    for (const int last : {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 70, 71}) vips.push_back("192.0.2." + std::to_string(last));
    for (int scheduler = 0; scheduler < image::kSchedulers; ++scheduler) vips.push_back("192.0.2." + std::to_string(20 + scheduler));
    vips.push_back("172.16.1.1");
  } else {
    for (const int last : {1, 2, 3, 4, 5, 7, 8}) vips.push_back("2001:db8:a::" + std::to_string(last));
  }
  const std::string client = v4 ? "198.51.100.7" : "2001:db8:c::7";
  const std::uint8_t icmp = v4 ? wire::kIcmp : wire::kIcmpv6;
  Frame frame;
  frame.from = client;
  for (const std::string& vip : vips) {
    frame.to = vip;
    for (const std::uint8_t flags : {wire::kSyn, wire::kAck, wire::kFin}) {
      frame.protocol = wire::kTcp;
      frame.tcp_flags = flags;
      frame.to_port = vip == "172.16.1.1" ? 30080 : vip.ends_with(".4") ? 443 : vip.ends_with(".9") ? 22 : 80;
      frames.push_back(frame.bytes());
    }
    frame.protocol = wire::kUdp;
    frame.to_port = 53;
    frames.push_back(frame.bytes());
    frame.protocol = icmp;
    frame.icmp_type = v4 ? 8 : 128;
    frames.push_back(frame.bytes());
    // too long for the narrow way; may be cut
    Frame large = frame;
    large.protocol = wire::kUdp;
    large.dont_fragment = false;
    large.payload = Bytes(v4 ? 1200 : 1350, 'x');
    frames.push_back(large.bytes());
    if (v4) {  // the same datagram in two
      Frame part = large;
      const Bytes whole = large.transport();
      part.raw_payload = true;
      part.fragment = wire::kMoreFragments;
      part.payload.assign(whole.begin(), whole.begin() + 800);
      frames.push_back(part.bytes());
      part.fragment = 100;
      part.payload.assign(whole.begin() + 800, whole.end());
      frames.push_back(part.bytes());
    } else {
      for (const int later : {0, 1}) {
        Frame part = frame;
        part.protocol = 44;
        part.raw_payload = true;
        Bytes body{wire::kUdp, 0, static_cast<std::uint8_t>(later), static_cast<std::uint8_t>(later ? 0 : 1), 0, 0, 0, 9};
        const Bytes whole = large.transport();
        body.insert(body.end(), whole.begin() + later * 256, later ? whole.end() : whole.begin() + 256);
        part.payload = body;
        frames.push_back(part.bytes());
      }
    }
    // an error about what the VIP sent
    Frame quoted;
    quoted.from = vip, quoted.to = client;
    quoted.from_port = 80, quoted.to_port = 40000;
    Frame error = frame;
    error.protocol = icmp;
    error.icmp_type = v4 ? 3 : 1;
    error.from = v4 ? "198.51.100.254" : "2001:db8:c::fe";
    error.payload = quoted.packet();
    frames.push_back(error.bytes());
  }
  // answers, and errors of and about servers
  const std::vector<std::string> servers = v4 ? std::vector<std::string>{"10.0.3.1", "10.0.3.2", "10.0.4.1", "10.0.4.2", "10.0.3.7"}
                                              : std::vector<std::string>{"2001:db8:5::1", "2001:db8:6::1", "2001:db8:5::7", "2001:db8:6::7"};
  for (const std::string& server : servers) {
    for (const std::string& to : {client, std::string(v4 ? "203.0.113.1" : "2001:db8:f::1"), std::string(v4 ? "203.0.113.2" : "2001:db8:f::2")}) {
      Frame reply;
      reply.to_mac = kOurMac[1];
      reply.from = server, reply.to = to;
      reply.to_port = to == client ? 40000 : 1003;
      for (const std::uint16_t port : {80, 8080}) {
        reply.protocol = wire::kTcp;
        reply.from_port = port;
        frames.push_back(reply.bytes());
      }
      reply.protocol = wire::kUdp;
      reply.from_port = 53;
      frames.push_back(reply.bytes());
      reply.protocol = icmp;
      reply.icmp_type = v4 ? 0 : 129;
      frames.push_back(reply.bytes());
      Frame quoted;
      quoted.from = to, quoted.to = server;
      quoted.from_port = reply.to_port, quoted.to_port = 8080;
      reply.icmp_type = v4 ? 3 : 2;
      reply.payload = quoted.packet();
      frames.push_back(reply.bytes());
    }
  }
}

inline const World& world() {
  static const World made = [] {
    World world;
    for (const bool poor : {false, true}) world.networks.push_back(network_image(poor));
    for (const int variant : {0, 1, 2}) world.services.push_back(services_image(variant));
    add_frames(world.frames, true);
    add_frames(world.frames, false);
    Bytes arp(42);
    std::memset(arp.data(), 0xff, 6);
    mac("02:01:00:00:ff:02", arp.data() + 6);
    const std::uint8_t rest[] = {8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 1, 0, 0, 255, 2, 198, 51, 100, 7, 0, 0, 0, 0, 0, 0, 192, 0, 2, 6};
    std::memcpy(arp.data() + 12, rest, sizeof rest);
    world.frames.push_back(arp);
    Frame ask;  // neighbour solicitation
    ask.from = "2001:db8:c::7", ask.to = "2001:db8:a::2";
    ask.protocol = wire::kIcmpv6, ask.icmp_type = 135, ask.from_port = 0, ask.ttl = 255;
    ask.raw_payload = false;
    const Address target = address("2001:db8:a::2");
    ask.payload.assign(target.bytes.begin(), target.bytes.end());
    world.frames.push_back(ask.bytes());
    return world;
  }();
  return made;
}

}  // namespace lvsd::fuzz
