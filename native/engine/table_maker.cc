#include <algorithm>
#include <cstring>

#include "encap/outer.h"
#include "engine/fields_hash.h"
#include "engine/service_ids.h"
#include "engine/service_table.h"
#include "engine/slot_jobs.h"
#include "engine/table_maker_network.h"

namespace lvsd {
namespace {

/// All that tables have from the services image, shared until the next one comes.
struct ServicesPart {
  /// Nothing, and `refusal`, if the image is not as it should be or has no room; else `ids` go by it from now on.
  /// @param serial of the tables to come
  static std::shared_ptr<const ServicesPart> make(std::span<const std::uint8_t> image, ServiceIds& ids, std::uint64_t serial,
                                                  std::optional<image::Refusal>& refusal);
  /// Before there is any.
  static std::shared_ptr<const ServicesPart> empty();

  explicit ServicesPart(std::span<const std::uint8_t> image) : bytes(image) {}
  void build();

  OwnBytes bytes;
  image::ServicesView view;
  std::unique_ptr<const NatServers> nat_servers;
  std::unique_ptr<const PoolRanges> pool_ranges;
  std::vector<std::uint32_t> ids;  ///< of destinations, in the image's order
};

constexpr image::Settings kNoSettings{.tunnel_source4 = {}, .tunnel_source6 = {}, .tcp_established = 900, .tcp_syn = 60, .tcp_fin = 120,
                                      .tcp_closed = 10, .udp = 300, .icmp = 60, .other = 600, .fragment_ms = 2000, .tunnel_ttl = 64, .zero = {}};

std::shared_ptr<const ServicesPart> ServicesPart::make(std::span<const std::uint8_t> image, ServiceIds& ids, std::uint64_t serial,
                                                       std::optional<image::Refusal>& refusal) {
  auto part = std::make_shared<ServicesPart>(image);
  refusal = image::read_services(part->bytes.all(), part->view);
  if (!refusal) refusal = ids.check_room(part->view);
  if (refusal) return nullptr;
  ids.take(part->view, serial);
  part->ids.reserve(part->view.destinations.size());
  for (std::uint32_t i = 0; i < part->view.services.size(); ++i) {
    const std::vector<std::uint32_t>& of_service = ids.service(i).ids;
    part->ids.insert(part->ids.end(), of_service.begin(), of_service.end());
  }
  part->build();
  return part;
}

std::shared_ptr<const ServicesPart> ServicesPart::empty() {
  auto part = std::make_shared<ServicesPart>(std::span<const std::uint8_t>{});
  part->view.settings = nullptr;
  part->build();
  return part;
}

void ServicesPart::build() {
  nat_servers = std::make_unique<const NatServers>(view);
  pool_ranges = std::make_unique<const PoolRanges>(view.pools);
}

/// Tables with the memory that their spans are of.
class MadeTables final : public Tables {
 public:
  /// @param before tables that share what has not changed since; or nullptr
  MadeTables(std::shared_ptr<const NetworkPart> network, std::shared_ptr<const ServicesPart> services, ServiceIds& ids, std::uint64_t serial,
             const MadeTables* before);

 private:
  void make_destinations(ServiceIds& ids);
  void make_destination(const image::Destination& from, const image::Service& service, std::uint32_t service_index, std::uint32_t id,
                        const KnownDestination& known);
  void make_way(Destination& to, const image::Service& service) const noexcept;
  void make_tunnel(Destination& to, const image::Service& service) const noexcept;
  void judge_members(std::uint32_t index, ServiceIds& ids, std::vector<SlotJob>& jobs);
  void make_service(std::uint32_t index, ServiceIds& ids);
  void ask_for_slots(const image::Service& from, KnownService& known, ServiceIds& ids, bool any_way, std::vector<SlotJob>& jobs);

