#include "packet/fragment.h"

#include <algorithm>
#include <cstring>

#include "packet/checksum.h"
#include "packet/headers.h"
#include "packet/view.h"

namespace lvsd {
namespace {

constexpr std::uint32_t kUnit = 8;  // what offsets count

/// How much of `rest` a fragment takes that has `room` for it: all but the last are multiples of eight.
constexpr std::uint32_t piece(std::uint32_t rest, std::uint32_t room) noexcept { return rest <= room ? rest : room / kUnit * kUnit; }

}  // namespace

Fragmenter::Fragmenter(const Packet& packet, const Parsed& parsed, std::uint32_t mtu) noexcept
    : packet_(packet), parsed_(parsed), mtu_(mtu) {
  if (parsed.network != Network::v4 || parsed.dont_fragment || parsed.end > packet.length || parsed.transport_at > parsed.end) return;
  header_ = static_cast<std::uint16_t>(parsed.transport_at - parsed.network_at);
  if (header_ < sizeof(wire::Ipv4) || header_ > wire::kMostIpv4 || mtu < header_ + kUnit) return;
  copy_options(packet.data + parsed.network_at + sizeof(wire::Ipv4), header_ - sizeof(wire::Ipv4));
  payload_ = parsed.end - parsed.transport_at;
}

void Fragmenter::copy_options(const std::uint8_t* options, std::size_t bytes) noexcept {
  std::size_t copied = 0;
  for (std::size_t at = 0; at < bytes && options[at] != wire::kOptionEnd;) {
    if (options[at] == wire::kOptionNop) {
      ++at;
      continue;
    }
    if (bytes - at < 2 || options[at + 1] < 2 || options[at + 1] > bytes - at) break;
    const std::size_t length = options[at + 1];
    if ((options[at] & wire::kOptionCopied) != 0) {
      std::memcpy(options_ + copied, options + at, length);
      copied += length;
    }
    at += length;
  }
  later_ = static_cast<std::uint16_t>(sizeof(wire::Ipv4) + (copied + 3) / 4 * 4);  // the rest is kOptionEnd already
}

std::uint32_t Fragmenter::count() const noexcept {
  std::uint32_t pieces = 0;
  for (std::uint32_t at = 0; at < payload_; ++pieces) at += piece(payload_ - at, mtu_ - (at == 0 ? header_ : later_));
  return pieces;
}

bool Fragmenter::next(Packet& into) noexcept {
  if (!more()) return false;
  const std::uint32_t header = at_ == 0 ? header_ : later_;
  const std::uint32_t bytes = piece(payload_ - at_, mtu_ - header);
  const std::uint32_t length = parsed_.network_at + header + bytes;
  if (into.tailroom < length) return false;

  std::memcpy(into.data, packet_.data, parsed_.network_at + (at_ == 0 ? header_ : sizeof(wire::Ipv4)));
  std::uint8_t* const ip = into.data + parsed_.network_at;
  if (at_ != 0) std::memcpy(ip + sizeof(wire::Ipv4), options_, later_ - sizeof(wire::Ipv4));
  std::memcpy(ip + header, packet_.data + parsed_.transport_at + at_, bytes);
  const std::uint32_t offset = (parsed_.fragment_offset + at_) / kUnit;
  const bool more_follow = at_ + bytes < payload_ || parsed_.more_fragments;
  ip[0] = static_cast<std::uint8_t>(0x40 | header / 4);
  store_be16(ip + offsetof(wire::Ipv4, total_length), static_cast<std::uint16_t>(header + bytes));
  store_be16(ip + offsetof(wire::Ipv4, fragment), static_cast<std::uint16_t>(offset | (more_follow ? wire::kMoreFragments : 0U)));
  write_ipv4_checksum(ip);

  into.length = length;
  into.tailroom = static_cast<std::uint16_t>(into.tailroom - length);
  into.port = packet_.port;
  into.verdict = packet_.verdict;
  at_ += bytes;
  return true;
}

}  // namespace lvsd
