#pragma once
#include <cstdint>

#include "engine/counters.h"
#include "engine/scheduler.h"
#include "engine/sessions.h"
#include "engine/tables.h"
#include "packet/packet.h"

namespace lvsd {

/// Where the forwarding code stands when it says something to a trace. One and the same code forwards and explains: it is a template
/// over its Trace; NoTrace is what the workers run and compiles to nothing, Recorder (explain.h) writes the sentences down.
enum class Step : std::uint8_t { parse, service, session, affinity, schedule, destination, path, rewrite, link, verdict };

struct NoTrace {
  /// Whether the code must leave no trace: no session, no counter, no scheduler's turn.
  static constexpr bool kDry = false;

  void parsed(const Packet&, const Parsed&) noexcept {}
  /// nullptr: no service takes it.
  void service(const Tables&, const Parsed&, const Service*) noexcept {}
  void session_found(const Sessions&, std::uint32_t, std::uint32_t, const Tables&, std::uint32_t) noexcept {}
  void session_missed(const FlowKey&, std::uint64_t) noexcept {}
  void affinity(const Tables&, const FlowKey&, std::uint32_t) noexcept {}
  void scheduled(const Tables&, const Service&, const Arrival&, std::uint32_t) noexcept {}
  void destination(const Tables&, std::uint32_t) noexcept {}
  void reply(const Tables&, const FlowKey&, std::uint32_t) noexcept {}
  void path(const Tables&, const Adjacency*, std::uint32_t, std::uint32_t) noexcept {}
  void before_rewrite(const Packet&, const Parsed&) noexcept {}
  void after_rewrite(const Packet&, const Parsed&, const Destination*) noexcept {}
  void link(const Tables&, const Adjacency&) noexcept {}
  /// What has no facts of its own.
  void note(Step, const char*) noexcept {}
};

}  // namespace lvsd
