// What the control socket asks for, but for ports: process.cc has those.
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "dataplane/log.h"
#include "dataplane/process.h"

namespace lvsd {
namespace {

using control::Answer;

template <typename T>
bool read_as(std::span<const std::uint8_t> payload, T& into) noexcept {
  if (payload.size() < sizeof into) return false;
  std::memcpy(&into, payload.data(), sizeof into);
  return true;
}

template <typename T>
void append(std::vector<std::uint8_t>& to, const T* first, std::size_t count) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(first);
  to.insert(to.end(), bytes, bytes + count * sizeof(T));
}

Answer too_short() { return Answer::refuse("the request is too short"); }

}  // namespace

Answer Process::answer(control::ClientId client, std::uint16_t request, std::span<const std::uint8_t> payload) {
  switch (request) {
    case control::kHello: return Answer::json(hello_json());
    case control::kOpenPorts: return open_ports(payload);
    case control::kPublishNetwork: return publish(payload, false);
    case control::kPublishServices: return publish(payload, true);
    case control::kServices: {
      const std::span<const std::uint8_t> image = engine_->services_image();
      return {0, {image.begin(), image.end()}};
    }
    case control::kCounters: {
      const std::vector<std::uint64_t> counters = engine_->counters();
      Answer answer;
      append(answer.payload, counters.data(), counters.size());
      return answer;
    }
    case control::kExplain: return explain(payload);
    case control::kSessions: return sessions(payload);
    case control::kLoadSessions: return load_sessions(payload);
    case control::kFlush: return flush(payload);
    case control::kFollow: return follow(client, payload);
    case control::kCapture: return capture(client, payload);
    case control::kStop: stop_ = true; return {};
    default: return Answer::refuse("this engine knows no request " + std::to_string(request));
  }
}

void Process::gone(control::ClientId client) {
  if (std::erase(capturers_, client) == 0) return;
  for (std::uint32_t w = 0; w < options_.workers; ++w)
    engine_->run_on(w, [&](Worker&, const Tables&) { threads_[w]->captures.remove(client); });
}

std::string Process::hello_json() const {
  return "{\"protocol\":" + std::to_string(control::kProtocol) + ",\"version\":" + quoted(options_.version) + ",\"pid\":" + std::to_string(::getpid()) +
         ",\"startedMs\":" + std::to_string(started_ms_) + ",\"workers\":" + std::to_string(options_.workers) +
         ",\"sessions\":" + std::to_string(options_.sessions) + ",\"ports\":" + ports_json() + "}";
}

Answer Process::publish(std::span<const std::uint8_t> image, bool services) {
  const auto refusal = services ? engine_->publish_services(image) : engine_->publish_network(image);
  if (refusal) return Answer::refuse(std::string(services ? "services image: " : "network image: ") + refusal->array + " " + std::to_string(refusal->index) + ": " + refusal->why);
  const std::string problem = publish_steering();
  if (problem.empty()) return {};
  log_line("error", problem);
  return Answer::refuse(problem);
}

Answer Process::explain(std::span<const std::uint8_t> payload) {
  constexpr std::size_t kRoom = 256;
  std::uint32_t port;
  if (!read_as(payload, port) || payload.size() < 8) return too_short();
  const std::span<const std::uint8_t> frame = payload.subspan(8);
  std::vector<std::uint8_t> bytes(kRoom + frame.size() + kRoom);
  std::copy(frame.begin(), frame.end(), bytes.begin() + kRoom);
  Packet packet;
  packet.data = bytes.data() + kRoom;
  packet.length = static_cast<std::uint32_t>(frame.size());
  packet.headroom = packet.tailroom = kRoom;
  packet.port = static_cast<std::uint16_t>(port);
  std::string json;
  const auto explain_by = [&](Worker& worker, const Tables& tables) { json = worker.explain(tables, packet, clock_.now_ms()); };
  std::uint32_t owner = 0;
  if (options_.workers > 1) engine_->run_on(0, [&](Worker& worker, const Tables& tables) { owner = worker.owner(tables, packet); });
  engine_->run_on(owner < options_.workers ? owner : 0, explain_by);
  return Answer::json(json);
}

