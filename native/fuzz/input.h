#pragma once
// What the fuzzers of more than one call have in common.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <span>
#include <vector>

namespace lvsd::fuzz {

/// Ends the process as libFuzzer expects a failure to, and says why.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "not so: %s\n", what);
  __builtin_trap();
}

/// The input, from the front to its end; what is asked for beyond it is zero, or nothing.
class Input {
 public:
  explicit Input(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  [[nodiscard]] bool more() const { return !bytes_.empty(); }
  std::uint8_t byte() {
    if (bytes_.empty()) return 0;
    const std::uint8_t first = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return first;
  }
  std::uint16_t word() {
    const std::uint8_t high = byte();
    return static_cast<std::uint16_t>(high << 8 | byte());
  }
  /// As many as there are, `count` at the most.
  std::vector<std::uint8_t> some(std::size_t count) {
    const auto taken = bytes_.first(std::min(count, bytes_.size()));
    bytes_ = bytes_.subspan(taken.size());
    return {taken.begin(), taken.end()};
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

}  // namespace lvsd::fuzz
