#pragma once
#include <cstdint>

#include "engine/tables.h"
#include "packet/packet.h"

/// What lies between us and a destination: which of several ways, and what does not get through.
namespace lvsd {

/// Which of `count` equal ways a flow takes: all its packets the same, by hash (RFC 2992).
[[nodiscard]] inline std::uint32_t pick_way(std::uint64_t flow_hash, std::uint32_t count) noexcept {
  return static_cast<std::uint32_t>((flow_hash >> 32) * count >> 32);
}

/// Index of the adjacency towards a destination, or kNone.
[[nodiscard]] inline std::uint32_t way_to(const Tables& tables, const Destination& to, std::uint64_t flow_hash) noexcept {
  if (to.path_count <= 1) [[likely]] return to.adjacency;
  return tables.paths()[to.first_path + pick_way(flow_hash, to.path_count)];
}

/// Methods that work like a router on the client's own packet take a hop from it; tunnels carry it as it is.
[[nodiscard]] inline bool takes_a_hop(const Destination& to) noexcept { return to.method != image::kTunnel; }

/// Whether this machine itself is the server, and the packet needs no change to reach it: the kernel's (IPVS: LOCALNODE).
[[nodiscard]] inline bool is_for_us(const Tables& tables, const Destination& to) noexcept {
  return to.method == image::kLocal || (to.method != image::kTunnel && tables.is_local(to.address));
}

/// Whether a service translates addresses: the methods of a service's servers are of one kind.
[[nodiscard]] inline bool translates(const Tables& tables, const Service& service) noexcept {
  if (service.members.empty()) return false;
  const std::uint8_t method = tables.destination(service.members.front()).method;
  return method == image::kMasquerade || method == image::kFullNat;
}

}  // namespace lvsd
