#pragma once
#include <cstdint>

#include "packet/address.h"

namespace lvsd {

/// A flow as its client sees it. Ports in host order; 0 where there are none (and in an affinity template, whose client is masked).
struct FlowKey {
  Address client, vip;
  std::uint16_t client_port = 0, vip_port = 0;
  std::uint8_t protocol = 0;
  bool affinity = false;  ///< a template: which destination this client has, for all its flows to the service

  friend bool operator==(const FlowKey&, const FlowKey&) noexcept = default;
};

/// Keyed hash of flows: multiply and fold both halves of the 128-bit product, as wyhash, every word of the key combined with a word that
/// only we know. Who does not know it cannot make flows meet in a bucket, nor choose two keys of one hash.
class FlowHash {
 public:
  explicit FlowHash(const std::uint64_t (&secret)[2]) noexcept {
    std::uint64_t state = secret[0];
    for (std::uint64_t& key : keys_) key = next(state) ^ rotate(secret[1]);
  }

  /// Never 0, which marks an empty slot.
  [[nodiscard]] std::uint64_t operator()(const FlowKey& key) const noexcept {
    const std::uint64_t rest = key.client_port | std::uint64_t{key.vip_port} << 16 | std::uint64_t{key.protocol} << 32 |
                               std::uint64_t{key.affinity} << 40;
    return key.vip.is_v4() ? v4(key.client.to_v4(), key.vip.to_v4(), rest) : v6(key.client, key.vip, rest);
  }
  /// The same of a flow whose key nobody has put together: a copy of an address that was just written costs more than the hash.
  [[nodiscard, gnu::always_inline]] std::uint64_t flow(const Address& client, const Address& vip, std::uint16_t client_port,
                                                       std::uint16_t vip_port, std::uint8_t protocol, bool is_v4) const noexcept {
    const std::uint64_t rest = client_port | std::uint64_t{vip_port} << 16 | std::uint64_t{protocol} << 32;
    if (is_v4) [[likely]] return v4(client.to_v4(), vip.to_v4(), rest);
    return v6(client, vip, rest);
  }
  /// Of what a reply says: never that of a flow.
  [[nodiscard]] std::uint64_t reverse(const Address& server, std::uint16_t server_port, const Address& peer, std::uint16_t peer_port,
                                      std::uint8_t protocol) const noexcept {
    const std::uint64_t rest =
        server_port | std::uint64_t{peer_port} << 16 | std::uint64_t{protocol} << 32 | std::uint64_t{1} << 48;
    return server.is_v4() ? v4(server.to_v4(), peer.to_v4(), rest) : v6(server, peer, rest);
  }
  [[nodiscard]] std::uint64_t words(std::uint64_t a, std::uint64_t b) const noexcept {
    return not_zero(fold(fold(a ^ keys_[0], b ^ keys_[1]) ^ keys_[2], keys_[3]));
  }

 private:
  [[nodiscard]] std::uint64_t v4(std::uint32_t a, std::uint32_t b, std::uint64_t rest) const noexcept {
    return words(a | std::uint64_t{b} << 32, rest);
  }
  /// Out of line: it would take the registers of the loop that nearly always takes the other way.
  [[nodiscard, gnu::noinline]] std::uint64_t v6(const Address& a, const Address& b, std::uint64_t rest) const noexcept {
    const std::uint64_t first = fold(a.high() ^ keys_[4], a.low() ^ keys_[5]);
    const std::uint64_t second = fold(b.high() ^ keys_[6] ^ first, b.low() ^ keys_[7]);
    return words(second, first ^ rest);
  }
  [[nodiscard]] static std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }
  [[nodiscard]] static std::uint64_t not_zero(std::uint64_t hash) noexcept { return hash + (hash < 1 ? 1 : 0); }
  /// splitmix64: the words differ even where the secret is zero, as in a simulation.
  [[nodiscard]] static std::uint64_t next(std::uint64_t& state) noexcept {
    std::uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  [[nodiscard]] static std::uint64_t rotate(std::uint64_t word) noexcept { return word << 23 | word >> 41; }

  std::uint64_t keys_[8];
};

}  // namespace lvsd
