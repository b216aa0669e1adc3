#include "vrrp/advert_port.h"

#include <algorithm>
#include <cerrno>

namespace lvsd {
namespace {

constexpr SyscallError kOk{};

}  // namespace

SyscallError AdvertPort::open(const RealtimeWish& wish) noexcept {
  if (const SyscallError refused = reception_.open()) return refused;
  if (const SyscallError refused = thread_.start(wish)) return refused;
  realtime_ = thread_.realtime();
  if (!realtime_.is_locked) return kOk;
  realtime_.lock_error = reception_.keep_in_memory();
  realtime_.is_locked = realtime_.lock_error == 0;
  return kOk;
}

void AdvertPort::close() noexcept {
  thread_.stop();
  while (!channels_.empty()) close_channel(channels_.back()->id);
  reception_.close();
  frames_.close();
}

SyscallError AdvertPort::open_channel(const AdvertRoute& route, std::uint8_t vrid, std::uint32_t& id) {
  if (route.to.empty() || (route.is_multicast && route.to.size() != 1)) return {"socket", EINVAL};
  auto channel = std::make_unique<AdvertChannel>();
  channel->id = ++last_channel_;
  channel->vrid = vrid;
  channel->to = route.to;
  SyscallError refused = find_sender(route, channel->sender);
  if (!refused) refused = reception_.add(*channel, route);
  if (refused) {
    drop_unused(channel->sender);
    return refused;
  }
  schedule_.add(*channel);
  id = channel->id;
  channels_.push_back(std::move(channel));
  return kOk;
}

void AdvertPort::close_channel(std::uint32_t id) noexcept {
  AdvertChannel* channel = this->channel(id);
  if (channel == nullptr) return;
  schedule_.remove(*channel);
  reception_.remove(*channel);
  const AdvertSender* sender = channel->sender;
  std::erase_if(channels_, [&](const auto& one) { return one.get() == channel; });
  drop_unused(sender);
}

AdvertChannel* AdvertPort::channel(std::uint32_t id) const noexcept {
  const auto found = std::find_if(channels_.begin(), channels_.end(), [&](const auto& one) { return one->id == id; });
  return found == channels_.end() ? nullptr : found->get();
}

void AdvertPort::plan(AdvertChannel& channel, std::unique_ptr<const AdvertPlan> plan) noexcept {
  const bool is_silence = plan == nullptr;
  const std::unique_ptr<const AdvertPlan> before = schedule_.replace(channel, std::move(plan));
  if (!is_silence) thread_.look_again();
}

int AdvertPort::send_now(const AdvertChannel& channel, const AdvertPlan& plan) const {
  std::vector<OutgoingAdvert> adverts;
  adverts.reserve(channel.to.size());
  for (std::size_t n = 0; n < channel.to.size(); ++n) adverts.push_back({.message = plan.frame(0, n), .to = &channel.to[n], .error = 0});
  channel.sender->send(adverts);
  int error = 0;
  for (const OutgoingAdvert& advert : adverts) error = advert.error == 0 ? error : advert.error;
  return error;
}

void AdvertPort::expect(AdvertChannel& channel, std::unique_ptr<const ExpectedAdvert> expected) noexcept {
  if (reception_.expect(channel, expected)) thread_.look_again();
}

int AdvertPort::send_frame(int interface_index, std::span<const std::uint8_t> frame) noexcept {
  return frames_.send(interface_index, frame);
}

SyscallError AdvertPort::find_sender(const AdvertRoute& route, const AdvertSender*& sender) {
  for (const auto& one : senders_)
    if (one->serves(route)) {
      sender = one.get();
      return kOk;
    }
  auto fresh = std::make_unique<AdvertSender>();
  if (const SyscallError refused = fresh->open(route)) return refused;
  sender = fresh.get();
  senders_.push_back(std::move(fresh));
  return kOk;
}

void AdvertPort::drop_unused(const AdvertSender* sender) noexcept {
  if (std::any_of(channels_.begin(), channels_.end(), [&](const auto& one) { return one->sender == sender; })) return;
  std::erase_if(senders_, [&](const auto& one) { return one.get() == sender; });
}

}  // namespace lvsd
