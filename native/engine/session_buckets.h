#pragma once
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "engine/counter.h"
#include "packet/view.h"

#if defined(__SSE4_1__)
#include <smmintrin.h>
#endif

namespace lvsd {

/// Zeroed memory from mmap, in huge pages where there are any; nothing is there until it is touched.
class Pages {
 public:
  Pages() noexcept = default;
  ~Pages();
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;

  /// Once. False: the kernel has no memory.
  [[nodiscard]] bool allocate(std::size_t bytes) noexcept;
  [[nodiscard]] void* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  void* data_ = nullptr;
  Counter<std::size_t> bytes_ = 0;
};

/// What the path of an established flow reads and writes. Sessions and their reverse entries use the same slots.
struct Slot {
  std::uint64_t hash = 0;      ///< the whole key of it; 0: empty
  std::uint32_t deadline = 0;  ///< milliseconds of a clock that wraps; of a reverse entry: handle of its session
  std::uint32_t meta = 0;      ///< sessions.h says the bits
};
/// Four slots in one cache line, the hashes side by side: they are compared all at once, and the store of a deadline does not come between.
struct alignas(64) Bucket {
  struct alignas(8) Rest {
    std::uint32_t deadline, meta;
  };
  std::uint64_t hashes[4];
  Rest rest[4];

  [[nodiscard]] Slot slot(std::uint32_t way) const noexcept { return {hashes[way], rest[way].deadline, rest[way].meta}; }
};
static_assert(sizeof(Bucket) == 64);

/// A slot where it stands in its bucket.
struct SlotPlace {
  std::uint64_t& hash;
  std::uint32_t& deadline;
  std::uint32_t& meta;

  operator Slot() const noexcept { return {hash, deadline, meta}; }
  void put(const Slot& slot) const noexcept {
    hash = slot.hash;
    deadline = slot.deadline;
    meta = slot.meta;
  }
  void clear() const noexcept { put({}); }
};

inline constexpr std::uint32_t kNoSlot = 0xffffffff;

/// Buckets of four slots, one cache line each. A slot's hash names two buckets it may be in (its low and its high half, scaled to the
/// number of buckets), so that it can be moved without its key. Filled first choice first, so that most lookups read one line.
/// A place is bucket * 4 + way.
class Buckets {
 public:
  Buckets() noexcept = default;

  [[nodiscard]] bool allocate(std::uint32_t buckets) noexcept;
  [[nodiscard]] bool ready() const noexcept { return memory_.data() != nullptr; }
  [[nodiscard]] std::uint32_t buckets() const noexcept { return ready() ? count_ : 0; }
  [[nodiscard]] std::uint32_t slots() const noexcept { return buckets() * 4; }
  [[nodiscard]] std::size_t bytes() const noexcept { return memory_.bytes(); }

  [[nodiscard, gnu::always_inline]] SlotPlace at(std::uint32_t place) noexcept {
    Bucket& bucket = table_[place >> 2];
    return {bucket.hashes[place & 3], bucket.rest[place & 3].deadline, bucket.rest[place & 3].meta};
  }
  [[nodiscard, gnu::always_inline]] Slot at(std::uint32_t place) const noexcept { return table_[place >> 2].slot(place & 3); }
  /// Both in one load and one store: what a flow's packet leaves, its next one finds at once.
  [[nodiscard, gnu::always_inline]] Bucket::Rest rest_at(std::uint32_t place) const noexcept {
    return std::bit_cast<Bucket::Rest>(load<std::uint64_t>(rest_bytes(place)));
  }
  [[gnu::always_inline]] void put_rest(std::uint32_t place, Bucket::Rest rest) noexcept {
    store(rest_bytes(place), std::bit_cast<std::uint64_t>(rest));
  }
  [[nodiscard, gnu::always_inline]] std::uint64_t hash_at(std::uint32_t place) const noexcept { return table_[place >> 2].hashes[place & 3]; }

  // (always inline: GCC takes a function that only prefetches for one without effect, and leaves its calls out)
  [[gnu::always_inline]] void prefetch(std::uint64_t hash) const noexcept { __builtin_prefetch(&table_[first(hash)]); }
  /// When `prefetch` has come true: where in the first choice it is, or, which then is fetched, the beginning of the second. No branch
  /// depends on which, nobody could foresee it.
  [[nodiscard, gnu::always_inline]] std::uint32_t aim(std::uint64_t hash) const noexcept {
    const std::uint32_t a = first(hash), b = second(hash);
    const std::uint32_t ways = match(table_[a], hash);
    const std::uint32_t bucket = chosen(a, b, ways);
    __builtin_prefetch(&table_[bucket]);
    return bucket << 2 | (static_cast<std::uint32_t>(__builtin_ctz(ways | 16)) & 3);
  }
  /// What `aim` said, when it is there: most often one comparison, since most are where they were aimed at.
  [[nodiscard, gnu::always_inline]] std::uint32_t find_aimed(std::uint32_t aimed, std::uint64_t hash) const noexcept {
    return hash_at(aimed) == hash ? aimed : find_in(aimed >> 2, hash);
  }

  /// Where a slot of this hash is, or kNoSlot. No branch depends on where.
  [[nodiscard]] std::uint32_t find(std::uint64_t hash) const noexcept { return find_in(home(hash), hash); }
  [[nodiscard]] std::uint32_t find_in(std::uint32_t bucket, std::uint64_t hash) const noexcept {
    const std::uint32_t ways = match(table_[bucket], hash);
    return ways != 0 ? bucket << 2 | static_cast<std::uint32_t>(__builtin_ctz(ways)) : kNoSlot;
  }

