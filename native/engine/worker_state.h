#pragma once
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "engine/held.h"
#include "engine/scheduler.h"
#include "engine/session_buckets.h"
#include "engine/sessions.h"
#include "engine/worker.h"
#include "engine/worker_neighbours.h"

namespace lvsd {

/// Frames of our own making and frames set free, until the next call of Worker::process or tick.
class Extras {
 public:
  static constexpr std::size_t kMost = 4096;
  static constexpr std::size_t kArenaBytes = 2 << 20;
  static constexpr std::uint16_t kHeadroom = 160;
  static constexpr std::uint16_t kTailroom = 64;

  Extras() {
    packets_.reserve(kMost);
    (void)arena_.allocate(kArenaBytes);  // without it there is never room
  }

  void clear() noexcept {
    packets_.clear();
    used_ = 0;
  }
  /// A buffer for a frame of up to `bytes`, with head-room before and tail-room behind it; not among the extras until `add`.
  /// `data` is null when there is no room.
  [[nodiscard]] Packet buffer(std::uint32_t bytes, std::uint16_t port) noexcept {
    const std::size_t whole = (std::size_t{kHeadroom} + bytes + kTailroom + 63) & ~std::size_t{63};
    Packet packet;
    packet.port = port;
    if (whole > arena_.bytes() - used_ || bytes > 0xffff - kTailroom) return packet;
    packet.data = static_cast<std::uint8_t*>(arena_.data()) + used_ + kHeadroom;
    packet.headroom = kHeadroom;
    packet.tailroom = static_cast<std::uint16_t>(bytes + kTailroom);
    used_ += whole;
    return packet;
  }
  /// False: no room.
  bool add(const Packet& packet) noexcept {
    if (packets_.size() >= kMost) return false;
    packets_.push_back(packet);
    return true;
  }
  [[nodiscard]] bool room() const noexcept { return packets_.size() < kMost; }
  [[nodiscard]] std::span<const Packet> all() const noexcept { return packets_; }

 private:
  Pages arena_;
  std::size_t used_ = 0;
  std::vector<Packet> packets_;
};

/// ICMP errors of ours are limited, as net.ipv4.icmp_msgs_per_sec limits the kernel's.
class RateLimit {
 public:
  static constexpr std::uint32_t kPerSecond = 1000, kBurst = 100;

  [[nodiscard]] bool take(std::uint32_t now_ms) noexcept {
    const std::uint64_t earned = std::uint64_t{now_ms - last_ms_} * kPerSecond / 1000;
    if (earned > 0) {
      tokens_ = earned >= kBurst - tokens_ ? kBurst : tokens_ + static_cast<std::uint32_t>(earned);
      last_ms_ = now_ms;
    }
    if (tokens_ == 0) return false;
    --tokens_;
    return true;
  }

 private:
  std::uint32_t last_ms_ = 0, tokens_ = kBurst;
};

/// Which service took the last packets to an address and port, so that most packets need not ask the tables, which look through prefix
/// lengths and node ports; also that none did, or one that takes every address: its packets may be replies (forward_rare.cc asks again).
/// 64 KiB, of which only what is asked for is touched.
class ServiceCache {
 public:
  /// Before anything is asked for: what other tables said is forgotten, for they may be gone.
  void use(const Tables& tables) noexcept {
    if (tables.serial() == serial_) return;
    serial_ = tables.serial();
    entries_.fill({});
  }
  /// False: it is not known; `ask` is.
  [[nodiscard]] bool find(const Address& to, std::uint8_t protocol, std::uint16_t port, std::uint16_t ingress,
                          const Service*& into) const noexcept {
    const std::uint64_t key = key_of(protocol, port, ingress), low = to.low();
    const Entry& entry = entries_[place_of(key, low)];
    into = entry.service;
    return entry.key == key && entry.low == low && entry.high == to.high();
  }
  /// Asks the tables, and keeps what they say. Out of line: inlined, it would make the compiler load `to` as one vector, just after it was
  /// stored in halves (a stall).
  [[nodiscard, gnu::noinline]] const Service* ask(const Tables& tables, const Address& to, std::uint8_t protocol, std::uint16_t port,
                                                  std::uint16_t ingress) noexcept {
    const std::uint64_t key = key_of(protocol, port, ingress), low = to.low();
    const Service* const found = tables.find_service(to, protocol, port, ingress);
    Entry& entry = entries_[place_of(key, low)];
    entry = {to.high(), low, key, found != nullptr && found->prefix != 0 ? found : nullptr};
    return entry.service;
  }

 private:
  static constexpr unsigned kBits = 11;
  struct Entry {
    std::uint64_t high = 0, low = 0;
    std::uint64_t key = 0;  ///< ingress, port, protocol and one bit; 0: vacant
    const Service* service = nullptr;
  };
  [[nodiscard]] static std::uint64_t key_of(std::uint8_t protocol, std::uint16_t port, std::uint16_t ingress) noexcept {
    return protocol | std::uint64_t{port} << 8 | std::uint64_t{ingress} << 24 | std::uint64_t{1} << 63;
  }
  [[nodiscard]] static std::size_t place_of(std::uint64_t key, std::uint64_t low) noexcept {
    return ((low ^ key << 13) * 0x9e3779b97f4a7c15u) >> (64 - kBits);
  }

  std::uint64_t serial_ = 0;  ///< of the tables that said all this
  std::array<Entry, 1U << kBits> entries_{};
};

/// Everything one worker has: what Worker::State is inside the engine.
struct Core {
  Core(const EngineOptions& options_, std::uint32_t index_, CounterMemory& memory)
      : options(options_),
        index(index_),
        count(&memory.engine(index_)),
        services(memory.services(index_)),
        destinations(memory.destinations(index_)),
        sessions({.capacity = options_.sessions,
                  .secret = {options_.secret[0], options_.secret[1]},
                  .counters = memory.destinations(index_),
                  .engine = &memory.engine(index_)}),
        choosers(options_.most_services, memory.of_workers()),
        held_fragments(options_.held_packets / 2 > 0 ? options_.held_packets / 2 : 1),
        fragments(kDatagrams, options_.secret[0]),
        neighbours(options_.held_packets / 2 > 0 ? options_.held_packets / 2 : 1) {}

  static constexpr std::uint32_t kDatagrams = 4096;  ///< fragmented datagrams whose ports are remembered

  EngineOptions options;
  std::uint32_t index;
  EngineCounters* count;
  std::span<ServiceCounters> services;
  std::span<DestinationCounters> destinations;
  Sessions sessions;
  Choosers choosers;
  HeldPackets held_fragments;
  FragmentTable fragments;
  Neighbours neighbours;
  ServiceCache service_cache;
  Extras extras;
  RateLimit icmp_limit;
  std::uint32_t now_ms = 0;
  std::uint64_t tables_serial = 0;  ///< of the tables seen last
  std::array<std::uint64_t, 64> released_keys{};  ///< datagrams whose first fragment came in this batch, while others waited for it
  std::size_t released_fragments = 0;

  void event(Event what, std::uint64_t times = 1) noexcept { count->events[static_cast<std::size_t>(what)] += times; }
  void drop(Packet& packet, DropReason why) noexcept {
    packet.verdict = Verdict::drop;
    packet.reason = static_cast<std::uint8_t>(why);
    ++count->dropped[static_cast<std::size_t>(why)];
  }
};

}  // namespace lvsd
