#pragma once
#include <cstddef>

namespace lvsd {

/// What a thread that must not be late asks of the kernel.
struct RealtimeWish {
  int priority = 50;        ///< of SCHED_RR; 0: stay ordinary
  bool lock_memory = true;  ///< its code, its stack and what it receives into stay in memory
};

/// What it got: 0, or the errno of who refused. Each stays false where it was not asked for.
struct RealtimeState {
  bool is_realtime = false;
  int priority_error = 0;
  bool is_locked = false;
  int lock_error = 0;
};

/// For the calling thread. Never fails: who is refused goes on as an ordinary thread.
///
/// RLIMIT_RTTIME kills a realtime thread that runs on without a pause; where it allows less than `longest_run_us` the thread stays ordinary.
/// Not mlockall(2): JavaScript's engine gives pages back by MADV_DONTNEED, which is refused for locked memory (madvise(2)), and ends the
/// process when it is.
[[nodiscard]] RealtimeState enter_realtime(const RealtimeWish& wish, long longest_run_us) noexcept;

/// For the calling thread: it comes soon on a busy machine, too, but leaves time to the others. What it starts is as ordinary as ever.
/// Who is refused goes on as before. Returns errno.
int prefer_thread() noexcept;

/// Keeps memory that is never freed before unlock_memory(). Returns errno.
[[nodiscard]] int lock_memory(const void* start, std::size_t bytes) noexcept;
void unlock_memory(const void* start, std::size_t bytes) noexcept;

}  // namespace lvsd
