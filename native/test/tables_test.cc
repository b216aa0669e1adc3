// Tables: which service takes a packet, where a route leads, and who is known by its address.
#include <algorithm>
#include <random>
#include <set>

#include "engine/prefix.h"
#include "test/made_tables.h"

using namespace lvsd;
using test::address;
using test::destination_of;
using test::Made;
using test::network;
using test::service_of;

namespace {

constexpr std::uint8_t kTcp = 6, kUdp = 17;

image::Service on_prefix(const std::string& base, std::uint8_t prefix, std::uint8_t protocol = 0, std::uint16_t port = 0) {
  image::Service service = service_of(base, protocol, port);
  service.prefix = prefix;
  return service;
}

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
