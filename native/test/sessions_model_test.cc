// Sessions against a model that is a std::map: hundreds of thousands of steps, every answer and every counter compared.
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "engine/sessions.h"
#include "test/session_fixture.h"
#include "test/tap.h"

using namespace lvsd;
using namespace lvsd::test;
using tcp::kAck, tcp::kFin, tcp::kRst, tcp::kSyn;

namespace {

using Name = std::tuple<bool, std::uint32_t, std::uint8_t>;  // v4, number, protocol

struct Known {
  std::uint32_t destination;
  SessionState state;
  bool proved;
  std::uint64_t ends;  ///< by a clock that does not wrap
  std::optional<std::uint16_t> reply_port;
};

Name name_of(const FlowKey& key) {
  const bool v4 = key.vip.is_v4();
  std::uint32_t client;
  std::memcpy(&client, &key.client.bytes[12], 4);
  return {v4, (__builtin_bswap32(client) - 0x0a000000) * 50'000 + key.client_port - 1'024, key.protocol};
}
FlowKey key_of(const Name& name) { return flow(std::get<1>(name), std::get<0>(name), std::get<2>(name)); }

class Play {
 public:
  Play(std::uint64_t seed, std::uint32_t capacity, std::uint32_t universe, std::uint64_t start)
      : dice_(seed), bench_(capacity, kDestinations), universe_(universe), now_(start) {
    bench_.sessions.follow(true);
  }

