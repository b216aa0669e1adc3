#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>

#include "packet/headers.h"
#include "packet/packet.h"

namespace lvsd {

static_assert(std::endian::native == std::endian::little, "load_be and store_be swap, packet/checksum.h sums little-endian words");

/// Unaligned access to a T where it is known to be there.
template <typename T>
  requires std::is_trivially_copyable_v<T>
[[nodiscard]] inline T load(const std::uint8_t* at) noexcept {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}
template <typename T>
  requires std::is_trivially_copyable_v<T>
inline void store(std::uint8_t* at, const T& value) noexcept {
  std::memcpy(at, &value, sizeof value);
}

[[nodiscard]] constexpr std::uint16_t swap16(std::uint16_t value) noexcept { return __builtin_bswap16(value); }
[[nodiscard]] constexpr std::uint32_t swap32(std::uint32_t value) noexcept { return __builtin_bswap32(value); }

/// Numbers in network order.
[[nodiscard]] inline std::uint16_t load_be16(const std::uint8_t* at) noexcept { return swap16(load<std::uint16_t>(at)); }
[[nodiscard]] inline std::uint32_t load_be32(const std::uint8_t* at) noexcept { return swap32(load<std::uint32_t>(at)); }
inline void store_be16(std::uint8_t* at, std::uint16_t value) noexcept { store(at, swap16(value)); }
inline void store_be32(std::uint8_t* at, std::uint32_t value) noexcept { store(at, swap32(value)); }
[[nodiscard]] constexpr std::uint16_t host(wire::Be16 value) noexcept {
  return static_cast<std::uint16_t>(value.bytes[0] << 8 | value.bytes[1]);
}
[[nodiscard]] constexpr std::uint32_t host(wire::Be32 value) noexcept {
  return std::uint32_t{value.bytes[0]} << 24 | std::uint32_t{value.bytes[1]} << 16 | std::uint32_t{value.bytes[2]} << 8 | value.bytes[3];
}
[[nodiscard]] constexpr wire::Be16 be16(std::uint16_t value) noexcept {
  return {{static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)}};
}
[[nodiscard]] constexpr wire::Be32 be32(std::uint32_t value) noexcept {
  return {{static_cast<std::uint8_t>(value >> 24), static_cast<std::uint8_t>(value >> 16), static_cast<std::uint8_t>(value >> 8),
           static_cast<std::uint8_t>(value)}};
}

/// A packet is bytes from a stranger: nothing reads them without asking whether they are there.
class PacketView {
 public:
  explicit PacketView(std::span<const std::uint8_t> bytes) noexcept : bytes_(bytes) {}
  explicit PacketView(const Packet& packet) noexcept : bytes_(packet.data, packet.length) {}

  /// A copy of the T at `offset`, or nothing if the packet ends first. No alignment is assumed.
  template <typename T>
    requires std::is_trivially_copyable_v<T>
  [[nodiscard]] std::optional<T> read(std::size_t offset) const noexcept {
    if (!has(offset, sizeof(T))) return std::nullopt;
    return load<T>(bytes_.data() + offset);
  }
  [[nodiscard]] bool has(std::size_t offset, std::size_t bytes) const noexcept {
    return offset <= bytes_.size() && bytes <= bytes_.size() - offset;
  }
  /// Only what `has` said is there.
  [[nodiscard]] const std::uint8_t* at(std::size_t offset) const noexcept { return bytes_.data() + offset; }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }
  /// The same packet cut to `bytes`.
  [[nodiscard]] PacketView first(std::size_t bytes) const noexcept {
    return PacketView(bytes_.first(bytes < bytes_.size() ? bytes : bytes_.size()));
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

}  // namespace lvsd
