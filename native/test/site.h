#pragma once
#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "test/frames.h"
#include "test/images.h"
#include "test/tap.h"

/// A director between clients (port 0) and servers (port 1), as the recorded cases have it: an engine of one worker, frames in, frames out.
namespace lvsd::test {

inline constexpr const char* kClientMac = "02:01:00:00:ff:02";
inline constexpr const char* kServerMac = "02:02:00:00:ff:02";
inline constexpr const char* kOurMac0 = "02:fe:00:00:00:01";
inline constexpr const char* kOurMac1 = "02:fe:00:00:00:02";

struct Sent {
  Verdict verdict;
  std::uint16_t port;
  std::uint8_t reason;
  Bytes frame;
  [[nodiscard]] Bytes ip() const { return ip_of(frame); }
};

/// Port 0 with a router to the clients, port 1 with one to the servers, in both families.
inline NetworkImage clients_and_servers() {
  NetworkImage network;
  network.port("pg0", kOurMac0);
  network.port("pg1", kOurMac1);
  network.local("172.16.1.1", 24, 0);
  network.local("172.16.2.1", 24, 1);
  network.local("fd01:1::1", 64, 0);
  network.local("fd01:2::1", 64, 1);
  const std::uint32_t clients4 = network.neighbour("172.16.1.2", 0, kClientMac), servers4 = network.neighbour("172.16.2.2", 1, kServerMac);
  const std::uint32_t clients6 = network.neighbour("fd01:1::2", 0, kClientMac), servers6 = network.neighbour("fd01:2::2", 1, kServerMac);
  network.route("198.51.100.0", 24, {clients4});
  network.route("10.0.0.0", 16, {servers4});
  network.route("2001:db8:c::", 48, {clients6});
  network.route("2001:db8:5::", 48, {servers6});
  return network;
}

/// Of as many workers as wanted, and small.
inline EngineOptions small_engine(std::uint32_t workers = 1) {
  return {.workers = workers, .sessions = 4096, .most_services = 64, .most_destinations = 1024, .held_packets = 256, .secret = {1, 2}};
}

class Site {
 public:
  /// Publishes both images. A refusal is told as `why`.
  bool publish() {
    const auto first = engine.publish_network(network.bytes());
    const auto second = engine.publish_services(services.bytes());
    if (first) why = first->why;
    if (second) why = second->why;
    return !first && !second;
  }
  bool publish_services() { return !engine.publish_services(services.bytes()); }

  /// Frames of one moment, in one batch. What they become: those with a verdict of their own, then the extras.
  std::vector<Sent> receive(std::uint16_t port, const std::vector<Bytes>& frames) {
    std::vector<Bytes> memory;
    std::vector<Packet> packets;
    memory.reserve(frames.size());
    for (const Bytes& frame : frames) {
      memory.emplace_back(256 + frame.size() + 64);
      std::memcpy(memory.back().data() + 256, frame.data(), frame.size());
      packets.push_back({.data = memory.back().data() + 256, .length = static_cast<std::uint32_t>(frame.size()), .headroom = 256, .tailroom = 64, .port = port});
    }
    const Tables& tables = engine.enter(0);
    engine.worker(0).process(tables, packets, now_ms);
    std::vector<Sent> sent;
    for (const Packet& packet : packets) sent.push_back(sent_of(packet));
    for (const Packet& packet : engine.worker(0).extras()) sent.push_back(sent_of(packet));
    return sent;
  }
  std::vector<Sent> receive(std::uint16_t port, const Frame& frame) { return receive(port, std::vector<Bytes>{frame.bytes()}); }
  /// The one frame that goes out for one frame, or an empty one.
  Sent one(std::uint16_t port, const Frame& frame) {
    const std::vector<Sent> sent = receive(port, frame);
    return sent.empty() ? Sent{} : sent.front();
  }
  std::vector<Sent> tick(std::uint64_t later_ms) {
    now_ms += later_ms;
    const Tables& tables = engine.enter(0);
    engine.tick(0, tables, now_ms);
    std::vector<Sent> sent;
    for (const Packet& packet : engine.worker(0).extras()) sent.push_back(sent_of(packet));
    return sent;
  }
  std::string explain(std::uint16_t port, const Frame& frame) {
    Bytes bytes(256);
    const Bytes made = frame.bytes();
    bytes.insert(bytes.end(), made.begin(), made.end());
    bytes.resize(bytes.size() + 64);
    Packet packet{.data = bytes.data() + 256, .length = static_cast<std::uint32_t>(made.size()), .headroom = 256, .tailroom = 64, .port = port};
    return engine.worker(0).explain(engine.enter(0), packet, now_ms);
  }

  [[nodiscard]] std::uint64_t dropped(DropReason reason) { return engine.worker(0).counters().dropped[static_cast<std::size_t>(reason)]; }
  [[nodiscard]] std::uint64_t event(Event what) { return engine.worker(0).counters().events[static_cast<std::size_t>(what)]; }
  /// Of a service and a destination, by place in the image, as Engine::counters has them.
  [[nodiscard]] ServiceCounters service(std::size_t index) { return at<ServiceCounters>(5 + kDropReasons + kEvents + 8 * index); }
  [[nodiscard]] DestinationCounters destination(std::size_t index) {
    return at<DestinationCounters>(5 + kDropReasons + kEvents + 8 * (engine.tables().services().size() + index));
  }

  Engine engine{small_engine()};
  NetworkImage network = clients_and_servers();
  ServicesImage services;
  std::uint64_t now_ms = 1000;
  std::string why;

 private:
  static Sent sent_of(const Packet& packet) {
    return {packet.verdict, packet.port, packet.reason, packet.verdict == Verdict::held || packet.verdict == Verdict::drop ? Bytes{} : Bytes(packet.data, packet.data + packet.length)};
  }
  template <typename T>
  T at(std::size_t word) {
    const std::vector<std::uint64_t> all = engine.counters();
    T counters{};
    std::memcpy(static_cast<void*>(&counters), all.data() + word, sizeof counters);
    return counters;
  }
};

/// With one service.
inline std::unique_ptr<Site> site_of(const image::Service& service, const std::vector<image::Destination>& destinations,
                                     const std::vector<image::Pool>& pools = {}) {
  auto site = std::make_unique<Site>();
  site->services.add(service, destinations, pools);
  CHECK(site->publish());
  return site;
}

}  // namespace lvsd::test
