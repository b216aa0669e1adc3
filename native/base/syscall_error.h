#pragma once

namespace lvsd {

/// A refused system call: which one, and its errno. `syscall == nullptr` means it went well.
struct SyscallError {
  const char* syscall = nullptr;
  int error = 0;
  explicit operator bool() const noexcept { return syscall != nullptr; }
};

}  // namespace lvsd
