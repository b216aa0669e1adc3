// What a packet costs in memory: the worker's own process() over batches of 64-byte UDP frames of established flows, no device.
//   forward-bench [--json] [--quick] [--only GRE4] [--flows 10000]
// Each figure: median and spread of the runs, of 1M packets each; ns and TSC cycles per packet. Frames are written anew before each batch,
// outside of what is timed.
#include <x86intrin.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "test/images.h"

namespace {

using namespace lvsd;
using namespace lvsd::test;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kFrameBytes = 60;  // 64 with the FCS
constexpr std::size_t kStride = 256;
constexpr std::size_t kHeadroom = 128;

struct Method {
  const char* name;
  image::Method method;
  image::Tunnel tunnel;
  bool outer_v4;
};
constexpr Method kMethods[] = {
    {"GRE4", image::kTunnel, image::kGre, true},        {"GRE6", image::kTunnel, image::kGre, false},
    {"L3DSR", image::kL3dsr, image::kIpip, true},       {"NAT4", image::kMasquerade, image::kIpip, true},
    {"DR", image::kDirect, image::kIpip, true},
};

struct Case {
  Method method;
  std::uint32_t flows, servers, services;
};

struct Figure {
  double median_ns, least_ns, most_ns, cycles;
};

/// Host order to 10.x.y.z and the like.
Address v4(std::uint32_t host) { return Address::v4(__builtin_bswap32(host)); }

constexpr std::uint32_t kClients = 0xc6120000;  // 198.18.0.0/15
constexpr std::uint32_t kVips = 0xc0000000;     // 192.0.0.0
constexpr std::uint32_t kServers = 0x0a000000;  // 10.0.0.0

class World {
 public:
  explicit World(const Case& given) : case_(given), engine_({.workers = 1, .sessions = std::max(given.flows * 5 / 4, 65'536U), .most_services = 16'384, .most_destinations = 262'144, .held_packets = 1024, .secret = {11, 22}}) {
    NetworkImage network;
    network.port("in0", "02:fe:00:00:00:01");
    network.port("out0", "02:fe:00:00:00:02");
    network.local("172.16.1.1", 24, 0);
    network.local("172.16.2.1", 24, 1);
    network.local("fd01:2::1", 64, 1);
    const std::uint32_t to4 = network.neighbour("172.16.2.2", 1, "02:02:00:00:ff:02");
    const std::uint32_t to6 = network.neighbour("fd01:2::2", 1, "02:02:00:00:ff:02");
    network.route("10.0.0.0", 8, {to4});
    network.route("2001:db8::", 32, {to6});
    ServicesImage services;
    const std::uint32_t each = std::max(1U, given.servers / given.services);
    for (std::uint32_t index = 0; index < given.services; ++index) {
      image::Service service = service_of("192.0.0.0", 17, 0);
      service.address = v4(kVips + index);
      service.port = 5000;
      service.dscp = 10;
      service.table_size = given.services > 100 ? 251 : 65'537;
      std::vector<image::Destination> servers;
      for (std::uint32_t at = 0; at < each; ++at) {
        image::Destination server = destination_of("10.0.0.1", given.method.method == image::kMasquerade ? 6000 : 0, given.method.method, given.method.tunnel);
        const std::uint32_t number = index * each + at + 1;
        if (given.method.outer_v4) {
          server.address = v4(kServers + number);
        } else {
          server.address = address("2001:db8::");
          const std::uint32_t big = __builtin_bswap32(number);
          std::memcpy(&server.address.bytes[12], &big, 4);
        }
        servers.push_back(server);
      }
      services.add(service, servers);
    }
    const auto first = engine_.publish_network(network.bytes());
    const auto second = engine_.publish_services(services.bytes());
    if (first || second) std::fprintf(stderr, "refused: %s\n", first ? first->why : second->why), std::exit(1);
    memory_ = static_cast<std::uint8_t*>(std::aligned_alloc(4096, kBatch * kStride));
  }
  ~World() { std::free(memory_); }

  /// Makes every flow's session.
  void establish() {
    for (int round = 0; round < 2; ++round) {
      for (std::uint32_t flow = 0; flow < case_.flows;) {
        std::size_t count = 0;
        for (; count < kBatch && flow < case_.flows; ++count, ++flow) write(count, flow);
        run(count);
      }
    }
  }

  /// Of each run the median batch: what another process took of the core in between is not the packet's cost.
  Figure measure(int runs, std::uint32_t packets) {
    std::vector<double> cycles;
    std::vector<std::uint64_t> batches;
    batches.reserve(packets / kBatch);
    for (int at = 0; at < runs; ++at) {
      batches.clear();
      for (std::uint32_t done = 0; done < packets; done += kBatch) {
        for (std::size_t slot = 0; slot < kBatch; ++slot) write(slot, case_.flows > 1 ? next_random() % case_.flows : 0);
        const std::uint64_t from = __rdtsc();
        run(kBatch);
        batches.push_back(__rdtsc() - from);
      }
      std::nth_element(batches.begin(), batches.begin() + static_cast<std::ptrdiff_t>(batches.size() / 2), batches.end());
      cycles.push_back(static_cast<double>(batches[batches.size() / 2]) / kBatch);
    }
    std::sort(cycles.begin(), cycles.end());
    const double median = cycles[cycles.size() / 2];
    return {median / tsc_per_ns(), cycles.front() / tsc_per_ns(), cycles.back() / tsc_per_ns(), median};
  }

  [[nodiscard]] bool all_forwarded() {
    const EngineCounters& counters = engine_.worker(0).counters();
    std::uint64_t dropped = 0;
    for (const std::uint64_t reason : counters.dropped) dropped += reason;
    return dropped == 0 && counters.events[static_cast<std::size_t>(Event::passed)] == 0;
  }
  [[nodiscard]] std::uint64_t live() { return engine_.worker(0).sessions().live(); }
  [[nodiscard]] std::uint64_t memory_bytes() { return engine_.worker(0).sessions().memory_bytes(); }

  static double tsc_per_ns() {
    static const double rate = [] {
      const auto from = Clock::now();
      const std::uint64_t tsc = __rdtsc();
      while (Clock::now() - from < std::chrono::milliseconds(50)) {}
      const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - from).count();
      return static_cast<double>(__rdtsc() - tsc) / static_cast<double>(ns);
    }();
    return rate;
  }

 private:
  std::uint32_t next_random() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<std::uint32_t>(state_ >> 32);
  }

