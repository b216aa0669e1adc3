#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#ifdef __SSE4_2__
#include <nmmintrin.h>
#endif

#include "packet/view.h"

/// CRC32c (Castagnoli), SCTP's checksum: RFC 9260 appendix A. Reflected; begins with all ones and ends inverted.
namespace lvsd {

namespace crc_detail {
inline constexpr auto kTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78U : 0U);
    table[byte] = crc;
  }
  return table;
}();
}  // namespace crc_detail

/// Carries `crc` on over more bytes; neither the beginning nor the inversion at the end are in it. One byte at a time.
[[nodiscard]] inline std::uint32_t crc32c_bytewise(std::uint32_t crc, const std::uint8_t* at, std::size_t bytes) noexcept {
  for (std::size_t i = 0; i < bytes; ++i) crc = crc >> 8 ^ crc_detail::kTable[(crc ^ at[i]) & 0xff];
  return crc;
}

/// The same with the processor's own instruction where it has one.
[[nodiscard]] inline std::uint32_t crc32c(std::uint32_t crc, const std::uint8_t* at, std::size_t bytes) noexcept {
#ifdef __SSE4_2__
  std::uint64_t wide = crc;
  for (; bytes >= 8; bytes -= 8, at += 8) wide = _mm_crc32_u64(wide, load<std::uint64_t>(at));
  crc = static_cast<std::uint32_t>(wide);
  for (; bytes > 0; --bytes, ++at) crc = _mm_crc32_u8(crc, *at);
  return crc;
#else
  return crc32c_bytewise(crc, at, bytes);
#endif
}

/// The same over so many zero bytes.
[[nodiscard]] inline std::uint32_t crc32c_zeros(std::uint32_t crc, std::size_t bytes) noexcept {
  constexpr std::array<std::uint8_t, 64> kZeros{};
  for (; bytes > kZeros.size(); bytes -= kZeros.size()) crc = crc32c(crc, kZeros.data(), kZeros.size());
  return crc32c(crc, kZeros.data(), bytes);
}

}  // namespace lvsd
