#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/image.h"
#include "engine/timeouts.h"
#include "packet/packet.h"

namespace lvsd {

inline constexpr std::uint32_t kNone = 0xffffffff;

/// A way to a neighbour, ready to be put in front of an IP packet: one cache line.
struct alignas(64) Adjacency {
  std::uint8_t header[20];     ///< both MACs and the tags; the EtherType of the packet follows
  std::uint8_t header_length;  ///< 12, 16 or 20: without that EtherType
  std::uint8_t vlan_tags;      ///< of its own; 0: the packet's tags stay
  std::uint8_t flags;          ///< image::AdjacencyFlag
  std::uint16_t port;
  std::uint16_t mtu;
  Address next_hop;  ///< zero: the packet's destination is the neighbour (an on-link route, nobody there known yet)
  Address source;  ///< address of ours on that port in the neighbour's family, for ICMP errors and tunnels; zero: none
};

/// A destination as the forwarding path sees it: one cache line. Its id (place in the table) is the same from one snapshot to the next
/// as long as a session may remember it.
struct alignas(64) Destination {
  Address address;
  Address outer_source;  ///< of a tunnel's outer header
  std::uint32_t service;     ///< place in Tables::services(); kNone: gone
  std::uint32_t adjacency;   ///< first of its paths; kNone: no route, or this machine itself
  std::uint32_t first_path;  ///< into Tables::paths(). Of one that is gone: the destination that stood before it in the list, or kNone
  std::uint16_t path_count;
  std::uint16_t port;  ///< host order; 0: that of the packet
  std::uint16_t mtu;   ///< largest packet of the client that fits: the way's MTU without what is added. 0: no way
  std::uint16_t tunnel_port;
  std::uint16_t outer_sum;  ///< ones' complement sum of the outer IPv4 header but for length, ToS and id: packet/checksum.h
  std::uint8_t method;      ///< image::Method
  std::uint8_t tunnel;      ///< image::Tunnel
  std::uint8_t flags;       ///< image::DestinationFlag
  std::uint8_t state;       ///< DestinationState
  bool plain_gre4;          ///< GRE over IPv4 without a checksum: the way most packets go, known by one look
  std::uint32_t generation; ///< another number when the id is given to another destination: what was kept under the id is not its own
};
static_assert(sizeof(Destination) == 64);

enum DestinationState : std::uint8_t {
  kVacant = 0,     ///< nobody has this id
  kServing = 1,    ///< weight above 0 and a way to it
  kQuiescent = 2,  ///< weight 0: established flows only
  kUnreachable = 3,  ///< no way to it: not chosen while others can serve
  kGone = 4,       ///< removed: its sessions end at their next packet
};

/// What a scheduler looks at; not on the path of established flows.
struct Weighing {
  std::uint32_t weight, upper, lower;
};

/// The first cache line is what an established flow's packet asks.
struct alignas(64) Service {
  Address address;
  std::uint64_t ingress;  ///< bit per port; 0: all
  Timeouts timeouts;
  std::uint32_t id;       ///< index of its counters, the same from snapshot to snapshot; also its scheduler's state in a worker
  std::uint16_t port;
  std::uint8_t prefix, protocol;

  Address tunnel_source;
  std::uint32_t image_index;  ///< place in the services image
  std::uint16_t node_port;
  std::uint8_t scheduler, scheduler_flags, hash_fields, flags, dscp, echo, persistence_prefix;
  std::span<const std::uint32_t> slots;    ///< maglev, mh, sh, dh: hash slot → destination id. Empty: nobody can serve
  std::span<const std::uint32_t> members;  ///< destination ids in the kernel's order, newest first; weight 0 among them
  std::uint64_t shape;  ///< changes when members, weights or states change: a scheduler's state of another shape is out of date
  std::uint32_t first_pool, pool_count;
  std::uint32_t generation;  ///< another number when the id is given to another service
  bool any_way;  ///< some member with weight has a way: those that are kUnreachable are passed over

  /// Whether a client keeps its server for all its flows.
  [[nodiscard]] bool is_persistent() const noexcept { return timeouts[SessionState::affinity] != 0; }
};
static_assert(offsetof(Service, tunnel_source) == 64);

class AddressSet;
class NatServers;
class PoolRanges;
class RouteTable;
class ServiceTable;

/// Everything a worker reads: immutable, replaced whole. Parts that did not change are shared with the tables before.
class Tables {
 public:
  virtual ~Tables() = default;

