#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "vrrp/advert_plan.h"
#include "vrrp/advert_sender.h"
#include "vrrp/lateness.h"
#include "vrrp/silence.h"

namespace lvsd {

/// A packet that needs not be told of, only noted: ExpectedAdvert of src/vrrp/ports.ts.
struct ExpectedAdvert {
  std::vector<std::uint8_t> payload;
  Address source;
  int least_ttl = 0;
  std::int64_t since_ns = 0;                    ///< when one came last
  std::int64_t patience_ns = Silence::kNever;   ///< without one for so long, it is told
  std::int64_t leeway_ns = 0;                   ///< whatever else comes may be told so much later
};

struct AdvertReceiver;

/// Adverts of one virtual router. Each group of members has one who guards it.
struct AdvertChannel {
  std::uint32_t id = 0;
  std::uint8_t vrid = 0;
  std::vector<Address> to;  ///< a group, or peers
  const AdvertSender* sender = nullptr;
  AdvertReceiver* receiver = nullptr;

  // AdvertSchedule, under its lock
  std::unique_ptr<const AdvertPlan> plan;
  std::uint64_t next_turn = 0;  ///< the first moment of the plan that has not been served

  // AdvertReception, under its lock
  std::unique_ptr<const ExpectedAdvert> expected;
  Silence silence;            ///< of `expected`
  std::uint32_t waiting = 0;  ///< its records in the ring

  // written by one, read by all
  std::atomic<std::int64_t> last_expected_ns{-1};       ///< of `expected`; -1: none came
  std::atomic<std::uint64_t> expected_heard{0};          ///< since it was opened
  std::atomic<std::int64_t> muted_ns{-1};                ///< since when `plan` is silent for its lateness; -1: it is not
  std::atomic<std::uint64_t> sent{0}, failed{0}, skipped{0};
  std::atomic<int> last_error{0};
  Lateness lateness;
};

}  // namespace lvsd
