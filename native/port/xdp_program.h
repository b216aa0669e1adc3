#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/syscall_error.h"
#include "base/unique_fd.h"
#include "port/bpf.h"
#include "port/device.h"
#include "port/steering.h"

namespace lvsd {

/// The maps that all ports' programs share. The control thread fills them from Steering; programs only read.
class SteeringMaps {
 public:
  [[nodiscard]] SyscallError open() noexcept;
  [[nodiscard]] bool is_open() const noexcept { return static_cast<bool>(prefixes_); }
  /// Makes the maps say what `next` says by what differs from the last time: first all that is new, then what leads to it, last what
  /// is no more, so that no frame in between falls through. Not thread-safe.
  [[nodiscard]] SyscallError publish(std::shared_ptr<const Steering> next) noexcept;

  /// Those of the ports as they are now: a device may be given another one. Not thread-safe.
  [[nodiscard]] SyscallError use_macs(std::vector<Mac> macs) noexcept;

  [[nodiscard]] int prefixes() const noexcept { return prefixes_.get(); }
  [[nodiscard]] int ports() const noexcept { return ports_.get(); }
  [[nodiscard]] int servers() const noexcept { return servers_.get(); }
  [[nodiscard]] int macs() const noexcept { return macs_.get(); }

 private:
  UniqueFd prefixes_, ports_, servers_, macs_;
  std::vector<Mac> current_macs_;
  std::shared_ptr<const Steering> current_;
};

/// The program of one port. `sockets`: its XSKMAP, by receive queue; -1: a trial that returns XDP_REDIRECT without redirecting. `mac`: the
/// device's; what goes neither to it, nor to one of `use_macs`, nor to a group, is another host's and left alone. Nothing: all is looked at.
[[nodiscard]] std::vector<bpf_insn> steering_program(const SteeringMaps& maps, int sockets, std::uint32_t port, const std::optional<Mac>& mac = std::nullopt);

}  // namespace lvsd
