// Choosers: what src/schedulers have no word for. That they choose as those do is test/unit/dataplane/schedulers-oracle.test.ts.
#include "engine/scheduler.h"

#include <map>
#include <set>

#include "engine/fields_hash.h"
#include "engine/schedulers/locality.h"
#include "test/images.h"
#include "test/tap.h"

using namespace lvsd;
using test::address;
using test::destination_of;

namespace {

constexpr std::uint32_t kMost = 64;

struct Bench {
  TableMaker maker{8, kMost};
  std::vector<DestinationCounters> mine = std::vector<DestinationCounters>(kMost), others = std::vector<DestinationCounters>(kMost);
  std::vector<std::span<const DestinationCounters>> workers{mine, others};
  Choosers choosers{8, workers};

  explicit Bench(bool with_network = true) {
    test::NetworkImage network;
    const auto port = network.port("pg0", "02:fe:00:00:00:01");
    const auto good = network.adjacency("192.0.2.1", port, "02:02:00:00:00:01"), bad = network.adjacency("192.0.2.2", port, "");
    network.way(bad).flags = image::kFailed;
    network.route("10.0.0.0", 24, {good});
    network.route("10.0.1.0", 24, {bad});
    if (with_network) CHECK(!maker.take_network(network.bytes()));
  }
  void take(image::Scheduler scheduler, const std::vector<image::Destination>& destinations, const std::string& vip = "90.0.0.1", std::uint8_t flags = 0) {
    test::ServicesImage services;
    image::Service service = test::service_of(vip, 6, 80);
    service.scheduler = scheduler;
    service.scheduler_flags = flags;
    service.prefix = vip == "90.0.0.0" ? 24 : service.prefix;
    services.add(service, destinations);
    CHECK(!maker.take_services(services.bytes()));
  }
  /// Place in the image, -1: nobody.
  int choose(std::uint16_t client_port = 1, const std::string& vip = "90.0.0.1", std::uint32_t now_ms = 0) {
    const auto tables = maker.tables();
    FlowKey key;
    key.client = address("198.51.100.1");
    key.vip = address(vip);
    key.client_port = client_port, key.vip_port = 80, key.protocol = 6;
    const Service& service = tables->service(0);
    const std::uint64_t hash = fields_hash(service.hash_fields, {key.client, key.vip, key.client_port, key.vip_port, key.protocol});
    const std::uint32_t foreseen = choosers.foresee(*tables, service, {key, hash, now_ms});
    const std::uint32_t id = choosers.choose(*tables, service, {key, hash, now_ms});
    CHECK_EQUAL(foreseen, id);
    for (std::uint32_t i = 0; i < tables->image_destinations(); ++i) {
      if (tables->destination_id(i) == id) return static_cast<int>(i);
    }
    return -1;
  }
  [[nodiscard]] std::uint32_t id(std::uint32_t place) const { return maker.tables()->destination_id(place); }
};

image::Destination server(const std::string& where, std::uint32_t weight = 1, std::uint32_t upper = 0, std::uint32_t lower = 0) {
  image::Destination made = destination_of(where, 80, image::kDirect, image::kIpip, weight);
  made.upper = upper, made.lower = lower;
  return made;
}

constexpr image::Scheduler kAll[] = {image::kMaglev, image::kRr, image::kWrr, image::kLc, image::kWlc, image::kLblc, image::kLblcr,
                                     image::kDh,     image::kSh, image::kSed, image::kNq, image::kFo,  image::kOvf,  image::kMh};

}  // namespace

TEST("every scheduler: nobody there, nobody with weight, nobody with room") {
  for (const image::Scheduler scheduler : kAll) {
    Bench bench;
    bench.take(scheduler, {});
    CHECK_EQUAL(bench.choose(), -1);
    bench.take(scheduler, {server("10.0.0.1", 0), server("10.0.0.2", 0)});
    CHECK_EQUAL(bench.choose(), -1);
    bench.take(scheduler, {server("10.0.0.1", 1, 1), server("10.0.0.2", 1, 1)}, "90.0.0.1", 1);
    for (std::uint32_t place = 0; place < 2; ++place) bench.mine[bench.id(place)].active = 1;
    CHECK_EQUAL(bench.choose(), -1);
    bench.mine[bench.id(1)].active = 0;
    if (scheduler != image::kDh) CHECK_EQUAL(bench.choose(), 1);  // dh knows no other
  }
}

