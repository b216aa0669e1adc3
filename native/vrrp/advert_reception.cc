#include "vrrp/advert_reception.h"

#include <netinet/ip.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <mutex>

#include "base/moments.h"
#include "vrrp/realtime.h"

namespace lvsd {
namespace {

constexpr SyscallError kOk{};
constexpr unsigned kAtOnce = 32;
/// IPv4 header, authentication header, 255 IPv6 addresses, authentication trailer: what is longer is no advert.
constexpr std::size_t kMostBytes = 4608;
constexpr std::size_t kControlBytes = 256;
constexpr std::size_t kAhFixedBytes = 12;
/// Between two tries to tell of a silence while the ring is full.
constexpr std::int64_t kRetryNs = 1'000'000;

/// Where the VRID is behind the IP header, or -1: it is no advert that one could tell whose it is.
int vrid_offset(int protocol, std::span<const std::uint8_t> payload) noexcept {
  std::size_t at = 0;
  if (protocol == IPPROTO_AH) {  // RFC 2402 section 2: next header, length in words less two
    if (payload.size() < kAhFixedBytes || payload[0] != 112) return -1;
    at = (std::size_t{payload[1]} + 2) * 4;
  }
  return at + 1 < payload.size() ? static_cast<int>(at + 1) : -1;
}

}  // namespace

/// What came with a packet.
struct AdvertReception::Heard {
  std::span<const std::uint8_t> bytes;  // with the IPv4 header
  std::size_t header_bytes = 0;
  bool is_ip6 = false;
  int ttl = 0;
  Address source, destination;
  std::int64_t at_ns = 0;

  [[nodiscard]] std::span<const std::uint8_t> payload() const noexcept { return bytes.subspan(header_bytes); }
};

struct AdvertReception::Batch {
  mmsghdr messages[kAtOnce]{};
  iovec parts[kAtOnce];
  SocketAddress senders[kAtOnce];
  alignas(cmsghdr) std::uint8_t control[kAtOnce][kControlBytes];

  explicit Batch(std::uint8_t* memory) noexcept {
    for (unsigned i = 0; i < kAtOnce; ++i) {
      parts[i] = {memory + i * kMostBytes, kMostBytes};
      msghdr& message = messages[i].msg_hdr;
      message.msg_name = &senders[i];
      message.msg_namelen = sizeof senders[i];
      message.msg_iov = &parts[i];
      message.msg_iovlen = 1;
      message.msg_control = control[i];
      message.msg_controllen = kControlBytes;
    }
  }
};

SyscallError AdvertReception::open() noexcept {
  memory_.reset(new (std::nothrow) std::uint8_t[kAtOnce * kMostBytes]);
  if (memory_ == nullptr || !ring_.allocate()) return {"malloc", ENOMEM};
  epoll_ = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_) return {"epoll_create1", errno};
  wake_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  return wake_ ? kOk : SyscallError{"eventfd", errno};
}

int AdvertReception::keep_in_memory() noexcept {
  kept_in_memory_ = true;
  const int refused = lock_memory(ring_.memory().data(), ring_.memory().size());
  return refused != 0 ? refused : lock_memory(memory_.get(), kAtOnce * kMostBytes);
}

void AdvertReception::close() noexcept {
  if (kept_in_memory_) {
    unlock_memory(ring_.memory().data(), ring_.memory().size());
    unlock_memory(memory_.get(), kAtOnce * kMostBytes);
    kept_in_memory_ = false;
  }
  epoll_.reset();
  wake_.reset();
}

AdvertReceiver* AdvertReception::receiver_for(const AdvertRoute& route) noexcept {
  for (const auto& receiver : receivers_) {
    const AdvertRoute& its = receiver->route;
    if (its.is_ip6 != route.is_ip6 || its.protocol != route.protocol || its.receive_device != route.receive_device) continue;
    if (its.is_multicast != route.is_multicast) continue;
    if (its.is_multicast ? its.to[0] == route.to[0] : its.source == route.source) return receiver.get();
  }
  return nullptr;
}

