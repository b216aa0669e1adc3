#include "engine/sessions.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "engine/session_cold.h"

namespace lvsd {

namespace {
// Slots for each session: one-step and two-step moves fill 98 % (bench in docs/performance.md), so these leave room for bad luck.
constexpr std::uint64_t kSlots4 = 8, kOf4 = 7;
constexpr std::uint64_t kSlots6 = 10, kOf6 = 9;
constexpr std::uint64_t kMostBuckets = std::uint64_t{1} << 28;
constexpr std::uint32_t kDumpPauseMs = 60'000;

constexpr std::uint8_t kTcp = 6, kUdp = 17, kIcmp = 1, kIcmp6 = 58;

/// How far others are moved to make room. Where a move hardly finds a goal, under a flood, it would be a hundred cache misses for nothing.
unsigned steps_at(std::uint32_t used, std::uint32_t slots) noexcept {
  const std::uint64_t percent = std::uint64_t{used} * 100 / slots;
  return percent < 93 || slots < 1024 ? 3 : percent < 95 ? 2 : percent < 97 ? 1 : 0;
}

SessionState first_state(const FlowKey& key, std::uint8_t tcp_flags) noexcept {
  if (key.affinity) return SessionState::affinity;
  switch (key.protocol) {
    case kTcp: return first_tcp_state(tcp_flags);
    case kUdp: return SessionState::udp;
    case kIcmp:
    case kIcmp6: return SessionState::icmp;
    default: return SessionState::other;
  }
}
}  // namespace

Sessions::Sessions(const Options& options)
    : hasher_(options.secret),
      counters_(options.counters.first(std::min<std::size_t>(options.counters.size(), kMostDestinations))),
      engine_(options.engine),
      capacity_(std::max(options.capacity, 1u)),
      remembered_(std::make_unique<std::array<std::uint32_t, kRemembered>>()) {
  static_assert(sizeof(Cold4) == 16 && sizeof(Cold6) == 40 && sizeof(Given4) == 8 && sizeof(Given6) == 20);
}

Sessions::~Sessions() = default;

bool Sessions::make_family(bool v4) noexcept {
  Family& family = this->family(v4);
  if (family.hot.ready()) return true;
  const std::uint64_t slots = v4 ? capacity_ * kSlots4 / kOf4 : capacity_ * kSlots6 / kOf6;
  const std::uint64_t buckets = std::clamp<std::uint64_t>((slots + 3) / 4, 2, kMostBuckets);
  const std::size_t cold = v4 ? sizeof(Cold4) : sizeof(Cold6);
  if (family.cold.data() == nullptr && !family.cold.allocate(buckets * 4 * cold)) return false;
  return family.hot.allocate(static_cast<std::uint32_t>(buckets));
}

// ---------------------------------------------------------------- one session

FlowKey Sessions::key(std::uint32_t handle) const noexcept {
  const std::uint32_t at = place(handle);
  if (is_v4(handle)) {
    const Cold4& cold = static_cast<const Cold4*>(family_of(handle).cold.data())[at];
    return {Address::v4(cold.client), Address::v4(cold.vip), cold.client_port, cold.vip_port, cold.protocol, cold.affinity != 0};
  }
  const Cold6& cold = static_cast<const Cold6*>(family_of(handle).cold.data())[at];
  return {cold.client, cold.vip, cold.client_port, cold.vip_port, cold.protocol, cold.affinity != 0};
}

void Sessions::fill(std::uint32_t handle, std::uint64_t hash, const FlowKey& key, std::uint32_t destination,
                    SessionState state) noexcept {
  Family& family = family_of(handle);
  const std::uint32_t at = place(handle);
  const std::uint8_t affinity = key.affinity ? 1 : 0;
  if (is_v4(handle)) {
    static_cast<Cold4*>(family.cold.data())[at] = {key.client.to_v4(), key.vip.to_v4(), key.client_port, key.vip_port,
                                                   key.protocol,       affinity,        0};
  } else {
    static_cast<Cold6*>(family.cold.data())[at] = {key.client, key.vip, key.client_port, key.vip_port, key.protocol, affinity, 0};
  }
  const SlotPlace slot = family.hot.at(at);
  slot.hash = hash;
  slot.meta = static_cast<std::uint32_t>(state) | destination << kDestinationShift;
  ++family.used;
  count(destination, state, 1);
  ++engine_->events[static_cast<std::size_t>(Event::sessions_created)];
}

std::uint32_t Sessions::insert(std::uint64_t hash, const FlowKey& key, std::uint32_t destination, std::uint8_t tcp_flags,
                               const Service& service, std::uint32_t now_ms) noexcept {
  const bool v4 = key.vip.is_v4();
  if (destination >= counters_.size() || hash == 0) return kNone;
  const std::uint32_t handle = place_for(hash, v4, now_ms);
  if (handle == kNone) return kNone;
  const SessionState state = first_state(key, tcp_flags);
  fill(handle, hash, key, destination, state);
  slot(handle).deadline = now_ms + service.timeouts[state];
  if (!key.affinity) ++counters_[destination].connections;
  tell(handle, false);
  return handle;
}

void Sessions::redirect(std::uint32_t handle, std::uint32_t destination) noexcept {
  if (destination >= counters_.size()) return;
  drop_reverse(handle);
  const SlotPlace slot = this->slot(handle);
  const SessionState state = state_of(slot);
  count(this->destination(handle), state, -1);
  slot.meta = (slot.meta & ((1u << kDestinationShift) - 1)) | destination << kDestinationShift;
  count(destination, state, 1);
  if (state != SessionState::affinity) ++counters_[destination].connections;
  tell(handle, false);
}

void Sessions::erase(std::uint32_t handle, bool flushed) noexcept {
  end(handle, flushed ? Whither::flushed : Whither::expired);
}

/// Established is active, all others that are there are inactive (ip_vs_conn.c, ip_vs_proto_tcp.c set_tcp_state); a template is neither.
void Sessions::count(std::uint32_t destination, SessionState state, int by) noexcept {
  if (state == SessionState::affinity) return;
  DestinationCounters& counters = counters_[destination];
  (state == SessionState::established ? counters.active : counters.inactive) += by;
}

void Sessions::change_state(std::uint32_t handle, SessionState state) noexcept {
  const SlotPlace slot = this->slot(handle);
  const std::uint32_t destination = this->destination(handle);
  count(destination, state_of(slot), -1);
  slot.meta = (slot.meta & ~kState) | static_cast<std::uint32_t>(state);
  count(destination, state, 1);
  tell(handle, false);
}

void Sessions::end(std::uint32_t handle, Whither whither) noexcept {
  static constexpr Event kEvents[] = {Event::sessions_expired, Event::sessions_evicted, Event::sessions_flushed};
  tell(handle, true);
  drop_reverse(handle);
  const SlotPlace slot = this->slot(handle);
  count(slot.meta >> kDestinationShift, state_of(slot), -1);
  slot.clear();
  --family_of(handle).used;
  ++engine_->events[static_cast<std::size_t>(kEvents[static_cast<std::size_t>(whither)])];
}

// ---------------------------------------------------------------- room

/// A place that is empty now, for a session of this hash; kNone: all that could be given up are flows that go on.
std::uint32_t Sessions::place_for(std::uint64_t hash, bool v4, std::uint32_t now_ms) noexcept {
  now_ms_ = now_ms;
  if (!make_family(v4)) return kNone;
  Family& family = this->family(v4);
  const std::uint32_t bit = v4 ? 0 : kV6;
  const auto take = [&](std::uint32_t at, Whither whither) {
    if (family.hot.at(at).hash != 0) end(at | bit, is_live(family.hot.at(at), now_ms) ? whither : Whither::expired);
    return at | bit;
  };
  const auto move_there = [&](std::uint32_t from, std::uint32_t to) {
    if (!may_pass(from | bit, to | bit, now_ms) || !note_passed(to | bit)) return false;
    move(from | bit, take(to, Whither::evicted));
    return true;
  };
  const auto is_free_now = [now_ms](const Slot& slot) { return is_free(slot, now_ms); };
  const auto may_be_given_up = [now_ms](const Slot& slot) { return is_free(slot, now_ms) || rank(slot) < kNever; };

  std::uint32_t at = family.hot.find(hash);
  if (at != kNoSlot) return take(at, Whither::expired);  // the same flow begins anew
  at = family.hot.room(hash, steps_at(family.used, family.hot.slots()), is_free_now, move_there);
  if (at == kNoSlot) at = victim(hash, v4, now_ms);
  if (at == kNoSlot) at = family.hot.room(hash, 2, may_be_given_up, move_there);  // all eight go on: others may not, a move away
  return at == kNoSlot ? kNone : take(at, Whither::evicted);
}

/// What is given up first: flows that were never proved (a flood's), then what a RST has closed, then templates of clients that were
/// never proved.
std::uint32_t Sessions::rank(const Slot& slot) noexcept {
  const bool proved = (slot.meta & kProved) != 0;
  if (state_of(slot) == SessionState::affinity) return proved ? kNever : 2;
  return !proved ? 0 : state_of(slot) == SessionState::closed ? 1 : kNever;
}

/// Of the slots where this hash could be, the one to give up: the first rank, the least time left. kNoSlot: none.
std::uint32_t Sessions::victim(std::uint64_t hash, bool v4, std::uint32_t now_ms) const noexcept {
  const Family& family = this->family(v4);
  std::uint32_t best = kNoSlot;
  std::uint64_t best_rank = std::uint64_t{kNever} << 32;
  for (const std::uint32_t at : family.hot.places(hash)) {
    const Slot slot = family.hot.at(at);
    const std::uint64_t with_time = std::uint64_t{rank(slot)} << 32 | (slot.deadline - now_ms);
    if (with_time >= best_rank) continue;
    best_rank = with_time;
    best = at;
  }
  return best;
}

/// Moves a session and all that is kept beside it to an empty place.
void Sessions::move(std::uint32_t from, std::uint32_t to) noexcept {
  Family& family = family_of(from);
  const std::uint32_t a = place(from), b = place(to);
  const auto copy = [a, b](const Pages& pages, auto kind) {
    using Kind = std::remove_pointer_t<decltype(kind)>;
    if (pages.data() == nullptr) return;
    Kind* all = static_cast<Kind*>(pages.data());
    all[b] = all[a];
  };
  const SlotPlace slot = family.hot.at(a);
  family.hot.at(b).put(slot);
  if (is_v4(from)) {
    copy(family.cold, static_cast<Cold4*>(nullptr));
  } else {
    copy(family.cold, static_cast<Cold6*>(nullptr));
  }
  if ((slot.meta & kReverse) != 0) {
    copy(family.back, static_cast<std::uint64_t*>(nullptr));
    const std::uint32_t reverse = family.reverse.find(back(from));
    if (reverse != kNoSlot) family.reverse.at(reverse).deadline = to;
  }
  if ((slot.meta & kSnat) != 0) give(to, given(from));
  slot.clear();
}

/// Whether a session may move without being missed by a dump that goes on.
bool Sessions::may_pass(std::uint32_t from, std::uint32_t to, std::uint32_t now_ms) const noexcept {
  const auto seen = [](std::uint32_t handle, const Dump& dump) {
    return (std::uint64_t{handle >> 31} << 32 | place(handle)) + 1 < dump.next;
  };
  for (const Dump& dump : dumps_) {
    if (dump.next == 0 || now_ms - dump.last_ms > kDumpPauseMs) continue;
    if (!seen(from, dump) && seen(to, dump)) return false;
  }
  return true;
}

/// A session is about to move here. False: the sweep would miss it.
bool Sessions::note_passed(std::uint32_t to) noexcept {
  if ((std::uint64_t{to >> 31} << 32 | place(to) >> 2) >= swept_) return true;
  if (passed_count_ == kMostPassed) return false;
  passed_[passed_count_++] = to;
  return true;
}

// ---------------------------------------------------------------- many sessions

void Sessions::look_at(std::uint32_t handle, const Tables& tables, std::uint32_t before_ms, std::uint32_t now_ms) noexcept {
  const std::span<const Destination> destinations = tables.destinations();
  const Slot slot = this->slot(handle);
  if (slot.hash == 0) return;
  const std::uint32_t id = slot.meta >> kDestinationShift;
  const bool gone = id >= destinations.size() || destinations[id].state == kGone || destinations[id].state == kVacant;
  if (!is_live(slot, now_ms)) {
    end(handle, Whither::expired);
  } else if (gone) {
    end(handle, Whither::flushed);
  } else if (changes_ != nullptr) {
    remind(handle, tables, before_ms, now_ms);
  }
}

bool Sessions::sweep(std::uint32_t buckets, const Tables& tables, std::uint32_t now_ms) noexcept {
  while (passed_count_ > 0) look_at(passed_[--passed_count_], tables, now_ms, now_ms);
  for (; buckets > 0; --buckets) {
    std::uint32_t which = static_cast<std::uint32_t>(swept_ >> 32);
    while (which < 2 && static_cast<std::uint32_t>(swept_) >= families_[which].hot.buckets()) swept_ = std::uint64_t{++which} << 32;
    if (which == 2) return swept_ = 0, true;
    const std::uint32_t bucket = static_cast<std::uint32_t>(swept_++);
    Family& family = families_[which];
    const auto part = [&family](std::uint64_t one) { return static_cast<std::uint32_t>(one * 64 / family.hot.buckets()); };
    if (bucket == 0 || part(bucket) != part(bucket - 1)) visited_before_ = std::exchange(visited_[which][part(bucket)], now_ms);
    for (std::uint32_t at = bucket << 2; at < (bucket << 2) + 4; ++at) look_at(at | which << 31, tables, visited_before_, now_ms);
  }
  return false;
}

std::uint32_t Sessions::flush(const std::function<bool(const FlowKey&, std::uint32_t destination)>& which) noexcept {
  std::uint32_t ended = 0;
  for (std::uint32_t family = 0; family < 2; ++family) {
    for (std::uint32_t at = 0; at < families_[family].hot.slots(); ++at) {
      const std::uint32_t handle = at | family << 31;
      if (slot(handle).hash == 0 || !which(key(handle), destination(handle))) continue;
      end(handle, Whither::flushed);
      ++ended;
    }
  }
  return ended;
}

std::uint64_t Sessions::memory_bytes() const noexcept {
  std::uint64_t bytes = 0;
  for (const Family& family : families_) {
    bytes += family.hot.bytes() + family.cold.bytes() + family.reverse.bytes() + family.back.bytes() + family.given.bytes();
  }
  return bytes;
}

}  // namespace lvsd
