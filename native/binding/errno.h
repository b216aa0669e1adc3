#pragma once
#include <napi.h>
#include <uv.h>

#include <string>

namespace lvsd {

/// The only way an errno leaves C++: an Error shaped like Node's own, { code, errno, syscall }.
inline Napi::Error errno_error(Napi::Env env, int err, const char* syscall) {
  const std::string code = uv_err_name(-err);
  Napi::Error error = Napi::Error::New(env, code + ": " + uv_strerror(-err) + ", " + syscall);
  error.Set("code", Napi::String::New(env, code));
  error.Set("errno", Napi::Number::New(env, -err));
  error.Set("syscall", Napi::String::New(env, syscall));
  return error;
}

}  // namespace lvsd
