#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/image.h"
#include "engine/route_table.h"
#include "engine/tables.h"

namespace lvsd {

/// An image's bytes, aligned to eight and our own.
class OwnBytes {
 public:
  explicit OwnBytes(std::span<const std::uint8_t> bytes);
  [[nodiscard]] std::span<const std::uint8_t> all() const noexcept {
    return {reinterpret_cast<const std::uint8_t*>(words_.data()), size_};
  }

 private:
  std::vector<std::uint64_t> words_;
  std::size_t size_;
};

/// All that tables have from the network image, shared by all tables until the next one comes.
class NetworkPart {
 public:
  /// Nothing, and `refusal`, if the image is not as it should be.
  static std::shared_ptr<const NetworkPart> make(std::span<const std::uint8_t> image, std::optional<image::Refusal>& refusal);
  /// Before there is any: nothing is local, nothing can be reached.
  static std::shared_ptr<const NetworkPart> empty();

  /// What leads to an address. Paths of neighbours that do not answer are left out as long as there are others.
  struct Way {
    Leaf leaf;
    std::uint16_t mtu = 0;  ///< smallest of its paths
    bool failed = false;    ///< none of its neighbours answers
  };
  [[nodiscard]] Way way(const Address& to) const noexcept;
  /// Our address for packets that leave by a port, of a family; zero: we have none.
  [[nodiscard]] Address source(std::uint32_t port, bool v4, const Address& towards) const noexcept;

  [[nodiscard]] const image::NetworkView& view() const noexcept { return view_; }
  [[nodiscard]] std::span<const Adjacency> adjacencies() const noexcept { return adjacencies_; }
  [[nodiscard]] std::span<const std::uint32_t> paths() const noexcept { return paths_; }
  [[nodiscard]] const RouteTable& routes() const noexcept { return *routes_; }
  [[nodiscard]] const AddressSet& local() const noexcept { return *local_; }

 private:
  explicit NetworkPart(std::span<const std::uint8_t> image) : bytes_(image) {}
  void build();
  void make_adjacencies();
  [[nodiscard]] bool is_usable(std::uint32_t adjacency) const noexcept;
  [[nodiscard]] Leaf make_leaf(const image::Route& route);

  OwnBytes bytes_;
  image::NetworkView view_;
  std::vector<Adjacency> adjacencies_;
  std::vector<std::uint32_t> paths_;
  std::unique_ptr<RouteTable> routes_;
  std::unique_ptr<AddressSet> local_;
};

}  // namespace lvsd
