#include "engine/engine.h"

#include <algorithm>
#include <cstring>
#include <mutex>

#include "control/protocol.h"

namespace lvsd {

namespace {

constexpr std::uint64_t kOffline = ~std::uint64_t{0};

/// What a worker's thread and the control thread say to each other; a cache line of its own.
struct alignas(64) Seat {
  std::atomic<std::uint64_t> seen{kOffline};  ///< generation of tables that may be read from now on, or kOffline
  std::atomic<const Engine::Job*> posted{nullptr};
  std::atomic<std::uint32_t> jobs_done{0};
  std::atomic<bool> attached{false};
  std::atomic<std::uint64_t> swept{0};  ///< sessions remember nothing that was gone in tables of this generation
  std::uint64_t sweeping_since = 0;     ///< generation when the sweep that goes on began; the worker's own
  std::function<void()> wake;           ///< the control thread's
};

struct Generation {
  std::uint64_t number;
  std::shared_ptr<const Tables> tables;
};

/// Adds up groups of counters: T is nothing but 64-bit ones.
template <typename T>
void add_words(std::uint64_t* into, const T& counters) noexcept {
  const auto* const words = reinterpret_cast<const Counter<std::uint64_t>*>(&counters);
  for (std::size_t at = 0; at < sizeof(T) / 8; ++at) into[at] += words[at];
}

}  // namespace

struct Engine::State {
  explicit State(const EngineOptions& given)
      : options(given), memory(given), maker(given.most_services, given.most_destinations), seats(given.workers) {
    for (std::uint32_t index = 0; index < options.workers; ++index) {
      workers.push_back(std::make_unique<Worker>(options, index, memory));
    }
    adopt();
  }

  /// What the maker has made becomes what the workers read.
  void adopt() {
    std::shared_ptr<const Tables> next = maker.tables();
    if (next == nullptr || (!live.empty() && next == live.back().tables)) return;
    current.store(next.get());
    const std::uint64_t number = generation.fetch_add(1) + 1;
    live.push_back({number, std::move(next)});
    note_newcomers(*live.back().tables);
    if (pending_recycle.tables == nullptr) pending_recycle = live.back();
    free_unread();
  }

  /// Frees what no worker can be reading: older than the oldest generation that one has seen.
  void free_unread() {
    std::uint64_t oldest = generation.load();
    for (const Seat& seat : seats) oldest = std::min(oldest, seat.seen.load());
    while (live.size() > 1 && live.front().number < oldest) live.erase(live.begin());
  }

  void recycle() {
    std::uint64_t swept = kOffline;
    for (const Seat& seat : seats) swept = std::min(swept, seat.swept.load());
    if (pending_recycle.tables == nullptr || swept < pending_recycle.number) return;
    maker.recycle(*pending_recycle.tables);
    adopt();
    pending_recycle = live.back();
  }

  /// Ids are given away again: counters of a newcomer begin at what its id has counted for others.
  void note_newcomers(const Tables& tables) {
    for (const Service& service : tables.services()) {
      Known& of = known(known_services, service.id);
      if (of.generation == service.generation + std::uint64_t{1}) continue;
      of = {.generation = service.generation + std::uint64_t{1}, .before = {}};
      for (std::uint32_t worker = 0; worker < options.workers; ++worker) add_words(of.before.data(), memory.services(worker)[service.id]);
    }
    for (std::uint32_t index = 0; index < tables.image_destinations(); ++index) {
      const std::uint32_t id = tables.destination_id(index);
      if (id == kNone) continue;
      Known& of = known(known_destinations, id);
      const std::uint64_t now = tables.destination(id).generation + std::uint64_t{1};
      if (of.generation == now) continue;
      of = {.generation = now, .before = {}};
      for (std::uint32_t worker = 0; worker < options.workers; ++worker) add_words(of.before.data(), memory.destinations(worker)[id]);
      of.before[5] = of.before[6] = 0;  // active and inactive say what is now
    }
  }

