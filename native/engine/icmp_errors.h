#pragma once
#include <cstdint>

#include "engine/tables.h"
#include "packet/icmp.h"
#include "packet/packet.h"

namespace lvsd {

struct Core;
struct Flight;

/// An ICMP error of ours to who sent this packet, as an extra: out of the port it came from, to the MAC it came from, quoting the packet
/// as it came. Its source is our address on that port, else the address the packet was sent to. Limited in rate.
/// @param mtu of too_big
void tell_sender(Core& core, const Tables& tables, const Packet& packet, const Parsed& parsed, IcmpProblem problem,
                 std::uint16_t mtu) noexcept;

/// tunnel_errors.cc: a router's word about the MTU behind it for a packet that we put into a tunnel goes to its client, about the client's
/// own packet. False: it is none of those.
template <class Trace>
[[nodiscard]] bool forward_tunnel_error(Core& core, const Tables& tables, Flight& flight, const Quoted& quoted, Trace& trace) noexcept;

}  // namespace lvsd
