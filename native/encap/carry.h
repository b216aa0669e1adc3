#pragma once
#include "engine/tables.h"
#include "packet/packet.h"

/// encap/ — one way to carry a packet to its destination per file, all of one shape:
///   struct X { static bool apply(Packet&, const Parsed&, const Destination&, const Tables&, const Rewrite&) noexcept; }
/// `apply` changes everything from the IP header on and leaves the packet beginning with the IP header it should leave with: it sets
/// `data` to that header less the room that put_link_header (link.h) needs. It never touches payload, and never reads or writes
/// outside of [data - headroom, data + length + tailroom). False: no room. What fits the path was asked before (path.h).
namespace lvsd {

/// What NAT writes; the others look at none of it.
struct Rewrite {
  Address new_source, new_destination;  ///< zero: stays
  std::uint16_t new_source_port = 0, new_destination_port = 0;  ///< 0: stays. Host order
  std::uint64_t flow_hash = 0;  ///< entropy: flow label of IPv6 tunnels, UDP source port of GUE
  std::uint8_t dscp = 0;        ///< of l3dsr
  std::uint8_t tunnel_ttl = 64;
};

}  // namespace lvsd
