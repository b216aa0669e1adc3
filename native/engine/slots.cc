#include "engine/slots.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "engine/maglev.h"
#include "engine/slot_walk.h"

namespace lvsd {
namespace {

constexpr unsigned kTurnBits = 6;  ///< no destination of mh has more turns than 2^6

std::uint32_t word_of(const Address& address, std::size_t at) noexcept {
  std::uint32_t word;
  std::memcpy(&word, &address.bytes[at], 4);
  return __builtin_bswap32(word);
}

struct Sip {
  std::uint64_t a, b, c, d;
  void round() noexcept {
    a += b, b = std::rotl(b, 13) ^ a, a = std::rotl(a, 32);
    c += d, d = std::rotl(d, 16) ^ c;
    a += d, d = std::rotl(d, 21) ^ a;
    c += b, b = std::rotl(b, 17) ^ c, c = std::rotl(c, 32);
  }
};

std::vector<std::uint32_t> deal_dh(std::span<const SlotMember> members) {
  std::vector<std::uint32_t> slots(std::size_t{1} << kHashBits);
  for (std::size_t i = 0; i < slots.size(); ++i) slots[i] = members[i % members.size()].id;
  return slots;
}

/// As many buckets at a time as each one's weight, one for weight 0 too.
std::vector<std::uint32_t> deal_sh(std::span<const SlotMember> members) {
  constexpr std::size_t kSize = std::size_t{1} << kHashBits;
  std::vector<std::uint32_t> slots;
  for (std::size_t i = 0; slots.size() < kSize; i = (i + 1) % members.size()) {
    const std::size_t turns = std::min<std::size_t>(std::max(members[i].weight, 1U), kSize - slots.size());
    slots.insert(slots.end(), turns, members[i].id);
  }
  return slots;
}

/// ip_vs_mh_permutate and ip_vs_mh_populate.
std::vector<std::uint32_t> populate_mh(std::span<const SlotMember> members, bool service_is_v4) {
  struct Member {
    Walker walker;
    std::uint32_t turns;
  };
  std::uint32_t divisor = 0, highest = 0;
  for (const SlotMember& member : members) divisor = std::gcd(divisor, member.weight), highest = std::max(highest, member.weight);
  if (highest == 0) return {};
  const int bits = std::bit_width(highest / divisor);
  const unsigned shift = bits > static_cast<int>(kTurnBits) ? static_cast<unsigned>(bits) - kTurnBits : 0;
  std::vector<Member> walkers;
  walkers.reserve(members.size());
  for (const SlotMember& member : members) {
    const std::uint32_t folded = service_is_v4 && !member.address.is_v4() ? word_of(member.address, 0) : fold_address(member.address);
    const std::uint32_t turns = std::max(member.weight / divisor >> shift, member.weight > 0 ? 1U : 0U);
    walkers.push_back({.walker = {.slot = half_siphash(folded + member.port, kMhFirstKey) % kMhSlots,
                                  .skip = half_siphash(folded + member.port, kMhSecondKey) % (kMhSlots - 1) + 1,
                                  .id = member.id},
                       .turns = turns});
  }
  SlotWalk slots(kMhSlots);
  for (;;) {
    for (Member& member : walkers) {
      for (std::uint32_t turn = 0; turn < member.turns; ++turn) {
        slots.take(member.walker);
        if (slots.left() == 0) return std::move(slots).table();
      }
    }
  }
}

std::vector<std::uint32_t> maglev(std::span<const SlotMember> members, std::uint32_t size) {
  std::vector<MaglevMember> all;
  all.reserve(members.size());
  for (const SlotMember& member : members) all.push_back({member.address, member.id, member.weight, member.port});
  return build_maglev(all, size);
}

}  // namespace

std::uint32_t fold_address(const Address& address) noexcept {
  if (address.is_v4()) return word_of(address, 12);
  return word_of(address, 0) ^ word_of(address, 4) ^ word_of(address, 8) ^ word_of(address, 12);
}

std::uint32_t half_siphash(std::uint32_t word, std::uint64_t key) noexcept {
  Sip sip{0x736f6d6570736575 ^ key, 0x646f72616e646f6d ^ key, 0x6c7967656e657261 ^ key, 0x7465646279746573 ^ key};
  const std::uint64_t block = std::uint64_t{4} << 56 | word;  // the last block: length on top, what is left below
  sip.d ^= block;
  sip.round();
  sip.a ^= block;
  sip.c ^= 0xff;
  for (int i = 0; i < 3; ++i) sip.round();
  return static_cast<std::uint32_t>(sip.a ^ sip.b ^ sip.c ^ sip.d);
}

std::vector<std::uint32_t> build_slots(std::uint8_t scheduler, std::uint32_t size, std::span<const SlotMember> members,
                                       bool service_is_v4) {
  if (members.empty()) return {};
  switch (scheduler) {
    case image::kMaglev: return maglev(members, size);
    case image::kDh: return deal_dh(members);
    case image::kSh: return deal_sh(members);
    case image::kMh: return populate_mh(members, service_is_v4);
    default: return {};
  }
}

}  // namespace lvsd
