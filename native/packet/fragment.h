#pragma once
#include <cstddef>
#include <cstdint>

#include "packet/packet.h"

namespace lvsd {

/// Cuts an IPv4 packet into fragments of at most `mtu` bytes (RFC 791 section 3.2, RFC 815 not needed here): one at a time, into buffers
/// of the caller's. Options are copied to later fragments as their copied flag says. What is a fragment itself can be cut further.
///
///   Fragmenter cut(packet, parsed, mtu);
///   while (cut.more()) { Packet out = buffer(); if (!cut.next(out)) break; … }
class Fragmenter {
 public:
  /// `packet` must stay as it is until all fragments are made.
  Fragmenter(const Packet& packet, const Parsed& parsed, std::uint32_t mtu) noexcept;

  /// False also when it cannot be cut at all: IPv6, DF set, or an MTU that leaves no room for eight bytes.
  [[nodiscard]] bool more() const noexcept { return at_ < payload_; }
  /// How many there will be in all; 0: it cannot be cut.
  [[nodiscard]] std::uint32_t count() const noexcept;
  /// Writes the next one to `into.data`, where `into.tailroom` bytes are free, as a frame with the link header of the packet; sets length,
  /// tailroom, port and verdict of the packet. False: no more, or no room.
  [[nodiscard]] bool next(Packet& into) noexcept;

 private:
  void copy_options(const std::uint8_t* options, std::size_t bytes) noexcept;

  const Packet& packet_;
  const Parsed& parsed_;
  std::uint32_t mtu_;
  std::uint32_t payload_ = 0;  ///< bytes behind the IP header
  std::uint32_t at_ = 0;       ///< how many of them are in fragments already
  std::uint16_t header_ = 0;   ///< bytes of the packet's IP header
  std::uint16_t later_ = 0;    ///< of the later fragments' header
  std::uint8_t options_[40] = {};  ///< theirs, padded
};

}  // namespace lvsd
