// Sessions that leave one engine and come into another: dump, changes and load, with tables as TableMaker makes them.
#include <map>

#include "engine/sessions.h"
#include "test/images.h"
#include "test/session_fixture.h"
#include "test/tap.h"

using namespace lvsd;
using namespace lvsd::test;
using tcp::kAck, tcp::kFin, tcp::kSyn;

namespace {

/// One engine's tables and sessions. `backwards`: the same services in another order, so that the ids are others.
struct Machine {
  Machine(bool backwards, std::uint64_t secret)
      : counters(64), sessions({10'000, {secret, 7}, counters, &engine}) {
    NetworkImage network;
    const std::uint32_t clients = network.port("pg0", "02:fe:00:00:00:01"), servers = network.port("pg1", "02:fe:00:00:00:02");
    network.local("172.16.1.1", 24, clients);
    network.local("10.0.0.254", 24, servers);
    ServicesImage services;
    for (int i = 0; i < 5; ++i) add(services, backwards ? 4 - i : i, backwards);
    CHECK(!maker.take_network(network.bytes()));
    CHECK(!maker.take_services(services.bytes()));
    tables = maker.tables();
  }

  void add(ServicesImage& services, int which, bool backwards) {
    const auto servers = [backwards](const char* first, const char* second, std::uint16_t port, image::Method method) {
      std::vector<image::Destination> both{destination_of(first, port, method), destination_of(second, port, method)};
      if (backwards) std::swap(both[0], both[1]);
      return both;
    };
    switch (which) {
      case 0: services.add(service_of("198.51.100.1", kTcp, 80), servers("10.0.0.1", "10.0.0.2", 8'080, image::kMasquerade)); return;
      case 1: services.add(service_of("198.51.100.2", 0, 0), servers("10.0.0.3", "10.0.0.4", 0, image::kTunnel)); return;
      case 2: {
        const image::Pool pool = pool_of("10.0.0.200", 2'000, 2'999);
        services.add(service_of("198.51.100.3", kUdp, 53), servers("10.0.0.5", "10.0.0.6", 53, image::kFullNat), {pool});
        return;
      }
      case 3: services.add(service_of("2001:db8::1", kTcp, 443), servers("2001:db8:5::1", "2001:db8:5::2", 443, image::kMasquerade)); return;
      default: {
        image::Service service = service_of("198.51.100.4", kTcp, 80);
        service.ingress = 2;  // from the second port only
        service.persistence = 360;
        services.add(service, servers("10.0.0.7", "10.0.0.8", 80, image::kMasquerade));
      }
    }
  }

  std::uint32_t make(const FlowKey& key, std::uint32_t n, std::uint8_t flags, std::uint32_t now) {
    const Service* service = tables->find_service(key.vip, key.protocol, key.vip_port, 1);
    CHECK(service != nullptr && !service->members.empty());
    const std::uint32_t id = service->members[n % service->members.size()];
    const std::uint32_t handle = sessions.insert(sessions.hash(key), key, id, flags, *service, now);
    const Destination& to = tables->destination(id);
    if (key.affinity) return handle;
    if (to.method == image::kMasquerade) CHECK(sessions.insert_reverse(handle, to.address, to.port, key.client, key.client_port));
    if (to.method == image::kFullNat) CHECK(sessions.take_snat(handle, *tables, *service, to, 0, 1, now));
    return handle;
  }
  [[nodiscard]] std::uint32_t find(const FlowKey& key, std::uint32_t now) const {
    return sessions.find(sessions.hash(key), key.vip.is_v4(), now);
  }
  std::vector<SessionRecord> dump(std::uint32_t now) {
    std::vector<SessionRecord> all(5'000);
    std::uint64_t cursor = 0;
    std::size_t size = 0;
    for (std::size_t count; (count = sessions.dump(cursor, std::span(all).subspan(size), *tables, now)) != 0;) size += count;
    all.resize(size);
    return all;
  }

  std::vector<DestinationCounters> counters;
  EngineCounters engine{};
  TableMaker maker{64, 64};
  std::shared_ptr<const Tables> tables;
  Sessions sessions;
};

FlowKey flow_to(const char* vip, std::uint8_t protocol, std::uint16_t port, std::uint32_t n) {
  FlowKey key;
  key.vip = address(vip);
  key.client = key.vip.is_v4() ? v4_address(0xcb007100 + n % 200) : v6_address(n);
  key.client_port = static_cast<std::uint16_t>(10'000 + n);
  key.vip_port = port;
  key.protocol = protocol;
  return key;
}

std::vector<FlowKey> many_flows() {
  std::vector<FlowKey> all;
  for (std::uint32_t n = 0; n < 300; ++n) {
    all.push_back(flow_to("198.51.100.1", kTcp, 80, n));
    all.push_back(flow_to("198.51.100.2", n % 2 == 0 ? kTcp : 47, n % 2 == 0 ? static_cast<std::uint16_t>(n) : 0, n));
    all.push_back(flow_to("198.51.100.3", kUdp, 53, n));
    all.push_back(flow_to("2001:db8::1", kTcp, 443, n));
    all.push_back(flow_to("198.51.100.4", kTcp, 80, n));
  }
  for (std::uint32_t n = 0; n < 20; ++n) {
    FlowKey client = flow_to("198.51.100.4", kTcp, 80, n);
    client.client_port = 0;
    client.affinity = true;
    all.push_back(client);
  }
  return all;
}

SessionRecord one_record(Machine& from) {
  (void)from.make(flow_to("198.51.100.1", kTcp, 80, 1), 0, kAck, 0);
  return from.dump(0)[0];
}

}  // namespace

TEST("all sessions of one engine are the same in another that has other ids, another secret and another time") {
  Machine a(false, 1), b(true, 2);
  const std::uint32_t then = 1'000, now = 0xfffffff0;
  const std::vector<FlowKey> flows = many_flows();
  std::uint32_t n = 0;
  for (const FlowKey& key : flows) {
    const std::uint8_t flags = n % 4 == 0 ? kSyn : n % 4 == 3 ? kFin | kAck : kAck;
    CHECK(a.make(key, n, flags, then - n % 1'000) != kNone);
    ++n;
  }
  const std::vector<SessionRecord> records = a.dump(then);
  CHECK_EQUAL(records.size(), flows.size());
  for (const SessionRecord& record : records) CHECK(b.sessions.load(record, *b.tables, now));
  std::int64_t active = 0, inactive = 0;
  for (const FlowKey& key : flows) {
    const std::uint32_t was = a.find(key, then), is = b.find(key, now);
    CHECK(was != kNone && is != kNone);
    const Destination &from = a.tables->destination(a.sessions.destination(was)), &to = b.tables->destination(b.sessions.destination(is));
    CHECK(from.address == to.address && from.port == to.port);
    CHECK(b.sessions.key(is) == key);
    CHECK(a.sessions.state(was) == b.sessions.state(is));
    CHECK_EQUAL(a.sessions.remaining_ms(was, then), b.sessions.remaining_ms(is, now));
    const Snat given = a.sessions.snat(was, *a.tables), kept = b.sessions.snat(is, *b.tables);
    CHECK(given.address == kept.address && given.port == kept.port);
    CHECK_EQUAL(given.address.is_zero(), to.method != image::kFullNat);
    if (!key.affinity && to.method == image::kMasquerade) {
      CHECK_EQUAL(b.sessions.find_reverse(to.address, to.port, key.client, key.client_port, key.protocol, now), is);
    } else if (!key.affinity && to.method == image::kFullNat) {
      CHECK_EQUAL(b.sessions.find_reverse(to.address, to.port, kept.address, kept.port, key.protocol, now), is);
    }
    const bool established = b.sessions.state(is) == SessionState::established;
    if (!key.affinity) ++(established ? active : inactive);
  }
  for (const DestinationCounters& counters : b.counters) {
    active -= counters.active;
    inactive -= counters.inactive;
    CHECK_EQUAL(counters.connections, 0u);  // they were made elsewhere
  }
  CHECK_EQUAL(active, 0);
  CHECK_EQUAL(inactive, 0);
  // and a source port that came with them is not given again
  std::map<std::uint16_t, std::uint32_t> ports;
  for (std::uint32_t i = 300; i < 400; ++i) (void)b.make(flow_to("198.51.100.3", kUdp, 53, i), i, 0, now);
  for (std::uint32_t i = 0; i < 400; ++i) {
    const std::uint32_t handle = b.find(flow_to("198.51.100.3", kUdp, 53, i), now);
    ++ports[static_cast<std::uint16_t>(b.sessions.snat(handle, *b.tables).port | (b.sessions.destination(handle) & 1) << 15)];
  }
  CHECK_EQUAL(ports.size(), 400u);
}

TEST("a record says service, server and time left; of one whose server is gone, no service") {
  Machine a(false, 1);
  const SessionRecord record = one_record(a);
  CHECK_EQUAL(record.service, 0u);
  CHECK_EQUAL(record.destination_port, 8'080u);
  CHECK_EQUAL(record.remaining_ms, 900'000u);
  CHECK(record.state == static_cast<std::uint8_t>(SessionState::established) && record.gone == 0 && record.snat.is_zero());
  ServicesImage none;
  CHECK(!a.maker.take_services(none.bytes()));
  a.tables = a.maker.tables();
  const std::vector<SessionRecord> after = a.dump(1);
  CHECK_EQUAL(after.size(), 1u);
  CHECK_EQUAL(after[0].service, kNone);
}

TEST("what cannot be loaded is refused, and leaves nothing behind") {
  Machine a(false, 1), b(false, 2);
  const SessionRecord good = one_record(a);
  std::vector<SessionRecord> bad(11, good);
  bad[0].destination = address("10.0.0.99");
  bad[1].destination_port = 80;
  bad[2].vip = address("198.51.100.99");
  bad[3].vip_port = 81;
  bad[4].protocol = kUdp;
  bad[5].remaining_ms = 0;
  bad[6].state = 8;
  bad[7].state = static_cast<std::uint8_t>(SessionState::affinity);
  bad[8].affinity = 1;
  bad[9].client = address("2001:db8::9");
  bad[10].gone = 1;
  for (const SessionRecord& record : bad) CHECK(!b.sessions.load(record, *b.tables, 0));
  CHECK_EQUAL(b.sessions.live(), 0u);
  for (const DestinationCounters& counters : b.counters) CHECK_EQUAL(counters.active + counters.inactive, 0);
  CHECK(b.sessions.load(good, *b.tables, 0));
}

TEST("a full-NAT session without its address and port is refused, as is one whose port another session holds") {
  Machine a(false, 1), b(false, 2);
  (void)a.make(flow_to("198.51.100.3", kUdp, 53, 1), 0, 0, 0);
  SessionRecord record = a.dump(0)[0];
  CHECK(b.sessions.load(record, *b.tables, 0));
  record.client_port ^= 1;
  CHECK(!b.sessions.load(record, *b.tables, 0));
  record.snat_port ^= 1;
  CHECK(b.sessions.load(record, *b.tables, 0));
  record.client_port ^= 2;
  record.snat = Address{};
  CHECK(!b.sessions.load(record, *b.tables, 0));
  CHECK_EQUAL(b.sessions.live(), 2u);
}

TEST("a later record of the same session takes the place of the earlier, and one that is gone ends it") {
  Machine a(false, 1), b(false, 2);
  a.sessions.follow(true);
  const FlowKey key = flow_to("198.51.100.1", kTcp, 80, 5);
  const std::uint32_t handle = a.make(key, 0, kSyn, 0);
  const Service& service = *a.tables->find_service(key.vip, kTcp, 80, 1);
  const auto follow = [&](std::uint32_t now) {
    SessionRecord records[8];
    bool lost = true;
    const std::size_t count = a.sessions.changes(records, lost, *a.tables, now);
    for (std::size_t i = 0; i < count; ++i) CHECK(b.sessions.load(records[i], *b.tables, now));
    CHECK(!lost);
  };
  const auto state = [&](std::uint32_t now) { return b.sessions.state(b.find(key, now)); };
  follow(0);
  CHECK(state(0) == SessionState::syn);
  a.sessions.touch(handle, kAck, false, service, 10);
  follow(10);
  CHECK(state(10) == SessionState::established);
  CHECK_EQUAL(b.sessions.remaining_ms(b.find(key, 10), 10), 900'000u);
  a.sessions.touch(handle, kFin | kAck, false, service, 20);
  follow(20);
  CHECK(state(20) == SessionState::fin);
  CHECK_EQUAL(b.sessions.live(), 1u);
  a.sessions.erase(handle);
  follow(30);
  CHECK_EQUAL(b.find(key, 30), kNone);
  CHECK_EQUAL(b.sessions.live(), 0u);
}

TEST("200,000 records of random bytes are read without harm") {
  Machine b(false, 2);
  Machine a(false, 1);
  Dice dice(5);
  const SessionRecord good = one_record(a);
  for (int i = 0; i < 200'000; ++i) {
    SessionRecord record = good;
    std::uint8_t bytes[sizeof record];
    std::memcpy(bytes, &record, sizeof record);
    const std::uint32_t changes = i % 2 == 0 ? 1 + dice.below(4) : sizeof record;
    for (std::uint32_t c = 0; c < changes; ++c) bytes[dice.below(sizeof record)] = static_cast<std::uint8_t>(dice());
    std::memcpy(&record, bytes, sizeof record);
    (void)b.sessions.load(record, *b.tables, static_cast<std::uint32_t>(i));
  }
  std::int64_t counted = 0;
  for (const DestinationCounters& counters : b.counters) counted += counters.active + counters.inactive;
  std::int64_t should = 0;
  (void)b.sessions.flush([&should](const FlowKey& key, std::uint32_t) { return should += key.affinity ? 0 : 1, true; });
  CHECK_EQUAL(counted, should);
  CHECK(should > 1'000);
  CHECK_EQUAL(b.sessions.live(), 0u);
}

TEST("a standby that follows keeps every flow that goes on, for hours, and is told no more than each third of the time-out") {
  Machine a(false, 1), b(true, 2);
  a.sessions.follow(true);
  struct Row { FlowKey key; std::uint32_t every_ms; };
  std::vector<Row> rows;
  for (std::uint32_t n = 0; n < 40; ++n) {
    rows.push_back({flow_to("198.51.100.1", kTcp, 80, n), 5'000 + n * 7'000});    // of 900 s
    rows.push_back({flow_to("198.51.100.3", kUdp, 53, n), 5'000 + n * 2'400});    // of 300 s
  }
  const std::uint64_t start = 0xffffffff - 40'000'000ull, end = start + 80'000'000;  // 22 hours, across the turn of the clock
  for (std::uint32_t n = 0; n < rows.size(); ++n) (void)a.make(rows[n].key, n, rows[n].key.protocol == kTcp ? kAck : 0, static_cast<std::uint32_t>(start));
  constexpr std::uint64_t kStep = 5'000;
  std::uint64_t told = 0, missed = 0;
  for (std::uint64_t now = start; now < end; now += kStep) {
    const auto ms = static_cast<std::uint32_t>(now);
    for (const Row& row : rows) {
      if (now == start || (now - start) / row.every_ms == (now - start - kStep) / row.every_ms) continue;
      const std::uint32_t handle = a.find(row.key, ms);
      CHECK(handle != kNone);
      if (handle == kNone) return;
      const Service& service = *a.tables->find_service(row.key.vip, row.key.protocol, row.key.vip_port, 1);
      a.sessions.touch(handle, row.key.protocol == kTcp ? kAck : 0, false, service, ms);
    }
    (void)a.sessions.sweep(512, *a.tables, ms);
    (void)b.sessions.sweep(512, *b.tables, ms);
    SessionRecord records[256];
    bool lost = false;
    const std::size_t count = a.sessions.changes(records, lost, *a.tables, ms);
    for (std::size_t i = 0; i < count; ++i) CHECK(b.sessions.load(records[i], *b.tables, ms));
    told += count;
    for (const Row& row : rows) missed += b.find(row.key, ms) == kNone ? 1 : 0;
  }
  CHECK_EQUAL(missed, 0u);
  const std::uint64_t thirds = 40 * (80'000'000 / 300'000) + 40 * (80'000'000 / 100'000);
  CHECK(told < thirds * 3 / 2);
}

int main() { return lvsd::test::run_all(); }
