#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "control/protocol.h"

namespace lvsd {

/// Reads a kOpenPorts request into `orders`, each name ended by a zero. @returns why it is refused; empty: it is not. Nobody can open a
/// device twice: the second port would take the first one's frames.
/// @param most ports, by index
[[nodiscard]] std::string read_orders(std::span<const std::uint8_t> payload, std::uint32_t most, std::vector<control::PortOrder>& orders);

}  // namespace lvsd
