#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "packet/address.h"

/// The contract between TypeScript and the engine: two immutable byte images, little-endian, all records of fixed size and aligned to
/// eight bytes. src/dataplane/{network,services}-image.ts write exactly these structs; image.cc reads and checks them. Neither side
/// trusts an index or a length of the other. An in-kernel lane could be filled from the same two images.
///
/// An image is: its header, then each array in the order of the header's counts, without gaps.
namespace lvsd::image {

inline constexpr std::uint32_t kNetworkMagic = 0x314e564c;   // "LVN1"
inline constexpr std::uint32_t kServicesMagic = 0x3153564c;  // "LVS1"

// ---------------------------------------------------------------- network: ports, addresses, adjacencies, routes

struct NetworkHeader {
  std::uint32_t magic;
  std::uint32_t bytes;  ///< of the whole image
  std::uint32_t ports, addresses, adjacencies, references, routes;
  std::uint32_t zero;
};
static_assert(sizeof(NetworkHeader) == 32);

struct Port {
  std::uint32_t ifindex;  ///< of the kernel; 0 in a simulation
  std::uint16_t mtu;      ///< largest IP packet
  std::uint16_t flags;    ///< PortFlag
  std::uint8_t mac[6];
  std::uint8_t zero[2];
  char name[16];  ///< NUL-padded; empty: a hole that a closed port left, and not up
};
static_assert(sizeof(Port) == 32);
enum PortFlag : std::uint16_t { kPortUp = 1 };

/// An address of this machine. Packets to it are the kernel's, unless a service takes them.
struct LocalAddress {
  Address address;
  std::uint32_t port;  ///< index of the port it is on; kNoPort: on an interface that is not ours
  std::uint8_t prefix;  ///< 0 to 32, or 0 to 128
  std::uint8_t zero[3];
};
static_assert(sizeof(LocalAddress) == 24);
inline constexpr std::uint32_t kNoPort = 0xffffffff;

/// A way to a neighbour: what goes in front of an IP packet.
struct Adjacency {
  Address next_hop;  ///< zero: the packet's destination (kOnLink)
  std::uint32_t port;
  std::uint16_t mtu;  ///< of this way (route MTU or the device's)
  std::uint8_t flags;  ///< AdjacencyFlag
  std::uint8_t vlan_tags;  ///< 0: as the packet came; 1 or 2: these
  std::uint16_t tag_type[2];  ///< 0x8100 or 0x88a8, outermost first
  std::uint16_t tag[2];       ///< TCI
  std::uint8_t destination_mac[6], source_mac[6];
  std::uint32_t zero;
};
static_assert(sizeof(Adjacency) == 48);
enum AdjacencyFlag : std::uint8_t {
  kResolved = 1,  ///< destination_mac is known; without it packets wait, and the neighbour is asked for
  kFailed = 2,    ///< the neighbour was asked and does not answer: a destination behind it is not chosen while others can serve
};

/// A prefix and the adjacencies it leads to: `count` references from `first` on; one that has twice the weight stands twice.
struct Route {
  Address prefix;
  std::uint32_t first, count;
  std::uint8_t length;  ///< 0 to 32, or 0 to 128
  std::uint8_t kind;    ///< RouteKind
  std::uint8_t zero[6];
};
static_assert(sizeof(Route) == 32);
enum RouteKind : std::uint8_t {
  kUnicast = 0,
  kUnreachable = 1,  ///< unreachable, blackhole, prohibit, or a device that is not ours
  kOnLink = 2,       ///< the address itself is the neighbour: `first` is an adjacency that says port, MTU and source MAC only; the
                     ///< neighbours known so far are routes of full length. Its next hop is zero; `count` is 1
};
// references: std::uint32_t each, indices of adjacencies; padded with a zero to an even count, which the header does not count

/// Longest time-out, seconds: as milliseconds it fits 32 bits.
inline constexpr std::uint32_t kMostSeconds = 1'000'000;

// ---------------------------------------------------------------- services

struct ServicesHeader {
  std::uint32_t magic;
  std::uint32_t bytes;
  std::uint32_t services, destinations, pools;
  std::uint32_t zero[3];
};
static_assert(sizeof(ServicesHeader) == 32);

/// Follows the header: what holds for all services.
struct Settings {
  Address tunnel_source4, tunnel_source6;  ///< zero: the address of the port that a packet leaves by
  /// Seconds without a packet after which a session ends.
  std::uint32_t tcp_established, tcp_syn, tcp_fin, tcp_closed, udp, icmp, other;
  std::uint32_t fragment_ms;  ///< how long fragments wait for their first
  std::uint8_t tunnel_ttl;    ///< of outer headers
  std::uint8_t zero[7];
};
static_assert(sizeof(Settings) == 72);

struct Service {
  Address address;         ///< of the VIP, or base of its prefix
  Address tunnel_source;   ///< zero: that of the settings
  std::uint8_t prefix;     ///< 0 to 32, or 0 to 128
  std::uint8_t protocol;   ///< 0: any
  std::uint16_t port;      ///< 0: any. Host order
  std::uint16_t node_port; ///< 0: none; else also every address of this machine with this port (NodePort)
  std::uint8_t scheduler;  ///< Scheduler
  std::uint8_t scheduler_flags;  ///< bits 1, 2, 4: as IP_VS_SVC_F_SCHED1 and on
  std::uint8_t hash_fields;  ///< HashField bits
  std::uint8_t flags;        ///< ServiceFlag
  std::uint8_t dscp;         ///< of l3dsr, 0 to 63
  std::uint8_t echo;         ///< Echo
  std::uint8_t persistence_prefix;  ///< bits of the client's address that count
  std::uint8_t zero[3];
  std::uint32_t persistence;  ///< seconds, 0: none
  std::uint32_t table_size;   ///< slots of Maglev
  std::uint32_t tcp_timeout, udp_timeout;  ///< seconds, 0: those of the settings
  std::uint32_t first_destination, destinations;
  std::uint32_t first_pool, pools;
  std::uint64_t ingress;  ///< bit per port index: takes packets from these; 0: from all
};
static_assert(sizeof(Service) == 88);

/// Where a flow's hash looks (OVN's selection_fields). The protocol is always in it.
enum HashField : std::uint8_t {
  kEthSource = 1, kEthDestination = 2, kIpSource = 4, kIpDestination = 8, kPortSource = 16, kPortDestination = 32,
};
enum ServiceFlag : std::uint8_t {
  kOnePacket = 1,   ///< every UDP datagram is scheduled anew and leaves no session
  kAnswerArp = 2,   ///< ARP requests and neighbour solicitations for the VIP are answered with the port's MAC
  kStateless = 4,   ///< no sessions at all: the hash alone decides
};
enum Echo : std::uint8_t {
  kEchoDefault = 0,  ///< all-port service: forwarded; else to the kernel
  kEchoAnswer = 1,
  kEchoKernel = 2,
};
/// In the order of src/schedulers/catalogue.ts, and maglev, which is ours.
enum Scheduler : std::uint8_t { kMaglev, kRr, kWrr, kLc, kWlc, kLblc, kLblcr, kDh, kSh, kSed, kNq, kFo, kOvf, kMh, kSchedulers };

struct Destination {
  Address address;
  std::uint16_t port;   ///< 0: that of the packet
  std::uint8_t method;  ///< Method
  std::uint8_t tunnel;  ///< Tunnel
  std::uint8_t flags;   ///< DestinationFlag
  std::uint8_t zero;
  std::uint16_t tunnel_port;  ///< UDP port of gue
  std::uint32_t weight;       ///< 0: no new flows, established ones stay
  std::uint32_t upper, lower;  ///< thresholds of sessions, 0: none
  std::uint32_t zero2;
};
static_assert(sizeof(Destination) == 40);
enum Method : std::uint8_t { kMasquerade, kDirect, kTunnel, kL3dsr, kFullNat, kLocal, kMethods };
enum Tunnel : std::uint8_t { kIpip, kGue, kGre, kTunnels };
enum DestinationFlag : std::uint8_t { kTunnelChecksum = 1 };

/// Source addresses of full NAT, first to last, each with ports from lowest to highest.
struct Pool {
  Address first, last;
  std::uint16_t lowest, highest;
  std::uint32_t zero;
};
static_assert(sizeof(Pool) == 40);

// ---------------------------------------------------------------- read

/// Why an image was refused: the array, the record in it, and a sentence without a full stop.
struct Refusal {
  const char* array;
  std::uint32_t index;
  const char* why;
};

/// A network image whose every number was checked.
struct NetworkView {
  std::span<const Port> ports;
  std::span<const LocalAddress> addresses;
  std::span<const Adjacency> adjacencies;
  std::span<const std::uint32_t> references;
  std::span<const Route> routes;
};
struct ServicesView {
  const Settings* settings;
  std::span<const Service> services;
  std::span<const Destination> destinations;
  std::span<const Pool> pools;
};

/// `bytes` must be aligned to eight and outlive the view. Returns nothing if the image is as it should be.
[[nodiscard]] std::optional<Refusal> read_network(std::span<const std::uint8_t> bytes, NetworkView& into) noexcept;
[[nodiscard]] std::optional<Refusal> read_services(std::span<const std::uint8_t> bytes, ServicesView& into) noexcept;

}  // namespace lvsd::image
