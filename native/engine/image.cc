#include "engine/image.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "engine/image_layout.h"
#include "engine/maglev.h"
#include "engine/prefix.h"

namespace lvsd::image {
namespace {

using Why = const char*;  ///< nullptr: nothing is wrong

constexpr std::uint8_t kTcp = 6, kUdp = 17, kSctp = 132;
constexpr std::uint32_t kMostPorts = 64;  ///< bits of Service::ingress
constexpr std::uint16_t kLeastMtu = 68;   ///< RFC 791
constexpr std::uint32_t kMostWeight = 0x7fffffff;
constexpr std::uint32_t kMostPools = 0xffff;  ///< Snat::pool

/// Takes the arrays out of an image, one after the other.
class Reader {
 public:
  explicit Reader(std::span<const std::uint8_t> bytes) noexcept : bytes_(bytes) {}

  template <typename T>
  [[nodiscard]] bool take(std::uint64_t count, std::span<const T>& into) noexcept {
    static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= 8);
    if (count > (bytes_.size() - at_) / sizeof(T)) return false;
    into = {reinterpret_cast<const T*>(bytes_.data() + at_), static_cast<std::size_t>(count)};
    at_ += sizeof(T) * static_cast<std::size_t>(count);
    return true;
  }
  [[nodiscard]] bool at_end() const noexcept { return at_ == bytes_.size(); }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
};

template <typename T>
bool all_zero(const T& bytes) noexcept {
  const auto* at = reinterpret_cast<const std::uint8_t*>(&bytes);
  return std::all_of(at, at + sizeof bytes, [](std::uint8_t byte) { return byte == 0; });
}

constexpr Why kPadding = "padding is not zero";

template <typename Header>
Why check_header(std::span<const std::uint8_t> bytes, std::uint32_t magic, std::span<const Header>& header, Reader& reader) noexcept {
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % 8 != 0) return "bytes are not aligned to eight";
  if (!reader.take(1, header)) return "shorter than its header";
  if (header[0].magic != magic) return "another kind of image, or of another version";
  if (header[0].bytes != bytes.size()) return "length is not what the header says";
  return all_zero(header[0].zero) ? nullptr : kPadding;
}

/// The first record of an array that `check(record)` complains of.
template <typename T, typename Check>
std::optional<Refusal> check_all(const char* array, std::span<const T> records, Check&& check) noexcept {
  for (std::uint32_t i = 0; i < records.size(); ++i) {
    if (const Why why = check(records[i])) return Refusal{array, i, why};
  }
  return std::nullopt;
}

/// The later record of two neighbours in `order` that `same` says are one.
template <typename T, typename Before, typename Same>
std::optional<std::uint32_t> find_twice(std::span<const T> records, Before&& before, Same&& same) {
  std::vector<std::uint32_t> order(records.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    if (before(records[a], records[b])) return true;
    return !before(records[b], records[a]) && a < b;
  });
  for (std::size_t i = 1; i < order.size(); ++i) {
    if (same(records[order[i - 1]], records[order[i]])) return order[i];
  }
  return std::nullopt;
}

/// The second of two services that have the same key and take packets from the same port: all that are `of_interest` stand together by
/// key when they are sorted, and each is compared with what those before it take.
template <typename Before, typename OfInterest>
std::optional<std::uint32_t> find_clash(std::span<const Service> records, Before&& before, OfInterest&& of_interest) {
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < records.size(); ++i) {
    if (of_interest(records[i])) order.push_back(i);
  }
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    if (before(records[a], records[b])) return true;
    return !before(records[b], records[a]) && a < b;
  });
  std::uint64_t some = 0;  // ports that those before take packets from
  bool all = false;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || before(records[order[i - 1]], records[order[i]])) some = 0, all = false;
    const std::uint64_t ingress = records[order[i]].ingress;
    if (ingress == 0 ? all : (ingress & some) != 0) return order[i];
    some |= ingress;
    all |= ingress == 0;
  }
  return std::nullopt;
}

// ---------------------------------------------------------------- network

/// A port without a name is a hole that a closed one left: those behind it keep their places.
bool is_hole(const Port& port) noexcept { return port.name[0] == 0; }

