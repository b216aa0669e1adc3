// Sessions as the forwarding path uses them: stickiness, removal, drain, flush, floods, affinity, whose packet it is.
#include <atomic>
#include <set>
#include <thread>
#include <tuple>

#include "test/site.h"
#include "test/tap.h"

using namespace lvsd;
using namespace lvsd::test;

namespace {

const std::string kVip = "192.0.2.1";

Frame request(std::uint16_t port, std::uint8_t flags = wire::kAck, const std::string& from = "198.51.100.7") {
  Frame frame;
  frame.from = from;
  frame.from_port = port;
  frame.tcp_flags = flags;
  return frame;
}
std::vector<image::Destination> servers(int count, image::Method method = image::kTunnel, std::uint32_t zero_weight = 0) {
  std::vector<image::Destination> all;
  for (int at = 1; at <= count; ++at) {
    all.push_back(destination_of("10.0.0." + std::to_string(at), method == image::kMasquerade ? 80 : 0, method, image::kGre,
                                 static_cast<std::uint32_t>(at) == zero_weight ? 0 : 1));
  }
  return all;
}
std::vector<Address> where(Site& site, std::uint16_t flows) {
  std::vector<Address> all;
  for (std::uint16_t flow = 0; flow < flows; ++flow) {
    const Sent sent = site.one(0, request(static_cast<std::uint16_t>(1000 + flow)));
    all.push_back(sent.verdict == Verdict::forward ? target_of(sent.ip()) : Address{});
  }
  return all;
}
/// The same service with other servers.
void replace(Site& site, const image::Service& service, const std::vector<image::Destination>& with) {
  site.services = ServicesImage();
  site.services.add(service, with);
  CHECK(site.publish_services());
}

}  // namespace

TEST("weight 0 keeps the flows it has and takes no new ones; removal moves only that server's flows") {
  Site site;
  const image::Service service = service_of(kVip, 6, 80);
  site.services.add(service, servers(5));
  CHECK(site.publish());
  const std::vector<Address> before = where(site, 100);
  replace(site, service, servers(5, image::kTunnel, 2));
  CHECK(where(site, 100) == before);
  for (std::uint16_t port = 5000; port < 5100; ++port) CHECK(!(target_of(site.one(0, request(port)).ip()) == address("10.0.0.2")));
  std::vector<image::Destination> left = servers(5);
  left.erase(left.begin() + 1);
  replace(site, service, left);
  const std::vector<Address> after = where(site, 100);
  int moved = 0;
  for (std::size_t flow = 0; flow < 100; ++flow) {
    const bool was_there = before[flow] == address("10.0.0.2");
    CHECK((before[flow] == after[flow]) != was_there);
    moved += was_there ? 1 : 0;
  }
  CHECK(moved > 5);
  CHECK_EQUAL(site.event(Event::sessions_flushed), static_cast<std::uint64_t>(moved));
  CHECK_EQUAL(site.service(0).no_server, 0U);
}

TEST("packets of one flow in one batch make one session, also when its server has gone") {
  Site site;
  const image::Service service = service_of(kVip, 6, 80);
  site.services.add(service, servers(5));
  CHECK(site.publish());
  const std::vector<Bytes> batch(10, request(7).bytes());
  std::set<std::string> seen;
  for (const Sent& sent : site.receive(0, batch)) seen.insert(std::string(sent.frame.begin(), sent.frame.end()));
  CHECK_EQUAL(seen.size(), 1U);
  CHECK_EQUAL(site.engine.worker(0).sessions().live(), 1U);
  CHECK_EQUAL(site.service(0).first, 1U);
  CHECK_EQUAL(site.service(0).existing, 9U);
  const Address old = target_of(site.one(0, request(7)).ip());
  std::vector<image::Destination> left;
  for (const image::Destination& server : servers(5)) {
    if (!(server.address == old)) left.push_back(server);
  }
  replace(site, service, left);
  std::set<std::string> now;
  for (const Sent& sent : site.receive(0, batch)) now.insert(std::string(sent.frame.begin(), sent.frame.end()));
  CHECK_EQUAL(now.size(), 1U);
  CHECK_EQUAL(site.engine.worker(0).sessions().live(), 1U);
  CHECK_EQUAL(site.event(Event::sessions_flushed), 1U);
}

