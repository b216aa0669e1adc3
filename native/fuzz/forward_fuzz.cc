// libFuzzer: an engine with services of every kind, and what strangers send to it: frames made of templates and mutations, in batches, while
// time passes, tables change and packets are explained. What an engine promises is checked after every batch.
//
// Input: a byte for the kind of engine, then orders: a byte of what, then what that takes (Player). Ends where the bytes end.
#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <vector>

#include "engine/engine.h"
#include "fuzz/forward_checks.h"
#include "fuzz/forward_world.h"
#include "fuzz/input.h"

using namespace lvsd;
using namespace lvsd::fuzz;

namespace {

struct Sum {
  std::uint64_t forwarded = 0, passed = 0, received = 0, dropped = 0, held = 0;
};

class Player {
 public:
  Player(Input& input, std::uint8_t kind)
      : input_(input),
        engine_({.workers = (kind & 1) != 0 ? 2U : 1U,
                 .sessions = (kind & 2) != 0 ? 16U : 2000U,
                 .most_services = 128,
                 .most_destinations = 256,
                 .held_packets = (kind & 4) != 0 ? 8U : 64U,
                 .secret = {1, 2}}) {
    now_ms_ = (kind & 8) != 0 ? 0xffffffffULL - 5000 : 1000;  // the clock of sessions goes round soon
    require(!engine_.publish_network(world().networks[0]) && !engine_.publish_services(world().services[0]), "images are taken");
  }

  void play() {
    for (int orders = 0; input_.more() && orders < 400; ++orders) order();
    process();
  }

 private:
  void order() {
    const std::uint8_t what = input_.byte();
    switch (what & 15) {
      case 8: return process();
      case 9: return tick(input_.byte());
      case 10: return tick(std::uint64_t{input_.word()} * 8);
      case 11: return publish(input_.byte());
      case 12: return raw(input_.byte());
      case 13: process(); return explain_next();
      case 14: return flush(input_.byte());
      case 15: return dump();
      default: return from_template();
    }
  }

  /// A template, with bytes changed.
  Bytes next_frame(std::uint16_t& port) {
    const std::vector<Bytes>& frames = world().frames;
    Bytes frame = frames[input_.word() % frames.size()];
    const std::uint8_t how = input_.byte();
    port = frame[5] == 2 ? 1 : 0;
    if ((how & 64) != 0) port ^= 1;
    if ((how & 32) != 0) frame[ip_at(frame) + 3 + 4] ^= input_.byte();
    if ((how & 16) != 0 && frame.size() > 34 + 1) frame[34 + 1] = input_.byte();  // source port of IPv4: another flow
    for (int times = how & 3; times > 0; --times) {
      const std::size_t at = input_.word() % 512 % frame.size();
      frame[at] = input_.byte();
    }
    if ((how & 4) != 0) frame.resize(frame.size() - input_.byte() % frame.size());
    if ((how & 8) != 0) repair(frame);
    return frame;
  }
  void from_template() {
    std::uint16_t port;
    const Bytes frame = next_frame(port);
    take(frame, port);
  }
  void raw(std::uint8_t length) {
    Bytes frame = input_.some(length);
    if (frame.size() >= 6 && (length & 1) != 0) mac(kOurMac[0], frame.data());
    repair(frame);
    take(frame, length & 2 ? 1 : 0);
  }
  void take(const Bytes& frame, std::uint16_t port) {
    batch_.emplace_back(frame, port, static_cast<std::uint16_t>(frame.size() % 3 == 0 ? 0 : 64));
    if (batch_.size() == kBatch) process();
  }

  [[nodiscard]] std::uint64_t count(Event what) { return total([what](const EngineCounters& one) { return one.events[static_cast<std::size_t>(what)]; }); }
  [[nodiscard]] std::uint64_t dropped() {
    return total([](const EngineCounters& one) {
      std::uint64_t sum = 0;
      for (const std::uint64_t each : one.dropped) sum += each;
      return sum;
    });
  }
  template <typename What>
  [[nodiscard]] std::uint64_t total(What what) {
    std::uint64_t sum = 0;
    for (std::uint32_t worker = 0; worker < engine_.workers(); ++worker) sum += what(engine_.worker(worker).counters());
    return sum;
  }