Why check_port(const Port& port) noexcept {
  if ((port.flags & ~kPortUp) != 0) return "unknown flag";
  if (is_hole(port) && port.flags != 0) return "is up and has no name";
  if (!is_hole(port) && port.mtu < kLeastMtu) return "MTU is below 68";
  const char* end = static_cast<const char*>(std::memchr(port.name, 0, sizeof port.name));
  if (end == nullptr) return "name is longer than 15 bytes";
  if (!std::all_of(end, port.name + sizeof port.name, [](char c) { return c == 0; })) return kPadding;
  return all_zero(port.zero) ? nullptr : kPadding;
}

Why check_local(const LocalAddress& local, std::size_t ports) noexcept {
  if (is_unspecified(local.address)) return "address is zero";
  if (local.prefix > longest_prefix(local.address)) return "prefix is longer than the address";
  if (local.port != kNoPort && local.port >= ports) return "no such port";
  return all_zero(local.zero) ? nullptr : kPadding;
}

Why check_tags(const Adjacency& adjacency) noexcept {
  if (adjacency.vlan_tags > 2) return "more than two VLAN tags";
  for (int i = 0; i < 2; ++i) {
    const bool there = i < adjacency.vlan_tags;
    if (!there && (adjacency.tag_type[i] != 0 || adjacency.tag[i] != 0)) return kPadding;
    if (there && adjacency.tag_type[i] != 0x8100 && adjacency.tag_type[i] != 0x88a8) return "VLAN tag is neither 802.1Q nor 802.1ad";
    if (there && (adjacency.tag[i] & 0xfff) == 0xfff) return "VLAN 4095 is reserved";
  }
  return nullptr;
}

Why check_adjacency(const Adjacency& adjacency, std::size_t ports) noexcept {
  if (adjacency.port >= ports) return "no such port";
  if (adjacency.mtu < kLeastMtu) return "MTU is below 68";
  if ((adjacency.flags & ~(kResolved | kFailed)) != 0) return "unknown flag";
  if (adjacency.flags == (kResolved | kFailed)) return "neighbour both answers and does not";
  if (is_multicast(adjacency.next_hop)) return "next hop is multicast";
  if ((adjacency.flags & kResolved) == 0 && !all_zero(adjacency.destination_mac)) return "MAC of a neighbour that is not resolved";
  if ((adjacency.destination_mac[0] & 1) != 0) return "MAC of the neighbour is that of a group";
  if (const Why why = check_tags(adjacency)) return why;
  return adjacency.zero == 0 ? nullptr : kPadding;
}

Why check_route(const Route& route, std::size_t references, std::size_t adjacencies) noexcept {
  if (route.length > longest_prefix(route.prefix)) return "prefix is longer than the address";
  if (!is_canonical(route.prefix, route.length)) return "bits are set behind the prefix";
  if (!all_zero(route.zero)) return kPadding;
  switch (route.kind) {
    case kUnicast:
      if (route.count == 0) return "leads nowhere";
      return route.first <= references && route.count <= references - route.first ? nullptr : "no such reference";
    case kUnreachable: return route.first == 0 && route.count == 0 ? nullptr : "unreachable, and leads somewhere";
    case kOnLink: return route.first < adjacencies && route.count == 1 ? nullptr : "no such adjacency";
    default: return "unknown kind";
  }
}

