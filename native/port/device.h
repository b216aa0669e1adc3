#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/syscall_error.h"

namespace lvsd {

using Mac = std::array<std::uint8_t, 6>;

/// What the kernel says of a device.
struct Device {
  std::string name;
  std::uint32_t ifindex = 0;
  std::uint32_t mtu = 0;
  std::uint32_t receive_queues = 1;
  std::optional<Mac> mac;  ///< of an Ethernet device

  /// Nothing: there is none of this name in our network namespace.
  [[nodiscard]] static std::optional<Device> find(const std::string& name) noexcept;
};

/// The MACs that these devices have now.
[[nodiscard]] std::vector<Mac> macs_of(std::span<const std::string> devices);

/// Offloads that would show us frames which never were on the wire like this: GRO and LRO join them, VLAN offload hides their tags. Off
/// while this lives, as they were afterwards. What a device does not know stays as it is.
class PlainReceive {
 public:
  explicit PlainReceive(const std::string& device, bool with_gro) noexcept;
  ~PlainReceive();
  PlainReceive(const PlainReceive&) = delete;
  PlainReceive& operator=(const PlainReceive&) = delete;
  /// The device goes on taking tags out of frames: what AF_XDP shows of them has none.
  [[nodiscard]] bool hides_tags() const noexcept;

 private:
  std::string device_;
  bool gro_was_on_ = false;
  std::uint32_t flags_before_ = 0, flags_now_ = 0;
};

/// The receive interrupts of a device are left off while somebody polls it (SO_PREFER_BUSY_POLL; Documentation/networking/napi.rst).
class BusyDevice {
 public:
  /// @param timeout_ns after so long without a poll the kernel goes on by itself
  BusyDevice(const std::string& device, std::uint64_t timeout_ns) noexcept;
  ~BusyDevice();
  BusyDevice(const BusyDevice&) = delete;
  BusyDevice& operator=(const BusyDevice&) = delete;

 private:
  std::string timeout_file_, defer_file_, timeout_before_, defer_before_;
};

/// A refusal of the kernel as a sentence for `device`: which capability is missing, who else is on the device.
[[nodiscard]] std::string sentence(const SyscallError& error, const std::string& device);

}  // namespace lvsd
