#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/tables.h"
#include "engine/worker.h"

namespace lvsd {

/// The tables, the workers, and who may free what when. One control thread publishes; each worker runs in a thread of its own, or, in a
/// simulation, in the control thread itself.
///
/// A worker's thread: attach(i) once; then, round and round, `const Tables& tables = enter(i)` (what it read before may be freed from
/// here on; a posted job runs here) → worker(i).process(tables, ...) → tick(i, now); leave(i) before it blocks (it holds no tables then,
/// and enter follows); detach(i) at the end. Freed is what every worker has passed (quiescent-state reclamation, as the kernel's RCU).
class Engine {
 public:
  explicit Engine(const EngineOptions& options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // ------------------------------------------------------------------ the control thread

  /// The next tables; nothing changes if the image is refused.
  [[nodiscard]] std::optional<image::Refusal> publish_network(std::span<const std::uint8_t> image);
  [[nodiscard]] std::optional<image::Refusal> publish_services(std::span<const std::uint8_t> image);
  [[nodiscard]] std::span<const std::uint8_t> services_image() const;
  /// The tables published last. The control thread's own: they stay until its next publish or collect.
  [[nodiscard]] const Tables& tables() const;

  using Job = std::function<void(Worker&, const Tables&)>;
  /// Runs `job` in the worker's thread between two batches and waits for its end; in the caller's if the worker has no thread. The
  /// worker is woken by its `wake`.
  void run_on(std::uint32_t worker, const Job& job);
  void run_on_all(const Job& job);
  /// How to wake a worker that sleeps: called in the control thread after a job was posted.
  void set_wake(std::uint32_t worker, std::function<void()> wake);

  /// Frees tables that no worker reads any more, and ids that no session remembers. Now and then, a second is often enough.
  void collect();

  /// control/protocol.h CountersHeader, then EngineCounters' numbers, ServiceCounters and DestinationCounters in the image's order: all
  /// workers added up; of each service and destination, since it is there.
  [[nodiscard]] std::vector<std::uint64_t> counters() const;
  /// Ends sessions by place in the services image, kNone: of all. How many ended
  std::uint32_t flush(std::uint32_t service, std::uint32_t destination);

  /// Sessions of another engine, each to the workers that may see its packets: of NAT and full NAT to the flow's owner. Of the other
  /// methods, and of affinity, to all: which queue a client's packets come in at is the device's decision. How many were taken by somebody
  [[nodiscard]] std::uint32_t load_sessions(std::span<const SessionRecord> records, std::uint32_t now_ms);

  [[nodiscard]] std::uint32_t workers() const noexcept;
  [[nodiscard]] const EngineOptions& options() const noexcept;

  // ------------------------------------------------------------------ a worker's thread

  void attach(std::uint32_t worker) noexcept;
  /// Never null. The tables hold until the next enter or leave.
  [[nodiscard]] const Tables& enter(std::uint32_t worker) noexcept;
  void leave(std::uint32_t worker) noexcept;
  void detach(std::uint32_t worker) noexcept;
  /// Worker::tick, and the book of how far sessions were swept.
  void tick(std::uint32_t worker, const Tables& tables, std::uint64_t now_ms) noexcept;
  [[nodiscard]] Worker& worker(std::uint32_t index) noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lvsd
