#include "engine/worker_neighbours.h"

#include "engine/worker_state.h"

namespace lvsd {

namespace {
constexpr std::size_t kMostAsked = 256;
constexpr std::size_t kMacs = 12;

[[nodiscard]] bool due(std::uint32_t when_ms, std::uint32_t now_ms) noexcept { return static_cast<std::int32_t>(now_ms - when_ms) >= 0; }
}  // namespace

Neighbours::Neighbours(std::uint32_t most_packets) : held_(most_packets) {
  asking_.reserve(kMostAsked);
  told_.reserve(kMostAsked);
}
Neighbours::~Neighbours() = default;

std::uint64_t Neighbours::key(const Entry& entry) noexcept {
  std::uint64_t mixed = entry.next_hop.high() * 0x9e3779b97f4a7c15u ^ (entry.next_hop.low() + entry.port) * 0xc2b2ae3d27d4eb4fu;
  mixed ^= mixed >> 29;
  return mixed | 1;
}

Neighbours::Entry* Neighbours::entry_for(const Address& next_hop, std::uint16_t port) noexcept {
  Entry* vacant = nullptr;
  for (Entry& entry : entries_) {
    if (entry.used && entry.port == port && entry.next_hop == next_hop) return &entry;
    if (!entry.used && vacant == nullptr) vacant = &entry;
  }
  if (vacant == nullptr) return nullptr;
  *vacant = Entry{.next_hop = next_hop, .port = port, .used = true};
  ++used_;
  return vacant;
}

void Neighbours::ask(Entry& entry, std::uint32_t now_ms) noexcept {
  entry.asked_ms = now_ms;
  if (asking_.size() < kMostAsked) asking_.push_back({entry.next_hop, entry.port});
}

void Neighbours::hold(Core& core, Packet& packet, const Address& next_hop, std::uint16_t port) noexcept {
  const std::uint32_t before = used_;
  Entry* const entry = entry_for(next_hop, port);
  if (entry == nullptr) return core.drop(packet, DropReason::neighbour_queue_full);
  if (used_ != before || due(entry->asked_ms + kAskAgainMs, core.now_ms)) ask(*entry, core.now_ms);
  const std::uint32_t until_ms = core.now_ms + kPatienceMs;
  if (held_.count(key(*entry)) >= kPerNeighbour || held_.hold(packet, key(*entry), until_ms) == HeldPackets::kFull) {
    entry->until_ms = used_ != before ? until_ms : entry->until_ms;
    return core.drop(packet, DropReason::neighbour_queue_full);
  }
  entry->until_ms = until_ms;
  packet.verdict = Verdict::held;
  core.event(Event::neighbour_held);
}

const Adjacency* Neighbours::resolved(const Entry& entry, const Tables& tables) noexcept {
  const auto fits = [&](const Adjacency& adjacency) {
    return adjacency.port == entry.port && (adjacency.flags & image::kResolved) != 0 && adjacency.next_hop == entry.next_hop;
  };
  const std::uint32_t index = tables.route(entry.next_hop, 0);
  if (index != kNone && fits(tables.adjacency(index))) return &tables.adjacency(index);
  for (const Adjacency& adjacency : tables.adjacencies()) {
    if (fits(adjacency)) return &adjacency;
  }
  return nullptr;
}

void Neighbours::release(Core& core, const Tables& tables) noexcept {
  for (Entry& entry : entries_) {
    if (!entry.used) continue;
    const Adjacency* const way = resolved(entry, tables);
    if (way == nullptr) {
      if (due(entry.asked_ms + kAskAgainMs, core.now_ms)) ask(entry, core.now_ms);
      continue;
    }
    std::array<Packet, kPerNeighbour> free;
    const std::size_t count = held_.release(key(entry), free);
    for (Packet& packet : std::span(free).first(count)) {
      std::memcpy(packet.data, way->header, kMacs);
      packet.port = way->port;
      packet.verdict = Verdict::forward;
      if (!core.extras.add(packet)) core.drop(packet, DropReason::no_room);
    }
    entry.used = false;
    --used_;
  }
}

void Neighbours::expire(Core& core) noexcept {
  std::array<Packet, 64> old;
  for (std::size_t count = old.size(); count == old.size();) {
    count = held_.expire(core.now_ms, old);
    for (Packet& packet : std::span(old).first(count)) core.drop(packet, DropReason::no_neighbour);
  }
  for (Entry& entry : entries_) {
    if (!entry.used || !due(entry.until_ms, core.now_ms) || held_.count(key(entry)) > 0) continue;
    entry.used = false;
    --used_;
  }
}

std::span<const NeighbourWanted> Neighbours::wanted() noexcept {
  told_.swap(asking_);
  asking_.clear();
  return told_;
}

void Neighbours::recycle() noexcept { held_.recycle(); }

}  // namespace lvsd
