#pragma once
#include <cstdint>

#include "packet/address.h"

namespace lvsd {

/// The longest prefix of the address's family, in bits.
[[nodiscard]] inline std::uint8_t longest_prefix(const Address& address) noexcept { return address.is_v4() ? 32 : 128; }

/// Ones where the prefix is; of IPv4 all before the last 32 bits, too.
[[nodiscard]] inline Address prefix_mask(std::uint8_t length, bool v4) noexcept {
  Address mask;
  unsigned left = length + (v4 ? 96U : 0U);
  for (std::uint8_t& byte : mask.bytes) {
    const unsigned bits = left < 8 ? left : 8;
    byte = static_cast<std::uint8_t>(0xff00 >> bits);
    left -= bits;
  }
  return mask;
}

[[nodiscard]] inline Address masked(const Address& address, const Address& mask) noexcept {
  Address result;
  for (std::size_t i = 0; i < 16; ++i) result.bytes[i] = address.bytes[i] & mask.bytes[i];
  return result;
}

/// Nothing is set behind the prefix.
[[nodiscard]] inline bool is_canonical(const Address& base, std::uint8_t length) noexcept {
  return masked(base, prefix_mask(length, base.is_v4())) == base;
}

[[nodiscard]] inline bool is_multicast(const Address& address) noexcept {
  return address.is_v4() ? (address.bytes[12] & 0xf0) == 0xe0 : address.bytes[0] == 0xff;
}
[[nodiscard]] inline bool is_link_local(const Address& address) noexcept {
  if (address.is_v4()) return address.bytes[12] == 169 && address.bytes[13] == 254;
  return address.bytes[0] == 0xfe && (address.bytes[1] & 0xc0) == 0x80;
}
[[nodiscard]] inline bool is_loopback(const Address& address) noexcept {
  if (address.is_v4()) return address.bytes[12] == 127;
  return address.high() == 0 && address.low() == std::uint64_t{1} << 56;
}
/// All zero, also as IPv4's 0.0.0.0.
[[nodiscard]] inline bool is_unspecified(const Address& address) noexcept {
  return address.is_zero() || (address.is_v4() && address.to_v4() == 0);
}

/// As a number, most significant byte first: for order and ranges.
[[nodiscard]] inline unsigned __int128 to_number(const Address& address) noexcept {
  return static_cast<unsigned __int128>(__builtin_bswap64(address.high())) << 64 | __builtin_bswap64(address.low());
}

}  // namespace lvsd
