#include "port/pass_device.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "port/rules.h"

namespace lvsd {
namespace {

constexpr int kMtu = 65535;

void write_setting(const std::string& path, const char* text) noexcept {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  // what there is no such setting for needs none
  if (fd && ::write(fd.get(), text, std::strlen(text)) < 0) return;
}

bool setting_is_zero(const char* path) noexcept {
  const UniqueFd fd(::open(path, O_RDONLY | O_CLOEXEC));
  char first = '0';
  return !fd || ::read(fd.get(), &first, 1) != 1 || first == '0';
}

SyscallError bring_up(const char* name) noexcept {
  const UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  request.ifr_mtu = kMtu;
  if (::ioctl(fd.get(), SIOCSIFMTU, &request) != 0) return {"ioctl(SIOCSIFMTU)", errno};
  request.ifr_flags = IFF_UP | IFF_NOARP;
  return ::ioctl(fd.get(), SIOCSIFFLAGS, &request) != 0 ? SyscallError{"ioctl(SIOCSIFFLAGS)", errno} : SyscallError{};
}

}  // namespace

SyscallError PassDevice::open(std::string& warning) noexcept {
  fd_.reset(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd_) return {"open(/dev/net/tun)", errno};
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  for (const char* name : {"lvsd-pass", "lvsd-pass%d"}) {
    std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    if (::ioctl(fd_.get(), TUNSETIFF, &request) == 0) break;
    if (errno != EBUSY && errno != EEXIST) return {"ioctl(TUNSETIFF)", errno};
  }
  name_ = request.ifr_name;
  const std::string v4 = "/proc/sys/net/ipv4/conf/" + name_, v6 = "/proc/sys/net/ipv6/conf/" + name_;
  write_setting(v4 + "/rp_filter", "0");
  write_setting(v6 + "/addr_gen_mode", "1");  // no link-local address: nobody is there
  write_setting(v6 + "/accept_ra", "0");
  if (const SyscallError error = bring_up(name_.c_str())) return error;
  if (!setting_is_zero("/proc/sys/net/ipv4/conf/all/rp_filter"))
    warning = "net.ipv4.conf.all.rp_filter is not 0: packets that the engine passes on to the kernel may be filtered at " + name_;
  return {};
}

std::size_t PassDevice::pass(std::span<const Packet> packets) const noexcept {
  std::size_t taken = 0;
  for (const Packet& packet : packets) {
    std::uint32_t at = 12;
    const auto type = [&]() -> int { return at + 2 <= packet.length ? packet.data[at] << 8 | packet.data[at + 1] : -1; };
    while (type() == rules::kVlan || type() == rules::kServiceVlan) at += 4;
    if (type() != rules::kIpv4 && type() != rules::kIpv6) continue;
    at += 2;
    taken += ::write(fd_.get(), packet.data + at, packet.length - at) > 0 ? 1 : 0;
  }
  return taken;
}

}  // namespace lvsd
