// The Maglev table: balance, shares, disruption, independence of order.
#include "engine/maglev.h"

#include <algorithm>
#include <map>

#include "test/images.h"
#include "test/tap.h"

using namespace lvsd;

namespace {

MaglevMember member(std::uint32_t n, std::uint32_t weight = 1) {
  const std::string text = "10." + std::to_string(n >> 16) + "." + std::to_string(n >> 8 & 255) + "." + std::to_string(n & 255);
  return {test::address(text), n, weight, 80};
}

std::vector<MaglevMember> equal_members(std::uint32_t count) {
  std::vector<MaglevMember> members;
  for (std::uint32_t n = 0; n < count; ++n) members.push_back(member(n));
  return members;
}

std::map<std::uint32_t, std::uint32_t> shares(const std::vector<std::uint32_t>& table) {
  std::map<std::uint32_t, std::uint32_t> count;
  for (const std::uint32_t id : table) ++count[id];
  return count;
}

/// Share of the slots of those who stay that go to somebody else when member `leaver` goes.
double disruption(std::uint32_t size, std::uint32_t count, std::uint32_t leaver) {
  std::vector<MaglevMember> members = equal_members(count);
  const auto before = build_maglev(members, size);
  members.erase(members.begin() + leaver);
  const auto after = build_maglev(members, size);
  std::uint32_t moved = 0, stayed = 0;
  for (std::uint32_t slot = 0; slot < size; ++slot) {
    if (before[slot] == leaver) continue;
    ++stayed;
    moved += before[slot] == after[slot] ? 0 : 1;
  }
  return 100.0 * moved / stayed;
}

}  // namespace

TEST("a table is as large as a prime or a power of two, up to 16,777,216") {
  for (const std::uint32_t size : {1U, 2U, 3U, 5U, 251U, 1021U, 1024U, 4093U, 65536U, 65537U, 655373U, 16777216U, 16777213U}) CHECK(is_table_size(size));
  for (const std::uint32_t size : {0U, 6U, 9U, 15U, 1000U, 4095U, 65535U, 16777217U, 33554432U, 4294967291U}) CHECK(!is_table_size(size));
}

TEST("with equal weights no two members differ by more than a slot, for primes and powers of two") {
  for (const std::uint32_t size : {251U, 1024U, 4093U, 65536U, 65537U}) {
    for (const std::uint32_t count : {1U, 2U, 3U, 10U, 100U, 250U}) {
      const auto count_of = shares(build_maglev(equal_members(count), size));
      const auto [least, most] = std::minmax_element(count_of.begin(), count_of.end(), [](auto& a, auto& b) { return a.second < b.second; });
      CHECK_EQUAL(count_of.size(), std::size_t{count});
      CHECK(most->second - least->second <= 1);
    }
  }
}

TEST("every member has its share of the slots to within one, and to within 2 % where its share is 100 slots and more") {
  const std::vector<std::vector<std::uint32_t>> rows = {{1, 2, 3}, {50, 100, 1, 100}, {1, 1000}, {7, 7, 7, 14}, {2147483647, 1073741824, 3},
                                                        {100, 99, 98, 97, 96, 95, 94, 3, 2, 1}};
  for (const auto& weights : rows) {
    for (const std::uint32_t size : {4093U, 65536U, 65537U}) {
      std::vector<MaglevMember> members;
      double sum = 0;
      for (const std::uint32_t weight : weights) members.push_back(member(static_cast<std::uint32_t>(members.size()), weight)), sum += weight;
      auto count_of = shares(build_maglev(members, size));
      for (std::uint32_t n = 0; n < weights.size(); ++n) {
        const double should = std::max(1.0, size * (weights[n] / sum));
        CHECK(std::abs(count_of[n] - should) <= 1.01);
        if (should >= 100) CHECK(std::abs(count_of[n] / should - 1) < 0.02);
      }
    }
  }
}

TEST("who would get less than a slot gets one") {
  std::vector<MaglevMember> members = {member(0, 2147483647), member(1, 1), member(2, 2)};
  auto count_of = shares(build_maglev(members, 251));
  CHECK(count_of[1] >= 1);
  CHECK(count_of[2] >= 1);
  CHECK(count_of[0] >= 247);
}

TEST("the order they come in does not matter, nor what their ids are") {
  std::vector<MaglevMember> members;
  for (std::uint32_t n = 0; n < 37; ++n) members.push_back(member(n, 1 + n % 5));
  const auto table = build_maglev(members, 4093);
  std::reverse(members.begin(), members.end());
  CHECK(build_maglev(members, 4093) == table);
  for (MaglevMember& one : members) one.id += 1000;
  auto moved = build_maglev(members, 4093);
  for (std::uint32_t& id : moved) id -= 1000;
  CHECK(moved == table);
}

TEST("weight 0 has no slots; nobody with weight, no table; another port is another member") {
  CHECK(build_maglev({}, 251).empty());
  const std::vector<MaglevMember> nobody = {member(0, 0)};
  CHECK(build_maglev(nobody, 251).empty());
  const std::vector<MaglevMember> one = {member(0, 0), member(1, 3)};
  CHECK_EQUAL(shares(build_maglev(one, 251)).size(), 1U);
  MaglevMember first = member(0), second = member(0);
  second.port = 81, second.id = 1;
  const std::vector<MaglevMember> twice = {first, second};
  CHECK_EQUAL(shares(build_maglev(twice, 251)).size(), 2U);
}

TEST("when one of N leaves, few slots of the others move: 65,537 slots, N = 10, 100, 1000") {
  // a table by another hash function had 0.58 % at 100 and 0.56 % at 1000: it is the algorithm, not the hash
  const std::pair<std::uint32_t, double> rows[] = {{10, 1.0}, {100, 1.0}, {1000, 1.0}};
  for (const auto& [count, most] : rows) {
    double sum = 0, worst = 0;
    const std::uint32_t leavers = 5;
    for (std::uint32_t i = 0; i < leavers; ++i) {
      const double moved = disruption(65537, count, i * count / leavers);
      sum += moved;
      worst = std::max(worst, moved);
    }
    std::printf("# N = %u: %.2f %% of the others' slots move in the mean, %.2f %% at worst\n", count, sum / leavers, worst);
    CHECK(sum / leavers < most);
  }
}

TEST("when a weight changes, the others keep nearly all of their slots") {
  std::vector<MaglevMember> members;
  for (std::uint32_t n = 0; n < 20; ++n) members.push_back(member(n, 100));
  const auto before = build_maglev(members, 65537);
  members[3].weight = 50;
  const auto after = build_maglev(members, 65537);
  std::uint32_t moved = 0;
  for (std::uint32_t slot = 0; slot < before.size(); ++slot) moved += before[slot] != 3 && before[slot] != after[slot] ? 1 : 0;
  std::printf("# %.2f %% of the others' slots moved\n", 100.0 * moved / 65537);
  CHECK(moved < 65537 * 5 / 100);
}

int main() { return test::run_all(); }
