#include <algorithm>
#include <array>

#include "engine/held.h"
#include "engine/session_buckets.h"
#include "engine/session_hash.h"

namespace lvsd {

namespace {
/// `meta` of a slot: source port in the lower half, destination port in the upper.
constexpr std::uint32_t packed(FragmentTable::Ports ports) noexcept {
  return ports.source | std::uint32_t{ports.destination} << 16;
}
/// Nobody waits for fragments longer than an hour: what seems to have more time left was learned before the clock went round.
constexpr std::uint32_t kLongestMs = 3'600'000;
bool is_live(const Slot& slot, std::uint32_t now_ms) noexcept {
  return slot.hash != 0 && slot.deadline - now_ms - 1 < kLongestMs;
}
}  // namespace

struct FragmentTable::State {
  explicit State(const std::uint64_t (&secret)[2]) noexcept : hasher(secret) {}
  FlowHash hasher;
  Buckets table;
};

FragmentTable::FragmentTable(std::uint32_t capacity, std::uint64_t secret) {
  const std::uint64_t words[2] = {secret, 0x667261676d656e74};  // "fragment": another hash than the sessions'
  state_ = std::make_unique<State>(words);
  // Without memory nothing is ever learned, and fragments time out: no worse than a first fragment that was lost.
  if (!state_->table.allocate(std::clamp(capacity / 4 + (capacity % 4 != 0 ? 1 : 0), 2u, 1u << 26))) return;
}

FragmentTable::~FragmentTable() = default;

std::uint64_t FragmentTable::key(const Parsed& fragment, std::uint16_t ingress) const noexcept {
  FlowKey flow{fragment.source, fragment.destination, ingress, 0, fragment.protocol, false};
  return state_->hasher.words(state_->hasher(flow), fragment.fragment_id);
}

void FragmentTable::learn(std::uint64_t key, Ports ports, std::uint32_t until_ms) noexcept {
  Buckets& table = state_->table;
  if (!table.ready()) return;
  std::uint32_t at = table.find(key);
  if (at == kNoSlot) {
    const std::array<std::uint32_t, 8> places = table.places(key);
    // the time left cannot be told without the time now, but what ends first can: an empty slot before all
    const auto sooner = [&table, until_ms](std::uint32_t a, std::uint32_t b) {
      const Slot x = table.at(a), y = table.at(b);
      if ((x.hash == 0) != (y.hash == 0)) return x.hash == 0;
      return static_cast<std::int32_t>(x.deadline - until_ms) < static_cast<std::int32_t>(y.deadline - until_ms);
    };
    at = *std::min_element(places.begin(), places.end(), sooner);
  }
  table.at(at).put({key, until_ms, packed(ports)});
}

bool FragmentTable::find(std::uint64_t key, std::uint32_t now_ms, Ports& into) const noexcept {
  const std::uint32_t at = state_->table.find(key);
  if (at == kNoSlot || !is_live(state_->table.at(at), now_ms)) return false;
  const std::uint32_t ports = state_->table.at(at).meta;
  into = {static_cast<std::uint16_t>(ports), static_cast<std::uint16_t>(ports >> 16)};
  return true;
}

}  // namespace lvsd
