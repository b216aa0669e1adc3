#include "vrrp/realtime.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace lvsd {
namespace {

constexpr unsigned long kSlackNs = 1;
constexpr std::size_t kStackBytes = 64 * 1024;

/// So that no first use of a page of the stack has to wait for one.
void touch_stack() noexcept {
  volatile unsigned char stack[kStackBytes];
  for (std::size_t i = 0; i < sizeof stack; i += 1024) stack[i] = 0;
}

int become_realtime(int priority, long longest_run_us) noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_RTTIME, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
      limit.rlim_cur < static_cast<rlim_t>(longest_run_us))
    return EPERM;
  sched_param wanted{};
  wanted.sched_priority = priority;
  return ::sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &wanted) < 0 ? errno : 0;
}

int lock_stack() noexcept {
  pthread_attr_t attributes;
  if (const int refused = ::pthread_getattr_np(::pthread_self(), &attributes)) return refused;
  void* start = nullptr;
  std::size_t bytes = 0;
  ::pthread_attr_getstack(&attributes, &start, &bytes);
  ::pthread_attr_destroy(&attributes);
  return lock_memory(start, bytes);
}

/// Of the file that has a function: this library, or the one of system calls.
const char* file_of(const void* function) noexcept {
  Dl_info info{};
  return ::dladdr(function, &info) != 0 && info.dli_fname != nullptr ? info.dli_fname : "";
}

/// What of `file` is mapped (proc_pid_maps(5)). They are read by no more than a megabyte or two each.
int lock_file(const char* file) noexcept {
  std::FILE* maps = std::fopen("/proc/self/maps", "re");
  if (maps == nullptr) return errno;
  int refused = 0;
  char line[4352];
  while (std::fgets(line, sizeof line, maps) != nullptr) {
    std::uintptr_t start, end;
    char mode[5], path[4096] = "";
    if (std::sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s %*s %*s %*s %4095[^\n]", &start, &end, mode, path) < 3) continue;
    if (mode[0] != 'r' || std::strcmp(path, file) != 0) continue;
    if (const int error = lock_memory(reinterpret_cast<const void*>(start), end - start)) refused = error;
  }
  std::fclose(maps);
  return refused;
}

int lock_own() noexcept {
  if (const int refused = lock_stack()) return refused;
  if (const int refused = lock_file(file_of(reinterpret_cast<const void*>(&enter_realtime)))) return refused;
  return lock_file(file_of(reinterpret_cast<const void*>(&::prctl)));
}

/// sched_setattr(2); no header has it beside <sched.h>.
struct SchedulingAttributes {
  std::uint32_t size = sizeof(SchedulingAttributes), policy = SCHED_OTHER;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime = 0, deadline = 0, period = 0;
};
constexpr std::uint64_t kResetOnFork = 1;  ///< SCHED_FLAG_RESET_ON_FORK
/// Nine times the share of an ordinary thread, if it comes to that, and short slices (since Linux 6.12), for which others are interrupted.
constexpr std::int32_t kPreferredNice = -10;
constexpr std::uint64_t kSliceNs = 100'000;

}  // namespace

int prefer_thread() noexcept {
  SchedulingAttributes wanted;
  wanted.flags = kResetOnFork;
  wanted.nice = kPreferredNice;
  wanted.runtime = kSliceNs;
  return ::syscall(SYS_sched_setattr, 0, &wanted, 0) < 0 ? errno : 0;
}

RealtimeState enter_realtime(const RealtimeWish& wish, long longest_run_us) noexcept {
  RealtimeState state;
  ::prctl(PR_SET_TIMERSLACK, kSlackNs, 0, 0, 0);  // for an ordinary thread: 50 us else
  touch_stack();
  if (wish.lock_memory) {
    state.lock_error = lock_own();
    state.is_locked = state.lock_error == 0;
  }
  if (wish.priority > 0) {
    state.priority_error = become_realtime(wish.priority, longest_run_us);
    state.is_realtime = state.priority_error == 0;
  }
  return state;
}

int lock_memory(const void* start, std::size_t bytes) noexcept { return ::mlock(start, bytes) < 0 ? errno : 0; }
void unlock_memory(const void* start, std::size_t bytes) noexcept { ::munlock(start, bytes); }

}  // namespace lvsd
