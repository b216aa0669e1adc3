// Reading of images: what is right is taken; whatever is wrong has a sentence; hostile bytes are never read past their end.
#include "engine/image.h"

#include <functional>
#include <random>

#include "test/images.h"
#include "test/tap.h"

using namespace lvsd;
using image::Refusal;

namespace {

std::vector<std::uint8_t> copy_of(std::span<const std::uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }

test::NetworkImage good_network() {
  test::NetworkImage network;
  const auto left = network.port("pg0", "02:fe:00:00:00:01"), right = network.port("pg1", "02:fe:00:00:00:02");
  network.local("172.16.1.1", 24, left);
  network.local("172.16.2.1", 24, right);
  network.local("fd00:2::1", 64, right);
  network.local("127.0.0.1", 8, image::kNoPort);
  const auto one = network.neighbour("172.16.2.2", right, "02:02:00:00:ff:02");
  const auto other = network.neighbour("172.16.2.3", right, "");
  network.route("10.0.0.0", 24, {one, other, one});
  network.route("0.0.0.0", 0, {one});
  return network;
}

test::ServicesImage good_services() {
  test::ServicesImage services;
  services.add(test::service_of("90.0.0.1", 6, 80), {test::destination_of("10.0.0.1", 80, image::kTunnel, image::kGre),
                                                     test::destination_of("fd00::1", 80, image::kTunnel, image::kGre)});
  image::Pool pool{};
  pool.first = test::address("172.16.2.10");
  pool.last = test::address("172.16.2.20");
  pool.lowest = 1024, pool.highest = 65535;
  services.add(test::service_of("90.0.0.2", 17, 53), {test::destination_of("10.0.0.1", 53, image::kFullNat)}, {pool});
  return services;
}

/// Says why, or "taken".
std::string network_says(std::span<const std::uint8_t> bytes) {
  image::NetworkView view;
  const auto refusal = image::read_network(test::ImageBytes(copy_of(bytes)), view);
  return refusal ? std::string(refusal->array) + " " + std::to_string(refusal->index) + ": " + refusal->why : "taken";
}
std::string services_say(std::span<const std::uint8_t> bytes) {
  image::ServicesView view;
  const auto refusal = image::read_services(test::ImageBytes(copy_of(bytes)), view);
  return refusal ? std::string(refusal->array) + " " + std::to_string(refusal->index) + ": " + refusal->why : "taken";
}
std::string services_say(const test::ServicesImage& services) { return services_say(std::span<const std::uint8_t>(services.bytes())); }

#define CHECK_SAYS(is, should) CHECK(is_same(is, should))
bool is_same(const std::string& is, const std::string& should) {
  if (is != should) test::complaints().push_back("is '" + is + "', should be '" + should + "'");
  return is == should;
}

/// The network with one change.
std::string changed_network(const std::function<void(std::vector<std::uint8_t>&)>& change) {
  const test::ImageBytes good = good_network().bytes();
  std::vector<std::uint8_t> bytes = copy_of(good);
  change(bytes);
  return network_says(bytes);
}
/// One record of the array that begins at `at`, changed.
template <typename T>
std::string with(std::size_t at, std::size_t index, const std::function<void(T&)>& change) {
  return changed_network([&](std::vector<std::uint8_t>& bytes) {
    T record;
    std::memcpy(&record, bytes.data() + at + index * sizeof(T), sizeof(T));
    change(record);
    std::memcpy(bytes.data() + at + index * sizeof(T), &record, sizeof(T));
  });
}
constexpr std::size_t kPortsAt = sizeof(image::NetworkHeader);
constexpr std::size_t kLocalAt = kPortsAt + 2 * sizeof(image::Port);
constexpr std::size_t kAdjacenciesAt = kLocalAt + 4 * sizeof(image::LocalAddress);
constexpr std::size_t kAdjacencies = 5;  // three of local networks, two neighbours
constexpr std::size_t kReferencesAt = kAdjacenciesAt + kAdjacencies * sizeof(image::Adjacency);
constexpr std::size_t kRoutesAt = kReferencesAt + 6 * sizeof(std::uint32_t);

/// A service of one destination, changed.
std::string service_says(const std::function<void(image::Service&, image::Destination&)>& change) {
  image::Service service = test::service_of("90.0.0.1", 6, 80);
  image::Destination destination = test::destination_of("10.0.0.1", 80, image::kMasquerade);
  change(service, destination);
  test::ServicesImage services;
  services.add(service, {destination});
  return services_say(services);
}
std::string destination_says(const std::function<void(image::Destination&)>& change) {
  return service_says([&](image::Service&, image::Destination& destination) { change(destination); });
}

}  // namespace