  std::shared_ptr<const NetworkPart> network_;
  std::shared_ptr<const ServicesPart> services_part_;
  std::shared_ptr<const ServiceTable> shared_service_table_;
  std::vector<Destination> made_destinations_;
  std::vector<Weighing> made_weighings_;
  std::vector<Service> made_services_;
  std::vector<std::shared_ptr<const std::vector<std::uint32_t>>> kept_;  ///< slots and members of all services
};

MadeTables::MadeTables(std::shared_ptr<const NetworkPart> network, std::shared_ptr<const ServicesPart> services, ServiceIds& ids,
                       std::uint64_t serial, const MadeTables* before)
    : network_(std::move(network)), services_part_(std::move(services)) {
  serial_ = serial;
  ports_ = network_->view().ports;
  addresses_ = network_->view().addresses;
  adjacencies_ = network_->adjacencies();
  paths_ = network_->paths();
  route_table_ = &network_->routes();
  local_ = &network_->local();
  const image::ServicesView& view = services_part_->view;
  settings_ = view.settings != nullptr ? *view.settings : kNoSettings;
  pools_ = view.pools;
  image_ids_ = services_part_->ids;
  nat_servers_ = services_part_->nat_servers.get();
  pool_ranges_ = services_part_->pool_ranges.get();

  make_destinations(ids);
  made_services_.resize(view.services.size());
  kept_.reserve(view.services.size() * 2);
  std::vector<SlotJob> jobs;
  for (std::uint32_t i = 0; i < made_services_.size(); ++i) judge_members(i, ids, jobs);
  build_all(jobs);
  for (std::uint32_t i = 0; i < made_services_.size(); ++i) make_service(i, ids);
  services_ = made_services_;
  const bool same_services = before != nullptr && before->services_part_ == services_part_;
  shared_service_table_ = same_services ? before->shared_service_table_ : std::make_shared<const ServiceTable>(services_);
  service_table_ = shared_service_table_.get();
}

void MadeTables::make_destinations(ServiceIds& ids) {
  const image::ServicesView& view = services_part_->view;
  made_destinations_.resize(ids.highest_destination());
  made_weighings_.resize(ids.highest_destination());
  for (std::uint32_t id = 0; id < made_destinations_.size(); ++id) {
    Destination& made = made_destinations_[id];
    const KnownDestination& known = ids.destination(id);
    made.service = made.adjacency = kNone;
    made.first_path = known.heir;
    made.address = known.address;
    made.port = known.port;
    made.generation = known.generation;
    made.state = known.vacant ? kVacant : kGone;
  }
  for (std::uint32_t i = 0; i < view.services.size(); ++i) {
    const image::Service& service = view.services[i];
    for (std::uint32_t n = service.first_destination; n < service.first_destination + service.destinations; ++n) {
      const std::uint32_t id = image_ids_[n];
      make_destination(view.destinations[n], service, i, id, ids.destination(id));
    }
  }
  destinations_ = made_destinations_;
  weighings_ = made_weighings_;
}

void MadeTables::make_destination(const image::Destination& from, const image::Service& service, std::uint32_t service_index,
                                  std::uint32_t id, const KnownDestination& known) {
  Destination& made = made_destinations_[id];
  made = {};
  made.address = from.address;
  made.service = service_index;
  made.adjacency = kNone;
  made.port = from.port;
  made.tunnel_port = from.tunnel_port;
  made.method = from.method;
  made.tunnel = from.tunnel;
  made.flags = from.flags;
  made.plain_gre4 = from.method == image::kTunnel && from.tunnel == image::kGre && (from.flags & image::kTunnelChecksum) == 0 &&
                    from.address.is_v4();
  made.generation = known.generation;
  made_weighings_[id] = {from.weight, from.upper, from.lower};
  make_way(made, service);
  if (from.weight == 0) made.state = kQuiescent;
}

/// Everything that depends on the network, but for weight 0.
void MadeTables::make_way(Destination& to, const image::Service& service) const noexcept {
  if (to.method == image::kLocal || (to.method != image::kTunnel && network_->local().has(to.address))) {
    to.state = kServing;  // the kernel's (LOCALNODE)
    to.mtu = 0xffff;
    return;
  }
  const NetworkPart::Way way = network_->way(to.address);
  if (way.leaf.count == 0) {
    to.state = kUnreachable;
    return;
  }
  to.adjacency = paths_[way.leaf.first];
  to.first_path = way.leaf.first;
  to.path_count = static_cast<std::uint16_t>(std::min<std::uint32_t>(way.leaf.count, 0xffff));
  to.mtu = way.mtu;
  to.state = way.failed ? kUnreachable : kServing;
  if (to.method == image::kTunnel) make_tunnel(to, service);
}

void MadeTables::make_tunnel(Destination& to, const image::Service& service) const noexcept {
  const bool v4 = to.address.is_v4();
  const std::size_t overhead = tunnel_overhead(to.tunnel, to.flags, v4);
  to.mtu = to.mtu > overhead ? static_cast<std::uint16_t>(to.mtu - overhead) : std::uint16_t{0};
  const Adjacency& way = adjacencies_[to.adjacency];
  to.outer_source = v4 ? settings_.tunnel_source4 : settings_.tunnel_source6;
  if (!service.tunnel_source.is_zero() && service.tunnel_source.is_v4() == v4) to.outer_source = service.tunnel_source;
  if (to.outer_source.is_zero())
    to.outer_source = network_->source(way.port, v4, way.next_hop.is_zero() ? to.address : way.next_hop);
  if (to.outer_source.is_zero()) to.state = kUnreachable;  // nothing that could stand in the outer header
  else if (v4) to.outer_sum = outer_sum4(to.outer_source, to.address, to.tunnel, settings_.tunnel_ttl);
}

/// Who can serve; and whether that asks for other slots.
void MadeTables::judge_members(std::uint32_t index, ServiceIds& ids, std::vector<SlotJob>& jobs) {
  const image::Service& from = services_part_->view.services[index];
  KnownService& known = ids.service(index);
  bool any_way = false;
  std::uint64_t states = from.scheduler;
  for (const std::uint32_t id : *known.members) {
    const std::uint8_t state = made_destinations_[id].state;
    any_way |= state == kServing;
    states = multiply_fold(states ^ state, kHashKeys[1]);
  }
  if (states != known.states) known.shape = ids.next_shape();
  known.states = states;
  made_services_[index].any_way = any_way;
  ask_for_slots(from, known, ids, any_way, jobs);
}

void MadeTables::make_service(std::uint32_t index, ServiceIds& ids) {
  const image::Service& from = services_part_->view.services[index];
  const KnownService& known = ids.service(index);
  Service& to = made_services_[index];
  to.address = from.address;
  to.tunnel_source = from.tunnel_source;
  to.ingress = from.ingress;
  to.id = known.id;
  to.image_index = index;
  to.port = from.port;
  to.node_port = from.node_port;
  to.prefix = from.prefix;
  to.protocol = from.protocol;
  to.scheduler = from.scheduler;
  to.scheduler_flags = from.scheduler_flags;
  to.hash_fields = from.hash_fields;
  to.flags = from.flags;
  to.dscp = from.dscp;
  to.echo = from.echo;
  to.persistence_prefix = from.persistence_prefix;
  to.timeouts = timeouts_of(settings_, from.tcp_timeout, from.udp_timeout, from.persistence);
  to.slots = *known.slots;
  to.members = *known.members;
  to.shape = known.shape;
  to.first_pool = from.first_pool;
  to.pool_count = from.pools;
  to.generation = known.generation;
  kept_.push_back(known.slots);
  kept_.push_back(known.members);
}

/// Slots are made anew only if what they are made of has changed. A member without a way has none, as if it was not there, unless
/// nobody has one.
void MadeTables::ask_for_slots(const image::Service& from, KnownService& known, ServiceIds& ids, bool any_way,
                               std::vector<SlotJob>& jobs) {
  const bool is_maglev = from.scheduler == image::kMaglev, is_mh = from.scheduler == image::kMh;
  const bool is_hashing = is_maglev || is_mh || from.scheduler == image::kDh || from.scheduler == image::kSh;
  std::vector<KnownService::Candidate> candidates;
  if (is_hashing) candidates.reserve(known.members->size());
  for (const std::uint32_t id : *known.members) {
    if (!is_hashing) break;
    // weight 0 without a way is kQuiescent; what keeps its slots at weight 0 keeps them with a way or without
    if (any_way && made_destinations_[id].state == kUnreachable) continue;
    const std::uint32_t weight = made_weighings_[id].weight;
    if (is_maglev && weight == 0) continue;
    candidates.push_back({id, is_mh && weight == 0 ? ids.destination(id).last_weight : weight});
  }
  const std::uint32_t size = is_maglev ? from.table_size : 0;
  if (known.slots && known.slots_scheduler == from.scheduler && known.slots_size == size && known.candidates == candidates) return;

  SlotJob& job = jobs.emplace_back(SlotJob{&known, {}, size, from.scheduler, from.address.is_v4()});
  job.members.reserve(candidates.size());
  for (const auto& [id, weight] : candidates) job.members.push_back({made_destinations_[id].address, id, weight, made_destinations_[id].port});
  known.slots_scheduler = from.scheduler;
  known.slots_size = size;
  known.candidates = std::move(candidates);
}

}  // namespace

// ---------------------------------------------------------------- TableMaker

struct TableMaker::State {
  State(std::uint32_t most_services, std::uint32_t most_destinations) : ids(most_services, most_destinations) { make(); }

