#pragma once
#include "engine/schedulers/candidates.h"

/// lc, wlc, sed, nq, fo, ovf: those that keep nothing between two choices.
namespace lvsd::schedulers {

/// The first available of an order, of which overhead per weight is smallest, compared by cross-multiplication as the kernel does.
template <typename At, typename Overhead>
std::uint32_t least_per_weight(const Candidates& all, std::uint32_t count, At&& at, Overhead&& overhead) noexcept {
  std::uint32_t least = kNone;
  __int128 least_overhead = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t id = at(i);
    if (!all.is_available(id)) continue;
    const __int128 mine = overhead(id);
    if (least != kNone && least_overhead * all.weight(id) <= mine * all.weight(least)) continue;
    least = id;
    least_overhead = mine;
  }
  return least;
}
template <typename Overhead>
std::uint32_t least_per_weight(const Candidates& all, Overhead&& overhead) noexcept {
  return least_per_weight(all, all.size(), [&](std::uint32_t place) { return all.id(place); }, overhead);
}

/// Weighted least connection, the kernel's default.
inline std::uint32_t wlc(const Candidates& all) noexcept {
  return least_per_weight(all, [&](std::uint32_t id) { return all.overhead(id); });
}

/// Shortest expected delay: the new connection counts itself.
inline std::uint32_t sed(const Candidates& all) noexcept {
  return least_per_weight(all, [&](std::uint32_t id) { return all.active(id) + 1; });
}

/// Never queue: somebody idle, or the shortest expected delay.
inline std::uint32_t nq(const Candidates& all) noexcept {
  for (std::uint32_t place = 0; place < all.size(); ++place) {
    const std::uint32_t id = all.id(place);
    if (all.is_available(id) && all.active(id) == 0) return id;
  }
  return sed(all);
}

/// Least connection, whatever the weight.
inline std::uint32_t lc(const Candidates& all) noexcept {
  std::uint32_t least = kNone;
  std::int64_t least_overhead = 0;
  for (std::uint32_t place = 0; place < all.size(); ++place) {
    const std::uint32_t id = all.id(place);
    if (!all.is_available(id)) continue;
    const std::int64_t mine = all.overhead(id);
    if (least != kNone && least_overhead <= mine) continue;
    least = id;
    least_overhead = mine;
  }
  return least;
}

/// The first of the heaviest among those that may be chosen.
template <typename MayBe>
std::uint32_t heaviest(const Candidates& all, MayBe&& may_be) noexcept {
  std::uint32_t best = kNone;
  for (std::uint32_t place = 0; place < all.size(); ++place) {
    const std::uint32_t id = all.id(place);
    if (may_be(id) && (best == kNone || all.weight(id) > all.weight(best))) best = id;
  }
  return best;
}

/// Weighted failover: all to the heaviest.
inline std::uint32_t fo(const Candidates& all) noexcept {
  return heaviest(all, [&](std::uint32_t id) { return all.is_available(id); });
}

/// Weighted overflow: the heaviest until it has more active connections than weight.
inline std::uint32_t ovf(const Candidates& all) noexcept {
  return heaviest(all, [&](std::uint32_t id) { return all.is_available(id) && all.active(id) <= all.weight(id); });
}

}  // namespace lvsd::schedulers
