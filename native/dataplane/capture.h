#pragma once
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "control/protocol.h"
#include "engine/worker.h"

namespace lvsd {

/// One packet as it came, as it went, and why.
struct CapturedPacket {
  std::uint64_t order = 0;  ///< which CaptureOrder it is for
  control::CapturedHeader header{};
  std::vector<std::uint8_t> before, after;
  std::string decision;  ///< JSON
};

/// Packets on their way from workers to whoever wanted to see them: bounded; only while somebody looks.
class CaptureBox {
 public:
  void put(CapturedPacket packet) {
    const std::lock_guard lock(mutex_);
    if (packets_.size() < kMost) packets_.push_back(std::move(packet));
  }
  [[nodiscard]] std::vector<CapturedPacket> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(packets_, {});
  }

 private:
  static constexpr std::size_t kMost = 4096;
  std::mutex mutex_;
  std::vector<CapturedPacket> packets_;
};

/// What one worker captures. Changed by jobs of the control thread, used in the worker's own.
class Captures {
 public:
  struct Order {
    std::uint64_t id;
    control::CaptureOrder what;
  };
  [[nodiscard]] bool is_on() const noexcept { return !orders_.empty(); }
  void add(const Order& order) { orders_.push_back(order); }
  void remove(std::uint64_t id) {
    std::erase_if(orders_, [&](const Order& order) { return order.id == id; });
  }
  /// Looks at a batch before it is decided about: `worker` is asked to explain those that may be wanted.
  void before(Worker& worker, const Tables& tables, std::span<const Packet> packets, std::uint64_t now_ms);
  /// Afterwards: those that are wanted go to `box`.
  void after(std::span<const Packet> packets, CaptureBox& box);

 private:
  struct Seen {
    std::size_t index;  ///< in the batch
    CapturedPacket packet;
  };
  std::vector<Order> orders_;
  std::vector<Seen> seen_;
};

}  // namespace lvsd
