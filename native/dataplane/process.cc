#include "dataplane/process.h"

#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "dataplane/log.h"
#include "port/port_orders.h"
#include "port/receive_threads.h"

namespace lvsd {
namespace {

constexpr int kIdleMs = 1000, kBusyMs = 50;
constexpr std::uint64_t kCollectMs = 1000;
constexpr std::uint64_t kRankMs = 1000;
constexpr int kControlNice = 5;  ///< a publication waits for packets, not they for it

std::uint64_t realtime_ms() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000 + static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000;
}

EngineOptions engine_options(const ProcessOptions& options) noexcept {
  EngineOptions engine;
  engine.workers = options.workers;
  engine.sessions = options.sessions;
  if (::getrandom(engine.secret, sizeof engine.secret, 0) != sizeof engine.secret) log_line("warning", "no random numbers: hashes can be foretold");
  return engine;
}

/// The CPU of each worker among those we may use: from the second on, for interrupts and the rest of the machine gather on the first.
std::vector<int> cpus_of(std::uint32_t workers) {
  cpu_set_t set;
  std::vector<int> allowed, result(workers, -1);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return result;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &set)) allowed.push_back(cpu);
  for (std::uint32_t i = 0; i < workers && !allowed.empty(); ++i) result[i] = allowed[(i + 1) % allowed.size()];
  return result;
}

}  // namespace

Process::Process(const ProcessOptions& options) : options_(options), started_ms_(realtime_ms()) {}

Process::~Process() {
  for (const auto& thread : threads_) thread->stop();
  threads_.clear();
  ports_.clear();
}

bool Process::run() {
  if (!begin()) return false;
  log_line("info", "engine of " + std::to_string(options_.workers) + (options_.workers == 1 ? " worker" : " workers") + " listens at " + options_.control);
  while (!stop_) {
    server_.run_once(sessions_followed_ || !capturers_.empty() ? kBusyMs : kIdleMs);
    tick();
  }
  for (PortState& port : ports_) close_port(port);
  log_line("info", "engine ends");
  return true;
}

bool Process::begin() {
  // workers inherit the mask: signals are this thread's
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGTERM);
  sigaddset(&mask, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &mask, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGHUP, SIG_IGN);
  std::string why;
  if (!server_.listen(options_.control, why)) return log_line("error", why), false;
  signals_.reset(::signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC));
  const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
  ::setrlimit(RLIMIT_MEMLOCK, &unlimited);  // umems are locked memory; who may not is told when it matters

  if (const SyscallError error = links_.open()) return log_line("error", sentence(error, "links")), false;

  engine_ = std::make_unique<Engine>(engine_options(options_));
  plant_ = std::make_unique<Plant>(*engine_, clock_);
  plant_->spin_us = options_.spin_us;
  plant_->told.reset(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  umems_.resize(options_.workers);
  steering_ = steering_maker_.make(engine_->tables());
  start_workers();
  if (!options_.realtime) ::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), kControlNice);
  return server_.watch(signals_.get(), [this] { on_signal(); }) && server_.watch(links_.descriptor(), [this] { on_links(); }) &&
         server_.watch(plant_->told.get(), [this] { on_told(); });
}

void Process::start_workers() {
  const std::uint32_t workers = options_.workers;
  if (workers > 1)
    for (std::uint32_t i = 0; i < workers * workers; ++i) plant_->hand_over.push_back(std::make_unique<HandOver>());
  const std::vector<int> cpus = cpus_of(workers);
  for (std::uint32_t i = 0; i < workers; ++i) threads_.push_back(std::make_unique<IoThread>(*plant_, i));
  for (std::uint32_t i = 0; i < workers; ++i) {
    threads_[i]->set_peers(threads_);
    engine_->set_wake(i, [thread = threads_[i].get()] { thread->wake(); });
    threads_[i]->start(options_.pin ? cpus[i] : -1);
  }
  set_priorities();
}

/// Looked at now and then: somebody may give the kernel's threads another priority while we run.
void Process::set_priorities() {
  ranked_ms_ = clock_.now_ms();
  if (!options_.realtime) return;
  const int receiving = receive_priority(open_devices());
  const bool core_is_left = options_.workers < static_cast<std::uint32_t>(::sysconf(_SC_NPROCESSORS_ONLN));
  const int priority = receiving == 0 && !core_is_left ? 0 : std::min(receiving + 1, ::sched_get_priority_max(SCHED_RR));
  if (priority == priority_) return;
  priority_ = priority;
  for (const auto& thread : threads_) thread->set_priority(priority);
  if (receiving != 0) log_line("info", "workers have the priority " + std::to_string(priority) + ", the kernel's receiving threads " + std::to_string(receiving));
}

