#pragma once
#include <napi.h>

namespace lvsd {

/// Datagrams to Unix sockets. Adds `sendUnixDatagram` to `exports`.
void define_unix_datagram(Napi::Env env, Napi::Object exports);

}  // namespace lvsd
