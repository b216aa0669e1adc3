// Tables: which service takes a packet, where a route leads, who keeps which id, and what becomes of a destination when the network changes.
#include "engine/tables.h"

#include <algorithm>
#include <random>
#include <set>

#include "engine/prefix.h"
#include "engine/slots.h"
#include "test/images.h"
#include "test/tap.h"

using namespace lvsd;
using test::address;
using test::destination_of;
using test::service_of;

namespace {

constexpr std::uint8_t kTcp = 6, kUdp = 17;

image::Service on_prefix(const std::string& base, std::uint8_t prefix, std::uint8_t protocol = 0, std::uint16_t port = 0) {
  image::Service service = service_of(base, protocol, port);
  service.prefix = prefix;
  return service;
}

/// Servers 10.0.0.0/24 behind 172.16.2.2 on pg1; `far` through two gateways.
test::NetworkImage network(const std::string& gateway_mac = "02:02:00:00:ff:02") {
  test::NetworkImage made;
  const auto left = made.port("pg0", "02:fe:00:00:00:01"), right = made.port("pg1", "02:fe:00:00:00:02", 1400);
  made.local("172.16.1.1", 24, left);
  made.local("172.16.2.1", 24, right);
  made.local("fd00:2::1", 64, right);
  const auto one = made.neighbour("172.16.2.2", right, gateway_mac);
  const auto two = made.neighbour("172.16.2.3", right, "02:02:00:00:ff:03");
  made.route("10.0.0.0", 24, {one});
  made.route("10.9.0.0", 16, {one, two, two});
  return made;
}

struct Made {
  explicit Made(std::uint32_t most_services = 64, std::uint32_t most_destinations = 256) : maker(most_services, most_destinations) {}
  TableMaker maker;
  void take(const test::NetworkImage& image) { note(maker.take_network(image.bytes())); }
  void take(const test::ServicesImage& image) { note(maker.take_services(image.bytes())); }
  [[nodiscard]] const Tables& now() const { return *maker.tables(); }

