#pragma once
#include <algorithm>

#include "engine/fields_hash.h"
#include "engine/schedulers/least.h"
#include "engine/session_buckets.h"

/// lblc and lblcr: an address asked for keeps its server, or its set of servers, for caches.
namespace lvsd::schedulers {

/// What is remembered of an address: lblc one destination, lblcr up to kMost, the newest first.
struct Locality {
  static constexpr std::uint32_t kMost = 16;  ///< the kernel has no bound; what joins a full set takes the place of the oldest
  struct Kept {
    std::uint32_t id, generation;
  };
  Address address;
  std::uint32_t service_generation;  ///< 0: vacant
  std::uint32_t used_ms, changed_ms;
  std::uint32_t count;
  Kept kept[kMost];
};

/// By service and address: 16,384 of them as the kernel's tables have by default (IP_VS_LBLC_TAB_SIZE times 16), in buckets of four;
/// of a full bucket the one that nobody asked for the longest time goes. Memory that is not used is not touched.
class Localities {
 public:
  Localities() noexcept { (void)entries_.allocate(kEntries * sizeof(Locality)); }

  [[nodiscard]] const Locality* find(const Service& service, const Address& address) const noexcept {
    return const_cast<Localities*>(this)->look(service, address);
  }
  void put(const Service& service, const Locality& what) noexcept {
    if (entries_.data() == nullptr) return;
    Locality* at = look(service, what.address);
    if (at == nullptr) {
      Locality* first = bucket(service, what.address);
      at = std::min_element(first, first + kWays, [&](const Locality& a, const Locality& b) {
        return age(a, what.used_ms) > age(b, what.used_ms);
      });
    }
    *at = what;
  }

 private:
  static constexpr std::uint32_t kEntries = 16'384, kWays = 4;
  static std::uint64_t age(const Locality& one, std::uint32_t now_ms) noexcept {
    return one.service_generation == 0 ? ~std::uint64_t{0} : now_ms - one.used_ms;
  }
  [[nodiscard]] Locality* bucket(const Service& service, const Address& address) const noexcept {
    const std::uint64_t hash = multiply_fold(address.high() ^ kHashKeys[0] ^ service.generation, address.low() ^ kHashKeys[1]);
    return static_cast<Locality*>(entries_.data()) + slot_of(hash, kEntries / kWays) * kWays;
  }
  [[nodiscard]] Locality* look(const Service& service, const Address& address) noexcept {
    if (entries_.data() == nullptr) return nullptr;
    Locality* const first = bucket(service, address);
    Locality* const end = first + kWays;
    Locality* const found = std::find_if(first, end, [&](const Locality& one) {
      return one.service_generation == service.generation && one.address == address;
    });
    return found == end ? nullptr : found;
  }

  Pages entries_;
};

/// is_overloaded of the kernel: it is above its weight, and somebody has room.
inline bool is_overworked(const Candidates& all, std::uint32_t id) noexcept {
  if (all.active(id) <= all.weight(id)) return false;
  return std::any_of(all.service().members.begin(), all.service().members.end(), [&](std::uint32_t other) {
    return !all.is_passed_over(other) && all.active(other) * 2 < all.weight(other);
  });
}

inline Locality::Kept kept(const Candidates& all, std::uint32_t id) noexcept { return {id, all.tables().destination(id).generation}; }

/// @param entry what was remembered; changed to what is to be
inline std::uint32_t lblc(const Candidates& all, Locality& entry) noexcept {
  if (entry.count > 0 && all.is_member(entry.kept[0].id, entry.kept[0].generation)) {
    const std::uint32_t id = entry.kept[0].id;
    if (all.weight(id) > 0 && !all.is_passed_over(id) && !is_overworked(all, id)) return id;
  }
  const std::uint32_t id = wlc(all);
  if (id == kNone) return kNone;
  entry.kept[0] = kept(all, id);
  entry.count = 1;
  return id;
}

/// Takes the most loaded member with weight (of equals the first) from a set that did not change for a day.
inline void lblcr_shrink(const Candidates& all, Locality& entry, std::uint32_t now_ms) noexcept {
  constexpr std::uint32_t kExpirationMs = 86'400'000;  // sysctl net.ipv4.vs.lblcr_expiration
  if (entry.count < 2 || now_ms - entry.changed_ms <= kExpirationMs) return;
  std::uint32_t most = kNone;
  for (std::uint32_t i = 0; i < entry.count; ++i) {
    const auto [id, generation] = entry.kept[i];
    if (!all.is_member(id, generation) || all.weight(id) == 0) continue;
    if (most != kNone) {
      const std::uint32_t other = entry.kept[most].id;
      if (static_cast<__int128>(all.overhead(other)) * all.weight(id) >= static_cast<__int128>(all.overhead(id)) * all.weight(other)) continue;
    }
    most = i;
  }
  if (most == kNone) return;
  std::copy(entry.kept + most + 1, entry.kept + entry.count, entry.kept + most);
  --entry.count;
  entry.changed_ms = now_ms;
}

/// ip_vs_dest_set_insert: a member stays where it is in the set.
inline void lblcr_join(const Candidates& all, Locality& entry, std::uint32_t id, std::uint32_t now_ms) noexcept {
  const Locality::Kept joins = kept(all, id);
  for (std::uint32_t i = 0; i < entry.count; ++i) {
    if (entry.kept[i].id == joins.id && entry.kept[i].generation == joins.generation) return;
  }
  if (entry.count < Locality::kMost) ++entry.count;
  std::copy_backward(entry.kept, entry.kept + entry.count - 1, entry.kept + entry.count);
  entry.kept[0] = joins;
  entry.changed_ms = now_ms;
}

inline std::uint32_t lblcr(const Candidates& all, Locality& entry, std::uint32_t now_ms) noexcept {
  Locality::Kept members[Locality::kMost];  // those of the set that are in the list, in the order of the set
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < entry.count; ++i) {
    if (all.is_member(entry.kept[i].id, entry.kept[i].generation)) members[count++] = entry.kept[i];
  }
  const std::uint32_t least = least_per_weight(
      all, count, [&](std::uint32_t i) { return members[i].id; }, [&](std::uint32_t id) { return all.overhead(id); });
  lblcr_shrink(all, entry, now_ms);
  if (least != kNone && !is_overworked(all, least)) return least;
  const std::uint32_t id = wlc(all);
  if (id != kNone) lblcr_join(all, entry, id, now_ms);
  return id;
}

}  // namespace lvsd::schedulers
