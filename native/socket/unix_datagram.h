#pragma once
#include <cstdint>
#include <span>
#include <string_view>

#include "base/syscall_error.h"

namespace lvsd {

/// Sends one datagram to a Unix socket, which Node cannot. A `path` that begins with '@' is an abstract name (unix(7)), as sd_notify(3)
/// writes it. Never blocks: EAGAIN, the receiver's queue is full. EINVAL: it is neither, or longer than sockaddr_un takes. No Node header here.
[[nodiscard]] SyscallError send_unix_datagram(std::string_view path, std::span<const std::uint8_t> bytes) noexcept;

}  // namespace lvsd
