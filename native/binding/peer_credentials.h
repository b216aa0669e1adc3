#pragma once
#include <napi.h>

namespace lvsd {

/// Who connected to a Unix socket. Adds `peerCredentials` to `exports`.
void define_peer_credentials(Napi::Env env, Napi::Object exports);

}  // namespace lvsd
