// What a sweep of the sessions promises: when it has passed the end, nothing is left of a server that was gone when it began, whatever moved
// about meanwhile; the server's id goes to another then.
#include "engine/sessions.h"
#include "test/session_fixture.h"
#include "test/tap.h"

using namespace lvsd;
using namespace lvsd::test;

namespace {

/// One table, crowded: half of its sessions' server goes; while the sweep is under way others come and move them about.
std::uint32_t left_over(std::uint32_t seed) {
  constexpr std::uint32_t kCapacity = 200, kFirst = 150, kMore = 45;
  Bench bench(kCapacity, 2);
  for (std::uint32_t n = 0; n < kFirst; ++n) {
    const std::uint32_t handle = bench.insert(flow(seed * 1'000 + n), n % 2, tcp::kSyn, 10);
    if (handle != kNone) bench.touch(handle, tcp::kAck, false, 20);
  }
  bench.tables.at(1).state = kGone;
  bool ended = false;
  for (std::uint32_t n = 0; !ended; ++n) {
    if (n < kMore) (void)bench.insert(flow(seed * 1'000 + kFirst + n), 0, tcp::kSyn, 30);
    ended = bench.sessions.sweep(1, bench.tables, 30);
  }
  std::uint32_t found = 0;
  for (std::uint32_t n = 0; n < kFirst; ++n) {
    const std::uint32_t handle = bench.find(flow(seed * 1'000 + n), 40);
    found += handle != kNone && bench.sessions.destination(handle) == 1 ? 1 : 0;
  }
  return found;
}

}  // namespace

TEST("nothing of a gone server outlives a sweep, though others come and move sessions meanwhile") {
  std::uint32_t found = 0;
  for (std::uint32_t seed = 0; seed < 300; ++seed) found += left_over(seed);
  CHECK_EQUAL(found, 0u);
}

int main() { return run_all(); }
