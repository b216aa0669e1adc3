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
  if (poll_ != nullptr || socket_.fd() < 0) return env.Undefined();
  on_readable_ = Napi::Persistent(info[0].As<Napi::Function>());

  uv_loop_t* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  napi_async_init(env, nullptr, Napi::String::New(env, "lvsd.netlink"), &async_context_);
  poll_ = new Poll{{}, this};
  poll_->handle.data = poll_;
  uv_poll_init(loop, &poll_->handle, socket_.fd());
  const int started = uv_poll_start(&poll_->handle, UV_READABLE, [](uv_poll_t* handle, int, int) {
    auto* poll = static_cast<Poll*>(handle->data);
    if (poll->owner != nullptr) poll->owner->OnReadable();
  });
  if (started < 0) errno_error(env, -started, "uv_poll_start").ThrowAsJavaScriptException();
  return env.Undefined();
}

/// An exception of the callback is an uncaught exception of JavaScript, not an abort of the process.
void NetlinkHandle::OnReadable() {
  const Napi::Env env = Env();
  const Napi::HandleScope scope(env);
  napi_value ignored;
  const napi_status status =
      napi_make_callback(env, async_context_, Value(), on_readable_.Value(), 0, nullptr, &ignored);
  if (status == napi_pending_exception) {
    napi_value exception;
    napi_get_and_clear_last_exception(env, &exception);
    napi_fatal_exception(env, exception);
  }
}

Napi::Value NetlinkHandle::Close(const Napi::CallbackInfo& info) {
  Shut();
  return info.Env().Undefined();
}

void NetlinkHandle::Shut() {
  if (poll_ != nullptr) {
    poll_->owner = nullptr;
    uv_poll_stop(&poll_->handle);
    uv_close(reinterpret_cast<uv_handle_t*>(&poll_->handle),
             [](uv_handle_t* handle) { delete static_cast<Poll*>(handle->data); });
    poll_ = nullptr;
    napi_async_destroy(Env(), async_context_);
    on_readable_.Reset();
  }
  socket_.close();
}

Napi::Value NetlinkHandle::PortId(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), socket_.port_id());
}

Napi::Value NetlinkHandle::Dropped(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), dropped_); }

}  // namespace lvsd