void Process::on_signal() {
  signalfd_siginfo info;
  if (::read(signals_.get(), &info, sizeof info) == sizeof info) stop_ = true;
}

/// A device that went away: its port is closed, the others go on.
void Process::on_links() {
  std::vector<std::uint32_t> open;
  for (const PortState& port : ports_)
    if (port.open != nullptr) open.push_back(port.open->device.ifindex);
  const std::vector<std::uint32_t> gone = links_.gone(open);
  for (PortState& port : ports_) {
    if (port.open == nullptr || std::find(gone.begin(), gone.end(), port.open->device.ifindex) == gone.end()) continue;
    close_port(port);
    port.reason = std::string(port.order.name) + ": the device is gone";
    tell_port(port, false, port.reason);
  }
  tell_macs();
}

void Process::on_told() {
  std::uint64_t value;
  if (::read(plant_->told.get(), &value, sizeof value) < 0) return;
  std::vector<NeighbourWanted> wanted;
  {
    const std::lock_guard lock(plant_->wanted_lock);
    wanted.swap(plant_->wanted);
  }
  struct Record {
    Address address;
    std::uint32_t port, zero;
  };
  static_assert(sizeof(Record) == 24);
  std::vector<Record> records;
  for (const NeighbourWanted& each : wanted) records.push_back({each.address, each.port, 0});
  if (!records.empty())
    server_.tell_all(control::kNeighbours, control::kNeighbourWanted, {reinterpret_cast<const std::uint8_t*>(records.data()), records.size() * sizeof(Record)});
}

void Process::tick() {
  if (!capturers_.empty()) tell_captured();
  const bool followed = server_.is_followed(control::kSessionChanges);
  if (followed != sessions_followed_) {
    engine_->run_on_all([&](Worker& worker, const Tables&) { worker.sessions().follow(followed); });
    sessions_followed_ = followed;
    changed_sessions_.reset(followed ? new SessionRecord[kMostRecords] : nullptr);
  }
  if (sessions_followed_) tell_sessions();
  if (clock_.now_ms() - ranked_ms_ >= kRankMs) set_priorities();
  if (clock_.now_ms() - collected_ms_ < kCollectMs) return;
  collected_ms_ = clock_.now_ms();
  engine_->collect();
}

// ------------------------------------------------------------------------------------------------ ports

void Process::prepare_ports() {
  if (!pass_open_) {
    std::string warning;
    const SyscallError error = plant_->pass.open(warning);
    pass_open_ = !error;
    if (error) pass_problem_ = sentence(error, "lvsd-pass");
    if (error || !warning.empty()) log_line("warning", error ? pass_problem_ : warning);
  }
  if (maps_.is_open() || maps_.open()) return;
  if (const SyscallError error = maps_.publish(steering_)) log_line("error", sentence(error, "steering"));
}

void Process::tell_macs() {
  if (!maps_.is_open()) return;
  if (const SyscallError error = maps_.use_macs(macs_of(open_devices()))) log_line("error", sentence(error, "steering"));
}

std::vector<std::string> Process::open_devices() const {
  std::vector<std::string> devices;
  for (const PortState& port : ports_)
    if (port.open != nullptr) devices.push_back(port.order.name);
  return devices;
}

control::Answer Process::open_ports(std::span<const std::uint8_t> payload) {
  std::vector<control::PortOrder> orders;
  if (std::string refused = read_orders(payload, IoThread::kMostPorts, orders); !refused.empty()) return control::Answer::refuse(std::move(refused));
  prepare_ports();
  std::vector<PortState> before = std::exchange(ports_, {});
  for (const control::PortOrder& order : orders) {
    PortState& port = ports_.emplace_back(PortState{order, nullptr, {}});
    for (PortState& old : before) {
      if (old.open == nullptr || std::memcmp(&old.order, &order, sizeof order) != 0) continue;
      // a new device may have taken an old one's name
      const auto device = Device::find(order.name);
      if (device && device->ifindex == old.open->device.ifindex) port = std::move(old);
    }
  }
  for (PortState& old : before) close_port(old);
  for (PortState& port : ports_)
    if (port.open == nullptr) open_port(port);
  tell_macs();
  set_priorities();
  return control::Answer::json(ports_json());
}

