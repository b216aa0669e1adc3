#pragma once
#include "engine/fields_hash.h"
#include "engine/schedulers/candidates.h"
#include "engine/sessions.h"
#include "engine/slots.h"

/// maglev, mh, sh, dh: a hash picks a slot of the service's table.
namespace lvsd::schedulers {

enum Flag : std::uint8_t { kFallback = 1, kPort = 2 };  ///< of sh and mh

/// Slot after slot from the picked one on: a Maglev table is well mixed, so the flows of one that is full spread over all the others.
inline std::uint32_t maglev(const Candidates& all, std::uint64_t hash) noexcept {
  const auto slots = all.service().slots;
  if (slots.empty()) return kNone;
  std::uint32_t slot = slot_of(hash, static_cast<std::uint32_t>(slots.size()));
  if (all.is_available(slots[slot])) return slots[slot];
  bool any = false;
  for (std::uint32_t place = 0; place < all.size() && !any; ++place) any = all.is_available(all.id(place));
  for (std::size_t step = 0; any && step < slots.size(); ++step) {
    slot = slot + 1 == slots.size() ? 0 : slot + 1;
    if (all.is_available(slots[slot])) return slots[slot];
  }
  return kNone;
}

inline std::uint32_t dh(const Candidates& all, const FlowKey& key) noexcept {
  const auto slots = all.service().slots;
  if (slots.empty()) return kNone;
  const std::uint32_t id = slots[hash32(fold_address(key.vip), kHashBits)];
  return all.is_available(id) ? id : kNone;
}

inline std::uint32_t port_of(const Service& service, const FlowKey& key) noexcept {
  return (service.scheduler_flags & kPort) != 0 ? key.client_port : 0;
}

inline std::uint32_t sh(const Candidates& all, const FlowKey& key) noexcept {
  const auto slots = all.service().slots;
  if (slots.empty()) return kNone;
  constexpr std::uint32_t kMask = (1U << kHashBits) - 1;
  const std::uint32_t hash = hash32(fold_address(key.client) + port_of(all.service(), key), kHashBits);
  if (all.is_available(slots[hash])) return slots[hash];
  if ((all.service().scheduler_flags & kFallback) == 0) return kNone;
  for (std::uint32_t step = 0; step <= kMask; ++step) {  // the kernel counts from the hash again: 2 * hash, 2 * hash + 1, ...
    const std::uint32_t id = slots[(hash + ((hash + step) & kMask)) & kMask];
    if (all.is_available(id)) return id;
  }
  return kNone;
}

inline std::uint32_t mh(const Candidates& all, const FlowKey& key) noexcept {
  const auto slots = all.service().slots;
  if (slots.empty()) return kNone;
  const std::uint32_t word = fold_address(key.client) + port_of(all.service(), key);
  const auto slot = [&](std::uint32_t offset) { return half_siphash(word + offset, kMhFirstKey) % kMhSlots; };
  const std::uint32_t first = slot(0);
  if (all.is_available(slots[first])) return slots[first];
  if ((all.service().scheduler_flags & kFallback) == 0) return kNone;
  for (std::uint32_t step = 0; step < kMhSlots; ++step) {
    const std::uint32_t id = slots[slot((first + step) % kMhSlots)];
    if (all.is_available(id)) return id;
  }
  return kNone;
}

}  // namespace lvsd::schedulers