  [[nodiscard]] static bool is_ours(const Tables& tables, const Copy& copy) {
    if (copy.packet.port >= tables.ports().size() || copy.before.size() < 12) return false;
    return (copy.before[0] & 1) != 0 || std::memcmp(copy.before.data(), tables.ports()[copy.packet.port].mac, 6) == 0;
  }

  void process() {
    if (batch_.empty()) return;
    const Tables& tables = engine_.enter(0);
    std::vector<std::vector<std::size_t>> of(engine_.workers());
    for (std::size_t index = 0; index < batch_.size(); ++index) {
      const std::uint32_t owner = engine_.worker(static_cast<std::uint32_t>(index % engine_.workers())).owner(tables, batch_[index].packet);
      require(owner < engine_.workers(), "the owner is a worker");
      of[owner].push_back(index);
    }
    for (std::uint32_t worker = 0; worker < engine_.workers(); ++worker) process(worker, tables, of[worker]);
    batch_.clear();
  }

  void process(std::uint32_t worker, const Tables& tables, const std::vector<std::size_t>& which) {
    if (which.empty()) return;
    std::vector<Packet> packets;
    Sum expected;
    for (const std::size_t index : which) {
      packets.push_back(batch_[index].packet);
      expected.received += is_ours(tables, batch_[index]) ? 1 : 0;
    }
    const Sum before = counted();
    engine_.worker(worker).process(tables, packets, now_ms_);
    std::uint64_t others = 0;
    for (std::size_t at = 0; at < packets.size(); ++at) {
      const Copy& copy = batch_[which[at]];
      const Packet& packet = packets[at];
      switch (packet.verdict) {
        case Verdict::forward:
          ++expected.forwarded;
          require(packet.data >= copy.memory.get() && packet.data + packet.length <= copy.end, "frame within its memory");
          check_out(tables, packet, &copy.before);
          break;
        case Verdict::pass:
          ++(is_ours(tables, copy) ? expected.passed : others);
          require(packet.length == copy.before.size() && std::equal(copy.before.begin(), copy.before.end(), packet.data), "passed as it came");
          break;
        case Verdict::drop:
          ++expected.dropped;
          require(packet.reason != 0 && packet.reason < kDropReasons, "dropped for a reason");
          break;
        case Verdict::held: ++expected.held; break;
        default: require(false, "a verdict");
      }
    }
    check_extras(worker, tables, expected);
    compare(before, expected);
  }

  void check_extras(std::uint32_t worker, const Tables& tables, Sum& expected) {
    for (const Packet& packet : engine_.worker(worker).extras()) {
      require(packet.verdict == Verdict::forward || packet.verdict == Verdict::pass, "extras go somewhere");
      ++(packet.verdict == Verdict::forward ? expected.forwarded : expected.passed);
      if (packet.verdict == Verdict::forward) check_out(tables, packet, nullptr);
    }
    for (const NeighbourWanted& wanted : engine_.worker(worker).wanted()) {
      require(wanted.port < tables.ports().size() && !wanted.address.is_zero(), "a neighbour that can be asked for");
    }
  }

  [[nodiscard]] Sum counted() {
    Sum sum;
    sum.forwarded = count(Event::forwarded);
    sum.passed = count(Event::passed);
    sum.received = count(Event::received);
    sum.dropped = dropped();
    sum.held = count(Event::fragments_held) + count(Event::neighbour_held) + count(Event::fragmented) + count(Event::echo_answered) + count(Event::arp_answered);
    return sum;
  }
  void compare(const Sum& before, const Sum& expected) {
    const Sum now = counted();
    require(now.received == before.received + expected.received, "received is counted");
    require(now.forwarded == before.forwarded + expected.forwarded, "forwarded is counted");
    require(now.passed == before.passed + expected.passed, "passed is counted");
    require(now.dropped >= before.dropped + expected.dropped, "dropped is counted");
    require(now.held >= before.held + expected.held, "what is held is counted");
    check_sessions();
  }
  void check_sessions() {
    std::uint64_t live = 0;
    std::int64_t there = 0;
    for (std::uint32_t worker = 0; worker < engine_.workers(); ++worker) {
      const Sessions& sessions = engine_.worker(worker).sessions();
      require(sessions.live() <= 2 * (std::uint64_t{engine_.options().sessions} * 10 / 9 + 8), "no more sessions than there is room for");
      live += sessions.live();
      for (const DestinationCounters& one : engine_.worker(worker).destinations()) {
        require(one.active >= 0 && one.inactive >= 0, "no fewer sessions than none");
        there += one.active + one.inactive;
      }
    }
    require(there <= static_cast<std::int64_t>(live), "no more sessions of destinations than there are");
    require(count(Event::sessions_created) == live + count(Event::sessions_expired) + count(Event::sessions_evicted) + count(Event::sessions_flushed), "every session ends once");
  }

