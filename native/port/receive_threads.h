#pragma once
#include <span>
#include <string>

namespace lvsd {

/// The highest realtime priority among the threads that receive for these devices (threaded NAPI: Documentation/networking/napi.rst);
/// 0: they have no such threads, or ordinary ones, or these are of a PID namespace that we do not see into.
/// A worker below them would never run while more comes in than it can send, and all that they receive for it would be lost.
[[nodiscard]] int receive_priority(std::span<const std::string> devices);

}  // namespace lvsd
