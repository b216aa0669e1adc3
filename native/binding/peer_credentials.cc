#include "binding/peer_credentials.h"

#include <cstdint>

#include "binding/errno.h"
#include "socket/peer_credentials.h"

namespace lvsd {
namespace {

/// (descriptor) → { pid, uid, gid, groups }. Throws { code, errno, syscall }.
Napi::Value PeerCredentialsOf(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  PeerCredentials peer;
  if (const SyscallError error = read_peer_credentials(info[0].As<Napi::Number>().Int32Value(), peer)) {
    errno_error(env, error.error, error.syscall).ThrowAsJavaScriptException();
    return env.Undefined();
  }
  Napi::Array groups = Napi::Array::New(env, peer.groups.size());
  for (std::uint32_t i = 0; i < peer.groups.size(); i++) groups.Set(i, Napi::Number::New(env, peer.groups[i]));
  Napi::Object result = Napi::Object::New(env);
  result.Set("pid", Napi::Number::New(env, peer.pid));
  result.Set("uid", Napi::Number::New(env, peer.uid));
  result.Set("gid", Napi::Number::New(env, peer.gid));
  result.Set("groups", groups);
  return result;
}

}  // namespace

void define_peer_credentials(Napi::Env env, Napi::Object exports) {
  exports.Set("peerCredentials", Napi::Function::New<PeerCredentialsOf>(env));
}

}  // namespace lvsd
