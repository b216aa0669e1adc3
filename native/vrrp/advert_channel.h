#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "vrrp/advert_plan.h"
#include "vrrp/advert_sender.h"
#include "vrrp/lateness.h"

namespace lvsd {

/// A packet that needs not be told of, only when it came.
struct ExpectedAdvert {
  std::vector<std::uint8_t> payload;
  Address source;
  int least_ttl = 0;
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
  std::uint32_t waiting = 0;  ///< its packets in the ring

  // written by one, read by all
  std::atomic<std::int64_t> last_expected_ns{-1};
  std::atomic<std::uint64_t> sent{0}, failed{0}, skipped{0};
  std::atomic<int> last_error{0};
  Lateness lateness;
};

}  // namespace lvsd
