#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/image.h"
#include "engine/tables.h"

namespace lvsd {

/// Where a route leads: `count` places in paths() from `first` on. 0: nowhere.
struct Leaf {
  std::uint32_t first = 0, count = 0;
};

/// Longest prefix match: the prefixes are cut into ranges that do not overlap, and an address is looked for by halving. As many steps
/// as the number of prefixes has bits, whatever their lengths; 5 ns with a dozen of them.
class RouteTable {
 public:
  struct Entry {
    Address prefix;
    std::uint8_t length;
    Leaf leaf;
  };
  /// Of two with the same prefix the later one counts.
  explicit RouteTable(std::span<const Entry> entries);
  [[nodiscard]] Leaf find(const Address& to) const noexcept;

 private:
  template <typename Number>
  struct Ranges {
    std::vector<Number> starts;  ///< ascending, the first is 0
    std::vector<Leaf> leaves;
    void build(std::span<const Entry> entries, bool v4);
    [[nodiscard]] Leaf find(Number to) const noexcept;
  };
  Ranges<std::uint32_t> v4_;
  Ranges<unsigned __int128> v6_;
};

/// A set of addresses.
class AddressSet {
 public:
  explicit AddressSet(std::span<const Address> addresses);
  [[nodiscard]] bool has(const Address& address) const noexcept;

 private:
  std::vector<Address> entries_;  ///< open addressing, at most half full; zero: vacant
  std::size_t mask_;
};

/// From where NAT destinations answer. A set of 64-bit hashes: what has the hash of another is looked for among the sessions in vain,
/// and that is all that comes of it.
class NatServers {
 public:
  explicit NatServers(const image::ServicesView& services);
  [[nodiscard]] bool has(const Address& address, std::uint8_t protocol, std::uint16_t port) const noexcept;
  [[nodiscard]] bool has_address(const Address& address) const noexcept;

 private:
  void add(std::uint64_t hash) noexcept;
  [[nodiscard]] bool has_hash(std::uint64_t hash) const noexcept;

  std::vector<std::uint64_t> entries_;
  std::size_t mask_ = 0;
  bool with_protocol_ = false, any_ = false;  ///< there are some that answer from every port; of every protocol
};

/// Addresses of all pools as ranges that do not overlap.
class PoolRanges {
 public:
  explicit PoolRanges(std::span<const image::Pool> pools);
  [[nodiscard]] bool has(const Address& address) const noexcept;

 private:
  std::vector<unsigned __int128> first_, last_;
};

}  // namespace lvsd
