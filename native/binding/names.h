#pragma once
#include <napi.h>

namespace lvsd {

/// The resolver's blocking calls that the ipvsadm face needs with the original's semantics. Adds them to `exports`.
void define_names(Napi::Env env, Napi::Object exports);

}  // namespace lvsd
