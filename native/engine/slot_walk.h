#pragma once
#include <cstdint>
#include <utility>
#include <vector>

namespace lvsd {

/// A member's own order of preference over all slots of a table: from `slot` on in steps of `skip`, which has no divisor in common with
/// the number of slots.
struct Walker {
  std::uint32_t slot, skip;
  std::uint32_t id;           ///< what stands in its slots
  std::uint32_t inverse = 0;  ///< of skip; 0: not known yet
  std::uint32_t share = 0;    ///< inverse / size, as a part of 2^32
};

/// A table whose slots are taken one by one, as Maglev and the kernel's mh have it: each walker in turn takes the next free one on its walk.
///
/// Trying slots costs size / free of them each, half of all tries for the last few slots (size * ln size in all). So when few are free, each
/// of those is asked how many steps away it is: its distance times the inverse of the skip.
class SlotWalk {
 public:
  explicit SlotWalk(std::uint32_t size) : size_(size), left_(size), taken_((std::size_t{size} + 63) / 64), table_(size) {
    while (few_ * few_ <= size) ++few_;
  }

  /// Slots that nobody has.
  [[nodiscard]] std::uint32_t left() const noexcept { return left_; }

  /// The next free slot on its walk is its own. There must be one.
  void take(Walker& walker) {
    if (left_ <= few_) return take_last(walker);
    std::uint32_t slot = walker.slot;
    while (is_taken(slot)) {
      const std::uint32_t next = slot + walker.skip;
      slot = next >= size_ ? next - size_ : next;
    }
    give(slot, walker);
  }
  [[nodiscard]] std::vector<std::uint32_t> table() && { return std::move(table_); }

 private:
  [[nodiscard]] bool is_taken(std::uint32_t slot) const noexcept { return (taken_[slot >> 6] >> (slot & 63) & 1) != 0; }
  void give(std::uint32_t slot, Walker& walker) noexcept {
    // which slots are free, a bit each: it stays in the first-level cache where the table itself would not
    taken_[slot >> 6] |= std::uint64_t{1} << (slot & 63);
    table_[slot] = walker.id;
    walker.slot = slot;
    --left_;
  }
  void take_last(Walker& walker);

  std::uint32_t size_, left_;
  std::uint32_t few_ = 1;
  std::vector<std::uint64_t> taken_;
  std::vector<std::uint32_t> table_;
  std::vector<std::uint32_t> free_;  ///< the last few, when there are no more
};

}  // namespace lvsd
