#include "vrrp/advert_schedule.h"

#include <algorithm>
#include <mutex>

#include "base/moments.h"

namespace lvsd {

void AdvertSchedule::add(AdvertChannel& channel) {
  const std::scoped_lock guard(lock_);
  const auto same = std::find_if(channels_.begin(), channels_.end(),
                                 [&](const AdvertChannel* other) { return other->sender == channel.sender; });
  due_.insert(due_.begin() + (same - channels_.begin()), due_of(nullptr, 0));
  channels_.insert(same, &channel);
  destinations_ += channel.to.size();
  turns_.reserve(channels_.size());
  adverts_.reserve(destinations_);
}

void AdvertSchedule::remove(AdvertChannel& channel) noexcept {
  const std::scoped_lock guard(lock_);
  const std::size_t index = index_of(channel);
  if (index == channels_.size()) return;
  channels_.erase(channels_.begin() + static_cast<std::ptrdiff_t>(index));
  due_.erase(due_.begin() + static_cast<std::ptrdiff_t>(index));
  destinations_ -= channel.to.size();
}

std::unique_ptr<const AdvertPlan> AdvertSchedule::replace(AdvertChannel& channel, std::unique_ptr<const AdvertPlan> plan) noexcept {
  const std::scoped_lock guard(lock_);
  const std::size_t index = index_of(channel);
  if (index == channels_.size()) return plan;
  std::swap(channel.plan, plan);
  channel.next_turn = 0;
  channel.muted_ns.store(-1, std::memory_order_relaxed);
  due_[index] = due_of(channel.plan.get(), 0);
  return plan;
}

std::size_t AdvertSchedule::index_of(const AdvertChannel& channel) const noexcept {
  return static_cast<std::size_t>(std::find(channels_.begin(), channels_.end(), &channel) - channels_.begin());
}

AdvertSchedule::Due AdvertSchedule::due_of(const AdvertPlan* plan, std::uint64_t turn) noexcept {
  const std::int64_t at = plan == nullptr ? AdvertPlan::kNever : plan->moment(turn);
  return at == AdvertPlan::kNever ? Due{at, at} : Due{at, at - plan->leeway_ns()};
}

std::int64_t AdvertSchedule::next_moment() const noexcept {
  std::int64_t next = AdvertPlan::kNever;
  for (const Due& due : due_) next = std::min(next, due.at);
  return next;
}

std::int64_t AdvertSchedule::send_due(std::int64_t now) noexcept {
  const std::scoped_lock guard(lock_);
  if (const std::int64_t next = next_moment(); next > now) return next;
  for (std::size_t i = 0; i < due_.size(); ++i) {
    if (due_[i].from > now) continue;
    const bool is_full = adverts_.size() >= AdvertSender::kAtOnce;
    if (is_full || (!turns_.empty() && turns_.back().channel->sender != channels_[i]->sender)) send_gathered();
    gather(i, now);
  }
  send_gathered();
  return next_moment();
}

void AdvertSchedule::gather(std::size_t index, std::int64_t now) noexcept {
  AdvertChannel& channel = *channels_[index];
  const AdvertPlan& plan = *channel.plan;
  if (plan.is_too_late(channel.next_turn, now)) {
    channel.muted_ns.store(now, std::memory_order_relaxed);
    due_[index] = due_of(nullptr, 0);
    return;
  }
  const std::uint64_t turn = plan.latest(now, channel.next_turn);
  const std::uint64_t message = std::min(turn, plan.messages() - 1);
  turns_.push_back({&channel, channel.next_turn});
  for (std::size_t n = 0; n < channel.to.size(); ++n) adverts_.push_back({.message = plan.frame(message, n), .to = &channel.to[n], .error = 0});
  channel.skipped.fetch_add(turn - channel.next_turn, std::memory_order_relaxed);
  channel.next_turn = turn + 1;
  due_[index] = due_of(&plan, turn + 1);
}

void AdvertSchedule::send_gathered() noexcept {
  if (turns_.empty()) return;
  turns_.front().channel->sender->send(adverts_);
  const std::int64_t now = monotonic_ns();
  std::size_t at = 0;
  for (const Turn& turn : turns_) {
    const std::size_t count = turn.channel->to.size();
    account(turn, std::span(adverts_).subspan(at, count), now);
    at += count;
  }
  turns_.clear();
  adverts_.clear();
}

/// Late is measured when the kernel has it, against the first moment that it serves.
void AdvertSchedule::account(const Turn& turn, std::span<const OutgoingAdvert> adverts, std::int64_t now) noexcept {
  AdvertChannel& channel = *turn.channel;
  for (const OutgoingAdvert& advert : adverts) {
    (advert.error == 0 ? channel.sent : channel.failed).fetch_add(1, std::memory_order_relaxed);
    if (advert.error != 0) channel.last_error.store(advert.error, std::memory_order_relaxed);
  }
  const std::int64_t late = now - channel.plan->moment(turn.turn);
  channel.lateness.record(late);
  lateness_.record(late);
}

}  // namespace lvsd
