#pragma once
#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <semaphore>

#include "base/syscall_error.h"
#include "base/unique_fd.h"
#include "vrrp/advert_reception.h"
#include "vrrp/advert_schedule.h"
#include "vrrp/realtime.h"

namespace lvsd {

/// The thread that sends what is due and then, with the time that is left, hears what has come. A flood delays no advert by more
/// than one batch, and never keeps the thread from its pauses: it is realtime, and everybody else needs the processor too. It says who has
/// fallen silent, too, so that nobody else need wake for adverts that only say what the last one said.
class AdvertThread {
 public:
  AdvertThread(AdvertSchedule& schedule, AdvertReception& reception) noexcept : schedule_(schedule), reception_(reception) {}
  AdvertThread(const AdvertThread&) = delete;
  AdvertThread& operator=(const AdvertThread&) = delete;
  ~AdvertThread() { stop(); }

  /// When it returns, the thread runs and realtime() is known.
  [[nodiscard]] SyscallError start(const RealtimeWish& wish) noexcept;
  /// Idempotent; the thread has ended when it returns.
  void stop() noexcept;
  /// Something is due sooner than it was: a plan was changed, or somebody is expected.
  void look_again() noexcept;
  [[nodiscard]] const RealtimeState& realtime() const noexcept { return realtime_; }

 private:
  void run() noexcept;
  void arm(std::int64_t at) noexcept;
  void sleep() noexcept;
  void hear_ready() noexcept;
  void mind_the_others() noexcept;
  void let_gather() noexcept;

  AdvertSchedule& schedule_;
  AdvertReception& reception_;
  RealtimeWish wish_;
  RealtimeState realtime_;
  UniqueFd timer_, control_;
  pthread_t thread_{};
  bool started_ = false;
  std::binary_semaphore is_ready_{0};
  std::atomic<bool> stop_{false}, changed_{false};

  // the thread's own
  std::int64_t next_due_ = 0, armed_ = -1;
  std::int64_t awake_since_ = 0, rests_until_ = 0;  ///< 0: it does not rest
  std::int64_t heard_ns_ = 0;                       ///< when it last heard something
  bool can_hear_ = false;
};

}  // namespace lvsd