  /// A part that was made from an image takes the place of the one before.
  template <class Part>
  std::optional<image::Refusal> replace(std::shared_ptr<const Part>& place, std::shared_ptr<const Part> part,
                                        std::optional<image::Refusal> refusal) {
    if (refusal) return refusal;
    place = std::move(part);
    make();
    return std::nullopt;
  }
  void make() { tables = std::make_shared<const MadeTables>(network, services, ids, ++serial, tables.get()); }

  ServiceIds ids;
  std::shared_ptr<const NetworkPart> network = NetworkPart::empty();
  std::shared_ptr<const ServicesPart> services = ServicesPart::empty();
  std::shared_ptr<const MadeTables> tables;
  std::uint64_t serial = 0;
};

TableMaker::TableMaker(std::uint32_t most_services, std::uint32_t most_destinations)
    : state_(std::make_unique<State>(most_services, most_destinations)) {}

TableMaker::~TableMaker() = default;

std::optional<image::Refusal> TableMaker::take_network(std::span<const std::uint8_t> image) {
  std::optional<image::Refusal> refusal;
  auto part = NetworkPart::make(image, refusal);
  return state_->replace(state_->network, std::move(part), std::move(refusal));
}

std::optional<image::Refusal> TableMaker::take_services(std::span<const std::uint8_t> image) {
  std::optional<image::Refusal> refusal;
  auto part = ServicesPart::make(image, state_->ids, state_->serial + 1, refusal);
  return state_->replace(state_->services, std::move(part), std::move(refusal));
}

std::shared_ptr<const Tables> TableMaker::tables() const { return state_->tables; }

void TableMaker::recycle(const Tables& swept) { state_->ids.recycle(swept.serial()); }

std::span<const std::uint8_t> TableMaker::services_image() const { return state_->services->bytes.all(); }

}  // namespace lvsd
