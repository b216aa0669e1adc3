#include "engine/sessions.h"

#include <algorithm>
#include <set>

#include "test/session_fixture.h"
#include "test/tap.h"

using namespace lvsd;
using namespace lvsd::test;
using tcp::kAck, tcp::kFin, tcp::kRst, tcp::kSyn;

namespace {
template <typename Now>
std::uint32_t lives_until(Bench& bench, const FlowKey& key, Now from) {
  std::uint32_t low = 0, high = 0x7fffffff;  // alive at low, gone at high
  while (high - low > 1) {
    const std::uint32_t middle = low + (high - low) / 2;
    (bench.find(key, from + middle) != kNone ? low : high) = middle;
  }
  return high;
}
}  // namespace

TEST("what was inserted is found, with what it is about, in both families") {
  Bench bench(1'000, 8);
  for (const bool v4 : {true, false}) {
    const FlowKey key = flow(7, v4);
    CHECK_EQUAL(bench.find(key, 5), kNone);
    const std::uint32_t handle = bench.insert(key, 3, kSyn, 5);
    CHECK(handle != kNone);
    CHECK_EQUAL(bench.find(key, 5), handle);
    CHECK_EQUAL(bench.sessions.destination(handle), 3u);
    CHECK(bench.sessions.key(handle) == key);
    CHECK(bench.sessions.state(handle) == SessionState::syn);
    CHECK(bench.sessions.snat(handle, bench.tables).address.is_zero());
  }
  CHECK_EQUAL(bench.sessions.live(), 2u);
  CHECK_EQUAL(bench.counters[3].inactive, 2);
  CHECK_EQUAL(bench.counters[3].connections, 2u);
}

TEST("every part of the key makes another flow") {
  const Bench bench(10, 1);
  for (const bool v4 : {true, false}) {
    const FlowKey key = flow(1, v4);
    std::vector<FlowKey> others(6, key);
    others[0].client = address_of(v4, 1);
    others[1].vip = address_of(v4, 2);
    others[2].client_port ^= 1;
    others[3].vip_port ^= 1;
    others[4].protocol = kUdp;
    others[5].affinity = true;
    std::set<std::uint64_t> hashes{bench.sessions.hash(key)};
    for (const FlowKey& other : others) hashes.insert(bench.sessions.hash(other));
    CHECK_EQUAL(hashes.size(), 7u);
  }
}

TEST("the hash depends on both words of the secret, and spreads flows that differ in one bit over all buckets") {
  const std::uint64_t a[2] = {1, 2}, b[2] = {3, 2}, c[2] = {1, 4};
  CHECK(FlowHash(a)(flow(1)) != FlowHash(b)(flow(1)));
  CHECK(FlowHash(a)(flow(1)) != FlowHash(c)(flow(1)));
  const FlowHash hash(a);
  for (const bool v4 : {true, false}) {
    std::vector<unsigned> low(64), high(64);
    std::set<std::uint64_t> all;
    for (std::uint32_t n = 0; n < 64'000; ++n) {
      const std::uint64_t value = hash(flow(n, v4));
      all.insert(value);
      ++low[static_cast<std::uint32_t>(value) >> 26];
      ++high[value >> 58];
    }
    CHECK_EQUAL(all.size(), 64'000u);
    // binomial: 1000 +- 31.4; six sigma
    for (unsigned i = 0; i < 64; ++i) CHECK(low[i] > 810 && low[i] < 1'190 && high[i] > 810 && high[i] < 1'190);
  }
}

TEST("a session ends when its state's time is over: neither a millisecond before nor one after") {
  for (const std::uint32_t start : {0u, 1u, 0x7ffffff0u, 0xfffffff0u, 0xffffffffu}) {
    Bench bench(1'000, 2);
    struct Row { FlowKey key; std::uint8_t flags; std::uint32_t seconds; };
    FlowKey icmp = flow(5), sctp = flow(6);
    icmp.protocol = 1;
    sctp.protocol = 132;
    const Row rows[] = {{flow(1), kSyn, 60}, {flow(2), kAck, 900}, {flow(3), kFin | kAck, 120}, {flow(4), kRst, 10},
                        {flow(4, true, kUdp), 0, 300}, {icmp, 0, 60}, {sctp, 0, 600}};
    for (const Row& row : rows) {
      (void)bench.insert(row.key, 1, row.flags, start);
      for (const std::uint32_t after : {0u, 1u, 100u, row.seconds * 500}) CHECK(bench.find(row.key, start + after) != kNone);
      CHECK_EQUAL(lives_until(bench, row.key, start), row.seconds * 1'000);
    }
  }
}

TEST("a packet lets the time begin anew, by the state it leads to, and by the service's own time-outs") {
  Bench bench(1'000, 2);
  const FlowKey tcp = flow(1), udp = flow(2, true, kUdp);
  bench.touch(bench.insert(tcp, 0, kSyn, 0), kAck, false, 50'000);
  CHECK_EQUAL(lives_until(bench, tcp, 50'000u), 900'000u);
  bench.tables.set_times(5, 7, 0);
  bench.touch(bench.find(tcp, 50'000), kAck, true, 60'000);
  CHECK_EQUAL(lives_until(bench, tcp, 60'000u), 5'000u);
  bench.touch(bench.find(tcp, 60'000), kFin, true, 60'000);
  CHECK_EQUAL(lives_until(bench, tcp, 60'000u), 120'000u);
  (void)bench.insert(udp, 0, 0, 60'000);
  CHECK_EQUAL(lives_until(bench, udp, 60'000u), 7'000u);
}

TEST("time-outs longer than the clock can tell become the longest it can, none becomes a millisecond") {
  Bench bench(1'000, 2);
  bench.tables.set().tcp_established = 0xffffffff;
  bench.tables.set().tcp_syn = 0;
  bench.tables.set_times(0, 0, 0);
  (void)bench.insert(flow(1), 0, kAck, 0xfffffff0);
  CHECK(bench.find(flow(1), 0xfffffff0 + Sessions::kLongestMs - 1) != kNone);
  CHECK_EQUAL(bench.find(flow(1), 0xfffffff0 + Sessions::kLongestMs), kNone);
  (void)bench.insert(flow(2), 0, kSyn, 9);
  CHECK_EQUAL(lives_until(bench, flow(2), 9u), 1u);
}

TEST("what was swept does not come back when the clock has gone round, and what lives is not swept") {
  Bench bench(1'000, 2);
  (void)bench.insert(flow(1), 0, kAck, 0);
  (void)bench.insert(flow(2), 0, kAck, 0);
  for (std::uint64_t now = 0; now < (std::uint64_t{1} << 33); now += 600'000) {  // two rounds of the clock
    const auto ms = static_cast<std::uint32_t>(now);
    const std::uint32_t kept = bench.find(flow(2), ms);
    CHECK(kept != kNone);
    bench.touch(kept, kAck, false, ms);
    bench.sweep_all(ms);
    CHECK_EQUAL(bench.find(flow(1), ms) != kNone, now < 900'000);
  }
  CHECK_EQUAL(bench.sessions.live(), 1u);
  CHECK_EQUAL(bench.event(Event::sessions_expired), 1u);
}

TEST("sweep ends the sessions of destinations that are gone, vacant or beyond the tables; quiescent ones keep theirs") {
  Bench bench(1'000, 5);
  for (std::uint32_t i = 0; i < 5; ++i) (void)bench.insert(flow(i), i, kAck, 0);
  bench.tables.at(0).state = kGone;
  bench.tables.at(1).state = kQuiescent;
  bench.tables.at(2).state = kVacant;
  bench.tables.at(3).state = kUnreachable;
  FewTables fewer(4);
  for (std::size_t i = 0; i < 4; ++i) fewer.at(i).state = bench.tables.at(i).state;
  while (!bench.sessions.sweep(3, fewer, 1)) continue;
  const bool lives[] = {false, true, false, true, false};
  for (std::uint32_t i = 0; i < 5; ++i) {
    CHECK_EQUAL(bench.find(flow(i), 1) != kNone, lives[i]);
    CHECK_EQUAL(bench.counters[i].active, lives[i] ? 1 : 0);
  }
  CHECK_EQUAL(bench.event(Event::sessions_flushed), 3u);
}

TEST("flush ends those that are asked for") {
  Bench bench(1'000, 4);
  for (std::uint32_t i = 0; i < 400; ++i) (void)bench.insert(flow(i, i % 2 == 0), i % 4, kAck, 0);
  CHECK_EQUAL(bench.sessions.flush([](const FlowKey&, std::uint32_t to) { return to == 2; }), 100u);
  CHECK_EQUAL(bench.sessions.flush([](const FlowKey& key, std::uint32_t) { return !key.vip.is_v4(); }), 200u);
  for (std::uint32_t i = 0; i < 400; ++i) CHECK_EQUAL(bench.find(flow(i, i % 2 == 0), 0) != kNone, i % 4 == 0);
  CHECK_EQUAL(bench.counters[2].active, 0);
}

TEST("established counts as active, all others as inactive, a template as neither") {
  Bench bench(1'000, 2);
  const std::uint32_t handle = bench.insert(flow(1), 0, kSyn, 0);
  const auto is = [&bench](std::uint32_t i, std::int64_t active, std::int64_t inactive, std::uint64_t connections) {
    CHECK_EQUAL(bench.counters[i].active, active);
    CHECK_EQUAL(bench.counters[i].inactive, inactive);
    CHECK_EQUAL(bench.counters[i].connections, connections);
  };
  is(0, 0, 1, 1);
  bench.touch(handle, kAck, false, 0);
  is(0, 1, 0, 1);
  bench.sessions.redirect(handle, 1);
  is(0, 0, 0, 1);
  is(1, 1, 0, 1);
  bench.touch(handle, kFin, true, 0);
  is(1, 0, 1, 1);
  (void)bench.insert(flow(2, true, kUdp), 1, 0, 0);
  is(1, 0, 2, 2);
  FlowKey client = flow(3);
  client.client_port = 0;
  client.affinity = true;
  bench.tables.set_times(0, 0, 360);
  CHECK(bench.insert(client, 1, kSyn, 0) != kNone);
  is(1, 0, 2, 2);
  CHECK_EQUAL(lives_until(bench, client, 0u), 360'000u);
  bench.sessions.erase(handle);
  is(1, 0, 1, 2);
}

TEST("a SYN after the end begins anew in the same place, perhaps at another destination") {
  Bench bench(1'000, 2);
  const std::uint32_t handle = bench.insert(flow(1), 0, kAck, 0);
  CHECK(!bench.sessions.restarts(handle, kSyn));
  bench.touch(handle, kFin | kAck, false, 0);
  CHECK(bench.sessions.restarts(handle, kSyn));
  const std::uint32_t again = bench.insert(flow(1), 1, kSyn, 10);
  CHECK_EQUAL(again, handle);
  CHECK_EQUAL(bench.sessions.live(), 1u);
  CHECK_EQUAL(bench.counters[0].inactive, 0);
  CHECK_EQUAL(bench.counters[1].inactive, 1);
  CHECK(!bench.sessions.is_proved(again));
}

TEST("what cannot be: a destination beyond the counters, a place in no memory") {
  Bench bench(10, 2);
  CHECK_EQUAL(bench.insert(flow(1), 2, kSyn, 0), kNone);
  CHECK_EQUAL(bench.sessions.live(), 0u);
  CHECK_EQUAL(bench.sessions.memory_bytes(), 0u);
  CHECK_EQUAL(bench.sessions.flush([](const FlowKey&, std::uint32_t) { return true; }), 0u);
  CHECK(bench.sessions.sweep(1, bench.tables, 0));
}

TEST("memory: 64 bytes a session or less, and all of them find room") {
  constexpr std::uint32_t kMany = 200'000;
  for (const bool v4 : {true, false}) {
    Bench bench(kMany, 2);
    std::uint32_t refused = 0;
    for (std::uint32_t i = 0; i < kMany; ++i) {
      const std::uint32_t handle = bench.insert(flow(i, v4), 0, kSyn, 0);
      if (handle != kNone) bench.touch(handle, kAck, false, 0);
      refused += handle == kNone ? 1 : 0;
    }
    CHECK_EQUAL(refused, 0u);
    CHECK_EQUAL(bench.event(Event::sessions_evicted), 0u);
    CHECK(bench.sessions.memory_bytes() <= 64 * std::uint64_t{kMany});
    for (std::uint32_t i = 0; i < kMany; ++i) CHECK(bench.find(flow(i, v4), 0) != kNone);
  }
}

TEST("aiming first finds the same as finding at once") {
  Bench bench(2'000, 2);
  for (std::uint32_t i = 0; i < 1'900; ++i) (void)bench.insert(flow(i), 0, kAck, 0);
  for (std::uint32_t i = 0; i < 3'000; ++i) {
    const std::uint64_t hash = bench.sessions.hash(flow(i));
    bench.sessions.prefetch(hash, true);
    CHECK_EQUAL(bench.sessions.find_aimed(bench.sessions.aim(hash, true), hash, true, 0), bench.find(flow(i), 0));
  }
}

// ---------------------------------------------------------------- floods

TEST("a flood of ten times as many SYNs as there is room takes no established flow's place, nor a repeated datagram's") {
  Bench bench(5'000, 2);
  constexpr std::uint32_t kFlows = 4'000;
  for (std::uint32_t i = 0; i < kFlows; ++i) {
    const FlowKey key = flow(i, true, i % 2 == 0 ? kTcp : kUdp);
    const std::uint32_t handle = bench.insert(key, 0, kSyn, 0);
    bench.touch(handle, i % 2 == 0 ? kAck : 0, false, 1);
  }
  for (std::uint32_t i = 0; i < 50'000; ++i) {
    const FlowKey key = flow(1'000'000 + i, true, i % 3 == 0 ? kUdp : kTcp);
    const std::uint32_t handle = bench.insert(key, 1, kSyn, 2 + i / 10);
    if (handle != kNone && i % 3 != 0) bench.touch(handle, kSyn, false, 2 + i / 10);  // said twice, it proves nothing
  }
  for (std::uint32_t i = 0; i < kFlows; ++i) CHECK(bench.find(flow(i, true, i % 2 == 0 ? kTcp : kUdp), 5'100) != kNone);
  CHECK_EQUAL(bench.counters[0].active + bench.counters[0].inactive, kFlows);
  CHECK(bench.event(Event::sessions_evicted) > 40'000);
}

TEST("during a flood new clients still get sessions that last") {
  Bench bench(5'000, 2);
  std::uint32_t noise = 1'000'000, established = 0;
  for (std::uint32_t i = 0; i < 20'000; ++i) (void)bench.insert(flow(noise++), 1, kSyn, i);
  for (std::uint32_t i = 0; i < 1'000; ++i) {
    (void)bench.insert(flow(i), 0, kSyn, 20'000 + i);
    for (int n = 0; n < 20; ++n) (void)bench.insert(flow(noise++), 1, kSyn, 20'000 + i);
    const std::uint32_t handle = bench.find(flow(i), 20'000 + i);
    if (handle != kNone) bench.touch(handle, kAck, false, 20'000 + i);
  }
  for (std::uint32_t i = 0; i < 1'000; ++i) {
    const std::uint32_t handle = bench.find(flow(i), 21'000);
    established += handle != kNone && bench.sessions.state(handle) == SessionState::established ? 1 : 0;
  }
  CHECK(established > 980);  // 20 of 5,700 slots are taken between a client's SYN and its ACK
}

TEST("a flood of ACKs of no connection cannot fill the table for good either") {
  Bench bench(2'000, 2);
  for (std::uint32_t i = 0; i < 20'000; ++i) (void)bench.insert(flow(1'000'000 + i), 1, kAck, 0);
  std::uint32_t made = 0;
  for (std::uint32_t i = 0; i < 1'000; ++i) {
    const std::uint32_t handle = bench.insert(flow(i), 0, kSyn, 1);
    if (handle == kNone) continue;
    bench.touch(handle, kAck, false, 1);
    ++made;
  }
  CHECK_EQUAL(made, 1'000u);
}

TEST("a table full of flows that go on refuses, and takes what a reset or time has freed") {
  Bench bench(64, 2);
  std::vector<std::uint32_t> live;
  for (std::uint32_t i = 0; i < 2'000; ++i) {
    const std::uint32_t handle = bench.insert(flow(i), 0, kSyn, 0);
    if (handle == kNone) continue;
    bench.touch(handle, kAck, false, 0);
    live.push_back(i);
  }
  CHECK(live.size() >= 64 && live.size() == bench.sessions.live());
  CHECK_EQUAL(bench.event(Event::sessions_evicted), 0u);
  CHECK_EQUAL(bench.insert(flow(5'000), 1, kSyn, 0), kNone);
  for (const std::uint32_t i : live) bench.touch(bench.find(flow(i), 0), kRst, false, 0);
  CHECK(bench.insert(flow(5'000), 1, kSyn, 0) != kNone);
  CHECK(bench.insert(flow(5'001), 1, kSyn, 20'000) != kNone);
}

int main() { return lvsd::test::run_all(); }
