#pragma once
#include <sys/types.h>

#include <vector>

#include "base/syscall_error.h"

namespace lvsd {

/// Who connected to a Unix socket, as the kernel knew him when he did (unix(7), SO_PEERCRED; SO_PEERGROUPS of Linux 4.13).
struct PeerCredentials {
  pid_t pid = 0;  ///< 0: of another pid namespace
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  ///< supplementary ones
};

/// Of the peer of a connected `AF_UNIX` stream socket. ENOPROTOOPT, EINVAL: `fd` is none. No Node header here.
[[nodiscard]] SyscallError read_peer_credentials(int fd, PeerCredentials& into);

}  // namespace lvsd
