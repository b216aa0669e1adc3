#pragma once
// Tables made of images, as the tests of tables ask them.
#include <optional>
#include <string>

#include "engine/tables.h"
#include "test/images.h"
#include "test/tap.h"

namespace lvsd::test {

/// Servers 10.0.0.0/24 behind 172.16.2.2 on pg1; `far` through two gateways.
inline NetworkImage network(const std::string& gateway_mac = "02:02:00:00:ff:02") {
  NetworkImage made;
  const auto left = made.port("pg0", "02:fe:00:00:00:01"), right = made.port("pg1", "02:fe:00:00:00:02", 1400);
  made.local("172.16.1.1", 24, left);
  made.local("172.16.2.1", 24, right);
  made.local("fd00:2::1", 64, right);
  const auto one = made.neighbour("172.16.2.2", right, gateway_mac);
  const auto two = made.neighbour("172.16.2.3", right, "02:02:00:00:ff:03");
  made.route("10.0.0.0", 24, {one});
  made.route("10.9.0.0", 16, {one, two, two});
  return made;
}

struct Made {
  explicit Made(std::uint32_t most_services = 64, std::uint32_t most_destinations = 256) : maker(most_services, most_destinations) {}
  TableMaker maker;
  void take(const NetworkImage& image) { note(maker.take_network(image.bytes())); }
  void take(const ServicesImage& image) { note(maker.take_services(image.bytes())); }
  [[nodiscard]] const Tables& now() const { return *maker.tables(); }

 private:
  static void note(const std::optional<image::Refusal>& refusal) {
    if (refusal) complaints().push_back(std::string(refusal->array) + ": " + refusal->why);
  }
};

}  // namespace lvsd::test
