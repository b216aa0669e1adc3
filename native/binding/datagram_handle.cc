#include "binding/datagram_handle.h"

#include <string>

#include "binding/errno.h"

namespace lvsd {

Napi::Function DatagramHandle::Define(Napi::Env env) {
  return DefineClass(env, "DatagramHandle",
                     {
                         InstanceMethod<&DatagramHandle::SetOption>("setOption"),
                         InstanceMethod<&DatagramHandle::BindToDevice>("bindToDevice"),
                         InstanceMethod<&DatagramHandle::Join>("join"),
                         InstanceMethod<&DatagramHandle::Bind>("bind"),
                         InstanceMethod<&DatagramHandle::Connect>("connect"),
                         InstanceMethod<&DatagramHandle::Send>("send"),
                         InstanceMethod<&DatagramHandle::Receive>("receive"),
                         InstanceMethod<&DatagramHandle::Watch>("watch"),
                         InstanceMethod<&DatagramHandle::Close>("close"),
                         InstanceAccessor<&DatagramHandle::Ttl>("ttl"),
                         InstanceAccessor<&DatagramHandle::SenderAddress>("senderAddress"),
                         InstanceAccessor<&DatagramHandle::SenderPort>("senderPort"),
                         InstanceAccessor<&DatagramHandle::LocalPort>("localPort"),
                         InstanceAccessor<&DatagramHandle::IsRaw>("isRaw"),
                     });
}

DatagramHandle::DatagramHandle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<DatagramHandle>(info) {
  const std::string kind = info[0].As<Napi::String>();
  const std::string family = info[1].As<Napi::String>();
  using Kind = DatagramSocket::Kind;
  const Kind what = kind == "icmp" ? Kind::kIcmp : kind == "neighbours" ? Kind::kNeighbours : Kind::kUdp;
  if (Throw(info.Env(), socket_.open(what, family == "ip6" ? AF_INET6 : AF_INET))) return;
  // A worker that is terminated runs no finalizer in time: the hook takes the handle out of its loop before the loop goes.
  napi_add_env_cleanup_hook(info.Env(), &DatagramHandle::OnEnvironmentEnd, this);
  hooked_ = true;
}

DatagramHandle::~DatagramHandle() {
  Shut();
  if (hooked_) napi_remove_env_cleanup_hook(Env(), &DatagramHandle::OnEnvironmentEnd, this);
}

void DatagramHandle::OnEnvironmentEnd(void* self) {
  auto* handle = static_cast<DatagramHandle*>(self);
  handle->hooked_ = false;
  handle->Shut();
}

bool DatagramHandle::Throw(Napi::Env env, SyscallError error) {
  if (!error) return false;
  errno_error(env, error.error, error.syscall).ThrowAsJavaScriptException();
  return true;
}

Napi::Value DatagramHandle::SetOption(const Napi::CallbackInfo& info) {
  // A mark is an unsigned number of 32 bits; setsockopt(2) takes its bits.
  const auto value = static_cast<int>(info[2].As<Napi::Number>().Uint32Value());
  Throw(info.Env(), socket_.set_option(info[0].As<Napi::Number>(), info[1].As<Napi::Number>(), value));
  return info.Env().Undefined();
}

Napi::Value DatagramHandle::BindToDevice(const Napi::CallbackInfo& info) {
  const std::string name = info[0].As<Napi::String>();
  Throw(info.Env(), socket_.bind_to_device(name.c_str()));
  return info.Env().Undefined();
}

Napi::Value DatagramHandle::Join(const Napi::CallbackInfo& info) {
  const std::string group = info[0].As<Napi::String>();
  const std::string interface = info[1].As<Napi::String>();
  Throw(info.Env(), socket_.join(group.c_str(), interface.c_str()));
  return info.Env().Undefined();
}

Napi::Value DatagramHandle::Bind(const Napi::CallbackInfo& info) {
  const std::string address = info[0].As<Napi::String>();
  const auto port = static_cast<std::uint16_t>(info[1].As<Napi::Number>().Uint32Value());
  Throw(info.Env(), socket_.bind(address.c_str(), port));
  return info.Env().Undefined();
}

Napi::Value DatagramHandle::Connect(const Napi::CallbackInfo& info) {
  const std::string address = info[0].As<Napi::String>();
  const auto port = static_cast<std::uint16_t>(info[1].As<Napi::Number>().Uint32Value());
  Throw(info.Env(), socket_.connect(address.c_str(), port));
  return info.Env().Undefined();
}

Napi::Value DatagramHandle::Send(const Napi::CallbackInfo& info) {
  const auto bytes = info[0].As<Napi::Uint8Array>();
  const std::string address = info[1].As<Napi::String>();
  const auto port = static_cast<std::uint16_t>(info[2].As<Napi::Number>().Uint32Value());
  Throw(info.Env(), socket_.send({bytes.Data(), bytes.ByteLength()}, address.c_str(), port));
  return info.Env().Undefined();
}

/// receive(into): the length of the datagram that was copied there, or -1 when none is waiting.
Napi::Value DatagramHandle::Receive(const Napi::CallbackInfo& info) {
  auto into = info[0].As<Napi::Uint8Array>();
  const DatagramSocket::Received received = socket_.receive({into.Data(), into.ByteLength()});
  if (Throw(info.Env(), received.error)) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), received.any ? static_cast<double>(received.length) : -1);
}

/// Calls back whenever there is something to receive or an error to hear of, and keeps the process alive while it watches.
Napi::Value DatagramHandle::Watch(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (watch_.started() || socket_.fd() < 0) return env.Undefined();
  const int refused = watch_.start(env, "lvsd.datagram", socket_.fd(), info[0].As<Napi::Function>());
  if (refused < 0) errno_error(env, -refused, "uv_poll_start").ThrowAsJavaScriptException();
  return env.Undefined();
}

Napi::Value DatagramHandle::Close(const Napi::CallbackInfo& info) {
  Shut();
  return info.Env().Undefined();
}

void DatagramHandle::Shut() {
  watch_.stop();
  socket_.close();
}

Napi::Value DatagramHandle::Ttl(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), socket_.ttl()); }

Napi::Value DatagramHandle::SenderAddress(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), socket_.sender_address());
}

Napi::Value DatagramHandle::SenderPort(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), socket_.sender_port());
}

Napi::Value DatagramHandle::LocalPort(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), socket_.local_port());
}

Napi::Value DatagramHandle::IsRaw(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), socket_.is_raw());
}

}  // namespace lvsd
