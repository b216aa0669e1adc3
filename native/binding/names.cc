#include "binding/names.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <string>

namespace lvsd {
namespace {

/// gethostbyname(3): the first IPv4 address of a name as text, or undefined.
Napi::Value HostByName(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string name = info[0].As<Napi::String>();
  const hostent* host = ::gethostbyname(name.c_str());
  if (host == nullptr || host->h_addrtype != AF_INET || host->h_addr_list[0] == nullptr) return env.Undefined();
  char text[INET_ADDRSTRLEN];
  if (::inet_ntop(AF_INET, host->h_addr_list[0], text, sizeof text) == nullptr) return env.Undefined();
  return Napi::String::New(env, text);
}

/// gethostbyaddr(3): the name of 4 or 16 address bytes, or undefined.
Napi::Value HostByAddress(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto bytes = info[0].As<Napi::Uint8Array>();
  const int family = bytes.ByteLength() == 4 ? AF_INET : AF_INET6;
  const hostent* host = ::gethostbyaddr(bytes.Data(), static_cast<socklen_t>(bytes.ByteLength()), family);
  if (host == nullptr || host->h_name == nullptr) return env.Undefined();
  return Napi::String::New(env, host->h_name);
}

/// getservbyname(3): the port of a service name under `tcp`, `udp` or `sctp`, or undefined.
Napi::Value ServiceByName(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string name = info[0].As<Napi::String>();
  const std::string protocol = info[1].As<Napi::String>();
  const servent* service = ::getservbyname(name.c_str(), protocol.c_str());
  if (service == nullptr) return env.Undefined();
  return Napi::Number::New(env, ntohs(static_cast<std::uint16_t>(service->s_port)));
}

/// getservbyport(3): the name of a port under a protocol, or undefined.
Napi::Value ServiceByPort(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int port = info[0].As<Napi::Number>().Int32Value();
  const std::string protocol = info[1].As<Napi::String>();
  const servent* service = ::getservbyport(htons(static_cast<std::uint16_t>(port)), protocol.c_str());
  if (service == nullptr) return env.Undefined();
  return Napi::String::New(env, service->s_name);
}

}  // namespace

void define_names(Napi::Env env, Napi::Object exports) {
  exports.Set("hostByName", Napi::Function::New<HostByName>(env));
  exports.Set("hostByAddress", Napi::Function::New<HostByAddress>(env));
  exports.Set("serviceByName", Napi::Function::New<ServiceByName>(env));
  exports.Set("serviceByPort", Napi::Function::New<ServiceByPort>(env));
}

}  // namespace lvsd
