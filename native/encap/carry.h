#pragma once
#include <concepts>

#include "engine/tables.h"
#include "packet/packet.h"
#include "packet/rewrite.h"

/// encap/ — one way to carry a packet to its destination per file, all of one shape (`Carrier` below).
/// `apply` changes everything from the IP header on. It leaves the IP header that the packet leaves with at `data + parsed.network_at`
/// and its EtherType in the two bytes before it (it moves `data` back by what it adds in front) and cuts off Ethernet padding;
/// put_link_header (link.h) then writes what stands before these. It never touches payload, and never reads or writes outside of
/// [data - headroom, data + length + tailroom). `parsed` is what `parse` said of the packet as it is now; afterwards its offsets are
/// those of before. False: no room (or, for NAT: it cannot be done). What fits the path was asked before (path.h), and so was the TTL:
/// methods that take a hop refuse a packet that has none left.
namespace lvsd {

template <typename T>
concept Carrier = requires(Packet& packet, const Parsed& parsed, const Destination& to, const Tables& tables, const Rewrite& rewrite) {
  { T::apply(packet, parsed, to, tables, rewrite) } noexcept -> std::same_as<bool>;
};

}  // namespace lvsd
