#include "socket/frame_socket.h"

#include <linux/if_packet.h>
#include <sys/socket.h>

#include <cerrno>

namespace lvsd {

int FrameSocket::send(int interface_index, std::span<const std::uint8_t> frame) noexcept {
  // protocol 0: packet(7) gives such a socket nothing to read
  if (!fd_) fd_ = UniqueFd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd_) return errno;
  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  to.sll_ifindex = interface_index;
  ssize_t sent;
  do {
    sent = ::sendto(fd_.get(), frame.data(), frame.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? errno : 0;
}

}  // namespace lvsd
