#pragma once
#include <cstdint>
#include <span>

#include "base/unique_fd.h"

namespace lvsd {

/// Sends frames as they stand, by any interface; hears nothing. Opened when the first is sent.
class FrameSocket {
 public:
  /// Returns errno, 0: sent.
  [[nodiscard]] int send(int interface_index, std::span<const std::uint8_t> frame) noexcept;
  void close() noexcept { fd_.reset(); }

 private:
  UniqueFd fd_;
};

}  // namespace lvsd
