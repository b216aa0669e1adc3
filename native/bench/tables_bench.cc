// What tables cost to make: lines of JSON.
//   tables-bench maglev            one Maglev table: milliseconds, the best spread, and what moves when one of N leaves
//   tables-bench publish [N [M]]   TableMaker alone, N services of M servers each: first publication, one change, the network again
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string_view>
#include <vector>

#include "engine/maglev.h"
#include "engine/tables.h"
#include "port/steering.h"
#include "test/images.h"

namespace {

using namespace lvsd;
using namespace lvsd::test;

/// CPU time of this thread: what others take of the core is not ours.
double now_ms() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

double timed(const std::function<void()>& run) {
  const double from = now_ms();
  run();
  return now_ms() - from;
}

/// `"name":[...]`, sorted.
void print_times(const char* name, std::vector<double> times) {
  std::sort(times.begin(), times.end());
  std::printf("\"%s\":[", name);
  for (std::size_t i = 0; i < times.size(); ++i) std::printf("%s%.3f", i == 0 ? "" : ",", times[i]);
  std::printf("]");
}

Address v4(std::uint32_t host) { return Address::v4(__builtin_bswap32(host)); }

// ---------------------------------------------------------------- one table

std::vector<MaglevMember> members_of(std::uint32_t count) {
  std::vector<MaglevMember> members;
  for (std::uint32_t i = 0; i < count; ++i) members.push_back({v4(0x0a000001 + i), i, 1, 80});
  return members;
}

/// Of the slots of those that stay, the part that has another owner when one member leaves: mean of some leavers, and the most.
struct Moved {
  double mean, most;
};
Moved moved_when_one_leaves(const std::vector<MaglevMember>& members, std::uint32_t size) {
  const auto before = build_maglev(members, size);
  const std::size_t leavers = std::min<std::size_t>(members.size(), 10);
  Moved moved{0, 0};
  for (std::size_t k = 0; k < leavers; ++k) {
    const auto leaver = static_cast<std::uint32_t>(k * members.size() / leavers);
    std::vector<MaglevMember> rest = members;
    rest.erase(rest.begin() + leaver);
    const auto after = build_maglev(rest, size);
    std::uint32_t stayed = 0, changed = 0;
    for (std::uint32_t slot = 0; slot < size; ++slot) {
      if (before[slot] == leaver) continue;
      ++stayed;
      changed += before[slot] != after[slot] ? 1 : 0;
    }
    const double part = 100.0 * changed / stayed;
    moved.mean += part / static_cast<double>(leavers);
    moved.most = std::max(moved.most, part);
  }
  return moved;
}

void maglev(std::uint32_t size, std::uint32_t count, int rounds, bool with_moved) {
  const auto members = members_of(count);
  std::vector<double> times;
  std::vector<std::uint32_t> table;
  for (int i = 0; i < rounds; ++i) times.push_back(timed([&] { table = build_maglev(members, size); }));
  std::vector<std::uint32_t> slots(count);
  for (const std::uint32_t id : table) ++slots[id];
  const auto [fewest, most] = std::minmax_element(slots.begin(), slots.end());
  std::printf("{\"slots\":%u,\"servers\":%u,\"fewest\":%u,\"most\":%u,", size, count, *fewest, *most);
  if (with_moved) {
    const Moved moved = moved_when_one_leaves(members, size);
    std::printf("\"movedMean\":%.4f,\"movedMost\":%.4f,", moved.mean, moved.most);
  }
  print_times("ms", times);
  std::printf("}\n");
  std::fflush(stdout);
}

// ---------------------------------------------------------------- all tables

struct Scheduler {
  const char* name;
  image::Scheduler number;
  std::uint32_t slots;
};

ImageBytes services_image(std::uint32_t services, std::uint32_t servers, const Scheduler& scheduler, std::uint32_t last_weight) {
  ServicesImage image;
  for (std::uint32_t i = 0; i < services; ++i) {
    image::Service service = service_of("192.0.0.0", 6, 80);
    service.address = v4(0xc0000000 + i);
    service.scheduler = scheduler.number;
    service.table_size = scheduler.slots;
    std::vector<image::Destination> destinations;
    for (std::uint32_t n = 0; n < servers; ++n) {
      image::Destination destination = destination_of("10.0.0.1", 80, image::kMasquerade, image::kIpip);
      destination.address = v4(0x0a000001 + i * servers + n);
      destination.weight = i + 1 == services && n == 0 ? last_weight : 1;
      destinations.push_back(destination);
    }
    image.add(service, destinations);
  }
  return ImageBytes(image.bytes());
}

ImageBytes network_image() {
  NetworkImage network;
  network.port("in0", "02:fe:00:00:00:01");
  network.local("172.16.1.1", 24, 0);
  const std::uint32_t way = network.neighbour("172.16.1.2", 0, "02:02:00:00:ff:02");
  network.route("10.0.0.0", 8, {way});
  return ImageBytes(network.bytes());
}

void publish(std::uint32_t services, std::uint32_t servers, const Scheduler& scheduler, int rounds) {
  const ImageBytes network = network_image();
  const ImageBytes images[] = {services_image(services, servers, scheduler, 1), services_image(services, servers, scheduler, 2)};
  std::vector<double> first, change, way, steering;
  const auto take = [](const auto& refusal) {
    if (refusal) std::fprintf(stderr, "refused: %s %u: %s\n", refusal->array, refusal->index, refusal->why), std::exit(1);
  };
  for (int i = 0; i < rounds; ++i) {
    TableMaker maker(65'536, 1U << 20);
    SteeringMaker steers;
    take(maker.take_network(network));
    first.push_back(timed([&] { take(maker.take_services(images[0])); }));
    steering.push_back(timed([&] { (void)steers.make(*maker.tables()); }));
    for (int n = 0; n < 3; ++n) change.push_back(timed([&] { take(maker.take_services(images[(n + 1) % 2])); }));
    way.push_back(timed([&] { take(maker.take_network(network)); }));
  }
  std::printf("{\"services\":%u,\"servers\":%u,\"scheduler\":\"%s\",\"slots\":%u,", services, servers, scheduler.name, scheduler.slots);
  print_times("first", first);
  std::printf(",");
  print_times("change", change);
  std::printf(",");
  print_times("network", way);
  std::printf(",");
  print_times("steering", steering);
  std::printf("}\n");
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** words) {
  const std::string_view what = count > 1 ? words[1] : "";
  if (what == "maglev") {
    for (const std::uint32_t servers : {2U, 10U, 100U, 1000U, 10'000U}) maglev(65'537, servers, 11, servers > 2);
    for (const std::uint32_t servers : {100U, 1000U, 10'000U}) maglev(655'373, servers, 5, servers < 10'000);
    return 0;
  }
  if (what == "publish") {
    const auto number = [&](int at, std::uint32_t otherwise) { return count > at ? static_cast<std::uint32_t>(std::atoi(words[at])) : otherwise; };
    const std::uint32_t services = number(2, 10'000), servers = number(3, 10);
    for (const Scheduler& scheduler : {Scheduler{"wrr", image::kWrr, 0}, Scheduler{"maglev", image::kMaglev, 251}, Scheduler{"mh", image::kMh, 0}})
      publish(services, servers, scheduler, 3);
    return 0;
  }
  return std::fprintf(stderr, "usage: tables-bench maglev | publish [SERVICES [SERVERS]]\n"), 2;
}