 private:
  static void note(const std::optional<image::Refusal>& refusal) {
    if (refusal) test::complaints().push_back(std::string(refusal->array) + ": " + refusal->why);
  }
};

/// Place in the image of the service that takes it, -1: none.
int finds(const Tables& tables, const std::string& to, std::uint8_t protocol, std::uint16_t port, std::uint16_t ingress = 0) {
  const Service* found = tables.find_service(address(to), protocol, port, ingress);
  return found == nullptr ? -1 : static_cast<int>(found->image_index);
}

/// The same, looked for slowly by what tables.h says.
int finds_slowly(const Tables& tables, const Address& to, std::uint8_t protocol, std::uint16_t port, std::uint16_t ingress) {
  int best = -1, best_rank = -1;
  for (const Service& service : tables.services()) {
    if (service.address.is_v4() != to.is_v4()) continue;
    if (masked(to, prefix_mask(service.prefix, to.is_v4())) != service.address) continue;
    if (service.port != 0 && (service.port != port || service.protocol != protocol)) continue;
    if (service.protocol != 0 && service.protocol != protocol) continue;
    if (service.ingress != 0 && (service.ingress >> ingress & 1) == 0) continue;
    const int rank = service.prefix * 8 + (service.port != 0 ? 4 : 0) + (service.protocol != 0 ? 2 : 0) + (service.ingress != 0 ? 1 : 0);
    if (rank > best_rank) best = static_cast<int>(service.image_index), best_rank = rank;
  }
  return best;
}

std::set<std::uint32_t> in_slots(const Service& service) { return {service.slots.begin(), service.slots.end()}; }

std::string route_to(const Tables& tables, const std::string& to, std::uint32_t hash = 0) {
  const std::uint32_t way = tables.route(address(to), hash);
  if (way == kNone) return "none";
  const Adjacency& adjacency = tables.adjacency(way);
  if (adjacency.next_hop.is_zero()) return "on link " + std::to_string(adjacency.port);
  const std::uint32_t v4 = __builtin_bswap32(adjacency.next_hop.to_v4());
  return std::to_string(v4 >> 24) + "." + std::to_string(v4 >> 16 & 255) + "." + std::to_string(v4 >> 8 & 255) + "." + std::to_string(v4 & 255);
}
#define CHECK_SAME(is, should)                                                                     \
  do {                                                                                             \
    const std::string is_ = (is), should_ = (should);                                              \
    if (is_ != should_) test::complaints().push_back(std::to_string(__LINE__) + ": " #is " is '" + is_ + "', should be '" + should_ + "'"); \
  } while (false)

}  // namespace

TEST("the longest prefix, then the exact port, then the exact protocol, then the named interface") {
  Made made;
  test::ServicesImage services;
  image::Service inside = service_of("90.0.0.1", kTcp, 80);
  inside.ingress = 2;
  services.add(on_prefix("90.0.0.0", 8), {});             // 0
  services.add(on_prefix("90.0.0.0", 24, kTcp), {});      // 1
  services.add(on_prefix("90.0.0.0", 24, kTcp, 80), {});  // 2
  services.add(service_of("90.0.0.1", kTcp, 80), {});     // 3
  services.add(inside, {});                               // 4
  services.add(service_of("90.0.0.1", kUdp, 80), {});     // 5
  services.add(on_prefix("2001::", 16), {});              // 6
  services.add(service_of("2001::1", kTcp, 80), {});      // 7
  made.take(services);
  const Tables& tables = made.now();
  CHECK_EQUAL(finds(tables, "90.0.0.1", kTcp, 80), 3);
  CHECK_EQUAL(finds(tables, "90.0.0.1", kTcp, 80, 1), 4);
  CHECK_EQUAL(finds(tables, "90.0.0.1", kUdp, 80), 5);
  CHECK_EQUAL(finds(tables, "90.0.0.1", kTcp, 81), 1);
  CHECK_EQUAL(finds(tables, "90.0.0.1", kTcp, 0), 1);   // a fragment
  CHECK_EQUAL(finds(tables, "90.0.0.2", kTcp, 80), 2);
  CHECK_EQUAL(finds(tables, "90.0.0.2", kUdp, 80), 0);
  CHECK_EQUAL(finds(tables, "90.255.0.2", kTcp, 80), 0);
  CHECK_EQUAL(finds(tables, "91.0.0.2", kTcp, 80), -1);
  CHECK_EQUAL(finds(tables, "2001::1", kTcp, 80), 7);
  CHECK_EQUAL(finds(tables, "2001::1", kTcp, 81), 6);
  CHECK_EQUAL(finds(tables, "2002::1", kTcp, 80), -1);
  CHECK_EQUAL(tables.any_service_of(address("90.0.0.1"), 0)->image_index, 3U);
  CHECK_EQUAL(tables.any_service_of(address("90.1.0.1"), 0)->image_index, 0U);
  CHECK(tables.any_service_of(address("91.0.0.1"), 0) == nullptr);
}

TEST("find_service finds what looking at all of them finds") {
  std::mt19937 random(99);
  const std::uint8_t lengths4[] = {0, 8, 24, 31, 32}, lengths6[] = {0, 16, 64, 127, 128};
  const std::uint8_t protocols[] = {0, kTcp, kUdp, 47};
  for (int run = 0; run < 200; ++run) {
    Made made(256);
    test::ServicesImage services;
    std::set<std::string> taken;
    for (int n = 0; n < 40; ++n) {
      const bool v4 = random() % 2 == 0;
      const std::uint8_t length = v4 ? lengths4[random() % 5] : lengths6[random() % 5];
      const Address base = address((v4 ? "90.0.0." : "2001::") + std::to_string(random() % 4));
      const std::uint8_t protocol = protocols[random() % 4];
      image::Service service = service_of("0.0.0.0", protocol, static_cast<std::uint16_t>(protocol == kTcp || protocol == kUdp ? random() % 3 : 0));
      service.address = masked(base, prefix_mask(length, v4));
      if (!v4 && length == 0) service.address = Address{};
      service.prefix = length;
      service.persistence_prefix = 0;
      service.ingress = random() % 3;
      const std::string key(reinterpret_cast<const char*>(&service.address), 16);
      if (!taken.insert(key + std::to_string(length) + "/" + std::to_string(protocol) + "/" + std::to_string(service.port) + "/" + std::to_string(service.ingress)).second) continue;
      services.add(service, {});
    }
    made.take(services);
    const Tables& tables = made.now();
    for (int n = 0; n < 100; ++n) {
      const Address to = address((random() % 2 == 0 ? "90.0.0." : "2001::") + std::to_string(random() % 5));
      const std::uint8_t protocol = protocols[1 + random() % 3];
      const auto port = static_cast<std::uint16_t>(random() % 4), ingress = static_cast<std::uint16_t>(random() % 3);
      const Service* found = tables.find_service(to, protocol, port, ingress);
      const int slowly = finds_slowly(tables, to, protocol, port, ingress);
      CHECK_EQUAL(found == nullptr ? -1 : static_cast<int>(found->image_index), slowly);
    }
  }
}

TEST("node ports: every address of this machine, after services of the address itself") {
  Made made;
  test::ServicesImage services;
  image::Service web = service_of("90.0.0.1", kTcp, 80), dns = service_of("90.0.0.1", kUdp, 53);
  web.node_port = 30080, dns.node_port = 30080;
  services.add(web, {});
  services.add(dns, {});
  services.add(service_of("172.16.1.1", kTcp, 30080), {});
  made.take(network());
  made.take(services);
  CHECK_EQUAL(finds(made.now(), "172.16.2.1", kTcp, 30080), 0);
  CHECK_EQUAL(finds(made.now(), "172.16.2.1", kUdp, 30080), 1);
  CHECK_EQUAL(finds(made.now(), "172.16.1.1", kTcp, 30080), 2);
  CHECK_EQUAL(finds(made.now(), "172.16.2.1", kTcp, 80), -1);
  CHECK_EQUAL(finds(made.now(), "172.16.2.9", kTcp, 30080), -1);
  CHECK(made.now().any_service_of(address("172.16.2.1"), 0) != nullptr);
  CHECK(made.now().any_service_of(address("172.16.2.9"), 0) == nullptr);
}

TEST("who answers ARP is found among all services of the address") {
  Made made;
  test::ServicesImage services;
  image::Service answers = service_of("90.0.0.1", kUdp, 53);
  answers.flags = image::kAnswerArp;
  services.add(service_of("90.0.0.1", kTcp, 80), {});
  services.add(answers, {});
  services.add(service_of("90.0.0.2", kTcp, 80), {});
  made.take(services);
  CHECK_EQUAL(made.now().service_with(address("90.0.0.1"), 0, image::kAnswerArp)->image_index, 1U);
  CHECK(made.now().service_with(address("90.0.0.2"), 0, image::kAnswerArp) == nullptr);
}

TEST("routes: longest prefix, both families, shares of a multipath, none to ourselves") {
  Made made;
  made.take(network());
  const Tables& tables = made.now();
  CHECK_SAME(route_to(tables, "10.0.0.77"), "172.16.2.2");
  CHECK_SAME(route_to(tables, "10.0.1.77"), "none");
  CHECK_SAME(route_to(tables, "172.16.2.2"), "172.16.2.2");
  CHECK_SAME(route_to(tables, "172.16.2.77"), "on link 1");
  CHECK_SAME(route_to(tables, "172.16.1.77"), "on link 0");
  CHECK_SAME(route_to(tables, "172.16.2.1"), "none");
  CHECK_SAME(route_to(tables, "fd00:2::77"), "on link 1");
  CHECK_SAME(route_to(tables, "fd00:3::77"), "none");
  CHECK(tables.is_local(address("fd00:2::1")) && !tables.is_local(address("fd00:2::2")) && !tables.is_local(Address{}));
  int first = 0;
  for (std::uint32_t hash = 0; hash < 300; ++hash) first += route_to(tables, "10.9.1.1", hash * 14316557U) == "172.16.2.2";
  CHECK(first >= 99 && first <= 101);
  CHECK(tables.adjacency(tables.route(address("10.0.0.77"), 0)).source == address("172.16.2.1"));
  CHECK(tables.adjacency(tables.route(address("fd00:2::77"), 0)).source == address("fd00:2::1"));
}

TEST("random routes lead where looking at all of them leads") {
  std::mt19937 random(7);
  for (int run = 0; run < 100; ++run) {
    test::NetworkImage image;
    const auto port = image.port("pg0", "02:fe:00:00:00:01");
    struct Row {
      Address prefix;
      std::uint8_t length;
      std::uint32_t way;
    };
    std::vector<Row> rows;
    for (int n = 0; n < 30; ++n) {
      const bool v4 = random() % 2 == 0;
      const auto length = static_cast<std::uint8_t>(random() % (v4 ? 33 : 129));
      Address to = v4 ? address("10.0.0.0") : address("fd00::");
      for (std::size_t i = v4 ? 13 : 8; i < 16; ++i) to.bytes[i] = static_cast<std::uint8_t>(random() % 2 * 255);
      to = masked(to, prefix_mask(length, v4));
      if (std::any_of(rows.begin(), rows.end(), [&](const Row& row) { return row.prefix == to && row.length == length; })) continue;
      const auto way = image.adjacency("192.0.2." + std::to_string(n + 1), port, "02:02:00:00:00:02");
      rows.push_back({to, length, way});
      char text[INET6_ADDRSTRLEN];
      if (v4) ::inet_ntop(AF_INET, &to.bytes[12], text, sizeof text);
      else ::inet_ntop(AF_INET6, to.bytes.data(), text, sizeof text);
      image.route(text, length, {way});
    }
    Made made;
    made.take(image);
    for (int n = 0; n < 200; ++n) {
      const bool v4 = random() % 2 == 0;
      Address to = v4 ? address("10.0.0.0") : address("fd00::");
      for (std::size_t i = v4 ? 13 : 8; i < 16; ++i) to.bytes[i] = static_cast<std::uint8_t>(random() % 2 * 255 ^ (random() % 8 == 0 ? 1 : 0));
      std::uint32_t best = kNone;
      int longest = -1;
      for (const Row& row : rows) {
        if (row.prefix.is_v4() != v4 || row.length <= longest || masked(to, prefix_mask(row.length, v4)) != row.prefix) continue;
        best = row.way, longest = row.length;
      }
      CHECK_EQUAL(made.now().route(to, 0), best);
    }
  }
}

TEST("ids stay: of a service whose place changes, of destinations whose weight changes, of what comes back before it is forgotten") {
  Made made;
  test::ServicesImage first, second, third, fourth;
  const auto a = destination_of("10.0.0.1", 80, image::kDirect), b = destination_of("10.0.0.2", 80, image::kDirect);
  auto heavy = a;
  heavy.weight = 9;
  first.add(service_of("90.0.0.1", kTcp, 80), {a, b});
  second.add(service_of("90.0.0.2", kTcp, 80), {a});
  second.add(service_of("90.0.0.1", kTcp, 80), {heavy});
  third.add(service_of("90.0.0.1", kTcp, 80), {b, a});
  made.take(network());
  made.take(first);
  const std::uint32_t id_a = made.now().destination_id(0), id_b = made.now().destination_id(1), service = made.now().service(0).id;
  made.take(second);
  CHECK_EQUAL(made.now().service(1).id, service);
  CHECK_EQUAL(made.now().destination_id(1), id_a);
  CHECK(made.now().destination_id(0) != id_a && made.now().destination_id(0) != id_b);
  CHECK_EQUAL(made.now().weighing(id_a).weight, 9U);
  CHECK_EQUAL(made.now().destination(id_b).state, kGone);
  CHECK_EQUAL(made.now().destination(id_b).service, kNone);
  made.take(third);
  CHECK_EQUAL(made.now().destination_id(0), id_b);
  CHECK_EQUAL(made.now().destination_id(1), id_a);
  CHECK_EQUAL(made.now().destination(id_b).state, kServing);
  CHECK_EQUAL(made.now().destination_id(2), kNone);
  // newest first: a stayed, b came back to the head
  const auto members = made.now().service(0).members;
  CHECK(members.size() == 2 && members[0] == id_b && members[1] == id_a);
}

TEST("an id is given away again only after recycle, and then under another generation") {
  Made made(2, 4);
  const auto image_of = [](std::initializer_list<int> servers) {
    test::ServicesImage image;
    std::vector<image::Destination> destinations;
    for (const int n : servers) destinations.push_back(destination_of("10.0.0." + std::to_string(n), 80, image::kDirect));
    image.add(service_of("90.0.0.1", kTcp, 80), destinations);
    return image;
  };
  made.take(image_of({1, 2, 3, 4}));
  const std::uint32_t id = made.now().destination_id(3), generation = made.now().destination(id).generation;
  made.take(image_of({1, 2, 3}));
  const auto before = made.maker.tables();
  const auto refusal = made.maker.take_services(image_of({1, 2, 3, 5}).bytes());
  CHECK(refusal && std::string(refusal->why).find("more destinations than the engine has room for") == 0);
  CHECK(made.maker.tables() == before);  // nothing was changed
  made.maker.recycle(*before);
  made.take(image_of({1, 2, 3, 5}));
  CHECK_EQUAL(made.now().destination_id(3), id);
  CHECK(made.now().destination(id).generation != generation);
  CHECK(made.now().destination(id).address == address("10.0.0.5"));

  // tables from before the removal prove nothing
  const auto with_five = made.maker.tables();
  made.take(image_of({1, 2, 3}));
  made.maker.recycle(*with_five);
  CHECK_EQUAL(made.now().destination(id).state, kGone);
  CHECK(made.maker.take_services(image_of({1, 2, 3, 6}).bytes()));

  // services, too
  test::ServicesImage other;
  other.add(service_of("90.0.0.2", kTcp, 80), {});
  other.add(service_of("90.0.0.3", kTcp, 80), {});
  CHECK(made.maker.take_services(other.bytes()));
  made.take(test::ServicesImage{});
  CHECK_EQUAL(made.now().services().size(), 0U);
  made.maker.recycle(made.now());
  made.take(other);
  CHECK_EQUAL(made.now().services().size(), 2U);
}

TEST("a refused image changes nothing") {
  Made made;
  made.take(network());
  test::ServicesImage services, wrong;
  services.add(service_of("90.0.0.1", kTcp, 80), {destination_of("10.0.0.1", 80, image::kDirect)});
  image::Service bad = service_of("90.0.0.1", kTcp, 80);
  bad.table_size = 12;
  wrong.add(bad, {});
  made.take(services);
  const auto before = made.maker.tables();
  CHECK(made.maker.take_services(wrong.bytes()));
  CHECK(made.maker.take_network(wrong.bytes()));
  CHECK(made.maker.tables() == before);
  const auto kept = made.maker.services_image();
  const test::ImageBytes should = services.bytes();
  const std::span<const std::uint8_t> should_be = should;
  CHECK(std::equal(kept.begin(), kept.end(), should_be.begin(), should_be.end()));
}

TEST("slots of a service are made anew only when what they are made of has changed") {
  Made made;
  const auto image_of = [](std::uint32_t weight, std::uint8_t dscp) {
    test::ServicesImage image;
    image::Service first = service_of("90.0.0.1", kTcp, 80);
    first.dscp = dscp;
    image.add(first, {destination_of("10.0.0.1", 80, image::kDirect), destination_of("10.0.0.2", 80, image::kDirect)});
    image.add(service_of("90.0.0.2", kTcp, 80), {destination_of("10.0.0.1", 80, image::kDirect), destination_of("10.0.0.2", 80, image::kDirect, image::kIpip, weight)});
    return image;
  };
  made.take(network());
  made.take(image_of(1, 0));
  const auto before = made.maker.tables();
  made.take(image_of(3, 7));
  const auto after = made.maker.tables();
  CHECK(before->service(0).slots.data() == after->service(0).slots.data());
  CHECK_EQUAL(after->service(0).dscp, 7);
  CHECK_EQUAL(before->service(0).shape, after->service(0).shape);
  CHECK(before->service(1).slots.data() != after->service(1).slots.data());
  CHECK(before->service(1).shape != after->service(1).shape);
  made.take(network());
  CHECK(made.now().service(1).slots.data() == after->service(1).slots.data());
}

TEST("weight 0 is quiescent and out of the slots; of mh it keeps them") {
  for (const auto scheduler : {image::kMaglev, image::kMh}) {
    Made made;
    const auto image_of = [&](std::uint32_t weight) {
      test::ServicesImage image;
      image::Service service = service_of("90.0.0.1", kTcp, 80);
      service.scheduler = scheduler;
      image.add(service, {destination_of("10.0.0.1", 80, image::kDirect), destination_of("10.0.0.2", 80, image::kDirect, image::kIpip, weight)});
      return image;
    };
    made.take(network());
    made.take(image_of(2));
    const auto before = made.maker.tables();
    made.take(image_of(0));
    const Service& service = made.now().service(0);
    CHECK_EQUAL(made.now().destination(made.now().destination_id(1)).state, kQuiescent);
    CHECK_EQUAL(in_slots(service).size(), scheduler == image::kMh ? 2U : 1U);
    if (scheduler == image::kMh) CHECK(std::equal(service.slots.begin(), service.slots.end(), before->service(0).slots.begin()));
  }
}

TEST("a destination without a way is not among the slots as long as another has one; if none has, all are") {
  Made made;
  test::ServicesImage services;
  services.add(service_of("90.0.0.1", kTcp, 80), {destination_of("10.0.0.1", 80, image::kDirect), destination_of("10.77.0.1", 80, image::kDirect)});
  made.take(services);
  CHECK_EQUAL(in_slots(made.now().service(0)).size(), 2U);  // no network yet
  CHECK(!made.now().service(0).any_way);
  made.take(network());
  const std::uint32_t near = made.now().destination_id(0), far = made.now().destination_id(1);
  CHECK_EQUAL(made.now().destination(near).state, kServing);
  CHECK_EQUAL(made.now().destination(far).state, kUnreachable);
  CHECK_EQUAL(made.now().destination(far).adjacency, kNone);
  CHECK_EQUAL(made.now().destination(far).mtu, 0);
  CHECK(in_slots(made.now().service(0)) == std::set{near});
  const std::uint64_t shape = made.now().service(0).shape;
  made.take(network(""));  // the gateway does not answer
  CHECK_EQUAL(made.now().destination(near).state, kUnreachable);
  CHECK(made.now().destination(near).adjacency != kNone);
  CHECK_EQUAL(in_slots(made.now().service(0)).size(), 2U);
  CHECK(made.now().service(0).shape != shape);
}

TEST("of several gateways those that do not answer are passed over") {
  Made made;
  made.take(network(""));
  CHECK_SAME(route_to(made.now(), "10.0.0.1"), "172.16.2.2");  // it is the only one: the drop says why
  for (std::uint32_t hash = 0; hash < 100; ++hash) CHECK_SAME(route_to(made.now(), "10.9.1.1", hash * 42949672U), "172.16.2.3");
  test::ServicesImage services;
  services.add(service_of("90.0.0.1", kTcp, 80), {destination_of("10.9.0.1", 80, image::kDirect)});
  made.take(services);
  const Destination& to = made.now().destination(made.now().destination_id(0));
  CHECK_EQUAL(to.state, kServing);
  CHECK_EQUAL(to.path_count, 2);
  CHECK(made.now().adjacency(made.now().paths()[to.first_path]).next_hop == address("172.16.2.3"));
}

TEST("tunnels: source from the service, the settings or the port; MTU less what is added") {
  const auto made_with = [](const std::string& of_settings, const std::string& of_service, const std::string& server, image::Tunnel tunnel) {
    auto made = std::make_unique<Made>();
    test::ServicesImage services;
    services.settings.tunnel_source4 = address(of_settings);
    image::Service service = service_of("90.0.0.1", kTcp, 80);
    service.tunnel_source = address(of_service);
    image::Destination to = destination_of(server, 80, image::kTunnel, tunnel);
    if (tunnel == image::kGue) to.tunnel_port = 6080;
    services.add(service, {to});
    made->take(network());
    made->take(services);
    return made;
  };
  const auto one = [](const std::unique_ptr<Made>& made) { return made->now().destination(made->now().destination_id(0)); };
  CHECK(one(made_with("39.40.41.42", "1.2.3.4", "10.0.0.1", image::kGre)).outer_source == address("1.2.3.4"));
  CHECK(one(made_with("39.40.41.42", "fd00::9", "10.0.0.1", image::kGre)).outer_source == address("39.40.41.42"));
  CHECK(one(made_with("", "", "10.0.0.1", image::kGre)).outer_source == address("172.16.2.1"));
  CHECK(one(made_with("39.40.41.42", "1.2.3.4", "fd00:2::9", image::kGre)).outer_source == address("fd00:2::1"));
  CHECK_EQUAL(one(made_with("", "", "10.0.0.1", image::kIpip)).mtu, 1380);
  CHECK_EQUAL(one(made_with("", "", "10.0.0.1", image::kGre)).mtu, 1376);
  CHECK_EQUAL(one(made_with("", "", "10.0.0.1", image::kGue)).mtu, 1368);
  CHECK_EQUAL(one(made_with("", "", "fd00:2::9", image::kGre)).mtu, 1356);
}

TEST("a destination that is this machine is the kernel's") {
  Made made;
  test::ServicesImage services;
  services.add(service_of("90.0.0.1", kTcp, 80), {destination_of("172.16.2.1", 80, image::kMasquerade), destination_of("1.1.1.1", 80, image::kLocal)});
  made.take(network());
  made.take(services);
  for (std::uint32_t place = 0; place < 2; ++place) {
    const Destination& to = made.now().destination(made.now().destination_id(place));
    CHECK_EQUAL(to.state, kServing);
    CHECK_EQUAL(to.adjacency, kNone);
    CHECK_EQUAL(to.mtu, 0xffff);
  }
}

TEST("NAT servers and pool addresses are known by where they answer from") {
  Made made;
  test::ServicesImage services;
  image::Pool pool{}, second{};
  pool.first = address("172.16.2.10"), pool.last = address("172.16.2.20"), pool.lowest = 1024, pool.highest = 65535;
  second = pool, second.first = address("172.16.2.15"), second.last = address("172.16.2.30");
  services.add(service_of("90.0.0.1", kTcp, 80), {destination_of("10.0.0.1", 8080, image::kMasquerade), destination_of("10.0.0.2", 8080, image::kDirect)});
  services.add(service_of("90.0.0.1", kUdp, 53), {destination_of("10.0.0.3", 0, image::kFullNat)}, {pool, second});
  services.add(service_of("90.0.0.3", kTcp, 0), {destination_of("10.0.0.4", 0, image::kMasquerade)});
  services.add(service_of("90.0.0.4", 0, 0), {destination_of("10.0.0.5", 0, image::kMasquerade)});
  made.take(services);
  const Tables& tables = made.now();
  CHECK(tables.is_nat_server(address("10.0.0.1"), kTcp, 8080));
  CHECK(!tables.is_nat_server(address("10.0.0.1"), kUdp, 8080) && !tables.is_nat_server(address("10.0.0.1"), kTcp, 80));
  CHECK(!tables.is_nat_server(address("10.0.0.2"), kTcp, 8080) && !tables.is_nat_address(address("10.0.0.2")));
  CHECK(tables.is_nat_server(address("10.0.0.3"), kUdp, 53) && !tables.is_nat_server(address("10.0.0.3"), kUdp, 54));
  CHECK(tables.is_nat_server(address("10.0.0.4"), kTcp, 12345) && !tables.is_nat_server(address("10.0.0.4"), kUdp, 12345));
  CHECK(tables.is_nat_server(address("10.0.0.5"), kUdp, 12345) && tables.is_nat_server(address("10.0.0.5"), kTcp, 1));
  CHECK(tables.is_nat_address(address("10.0.0.1")) && tables.is_nat_server(address("10.0.0.1"), 1, 0));
  for (const char* inside : {"172.16.2.10", "172.16.2.17", "172.16.2.30"}) CHECK(tables.is_pool_address(address(inside)));
  for (const char* outside : {"172.16.2.9", "172.16.2.31", "fd00::1"}) CHECK(!tables.is_pool_address(address(outside)));
}

TEST("VLAN tags stand in the header, outermost first") {
  test::NetworkImage image;
  const auto port = image.port("pg0", "02:fe:00:00:00:01");
  const auto way = image.adjacency("10.0.0.1", port, "02:02:00:00:00:02");
  image.way(way).vlan_tags = 2;
  image.way(way).tag_type[0] = 0x88a8, image.way(way).tag_type[1] = 0x8100, image.way(way).tag[0] = 100, image.way(way).tag[1] = 0x6007;
  image.route("10.0.0.0", 24, {way});
  Made made;
  made.take(image);
  const Adjacency& adjacency = made.now().adjacency(way);
  const std::uint8_t should[] = {2, 2, 0, 0, 0, 2, 2, 0xfe, 0, 0, 0, 1, 0x88, 0xa8, 0, 100, 0x81, 0, 0x60, 7};
  CHECK_EQUAL(adjacency.header_length, 20);
  CHECK(std::equal(std::begin(should), std::end(should), adjacency.header));
}

int main() { return test::run_all(); }
