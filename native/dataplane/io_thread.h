#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "dataplane/capture.h"
#include "dataplane/hand_over.h"
#include "engine/engine.h"
#include "port/pass_device.h"
#include "port/port.h"

namespace lvsd {

/// Milliseconds since the engine began: the time that workers are told.
class EngineClock {
 public:
  EngineClock() noexcept;
  [[nodiscard]] std::uint64_t now_ms() const noexcept { return now_us() / 1000; }
  [[nodiscard]] std::uint64_t now_us() const noexcept;

 private:
  std::uint64_t start_us_;
};

/// What the threads of all workers share; made before them, gone after them.
struct Plant {
  Plant(Engine& engine_, const EngineClock& clock_) noexcept : engine(engine_), clock(clock_) {}

  Engine& engine;
  const EngineClock& clock;
  PassDevice pass;
  CaptureBox captured;
  std::uint32_t spin_us = 50;  ///< how long a worker looks before it sleeps
  UniqueFd told;               ///< eventfd: a worker has something for the control thread
  /// hand_over[from * workers + to]; empty with one worker.
  std::vector<std::unique_ptr<HandOver>> hand_over;

  std::mutex wanted_lock;
  std::vector<NeighbourWanted> wanted;  ///< neighbours asked for
};

/// The thread of one worker: takes frames from its queues, has its Worker decide, and sends them.
class IoThread {
 public:
  static constexpr std::uint32_t kMostPorts = 64;

  IoThread(Plant& plant, std::uint32_t index);
  ~IoThread();  ///< stops

  /// Returns when it runs: jobs are its own from then on. `cpu` -1: any.
  void start(int cpu);
  /// SCHED_RR with this priority; 0: an ordinary thread. One above the kernel's receiving threads of the same core it sends on what was
  /// received before more is received: under overload frames are lost in the device's ring, where they cost nothing, not here.
  void set_priority(int priority) noexcept;
  void stop() noexcept;
  void wake() noexcept;
  void wake_if_asleep() noexcept;
  [[nodiscard]] std::uint32_t index() const noexcept { return index_; }
  void set_peers(std::span<const std::unique_ptr<IoThread>> peers) noexcept { peers_ = peers; }

  // ------------------------------------------------------------ in the worker's thread, by jobs (Engine::run_on)
  void add(std::uint32_t port, PortQueue* queue);
  void remove(PortQueue* queue) noexcept;
  /// Which worker sends by this port, if it is not this one; kNone: the port is closed.
  void set_sender(std::uint32_t port, std::uint32_t worker) noexcept { senders_[port] = worker; }
  void use_steering(const Steering* steering) noexcept;
  Captures captures;

 private:
  struct Lane {
    std::uint32_t port;
    PortQueue* queue;
    QueueCounts counted;
  };

  void run() noexcept;
  std::size_t round(const Tables& tables) noexcept;
  void decide(const Tables& tables, std::span<Packet> packets, PortQueue* lender) noexcept;
  void hand_over_strangers(const Tables& tables, std::span<Packet>& packets, PortQueue* lender) noexcept;
  [[nodiscard]] bool hand_over_claimed(const Tables& tables, std::span<Packet>& packets, PortQueue* lender) noexcept;
  void hand_over_all(std::span<const Packet> packets, std::uint32_t to) noexcept;
  std::size_t take_hand_overs(const Tables& tables) noexcept;
  void send_out(std::span<const Packet> packets, PortQueue* lender) noexcept;
  void send_by(std::uint32_t port, std::span<const Packet> packets, PortQueue* lender) noexcept;
  void flush() noexcept;
  void tell_wanted() noexcept;
  void tick(const Tables& tables) noexcept;
  void count_lanes() noexcept;
  [[nodiscard]] bool may_spin() noexcept;
  void sleep() noexcept;
  void look_at_errors(std::size_t lane) noexcept;

  Plant& plant_;
  const std::uint32_t index_;
  Worker& worker_;
  EngineCounters& count_;
  std::thread thread_;
  UniqueFd wake_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> asleep_{false}, runs_{false};
  std::vector<Lane> lanes_;
  std::array<PortQueue*, kMostPorts> out_{};
  std::array<std::uint32_t, kMostPorts> senders_;
  std::span<const std::unique_ptr<IoThread>> peers_;
  /// Looking on for a while pays where another core receives, never where our own has to: what the last times brought decides.
  std::uint32_t spin_credit_ = 8, sleeps_ = 0;
  bool spins_ = false;
  std::uint64_t now_us_ = 0, next_tick_us_ = 0, looked_for_us_ = 0;
};

}  // namespace lvsd