  /// The service that takes this packet from this port: of those whose protocol and port match, the longest prefix, then the exact
  /// port before any port, then the exact protocol before any. Fragments without ports match any-port services only.
  [[nodiscard]] const Service* find_service(const Address& destination, std::uint8_t protocol, std::uint16_t port,
                                            std::uint16_t ingress) const noexcept;
  /// For a whole batch, before find_service: what it looks at is fetched, in two steps.
  void prefetch_service(const Address& destination, std::uint8_t protocol, std::uint16_t port) const noexcept;
  void prefetch_service_second(const Address& destination, std::uint8_t protocol, std::uint16_t port) const noexcept;
  /// Some service that has this address, on whatever port, for ICMP errors and fragments; of several one that answers ARP or echo. Of an
  /// address of this machine also a NodePort's.
  [[nodiscard]] const Service* any_service_of(const Address& address, std::uint16_t ingress) const noexcept;
  /// Whether some service of this address has the flag; NodePorts do not count, the kernel answers for its own addresses.
  [[nodiscard]] const Service* service_with(const Address& address, std::uint16_t ingress, image::ServiceFlag flag) const noexcept;
  /// The best route's adjacency for this flow hash, or kNone. A local address has none.
  [[nodiscard]] std::uint32_t route(const Address& to, std::uint32_t hash) const noexcept;
  [[nodiscard]] bool is_local(const Address& address) const noexcept;
  /// Whether a NAT destination answers from this address and port: what does not is no reply, and not ours.
  [[nodiscard]] bool is_nat_server(const Address& address, std::uint8_t protocol, std::uint16_t port) const noexcept;
  /// The same for packets without ports: whether any NAT destination has this address.
  [[nodiscard]] bool is_nat_address(const Address& address) const noexcept;
  /// Whether full NAT gave out this address: its packets are replies.
  [[nodiscard]] bool is_pool_address(const Address& address) const noexcept;

  [[nodiscard]] const Adjacency& adjacency(std::uint32_t index) const noexcept { return adjacencies_[index]; }
  [[nodiscard]] const Destination& destination(std::uint32_t id) const noexcept { return destinations_[id]; }
  [[nodiscard]] const Weighing& weighing(std::uint32_t id) const noexcept { return weighings_[id]; }
  [[nodiscard]] const Service& service(std::uint32_t index) const noexcept { return services_[index]; }
  [[nodiscard]] std::span<const Service> services() const noexcept { return services_; }
  [[nodiscard]] std::span<const Destination> destinations() const noexcept { return destinations_; }
  [[nodiscard]] std::span<const std::uint32_t> paths() const noexcept { return paths_; }
  [[nodiscard]] std::span<const image::Port> ports() const noexcept { return ports_; }
  [[nodiscard]] std::span<const image::LocalAddress> addresses() const noexcept { return addresses_; }
  [[nodiscard]] std::span<const image::Pool> pools() const noexcept { return pools_; }
  [[nodiscard]] const image::Settings& settings() const noexcept { return settings_; }

  [[nodiscard]] std::span<const Adjacency> adjacencies() const noexcept { return adjacencies_; }
  /// How many destinations the services image has, and the id of the one at a place of it (kNone beyond).
  [[nodiscard]] std::uint32_t image_destinations() const noexcept { return static_cast<std::uint32_t>(image_ids_.size()); }
  [[nodiscard]] std::uint32_t destination_id(std::uint32_t image_index) const noexcept {
    return image_index < image_ids_.size() ? image_ids_[image_index] : kNone;
  }
  /// Counts up with every snapshot.
  [[nodiscard]] std::uint64_t serial() const noexcept { return serial_; }

 protected:
  std::uint64_t serial_ = 0;
  std::span<const std::uint32_t> image_ids_;
  const ServiceTable* service_table_ = nullptr;
  const RouteTable* route_table_ = nullptr;
  const AddressSet* local_ = nullptr;
  const NatServers* nat_servers_ = nullptr;
  const PoolRanges* pool_ranges_ = nullptr;
  std::span<const Adjacency> adjacencies_;
  std::span<const Destination> destinations_;
  std::span<const Weighing> weighings_;
  std::span<const Service> services_;
  std::span<const std::uint32_t> paths_;
  std::span<const image::Port> ports_;
  std::span<const image::LocalAddress> addresses_;
  std::span<const image::Pool> pools_;
  image::Settings settings_{};
};

/// Makes Tables from images. Owned by the control thread; remembers which destination has which id.
class TableMaker {
 public:
  TableMaker(std::uint32_t most_services, std::uint32_t most_destinations);
  ~TableMaker();

  /// The next tables after a new image; nothing is changed if it is refused.
  [[nodiscard]] std::optional<image::Refusal> take_network(std::span<const std::uint8_t> image);
  [[nodiscard]] std::optional<image::Refusal> take_services(std::span<const std::uint8_t> image);
  [[nodiscard]] std::shared_ptr<const Tables> tables() const;
  /// All workers have looked at every session since these tables were published: ids that were gone in them may be given away again.
  void recycle(const Tables& swept);
  /// The image taken last, for a director that comes anew.
  [[nodiscard]] std::span<const std::uint8_t> services_image() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lvsd
