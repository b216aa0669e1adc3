#pragma once
#include <cstddef>
#include <cstdint>

#include "packet/headers.h"
#include "packet/view.h"

namespace lvsd {

/// Where the walk over an IPv6 packet's extension headers (RFC 8200 section 4) ended.
struct ExtensionWalk {
  std::uint8_t protocol = 0;       ///< of what stands at `at`
  std::size_t at = 0;              ///< offset of the transport header, or of a later fragment's data
  std::size_t fragment_at = 0;     ///< offset of the fragment header; 0: none
  std::uint16_t fragment_offset = 0;  ///< bytes
  bool more_fragments = false;
  std::uint32_t fragment_id = 0;
  bool is_whole = true;            ///< false: it was cut short or there were too many; the rest says how far it came
};

inline constexpr int kMostExtensions = 8;

/// Whether walk_extensions would look behind it.
[[nodiscard]] constexpr bool may_be_extension(std::uint8_t protocol) noexcept {
  return protocol == wire::kHopByHop || protocol == wire::kRouting || protocol == wire::kFragment ||
         protocol == wire::kDestinationOptions || protocol == wire::kAh;
}

/// Walks hop-by-hop, destination options, routing without segments left, fragment and AH. Ends at anything else, at a later fragment's
/// data, and at a routing header with segments left: what is behind that is not for this destination.
/// @param view ends where the IPv6 packet ends @param at the first header behind the IPv6 header @param protocol its number
[[nodiscard]] ExtensionWalk walk_extensions(const PacketView& view, std::size_t at, std::uint8_t protocol) noexcept;

}  // namespace lvsd