  void tick(std::uint64_t later_ms) {
    process();
    now_ms_ += later_ms;
    const Tables& tables = engine_.enter(0);
    for (std::uint32_t worker = 0; worker < engine_.workers(); ++worker) {
      const Sum before = counted();
      engine_.tick(worker, tables, now_ms_);
      Sum expected;
      check_extras(worker, tables, expected);
      compare(before, expected);
    }
    engine_.collect();
  }

  void publish(std::uint8_t which) {
    process();
    const World& all = world();
    const auto refusal = (which & 1) != 0 ? engine_.publish_network(all.networks[which / 2 % all.networks.size()])
                                          : engine_.publish_services(all.services[which / 2 % all.services.size()]);
    require(!refusal, "images are taken");
  }

  /// What is explained is what then happens, and leaves no trace.
  void explain_next() {
    std::uint16_t port;
    const Bytes frame = next_frame(port);
    const Tables& tables = engine_.enter(0);
    Copy trial(frame, port, 64);
    const std::uint32_t owner = engine_.worker(0).owner(tables, trial.packet);
    tick(0);  // what waits for a first fragment is not among what is compared
    const std::vector<std::uint64_t> before = engine_.counters();
    const std::string told = engine_.worker(owner).explain(engine_.enter(0), trial.packet, now_ms_);
    require(told.size() > 2 && told.front() == '{' && told.back() == '}', "explained");
    require(engine_.counters() == before, "an explanation counts nothing");
    require(trial.packet.verdict != Verdict::forward || trial.packet.port < tables.ports().size(), "port of what is explained");
    Copy real(frame, port, 64);
    Packet packet = real.packet;
    Worker& worker = engine_.worker(owner);
    worker.process(engine_.enter(0), {&packet, 1}, now_ms_);
    if (packet.verdict != Verdict::forward && packet.verdict != Verdict::pass) return;
    require(trial.packet.verdict == packet.verdict, "the verdict that was explained");
    require(trial.packet.port == packet.port && trial.packet.length == packet.length, "the way that was explained");
    const bool same = std::equal(packet.data, packet.data + packet.length, trial.packet.data);
    if (!same) print(packet), print(trial.packet);
    require(same, "the bytes that were explained");
  }

  void flush(std::uint8_t which) {
    process();
    (void)engine_.flush(which < 64 ? which : kNone, which >= 64 && which < 128 ? which - 64 : kNone);
    check_sessions();
  }

  /// All sessions leave, and come to another worker, or back.
  void dump() {
    process();
    const Tables& tables = engine_.enter(0);
    Sessions& from = engine_.worker(0).sessions();
    Sessions& to = engine_.worker(engine_.workers() - 1).sessions();
    std::uint64_t cursor = 0;
    SessionRecord records[32];
    for (int rounds = 0; rounds < 200; ++rounds) {
      const std::size_t count = from.dump(cursor, records, tables, static_cast<std::uint32_t>(now_ms_));
      if (count == 0) break;
      require(count <= 32, "no more records than asked for");
      for (const SessionRecord& record : std::span(records).first(count)) (void)to.load(record, tables, static_cast<std::uint32_t>(now_ms_));
    }
    check_sessions();
  }

  Input& input_;
  Engine engine_;
  std::uint64_t now_ms_;
  std::vector<Copy> batch_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  Input input({data, size});
  const std::uint8_t kind = input.byte();
  Player(input, kind).play();
  return 0;
}
