#pragma once
#include "encap/rewrite.h"

namespace lvsd {

/// IPVS's DR: the packet as it is, to the server's MAC, one hop less (ip_vs_dr_xmit; decrement_ttl of ip_vs_xmit.c in today's kernels).
struct Direct {
  static bool apply(Packet& packet, const Parsed& parsed, const Destination&, const Tables&, const Rewrite&) noexcept {
    OwnHeaders own;
    if (!own_headers(packet, parsed, own)) return false;
    if (parsed.network == Network::v6) {
      decrement_hop_limit(own.ip);
      return true;
    }
    SumChange header;
    decrement_ttl4(own.ip, header);
    header.apply_at(own.ip + offsetof(wire::Ipv4, checksum));
    return true;
  }
};
static_assert(Carrier<Direct>);

}  // namespace lvsd
