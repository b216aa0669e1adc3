#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "port/af_xdp.h"
#include "port/device.h"
#include "port/port.h"
#include "port/xdp_program.h"

namespace lvsd {

struct PortRequest {
  std::string name;
  std::uint32_t index = 0;
  PortMode mode = PortMode::automatic;
  bool complete_checksums = false;  ///< the device is virtual
  std::uint16_t queues = 0;         ///< 0: as many as the device receives with
};

/// What all ports share.
struct PortContext {
  SteeringMaps& maps;             ///< opened when the first port needs them
  std::vector<Umems>& umems;      ///< by worker
  std::uint32_t ports_expected = 2;  ///< how many will share a worker's umem
  std::uint32_t busy_poll_us = 0;
};

/// "xdp-zero-copy", "xdp-native", "xdp-generic", "packet", "automatic".
[[nodiscard]] const char* name_of(PortMode mode) noexcept;

/// A device that is open: its queues, queue k for worker k modulo their number, and what makes its frames come to us. Made and destroyed
/// in the control thread; `queues` are used by their workers.
class OpenPort {
 public:
  /// Nothing, and `reason` why. With a port, `reason` says why it is of a lesser kind than could be, if it is.
  [[nodiscard]] static std::unique_ptr<OpenPort> open(const PortRequest& request, const PortContext& context, std::string& reason);
  /// Its queues must be of no worker any more.
  ~OpenPort();

  PortRequest request;
  Device device;
  PortMode mode = PortMode::automatic;
  std::vector<std::unique_ptr<PortQueue>> queues;

  /// No more frames come to us: they are the kernel's. The first step of closing.
  void detach() noexcept;

 private:
  OpenPort() = default;
  [[nodiscard]] bool open_xdp(PortMode as, const PortContext& context, std::string& why);
  [[nodiscard]] bool open_queues(bool zero_copy, const PortContext& context, SyscallError& error);
  [[nodiscard]] bool attach(PortMode as, const PortContext& context, std::string& why);
  [[nodiscard]] bool open_packet(std::string& why);
  void close_queues() noexcept;

  UniqueFd sockets_, program_, link_;
  std::optional<PlainReceive> plain_;
  std::optional<BusyDevice> busy_;
};

}  // namespace lvsd