std::optional<Refusal> check_network(const NetworkView& view) {
  if (view.ports.size() > kMostPorts) return Refusal{"ports", kMostPorts, "more than 64 ports"};
  if (auto refusal = check_all("ports", view.ports, check_port)) return refusal;
  const auto by_name = [](const Port& a, const Port& b) { return std::memcmp(a.name, b.name, sizeof a.name) < 0; };
  const auto same_name = [](const Port& a, const Port& b) { return !is_hole(a) && std::memcmp(a.name, b.name, sizeof a.name) == 0; };
  if (auto at = find_twice(view.ports, by_name, same_name)) return Refusal{"ports", *at, "two ports have this name"};

  const std::size_t ports = view.ports.size();
  const auto local = [&](const LocalAddress& one) { return check_local(one, ports); };
  if (auto refusal = check_all("addresses", view.addresses, local)) return refusal;
  const auto adjacency = [&](const Adjacency& one) { return check_adjacency(one, ports); };
  if (auto refusal = check_all("adjacencies", view.adjacencies, adjacency)) return refusal;
  const auto reference = [&](std::uint32_t one) { return one < view.adjacencies.size() ? nullptr : "no such adjacency"; };
  if (auto refusal = check_all("references", view.references, reference)) return refusal;
  const auto route = [&](const Route& one) { return check_route(one, view.references.size(), view.adjacencies.size()); };
  if (auto refusal = check_all("routes", view.routes, route)) return refusal;

  const auto before = [](const Route& a, const Route& b) {
    return a.prefix != b.prefix ? a.prefix.bytes < b.prefix.bytes : a.length < b.length;
  };
  const auto same = [](const Route& a, const Route& b) { return a.prefix == b.prefix && a.length == b.length; };
  if (auto at = find_twice(view.routes, before, same)) return Refusal{"routes", *at, "two routes have this prefix"};
  return std::nullopt;
}

// ---------------------------------------------------------------- services

bool has_port_numbers(std::uint8_t protocol) noexcept { return protocol == kTcp || protocol == kUdp || protocol == kSctp; }
bool translates(std::uint8_t method) noexcept { return method == kMasquerade || method == kFullNat; }
bool is_hashing(std::uint8_t scheduler) noexcept {
  return scheduler == kMaglev || scheduler == kDh || scheduler == kSh || scheduler == kMh;
}
/// Zero, or an address that somebody can have.
bool is_source_or_zero(const Address& address) noexcept {
  return address.is_zero() || (!is_unspecified(address) && !is_multicast(address));
}

