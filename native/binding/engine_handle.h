#pragma once
#include <napi.h>

#include <memory>
#include <vector>

#include "engine/engine.h"

namespace lvsd {

/// An Engine of one worker without a device for JavaScript, as src/addon/addon.ts declares it: replay, explain, what-if, tests.
class EngineHandle : public Napi::ObjectWrap<EngineHandle> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit EngineHandle(const Napi::CallbackInfo& info);

 private:
  Napi::Value PublishNetwork(const Napi::CallbackInfo& info);
  Napi::Value PublishServices(const Napi::CallbackInfo& info);
  Napi::Value Receive(const Napi::CallbackInfo& info);
  Napi::Value Tick(const Napi::CallbackInfo& info);
  Napi::Value Explain(const Napi::CallbackInfo& info);
  Napi::Value Counters(const Napi::CallbackInfo& info);
  Napi::Value Wanted(const Napi::CallbackInfo& info);
  Napi::Value ListSessions(const Napi::CallbackInfo& info);
  Napi::Value Flush(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);

  /// False: it is closed, and JavaScript was told.
  bool IsOpen(Napi::Env env) const;
  /// Packets of process or tick as heads and frames.
  [[nodiscard]] static Napi::Value Out(Napi::Env env, std::span<const Packet> own, std::span<const Packet> extras);

  std::unique_ptr<Engine> engine_;
  std::vector<std::uint8_t> memory_;  ///< of the frames that go through
};

}  // namespace lvsd
