// Workers with their threads and queues: what goes from one to the other.
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <utility>

#include "dataplane/io_thread.h"
#include "test/site.h"
#include "test/tap.h"

using namespace lvsd;
using namespace lvsd::test;

namespace {

/// A queue whose other side is the test: frames it receives, frames it has sent.
class TestQueue final : public PortQueue {
 public:
  TestQueue() : event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC | EFD_SEMAPHORE)) {}

  void arrive(const std::vector<Bytes>& frames) {
    const std::lock_guard lock(mutex_);
    for (const Bytes& frame : frames) {
      Bytes& memory = memory_.emplace_back(kRoom + frame.size() + kRoom);
      std::copy(frame.begin(), frame.end(), memory.begin() + kRoom);
      waiting_.push_back({.data = memory.data() + kRoom, .length = static_cast<std::uint32_t>(frame.size()), .headroom = kRoom, .tailroom = kRoom});
    }
    const std::uint64_t count = frames.size();
    if (::write(event_.get(), &count, sizeof count) < 0) std::abort();
  }
  [[nodiscard]] std::vector<Bytes> sent() {
    const std::lock_guard lock(mutex_);
    return sent_;
  }

  std::size_t receive(std::span<Packet> into) noexcept override {
    const std::lock_guard lock(mutex_);
    std::size_t count = 0;
    for (std::uint64_t one; count < into.size() && !waiting_.empty(); ++count) {
      if (::read(event_.get(), &one, sizeof one) < 0) std::abort();
      into[count] = waiting_.front();
      waiting_.pop_front();
    }
    return count;
  }
  std::size_t send(std::span<const Packet> packets) noexcept override {
    const std::lock_guard lock(mutex_);
    for (const Packet& packet : packets) sent_.emplace_back(packet.data, packet.data + packet.length);
    return packets.size();
  }
  [[nodiscard]] bool shares(const Packet&) const noexcept override { return false; }
  void free(std::span<const Packet>) noexcept override {}
  void flush() noexcept override {}
  [[nodiscard]] int descriptor() const noexcept override { return event_.get(); }
  [[nodiscard]] int take_error() noexcept override { return 0; }
  void close() noexcept override {}
  [[nodiscard]] const QueueCounts& counts() const noexcept override { return counts_; }

 private:
  static constexpr std::uint16_t kRoom = 256;
  std::mutex mutex_;
  std::deque<Bytes> memory_;
  std::deque<Packet> waiting_;
  std::vector<Bytes> sent_;
  UniqueFd event_;
  QueueCounts counts_;
};

/// Until it holds, thirty seconds at most.
template <typename Condition>
[[nodiscard]] bool await(Condition holds) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!holds() && std::chrono::steady_clock::now() < until) ::poll(nullptr, 0, 5);
  return holds();
}

/// Two workers between clients (port 0) and servers (port 1); both ports have one queue, the first worker's.
class TwoWorkers {
 public:
  explicit TwoWorkers(const ServicesImage& services) {
    CHECK(!engine_.publish_network(clients_and_servers().bytes()) && !engine_.publish_services(services.bytes()));
    plant_.told.reset(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    for (int at = 0; at < 4; ++at) plant_.hand_over.push_back(std::make_unique<HandOver>());
    for (std::uint32_t index = 0; index < 2; ++index) threads_.push_back(std::make_unique<IoThread>(plant_, index));
    for (std::uint32_t index = 0; index < 2; ++index) {
      threads_[index]->set_peers(threads_);
      engine_.set_wake(index, [this, index] { threads_[index]->wake(); });
      threads_[index]->start(-1);
    }
    engine_.run_on(0, [this](Worker&, const Tables&) {
      for (std::uint32_t port = 0; port < 2; ++port) threads_[0]->add(port, &queues[port]);
    });
    engine_.run_on(1, [this](Worker&, const Tables&) {
      for (std::uint32_t port = 0; port < 2; ++port) threads_[1]->set_sender(port, 0);
    });
  }
  ~TwoWorkers() {
    for (const auto& thread : threads_) thread->stop();
  }

  /// What left by the port, when so many frames have.
  [[nodiscard]] std::vector<Bytes> sent_by(std::uint32_t port, std::size_t count) {
    CHECK(await([&] { return queues[port].sent().size() >= count; }));
    return queues[port].sent();
  }
  [[nodiscard]] std::uint64_t event(std::uint32_t worker, Event what) {
    std::uint64_t count = 0;
    engine_.run_on(worker, [&](Worker& asked, const Tables&) { count = asked.counters().events[static_cast<std::size_t>(what)]; });
    return count;
  }
  [[nodiscard]] std::uint32_t live_sessions(std::uint32_t worker) {
    std::uint32_t live = 0;
    engine_.run_on(worker, [&](Worker& asked, const Tables&) { live = asked.sessions().live(); });
    return live;
  }

  TestQueue queues[2];

 private:
  EngineClock clock_;
  Engine engine_{small_engine(2)};
  Plant plant_{engine_, clock_};
  std::vector<std::unique_ptr<IoThread>> threads_;
};

/// The n-th client's datagram of 24 bytes, in two fragments of which the later comes first.
std::vector<Bytes> reversed_fragments(std::uint16_t n) {
  Frame frame;
  frame.protocol = wire::kUdp;
  frame.from_port = static_cast<std::uint16_t>(2000 + n);
  frame.id = static_cast<std::uint16_t>(100 + n);
  frame.to_port = 53;
  frame.payload = Bytes(24, 'x');
  const Bytes body = frame.transport();
  Frame first = frame, later = frame;
  first.fragment = 0x2000;
  later.fragment = 2;
  return {later.framed(later.packet_with({body.begin() + 16, body.end()})), first.framed(first.packet_with({body.begin(), body.begin() + 16}))};
}

}  // namespace

