#include "engine/maglev.h"

#include <algorithm>
#include <bit>

#include "engine/fields_hash.h"
#include "engine/slot_walk.h"

namespace lvsd {
namespace {

/// Those of one weight: they are always due together, in the order of their addresses.
struct Group {
  std::uint64_t due, step;
  std::uint32_t first, count;  ///< of the walkers
  std::uint32_t rank;          ///< heaviest first
};
bool is_before(const Group& a, const Group& b) noexcept { return a.due != b.due ? a.due < b.due : a.rank < b.rank; }

/// A heap whose top is due next, and goes down again when it was served.
class Agenda {
 public:
  explicit Agenda(std::vector<Group> groups) : heap_(std::move(groups)) {
    std::make_heap(heap_.begin(), heap_.end(), [](const Group& a, const Group& b) { return is_before(b, a); });
  }
  [[nodiscard]] const Group& top() const noexcept { return heap_.front(); }
  void postpone_top() noexcept {
    Group group = heap_.front();
    group.due += group.step;
    std::size_t at = 0;
    for (std::size_t child = 1; child < heap_.size(); child = 2 * at + 1) {
      child += child + 1 < heap_.size() && is_before(heap_[child + 1], heap_[child]) ? 1 : 0;
      if (!is_before(heap_[child], group)) break;
      heap_[at] = heap_[child];
      at = child;
    }
    heap_[at] = group;
  }

 private:
  std::vector<Group> heap_;
};

std::uint64_t member_hash(const MaglevMember& member) noexcept {
  const std::uint64_t address = multiply_fold(member.address.high() ^ kHashKeys[5], member.address.low() ^ kHashKeys[4]);
  return multiply_fold(address ^ member.port, kHashKeys[2]);
}

Walker make_walker(const MaglevMember& member, std::uint32_t size) noexcept {
  const std::uint64_t hash = member_hash(member);
  const std::uint64_t upper = hash >> 32;
  Walker walker{slot_of(hash, size), 1, member.id};
  // a skip that has no divisor in common with the size: any with a prime, odd ones with a power of two
  if (std::has_single_bit(size)) walker.skip = static_cast<std::uint32_t>(upper * (size / 2) >> 32) * 2 + 1;
  else walker.skip = static_cast<std::uint32_t>(upper * (size - 1) >> 32) + 1;
  return walker;
}

/// By weight, heaviest first, then by address and port. Those without weight are left out; a weight that would bring less than a slot
/// is raised to what brings one.
std::vector<MaglevMember> in_order(std::span<const MaglevMember> members, std::uint32_t size) {
  std::vector<MaglevMember> order;
  std::uint64_t sum = 0;
  for (const MaglevMember& member : members) {
    if (member.weight == 0) continue;
    order.push_back(member);
    sum += member.weight;
  }
  const std::uint64_t least = std::min<std::uint64_t>((sum + size - 1) / size, 0x7fffffff);
  for (MaglevMember& member : order) member.weight = static_cast<std::uint32_t>(std::max<std::uint64_t>(member.weight, least));
  std::sort(order.begin(), order.end(), [](const MaglevMember& a, const MaglevMember& b) {
    if (a.weight != b.weight) return a.weight > b.weight;
    if (a.address != b.address) return a.address.bytes < b.address.bytes;
    return a.port < b.port;
  });
  return order;
}

std::vector<Group> make_groups(std::span<const MaglevMember> order, std::uint32_t size) {
  std::vector<Group> groups;
  for (std::uint32_t i = 0; i < order.size(); ++i) {
    if (i == 0 || order[i].weight != order[i - 1].weight) {
      // a time between two slots such that all of the table lasts less than 2^63
      const std::uint64_t step = (std::uint64_t{1} << 61) / (std::uint64_t{size} * order[i].weight);
      groups.push_back({step / 2, step, i, 0, static_cast<std::uint32_t>(groups.size())});
    }
    ++groups.back().count;
  }
  return groups;
}

}  // namespace

bool is_table_size(std::uint32_t size) noexcept {
  if (size == 0 || size > kMostSlots) return false;
  if (std::has_single_bit(size)) return true;
  if (size % 2 == 0) return false;
  for (std::uint32_t divisor = 3; divisor * divisor <= size; divisor += 2) {
    if (size % divisor == 0) return false;
  }
  return true;
}

std::vector<std::uint32_t> build_maglev(std::span<const MaglevMember> members, std::uint32_t size) {
  const std::vector<MaglevMember> order = in_order(members, size);
  if (order.empty() || size == 0) return {};
  std::vector<Walker> walkers;
  walkers.reserve(order.size());
  for (const MaglevMember& member : order) walkers.push_back(make_walker(member, size));

  SlotWalk slots(size);
  Agenda agenda(make_groups(order, size));
  for (; slots.left() > 0; agenda.postpone_top()) {
    const Group& group = agenda.top();
    const std::uint32_t now = std::min(group.count, slots.left());
    for (std::uint32_t i = 0; i < now; ++i) slots.take(walkers[group.first + i]);
  }
  return std::move(slots).table();
}

}  // namespace lvsd
