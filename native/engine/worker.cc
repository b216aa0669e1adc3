#include "engine/worker.h"

#include <sys/mman.h>

#include <cstdlib>
#include <new>

#include "engine/explain.h"
#include "engine/fields_hash.h"
#include "engine/forward.h"

namespace lvsd {

namespace {
constexpr std::uint32_t kSweepMs = 10'000;     ///< all sessions are looked at once in this time
constexpr std::size_t kAhead = 4;              ///< packets whose first line is fetched before its turn

[[nodiscard]] constexpr std::size_t lines(std::size_t bytes) noexcept { return (bytes + 63) & ~std::size_t{63}; }
}  // namespace

// ---------------------------------------------------------------- counters

CounterMemory::CounterMemory(const EngineOptions& options)
    : most_services_(options.most_services), most_destinations_(options.most_destinations) {
  const std::size_t workers = options.workers;
  const std::size_t engine = workers * sizeof(EngineCounters), services = workers * most_services_ * sizeof(ServiceCounters);
  const std::size_t destinations = workers * most_destinations_ * sizeof(DestinationCounters);
  bytes_ = lines(engine) + services + destinations;
  void* const memory = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) std::abort();  // as `new` does where there are no exceptions
  auto* const bytes = static_cast<std::uint8_t*>(memory);
  engine_ = reinterpret_cast<EngineCounters*>(bytes);
  services_ = reinterpret_cast<ServiceCounters*>(bytes + lines(engine));
  destinations_ = reinterpret_cast<DestinationCounters*>(bytes + lines(engine) + services);
  for (std::uint32_t worker = 0; worker < options.workers; ++worker) views_.push_back(this->destinations(worker));
}

CounterMemory::~CounterMemory() { ::munmap(engine_, bytes_); }

std::span<ServiceCounters> CounterMemory::services(std::uint32_t worker) const noexcept {
  return {services_ + std::size_t{worker} * most_services_, most_services_};
}
std::span<DestinationCounters> CounterMemory::destinations(std::uint32_t worker) const noexcept {
  return {destinations_ + std::size_t{worker} * most_destinations_, most_destinations_};
}

// ---------------------------------------------------------------- the worker

struct Worker::State : Core {
  using Core::Core;
  Flight flights[kBatch];
  std::uint64_t swept_until_ms = 0;
  bool ticked = false;
};

Worker::Worker(const EngineOptions& options, std::uint32_t index, CounterMemory& counters)
    : state_(std::make_unique<State>(options, index, counters)) {}
Worker::~Worker() = default;

