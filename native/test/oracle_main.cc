// The engine's choices for histories on stdin, a line each: test/unit/dataplane/choosers-oracle.test.ts compares them with src/schedulers.
//   network HEX · services HEX       images
//   count DESTINATION ACTIVE INACTIVE  sessions of a destination by its place in the image
//   arrive CLIENT PORT VIP PORT PROTOCOL MILLISECONDS   → the place of the server in the image, or -1
#include <cstdlib>
#include <iostream>
#include <sstream>

#include "engine/fields_hash.h"
#include "engine/scheduler.h"
#include "test/images.h"

namespace {

using namespace lvsd;

std::vector<std::uint8_t> from_hex(const std::string& text) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t at = 0; at + 1 < text.size(); at += 2)
    bytes.push_back(static_cast<std::uint8_t>(std::strtoul(text.substr(at, 2).c_str(), nullptr, 16)));
  return bytes;
}

void say(const std::optional<image::Refusal>& refusal) {
  if (refusal) std::cout << refusal->array << " " << refusal->index << ": " << refusal->why << std::endl;
  else std::cout << "ok" << std::endl;
}

struct Oracle {
  static constexpr std::uint32_t kMost = 1024;
  std::vector<DestinationCounters> counters = std::vector<DestinationCounters>(kMost);
  std::vector<std::span<const DestinationCounters>> workers{counters};
  TableMaker maker{kMost, kMost};
  Choosers choosers{kMost, workers};

  void count(std::istream& words) {
    std::uint32_t place = 0;
    std::int64_t active = 0, inactive = 0;
    words >> place >> active >> inactive;
    const std::uint32_t id = maker.tables()->destination_id(place);
    if (id == kNone) return;
    counters[id].active = active;
    counters[id].inactive = inactive;
  }

  void arrive(std::istream& words) {
    std::string client, vip;
    FlowKey key;
    unsigned protocol = 0;
    std::uint32_t now = 0;
    words >> client >> key.client_port >> vip >> key.vip_port >> protocol >> now;
    key.client = test::address(client);
    key.vip = test::address(vip);
    key.protocol = static_cast<std::uint8_t>(protocol);
    const auto tables = maker.tables();
    const Service* service = tables->find_service(key.vip, key.protocol, key.vip_port, 0);
    if (service == nullptr) return void(std::cout << "no service" << std::endl);
    const std::uint64_t hash = fields_hash(service->hash_fields, {key.client, key.vip, key.client_port, key.vip_port, key.protocol});
    const std::uint32_t foreseen = choosers.foresee(*tables, *service, {key, hash, now});
    const std::uint32_t id = choosers.choose(*tables, *service, {key, hash, now});
    if (foreseen != id) return void(std::cout << "foreseen was another" << std::endl);
    int place = -1;
    for (std::uint32_t i = 0; i < tables->image_destinations(); ++i) {
      if (tables->destination_id(i) == id) place = static_cast<int>(i);
    }
    std::cout << place << std::endl;
  }
};

}  // namespace

int main() {
  auto oracle = std::make_unique<Oracle>();
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string what, hex;
    words >> what;
    if (what == "reset") oracle = std::make_unique<Oracle>();
    if (what == "recycle") oracle->maker.recycle(*oracle->maker.tables());
    if (what == "network") words >> hex, say(oracle->maker.take_network(from_hex(hex)));
    if (what == "services") words >> hex, say(oracle->maker.take_services(from_hex(hex)));
    if (what == "count") oracle->count(words);
    if (what == "arrive") oracle->arrive(words);
  }
}
