#pragma once
#include <arpa/inet.h>

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <vector>

#include "engine/image.h"

/// Images for tests and benches: what src/dataplane/{network,services}-image.ts make from a description, made by hand.
namespace lvsd::test {

/// `10.0.0.1` or `2001:db8::1`; anything else is the zero address.
inline Address address(const std::string& text) {
  std::uint8_t bytes[16];
  if (::inet_pton(AF_INET, text.c_str(), bytes) == 1) {
    std::uint32_t v4;
    std::memcpy(&v4, bytes, 4);
    return Address::v4(v4);
  }
  return ::inet_pton(AF_INET6, text.c_str(), bytes) == 1 ? Address::v6(bytes) : Address{};
}

/// `02:fe:00:00:00:01`
inline void mac(const std::string& text, std::uint8_t* into) {
  for (int at = 0; at < 6; ++at) into[at] = static_cast<std::uint8_t>(std::stoi(text.substr(static_cast<std::size_t>(at) * 3, 2), nullptr, 16));
}

template <typename T>
void append(std::vector<std::uint8_t>& bytes, const std::vector<T>& records) {
  const auto* const from = reinterpret_cast<const std::uint8_t*>(records.data());
  bytes.insert(bytes.end(), from, from + records.size() * sizeof(T));
}

/// Bytes aligned to eight, as an image must be.
class ImageBytes {
 public:
  explicit ImageBytes(const std::vector<std::uint8_t>& bytes) : words_((bytes.size() + 7) / 8), size_(bytes.size()) {
    if (size_ > 0) std::memcpy(words_.data(), bytes.data(), size_);
  }
  operator std::span<const std::uint8_t>() const { return {reinterpret_cast<const std::uint8_t*>(words_.data()), size_}; }

 private:
  std::vector<std::uint64_t> words_;
  std::size_t size_;
};

class NetworkImage {
 public:
  std::uint32_t port(const std::string& name, const std::string& mac_text, std::uint16_t mtu = 1500) {
    image::Port made{};
    made.mtu = mtu;
    made.flags = image::kPortUp;
    mac(mac_text, made.mac);
    std::strncpy(made.name, name.c_str(), sizeof made.name - 1);
    ports_.push_back(made);
    return static_cast<std::uint32_t>(ports_.size() - 1);
  }
  /// An address of ours, and the network it is on: its hosts are neighbours.
  void local(const std::string& text, std::uint8_t prefix, std::uint32_t port) {
    image::LocalAddress made{};
    made.address = address(text);
    made.port = port;
    made.prefix = prefix;
    addresses_.push_back(made);
    if (port != image::kNoPort) route(masked(made.address, prefix), prefix, {adjacency("", port, "")}, image::kOnLink);
  }
  /// A neighbour whose MAC is known; `mac_text` empty: it was asked for and does not answer.
  std::uint32_t neighbour(const std::string& text, std::uint32_t port, const std::string& mac_text) {
    const std::uint32_t way = adjacency(text, port, mac_text);
    if (mac_text.empty()) adjacencies_[way].flags = image::kFailed;
    route(address(text), address(text).is_v4() ? 32 : 128, {way}, image::kUnicast);
    return way;
  }
  /// An adjacency; `mac_text` empty: not resolved.
  std::uint32_t adjacency(const std::string& next_hop, std::uint32_t port, const std::string& mac_text, std::uint16_t mtu = 0) {
    image::Adjacency made{};
    made.next_hop = address(next_hop);
    made.port = port;
    made.mtu = mtu != 0 ? mtu : ports_[port].mtu;
    std::memcpy(made.source_mac, ports_[port].mac, 6);
    if (!mac_text.empty()) {
      mac(mac_text, made.destination_mac);
      made.flags = image::kResolved;
    }
    adjacencies_.push_back(made);
    return static_cast<std::uint32_t>(adjacencies_.size() - 1);
  }
  void route(const std::string& prefix, std::uint8_t length, std::initializer_list<std::uint32_t> ways) {
    route(address(prefix), length, ways, image::kUnicast);
  }
  image::Adjacency& way(std::uint32_t index) { return adjacencies_[index]; }

  [[nodiscard]] ImageBytes bytes() const {
    std::vector<std::uint32_t> references = references_;
    if (references.size() % 2 != 0) references.push_back(0);
    image::NetworkHeader header{};
    header.magic = image::kNetworkMagic;
    header.ports = static_cast<std::uint32_t>(ports_.size());
    header.addresses = static_cast<std::uint32_t>(addresses_.size());
    header.adjacencies = static_cast<std::uint32_t>(adjacencies_.size());
    header.references = static_cast<std::uint32_t>(references_.size());
    header.routes = static_cast<std::uint32_t>(routes_.size());
    std::vector<std::uint8_t> all;
    append(all, std::vector{header});
    append(all, ports_);
    append(all, addresses_);
    append(all, adjacencies_);
    append(all, references);
    append(all, routes_);
    const auto size = static_cast<std::uint32_t>(all.size());
    std::memcpy(all.data() + offsetof(image::NetworkHeader, bytes), &size, 4);
    return ImageBytes(all);
  }

