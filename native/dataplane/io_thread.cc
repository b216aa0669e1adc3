#include "dataplane/io_thread.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <time.h>

#include <algorithm>
#include <cerrno>

namespace lvsd {
namespace {

constexpr std::uint64_t kTickUs = 20'000;
constexpr int kIdleMs = 100;
constexpr std::uint32_t kMostSpinCredit = 16;
constexpr std::uint32_t kTrySpin = 256;  ///< without credit one sleep of so many is put off, to see whether it pays again
constexpr std::uint32_t kMostLanes = 256;

std::uint64_t monotonic_us() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(now.tv_nsec) / 1000;
}

Counter<std::uint64_t>& of(EngineCounters& count, DropReason reason) noexcept { return count.dropped[static_cast<std::size_t>(reason)]; }
Counter<std::uint64_t>& of(EngineCounters& count, Event event) noexcept { return count.events[static_cast<std::size_t>(event)]; }

}  // namespace

EngineClock::EngineClock() noexcept : start_us_(monotonic_us() - 1000) {}
std::uint64_t EngineClock::now_us() const noexcept { return monotonic_us() - start_us_; }

IoThread::IoThread(Plant& plant, std::uint32_t index)
    : plant_(plant), index_(index), worker_(plant.engine.worker(index)), count_(worker_.count()), wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  senders_.fill(kNone);
  lanes_.reserve(kMostLanes);
}

IoThread::~IoThread() { stop(); }

