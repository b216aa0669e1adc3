#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "engine/sessions.h"
#include "test/images.h"

namespace lvsd::test {

/// xorshift64*: the same numbers at every run.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed | 1) {}
  std::uint64_t operator()() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545f4914f6cdd1d;
  }
  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>((*this)() >> 33) % bound; }

 private:
  std::uint64_t state_;
};

inline Address v4_address(std::uint32_t host_order) { return Address::v4(__builtin_bswap32(host_order)); }
inline Address v6_address(std::uint32_t last) {
  std::uint8_t bytes[16] = {0x20, 0x01, 0x0d, 0xb8};
  const std::uint32_t network = __builtin_bswap32(last);
  std::memcpy(bytes + 12, &network, 4);
  return Address::v6(bytes);
}
inline Address address_of(bool v4, std::uint32_t last) { return v4 ? v4_address(last) : v6_address(last); }

inline constexpr std::uint8_t kTcp = 6, kUdp = 17;

/// Flow number n of a protocol: another n, another client or port.
inline FlowKey flow(std::uint32_t n, bool v4 = true, std::uint8_t protocol = kTcp) {
  FlowKey key;
  key.client = address_of(v4, 0x0a000000 + n / 50'000);
  key.client_port = static_cast<std::uint16_t>(1'024 + n % 50'000);
  key.vip = address_of(v4, 0xc6336401);
  key.vip_port = 80;
  key.protocol = protocol;
  return key;
}

/// Tables with as many destinations as wanted, all of service 0, without look-ups: what most tests of sessions need.
class FewTables : public Tables {
 public:
  explicit FewTables(std::size_t count, bool v4 = true) : some_(count), one_(1) {
    for (std::size_t i = 0; i < count; ++i) {
      some_[i].address = address_of(v4, 0xc0a80001 + static_cast<std::uint32_t>(i));
      some_[i].port = 8'080;
      some_[i].state = kServing;
    }
    one_[0].pool_count = 0;
    destinations_ = some_;
    services_ = one_;
    settings_ = usual_settings();
    set_times(0, 0, 0);
  }
  Service& only() { return one_[0]; }
  Destination& at(std::size_t i) { return some_[i]; }
  image::Settings& set() { return settings_; }
  /// What TableMaker does with the settings and the service's own, in seconds.
  void set_times(std::uint32_t tcp, std::uint32_t udp, std::uint32_t persistence) {
    one_[0].timeouts = timeouts_of(settings_, tcp, udp, persistence);
  }
  void give_pools(std::vector<image::Pool> pools) {
    given_ = std::move(pools);
    pools_ = given_;
    one_[0].pool_count = static_cast<std::uint32_t>(given_.size());
  }

 private:
  std::vector<Destination> some_;
  std::vector<Service> one_;
  std::vector<image::Pool> given_;
};

/// Sessions with their counters and the few words that a test says again and again.
struct Bench {
  Bench(std::uint32_t capacity, std::size_t destinations, bool v4 = true)
      : tables(destinations, v4), counters(destinations), sessions({capacity, {1, 2}, counters, &engine}) {}

  std::uint32_t insert(const FlowKey& key, std::uint32_t destination, std::uint8_t flags, std::uint32_t now) {
    return sessions.insert(sessions.hash(key), key, destination, flags, tables.only(), now);
  }
  [[nodiscard]] std::uint32_t find(const FlowKey& key, std::uint32_t now) const {
    return sessions.find(sessions.hash(key), key.vip.is_v4(), now);
  }
  void touch(std::uint32_t handle, std::uint8_t flags, bool from_server, std::uint32_t now) {
    sessions.touch(handle, flags, from_server, tables.only(), now);
  }
  void sweep_all(std::uint32_t now) {
    while (!sessions.sweep(64, tables, now)) continue;
  }
  [[nodiscard]] std::uint64_t event(Event event) const { return engine.events[static_cast<std::size_t>(event)]; }

  FewTables tables;
  std::vector<DestinationCounters> counters;
  EngineCounters engine{};
  Sessions sessions;
};

}  // namespace lvsd::test
