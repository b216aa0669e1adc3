#pragma once
#include <napi.h>

#include "binding/readable_watch.h"
#include "socket/connector.h"

namespace lvsd {

/// Connector for JavaScript, as src/addon/addon.ts declares it. Joins libuv's loop; closes with its environment.
class ConnectorHandle : public Napi::ObjectWrap<ConnectorHandle> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit ConnectorHandle(const Napi::CallbackInfo& info);
  ~ConnectorHandle() override;

 private:
  Napi::Value Start(const Napi::CallbackInfo& info);
  Napi::Value Cancel(const Napi::CallbackInfo& info);
  Napi::Value Collect(const Napi::CallbackInfo& info);
  Napi::Value Watch(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);

  bool Throw(Napi::Env env, SyscallError error);
  void Shut();
  static void OnEnvironmentEnd(void* self);

  Connector connector_;
  ReadableWatch watch_;
  bool hooked_ = false;
};

}  // namespace lvsd
