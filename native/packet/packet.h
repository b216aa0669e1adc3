#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "packet/address.h"

namespace lvsd {

/// What becomes of a frame.
enum class Verdict : std::uint8_t {
  forward,  ///< `data` and `length` are what goes out of `port`
  pass,     ///< not ours: to the kernel, unchanged
  drop,     ///< counted by reason
  held,     ///< the engine has copied it (it waits for its first fragment, or for a neighbour) and gives it back among the extras
};

/// A frame on its way through: where its bytes are, and what becomes of it. The port owns the memory.
struct Packet {
  std::uint8_t* data = nullptr;  ///< first byte of the Ethernet header
  std::uint32_t length = 0;
  std::uint16_t headroom = 0;  ///< bytes before `data` that may be written: 128 are always enough
  std::uint16_t tailroom = 0;
  std::uint16_t port = 0;  ///< index of the port it came from; after `forward`, that it goes to
  Verdict verdict = Verdict::drop;
  std::uint8_t reason = 0;  ///< DropReason, when dropped
  std::uint64_t cookie = 0;  ///< the port's own
};

enum class Network : std::uint8_t { other, arp, v4, v6 };

/// What a frame says, read once at the door (packet/parse.h). Every later stage reads this and looks at bytes only to change them.
/// Ports are in host order here, addresses in network order. The order of the members lets the compiler clear in few stores what most
/// packets do not have.
struct Parsed {
  Address source, destination;
  std::uint16_t source_port = 0, destination_port = 0;  ///< 0 where the protocol has none, and in a fragment that is not the first
  std::uint8_t protocol = 0;                            ///< the transport behind all extension headers
  Network network = Network::other;
  std::uint8_t tos = 0;  ///< ToS byte, or traffic class
  std::uint8_t ttl = 0;
  std::uint32_t fragment_id = 0;  ///< of IPv4 always
  std::uint32_t end = 0;          ///< offset of the end of the IP packet: what is behind it is Ethernet padding
  std::uint16_t network_at = 0;   ///< offset of the IP header in the frame
  std::uint16_t transport_at = 0;  ///< offset of the transport header (of a later fragment: of its data)
  std::uint8_t tcp_flags = 0;
  bool has_ports = false;      ///< TCP, UDP, SCTP, UDP-Lite, DCCP with at least four bytes of transport header here
  bool dont_fragment = false;  ///< DF, or IPv6

  std::uint16_t vlan_tags = 0;                ///< 802.1Q and 802.1ad tags before the network header: 0 to 2
  std::uint8_t icmp_type = 0, icmp_code = 0;  ///< of ICMP and ICMPv6
  bool is_icmp_error = false;                 ///< it quotes a packet: `quoted` says whose
  bool is_fragment = false;                   ///< of more than one
  bool is_first_fragment = false;
  bool more_fragments = false;
  std::uint16_t fragment_offset = 0;     ///< bytes
  std::uint16_t fragment_header_at = 0;  ///< IPv6: offset of the fragment header, 0: none
  std::uint32_t flow_label = 0;
  std::uint32_t tags[2] = {0, 0};  ///< the VLAN tags, type and TCI, as they stand in the frame: encap overwrites the frame's own

  [[nodiscard]] std::uint32_t packet_length() const noexcept { return end - network_at; }
};

/// The packet that an ICMP error quotes, as far as it is quoted. It went the other way: its destination is who sends the error's cause.
struct Quoted {
  Address source, destination;
  std::uint16_t source_port = 0, destination_port = 0;
  std::uint8_t protocol = 0;
  bool has_ports = false;
  bool is_later_fragment = false;  ///< what is quoted behind the IP header is data
  std::uint16_t network_at = 0;    ///< offset of the quoted IP header in the frame
  std::uint16_t transport_at = 0;  ///< of the quoted transport header
};

}  // namespace lvsd
