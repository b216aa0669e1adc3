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

[[nodiscard]] FragmentTable::Ports ports_of(const Flight& first) noexcept {
  if (is_icmp(first.parsed)) return {.source = echo_id_of(first), .destination = 0};
  return {.source = first.parsed.source_port, .destination = first.parsed.destination_port};
}

void give_ports(Flight& flight, const FragmentTable::Ports& ports) noexcept {
  if (is_icmp(flight.parsed)) {  // its id stands for a port, where NAT is at work
    flight.echo_id = ports.source;
    return;
  }
  flight.parsed.source_port = ports.source;
  flight.parsed.destination_port = ports.destination;
  flight.parsed.has_ports = has_ports(flight.parsed.protocol);
}

}  // namespace

bool recall_ports(const Core& core, Flight& flight) noexcept {
  FragmentTable::Ports ports;
  if (!core.fragments.find(core.fragments.key(flight.parsed, flight.packet->port), core.now_ms, ports)) return false;
  give_ports(flight, ports);
  return true;
}

std::uint64_t learn_first(Core& core, const Tables& tables, const Flight& first) noexcept {
  if (!may_be_ours(tables, first.parsed, first.packet->port)) return 0;
  const std::uint64_t key = core.fragments.key(first.parsed, first.packet->port);
  core.fragments.learn(key, ports_of(first), core.now_ms + tables.settings().fragment_ms);
  return key;
}

template <class Trace>
bool join_fragment(Core& core, const Tables& tables, Flight& flight, Trace& trace) noexcept {
  const Parsed& parsed = flight.parsed;
  if (!may_be_ours(tables, parsed, flight.packet->port)) return true;
  if (parsed.is_first_fragment) {
    trace.note(Step::parse, "The first fragment of a datagram: its ports are kept for those that follow.");
    if constexpr (!Trace::kDry) {
      const std::uint64_t key = learn_first(core, tables, flight);
      const bool awaited = core.held_fragments.count(key) != 0;  // those that wait go their own way, after it, as extras
      if (awaited && core.released_fragments < core.released_keys.size()) core.released_keys[core.released_fragments++] = key;
    }
    return true;
  }
  if (recall_ports(core, flight)) {
    trace.note(Step::parse, "A later fragment: it goes where the first one of its datagram went.");
    return true;
  }
  trace.note(Step::parse, "A later fragment whose first one has not come: it waits for it.");
  const std::uint64_t key = core.fragments.key(parsed, flight.packet->port);
  if constexpr (Trace::kDry) {
    flight.packet->verdict = Verdict::held;
  } else if (core.held_fragments.hold(*flight.packet, key, core.now_ms + tables.settings().fragment_ms) == HeldPackets::kFull) {
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