 private:
  static Address masked(const Address& whole, std::uint8_t length) {
    Address base = whole;
    const unsigned from = whole.is_v4() ? 96U + length : length;
    for (unsigned bit = from; bit < 128; ++bit) base.bytes[bit / 8] = static_cast<std::uint8_t>(base.bytes[bit / 8] & ~(0x80U >> bit % 8));
    return base;
  }
  void route(const Address& prefix, std::uint8_t length, std::initializer_list<std::uint32_t> ways, std::uint8_t kind) {
    image::Route made{};
    made.prefix = prefix;
    made.first = kind == image::kOnLink ? *ways.begin() : static_cast<std::uint32_t>(references_.size());
    made.count = static_cast<std::uint32_t>(ways.size());
    made.length = length;
    made.kind = kind;
    if (kind != image::kOnLink) references_.insert(references_.end(), ways);
    routes_.push_back(made);
  }

  std::vector<image::Port> ports_;
  std::vector<image::LocalAddress> addresses_;
  std::vector<image::Adjacency> adjacencies_;
  std::vector<std::uint32_t> references_;
  std::vector<image::Route> routes_;
};

/// A service or a destination of a test: change what the test is about.
inline image::Service service_of(const std::string& vip, std::uint8_t protocol, std::uint16_t port) {
  image::Service made{};
  made.address = address(vip);
  made.prefix = made.address.is_v4() ? 32 : 128;
  made.protocol = protocol;
  made.port = port;
  made.scheduler = image::kMaglev;
  made.hash_fields = image::kIpSource | image::kIpDestination | image::kPortSource | image::kPortDestination;
  made.table_size = 4093;
  made.persistence_prefix = made.prefix;
  return made;
}
inline image::Destination destination_of(const std::string& server, std::uint16_t port, image::Method method,
                                         image::Tunnel tunnel = image::kIpip, std::uint32_t weight = 1) {
  image::Destination made{};
  made.address = address(server);
  made.port = port;
  made.method = method;
  made.tunnel = method == image::kTunnel ? tunnel : image::kIpip;
  made.weight = weight;
  return made;
}

/// Source addresses of full NAT.
inline image::Pool pool_of(const Address& first, const Address& last, std::uint16_t lowest, std::uint16_t highest) {
  return {.first = first, .last = last, .lowest = lowest, .highest = highest, .zero = 0};
}
inline image::Pool pool_of(const std::string& only, std::uint16_t lowest, std::uint16_t highest) {
  return pool_of(address(only), address(only), lowest, highest);
}

inline image::Settings usual_settings() {
  image::Settings made{};
  made.tcp_established = 900;
  made.tcp_syn = 60;
  made.tcp_fin = 120;
  made.tcp_closed = 10;
  made.udp = 300;
  made.icmp = 60;
  made.other = 600;
  made.fragment_ms = 2000;
  made.tunnel_ttl = 64;
  return made;
}

class ServicesImage {
 public:
  /// Its place in the image.
  std::uint32_t add(image::Service service, const std::vector<image::Destination>& destinations, const std::vector<image::Pool>& pools = {}) {
    service.first_destination = static_cast<std::uint32_t>(destinations_.size());
    service.destinations = static_cast<std::uint32_t>(destinations.size());
    service.first_pool = static_cast<std::uint32_t>(pools_.size());
    service.pools = static_cast<std::uint32_t>(pools.size());
    destinations_.insert(destinations_.end(), destinations.begin(), destinations.end());
    pools_.insert(pools_.end(), pools.begin(), pools.end());
    services_.push_back(service);
    return static_cast<std::uint32_t>(services_.size() - 1);
  }

  [[nodiscard]] ImageBytes bytes() const {
    image::ServicesHeader header{};
    header.magic = image::kServicesMagic;
    header.services = static_cast<std::uint32_t>(services_.size());
    header.destinations = static_cast<std::uint32_t>(destinations_.size());
    header.pools = static_cast<std::uint32_t>(pools_.size());
    std::vector<std::uint8_t> all;
    append(all, std::vector{header});
    append(all, std::vector{settings});
    append(all, services_);
    append(all, destinations_);
    append(all, pools_);
    const auto size = static_cast<std::uint32_t>(all.size());
    std::memcpy(all.data() + offsetof(image::ServicesHeader, bytes), &size, 4);
    return ImageBytes(all);
  }

  image::Settings settings = usual_settings();

 private:
  std::vector<image::Service> services_;
  std::vector<image::Destination> destinations_;
  std::vector<image::Pool> pools_;
};

}  // namespace lvsd::test