TEST("every scheduler passes over a server without a way, however light its load, as long as another has one") {
  for (const image::Scheduler scheduler : kAll) {
    Bench bench;
    bench.take(scheduler, {server("10.0.0.1"), server("10.0.1.1", 9), server("10.77.0.1", 9)});
    bench.mine[bench.id(0)].active = scheduler == image::kOvf ? 1 : 50;
    for (std::uint16_t port = 1; port < 50; ++port) CHECK_EQUAL(bench.choose(port), 0);
    // when none has, all are used: their packets are dropped with the reason
    bench.take(scheduler, {server("10.0.1.1"), server("10.77.0.1")});
    CHECK(bench.choose() >= 0);
  }
}

TEST("sessions of all workers count") {
  Bench bench;
  bench.take(image::kLc, {server("10.0.0.1"), server("10.0.0.2")});
  bench.mine[bench.id(0)].active = 3;
  bench.others[bench.id(1)].active = 5;
  CHECK_EQUAL(bench.choose(), 0);
  bench.others[bench.id(0)].active = 3;
  CHECK_EQUAL(bench.choose(), 1);
  bench.mine[bench.id(1)].active = -2;  // ended here, begun there
  CHECK_EQUAL(bench.choose(), 1);
}

TEST("a full server is open again below its lower threshold, or three quarters of the upper one") {
  Bench bench;
  bench.take(image::kFo, {server("10.0.0.1", 9, 8, 4), server("10.0.0.2", 1)});
  auto& active = bench.mine[bench.id(0)].active;
  for (const auto& [sessions, chosen] : {std::pair{7, 0}, {8, 1}, {7, 1}, {4, 1}, {3, 0}, {7, 0}}) {
    active = sessions;
    CHECK_EQUAL(bench.choose(), chosen);
    if (sessions == 7 && chosen == 0) active = 8, CHECK_EQUAL(bench.choose(), 1), active = 3, CHECK_EQUAL(bench.choose(), 0), active = 8;
  }
  bench.take(image::kFo, {server("10.0.0.1", 9, 8), server("10.0.0.2", 1)});
  for (const auto& [sessions, chosen] : {std::pair{8, 1}, {6, 1}, {5, 0}}) {
    active = sessions;
    CHECK_EQUAL(bench.choose(), chosen);
  }
}

TEST("who lost its thresholds for a while has forgotten that it was full") {
  Bench bench;
  bench.take(image::kFo, {server("10.0.0.1", 9, 1), server("10.0.0.2", 1)});
  CHECK_EQUAL(bench.choose(), 0);
  bench.mine[bench.id(0)].active = 1;
  CHECK_EQUAL(bench.choose(), 1);
  bench.take(image::kFo, {server("10.0.0.1", 9), server("10.0.0.2", 1)});
  CHECK_EQUAL(bench.choose(), 0);
  bench.mine[bench.id(0)].active = 2;
  bench.take(image::kFo, {server("10.0.0.1", 9, 3, 1), server("10.0.0.2", 1)});
  CHECK_EQUAL(bench.choose(), 0);
}

TEST("round robin goes on where it was when the server chosen last leaves, and what is kept under an id is not its next owner's") {
  Bench bench;
  const auto a = server("10.0.0.1"), b = server("10.0.0.2"), c = server("10.0.0.3"), d = server("10.0.0.4");
  bench.take(image::kRr, {a, b, c, d});  // the list is d, c, b, a
  CHECK_EQUAL(bench.choose(), 3);
  CHECK_EQUAL(bench.choose(), 2);
  CHECK_EQUAL(bench.choose(), 1);
  bench.take(image::kRr, {a, c, d});  // b left; the mark is c's
  CHECK_EQUAL(bench.choose(), 0);
  bench.take(image::kRr, {c, d});  // a left; the mark is c's again
  bench.take(image::kRr, {d});     // nobody chose meanwhile; the mark is d's
  bench.take(image::kRr, {d, server("10.0.0.5"), server("10.0.0.6")});  // the list is 6, 5, d
  CHECK_EQUAL(bench.choose(), 2);
  bench.take(image::kRr, {});
  bench.maker.recycle(*bench.maker.tables());
  bench.take(image::kRr, {b, c});
  CHECK_EQUAL(bench.choose(), 1);  // from the head: nobody knows who had the mark
}

