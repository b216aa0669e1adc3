#include "engine/explain.h"
#include "engine/fields_hash.h"
#include "engine/forward.h"

/// New flows: affinity, then the scheduler, then a session.
namespace lvsd {

namespace {

/// The client with the bits that do not count set to zero. `bits` of an IPv4 address: 0 to 32.
[[nodiscard]] Address masked(const Address& client, std::uint32_t bits) noexcept {
  Address masked = client;
  const std::uint32_t from = client.is_v4() ? 96 + bits : bits;
  for (std::uint32_t byte = from / 8; byte < 16; ++byte) {
    masked.bytes[byte] = byte == from / 8 ? static_cast<std::uint8_t>(masked.bytes[byte] & (0xff00U >> from % 8)) : std::uint8_t{0};
  }
  return masked;
}

/// Which clients to which address count as one (net/netfilter/ipvs/ip_vs_core.c, ip_vs_sched_persist). A service of any port has one
/// template for all of them.
[[nodiscard]] FlowKey affinity_key(const Flight& flight) noexcept {
  const Service& service = *flight.service;
  return {.client = masked(flight.parsed.source, service.persistence_prefix),
          .vip = flight.parsed.destination,
          .client_port = 0,
          .vip_port = service.port == 0 ? std::uint16_t{0} : flight.parsed.destination_port,
          .protocol = service.protocol,
          .affinity = true};
}

[[nodiscard]] bool is_nat(const Destination& to) noexcept { return to.method == image::kMasquerade || to.method == image::kFullNat; }

/// Without a session every packet of the flow must come to the same choice: whatever the scheduler, the hash decides.
[[nodiscard]] std::uint32_t hash_choice(const Tables& tables, const Service& service, std::uint64_t hash) noexcept {
  if (!service.slots.empty()) return service.slots[slot_of(hash, static_cast<std::uint32_t>(service.slots.size()))];
  std::uint32_t best = kNone;
  std::uint64_t most = 0;
  for (const std::uint32_t member : service.members) {  // rendezvous: who leaves moves only its own flows
    const std::uint64_t score = multiply_fold(hash ^ kHashKeys[0], member ^ kHashKeys[1]) | 1;
    if (tables.destination(member).state != kServing || score <= most) continue;
    most = score;
    best = member;
  }
  return best;
}

[[nodiscard]] std::uint64_t fields_hash_of(const Flight& flight) noexcept {
  const Parsed& parsed = flight.parsed;
  return fields_hash(flight.service->hash_fields, {.source = parsed.source,
                                                   .destination = parsed.destination,
                                                   .source_port = parsed.source_port,
                                                   .destination_port = parsed.destination_port,
                                                   .protocol = parsed.protocol,
                                                   .ethernet = flight.packet->data});
}

/// A service that takes every address has its servers' among them: that says nothing.
[[nodiscard]] bool is_taken(const Tables& tables, const Address& to, std::uint8_t protocol, std::uint16_t port, std::uint16_t ingress) noexcept {
  const Service* const service = tables.find_service(to, protocol, port, ingress);
  return service != nullptr && service->prefix != 0;
}

/// Whether what leaves for this destination would be taken by a service here again.
[[nodiscard]] bool comes_back(const Tables& tables, const Flight& flight, const Destination& to) noexcept {
  const Parsed& parsed = flight.parsed;
  const std::uint16_t ingress = flight.packet->port;
  switch (to.method) {
    case image::kMasquerade:
    case image::kFullNat:
    case image::kL3dsr:
      return !tables.is_local(to.address) &&
             is_taken(tables, to.address, parsed.protocol, to.port != 0 ? to.port : parsed.destination_port, ingress);
    case image::kTunnel: {
      const bool gue = to.tunnel == image::kGue;
      const std::uint8_t outer = gue                          ? wire::kUdp
                                 : to.tunnel == image::kGre   ? wire::kGre
                                 : is_v4(flight.parsed)       ? wire::kIpv4InIp
                                                              : wire::kIpv6InIp;
      return is_taken(tables, to.address, outer, gue ? to.tunnel_port : std::uint16_t{0}, ingress);
    }
    default: return false;
  }
}

template <class Trace>
class Newcomer {
 public:
  Newcomer(Core& core, const Tables& tables, Flight& flight, Trace& trace, const FlowKey& key) noexcept
      : core_(core), tables_(tables), flight_(flight), service_(*flight.service), trace_(trace), key_(key) {}

