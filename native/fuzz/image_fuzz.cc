// Images of strangers: read, and, when they are taken, made into tables that are asked about. First byte: network, services, or both with
// the second half.
#include <cstring>
#include <span>
#include <vector>

#include "engine/tables.h"

using namespace lvsd;

namespace {

constexpr std::uint32_t kMostSlotsHere = 4096;  // large tables are slow, not interesting

std::vector<std::uint64_t> aligned(std::span<const std::uint8_t> bytes) {
  std::vector<std::uint64_t> words((bytes.size() + 7) / 8);
  if (!bytes.empty()) std::memcpy(words.data(), bytes.data(), bytes.size());
  return words;
}

/// Makes header and sizes right, so that the fuzzer gets beyond them.
void mend(std::vector<std::uint64_t>& words, std::size_t size, std::uint32_t magic) {
  if (size < 8) return;
  auto* const bytes = reinterpret_cast<std::uint8_t*>(words.data());
  const auto length = static_cast<std::uint32_t>(size);
  std::memcpy(bytes, &magic, 4);
  std::memcpy(bytes + 4, &length, 4);
}

bool is_small(const image::ServicesView& view) {
  for (const image::Service& service : view.services) {
    if (service.table_size > kMostSlotsHere) return false;
  }
  return true;
}

void ask(const Tables& tables) {
  for (const Service& service : tables.services()) {
    const Service* found = tables.find_service(service.address, service.protocol, service.port, 0);
    (void)tables.any_service_of(service.address, 63);
    if (found == nullptr && service.ingress == 0) __builtin_trap();  // a service takes what is sent to its own address
    for (const std::uint32_t id : service.slots) {
      if (tables.destination(id).service != service.image_index) __builtin_trap();
    }
  }
  for (const Destination& destination : tables.destinations()) {
    const std::uint32_t way = tables.route(destination.address, 0xffffffff);
    if (way != kNone && tables.adjacency(way).port >= tables.ports().size()) __builtin_trap();
    (void)tables.is_local(destination.address);
    (void)tables.is_nat_server(destination.address, 6, destination.port);
    (void)tables.is_pool_address(destination.address);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 9) return 0;
  const std::uint8_t what = data[0];
  const std::span<const std::uint8_t> rest(data + 1, size - 1);
  const std::size_t split = what & 1 ? rest.size() / 2 : (what & 2 ? rest.size() : 0);
  TableMaker maker(64, 1024);

  auto network = aligned(rest.first(split)), services = aligned(rest.subspan(split));
  const std::span<const std::uint8_t> network_bytes(reinterpret_cast<const std::uint8_t*>(network.data()), split);
  const std::span<const std::uint8_t> services_bytes(reinterpret_cast<const std::uint8_t*>(services.data()), rest.size() - split);
  if (what & 4) mend(network, split, image::kNetworkMagic), mend(services, rest.size() - split, image::kServicesMagic);

  (void)maker.take_network(network_bytes);
  image::ServicesView view;
  if (!services.empty() && !image::read_services(services_bytes, view) && is_small(view)) {
    (void)maker.take_services(services_bytes);
    ask(*maker.tables());
    (void)maker.take_network(network_bytes);
    ask(*maker.tables());
  }
  maker.recycle(*maker.tables());
  return 0;
}
