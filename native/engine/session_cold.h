#pragma once
#include "engine/sessions.h"

/// What stands beside a session's slot, in arrays of the same places. Only sessions*.cc and snat.cc look here.
namespace lvsd {

struct Sessions::Cold4 {
  std::uint32_t client, vip;  ///< network order
  std::uint16_t client_port, vip_port;
  std::uint8_t protocol, affinity;
  std::uint16_t zero;
};
struct Sessions::Cold6 {
  Address client, vip;
  std::uint16_t client_port, vip_port;
  std::uint8_t protocol, affinity;
  std::uint16_t zero;
};
struct Sessions::Given4 {
  std::uint32_t address;  ///< network order
  std::uint16_t port, pool;
};
struct Sessions::Given6 {
  std::array<std::uint8_t, 16> address;
  std::uint16_t port, pool;
};

/// A session as it was when something became of it.
struct Sessions::Change {
  FlowKey key;
  Snat snat;
  std::uint64_t hash;
  std::uint32_t destination, deadline;
  SessionState state;
  bool gone;
};
struct Sessions::Changes {
  std::array<Change, kChanges> ring;
  std::uint64_t told = 0, made = 0;  ///< how many ever; place in the ring modulo its size
  bool lost = false;
};

}  // namespace lvsd
