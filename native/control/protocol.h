#pragma once
#include <cstdint>

/// What lvsd and its engine say to each other over a Unix stream socket: a frame header, then its payload. Little-endian.
/// src/dataplane/protocol.ts has the same numbers.
namespace lvsd::control {

inline constexpr std::uint32_t kProtocol = 1;
inline constexpr std::uint32_t kLongestPayload = 256u << 20;

struct FrameHeader {
  std::uint32_t bytes;  ///< of the payload
  std::uint16_t type;   ///< Request, or Event
  std::uint16_t status; ///< of an answer: 0 done, 1 refused (the payload is a sentence in UTF-8). In a request 0
  std::uint32_t id;     ///< of the request, repeated in its answer; 0 in an event
};
static_assert(sizeof(FrameHeader) == 12);

enum Request : std::uint16_t {
  kHello = 1,           ///< → JSON {protocol, version, pid, startedMs, workers, sessions, ports: [{index, name, mode, queues}]}
  kOpenPorts = 2,       ///< PortOrder[]: the whole list; those not in it are closed. → JSON as of hello's ports, each with `reason` if refused
  kPublishNetwork = 3,  ///< network image (engine/image.h) → nothing
  kPublishServices = 4, ///< services image → nothing
  kServices = 5,        ///< → the services image published last, or nothing
  kCounters = 6,        ///< → CountersHeader, EngineCounters' numbers, ServiceCounters[services], DestinationCounters[destinations], of all
                        ///<   workers together, in the order of the services image
  kExplain = 7,         ///< u32 port index, u32 zero, frame → JSON
  kSessions = 8,        ///< u64 cursor (0: from the start), u32 most, u32 zero → u64 next cursor (0: the end), SessionRecord[]
  kLoadSessions = 9,    ///< SessionRecord[] → u32 taken, u32 refused
  kFlush = 10,          ///< FlushOrder → u32 ended
  kFollow = 11,         ///< u32 bits of Topic, u32 zero: events from now on, on this connection → nothing
  kCapture = 12,        ///< CaptureOrder: kCaptured events on this connection until it closes or `most` came → nothing
  kStop = 13,           ///< the engine ends → nothing
};

enum Topic : std::uint32_t { kNeighbours = 1, kPorts = 2, kSessionChanges = 4 };

enum Event : std::uint16_t {
  kNeighbourWanted = 100,  ///< Address, u32 port index, u32 zero: each a record of 24 bytes
  kPortChanged = 101,      ///< JSON {index, name, state: "up" | "gone", reason}
  kSessionsChanged = 102,  ///< u32 lost (1: more changed than could be told, ask for all), u32 zero, SessionRecord[]
  kCaptured = 103,         ///< CapturedHeader, frame before, frame after, JSON decision
};

struct PortOrder {
  char name[16];
  std::uint8_t mode;  ///< PortMode
  std::uint8_t flags; ///< 1: complete partial checksums (the device is virtual); 2: queue count is given
  std::uint16_t queues;
  std::uint32_t index;  ///< of the port in images; keeps its meaning as long as the port is open
};
static_assert(sizeof(PortOrder) == 24);

struct CountersHeader {
  std::uint32_t drop_reasons, events, services, destinations;
  std::uint64_t live_sessions, session_capacity, session_bytes;
};

struct FlushOrder {
  std::uint32_t service;      ///< index in the image; 0xffffffff: all
  std::uint32_t destination;  ///< index in the image; 0xffffffff: all of the service
};

/// Which packets: zero means any.
struct CaptureOrder {
  std::uint8_t client[16], vip[16], server[16];
  std::uint16_t client_port, vip_port;
  std::uint8_t protocol, only_dropped;
  std::uint16_t snap;  ///< bytes of each frame, 0: all
  std::uint32_t most;  ///< packets
  std::uint32_t zero;
};

struct CapturedHeader {
  std::uint64_t realtime_ns;
  std::uint32_t before, after, decision;  ///< bytes of each
  std::uint16_t port_in, port_out;        ///< 0xffff: none
};

}  // namespace lvsd::control
