#include "vrrp/advert_thread.h"

#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/moments.h"

namespace lvsd {
namespace {

constexpr SyscallError kOk{};
constexpr std::size_t kStackBytes = 256 * 1024;
/// Whoever floods gets half of a processor: so long awake, then so long asleep, but for what must be sent.
constexpr std::int64_t kLongestAwakeNs = 1'000'000;
constexpr std::int64_t kRestNs = 1'000'000;
/// Asleep is who was away longer than a system call takes.
constexpr std::int64_t kSleptNs = 20'000;
/// What RLIMIT_RTTIME must allow between two sleeps: far more than is ever used.
constexpr long kLongestRunUs = 5'000;
constexpr int kEvents = 64;

}  // namespace

SyscallError AdvertThread::start(const RealtimeWish& wish) noexcept {
  wish_ = wish;
  timer_ = UniqueFd(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!timer_) return {"timerfd_create", errno};
  control_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!control_) return {"eventfd", errno};

  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, kStackBytes);
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are for the thread that has the loop
  const auto body = [](void* self) -> void* {
    static_cast<AdvertThread*>(self)->run();
    return nullptr;
  };
  const int refused = ::pthread_create(&thread_, &attributes, body, this);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::pthread_attr_destroy(&attributes);
  if (refused != 0) return {"pthread_create", refused};
  started_ = true;
  is_ready_.acquire();
  return kOk;
}

void AdvertThread::stop() noexcept {
  if (!started_) return;
  stop_.store(true);
  look_again();
  ::pthread_join(thread_, nullptr);
  started_ = false;
  timer_.reset();
  control_.reset();
}

void AdvertThread::look_again() noexcept {
  changed_.store(true);
  const std::uint64_t one = 1;
  const ssize_t done = ::write(control_.get(), &one, sizeof one);
  static_cast<void>(done);  // refused only when it is readable already
}

void AdvertThread::run() noexcept {
  ::pthread_setname_np(::pthread_self(), "lvsd-adverts");
  realtime_ = enter_realtime(wish_, kLongestRunUs);
  is_ready_.release();
  while (!stop_.load()) {
    // before the look, so that a change during it is looked at too
    changed_.store(false);
    next_due_ = schedule_.send_due(monotonic_ns());
    if (monotonic_ns() >= reception_.look_at()) reception_.look_for_silence();
    mind_the_others();
    const std::int64_t next = std::min(next_due_, reception_.look_at());
    arm(rests_until_ == 0 ? next : std::min(next, rests_until_));
    sleep();
    if (can_hear_) hear_ready();
  }
}

/// Who has been awake for long, hears nothing for a while.
void AdvertThread::mind_the_others() noexcept {
  const std::int64_t now = monotonic_ns();
  if (rests_until_ != 0 && now >= rests_until_) {
    rests_until_ = 0;
    awake_since_ = now;
  } else if (rests_until_ == 0 && can_hear_ && now - awake_since_ > kLongestAwakeNs) {
    rests_until_ = now + kRestNs;
  }
}

void AdvertThread::arm(std::int64_t at) noexcept {
  if (at == armed_) return;
  armed_ = at;
  // 0 would disarm it; of a moment that has passed it tells at once
  const itimerspec wanted{.it_interval = {}, .it_value = timespec_of(at == AdvertPlan::kNever ? 0 : std::max<std::int64_t>(at, 1))};
  ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &wanted, nullptr);
}

void AdvertThread::sleep() noexcept {
  const bool hears = rests_until_ == 0;
  pollfd waits[] = {{timer_.get(), POLLIN, 0}, {control_.get(), POLLIN, 0}, {reception_.epoll(), POLLIN, 0}};
  const std::int64_t before = monotonic_ns();
  const int ready = ::poll(waits, hears ? 3 : 2, -1);
  const std::int64_t now = monotonic_ns();
  if (now - before > kSleptNs) awake_since_ = now;
  if (ready <= 0) {
    can_hear_ = false;
    return;
  }
  if (waits[0].revents != 0) armed_ = -1;  // it stays readable until it is armed anew
  if (waits[1].revents != 0) {
    std::uint64_t value;
    const ssize_t done = ::read(control_.get(), &value, sizeof value);
    static_cast<void>(done);
  }
  can_hear_ = hears && waits[2].revents != 0;
}

/// A batch of each socket that has something, but only while nothing is to be sent.
void AdvertThread::hear_ready() noexcept {
  epoll_event events[kEvents];
  const int count = ::epoll_wait(reception_.epoll(), events, kEvents, 0);
  for (int i = 0; i < count; ++i) {
    if (changed_.load(std::memory_order_relaxed) || monotonic_ns() >= next_due_) return;
    reception_.hear(events[i].data.u64);
  }
  let_gather();
}

/// Where adverts come more often than they need to be heard, several are heard at once: waking costs more than reading.
void AdvertThread::let_gather() noexcept {
  const std::int64_t now = monotonic_ns(), leeway = reception_.leeway_ns();
  if (now - heard_ns_ < 2 * leeway) rests_until_ = now + leeway;  // a rest and a waking later is as often
  heard_ns_ = now;
}

}  // namespace lvsd
