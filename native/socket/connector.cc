#include "socket/connector.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace lvsd {
namespace {

constexpr SyscallError kOk{};

struct Endpoint {
  sockaddr_storage storage{};
  socklen_t length = 0;
  [[nodiscard]] int family() const noexcept { return storage.ss_family; }
  [[nodiscard]] const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
};

bool parse(const char* address, std::uint16_t port, Endpoint& endpoint) noexcept {
  auto* four = reinterpret_cast<sockaddr_in*>(&endpoint.storage);
  if (::inet_pton(AF_INET, address, &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(port);
    endpoint.length = sizeof *four;
    return true;
  }
  auto* six = reinterpret_cast<sockaddr_in6*>(&endpoint.storage);
  if (::inet_pton(AF_INET6, address, &six->sin6_addr) == 1) {
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port);
    endpoint.length = sizeof *six;
    return true;
  }
  return false;
}

template <typename T>
SyscallError set(int fd, int level, int option, const T& value, const char* name) noexcept {
  return ::setsockopt(fd, level, option, &value, sizeof value) < 0 ? SyscallError{name, errno} : kOk;
}

/// Where the connection comes from, before it has an address.
SyscallError set_origin(int fd, int family, const Connector::Order& order) noexcept {
  if (order.mark != 0)
    if (const auto error = set(fd, SOL_SOCKET, SO_MARK, order.mark, "setsockopt SO_MARK")) return error;
  if (*order.bind_interface != '\0' && ::setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, order.bind_interface,
                                                    static_cast<socklen_t>(std::strlen(order.bind_interface))) < 0)
    return {"setsockopt SO_BINDTODEVICE", errno};
  if (*order.bind_address == '\0' && order.bind_port == 0) return kOk;

  const char* any = family == AF_INET ? "0.0.0.0" : "::";
  Endpoint from;
  if (!parse(*order.bind_address == '\0' ? any : order.bind_address, order.bind_port, from)) return {"bind", EINVAL};
  if (order.bind_port == 0) {
    // the port is chosen at connect, when the other end is known: else each address had only its 28,000 for all of them
    if (const auto error = set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1, "setsockopt IP_BIND_ADDRESS_NO_PORT"))
      return error;
  } else {
    // the same port again at the next probe: nothing of this connection may wait in TIME_WAIT
    if (const auto error = set(fd, SOL_SOCKET, SO_REUSEADDR, 1, "setsockopt SO_REUSEADDR")) return error;
    if (const auto error = set(fd, SOL_SOCKET, SO_LINGER, linger{1, 0}, "setsockopt SO_LINGER")) return error;
  }
  return ::bind(fd, from.get(), from.length) < 0 ? SyscallError{"bind", errno} : kOk;
}

/// A reset or an end that overtook us comes after the handshake (before it the kernel says ECONNREFUSED): the connection stood.
constexpr bool stood(int error) noexcept { return error == 0 || error == ECONNRESET || error == EPIPE; }

}  // namespace

SyscallError Connector::open() noexcept {
  epoll_ = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
  return epoll_ ? kOk : SyscallError{"epoll_create1", errno};
}

SyscallError Connector::start(const Order& order, std::uint32_t& slot) noexcept {
  if (!epoll_) return {"connect", EBADF};
  Endpoint to;
  if (!parse(order.address, order.port, to)) return {"connect", EINVAL};
  UniqueFd fd(::socket(to.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!fd) return {"socket", errno};
  if (const auto error = set_origin(fd.get(), to.family(), order)) return error;
  // a handshake that is decided at once is told by epoll like any other
  if (::connect(fd.get(), to.get(), to.length) < 0 && errno != EINPROGRESS && errno != EINTR) return {"connect", errno};

  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t index = free_.back();
  epoll_event event{};
  event.events = EPOLLOUT | EPOLLONESHOT;
  event.data.u64 = static_cast<std::uint64_t>(slots_[index].generation) << 32 | index;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event) < 0) return {"epoll_ctl", errno};
  free_.pop_back();
  slots_[index].fd = std::move(fd);
  slots_[index].keep = order.keep;
  ++in_progress_;
  slot = index;
  return kOk;
}

void Connector::cancel(std::uint32_t slot) noexcept {
  if (slot < slots_.size() && slots_[slot].fd) free_slot(slot);
}

std::size_t Connector::collect(std::span<Decided, kBatch> decided) noexcept {
  epoll_event events[kBatch];
  const int ready = epoll_ ? ::epoll_wait(epoll_.get(), events, kBatch, 0) : 0;
  std::size_t count = 0;
  for (int i = 0; i < ready; ++i) {
    const auto index = static_cast<std::uint32_t>(events[i].data.u64);
    Slot& slot = slots_[index];
    // closed here and yet alive in a child that is about to exec: its event is nobody's
    if (slot.generation != events[i].data.u64 >> 32 || !slot.fd) continue;
    int error = 0;
    socklen_t length = sizeof error;
    if (::getsockopt(slot.fd.get(), SOL_SOCKET, SO_ERROR, &error, &length) < 0) error = errno;
    int fd = -1;
    if (!slot.keep && stood(error)) error = 0;
    if (slot.keep && error == 0) {
      ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, slot.fd.get(), nullptr);
      fd = slot.fd.release();
    }
    free_slot(index);
    decided[count++] = {index, error, fd};
  }
  return count;
}

void Connector::free_slot(std::uint32_t index) noexcept {
  slots_[index].fd.reset();
  ++slots_[index].generation;
  free_.push_back(index);
  --in_progress_;
}

void Connector::close() noexcept {
  slots_.clear();
  free_.clear();
  in_progress_ = 0;
  epoll_.reset();
}

}  // namespace lvsd