  [[nodiscard]] bool settle() noexcept {
    flight_.acquaintance = Acquaintance::first;
    const std::uint64_t fields = fields_hash_of(flight_);
    flight_.destination = choose(fields);
    if (flight_.destination == kNone) return refuse(DropReason::no_destination, true);
    if (comes_back(tables_, flight_, to())) return refuse(DropReason::loop, false);
    if (service_.is_persistent()) remember_affinity();
    if (one_packet()) return settle_one_packet();
    if ((service_.flags & image::kStateless) != 0 && !is_nat(to())) {
      trace_.note(Step::session, "The service is stateless: the hash alone decides, no session is made.");
      flight_.acquaintance = Acquaintance::untracked;
      return true;
    }
    return make_session(fields);
  }

  [[nodiscard]] bool expect_replies_anew(std::uint32_t session) noexcept {
    trace_.note(Step::session, "The server's method was another when the session was made: its replies are known by something else from now on.");
    if constexpr (!Trace::kDry) core_.sessions.forget_replies(session);
    if (expect_replies(session)) return true;
    if constexpr (!Trace::kDry) core_.sessions.erase(session);
    return false;
  }

 private:
  [[nodiscard]] const Destination& to() const noexcept { return tables_.destination(flight_.destination); }
  [[nodiscard]] bool one_packet() const noexcept {
    return (service_.flags & image::kOnePacket) != 0 && flight_.parsed.protocol == wire::kUdp;
  }

  [[nodiscard]] bool refuse(DropReason why, bool no_server) noexcept {
    if constexpr (!Trace::kDry) {
      ServiceCounters& counters = core_.services[service_.id];
      ++(no_server ? counters.no_server : counters.untracked);
      counters.bytes_in += flight_.parsed.packet_length();
    }
    core_.drop(*flight_.packet, why);
    return false;
  }

  [[nodiscard]] std::uint32_t choose(std::uint64_t fields) noexcept {
    const std::uint32_t remembered = recall_affinity();
    if (remembered != kNone) return remembered;
    const Arrival arrival{.key = key_, .fields_hash = fields, .now_ms = core_.now_ms};
    std::uint32_t chosen;
    if ((service_.flags & image::kStateless) != 0) {
      chosen = hash_choice(tables_, service_, fields);
    } else if constexpr (Trace::kDry) {
      chosen = core_.choosers.foresee(tables_, service_, arrival);
    } else {
      chosen = core_.choosers.choose(tables_, service_, arrival);
    }
    trace_.scheduled(tables_, service_, arrival, chosen);
    return chosen;
  }

  [[nodiscard]] std::uint32_t recall_affinity() noexcept {
    if (!service_.is_persistent()) return kNone;
    const FlowKey key = affinity_key(flight_);
    const std::uint32_t known = core_.sessions.find(core_.sessions.hash(key), is_v4(flight_.parsed), core_.now_ms);
    const std::uint32_t server = known == kNone ? kNone : core_.sessions.destination(known);
    // as IPVS with expire_quiescent_template, which lvsd sets: a client does not stick to a server that gets no new flows
    const bool usable = server != kNone && tables_.destination(server).state == kServing;
    trace_.affinity(tables_, key, usable ? server : kNone);
    return usable ? server : kNone;
  }

  void remember_affinity() noexcept {
    if constexpr (Trace::kDry) return;
    const FlowKey key = affinity_key(flight_);
    const std::uint64_t hash = core_.sessions.hash(key);
    const std::uint32_t known = core_.sessions.find(hash, is_v4(flight_.parsed), core_.now_ms);
    if (known != kNone && core_.sessions.destination(known) == flight_.destination) {
      return core_.sessions.touch(known, 0, false, service_, core_.now_ms);
    }
    if (known != kNone) core_.sessions.erase(known);
    (void)core_.sessions.insert(hash, key, flight_.destination, 0, service_, core_.now_ms);
  }

