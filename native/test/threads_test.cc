// Workers in threads of their own while the control thread publishes, gives orders, counts, ends sessions and lists them: for
// ThreadSanitizer (`make SANITIZE=thread`), and for what holds in any order of events.
#include <atomic>
#include <thread>

#include "engine/engine.h"
#include "test/site.h"
#include "test/tap.h"

using namespace lvsd;
using namespace lvsd::test;

namespace {

/// `servers` of one service, with a scheduler that counts connections of all workers.
ImageBytes services(std::uint32_t servers) {
  ServicesImage image;
  image::Service service = service_of("192.0.2.1", wire::kTcp, 80);
  service.scheduler = image::kWlc;
  std::vector<image::Destination> destinations;
  for (std::uint32_t n = 1; n <= servers; ++n) destinations.push_back(destination_of("10.0.0." + std::to_string(n), 8080, image::kMasquerade));
  image.add(service, destinations);
  return image.bytes();
}

class Thread {
 public:
  Thread(Engine& engine, std::uint32_t index) : engine_(engine), index_(index), thread_([this] { run(); }) {
    runs_.wait(false);
  }
  ~Thread() {
    stop_.store(true);
    thread_.join();
  }

 private:
  void run() {
    std::uint64_t now_ms = 1000;
    std::uint16_t port = 1024;
    engine_.attach(index_);
    runs_.store(true);
    runs_.notify_all();
    Frame frame;
    frame.to = "192.0.2.1";
    frame.tcp_flags = wire::kSyn;
    const Bytes bytes = frame.bytes();
    std::vector<Bytes> memory(kBatch, Bytes(256 + bytes.size() + 64));
    while (!stop_.load(std::memory_order_relaxed)) {
      const Tables& tables = engine_.enter(index_);
      std::vector<Packet> packets;
      for (Bytes& one : memory) {
        std::copy(bytes.begin(), bytes.end(), one.begin() + 256);
        put16(one, 256 + 34, ++port);
        packets.push_back({.data = one.data() + 256, .length = static_cast<std::uint32_t>(bytes.size()), .headroom = 256, .tailroom = 64, .port = 0});
      }
      engine_.worker(index_).process(tables, packets, now_ms);
      engine_.tick(index_, tables, now_ms += 20);
      if (port % 7 == 0) engine_.leave(index_);
    }
    engine_.leave(index_);
    engine_.detach(index_);
  }

  Engine& engine_;
  const std::uint32_t index_;
  std::atomic<bool> runs_{false}, stop_{false};
  std::thread thread_;
};

}  // namespace

TEST("jobs see what was published before them, and nothing is read that was freed") {
  Engine engine({.workers = 2, .sessions = 2048, .most_services = 16, .most_destinations = 64, .held_packets = 16, .secret = {1, 2}});
  CHECK(!engine.publish_network(clients_and_servers().bytes()) && !engine.publish_services(services(4)));
  std::uint32_t stale = 0, jobs = 0;
  std::uint64_t received = 0;
  {
    Thread first(engine, 0), second(engine, 1);
    for (std::uint32_t round = 0; round < 400; ++round) {
      CHECK(!engine.publish_services(services(2 + round % 5)));
      const std::uint64_t serial = engine.tables().serial();
      engine.run_on_all([&](Worker& worker, const Tables& tables) {
        ++jobs;
        stale += tables.serial() < serial ? 1 : 0;
        std::uint64_t cursor = 0;
        SessionRecord records[64];
        (void)worker.sessions().dump(cursor, records, tables, 1000);
      });
      engine.collect();
      const std::vector<std::uint64_t> counters = engine.counters();
      const std::uint64_t now = counters[5 + kDropReasons + static_cast<std::size_t>(Event::received)];
      CHECK(now >= received);
      received = now;
      if (round % 16 == 0) (void)engine.flush(0, kNone);
    }
  }
  CHECK_EQUAL(jobs, 800u);
  CHECK_EQUAL(stale, 0u);
  engine.run_on_all([&](Worker&, const Tables&) { ++jobs; });
  CHECK_EQUAL(jobs, 802u);
}

TEST("what is explained, as of each packet that is captured, shows in no counter, not for a moment either") {
  constexpr std::uint32_t kTimes = 1000;
  Engine engine(small_engine());
  CHECK(!engine.publish_network(clients_and_servers().bytes()) && !engine.publish_services(services(0)));
  std::atomic<std::uint32_t> explained{0};
  std::thread worker([&] {
    Frame frame;
    frame.to = "192.0.2.1";
    engine.attach(0);
    for (; explained < kTimes; ++explained) {
      Bytes bytes = frame.bytes();  // no server: it would be dropped
      Packet packet{.data = bytes.data(), .length = static_cast<std::uint32_t>(bytes.size()), .port = 0};
      (void)engine.worker(0).explain(engine.enter(0), packet, 1000);
    }
    engine.leave(0);
    engine.detach(0);
  });
  std::uint64_t seen = 0;
  while (explained < kTimes) {
    const std::vector<std::uint64_t> counters = engine.counters();
    for (std::size_t at = 5; at < 5 + kDropReasons + kEvents; ++at) seen += counters[at];
  }
  worker.join();
  CHECK_EQUAL(seen, 0U);
}

int main() { return run_all(); }
