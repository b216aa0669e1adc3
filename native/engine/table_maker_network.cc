#include "engine/table_maker_network.h"

#include <algorithm>
#include <cstring>

#include "engine/prefix.h"

namespace lvsd {
namespace {

bool covers(const image::LocalAddress& local, const Address& towards) noexcept {
  const bool v4 = local.address.is_v4();
  if (towards.is_v4() != v4) return false;
  const Address mask = prefix_mask(local.prefix, v4);
  return masked(local.address, mask) == masked(towards, mask);
}

Adjacency make_adjacency(const image::Adjacency& from) noexcept {
  Adjacency adjacency{};
  std::memcpy(adjacency.header, from.destination_mac, 6);
  std::memcpy(adjacency.header + 6, from.source_mac, 6);
  for (int i = 0; i < from.vlan_tags; ++i) {
    std::uint8_t* tag = adjacency.header + 12 + 4 * i;
    tag[0] = static_cast<std::uint8_t>(from.tag_type[i] >> 8);
    tag[1] = static_cast<std::uint8_t>(from.tag_type[i]);
    tag[2] = static_cast<std::uint8_t>(from.tag[i] >> 8);
    tag[3] = static_cast<std::uint8_t>(from.tag[i]);
  }
  adjacency.header_length = static_cast<std::uint8_t>(12 + 4 * from.vlan_tags);
  adjacency.vlan_tags = from.vlan_tags;
  adjacency.flags = from.flags;
  adjacency.port = static_cast<std::uint16_t>(from.port);
  adjacency.mtu = from.mtu;
  if (!is_unspecified(from.next_hop)) adjacency.next_hop = from.next_hop;
  return adjacency;
}

}  // namespace

OwnBytes::OwnBytes(std::span<const std::uint8_t> bytes) : words_((bytes.size() + 7) / 8), size_(bytes.size()) {
  if (!bytes.empty()) std::memcpy(words_.data(), bytes.data(), bytes.size());
}

std::shared_ptr<const NetworkPart> NetworkPart::make(std::span<const std::uint8_t> image, std::optional<image::Refusal>& refusal) {
  std::shared_ptr<NetworkPart> part(new NetworkPart(image));
  refusal = image::read_network(part->bytes_.all(), part->view_);
  if (refusal) return nullptr;
  part->build();
  return part;
}

std::shared_ptr<const NetworkPart> NetworkPart::empty() {
  std::shared_ptr<NetworkPart> part(new NetworkPart({}));
  part->build();
  return part;
}

void NetworkPart::build() {
  make_adjacencies();
  std::vector<RouteTable::Entry> entries;
  for (const image::Route& route : view_.routes) entries.push_back({route.prefix, route.length, make_leaf(route)});
  std::vector<Address> local;
  for (const image::LocalAddress& one : view_.addresses) {
    local.push_back(one.address);
    entries.push_back({one.address, longest_prefix(one.address), Leaf{}});  // the later one counts: no way leads to ourselves
  }
  routes_ = std::make_unique<RouteTable>(entries);
  local_ = std::make_unique<AddressSet>(local);
}

/// On-link adjacencies are of the family of the route that leads to them, the others of their neighbour's.
void NetworkPart::make_adjacencies() {
  std::vector<bool> to_v4(view_.adjacencies.size(), false);
  for (const image::Route& route : view_.routes) {
    if (!route.prefix.is_v4() || route.kind == image::kUnreachable) continue;
    if (route.kind == image::kOnLink) to_v4[route.first] = true;
    if (route.kind != image::kUnicast) continue;
    for (const std::uint32_t i : view_.references.subspan(route.first, route.count)) to_v4[i] = true;
  }
  for (std::size_t i = 0; i < view_.adjacencies.size(); ++i) {
    const image::Adjacency& from = view_.adjacencies[i];
    Adjacency adjacency = make_adjacency(from);
    const bool v4 = adjacency.next_hop.is_zero() ? to_v4[i] : adjacency.next_hop.is_v4();
    adjacency.source = source(from.port, v4, adjacency.next_hop);
    adjacencies_.push_back(adjacency);
  }
}

/// More than link-local before link-local, the one whose prefix the other side is in before others, one of the port before one of another
/// interface (a VLAN above the port, or loopback).
Address NetworkPart::source(std::uint32_t port, bool v4, const Address& towards) const noexcept {
  Address best;
  int best_rank = -1;
  for (const image::LocalAddress& local : view_.addresses) {
    const bool of_link = is_link_local(local.address), of_port = local.port == port;
    if (local.address.is_v4() != v4 || is_loopback(local.address) || (of_link && !of_port)) continue;
    const int rank = (of_link ? 0 : 4) + (covers(local, towards) ? 2 : 0) + (of_port ? 1 : 0);
    if (rank <= best_rank) continue;
    best = local.address;
    best_rank = rank;
  }
  return best;
}

bool NetworkPart::is_usable(std::uint32_t adjacency) const noexcept {
  const image::Adjacency& one = view_.adjacencies[adjacency];
  return (one.flags & image::kFailed) == 0 && (view_.ports[one.port].flags & image::kPortUp) != 0;
}

Leaf NetworkPart::make_leaf(const image::Route& route) {
  Leaf leaf{static_cast<std::uint32_t>(paths_.size()), 0};
  if (route.kind == image::kOnLink) paths_.push_back(route.first);
  if (route.kind == image::kUnicast) {
    const auto all = view_.references.subspan(route.first, route.count);
    std::copy_if(all.begin(), all.end(), std::back_inserter(paths_), [this](std::uint32_t i) { return is_usable(i); });
    if (paths_.size() == leaf.first) paths_.insert(paths_.end(), all.begin(), all.end());
  }
  leaf.count = static_cast<std::uint32_t>(paths_.size()) - leaf.first;
  return leaf;
}

NetworkPart::Way NetworkPart::way(const Address& to) const noexcept {
  Way way{routes_->find(to), 0, false};
  if (way.leaf.count == 0) return way;
  way.mtu = 0xffff;
  for (const std::uint32_t i : paths().subspan(way.leaf.first, way.leaf.count)) way.mtu = std::min(way.mtu, adjacencies_[i].mtu);
  way.failed = !is_usable(paths_[way.leaf.first]);  // if one is not, all are not: make_leaf
  return way;
}

}  // namespace lvsd
