#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "engine/counters.h"
#include "engine/session_buckets.h"
#include "engine/session_hash.h"
#include "engine/tables.h"
#include "engine/tcp_state.h"
#include "packet/address.h"

namespace lvsd {

/// What full NAT gave a flow. Zero address: nothing.
struct Snat {
  std::uint16_t pool = 0;  ///< index in Tables::pools() when it was taken
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
/// allocated after the constructor but whole huge tables, once, when their family (NAT, full NAT) is first used.
///
/// A flow is known by its 64-bit keyed hash: two of a million live flows meet with probability 2^-25, a new one meets another's
/// session with 2^-44.
///
/// A full bucket gives up a flow that has shown one packet only (a SYN however often repeated), then one that was reset; never one that
/// was seen to go on: it is *proved* by a second packet of the client that is no SYN.
///
/// Bytes per session when full: IPv4 36.6, IPv6 62.2; NAT adds 9.1 + 18.3 (8.9 + 17.8), full NAT 9.1 (22.2) more.
///
/// Time is milliseconds of a clock that wraps after 49 days; a session lives 24 days without a packet at most (kLongestMs), and each
/// must be swept within 24 days of its end, lest it come back.
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
  Sessions(const Sessions&) = delete;
  Sessions& operator=(const Sessions&) = delete;

  static constexpr std::uint32_t kLongestMs = Timeouts::kLongestMs;

  [[nodiscard]] std::uint64_t hash(const FlowKey& key) const noexcept { return hasher_(key); }
  [[nodiscard, gnu::always_inline]] std::uint64_t hash(const Address& client, const Address& vip, std::uint16_t client_port,
                                                       std::uint16_t vip_port, std::uint8_t protocol, bool v4) const noexcept {
    return hasher_.flow(client, vip, client_port, vip_port, protocol, v4);
  }
  /// For a whole batch: prefetch each, then aim each, then find each. What was aimed at holds until something is inserted: a session
  /// made or moved since may be missed, so a packet that has none asks `find(hash, v4, now_ms)` once more before it makes one.
  [[gnu::always_inline]] void prefetch(std::uint64_t hash, bool v4) const noexcept { family(v4).hot.prefetch(hash); }
  [[nodiscard, gnu::always_inline]] std::uint32_t aim(std::uint64_t hash, bool v4) const noexcept { return family(v4).hot.aim(hash); }
  [[nodiscard]] std::uint32_t find_aimed(std::uint32_t aimed, std::uint64_t hash, bool v4, std::uint32_t now_ms) const noexcept {
    return alive(family(v4).hot.find_aimed(aimed, hash), v4, now_ms);
  }
  /// find_aimed and `touch` by the client of a flow that goes on, in one. What is known of it: `destination_in`, `marks_in`. kNone, and
  /// nothing touched: there is no such session, or this is a SYN that restarts it.
  [[nodiscard]] std::uint32_t go_on(std::uint32_t aimed, std::uint64_t hash, bool v4, std::uint8_t tcp_flags, const Service& service,
                                    std::uint32_t now_ms) noexcept {
    Buckets& hot = family(v4).hot;
    const std::uint32_t place = hot.find_aimed(aimed, hash);
    if (place == kNoSlot) [[unlikely]] return kNone;
    const auto [deadline, meta] = hot.rest_at(place);
    const ClientStep step = client_step(static_cast<SessionState>(meta & kState), tcp_flags);
    if (!is_live(deadline, now_ms) || step.restarts()) [[unlikely]] return kNone;
    hot.put_rest(place, {now_ms + service.timeouts[step.after()], meta | step.proves()});
    if (step.after() != static_cast<SessionState>(meta & kState)) [[unlikely]] change_state(place | (v4 ? 0 : kV6), step.after());
    return meta;
  }
  [[nodiscard]] static std::uint32_t destination_in(std::uint32_t known) noexcept { return known >> kDestinationShift; }
  /// What `expects_replies` asks; also of a session's handle.
  [[nodiscard]] static std::uint8_t marks_in(std::uint32_t known) noexcept { return static_cast<std::uint8_t>(known); }
  [[nodiscard]] std::uint8_t marks(std::uint32_t handle) const noexcept { return marks_in(slot(handle).meta); }
  /// Whether replies are known by what NAT, or full NAT, goes by. Not so of a session from before its server's method was changed, or
  /// from when the server was this machine itself.
  [[nodiscard]] static bool expects_replies(std::uint8_t marks, bool full_nat) noexcept {
    return (marks & (kReverse | kSnat)) == (full_nat ? kReverse | kSnat : kReverse);
  }
  /// Without having aimed.
  [[gnu::always_inline]] void prefetch_second(std::uint64_t hash, bool v4) const noexcept { (void)aim(hash, v4); }

