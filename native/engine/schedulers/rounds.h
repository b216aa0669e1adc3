#pragma once
#include <algorithm>
#include <numeric>

#include "engine/schedulers/candidates.h"

/// rr and wrr: those that go round the list.
namespace lvsd::schedulers {

/// What a worker keeps of one service between two choices.
struct Round {
  std::uint64_t shape = 0;
  std::uint32_t generation = 0;  ///< of the service; 0: nothing is known
  std::uint32_t place = kNone;   ///< chosen last; kNone: before the head of the list
  std::uint32_t id = kNone;      ///< who stands there, and under which generation
  std::uint32_t id_generation = 0;
  /// wrr: the weight that a destination must have in this round, by how much it sinks, and what the first round asks for.
  std::uint32_t current = 0, divisor = 1, highest = 0;
  std::uint8_t scheduler = image::kSchedulers;
};

// ---------------------------------------------------------------- rr

/// The mark stays with its destination, wherever that stands now; one that left handed it to the one before it.
inline void rr_changed(const Candidates& all, Round& round) noexcept {
  constexpr int kMostHeirs = 4096;
  std::uint32_t id = round.id, generation = round.id_generation;
  round.place = kNone;
  for (int i = 0; i < kMostHeirs && id < all.tables().destinations().size(); ++i) {
    const Destination& destination = all.tables().destination(id);
    if (i == 0 && destination.generation != generation) return;
    if (destination.state == kGone) {
      id = destination.first_path;
      continue;
    }
    if (!all.is_member(id, destination.generation)) return;
    const auto& members = all.service().members;
    round.place = static_cast<std::uint32_t>(std::find(members.begin(), members.end(), id) - members.begin());
    round.id = id;
    round.id_generation = destination.generation;
    return;
  }
}

inline std::uint32_t mark(const Candidates& all, Round& round, std::uint32_t place) noexcept {
  round.place = place;
  round.id = all.id(place);
  round.id_generation = all.tables().destination(round.id).generation;
  return round.id;
}

inline std::uint32_t rr(const Candidates& all, Round& round) noexcept {
  const std::uint32_t size = all.size();
  std::uint32_t place = round.place;
  for (std::uint32_t step = 0; step < size; ++step) {
    place = place == kNone || place + 1 >= size ? 0 : place + 1;
    if (all.is_available(all.id(place))) return mark(all, round, place);
  }
  return kNone;
}

// ---------------------------------------------------------------- wrr

/// ip_vs_wrr_dest_changed: from the head again; the weight of the round stays, as far as it is one that can occur.
inline void wrr_moved(Round& round, std::uint32_t divisor, std::uint32_t heaviest) noexcept {
  round.divisor = divisor == 0 ? 1 : divisor;
  round.highest = heaviest == 0 ? 0 : heaviest - (round.divisor - 1);
  round.place = round.id = kNone;
  if (round.current > round.highest || round.current == 0) round.current = round.highest;
  else if (round.divisor > 1) round.current = round.current / round.divisor * round.divisor + 1;
}

/// A service that is new: its destinations came one after the other, the last of the list first, and each moved the mark.
inline void wrr_prepared(const Candidates& all, Round& round) noexcept {
  std::uint32_t divisor = 0, heaviest = 0;
  round.current = 0;
  wrr_moved(round, 0, 0);
  for (std::uint32_t place = all.size(); place-- > 0;) {
    const std::uint32_t weight = all.weight(all.id(place));
    divisor = std::gcd(divisor, weight);
    heaviest = std::max(heaviest, weight);
    wrr_moved(round, divisor, heaviest);
  }
}

inline void wrr_changed(const Candidates& all, Round& round) noexcept {
  std::uint32_t divisor = 0, heaviest = 0;
  for (const std::uint32_t id : all.service().members) {
    divisor = std::gcd(divisor, all.weight(id));
    heaviest = std::max(heaviest, all.weight(id));
  }
  wrr_moved(round, divisor, heaviest);
}

inline std::uint32_t wrr_find(const Candidates& all, std::uint32_t start, std::uint32_t weight) noexcept {
  for (std::uint32_t place = start; place < all.size(); ++place) {
    const std::uint32_t id = all.id(place);
    if (all.weight(id) >= weight && !all.is_passed_over(id) && !all.is_overloaded(id)) return place;
  }
  return kNone;
}

/// The first round from here on in which the strongest may be chosen. The kernel goes through the rounds in between, one by one.
inline std::uint32_t wrr_next(const Round& round, std::uint32_t strongest) noexcept {
  const std::uint32_t next = round.current > round.divisor ? round.current - round.divisor : round.highest;
  if (next <= strongest) return next;
  const std::uint64_t rounds = (std::uint64_t{next} - strongest + round.divisor - 1) / round.divisor;
  return static_cast<std::uint32_t>(next - rounds * round.divisor);
}

inline std::uint32_t wrr(const Candidates& all, Round& round) noexcept {
  if (round.highest == 0) return kNone;
  const std::uint32_t here = wrr_find(all, round.place + 1, round.current);  // kNone + 1 is the head
  if (here != kNone) return mark(all, round, here);
  std::uint32_t strongest = 0;
  for (const std::uint32_t id : all.service().members) {
    if (all.is_available(id)) strongest = std::max(strongest, all.weight(id));
  }
  if (strongest == 0) {  // all were asked in vain: most often back at the beginning
    if (round.place == kNone || round.current > round.divisor) {
      round.place = round.id = kNone;
      round.current = round.highest;
    } else {
      round.current = round.highest <= round.divisor ? round.highest : 1;
    }
    return kNone;
  }
  round.current = wrr_next(round, strongest);
  return mark(all, round, wrr_find(all, 0, round.current));
}

/// The round as it is for this list. When the list has changed, everybody is asked once whether it is full: thresholds
/// may be others now.
inline void settle(const Candidates& all, Round& round) noexcept {
  const Service& service = all.service();
  const bool is_new = round.generation != service.generation || round.scheduler != service.scheduler;
  if (!is_new && round.shape == service.shape) return;
  if (is_new) {
    round = {};
    if (service.scheduler == image::kWrr) wrr_prepared(all, round);
  } else {
    if (service.scheduler == image::kWrr) wrr_changed(all, round);
    if (service.scheduler == image::kRr) rr_changed(all, round);
  }
  for (const std::uint32_t id : service.members) all.was_edited(id);
  round.generation = service.generation;
  round.scheduler = service.scheduler;
  round.shape = service.shape;
}

}  // namespace lvsd::schedulers
