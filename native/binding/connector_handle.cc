#include "binding/connector_handle.h"

#include <cerrno>
#include <string>

#include "binding/errno.h"

namespace lvsd {

Napi::Function ConnectorHandle::Define(Napi::Env env) {
  return DefineClass(env, "ConnectorHandle",
                     {
                         InstanceMethod<&ConnectorHandle::Start>("start"),
                         InstanceMethod<&ConnectorHandle::Cancel>("cancel"),
                         InstanceMethod<&ConnectorHandle::Collect>("collect"),
                         InstanceMethod<&ConnectorHandle::Watch>("watch"),
                         InstanceMethod<&ConnectorHandle::Close>("close"),
                     });
}

ConnectorHandle::ConnectorHandle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ConnectorHandle>(info) {
  if (Throw(info.Env(), connector_.open())) return;
  napi_add_env_cleanup_hook(info.Env(), &ConnectorHandle::OnEnvironmentEnd, this);
  hooked_ = true;
}

ConnectorHandle::~ConnectorHandle() {
  Shut();
  if (hooked_) napi_remove_env_cleanup_hook(Env(), &ConnectorHandle::OnEnvironmentEnd, this);
}

void ConnectorHandle::OnEnvironmentEnd(void* self) {
  auto* handle = static_cast<ConnectorHandle*>(self);
  handle->hooked_ = false;
  handle->Shut();
}

bool ConnectorHandle::Throw(Napi::Env env, SyscallError error) {
  if (!error) return false;
  errno_error(env, error.error, error.syscall).ThrowAsJavaScriptException();
  return true;
}

/// start(keep, address, port, bindAddress, bindPort, bindInterface, mark): the slot. Allocates nothing for short texts.
Napi::Value ConnectorHandle::Start(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto text = [&](std::size_t i) { return info[i].As<Napi::String>().Utf8Value(); };
  const auto number = [&](std::size_t i) { return info[i].As<Napi::Number>().Uint32Value(); };
  const std::string address = text(1), bind_address = text(3), bind_interface = text(5);
  const Connector::Order order{
      .address = address.c_str(),
      .port = static_cast<std::uint16_t>(number(2)),
      .bind_address = bind_address.c_str(),
      .bind_port = static_cast<std::uint16_t>(number(4)),
      .bind_interface = bind_interface.c_str(),
      .mark = number(6),
      .keep = info[0].As<Napi::Boolean>(),
  };
  std::uint32_t slot = 0;
  if (Throw(env, connector_.start(order, slot))) return env.Undefined();
  if (connector_.in_progress() == 1) watch_.keep_alive(true);
  return Napi::Number::New(env, slot);
}

Napi::Value ConnectorHandle::Cancel(const Napi::CallbackInfo& info) {
  connector_.cancel(info[0].As<Napi::Number>().Uint32Value());
  if (connector_.in_progress() == 0) watch_.keep_alive(false);
  return info.Env().Undefined();
}

/// collect(into): writes (slot, errno, descriptor) for each connection that is decided, as many as fit; says how many.
Napi::Value ConnectorHandle::Collect(const Napi::CallbackInfo& info) {
  Connector::Decided decided[Connector::kBatch];
  auto into = info[0].As<Napi::Int32Array>();
  if (into.ElementLength() < 3 * Connector::kBatch) {
    Throw(info.Env(), {"collect", EINVAL});
    return info.Env().Undefined();
  }
  const std::size_t count = connector_.collect(decided);
  std::int32_t* at = into.Data();
  for (std::size_t i = 0; i < count; ++i) {
    *at++ = static_cast<std::int32_t>(decided[i].slot);
    *at++ = decided[i].error;
    *at++ = decided[i].fd;
  }
  if (connector_.in_progress() == 0) watch_.keep_alive(false);
  return Napi::Number::New(info.Env(), static_cast<double>(count));
}

/// Calls back when something is decided. The process is kept alive only while a connection is in progress.
Napi::Value ConnectorHandle::Watch(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (watch_.started() || connector_.fd() < 0) return env.Undefined();
  const int refused = watch_.start(env, "lvsd.connector", connector_.fd(), info[0].As<Napi::Function>());
  if (refused < 0) Throw(env, {"uv_poll_start", -refused});
  if (connector_.in_progress() == 0) watch_.keep_alive(false);
  return env.Undefined();
}

Napi::Value ConnectorHandle::Close(const Napi::CallbackInfo& info) {
  Shut();
  return info.Env().Undefined();
}

/// The watch first: libuv must not poll a descriptor that is gone.
void ConnectorHandle::Shut() {
  watch_.stop();
  connector_.close();
}

}  // namespace lvsd