Why check_settings(const Settings& settings) noexcept {
  const auto is_source = [](const Address& address, bool v4) {
    return address.is_zero() || (address.is_v4() == v4 && is_source_or_zero(address));
  };
  if (!is_source(settings.tunnel_source4, true)) return "tunnel source for IPv4 is no IPv4 address";
  if (!is_source(settings.tunnel_source6, false)) return "tunnel source for IPv6 is no IPv6 address";
  const std::uint32_t seconds[] = {settings.tcp_established, settings.tcp_syn, settings.tcp_fin, settings.tcp_closed,
                                   settings.udp,             settings.icmp,    settings.other};
  for (const std::uint32_t timeout : seconds) {
    if (timeout == 0 || timeout > kMostSeconds) return "time-out is not 1 to 1000000 seconds";
  }
  if (settings.fragment_ms == 0 || settings.fragment_ms > 60'000) return "fragments wait 1 to 60000 milliseconds";
  if (settings.tunnel_ttl == 0) return "TTL of tunnels is zero";
  return all_zero(settings.zero) ? nullptr : kPadding;
}

Why check_key(const Service& service) noexcept {
  if (service.prefix > longest_prefix(service.address)) return "prefix is longer than the address";
  if (!is_canonical(service.address, service.prefix)) return "bits are set behind the prefix";
  if (is_multicast(service.address)) return "address is multicast";
  if (service.port != 0 && !has_port_numbers(service.protocol)) return "a port needs protocol tcp, udp or sctp";
  if (service.node_port != 0 && service.port == 0) return "a node port needs a port";
  return nullptr;
}

Why check_choice(const Service& service) noexcept {
  if (service.scheduler >= kSchedulers) return "unknown scheduler";
  if (service.scheduler_flags > 7) return "unknown scheduler flag";
  if (service.hash_fields > 63) return "unknown hash field";
  if (service.scheduler == kMaglev && service.hash_fields == 0) return "maglev without hash fields";
  if (service.scheduler == kMaglev && !is_table_size(service.table_size))
    return "table size is neither a prime nor a power of two up to 16777216";
  if (service.scheduler == kMaglev && service.destinations > service.table_size) return "table has fewer slots than there are destinations";
  if ((service.flags & kStateless) != 0 && !is_hashing(service.scheduler)) return "without sessions only a hash can choose";
  if ((service.flags & kStateless) != 0 && service.persistence != 0) return "persistence needs sessions";
  return nullptr;
}

Why check_service(const Service& service) noexcept {
  if (const Why why = check_key(service)) return why;
  if (const Why why = check_choice(service)) return why;
  if (!is_source_or_zero(service.tunnel_source)) return "tunnel source is no address";
  if ((service.flags & ~(kOnePacket | kAnswerArp | kStateless)) != 0) return "unknown flag";
  if (service.dscp > 63) return "dscp is above 63";
  if (service.echo > kEchoKernel) return "unknown setting of echo";
  if (service.persistence_prefix > longest_prefix(service.address)) return "persistence prefix is longer than the address";
  if (service.persistence > kMostSeconds || service.tcp_timeout > kMostSeconds || service.udp_timeout > kMostSeconds)
    return "time-out is above 1000000 seconds";
  return all_zero(service.zero) ? nullptr : kPadding;
}

Why check_tunnel(const Destination& destination) noexcept {
  if (destination.method != kTunnel) {
    return destination.tunnel == 0 && destination.tunnel_port == 0 && destination.flags == 0 ? nullptr : "tunnel settings without a tunnel";
  }
  if (destination.tunnel >= kTunnels) return "unknown tunnel";
  if ((destination.tunnel_port != 0) != (destination.tunnel == kGue)) return "a port is what gue has, and only gue";
  if (destination.tunnel == kIpip && (destination.flags & kTunnelChecksum) != 0) return "ipip has no checksum";
  return nullptr;
}

Why check_destination(const Destination& destination, const Service& service) noexcept {
  if (destination.method >= kMethods) return "unknown method";
  if ((destination.flags & ~kTunnelChecksum) != 0) return "unknown flag";
  if (is_unspecified(destination.address)) return "address is zero";
  if (is_multicast(destination.address)) return "address is multicast";
  if (const Why why = check_tunnel(destination)) return why;
  if (destination.method != kTunnel && destination.address.is_v4() != service.address.is_v4())
    return "another address family than the service's needs a tunnel";
  if (translates(destination.method) && (service.flags & kStateless) != 0) return "address translation needs sessions";
  if (translates(destination.method) && destination.port != 0 && !has_port_numbers(service.protocol))
    return "a port needs protocol tcp, udp or sctp";
  if (destination.method == kFullNat && service.pools == 0) return "full NAT without a pool of source addresses";
  if (destination.weight > kMostWeight) return "weight is above 2147483647";
  if (destination.upper != 0 && destination.lower > destination.upper) return "lower threshold is above the upper one";
  return destination.zero == 0 && destination.zero2 == 0 ? nullptr : kPadding;
}

Why check_pool(const Pool& pool, const Service& service) noexcept {
  const bool v4 = service.address.is_v4();
  if (pool.first.is_v4() != v4 || pool.last.is_v4() != v4) return "pool is of another address family than the service";
  if (is_unspecified(pool.first) || is_multicast(pool.first) || is_multicast(pool.last)) return "no addresses to send from";
  if (to_number(pool.last) < to_number(pool.first)) return "last address is before the first";
  if (pool.lowest == 0 || pool.highest < pool.lowest) return "ports are not 1 to 65535, lowest first";
  return pool.zero == 0 ? nullptr : kPadding;
}

bool before_endpoint(const Destination& a, const Destination& b) noexcept {
  return a.address != b.address ? a.address.bytes < b.address.bytes : a.port < b.port;
}
bool same_endpoint(const Destination& a, const Destination& b) noexcept { return a.address == b.address && a.port == b.port; }

/// What a service has: its destinations and pools follow those of the service before it.
std::optional<Refusal> check_parts(const ServicesView& view) {
  std::uint64_t destinations = 0, pools = 0;
  for (std::uint32_t i = 0; i < view.services.size(); ++i) {
    const Service& service = view.services[i];
    if (service.first_destination != destinations || service.destinations > view.destinations.size() - destinations)
      return Refusal{"services", i, "destinations do not follow those of the service before"};
    if (service.first_pool != pools || service.pools > view.pools.size() - pools)
      return Refusal{"services", i, "pools do not follow those of the service before"};
    const auto own = view.destinations.subspan(service.first_destination, service.destinations);
    for (std::uint32_t n = 0; n < own.size(); ++n) {
      if (const Why why = check_destination(own[n], service)) return Refusal{"destinations", service.first_destination + n, why};
    }
    if (const auto at = find_twice(own, before_endpoint, same_endpoint))
      return Refusal{"destinations", service.first_destination + *at, "the service has another destination of this address and port"};
    for (std::uint32_t n = 0; n < service.pools; ++n) {
      if (const Why why = check_pool(view.pools[service.first_pool + n], service)) return Refusal{"pools", service.first_pool + n, why};
    }
    destinations += service.destinations;
    pools += service.pools;
  }
  if (destinations != view.destinations.size()) return Refusal{"destinations", static_cast<std::uint32_t>(destinations), "of no service"};
  if (pools != view.pools.size()) return Refusal{"pools", static_cast<std::uint32_t>(pools), "of no service"};
  return std::nullopt;
}

std::optional<Refusal> check_clashes(const ServicesView& view) {
  const auto by_key = [](const Service& a, const Service& b) {
    if (a.address != b.address) return a.address.bytes < b.address.bytes;
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    return a.protocol != b.protocol ? a.protocol < b.protocol : a.port < b.port;
  };
  if (const auto at = find_clash(view.services, by_key, [](const Service&) { return true; }))
    return Refusal{"services", *at, "another service has this address, protocol and port, and takes packets from the same interfaces"};

  const auto by_node_port = [](const Service& a, const Service& b) {
    return a.node_port != b.node_port ? a.node_port < b.node_port : a.protocol < b.protocol;
  };
  if (const auto at = find_clash(view.services, by_node_port, [](const Service& service) { return service.node_port != 0; }))
    return Refusal{"services", *at, "another service has this node port"};
  return std::nullopt;
}

std::optional<Refusal> check_services(const ServicesView& view) {
  if (const Why why = check_settings(*view.settings)) return Refusal{"settings", 0, why};
  if (view.pools.size() > kMostPools) return Refusal{"pools", kMostPools, "more than 65535 pools"};
  if (auto refusal = check_all("services", view.services, check_service)) return refusal;
  if (auto refusal = check_parts(view)) return refusal;
  return check_clashes(view);
}

}  // namespace