void Process::open_port(PortState& port) {
  PortRequest request;
  request.name = port.order.name;
  request.index = port.order.index;
  request.mode = static_cast<PortMode>(port.order.mode);
  request.complete_checksums = (port.order.flags & 1) != 0;
  request.queues = (port.order.flags & 2) != 0 ? port.order.queues : 0;
  const PortContext context{maps_, umems_, static_cast<std::uint32_t>(ports_.size()), options_.busy_poll_us};
  port.reason.clear();
  port.open = OpenPort::open(request, context, port.reason);
  if (port.open == nullptr) {
    log_line("error", port.reason);
    return tell_port(port, false, port.reason);
  }
  const std::uint32_t workers = options_.workers;
  for (std::uint32_t w = 0; w < workers; ++w) {
    const auto queues = static_cast<std::uint32_t>(port.open->queues.size());
    engine_->run_on(w, [&](Worker&, const Tables&) {
      for (std::uint32_t k = w; k < queues; k += workers) {
        port.open->queues[k]->use_steering(steering_.get());
        threads_[w]->add(port.order.index, port.open->queues[k].get());
      }
      threads_[w]->set_sender(port.order.index, w < queues ? w : w % queues);
    });
  }
  if (port.reason.empty()) port.reason = pass_problem_;
  log_line("info", std::string(port.order.name) + ": open as " + name_of(port.open->mode) + ", " + std::to_string(port.open->queues.size()) +
                       (port.open->queues.size() == 1 ? " queue" : " queues"));
  tell_port(port, true, port.reason);
}

void Process::close_port(PortState& port) {
  if (port.open == nullptr) return;
  // what arrives from here on is the kernel's
  port.open->detach();
  for (std::uint32_t w = 0; w < options_.workers; ++w) {
    engine_->run_on(w, [&](Worker&, const Tables&) {
      for (const auto& queue : port.open->queues) threads_[w]->remove(queue.get());
      threads_[w]->set_sender(port.order.index, kNone);
    });
  }
  for (const auto& queue : port.open->queues) queue->close();
  for (std::uint32_t w = 0; w < options_.workers; ++w) {
    engine_->run_on(w, [&](Worker&, const Tables&) {
      for (std::uint32_t k = w; k < port.open->queues.size(); k += options_.workers) port.open->queues[k]->reclaim();
    });
  }
  log_line("info", std::string(port.order.name) + ": closed");
  port.open.reset();
}

std::string Process::ports_json() const {
  std::string json = "[";
  for (const PortState& port : ports_) {
    if (json.size() > 1) json += ',';
    const bool open = port.open != nullptr;
    json += "{\"index\":" + std::to_string(port.order.index) + ",\"name\":" + quoted(port.order.name) +
            ",\"mode\":" + quoted(name_of(open ? port.open->mode : static_cast<PortMode>(port.order.mode))) +
            ",\"queues\":" + std::to_string(open ? port.open->queues.size() : 0);
    if (!port.reason.empty()) json += ",\"reason\":" + quoted(port.reason);
    json += '}';
  }
  return json + ']';
}

void Process::tell_port(const PortState& port, bool up, const std::string& reason) {
  const std::string json = "{\"index\":" + std::to_string(port.order.index) + ",\"name\":" + quoted(port.order.name) + ",\"state\":" + (up ? "\"up\"" : "\"gone\"") +
                           ",\"reason\":" + quoted(reason) + "}";
  server_.tell_all(control::kPorts, control::kPortChanged, {reinterpret_cast<const std::uint8_t*>(json.data()), json.size()});
}

// ------------------------------------------------------------------------------------------------ steering

/// After the engine has the tables: a frame that is steered too early is passed on, one that is steered too late would be lost to us.
std::string Process::publish_steering() {
  std::shared_ptr<const Steering> next = steering_maker_.make(engine_->tables());
  if (maps_.is_open()) {
    if (const SyscallError error = maps_.publish(next)) return sentence(error, "steering");
  }
  for (std::uint32_t w = 0; w < options_.workers; ++w)
    engine_->run_on(w, [&](Worker&, const Tables&) { threads_[w]->use_steering(next.get()); });
  steering_ = std::move(next);
  return {};
}

}  // namespace lvsd