TEST("flush ends the sessions of a service or of one of its servers, no others") {
  Site site;
  site.services.add(service_of(kVip, 6, 80), servers(4));
  site.services.add(service_of("192.0.2.2", 6, 80), servers(4));
  CHECK(site.publish());
  const std::vector<Address> before = where(site, 100);
  for (std::uint16_t port = 0; port < 50; ++port) {
    Frame frame = request(static_cast<std::uint16_t>(port + 1));
    frame.to = "192.0.2.2";
    (void)site.one(0, frame);
  }
  CHECK_EQUAL(site.engine.worker(0).sessions().live(), 150U);
  std::uint32_t of_first = 0;
  for (const Address& server : before) of_first += server == address("10.0.0.1") ? 1 : 0;
  CHECK_EQUAL(site.engine.flush(0, 0), of_first);
  CHECK_EQUAL(site.engine.flush(1, kNone), 50U);
  CHECK_EQUAL(site.engine.worker(0).sessions().live(), 100U - of_first);
  CHECK_EQUAL(site.engine.flush(kNone, kNone), 100U - of_first);
}

TEST("a SYN flood: established flows stay where they are, the rest is by hash; nobody is refused") {
  Site site;
  image::Service service = service_of(kVip, 6, 80);
  service.scheduler = image::kRr;  // a scheduler that would send them elsewhere each time
  site.services.add(service, servers(5));
  CHECK(site.publish());
  (void)where(site, 200);
  const std::vector<Address> before = where(site, 200);
  for (int net = 0; net < 200; ++net) {
    std::vector<Bytes> batch;
    for (std::uint16_t port = 0; port < 64; ++port) batch.push_back(request(port, wire::kSyn, "198.51.100." + std::to_string(net)).bytes());
    for (const Sent& sent : site.receive(0, batch)) CHECK(sent.verdict == Verdict::forward);
  }
  CHECK(where(site, 200) == before);
  CHECK(site.event(Event::sessions_evicted) > 0);
}

TEST("a SYN on a connection that has ended is scheduled anew; others are not") {
  Site site;
  image::Service service = service_of(kVip, 6, 80);
  service.scheduler = image::kRr;
  site.services.add(service, servers(2));
  CHECK(site.publish());
  const Address first = target_of(site.one(0, request(1, wire::kSyn)).ip());
  CHECK(target_of(site.one(0, request(1, wire::kAck)).ip()) == first);
  CHECK(target_of(site.one(0, request(1, wire::kSyn)).ip()) == first);
  CHECK(target_of(site.one(0, request(1, wire::kFin | wire::kAck)).ip()) == first);
  CHECK(!(target_of(site.one(0, request(1, wire::kSyn)).ip()) == first));
}

TEST("affinity: a client's network keeps its server, across ports, until its time is over") {
  Site site;
  image::Service service = service_of(kVip, 6, 80);
  service.scheduler = image::kRr;
  service.persistence = 60;
  service.persistence_prefix = 24;
  site.services.add(service, servers(4));
  CHECK(site.publish());
  const Address kept = target_of(site.one(0, request(1)).ip());
  for (std::uint16_t port = 2; port < 20; ++port) {
    CHECK(target_of(site.one(0, request(port, wire::kAck, "198.51.100." + std::to_string(port))).ip()) == kept);
  }
  const image::Service same = service;
  // weight 0: its flows stay, and a new one goes elsewhere, as with expire_quiescent_template of IPVS, which lvsd sets
  replace(site, same, servers(4, image::kTunnel, kept.bytes[15]));
  CHECK(target_of(site.one(0, request(1, wire::kAck)).ip()) == kept);
  const Address next = target_of(site.one(0, request(900)).ip());
  CHECK(!(next == kept));
  CHECK(target_of(site.one(0, request(901)).ip()) == next);
}

TEST("stateless: no session, the hash alone; one-packet scheduling: no session, each datagram anew") {
  Site site;
  image::Service service = service_of(kVip, 6, 80);
  service.flags = image::kStateless;
  site.services.add(service, servers(5));
  image::Service datagrams = service_of(kVip, 17, 53);
  datagrams.flags = image::kOnePacket;
  datagrams.scheduler = image::kRr;
  site.services.add(datagrams, servers(3));
  CHECK(site.publish());
  CHECK(where(site, 50) == where(site, 50));
  std::set<std::string> seen;
  Frame frame = request(9);
  frame.protocol = 17;
  frame.to_port = 53;
  for (int times = 0; times < 3; ++times) {
    const Bytes ip = site.one(0, frame).ip();
    seen.insert(std::string(ip.begin(), ip.end()));
  }
  CHECK_EQUAL(seen.size(), 3U);
  CHECK_EQUAL(site.engine.worker(0).sessions().live(), 0U);
  CHECK_EQUAL(site.service(0).untracked, 100U);
  CHECK_EQUAL(site.service(1).first, 3U);
}

