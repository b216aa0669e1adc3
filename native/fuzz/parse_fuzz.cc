// libFuzzer: a frame of anything through parse and all that works on what parse said of it. Build with
// clang++ -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -msse4.2 -I native native/fuzz/parse_fuzz.cc native/packet/*.cc
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "encap/direct.h"
#include "encap/gre.h"
#include "encap/gue.h"
#include "encap/ipip.h"
#include "encap/l3dsr.h"
#include "encap/link.h"
#include "encap/nat.h"
#include "packet/checksum.h"
#include "packet/fragment.h"
#include "packet/icmp.h"
#include "packet/parse.h"
#include "packet/segment.h"

using namespace lvsd;

namespace {

class NoTables : public Tables {};

/// The first bytes of the input choose; the rest is the frame.
struct Choice {
  std::uint8_t headroom, tags, flags, problem;  ///< flags: bit 7 asks for a right IPv4 header checksum, which no mutation hits on
  std::uint16_t mtu, room;
};

void require(bool holds) {
  if (!holds) std::abort();
}

/// A copy in memory of exactly its size, so that AddressSanitizer sees what leaves it.
struct Copy {
  Copy(const std::uint8_t* bytes, std::size_t length, std::size_t headroom) : memory(new std::uint8_t[headroom + length]) {
    packet.data = memory.get() + headroom;
    packet.length = static_cast<std::uint32_t>(length);
    packet.headroom = static_cast<std::uint16_t>(headroom);
    std::fill_n(memory.get(), headroom, std::uint8_t{0});
    if (length > 0) std::memcpy(packet.data, bytes, length);
  }
  std::unique_ptr<std::uint8_t[]> memory;
  Packet packet;
};

Destination destination(bool over_v4, std::uint8_t tunnel, std::uint8_t flags) {
  constexpr std::uint8_t kServer[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7};
  Destination to{};
  to.address = over_v4 ? Address::v4(0x0101a8c0) : Address::v6(kServer);
  to.outer_source = over_v4 ? Address::v4(0x0201a8c0) : Address::v6(kServer);
  to.tunnel_port = 6080;
  to.flags = flags;
  if (over_v4) to.outer_sum = outer_sum4(to.outer_source, to.address, tunnel, 64);
  return to;
}

Adjacency adjacency(std::uint8_t tags) {
  Adjacency to{};
  to.vlan_tags = tags % 3;
  to.header_length = static_cast<std::uint8_t>(12 + 4 * to.vlan_tags);
  to.header[12] = to.header[16] = 0x81;
  return to;
}

/// What a Carrier leaves is a frame that parse takes, or the frame is as it was.
template <Carrier How>
void carry(const Copy& from, const Parsed& parsed, const Destination& to, const Rewrite& rewrite, const Choice& choice) {
  static const NoTables tables;
  Copy copy(from.packet.data, from.packet.length, choice.headroom);
  if (!How::apply(copy.packet, parsed, to, tables, rewrite)) return;
  if (!put_link_header(copy.packet, parsed, adjacency(choice.tags))) return;
  Parsed again;
  require(copy.packet.data >= copy.memory.get());
  const DropReason reason = parse(copy.packet, again);
  // Who has no address speaks to many; once rewritten to one, it may not.
  if (reason == DropReason::bad_address && (parsed.source == Address::v4(0) || parsed.source.is_zero())) return;
  require(reason == DropReason::none && again.end == copy.packet.length);
}

void carry_all(const Copy& from, const Parsed& parsed, const Choice& choice) {
  const bool over_v4 = (choice.flags & 2) != 0;
  const std::uint8_t flags = choice.flags & image::kTunnelChecksum;
  Rewrite rewrite;
  rewrite.flow_hash = choice.mtu * 0x9e3779b97f4a7c15ULL;
  rewrite.dscp = choice.problem & 0x3f;
  rewrite.new_destination = destination(parsed.network == Network::v4, 0, 0).address;
  rewrite.new_destination_port = choice.room;
  if ((choice.flags & 4) != 0) rewrite.new_source = destination(parsed.network == Network::v4, 0, 0).outer_source;
  carry<Gre>(from, parsed, destination(over_v4, image::kGre, flags), rewrite, choice);
  carry<Ipip>(from, parsed, destination(over_v4, image::kIpip, flags), rewrite, choice);
  carry<Gue>(from, parsed, destination(over_v4, image::kGue, flags), rewrite, choice);
  carry<L3dsr>(from, parsed, destination(parsed.network == Network::v4, 0, 0), rewrite, choice);
  carry<Direct>(from, parsed, Destination{}, rewrite, choice);
  carry<Nat>(from, parsed, Destination{}, rewrite, choice);
  Quoted quoted;
  if (!parse_quoted(from.packet, parsed, quoted)) return;
  require(quoted.transport_at <= parsed.end);
  Copy copy(from.packet.data, from.packet.length, 0);
  translate_quoted(copy.packet, parsed, quoted, rewrite);
}

void answer(const Copy& from, const Parsed& parsed, const Choice& choice) {
  const std::size_t room = choice.room % 2048;
  const std::unique_ptr<std::uint8_t[]> memory(new std::uint8_t[room]);
  const std::span<std::uint8_t> into(memory.get(), room);
  constexpr std::uint8_t kMac[6] = {2, 0, 0, 0, 0, 1};
  Address target;
  const Address from_us = destination(parsed.network == Network::v4, 0, 0).outer_source;
  (void)make_icmp_error(from.packet, parsed, static_cast<IcmpProblem>(choice.problem % 7), choice.mtu, from_us, into);
  (void)make_echo_reply(from.packet, parsed, into);
  (void)asks_for_neighbour(from.packet, parsed, target);
  (void)make_neighbour_answer(from.packet, parsed, kMac, into);
}

/// Pieces of either kind: as many as were said, each of which parse takes.
template <typename Cutter>
void cut(Cutter cutter, std::size_t room) {
  const std::uint32_t count = cutter.count();
  const std::unique_ptr<std::uint8_t[]> memory(new std::uint8_t[room]);
  std::uint32_t made = 0;
  for (; cutter.more() && made < 100; ++made) {
    Packet into;
    into.data = memory.get();
    into.tailroom = static_cast<std::uint16_t>(room);
    if (!cutter.next(into)) return;
    Parsed parsed;
    const DropReason reason = parse(into, parsed);
    // A first piece may be too short for its transport header, or for what UDP says of its length.
    require(reason == DropReason::none || reason == DropReason::bad_transport);
  }
  require(made == count || made == 100);
}

/// Behind none, one or two tags.
void repair_checksum(Packet& packet) {
  for (std::size_t at = sizeof(wire::Ethernet); at <= wire::kMostLink; at += sizeof(wire::Vlan)) {
    if (packet.length < at + sizeof(wire::Ipv4) || load_be16(packet.data + at - 2) != wire::kTypeIpv4) continue;
    const std::size_t header = (packet.data[at] & 0x0f) * std::size_t{4};
    if (header >= sizeof(wire::Ipv4) && packet.length >= at + header) write_ipv4_checksum(packet.data + at);
    return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Choice choice;
  if (size < sizeof choice || size > 65000) return 0;
  std::memcpy(&choice, data, sizeof choice);
  Copy frame(data + sizeof choice, size - sizeof choice, 0);
  if ((choice.flags & 0x80) != 0) repair_checksum(frame.packet);
  Parsed parsed;
  if (parse(frame.packet, parsed) != DropReason::none) return 0;
  require(parsed.network_at <= parsed.transport_at && parsed.transport_at <= parsed.end && parsed.end <= frame.packet.length);
  (void)check_transport(frame.packet, parsed);
  (void)looks_partial(frame.packet, parsed);
  answer(frame, parsed, choice);
  if (parsed.network != Network::v4 && parsed.network != Network::v6) return 0;
  carry_all(frame, parsed, choice);
  Copy completed(frame.packet.data, frame.packet.length, 0);
  complete_partial(completed.packet, parsed);
  cut(Fragmenter(frame.packet, parsed, choice.mtu), choice.room);
  cut(Segmenter(frame.packet, parsed, choice.mtu % 2048), choice.room);
  return 0;
}
