#pragma once
#include <cstdint>
#include <cstring>

#include "engine/image.h"
#include "packet/address.h"

/// Hash over the fields of a flow that a service chose (image::HashField); the protocol is always among them. It has no secret: two
/// directors must come to the same server without a word between them. Its constants are the first digits of pi's fraction, as
/// those of Blowfish (nothing up my sleeve). src/schedulers/maglev-engine.ts has the same, to be read slowly.
namespace lvsd {

struct HashedFlow {
  Address source, destination;
  std::uint16_t source_port = 0, destination_port = 0;  ///< host order
  std::uint8_t protocol = 0;
  const std::uint8_t* ethernet = nullptr;  ///< destination and source MAC, twelve bytes; may be null where neither is asked for
};

inline constexpr std::uint64_t kHashKeys[6] = {0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0,
                                               0x082efa98ec4e6c89, 0x452821e638d01377, 0xbe5466cf34e90c6c};

/// Both halves of the 128-bit product, one over the other.
[[nodiscard]] inline std::uint64_t multiply_fold(std::uint64_t a, std::uint64_t b) noexcept {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// @param fields image::HashField bits
[[nodiscard]] inline std::uint64_t fields_hash(std::uint8_t fields, const HashedFlow& flow) noexcept {
  const std::uint64_t of_source = (fields & image::kIpSource) != 0 ? ~std::uint64_t{0} : 0;
  const std::uint64_t of_destination = (fields & image::kIpDestination) != 0 ? ~std::uint64_t{0} : 0;
  std::uint64_t rest = flow.protocol;
  if ((fields & image::kPortSource) != 0) rest |= std::uint64_t{flow.source_port} << 16;
  if ((fields & image::kPortDestination) != 0) rest |= std::uint64_t{flow.destination_port} << 32;

  std::uint64_t hash = multiply_fold((flow.source.high() & of_source) ^ kHashKeys[0], (flow.source.low() & of_source) ^ kHashKeys[1]) ^
                       multiply_fold((flow.destination.high() & of_destination) ^ kHashKeys[2],
                                     (flow.destination.low() & of_destination) ^ kHashKeys[3]);
  if ((fields & (image::kEthSource | image::kEthDestination)) != 0 && flow.ethernet != nullptr) {
    std::uint64_t macs[2] = {0, 0};
    if ((fields & image::kEthDestination) != 0) std::memcpy(&macs[0], flow.ethernet, 6);
    if ((fields & image::kEthSource) != 0) std::memcpy(&macs[1], flow.ethernet + 6, 6);
    hash = multiply_fold(hash ^ macs[0], macs[1] ^ kHashKeys[5]);
  }
  return multiply_fold(hash ^ rest, kHashKeys[4]);
}

/// A place in a table of `slots`, by the lower half of a hash.
[[nodiscard]] constexpr std::uint32_t slot_of(std::uint64_t hash, std::uint32_t slots) noexcept {
  return static_cast<std::uint32_t>((hash & 0xffffffff) * slots >> 32);
}

}  // namespace lvsd
