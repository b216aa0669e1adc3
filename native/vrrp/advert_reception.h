#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/inheriting_mutex.h"
#include "base/unique_fd.h"
#include "socket/advert_socket.h"
#include "vrrp/advert_channel.h"
#include "vrrp/advert_ring.h"
#include "vrrp/arrival_clock.h"

struct mmsghdr;

namespace lvsd {

/// One socket that hears adverts, and who wants them.
struct AdvertReceiver {
  std::uint64_t id = 0;
  UniqueFd fd;
  AdvertRoute route;
  std::array<std::vector<AdvertChannel*>, 256> channels;  ///< by VRID
  ArrivalClock clock;
  std::uint32_t overflow = 0;                 ///< SO_RXQ_OVFL as it was last: lost since the socket was opened
  std::int64_t drained_ns = 0;                ///< all that came before has been read
};

/// Everything heard: told apart by VRID, noted if it was expected, else in the ring for JavaScript; and who is silent who was expected. A
/// sending thread and JavaScript both call it; each packet is handled once, by who comes first.
class AdvertReception {
 public:
  /// A flood for one router leaves this much of the ring to the others.
  static constexpr std::uint32_t kMostOfOneChannel = AdvertRing::kMostRecords / 4;

  /// `epoll` watches the sockets, `wake` is an eventfd that is readable while the ring has something.
  [[nodiscard]] SyscallError open() noexcept;
  /// What packets are received into stays in memory until close(). Returns errno.
  [[nodiscard]] int keep_in_memory() noexcept;
  void close() noexcept;
  [[nodiscard]] int epoll() const noexcept { return epoll_.get(); }
  [[nodiscard]] int wake() const noexcept { return wake_.get(); }

  [[nodiscard]] SyscallError add(AdvertChannel& channel, const AdvertRoute& route);
  void remove(AdvertChannel& channel) noexcept;
  /// `expected` becomes what was expected before. true: look_at() is sooner than it was.
  [[nodiscard]] bool expect(AdvertChannel& channel, std::unique_ptr<const ExpectedAdvert>& expected) noexcept;

  /// When somebody might be silent, at the earliest; Silence::kNever: nobody is expected.
  [[nodiscard]] std::int64_t look_at() const noexcept { return look_at_.load(std::memory_order_relaxed); }
  /// That moment has come: tells who was silent then, or reads a batch of what came before it, and wants to be called again at once.
  void look_for_silence() noexcept;
  /// How much later than they come packets may be heard, because all channels expect something.
  [[nodiscard]] std::int64_t leeway_ns() const noexcept { return leeway_ns_.load(std::memory_order_relaxed); }

  /// One batch of one socket. false: nothing was there.
  bool hear(std::uint64_t receiver) noexcept;
  /// Whole records into `into`, as many as fit; how many bytes. With `until`, sockets are read too, until all is there that came before
  /// that moment: then 0 says that there is no more.
  [[nodiscard]] std::size_t take(std::span<std::uint8_t> into, std::int64_t until) noexcept;

  struct Strangers {
    std::uint64_t unknown_vrid, unreadable, lost;
  };
  [[nodiscard]] Strangers strangers() const noexcept;

 private:
  struct Batch;
  struct Heard;
  bool hear(AdvertReceiver& receiver) noexcept;
  void hear_one(AdvertReceiver& receiver, const mmsghdr& message, std::span<const std::uint8_t> bytes) noexcept;
  void give(AdvertReceiver& receiver, std::uint8_t vrid, const Heard& heard) noexcept;
  void offer(AdvertChannel& channel, const Heard& heard) noexcept;
  bool push(AdvertChannel& channel, HeardRecord record, std::span<const std::uint8_t> bytes) noexcept;
  void settle_silence(std::int64_t until) noexcept;
  [[nodiscard]] AdvertReceiver* receiver_for(const AdvertRoute& route) noexcept;
  [[nodiscard]] bool hear_until(std::int64_t until) noexcept;
  [[nodiscard]] std::size_t copy(std::span<std::uint8_t> into) noexcept;
  void tell() noexcept;

  UniqueFd epoll_, wake_;
  InheritingMutex lock_;
  std::vector<std::unique_ptr<AdvertReceiver>> receivers_;
  std::unordered_map<std::uint32_t, AdvertChannel*> channels_;  ///< by id
  std::uint64_t last_id_ = 0;
  std::atomic<std::int64_t> look_at_{Silence::kNever}, leeway_ns_{0};
  AdvertRing ring_;
  bool told_ = false;  ///< `wake` is readable
  std::unique_ptr<std::uint8_t[]> memory_;  ///< for a batch
  bool kept_in_memory_ = false;
  std::atomic<std::uint64_t> unknown_vrid_{0}, unreadable_{0}, lost_{0};
};

}  // namespace lvsd