  void step() {
    const std::uint32_t dice = dice_.below(1'000);
    if (dice < 700) return packet();
    if (dice < 800) return reply();
    if (dice < 805) return erase();
    if (dice < 840) return redirect();
    if (dice < 900) return (void)bench_.sessions.sweep(1 + dice_.below(8), bench_.tables, ms()), drain();
    if (dice < 998) return (void)(now_ += dice_.below(200));
    if (dice < 999) return (void)(now_ += dice_.below(200'000));
    flush();
  }

  void compare_all() {
    std::int64_t active[kDestinations] = {}, inactive[kDestinations] = {};
    std::set<Name> living;
    for (const auto& [name, known] : model_) {
      ++(known.state == SessionState::established ? active : inactive)[known.destination];
      const std::uint32_t handle = bench_.find(key_of(name), ms());
      CHECK_EQUAL(handle != kNone, known.ends > now_);
      if (known.ends > now_) living.insert(name);
      if (handle != kNone) compare(handle, name, known);
    }
    for (std::size_t i = 0; i < kDestinations; ++i) {
      CHECK_EQUAL(bench_.counters[i].active, active[i]);
      CHECK_EQUAL(bench_.counters[i].inactive, inactive[i]);
    }
    CHECK_EQUAL(bench_.sessions.live(), model_.size());
    CHECK_EQUAL(bench_.event(Event::sessions_created), model_.size() + bench_.event(Event::sessions_expired) +
                                                         bench_.event(Event::sessions_evicted) + bench_.event(Event::sessions_flushed));
    compare_dump(living);
  }
  [[nodiscard]] std::uint64_t evicted() const { return bench_.event(Event::sessions_evicted); }

 private:
  static constexpr std::size_t kDestinations = 16;

  [[nodiscard]] std::uint32_t ms() const { return static_cast<std::uint32_t>(now_); }
  Name any() {
    static constexpr std::uint8_t kProtocols[] = {kTcp, kTcp, kTcp, kUdp, 132};
    return {dice_.below(3) != 0, dice_.below(universe_), kProtocols[dice_.below(5)]};
  }
  std::uint64_t wait(SessionState state) const {
    const image::Settings& settings = bench_.tables.settings();
    const std::uint32_t seconds[] = {settings.tcp_syn, settings.tcp_established, settings.tcp_fin, settings.tcp_closed,
                                     settings.udp, settings.icmp, settings.other, 0};
    return seconds[static_cast<std::size_t>(state)] * std::uint64_t{1'000};
  }

  void compare(std::uint32_t handle, const Name& name, const Known& known) {
    CHECK(bench_.sessions.key(handle) == key_of(name));
    CHECK_EQUAL(bench_.sessions.destination(handle), known.destination);
    CHECK(bench_.sessions.state(handle) == known.state);
    CHECK_EQUAL(bench_.sessions.is_proved(handle), known.proved);
    CHECK_EQUAL(bench_.sessions.remaining_ms(handle, ms()), known.ends - now_);
    if (known.reply_port) CHECK_EQUAL(find_reply(name, known), handle);
  }
  std::uint32_t find_reply(const Name& name, const Known& known) const {
    const FlowKey key = key_of(name);
    return bench_.sessions.find_reverse(address_of(std::get<0>(name), 77), *known.reply_port, key.client, key.client_port,
                                        key.protocol, ms());
  }

  /// What the engine says has ended or begun must be what may.
  void drain(const Name* began = nullptr) {
    SessionRecord records[64];
    bool lost = false;
    for (std::size_t count; (count = bench_.sessions.changes(records, lost, bench_.tables, ms())) != 0;) {
      for (std::size_t i = 0; i < count; ++i) {
        const SessionRecord& record = records[i];
        const Name name =
            name_of({record.client, record.vip, record.client_port, record.vip_port, record.protocol, record.affinity != 0});
        if (record.gone == 0) continue;
        const auto known = model_.find(name);
        CHECK(known != model_.end());
        if (known == model_.end()) continue;
        const bool may_end = known->second.ends <= now_ || !known->second.proved || known->second.state == SessionState::closed ||
                             (began != nullptr && name == *began) || ending_.contains(name);
        CHECK(may_end);
        model_.erase(known);
      }
    }
    CHECK(!lost);
    ending_.clear();
  }

  void packet() {
    Name name = any();
    if (dice_.below(3) != 0) {  // most packets are of flows that are known
      const auto near = model_.lower_bound(name);
      if (near != model_.end()) name = near->first;
    }
    const FlowKey key = key_of(name);
    static constexpr std::uint8_t kFlags[] = {kRst, kFin | kAck, kSyn, kSyn, kSyn};
    const std::uint32_t which = dice_.below(25);
    const std::uint8_t flags = key.protocol != kTcp ? 0 : which < 5 ? kFlags[which] : kAck;
    const auto known = model_.find(name);
    const bool lives = known != model_.end() && known->second.ends > now_;
    const std::uint32_t handle = bench_.find(key, ms());
    CHECK_EQUAL(handle != kNone, lives);
    if (lives && handle != kNone && !bench_.sessions.restarts(handle, flags)) {
      Known& session = known->second;
      compare(handle, name, session);
      if (dice_.below(2) == 0) {
        bench_.touch(handle, flags, false, ms());
      } else {
        const std::uint32_t known = go_on(key, flags);
        CHECK(known != kNone);
        CHECK_EQUAL(Sessions::destination_in(known), session.destination);
      }
      session.state = next_state(session.state, flags, false);
      session.proved = session.proved || (flags & kSyn) == 0;
      session.ends = now_ + wait(session.state);
      drain();
      return compare(handle, name, session);
    }
    CHECK_EQUAL(go_on(key, flags), kNone);
    begin(name, key, flags);
  }

  /// What the path of established flows does.
  std::uint32_t go_on(const FlowKey& key, std::uint8_t flags) {
    const std::uint64_t hash = bench_.sessions.hash(key);
    const bool v4 = key.vip.is_v4();
    return bench_.sessions.go_on(bench_.sessions.aim(hash, v4), hash, v4, flags, bench_.tables.only(), ms());
  }

  void begin(const Name& name, const FlowKey& key, std::uint8_t flags) {
    const std::uint32_t destination = dice_.below(kDestinations);
    const std::uint32_t handle = bench_.insert(key, destination, flags, ms());
    drain(&name);
    if (handle == kNone) return;  // all that could make room go on
    CHECK(!model_.contains(name));
    const SessionState state = key.protocol == kTcp   ? first_tcp_state(flags)
                               : key.protocol == kUdp ? SessionState::udp
                                                      : SessionState::other;
    Known& session = model_[name] = {destination, state, false, now_ + wait(state), std::nullopt};
    if (dice_.below(2) == 0) {
      const auto port = static_cast<std::uint16_t>(dice_.below(60'000));
      if (bench_.sessions.insert_reverse(handle, address_of(std::get<0>(name), 77), port, key.client, key.client_port)) {
        session.reply_port = port;
      }
    }
    compare(handle, name, session);
  }

  void reply() {
    const auto at = model_.lower_bound(any());
    if (at == model_.end() || !at->second.reply_port) return;
    Known& session = at->second;
    const std::uint32_t handle = find_reply(at->first, session);
    CHECK_EQUAL(handle != kNone, session.ends > now_);
    if (handle == kNone) return;
    const std::uint8_t flags = std::get<2>(at->first) == kTcp ? (dice_.below(8) == 0 ? kFin | kAck : kAck) : 0;
    bench_.touch(handle, flags, true, ms());
    session.state = next_state(session.state, flags, true);
    session.ends = now_ + wait(session.state);
    drain();
    compare(handle, at->first, session);
  }

  void erase() {
    const auto at = model_.lower_bound(any());
    if (at == model_.end() || at->second.ends <= now_) return;
    const Known was = at->second;
    const Name name = at->first;
    ending_.insert(name);
    bench_.sessions.erase(bench_.find(key_of(name), ms()));
    drain();
    CHECK(!model_.contains(name));
    if (was.reply_port) CHECK_EQUAL(find_reply(name, was), kNone);
  }

  void redirect() {
    const auto at = model_.lower_bound(any());
    if (at == model_.end() || at->second.ends <= now_) return;
    const std::uint32_t handle = bench_.find(key_of(at->first), ms());
    const Known was = at->second;
    at->second.destination = dice_.below(kDestinations);
    at->second.reply_port = std::nullopt;
    bench_.sessions.redirect(handle, at->second.destination);
    drain();
    compare(handle, at->first, at->second);
    if (was.reply_port) CHECK_EQUAL(find_reply(at->first, was), kNone);
  }

  void flush() {
    const std::uint32_t destination = dice_.below(kDestinations);
    std::uint32_t should = 0;
    for (const auto& [name, known] : model_) {
      if (known.destination != destination) continue;
      ending_.insert(name);
      ++should;
    }
    CHECK_EQUAL(bench_.sessions.flush([=](const FlowKey&, std::uint32_t to) { return to == destination; }), should);
    drain();
  }

  void compare_dump(const std::set<Name>& living) {
    std::set<Name> dumped;
    std::uint64_t cursor = 0;
    SessionRecord records[37];
    for (std::size_t count; (count = bench_.sessions.dump(cursor, records, bench_.tables, ms())) != 0;) {
      for (std::size_t i = 0; i < count; ++i) {
        const SessionRecord& record = records[i];
        const Name name = name_of({record.client, record.vip, record.client_port, record.vip_port, record.protocol, false});
        CHECK(dumped.insert(name).second);
        const auto known = model_.find(name);
        CHECK(known != model_.end() && record.remaining_ms == known->second.ends - now_ &&
              record.state == static_cast<std::uint8_t>(known->second.state) &&
              record.destination == bench_.tables.destination(known->second.destination).address && record.gone == 0);
      }
    }
    CHECK(dumped == living);
  }

  Dice dice_;
  Bench bench_;
  std::uint32_t universe_;
  std::uint64_t now_;
  std::map<Name, Known> model_;
  std::set<Name> ending_;
};

void play(std::uint64_t seed, std::uint32_t capacity, std::uint32_t universe, std::uint64_t start, int steps) {
  Play play(seed, capacity, universe, start);
  for (int step = 0; step < steps; ++step) {
    play.step();
    if (step % 5'000 == 0) play.compare_all();
  }
  play.compare_all();
  if (universe >= 4 * capacity) CHECK(play.evicted() > 1'000);
}

}  // namespace

TEST("roomy table: 150,000 steps as the model says") { play(1, 4'000, 1'500, 0, 150'000); }
TEST("crowded table: 200,000 steps, with evictions and moves") { play(2, 150, 1'000, 5, 200'000); }
TEST("very small table: 100,000 steps") { play(3, 4, 100, 77, 100'000); }
TEST("the clock goes round: 150,000 steps") { play(4, 600, 1'000, 0xffffffff - 20'000'000, 150'000); }
TEST("the clock goes round its middle: 100,000 steps") { play(5, 300, 1'000, 0x7fffffff - 10'000'000, 100'000); }

TEST("a dump in pieces misses no session that lives all the while, however much comes and goes and moves") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Dice dice(seed);
    Bench bench(1'200, 2);
    std::set<std::uint32_t> steady, seen;
    const auto establish = [&bench](std::uint32_t n) {
      const std::uint32_t handle = bench.insert(flow(n, n % 2 == 0), 0, kAck, 0);
      if (handle != kNone) bench.touch(handle, kAck, false, 0);
      return handle != kNone;
    };
    for (std::uint32_t n = 0; n < 1'500; ++n) {
      if (establish(n)) steady.insert(n);
    }
    std::vector<std::uint32_t> passing;
    std::uint64_t cursor = 0;
    std::uint32_t next = 10'000;
    SessionRecord records[5];
    for (std::size_t count; (count = bench.sessions.dump(cursor, records, bench.tables, 0)) != 0;) {
      for (std::size_t i = 0; i < count; ++i) seen.insert(std::get<1>(name_of({records[i].client, records[i].vip, records[i].client_port, 0, 0, false})));
      for (int i = 0; i < 60; ++i) {  // the rest of the table is filled and emptied again and again
        if (dice.below(2) == 0 || passing.empty()) {
          if (establish(next)) passing.push_back(next);
          ++next;
        } else {
          std::swap(passing[dice.below(static_cast<std::uint32_t>(passing.size()))], passing.back());
          bench.sessions.erase(bench.find(flow(passing.back(), passing.back() % 2 == 0), 0));
          passing.pop_back();
        }
      }
      for (int i = 0; i < 60 && passing.size() < 1'100; ++i, ++next) {
        if (establish(next)) passing.push_back(next);
      }
    }
    std::uint32_t missed = 0;
    for (const std::uint32_t n : steady) missed += seen.contains(n) ? 0 : 1;
    CHECK_EQUAL(missed, 0u);
  }
}

TEST("changes that do not fit the log are told as lost, once") {
  Bench bench(100'000, 2);
  bench.sessions.follow(true);
  for (std::uint32_t n = 0; n < Sessions::kChanges + 10; ++n) (void)bench.insert(flow(n), 0, kAck, 0);
  std::vector<SessionRecord> records(Sessions::kChanges + 100);
  bool lost = false;
  CHECK_EQUAL(bench.sessions.changes(records, lost, bench.tables, 0), Sessions::kChanges);
  CHECK(lost);
  (void)bench.insert(flow(1'000'000), 1, kSyn, 0);
  CHECK_EQUAL(bench.sessions.changes(records, lost, bench.tables, 0), 1u);
  CHECK(!lost);
  CHECK(records[0].destination == bench.tables.destination(1).address && records[0].remaining_ms == 60'000);
  bench.sessions.follow(false);
  (void)bench.insert(flow(1'000'001), 1, kSyn, 0);
  CHECK_EQUAL(bench.sessions.changes(records, lost, bench.tables, 0), 0u);
}

int main() { return lvsd::test::run_all(); }