  /// A live session's handle, or kNone. The handle holds until the next insert, erase or sweep.
  [[nodiscard]] std::uint32_t find(std::uint64_t hash, bool v4, std::uint32_t now_ms) const noexcept {
    return alive(family(v4).hot.find(hash), v4, now_ms);
  }
  [[nodiscard]] std::uint32_t destination(std::uint32_t handle) const noexcept { return slot(handle).meta >> kDestinationShift; }
  [[nodiscard]] SessionState state(std::uint32_t handle) const noexcept { return state_of(slot(handle)); }
  [[nodiscard]] FlowKey key(std::uint32_t handle) const noexcept;
  [[nodiscard]] std::uint64_t hash_of(std::uint32_t handle) const noexcept { return slot(handle).hash; }
  /// Milliseconds until it ends if nothing more comes; 0: it has ended.
  [[nodiscard]] std::uint32_t remaining_ms(std::uint32_t handle, std::uint32_t now_ms) const noexcept {
    return is_live(slot(handle), now_ms) ? slot(handle).deadline - now_ms : 0;
  }
  /// Whether it has shown a second packet: such a flow is not given up for another.
  [[nodiscard]] bool is_proved(std::uint32_t handle) const noexcept { return (slot(handle).meta & kProved) != 0; }
  /// The tables do not matter: what was given is kept.
  [[nodiscard]] Snat snat(std::uint32_t handle, const Tables& tables) const noexcept;
  /// A SYN for a connection that has ended, which may be scheduled anew: `insert` with the same hash puts it in the old one's place.
  [[nodiscard]] bool restarts(std::uint32_t handle, std::uint8_t tcp_flags) const noexcept {
    return restarts_tcp(state(handle), tcp_flags);
  }

  /// A packet of the client, or of the server, was seen: the state follows its TCP flags (0 for other protocols), and time begins anew.
  /// An affinity template is touched with the packets of its flows.
  void touch(std::uint32_t handle, std::uint8_t tcp_flags, bool from_server, const Service& service,
             std::uint32_t now_ms) noexcept {
    const SlotPlace slot = this->slot(handle);
    const SessionState before = state_of(slot);
    const SessionState after = next_state(before, tcp_flags, from_server);
    const bool proves = !from_server && (tcp_flags & tcp::kSyn) == 0;
    slot.meta |= proves ? kProved : 0;
    slot.deadline = now_ms + service.timeouts[after];
    if (after != before) [[unlikely]] change_state(handle, after);
  }
  /// For a flow's first packet, which needs no `touch`. A session of the same hash ends and gives its place.
  /// kNone: there is no room that is not an established flow's.
  [[nodiscard]] std::uint32_t insert(std::uint64_t hash, const FlowKey& key, std::uint32_t destination, std::uint8_t tcp_flags,
                                     const Service& service, std::uint32_t now_ms) noexcept;
  /// The flow goes to another destination from now on (its own was removed). What replies were known by, and a source port that full NAT
  /// gave, are given back: the caller asks for new ones.
  void redirect(std::uint32_t handle, std::uint32_t destination) noexcept;
  /// Counts as expired, or as flushed: its server was removed.
  void erase(std::uint32_t handle, bool flushed = false) noexcept;