  /// A flow's frame: client address and port from its number; the service, too.
  void write(std::size_t slot, std::uint32_t flow) {
    static constexpr std::uint8_t kTemplate[kFrameBytes] = {0x02, 0xfe, 0, 0, 0, 1, 0x02, 1, 0, 0, 0xff, 2, 0x08, 0, 0x45, 0, 0, 46, 0, 1, 0, 0, 64, 17};
    std::uint8_t* const frame = memory_ + slot * kStride + kHeadroom;
    std::memcpy(frame, kTemplate, kFrameBytes);
    const std::uint32_t client = __builtin_bswap32(kClients + (flow >> 6)), vip = __builtin_bswap32(kVips + flow % case_.services);
    const auto port = __builtin_bswap16(static_cast<std::uint16_t>(1024 + (flow & 63) * 512));
    const std::uint16_t service = __builtin_bswap16(5000), length = __builtin_bswap16(26);
    std::memcpy(frame + 26, &client, 4);
    std::memcpy(frame + 30, &vip, 4);
    std::memcpy(frame + 34, &port, 2);
    std::memcpy(frame + 36, &service, 2);
    std::memcpy(frame + 38, &length, 2);
    std::uint32_t sum = 0;
    for (std::size_t at = 14; at < 34; at += 2) sum += static_cast<std::uint32_t>(frame[at] << 8 | frame[at + 1]);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    const std::uint16_t checksum = __builtin_bswap16(static_cast<std::uint16_t>(~sum));
    std::memcpy(frame + 24, &checksum, 2);
    packets_[slot] = {.data = frame, .length = kFrameBytes, .headroom = kHeadroom, .tailroom = kStride - kHeadroom - kFrameBytes, .port = 0};
  }
  void run(std::size_t count) { engine_.worker(0).process(engine_.enter(0), {packets_, count}, 1000); }

  Case case_;
  Engine engine_;
  std::uint8_t* memory_;
  Packet packets_[kBatch];
  std::uint64_t state_ = 0x9e3779b97f4a7c15;
};

void report(const Case& given, bool json, int runs, std::uint32_t packets) {
  World world(given);
  world.establish();
  const std::uint64_t live = world.live();
  const Figure figure = world.measure(runs, packets);
  const bool clean = world.all_forwarded();
  if (json) {
    std::printf("{\"method\":\"%s\",\"flows\":%u,\"servers\":%u,\"services\":%u,\"medianNs\":%.2f,\"leastNs\":%.2f,\"mostNs\":%.2f,\"cycles\":%.1f,\"live\":%llu,\"allForwarded\":%s}\n",
                given.method.name, given.flows, given.servers, given.services, figure.median_ns, figure.least_ns, figure.most_ns, figure.cycles,
                static_cast<unsigned long long>(live), clean ? "true" : "false");
  } else {
    std::printf("%-6s %9u %8u %9u %8.1f  [%.1f-%.1f] %8.1f  %9llu%s\n", given.method.name, given.flows, given.servers, given.services, figure.median_ns,
                figure.least_ns, figure.most_ns, figure.cycles, static_cast<unsigned long long>(live), clean ? "" : "  NOT ALL FORWARDED");
  }
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** words) {
  bool json = false, quick = false;
  std::string only;
  std::uint32_t only_flows = 0;
  for (int at = 1; at < count; ++at) {
    const std::string word = words[at];
    if (word == "--json") json = true;
    else if (word == "--quick") quick = true;
    else if (word == "--only" && at + 1 < count) only = words[++at];
    else if (word == "--flows" && at + 1 < count) only_flows = static_cast<std::uint32_t>(std::strtoul(words[++at], nullptr, 10));
    else return std::fprintf(stderr, "usage: forward-bench [--json] [--quick] [--only METHOD] [--flows N]\n"), 2;
  }
  const int runs = quick ? 3 : 7;
  const std::uint32_t packets = quick ? 200'000 / kBatch * kBatch : 1'000'000 / kBatch * kBatch;
  if (!json) std::printf("method     flows  servers  services  ns/packet [least-most]   cycles       live\n");
  for (const Method& method : kMethods) {
    if (!only.empty() && only != method.name) continue;
    for (const std::uint32_t flows : {1U, 10'000U, 1'000'000U}) {
      if (only_flows != 0 && only_flows != flows) continue;
      for (const std::uint32_t servers : {2U, 100U, 1000U}) report({method, flows, servers, 1}, json, runs, packets);
    }
  }
  if (only_flows == 0 && (only.empty() || only == "GRE4")) {
    for (const std::uint32_t services : {10U, 100U, 1000U, 10'000U}) report({kMethods[0], 10'000, services * 10, services}, json, runs, packets);
  }
  return 0;
}