void IoThread::start(int cpu) {
  thread_ = std::thread([this] { run(); });
  runs_.wait(false);
  if (cpu < 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  ::pthread_setaffinity_np(thread_.native_handle(), sizeof set, &set);
}

void IoThread::set_priority(int priority) noexcept {
  const sched_param param{priority};
  // who may not (CAP_SYS_NICE) goes on as others do
  ::pthread_setschedparam(thread_.native_handle(), priority == 0 ? SCHED_OTHER : SCHED_RR, &param);
}

void IoThread::stop() noexcept {
  if (!thread_.joinable()) return;
  stop_.store(true);
  wake();
  thread_.join();
}

void IoThread::wake() noexcept {
  const std::uint64_t one = 1;
  if (::write(wake_.get(), &one, sizeof one) < 0) return;  // it is awake already
}

/// What was put into its ring is visible before we ask; `sleep` asks for it after it has said that it sleeps.
void IoThread::wake_if_asleep() noexcept {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (asleep_.load(std::memory_order_relaxed)) wake();
}

void IoThread::add(std::uint32_t port, PortQueue* queue) {
  lanes_.push_back({port, queue, {}});
  if (out_[port] == nullptr) out_[port] = queue;
}

void IoThread::remove(PortQueue* queue) noexcept {
  count_lanes();
  std::erase_if(lanes_, [&](const Lane& lane) { return lane.queue == queue; });
  for (std::uint32_t port = 0; port < kMostPorts; ++port) {
    if (out_[port] != queue) continue;
    const auto other = std::find_if(lanes_.begin(), lanes_.end(), [&](const Lane& lane) { return lane.port == port; });
    out_[port] = other == lanes_.end() ? nullptr : other->queue;
  }
}

void IoThread::use_steering(const Steering* steering) noexcept {
  for (Lane& lane : lanes_) lane.queue->use_steering(steering);
}

void IoThread::run() noexcept {
  char name[16];
  std::snprintf(name, sizeof name, "lvsd-worker%u", index_);
  ::pthread_setname_np(::pthread_self(), name);
  plant_.engine.attach(index_);
  runs_.store(true);
  runs_.notify_all();
  while (!stop_.load(std::memory_order_relaxed)) {
    const Tables& tables = plant_.engine.enter(index_);
    now_us_ = plant_.clock.now_us();
    const std::size_t work = round(tables);
    if (now_us_ >= next_tick_us_) tick(tables);
    flush();
    if (work != 0) {
      if (looked_for_us_ != 0) spin_credit_ = std::min(spin_credit_ + 1, kMostSpinCredit);
      looked_for_us_ = 0;
      continue;
    }
    if (looked_for_us_ == 0) {
      looked_for_us_ = now_us_;
      spins_ = may_spin();
    }
    if (spins_ && now_us_ - looked_for_us_ < plant_.spin_us) {
      ::sched_yield();  // to whom has the same core, as the kernel's receiving side may
      continue;
    }
    if (spins_ && spin_credit_ > 0) --spin_credit_;
    looked_for_us_ = 0;
    plant_.engine.leave(index_);
    sleep();
  }
  plant_.engine.leave(index_);
  plant_.engine.detach(index_);
}

bool IoThread::may_spin() noexcept { return spin_credit_ > 0 || ++sleeps_ % kTrySpin == 0; }

/// One batch from each queue, each decided about and sent on before the next: what was received goes all the way, and what is too much
/// is lost where it cost least, in the device's ring.
std::size_t IoThread::round(const Tables& tables) noexcept {
  std::array<Packet, kBatch> packets;
  std::size_t work = 0;
  for (const Lane& lane : lanes_) {
    const std::size_t count = lane.queue->receive(packets);
    if (count == 0) continue;
    work += count;
    for (std::size_t i = 0; i < count; ++i) packets[i].port = static_cast<std::uint16_t>(lane.port);
    decide(tables, {packets.data(), count}, lane.queue);
  }
  if (!plant_.hand_over.empty()) work += take_hand_overs(tables);
  return work;
}

void IoThread::decide(const Tables& tables, std::span<Packet> packets, PortQueue* lender) noexcept {
  if (!plant_.hand_over.empty() && lender != nullptr) hand_over_strangers(tables, packets, lender);
  if (packets.empty()) return;
  const std::uint64_t now_ms = now_us_ / 1000;
  const bool captured = captures.is_on();
  if (captured) captures.before(worker_, tables, packets, now_ms);
  worker_.process(tables, packets, now_ms);
  if (captured) captures.after(packets, plant_.captured);
  send_out(packets, lender);
  send_out(worker_.extras(), nullptr);
  tell_wanted();
}

/// Packets of flows that another worker knows go there; `packets` is left with our own.
void IoThread::hand_over_strangers(const Tables& tables, std::span<Packet>& packets, PortQueue* lender) noexcept {
  // once more, if fragments of the same batch came before their first one: whose they are is known only now
  if (hand_over_claimed(tables, packets, lender)) static_cast<void>(hand_over_claimed(tables, packets, lender));
}

/// @returns whether a first fragment was among what went
bool IoThread::hand_over_claimed(const Tables& tables, std::span<Packet>& packets, PortQueue* lender) noexcept {
  std::size_t own = 0;
  bool first_went = false;
  for (Packet& packet : packets) {
    const Claim claim = worker_.claim(tables, packet);
    if (claim.worker == index_) {
      packets[own++] = packet;
      continue;
    }
    hand_over_all({&packet, 1}, claim.worker);
    lender->free({&packet, 1});
    std::array<Packet, kBatch> followers;
    while (const std::size_t count = worker_.release(claim, followers)) hand_over_all({followers.data(), count}, claim.worker);
    first_went |= claim.followers != 0;
  }
  packets = packets.first(own);
  return first_went;
}

/// To be decided about by another worker.
void IoThread::hand_over_all(std::span<const Packet> packets, std::uint32_t to) noexcept {
  for (const Packet& packet : packets) {
    const bool taken = plant_.hand_over[index_ * plant_.engine.workers() + to]->put(packet, HandOver::kDecide);
    ++(taken ? of(count_, Event::handed_over) : of(count_, DropReason::hand_over_full));
  }
  peers_[to]->wake_if_asleep();
}

std::size_t IoThread::take_hand_overs(const Tables& tables) noexcept {
  std::array<Packet, kBatch> packets;
  std::size_t work = 0;
  const std::uint32_t workers = plant_.engine.workers();
  for (std::uint32_t from = 0; from < workers; ++from) {
    if (from == index_) continue;
    HandOver& ring = *plant_.hand_over[from * workers + index_];
    HandOver::What what = HandOver::kDecide;
    const std::uint32_t count = ring.take(packets.data(), kBatch, what);
    if (count == 0) continue;
    work += count;
    if (what == HandOver::kDecide) {
      decide(tables, {packets.data(), count}, nullptr);
    } else {
      send_out({packets.data(), count}, nullptr);
    }
    ring.release();
  }
  return work;
}

/// Runs of packets with the same fate go together. `lender` is null where nobody needs the memory back.
void IoThread::send_out(std::span<const Packet> packets, PortQueue* lender) noexcept {
  for (std::size_t at = 0; at < packets.size();) {
    const Verdict verdict = packets[at].verdict;
    const std::uint16_t port = packets[at].port;
    std::size_t end = at + 1;
    while (end < packets.size() && packets[end].verdict == verdict && (verdict != Verdict::forward || packets[end].port == port)) ++end;
    const std::span<const Packet> run = packets.subspan(at, end - at);
    at = end;
    if (verdict == Verdict::forward) {
      send_by(port, run, lender);
      continue;
    }
    if (verdict == Verdict::pass) plant_.pass.pass(run);
    if (lender != nullptr) lender->free(run);
  }
}

void IoThread::send_by(std::uint32_t port, std::span<const Packet> packets, PortQueue* lender) noexcept {
  PortQueue* const queue = port < kMostPorts ? out_[port] : nullptr;
  if (queue != nullptr) {
    const bool taken_over = queue->shares(packets[0]);
    of(count_, DropReason::transmit_full) += packets.size() - queue->send(packets);
    if (!taken_over && lender != nullptr) lender->free(packets);
    return;
  }
  const std::uint32_t sender = port < kMostPorts ? senders_[port] : kNone;
  for (const Packet& packet : packets) {
    if (sender == kNone) {
      ++of(count_, DropReason::port_gone);
    } else if (!plant_.hand_over[index_ * plant_.engine.workers() + sender]->put(packet, HandOver::kSend)) {
      ++of(count_, DropReason::hand_over_full);
    }
  }
  if (sender != kNone) peers_[sender]->wake_if_asleep();
  if (lender != nullptr) lender->free(packets);
}

void IoThread::flush() noexcept {
  for (const Lane& lane : lanes_) lane.queue->flush();
}

void IoThread::tell_wanted() noexcept {
  const std::span<const NeighbourWanted> wanted = worker_.wanted();
  if (wanted.empty()) return;
  {
    const std::lock_guard lock(plant_.wanted_lock);
    plant_.wanted.insert(plant_.wanted.end(), wanted.begin(), wanted.end());
  }
  const std::uint64_t one = 1;
  if (::write(plant_.told.get(), &one, sizeof one) < 0) return;  // it is told already
}

void IoThread::tick(const Tables& tables) noexcept {
  next_tick_us_ = now_us_ + kTickUs;
  plant_.engine.tick(index_, tables, now_us_ / 1000);
  send_out(worker_.extras(), nullptr);
  tell_wanted();
  count_lanes();
}

void IoThread::count_lanes() noexcept {
  for (Lane& lane : lanes_) {
    const QueueCounts now = lane.queue->counts();
    of(count_, Event::checksums_completed) += now.checksums_completed - lane.counted.checksums_completed;
    of(count_, Event::segmented) += now.segmented - lane.counted.segmented;
    lane.counted = now;
  }
}

void IoThread::sleep() noexcept {
  std::array<pollfd, kMostLanes + 1> files;
  std::size_t count = 0;
  files[count++] = {wake_.get(), POLLIN, 0};
  for (const Lane& lane : lanes_)
    if (count < files.size()) files[count++] = {lane.queue->descriptor(), POLLIN, 0};
  asleep_.store(true);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const bool work_came = std::any_of(plant_.hand_over.begin(), plant_.hand_over.end(), [this](const auto& ring) {
    return static_cast<std::size_t>(&ring - plant_.hand_over.data()) % plant_.engine.workers() == index_ && !ring->is_empty();
  });
  if (!work_came) ::poll(files.data(), count, kIdleMs);
  asleep_.store(false);
  if ((files[0].revents & POLLIN) != 0) {
    std::uint64_t value;
    if (::read(wake_.get(), &value, sizeof value) < 0) return;
  }
  for (std::size_t i = 1; i < count; ++i)
    if ((files[i].revents & (POLLERR | POLLHUP)) != 0) look_at_errors(i - 1);
}

/// Taking the error makes the descriptor quiet again. That the device is gone the control thread hears by itself.
void IoThread::look_at_errors(std::size_t lane) noexcept { static_cast<void>(lanes_[lane].queue->take_error()); }

}  // namespace lvsd
