#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "engine/image.h"
#include "engine/tables.h"

namespace lvsd {

/// Numbers below a bound, given out and taken back; the one that was back longest is given first.
class IdPool {
 public:
  explicit IdPool(std::uint32_t most) : most_(most) {}
  [[nodiscard]] std::uint32_t room() const noexcept { return most_ - highest_ + static_cast<std::uint32_t>(vacant_.size()); }
  /// There must be room.
  [[nodiscard]] std::uint32_t take();
  void give_back(std::uint32_t id) { vacant_.push_back(id); }
  /// All ids that ever were given are below.
  [[nodiscard]] std::uint32_t highest() const noexcept { return highest_; }

 private:
  std::uint32_t most_, highest_ = 0;
  std::deque<std::uint32_t> vacant_;
};

/// What is remembered of a destination under its id.
struct KnownDestination {
  std::uint64_t gone_since = 0;  ///< serial of the first tables without it; 0: it is there
  Address address;
  std::uint32_t service = kNone;  ///< id
  std::uint32_t generation = 0;
  std::uint32_t heir = kNone;         ///< of one that is gone: who stood before it
  std::uint32_t last_weight = 0;      ///< dest->last_weight of the kernel's mh: the weight that is, or was before it became 0
  std::uint16_t port = 0;
  bool vacant = true;
  bool member = false;  ///< stands in its service's list
};

/// What is remembered of a service from snapshot to snapshot.
struct KnownService {
  std::uint64_t gone_since = 0;
  std::uint64_t seen = 0;  ///< serial of the last tables that have it
  std::uint32_t id = kNone;
  std::uint32_t generation = 0;
  std::uint64_t shape = 0;
  std::vector<image::Destination> records;  ///< as they stood in the image
  std::vector<std::uint32_t> ids;           ///< in the image's order
  std::shared_ptr<const std::vector<std::uint32_t>> members;  ///< newest first

  /// What the slots were made of, to see whether they still hold.
  struct Candidate {
    std::uint32_t id, weight;
    friend bool operator==(const Candidate&, const Candidate&) = default;
  };
  std::vector<Candidate> candidates;
  std::uint32_t slots_scheduler = image::kSchedulers, slots_size = 0;
  std::shared_ptr<const std::vector<std::uint32_t>> slots;
  std::uint64_t states = 0;  ///< hash over members and their states, as of the last tables
};

/// Who has which id. A service is known by its address, prefix, protocol, port and ingress; a destination by its service, address and
/// port. One that leaves keeps its id until no session can remember it (recycle), and has it again if it comes back before.
class ServiceIds {
 public:
  ServiceIds(std::uint32_t most_services, std::uint32_t most_destinations);

  /// A sentence, if there is no room for all that is new in the image. Nothing is changed.
  [[nodiscard]] std::optional<image::Refusal> check_room(const image::ServicesView& view) const;
  /// The image is what is now. @param serial of the tables to come
  void take(const image::ServicesView& view, std::uint64_t serial);
  void recycle(std::uint64_t swept_serial);

  [[nodiscard]] KnownService& service(std::uint32_t image_index) noexcept { return *in_order_[image_index]; }
  [[nodiscard]] KnownDestination& destination(std::uint32_t id) noexcept { return destinations_[id]; }
  [[nodiscard]] std::uint32_t highest_destination() const noexcept { return destination_ids_.highest(); }
  /// Another shape: something that schedulers go by has changed.
  [[nodiscard]] std::uint64_t next_shape() noexcept { return ++shapes_; }

 private:
  struct ServiceKey {
    Address address;
    std::uint64_t ingress;
    std::uint32_t rest;
    friend bool operator==(const ServiceKey&, const ServiceKey&) = default;
  };
  struct DestinationKey {
    Address address;
    std::uint32_t service;
    std::uint16_t port;
    friend bool operator==(const DestinationKey&, const DestinationKey&) = default;
  };
  struct Hash {
    std::size_t operator()(const ServiceKey& key) const noexcept;
    std::size_t operator()(const DestinationKey& key) const noexcept;
  };
  static ServiceKey key_of(const image::Service& service) noexcept;
  static bool is_same(std::span<const image::Destination> records, const KnownService& known) noexcept;

  KnownService& find_or_add(const image::Service& service, std::uint64_t serial);
  void leave_whole(KnownService& known, std::uint64_t serial);
  std::uint32_t destination_id(const image::Destination& record, std::uint32_t service);
  void take_destinations(std::span<const image::Destination> records, KnownService& known, std::uint64_t serial);
  void leave(const std::vector<std::uint32_t>& members, std::size_t place, std::uint64_t serial);

  IdPool service_ids_, destination_ids_;
  std::unordered_map<ServiceKey, KnownService, Hash> services_;
  std::unordered_map<DestinationKey, std::uint32_t, Hash> by_key_;
  std::vector<KnownDestination> destinations_;  ///< by id
  std::vector<std::uint32_t> gone_;             ///< destinations that left and were not recycled
  std::vector<KnownService*> in_order_;
  std::vector<std::uint64_t> mark_;  ///< by destination id: serial of the list it was last seen in
  std::uint32_t generations_ = 0;
  std::uint64_t shapes_ = 0;
};

}  // namespace lvsd
