#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/syscall_error.h"
#include "base/unique_fd.h"
#include "socket/advert_socket.h"

namespace lvsd {

/// One advert for one destination.
struct OutgoingAdvert {
  std::span<const std::uint8_t> message;  ///< what is behind the IP header
  const Address* to = nullptr;
  int error = 0;                          ///< of the system call, once send() has returned
};

/// Adverts of all routers whose packets have the same device, source and TTL. After open() any thread may send.
class AdvertSender {
 public:
  /// More are more system calls.
  static constexpr std::size_t kAtOnce = 32;

  [[nodiscard]] SyscallError open(const AdvertRoute& route) noexcept;
  /// All of them, whatever the kernel says of one; many in one system call. Blocks never.
  void send(std::span<OutgoingAdvert> adverts) const noexcept;
  /// Whether packets of `route` are what this one sends.
  [[nodiscard]] bool serves(const AdvertRoute& route) const noexcept;

 private:
  void send_some(std::span<OutgoingAdvert> adverts) const noexcept;
  void make_header(const OutgoingAdvert& advert, std::uint8_t* header) const noexcept;

  UniqueFd fd_;
  AdvertRoute route_;
};

}  // namespace lvsd