TEST("a server without a way is not chosen while others can serve, and keeps its flows when it loses it") {
  Site site;
  std::vector<image::Destination> all = servers(3);
  all.push_back(destination_of("203.0.113.9", 0, image::kTunnel, image::kGre));  // no route
  site.services.add(service_of(kVip, 6, 80), all);
  CHECK(site.publish());
  for (const Address& server : where(site, 100)) CHECK(!server.is_zero());
  CHECK_EQUAL(site.dropped(DropReason::no_route), 0U);
}

TEST("sessions end in time, and their ids are given away only after every session was looked at") {
  Site site;
  image::Service service = service_of(kVip, 6, 80);
  service.tcp_timeout = 5;
  site.services.add(service, servers(2));
  CHECK(site.publish());
  (void)where(site, 10);
  (void)site.tick(0);
  (void)site.tick(4000);
  CHECK_EQUAL(site.engine.worker(0).sessions().live(), 10U);
  (void)site.tick(12'000);
  (void)site.tick(12'000);
  CHECK_EQUAL(site.engine.worker(0).sessions().live(), 0U);
  CHECK_EQUAL(site.event(Event::sessions_expired), 10U);
  for (int round = 0; round < 400; ++round) {  // 800 servers come and go where there is room for 1,024 at a time
    std::vector<image::Destination> others;
    for (int at = 0; at < 2; ++at) others.push_back(destination_of("10.0." + std::to_string(1 + round % 200) + "." + std::to_string(1 + at + round / 200 * 2), 0, image::kTunnel, image::kGre));
    replace(site, service, others);
    (void)site.tick(11'000);
    (void)site.tick(11'000);
    site.engine.collect();
  }
  CHECK(where(site, 3)[0].bytes[12] == 10);
  CHECK_EQUAL(site.destination(0).packets_in + site.destination(1).packets_in, 3U);  // newcomers begin at zero
}

TEST("whose packet: client, reply, error and fragments of a NAT flow have one owner; tunnels stay where they came") {
  Engine engine(small_engine(4));
  ServicesImage services;
  services.add(service_of(kVip, 6, 80), servers(1, image::kMasquerade));
  services.add(service_of("192.0.2.9", 6, 80), servers(1));
  CHECK(!engine.publish_network(clients_and_servers().bytes()) && !engine.publish_services(services.bytes()));
  const auto owner = [&](std::uint32_t asked, std::uint16_t port, const Frame& frame) {
    Bytes bytes = frame.bytes();
    const Packet packet{.data = bytes.data(), .length = static_cast<std::uint32_t>(bytes.size()), .port = port};
    return engine.worker(asked).owner(engine.tables(), packet);
  };
  std::set<std::uint32_t> owners;
  for (std::uint16_t port = 1; port < 60; ++port) {
    const std::uint32_t mine = owner(0, 0, request(port));
    owners.insert(mine);
    CHECK_EQUAL(owner(3, 0, request(port)), mine);
    Frame reply = request(80);
    reply.from = "10.0.0.1";
    reply.to = "198.51.100.7";
    reply.to_port = port;
    reply.to_mac = kOurMac1;
    CHECK_EQUAL(owner(2, 1, reply), mine);
    Frame error = request(0);
    error.protocol = 1;
    error.icmp_type = 3;
    error.from = "10.0.0.1";
    error.to = "198.51.100.7";
    error.to_mac = kOurMac1;
    Frame translated = request(port);
    translated.to = "10.0.0.1";
    error.payload = translated.packet();
    CHECK_EQUAL(owner(1, 1, error), mine);
    Frame tunnelled = request(port);
    tunnelled.to = "192.0.2.9";
    CHECK_EQUAL(owner(2, 0, tunnelled), 2U);
  }
  CHECK_EQUAL(owners.size(), 4U);
}

TEST("sessions of another engine: those of NAT are only their owner's, of other methods everybody's") {
  constexpr std::uint16_t kFlows = 100;
  ServicesImage services;
  services.add(service_of(kVip, 6, 80), servers(1, image::kMasquerade));
  services.add(service_of("192.0.2.9", 6, 80), servers(1));
  services.add(service_of("192.0.2.10", 6, 80), {destination_of("10.0.0.1", 80, image::kFullNat)}, {pool_of("172.16.2.9", 1024, 65535)});
  struct Loaded {
    std::uint32_t taken, copies, where_packets_go;
  };
  const auto load = [&](const std::string& vip, bool full, bool affinity) {
    Engine engine(small_engine(4));
    CHECK(!engine.publish_network(clients_and_servers().bytes()) && !engine.publish_services(services.bytes()));
    std::vector<SessionRecord> records(kFlows);
    for (std::uint16_t port = 0; port < kFlows; ++port) {
      SessionRecord& record = records[port];
      record.client = address("198.51.100.7");
      record.vip = address(vip);
      record.destination = address("10.0.0.1");
      record.client_port = static_cast<std::uint16_t>(1000 + port);
      record.vip_port = 80;
      record.destination_port = 80;
      record.protocol = 6;
      record.state = static_cast<std::uint8_t>(affinity ? SessionState::affinity : SessionState::established);
      record.affinity = affinity ? 1 : 0;
      record.snat = full ? address("172.16.2.9") : Address{};
      record.snat_port = full ? static_cast<std::uint16_t>(2000 + port) : std::uint16_t{0};
      record.remaining_ms = 60'000;
    }
    Loaded loaded{.taken = engine.load_sessions(records, 1000), .copies = 0, .where_packets_go = 0};
    for (std::uint32_t worker = 0; worker < 4; ++worker) loaded.copies += engine.worker(worker).sessions().live();
    for (std::uint16_t port = 0; port < kFlows; ++port) {
      Frame frame = request(static_cast<std::uint16_t>(1000 + port));
      frame.to = vip;
      Bytes bytes = frame.bytes();
      const Packet packet{.data = bytes.data(), .length = static_cast<std::uint32_t>(bytes.size()), .port = 0};
      const Sessions& sessions = engine.worker(engine.worker(0).owner(engine.tables(), packet)).sessions();
      const FlowKey key{address("198.51.100.7"), address(vip), static_cast<std::uint16_t>(1000 + port), 80, 6, affinity};
      loaded.where_packets_go += sessions.find(sessions.hash(key), true, 1000) != kNone ? 1 : 0;
    }
    return loaded;
  };
  for (const auto& [vip, full, affinity, most] : {std::tuple(kVip, false, false, 1U), std::tuple(kVip, false, true, 4U),
                                                  std::tuple(std::string("192.0.2.9"), false, false, 4U), std::tuple(std::string("192.0.2.10"), true, false, 2U)}) {
    const Loaded loaded = load(vip, full, affinity);
    CHECK_EQUAL(loaded.taken, std::uint32_t{kFlows});
    CHECK_EQUAL(loaded.where_packets_go, std::uint32_t{kFlows});
    CHECK(loaded.copies <= most * kFlows && (most != 2 || loaded.copies > kFlows));  // the ports of full NAT are another engine's choice here
    if (most != 2) CHECK_EQUAL(loaded.copies, most * kFlows);
  }
}

TEST("tables are published, jobs run and old tables are freed while a worker's thread forwards") {
  Site site;
  const image::Service service = service_of(kVip, 6, 80);
  site.services.add(service, servers(5));
  CHECK(site.publish());
  std::atomic<bool> stop{false};
  std::atomic<std::uint32_t> rounds{0}, lost{0};
  std::thread thread([&] {
    site.engine.attach(0);
    while (!stop.load()) {
      std::vector<Bytes> memory;
      std::vector<Packet> packets;
      for (std::uint16_t flow = 0; flow < 16; ++flow) {
        Bytes bytes(128);
        const Bytes frame = request(static_cast<std::uint16_t>(1000 + flow)).bytes();
        bytes.insert(bytes.end(), frame.begin(), frame.end());
        memory.push_back(std::move(bytes));
        packets.push_back({.data = memory.back().data() + 128, .length = static_cast<std::uint32_t>(frame.size()), .headroom = 128});
      }
      const Tables& tables = site.engine.enter(0);
      site.engine.worker(0).process(tables, packets, 1000 + rounds.load());
      for (const Packet& packet : packets) lost += packet.verdict == Verdict::forward ? 0 : 1;
      site.engine.tick(0, tables, 1000 + rounds.load());
      if (++rounds % 7 == 0) site.engine.leave(0);
    }
    site.engine.detach(0);
  });
  std::uint64_t jobs = 0;
  for (int turn = 0; turn < 100; ++turn) {
    replace(site, service, servers(3 + turn % 3));
    CHECK(!site.engine.publish_network(site.network.bytes()));
    site.engine.run_on(0, [&](Worker& worker, const Tables& tables) { jobs += worker.sessions().live() <= 16 && tables.services().size() == 1 ? 1 : 0; });
    site.engine.collect();
  }
  stop.store(true);
  site.engine.run_on(0, [&](Worker&, const Tables&) { ++jobs; });  // whether the thread is still there or not
  thread.join();
  site.engine.run_on(0, [&](Worker&, const Tables&) { ++jobs; });
  CHECK_EQUAL(jobs, 102U);
  CHECK_EQUAL(lost.load(), 0U);
  CHECK(rounds.load() >= 100);
}

int main() { return run_all(); }
