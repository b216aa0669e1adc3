#pragma once
#include <napi.h>

#include "base/unique_fd.h"
#include "binding/readable_watch.h"
#include "vrrp/advert_port.h"

namespace lvsd {

/// AdvertPort and a timer for JavaScript, as src/addon/addon.ts declares it. Moments are milliseconds of CLOCK_MONOTONIC with a fraction.
/// Joins libuv's loop; closes with its environment.
class AdvertHandle : public Napi::ObjectWrap<AdvertHandle> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit AdvertHandle(const Napi::CallbackInfo& info);
  ~AdvertHandle() override;

 private:
  Napi::Value OpenChannel(const Napi::CallbackInfo& info);
  Napi::Value CloseChannel(const Napi::CallbackInfo& info);
  Napi::Value Plan(const Napi::CallbackInfo& info);
  Napi::Value Silence(const Napi::CallbackInfo& info);
  Napi::Value SendNow(const Napi::CallbackInfo& info);
  Napi::Value Expect(const Napi::CallbackInfo& info);
  Napi::Value ExpectNothing(const Napi::CallbackInfo& info);
  Napi::Value Noted(const Napi::CallbackInfo& info);
  Napi::Value Take(const Napi::CallbackInfo& info);
  Napi::Value SendFrame(const Napi::CallbackInfo& info);
  Napi::Value Sent(const Napi::CallbackInfo& info);
  Napi::Value Lateness(const Napi::CallbackInfo& info);
  Napi::Value Strangers(const Napi::CallbackInfo& info);
  Napi::Value Thread(const Napi::CallbackInfo& info);
  Napi::Value Now(const Napi::CallbackInfo& info);
  Napi::Value Wall(const Napi::CallbackInfo& info);
  Napi::Value Arm(const Napi::CallbackInfo& info);
  Napi::Value Watch(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);

  [[nodiscard]] AdvertChannel* ChannelOf(const Napi::CallbackInfo& info) const;
  bool Throw(Napi::Env env, SyscallError error);
  void Shut();
  static void OnEnvironmentEnd(void* self);

  AdvertPort port_;
  UniqueFd timer_;
  ReadableWatch heard_watch_, timer_watch_;
  bool hooked_ = false;
};

}  // namespace lvsd
