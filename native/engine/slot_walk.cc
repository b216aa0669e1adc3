#include "engine/slot_walk.h"

#include <algorithm>
#include <utility>

namespace lvsd {
namespace {

/// x with x * value = 1 modulo `size`, by Euclid's algorithm; both have no divisor in common.
std::uint32_t inverse_of(std::uint32_t value, std::uint32_t size) noexcept {
  std::int64_t a = size, b = value % size, x = 0, y = 1;
  while (b != 0) {
    const std::int64_t times = a / b;
    a = std::exchange(b, a - times * b);
    x = std::exchange(y, x - times * y);
  }
  return static_cast<std::uint32_t>(x < 0 ? x + size : x);
}

}  // namespace

void SlotWalk::take_last(Walker& walker) {
  if (free_.empty()) {
    for (std::uint32_t slot = 0; slot < size_; ++slot) {
      if (!is_taken(slot)) free_.push_back(slot);
    }
  }
  if (walker.inverse == 0) {
    walker.inverse = inverse_of(walker.skip, size_);
    walker.share = static_cast<std::uint32_t>((std::uint64_t{walker.inverse} << 32) / size_);
  }
  // Shoup's multiplication: the quotient by `share` is right or one too low (slots are below 2^24), and all else fits into 32 bits
  const std::uint32_t inverse = walker.inverse, share = walker.share, from = walker.slot, size = size_;
  const auto steps_to = [=](std::uint32_t slot) {
    const std::uint32_t distance = slot - from + (slot < from ? size : 0);
    const auto quotient = static_cast<std::uint32_t>(std::uint64_t{distance} * share >> 32);
    const std::uint32_t rest = distance * inverse - quotient * size;
    return std::min(rest, rest - size);  // below 0 is beyond all others
  };
  std::uint32_t fewest = 0xffffffff;
  for (const std::uint32_t slot : free_) fewest = std::min(fewest, steps_to(slot));
  std::size_t nearest = 0;
  while (steps_to(free_[nearest]) != fewest) ++nearest;
  give(free_[nearest], walker);
  free_[nearest] = free_.back();
  free_.pop_back();
}

}  // namespace lvsd