std::optional<Refusal> read_network(std::span<const std::uint8_t> bytes, NetworkView& into) noexcept {
  Reader reader(bytes);
  std::span<const NetworkHeader> header;
  if (const Why why = check_header(bytes, kNetworkMagic, header, reader)) return Refusal{"network", 0, why};
  NetworkView view;
  std::span<const std::uint32_t> references;
  const std::uint64_t padded = (std::uint64_t{header[0].references} + 1) & ~std::uint64_t{1};
  if (!reader.take(header[0].ports, view.ports) || !reader.take(header[0].addresses, view.addresses) ||
      !reader.take(header[0].adjacencies, view.adjacencies) || !reader.take(padded, references) ||
      !reader.take(header[0].routes, view.routes) || !reader.at_end())
    return Refusal{"network", 0, "counts do not add up to its length"};
  view.references = references.first(header[0].references);
  if (padded != header[0].references && references.back() != 0) return Refusal{"references", header[0].references, kPadding};
  if (auto refusal = check_network(view)) return refusal;
  into = view;
  return std::nullopt;
}

std::optional<Refusal> read_services(std::span<const std::uint8_t> bytes, ServicesView& into) noexcept {
  Reader reader(bytes);
  std::span<const ServicesHeader> header;
  if (const Why why = check_header(bytes, kServicesMagic, header, reader)) return Refusal{"services", 0, why};
  ServicesView view;
  std::span<const Settings> settings;
  if (!reader.take(1, settings) || !reader.take(header[0].services, view.services) ||
      !reader.take(header[0].destinations, view.destinations) || !reader.take(header[0].pools, view.pools) || !reader.at_end())
    return Refusal{"services", 0, "counts do not add up to its length"};
  view.settings = settings.data();
  if (auto refusal = check_services(view)) return refusal;
  into = view;
  return std::nullopt;
}

}  // namespace lvsd::image
