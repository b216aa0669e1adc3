#include "binding/advert_handle.h"
#include "binding/connector_handle.h"
#include "binding/datagram_handle.h"
#include "binding/engine_handle.h"
#include "binding/names.h"
#include "binding/netlink_handle.h"

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("abi", Napi::Number::New(env, 5));
  exports.Set("AdvertHandle", lvsd::AdvertHandle::Define(env));
  exports.Set("NetlinkHandle", lvsd::NetlinkHandle::Define(env));
  exports.Set("ConnectorHandle", lvsd::ConnectorHandle::Define(env));
  exports.Set("DatagramHandle", lvsd::DatagramHandle::Define(env));
  exports.Set("EngineHandle", lvsd::EngineHandle::Define(env));
  lvsd::define_names(env, exports);
  return exports;
}
NODE_API_MODULE(lvsd, Init)