namespace {

/// What the last call gave out is free again; what a neighbour now takes goes out first.
void begin(Core& core, const Tables& tables, std::uint64_t now_ms) noexcept {
  core.extras.clear();
  core.held_fragments.recycle();
  core.neighbours.recycle();
  core.now_ms = static_cast<std::uint32_t>(now_ms);
  if (tables.serial() == core.tables_serial) [[likely]] return;
  core.tables_serial = tables.serial();
  core.service_cache.use(tables);
  if (core.neighbours.any()) core.neighbours.release(core, tables);
}

/// Flights of a batch, those that go on. Each stage is a function of its own: its loop has the registers for itself.
struct Lanes {
  Flight* at[kBatch];
  std::size_t count = 0;
};

/// Parse.
[[gnu::noinline]] void look_all(Core& core, const Tables& tables, Flight* flights, std::span<Packet> packets, Lanes& lanes) noexcept {
  NoTrace trace;
  const std::size_t count = packets.size();
  for (std::size_t ahead = 0; ahead < kAhead && ahead < count; ++ahead) __builtin_prefetch(packets[ahead].data);
  Received received;
  std::size_t going = 0;
  for (std::size_t index = 0; index < count; ++index) {
    if (index + kAhead < count) __builtin_prefetch(packets[index + kAhead].data);
    Flight& flight = flights[index];
    flight.packet = &packets[index];
    flight.echo_id = 0;
    flight.acquaintance = Acquaintance::existing;
    if (look(core, tables, flight, received, trace)) [[likely]] lanes.at[going++] = &flight;
  }
  core.event(Event::received, received.frames);
  core.event(Event::received_bytes, received.bytes);
  lanes.count = going;
}

/// Services that the cache does not know, of a whole batch at once: where there are thousands, each look into the tables is for memory that
/// is far away, in two steps of which the second depends on the first.
[[gnu::noinline]] void ask_services(Core& core, const Tables& tables, const Lanes& unknown) noexcept {
  for (std::size_t at = 0; at < unknown.count; ++at) {
    const Parsed& parsed = unknown.at[at]->parsed;
    tables.prefetch_service(parsed.destination, parsed.protocol, parsed.destination_port);
  }
  for (std::size_t at = 0; at < unknown.count; ++at) {
    const Parsed& parsed = unknown.at[at]->parsed;
    tables.prefetch_service_second(parsed.destination, parsed.protocol, parsed.destination_port);
  }
  for (std::size_t at = 0; at < unknown.count; ++at) ask_service(core, tables, *unknown.at[at]);
}

/// Hash and service; the session's first bucket is on its way. Apart from the stage before, because these chains take long, and many of
/// them fit side by side into the processor's window if little else is in it.
[[gnu::noinline]] void recognize_all(Core& core, const Tables& tables, const Lanes& lanes) noexcept {
  Lanes unknown;
  for (std::size_t at = 0; at < lanes.count; ++at) {
    Flight& flight = *lanes.at[at];
    if (!recognize(core, flight)) [[unlikely]] unknown.at[unknown.count++] = &flight;
    core.sessions.prefetch(flight.hash, is_v4(flight.parsed));
  }
  if (unknown.count > 0) [[unlikely]] ask_services(core, tables, unknown);
}

/// Where in the session's buckets; the service's counters are on their way.
[[gnu::noinline]] void aim_all(Core& core, const Tables& tables, Lanes& lanes) noexcept {
  NoTrace trace;
  std::size_t going = 0;
  for (std::size_t at = 0; at < lanes.count; ++at) {
    Flight& flight = *lanes.at[at];
    if (!take(core, tables, flight, trace)) [[unlikely]] continue;
    __builtin_prefetch(&core.services[flight.service->id], 1);
    flight.aimed = core.sessions.aim(flight.hash, is_v4(flight.parsed));
    lanes.at[going++] = &flight;
  }
  lanes.count = going;
}

/// Session or choice; the destination and its counters are on their way.
[[gnu::noinline]] void settle_all(Core& core, const Tables& tables, Lanes& lanes) noexcept {
  NoTrace trace;
  std::size_t going = 0;
  for (std::size_t at = 0; at < lanes.count; ++at) {
    Flight& flight = *lanes.at[at];
    const std::uint32_t known = core.sessions.go_on(flight.aimed, flight.hash, is_v4(flight.parsed), flight.parsed.tcp_flags,
                                                    *flight.service, core.now_ms);
    flight.destination = Sessions::destination_in(known);
    flight.marks = Sessions::marks_in(known);
    if (known == kNone) [[unlikely]] {
      if (!settle_new(core, tables, flight, trace)) continue;
    } else if (flight.service->is_persistent()) [[unlikely]] {
      touch_affinity(core, flight);
    }
    __builtin_prefetch(&tables.destination(flight.destination));
    __builtin_prefetch(&core.destinations[flight.destination], 1);
    lanes.at[going++] = &flight;
  }
  lanes.count = going;
}

/// Path, rewriting, link.
[[gnu::noinline]] void dispatch_all(Core& core, const Tables& tables, const Lanes& lanes) noexcept {
  NoTrace trace;
  for (std::size_t at = 0; at < lanes.count; ++at) dispatch(core, tables, *lanes.at[at], trace);
}

/// What leaves, all at once: frame by frame it would be two counters more for each.
void count_forwarded(Core& core, std::span<const Packet> packets) noexcept {
  std::uint64_t frames = 0, bytes = 0;
  for (const Packet& packet : packets) {
    const bool leaves = packet.verdict == Verdict::forward;
    frames += leaves ? 1 : 0;
    bytes += leaves ? packet.length : 0;
  }
  core.event(Event::forwarded, frames);
  core.event(Event::forwarded_bytes, bytes);
}

}  // namespace