TEST("of several changes in one image round robin follows those who stay") {
  Bench bench;
  bench.take(image::kRr, {server("10.0.0.1"), server("10.0.0.2"), server("10.0.0.3"), server("10.0.0.4")});
  for (int i = 0; i < 3; ++i) (void)bench.choose();  // 4, 3, 2
  bench.take(image::kRr, {server("10.0.0.1"), server("10.0.0.4"), server("10.0.0.5")});  // 2 and 3 left: 4 has the mark; the list is 5, 4, 1
  CHECK_EQUAL(bench.choose(), 0);
}

TEST("maglev: the flows of a full server spread over the others, and nobody else's move") {
  Bench bench;
  std::vector<image::Destination> servers;
  for (int n = 1; n <= 5; ++n) servers.push_back(server("10.0.0." + std::to_string(n), 1, n == 3 ? 4 : 0));
  bench.take(image::kMaglev, servers);
  std::map<std::uint16_t, int> usual;
  for (std::uint16_t port = 1; port <= 1000; ++port) usual[port] = bench.choose(port);
  bench.mine[bench.id(2)].active = 4;
  std::set<int> instead;
  for (const auto& [port, place] : usual) {
    if (place == 2) instead.insert(bench.choose(port));
    else CHECK_EQUAL(bench.choose(port), place);
  }
  CHECK(instead == (std::set{0, 1, 3, 4}));
}

TEST("lblc remembers more addresses than its table holds, and forgets those asked for the longest time ago") {
  schedulers::Localities localities;
  Service service{};
  service.generation = 7;
  schedulers::Locality entry{};
  entry.service_generation = 7;
  entry.count = 1;
  for (std::uint32_t n = 0; n < 100'000; ++n) {
    const std::uint32_t v4 = __builtin_bswap32(0x0a000000 + n);
    entry.address = Address::v4(v4);
    entry.used_ms = n;
    localities.put(service, entry);
    const auto* found = localities.find(service, entry.address);
    CHECK(found != nullptr && found->used_ms == n);
  }
  std::uint32_t kept = 0;
  for (std::uint32_t n = 90'000; n < 100'000; ++n) kept += localities.find(service, Address::v4(__builtin_bswap32(0x0a000000 + n))) != nullptr;
  CHECK(kept > 8'500);
  CHECK(localities.find(service, Address::v4(__builtin_bswap32(0x0a000000))) == nullptr);
  service.generation = 8;
  CHECK(localities.find(service, entry.address) == nullptr);
}

TEST("lblcr: after a day without a change the most loaded member leaves the set") {
  Bench bench;
  bench.take(image::kLblcr, {server("10.0.0.1", 4), server("10.0.0.2", 4)}, "90.0.0.0");
  const int first = bench.choose(1, "90.0.0.7", 0);
  const int second = 1 - first;
  bench.mine[bench.id(static_cast<std::uint32_t>(first))].active = 5;  // above its weight, and the other is idle: it joins
  CHECK_EQUAL(bench.choose(1, "90.0.0.7", 1000), second);
  bench.mine[bench.id(static_cast<std::uint32_t>(first))].active = 3;
  bench.mine[bench.id(static_cast<std::uint32_t>(second))].active = 2;
  CHECK_EQUAL(bench.choose(1, "90.0.0.7", 2000), second);
  CHECK_EQUAL(bench.choose(1, "90.0.0.7", 90'000'000), second);  // the first one has left the set
  bench.mine[bench.id(static_cast<std::uint32_t>(first))].active = 0;
  CHECK_EQUAL(bench.choose(1, "90.0.0.7", 90'001'000), second);
  CHECK_EQUAL(bench.choose(1, "90.0.0.8", 90'001'000), first);  // another address has another set
}

int main() { return test::run_all(); }
