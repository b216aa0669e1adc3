// Replies and source ports of NAT: engine/snat.cc.
#include <map>
#include <set>
#include <utility>

#include "engine/sessions.h"
#include "test/session_fixture.h"
#include "test/tap.h"

using namespace lvsd;
using namespace lvsd::test;
using tcp::kAck, tcp::kFin, tcp::kSyn;

namespace {

bool take(Bench& bench, std::uint32_t handle, std::uint32_t destination, std::uint32_t worker, std::uint32_t workers, std::uint32_t now) {
  return bench.sessions.take_snat(handle, bench.tables, bench.tables.only(), bench.tables.destination(destination), worker, workers, now);
}
std::uint32_t reply(const Bench& bench, std::uint32_t destination, const Snat& snat, std::uint8_t protocol, std::uint32_t now) {
  const Destination& server = bench.tables.destination(destination);
  return bench.sessions.find_reverse(server.address, server.port, snat.address, snat.port, protocol, now);
}

}  // namespace

TEST("a reply is found by server and client, as long as the session lives, in both families") {
  for (const bool v4 : {true, false}) {
    Bench bench(1'000, 2, v4);
    const FlowKey key = flow(1, v4);
    const Address server = address_of(v4, 99);
    CHECK_EQUAL(bench.sessions.find_reverse(server, 80, key.client, key.client_port, kTcp, 0), kNone);
    const std::uint32_t handle = bench.insert(key, 1, kSyn, 0);
    CHECK(bench.sessions.insert_reverse(handle, server, 80, key.client, key.client_port));
    CHECK(bench.sessions.insert_reverse(handle, server, 80, key.client, key.client_port));  // again: nothing new
    CHECK_EQUAL(bench.sessions.find_reverse(server, 80, key.client, key.client_port, kTcp, 59'999), handle);
    CHECK_EQUAL(bench.sessions.find_reverse(server, 80, key.client, key.client_port, kTcp, 60'000), kNone);
    CHECK_EQUAL(bench.sessions.find_reverse(server, 81, key.client, key.client_port, kTcp, 0), kNone);
    CHECK_EQUAL(bench.sessions.find_reverse(server, 80, key.client, key.client_port, kUdp, 0), kNone);
    CHECK_EQUAL(bench.sessions.find_reverse(key.client, key.client_port, server, 80, kTcp, 0), kNone);
    CHECK(!bench.sessions.insert_reverse(handle, address_of(!v4, 99), 80, key.client, 1));
    bench.sessions.erase(handle);
    CHECK_EQUAL(bench.sessions.find_reverse(server, 80, key.client, key.client_port, kTcp, 0), kNone);
  }
}

TEST("two VIPs, one client port, one server: replies of the second are refused until the first is over") {
  Bench bench(1'000, 2);
  FlowKey first = flow(1), second = flow(1);
  second.vip = v4_address(0xc6336402);
  const Address server = v4_address(99);
  const std::uint32_t a = bench.insert(first, 0, kSyn, 0);
  CHECK(bench.sessions.insert_reverse(a, server, 80, first.client, first.client_port));
  bench.touch(a, kAck, false, 0);
  const std::uint32_t b = bench.insert(second, 0, kSyn, 1);
  CHECK(!bench.sessions.insert_reverse(b, server, 80, first.client, first.client_port));
  CHECK_EQUAL(bench.sessions.find_reverse(server, 80, first.client, first.client_port, kTcp, 1), a);
  bench.touch(a, kFin, false, 1);
  CHECK(bench.sessions.insert_reverse(b, server, 80, first.client, first.client_port));
  CHECK_EQUAL(bench.sessions.find_reverse(server, 80, first.client, first.client_port, kTcp, 1), b);
  CHECK_EQUAL(bench.find(first, 1), kNone);  // it ended: nothing would have come back to it
}

TEST("an expired holder of a reply's key makes way") {
  Bench bench(1'000, 2);
  FlowKey first = flow(1), second = flow(1);
  second.vip = v4_address(0xc6336402);
  const std::uint32_t a = bench.insert(first, 0, kAck, 0);
  CHECK(bench.sessions.insert_reverse(a, v4_address(99), 80, first.client, first.client_port));
  const std::uint32_t b = bench.insert(second, 0, kSyn, 900'000);
  CHECK(bench.sessions.insert_reverse(b, v4_address(99), 80, first.client, first.client_port));
}

TEST("full NAT: each flow to a server has an address and port of its own, from the pools, and all of them are found") {
  for (const bool v4 : {true, false}) {
    Bench bench(5'000, 2, v4);
    bench.tables.give_pools({pool_of(address_of(v4, 0x0a010001), address_of(v4, 0x0a010004), 2'000, 2'499),
                             pool_of(address_of(!v4, 0x0a020001), address_of(!v4, 0x0a020001), 1, 65'535),
                             pool_of(address_of(v4, 0x0a030001), address_of(v4, 0x0a030001), 7'000, 7'999)});
    std::map<std::uint32_t, Snat> given;
    std::set<std::pair<std::uint32_t, std::uint16_t>> used;
    for (std::uint32_t n = 0; n < 2'000; ++n) {
      const std::uint32_t handle = bench.insert(flow(n, v4), 0, kAck, 0);
      CHECK(take(bench, handle, 0, 0, 1, 0));
    }
    for (std::uint32_t n = 0; n < 2'000; ++n) {
      const std::uint32_t handle = bench.find(flow(n, v4), 0);
      const Snat snat = bench.sessions.snat(handle, bench.tables);
      CHECK_EQUAL(reply(bench, 0, snat, kTcp, 0), handle);
      CHECK_EQUAL(reply(bench, 1, snat, kTcp, 0), kNone);
      const bool of_first = snat.pool == 0 && snat.port >= 2'000 && snat.port <= 2'499;
      const bool of_last = snat.pool == 2 && snat.port >= 7'000 && snat.port <= 7'999 && snat.address == address_of(v4, 0x0a030001);
      std::uint32_t last;
      std::memcpy(&last, &snat.address.bytes[12], 4);
      last = __builtin_bswap32(last);
      CHECK(of_last || (of_first && last >= 0x0a010001 && last <= 0x0a010004));
      CHECK(used.insert({last, snat.port}).second);
    }
  }
}

TEST("every port of a small pool is given, then none, and one that a session gave back is given again") {
  Bench bench(1'000, 2);
  bench.tables.give_pools({pool_of(v4_address(0x0a010001), v4_address(0x0a010002), 65'506, 65'535)});
  for (std::uint32_t n = 0; n < 60; ++n) CHECK(take(bench, bench.insert(flow(n), 0, kAck, 0), 0, 0, 1, 0));
  const std::uint32_t late = bench.insert(flow(100), 0, kSyn, 0);
  CHECK(!take(bench, late, 0, 0, 1, 0));
  CHECK(bench.sessions.snat(late, bench.tables).address.is_zero());
  const std::uint32_t other = bench.insert(flow(101), 1, kSyn, 0);
  CHECK(take(bench, other, 1, 0, 1, 0));  // to another server the same ports are free
  const Snat was = bench.sessions.snat(bench.find(flow(33), 0), bench.tables);
  bench.sessions.erase(bench.find(flow(33), 0));
  CHECK(take(bench, late, 0, 0, 1, 0));
  const Snat now = bench.sessions.snat(late, bench.tables);
  CHECK(now.port == was.port && now.address == was.address);
  const std::uint32_t later = bench.insert(flow(102), 0, kSyn, 899'999);
  CHECK(!take(bench, later, 0, 0, 1, 59'999));
  CHECK(take(bench, later, 0, 0, 1, 900'000));  // their sessions have expired
}

TEST("ports are dealt out among the workers by their remainder") {
  constexpr std::uint32_t kWorkers = 3;
  std::set<std::uint16_t> all;
  for (std::uint32_t worker = 0; worker < kWorkers; ++worker) {
    Bench bench(1'000, 2);
    bench.tables.give_pools({pool_of(v4_address(0x0a010001), v4_address(0x0a010001), 1'001, 1'100)});
    std::uint32_t taken = 0;
    for (std::uint32_t n = 0; n < 100; ++n) {
      const std::uint32_t handle = bench.insert(flow(n), 0, kAck, 0);
      if (!take(bench, handle, 0, worker, kWorkers, 0)) continue;
      const std::uint16_t port = bench.sessions.snat(handle, bench.tables).port;
      CHECK_EQUAL(port % kWorkers, worker);
      CHECK(all.insert(port).second);
      ++taken;
    }
    CHECK(taken == 33 || taken == 34);
  }
  CHECK_EQUAL(all.size(), 100u);
}

TEST("no pool, a pool of the other family, addresses the wrong way round, a share without a port: refused, not wrong") {
  Bench bench(100, 2);
  const std::uint32_t handle = bench.insert(flow(1), 0, kSyn, 0);
  CHECK(!take(bench, handle, 0, 0, 1, 0));
  bench.tables.give_pools({pool_of(v6_address(1), v6_address(2), 1, 2)});
  CHECK(!take(bench, handle, 0, 0, 1, 0));
  bench.tables.give_pools({pool_of(v4_address(2), v4_address(1), 1, 2)});
  CHECK(!take(bench, handle, 0, 0, 1, 0));
  bench.tables.give_pools({pool_of(v4_address(1), v4_address(1), 4, 4)});
  CHECK(!take(bench, handle, 0, 1, 8, 0));
  CHECK(!take(bench, handle, 0, 0, 0, 0));
  CHECK(take(bench, handle, 0, 4, 8, 0));
  bench.tables.only().first_pool = 7;
  CHECK(!take(bench, bench.insert(flow(2), 0, kSyn, 0), 0, 0, 1, 0));
}

TEST("a pool of very many IPv6 addresses, past a carry") {
  Bench bench(1'000, 1, false);
  Address first{}, last{};
  first.bytes.fill(0xff);
  first.bytes[0] = last.bytes[0] = 0x20;
  first.bytes[1] = 0;
  last.bytes[1] = 2;  // 2000:ffff:... to 2002::
  bench.tables.give_pools({pool_of(first, last, 1'024, 65'535)});
  std::set<std::array<std::uint8_t, 16>> addresses;
  for (std::uint32_t n = 0; n < 500; ++n) {
    const std::uint32_t handle = bench.insert(flow(n, false), 0, kAck, 0);
    CHECK(take(bench, handle, 0, 0, 1, 0));
    const Address address = bench.sessions.snat(handle, bench.tables).address;
    CHECK(address == first || (address.bytes[0] == 0x20 && address.bytes[1] == 1));
    addresses.insert(address.bytes);
  }
  CHECK(addresses.size() > 490);
}

TEST("redirect gives port and reply key back; another server gives new ones") {
  Bench bench(100, 2);
  bench.tables.give_pools({pool_of(v4_address(0x0a010001), v4_address(0x0a010001), 5'000, 5'000)});
  const std::uint32_t handle = bench.insert(flow(1), 0, kAck, 0);
  CHECK(take(bench, handle, 0, 0, 1, 0));
  const Snat snat = bench.sessions.snat(handle, bench.tables);
  bench.sessions.redirect(handle, 1);
  CHECK(bench.sessions.snat(handle, bench.tables).address.is_zero());
  CHECK_EQUAL(reply(bench, 0, snat, kTcp, 0), kNone);
  CHECK(take(bench, handle, 1, 0, 1, 0));
  CHECK_EQUAL(reply(bench, 1, snat, kTcp, 0), handle);
  CHECK(take(bench, bench.insert(flow(2), 0, kAck, 0), 0, 0, 1, 0));
}

TEST("60,000 steps of making and ending full-NAT flows in a crowded table: no port twice, every reply to its flow, nothing left over") {
  for (const bool v4 : {true, false}) {
    Dice dice(v4 ? 8 : 9);
    Bench bench(400, 3, v4);
    bench.tables.give_pools({pool_of(address_of(v4, 0x0a010001), address_of(v4, 0x0a010001), 1'000, 1'200)});
    struct Given { std::uint32_t destination; Snat snat; };
    std::map<std::uint32_t, Given> model;
    for (int step = 0; step < 60'000; ++step) {
      const std::uint32_t n = dice.below(2'000), destination = dice.below(3);
      std::uint32_t handle = bench.find(flow(n, v4), 0);
      CHECK_EQUAL(handle != kNone, model.contains(n));
      if (handle != kNone) {
        const Snat snat = bench.sessions.snat(handle, bench.tables);
        CHECK(snat.port == model[n].snat.port);
        CHECK_EQUAL(reply(bench, model[n].destination, snat, kTcp, 0), handle);
        bench.sessions.erase(handle);
        CHECK_EQUAL(reply(bench, model[n].destination, snat, kTcp, 0), kNone);
        model.erase(n);
        continue;
      }
      handle = bench.insert(flow(n, v4), destination, kSyn, 0);
      if (handle == kNone) continue;
      bench.touch(handle, kAck, false, 0);
      if (!take(bench, handle, destination, 0, 1, 0)) {
        bench.sessions.erase(handle);
        continue;
      }
      const Snat snat = bench.sessions.snat(handle, bench.tables);
      for (const auto& [other, given] : model) CHECK(given.destination != destination || given.snat.port != snat.port);
      model[n] = {destination, snat};
    }
    CHECK(model.size() > 300);
    bench.sweep_all(900'000);
    CHECK_EQUAL(bench.sessions.live(), 0u);
    for (std::uint32_t n = 0; n < 150; ++n) CHECK(take(bench, bench.insert(flow(n, v4), 0, kAck, 900'000), 0, 0, 1, 900'000));
  }
}

int main() { return lvsd::test::run_all(); }