  /// Gives back what replies are known by: the caller asks for something else.
  void forget_replies(std::uint32_t handle) noexcept;
  /// What a reply is found by: (protocol, server, server's port, whom it answers, port it answers). For NAT the latter is the client,
  /// for full NAT the address and port it was given.
  /// False: no room, or the client has another connection from the same port, by another VIP, to the same server, and it is not over:
  /// nobody could tell whose the replies are.
  [[nodiscard]] bool insert_reverse(std::uint32_t handle, const Address& server, std::uint16_t server_port, const Address& peer,
                                    std::uint16_t peer_port) noexcept;
  [[nodiscard]] std::uint32_t find_reverse(const Address& server, std::uint16_t server_port, const Address& peer,
                                           std::uint16_t peer_port, std::uint8_t protocol, std::uint32_t now_ms) const noexcept {
    return find_reverse(reverse_hash(server, server_port, peer, peer_port, protocol), server.is_v4(), now_ms);
  }
  /// The same in steps, for batches.
  [[nodiscard]] std::uint64_t reverse_hash(const Address& server, std::uint16_t server_port, const Address& peer,
                                           std::uint16_t peer_port, std::uint8_t protocol) const noexcept {
    return hasher_.reverse(server, server_port, peer, peer_port, protocol);
  }
  [[gnu::always_inline]] void prefetch_reverse(std::uint64_t hash, bool v4) const noexcept { family(v4).reverse.prefetch(hash); }
  [[nodiscard]] std::uint32_t find_reverse(std::uint64_t hash, bool v4, std::uint32_t now_ms) const noexcept {
    const Family& family = this->family(v4);
    const std::uint32_t place = family.reverse.find(hash);
    if (place == kNoSlot) return kNone;
    const std::uint32_t handle = family.reverse.at(place).deadline;
    return is_live(slot(handle), now_ms) ? handle : kNone;
  }
  /// Gives a full-NAT flow an address and port of the service's pools that no other flow to this server has, and the reverse entry.
  /// Ports are dealt out by `port % workers == worker`, so that the owner of a reply can be told from its port. Looks at kSnatTries.
  [[nodiscard]] bool take_snat(std::uint32_t handle, const Tables& tables, const Service& service, const Destination& to,
                               std::uint32_t worker, std::uint32_t workers, std::uint32_t now_ms) noexcept;
  static constexpr std::uint32_t kSnatTries = 128;
  /// What take_snat would give a session of this hash and key; address zero: nothing. For explanations.
  [[nodiscard]] Snat foresee_snat(std::uint64_t hash, const FlowKey& key, const Tables& tables, const Service& service,
                                  const Destination& to, std::uint32_t worker, std::uint32_t workers, std::uint32_t now_ms) const noexcept;
  /// Whether no other flow's replies are known by this: what insert_reverse would say, room aside.
  [[nodiscard]] bool has_room_for_reverse(const Address& server, std::uint16_t server_port, const Address& peer, std::uint16_t peer_port,
                                          std::uint8_t protocol, std::uint32_t now_ms) const noexcept;

  /// Looks at the next `buckets` buckets: what has expired, or whose destination is gone, ends. True: the end of the table was passed.
  bool sweep(std::uint32_t buckets, const Tables& tables, std::uint32_t now_ms) noexcept;
  /// All of them at once. @returns how many ended
  std::uint32_t flush(const std::function<bool(const FlowKey&, std::uint32_t destination)>& which) noexcept;
  /// Up to `into.size()` records from `cursor` on, which moves; 0 records: the end. Begin with 0. A session that lives all the while is
  /// among them, whatever else comes and goes (twice perhaps), if no more than kDumps go on at once and each goes on within a minute.
  std::size_t dump(std::uint64_t& cursor, std::span<SessionRecord> into, const Tables& tables, std::uint32_t now_ms) noexcept;
  static constexpr std::size_t kDumps = 4;
  /// A session that another engine had. False: no such destination here, or no room. Its NAT source port stays what it was: the caller
  /// gives it to the worker that this port belongs to. A record that is `gone` ends the session, and is true if there was one.
  bool load(const SessionRecord& record, const Tables& tables, std::uint32_t now_ms) noexcept;

