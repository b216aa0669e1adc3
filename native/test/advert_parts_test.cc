// The parts of the advert thread that need no socket: stamps, the ring, plans, silence, the histogram; and who is scheduled how.
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <random>
#include <thread>

#include "test/tap.h"
#include "vrrp/advert_plan.h"
#include "vrrp/advert_ring.h"
#include "vrrp/arrival_clock.h"
#include "vrrp/lateness.h"
#include "vrrp/realtime.h"
#include "vrrp/silence.h"

using namespace lvsd;

namespace {

constexpr std::int64_t kMs = 1'000'000, kSecond = 1'000 * kMs, kAhead = 1'700'000'000 * kSecond;

AdvertPlan plan_of(std::uint32_t messages, bool repeats) {
  AdvertPlan plan;
  for (std::uint32_t i = 0; i < messages; ++i) {
    plan.bytes.push_back(static_cast<std::uint8_t>(i));
    plan.ends.push_back(i + 1);
  }
  plan.first_ns = 100 * kMs;
  plan.every_ns = 10 * kMs;
  plan.repeats = repeats;
  return plan;
}

}  // namespace

TEST("a stamp of the wall clock becomes the moment of the monotonic one") {
  ArrivalClock clock;
  clock.begin(kAhead, 500 * kMs);
  CHECK_EQUAL(clock.arrival(kAhead + 400 * kMs), 400 * kMs);
  CHECK_EQUAL(clock.arrival(kAhead + 450 * kMs), 450 * kMs);
  // not before the one before, not after now
  CHECK_EQUAL(clock.arrival(kAhead + 440 * kMs), 450 * kMs);
  CHECK_EQUAL(clock.arrival(kAhead + 501 * kMs), 500 * kMs);
}

TEST("a wall clock that was set between two batches makes no packet older or younger") {
  for (const std::int64_t step : {-3600 * kSecond, 3600 * kSecond, 20 * kMs, -20 * kMs}) {
    ArrivalClock clock;
    clock.begin(kAhead, 1000 * kMs);
    CHECK_EQUAL(clock.arrival(kAhead + 990 * kMs), 990 * kMs);
    clock.begin(kAhead + step, 1100 * kMs);
    // stamped before the step, and after it
    const std::int64_t before = clock.arrival(kAhead + 1095 * kMs), after = clock.arrival(kAhead + step + 1096 * kMs);
    CHECK(before >= 990 * kMs && before <= 1100 * kMs);
    if (step > kSecond || step < -kSecond) CHECK_EQUAL(before, 1095 * kMs);
    CHECK_EQUAL(after, 1096 * kMs < before ? before : 1096 * kMs);
  }
}

TEST("a stamp that no clock explains is now, not long ago") {
  ArrivalClock clock;
  clock.begin(kAhead, 1000 * kMs);
  clock.begin(kAhead + 5 * kSecond, 1100 * kMs);
  CHECK_EQUAL(clock.arrival(kAhead - 100 * kSecond), 1100 * kMs);
}

