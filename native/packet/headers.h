#pragma once
#include <cstddef>
#include <cstdint>
#include <type_traits>

/// What stands on the wire, in our own words: no platform header says it the same everywhere. Every number of more than one byte is in
/// network order and read through packet/view.h; nothing here is ever pointed at a packet, so alignment does not matter.
namespace lvsd::wire {

/// Two bytes in network order.
struct Be16 {
  std::uint8_t bytes[2];
};
/// Four bytes in network order.
struct Be32 {
  std::uint8_t bytes[4];
};

// ---------------------------------------------------------------- link

struct Ethernet {
  std::uint8_t destination[6], source[6];
  Be16 type;
};
static_assert(sizeof(Ethernet) == 14);

/// IEEE 802.1Q: follows the MAC addresses, before the EtherType of what it tags.
struct Vlan {
  Be16 type;  ///< kTypeVlan or kTypeQinq
  Be16 tci;
};
static_assert(sizeof(Vlan) == 4);

inline constexpr std::uint16_t kTypeIpv4 = 0x0800, kTypeArp = 0x0806, kTypeVlan = 0x8100, kTypeQinq = 0x88a8, kTypeIpv6 = 0x86dd;
inline constexpr std::size_t kMacs = 12;  ///< bytes before the first tag, or the EtherType
inline constexpr std::size_t kMostTags = 2;
inline constexpr std::size_t kMostLink = sizeof(Ethernet) + kMostTags * sizeof(Vlan);

/// RFC 826, for Ethernet and IPv4.
struct Arp {
  Be16 hardware, protocol;
  std::uint8_t hardware_length, protocol_length;
  Be16 operation;
  std::uint8_t sender_mac[6];
  Be32 sender;
  std::uint8_t target_mac[6];
  Be32 target;
};
static_assert(sizeof(Arp) == 28);
inline constexpr std::uint16_t kArpEthernet = 1, kArpRequest = 1, kArpReply = 2;

// ---------------------------------------------------------------- network

/// RFC 791 section 3.1.
struct Ipv4 {
  std::uint8_t version_ihl, tos;
  Be16 total_length, id, fragment;
  std::uint8_t ttl, protocol;
  Be16 checksum;
  Be32 source, destination;
};
static_assert(sizeof(Ipv4) == 20);
inline constexpr std::size_t kMostIpv4 = 60;
inline constexpr std::uint16_t kDontFragment = 0x4000, kMoreFragments = 0x2000, kFragmentOffset = 0x1fff;
inline constexpr std::uint8_t kOptionEnd = 0, kOptionNop = 1, kOptionCopied = 0x80;

/// RFC 8200 section 3.
struct Ipv6 {
  Be32 version_class_label;
  Be16 payload_length;
  std::uint8_t next_header, hop_limit;
  std::uint8_t source[16], destination[16];
};
static_assert(sizeof(Ipv6) == 40);

/// RFC 8200 section 4.5.
struct Ipv6Fragment {
  std::uint8_t next_header, reserved;
  Be16 offset_more;
  Be32 id;
};
static_assert(sizeof(Ipv6Fragment) == 8);

/// What hop-by-hop options, routing, destination options and AH begin with. `length` in units of eight bytes beyond the first eight
/// (AH: of four, beyond the first eight: RFC 4302 section 2.2).
struct Ipv6Extension {
  std::uint8_t next_header, length;
  std::uint8_t routing_type, segments_left;  ///< of a routing header
};
static_assert(sizeof(Ipv6Extension) == 4);

/// Protocol numbers and IPv6 next headers.
enum Protocol : std::uint8_t {
  kHopByHop = 0, kIcmp = 1, kIpv4InIp = 4, kTcp = 6, kUdp = 17, kDccp = 33, kIpv6InIp = 41, kRouting = 43, kFragment = 44, kGre = 47,
  kEsp = 50, kAh = 51, kIcmpv6 = 58, kNoNext = 59, kDestinationOptions = 60, kSctp = 132, kUdpLite = 136,
};

// ---------------------------------------------------------------- transport

/// RFC 9293 section 3.1.
struct Tcp {
  Be16 source, destination;
  Be32 sequence, acknowledgement;
  std::uint8_t offset, flags;
  Be16 window, checksum, urgent;
};
static_assert(sizeof(Tcp) == 20);
enum TcpFlag : std::uint8_t { kFin = 1, kSyn = 2, kRst = 4, kPsh = 8, kAck = 16, kUrg = 32, kEce = 64, kCwr = 128 };

/// RFC 768; UDP-Lite (RFC 3828) has its coverage where UDP has the length.
struct Udp {
  Be16 source, destination, length, checksum;
};
static_assert(sizeof(Udp) == 8);

/// RFC 9260 section 3.1. The checksum is CRC32c, least significant byte first.
struct Sctp {
  Be16 source, destination;
  Be32 tag;
  Be32 checksum;
};
static_assert(sizeof(Sctp) == 12);

/// RFC 4340 section 5.1, with the short sequence number.
struct Dccp {
  Be16 source, destination;
  std::uint8_t offset, coverage;
  Be16 checksum;
  std::uint8_t type, sequence[3];
};
static_assert(sizeof(Dccp) == 12);

/// RFC 792, RFC 4443. `rest`: identifier and sequence, MTU, or nothing.
struct Icmp {
  std::uint8_t type, code;
  Be16 checksum;
  Be32 rest;
};
static_assert(sizeof(Icmp) == 8);
enum IcmpType : std::uint8_t {
  kEchoReply = 0, kUnreachable = 3, kSourceQuench = 4, kRedirect = 5, kEchoRequest = 8, kTimeExceeded = 11, kParameterProblem = 12,
};
enum Icmpv6Type : std::uint8_t {
  kUnreachable6 = 1, kPacketTooBig6 = 2, kTimeExceeded6 = 3, kParameterProblem6 = 4, kFirstInformational6 = 128, kEchoRequest6 = 128,
  kEchoReply6 = 129, kNeighbourSolicitation = 135, kNeighbourAdvertisement = 136,
};
inline constexpr std::uint8_t kFragmentationNeeded = 4;  ///< code of kUnreachable

/// RFC 4861 sections 4.3, 4.4: solicitation and advertisement are alike; options follow.
struct Neighbour {
  std::uint8_t type, code;
  Be16 checksum;
  std::uint8_t flags, reserved[3];  ///< flags: of an advertisement
  std::uint8_t target[16];
};
static_assert(sizeof(Neighbour) == 24);
inline constexpr std::uint8_t kSolicited = 0x40, kOverride = 0x20;
inline constexpr std::uint8_t kSourceLinkOption = 1, kTargetLinkOption = 2;

// ---------------------------------------------------------------- tunnels

/// RFC 2784. With kGreChecksum four bytes follow: the checksum and two zero bytes.
struct Gre {
  Be16 flags, type;
};
static_assert(sizeof(Gre) == 4);
inline constexpr std::uint16_t kGreChecksum = 0x8000;

/// draft-ietf-intarea-gue variant 0, as <net/gue.h> of Linux has it: no flags, no options.
struct Gue {
  std::uint8_t variant_control_length, protocol;
  Be16 flags;
};
static_assert(sizeof(Gue) == 4);

}  // namespace lvsd::wire
