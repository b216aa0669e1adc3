#include "engine/route_table.h"

#include <algorithm>
#include <bit>

#include "engine/fields_hash.h"
#include "engine/prefix.h"

namespace lvsd {
namespace {

template <typename Number>
Number number_of(const Address& address) noexcept {
  return static_cast<Number>(to_number(address));
}

/// Last number of a prefix that begins at `start`.
template <typename Number>
Number last_of(Number start, std::uint8_t length) noexcept {
  return length == 0 ? static_cast<Number>(~Number{0}) : start | static_cast<Number>((Number{1} << (sizeof(Number) * 8 - length)) - 1);
}

std::uint64_t hash_of(const Address& address, std::uint64_t rest) noexcept {
  const std::uint64_t hash = multiply_fold(address.high() ^ kHashKeys[0], address.low() ^ kHashKeys[1]);
  return multiply_fold(hash ^ rest, kHashKeys[2]) | 1;  // never zero, which is a vacant place
}
constexpr std::uint64_t kAddressAlone = std::uint64_t{1} << 32;
constexpr std::uint64_t endpoint(std::uint8_t protocol, std::uint16_t port) noexcept { return std::uint64_t{protocol} << 16 | port; }

}  // namespace

// ---------------------------------------------------------------- routes

RouteTable::RouteTable(std::span<const Entry> entries) {
  v4_.build(entries, true);
  v6_.build(entries, false);
}

Leaf RouteTable::find(const Address& to) const noexcept {
  return to.is_v4() ? v4_.find(number_of<std::uint32_t>(to)) : v6_.find(to_number(to));
}

template <typename Number>
void RouteTable::Ranges<Number>::build(std::span<const Entry> entries, bool v4) {
  struct Prefix {
    Number start, last;
    std::uint8_t length;
    Leaf leaf;
  };
  std::vector<Prefix> prefixes;
  for (const Entry& entry : entries) {
    if (entry.prefix.is_v4() != v4) continue;
    const auto start = number_of<Number>(entry.prefix);
    prefixes.push_back({start, last_of(start, entry.length), entry.length, entry.leaf});
  }
  std::stable_sort(prefixes.begin(), prefixes.end(), [](const Prefix& a, const Prefix& b) {
    return a.start != b.start ? a.start < b.start : a.length < b.length;
  });

  const auto begin_range = [this](Number start, Leaf leaf) {
    if (starts.empty() || starts.back() != start) {
      starts.push_back(start);
      leaves.push_back(leaf);
    } else {
      leaves.back() = leaf;
    }
  };
  begin_range(0, Leaf{});
  std::vector<const Prefix*> open;  // prefixes that the present place is in, the shortest first
  const auto close_before = [&](Number start, bool all) {
    while (!open.empty() && (all || open.back()->last < start)) {
      const Number last = open.back()->last;
      open.pop_back();
      if (last != static_cast<Number>(~Number{0})) begin_range(last + 1, open.empty() ? Leaf{} : open.back()->leaf);
    }
  };
  for (const Prefix& prefix : prefixes) {
    close_before(prefix.start, false);
    begin_range(prefix.start, prefix.leaf);
    open.push_back(&prefix);
  }
  close_before(0, true);
}

template <typename Number>
Leaf RouteTable::Ranges<Number>::find(Number to) const noexcept {
  const Number* base = starts.data();
  for (std::size_t left = starts.size(); left > 1;) {  // the last start that is not above `to`, without a branch on the comparison
    const std::size_t half = left / 2;
    base += base[half] <= to ? half : 0;
    left -= half;
  }
  return leaves[static_cast<std::size_t>(base - starts.data())];
}

// ---------------------------------------------------------------- addresses

AddressSet::AddressSet(std::span<const Address> addresses)
    : entries_(std::bit_ceil(std::max<std::size_t>(addresses.size() * 2, 4))), mask_(entries_.size() - 1) {
  for (const Address& address : addresses) {
    std::size_t at = hash_of(address, 0) >> 8 & mask_;
    while (!entries_[at].is_zero() && entries_[at] != address) at = (at + 1) & mask_;
    entries_[at] = address;
  }
}

bool AddressSet::has(const Address& address) const noexcept {
  if (address.is_zero()) return false;
  for (std::size_t at = hash_of(address, 0) >> 8 & mask_; !entries_[at].is_zero(); at = (at + 1) & mask_) {
    if (entries_[at] == address) return true;
  }
  return false;
}

// ---------------------------------------------------------------- NAT

NatServers::NatServers(const image::ServicesView& services) {
  const auto is_nat = [](const image::Destination& destination) {
    return destination.method == image::kMasquerade || destination.method == image::kFullNat;
  };
  const auto count = static_cast<std::size_t>(std::count_if(services.destinations.begin(), services.destinations.end(), is_nat));
  entries_.resize(std::bit_ceil(std::max<std::size_t>(count * 6, 4)));  // up to three entries each
  mask_ = entries_.size() - 1;
  for (const image::Service& service : services.services) {
    for (const image::Destination& destination : services.destinations.subspan(service.first_destination, service.destinations)) {
      if (!is_nat(destination)) continue;
      const std::uint16_t port = destination.port != 0 ? destination.port : service.port;
      add(hash_of(destination.address, endpoint(service.protocol, port)));
      add(hash_of(destination.address, kAddressAlone));
      if (destination.port == 0 && service.node_port != 0) add(hash_of(destination.address, endpoint(service.protocol, service.node_port)));
      with_protocol_ |= port == 0 && service.protocol != 0;
      any_ |= service.protocol == 0;
    }
  }
}

void NatServers::add(std::uint64_t hash) noexcept {
  std::size_t at = hash >> 8 & mask_;
  while (entries_[at] != 0 && entries_[at] != hash) at = (at + 1) & mask_;
  entries_[at] = hash;
}

bool NatServers::has_hash(std::uint64_t hash) const noexcept {
  for (std::size_t at = hash >> 8 & mask_; entries_[at] != 0; at = (at + 1) & mask_) {
    if (entries_[at] == hash) return true;
  }
  return false;
}

bool NatServers::has(const Address& address, std::uint8_t protocol, std::uint16_t port) const noexcept {
  if (port == 0) return has_address(address);
  if (has_hash(hash_of(address, endpoint(protocol, port)))) return true;
  return (with_protocol_ && has_hash(hash_of(address, endpoint(protocol, 0)))) || (any_ && has_hash(hash_of(address, endpoint(0, 0))));
}

bool NatServers::has_address(const Address& address) const noexcept { return has_hash(hash_of(address, kAddressAlone)); }

// ---------------------------------------------------------------- pools

PoolRanges::PoolRanges(std::span<const image::Pool> pools) {
  struct Range {
    unsigned __int128 first, last;
  };
  std::vector<Range> ranges;
  for (const image::Pool& pool : pools) ranges.push_back({to_number(pool.first), to_number(pool.last)});
  std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) { return a.first < b.first; });
  for (const Range& range : ranges) {
    if (!last_.empty() && range.first <= last_.back()) {
      last_.back() = std::max(last_.back(), range.last);
    } else {
      first_.push_back(range.first);
      last_.push_back(range.last);
    }
  }
}

bool PoolRanges::has(const Address& address) const noexcept {
  if (first_.empty()) return false;
  const unsigned __int128 number = to_number(address);
  const auto after = std::upper_bound(first_.begin(), first_.end(), number);
  return after != first_.begin() && number <= last_[static_cast<std::size_t>(after - first_.begin()) - 1];
}

}  // namespace lvsd
