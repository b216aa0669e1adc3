#include <map>
#include <set>

#include "engine/held.h"
#include "test/session_fixture.h"
#include "test/tap.h"

using namespace lvsd;
using namespace lvsd::test;

namespace {
Parsed fragment(std::uint32_t id, bool v4 = true) {
  Parsed parsed;
  parsed.source = address_of(v4, 0x0a000001);
  parsed.destination = address_of(v4, 0xc6336401);
  parsed.protocol = kUdp;
  parsed.fragment_id = id;
  parsed.is_fragment = true;
  return parsed;
}
}  // namespace

TEST("the key is of source, destination, protocol, id and where it came in, and of the secret") {
  const FragmentTable table(64, 1), other(64, 2);
  for (const bool v4 : {true, false}) {
    std::set<std::uint64_t> keys{table.key(fragment(7, v4), 0), table.key(fragment(8, v4), 0), table.key(fragment(7, v4), 1),
                                 other.key(fragment(7, v4), 0)};
    Parsed changed = fragment(7, v4);
    changed.source = address_of(v4, 1);
    keys.insert(table.key(changed, 0));
    changed = fragment(7, v4);
    changed.destination = address_of(v4, 1);
    keys.insert(table.key(changed, 0));
    changed = fragment(7, v4);
    changed.protocol = kTcp;
    keys.insert(table.key(changed, 0));
    CHECK_EQUAL(keys.size(), 7u);
    Parsed later = fragment(7, v4);  // what differs between the fragments of one datagram does not count
    later.fragment_offset = 1'480;
    later.source_port = 9;
    CHECK_EQUAL(table.key(later, 0), table.key(fragment(7, v4), 0));
  }
}

TEST("ports are known from the first fragment until their time is over, across the turn of the clock too") {
  FragmentTable table(64, 1);
  const std::uint64_t key = table.key(fragment(7), 0);
  FragmentTable::Ports ports{};
  CHECK(!table.find(key, 0, ports));
  for (const std::uint32_t now : {1'000u, 0xffffffffu, 0x7fffffffu}) {
    table.learn(key, {40'000, 53}, now + 30'000);
    CHECK(table.find(key, now, ports));
    CHECK(ports.source == 40'000 && ports.destination == 53);
    CHECK(table.find(key, now + 29'999, ports));
    CHECK(!table.find(key, now + 30'000, ports));
    CHECK(!table.find(key, now + 0x80000001, ports));  // 25 days later, when its time seems ahead again
  }
  table.learn(key, {1, 65'535}, 60'000);
  CHECK(table.find(key, 59'000, ports) && ports.source == 1 && ports.destination == 65'535);
}

TEST("it is bounded: what ends first gives way, and the newest is always known") {
  FragmentTable table(256, 1);
  std::map<std::uint32_t, FragmentTable::Ports> model;
  std::uint32_t known = 0;
  for (std::uint32_t id = 0; id < 100'000; ++id) {
    const FragmentTable::Ports ports{static_cast<std::uint16_t>(id), static_cast<std::uint16_t>(id >> 3)};
    const std::uint32_t now = id + 0xffff0000;
    table.learn(table.key(fragment(id), 0), ports, now + 5'000);
    FragmentTable::Ports found{};
    CHECK(table.find(table.key(fragment(id), 0), now, found));
    CHECK(found.source == ports.source && found.destination == ports.destination);
    if (id < 32) continue;
    known += table.find(table.key(fragment(id - 32), 0), now, found) && found.source == static_cast<std::uint16_t>(id - 32) ? 1 : 0;
  }
  CHECK(known > 99'000);  // of 256 places, the 32 newest are nearly always there
}

int main() { return lvsd::test::run_all(); }
