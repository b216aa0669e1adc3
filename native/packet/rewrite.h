#pragma once
#include <cstdint>

#include "packet/address.h"

namespace lvsd {

/// What NAT writes, and what tunnels and l3dsr need to know of this packet beyond its destination.
struct Rewrite {
  Address new_source{}, new_destination{};  ///< zero: stays
  std::uint16_t new_source_port = 0, new_destination_port = 0;  ///< 0: stays. Host order
  std::uint64_t flow_hash = 0;  ///< entropy: flow label of IPv6 tunnels, UDP source port of GUE, id of outer IPv4 headers
  std::uint8_t dscp = 0;        ///< of l3dsr
  std::uint8_t tunnel_ttl = 64;  ///< what Destination::outer_sum was made with: image::Settings::tunnel_ttl
};

}  // namespace lvsd
