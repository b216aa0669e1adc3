#pragma once
#include <cstddef>

#include "engine/image.h"

/// Where each number of an image stands: (record, field, offset, bytes). The compiler checks it here, and a test of
/// src/dataplane/image-layout.ts reads this file and compares it with its own declaration: so both sides have the same bytes.
namespace lvsd::image {
#define LVSD_LAYOUT(record, field, offset, bytes) \
  static_assert(offsetof(record, field) == (offset) && sizeof(record::field) == (bytes))

LVSD_LAYOUT(NetworkHeader, magic, 0, 4);
LVSD_LAYOUT(NetworkHeader, bytes, 4, 4);
LVSD_LAYOUT(NetworkHeader, ports, 8, 4);
LVSD_LAYOUT(NetworkHeader, addresses, 12, 4);
LVSD_LAYOUT(NetworkHeader, adjacencies, 16, 4);
LVSD_LAYOUT(NetworkHeader, references, 20, 4);
LVSD_LAYOUT(NetworkHeader, routes, 24, 4);
LVSD_LAYOUT(NetworkHeader, zero, 28, 4);
LVSD_LAYOUT(Port, ifindex, 0, 4);
LVSD_LAYOUT(Port, mtu, 4, 2);
LVSD_LAYOUT(Port, flags, 6, 2);
LVSD_LAYOUT(Port, mac, 8, 6);
LVSD_LAYOUT(Port, zero, 14, 2);
LVSD_LAYOUT(Port, name, 16, 16);
LVSD_LAYOUT(LocalAddress, address, 0, 16);
LVSD_LAYOUT(LocalAddress, port, 16, 4);
LVSD_LAYOUT(LocalAddress, prefix, 20, 1);
LVSD_LAYOUT(LocalAddress, zero, 21, 3);
LVSD_LAYOUT(Adjacency, next_hop, 0, 16);
LVSD_LAYOUT(Adjacency, port, 16, 4);
LVSD_LAYOUT(Adjacency, mtu, 20, 2);
LVSD_LAYOUT(Adjacency, flags, 22, 1);
LVSD_LAYOUT(Adjacency, vlan_tags, 23, 1);
LVSD_LAYOUT(Adjacency, tag_type, 24, 4);
LVSD_LAYOUT(Adjacency, tag, 28, 4);
LVSD_LAYOUT(Adjacency, destination_mac, 32, 6);
LVSD_LAYOUT(Adjacency, source_mac, 38, 6);
LVSD_LAYOUT(Adjacency, zero, 44, 4);
LVSD_LAYOUT(Route, prefix, 0, 16);
LVSD_LAYOUT(Route, first, 16, 4);
LVSD_LAYOUT(Route, count, 20, 4);
LVSD_LAYOUT(Route, length, 24, 1);
LVSD_LAYOUT(Route, kind, 25, 1);
LVSD_LAYOUT(Route, zero, 26, 6);
LVSD_LAYOUT(ServicesHeader, magic, 0, 4);
LVSD_LAYOUT(ServicesHeader, bytes, 4, 4);
LVSD_LAYOUT(ServicesHeader, services, 8, 4);
LVSD_LAYOUT(ServicesHeader, destinations, 12, 4);
LVSD_LAYOUT(ServicesHeader, pools, 16, 4);
LVSD_LAYOUT(ServicesHeader, zero, 20, 12);
LVSD_LAYOUT(Settings, tunnel_source4, 0, 16);
LVSD_LAYOUT(Settings, tunnel_source6, 16, 16);
LVSD_LAYOUT(Settings, tcp_established, 32, 4);
LVSD_LAYOUT(Settings, tcp_syn, 36, 4);
LVSD_LAYOUT(Settings, tcp_fin, 40, 4);
LVSD_LAYOUT(Settings, tcp_closed, 44, 4);
LVSD_LAYOUT(Settings, udp, 48, 4);
LVSD_LAYOUT(Settings, icmp, 52, 4);
LVSD_LAYOUT(Settings, other, 56, 4);
LVSD_LAYOUT(Settings, fragment_ms, 60, 4);
LVSD_LAYOUT(Settings, tunnel_ttl, 64, 1);
LVSD_LAYOUT(Settings, zero, 65, 7);
LVSD_LAYOUT(Service, address, 0, 16);
LVSD_LAYOUT(Service, tunnel_source, 16, 16);
LVSD_LAYOUT(Service, prefix, 32, 1);
LVSD_LAYOUT(Service, protocol, 33, 1);
LVSD_LAYOUT(Service, port, 34, 2);
LVSD_LAYOUT(Service, node_port, 36, 2);
LVSD_LAYOUT(Service, scheduler, 38, 1);
LVSD_LAYOUT(Service, scheduler_flags, 39, 1);
LVSD_LAYOUT(Service, hash_fields, 40, 1);
LVSD_LAYOUT(Service, flags, 41, 1);
LVSD_LAYOUT(Service, dscp, 42, 1);
LVSD_LAYOUT(Service, echo, 43, 1);
LVSD_LAYOUT(Service, persistence_prefix, 44, 1);
LVSD_LAYOUT(Service, zero, 45, 3);
LVSD_LAYOUT(Service, persistence, 48, 4);
LVSD_LAYOUT(Service, table_size, 52, 4);
LVSD_LAYOUT(Service, tcp_timeout, 56, 4);
LVSD_LAYOUT(Service, udp_timeout, 60, 4);
LVSD_LAYOUT(Service, first_destination, 64, 4);
LVSD_LAYOUT(Service, destinations, 68, 4);
LVSD_LAYOUT(Service, first_pool, 72, 4);
LVSD_LAYOUT(Service, pools, 76, 4);
LVSD_LAYOUT(Service, ingress, 80, 8);
LVSD_LAYOUT(Destination, address, 0, 16);
LVSD_LAYOUT(Destination, port, 16, 2);
LVSD_LAYOUT(Destination, method, 18, 1);
LVSD_LAYOUT(Destination, tunnel, 19, 1);
LVSD_LAYOUT(Destination, flags, 20, 1);
LVSD_LAYOUT(Destination, zero, 21, 1);
LVSD_LAYOUT(Destination, tunnel_port, 22, 2);
LVSD_LAYOUT(Destination, weight, 24, 4);
LVSD_LAYOUT(Destination, upper, 28, 4);
LVSD_LAYOUT(Destination, lower, 32, 4);
LVSD_LAYOUT(Destination, zero2, 36, 4);
LVSD_LAYOUT(Pool, first, 0, 16);
LVSD_LAYOUT(Pool, last, 16, 16);
LVSD_LAYOUT(Pool, lowest, 32, 2);
LVSD_LAYOUT(Pool, highest, 34, 2);
LVSD_LAYOUT(Pool, zero, 36, 4);

#undef LVSD_LAYOUT
}  // namespace lvsd::image