void Worker::process(const Tables& tables, std::span<Packet> packets, std::uint64_t now_ms) noexcept {
  State& core = *state_;
  begin(core, tables, now_ms);
  Lanes lanes;
  look_all(core, tables, core.flights, packets.first(packets.size() < kBatch ? packets.size() : kBatch), lanes);
  recognize_all(core, tables, lanes);
  aim_all(core, tables, lanes);
  settle_all(core, tables, lanes);
  dispatch_all(core, tables, lanes);
  if (core.released_fragments > 0) [[unlikely]] forward_released_fragments(core, tables);
  count_forwarded(core, packets);
  if (!core.extras.all().empty()) [[unlikely]] count_forwarded(core, core.extras.all());
}

bool Worker::tick(const Tables& tables, std::uint64_t now_ms) noexcept {
  State& core = *state_;
  begin(core, tables, now_ms);
  expire_fragments(core);
  if (core.neighbours.any()) {
    core.neighbours.release(core, tables);
    core.neighbours.expire(core);
  }
  if (!core.extras.all().empty()) count_forwarded(core, core.extras.all());
  if (!core.ticked) core.swept_until_ms = now_ms;
  core.ticked = true;
  // both families, four sessions a bucket, and a tenth more than there can be
  const std::uint64_t buckets = std::uint64_t{core.sessions.capacity()} * 11 / 20 + 64;
  const std::uint64_t elapsed_ms = now_ms > core.swept_until_ms ? now_ms - core.swept_until_ms : 0;
  const std::uint64_t due = elapsed_ms >= kSweepMs ? buckets : buckets * elapsed_ms / kSweepMs;
  if (due == 0) return false;
  core.swept_until_ms = now_ms;
  return core.sessions.sweep(static_cast<std::uint32_t>(due), tables, core.now_ms);
}

std::span<const Packet> Worker::extras() const noexcept { return state_->extras.all(); }
std::span<const NeighbourWanted> Worker::wanted() noexcept { return state_->neighbours.wanted(); }
Sessions& Worker::sessions() noexcept { return state_->sessions; }
const EngineCounters& Worker::counters() const noexcept { return *state_->count; }
EngineCounters& Worker::count() noexcept { return *state_->count; }
std::span<const ServiceCounters> Worker::services() const noexcept { return state_->services; }
std::span<const DestinationCounters> Worker::destinations() const noexcept { return state_->destinations; }

std::string Worker::explain(const Tables& tables, Packet& packet, std::uint64_t now_ms) noexcept {
  return explain_packet(*state_, tables, packet, now_ms);
}

// ---------------------------------------------------------------- whose packet

