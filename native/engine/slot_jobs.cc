#include "engine/slot_jobs.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <memory>

namespace lvsd {
namespace {

/// Fewer than these, and a thread costs more than it brings.
constexpr std::size_t kAloneBelow = 1000;
constexpr std::size_t kMostHelpers = 3;

struct Work {
  std::span<SlotJob> jobs;
  std::atomic<std::size_t> next{0};

  void run() {
    for (;;) {
      const std::size_t index = next.fetch_add(1);
      if (index >= jobs.size()) return;
      SlotJob& job = jobs[index];
      job.known->slots = std::make_shared<const std::vector<std::uint32_t>>(
          build_slots(job.scheduler, job.size, job.members, job.service_is_v4));
    }
  }
};

void* help(void* work) {
  static_cast<Work*>(work)->run();
  return nullptr;
}

/// Processors that this thread may run on, beside the one that it does.
std::size_t others() noexcept {
  cpu_set_t mine;
  CPU_ZERO(&mine);
  if (::sched_getaffinity(0, sizeof mine, &mine) != 0) return 0;
  const auto count = static_cast<std::size_t>(CPU_COUNT(&mine));
  return count == 0 ? 0 : count - 1;
}

}  // namespace

void build_all(std::span<SlotJob> jobs) {
  Work work{jobs};
  pthread_t helpers[kMostHelpers];
  std::size_t count = 0;
  if (jobs.size() >= kAloneBelow) {
    const std::size_t most = std::min(kMostHelpers, others());
    while (count < most && ::pthread_create(&helpers[count], nullptr, help, &work) == 0) ++count;
  }
  work.run();
  for (std::size_t index = 0; index < count; ++index) ::pthread_join(helpers[index], nullptr);
}

}  // namespace lvsd
