#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "packet/packet.h"

namespace lvsd {

/// Packets that wait, in memory of their own: bounded in number, size and time. One pool per worker and kind of waiting.
class HeldPackets {
 public:
  static constexpr std::uint32_t kHeadroom = 128;  ///< bytes free before a packet that was released
  static constexpr std::uint32_t kLongest = 2048;  ///< bytes of a frame that can be held

  explicit HeldPackets(std::uint32_t most);
  ~HeldPackets();

  /// kFull (too many, or this one is too long), or the packet's place. Copies it.
  static constexpr std::uint32_t kFull = 0xffffffff;
  [[nodiscard]] std::uint32_t hold(const Packet& packet, std::uint64_t key, std::uint32_t until_ms) noexcept;
  /// Takes out those that wait for `key`, in the order they came, as many as `into` takes, as packets with head-room, port and cookie of
  /// the one that was held; their memory lasts until the next `recycle`.
  std::size_t release(std::uint64_t key, std::span<Packet> into) noexcept;
  /// The same with all that have waited until now, in the order they came.
  std::size_t expire(std::uint32_t now_ms, std::span<Packet> into) noexcept;
  /// How many wait for it.
  [[nodiscard]] std::uint32_t count(std::uint64_t key) const noexcept;
  [[nodiscard]] std::uint32_t waiting() const noexcept;
  void recycle() noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Which flow the fragments of a datagram belong to: (source, destination, protocol, id) → ports, learned from the first one.
/// Fixed in size: buckets of four, the one whose time ends first gives way.
class FragmentTable {
 public:
  FragmentTable(std::uint32_t capacity, std::uint64_t secret);
  ~FragmentTable();

  struct Ports { std::uint16_t source, destination; };
  /// Key of a datagram's fragments; also what they wait under in HeldPackets.
  [[nodiscard]] std::uint64_t key(const Parsed& fragment, std::uint16_t ingress) const noexcept;
  void learn(std::uint64_t key, Ports ports, std::uint32_t until_ms) noexcept;
  [[nodiscard]] bool find(std::uint64_t key, std::uint32_t now_ms, Ports& into) const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lvsd
