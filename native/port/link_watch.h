#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "base/syscall_error.h"
#include "base/unique_fd.h"

namespace lvsd {

/// Hears from the kernel which devices of our network namespace are gone (RTNLGRP_LINK).
class LinkWatch {
 public:
  [[nodiscard]] SyscallError open() noexcept;
  /// Readable when there is news.
  [[nodiscard]] int descriptor() const noexcept { return socket_.get(); }
  /// Reads all the news: which of `watched`, interface indices, are gone. Where the kernel had more to say than the socket holds
  /// (ENOBUFS), the end of a device may have been among what was lost, and each of them is looked for.
  [[nodiscard]] std::vector<std::uint32_t> gone(std::span<const std::uint32_t> watched);
  /// How often that happened.
  [[nodiscard]] std::uint64_t overruns() const noexcept { return overruns_; }

 private:
  UniqueFd socket_;
  std::uint64_t overruns_ = 0;
};

}  // namespace lvsd
