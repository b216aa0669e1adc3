#pragma once
#include <cstdint>
#include <memory>
#include <span>

#include "base/syscall_error.h"
#include "packet/packet.h"

namespace lvsd {

class Steering;

/// How frames come and go. `automatic` takes the first that the device and our capabilities allow.
enum class PortMode : std::uint8_t { automatic, xdp_zero_copy, xdp_native, xdp_generic, packet };

/// What a queue counts itself; the worker that owns it adds it to its counters. Since the queue was opened.
struct QueueCounts {
  std::uint64_t checksums_completed = 0;
  std::uint64_t segmented = 0;  ///< oversized frames that were cut
};

/// One receive queue of a device together with its transmit side; belongs to one worker.
/// A packet's life: `receive` lends it; the worker rewrites it in place; then exactly one of `send` (of the port it leaves by, which
/// may be another one), `pass` or `free` of the port that lent it.
class PortQueue {
 public:
  virtual ~PortQueue() = default;
  /// Up to `into.size()` frames, checksums complete, cut to size, tags in the frame. 0: none waits.
  virtual std::size_t receive(std::span<Packet> into) noexcept = 0;
  /// Sends frames that this queue itself lent (no copy where the device allows it) or others (copied). @returns how many were taken;
  /// the others are the caller's to count as transmit_full. Those that it `shares` are freed, sent or not; others the lender must free.
  virtual std::size_t send(std::span<const Packet> packets) noexcept = 0;
  /// Whether the frame lies in memory that `send` takes over.
  [[nodiscard]] virtual bool shares(const Packet& packet) const noexcept = 0;
  /// Gives back what `receive` lent.
  virtual void free(std::span<const Packet> packets) noexcept = 0;
  /// What was sent really leaves: one system call for all.
  virtual void flush() noexcept = 0;
  /// To poll for input; -1: none.
  [[nodiscard]] virtual int descriptor() const noexcept = 0;
  /// The errno of the descriptor's POLLERR: ENETDOWN is a device that went down (or is gone); 0: nothing is wrong.
  [[nodiscard]] virtual int take_error() noexcept = 0;
  /// Which frames are ours, for ports without BPF, which get them all. Lasts until the next call. Others need not look.
  virtual void use_steering(const Steering*) noexcept {}
  /// The end, in two steps after its worker's last call: `close` in the control thread, then `reclaim` in the worker's, which takes back
  /// the memory that the kernel still had.
  virtual void close() noexcept = 0;
  virtual void reclaim() noexcept {}
  [[nodiscard]] virtual const QueueCounts& counts() const noexcept = 0;
};

}  // namespace lvsd