TEST("what is right is taken, whole") {
  const test::ImageBytes network = good_network().bytes(), services = good_services().bytes();
  image::NetworkView view;
  CHECK(!image::read_network(network, view));
  CHECK_EQUAL(view.ports.size(), 2U);
  CHECK_EQUAL(view.addresses.size(), 4U);
  CHECK_EQUAL(view.adjacencies.size(), kAdjacencies);
  CHECK_EQUAL(view.references.size(), 6U);
  CHECK_EQUAL(view.routes.size(), 7U);
  image::ServicesView of_services;
  CHECK(!image::read_services(services, of_services));
  CHECK_EQUAL(of_services.services.size(), 2U);
  CHECK_EQUAL(of_services.destinations.size(), 3U);
  CHECK_EQUAL(of_services.pools.size(), 1U);
  CHECK_EQUAL(of_services.settings->tcp_established, 900U);
}

TEST("any length but its own is refused, from nothing to one byte more") {
  const test::ImageBytes network = good_network().bytes(), services = good_services().bytes();
  for (const test::ImageBytes* image : {&network, &services}) {
    const std::span<const std::uint8_t> whole = *image;
    std::vector<std::uint8_t> longer = copy_of(whole);
    longer.resize(whole.size() + 8);
    CHECK(network_says(longer) != "taken" && services_say(longer) != "taken");
    for (std::size_t length = 0; length < whole.size(); ++length) CHECK(network_says(whole.first(length)) != "taken" && services_say(whole.first(length)) != "taken");
  }
  CHECK_SAYS(network_says(network), "taken");
  CHECK_SAYS(services_say(network), "services 0: another kind of image, or of another version");
  CHECK_SAYS(network_says(services), "network 0: another kind of image, or of another version");
}

TEST("bytes that are not aligned are refused") {
  const test::ImageBytes network = good_network().bytes();
  const std::span<const std::uint8_t> bytes = network;
  std::vector<std::uint64_t> words(bytes.size() / 8 + 1);
  auto* const at = reinterpret_cast<std::uint8_t*>(words.data()) + 4;
  std::memcpy(at, bytes.data(), bytes.size());
  image::NetworkView view;
  CHECK_SAYS(image::read_network({at, bytes.size()}, view)->why, "bytes are not aligned to eight");
}

TEST("counts that do not add up are refused, also those that overflow") {
  for (std::size_t at = 8; at < 28; at += 4) {
    for (const std::uint32_t count : {0U, 9U, 0x10000000U, 0xffffffffU}) {
      const std::string says = changed_network([&](std::vector<std::uint8_t>& bytes) { std::memcpy(&bytes[at], &count, 4); });
      CHECK(says.find("network 0: counts do not add up") == 0);
    }
  }
}