/// The cursor: worker in its upper eight bits, that worker's own in the others.
Answer Process::sessions(std::span<const std::uint8_t> payload) {
  constexpr int kShift = 56;
  constexpr std::uint64_t kOwn = (std::uint64_t{1} << kShift) - 1;
  struct {
    std::uint64_t cursor;
    std::uint32_t most, zero;
  } question;
  if (!read_as(payload, question)) return too_short();
  auto worker_index = static_cast<std::uint32_t>(question.cursor >> kShift);
  std::uint64_t own = question.cursor & kOwn;
  std::vector<SessionRecord> records(std::clamp<std::size_t>(question.most, 1, kMostRecords));
  std::size_t count = 0;
  while (worker_index < options_.workers && count == 0) {
    engine_->run_on(worker_index, [&](Worker& worker, const Tables& tables) { count = worker.sessions().dump(own, records, tables, now_ms()); });
    if (count == 0) ++worker_index, own = 0;
  }
  const std::uint64_t next = count == 0 ? 0 : std::uint64_t{worker_index} << kShift | own;
  Answer answer;
  append(answer.payload, &next, 1);
  append(answer.payload, records.data(), count);
  return answer;
}

Answer Process::load_sessions(std::span<const std::uint8_t> payload) {
  if (payload.size() % sizeof(SessionRecord) != 0) return too_short();
  std::vector<SessionRecord> records(payload.size() / sizeof(SessionRecord));
  if (!payload.empty()) std::memcpy(records.data(), payload.data(), payload.size());
  const std::uint32_t loaded = engine_->load_sessions(records, now_ms());
  const std::uint32_t taken[2] = {loaded, static_cast<std::uint32_t>(records.size()) - loaded};
  Answer answer;
  append(answer.payload, taken, 2);
  return answer;
}

Answer Process::flush(std::span<const std::uint8_t> payload) {
  control::FlushOrder order;
  if (!read_as(payload, order)) return too_short();
  const std::uint32_t ended = engine_->flush(order.service, order.destination);
  Answer answer;
  append(answer.payload, &ended, 1);
  return answer;
}

Answer Process::follow(control::ClientId client, std::span<const std::uint8_t> payload) {
  std::uint32_t topics;
  if (!read_as(payload, topics)) return too_short();
  server_.follow(client, topics);
  return {};
}

Answer Process::capture(control::ClientId client, std::span<const std::uint8_t> payload) {
  control::CaptureOrder order;
  if (!read_as(payload, order)) return too_short();
  if (std::find(capturers_.begin(), capturers_.end(), client) == capturers_.end()) capturers_.push_back(client);
  for (std::uint32_t w = 0; w < options_.workers; ++w)
    engine_->run_on(w, [&](Worker&, const Tables&) { threads_[w]->captures.add({client, order}); });
  return {};
}

void Process::tell_captured() {
  for (CapturedPacket& packet : plant_->captured.take()) {
    packet.header.before = static_cast<std::uint32_t>(packet.before.size());
    packet.header.after = static_cast<std::uint32_t>(packet.after.size());
    packet.header.decision = static_cast<std::uint32_t>(packet.decision.size());
    std::vector<std::uint8_t> event;
    append(event, &packet.header, 1);
    append(event, packet.before.data(), packet.before.size());
    append(event, packet.after.data(), packet.after.size());
    append(event, packet.decision.data(), packet.decision.size());
    server_.tell(packet.order, control::kCaptured, event);
  }
}

void Process::tell_sessions() {
  const std::span<SessionRecord> records(changed_sessions_.get(), kMostRecords);
  for (std::uint32_t w = 0; w < options_.workers; ++w) {
    std::size_t count = 0;
    bool lost = false;
    engine_->run_on(w, [&](Worker& worker, const Tables& tables) { count = worker.sessions().changes(records, lost, tables, now_ms()); });
    if (count == 0 && !lost && !sessions_lost_) continue;
    const std::uint32_t head[2] = {lost || sessions_lost_ ? 1u : 0u, 0};
    std::vector<std::uint8_t> event;
    append(event, head, 2);
    append(event, records.data(), count);
    sessions_lost_ = !server_.tell_all(control::kSessionChanges, control::kSessionsChanged, event);
  }
}

}  // namespace lvsd
