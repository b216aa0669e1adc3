#include "binding/engine_handle.h"

#include <cstring>
#include <string>

#include "control/protocol.h"

namespace lvsd {

namespace {

constexpr std::size_t kHeadroom = 256, kTailroom = 64;

/// An image is read where its numbers can be: aligned to eight, as a Uint8Array need not be.
class Aligned {
 public:
  explicit Aligned(const Napi::Uint8Array& bytes) : words_((bytes.ByteLength() + 7) / 8), size_(bytes.ByteLength()) {
    if (size_ > 0) std::memcpy(words_.data(), bytes.Data(), size_);
  }
  operator std::span<const std::uint8_t>() const { return {reinterpret_cast<const std::uint8_t*>(words_.data()), size_}; }

 private:
  std::vector<std::uint64_t> words_;
  std::size_t size_;
};

void throw_refusal(Napi::Env env, const image::Refusal& refusal) {
  Napi::Error error = Napi::Error::New(env, std::string(refusal.array) + " " + std::to_string(refusal.index) + ": " + refusal.why);
  error.Set("code", Napi::String::New(env, "ENGINE_REFUSED"));
  error.Set("array", Napi::String::New(env, refusal.array));
  error.Set("index", Napi::Number::New(env, refusal.index));
  error.Set("why", Napi::String::New(env, refusal.why));
  error.ThrowAsJavaScriptException();
}

[[nodiscard]] bool goes_out(const Packet& packet) { return packet.verdict == Verdict::forward || packet.verdict == Verdict::pass; }

[[nodiscard]] std::uint64_t milliseconds(const Napi::Value& value) { return static_cast<std::uint64_t>(value.As<Napi::Number>().Int64Value()); }

[[nodiscard]] Napi::Value bytes_of(Napi::Env env, const void* from, std::size_t size) {
  auto bytes = Napi::Uint8Array::New(env, size);
  if (size > 0) std::memcpy(bytes.Data(), from, size);
  return bytes;
}

}  // namespace

Napi::Function EngineHandle::Define(Napi::Env env) {
  return DefineClass(env, "EngineHandle",
                     {
                         InstanceMethod<&EngineHandle::PublishNetwork>("publishNetwork"),
                         InstanceMethod<&EngineHandle::PublishServices>("publishServices"),
                         InstanceMethod<&EngineHandle::Receive>("receive"),
                         InstanceMethod<&EngineHandle::Tick>("tick"),
                         InstanceMethod<&EngineHandle::Explain>("explain"),
                         InstanceMethod<&EngineHandle::Counters>("counters"),
                         InstanceMethod<&EngineHandle::Wanted>("wanted"),
                         InstanceMethod<&EngineHandle::ListSessions>("sessions"),
                         InstanceMethod<&EngineHandle::Flush>("flush"),
                         InstanceMethod<&EngineHandle::Close>("close"),
                     });
}

EngineHandle::EngineHandle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<EngineHandle>(info) {
  bool lossless;
  EngineOptions options;
  options.sessions = info[0].As<Napi::Number>().Uint32Value();
  options.secret[0] = info[1].As<Napi::BigInt>().Uint64Value(&lossless);
  options.secret[1] = info[2].As<Napi::BigInt>().Uint64Value(&lossless);
  engine_ = std::make_unique<Engine>(options);
}

bool EngineHandle::IsOpen(Napi::Env env) const {
  if (engine_ != nullptr) return true;
  Napi::Error::New(env, "the engine is closed").ThrowAsJavaScriptException();
  return false;
}

Napi::Value EngineHandle::PublishNetwork(const Napi::CallbackInfo& info) {
  if (!IsOpen(info.Env())) return info.Env().Undefined();
  if (const auto refusal = engine_->publish_network(Aligned(info[0].As<Napi::Uint8Array>()))) throw_refusal(info.Env(), *refusal);
  return info.Env().Undefined();
}

Napi::Value EngineHandle::PublishServices(const Napi::CallbackInfo& info) {
  if (!IsOpen(info.Env())) return info.Env().Undefined();
  if (const auto refusal = engine_->publish_services(Aligned(info[0].As<Napi::Uint8Array>()))) throw_refusal(info.Env(), *refusal);
  return info.Env().Undefined();
}

/// receive(port, frames, nowMs): the frames of one moment, at most kBatch.
Napi::Value EngineHandle::Receive(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!IsOpen(env)) return env.Undefined();
  const auto frames = info[1].As<Napi::Array>();
  const std::uint32_t count = frames.Length();
  if (count > kBatch) {
    Napi::RangeError::New(env, "more than 64 frames at once").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  std::size_t bytes = 0;
  for (std::uint32_t index = 0; index < count; ++index) {
    bytes += kHeadroom + kTailroom + frames.Get(index).As<Napi::Uint8Array>().ByteLength();
  }
  memory_.resize(bytes);
  std::array<Packet, kBatch> packets;
  std::size_t at = 0;
  for (std::uint32_t index = 0; index < count; ++index) {
    const auto frame = frames.Get(index).As<Napi::Uint8Array>();
    Packet& packet = packets[index];
    packet = {.data = memory_.data() + at + kHeadroom,
              .length = static_cast<std::uint32_t>(frame.ByteLength()),
              .headroom = kHeadroom,
              .tailroom = kTailroom,
              .port = static_cast<std::uint16_t>(info[0].As<Napi::Number>().Uint32Value())};
    if (frame.ByteLength() > 0) std::memcpy(packet.data, frame.Data(), frame.ByteLength());
    at += kHeadroom + kTailroom + frame.ByteLength();
  }
  const std::span<Packet> batch(packets.data(), count);
  engine_->worker(0).process(engine_->enter(0), batch, milliseconds(info[2]));
  return Out(env, batch, engine_->worker(0).extras());
}

Napi::Value EngineHandle::Tick(const Napi::CallbackInfo& info) {
  if (!IsOpen(info.Env())) return info.Env().Undefined();
  engine_->tick(0, engine_->enter(0), milliseconds(info[0]));
  engine_->collect();
  return Out(info.Env(), {}, engine_->worker(0).extras());
}

Napi::Value EngineHandle::Explain(const Napi::CallbackInfo& info) {
  if (!IsOpen(info.Env())) return info.Env().Undefined();
  const auto frame = info[1].As<Napi::Uint8Array>();
  memory_.assign(kHeadroom + frame.ByteLength() + kTailroom, 0);
  if (frame.ByteLength() > 0) std::memcpy(memory_.data() + kHeadroom, frame.Data(), frame.ByteLength());
  Packet packet{.data = memory_.data() + kHeadroom,
                .length = static_cast<std::uint32_t>(frame.ByteLength()),
                .headroom = kHeadroom,
                .tailroom = kTailroom,
                .port = static_cast<std::uint16_t>(info[0].As<Napi::Number>().Uint32Value())};
  return Napi::String::New(info.Env(), engine_->worker(0).explain(engine_->enter(0), packet, milliseconds(info[2])));
}

Napi::Value EngineHandle::Counters(const Napi::CallbackInfo& info) {
  if (!IsOpen(info.Env())) return info.Env().Undefined();
  const std::vector<std::uint64_t> all = engine_->counters();
  auto numbers = Napi::BigUint64Array::New(info.Env(), all.size());
  std::memcpy(numbers.Data(), all.data(), all.size() * sizeof all[0]);
  return numbers;
}

Napi::Value EngineHandle::Wanted(const Napi::CallbackInfo& info) {
  if (!IsOpen(info.Env())) return info.Env().Undefined();
  struct Record {
    Address address;
    std::uint32_t port, zero;
  };
  static_assert(sizeof(Record) == 24);
  std::vector<Record> records;
  for (const NeighbourWanted& wanted : engine_->worker(0).wanted()) records.push_back({wanted.address, wanted.port, 0});
  return bytes_of(info.Env(), records.data(), records.size() * sizeof(Record));
}

Napi::Value EngineHandle::ListSessions(const Napi::CallbackInfo& info) {
  if (!IsOpen(info.Env())) return info.Env().Undefined();
  const Tables& tables = engine_->enter(0);
  const auto now_ms = static_cast<std::uint32_t>(milliseconds(info[0]));
  std::vector<SessionRecord> records;
  std::array<SessionRecord, 256> part;
  std::uint64_t cursor = 0;
  while (const std::size_t count = engine_->worker(0).sessions().dump(cursor, part, tables, now_ms)) {
    records.insert(records.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(count));
  }
  return bytes_of(info.Env(), records.data(), records.size() * sizeof(SessionRecord));
}

/// flush(service, destination): -1 is any.
Napi::Value EngineHandle::Flush(const Napi::CallbackInfo& info) {
  if (!IsOpen(info.Env())) return info.Env().Undefined();
  const auto index = [&](std::size_t argument) {
    const std::int32_t given = info[argument].As<Napi::Number>().Int32Value();
    return given < 0 ? kNone : static_cast<std::uint32_t>(given);
  };
  return Napi::Number::New(info.Env(), engine_->flush(index(0), index(1)));
}

Napi::Value EngineHandle::Close(const Napi::CallbackInfo& info) {
  engine_.reset();
  return info.Env().Undefined();
}

Napi::Value EngineHandle::Out(Napi::Env env, std::span<const Packet> own, std::span<const Packet> extras) {
  std::size_t count = 0, bytes = 0;
  for (const std::span<const Packet> packets : {own, extras}) {
    for (const Packet& packet : packets) {
      if (!goes_out(packet)) continue;
      ++count;
      bytes += packet.length;
    }
  }
  auto heads = Napi::Uint32Array::New(env, count * 3);
  auto frames = Napi::Uint8Array::New(env, bytes);
  std::size_t head = 0, at = 0;
  for (const std::span<const Packet> packets : {own, extras}) {
    for (const Packet& packet : packets) {
      if (!goes_out(packet)) continue;
      heads[head++] = packet.verdict == Verdict::forward ? 0 : 1;
      heads[head++] = packet.port;
      heads[head++] = packet.length;
      if (packet.length > 0) std::memcpy(frames.Data() + at, packet.data, packet.length);
      at += packet.length;
    }
  }
  auto out = Napi::Object::New(env);
  out.Set("heads", heads);
  out.Set("frames", frames);
  return out;
}

}  // namespace lvsd
