#include "port/link_watch.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace lvsd {
namespace {

[[nodiscard]] bool is_there(std::uint32_t ifindex) noexcept {
  char name[IF_NAMESIZE];
  return ::if_indextoname(ifindex, name) != nullptr || errno != ENXIO;
}

/// Index of the device whose end is told; 0: of none. Of the family of bridges it says no more than that it left its bridge.
[[nodiscard]] std::uint32_t ended_by(const nlmsghdr& message) noexcept {
  if (message.nlmsg_type != RTM_DELLINK || message.nlmsg_len < NLMSG_LENGTH(sizeof(ifinfomsg))) return 0;
  const auto* const link = static_cast<const ifinfomsg*>(NLMSG_DATA(&message));
  return link->ifi_family == AF_UNSPEC ? static_cast<std::uint32_t>(link->ifi_index) : 0;
}

}  // namespace

SyscallError LinkWatch::open() noexcept {
  socket_.reset(::socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!socket_) return {"socket(NETLINK_ROUTE)", errno};
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = RTMGRP_LINK;
  if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {"bind(NETLINK_ROUTE)", errno};
  return {};
}

std::vector<std::uint32_t> LinkWatch::gone(std::span<const std::uint32_t> watched) {
  alignas(nlmsghdr) std::array<char, 32'768> buffer;
  std::vector<std::uint32_t> ended;
  bool lost = false;
  while (true) {
    ssize_t left = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (left < 0 && errno == EINTR) continue;
    if (left < 0 && errno == ENOBUFS) {
      lost = true;
      ++overruns_;
      continue;
    }
    if (left <= 0) break;
    for (auto* message = reinterpret_cast<nlmsghdr*>(buffer.data()); NLMSG_OK(message, left); message = NLMSG_NEXT(message, left)) {
      if (const std::uint32_t ifindex = ended_by(*message); ifindex != 0) ended.push_back(ifindex);
    }
  }
  std::vector<std::uint32_t> gone;
  for (const std::uint32_t ifindex : watched) {
    const bool told = std::find(ended.begin(), ended.end(), ifindex) != ended.end();
    if (told || (lost && !is_there(ifindex))) gone.push_back(ifindex);
  }
  return gone;
}

}  // namespace lvsd