SyscallError AdvertReception::add(AdvertChannel& channel, const AdvertRoute& route) {
  const std::scoped_lock guard(lock_);
  AdvertReceiver* receiver = receiver_for(route);
  if (receiver == nullptr) {
    auto fresh = std::make_unique<AdvertReceiver>();
    fresh->id = ++last_id_;
    fresh->route = route;
    if (const SyscallError refused = open_advert_receiver(route, fresh->fd)) return refused;
    // Not a pointer: what an event is about may be gone when the thread comes to it.
    epoll_event event{.events = EPOLLIN, .data = {.u64 = fresh->id}};
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fresh->fd.get(), &event) < 0) return {"epoll_ctl", errno};
    receiver = fresh.get();
    receivers_.push_back(std::move(fresh));
  } else if (route.receive_buffer_bytes > receiver->route.receive_buffer_bytes) {
    if (const SyscallError refused = set_receive_buffer(receiver->fd.get(), route.receive_buffer_bytes)) return refused;
    receiver->route.receive_buffer_bytes = route.receive_buffer_bytes;
  }
  channel.receiver = receiver;
  receiver->channels[channel.vrid].push_back(&channel);
  channels_.emplace(channel.id, &channel);
  leeway_ns_.store(0, std::memory_order_relaxed);
  return kOk;
}

void AdvertReception::remove(AdvertChannel& channel) noexcept {
  const std::scoped_lock guard(lock_);
  AdvertReceiver* receiver = channel.receiver;
  if (receiver == nullptr) return;
  std::erase(receiver->channels[channel.vrid], &channel);
  channels_.erase(channel.id);
  channel.receiver = nullptr;
  const auto is_empty = [](const auto& of_vrid) { return of_vrid.empty(); };
  if (std::all_of(receiver->channels.begin(), receiver->channels.end(), is_empty)) std::erase_if(receivers_, [&](const auto& one) { return one.get() == receiver; });
}

bool AdvertReception::expect(AdvertChannel& channel, std::unique_ptr<const ExpectedAdvert>& expected) noexcept {
  const std::scoped_lock guard(lock_);
  std::swap(channel.expected, expected);
  channel.last_expected_ns.store(-1, std::memory_order_relaxed);
  const ExpectedAdvert* now = channel.expected.get();
  channel.silence = now == nullptr ? Silence() : Silence(now->since_ns, now->patience_ns);
  leeway_ns_.store(now == nullptr ? 0 : std::min(leeway_ns(), now->leeway_ns), std::memory_order_relaxed);
  if (channel.silence.due() >= look_at()) return false;
  look_at_.store(channel.silence.due(), std::memory_order_relaxed);
  return true;
}

void AdvertReception::look_for_silence() noexcept {
  const std::scoped_lock guard(lock_);
  const std::int64_t until = look_at();
  if (!hear_until(until)) settle_silence(until);
  tell();
}

/// Everything that came until then has been heard. Most have been heard meanwhile, and are silent later, if at all.
void AdvertReception::settle_silence(std::int64_t until) noexcept {
  std::int64_t next = Silence::kNever, leeway = Silence::kNever;
  for (const auto& [id, channel] : channels_) {
    Silence& silence = channel->silence;
    const HeardRecord told{.bytes = 0, .channel = id, .at_ns = silence.due(), .header_bytes = 0, .payload_bytes = 0, .ttl = 0, .is_ip6 = 0,
                           .is_silence = 1, .unused = 0, .source = {}, .destination = {}};
    if (silence.due() <= until && (silence.is_told() || push(*channel, told, {}))) silence.tell(until);
    next = std::min(next, silence.due() <= until ? until + kRetryNs : silence.due());
    leeway = std::min(leeway, channel->expected == nullptr ? 0 : channel->expected->leeway_ns);
  }
  look_at_.store(next, std::memory_order_relaxed);
  leeway_ns_.store(channels_.empty() ? 0 : leeway, std::memory_order_relaxed);
}

