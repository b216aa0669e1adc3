#include "engine/service_table.h"

#include <algorithm>
#include <bit>

#include "engine/fields_hash.h"
#include "engine/prefix.h"

namespace lvsd {
namespace {

/// One multiplication: what differs between services of one address stands beside the upper half, which IPv4 leaves constant.
std::uint64_t hash_key(std::uint64_t high, std::uint64_t low, std::uint8_t length, std::uint8_t protocol, std::uint16_t port) noexcept {
  const std::uint64_t rest = std::uint64_t{length} << 24 | std::uint64_t{protocol} << 16 | port;
  return multiply_fold(low ^ kHashKeys[1], high ^ kHashKeys[0] ^ (rest << 32 | rest));
}

std::uint32_t tag_of(std::uint64_t hash) noexcept {
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  return tag == 0 ? 1 : tag;
}

bool takes_from(const Service& service, std::uint16_t ingress) noexcept {
  return service.ingress == 0 || (ingress < 64 && (service.ingress >> ingress & 1) != 0);
}

bool is_of(const Service& service, std::uint64_t high, std::uint64_t low, std::uint8_t length) noexcept {
  return service.address.high() == high && service.address.low() == low && service.prefix == length;
}

std::uint64_t node_port_key(std::uint8_t protocol, std::uint16_t port) noexcept { return std::uint64_t{protocol} << 16 | port; }

/// Services of one key are asked in this order: those of some ports before those of all, then those that answer for their address.
std::vector<std::uint32_t> asked_in_order(std::span<const Service> services) {
  std::vector<std::uint32_t> order(services.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto rank = [&](std::uint32_t i) {
    const Service& service = services[i];
    return (service.ingress != 0 ? 4 : 0) + ((service.flags & image::kAnswerArp) != 0 ? 2 : 0) + (service.echo == image::kEchoAnswer ? 1 : 0);
  };
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return rank(a) > rank(b); });
  return order;
}

}  // namespace

ServiceTable::ServiceTable(std::span<const Service> services) {
  const auto size = static_cast<std::uint32_t>(std::bit_ceil(std::max<std::size_t>(services.size() * 2, 8)));
  for (Index* index : {&keys_, &addresses_}) {
    index->entries.resize(size);
    index->next.assign(services.size(), kNone);
    index->mask = size - 1;
  }
  for (const std::uint32_t i : asked_in_order(services)) {
    add_level(services[i]);
    add_key(services, i);
    if (services[i].node_port != 0) node_ports_.push_back(i);
  }
  const auto longest_first = [](const Level& a, const Level& b) { return a.length > b.length; };
  std::sort(levels4_.begin(), levels4_.end(), longest_first);
  std::sort(levels6_.begin(), levels6_.end(), longest_first);
  std::stable_sort(node_ports_.begin(), node_ports_.end(), [&](std::uint32_t a, std::uint32_t b) {
    return node_port_key(services[a].protocol, services[a].node_port) < node_port_key(services[b].protocol, services[b].node_port);
  });
}

void ServiceTable::add_level(const Service& service) {
  const bool v4 = service.address.is_v4();
  std::vector<Level>& levels = v4 ? levels4_ : levels6_;
  const Kind kind = service.port != 0 ? kPort : service.protocol != 0 ? kProtocol : kAny;
  for (Level& level : levels) {
    if (level.length != service.prefix) continue;
    level.kinds |= kind;
    return;
  }
  const Address mask = prefix_mask(service.prefix, v4);
  levels.push_back({mask.high(), mask.low(), service.prefix, kind});
}

void ServiceTable::add(Index& index, std::uint64_t hash, std::uint32_t service, auto&& same) {
  const std::uint32_t tag = tag_of(hash);
  for (auto at = static_cast<std::uint32_t>(hash) & index.mask;; at = (at + 1) & index.mask) {
    Entry& entry = index.entries[at];
    if (entry.tag == 0) {
      entry = {tag, service};
      return;
    }
    if (entry.tag != tag || !same(entry.index)) continue;
    std::uint32_t last = entry.index;
    while (index.next[last] != kNone) last = index.next[last];
    index.next[last] = service;
    return;
  }
}

void ServiceTable::add_key(std::span<const Service> services, std::uint32_t index) {
  const Service& mine = services[index];
  const std::uint64_t high = mine.address.high(), low = mine.address.low();
  const auto same_address = [&](std::uint32_t other) {
    return services[other].address == mine.address && services[other].prefix == mine.prefix;
  };
  add(keys_, hash_key(high, low, mine.prefix, mine.protocol, mine.port), index, [&](std::uint32_t other) {
    return same_address(other) && services[other].protocol == mine.protocol && services[other].port == mine.port;
  });
  add(addresses_, hash_key(high, low, mine.prefix, 0, 0), index, same_address);
}

