#pragma once
#include <cstdint>
#include <memory>
#include <span>

#include "base/syscall_error.h"
#include "packet/packet.h"

namespace lvsd {

/// How frames come and go. `automatic` takes the first that the device and our capabilities allow.
enum class PortMode : std::uint8_t { automatic, xdp_zero_copy, xdp_native, xdp_generic, packet };

/// One receive queue of a device together with its transmit side; belongs to one worker.
/// A packet's life: `receive` lends it; the worker rewrites it in place; then exactly one of `send` (of the port it leaves by, which
/// may be another one), `pass` or `free` of the port that lent it.
class PortQueue {
 public:
  virtual ~PortQueue() = default;
  /// Up to `into.size()` frames, checksums complete, cut to size, tags in the frame. 0: none waits.
  virtual std::size_t receive(std::span<Packet> into) noexcept = 0;
  /// Sends frames that this queue itself lent (no copy where the device allows it) or others (copied). @returns how many were taken;
  /// the others are the caller's to count as transmit_full. All lent ones are freed.
  virtual std::size_t send(std::span<const Packet> packets) noexcept = 0;
  /// Gives frames to the kernel as if they had just come in.
  virtual void pass(std::span<const Packet> packets) noexcept = 0;
  virtual void free(std::span<const Packet> packets) noexcept = 0;
  /// What was sent really leaves: one system call for all.
  virtual void flush() noexcept = 0;
  /// To poll for input; -1: none.
  [[nodiscard]] virtual int descriptor() const noexcept = 0;
};

}  // namespace lvsd
