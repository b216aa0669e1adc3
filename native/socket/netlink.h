#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/syscall_error.h"
#include "base/unique_fd.h"

namespace lvsd {

/// One non-blocking netlink socket. It moves datagrams and knows nothing of what is in them. No Node header here.
class NetlinkSocket {
 public:
  /// netlink(7) datagrams from the kernel fit 32 KiB: the kernel sizes a dump by the reader's buffer and caps it there.
  static constexpr std::size_t kSlotBytes = 32768;
  static constexpr std::size_t kSlots = 32;

  /// Opens and binds in the network namespace at `namespace_path` (`/run/netns/x`, `/proc/1/ns/net`), or in ours if it is empty.
  [[nodiscard]] SyscallError open(int protocol, const char* namespace_path) noexcept;
  [[nodiscard]] SyscallError set_option(int level, int option, int value) noexcept;
  [[nodiscard]] SyscallError send(std::span<const std::uint8_t> datagram) noexcept;

  /// What one sweep of the socket found.
  struct Received {
    std::size_t datagrams = 0;    ///< Lengths stand in length(0..datagrams).
    std::size_t foreign = 0;      ///< Dropped: sent by a process, not by the kernel.
    std::size_t truncated = 0;    ///< Dropped: longer than a slot.
    SyscallError error;           ///< ENOBUFS: the kernel had to drop answers. EAGAIN is not an error: nothing was there.
  };
  /// Up to kSlots datagrams in one system call. They stay readable until the next one.
  [[nodiscard]] Received receive() noexcept;
  [[nodiscard]] std::span<const std::uint8_t> datagram(std::size_t i) const noexcept;

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  [[nodiscard]] std::uint32_t port_id() const noexcept { return port_id_; }
  void close() noexcept;

 private:
  UniqueFd fd_;
  std::uint32_t port_id_ = 0;
  std::unique_ptr<std::uint8_t[]> slots_;      // kSlots * kSlotBytes; pages are touched only when used
  std::uint8_t* starts_[kSlots] = {};
  std::size_t lengths_[kSlots] = {};
};

}  // namespace lvsd
