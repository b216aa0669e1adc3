#include "socket/peer_credentials.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace lvsd {

SyscallError read_peer_credentials(int fd, PeerCredentials& into) {
  int domain = 0;
  socklen_t length = sizeof domain;
  if (::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) < 0) return {"getsockopt", errno};
  // the kernel answers for any socket: uid -1 for those that are of the network
  if (domain != AF_UNIX) return {"getsockopt", EINVAL};
  ucred peer{};
  length = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0) return {"getsockopt", errno};
  // the kernel says in `length` how much room it wants where there is too little (ERANGE)
  std::vector<gid_t> groups;
  length = 0;
  while (::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &length) < 0) {
    if (errno != ERANGE) return {"getsockopt", errno};
    groups.resize(length / sizeof(gid_t));
  }
  groups.resize(length / sizeof(gid_t));
  into = {peer.pid, peer.uid, peer.gid, std::move(groups)};
  return {};
}

}  // namespace lvsd
