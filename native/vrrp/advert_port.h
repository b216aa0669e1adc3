#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "socket/frame_socket.h"
#include "vrrp/advert_reception.h"
#include "vrrp/advert_schedule.h"
#include "vrrp/advert_thread.h"

namespace lvsd {

/// Adverts in and out: what src/vrrp/ports.ts calls AdvertPort. All methods are for one thread, the one of JavaScript.
class AdvertPort {
 public:
  AdvertPort() noexcept : thread_(schedule_, reception_) {}
  ~AdvertPort() { close(); }

  [[nodiscard]] SyscallError open(const RealtimeWish& wish) noexcept;
  /// Idempotent.
  void close() noexcept;

  /// `channel` says which one it is from now on; numbers are not used again.
  [[nodiscard]] SyscallError open_channel(const AdvertRoute& route, std::uint8_t vrid, std::uint32_t& channel);
  void close_channel(std::uint32_t channel) noexcept;
  /// null: there is none (any more).
  [[nodiscard]] AdvertChannel* channel(std::uint32_t id) const noexcept;
  [[nodiscard]] bool has_channels() const noexcept { return !channels_.empty(); }

  /// null: silence. Whatever was planned before is not sent any more when it returns.
  void plan(AdvertChannel& channel, std::unique_ptr<const AdvertPlan> plan) noexcept;
  /// The first message of `plan`, now. Returns errno of the last destination that was refused, 0: all have it.
  [[nodiscard]] int send_now(const AdvertChannel& channel, const AdvertPlan& plan) const;
  void expect(AdvertChannel& channel, std::unique_ptr<const ExpectedAdvert> expected) noexcept;
  [[nodiscard]] int send_frame(int interface_index, std::span<const std::uint8_t> frame) noexcept;

  [[nodiscard]] std::size_t take(std::span<std::uint8_t> into, std::int64_t until) noexcept { return reception_.take(into, until); }
  [[nodiscard]] int wake() const noexcept { return reception_.wake(); }
  [[nodiscard]] AdvertReception::Strangers strangers() const noexcept { return reception_.strangers(); }
  [[nodiscard]] const Lateness& lateness() const noexcept { return schedule_.lateness(); }
  [[nodiscard]] const RealtimeState& realtime() const noexcept { return realtime_; }

 private:
  [[nodiscard]] SyscallError find_sender(const AdvertRoute& route, const AdvertSender*& sender);
  void drop_unused(const AdvertSender* sender) noexcept;

  AdvertReception reception_;
  AdvertSchedule schedule_;
  std::vector<std::unique_ptr<AdvertSender>> senders_;
  std::vector<std::unique_ptr<AdvertChannel>> channels_;
  FrameSocket frames_;
  RealtimeState realtime_;
  std::uint32_t last_channel_ = 0;
  AdvertThread thread_;  // last: it ends before what it uses
};

}  // namespace lvsd
