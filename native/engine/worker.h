#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/counters.h"
#include "engine/held.h"
#include "engine/scheduler.h"
#include "engine/sessions.h"
#include "engine/tables.h"
#include "packet/packet.h"

namespace lvsd {

inline constexpr std::size_t kBatch = 64;

/// A neighbour that packets wait for.
struct NeighbourWanted {
  Address address;
  std::uint16_t port;
};

/// Whose a packet is.
struct Claim {
  std::uint32_t worker = 0;
  std::uint64_t followers = 0;  ///< of another's first fragment: what those that came before it wait under; else 0
};

struct EngineOptions {
  std::uint32_t workers = 1;
  std::uint32_t sessions = 1'000'000;  ///< per worker and family
  std::uint32_t most_services = 16'384;
  std::uint32_t most_destinations = 262'144;
  std::uint32_t held_packets = 1'024;  ///< per worker
  std::uint64_t secret[2] = {0, 0};
};

/// The counters of all workers, zero at first, in memory that is touched only where it is written. Each worker writes its own part.
class CounterMemory {
 public:
  explicit CounterMemory(const EngineOptions& options);
  ~CounterMemory();
  CounterMemory(const CounterMemory&) = delete;
  CounterMemory& operator=(const CounterMemory&) = delete;

  [[nodiscard]] EngineCounters& engine(std::uint32_t worker) const noexcept { return engine_[worker]; }
  [[nodiscard]] std::span<ServiceCounters> services(std::uint32_t worker) const noexcept;
  [[nodiscard]] std::span<DestinationCounters> destinations(std::uint32_t worker) const noexcept;
  /// By worker, for schedulers that count connections.
  [[nodiscard]] std::span<const std::span<const DestinationCounters>> of_workers() const noexcept { return views_; }

 private:
  std::size_t bytes_ = 0;
  std::uint32_t most_services_, most_destinations_;
  EngineCounters* engine_ = nullptr;
  ServiceCounters* services_ = nullptr;
  DestinationCounters* destinations_ = nullptr;
  std::vector<std::span<const DestinationCounters>> views_;
};

/// One core's share of the engine: its sessions, its counters, its round of every scheduler. Nobody else touches them; others post jobs
/// that the worker runs between two batches.
class Worker {
 public:
  /// `counters` must outlive it.
  Worker(const EngineOptions& options, std::uint32_t index, CounterMemory& counters);
  ~Worker();

  /// Decides about each packet and rewrites it in place. At most kBatch. `tables` stays valid until the call returns.
  void process(const Tables& tables, std::span<Packet> packets, std::uint64_t now_ms) noexcept;
  /// Time passes: sweeps a part of the sessions, gives up what waited too long, releases what a neighbour now takes.
  /// True: the end of the session table was passed, every session was looked at since the last time.
  bool tick(const Tables& tables, std::uint64_t now_ms) noexcept;
  /// Packets that the last process or tick made or set free (ICMP errors, fragments, answers, what had waited), each with verdict
  /// `forward`; `pass` too, for what had waited and is the kernel's. Their memory lasts until the next call of either.
  [[nodiscard]] std::span<const Packet> extras() const noexcept;
  /// Neighbours asked for since the last call.
  [[nodiscard]] std::span<const NeighbourWanted> wanted() noexcept;

  /// Which worker's sessions know this packet, for replies that come in at another one's queue. With one worker: always 0.
  [[nodiscard]] std::uint32_t owner(const Tables& tables, const Packet& packet) const noexcept;
  /// The same for a packet that is about to go there. Fragments of one datagram come in at one queue, whose hash leaves out the ports
  /// of all of them: the ports of a first one are kept here, so that the owner of those behind it is known.
  [[nodiscard]] Claim claim(const Tables& tables, const Packet& packet) noexcept;
  /// Fragments that came before their first one, which is another worker's: up to `into.size()` of them, in the order they came. Their
  /// memory lasts until the next process or tick.
  [[nodiscard]] std::size_t release(const Claim& claim, std::span<Packet> into) noexcept;

  /// Whether packets of another engine's session may be this worker's to decide about: always, where they stay at the queue they come in at.
  [[nodiscard]] bool keeps(const Tables& tables, const SessionRecord& record) const noexcept;

  /// What would become of the packet, step by step, by the code that forwards and without a trace of it: a JSON object,
  /// docs/explain.md. `packet` is changed.
  [[nodiscard]] std::string explain(const Tables& tables, Packet& packet, std::uint64_t now_ms) noexcept;

  [[nodiscard]] Sessions& sessions() noexcept;
  [[nodiscard]] const EngineCounters& counters() const noexcept;
  /// What the ports' side of the worker counts: transmit_full, port_gone, handed_over and the like. In the worker's thread only.
  [[nodiscard]] EngineCounters& count() noexcept;
  [[nodiscard]] std::span<const ServiceCounters> services() const noexcept;
  [[nodiscard]] std::span<const DestinationCounters> destinations() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lvsd