  [[nodiscard]] std::uint32_t insert() noexcept {
    return core_.sessions.insert(flight_.hash, key_, flight_.destination, flight_.parsed.tcp_flags, service_,
                                 core_.now_ms);
  }

  /// What replies are known by. Without a session, in an explanation: whether they could be.
  [[nodiscard]] bool expect_replies(std::uint32_t session) noexcept {
    const bool full = to().method == image::kFullNat;
    const std::uint16_t port = to().port != 0 && has_ports(key_.protocol) ? to().port : key_.vip_port;
    const std::uint32_t workers = core_.options.workers;
    if constexpr (Trace::kDry) {
      if (!full) return core_.sessions.has_room_for_reverse(to().address, port, key_.client, key_.client_port, key_.protocol, core_.now_ms);
      return !core_.sessions.foresee_snat(flight_.hash, key_, tables_, service_, to(), core_.index, workers, core_.now_ms).address.is_zero();
    }
    if (full) return core_.sessions.take_snat(session, tables_, service_, to(), core_.index, workers, core_.now_ms);
    return core_.sessions.insert_reverse(session, to().address, port, key_.client, key_.client_port);
  }

  /// The client has another flow from this port to the same server, by another VIP: nobody could tell their replies apart. Another
  /// server can serve this one. (Of full NAT: there is no free source port towards the one that was chosen.)
  [[nodiscard]] bool expect_replies_of_another(std::uint32_t session, std::uint64_t fields) noexcept {
    static constexpr std::size_t kMostTries = 64;
    const std::span<const std::uint32_t> members = service_.members;
    const std::uint32_t first = flight_.destination, from = slot_of(fields, static_cast<std::uint32_t>(members.size()));
    for (std::size_t step = 0; step < members.size() && step < kMostTries; ++step) {
      const std::uint32_t other = members[(from + step) % members.size()];
      if (other == first || tables_.destination(other).state != kServing || is_for_us(tables_, tables_.destination(other))) continue;
      flight_.destination = other;
      if constexpr (!Trace::kDry) core_.sessions.redirect(session, other);
      if (expect_replies(session)) return true;
    }
    flight_.destination = first;
    return false;
  }

  [[nodiscard]] bool make_session(std::uint64_t fields) noexcept {
    const bool for_us = is_for_us(tables_, to());
    const std::uint32_t session = Trace::kDry ? kNone : insert();
    if (session == kNone && !Trace::kDry) return do_without(fields);
    if (is_nat(to()) && !for_us && !expect_replies(session) && !expect_replies_of_another(session, fields)) {
      if constexpr (!Trace::kDry) core_.sessions.erase(session);
      return refuse(to().method == image::kFullNat ? DropReason::no_snat_port : DropReason::session_table_full, false);
    }
    begin(session);
    return true;
  }

  void begin(std::uint32_t session) noexcept {
    if constexpr (Trace::kDry) return;
    flight_.marks = core_.sessions.marks(session);
    ++core_.services[service_.id].connections;
  }

  /// The table is full of established flows: this one gets what its hash says, packet by packet.
  [[nodiscard]] bool do_without(std::uint64_t fields) noexcept {
    flight_.acquaintance = Acquaintance::untracked;
    const std::uint32_t server = recall_affinity();
    flight_.destination = server != kNone ? server : hash_choice(tables_, service_, fields);
    if (flight_.destination == kNone) return refuse(DropReason::no_destination, true);
    if (is_nat(to()) && !is_for_us(tables_, to())) return refuse(DropReason::session_table_full, false);
    return true;
  }

  [[nodiscard]] bool settle_one_packet() noexcept {
    if (is_nat(to()) && !is_for_us(tables_, to())) return settle_apart();
    trace_.note(Step::session, "One-packet scheduling: every datagram is scheduled anew, no session is made.");
    if constexpr (!Trace::kDry) {
      ++core_.services[service_.id].connections;
      ++core_.destinations[flight_.destination].connections;
    }
    return true;
  }