TEST("a network: every number is looked at") {
  using image::Adjacency, image::LocalAddress, image::Port, image::Route;
  CHECK_SAYS(with<Port>(kPortsAt, 1, [](Port& port) { port.mtu = 67; }), "ports 1: MTU is below 68");
  CHECK_SAYS(with<Port>(kPortsAt, 0, [](Port& port) { port.flags = 2; }), "ports 0: unknown flag");
  CHECK_SAYS(with<Port>(kPortsAt, 0, [](Port& port) { port.name[0] = 0; }), "ports 0: is up and has no name");
  CHECK_SAYS(with<Port>(kPortsAt, 0, [](Port& port) { std::memset(port.name, 'x', 16); }), "ports 0: name is longer than 15 bytes");
  CHECK_SAYS(with<Port>(kPortsAt, 0, [](Port& port) { port.name[9] = 'x'; }), "ports 0: padding is not zero");
  CHECK_SAYS(with<Port>(kPortsAt, 0, [](Port& port) { port.zero[1] = 1; }), "ports 0: padding is not zero");
  CHECK_SAYS(with<Port>(kPortsAt, 0, [](Port& port) { port.name[2] = '1'; }), "ports 1: two ports have this name");
  CHECK_SAYS(with<Port>(kPortsAt, 0, [](Port& port) { port = {}; }), "taken");  // a hole

  CHECK_SAYS(with<LocalAddress>(kLocalAt, 0, [](LocalAddress& one) { one.port = 2; }), "addresses 0: no such port");
  CHECK_SAYS(with<LocalAddress>(kLocalAt, 0, [](LocalAddress& one) { one.prefix = 33; }), "addresses 0: prefix is longer than the address");
  CHECK_SAYS(with<LocalAddress>(kLocalAt, 2, [](LocalAddress& one) { one.prefix = 128; }), "taken");
  CHECK_SAYS(with<LocalAddress>(kLocalAt, 2, [](LocalAddress& one) { one.prefix = 129; }), "addresses 2: prefix is longer than the address");
  CHECK_SAYS(with<LocalAddress>(kLocalAt, 0, [](LocalAddress& one) { one.address = {}; }), "addresses 0: address is zero");
  CHECK_SAYS(with<LocalAddress>(kLocalAt, 0, [](LocalAddress& one) { one.zero[0] = 1; }), "addresses 0: padding is not zero");

  CHECK_SAYS(with<Adjacency>(kAdjacenciesAt, 3, [](Adjacency& one) { one.port = 2; }), "adjacencies 3: no such port");
  CHECK_SAYS(with<Adjacency>(kAdjacenciesAt, 3, [](Adjacency& one) { one.mtu = 0; }), "adjacencies 3: MTU is below 68");
  CHECK_SAYS(with<Adjacency>(kAdjacenciesAt, 3, [](Adjacency& one) { one.flags = 3; }), "adjacencies 3: neighbour both answers and does not");
  CHECK_SAYS(with<Adjacency>(kAdjacenciesAt, 3, [](Adjacency& one) { one.flags = 4; }), "adjacencies 3: unknown flag");
  CHECK_SAYS(with<Adjacency>(kAdjacenciesAt, 3, [](Adjacency& one) { one.flags = 0; }), "adjacencies 3: MAC of a neighbour that is not resolved");
  CHECK_SAYS(with<Adjacency>(kAdjacenciesAt, 3, [](Adjacency& one) { one.destination_mac[0] = 1; }), "adjacencies 3: MAC of the neighbour is that of a group");
  CHECK_SAYS(with<Adjacency>(kAdjacenciesAt, 3, [](Adjacency& one) { one.vlan_tags = 3; }), "adjacencies 3: more than two VLAN tags");
  CHECK_SAYS(with<Adjacency>(kAdjacenciesAt, 3, [](Adjacency& one) { one.vlan_tags = 1; }), "adjacencies 3: VLAN tag is neither 802.1Q nor 802.1ad");
  CHECK_SAYS(with<Adjacency>(kAdjacenciesAt, 3, [](Adjacency& one) { one.vlan_tags = 1, one.tag_type[0] = 0x8100, one.tag[0] = 4095; }), "adjacencies 3: VLAN 4095 is reserved");
  CHECK_SAYS(with<Adjacency>(kAdjacenciesAt, 3, [](Adjacency& one) { one.vlan_tags = 1, one.tag_type[0] = 0x88a8, one.tag[0] = 10; }), "taken");
  CHECK_SAYS(with<Adjacency>(kAdjacenciesAt, 3, [](Adjacency& one) { one.tag[1] = 1; }), "adjacencies 3: padding is not zero");
  CHECK_SAYS(with<Adjacency>(kAdjacenciesAt, 3, [](Adjacency& one) { one.next_hop = test::address("224.0.0.1"); }), "adjacencies 3: next hop is multicast");
  CHECK_SAYS(with<Adjacency>(kAdjacenciesAt, 3, [](Adjacency& one) { one.zero = 1; }), "adjacencies 3: padding is not zero");

  CHECK_SAYS(with<std::uint32_t>(kReferencesAt, 2, [](std::uint32_t& one) { one = kAdjacencies; }), "references 2: no such adjacency");

  CHECK_SAYS(with<Route>(kRoutesAt, 5, [](Route& one) { one.kind = 3; }), "routes 5: unknown kind");
  CHECK_SAYS(with<Route>(kRoutesAt, 5, [](Route& one) { one.length = 33; }), "routes 5: prefix is longer than the address");
  CHECK_SAYS(with<Route>(kRoutesAt, 5, [](Route& one) { one.length = 7; }), "taken");
  CHECK_SAYS(with<Route>(kRoutesAt, 5, [](Route& one) { one.length = 6; }), "routes 5: bits are set behind the prefix");
  CHECK_SAYS(with<Route>(kRoutesAt, 5, [](Route& one) { one.count = 0; }), "routes 5: leads nowhere");
  CHECK_SAYS(with<Route>(kRoutesAt, 5, [](Route& one) { one.count = 5; }), "routes 5: no such reference");
  CHECK_SAYS(with<Route>(kRoutesAt, 5, [](Route& one) { one.first = 0xffffffff; }), "routes 5: no such reference");
  CHECK_SAYS(with<Route>(kRoutesAt, 5, [](Route& one) { one.kind = image::kUnreachable; }), "routes 5: unreachable, and leads somewhere");
  CHECK_SAYS(with<Route>(kRoutesAt, 0, [](Route& one) { one.first = kAdjacencies; }), "routes 0: no such adjacency");
  CHECK_SAYS(with<Route>(kRoutesAt, 5, [](Route& one) { one.zero[3] = 1; }), "routes 5: padding is not zero");
  CHECK_SAYS(with<Route>(kRoutesAt, 5, [](Route& one) { one.prefix = test::address("0.0.0.0"), one.length = 0; }), "routes 6: two routes have this prefix");
}

