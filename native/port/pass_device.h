#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "base/syscall_error.h"
#include "base/unique_fd.h"
#include "packet/packet.h"

namespace lvsd {

/// Gives packets to the kernel that were taken from it and turned out to be its own: a TUN device from which they come, as far as the
/// kernel sees. It routes, delivers and filters them as any others; only their interface's name is another one.
class PassDevice {
 public:
  /// Makes the device `lvsd-pass` (lvsd-pass1, ... if there is one), up, without reverse-path filter. `warning`: what may still hinder it.
  [[nodiscard]] SyscallError open(std::string& warning) noexcept;
  /// Any thread. What is no IP packet the kernel cannot have. @returns how many it took
  std::size_t pass(std::span<const Packet> packets) const noexcept;
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  UniqueFd fd_;
  std::string name_;
};

}  // namespace lvsd
