#include "binding/netlink_handle.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "binding/errno.h"

namespace lvsd {

Napi::Function NetlinkHandle::Define(Napi::Env env) {
  return DefineClass(env, "NetlinkHandle",
                     {
                         InstanceMethod<&NetlinkHandle::Send>("send"),
                         InstanceMethod<&NetlinkHandle::Receive>("receive"),
                         InstanceMethod<&NetlinkHandle::SetOption>("setOption"),
                         InstanceMethod<&NetlinkHandle::Watch>("watch"),
                         InstanceMethod<&NetlinkHandle::Close>("close"),
                         InstanceAccessor<&NetlinkHandle::PortId>("portId"),
                         InstanceAccessor<&NetlinkHandle::Dropped>("dropped"),
                     });
}

NetlinkHandle::NetlinkHandle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<NetlinkHandle>(info) {
  const int protocol = info[0].As<Napi::Number>().Int32Value();
  const std::string namespace_path = info[1].As<Napi::String>();
  if (Throw(info.Env(), socket_.open(protocol, namespace_path.c_str()))) return;
  // A worker that is terminated runs no finalizer in time: the hook takes the handle out of its loop before the loop goes.
  napi_add_env_cleanup_hook(info.Env(), &NetlinkHandle::OnEnvironmentEnd, this);
  hooked_ = true;
}

NetlinkHandle::~NetlinkHandle() {
  Shut();
  if (hooked_) napi_remove_env_cleanup_hook(Env(), &NetlinkHandle::OnEnvironmentEnd, this);
}

void NetlinkHandle::OnEnvironmentEnd(void* self) {
  auto* handle = static_cast<NetlinkHandle*>(self);
  handle->hooked_ = false;
  handle->Shut();
}

bool NetlinkHandle::Throw(Napi::Env env, SyscallError error) {
  if (!error) return false;
  errno_error(env, error.error, error.syscall).ThrowAsJavaScriptException();
  return true;
}

Napi::Value NetlinkHandle::Send(const Napi::CallbackInfo& info) {
  const auto datagram = info[0].As<Napi::Uint8Array>();
  Throw(info.Env(), socket_.send({datagram.Data(), datagram.ByteLength()}));
  return info.Env().Undefined();
}

/// receive(into, at): copies waiting datagrams into `into` from `at` on, each at a multiple of four, as many as fit.
/// Returns where each ends, or undefined when nothing is waiting. JavaScript's memory is used again and again: a fresh
/// ArrayBuffer per datagram costs the garbage collector more than the kernel needs to fill it.
Napi::Value NetlinkHandle::Receive(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (next_ == pending_) {
    const NetlinkSocket::Received received = socket_.receive();
    dropped_ += static_cast<std::uint32_t>(received.foreign + received.truncated);
    if (Throw(env, received.error)) return env.Undefined();
    next_ = 0;
    pending_ = received.datagrams;
    if (pending_ == 0 && received.foreign + received.truncated == 0) return env.Undefined();
  }
  auto into = info[0].As<Napi::Uint8Array>();
  std::size_t at = static_cast<std::size_t>(info[1].As<Napi::Number>().Int64Value());
  auto ends = Napi::Array::New(env);
  for (; next_ < pending_; ++next_) {
    const auto datagram = socket_.datagram(next_);
    if (at > into.ByteLength() || datagram.size() > into.ByteLength() - at) break;
    std::memcpy(into.Data() + at, datagram.data(), datagram.size());
    ends.Set(ends.Length(), Napi::Number::New(env, static_cast<double>(at + datagram.size())));
    at = (at + datagram.size() + 3) & ~std::size_t{3};
  }
  return ends;
}

Napi::Value NetlinkHandle::SetOption(const Napi::CallbackInfo& info) {
  Throw(info.Env(), socket_.set_option(info[0].As<Napi::Number>(), info[1].As<Napi::Number>(), info[2].As<Napi::Number>()));
  return info.Env().Undefined();
}

/// Calls back whenever the socket has something to read, and keeps the process alive while it watches.
Napi::Value NetlinkHandle::Watch(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (watch_.started() || socket_.fd() < 0) return env.Undefined();
  const int refused = watch_.start(env, "lvsd.netlink", socket_.fd(), info[0].As<Napi::Function>());
  if (refused < 0) errno_error(env, -refused, "uv_poll_start").ThrowAsJavaScriptException();
  return env.Undefined();
}

Napi::Value NetlinkHandle::Close(const Napi::CallbackInfo& info) {
  Shut();
  return info.Env().Undefined();
}

void NetlinkHandle::Shut() {
  watch_.stop();
  socket_.close();
}

Napi::Value NetlinkHandle::PortId(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), socket_.port_id());
}

Napi::Value NetlinkHandle::Dropped(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), dropped_); }

}  // namespace lvsd