TEST("a service: every number is looked at, and what does not go together") {
  using image::Destination, image::Service;
  CHECK_SAYS(service_says([](Service&, Destination&) {}), "taken");
  CHECK_SAYS(service_says([](Service& one, Destination&) { one.prefix = 33; }), "services 0: prefix is longer than the address");
  CHECK_SAYS(service_says([](Service& one, Destination&) { one.prefix = 24; }), "services 0: bits are set behind the prefix");
  CHECK_SAYS(service_says([](Service& one, Destination&) { one.address = test::address("224.0.0.1"); }), "services 0: address is multicast");
  CHECK_SAYS(service_says([](Service& one, Destination&) { one.protocol = 0; }), "services 0: a port needs protocol tcp, udp or sctp");
  CHECK_SAYS(service_says([](Service& one, Destination&) { one.protocol = 47; }), "services 0: a port needs protocol tcp, udp or sctp");
  CHECK_SAYS(service_says([](Service& one, Destination&) { one.port = 0, one.node_port = 30000; }), "services 0: a node port needs a port");
  CHECK_SAYS(service_says([](Service& one, Destination&) { one.scheduler = image::kSchedulers; }), "services 0: unknown scheduler");
  CHECK_SAYS(service_says([](Service& one, Destination&) { one.scheduler_flags = 8; }), "services 0: unknown scheduler flag");
  CHECK_SAYS(service_says([](Service& one, Destination&) { one.hash_fields = 64; }), "services 0: unknown hash field");
  CHECK_SAYS(service_says([](Service& one, Destination&) { one.hash_fields = 0; }), "services 0: maglev without hash fields");
  CHECK_SAYS(service_says([](Service& one, Destination&) { one.table_size = 4095; }), "services 0: table size is neither a prime nor a power of two up to 16777216");
  CHECK_SAYS(service_says([](Service& one, Destination&) { one.table_size = 0; }), "services 0: table size is neither a prime nor a power of two up to 16777216");
  CHECK_SAYS(service_says([](Service& one, Destination&) { one.table_size = 33554432; }), "services 0: table size is neither a prime nor a power of two up to 16777216");
  CHECK_SAYS(service_says([](Service& one, Destination&) { one.table_size = 1024; }), "taken");
  CHECK_SAYS(service_says([](Service& one, Destination&) { one.flags = 8; }), "services 0: unknown flag");
  CHECK_SAYS(service_says([](Service& one, Destination&) { one.dscp = 64; }), "services 0: dscp is above 63");
  CHECK_SAYS(service_says([](Service& one, Destination&) { one.echo = 3; }), "services 0: unknown setting of echo");
  CHECK_SAYS(service_says([](Service& one, Destination&) { one.persistence_prefix = 33; }), "services 0: persistence prefix is longer than the address");
  CHECK_SAYS(service_says([](Service& one, Destination&) { one.persistence = 0xffffffff; }), "services 0: time-out is above 1000000 seconds");
  CHECK_SAYS(service_says([](Service& one, Destination&) { one.zero[2] = 1; }), "services 0: padding is not zero");
  CHECK_SAYS(service_says([](Service& one, Destination&) { one.tunnel_source = test::address("0.0.0.0"); }), "services 0: tunnel source is no address");
  CHECK_SAYS(service_says([](Service& one, Destination&) { one.flags = image::kStateless; }), "destinations 0: address translation needs sessions");
  CHECK_SAYS(service_says([](Service& one, Destination& to) { one.flags = image::kStateless, to.method = image::kL3dsr; }), "taken");
  CHECK_SAYS(service_says([](Service& one, Destination&) { one.flags = image::kStateless, one.scheduler = image::kRr; }), "services 0: without sessions only a hash can choose");
  CHECK_SAYS(service_says([](Service& one, Destination&) { one.flags = image::kStateless, one.persistence = 60; }), "services 0: persistence needs sessions");
}

