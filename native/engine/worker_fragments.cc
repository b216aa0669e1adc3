#include "engine/explain.h"
#include "engine/forward.h"

/// Fragments: the first of a datagram has the ports, the others follow it; who comes before it waits.
namespace lvsd {

namespace {

/// Whether the fragment may belong to a flow of ours. Later ones have no ports, so the address has to do.
[[nodiscard]] bool may_be_ours(const Tables& tables, const Parsed& parsed, std::uint16_t ingress) noexcept {
  return tables.any_service_of(parsed.destination, ingress) != nullptr || tables.is_nat_address(parsed.source) ||
         tables.is_pool_address(parsed.destination);
}

[[nodiscard]] bool has_ports(std::uint8_t protocol) noexcept {
  return protocol == wire::kTcp || protocol == wire::kUdp || protocol == wire::kSctp || protocol == wire::kDccp || protocol == wire::kUdpLite;
}

[[nodiscard]] FragmentTable::Ports ports_of(const Flight& first) noexcept {
  if (is_icmp(first.parsed)) return {.source = echo_id_of(first), .destination = 0};
  return {.source = first.parsed.source_port, .destination = first.parsed.destination_port};
}

void give_ports(Flight& flight, const FragmentTable::Ports& ports) noexcept {
  if (is_icmp(flight.parsed)) return;  // its id is asked for again, and stands for a port only where NAT is at work
  flight.parsed.source_port = ports.source;
  flight.parsed.destination_port = ports.destination;
  flight.parsed.has_ports = has_ports(flight.parsed.protocol);
}

/// Those that waited for the first fragment. They go their own way, after it, as extras.
void release_followers(Core& core, std::uint64_t key) noexcept {
  if (core.held_fragments.count(key) == 0) return;
  if (core.released_fragments < core.released_keys.size()) core.released_keys[core.released_fragments++] = key;
}

}  // namespace

template <class Trace>
bool join_fragment(Core& core, const Tables& tables, Flight& flight, Trace& trace) noexcept {
  Parsed& parsed = flight.parsed;
  if (!may_be_ours(tables, parsed, flight.packet->port)) return true;
  const std::uint64_t key = core.fragments.key(parsed, flight.packet->port);
  const std::uint32_t until_ms = core.now_ms + tables.settings().fragment_ms;
  if (parsed.is_first_fragment) {
    trace.note(Step::parse, "The first fragment of a datagram: its ports are kept for those that follow.");
    if constexpr (!Trace::kDry) {
      core.fragments.learn(key, ports_of(flight), until_ms);
      release_followers(core, key);
    }
    return true;
  }
  FragmentTable::Ports ports;
  if (core.fragments.find(key, core.now_ms, ports)) {
    trace.note(Step::parse, "A later fragment: it goes where the first one of its datagram went.");
    give_ports(flight, ports);
    if (is_icmp(parsed)) flight.echo_id = ports.source;
    return true;
  }
  trace.note(Step::parse, "A later fragment whose first one has not come: it waits for it.");
  if constexpr (Trace::kDry) {
    flight.packet->verdict = Verdict::held;
  } else if (core.held_fragments.hold(*flight.packet, key, until_ms) == HeldPackets::kFull) {
    core.drop(*flight.packet, DropReason::fragment_queue_full);
  } else {
    flight.packet->verdict = Verdict::held;
    core.event(Event::fragments_held);
  }
  return false;
}

void forward_released_fragments(Core& core, const Tables& tables) noexcept {
  std::array<Packet, 64> waiting;
  NoTrace trace;
  for (std::size_t index = 0; index < core.released_fragments; ++index) {
    for (std::size_t count = waiting.size(); count == waiting.size();) {
      count = core.held_fragments.release(core.released_keys[index], waiting);
      for (Packet& packet : std::span(waiting).first(count)) {
        Flight flight;
        flight.packet = &packet;
        if (parse(packet, flight.parsed) != DropReason::none) continue;  // it was parsed when it came
        forward_rare(core, tables, flight, trace);
        const bool out = packet.verdict == Verdict::forward || packet.verdict == Verdict::pass;
        if (out && !core.extras.add(packet)) core.drop(packet, DropReason::no_room);
      }
    }
  }
  core.released_fragments = 0;
}

void expire_fragments(Core& core) noexcept {
  std::array<Packet, 64> old;
  for (std::size_t count = old.size(); count == old.size();) {
    count = core.held_fragments.expire(core.now_ms, old);
    for (Packet& packet : std::span(old).first(count)) core.drop(packet, DropReason::fragment_timeout);
  }
}

template bool join_fragment(Core&, const Tables&, Flight&, NoTrace&) noexcept;
template bool join_fragment(Core&, const Tables&, Flight&, Recorder&) noexcept;

}  // namespace lvsd
