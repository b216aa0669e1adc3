#pragma once
#include "engine/counters.h"
#include "packet/packet.h"

namespace lvsd {

/// Reads a frame. DropReason::none: `into` says what it is (Network::other and arp are no error). Never reads past the frame's end.
/// Checks what a router must check (RFC 1812 section 5.2.2, RFC 8200): versions, lengths, the IPv4 header checksum; not L4 checksums.
[[nodiscard]] DropReason parse(const Packet& packet, Parsed& into) noexcept;

/// Reads what an ICMP error quotes. False: it quotes nothing that can be read.
[[nodiscard]] bool parse_quoted(const Packet& packet, const Parsed& error, Quoted& into) noexcept;

}  // namespace lvsd