TEST("a destination: every number is looked at, and what does not go together") {
  using image::Destination;
  CHECK_SAYS(destination_says([](Destination& to) { to.method = image::kMethods; }), "destinations 0: unknown method");
  CHECK_SAYS(destination_says([](Destination& to) { to.flags = 2; }), "destinations 0: unknown flag");
  CHECK_SAYS(destination_says([](Destination& to) { to.address = {}; }), "destinations 0: address is zero");
  CHECK_SAYS(destination_says([](Destination& to) { to.address = test::address("239.1.1.1"); }), "destinations 0: address is multicast");
  CHECK_SAYS(destination_says([](Destination& to) { to.tunnel = image::kGre; }), "destinations 0: tunnel settings without a tunnel");
  CHECK_SAYS(destination_says([](Destination& to) { to.method = image::kTunnel, to.tunnel = 3; }), "destinations 0: unknown tunnel");
  CHECK_SAYS(destination_says([](Destination& to) { to.method = image::kTunnel, to.tunnel = image::kGue; }), "destinations 0: a port is what gue has, and only gue");
  CHECK_SAYS(destination_says([](Destination& to) { to.method = image::kTunnel, to.flags = 1; }), "destinations 0: ipip has no checksum");
  CHECK_SAYS(destination_says([](Destination& to) { to.address = test::address("fd00::1"); }), "destinations 0: another address family than the service's needs a tunnel");
  CHECK_SAYS(destination_says([](Destination& to) { to.address = test::address("fd00::1"), to.method = image::kTunnel; }), "taken");
  CHECK_SAYS(destination_says([](Destination& to) { to.method = image::kFullNat; }), "destinations 0: full NAT without a pool of source addresses");
  CHECK_SAYS(destination_says([](Destination& to) { to.weight = 0x80000000; }), "destinations 0: weight is above 2147483647");
  CHECK_SAYS(destination_says([](Destination& to) { to.upper = 5, to.lower = 6; }), "destinations 0: lower threshold is above the upper one");
  CHECK_SAYS(destination_says([](Destination& to) { to.zero = 1; }), "destinations 0: padding is not zero");
  CHECK_SAYS(destination_says([](Destination& to) { to.zero2 = 1; }), "destinations 0: padding is not zero");
  CHECK_SAYS(service_says([](image::Service& one, Destination&) { one.protocol = 0, one.port = 0; }), "destinations 0: a port needs protocol tcp, udp or sctp");
}

TEST("nothing is there twice, and a table has room for all") {
  const auto one = test::destination_of("10.0.0.1", 80, image::kDirect), other = test::destination_of("10.0.0.2", 80, image::kDirect);
  const auto says = [](const std::vector<image::Service>& services, const std::vector<image::Destination>& destinations) {
    test::ServicesImage made;
    for (const image::Service& service : services) made.add(service, destinations);
    return services_say(made);
  };
  const image::Service web = test::service_of("90.0.0.1", 6, 80);
  image::Service left = web, right = web, both = web, small = web, node = web, node_too = test::service_of("90.0.0.2", 6, 80), node_udp = node_too;
  left.ingress = 1, right.ingress = 2, both.ingress = 3, small.table_size = 1;
  node.node_port = node_too.node_port = node_udp.node_port = 30080, node_udp.protocol = 17;
  CHECK_SAYS(says({web}, {one, other, one}), "destinations 2: the service has another destination of this address and port");
  const std::string clash = ": another service has this address, protocol and port, and takes packets from the same interfaces";
  CHECK_SAYS(says({web, test::service_of("90.0.0.1", 17, 80), web}, {one}), "services 2" + clash);
  CHECK_SAYS(says({web, left, right}, {one}), "taken");
  CHECK_SAYS(says({left, web, right, both}, {one}), "services 3" + clash);
  CHECK_SAYS(says({small}, {one, other}), "services 0: table has fewer slots than there are destinations");
  CHECK_SAYS(says({node, node_udp}, {one}), "taken");
  CHECK_SAYS(says({node, node_udp, node_too}, {one}), "services 2: another service has this node port");
}

