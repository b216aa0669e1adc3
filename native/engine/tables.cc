#include "engine/tables.h"

#include "engine/route_table.h"
#include "engine/service_table.h"

namespace lvsd {

const Service* Tables::find_service(const Address& destination, std::uint8_t protocol, std::uint16_t port,
                                    std::uint16_t ingress) const noexcept {
  const Service* found = service_table_->find(services_, destination, protocol, port, ingress);
  if (found != nullptr || port == 0 || !service_table_->has_node_ports() || !is_local(destination)) return found;
  return service_table_->find_node_port(services_, protocol, port, ingress);
}

void Tables::prefetch_service(const Address& destination, std::uint8_t protocol, std::uint16_t port) const noexcept {
  service_table_->prefetch(destination, protocol, port);
}
void Tables::prefetch_service_second(const Address& destination, std::uint8_t protocol, std::uint16_t port) const noexcept {
  service_table_->prefetch_second(services_, destination, protocol, port);
}

const Service* Tables::any_service_of(const Address& address, std::uint16_t ingress) const noexcept {
  const Service* found = service_table_->find_address(services_, address, ingress, 0);
  if (found != nullptr || !service_table_->has_node_ports() || !is_local(address)) return found;
  return service_table_->any_node_port(services_, ingress);
}

const Service* Tables::service_with(const Address& address, std::uint16_t ingress, image::ServiceFlag flag) const noexcept {
  return service_table_->find_address(services_, address, ingress, flag);
}

std::uint32_t Tables::route(const Address& to, std::uint32_t hash) const noexcept {
  const Leaf leaf = route_table_->find(to);
  if (leaf.count == 0) return kNone;
  if (leaf.count == 1) return paths_[leaf.first];
  return paths_[leaf.first + static_cast<std::uint32_t>(std::uint64_t{hash} * leaf.count >> 32)];
}

bool Tables::is_local(const Address& address) const noexcept { return local_->has(address); }

bool Tables::is_nat_server(const Address& address, std::uint8_t protocol, std::uint16_t port) const noexcept {
  return nat_servers_->has(address, protocol, port);
}

bool Tables::is_nat_address(const Address& address) const noexcept { return nat_servers_->has_address(address); }

bool Tables::is_pool_address(const Address& address) const noexcept { return pool_ranges_->has(address); }

}  // namespace lvsd