  /// One-packet scheduling through NAT: each server that the client's datagrams reach has a session of its own, for its replies.
  [[nodiscard]] bool settle_apart() noexcept {
    flight_.hash ^= multiply_fold(flight_.hash, kHashKeys[2] ^ flight_.destination) | 1;
    const std::uint32_t known = core_.sessions.find(flight_.hash, is_v4(flight_.parsed), core_.now_ms);
    if (known != kNone) {
      flight_.marks = core_.sessions.marks(known);
      if constexpr (!Trace::kDry) core_.sessions.touch(known, 0, false, service_, core_.now_ms);
      return true;
    }
    const std::uint32_t session = Trace::kDry ? kNone : insert();
    if (session == kNone && !Trace::kDry) return refuse(DropReason::session_table_full, false);
    if (!expect_replies(session)) {
      if constexpr (!Trace::kDry) core_.sessions.erase(session);
      return refuse(to().method == image::kFullNat ? DropReason::no_snat_port : DropReason::session_table_full, false);
    }
    begin(session);
    return true;
  }

  Core& core_;
  const Tables& tables_;
  Flight& flight_;
  const Service& service_;
  Trace& trace_;
  const FlowKey key_;
};

}  // namespace

template <class Trace>
bool settle_new(Core& core, const Tables& tables, Flight& flight, Trace& trace) noexcept {
  const std::uint32_t session = core.sessions.find(flight.hash, is_v4(flight.parsed), core.now_ms);
  if (session == kNone) {
    trace.session_missed(key_of(flight), flight.hash);
  } else if (core.sessions.restarts(session, flight.parsed.tcp_flags)) {
    trace.note(Step::session, "Its session has ended and this is a new SYN: it is scheduled anew.");
    if constexpr (!Trace::kDry) core.sessions.erase(session);
  } else {  // a packet before this one in the same batch has made or moved it
    follow_session(core, tables, flight, session, trace);
    return true;
  }
  return Newcomer<Trace>(core, tables, flight, trace, key_of(flight)).settle();
}

template <class Trace>
bool settle_again(Core& core, const Tables& tables, Flight& flight, Trace& trace) noexcept {
  const std::uint32_t session = core.sessions.find(flight.hash, is_v4(flight.parsed), core.now_ms);
  if (session != kNone && core.sessions.destination(session) != flight.destination) {  // by a packet before this one in the same batch
    flight.destination = core.sessions.destination(session);
    flight.marks = core.sessions.marks(session);
    return true;
  }
  trace.note(Step::session, "The server of its session was removed: the session ends, and the packet is scheduled anew.");
  if constexpr (!Trace::kDry) {
    if (session != kNone) core.sessions.erase(session, true);
  }
  return Newcomer<Trace>(core, tables, flight, trace, key_of(flight)).settle();
}

template <class Trace>
bool expect_replies_anew(Core& core, const Tables& tables, Flight& flight, Trace& trace) noexcept {
  const std::uint32_t session = core.sessions.find(flight.hash, is_v4(flight.parsed), core.now_ms);
  if (session == kNone || core.sessions.destination(session) != flight.destination) return true;
  const bool full = tables.destination(flight.destination).method == image::kFullNat;
  if (Sessions::expects_replies(core.sessions.marks(session), full)) return true;  // since a packet before this one in the same batch
  // the session's own key: the packet may be an ICMP error about the flow
  return Newcomer<Trace>(core, tables, flight, trace, core.sessions.key(session)).expect_replies_anew(session);
}

void touch_affinity(Core& core, const Flight& flight) noexcept {
  const std::uint64_t hash = core.sessions.hash(affinity_key(flight));
  const std::uint32_t known = core.sessions.find(hash, is_v4(flight.parsed), core.now_ms);
  if (known != kNone && core.sessions.destination(known) == flight.destination) {
    core.sessions.touch(known, 0, false, *flight.service, core.now_ms);
  }
}

template bool settle_new(Core&, const Tables&, Flight&, NoTrace&) noexcept;
template bool settle_new(Core&, const Tables&, Flight&, Recorder&) noexcept;
template bool settle_again(Core&, const Tables&, Flight&, NoTrace&) noexcept;
template bool settle_again(Core&, const Tables&, Flight&, Recorder&) noexcept;
template bool expect_replies_anew(Core&, const Tables&, Flight&, NoTrace&) noexcept;
template bool expect_replies_anew(Core&, const Tables&, Flight&, Recorder&) noexcept;

}  // namespace lvsd