bool AdvertReception::hear(std::uint64_t id) noexcept {
  const std::scoped_lock guard(lock_);
  for (const auto& receiver : receivers_)
    if (receiver->id == id) {
      const bool any = hear(*receiver);
      tell();
      return any;
    }
  return false;
}

bool AdvertReception::hear(AdvertReceiver& receiver) noexcept {
  Batch batch(memory_.get());
  const std::int64_t begun = monotonic_ns();
  int count;
  do {
    count = ::recvmmsg(receiver.fd.get(), batch.messages, kAtOnce, MSG_DONTWAIT, nullptr);
  } while (count < 0 && errno == EINTR);
  // Errors of a raw socket are those of its device; they have no packet, and are gone when they have been read.
  if (count < static_cast<int>(kAtOnce)) receiver.drained_ns = begun;
  if (count <= 0) return false;
  receiver.clock.begin(realtime_ahead_ns(), monotonic_ns());
  for (int i = 0; i < count; ++i) {
    const mmsghdr& message = batch.messages[i];
    const auto* bytes = static_cast<const std::uint8_t*>(batch.parts[i].iov_base);
    hear_one(receiver, message, {bytes, message.msg_len});
  }
  return true;
}

void AdvertReception::hear_one(AdvertReceiver& receiver, const mmsghdr& message, std::span<const std::uint8_t> bytes) noexcept {
  Heard heard;
  heard.bytes = bytes;
  heard.is_ip6 = receiver.route.is_ip6;
  std::int64_t stamp = -1;
  msghdr header = message.msg_hdr;
  for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr; control = CMSG_NXTHDR(&header, control)) {
    const auto is = [&](int level, int type) { return control->cmsg_level == level && control->cmsg_type == type; };
    const void* data = CMSG_DATA(control);
    if (is(SOL_SOCKET, SO_TIMESTAMPNS)) {
      timespec at;
      std::memcpy(&at, data, sizeof at);
      stamp = std::int64_t{at.tv_sec} * 1'000'000'000 + at.tv_nsec;
    } else if (is(SOL_SOCKET, SO_RXQ_OVFL)) {
      std::uint32_t overflow;
      std::memcpy(&overflow, data, sizeof overflow);
      lost_.fetch_add(overflow - receiver.overflow, std::memory_order_relaxed);
      receiver.overflow = overflow;
    } else if (is(IPPROTO_IPV6, IPV6_HOPLIMIT)) {
      std::memcpy(&heard.ttl, data, sizeof heard.ttl);
    } else if (is(IPPROTO_IPV6, IPV6_PKTINFO)) {
      in6_pktinfo info;
      std::memcpy(&info, data, sizeof info);
      heard.destination = Address::v6(info.ipi6_addr.s6_addr);
    }
  }
  heard.at_ns = stamp < 0 ? monotonic_ns() : receiver.clock.arrival(stamp);
  receiver.drained_ns = std::max(receiver.drained_ns, heard.at_ns);

  if (heard.is_ip6) {
    SocketAddress sender;
    std::memcpy(&sender, header.msg_name, sizeof sender.ip6);
    heard.source = Address::v6(sender.ip6.sin6_addr.s6_addr);
  } else if (bytes.size() >= sizeof(iphdr)) {
    iphdr ip;
    std::memcpy(&ip, bytes.data(), sizeof ip);
    heard.header_bytes = std::min<std::size_t>(std::size_t{ip.ihl} * 4, bytes.size());
    heard.ttl = ip.ttl;
    heard.source = Address::v4(ip.saddr);
    heard.destination = Address::v4(ip.daddr);
  }
  const int at = (header.msg_flags & MSG_TRUNC) != 0 ? -1 : vrid_offset(receiver.route.protocol, heard.payload());
  if (at < 0) unreadable_.fetch_add(1, std::memory_order_relaxed);
  else give(receiver, heard.payload()[static_cast<std::size_t>(at)], heard);
}

