#pragma once
#include <cstddef>
#include <cstdint>

#include "packet/packet.h"

namespace lvsd {

/// Cuts an oversized frame, which a virtual device gave us for one, into the frames that it stands for (what GSO does in the kernel:
/// net/ipv4/tcp_offload.c tcp_gso_segment, udp_offload.c __udp_gso_segment): right lengths, IPv4 ids, sequence numbers, flags; checksums
/// complete. VLAN tags are kept. TCP and UDP over IPv4 and IPv6, no fragments.
///
///   Segmenter cut(packet, parsed, gso_size);
///   while (cut.more()) { Packet out = buffer(); if (!cut.next(out)) break; … }
class Segmenter {
 public:
  /// @param size bytes of payload per segment: virtio_net_hdr.gso_size. `packet` must stay as it is until all segments are made.
  Segmenter(const Packet& packet, const Parsed& parsed, std::uint32_t size) noexcept;

  /// False also when it cannot be cut at all.
  [[nodiscard]] bool more() const noexcept { return at_ < payload_; }
  [[nodiscard]] std::uint32_t count() const noexcept { return size_ == 0 ? 0 : (payload_ + size_ - 1) / size_; }
  /// Writes the next one to `into.data`, where `into.tailroom` bytes are free; sets length, tailroom, port and verdict. False: no more,
  /// or no room.
  [[nodiscard]] bool next(Packet& into) noexcept;

 private:
  void write_tcp(std::uint8_t* tcp, bool first, bool last) const noexcept;

  const Packet& packet_;
  const Parsed& parsed_;
  std::uint32_t size_ = 0;
  std::uint32_t payload_ = 0;     ///< bytes behind the transport header
  std::uint32_t at_ = 0;          ///< how many of them are in segments already
  std::uint32_t payload_at_ = 0;  ///< where they begin in the frame
};

}  // namespace lvsd
