// libFuzzer: an engine with services of every kind, and what strangers send to it: frames made of templates and mutations, in batches, while
// time passes, tables change and packets are explained. What an engine promises is checked after every batch.
//
// Input: a byte for the kind of engine, then orders: a byte of what, then what that takes (Player). Ends where the bytes end.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/engine.h"
#include "packet/checksum.h"
#include "packet/headers.h"
#include "packet/parse.h"
#include "test/frames.h"
#include "test/images.h"

using namespace lvsd;
using namespace lvsd::test;

namespace {

constexpr std::uint16_t kHeadroom = 128;
constexpr const char* kOurMac[] = {"02:fe:00:00:00:01", "02:fe:00:00:00:02"};

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "not so: %s\n", what);
  __builtin_trap();
}

// ---------------------------------------------------------------- the world

struct World {
  std::vector<ImageBytes> networks, services;
  std::vector<Bytes> frames;
};

ImageBytes network_image(bool poor) {
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

image::Service service(const char* vip, std::uint8_t protocol, std::uint16_t port, image::Scheduler scheduler, std::uint8_t flags = 0) {
  image::Service made = service_of(vip, protocol, port);
  made.scheduler = scheduler;
  made.flags = flags;
  made.table_size = 251;
  return made;
}

/// 0: all services. 1: every second one is gone, and weights are zero. 2: also a service of everything.
ImageBytes services_image(int variant) {
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
void add_frames(std::vector<Bytes>& frames, bool v4) {
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

const World& world() {
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

// ---------------------------------------------------------------- bytes in

class Reader {
 public:
  explicit Reader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  [[nodiscard]] bool more() const { return !bytes_.empty(); }
  std::uint8_t byte() {
    if (bytes_.empty()) return 0;
    const std::uint8_t first = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return first;
  }
  std::uint16_t word() {
    const std::uint8_t high = byte();
    return static_cast<std::uint16_t>(high << 8 | byte());
  }
  std::span<const std::uint8_t> some(std::size_t count) {
    const auto taken = bytes_.first(std::min(count, bytes_.size()));
    bytes_ = bytes_.subspan(taken.size());
    return taken;
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

// ---------------------------------------------------------------- frames

/// A frame in memory of its own, which ends where its room ends: AddressSanitizer sees what leaves it.
struct Copy {
  Copy(const Bytes& frame, std::uint16_t port, std::uint16_t tailroom) : before(frame), memory(new std::uint8_t[kHeadroom + frame.size() + tailroom]) {
    std::memset(memory.get(), 0, kHeadroom + frame.size() + tailroom);
    if (!frame.empty()) std::memcpy(memory.get() + kHeadroom, frame.data(), frame.size());
    packet.data = memory.get() + kHeadroom;
    packet.length = static_cast<std::uint32_t>(frame.size());
    packet.headroom = kHeadroom;
    packet.tailroom = tailroom;
    packet.port = port;
    end = packet.data + frame.size() + tailroom;
  }
  Bytes before;
  std::unique_ptr<std::uint8_t[]> memory;
  const std::uint8_t* end;
  Packet packet;
};

bool parses(const Bytes& frame, Parsed& into) {
  Packet packet;
  packet.data = const_cast<std::uint8_t*>(frame.data());
  packet.length = static_cast<std::uint32_t>(frame.size());
  return parse(packet, into) == DropReason::none;
}

/// Makes the checksums right again that a mutation broke, so that it is looked at further than the door.
void repair(Bytes& frame) {
  const std::size_t at = ip_at(frame);
  if (frame.size() < at + 20 || be16(frame, at - 2) != wire::kTypeIpv4) return;
  const std::size_t header = (frame[at] & 15U) * 4;
  if (header >= 20 && frame.size() >= at + header) write_ipv4_checksum(frame.data() + at);
}

void print(const Packet& packet) {
  for (std::uint32_t at = 0; at < packet.length; ++at) std::fprintf(stderr, "%02x", packet.data[at]);
  std::fprintf(stderr, "\n");
}

bool in_pool(const Address& address) {
  const Address first4 = test::address("203.0.113.1"), last4 = test::address("203.0.113.2");
  const Address first6 = test::address("2001:db8:f::1"), last6 = test::address("2001:db8:f::2");
  return address == first4 || address == last4 || address == first6 || address == last6;
}
bool is_full_nat_server(const Address& address) {
  const auto text = [](const char* one) { return test::address(one); };
  return address == text("10.0.4.1") || address == text("10.0.4.2") || address == text("2001:db8:5::7") || address == text("2001:db8:6::7");
}

// ---------------------------------------------------------------- what must hold

/// Where the client's packet is in a tunnel's, if it is one.
std::optional<std::size_t> inner_at(const Bytes& ip) {
  const std::uint8_t protocol = protocol_of(ip);
  const std::size_t at = header_length(ip);
  if (protocol == wire::kIpv4InIp || protocol == wire::kIpv6InIp) return at;
  if (protocol == wire::kGre) return at + 4 + (be16(ip, at) & 0x8000 ? 4U : 0U);
  if (protocol == wire::kUdp && (be16(ip, at + 2) == 6080 || be16(ip, at + 2) == 5555)) return at + 8 + 4 + (ip[at + 8] & 31U) * 4;
  return std::nullopt;
}

void check_out(const Tables& tables, const Packet& packet, const Bytes* before) {
  require(packet.port < tables.ports().size(), "port of what leaves is one");
  require(packet.length >= 14, "what leaves is a frame");
  const Bytes frame(packet.data, packet.data + packet.length);
  const std::uint16_t type = be16(frame, ip_at(frame) - 2);
  if (type != wire::kTypeIpv4 && type != wire::kTypeIpv6) return;
  const Bytes ip = ip_of(frame);
  require(ip.size() >= 20, "IP packet within its frame");
  require(!is_v4(ip) || sum_of(std::span(ip).first(header_length(ip))) == 0xffff, "header checksum");
  if (before == nullptr) return;

  Parsed parsed;
  require(parses(*before, parsed), "what was forwarded could be read");
  const Bytes was(before->begin() + parsed.network_at, before->begin() + parsed.end);
  Parsed now;
  const bool from_nobody = parsed.source.is_zero() || parsed.source == Address::v4(0);
  require(from_nobody || parses(frame, now), "what leaves can be read");
  const auto inner = inner_at(ip);
  const bool tunnel = inner && ip.size() == *inner + was.size() && std::equal(was.begin(), was.end(), ip.begin() + static_cast<std::ptrdiff_t>(*inner));
  require(tunnel || protocol_of(ip) == protocol_of(was), "a tunnel carries what came, everything else keeps its protocol");
  require(tunnel || ip.size() == was.size(), "nothing but a tunnel makes a packet longer");
  require(tunnel || !checksums_right(was) || checksums_right(ip), "transport checksum");
  require(tunnel || ttl_of(ip) + 1 == ttl_of(was), "a hop was taken");
  if (!tunnel && is_full_nat_server(target_of(ip)) && !is_full_nat_server(target_of(was))) require(in_pool(source_of(ip)), "full NAT gave a source");
}

struct Sum {
  std::uint64_t forwarded = 0, passed = 0, received = 0, dropped = 0, held = 0;
};

class Player {
 public:
  Player(Reader& reader, std::uint8_t kind)
      : reader_(reader),
        engine_({.workers = (kind & 1) != 0 ? 2U : 1U,
                 .sessions = (kind & 2) != 0 ? 16U : 2000U,
                 .most_services = 128,
                 .most_destinations = 512,
                 .held_packets = (kind & 4) != 0 ? 8U : 64U,
                 .secret = {1, 2}}) {
    now_ms_ = (kind & 8) != 0 ? 0xffffffffULL - 5000 : 1000;  // the clock of sessions goes round soon
    require(!engine_.publish_network(world().networks[0]) && !engine_.publish_services(world().services[0]), "images are taken");
  }

  void play() {
    for (int orders = 0; reader_.more() && orders < 400; ++orders) order();
    process();
  }

 private:
  void order() {
    const std::uint8_t what = reader_.byte();
    switch (what & 15) {
      case 8: return process();
      case 9: return tick(reader_.byte());
      case 10: return tick(std::uint64_t{reader_.word()} * 8);
      case 11: return publish(reader_.byte());
      case 12: return raw(reader_.byte());
      case 13: process(); return explain_next();
      case 14: return flush(reader_.byte());
      case 15: return dump();
      default: return from_template();
    }
  }

  /// A template, with bytes changed.
  Bytes next_frame(std::uint16_t& port) {
    const std::vector<Bytes>& frames = world().frames;
    Bytes frame = frames[reader_.word() % frames.size()];
    const std::uint8_t how = reader_.byte();
    port = frame[5] == 2 ? 1 : 0;
    if ((how & 64) != 0) port ^= 1;
    if ((how & 32) != 0) frame[ip_at(frame) + 3 + 4] ^= reader_.byte();
    if ((how & 16) != 0 && frame.size() > 34 + 1) frame[34 + 1] = reader_.byte();  // source port of IPv4: another flow
    for (int times = how & 3; times > 0; --times) {
      const std::size_t at = reader_.word() % 512 % frame.size();
      frame[at] = reader_.byte();
    }
    if ((how & 4) != 0) frame.resize(frame.size() - reader_.byte() % frame.size());
    if ((how & 8) != 0) repair(frame);
    return frame;
  }
  void from_template() {
    std::uint16_t port;
    const Bytes frame = next_frame(port);
    take(frame, port);
  }
  void raw(std::uint8_t length) {
    const auto bytes = reader_.some(length);
    Bytes frame(bytes.begin(), bytes.end());
    if (frame.size() >= 6 && (length & 1) != 0) mac(kOurMac[0], frame.data());
    repair(frame);
    take(frame, length & 2 ? 1 : 0);
  }
  void take(const Bytes& frame, std::uint16_t port) {
    batch_.emplace_back(frame, port, static_cast<std::uint16_t>(frame.size() % 3 == 0 ? 0 : 64));
    if (batch_.size() == kBatch) process();
  }

  [[nodiscard]] std::uint64_t count(Event what) { return total([what](const EngineCounters& one) { return one.events[static_cast<std::size_t>(what)]; }); }
  [[nodiscard]] std::uint64_t dropped() {
    return total([](const EngineCounters& one) {
      std::uint64_t sum = 0;
      for (const std::uint64_t each : one.dropped) sum += each;
      return sum;
    });
  }
  template <typename What>
  [[nodiscard]] std::uint64_t total(What what) {
    std::uint64_t sum = 0;
    for (std::uint32_t worker = 0; worker < engine_.workers(); ++worker) sum += what(engine_.worker(worker).counters());
    return sum;
  }

  [[nodiscard]] static bool is_ours(const Tables& tables, const Copy& copy) {
    if (copy.packet.port >= tables.ports().size() || copy.before.size() < 12) return false;
    return (copy.before[0] & 1) != 0 || std::memcmp(copy.before.data(), tables.ports()[copy.packet.port].mac, 6) == 0;
  }

  void process() {
    if (batch_.empty()) return;
    const Tables& tables = engine_.enter(0);
    std::vector<std::vector<std::size_t>> of(engine_.workers());
    for (std::size_t index = 0; index < batch_.size(); ++index) {
      const std::uint32_t owner = engine_.worker(static_cast<std::uint32_t>(index % engine_.workers())).owner(tables, batch_[index].packet);
      require(owner < engine_.workers(), "the owner is a worker");
      of[owner].push_back(index);
    }
    for (std::uint32_t worker = 0; worker < engine_.workers(); ++worker) process(worker, tables, of[worker]);
    batch_.clear();
  }

  void process(std::uint32_t worker, const Tables& tables, const std::vector<std::size_t>& which) {
    if (which.empty()) return;
    std::vector<Packet> packets;
    Sum expected;
    for (const std::size_t index : which) {
      packets.push_back(batch_[index].packet);
      expected.received += is_ours(tables, batch_[index]) ? 1 : 0;
    }
    const Sum before = counted();
    engine_.worker(worker).process(tables, packets, now_ms_);
    std::uint64_t others = 0;
    for (std::size_t at = 0; at < packets.size(); ++at) {
      const Copy& copy = batch_[which[at]];
      const Packet& packet = packets[at];
      switch (packet.verdict) {
        case Verdict::forward:
          ++expected.forwarded;
          require(packet.data >= copy.memory.get() && packet.data + packet.length <= copy.end, "frame within its memory");
          check_out(tables, packet, &copy.before);
          break;
        case Verdict::pass:
          ++(is_ours(tables, copy) ? expected.passed : others);
          require(packet.length == copy.before.size() && std::equal(copy.before.begin(), copy.before.end(), packet.data), "passed as it came");
          break;
        case Verdict::drop:
          ++expected.dropped;
          require(packet.reason != 0 && packet.reason < kDropReasons, "dropped for a reason");
          break;
        case Verdict::held: ++expected.held; break;
        default: require(false, "a verdict");
      }
    }
    check_extras(worker, tables, expected);
    compare(before, expected);
  }

  void check_extras(std::uint32_t worker, const Tables& tables, Sum& expected) {
    for (const Packet& packet : engine_.worker(worker).extras()) {
      require(packet.verdict == Verdict::forward || packet.verdict == Verdict::pass, "extras go somewhere");
      ++(packet.verdict == Verdict::forward ? expected.forwarded : expected.passed);
      if (packet.verdict == Verdict::forward) check_out(tables, packet, nullptr);
    }
    for (const NeighbourWanted& wanted : engine_.worker(worker).wanted()) {
      require(wanted.port < tables.ports().size() && !wanted.address.is_zero(), "a neighbour that can be asked for");
    }
  }

  [[nodiscard]] Sum counted() {
    Sum sum;
    sum.forwarded = count(Event::forwarded);
    sum.passed = count(Event::passed);
    sum.received = count(Event::received);
    sum.dropped = dropped();
    sum.held = count(Event::fragments_held) + count(Event::neighbour_held) + count(Event::fragmented) + count(Event::echo_answered) + count(Event::arp_answered);
    return sum;
  }
  void compare(const Sum& before, const Sum& expected) {
    const Sum now = counted();
    require(now.received == before.received + expected.received, "received is counted");
    require(now.forwarded == before.forwarded + expected.forwarded, "forwarded is counted");
    require(now.passed == before.passed + expected.passed, "passed is counted");
    require(now.dropped >= before.dropped + expected.dropped, "dropped is counted");
    require(now.held >= before.held + expected.held, "what is held is counted");
    check_sessions();
  }
  void check_sessions() {
    std::uint64_t live = 0;
    std::int64_t there = 0;
    for (std::uint32_t worker = 0; worker < engine_.workers(); ++worker) {
      const Sessions& sessions = engine_.worker(worker).sessions();
      require(sessions.live() <= 2 * (std::uint64_t{engine_.options().sessions} * 10 / 9 + 8), "no more sessions than there is room for");
      live += sessions.live();
      for (const DestinationCounters& one : engine_.worker(worker).destinations()) {
        require(one.active >= 0 && one.inactive >= 0, "no fewer sessions than none");
        there += one.active + one.inactive;
      }
    }
    require(there <= static_cast<std::int64_t>(live), "no more sessions of destinations than there are");
    require(count(Event::sessions_created) == live + count(Event::sessions_expired) + count(Event::sessions_evicted) + count(Event::sessions_flushed), "every session ends once");
  }

  void tick(std::uint64_t later_ms) {
    process();
    now_ms_ += later_ms;
    const Tables& tables = engine_.enter(0);
    for (std::uint32_t worker = 0; worker < engine_.workers(); ++worker) {
      const Sum before = counted();
      engine_.tick(worker, tables, now_ms_);
      Sum expected;
      check_extras(worker, tables, expected);
      compare(before, expected);
    }
    engine_.collect();
  }

  void publish(std::uint8_t which) {
    process();
    const World& all = world();
    const auto refusal = (which & 1) != 0 ? engine_.publish_network(all.networks[which / 2 % all.networks.size()])
                                          : engine_.publish_services(all.services[which / 2 % all.services.size()]);
    require(!refusal, "images are taken");
  }

  /// What is explained is what then happens, and leaves no trace.
  void explain_next() {
    std::uint16_t port;
    const Bytes frame = next_frame(port);
    const Tables& tables = engine_.enter(0);
    Copy trial(frame, port, 64);
    const std::uint32_t owner = engine_.worker(0).owner(tables, trial.packet);
    tick(0);  // what waits for a first fragment is not among what is compared
    const std::vector<std::uint64_t> before = engine_.counters();
    const std::string told = engine_.worker(owner).explain(engine_.enter(0), trial.packet, now_ms_);
    require(told.size() > 2 && told.front() == '{' && told.back() == '}', "explained");
    require(engine_.counters() == before, "an explanation counts nothing");
    require(trial.packet.verdict != Verdict::forward || trial.packet.port < tables.ports().size(), "port of what is explained");
    Copy real(frame, port, 64);
    Packet packet = real.packet;
    Worker& worker = engine_.worker(owner);
    worker.process(engine_.enter(0), {&packet, 1}, now_ms_);
    if (packet.verdict != Verdict::forward && packet.verdict != Verdict::pass) return;
    require(trial.packet.verdict == packet.verdict, "the verdict that was explained");
    require(trial.packet.port == packet.port && trial.packet.length == packet.length, "the way that was explained");
    const bool same = std::equal(packet.data, packet.data + packet.length, trial.packet.data);
    if (!same) print(packet), print(trial.packet);
    require(same, "the bytes that were explained");
  }

  void flush(std::uint8_t which) {
    process();
    (void)engine_.flush(which < 64 ? which : kNone, which >= 64 && which < 128 ? which - 64 : kNone);
    check_sessions();
  }

  /// All sessions leave, and come to another worker, or back.
  void dump() {
    process();
    const Tables& tables = engine_.enter(0);
    Sessions& from = engine_.worker(0).sessions();
    Sessions& to = engine_.worker(engine_.workers() - 1).sessions();
    std::uint64_t cursor = 0;
    SessionRecord records[32];
    for (int rounds = 0; rounds < 200; ++rounds) {
      const std::size_t count = from.dump(cursor, records, tables, static_cast<std::uint32_t>(now_ms_));
      if (count == 0) break;
      require(count <= 32, "no more records than asked for");
      for (const SessionRecord& record : std::span(records).first(count)) (void)to.load(record, tables, static_cast<std::uint32_t>(now_ms_));
    }
    check_sessions();
  }

  Reader& reader_;
  Engine engine_;
  std::uint64_t now_ms_;
  std::vector<Copy> batch_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  Reader reader({data, size});
  const std::uint8_t kind = reader.byte();
  Player(reader, kind).play();
  return 0;
}
