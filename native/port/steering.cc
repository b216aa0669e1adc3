#include "port/steering.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "engine/image.h"
#include "port/rules.h"

namespace lvsd {
namespace {

// ------------------------------------------------------------------------------------------------ what a frame says

enum Kind : std::uint8_t { kPlain, kUnreadable, kIcmp, kIcmpError, kIcmpQuotes };

/// As much of a frame as the rules look at. Ports in network order.
struct Glance {
  Address source, destination, quoted;
  std::uint16_t source_port = 0, destination_port = 0;
  std::uint8_t protocol = 0;
  Kind kind = kPlain;
  bool asks = false;  ///< ARP request or neighbour solicitation for `destination`
};

class Bytes {
 public:
  explicit Bytes(std::span<const std::uint8_t> bytes) noexcept : bytes_(bytes) {}
  [[nodiscard]] bool has(std::size_t at, std::size_t count) const noexcept { return at <= bytes_.size() && count <= bytes_.size() - at; }
  [[nodiscard]] std::uint8_t u8(std::size_t at) const noexcept { return bytes_[at]; }
  /// As it stands in memory.
  [[nodiscard]] std::uint16_t raw16(std::size_t at) const noexcept {
    std::uint16_t value;
    std::memcpy(&value, &bytes_[at], 2);
    return value;
  }
  [[nodiscard]] std::uint16_t u16(std::size_t at) const noexcept { return ntohs(raw16(at)); }
  [[nodiscard]] Address v4(std::size_t at) const noexcept {
    std::uint32_t value;
    std::memcpy(&value, &bytes_[at], 4);
    return Address::v4(value);
  }
  [[nodiscard]] Address v6(std::size_t at) const noexcept { return Address::v6(&bytes_[at]); }