TEST("the ring gives back what was put in, in order, and refuses what it has no room for") {
  AdvertRing ring;
  CHECK(ring.allocate());
  std::mt19937 random(7);
  std::deque<std::vector<std::uint8_t>> model;
  std::uint32_t refused = 0, most = 0;
  for (std::uint32_t step = 0; step < 60'000; ++step) {
    // it fills up and is emptied in turns, with packets of all lengths or of one
    const bool fills = step / 6'000 % 2 == 0;
    if (random() % 8 < (fills ? 7U : 2U)) {
      std::vector<std::uint8_t> bytes(step / 12'000 % 2 == 0 ? random() % 4600 : 40);
      for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
      HeardRecord record{};
      record.channel = step;
      record.payload_bytes = static_cast<std::uint16_t>(bytes.size());
      if (ring.push(record, bytes)) model.push_back(bytes);
      else ++refused;
    } else if (!model.empty()) {
      const auto front = ring.front();
      HeardRecord record;
      std::memcpy(&record, front.data(), sizeof record);
      CHECK_EQUAL(record.bytes, front.size());
      CHECK_EQUAL(record.payload_bytes, model.front().size());
      CHECK(std::equal(model.front().begin(), model.front().end(), front.begin() + sizeof record));
      ring.pop();
      model.pop_front();
    }
    CHECK_EQUAL(ring.empty(), model.empty());
    most = std::max<std::uint32_t>(most, static_cast<std::uint32_t>(model.size()));
  }
  CHECK(refused > 100);
  CHECK(most <= AdvertRing::kMostRecords);
  while (!ring.empty()) {
    CHECK_EQUAL(ring.front().size(), (sizeof(HeardRecord) + model.front().size() + 7) / 8 * 8);
    ring.pop();
    model.pop_front();
  }
  CHECK(model.empty());
}

TEST("moments of a plan are absolute, and of those that passed the latest is made up for") {
  const AdvertPlan repeats = plan_of(1, true);
  CHECK_EQUAL(repeats.moment(0), 100 * kMs);
  CHECK_EQUAL(repeats.moment(1'000'000), 100 * kMs + 1'000'000 * 10 * kMs);
  CHECK_EQUAL(repeats.latest(100 * kMs, 0), 0U);
  CHECK_EQUAL(repeats.latest(109 * kMs, 0), 0U);
  CHECK_EQUAL(repeats.latest(145 * kMs, 1), 4U);
  CHECK_EQUAL(repeats.latest(145 * kMs, 5), 5U);
  const AdvertPlan ends = plan_of(3, false);
  CHECK_EQUAL(ends.moment(2), 120 * kMs);
  CHECK_EQUAL(ends.moment(3), AdvertPlan::kNever);
  CHECK_EQUAL(ends.latest(500 * kMs, 1), 2U);
  CHECK_EQUAL(ends.frame(2, 0)[0], 2);
}

TEST("a plan that would spin, or has no frame for a destination, is none") {
  CHECK(plan_of(1, true).is_valid(3));
  CHECK(!plan_of(0, true).is_valid(1));
  AdvertPlan each = plan_of(6, true);
  each.frames_per_message = 3;
  CHECK(each.is_valid(3) && !each.is_valid(2));
  CHECK_EQUAL(each.messages(), 2U);
  CHECK_EQUAL(each.frame(1, 2)[0], 5);
  AdvertPlan fast = plan_of(1, true);
  fast.every_ns = 999'999;
  CHECK(!fast.is_valid(1));
  fast.repeats = false;
  CHECK(fast.is_valid(1));
  AdvertPlan beyond = plan_of(2, true);
  beyond.ends[1] = 3;
  CHECK(!beyond.is_valid(1));
}

TEST("silence is counted from who was heard last, and told once") {
  CHECK_EQUAL(Silence().due(), Silence::kNever);
  CHECK_EQUAL(Silence(100 * kMs, Silence::kNever).due(), Silence::kNever);
  Silence silence(100 * kMs, 36 * kMs);
  CHECK_EQUAL(silence.due(), 136 * kMs);
  silence.hear(110 * kMs);
  silence.hear(105 * kMs);  // of another socket
  CHECK_EQUAL(silence.due(), 146 * kMs);
  CHECK(!silence.is_told());
  silence.tell(147 * kMs);
  CHECK(silence.is_told());
  CHECK_EQUAL(silence.due(), 183 * kMs);
  silence.hear(150 * kMs);
  CHECK(!silence.is_told());
  CHECK_EQUAL(silence.due(), 186 * kMs);
}

TEST("what is later than it may be is better not said") {
  AdvertPlan plan = plan_of(1, true);
  CHECK(!plan.is_too_late(0, 3600 * kSecond));
  plan.most_late_ns = 35 * kMs;
  CHECK(!plan.is_too_late(0, 135 * kMs));
  CHECK(plan.is_too_late(0, 135 * kMs + 1));
  CHECK(!plan.is_too_late(3, 135 * kMs + 1));  // what it has not said since the third only
}

TEST("percentiles are right to an eighth") {
  Lateness lateness;
  CHECK_EQUAL(lateness.percentile_us(0.5), 0U);
  for (std::int64_t us = 0; us < 10'000; ++us) lateness.record(us * 1000 + 999);
  lateness.record(-5'000);  // sent along with others
  CHECK_EQUAL(lateness.count(), 10'001U);
  CHECK_EQUAL(lateness.most_us(), 9'999U);
  for (const double share : {0.1, 0.5, 0.9, 0.99}) {
    const double is = static_cast<double>(lateness.percentile_us(share)), should = share * 10'000;
    CHECK(is >= should - 1 && is <= should * 1.13);
  }
  CHECK_EQUAL(lateness.percentile_us(1), 9'999U);
  lateness.record(std::int64_t{3600} * kSecond);
  CHECK_EQUAL(lateness.percentile_us(1), 3'600'000'000U);
}

TEST("a preferred thread comes sooner, what it starts does not, or it says who refused") {
  const auto niceness = [] { return ::getpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid))); };
  std::thread([&] {
    const int before = niceness(), refused = prefer_thread();
    CHECK(refused == 0 || refused == EPERM || refused == EACCES);
    CHECK_EQUAL(niceness(), refused == 0 ? -10 : before);
    if (refused == 0) std::thread([&] { CHECK_EQUAL(niceness(), 0); }).join();
  }).join();
}

int main() { return lvsd::test::run_all(); }
