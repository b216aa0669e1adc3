#include "port/device.h"

#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/unique_fd.h"

namespace lvsd {
namespace {

UniqueFd control_socket() noexcept { return UniqueFd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)); }

ifreq request_for(const std::string& device) noexcept {
  ifreq request{};
  std::strncpy(request.ifr_name, device.c_str(), IFNAMSIZ - 1);
  return request;
}

template <typename Command>
bool ethtool(const std::string& device, Command& command) noexcept {
  const UniqueFd fd = control_socket();
  ifreq request = request_for(device);
  request.ifr_data = reinterpret_cast<char*>(&command);
  return fd && ::ioctl(fd.get(), SIOCETHTOOL, &request) == 0;
}

std::uint32_t get_value(const std::string& device, std::uint32_t command) noexcept {
  ethtool_value value{command, 0};
  return ethtool(device, value) ? value.data : 0;
}
void set_value(const std::string& device, std::uint32_t command, std::uint32_t data) noexcept {
  ethtool_value value{command, data};
  ethtool(device, value);
}

std::string read_file(const std::string& path) noexcept {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char text[64];
  const ssize_t count = fd ? ::read(fd.get(), text, sizeof text) : 0;
  return std::string(text, static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
}
bool write_file(const std::string& path, const std::string& text) noexcept {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

}  // namespace

std::optional<Device> Device::find(const std::string& name) noexcept {
  const UniqueFd fd = control_socket();
  ifreq request = request_for(name);
  if (name.empty() || name.size() >= IFNAMSIZ || ::ioctl(fd.get(), SIOCGIFINDEX, &request) != 0) return std::nullopt;
  Device device;
  device.name = name;
  device.ifindex = static_cast<std::uint32_t>(request.ifr_ifindex);
  if (::ioctl(fd.get(), SIOCGIFMTU, &request) == 0) device.mtu = static_cast<std::uint32_t>(request.ifr_mtu);
  if (::ioctl(fd.get(), SIOCGIFHWADDR, &request) == 0 && request.ifr_hwaddr.sa_family == ARPHRD_ETHER)
    std::memcpy(device.mac.emplace().data(), request.ifr_hwaddr.sa_data, sizeof(Mac));
  ethtool_channels channels{};
  channels.cmd = ETHTOOL_GCHANNELS;
  if (ethtool(name, channels)) device.receive_queues = std::max(1u, channels.rx_count + channels.combined_count);
  return device;
}

std::vector<Mac> macs_of(std::span<const std::string> devices) {
  std::vector<Mac> macs;
  for (const std::string& name : devices)
    if (const auto device = Device::find(name); device && device->mac) macs.push_back(*device->mac);
  return macs;
}

PlainReceive::PlainReceive(const std::string& device, bool with_gro) noexcept : device_(device) {
  if (with_gro && (gro_was_on_ = get_value(device, ETHTOOL_GGRO) != 0)) set_value(device, ETHTOOL_SGRO, 0);
  constexpr std::uint32_t kHides = ETH_FLAG_LRO | ETH_FLAG_RXVLAN;
  flags_before_ = flags_now_ = get_value(device, ETHTOOL_GFLAGS);
  if ((flags_before_ & kHides) == 0) return;
  flags_now_ = flags_before_ & ~kHides;
  set_value(device, ETHTOOL_SFLAGS, flags_now_);
}

PlainReceive::~PlainReceive() {
  if (gro_was_on_) set_value(device_, ETHTOOL_SGRO, 1);
  if (flags_now_ != flags_before_) set_value(device_, ETHTOOL_SFLAGS, flags_before_);
}

bool PlainReceive::hides_tags() const noexcept { return (get_value(device_, ETHTOOL_GFLAGS) & ETH_FLAG_RXVLAN) != 0; }

BusyDevice::BusyDevice(const std::string& device, std::uint64_t timeout_ns) noexcept
    : timeout_file_("/sys/class/net/" + device + "/gro_flush_timeout"), defer_file_("/sys/class/net/" + device + "/napi_defer_hard_irqs") {
  const std::string timeout = read_file(timeout_file_), defer = read_file(defer_file_);
  if (timeout.empty() || defer.empty()) return;
  if (write_file(timeout_file_, std::to_string(timeout_ns))) timeout_before_ = timeout;
  if (write_file(defer_file_, "2")) defer_before_ = defer;
}

BusyDevice::~BusyDevice() {
  if (!defer_before_.empty()) write_file(defer_file_, defer_before_);
  if (!timeout_before_.empty()) write_file(timeout_file_, timeout_before_);
}

std::string sentence(const SyscallError& error, const std::string& device) {
  const std::string call = error.syscall;
  const bool forbidden = error.error == EPERM || error.error == EACCES;
  if (forbidden && call == "bpf(BPF_LINK_CREATE)") return device + ": a program on a device needs the capability CAP_NET_ADMIN";
  if (forbidden && call.starts_with("bpf(")) return device + ": BPF needs the capabilities CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN";
  if (forbidden && call.starts_with("socket(")) return device + ": " + call + " needs the capability CAP_NET_RAW";
  if (forbidden && (call == "open(/dev/net/tun)" || call == "ioctl(TUNSETIFF)")) return "packets that are the kernel's cannot be given back to it: a TUN device needs the capability CAP_NET_ADMIN";
  if (call == "bpf(BPF_LINK_CREATE)" && (error.error == EBUSY || error.error == EEXIST))
    return device + ": another XDP program is on this device (`ip link set dev " + device + " xdp off` takes it away)";
  if (call == "bind(AF_XDP)" && error.error == EBUSY) return device + ": another AF_XDP socket has this queue";
  if (call == "setsockopt(XDP_UMEM_REG)" && error.error == ENOBUFS) return device + ": the memory of its frames cannot be locked: RLIMIT_MEMLOCK is too low, and the capability CAP_IPC_LOCK is missing";
  return device + ": " + call + ": " + std::strerror(error.error);
}

}  // namespace lvsd
