#include "socket/unix_datagram.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "base/unique_fd.h"

namespace lvsd {

SyscallError send_unix_datagram(std::string_view path, std::span<const std::uint8_t> bytes) noexcept {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  const bool is_abstract = path.starts_with('@');
  if (!is_abstract && !path.starts_with('/')) return {"sendto", EINVAL};
  // a file's name ends with a zero, an abstract one begins with it
  if (path.size() + (is_abstract ? 0 : 1) > sizeof to.sun_path) return {"sendto", EINVAL};
  std::memcpy(to.sun_path, path.data(), path.size());
  if (is_abstract) to.sun_path[0] = '\0';
  const auto length =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (is_abstract ? 0 : 1));

  const UniqueFd fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (!fd) return {"socket", errno};
  if (::sendto(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&to),
               length) < 0)
    return {"sendto", errno};
  return {};
}

}  // namespace lvsd