const Service* ServiceTable::probe(std::span<const Service> services, const Level& level, std::uint64_t high, std::uint64_t low,
                                   std::uint8_t protocol, std::uint16_t port, std::uint16_t ingress) const noexcept {
  const std::uint64_t hash = hash_key(high, low, level.length, protocol, port);
  const std::uint32_t tag = tag_of(hash);
  for (auto at = static_cast<std::uint32_t>(hash) & keys_.mask;; at = (at + 1) & keys_.mask) {
    const Entry entry = keys_.entries[at];
    if (entry.tag == 0) return nullptr;
    if (entry.tag != tag) continue;
    const Service& service = services[entry.index];
    if (service.protocol != protocol || service.port != port || !is_of(service, high, low, level.length)) continue;
    for (std::uint32_t i = entry.index; i != kNone; i = keys_.next[i]) {
      if (takes_from(services[i], ingress)) return &services[i];
    }
    return nullptr;
  }
}

const ServiceTable::Entry& ServiceTable::likely_entry(const Address& to, std::uint8_t protocol, std::uint16_t port) const noexcept {
  const std::vector<Level>& levels = to.is_v4() ? levels4_ : levels6_;
  if (levels.empty()) return keys_.entries.front();
  const Level& level = levels.front();
  const std::uint64_t hash = hash_key(to.high() & level.high, to.low() & level.low, level.length, protocol, port);
  return keys_.entries[static_cast<std::uint32_t>(hash) & keys_.mask];
}

void ServiceTable::prefetch(const Address& to, std::uint8_t protocol, std::uint16_t port) const noexcept {
  __builtin_prefetch(&likely_entry(to, protocol, port));
}

void ServiceTable::prefetch_second(std::span<const Service> services, const Address& to, std::uint8_t protocol,
                                   std::uint16_t port) const noexcept {
  const Entry entry = likely_entry(to, protocol, port);
  if (entry.tag != 0) __builtin_prefetch(&services[entry.index]);
}

const Service* ServiceTable::find(std::span<const Service> services, const Address& to, std::uint8_t protocol, std::uint16_t port,
                                  std::uint16_t ingress) const noexcept {
  for (const Level& level : to.is_v4() ? levels4_ : levels6_) {
    const std::uint64_t high = to.high() & level.high, low = to.low() & level.low;
    const Service* found = nullptr;
    if ((level.kinds & kPort) != 0 && port != 0) found = probe(services, level, high, low, protocol, port, ingress);
    if (found == nullptr && (level.kinds & kProtocol) != 0) found = probe(services, level, high, low, protocol, 0, ingress);
    if (found == nullptr && (level.kinds & kAny) != 0) found = probe(services, level, high, low, 0, 0, ingress);
    if (found != nullptr) return found;
  }
  return nullptr;
}

const Service* ServiceTable::find_address(std::span<const Service> services, const Address& to, std::uint16_t ingress,
                                          std::uint8_t flags) const noexcept {
  for (const Level& level : to.is_v4() ? levels4_ : levels6_) {
    const std::uint64_t high = to.high() & level.high, low = to.low() & level.low;
    const std::uint64_t hash = hash_key(high, low, level.length, 0, 0);
    const std::uint32_t tag = tag_of(hash);
    for (auto at = static_cast<std::uint32_t>(hash) & addresses_.mask;; at = (at + 1) & addresses_.mask) {
      const Entry entry = addresses_.entries[at];
      if (entry.tag == 0) break;
      if (entry.tag != tag || !is_of(services[entry.index], high, low, level.length)) continue;
      for (std::uint32_t i = entry.index; i != kNone; i = addresses_.next[i]) {
        if (takes_from(services[i], ingress) && (services[i].flags & flags) == flags) return &services[i];
      }
      break;
    }
  }
  return nullptr;
}

const Service* ServiceTable::find_node_port(std::span<const Service> services, std::uint8_t protocol, std::uint16_t port,
                                            std::uint16_t ingress) const noexcept {
  const std::uint64_t key = node_port_key(protocol, port);
  const auto key_of = [&](std::uint32_t i) { return node_port_key(services[i].protocol, services[i].node_port); };
  auto at = std::lower_bound(node_ports_.begin(), node_ports_.end(), key, [&](std::uint32_t i, std::uint64_t k) { return key_of(i) < k; });
  for (; at != node_ports_.end() && key_of(*at) == key; ++at) {
    if (takes_from(services[*at], ingress)) return &services[*at];
  }
  return nullptr;
}

const Service* ServiceTable::any_node_port(std::span<const Service> services, std::uint16_t ingress) const noexcept {
  for (const std::uint32_t i : node_ports_) {
    if (takes_from(services[i], ingress)) return &services[i];
  }
  return nullptr;
}

}  // namespace lvsd
