#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/trace.h"

namespace lvsd {

struct Core;

/// A JSON object, written from left to right.
class JsonObject {
 public:
  JsonObject& field(std::string_view name, std::string_view text);
  JsonObject& field(std::string_view name, std::uint64_t number);
  JsonObject& flag(std::string_view name, bool value);
  /// `json` is a value already.
  JsonObject& raw(std::string_view name, std::string_view json);
  [[nodiscard]] std::string done() const { return "{" + text_ + "}"; }

 private:
  void name(std::string_view name);
  std::string text_;
};

/// A Trace that writes down what the forwarding code says. Nothing of it is on the path of real packets.
class Recorder {
 public:
  static constexpr bool kDry = true;

  void parsed(const Packet& packet, const Parsed& parsed);
  void service(const Tables& tables, const Parsed& parsed, const Service* service);
  void session_found(const Sessions& sessions, std::uint32_t session, std::uint32_t destination, const Tables& tables,
                     std::uint32_t now_ms);
  void session_missed(const FlowKey& key, std::uint64_t hash);
  void affinity(const Tables& tables, const FlowKey& key, std::uint32_t destination);
  void scheduled(const Tables& tables, const Service& service, const Arrival& arrival, std::uint32_t destination);
  void destination(const Tables& tables, std::uint32_t destination);
  void reply(const Tables& tables, const FlowKey& key, std::uint32_t destination);
  void path(const Tables& tables, const Adjacency* way, std::uint32_t mtu, std::uint32_t length);
  void before_rewrite(const Packet& packet, const Parsed& parsed);
  void after_rewrite(const Packet& packet, const Parsed& parsed, const Destination* to);
  void link(const Tables& tables, const Adjacency& way);
  void note(Step step, const char* sentence);
  void verdict(const Tables& tables, const Packet& packet);

  /// [step, step, …]
  [[nodiscard]] std::string steps() const { return "[" + steps_ + "]"; }

 private:
  void add(const JsonObject& step);

  std::string steps_;
  std::array<std::uint8_t, 128> before_{};  ///< IP header and ports, to compare
  std::size_t before_bytes_ = 0, before_transport_ = 0;
  std::uint32_t before_length_ = 0;
};

/// What Worker::explain does. `packet` is changed; nothing else.
[[nodiscard]] std::string explain_packet(Core& core, const Tables& tables, Packet& packet, std::uint64_t now_ms);

}  // namespace lvsd
