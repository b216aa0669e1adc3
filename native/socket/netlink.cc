#include "socket/netlink.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <thread>

namespace lvsd {
namespace {

constexpr SyscallError kOk{};

SyscallError open_here(int protocol, UniqueFd& fd) noexcept {
  fd = UniqueFd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  return fd ? kOk : SyscallError{"socket", errno};
}

/// A socket belongs for ever to the namespace it was opened in. Only a thread that ends right after joins it, so ours never moves.
SyscallError open_in(const char* namespace_path, int protocol, UniqueFd& fd) noexcept {
  const UniqueFd ns(::open(namespace_path, O_RDONLY | O_CLOEXEC));
  if (!ns) return {"open", errno};
  SyscallError result;
  std::thread([&] {
    result = ::setns(ns.get(), CLONE_NEWNET) < 0 ? SyscallError{"setns", errno} : open_here(protocol, fd);
  }).join();
  return result;
}

}  // namespace

SyscallError NetlinkSocket::open(int protocol, const char* namespace_path) noexcept {
  slots_.reset(new (std::nothrow) std::uint8_t[kSlots * kSlotBytes]);
  if (slots_ == nullptr) return {"malloc", ENOMEM};

  const SyscallError opened =
      *namespace_path == '\0' ? open_here(protocol, fd_) : open_in(namespace_path, protocol, fd_);
  if (opened) return opened;

  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) return {"bind", errno};
  socklen_t length = sizeof address;
  if (::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &length) < 0) return {"getsockname", errno};
  port_id_ = address.nl_pid;
  return kOk;
}

SyscallError NetlinkSocket::set_option(int level, int option, int value) noexcept {
  return ::setsockopt(fd_.get(), level, option, &value, sizeof value) < 0 ? SyscallError{"setsockopt", errno} : kOk;
}

SyscallError NetlinkSocket::send(std::span<const std::uint8_t> datagram) noexcept {
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  ssize_t sent;
  do {
    sent = ::sendto(fd_.get(), datagram.data(), datagram.size(), 0, reinterpret_cast<const sockaddr*>(&kernel),
                    sizeof kernel);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? SyscallError{"sendto", errno} : kOk;
}

NetlinkSocket::Received NetlinkSocket::receive() noexcept {
  mmsghdr messages[kSlots]{};
  iovec buffers[kSlots];
  sockaddr_nl senders[kSlots];
  for (std::size_t i = 0; i < kSlots; ++i) {
    buffers[i] = {slots_.get() + i * kSlotBytes, kSlotBytes};
    messages[i].msg_hdr.msg_iov = &buffers[i];
    messages[i].msg_hdr.msg_iovlen = 1;
    messages[i].msg_hdr.msg_name = &senders[i];
    messages[i].msg_hdr.msg_namelen = sizeof senders[i];
  }
  int count;
  do {
    count = ::recvmmsg(fd_.get(), messages, kSlots, MSG_DONTWAIT, nullptr);
  } while (count < 0 && errno == EINTR);

  Received received;
  if (count < 0) {
    if (errno != EAGAIN) received.error = {"recvmmsg", errno};
    return received;
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    if (senders[i].nl_pid != 0) {
      ++received.foreign;
    } else if (messages[i].msg_hdr.msg_flags & MSG_TRUNC) {
      ++received.truncated;
    } else {
      starts_[received.datagrams] = slots_.get() + i * kSlotBytes;
      lengths_[received.datagrams++] = messages[i].msg_len;
    }
  }
  return received;
}

std::span<const std::uint8_t> NetlinkSocket::datagram(std::size_t i) const noexcept { return {starts_[i], lengths_[i]}; }

void NetlinkSocket::close() noexcept { fd_.reset(); }

}  // namespace lvsd
