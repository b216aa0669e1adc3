#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/image.h"
#include "engine/tables.h"

/// The tables of the schedulers that choose by a hash. dh, sh and mh are those of the kernel, bit by bit: src/schedulers has them to be
/// read. All three go by the order of the list, newest first.
namespace lvsd {

struct SlotMember {
  Address address;
  std::uint32_t id;
  std::uint32_t weight;  ///< for mh the last one above 0
  std::uint16_t port;
};

/// Slot → id. Empty: the scheduler has no table, or nobody has a slot.
/// @param scheduler image::Scheduler
/// @param size of maglev's table
/// @param service_is_v4 mh reads the first word only of an IPv6 destination of an IPv4 service
[[nodiscard]] std::vector<std::uint32_t> build_slots(std::uint8_t scheduler, std::uint32_t size, std::span<const SlotMember> members,
                                                     bool service_is_v4);

/// An address as the one number that dh, sh and mh hash: IPv4 itself, IPv6 its words xored.
[[nodiscard]] std::uint32_t fold_address(const Address& address) noexcept;
/// hash_32 of <linux/hash.h>.
[[nodiscard]] constexpr std::uint32_t hash32(std::uint32_t value, unsigned bits) noexcept { return value * 0x61c88647U >> (32 - bits); }
/// hsiphash of one 32-bit word on a 64-bit kernel (lib/siphash.c): SipHash-1-3 with both halves of the key alike, its lower half.
[[nodiscard]] std::uint32_t half_siphash(std::uint32_t word, std::uint64_t key) noexcept;

inline constexpr unsigned kHashBits = 8;  ///< of dh and sh
inline constexpr std::uint32_t kMhSlots = 4093;
inline constexpr std::uint64_t kMhFirstKey = 2654435761, kMhSecondKey = 2654446892;  ///< generate_hash_secret

}  // namespace lvsd
