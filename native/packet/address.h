#pragma once
#include <array>
#include <cstdint>
#include <cstring>

namespace lvsd {

/// An IPv4 or IPv6 address in network order; IPv4 as ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2), so that one type and one table serve both.
struct Address {
  std::array<std::uint8_t, 16> bytes{};

  [[nodiscard]] static Address v4(std::uint32_t network_order) noexcept {
    Address address;
    address.bytes[10] = address.bytes[11] = 0xff;
    std::memcpy(&address.bytes[12], &network_order, 4);
    return address;
  }
  [[nodiscard]] static Address v6(const std::uint8_t* sixteen) noexcept {
    Address address;
    std::memcpy(address.bytes.data(), sixteen, 16);
    return address;
  }

  [[nodiscard]] std::uint64_t high() const noexcept { return word(0); }
  [[nodiscard]] std::uint64_t low() const noexcept { return word(8); }
  /// Bytes 8 to 11 of ::ffff:a.b.c.d are 00 00 ff ff.
  [[nodiscard]] bool is_v4() const noexcept {
    std::uint32_t tag;
    std::memcpy(&tag, &bytes[8], 4);
    return high() == 0 && tag == kMappedTag;
  }
  [[nodiscard]] bool is_zero() const noexcept { return (high() | low()) == 0; }
  /// Network order.
  [[nodiscard]] std::uint32_t to_v4() const noexcept {
    std::uint32_t value;
    std::memcpy(&value, &bytes[12], 4);
    return value;
  }
  friend bool operator==(const Address& a, const Address& b) noexcept {
    return a.high() == b.high() && a.low() == b.low();
  }

 private:
  static constexpr std::uint32_t kMappedTag = 0xffff0000;  // bytes 00 00 ff ff read on a little-endian machine

  /// Eight bytes as they stand in memory: to compare and to hash, not to reckon with.
  [[nodiscard]] std::uint64_t word(std::size_t at) const noexcept {
    std::uint64_t value;
    std::memcpy(&value, &bytes[at], 8);
    return value;
  }
};
static_assert(sizeof(Address) == 16);

}  // namespace lvsd
