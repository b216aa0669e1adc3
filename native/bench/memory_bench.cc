// What sessions take: a line of JSON for a million sessions of each family and method in an engine of that capacity.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "engine/engine.h"
#include "test/images.h"

namespace {

using namespace lvsd;
using namespace lvsd::test;

constexpr std::uint32_t kSessions = 1'000'000;

struct Case {
  const char* family;
  const char* method;
  bool v4;
  image::Method number;
};
constexpr Case kCases[] = {{"IPv4", "tunnel, DR or L3DSR", true, image::kDirect},
                           {"IPv6", "tunnel, DR or L3DSR", false, image::kDirect},
                           {"IPv4", "NAT", true, image::kMasquerade},
                           {"IPv6", "NAT", false, image::kMasquerade}};

/// Bytes of this process in memory.
std::uint64_t resident() {
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  unsigned long long pages = 0, rss = 0;
  const bool read = file != nullptr && std::fscanf(file, "%llu %llu", &pages, &rss) == 2;
  if (file != nullptr) std::fclose(file);
  return read ? rss * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

/// Client `number` of a family.
Address client_of(bool v4, std::uint32_t number) {
  Address made = address(v4 ? "198.18.0.0" : "2001:db8:1::");
  const std::uint32_t big = __builtin_bswap32((v4 ? 0xc6120000 : 0) + number);
  std::memcpy(&made.bytes[12], &big, 4);
  return made;
}

void measure(const Case& given) {
  Engine engine({.workers = 1, .sessions = kSessions, .most_services = 16, .most_destinations = 16, .held_packets = 1024, .secret = {11, 22}});
  NetworkImage network;
  network.port("in0", "02:fe:00:00:00:01");
  network.local(given.v4 ? "172.16.1.1" : "fd01:1::1", given.v4 ? 24 : 64, 0);
  ServicesImage services;
  const char* const server = given.v4 ? "172.16.1.2" : "fd01:1::2";
  services.add(service_of(given.v4 ? "192.0.2.1" : "2001:db8::1", 17, 5000), {destination_of(server, 0, given.number)});
  if (engine.publish_network(network.bytes()) || engine.publish_services(services.bytes())) std::fprintf(stderr, "refused\n"), std::exit(1);

  const std::uint64_t before = resident();
  const Tables& tables = engine.enter(0);
  const Service& service = tables.service(0);
  const Destination& to = tables.destination(service.members[0]);
  Sessions& sessions = engine.worker(0).sessions();
  for (std::uint32_t flow = 0; sessions.live() < kSessions && flow < 2 * kSessions; ++flow) {
    const FlowKey key{.client = client_of(given.v4, flow >> 4), .vip = service.address, .client_port = static_cast<std::uint16_t>(1024 + flow % 16), .vip_port = 5000, .protocol = 17};
    const std::uint32_t session = sessions.insert(sessions.hash(key), key, service.members[0], 0, service, 1000);
    if (session == kNone || given.number != image::kMasquerade) continue;
    if (!sessions.insert_reverse(session, to.address, 5000, key.client, key.client_port)) sessions.erase(session);
  }
  std::printf("{\"family\":\"%s\",\"method\":\"%s\",\"sessions\":%u,\"tableBytes\":%llu,\"residentBytes\":%llu,\"processBytes\":%llu}\n", given.family, given.method,
              sessions.live(), static_cast<unsigned long long>(sessions.memory_bytes()), static_cast<unsigned long long>(resident() - before), static_cast<unsigned long long>(resident()));
  std::fflush(stdout);
}

}  // namespace

int main() {
  for (const Case& one : kCases) {
    // each in a process of its own: what one has touched is not another's
    const pid_t child = ::fork();
    if (child == 0) measure(one), std::_Exit(0);
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child || status != 0) return 1;
  }
  return 0;
}
