#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "engine/tables.h"

namespace lvsd {

/// Which service takes a packet: hash tables of (prefix, protocol, port) whose entries are eight bytes, asked from the longest prefix
/// length that occurs to the shortest; of each length only for the kinds of service that occur there. An exact VIP is one probe.
/// Immutable; holds places in the array of services, which is handed to every question.
class ServiceTable {
 public:
  explicit ServiceTable(std::span<const Service> services);

  [[nodiscard]] const Service* find(std::span<const Service> services, const Address& to, std::uint8_t protocol, std::uint16_t port,
                                    std::uint16_t ingress) const noexcept;
  /// The entry of the longest prefix and this very port, which is what most packets find; then the service that it names.
  void prefetch(const Address& to, std::uint8_t protocol, std::uint16_t port) const noexcept;
  void prefetch_second(std::span<const Service> services, const Address& to, std::uint8_t protocol, std::uint16_t port) const noexcept;
  /// Of a port of this machine; that the address is local was asked before.
  [[nodiscard]] const Service* find_node_port(std::span<const Service> services, std::uint8_t protocol, std::uint16_t port,
                                              std::uint16_t ingress) const noexcept;
  /// First of those that have the address, with all these flags.
  [[nodiscard]] const Service* find_address(std::span<const Service> services, const Address& to, std::uint16_t ingress,
                                            std::uint8_t flags) const noexcept;
  [[nodiscard]] bool has_node_ports() const noexcept { return !node_ports_.empty(); }
  [[nodiscard]] const Service* any_node_port(std::span<const Service> services, std::uint16_t ingress) const noexcept;

 private:
  /// Kinds of service at one length, most specific first.
  enum Kind : std::uint8_t { kPort = 1, kProtocol = 2, kAny = 4 };
  struct Level {
    std::uint64_t high, low;  ///< masks, as words stand in memory
    std::uint8_t length;
    std::uint8_t kinds;
  };
  struct Entry {
    std::uint32_t tag;    ///< upper half of the hash, never 0; 0: vacant
    std::uint32_t index;  ///< first of the services that have this key; others by their `next`
  };
  /// Open addressing, at most half full.
  struct Index {
    std::vector<Entry> entries;
    std::vector<std::uint32_t> next;
    std::uint32_t mask = 0;
  };

  [[nodiscard]] const Entry& likely_entry(const Address& to, std::uint8_t protocol, std::uint16_t port) const noexcept;
  void add(Index& index, std::uint64_t hash, std::uint32_t service, auto&& same);
  void add_level(const Service& service);
  void add_key(std::span<const Service> services, std::uint32_t index);
  [[nodiscard]] const Service* probe(std::span<const Service> services, const Level& level, std::uint64_t high, std::uint64_t low,
                                     std::uint8_t protocol, std::uint16_t port, std::uint16_t ingress) const noexcept;

  Index keys_, addresses_;
  std::vector<Level> levels4_, levels6_;
  std::vector<std::uint32_t> node_ports_;  ///< sorted by protocol and port
};

}  // namespace lvsd
