#include "engine/tcp_state.h"

#include "test/tap.h"

using namespace lvsd;
using enum SessionState;
using tcp::kAck, tcp::kFin, tcp::kRst, tcp::kSyn;

namespace {
constexpr std::uint8_t kPush = 0x08, kUrgent = 0x20, kEce = 0x40, kCwr = 0x80;
constexpr bool kClient = false, kServer = true;

/// A connection as rows: who sends what, and the state it is in then.
struct Step {
  bool from_server;
  std::uint8_t flags;
  SessionState then;
};
template <std::size_t N>
void walk(std::uint8_t first, SessionState begins, const Step (&steps)[N]) {
  SessionState state = first_tcp_state(first);
  CHECK_EQUAL(static_cast<int>(state), static_cast<int>(begins));
  for (const Step& step : steps) {
    state = next_state(state, step.flags, step.from_server);
    CHECK_EQUAL(static_cast<int>(state), static_cast<int>(step.then));
  }
}
}  // namespace

TEST("first packet: the state by its flags, a flow met in the middle is established") {
  struct Row { std::uint8_t flags; SessionState state; };
  const Row rows[] = {
      {kSyn, syn}, {kSyn | kEce | kCwr, syn}, {kSyn | kAck, syn}, {kAck, established}, {kAck | kPush, established},
      {kFin | kAck, fin}, {kFin, fin}, {kRst, closed}, {kRst | kAck, closed}, {kRst | kSyn, closed}, {0, closed}, {kPush | kUrgent, closed},
  };
  for (const Row& row : rows) CHECK_EQUAL(static_cast<int>(first_tcp_state(row.flags)), static_cast<int>(row.state));
}

TEST("only the client is seen: handshake, data, close") {
  walk(kSyn, syn, {{kClient, kSyn, syn}, {kClient, kAck, established}, {kClient, kAck | kPush, established},
                   {kClient, kSyn, established}, {kClient, kFin | kAck, fin}, {kClient, kAck, fin}, {kClient, kRst, closed},
                   {kClient, kAck, closed}});
}

TEST("both are seen: a server's SYN-ACK and ACK do not establish, the client's ACK does") {
  walk(kSyn, syn, {{kServer, kSyn | kAck, syn}, {kServer, kAck, syn}, {kClient, kAck, established},
                   {kServer, kAck | kPush, established}, {kServer, kFin | kAck, fin}, {kClient, kAck, fin}, {kClient, kFin | kAck, fin},
                   {kServer, kAck, fin}});
}

TEST("a server that refuses closes; a segment without flags changes nothing") {
  walk(kSyn, syn, {{kServer, kRst | kAck, closed}, {kClient, kAck, closed}});
  walk(kSyn, syn, {{kClient, 0, syn}, {kServer, 0, syn}, {kClient, kPush, syn}});
  walk(kAck, established, {{kClient, 0, established}, {kClient, kUrgent | kPush, established}});
}

TEST("a SYN in a connection that has ended is a new one, and only a bare SYN is") {
  for (const SessionState state : {fin, closed}) {
    CHECK(restarts_tcp(state, kSyn));
    CHECK(restarts_tcp(state, kSyn | kEce | kCwr));
    CHECK(!restarts_tcp(state, kSyn | kAck));
    CHECK(!restarts_tcp(state, kAck));
    CHECK(!restarts_tcp(state, kSyn | kRst));
    CHECK(!restarts_tcp(state, kSyn | kFin));
  }
  for (const SessionState state : {syn, established, udp, icmp, other, affinity}) CHECK(!restarts_tcp(state, kSyn));
}

TEST("other protocols' states stay, whatever the flags") {
  for (const SessionState state : {udp, icmp, other, affinity}) {
    for (unsigned flags = 0; flags < 256; ++flags) {
      CHECK(next_state(state, static_cast<std::uint8_t>(flags), kClient) == state);
      CHECK(next_state(state, static_cast<std::uint8_t>(flags), kServer) == state);
    }
  }
}

TEST("nothing that the server sends makes a connection established") {
  for (const SessionState state : {syn, fin, closed}) {
    for (unsigned flags = 0; flags < 256; ++flags) CHECK(next_state(state, static_cast<std::uint8_t>(flags), kServer) != established);
  }
}

int main() { return lvsd::test::run_all(); }
