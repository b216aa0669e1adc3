#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "base/inheriting_mutex.h"
#include "vrrp/advert_channel.h"

namespace lvsd {

/// Who sends when. One thread calls send_due(); plans are replaced by another.
class AdvertSchedule {
 public:
  void add(AdvertChannel& channel);
  void remove(AdvertChannel& channel) noexcept;
  /// null: nothing is sent any more. When it returns, nothing of the plan before will be. Returns that one, for the caller to free.
  [[nodiscard]] std::unique_ptr<const AdvertPlan> replace(AdvertChannel& channel, std::unique_ptr<const AdvertPlan> plan) noexcept;

  /// Sends what is due at `now`, and with it what is due so soon that it need not wait (AdvertPlan::leeway_ns; moments stay what they
  /// were). When nothing is due, nothing is sent. Says when there is something again; AdvertPlan::kNever: not as things are.
  [[nodiscard]] std::int64_t send_due(std::int64_t now) noexcept;

  /// Of all channels that there are and were.
  [[nodiscard]] const Lateness& lateness() const noexcept { return lateness_; }

 private:
  struct Turn {
    AdvertChannel* channel;
    std::uint64_t turn;
  };
  [[nodiscard]] std::size_t index_of(const AdvertChannel& channel) const noexcept;
  void gather(std::size_t index, std::int64_t now) noexcept;
  [[nodiscard]] std::int64_t next_moment() const noexcept;
  void send_gathered() noexcept;
  void account(const Turn& turn, std::span<const OutgoingAdvert> adverts, std::int64_t now) noexcept;

  InheritingMutex lock_;
  /// The next moment of a channel, and when it may be served at the earliest.
  struct Due {
    std::int64_t at, from;
  };
  [[nodiscard]] static Due due_of(const AdvertPlan* plan, std::uint64_t turn) noexcept;
  // Channels of one sender are neighbours. Their next moments lie side by side: to look at a thousand takes less than a system call.
  std::vector<AdvertChannel*> channels_;
  std::vector<Due> due_;
  std::vector<Turn> turns_;            // these two have room for all channels: nothing is allocated when sending
  std::vector<OutgoingAdvert> adverts_;
  std::size_t destinations_ = 0;
  Lateness lateness_;
};

}  // namespace lvsd
