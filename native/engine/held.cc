#include "engine/held.h"

#include <cstring>
#include <utility>
#include <vector>

#include "engine/session_buckets.h"

namespace lvsd {

namespace {
constexpr std::uint32_t kNothing = 0xffffffff;
constexpr std::size_t kBlock = HeldPackets::kHeadroom + HeldPackets::kLongest;

/// A place for one packet; it is in one of three lists: free, waiting (in order of arrival), or let go since the last recycle.
struct Entry {
  std::uint64_t key = 0, cookie = 0;
  std::uint32_t until_ms = 0, length = 0;
  std::uint32_t before = kNothing, behind = kNothing;  ///< neighbours in the waiting list; `behind` is the next of the other lists too
  std::uint32_t same_before = kNothing, same_behind = kNothing;  ///< neighbours in the chain of its hash bucket, in order of arrival
  std::uint16_t port = 0;
};

struct Ends {
  std::uint32_t first = kNothing, last = kNothing;
};
}  // namespace

struct HeldPackets::State {
  std::vector<Entry> entries;
  std::vector<Ends> chains;  ///< a power of two
  Pages memory;
  Ends waiting;
  std::uint32_t free = kNothing, let_go = kNothing, count = 0;

  [[nodiscard]] std::size_t chain_of(std::uint64_t key) const noexcept {
    return (key * 0x9e3779b97f4a7c15 >> 32) & (chains.size() - 1);
  }
  [[nodiscard]] std::uint8_t* block(std::uint32_t at) noexcept { return static_cast<std::uint8_t*>(memory.data()) + at * kBlock; }

  void append(std::uint32_t at) noexcept;
  void remove(std::uint32_t at) noexcept;
  [[nodiscard]] Packet take_out(std::uint32_t at) noexcept;
};

void HeldPackets::State::append(std::uint32_t at) noexcept {
  Entry& entry = entries[at];
  entry.before = waiting.last;
  entry.behind = kNothing;
  (waiting.last == kNothing ? waiting.first : entries[waiting.last].behind) = at;
  waiting.last = at;
  Ends& chain = chains[chain_of(entry.key)];
  entry.same_before = chain.last;
  entry.same_behind = kNothing;
  (chain.last == kNothing ? chain.first : entries[chain.last].same_behind) = at;
  chain.last = at;
  ++count;
}

void HeldPackets::State::remove(std::uint32_t at) noexcept {
  const Entry& entry = entries[at];
  (entry.before == kNothing ? waiting.first : entries[entry.before].behind) = entry.behind;
  (entry.behind == kNothing ? waiting.last : entries[entry.behind].before) = entry.before;
  Ends& chain = chains[chain_of(entry.key)];
  (entry.same_before == kNothing ? chain.first : entries[entry.same_before].same_behind) = entry.same_behind;
  (entry.same_behind == kNothing ? chain.last : entries[entry.same_behind].same_before) = entry.same_before;
  --count;
}

Packet HeldPackets::State::take_out(std::uint32_t at) noexcept {
  remove(at);
  Entry& entry = entries[at];
  entry.behind = let_go;
  let_go = at;
  Packet packet;
  packet.data = block(at) + kHeadroom;
  packet.length = entry.length;
  packet.headroom = kHeadroom;
  packet.tailroom = static_cast<std::uint16_t>(kLongest - entry.length);
  packet.port = entry.port;
  packet.cookie = entry.cookie;
  return packet;
}

HeldPackets::HeldPackets(std::uint32_t most) : state_(std::make_unique<State>()) {
  std::size_t chains = 16;
  while (chains < most) chains *= 2;
  state_->chains.resize(chains);
  if (most == 0 || !state_->memory.allocate(most * kBlock)) return;
  state_->entries.resize(most);
  for (std::uint32_t at = 0; at < most; ++at) state_->entries[at].behind = at + 1 < most ? at + 1 : kNothing;
  state_->free = 0;
}

HeldPackets::~HeldPackets() = default;

std::uint32_t HeldPackets::hold(const Packet& packet, std::uint64_t key, std::uint32_t until_ms) noexcept {
  State& state = *state_;
  const std::uint32_t at = state.free;
  if (at == kNothing || packet.length > kLongest) return kFull;
  Entry& entry = state.entries[at];
  state.free = entry.behind;
  entry.key = key;
  entry.cookie = packet.cookie;
  entry.until_ms = until_ms;
  entry.length = packet.length;
  entry.port = packet.port;
  if (packet.length != 0) std::memcpy(state.block(at) + kHeadroom, packet.data, packet.length);
  state.append(at);
  return at;
}

std::size_t HeldPackets::release(std::uint64_t key, std::span<Packet> into) noexcept {
  State& state = *state_;
  std::size_t released = 0;
  for (std::uint32_t at = state.chains[state.chain_of(key)].first; at != kNothing && released < into.size();) {
    const std::uint32_t next = state.entries[at].same_behind;
    if (state.entries[at].key == key) into[released++] = state.take_out(at);
    at = next;
  }
  return released;
}

std::size_t HeldPackets::expire(std::uint32_t now_ms, std::span<Packet> into) noexcept {
  State& state = *state_;
  std::size_t expired = 0;
  for (std::uint32_t at = state.waiting.first; at != kNothing && expired < into.size();) {
    const std::uint32_t next = state.entries[at].behind;
    if (static_cast<std::int32_t>(state.entries[at].until_ms - now_ms) <= 0) into[expired++] = state.take_out(at);
    at = next;
  }
  return expired;
}

std::uint32_t HeldPackets::count(std::uint64_t key) const noexcept {
  std::uint32_t count = 0;
  for (std::uint32_t at = state_->chains[state_->chain_of(key)].first; at != kNothing; at = state_->entries[at].same_behind) {
    count += state_->entries[at].key == key ? 1 : 0;
  }
  return count;
}

std::uint32_t HeldPackets::waiting() const noexcept { return state_->count; }

void HeldPackets::recycle() noexcept {
  while (state_->let_go != kNothing) {
    const std::uint32_t at = state_->let_go;
    state_->let_go = std::exchange(state_->entries[at].behind, state_->free);
    state_->free = at;
  }
}

}  // namespace lvsd
