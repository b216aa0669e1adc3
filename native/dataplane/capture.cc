#include "dataplane/capture.h"

#include <arpa/inet.h>
#include <time.h>

#include <algorithm>
#include <cstring>

#include "packet/parse.h"

namespace lvsd {
namespace {

constexpr std::uint16_t kNoPort = 0xffff;

Address read_address(const std::uint8_t* sixteen) noexcept { return Address::v6(sixteen); }

/// Whether an end of the flow, either one, is this address and port. Zero: any.
bool is_end(const Parsed& parsed, const Address& address, std::uint16_t port) noexcept {
  const auto is = [&](const Address& end, std::uint16_t end_port) { return (address.is_zero() || end == address) && (port == 0 || end_port == port); };
  return is(parsed.source, parsed.source_port) || is(parsed.destination, parsed.destination_port);
}

std::string text_of(const Address& address) {
  char text[INET6_ADDRSTRLEN] = "";
  ::inet_ntop(address.is_v4() ? AF_INET : AF_INET6, &address.bytes[address.is_v4() ? 12 : 0], text, sizeof text);
  return text;
}

bool may_want(const control::CaptureOrder& order, const Parsed& parsed) noexcept {
  if (order.protocol != 0 && order.protocol != parsed.protocol) return false;
  const Address vip = read_address(order.vip), client = read_address(order.client);
  // an answer has its server's address until it is decided about: the VIP is looked for again afterwards
  return client.is_zero() && order.client_port == 0 ? true : is_end(parsed, client, order.client_port) || is_end(parsed, vip, order.vip_port);
}

/// `frame` is what came or what left.
bool names(const std::vector<std::uint8_t>& frame, const Address& address, std::uint16_t port) {
  if (frame.empty()) return false;
  Packet packet;
  packet.data = const_cast<std::uint8_t*>(frame.data());
  packet.length = static_cast<std::uint32_t>(frame.size());
  Parsed parsed;
  return parse(packet, parsed) == DropReason::none && is_end(parsed, address, port);
}

bool wants(const control::CaptureOrder& order, const CapturedPacket& packet, bool dropped) {
  if (order.only_dropped != 0 && !dropped) return false;
  const auto said = [&](const Address& address, std::uint16_t port) {
    if (address.is_zero() && port == 0) return true;
    return names(packet.before, address, port) || names(packet.after, address, port);
  };
  const Address server = read_address(order.server);
  return said(read_address(order.client), order.client_port) && said(read_address(order.vip), order.vip_port) &&
         (said(server, 0) || packet.decision.find('"' + text_of(server)) != std::string::npos);
}

std::uint64_t realtime_ns() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

void cut(std::vector<std::uint8_t>& frame, std::uint16_t snap) {
  if (snap != 0 && frame.size() > snap) frame.resize(snap);
}

}  // namespace

void Captures::before(Worker& worker, const Tables& tables, std::span<const Packet> packets, std::uint64_t now_ms) {
  constexpr std::size_t kRoom = 256;
  seen_.clear();
  for (std::size_t i = 0; i < packets.size(); ++i) {
    Parsed parsed;
    const bool readable = parse(packets[i], parsed) == DropReason::none;
    if (!std::any_of(orders_.begin(), orders_.end(), [&](const Order& order) { return !readable || may_want(order.what, parsed); })) continue;
    Seen& seen = seen_.emplace_back();
    seen.index = i;
    seen.packet.before.assign(packets[i].data, packets[i].data + packets[i].length);
    seen.packet.header.realtime_ns = realtime_ns();
    seen.packet.header.port_in = packets[i].port;
    std::vector<std::uint8_t> copy(kRoom + packets[i].length + kRoom);
    std::memcpy(copy.data() + kRoom, packets[i].data, packets[i].length);
    Packet trial = packets[i];
    trial.data = copy.data() + kRoom;
    trial.headroom = trial.tailroom = kRoom;
    seen.packet.decision = worker.explain(tables, trial, now_ms);
  }
}

void Captures::after(std::span<const Packet> packets, CaptureBox& box) {
  for (Seen& seen : seen_) {
    const Packet& packet = packets[seen.index];
    const bool forwarded = packet.verdict == Verdict::forward;
    if (forwarded) seen.packet.after.assign(packet.data, packet.data + packet.length);
    seen.packet.header.port_out = forwarded ? packet.port : kNoPort;
    for (Order& order : orders_) {
      if (order.what.most == 0 || !wants(order.what, seen.packet, packet.verdict == Verdict::drop)) continue;
      --order.what.most;
      CapturedPacket copy = seen.packet;
      copy.order = order.id;
      cut(copy.before, order.what.snap);
      cut(copy.after, order.what.snap);
      box.put(std::move(copy));
    }
  }
  std::erase_if(orders_, [](const Order& order) { return order.what.most == 0; });
}

}  // namespace lvsd
