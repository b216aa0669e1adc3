#include "engine/scheduler.h"

#include <vector>

#include "engine/schedulers/hashed.h"
#include "engine/schedulers/least.h"
#include "engine/schedulers/locality.h"
#include "engine/schedulers/rounds.h"

namespace lvsd {

using namespace schedulers;

struct Choosers::State {
  std::vector<std::span<const DestinationCounters>> workers;
  std::vector<Round> rounds;           ///< by service id
  std::vector<std::uint32_t> marks;    ///< Overloads, by destination id
  Localities localities;
};

namespace {

bool keeps_localities(std::uint8_t scheduler) noexcept { return scheduler == image::kLblc || scheduler == image::kLblcr; }

std::uint32_t pick(const Candidates& all, Round& round, const Arrival& arrival) noexcept {
  switch (all.service().scheduler) {
    case image::kMaglev: return maglev(all, arrival.fields_hash);
    case image::kRr: return rr(all, round);
    case image::kWrr: return wrr(all, round);
    case image::kLc: return lc(all);
    case image::kWlc: return wlc(all);
    case image::kDh: return dh(all, arrival.key);
    case image::kSh: return sh(all, arrival.key);
    case image::kSed: return sed(all);
    case image::kNq: return nq(all);
    case image::kFo: return fo(all);
    case image::kOvf: return ovf(all);
    case image::kMh: return mh(all, arrival.key);
    default: return kNone;
  }
}

Locality recall(const Localities& localities, const Service& service, const Arrival& arrival) noexcept {
  const Locality* found = localities.find(service, arrival.key.vip);
  if (found != nullptr) return *found;
  Locality fresh{};
  fresh.address = arrival.key.vip;
  fresh.service_generation = service.generation;
  fresh.changed_ms = arrival.now_ms;
  return fresh;
}

std::uint32_t pick_by_locality(const Candidates& all, Locality& entry, std::uint32_t now_ms) noexcept {
  return all.service().scheduler == image::kLblc ? lblc(all, entry) : lblcr(all, entry, now_ms);
}

}  // namespace

Choosers::Choosers(std::uint32_t most_services, std::span<const std::span<const DestinationCounters>> counters_of_workers)
    : state_(std::make_unique<State>()) {
  state_->workers.assign(counters_of_workers.begin(), counters_of_workers.end());
  state_->rounds.resize(most_services);
  state_->marks.resize(counters_of_workers.empty() ? 0 : counters_of_workers[0].size());
}

Choosers::~Choosers() = default;

std::uint32_t Choosers::choose(const Tables& tables, const Service& service, const Arrival& arrival) noexcept {
  const Loads loads(state_->workers);
  const Overloads overloads(state_->marks, true);
  const Candidates all(tables, service, loads, overloads);
  Round& round = state_->rounds[service.id];
  settle(all, round);
  std::uint32_t id = kNone;
  if (keeps_localities(service.scheduler)) {
    Locality entry = recall(state_->localities, service, arrival);
    id = pick_by_locality(all, entry, arrival.now_ms);
    entry.used_ms = arrival.now_ms;
    if (entry.count > 0) state_->localities.put(service, entry);
  } else {
    id = pick(all, round, arrival);
  }
  if (id != kNone) all.was_chosen(id);
  return id;
}

std::uint32_t Choosers::foresee(const Tables& tables, const Service& service, const Arrival& arrival) const noexcept {
  const Loads loads(state_->workers);
  const Overloads overloads(state_->marks, false);
  const Candidates all(tables, service, loads, overloads);
  Round round = state_->rounds[service.id];
  settle(all, round);
  if (keeps_localities(service.scheduler)) {
    Locality entry = recall(state_->localities, service, arrival);
    return pick_by_locality(all, entry, arrival.now_ms);
  }
  return pick(all, round, arrival);
}

}  // namespace lvsd
