#pragma once
#include <napi.h>

#include "binding/readable_watch.h"
#include "socket/netlink.h"

namespace lvsd {

/// NetlinkSocket for JavaScript, as src/addon/addon.ts declares it. Joins libuv's loop; closes with its environment.
class NetlinkHandle : public Napi::ObjectWrap<NetlinkHandle> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit NetlinkHandle(const Napi::CallbackInfo& info);
  ~NetlinkHandle() override;

 private:
  Napi::Value Send(const Napi::CallbackInfo& info);
  Napi::Value Receive(const Napi::CallbackInfo& info);
  Napi::Value SetOption(const Napi::CallbackInfo& info);
  Napi::Value Watch(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);
  Napi::Value PortId(const Napi::CallbackInfo& info);
  Napi::Value Dropped(const Napi::CallbackInfo& info);

  bool Throw(Napi::Env env, SyscallError error);
  void Shut();
  static void OnEnvironmentEnd(void* self);

  NetlinkSocket socket_;
  std::size_t pending_ = 0;  // datagrams of the last sweep that were not handed over yet: [next_, pending_)
  std::size_t next_ = 0;
  ReadableWatch watch_;
  std::uint32_t dropped_ = 0;
  bool hooked_ = false;
};

}  // namespace lvsd
