#pragma once
#include <cstddef>
#include <cstdint>

#include "engine/counter.h"

namespace lvsd {

/// Why a packet was dropped. src/dataplane/counters.ts has the same words in the same order (a test compares them).
#define LVSD_DROP_REASONS(X)                                                                          \
  X(none, "not dropped")                                                                              \
  X(truncated, "shorter than its headers say")                                                        \
  X(bad_ip_header, "version, header length or total length of the IP header are wrong")               \
  X(bad_ip_checksum, "checksum of the IPv4 header is wrong")                                          \
  X(bad_extension, "IPv6 extension headers are wrong or too many")                                    \
  X(bad_transport, "TCP, UDP or SCTP header is cut short")                                            \
  X(bad_icmp_quote, "ICMP error quotes no packet that can be read")                                   \
  X(bad_address, "source is multicast, loopback or broadcast")                                        \
  X(ttl_exceeded, "TTL or hop limit used up; the sender was told where that is allowed")              \
  X(no_destination, "service has no destination that can serve")                                      \
  X(no_route, "no route to where it goes")                                                            \
  X(no_neighbour, "neighbour did not answer in time")                                                 \
  X(neighbour_queue_full, "too many packets wait for this neighbour")                                 \
  X(too_big, "does not fit the path; the sender was told")                                            \
  X(fragment_timeout, "first fragment did not come in time")                                          \
  X(fragment_queue_full, "too many fragments wait for their first")                                   \
  X(fragment_overlap, "fragments overlap or repeat")                                                  \
  X(no_snat_port, "no free source port for full NAT")                                                 \
  X(session_table_full, "NAT needs a session and the table is full of established ones")              \
  X(no_room, "no room before or behind the packet for what had to be added")                          \
  X(icmp_no_session, "ICMP error about a flow that nobody knows")                                     \
  X(rate_limited, "ICMP errors of ours are limited")                                                  \
  X(port_gone, "port that it should leave by is gone or down")                                        \
  X(transmit_full, "transmit ring was full")                                                          \
  X(hand_over_full, "ring to the worker that owns the flow was full")                                 \
  X(loop, "would come back to the service it was sent from")

/// What else is counted for the whole engine.
#define LVSD_EVENTS(X)                                                              \
  X(received, "frames received")                                                    \
  X(received_bytes, "their bytes")                                                  \
  X(forwarded, "frames sent on")                                                    \
  X(forwarded_bytes, "their bytes")                                                 \
  X(passed, "frames that are the kernel's")                                         \
  X(replies, "packets of servers given the VIP's address")                          \
  X(icmp_errors_forwarded, "ICMP errors brought to whom they concern")              \
  X(icmp_errors_sent, "ICMP errors of ours")                                        \
  X(echo_answered, "echo requests to a VIP answered")                               \
  X(arp_answered, "ARP requests and neighbour solicitations answered")              \
  X(fragments_held, "fragments that waited for their first")                        \
  X(fragmented, "packets cut into fragments")                                       \
  X(neighbour_held, "packets that waited for a neighbour")                          \
  X(sessions_created, "sessions made")                                              \
  X(sessions_expired, "sessions that ended in time")                                \
  X(sessions_evicted, "sessions that never were established, given up for new ones")\
  X(sessions_flushed, "sessions whose server was removed")                          \
  X(handed_over, "packets given to the worker that owns their flow")                \
  X(checksums_completed, "partial checksums of a virtual device completed")         \
  X(segmented, "oversized frames of a virtual device cut to size")

enum class DropReason : std::uint8_t {
#define LVSD_X(name, text) name,
  LVSD_DROP_REASONS(LVSD_X)
#undef LVSD_X
  count
};

enum class Event : std::uint8_t {
#define LVSD_X(name, text) name,
  LVSD_EVENTS(LVSD_X)
#undef LVSD_X
  count
};

inline constexpr std::size_t kDropReasons = static_cast<std::size_t>(DropReason::count);
inline constexpr std::size_t kEvents = static_cast<std::size_t>(Event::count);

/// Of one worker, which alone writes; Engine::counters adds the workers up meanwhile.
struct alignas(64) EngineCounters {
  Counter<std::uint64_t> dropped[kDropReasons];
  Counter<std::uint64_t> events[kEvents];
};

/// Of one service and one worker. The first four are VPP's words in `show lb vips verbose`; one of them counts for every packet.
struct alignas(64) ServiceCounters {
  Counter<std::uint64_t> existing, first, untracked, no_server;
  Counter<std::uint64_t> bytes_in, packets_out, bytes_out;
  Counter<std::uint64_t> connections;
};
static_assert(sizeof(ServiceCounters) == 64);

/// Of one destination and one worker.
struct alignas(64) DestinationCounters {
  Counter<std::uint64_t> packets_in, bytes_in, packets_out, bytes_out, connections;
  /// Sessions that are now; a flow ended counts as inactive until its time-out, as ActiveConn and InActConn of IPVS.
  Counter<std::int64_t> active, inactive;
  Counter<std::uint64_t> zero;
};
static_assert(sizeof(DestinationCounters) == 64);

}  // namespace lvsd
