#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "engine/service_ids.h"
#include "engine/slots.h"

namespace lvsd {

/// One service's slots that have to be built.
struct SlotJob {
  KnownService* known;
  std::vector<SlotMember> members;
  std::uint32_t size;  ///< of maglev's table
  std::uint8_t scheduler;
  bool service_is_v4;
};

/// Builds them all, `known->slots`. Tables of ten thousand services are half a second of work: processors that have nothing else to do help.
/// The helpers run as gently (nice) as the caller and are gone when this returns.
void build_all(std::span<SlotJob> jobs);

}  // namespace lvsd
