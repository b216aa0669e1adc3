// io-order SOCKET: tells a running lvsd-dataplane what standard input says, without TypeScript. One order per line:
//   port NAME MODE MAC MTU          automatic | zero-copy | native | generic | packet; partial checksums are completed
//   address ADDRESS LENGTH PORT     of this machine (PORT: number of the port)
//   neighbour ADDRESS PORT MAC
//   route PREFIX LENGTH NEIGHBOUR   the number of a neighbour
//   service VIP PROTOCOL PORT       udp | tcp | any
//   server ADDRESS PORT METHOD      of the last service: direct | gre | ipip | nat | l3dsr
//   services COUNT                  as many more services, each with ten servers that are not there
//   publish                         ports, network and services are told
//   publish-services                services alone
//   counters                        prints those that are not zero
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <sstream>

#include "control/protocol.h"
#include "engine/counters.h"
#include "../../test/images.h"

using namespace lvsd;

namespace {

std::vector<std::uint8_t> ask(int socket, std::uint16_t type, std::span<const std::uint8_t> payload) {
  control::FrameHeader header{static_cast<std::uint32_t>(payload.size()), type, 0, 1};
  std::vector<std::uint8_t> out(sizeof header);
  std::memcpy(out.data(), &header, sizeof header);
  out.insert(out.end(), payload.begin(), payload.end());
  if (::send(socket, out.data(), out.size(), 0) != static_cast<ssize_t>(out.size())) std::perror("send"), std::exit(1);
  if (::recv(socket, &header, sizeof header, MSG_WAITALL) != sizeof header) std::perror("recv"), std::exit(1);
  std::vector<std::uint8_t> answer(header.bytes);
  if (header.bytes != 0 && ::recv(socket, answer.data(), answer.size(), MSG_WAITALL) != static_cast<ssize_t>(answer.size())) std::exit(1);
  if (header.status != 0) {
    std::fprintf(stderr, "refused: %.*s\n", static_cast<int>(answer.size()), reinterpret_cast<const char*>(answer.data()));
    std::exit(1);
  }
  return answer;
}

int connect_to(const char* path) {
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) std::perror(path), std::exit(1);
  return socket;
}

void print_counters(int socket) {
  static const char* const kReasons[] = {
#define LVSD_X(name, text) #name,
      LVSD_DROP_REASONS(LVSD_X)
#undef LVSD_X
  };
  static const char* const kEventNames[] = {
#define LVSD_X(name, text) #name,
      LVSD_EVENTS(LVSD_X)
#undef LVSD_X
  };
  const std::vector<std::uint8_t> answer = ask(socket, control::kCounters, {});
  const auto at = [&](std::size_t index) {
    std::uint64_t value;
    std::memcpy(&value, answer.data() + sizeof(control::CountersHeader) + index * 8, 8);
    return value;
  };
  for (std::size_t i = 0; i < kDropReasons; ++i)
    if (at(i) != 0) std::printf("dropped %s %llu\n", kReasons[i], static_cast<unsigned long long>(at(i)));
  for (std::size_t i = 0; i < kEvents; ++i)
    if (at(kDropReasons + i) != 0) std::printf("%s %llu\n", kEventNames[i], static_cast<unsigned long long>(at(kDropReasons + i)));
}

std::uint8_t mode_of(const std::string& word) {
  const char* const words[] = {"automatic", "zero-copy", "native", "generic", "packet"};
  for (std::uint8_t i = 0; i < 5; ++i)
    if (word == words[i]) return i;
  std::fprintf(stderr, "%s: no mode\n", word.c_str());
  std::exit(2);
}

image::Destination server_of(const std::string& address, std::uint16_t port, const std::string& method) {
  if (method == "direct") return test::destination_of(address, port, image::kDirect);
  if (method == "gre") return test::destination_of(address, port, image::kTunnel, image::kGre);
  if (method == "ipip") return test::destination_of(address, port, image::kTunnel, image::kIpip);
  if (method == "l3dsr") return test::destination_of(address, port, image::kL3dsr);
  return test::destination_of(address, port, image::kMasquerade);
}

struct Orders {
  std::vector<control::PortOrder> ports;
  test::NetworkImage network;
  std::vector<std::pair<image::Service, std::vector<image::Destination>>> services;

  void publish_services(int socket) const {
    test::ServicesImage image;
    for (const auto& [service, servers] : services) image.add(service, servers);
    const auto start = std::chrono::steady_clock::now();
    ask(socket, control::kPublishServices, image.bytes());
    const auto took = std::chrono::steady_clock::now() - start;
    std::printf("published %zu services in %.1f ms\n", services.size(), std::chrono::duration<double, std::milli>(took).count());
  }
};

void obey(int socket, const std::string& line, Orders& orders) {
  std::istringstream words(line);
  std::string word, text, other;
  unsigned number = 0, port = 0;
  words >> word;
  if (word == "port") {
    std::string mode;
    words >> text >> mode >> other >> number;
    control::PortOrder order{};
    std::strncpy(order.name, text.c_str(), sizeof order.name - 1);
    order.mode = mode_of(mode);
    order.flags = 1;
    order.index = static_cast<std::uint32_t>(orders.ports.size());
    orders.ports.push_back(order);
    orders.network.port(text, other, static_cast<std::uint16_t>(number));
  } else if (word == "address") {
    words >> text >> number >> port;
    orders.network.local(text, static_cast<std::uint8_t>(number), port);
  } else if (word == "neighbour") {
    words >> text >> port >> other;
    std::printf("neighbour %u\n", orders.network.neighbour(text, port, other));
  } else if (word == "route") {
    words >> text >> number >> port;
    orders.network.route(text, static_cast<std::uint8_t>(number), {port});
  } else if (word == "service") {
    words >> text >> other >> port;
    orders.services.push_back({test::service_of(text, other == "tcp" ? 6 : other == "udp" ? 17 : 0, static_cast<std::uint16_t>(port)), {}});
  } else if (word == "server") {
    words >> text >> port >> other;
    orders.services.back().second.push_back(server_of(text, static_cast<std::uint16_t>(port), other));
  } else if (word == "services") {
    words >> number;
    for (unsigned i = 0; i < number; ++i) {
      std::vector<image::Destination> servers;
      for (unsigned k = 0; k < 10; ++k) servers.push_back(server_of("10.99.0." + std::to_string(k + 1), 80, "gre"));
      orders.services.push_back({test::service_of("10.50." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1), 6, 80), servers});
    }
  } else if (word == "publish") {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(orders.ports.data());
    const auto answer = ask(socket, control::kOpenPorts, {bytes, orders.ports.size() * sizeof(control::PortOrder)});
    std::printf("%.*s\n", static_cast<int>(answer.size()), reinterpret_cast<const char*>(answer.data()));
    ask(socket, control::kPublishNetwork, orders.network.bytes());
    orders.publish_services(socket);
  } else if (word == "publish-services") {
    orders.publish_services(socket);
  } else if (word == "counters") {
    print_counters(socket);
  } else if (!word.empty()) {
    std::fprintf(stderr, "%s: no order\n", word.c_str());
    std::exit(2);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "io-order SOCKET < ORDERS\n"), 2;
  const int socket = connect_to(argv[1]);
  Orders orders;
  for (std::string line; std::getline(std::cin, line);) obey(socket, line, orders), std::fflush(stdout);
  return 0;
}