  /// Sessions now in the tables, expired ones that were not yet swept among them. This, and how much memory they have, from any thread.
  [[nodiscard]] std::uint32_t live() const noexcept { return families_[0].used + families_[1].used; }
  [[nodiscard]] std::uint32_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] std::uint64_t memory_bytes() const noexcept;

  /// Sessions made, ended, or changed in state since the last call; undisturbed by how many there were (`lost`: more than fit). Those that
  /// go on are told again by the sweep, in each third of their time-out once, so that they do not end at the other's. (One that is silent
  /// for longer than that third may be missing there for as long; the sweep must go round faster.)
  void follow(bool on) noexcept;
  std::size_t changes(std::span<SessionRecord> into, bool& lost, const Tables& tables, std::uint32_t now_ms) noexcept;
  static constexpr std::uint32_t kChanges = 65'536;

 private:
  // Slot::meta: state 0-2, proved 3, reverse entry 4, source port 5, destination 8-31
  static constexpr std::uint32_t kState = 7, kProved = 8, kReverse = 16, kSnat = 32, kDestinationShift = 8;
  static_assert(kState == ClientStep::kAfter && kProved == ClientStep::kProves);
  static constexpr std::uint32_t kMostDestinations = 1u << (32 - kDestinationShift);
  static constexpr std::uint32_t kV6 = 0x80000000;  ///< in a handle

  struct Cold4;
  struct Cold6;
  struct Given4;
  struct Given6;
  struct alignas(64) Family {
    Buckets hot;
    Pages cold;       ///< Cold4 or Cold6 per slot
    Buckets reverse;  ///< deadline is the session's handle
    Pages back;       ///< per slot: the hash of its reverse entry
    Pages given;      ///< Given4 or Given6 per slot: what full NAT gave
    Counter<std::uint32_t> used = 0;
  };
  struct Change;
  struct Changes;
  enum class Whither : std::uint8_t { expired, evicted, flushed };
  /// A dump that goes on: nothing moves from the part it has not seen to that it has.
  struct Dump {
    std::uint64_t next = 0;  ///< 0: none
    std::uint32_t last_ms = 0;
  };
  /// Where load looked last: destination ids by the hash of what was asked.
  static constexpr std::size_t kRemembered = 1024;

  [[nodiscard]] const Family& family(bool v4) const noexcept { return families_[v4 ? 0 : 1]; }
  [[nodiscard]] Family& family(bool v4) noexcept { return families_[v4 ? 0 : 1]; }
  [[nodiscard]] static bool is_v4(std::uint32_t handle) noexcept { return (handle & kV6) == 0; }
  [[nodiscard]] static std::uint32_t place(std::uint32_t handle) noexcept { return handle & ~kV6; }
  [[nodiscard]] Family& family_of(std::uint32_t handle) noexcept { return families_[handle >> 31]; }
  [[nodiscard]] const Family& family_of(std::uint32_t handle) const noexcept { return families_[handle >> 31]; }
  [[nodiscard]] SlotPlace slot(std::uint32_t handle) noexcept { return family_of(handle).hot.at(place(handle)); }
  [[nodiscard]] Slot slot(std::uint32_t handle) const noexcept { return family_of(handle).hot.at(place(handle)); }
  [[nodiscard]] static SessionState state_of(const Slot& slot) noexcept { return static_cast<SessionState>(slot.meta & kState); }
  [[nodiscard]] static bool is_live(std::uint32_t deadline, std::uint32_t now_ms) noexcept {
    return static_cast<std::int32_t>(deadline - now_ms) > 0;
  }
  [[nodiscard]] static bool is_live(const Slot& slot, std::uint32_t now_ms) noexcept { return is_live(slot.deadline, now_ms); }
  [[nodiscard]] static bool is_free(const Slot& slot, std::uint32_t now_ms) noexcept { return slot.hash == 0 || !is_live(slot, now_ms); }

