#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "engine/counters.h"
#include "engine/tables.h"
#include "packet/address.h"

namespace lvsd {

/// A flow as its client sees it. Ports in host order; 0 where there are none (and in an affinity template, whose client is masked).
struct FlowKey {
  Address client, vip;
  std::uint16_t client_port = 0, vip_port = 0;
  std::uint8_t protocol = 0;
  bool affinity = false;  ///< a template: which destination this client has, for all its flows to the service
};

/// From one direction or both; names after the kernel's (net/netfilter/ipvs/ip_vs_proto_tcp.c), time-outs from the settings.
enum class SessionState : std::uint8_t { syn, established, fin, closed, udp, icmp, other, affinity };

/// What full NAT gave a flow. Zero address: nothing.
struct Snat {
  std::uint16_t pool = 0;  ///< index in Tables::pools()
  std::uint16_t port = 0;
  Address address;
};

/// A session as it leaves this process: for lists, for the standby, for a newer engine. 104 bytes, little-endian, ports in host order.
struct SessionRecord {
  Address client, vip, destination, snat;
  std::uint16_t client_port, vip_port, destination_port, snat_port;
  std::uint8_t protocol, state, affinity, gone;  ///< gone: 1, it has ended
  std::uint32_t remaining_ms;
  std::uint32_t service;  ///< index in the services image; kNone where it is not known
  std::uint32_t zero;
  std::uint64_t hash;  ///< of the sender, to tell one from the other; not a key for the receiver
  std::uint64_t zero2;
};
static_assert(sizeof(SessionRecord) == 104);

/// The sessions of one worker, IPv4 and IPv6 apart: buckets of four 16-byte slots in one cache line, each with a second choice of
/// bucket, and what a session is about in a parallel array that the path of an established flow does not touch. Bounded; nothing is
/// allocated after the constructor but whole huge tables, once, when their family is first used.
/// A full bucket gives up a flow that was never established, never one that was.
class Sessions {
 public:
  struct Options {
    std::uint32_t capacity;  ///< sessions per family
    std::uint64_t secret[2];
    std::span<DestinationCounters> counters;  ///< of this worker, by destination id: active, inactive and connections are kept here
    EngineCounters* engine;
  };
  explicit Sessions(const Options& options);
  ~Sessions();

  [[nodiscard]] std::uint64_t hash(const FlowKey& key) const noexcept;
  void prefetch(std::uint64_t hash, bool v4) const noexcept;

  /// A live session's handle, or kNone. The handle holds until the next insert, erase or sweep.
  [[nodiscard]] std::uint32_t find(std::uint64_t hash, bool v4, std::uint32_t now_ms) const noexcept;
  [[nodiscard]] std::uint32_t destination(std::uint32_t handle) const noexcept;
  [[nodiscard]] SessionState state(std::uint32_t handle) const noexcept;
  [[nodiscard]] FlowKey key(std::uint32_t handle) const noexcept;
  [[nodiscard]] Snat snat(std::uint32_t handle, const Tables& tables) const noexcept;

  /// A packet of the client, or of the server, was seen: the state follows its TCP flags, and time begins anew.
  void touch(std::uint32_t handle, std::uint8_t tcp_flags, bool from_server, const Service& service,
             const image::Settings& settings, std::uint32_t now_ms) noexcept;
  /// kNone: there is no room that is not an established flow's.
  [[nodiscard]] std::uint32_t insert(std::uint64_t hash, const FlowKey& key, std::uint32_t destination, std::uint8_t tcp_flags,
                                     const Service& service, const image::Settings& settings, std::uint32_t now_ms) noexcept;
  /// The flow goes to another destination from now on (its own was removed).
  void redirect(std::uint32_t handle, std::uint32_t destination) noexcept;
  void erase(std::uint32_t handle) noexcept;

  /// What a reply is found by: (protocol, server, server's port, whom it answers, port it answers). For NAT the latter is the client,
  /// for full NAT the address and port it was given.
  [[nodiscard]] bool insert_reverse(std::uint32_t handle, const Address& server, std::uint16_t server_port, const Address& peer,
                                    std::uint16_t peer_port) noexcept;
  [[nodiscard]] std::uint32_t find_reverse(const Address& server, std::uint16_t server_port, const Address& peer,
                                           std::uint16_t peer_port, std::uint8_t protocol, std::uint32_t now_ms) const noexcept;
  /// Gives a full-NAT flow an address and port of the service's pools that no other flow to this server has, and the reverse entry.
  [[nodiscard]] bool take_snat(std::uint32_t handle, const Tables& tables, const Service& service, const Destination& to,
                               std::uint32_t worker, std::uint32_t workers, std::uint32_t now_ms) noexcept;

  /// Looks at the next `buckets` buckets: what has expired, or whose destination is gone, ends. True: the end of the table was passed.
  bool sweep(std::uint32_t buckets, const Tables& tables, std::uint32_t now_ms) noexcept;
  /// All of them at once. @returns how many ended
  std::uint32_t flush(const std::function<bool(const FlowKey&, std::uint32_t destination)>& which) noexcept;
  /// Up to `into.size()` records from `cursor` on, which moves; 0 records: the end.
  std::size_t dump(std::uint64_t& cursor, std::span<SessionRecord> into, const Tables& tables, std::uint32_t now_ms) const noexcept;
  /// A session that another engine had. False: no such destination here, or no room.
  bool load(const SessionRecord& record, const Tables& tables, std::uint32_t now_ms) noexcept;

  [[nodiscard]] std::uint32_t live() const noexcept;
  [[nodiscard]] std::uint32_t capacity() const noexcept;
  [[nodiscard]] std::uint64_t memory_bytes() const noexcept;

  /// Sessions made, ended, or changed in state since the last call; undisturbed by how many there were (`lost`: more than fit).
  void follow(bool on) noexcept;
  std::size_t changes(std::span<SessionRecord> into, bool& lost, const Tables& tables, std::uint32_t now_ms) noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lvsd
