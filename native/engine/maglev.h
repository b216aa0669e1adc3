#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "packet/address.h"

/// The Maglev table of our own scheduler `maglev` (Eisenbud and others, NSDI 2016, section 3.4). Which member gets which slot depends on
/// the set of (address, port, weight) alone, not on the order they come in, nor on the service: every director builds the same.
///
/// Weights: member i is due for its k-th slot (k = 0, 1, ...) at the moment (2k + 1) / (2 * weight). So after any time everybody has its
/// share to within half a slot, where the turns of the kernel's mh (weight by the common divisor, shifted to 64 at most, in a row) round
/// shares by up to 1 in 64. With equal weights this is the paper's round after round. Whoever would get less than a slot gets one.
///
/// src/schedulers/maglev-engine.ts is the readable twin; a test holds both equal.
namespace lvsd {

struct MaglevMember {
  Address address;
  std::uint32_t id;      ///< what stands in its slots
  std::uint32_t weight;  ///< 0: no slots
  std::uint16_t port;
};

inline constexpr std::uint32_t kMostSlots = 1u << 24;

/// Prime, or a power of two, and at most kMostSlots: sizes whose every permitted skip visits all slots.
[[nodiscard]] bool is_table_size(std::uint32_t size) noexcept;

/// Slot → id; empty if nobody has weight. About size * ln(size) / 2 steps: 65,537 slots in less than a millisecond.
/// @param size is_table_size
[[nodiscard]] std::vector<std::uint32_t> build_maglev(std::span<const MaglevMember> members, std::uint32_t size);

}  // namespace lvsd