  [[nodiscard]] std::uint32_t alive(std::uint32_t at, bool v4, std::uint32_t now_ms) const noexcept {
    if (at == kNoSlot || !is_live(family(v4).hot.at(at), now_ms)) return kNone;
    return at | (v4 ? 0 : kV6);
  }
  [[nodiscard]] bool make_family(bool v4) noexcept;
  [[nodiscard]] bool make_nat(Family& family) noexcept;
  [[nodiscard]] std::uint32_t place_for(std::uint64_t hash, bool v4, std::uint32_t now_ms) noexcept;
  static constexpr std::uint32_t kNever = 3;  ///< a rank
  [[nodiscard]] static std::uint32_t rank(const Slot& slot) noexcept;
  [[nodiscard]] std::uint32_t victim(std::uint64_t hash, bool v4, std::uint32_t now_ms) const noexcept;
  [[nodiscard]] bool may_pass(std::uint32_t from, std::uint32_t to, std::uint32_t now_ms) const noexcept;
  [[nodiscard]] bool note_passed(std::uint32_t to) noexcept;
  void look_at(std::uint32_t handle, const Tables& tables, std::uint32_t before_ms, std::uint32_t now_ms) noexcept;
  void move(std::uint32_t from, std::uint32_t to) noexcept;
  void fill(std::uint32_t handle, std::uint64_t hash, const FlowKey& key, std::uint32_t destination, SessionState state) noexcept;
  void change_state(std::uint32_t handle, SessionState state) noexcept;
  void count(std::uint32_t destination, SessionState state, int by) noexcept;
  void end(std::uint32_t handle, Whither whither) noexcept;
  void drop_reverse(std::uint32_t handle) noexcept;
  [[nodiscard]] bool gives_way(std::uint32_t holder, std::uint32_t now_ms) const noexcept;
  [[nodiscard]] std::uint64_t& back(std::uint32_t handle) noexcept;
  [[nodiscard]] bool make_given(bool v4) noexcept;
  void give(std::uint32_t handle, const Snat& snat) noexcept;
  [[nodiscard]] Snat given(std::uint32_t handle) const noexcept;

  [[nodiscard]] Dump& dump_of(std::uint64_t cursor, std::uint32_t now_ms) noexcept;
  void tell(std::uint32_t handle, bool gone) noexcept;
  void remind(std::uint32_t handle, const Tables& tables, std::uint32_t before_ms, std::uint32_t now_ms) noexcept;
  [[nodiscard]] bool renew(std::uint32_t handle, const SessionRecord& record, std::uint32_t id, std::uint32_t now_ms) noexcept;
  [[nodiscard]] Change change_of(std::uint32_t handle) const noexcept;
  [[nodiscard]] static SessionRecord record_of(const Change& change, const Tables& tables, std::uint32_t now_ms) noexcept;
  [[nodiscard]] static bool lacks_port(const Change& change, const Tables& tables) noexcept;
  [[nodiscard]] std::uint32_t destination_of(const SessionRecord& record, const Tables& tables) noexcept;

  FlowHash hasher_;
  std::array<Family, 2> families_;
  std::span<DestinationCounters> counters_;
  EngineCounters* engine_;
  std::uint32_t capacity_;
  std::uint32_t now_ms_ = 0;  ///< when something was inserted last
  std::uint64_t swept_ = 0;  ///< bucket that the sweep looks at next, IPv4 before IPv6
  /// Where sessions were moved to behind the sweep's back since its last step, which looks at them first: one whose server is gone must
  /// not outlive the sweep, after which the server's id is given away. Who finds no room here may not move.
  static constexpr std::uint32_t kMostPassed = 1024;
  std::array<std::uint32_t, kMostPassed> passed_;
  std::uint32_t passed_count_ = 0;
  /// When the sweep came to each 64th of a family's table, and when it had come to the one it is in the time before.
  std::array<std::array<std::uint32_t, 64>, 2> visited_{};
  std::uint32_t visited_before_ = 0;
  std::array<Dump, kDumps> dumps_{};
  std::unique_ptr<Changes> changes_;
  std::unique_ptr<std::array<std::uint32_t, kRemembered>> remembered_;
};

}  // namespace lvsd
