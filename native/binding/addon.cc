#include "binding/advert_handle.h"
#include "binding/connector_handle.h"
#include "binding/datagram_handle.h"
#include "binding/engine_handle.h"
#include "binding/names.h"
#include "binding/netlink_handle.h"
#include "binding/peer_credentials.h"
#include "binding/unix_datagram.h"

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("abi", Napi::Number::New(env, 7));
  exports.Set("AdvertHandle", lvsd::AdvertHandle::Define(env));
  exports.Set("NetlinkHandle", lvsd::NetlinkHandle::Define(env));
  exports.Set("ConnectorHandle", lvsd::ConnectorHandle::Define(env));
  exports.Set("DatagramHandle", lvsd::DatagramHandle::Define(env));
  exports.Set("EngineHandle", lvsd::EngineHandle::Define(env));
  lvsd::define_names(env, exports);
  lvsd::define_peer_credentials(env, exports);
  lvsd::define_unix_datagram(env, exports);
  return exports;
}
NODE_API_MODULE(lvsd, Init)