 private:
  std::span<const std::uint8_t> bytes_;
};

void glance_ports(const Bytes& frame, std::size_t at, Glance& into) noexcept {
  if (!rules::has_ports(into.protocol)) return;
  if (!frame.has(at, 4)) {
    into.kind = kUnreadable;
    return;
  }
  into.source_port = frame.raw16(at);
  into.destination_port = frame.raw16(at + 2);
}

bool glance_v4(const Bytes& frame, std::size_t at, Glance& into) noexcept {
  if (!frame.has(at, 20) || frame.u8(at) >> 4 != 4) return false;
  into.source = frame.v4(at + 12);
  into.destination = frame.v4(at + 16);
  into.protocol = frame.u8(at + 9);
  const std::size_t header = std::size_t{frame.u8(at)} % 16 * 4;
  if ((frame.u16(at + 6) & 0x3fff) != 0 || header < 20) {
    into.kind = kUnreadable;
    return true;
  }
  at += header;
  if (into.protocol != IPPROTO_ICMP) return glance_ports(frame, at, into), true;
  if (!frame.has(at, 8)) return into.kind = kUnreadable, true;
  into.kind = kIcmp;
  if (!rules::is_icmp4_error(frame.u8(at))) return true;
  into.kind = kIcmpError;
  if (!frame.has(at, 28)) return true;
  into.quoted = frame.v4(at + 24);
  into.kind = kIcmpQuotes;
  return true;
}

bool glance_icmp6(const Bytes& frame, std::size_t at, Glance& into) noexcept {
  if (!frame.has(at, 8)) return into.kind = kUnreadable, true;
  const std::uint8_t type = frame.u8(at);
  if (rules::is_discovery(type)) {
    if (type != rules::kNeighbourSolicitation || !frame.has(at, 24)) return false;
    into.asks = true;
    into.destination = frame.v6(at + 8);
    return true;
  }
  into.kind = kIcmp;
  if (!rules::is_icmp6_error(type)) return true;
  into.kind = kIcmpError;
  if (!frame.has(at, 48)) return true;
  into.quoted = frame.v6(at + 32);
  into.kind = kIcmpQuotes;
  return true;
}

bool glance_v6(const Bytes& frame, std::size_t at, Glance& into) noexcept {
  if (!frame.has(at, 40) || frame.u8(at) >> 4 != 6) return false;
  into.source = frame.v6(at + 8);
  into.destination = frame.v6(at + 24);
  std::uint8_t next = frame.u8(at + 6);
  at += 40;
  for (int i = 0; rules::is_extension(next); ++i) {
    if (i == rules::kMostExtensions || !frame.has(at, 8)) return into.kind = kUnreadable, true;
    next = frame.u8(at);
    at += (std::size_t{frame.u8(at + 1)} + 1) * 8;
  }
  if (next == IPPROTO_FRAGMENT || next == IPPROTO_AH) return into.kind = kUnreadable, true;
  into.protocol = next;
  if (next == IPPROTO_ICMPV6) return glance_icmp6(frame, at, into);
  return glance_ports(frame, at, into), true;
}

/// False: nothing the rules speak of.
bool glance(std::span<const std::uint8_t> bytes, Glance& into) noexcept {
  const Bytes frame(bytes);
  if (!frame.has(0, 14)) return false;
  const bool to_group = (frame.u8(0) & 1) != 0;
  std::size_t at = 0;
  for (int tags = 0; tags < 2 && (frame.u16(at + 12) == rules::kVlan || frame.u16(at + 12) == rules::kServiceVlan); ++tags) {
    at += 4;
    if (!frame.has(at, 14)) return false;
  }
  const std::uint16_t type = frame.u16(at + 12);
  at += 14;
  if (type == rules::kArp) {
    if (!frame.has(at, 28) || frame.u16(at + 4) != 0x0604 || frame.u16(at + 6) != 1) return false;
    into.asks = true;
    into.destination = frame.v4(at + 24);
    return true;
  }
  const bool read = type == rules::kIpv4 ? glance_v4(frame, at, into) : type == rules::kIpv6 && glance_v6(frame, at, into);
  return read && (into.asks || !to_group);
}

// ------------------------------------------------------------------------------------------------ the rules

bool listed(const Steering& steering, std::uint32_t id, std::uint32_t flags, std::uint8_t protocol, std::uint16_t port) noexcept {
  const auto has = [&](std::uint8_t p, std::uint16_t n) { return steering.ports.contains({id, n, p, 0}); };
  return (flags & kEveryPort) != 0 || ((flags & kByPort) != 0 && has(protocol, port)) || ((flags & kByProtocol) != 0 && has(protocol, 0)) ||
         ((flags & kByPortAlone) != 0 && has(0, port));
}

bool from_port(const PrefixValue& value, std::uint32_t port) noexcept { return (value.ingress & rules::port_mask(port)) != 0; }

bool takes_vip(const Steering& steering, const PrefixValue& value, const Glance& frame) noexcept {
  if (frame.kind == kIcmp) return (value.flags & kTakesIcmp) != 0;
  return frame.kind != kPlain || listed(steering, value.id, value.flags, frame.protocol, frame.destination_port);
}

bool takes_pool(const PrefixValue& value, const Glance& frame) noexcept {
  if (frame.kind == kIcmp && (value.flags & kLocalAddress) != 0) return false;
  const std::uint16_t port = ntohs(frame.destination_port);
  return frame.kind != kPlain || (port >= value.lowest && port <= value.highest);
}

bool takes_local(const Steering& steering, const Glance& frame) noexcept {
  if (frame.kind == kIcmp) return false;
  if (frame.kind == kIcmpQuotes) {
    const auto server = steering.servers.find(frame.quoted);
    if (server != steering.servers.end() && (server->second.flags & kTunnelServer) != 0) return true;
  }
  return frame.kind == kPlain ? steering.ports.contains({kNodePorts, frame.destination_port, frame.protocol, 0})
                              : steering.ports.contains({kNodePorts, 0, 0, 0});
}

bool takes_source(const Steering& steering, const Glance& frame) noexcept {
  if (const auto server = steering.servers.find(frame.source); server != steering.servers.end()) {
    if (frame.kind != kPlain) return true;
    if (listed(steering, server->second.id, server->second.flags, frame.protocol, frame.source_port)) return true;
  }
  return frame.kind == kIcmpQuotes && steering.servers.contains(frame.quoted);
}

// ------------------------------------------------------------------------------------------------ making

/// More inherited entries than these, and the prefix takes every port: the engine passes on what is not its own.
constexpr std::size_t kMostInherited = 64;

std::uint32_t mapped_length(const Address& address, std::uint32_t prefix) noexcept { return address.is_v4() ? prefix + 96 : prefix; }

std::array<std::uint8_t, 16> masked(const std::array<std::uint8_t, 16>& address, std::uint32_t length) noexcept {
  std::array<std::uint8_t, 16> result{};
  for (std::uint32_t i = 0; i < 16; ++i) {
    const std::uint32_t bits = length <= i * 8 ? 0 : std::min(8u, length - i * 8);
    result[i] = static_cast<std::uint8_t>(address[i] & (0xff00 >> bits));
  }
  return result;
}

struct ProtocolPort {
  std::uint16_t port;  ///< network order
  std::uint8_t protocol;
};

std::uint16_t port_flag(std::uint8_t protocol, std::uint16_t port) noexcept {
  if (port != 0) return protocol != 0 ? kByPort : kByPortAlone;
  return protocol != 0 ? kByProtocol : kEveryPort;
}

/// Entries of one prefix on their way to be one value.
struct Draft {
  PrefixValue value{};
  std::vector<ProtocolPort> ports;
};
using Drafts = FlatMap<PrefixKey, Draft, BytesHash>;

Draft& draft_of(Drafts& drafts, const Address& address, std::uint32_t length) {
  return drafts[PrefixKey{length, masked(address.bytes, length)}];
}

void add_service(Drafts& drafts, const Service& service) {
  Draft& draft = draft_of(drafts, service.address, mapped_length(service.address, service.prefix));
  draft.value.flags |= kVip | port_flag(service.protocol, service.port);
  const bool icmp = service.protocol == IPPROTO_ICMP || service.protocol == IPPROTO_ICMPV6;
  const bool forwards_echo = service.protocol == 0 && service.port == 0 && service.echo != image::kEchoKernel;
  if (icmp || forwards_echo || service.echo == image::kEchoAnswer) draft.value.flags |= kTakesIcmp;
  if ((service.flags & image::kAnswerArp) != 0) draft.value.flags |= kAnswers;
  draft.value.ingress |= service.ingress == 0 ? ~std::uint64_t{0} : service.ingress;
  if (service.protocol != 0 || service.port != 0) draft.ports.push_back({htons(service.port), service.protocol});
}

void add_pool_prefix(Drafts& drafts, const Address& base, std::uint32_t length, const image::Pool& pool) {
  PrefixValue& value = draft_of(drafts, base, length).value;
  const bool more = (value.flags & kPoolAddress) != 0;
  value.lowest = more ? std::min(value.lowest, pool.lowest) : pool.lowest;
  value.highest = more ? std::max(value.highest, pool.highest) : pool.highest;
  value.flags |= kPoolAddress;
}

using Wide = unsigned __int128;
Wide wide(const Address& address) noexcept {
  Wide value = 0;
  for (const std::uint8_t byte : address.bytes) value = value << 8 | byte;
  return value;
}

/// The range as prefixes: the largest one that begins where the last ended and does not reach too far, again and again.
void add_pool(Drafts& drafts, const image::Pool& pool) {
  Wide at = wide(pool.first);
  const Wide last = wide(pool.last);
  while (at <= last) {
    std::uint32_t bits = 0;
    while (bits < 127 && (at & ((Wide{2} << bits) - 1)) == 0 && at + ((Wide{2} << bits) - 1) <= last) ++bits;
    Address base;
    for (int i = 0; i < 16; ++i) base.bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(at >> (120 - 8 * i));
    add_pool_prefix(drafts, base, 128 - bits, pool);
    const Wide next = at + (Wide{1} << bits);
    if (next <= at) break;
    at = next;
  }
}

void inherit(Draft& draft, const Draft& from) {
  constexpr std::uint16_t kOfServices = kVip | kEveryPort | kByPort | kByProtocol | kByPortAlone | kTakesIcmp | kAnswers;
  PrefixValue& value = draft.value;
  value.flags |= from.value.flags & kOfServices;
  value.ingress |= from.value.ingress;
  if ((from.value.flags & kPoolAddress) != 0) {
    const bool own = (value.flags & kPoolAddress) != 0;
    value.lowest = own ? std::min(value.lowest, from.value.lowest) : from.value.lowest;
    value.highest = own ? std::max(value.highest, from.value.highest) : from.value.highest;
    value.flags |= kPoolAddress;
  }
  if (from.ports.size() > kMostInherited) {
    value.flags |= kEveryPort;
    return;
  }
  draft.ports.insert(draft.ports.end(), from.ports.begin(), from.ports.end());
}

/// Each prefix gets what the next shorter one of its family says; the shortest first.
void inherit_all(Drafts& drafts) {
  std::vector<const PrefixKey*> keys;
  keys.reserve(drafts.size());
  bool present[129] = {};
  for (const auto& [key, draft] : drafts) keys.push_back(&key), present[key.length] = true;
  std::sort(keys.begin(), keys.end(), [](const PrefixKey* a, const PrefixKey* b) { return a->length < b->length; });
  for (const PrefixKey* key : keys) {
    const bool v4 = Address{key->address}.is_v4() && key->length >= 96;
    for (std::int32_t length = static_cast<std::int32_t>(key->length) - 1; length >= (v4 ? 96 : 0); --length) {
      if (!present[length]) continue;
      const auto found = drafts.find(PrefixKey{static_cast<std::uint32_t>(length), masked(key->address, static_cast<std::uint32_t>(length))});
      if (found == drafts.end()) continue;
      inherit(drafts[*key], found->second);
      break;
    }
  }
}

/// Calls `add(address, protocol, port)` for each NAT destination that may answer; the port is 0 where any may.
template <typename Add>
void each_nat_server(const Tables& tables, Add&& add) {
  for (const Destination& destination : tables.destinations()) {
    if (destination.method != image::kMasquerade || destination.state == kVacant || destination.state == kGone) continue;
    if (destination.service >= tables.services().size()) continue;
    const Service& service = tables.service(destination.service);
    add(destination.address, service.protocol, destination.port != 0 ? destination.port : service.port);
  }
}

void add_node_ports(const Tables& tables, Steering& into) {
  for (const Service& service : tables.services()) {
    if (service.node_port == 0) continue;
    const auto add = [&](std::uint8_t protocol) { into.ports[{kNodePorts, htons(service.node_port), protocol, 0}] = 1; };
    into.ports[{kNodePorts, 0, 0, 0}] = 1;
    if (service.protocol != 0) {
      add(service.protocol);
    } else {
      for (const std::uint8_t protocol : rules::kWithPorts) add(protocol);
    }
  }
}

}  // namespace

const PrefixValue* Steering::prefix_of(const Address& address) const noexcept {
  for (const Length& length : lengths) {
    const std::uint64_t words[2] = {address.high() & length.mask[0], address.low() & length.mask[1]};
    PrefixKey key{length.bits, {}};
    std::memcpy(key.address.data(), words, sizeof words);
    const auto found = prefixes.find(key);
    if (found != prefixes.end()) return &found->second;
  }
  return nullptr;
}

bool steers(const Steering& steering, std::span<const std::uint8_t> bytes, std::uint32_t port) noexcept {
  Glance frame;
  if (!glance(bytes, frame)) return false;
  const PrefixValue* to = steering.prefix_of(frame.destination);
  if (frame.asks) return to != nullptr && (to->flags & kAnswers) != 0 && from_port(*to, port);
  if (to != nullptr) {
    if ((to->flags & kVip) != 0 && from_port(*to, port) && takes_vip(steering, *to, frame)) return true;
    if ((to->flags & kPoolAddress) != 0 && takes_pool(*to, frame)) return true;
    if ((to->flags & kLocalAddress) != 0) return takes_local(steering, frame);
  }
  return takes_source(steering, frame);
}

std::shared_ptr<const Steering> SteeringMaker::make(const Tables& tables) {
  auto made = std::make_shared<Steering>();
  Drafts drafts;
  drafts.reserve(tables.services().size() + tables.addresses().size());
  // IPv4 is no part of what an IPv6 prefix covers
  draft_of(drafts, Address::v4(0), 96);
  for (const Service& service : tables.services()) add_service(drafts, service);
  for (const image::Pool& pool : tables.pools()) add_pool(drafts, pool);
  for (const image::LocalAddress& local : tables.addresses()) draft_of(drafts, local.address, 128).value.flags |= kLocalAddress;
  inherit_all(drafts);

  bool lengths[129] = {};
  FlatMap<PrefixKey, std::uint32_t, BytesHash> prefix_ids;
  prefix_ids.reserve(drafts.size());
  made->prefixes.reserve(drafts.size());
  for (auto& [key, draft] : drafts) {
    lengths[key.length] = true;
    const auto known = prefix_ids_.find(key);
    draft.value.id = known != prefix_ids_.end() ? known->second : next_id_++;
    prefix_ids[key] = draft.value.id;
    made->prefixes[key] = draft.value;
    if ((draft.value.flags & kEveryPort) != 0) continue;
    for (const ProtocolPort& port : draft.ports) made->ports[{draft.value.id, port.port, port.protocol, 0}] = 1;
  }
  prefix_ids_ = std::move(prefix_ids);
  std::array<std::uint8_t, 16> ones;
  ones.fill(0xff);
  for (std::uint32_t bits = 129; bits-- > 0;) {
    if (!lengths[bits]) continue;
    Steering::Length& length = made->lengths.emplace_back();
    length.bits = bits;
    std::memcpy(length.mask, masked(ones, bits).data(), sizeof length.mask);
  }

  add_servers(tables, *made);
  add_node_ports(tables, *made);
  return made;
}

/// Who takes every port needs no entry for one: flags first, ports after.
void SteeringMaker::add_servers(const Tables& tables, Steering& into) {
  into.servers.reserve(server_ids_.size());
  each_nat_server(tables, [&](const Address& address, std::uint8_t protocol, std::uint16_t port) {
    into.servers[address].flags |= port_flag(protocol, port);
  });
  FlatMap<Address, std::uint32_t, BytesHash> server_ids;
  server_ids.reserve(into.servers.size());
  for (auto& [address, server] : into.servers) {
    const auto known = server_ids_.find(address);
    server.id = known != server_ids_.end() ? known->second : next_id_++;
    server_ids[address] = server.id;
  }
  server_ids_ = std::move(server_ids);
  // what routers say of packets in tunnels to them; of what they send themselves nothing is ours
  for (const Destination& destination : tables.destinations())
    if (destination.method == image::kTunnel && destination.state != kVacant && destination.state != kGone) into.servers[destination.address].flags |= kTunnelServer;
  into.ports.reserve(into.ports.size() + into.servers.size());
  each_nat_server(tables, [&](const Address& address, std::uint8_t protocol, std::uint16_t port) {
    const ServerValue& server = into.servers.find(address)->second;
    if ((server.flags & kEveryPort) == 0) into.ports[{server.id, htons(port), protocol, 0}] = 1;
  });
}

}  // namespace lvsd
