#include "engine/service_ids.h"

#include <algorithm>
#include <cstring>

#include "engine/fields_hash.h"

namespace lvsd {

std::uint32_t IdPool::take() {
  if (vacant_.empty()) return highest_++;
  const std::uint32_t id = vacant_.front();
  vacant_.pop_front();
  return id;
}

ServiceIds::ServiceIds(std::uint32_t most_services, std::uint32_t most_destinations)
    : service_ids_(most_services), destination_ids_(most_destinations) {}

std::size_t ServiceIds::Hash::operator()(const ServiceKey& key) const noexcept {
  return multiply_fold(multiply_fold(key.address.high() ^ kHashKeys[0], key.address.low() ^ kHashKeys[1]) ^ key.rest,
                       key.ingress ^ kHashKeys[2]);
}

std::size_t ServiceIds::Hash::operator()(const DestinationKey& key) const noexcept {
  return multiply_fold(multiply_fold(key.address.high() ^ kHashKeys[0], key.address.low() ^ kHashKeys[1]),
                       (std::uint64_t{key.service} << 16 | key.port) ^ kHashKeys[2]);
}

ServiceIds::ServiceKey ServiceIds::key_of(const image::Service& service) noexcept {
  return {service.address, service.ingress, std::uint32_t{service.prefix} << 24 | std::uint32_t{service.protocol} << 16 | service.port};
}

bool ServiceIds::is_same(std::span<const image::Destination> records, const KnownService& known) noexcept {
  return known.gone_since == 0 && records.size() == known.records.size() &&
         (records.empty() || std::memcmp(records.data(), known.records.data(), records.size_bytes()) == 0);
}

std::optional<image::Refusal> ServiceIds::check_room(const image::ServicesView& view) const {
  std::uint64_t services = 0, destinations = 0;
  for (const image::Service& service : view.services) {
    const auto found = services_.find(key_of(service));
    const auto records = view.destinations.subspan(service.first_destination, service.destinations);
    if (found == services_.end()) {
      ++services;
      destinations += records.size();
    } else if (!is_same(records, found->second)) {
      for (const image::Destination& record : records)
        destinations += by_key_.contains({record.address, found->second.id, record.port}) ? 0 : 1;
    }
  }
  if (services > service_ids_.room())
    return image::Refusal{"services", 0, "more services than the engine has room for; those removed a moment ago count, too"};
  if (destinations > destination_ids_.room())
    return image::Refusal{"destinations", 0, "more destinations than the engine has room for; those removed a moment ago count, too"};
  return std::nullopt;
}

void ServiceIds::take(const image::ServicesView& view, std::uint64_t serial) {
  in_order_.clear();
  for (const image::Service& service : view.services) in_order_.push_back(&find_or_add(service, serial));
  for (std::size_t i = 0; i < in_order_.size(); ++i) {
    const auto records = view.destinations.subspan(view.services[i].first_destination, view.services[i].destinations);
    if (!is_same(records, *in_order_[i])) take_destinations(records, *in_order_[i], serial);
    in_order_[i]->gone_since = 0;
  }
  for (auto& [key, known] : services_) {
    if (known.seen != serial && known.gone_since == 0) leave_whole(known, serial);
  }
}

KnownService& ServiceIds::find_or_add(const image::Service& service, std::uint64_t serial) {
  KnownService& known = services_[key_of(service)];
  known.seen = serial;
  if (known.id != kNone) return known;
  known.id = service_ids_.take();
  known.generation = ++generations_;
  known.gone_since = serial;
  return known;
}

std::uint32_t ServiceIds::destination_id(const image::Destination& record, std::uint32_t service) {
  const auto [found, is_new] = by_key_.try_emplace({record.address, service, record.port}, kNone);
  if (!is_new) return found->second;
  const std::uint32_t id = destination_ids_.take();
  if (id >= destinations_.size()) {
    destinations_.resize(id + 1);
    mark_.resize(id + 1);
  }
  destinations_[id] = {.address = record.address, .service = service, .generation = ++generations_, .port = record.port, .vacant = false};
  found->second = id;
  return id;
}

/// As the kernel does one by one: who is not in the image leaves the list, who is new comes to its head.
void ServiceIds::take_destinations(std::span<const image::Destination> records, KnownService& known, std::uint64_t serial) {
  std::vector<std::uint32_t> ids;
  ids.reserve(records.size());
  for (const image::Destination& record : records) {
    const std::uint32_t id = destination_id(record, known.id);
    ids.push_back(id);
    mark_[id] = serial;
    KnownDestination& destination = destinations_[id];
    if (record.weight > 0) destination.last_weight = record.weight;
  }
  auto members = std::make_shared<std::vector<std::uint32_t>>();
  members->reserve(ids.size());
  const std::vector<std::uint32_t> before = known.members ? *known.members : std::vector<std::uint32_t>{};
  for (const std::uint32_t id : ids) {
    KnownDestination& destination = destinations_[id];
    if (!destination.member) members->push_back(id);
    destination.member = true;
    destination.gone_since = 0;
  }
  std::reverse(members->begin(), members->end());  // the last one added stands first
  for (std::size_t place = 0; place < before.size(); ++place) {
    if (mark_[before[place]] == serial) members->push_back(before[place]);
    else leave(before, place, serial);
  }
  known.members = std::move(members);
  known.ids = std::move(ids);
  known.records.assign(records.begin(), records.end());
  known.shape = ++shapes_;
}

void ServiceIds::leave(const std::vector<std::uint32_t>& members, std::size_t place, std::uint64_t serial) {
  KnownDestination& leaver = destinations_[members[place]];
  leaver.gone_since = serial;
  leaver.member = false;
  leaver.last_weight = 0;
  leaver.heir = kNone;
  for (std::size_t i = place; i-- > 0 && leaver.heir == kNone;) {
    if (mark_[members[i]] == serial) leaver.heir = members[i];
  }
  gone_.push_back(members[place]);
}

void ServiceIds::leave_whole(KnownService& known, std::uint64_t serial) {
  for (std::size_t place = 0; place < known.members->size(); ++place) leave(*known.members, place, serial);
  const std::uint32_t id = known.id, generation = known.generation;
  const std::uint64_t seen = known.seen;
  known = {};
  known.id = id;
  known.generation = generation;
  known.seen = seen;
  known.gone_since = serial;
}

void ServiceIds::recycle(std::uint64_t swept_serial) {
  std::erase_if(gone_, [&](std::uint32_t id) {
    KnownDestination& destination = destinations_[id];
    if (destination.vacant || destination.gone_since == 0) return true;  // given back before, or there again
    if (destination.gone_since > swept_serial) return false;
    by_key_.erase({destination.address, destination.service, destination.port});
    destination = {};
    destination_ids_.give_back(id);
    return true;
  });
  std::erase_if(services_, [&](const auto& entry) {
    const KnownService& known = entry.second;
    if (known.gone_since == 0 || known.gone_since > swept_serial) return false;
    service_ids_.give_back(known.id);
    return true;
  });
}

}  // namespace lvsd
