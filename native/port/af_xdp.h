#pragma once
#include <linux/if_xdp.h>

#include <cstdint>
#include <memory>

#include "base/syscall_error.h"
#include "base/unique_fd.h"
#include "port/port.h"
#include "port/umem.h"
#include "port/xsk_ring.h"

namespace lvsd {

/// The umems of one worker.
using Umems = std::vector<std::shared_ptr<Umem>>;

/// An AF_XDP socket on one queue of a device (Documentation/networking/af_xdp.rst).
class XdpQueue final : public PortQueue {
 public:
  struct Options {
    std::uint32_t ifindex = 0, queue = 0;
    bool zero_copy = false;
    bool complete_checksums = false;  ///< the device is virtual: look for partial ones
    std::uint32_t busy_poll_us = 0;   ///< SO_PREFER_BUSY_POLL: the worker itself drives the device's NAPI. 0: the kernel does
    std::uint32_t umem_frames = 0;    ///< of a umem that has to be made
  };
  /// Takes part of a umem of `umems` if one has frames to spare, else appends one.
  [[nodiscard]] static std::unique_ptr<XdpQueue> open(const Options& options, Umems& umems, SyscallError& error) noexcept;
  ~XdpQueue() override;

  std::size_t receive(std::span<Packet> into) noexcept override;
  std::size_t send(std::span<const Packet> packets) noexcept override;
  [[nodiscard]] bool shares(const Packet& packet) const noexcept override { return umem_->has(packet.data); }
  void free(std::span<const Packet> packets) noexcept override;
  void flush() noexcept override;
  [[nodiscard]] int descriptor() const noexcept override { return socket_.get(); }
  [[nodiscard]] int take_error() noexcept override;
  void close() noexcept override;
  void reclaim() noexcept override { umem_->reclaim(owner_); }
  [[nodiscard]] const QueueCounts& counts() const noexcept override { return counts_; }

  /// Frames that one queue needs at most: both of its rings full, and a batch.
  static constexpr std::uint32_t kFramesNeeded = 6144;

 private:
  XdpQueue() = default;
  [[nodiscard]] SyscallError set_up(const Options& options) noexcept;
  [[nodiscard]] SyscallError map_rings() noexcept;
  [[nodiscard]] bool put(const Packet& packet) noexcept;
  void refill() noexcept;
  void reap() noexcept;

  UniqueFd socket_;
  std::shared_ptr<Umem> umem_;
  XskRing<xdp_desc> receive_, transmit_;
  XskRing<std::uint64_t> fill_, completion_;
  std::uint16_t owner_ = 0;
  bool complete_checksums_ = false, busy_polls_ = false;
  QueueCounts counts_;
};

}  // namespace lvsd
