// The steering rules are written twice, in C++ and as a BPF program: here both judge the same frames.
#include <arpa/inet.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <random>

#include "port/steering.h"
#include "port/xdp_program.h"
#include "tap.h"

using namespace lvsd;

namespace {

constexpr std::uint32_t kXdpPass = 2, kXdpRedirect = 4;

/// Tables with what steering looks at.
class Sketch : public Tables {
 public:
  std::vector<Service> services;
  std::vector<Destination> destinations;
  std::vector<image::LocalAddress> locals;
  std::vector<image::Pool> pools;

  const Sketch& done() {
    services_ = services;
    destinations_ = destinations;
    addresses_ = locals;
    pools_ = pools;
    return *this;
  }
  Service& add_service(const Address& address, std::uint8_t prefix, std::uint8_t protocol, std::uint16_t port) {
    Service service{};
    service.address = address;
    service.prefix = prefix;
    service.protocol = protocol;
    service.port = port;
    services.push_back(service);
    return services.back();
  }
  void add_server(const Address& address, std::uint16_t port, std::uint8_t method = image::kMasquerade) {
    Destination destination{};
    destination.address = address;
    destination.port = port;
    destination.method = method;
    destination.state = kServing;
    destination.service = static_cast<std::uint32_t>(services.size() - 1);
    destinations.push_back(destination);
  }
  void add_local(const Address& address) { locals.push_back({address, 0, 32, {}}); }
};

Address address4(const char* text) {
  std::uint32_t value;
  inet_pton(AF_INET, text, &value);
  return Address::v4(value);
}
Address address6(const char* text) {
  std::uint8_t bytes[16];
  inet_pton(AF_INET6, text, bytes);
  return Address::v6(bytes);
}

using Frame = std::vector<std::uint8_t>;
void put16(Frame& frame, std::uint16_t value) { frame.push_back(static_cast<std::uint8_t>(value >> 8)), frame.push_back(static_cast<std::uint8_t>(value)); }
void put(Frame& frame, const Address& address) { frame.insert(frame.end(), address.bytes.begin() + (address.is_v4() ? 12 : 0), address.bytes.end()); }

struct Ethernet {
  int tags = 0;
  bool group = false;
};
Frame ethernet(std::uint16_t type, const Ethernet& how = {}) {
  Frame frame = {static_cast<std::uint8_t>(how.group ? 1 : 2), 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
  if (how.tags == 2) put16(frame, 0x88a8), put16(frame, 10);
  if (how.tags >= 1) put16(frame, 0x8100), put16(frame, 20);
  put16(frame, type);
  return frame;
}
Frame packet(const Address& from, const Address& to, std::uint8_t protocol, const Frame& payload, const Ethernet& how = {}, std::uint16_t fragment = 0) {
  const bool v4 = to.is_v4();
  Frame frame = ethernet(v4 ? 0x0800 : 0x86dd, how);
  const auto length = static_cast<std::uint16_t>(payload.size());
  if (v4) {
    frame.insert(frame.end(), {0x45, 0});
    put16(frame, static_cast<std::uint16_t>(length + 20));
    put16(frame, 1);
    put16(frame, fragment);
    frame.insert(frame.end(), {64, protocol, 0, 0});
  } else {
    frame.insert(frame.end(), {0x60, 0, 0, 0});
    put16(frame, length);
    frame.insert(frame.end(), {protocol, 64});
  }
  put(frame, from);
  put(frame, to);
  frame.insert(frame.end(), payload.begin(), payload.end());
  return frame;
}
Frame ports(std::uint16_t source, std::uint16_t destination) {
  Frame bytes;
  put16(bytes, source);
  put16(bytes, destination);
  bytes.resize(20);
  return bytes;
}
Frame arp(std::uint16_t operation, const Address& target) {
  Frame frame = ethernet(0x0806, {.group = true});
  frame.insert(frame.end(), {0, 1, 8, 0, 6, 4});
  put16(frame, operation);
  frame.insert(frame.end(), 10, 3);
  frame.insert(frame.end(), 6, 0);
  put(frame, target);
  return frame;
}

const Address kClient = address4("198.51.100.7");
const Address kClient6 = address6("2001:db8:9::7");

/// Both readings of the rules over the same tables. Without CAP_BPF only one is asked.
class Judges {
 public:
  explicit Judges(const Tables& tables, std::uint32_t port = 0) : port_(port) {
    if (maps_.open()) {
      CHECK(geteuid() != 0 || errno == EPERM);
      publish(tables);
      return;
    }
    publish(tables);
    std::string why;
    if (const SyscallError error = bpf::load_xdp(steering_program(maps_, -1, port), "trial", program_, why))
      test::complaints().push_back(std::string(error.syscall) + ": " + std::strerror(error.error) + " " + why);
  }
  void publish(const Tables& tables) {
    steering_ = maker_.make(tables);
    if (maps_.is_open()) CHECK(!maps_.publish(steering_));
  }
  bool take(const Frame& frame) {
    const bool taken = steers(*steering_, frame, port_);
    if (!program_) return taken;
    std::uint32_t result = 0;
    CHECK(!bpf::test_run(program_.get(), frame, result));
    if ((result == kXdpRedirect) == taken && (result == kXdpPass || result == kXdpRedirect)) return taken;
    std::string text = taken ? "C++ takes what BPF leaves:" : "BPF takes what C++ leaves:";
    for (const std::uint8_t byte : frame) {
      char hex[4];
      std::snprintf(hex, sizeof hex, " %02x", byte);
      text += hex;
    }
    test::complaints().push_back(text);
    return taken;
  }
  SteeringMaker maker_;
  SteeringMaps maps_;
  std::shared_ptr<const Steering> steering_;
  UniqueFd program_;
  std::uint32_t port_;
};

Frame tcp_frame(const Address& from, std::uint16_t source, const Address& to, std::uint16_t destination, const Ethernet& how = {}) {
  return packet(from, to, 6, ports(source, destination), how);
}

}  // namespace

TEST("a VIP's port is taken, another port of it is the kernel's, with any tags") {
  Sketch sketch;
  sketch.add_service(address4("10.0.0.1"), 32, 6, 80);
  sketch.add_service(address6("2001:db8::1"), 128, 17, 53);
  Judges judges(sketch.done());
  for (int tags = 0; tags <= 2; ++tags) {
    CHECK(judges.take(tcp_frame(kClient, 4000, address4("10.0.0.1"), 80, {.tags = tags})));
    CHECK(!judges.take(tcp_frame(kClient, 4000, address4("10.0.0.1"), 22, {.tags = tags})));
    CHECK(!judges.take(packet(kClient, address4("10.0.0.1"), 17, ports(4000, 80), {.tags = tags})));
    CHECK(judges.take(packet(kClient6, address6("2001:db8::1"), 17, ports(4000, 53), {.tags = tags})));
    CHECK(!judges.take(packet(kClient6, address6("2001:db8::1"), 17, ports(4000, 54), {.tags = tags})));
  }
  CHECK(!judges.take(tcp_frame(kClient, 4000, address4("10.0.0.2"), 80)));
  CHECK(!judges.take(tcp_frame(kClient, 4000, address4("10.0.0.1"), 80, {.group = true})));
}

TEST("a longer prefix has what the shorter one has, and IPv4 nothing of ::/0") {
  Sketch sketch;
  sketch.add_service(address4("10.0.0.0"), 8, 0, 0);
  sketch.add_service(address4("10.1.0.0"), 16, 6, 80);
  sketch.add_service(address6("::"), 0, 6, 443);
  Judges judges(sketch.done());
  CHECK(judges.take(tcp_frame(kClient, 1, address4("10.1.2.3"), 80)));
  CHECK(judges.take(tcp_frame(kClient, 1, address4("10.1.2.3"), 81)));
  CHECK(judges.take(tcp_frame(kClient, 1, address4("10.9.2.3"), 81)));
  CHECK(!judges.take(tcp_frame(kClient, 1, address4("11.9.2.3"), 443)));
  CHECK(judges.take(tcp_frame(kClient6, 1, address6("2001:db8::5"), 443)));
}

TEST("fragments, ICMP errors and what cannot be read of a VIP are taken; echo where it is served") {
  Sketch sketch;
  sketch.add_service(address4("10.0.0.1"), 32, 6, 80);
  sketch.add_service(address4("10.0.0.2"), 32, 0, 0);
  sketch.add_service(address4("10.0.0.3"), 32, 6, 80).echo = image::kEchoAnswer;
  Judges judges(sketch.done());
  const Address vip = address4("10.0.0.1");
  CHECK(judges.take(packet(kClient, vip, 6, ports(1, 99), {}, 0x2000)));
  CHECK(judges.take(packet(kClient, vip, 17, Frame(8), {}, 0x0010)));
  CHECK(judges.take(packet(kClient, vip, 1, Frame{3, 4, 0, 0, 0, 0, 0, 0})));
  CHECK(!judges.take(packet(kClient, vip, 1, Frame{8, 0, 0, 0, 0, 0, 0, 0})));
  CHECK(judges.take(packet(kClient, address4("10.0.0.2"), 1, Frame{8, 0, 0, 0, 0, 0, 0, 0})));
  CHECK(judges.take(packet(kClient, address4("10.0.0.3"), 1, Frame{8, 0, 0, 0, 0, 0, 0, 0})));
  CHECK(judges.take(packet(kClient, vip, 6, Frame{0, 1})));
}

TEST("a NAT server's answers are taken, its other traffic and the health checks are not") {
  Sketch sketch;
  sketch.add_service(address4("10.0.0.1"), 32, 6, 80);
  sketch.add_server(address4("192.168.1.2"), 8080);
  sketch.add_server(address4("192.168.1.3"), 0, image::kDirect);
  sketch.add_local(address4("192.168.1.1"));
  Judges judges(sketch.done());
  const Address server = address4("192.168.1.2");
  CHECK(judges.take(tcp_frame(server, 8080, kClient, 4000)));
  CHECK(!judges.take(tcp_frame(server, 22, kClient, 4000)));
  CHECK(!judges.take(tcp_frame(server, 8080, address4("192.168.1.1"), 4000)));
  CHECK(!judges.take(tcp_frame(address4("192.168.1.3"), 80, kClient, 4000)));
  CHECK(judges.take(packet(server, kClient, 1, Frame{3, 3, 0, 0, 0, 0, 0, 0})));
  // a router behind us tells the client of a packet to the server
  Frame quote = {11, 0, 0, 0, 0, 0, 0, 0, 0x45, 0, 0, 40, 0, 0, 0, 0, 1, 6, 0, 0};
  put(quote, kClient);
  put(quote, server);
  CHECK(judges.take(packet(address4("192.168.1.254"), kClient, 1, quote)));
  CHECK(!judges.take(packet(address4("192.168.1.254"), address4("192.168.1.1"), 1, quote)));
}

TEST("pool addresses by their ports, node ports on this machine's addresses") {
  Sketch sketch;
  sketch.add_service(address4("10.0.0.1"), 32, 6, 80).node_port = 30080;
  sketch.add_local(address4("192.168.1.1"));
  sketch.pools.push_back({address4("192.168.1.1"), address4("192.168.1.1"), 40000, 50000, 0});
  sketch.pools.push_back({address4("172.16.0.5"), address4("172.16.0.9"), 1024, 65535, 0});
  Judges judges(sketch.done());
  const Address local = address4("192.168.1.1");
  CHECK(judges.take(tcp_frame(kClient, 1, local, 30080)));
  CHECK(!judges.take(tcp_frame(kClient, 1, local, 22)));
  CHECK(judges.take(tcp_frame(kClient, 1, local, 40000)));
  CHECK(!judges.take(tcp_frame(kClient, 1, local, 50001)));
  CHECK(!judges.take(packet(kClient, local, 1, Frame{8, 0, 0, 0, 0, 0, 0, 0})));
  CHECK(judges.take(packet(kClient, local, 1, Frame{3, 3, 0, 0, 0, 0, 0, 0})));
  for (const char* in : {"172.16.0.5", "172.16.0.8", "172.16.0.9"}) CHECK(judges.take(tcp_frame(kClient, 1, address4(in), 2000)));
  for (const char* out : {"172.16.0.4", "172.16.0.10"}) CHECK(!judges.take(tcp_frame(kClient, 1, address4(out), 2000)));
}

TEST("who asks for a VIP is heard where the service answers") {
  Sketch sketch;
  sketch.add_service(address4("10.0.0.1"), 32, 6, 80).flags = image::kAnswerArp;
  sketch.add_service(address4("10.0.0.2"), 32, 6, 80);
  sketch.add_service(address6("2001:db8::1"), 128, 6, 80).flags = image::kAnswerArp;
  Judges judges(sketch.done());
  CHECK(judges.take(arp(1, address4("10.0.0.1"))));
  CHECK(!judges.take(arp(2, address4("10.0.0.1"))));
  CHECK(!judges.take(arp(1, address4("10.0.0.2"))));
  const auto solicit = [](const Address& target) {
    Frame body = {135, 0, 0, 0, 0, 0, 0, 0};
    put(body, target);
    return packet(kClient6, address6("ff02::1:ff00:1"), 58, body, {.group = true});
  };
  CHECK(judges.take(solicit(address6("2001:db8::1"))));
  CHECK(!judges.take(solicit(address6("2001:db8::2"))));
}

TEST("a service with interfaces takes from these alone") {
  Sketch sketch;
  sketch.add_service(address4("10.0.0.1"), 32, 6, 80).ingress = 1u << 3;
  sketch.done();
  Judges third(sketch, 3), second(sketch, 2);
  CHECK(third.take(tcp_frame(kClient, 1, address4("10.0.0.1"), 80)));
  CHECK(!second.take(tcp_frame(kClient, 1, address4("10.0.0.1"), 80)));
}

namespace {

std::uint32_t upto(std::mt19937& random, std::uint32_t below) { return static_cast<std::uint32_t>(random() % below); }
Address some_address(std::mt19937& random) {
  if (upto(random, 2) == 0) return Address::v4(htonl(0x0a000000 | upto(random, 3) << 16 | upto(random, 4)));
  Address address = address6("2001:db8::");
  address.bytes[5] = static_cast<std::uint8_t>(upto(random, 2));
  address.bytes[15] = static_cast<std::uint8_t>(upto(random, 4));
  return address;
}

void random_tables(std::mt19937& random, Sketch& sketch) {
  static constexpr std::uint8_t kProtocols[] = {0, 6, 17, 132, 1};
  const auto whole = [](const Address& address) { return address.is_v4() ? 32u : 128u; };
  for (std::uint32_t i = 0, n = upto(random, 8); i < n; ++i) {
    const Address address = some_address(random);
    const std::uint32_t shorter = upto(random, 3) == 0 ? upto(random, 24) : 0;
    Service& service = sketch.add_service(address, static_cast<std::uint8_t>(whole(address) - shorter), kProtocols[upto(random, 5)], static_cast<std::uint16_t>(upto(random, 4)));
    service.node_port = static_cast<std::uint16_t>(upto(random, 4) == 0 ? upto(random, 5) : 0);
    service.flags = upto(random, 2) == 0 ? image::kAnswerArp : 0;
    service.echo = static_cast<std::uint8_t>(upto(random, 3));
    service.ingress = upto(random, 3);
    if (upto(random, 2) == 0) sketch.add_server(some_address(random), static_cast<std::uint16_t>(upto(random, 3)));
  }
  for (std::uint32_t i = 0, n = upto(random, 4); i < n; ++i) sketch.add_local(some_address(random));
  if (upto(random, 2) == 0) {
    const Address first = some_address(random);
    Address last = first;
    last.bytes[15] = static_cast<std::uint8_t>(last.bytes[15] + upto(random, 4));
    sketch.pools.push_back({first, last, static_cast<std::uint16_t>(upto(random, 3)), static_cast<std::uint16_t>(2 + upto(random, 3)), 0});
  }
}

Frame random_frame(std::mt19937& random) {
  static constexpr std::uint8_t kProtocols[] = {6, 17, 132, 1, 58, 47, 0, 43, 44, 60, 51};
  const Ethernet how{.tags = static_cast<int>(upto(random, 3)), .group = upto(random, 8) == 0};
  if (upto(random, 12) == 0) return arp(static_cast<std::uint16_t>(1 + upto(random, 2)), Address::v4(htonl(0x0a000000 | upto(random, 3) << 16 | upto(random, 4))));
  const Address from = some_address(random);
  Address to = some_address(random);
  while (to.is_v4() != from.is_v4()) to = some_address(random);
  Frame body = ports(static_cast<std::uint16_t>(upto(random, 4)), static_cast<std::uint16_t>(upto(random, 5)));
  std::uint8_t protocol = kProtocols[upto(random, 11)];
  if (protocol == 1 || protocol == 58) {
    static constexpr std::uint8_t kTypes[] = {0, 1, 2, 3, 4, 5, 8, 11, 12, 128, 133, 135, 136, 137, 138};
    body = {kTypes[upto(random, 15)], 0, 0, 0, 0, 0, 0, 0};
    if (upto(random, 2) == 0 && body[0] == 135) put(body, to.is_v4() ? kClient6 : some_address(random));
    body.resize(body.size() + (from.is_v4() ? 16 : 24));
    put(body, some_address(random));
    body.resize(body.size() + upto(random, 20));
  } else if (!from.is_v4() && (protocol == 0 || protocol == 43 || protocol == 60)) {
    for (std::uint32_t i = 0, n = 1 + upto(random, 5); i < n; ++i) {
      Frame outer(8);
      outer[0] = i == 0 ? 6 : protocol;
      outer.insert(outer.end(), body.begin(), body.end());
      body = outer;
    }
  }
  Frame frame = packet(from, to, protocol, body, how, upto(random, 6) == 0 ? 0x2001 : 0);
  if (upto(random, 6) == 0) frame[upto(random, static_cast<std::uint32_t>(frame.size()))] ^= static_cast<std::uint8_t>(1u << upto(random, 8));
  if (upto(random, 6) == 0) frame.resize(std::max<std::size_t>(14, upto(random, static_cast<std::uint32_t>(frame.size()))));
  return frame;
}

}  // namespace

TEST("BPF and C++ judge every frame alike, over tables that change under them") {
  std::mt19937 random(20261121);
  Sketch first;
  random_tables(random, first);
  Judges judges(first.done(), 1);
  int taken = 0, left = 0;
  for (int round = 0; round < 60 && test::complaints().empty(); ++round) {
    Sketch sketch;
    random_tables(random, sketch);
    judges.publish(sketch.done());
    for (int i = 0; i < 500; ++i) ++(judges.take(random_frame(random)) ? taken : left);
  }
  CHECK(taken > 1000);
  CHECK(left > 1000);
}

int main() { return lvsd::test::run_all(); }
