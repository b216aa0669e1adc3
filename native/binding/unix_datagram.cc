#include "binding/unix_datagram.h"

#include <string>

#include "binding/errno.h"
#include "socket/unix_datagram.h"

namespace lvsd {
namespace {

/// (path, bytes). Throws { code, errno, syscall }.
void SendUnixDatagram(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string path = info[0].As<Napi::String>();
  const auto bytes = info[1].As<Napi::Uint8Array>();
  if (const SyscallError error = send_unix_datagram(path, {bytes.Data(), bytes.ByteLength()}))
    errno_error(env, error.error, error.syscall).ThrowAsJavaScriptException();
}

}  // namespace

void define_unix_datagram(Napi::Env env, Napi::Object exports) {
  exports.Set("sendUnixDatagram", Napi::Function::New<SendUnixDatagram>(env));
}

}  // namespace lvsd