  /// A place for this hash that is free, or is so after moving others to their other choice, each in the other's way, `steps` of them at
  /// most; kNoSlot: none. `is_free(slot)`; `move(from, to)` moves a slot with all that belongs to it, or says false.
  /// Three steps look at 8, 32 and 128 buckets: what a crowded table costs.
  template <typename IsFree, typename Move>
  [[nodiscard]] std::uint32_t room(std::uint64_t hash, unsigned steps, IsFree is_free, Move move) {
    const std::uint32_t choices[2] = {first(hash), second(hash)};
    for (const std::uint32_t bucket : choices) {
      const std::uint32_t place = free_in(bucket, is_free);
      if (place != kNoSlot) return place;
    }
    if (steps == 0) return kNoSlot;
    for (const std::uint32_t bucket : choices) {
      for (std::uint32_t way = 0; way < 4; ++way) __builtin_prefetch(&table_[other(hash_at(bucket << 2 | way), bucket)]);
    }
    for (unsigned step = 1; step <= steps; ++step) {
      for (const std::uint32_t bucket : choices) {
        const std::uint32_t place = clear(bucket, step, is_free, move);
        if (place != kNoSlot) return place;
      }
    }
    return kNoSlot;
  }

  /// Both choices' places, for who looks for a victim.
  [[nodiscard]] std::array<std::uint32_t, 8> places(std::uint64_t hash) const noexcept {
    const std::uint32_t a = first(hash) << 2, b = second(hash) << 2;
    return {a, a + 1, a + 2, a + 3, b, b + 1, b + 2, b + 3};
  }

 private:
  [[nodiscard, gnu::always_inline]] std::uint8_t* rest_bytes(std::uint32_t place) const noexcept {
    return reinterpret_cast<std::uint8_t*>(&table_[place >> 2].rest[place & 3]);
  }
  [[nodiscard]] std::uint32_t first(std::uint64_t hash) const noexcept { return scale(static_cast<std::uint32_t>(hash)); }
  [[nodiscard]] std::uint32_t second(std::uint64_t hash) const noexcept { return scale(static_cast<std::uint32_t>(hash >> 32)); }
  [[nodiscard]] std::uint32_t scale(std::uint32_t half) const noexcept {
    return static_cast<std::uint32_t>(std::uint64_t{half} * count_ >> 32);
  }
  [[nodiscard]] std::uint32_t other(std::uint64_t hash, std::uint32_t bucket) const noexcept {
    const std::uint32_t a = first(hash);
    return a == bucket ? second(hash) : a;
  }
  /// The bucket that has it, or the second choice if neither has.
  [[nodiscard]] std::uint32_t home(std::uint64_t hash) const noexcept {
    const std::uint32_t a = first(hash), b = second(hash);
    return chosen(a, b, match(table_[a], hash));
  }
  /// Without a branch, which nobody could foresee: the compiler, which knows better, does not learn what the mask is.
  [[nodiscard]] static std::uint32_t chosen(std::uint32_t a, std::uint32_t b, std::uint32_t ways_in_a) noexcept {
    std::uint32_t in_first = 0u - static_cast<std::uint32_t>(ways_in_a != 0);
    __asm__("" : "+r"(in_first));
    return b ^ ((a ^ b) & in_first);
  }
  [[nodiscard]] static std::uint32_t match(const Bucket& bucket, std::uint64_t hash) noexcept {
#if defined(__SSE4_1__)
    const auto* const hashes = reinterpret_cast<const __m128i*>(bucket.hashes);
    const __m128i wanted = _mm_set1_epi64x(static_cast<long long>(hash));
    const __m128i same_low = _mm_cmpeq_epi64(_mm_load_si128(hashes), wanted);
    const __m128i same_high = _mm_cmpeq_epi64(_mm_load_si128(hashes + 1), wanted);
    return static_cast<std::uint32_t>(_mm_movemask_ps(_mm_castsi128_ps(_mm_packs_epi32(same_low, same_high))));
#else
    std::uint32_t ways = 0;
    for (std::uint32_t way = 0; way < 4; ++way) ways |= static_cast<std::uint32_t>(bucket.hashes[way] == hash) << way;
    return ways;
#endif
  }

  template <typename IsFree>
  [[nodiscard]] std::uint32_t free_in(std::uint32_t bucket, IsFree is_free) const {
    for (std::uint32_t way = 0; way < 4; ++way) {
      if (is_free(table_[bucket].slot(way))) return bucket << 2 | way;
    }
    return kNoSlot;
  }
  /// Moves one of a full bucket's slots into its other bucket, if that has room or one of its own can be moved on.
  template <typename IsFree, typename Move>
  [[nodiscard]] std::uint32_t clear(std::uint32_t bucket, unsigned steps, IsFree is_free, Move move) {
    for (std::uint32_t way = 0; way < 4; ++way) {
      const std::uint32_t from = bucket << 2 | way;
      const std::uint64_t hash = hash_at(from);
      const std::uint32_t goal = other(hash, bucket);
      if (goal == bucket || hash == 0) continue;
      const std::uint32_t to = steps == 1 ? free_in(goal, is_free) : clear(goal, steps - 1, is_free, move);
      if (to == kNoSlot || hash_at(from) != hash) continue;  // the way round may have led through this bucket
      if (move(from, to)) return from;
    }
    return kNoSlot;
  }

  static const Bucket kNothing[1];  ///< what is looked at before there is memory

  Bucket* table_ = const_cast<Bucket*>(kNothing);  // never written: who inserts allocates first
  std::uint32_t count_ = 1;
  Pages memory_;
};

}  // namespace lvsd