namespace {

[[nodiscard]] std::uint32_t owner_of_client(const Address& client, std::uint16_t port, std::uint32_t workers) noexcept {
  const std::uint64_t hash = multiply_fold(client.high() ^ kHashKeys[0], client.low() ^ kHashKeys[1] ^ std::uint64_t{port} << 40);
  return slot_of(hash, workers);
}

[[nodiscard]] std::uint32_t owner_of_error(const Core& core, const Tables& tables, const Packet& packet, const Parsed& parsed) noexcept {
  Quoted quoted;
  const std::uint32_t workers = core.options.workers;
  if (!parse_quoted(packet, parsed, quoted)) return core.index;
  if (tables.is_pool_address(quoted.source)) return quoted.source_port % workers;
  if (tables.is_nat_address(quoted.destination)) return owner_of_client(quoted.source, quoted.source_port, workers);
  const Service* const service = tables.find_service(quoted.source, quoted.protocol, quoted.source_port, packet.port);
  if (service == nullptr || !translates(tables, *service)) return core.index;
  return owner_of_client(quoted.destination, quoted.destination_port, workers);
}

/// Whether only services that translate take the session's packets. A service may take them from some ports only, and a record does not
/// say its port.
[[nodiscard]] bool is_translated(const Tables& tables, const SessionRecord& record) noexcept {
  bool any = false;
  for (std::size_t port = 0; port < tables.ports().size(); ++port) {
    const Service* const service = tables.find_service(record.vip, record.protocol, record.vip_port, static_cast<std::uint16_t>(port));
    if (service != nullptr && !translates(tables, *service)) return false;
    any |= service != nullptr;
  }
  return any;
}

/// `flight` is parsed, and a later fragment has its datagram's ports, if they are known.
[[nodiscard]] std::uint32_t owner_of(const Core& core, const Tables& tables, const Packet& packet, Flight& flight) noexcept {
  const std::uint32_t workers = core.options.workers;
  flight.packet = const_cast<Packet*>(&packet);
  Parsed& parsed = flight.parsed;
  if (is_anothers(tables, packet) || parse(packet, parsed) != DropReason::none) return core.index;
  if (parsed.network != Network::v4 && parsed.network != Network::v6) return core.index;
  if (parsed.is_icmp_error) return owner_of_error(core, tables, packet, parsed);
  if (parsed.is_fragment && !parsed.is_first_fragment && !recall_ports(core, flight)) return core.index;  // it waits here
  const std::uint16_t echo = flight.echo_id != 0 ? flight.echo_id : echo_id_of(flight);
  const auto source_port = static_cast<std::uint16_t>(parsed.source_port | echo);
  const auto destination_port = static_cast<std::uint16_t>(parsed.destination_port | echo);
  if (tables.is_pool_address(parsed.destination)) return destination_port % workers;
  const Service* const service = tables.find_service(parsed.destination, parsed.protocol, parsed.destination_port, packet.port);
  if (service != nullptr && service->prefix != 0) {
    return translates(tables, *service) ? owner_of_client(parsed.source, source_port, workers) : core.index;
  }
  if (tables.is_nat_server(parsed.source, parsed.protocol, parsed.source_port)) {
    return owner_of_client(parsed.destination, destination_port, workers);
  }
  return service != nullptr && translates(tables, *service) ? owner_of_client(parsed.source, source_port, workers) : core.index;
}

}  // namespace

std::uint32_t Worker::owner(const Tables& tables, const Packet& packet) const noexcept {
  Flight flight;
  return state_->options.workers <= 1 ? 0 : owner_of(*state_, tables, packet, flight);
}

Claim Worker::claim(const Tables& tables, const Packet& packet) noexcept {
  Core& core = *state_;
  if (core.options.workers <= 1) return {};
  Flight flight;
  const std::uint32_t worker = owner_of(core, tables, packet, flight);
  if (worker == core.index || !flight.parsed.is_first_fragment) return {.worker = worker};  // of our own ones `process` learns
  return {.worker = worker, .followers = learn_first(core, tables, flight)};
}

bool Worker::keeps(const Tables& tables, const SessionRecord& record) const noexcept {
  const std::uint32_t workers = state_->options.workers, index = state_->index;
  if (workers <= 1 || record.affinity != 0 || !is_translated(tables, record)) return true;
  // a source port of full NAT may be another worker's than its client, where the other engine had more workers, or fewer
  if (!record.snat.is_zero() && record.snat_port % workers == index) return true;
  return owner_of_client(record.client, record.client_port, workers) == index;
}

std::size_t Worker::release(const Claim& claim, std::span<Packet> into) noexcept {
  return claim.followers == 0 ? 0 : state_->held_fragments.release(claim.followers, into);
}

}  // namespace lvsd
