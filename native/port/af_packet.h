#pragma once
#include <linux/if_packet.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/syscall_error.h"
#include "base/unique_fd.h"
#include "packet/segment.h"
#include "port/port.h"

namespace lvsd {

/// A packet(7) socket with rings for both directions (Documentation/networking/packet_mmap.rst), for where BPF is not allowed. It sees
/// every frame of the device; those that are not steered it leaves alone, since the kernel has them, too. That the kernel does not act
/// on the others is up to whoever set the netdev filter (nftables).
class PacketQueue final : public PortQueue {
 public:
  struct Options {
    std::uint32_t ifindex = 0, mtu = 1500;
    std::uint32_t port = 0;           ///< index of the port, for steering
    std::uint32_t queues = 1;         ///< more than one: PACKET_FANOUT by flow
    std::uint16_t fanout_group = 0;
  };
  [[nodiscard]] static std::unique_ptr<PacketQueue> open(const Options& options, SyscallError& error) noexcept;
  ~PacketQueue() override;

  std::size_t receive(std::span<Packet> into) noexcept override;
  std::size_t send(std::span<const Packet> packets) noexcept override;
  [[nodiscard]] bool shares(const Packet&) const noexcept override { return false; }
  void free(std::span<const Packet> packets) noexcept override;
  void flush() noexcept override;
  [[nodiscard]] int descriptor() const noexcept override { return receiver_.get(); }
  [[nodiscard]] int take_error() noexcept override;
  void use_steering(const Steering* steering) noexcept override { steering_ = steering; }
  void close() noexcept override;
  [[nodiscard]] const QueueCounts& counts() const noexcept override { return counts_; }

 private:
  /// A ring of equal frames in memory shared with the kernel.
  struct Ring {
    std::uint8_t* memory = nullptr;
    std::size_t bytes = 0;
    std::uint32_t frame = 0, frames = 0, next = 0;
    [[nodiscard]] std::uint8_t* at(std::uint32_t index) const noexcept { return memory + std::size_t{index} * frame; }
    void advance() noexcept { next = next + 1 == frames ? 0 : next + 1; }
  };
  /// An oversized frame on its way to be segments.
  struct Oversized {
    Packet packet;
    Parsed parsed;
    std::optional<Segmenter> cut;
  };

  PacketQueue() = default;
  [[nodiscard]] SyscallError open_receiver(const Options& options) noexcept;
  [[nodiscard]] SyscallError open_sender(const Options& options) noexcept;
  [[nodiscard]] static SyscallError map_ring(int socket, int option, std::uint32_t frame, std::uint32_t frames, Ring& ring) noexcept;
  [[nodiscard]] bool take(std::uint8_t* slot, Packet& into) noexcept;
  [[nodiscard]] bool take_copy(const tpacket2_hdr& header) noexcept;
  [[nodiscard]] bool begin_cutting(const Packet& packet, std::uint32_t size) noexcept;
  std::size_t cut(std::span<Packet> into) noexcept;

  UniqueFd receiver_, sender_;
  Ring receive_, transmit_;
  std::uint32_t port_ = 0;
  std::uint32_t unsent_ = 0;
  const Steering* steering_ = nullptr;
  Oversized oversized_;
  std::unique_ptr<std::uint8_t[]> big_;       ///< an oversized frame, with head-room
  std::unique_ptr<std::uint8_t[]> segments_;  ///< where segments are made: a batch of them
  std::uint32_t segment_room_ = 0, segment_next_ = 0;
  QueueCounts counts_;
};

}  // namespace lvsd
