#pragma once
#include <cstdint>
#include <cstring>

#include "engine/tables.h"
#include "packet/headers.h"
#include "packet/packet.h"
#include "packet/view.h"

namespace lvsd {

namespace link_detail {
/// `tags` of 0 to 2 tags, the packet's own or none; `ip` is the IP header they go in front of.
[[nodiscard, gnu::noinline]] inline bool put(Packet& packet, std::uint8_t* ip, const Adjacency& to, const std::uint32_t* tags,
                              std::size_t count) noexcept {
  const std::size_t bytes = to.header_length + 4 * count + 2;
  std::uint8_t* const begin = ip - bytes;
  if (begin < packet.data) {
    const auto more = static_cast<std::size_t>(packet.data - begin);
    if (more > packet.headroom) return false;
  }
  const auto moved = packet.data - begin;
  std::memcpy(begin + to.header_length, tags, 4 * count);
  std::memcpy(begin, to.header, to.header_length);
  packet.data = begin;
  packet.length = static_cast<std::uint32_t>(packet.length + moved);
  packet.headroom = static_cast<std::uint16_t>(packet.headroom - moved);
  packet.port = to.port;
  packet.verdict = Verdict::forward;
  return true;
}
}  // namespace link_detail

/// Writes MACs and tags of `to` in front of the EtherType and the IP header, which stand at `data + parsed.network_at - 2` and behind
/// (there every Carrier leaves them, and every frame has them). An adjacency without VLAN tags keeps those that the packet came with.
/// Sets `port` and the verdict `forward`. False: no room.
[[nodiscard, gnu::always_inline]] inline bool put_link_header(Packet& packet, const Parsed& parsed, const Adjacency& to) noexcept {
  std::uint8_t* const ip = packet.data + parsed.network_at;
  if (to.vlan_tags == 0 && parsed.vlan_tags == 0) [[likely]] {  // network_at is 14: the place of the old header
    std::memcpy(packet.data, to.header, wire::kMacs);
    packet.port = to.port;
    packet.verdict = Verdict::forward;
    return true;
  }
  return link_detail::put(packet, ip, to, parsed.tags, to.vlan_tags == 0 ? parsed.vlan_tags : 0);
}

}  // namespace lvsd
