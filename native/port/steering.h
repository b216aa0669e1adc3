#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "engine/tables.h"
#include "packet/address.h"
#include "port/flat_map.h"

/// Which frames are the engine's and which the kernel's. One set of rules, carried out twice: by `steers` here, for ports without BPF,
/// and by the program of xdp_program.h, whose maps hold the same entries. A frame is taken
///  (a) whose destination is a VIP: of services that take every port, always; else by protocol and port. Fragments, ICMP errors, and
///      what cannot be read, are taken for every VIP; other ICMP where a service may forward or answer it;
///  (b) whose destination is an address of a full-NAT pool, and its port one of the pool's;
///  (c) whose destination is this machine, and its port a node port;
///  (d) that goes past this machine and comes from a NAT destination (by address, protocol and port), or is an ICMP error about a
///      packet to one;
///  (e) that asks by ARP or neighbour solicitation for a VIP with answer_arp.
/// All else is the kernel's, and so is every other frame to a group (multicast, broadcast). It may take too much (the engine passes it
/// on then), never too little. Fragments and ICMP are taken by address alone.
namespace lvsd {

/// Key of the prefix map: what BPF_MAP_TYPE_LPM_TRIE wants. `length` counts bits of the mapped address (an IPv4 prefix: 96 more).
struct PrefixKey {
  std::uint32_t length;
  std::array<std::uint8_t, 16> address;
  friend bool operator==(const PrefixKey&, const PrefixKey&) = default;
};
static_assert(sizeof(PrefixKey) == 20);

enum PrefixFlag : std::uint16_t {
  kVip = 1,             ///< some service has it
  kEveryPort = 2,       ///< every protocol and port
  kByPort = 4,          ///< ask for (id, protocol, port)
  kByProtocol = 8,      ///< ask for (id, protocol, 0)
  kByPortAlone = 16,    ///< ask for (id, 0, port)
  kTakesIcmp = 32,      ///< also ICMP that is no error
  kAnswers = 64,        ///< ARP and neighbour solicitations
  kLocalAddress = 128,  ///< this machine's own
  kPoolAddress = 256,
  kTunnelServer = 512,  ///< of ServerValue: what routers say to this machine of packets to it is ours
};

/// What holds for the addresses of a prefix that no longer prefix has: with all that shorter ones say.
struct PrefixValue {
  std::uint64_t ingress;  ///< bit per port that services of this prefix take packets from
  std::uint32_t id;       ///< of its entries in the port map
  std::uint16_t flags;    ///< PrefixFlag
  std::uint16_t lowest, highest;  ///< of a pool; host order
  std::uint16_t zero[3];
  friend bool operator==(const PrefixValue&, const PrefixValue&) = default;
};
static_assert(sizeof(PrefixValue) == 24);

struct PortKey {
  std::uint32_t id;
  std::uint16_t port;  ///< network order
  std::uint8_t protocol;
  std::uint8_t zero;
  friend bool operator==(const PortKey&, const PortKey&) = default;
};
static_assert(sizeof(PortKey) == 8);
/// The id under which node ports stand. (kNodePorts, protocol, 0): there are some, so fragments and ICMP errors to this machine are taken.
inline constexpr std::uint32_t kNodePorts = 0xffffffff;

struct ServerValue {
  std::uint32_t id;
  std::uint32_t flags;  ///< kEveryPort, kByPort, kByProtocol, kByPortAlone: of the source port; kTunnelServer
  friend bool operator==(const ServerValue&, const ServerValue&) = default;
};
static_assert(sizeof(ServerValue) == 8);

struct BytesHash {
  template <typename T>
  std::size_t operator()(const T& key) const noexcept {
    static_assert(std::has_unique_object_representations_v<T>);
    const auto* at = reinterpret_cast<const std::uint8_t*>(&key);
    std::uint64_t hash = sizeof(T);
    for (std::size_t i = 0; i + 4 <= sizeof(T); i += 4) {
      std::uint32_t word;
      std::memcpy(&word, at + i, 4);
      hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
      hash ^= hash >> 29;
    }
    return hash ^ hash >> 32;
  }
};

/// Immutable; read by workers.
class Steering {
 public:
  using Prefixes = FlatMap<PrefixKey, PrefixValue, BytesHash>;
  using Ports = FlatMap<PortKey, std::uint32_t, BytesHash>;
  using Servers = FlatMap<Address, ServerValue, BytesHash>;

  Prefixes prefixes;
  Ports ports;
  Servers servers;
  struct Length {
    std::uint32_t bits;
    std::uint64_t mask[2];  ///< as it lies in memory
  };
  std::vector<Length> lengths;  ///< of the prefixes, longest first

  [[nodiscard]] const PrefixValue* prefix_of(const Address& address) const noexcept;
};

/// Whether the frame (from its Ethernet header on, tags in it) that came in at this port is the engine's.
[[nodiscard]] bool steers(const Steering& steering, std::span<const std::uint8_t> frame, std::uint32_t port) noexcept;

/// Makes Steering from tables, on the control thread. Remembers ids, so that what did not change stays the same entry.
class SteeringMaker {
 public:
  [[nodiscard]] std::shared_ptr<const Steering> make(const Tables& tables);

 private:
  void add_servers(const Tables& tables, Steering& into);

  FlatMap<PrefixKey, std::uint32_t, BytesHash> prefix_ids_;
  FlatMap<Address, std::uint32_t, BytesHash> server_ids_;
  std::uint32_t next_id_ = 0;
};

}  // namespace lvsd
