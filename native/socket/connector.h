#pragma once
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/syscall_error.h"
#include "base/unique_fd.h"

namespace lvsd {

/// TCP connections in progress, any number of them behind one file descriptor: fd() is readable when some are decided.
/// No Node header here.
class Connector {
 public:
  struct Order {
    const char* address = "";         ///< IPv4 or IPv6 text.
    std::uint16_t port = 0;
    const char* bind_address = "";    ///< Empty: the kernel's choice.
    std::uint16_t bind_port = 0;      ///< 0: the kernel's choice.
    const char* bind_interface = "";  ///< SO_BINDTODEVICE; empty: none.
    std::uint32_t mark = 0;           ///< SO_MARK; 0: none.
    /// Hand the connection over. Otherwise it is closed, with a FIN, as soon as it stands.
    bool keep = false;
  };

  /// What became of one connection.
  struct Decided {
    std::uint32_t slot;
    int error;  ///< errno of the handshake, or 0.
    int fd;     ///< Of a connection that was to be kept and stands, now the caller's; else -1.
  };

  [[nodiscard]] SyscallError open() noexcept;
  /// Begins a handshake. `slot` names it until it is decided or cancelled; then the number may be given again.
  [[nodiscard]] SyscallError start(const Order& order, std::uint32_t& slot) noexcept;
  /// Closes it without a word. A slot that is not in progress is left alone.
  void cancel(std::uint32_t slot) noexcept;
  /// Up to kBatch decisions; 0 when nothing is decided.
  static constexpr std::size_t kBatch = 256;
  [[nodiscard]] std::size_t collect(std::span<Decided, kBatch> decided) noexcept;

  [[nodiscard]] int fd() const noexcept { return epoll_.get(); }
  [[nodiscard]] std::size_t in_progress() const noexcept { return in_progress_; }
  /// Closes everything in progress too.
  void close() noexcept;

 private:
  struct Slot {
    UniqueFd fd;
    std::uint32_t generation = 0;  ///< An event of a connection before this one in the slot is none.
    bool keep = false;
  };

  void free_slot(std::uint32_t index) noexcept;

  UniqueFd epoll_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::size_t in_progress_ = 0;
};

}  // namespace lvsd
