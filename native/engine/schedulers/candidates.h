#pragma once
#include <cstdint>
#include <span>

#include "engine/counters.h"
#include "engine/tables.h"

/// engine/schedulers/ — how a worker chooses a server for a new flow: the algorithms of src/schedulers, which are there to be read;
/// file by file they are the same here. Nothing is allocated while choosing.
namespace lvsd::schedulers {

/// Sessions of a destination, of all workers together. Others write meanwhile, each its own: the sum is as exact as a moment is long.
class Loads {
 public:
  explicit Loads(std::span<const std::span<const DestinationCounters>> workers) noexcept : workers_(workers) {}
  [[nodiscard]] std::int64_t active(std::uint32_t id) const noexcept { return sum(id, &DestinationCounters::active); }
  [[nodiscard]] std::int64_t inactive(std::uint32_t id) const noexcept { return sum(id, &DestinationCounters::inactive); }

 private:
  [[nodiscard]] std::int64_t sum(std::uint32_t id, Counter<std::int64_t> DestinationCounters::*which) const noexcept {
    std::int64_t all = 0;
    for (const auto& worker : workers_) all += worker[id].*which;
    return all < 0 ? 0 : all;  // a session may end at another worker than where it was counted up a moment ago
  }
  std::span<const std::span<const DestinationCounters>> workers_;
};

/// IP_VS_DEST_F_OVERLOAD by destination id: full at the upper threshold, open again below the lower one (src/schedulers/overload.ts).
/// It is asked before and told after each choice, between which sessions can only become fewer: so nothing is missed.
class Overloads {
 public:
  /// @param marks one per destination id: generation * 2 + overloaded
  Overloads(std::span<std::uint32_t> marks, bool remember) noexcept : marks_(marks), remember_(remember) {}

  [[nodiscard]] bool is_full(const Tables& tables, std::uint32_t id, std::int64_t sessions) const noexcept {
    const Weighing& weighing = tables.weighing(id);
    const std::uint32_t generation = tables.destination(id).generation << 1;
    const bool before = marks_[id] == (generation | 1);
    const bool now = weighing.upper != 0 && is_full(weighing, sessions, before);
    if (remember_) marks_[id] = generation | (now ? 1 : 0);
    return now;
  }

 private:
  static bool is_full(const Weighing& weighing, std::int64_t sessions, bool before) noexcept {
    if (sessions >= weighing.upper) return true;
    const std::uint32_t lower = weighing.lower == 0 ? weighing.upper - weighing.upper / 4 : weighing.lower;
    return before && sessions >= lower;
  }
  std::span<std::uint32_t> marks_;
  bool remember_;
};

/// The members of a service as a scheduler sees them: by place in the list, newest first.
class Candidates {
 public:
  Candidates(const Tables& tables, const Service& service, const Loads& loads, const Overloads& overloads) noexcept
      : tables_(tables), service_(service), loads_(loads), overloads_(overloads) {}

  [[nodiscard]] const Service& service() const noexcept { return service_; }
  [[nodiscard]] const Tables& tables() const noexcept { return tables_; }
  [[nodiscard]] std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(service_.members.size()); }
  [[nodiscard]] std::uint32_t id(std::uint32_t place) const noexcept { return service_.members[place]; }
  [[nodiscard]] std::uint32_t weight(std::uint32_t id) const noexcept { return tables_.weighing(id).weight; }
  [[nodiscard]] std::int64_t active(std::uint32_t id) const noexcept { return loads_.active(id); }
  /// ip_vs_dest_conn_overhead: an inactive connection costs a 256th of an active one.
  [[nodiscard]] std::int64_t overhead(std::uint32_t id) const noexcept { return loads_.active(id) * 256 + loads_.inactive(id); }

  /// Without a way to it, while others have one: as if it was not in the list.
  [[nodiscard]] bool is_passed_over(std::uint32_t id) const noexcept {
    return service_.any_way && tables_.destination(id).state == kUnreachable;
  }
  [[nodiscard]] bool is_overloaded(std::uint32_t id) const noexcept {
    if (tables_.weighing(id).upper == 0) return false;
    return overloads_.is_full(tables_, id, loads_.active(id) + loads_.inactive(id));
  }
  [[nodiscard]] bool is_available(std::uint32_t id) const noexcept { return weight(id) > 0 && !is_passed_over(id) && !is_overloaded(id); }
  /// The destination was edited, perhaps: also one without thresholds forgets now that it was full.
  void was_edited(std::uint32_t id) const noexcept { (void)overloads_.is_full(tables_, id, loads_.active(id) + loads_.inactive(id)); }
  /// The new session counts, though it is not in the counters yet.
  void was_chosen(std::uint32_t id) const noexcept {
    if (tables_.weighing(id).upper != 0) (void)overloads_.is_full(tables_, id, loads_.active(id) + loads_.inactive(id) + 1);
  }
  /// Whether the id, given out under that generation, is one of the list.
  [[nodiscard]] bool is_member(std::uint32_t id, std::uint32_t generation) const noexcept {
    if (id >= tables_.destinations().size()) return false;
    const Destination& destination = tables_.destination(id);
    return destination.generation == generation && destination.service == service_.image_index;
  }

 private:
  const Tables& tables_;
  const Service& service_;
  const Loads& loads_;
  const Overloads& overloads_;
};

}  // namespace lvsd::schedulers