TEST("settings and pools") {
  const auto settings_say = [](const std::function<void(image::Settings&)>& change) {
    test::ServicesImage services = good_services();
    change(services.settings);
    return services_say(services);
  };
  CHECK_SAYS(settings_say([](image::Settings& one) { one.udp = 0; }), "settings 0: time-out is not 1 to 1000000 seconds");
  CHECK_SAYS(settings_say([](image::Settings& one) { one.tcp_established = 1000001; }), "settings 0: time-out is not 1 to 1000000 seconds");
  CHECK_SAYS(settings_say([](image::Settings& one) { one.tunnel_ttl = 0; }), "settings 0: TTL of tunnels is zero");
  CHECK_SAYS(settings_say([](image::Settings& one) { one.fragment_ms = 60001; }), "settings 0: fragments wait 1 to 60000 milliseconds");
  CHECK_SAYS(settings_say([](image::Settings& one) { one.tunnel_source4 = test::address("fd00::1"); }), "settings 0: tunnel source for IPv4 is no IPv4 address");
  CHECK_SAYS(settings_say([](image::Settings& one) { one.tunnel_source6 = test::address("1.2.3.4"); }), "settings 0: tunnel source for IPv6 is no IPv6 address");
  CHECK_SAYS(settings_say([](image::Settings& one) { one.zero[0] = 1; }), "settings 0: padding is not zero");

  const auto pool_says = [](const std::function<void(image::Pool&)>& change) {
    image::Pool pool{};
    pool.first = test::address("172.16.2.10"), pool.last = test::address("172.16.2.20");
    pool.lowest = 1024, pool.highest = 65535;
    change(pool);
    test::ServicesImage services;
    services.add(test::service_of("90.0.0.2", 17, 53), {test::destination_of("10.0.0.1", 53, image::kFullNat)}, {pool});
    return services_say(services);
  };
  CHECK_SAYS(pool_says([](image::Pool&) {}), "taken");
  CHECK_SAYS(pool_says([](image::Pool& pool) { pool.last = test::address("fd00::1"); }), "pools 0: pool is of another address family than the service");
  CHECK_SAYS(pool_says([](image::Pool& pool) { pool.first = test::address("172.16.2.21"); }), "pools 0: last address is before the first");
  CHECK_SAYS(pool_says([](image::Pool& pool) { pool.lowest = 0; }), "pools 0: ports are not 1 to 65535, lowest first");
  CHECK_SAYS(pool_says([](image::Pool& pool) { pool.highest = 1023; }), "pools 0: ports are not 1 to 65535, lowest first");
  CHECK_SAYS(pool_says([](image::Pool& pool) { pool.zero = 1; }), "pools 0: padding is not zero");
}

TEST("20,000 damaged images are read to their end and not further (the sanitizer watches)") {
  std::mt19937 random(4711);
  const test::ImageBytes network = good_network().bytes(), services = good_services().bytes();
  std::uint32_t taken = 0;
  for (int run = 0; run < 20'000; ++run) {
    const std::span<const std::uint8_t> good = run % 2 == 0 ? network : services;
    // its own memory, of exactly its size, so that reading past the end is seen
    std::vector<std::uint64_t> words((good.size() + 7) / 8);
    auto* const bytes = reinterpret_cast<std::uint8_t*>(words.data());
    std::memcpy(bytes, good.data(), good.size());
    for (std::uint32_t changes = 1 + random() % 4; changes > 0; --changes) bytes[8 + random() % (good.size() - 8)] = static_cast<std::uint8_t>(random());
    image::NetworkView of_network;
    image::ServicesView of_services;
    taken += run % 2 == 0 ? !image::read_network({bytes, good.size()}, of_network) : !image::read_services({bytes, good.size()}, of_services);
  }
  CHECK(taken > 0 && taken < 10'000);
}

int main() { return test::run_all(); }
