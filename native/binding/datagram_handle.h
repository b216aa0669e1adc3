#pragma once
#include <napi.h>

#include "binding/readable_watch.h"
#include "socket/datagram.h"

namespace lvsd {

/// DatagramSocket for JavaScript, as src/addon/addon.ts declares it. Joins libuv's loop; closes with its environment.
class DatagramHandle : public Napi::ObjectWrap<DatagramHandle> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit DatagramHandle(const Napi::CallbackInfo& info);
  ~DatagramHandle() override;

 private:
  Napi::Value SetOption(const Napi::CallbackInfo& info);
  Napi::Value BindToDevice(const Napi::CallbackInfo& info);
  Napi::Value Join(const Napi::CallbackInfo& info);
  Napi::Value Bind(const Napi::CallbackInfo& info);
  Napi::Value Connect(const Napi::CallbackInfo& info);
  Napi::Value Send(const Napi::CallbackInfo& info);
  Napi::Value Receive(const Napi::CallbackInfo& info);
  Napi::Value Watch(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);
  Napi::Value Ttl(const Napi::CallbackInfo& info);
  Napi::Value SenderAddress(const Napi::CallbackInfo& info);
  Napi::Value SenderPort(const Napi::CallbackInfo& info);
  Napi::Value LocalPort(const Napi::CallbackInfo& info);
  Napi::Value IsRaw(const Napi::CallbackInfo& info);

  bool Throw(Napi::Env env, SyscallError error);
  void Shut();
  static void OnEnvironmentEnd(void* self);

  DatagramSocket socket_;
  ReadableWatch watch_;
  bool hooked_ = false;
};

}  // namespace lvsd
