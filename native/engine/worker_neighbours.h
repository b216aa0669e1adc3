#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/held.h"
#include "engine/tables.h"
#include "packet/packet.h"

namespace lvsd {

struct Core;
struct NeighbourWanted;

/// Packets whose neighbour's MAC is not known yet. They wait as they will leave, but for the MACs; at most kPerNeighbour for each and
/// kPatienceMs long, as arp_queue of the kernel's neighbours (net/core/neighbour.c), which asks three times, a second apart.
class Neighbours {
 public:
  static constexpr std::uint32_t kPerNeighbour = 16;
  static constexpr std::uint32_t kPatienceMs = 3000;
  static constexpr std::uint32_t kAskAgainMs = 1000;

  explicit Neighbours(std::uint32_t most_packets);
  ~Neighbours();

  /// `packet` is complete but for its MACs. Its verdict becomes `held`, or it is dropped.
  void hold(Core& core, Packet& packet, const Address& next_hop, std::uint16_t port) noexcept;
  /// What waits for a neighbour that these tables know becomes extras; asks again for the others if that is due.
  void release(Core& core, const Tables& tables) noexcept;
  void expire(Core& core) noexcept;
  [[nodiscard]] std::span<const NeighbourWanted> wanted() noexcept;
  /// Frees what the last release gave out.
  void recycle() noexcept;
  [[nodiscard]] bool any() const noexcept { return used_ > 0; }

 private:
  struct Entry {
    Address next_hop;
    std::uint32_t asked_ms = 0, until_ms = 0;
    std::uint16_t port = 0;
    bool used = false;
  };
  [[nodiscard]] static std::uint64_t key(const Entry& entry) noexcept;
  [[nodiscard]] Entry* entry_for(const Address& next_hop, std::uint16_t port) noexcept;
  [[nodiscard]] static const Adjacency* resolved(const Entry& entry, const Tables& tables) noexcept;
  void ask(Entry& entry, std::uint32_t now_ms) noexcept;

  std::array<Entry, 256> entries_{};
  std::uint32_t used_ = 0;
  HeldPackets held_;
  std::vector<NeighbourWanted> asking_, told_;
};

}  // namespace lvsd