/// A VRID may serve several groups of unicast peers on one link: then its sender says whose it is; a sender that nobody knows is told to all.
void AdvertReception::give(AdvertReceiver& receiver, std::uint8_t vrid, const Heard& heard) noexcept {
  const std::vector<AdvertChannel*>& listeners = receiver.channels[vrid];
  if (listeners.empty()) {
    unknown_vrid_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  const auto knows = [&](const AdvertChannel* channel) {
    return std::find(channel->to.begin(), channel->to.end(), heard.source) != channel->to.end();
  };
  const bool only_those = listeners.size() > 1 && std::any_of(listeners.begin(), listeners.end(), knows);
  for (AdvertChannel* channel : listeners)
    if (!only_those || knows(channel)) offer(*channel, heard);
}

void AdvertReception::offer(AdvertChannel& channel, const Heard& heard) noexcept {
  const auto payload = heard.payload();
  if (const ExpectedAdvert* known = channel.expected.get();
      known != nullptr && heard.ttl >= known->least_ttl && heard.source == known->source &&
      std::equal(payload.begin(), payload.end(), known->payload.begin(), known->payload.end())) {
    channel.last_expected_ns.store(heard.at_ns, std::memory_order_relaxed);
    channel.expected_heard.fetch_add(1, std::memory_order_relaxed);
    channel.silence.hear(heard.at_ns);
    return;
  }
  const HeardRecord record{.bytes = 0,
                           .channel = channel.id,
                           .at_ns = heard.at_ns,
                           .header_bytes = static_cast<std::uint16_t>(heard.header_bytes),
                           .payload_bytes = static_cast<std::uint16_t>(payload.size()),
                           .ttl = static_cast<std::uint8_t>(heard.ttl),
                           .is_ip6 = heard.is_ip6,
                           .is_silence = 0,
                           .unused = 0,
                           .source = heard.source,
                           .destination = heard.destination};
  if (!push(channel, record, heard.bytes)) lost_.fetch_add(1, std::memory_order_relaxed);
}

bool AdvertReception::push(AdvertChannel& channel, HeardRecord record, std::span<const std::uint8_t> bytes) noexcept {
  if (channel.waiting == kMostOfOneChannel || !ring_.push(record, bytes)) return false;
  ++channel.waiting;
  return true;
}

std::size_t AdvertReception::take(std::span<std::uint8_t> into, std::int64_t until) noexcept {
  for (;;) {
    const std::scoped_lock guard(lock_);
    const std::size_t bytes = copy(into);
    if (bytes > 0 || until == 0 || !hear_until(until)) {
      tell();
      return bytes;
    }
  }
}

/// A batch of the first socket that may still have something from before `until`. false: there is none.
bool AdvertReception::hear_until(std::int64_t until) noexcept {
  for (const auto& receiver : receivers_)
    if (receiver->drained_ns < until) {
      hear(*receiver);
      return true;
    }
  return false;
}

std::size_t AdvertReception::copy(std::span<std::uint8_t> into) noexcept {
  std::size_t at = 0;
  for (auto record = ring_.front(); !record.empty() && record.size() <= into.size() - at; record = ring_.front()) {
    std::memcpy(into.data() + at, record.data(), record.size());
    at += record.size();
    HeardRecord head;
    std::memcpy(&head, record.data(), sizeof head);
    if (const auto channel = channels_.find(head.channel); channel != channels_.end()) --channel->second->waiting;
    ring_.pop();
  }
  return at;
}

/// Makes `wake` readable if and only if the ring has something.
void AdvertReception::tell() noexcept {
  if (told_ == !ring_.empty()) return;
  told_ = !told_;
  std::uint64_t value = 1;
  const ssize_t done = told_ ? ::write(wake_.get(), &value, sizeof value) : ::read(wake_.get(), &value, sizeof value);
  static_cast<void>(done);  // neither can be refused: it is 0 before the one and 1 before the other
}

AdvertReception::Strangers AdvertReception::strangers() const noexcept {
  return {unknown_vrid_.load(std::memory_order_relaxed), unreadable_.load(std::memory_order_relaxed),
          lost_.load(std::memory_order_relaxed)};
}

}  // namespace lvsd
