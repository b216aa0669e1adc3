#include "port/port_orders.h"

#include <algorithm>
#include <cstring>

#include "port/port.h"

namespace lvsd {

std::string read_orders(std::span<const std::uint8_t> payload, std::uint32_t most, std::vector<control::PortOrder>& orders) {
  if (payload.size() % sizeof(control::PortOrder) != 0) return "an order of ports is of another length";
  orders.resize(payload.size() / sizeof(control::PortOrder));
  if (!payload.empty()) std::memcpy(orders.data(), payload.data(), payload.size());
  for (auto order = orders.begin(); order != orders.end(); ++order) {
    order->name[sizeof order->name - 1] = '\0';
    if (order->index >= most) return "there are at most " + std::to_string(most) + " ports";
    if (order->mode > static_cast<std::uint8_t>(PortMode::packet)) return "there is no such mode of a port";
    const auto same_name = [order](const control::PortOrder& other) { return std::strcmp(other.name, order->name) == 0; };
    if (std::any_of(orders.begin(), order, same_name)) return "the device " + std::string(order->name) + " is named twice: a device is one port";
    const auto same_index = [order](const control::PortOrder& other) { return other.index == order->index; };
    if (std::any_of(orders.begin(), order, same_index)) return "two ports have the index " + std::to_string(order->index);
  }
  return {};
}

}  // namespace lvsd
