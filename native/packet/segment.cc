#include "packet/segment.h"

#include <algorithm>
#include <cstring>

#include "packet/checksum.h"
#include "packet/headers.h"
#include "packet/view.h"

namespace lvsd {

Segmenter::Segmenter(const Packet& packet, const Parsed& parsed, std::uint32_t size) noexcept : packet_(packet), parsed_(parsed) {
  if (size == 0 || !parsed.has_ports || parsed.is_fragment || parsed.end > packet.length) return;
  std::uint32_t header = sizeof(wire::Udp);
  if (parsed.protocol == wire::kTcp) {
    if (parsed.transport_at + sizeof(wire::Tcp) > parsed.end) return;
    header = (packet.data[parsed.transport_at + offsetof(wire::Tcp, offset)] >> 4) * 4U;
  } else if (parsed.protocol != wire::kUdp) {
    return;
  }
  if (parsed.transport_at + header > parsed.end) return;
  size_ = size;
  payload_at_ = parsed.transport_at + header;
  payload_ = parsed.end - payload_at_;
}

/// Of tcp_gso_segment: CWR was for the first, FIN and PSH are for the last.
void Segmenter::write_tcp(std::uint8_t* tcp, bool first, bool last) const noexcept {
  constexpr std::size_t kSequence = offsetof(wire::Tcp, sequence);
  store_be32(tcp + kSequence, load_be32(tcp + kSequence) + at_);
  std::uint8_t& flags = tcp[offsetof(wire::Tcp, flags)];
  if (!first) flags &= static_cast<std::uint8_t>(~wire::kCwr);
  if (!last) flags &= static_cast<std::uint8_t>(~(wire::kFin | wire::kPsh));
}

bool Segmenter::next(Packet& into) noexcept {
  if (!more()) return false;
  const std::uint32_t bytes = std::min(size_, payload_ - at_);
  const std::uint32_t length = payload_at_ + bytes;
  if (into.tailroom < length) return false;

  std::memcpy(into.data, packet_.data, payload_at_);
  std::memcpy(into.data + payload_at_, packet_.data + payload_at_ + at_, bytes);
  std::uint8_t* const ip = into.data + parsed_.network_at;
  std::uint8_t* const transport = into.data + parsed_.transport_at;
  const auto ip_bytes = static_cast<std::uint16_t>(length - parsed_.network_at);
  if (parsed_.network == Network::v4) {
    store_be16(ip + offsetof(wire::Ipv4, total_length), ip_bytes);
    store_be16(ip + offsetof(wire::Ipv4, id), static_cast<std::uint16_t>(parsed_.fragment_id + at_ / size_));
    write_ipv4_checksum(ip);
  } else {
    store_be16(ip + offsetof(wire::Ipv6, payload_length), static_cast<std::uint16_t>(ip_bytes - sizeof(wire::Ipv6)));
  }
  if (parsed_.protocol == wire::kTcp) {
    write_tcp(transport, at_ == 0, at_ + bytes == payload_);
  } else {
    store_be16(transport + offsetof(wire::Udp, length), static_cast<std::uint16_t>(length - parsed_.transport_at));
  }

  into.length = length;
  into.tailroom = static_cast<std::uint16_t>(into.tailroom - length);
  into.port = packet_.port;
  into.verdict = packet_.verdict;
  at_ += bytes;
  const bool without = parsed_.protocol == wire::kUdp && load<std::uint16_t>(transport + offsetof(wire::Udp, checksum)) == 0;
  if (without && parsed_.network == Network::v4) return true;  // "none" stays none
  Parsed segment = parsed_;
  segment.end = length;
  write_transport_checksum(into, segment);
  return true;
}

}  // namespace lvsd