  struct Known {
    std::uint64_t generation = 0;  ///< and one; 0: nobody yet
    std::array<std::uint64_t, 8> before{};
  };
  [[nodiscard]] static Known& known(std::vector<Known>& all, std::uint32_t id) {
    if (id >= all.size()) all.resize(id + 1);
    return all[id];
  }

  EngineOptions options;
  CounterMemory memory;
  TableMaker maker;
  std::vector<Seat> seats;
  std::vector<std::unique_ptr<Worker>> workers;
  std::atomic<const Tables*> current{nullptr};
  std::atomic<std::uint64_t> generation{0};
  std::vector<Generation> live;  ///< oldest first; the last is current
  Generation pending_recycle{0, nullptr};
  std::vector<Known> known_services, known_destinations;
};

Engine::Engine(const EngineOptions& options) : state_(std::make_unique<State>(options)) {}
Engine::~Engine() = default;

std::optional<image::Refusal> Engine::publish_network(std::span<const std::uint8_t> image) {
  auto refusal = state_->maker.take_network(image);
  if (!refusal) state_->adopt();
  return refusal;
}
std::optional<image::Refusal> Engine::publish_services(std::span<const std::uint8_t> image) {
  auto refusal = state_->maker.take_services(image);
  if (!refusal) state_->adopt();
  return refusal;
}
std::span<const std::uint8_t> Engine::services_image() const { return state_->maker.services_image(); }
const Tables& Engine::tables() const { return *state_->live.back().tables; }

void Engine::run_on(std::uint32_t worker, const Job& job) {
  Seat& seat = state_->seats[worker];
  if (!seat.attached.load()) return job(*state_->workers[worker], tables());
  const std::uint32_t before = seat.jobs_done.load();
  seat.posted.store(&job);
  if (!seat.attached.load() && seat.posted.exchange(nullptr) != nullptr) return job(*state_->workers[worker], tables());  // it left just now
  if (seat.wake) seat.wake();
  seat.jobs_done.wait(before);
}
void Engine::run_on_all(const Job& job) {
  for (std::uint32_t worker = 0; worker < workers(); ++worker) run_on(worker, job);
}
void Engine::set_wake(std::uint32_t worker, std::function<void()> wake) { state_->seats[worker].wake = std::move(wake); }

void Engine::collect() {
  state_->free_unread();
  state_->recycle();
}

std::vector<std::uint64_t> Engine::counters() const {
  const State& state = *state_;
  const Tables& tables = this->tables();
  const std::size_t services = tables.services().size(), destinations = tables.image_destinations();
  constexpr std::size_t kHead = sizeof(control::CountersHeader) / 8;
  static_assert(sizeof(control::CountersHeader) % 8 == 0);
  std::vector<std::uint64_t> all(kHead + kDropReasons + kEvents + 8 * (services + destinations));

  control::CountersHeader head{.drop_reasons = kDropReasons,
                               .events = kEvents,
                               .services = static_cast<std::uint32_t>(services),
                               .destinations = static_cast<std::uint32_t>(destinations),
                               .live_sessions = 0,
                               .session_capacity = 0,
                               .session_bytes = 0};
  std::uint64_t* at = all.data() + kHead;
  for (std::uint32_t worker = 0; worker < state.options.workers; ++worker) {
    const Sessions& sessions = state.workers[worker]->sessions();
    head.live_sessions += sessions.live();
    head.session_capacity += sessions.capacity();
    head.session_bytes += sessions.memory_bytes();
    const EngineCounters& counted = state.memory.engine(worker);
    for (std::size_t reason = 0; reason < kDropReasons; ++reason) at[reason] += counted.dropped[reason];
    for (std::size_t event = 0; event < kEvents; ++event) at[kDropReasons + event] += counted.events[event];
  }
  std::memcpy(all.data(), &head, sizeof head);
  at += kDropReasons + kEvents;
  for (const Service& service : tables.services()) {
    std::uint64_t* const into = at + 8 * service.image_index;
    for (std::uint32_t worker = 0; worker < state.options.workers; ++worker) add_words(into, state.memory.services(worker)[service.id]);
    for (std::size_t word = 0; word < 8; ++word) into[word] -= state.known_services[service.id].before[word];
  }
  at += 8 * services;
  for (std::uint32_t index = 0; index < destinations; ++index) {
    const std::uint32_t id = tables.destination_id(index);
    if (id == kNone) continue;
    std::uint64_t* const into = at + 8 * std::size_t{index};
    for (std::uint32_t worker = 0; worker < state.options.workers; ++worker) add_words(into, state.memory.destinations(worker)[id]);
    for (std::size_t word = 0; word < 8; ++word) into[word] -= state.known_destinations[id].before[word];
  }
  return all;
}

std::uint32_t Engine::flush(std::uint32_t service, std::uint32_t destination) {
  const Tables& now = tables();
  const std::uint32_t id = destination == kNone ? kNone : now.destination_id(destination);
  if (destination != kNone && id == kNone) return 0;
  std::uint32_t ended = 0;
  run_on_all([&](Worker& worker, const Tables& seen) {
    ended += worker.sessions().flush([&](const FlowKey&, std::uint32_t at) {
      if (id != kNone && at != id) return false;
      if (service == kNone) return true;
      const std::uint32_t of = seen.destination(at).service;
      return of != kNone && seen.service(of).image_index == service;
    });
  });
  return ended;
}

std::uint32_t Engine::load_sessions(std::span<const SessionRecord> records, std::uint32_t now_ms) {
  std::vector<bool> taken(records.size());
  run_on_all([&](Worker& worker, const Tables& seen) {
    for (std::size_t at = 0; at < records.size(); ++at) {
      if (worker.keeps(seen, records[at]) && worker.sessions().load(records[at], seen, now_ms)) taken[at] = true;
    }
  });
  return static_cast<std::uint32_t>(std::count(taken.begin(), taken.end(), true));
}

std::uint32_t Engine::workers() const noexcept { return state_->options.workers; }
const EngineOptions& Engine::options() const noexcept { return state_->options; }

// ---------------------------------------------------------------- a worker's thread

void Engine::attach(std::uint32_t worker) noexcept { state_->seats[worker].attached.store(true); }

const Tables& Engine::enter(std::uint32_t worker) noexcept {
  Seat& seat = state_->seats[worker];
  // First what we have seen, then what we read: tables published in between are newer than what is said to be seen, and stay.
  const std::uint64_t now = state_->generation.load();
  if (seat.seen.load(std::memory_order_relaxed) != now) seat.seen.store(now);
  if (seat.posted.load(std::memory_order_relaxed) != nullptr) [[unlikely]] {
    if (const Job* const job = seat.posted.exchange(nullptr); job != nullptr) {
      // Loaded behind the order: a job sees what was published before it was posted.
      (*job)(*state_->workers[worker], *state_->current.load());
      seat.jobs_done.fetch_add(1);
      seat.jobs_done.notify_one();
    }
  }
  return *state_->current.load();
}

void Engine::leave(std::uint32_t worker) noexcept { state_->seats[worker].seen.store(kOffline); }

void Engine::detach(std::uint32_t worker) noexcept {
  Seat& seat = state_->seats[worker];
  seat.attached.store(false);
  (void)enter(worker);  // a job posted meanwhile is not left alone
  leave(worker);
}

void Engine::tick(std::uint32_t worker, const Tables& tables, std::uint64_t now_ms) noexcept {
  if (!state_->workers[worker]->tick(tables, now_ms)) return;
  Seat& seat = state_->seats[worker];
  seat.swept.store(seat.sweeping_since);
  const std::uint64_t seen = seat.seen.load(std::memory_order_relaxed);
  seat.sweeping_since = seen == kOffline ? state_->generation.load() : seen;
}

Worker& Engine::worker(std::uint32_t index) noexcept { return *state_->workers[index]; }

}  // namespace lvsd