namespace {

constexpr std::uint16_t kFlows = 32;

/// What becomes of kFlows datagrams whose later fragments come first, in a batch of their own or in that of the first ones.
void send_reversed(bool in_one_batch) {
  ServicesImage services;
  image::Service service = service_of("192.0.2.1", wire::kUdp, 53);
  service.scheduler = image::kRr;  // who schedules one of a flow's packets for himself sends it elsewhere
  services.add(service, {destination_of("10.0.0.1", 53, image::kMasquerade), destination_of("10.0.0.2", 53, image::kMasquerade),
                              destination_of("10.0.0.3", 53, image::kMasquerade)});
  TwoWorkers two(services);
  std::vector<Bytes> firsts, all;
  for (std::uint16_t n = 0; n < kFlows; ++n) {
    const std::vector<Bytes> fragments = reversed_fragments(n);
    all.push_back(fragments[0]);
    firsts.push_back(fragments[1]);
  }
  if (!in_one_batch) {
    two.queues[0].arrive(std::exchange(all, {}));
    CHECK(await([&] { return two.event(0, Event::fragments_held) == kFlows; }));
  }
  all.insert(all.end(), firsts.begin(), firsts.end());
  two.queues[0].arrive(all);

  std::map<std::uint16_t, std::vector<Bytes>> by_id;
  for (const Bytes& frame : two.sent_by(1, 2 * kFlows)) by_id[be16(ip_of(frame), 4)].push_back(ip_of(frame));
  CHECK_EQUAL(by_id.size(), std::size_t{kFlows});
  for (const auto& [id, fragments] : by_id) {
    CHECK_EQUAL(fragments.size(), 2U);
    CHECK(target_of(fragments.front()) == target_of(fragments.back()));
  }
  const std::uint32_t own = two.live_sessions(0), others = two.live_sessions(1);
  CHECK(own > 0 && others > 0);
  CHECK_EQUAL(own + others, std::uint32_t{kFlows});
  CHECK_EQUAL(two.event(0, Event::handed_over), 2U * others);
  CHECK_EQUAL(two.event(1, Event::fragments_held), 0U);  // their first ones were handed over before them
}

}  // namespace

TEST("fragments that waited for their first one go where it goes: to the worker that knows the flow") { send_reversed(false); }
TEST("so do those that come before it in the same batch") { send_reversed(true); }

TEST("a later fragment follows at once, and the server's answer in fragments finds the client") {
  ServicesImage services;
  services.add(service_of("192.0.2.1", wire::kUdp, 53), {destination_of("10.0.0.1", 53, image::kMasquerade)});
  TwoWorkers two(services);
  for (std::uint16_t n = 0; n < kFlows; ++n) {
    const std::vector<Bytes> fragments = reversed_fragments(n);
    two.queues[0].arrive({fragments[1], fragments[0]});
  }
  CHECK_EQUAL(two.sent_by(1, 2 * kFlows).size(), std::size_t{2 * kFlows});
  for (std::uint16_t n = 0; n < kFlows; ++n) {
    Frame answer;
    answer.protocol = wire::kUdp;
    answer.from = "10.0.0.1";
    answer.to = "198.51.100.7";
    answer.from_port = 53;
    answer.to_port = static_cast<std::uint16_t>(2000 + n);
    answer.to_mac = kOurMac1;
    answer.payload = Bytes(24, 'y');
    answer.id = static_cast<std::uint16_t>(500 + n);
    const Bytes body = answer.transport();
    Frame first = answer, later = answer;
    first.fragment = 0x2000;
    later.fragment = 2;
    two.queues[1].arrive({later.framed(later.packet_with({body.begin() + 16, body.end()}))});
    two.queues[1].arrive({first.framed(first.packet_with({body.begin(), body.begin() + 16}))});
  }
  const std::vector<Bytes> answers = two.sent_by(0, 2 * kFlows);
  CHECK_EQUAL(answers.size(), std::size_t{2 * kFlows});
  for (const Bytes& frame : answers) CHECK(source_of(ip_of(frame)) == address("192.0.2.1"));
}

int main() { return run_all(); }
