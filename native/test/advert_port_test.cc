// Adverts through real sockets between two network namespaces. Where these are not allowed, nothing is tested and that is said.
#include <dirent.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <functional>

#include "base/moments.h"
#include "test/tap.h"
#include "test/two_machines.h"
#include "vrrp/advert_port.h"

using namespace lvsd;
using namespace lvsd::test;

namespace {

constexpr std::int64_t kMs = 1'000'000;
constexpr int kPatienceMs = 20'000;
constexpr RealtimeWish kOrdinary{.priority = 0, .lock_memory = false};

TwoMachines machines;

using Bytes = std::vector<std::uint8_t>;

Address address(const char* text) {
  Address parsed;
  CHECK(parse_address(std::string(text).find(':') != std::string::npos, text, parsed));
  return parsed;
}

AdvertRoute route_between(const char* device, const char* source, std::vector<const char*> to, bool is_multicast, int protocol = 112) {
  AdvertRoute route;
  route.is_ip6 = std::string(source).find(':') != std::string::npos;
  route.protocol = protocol;
  route.receive_device = route.send_device = device;
  route.source = address(source);
  for (const char* one : to) route.to.push_back(address(one));
  route.is_multicast = is_multicast;
  return route;
}

/// Not a good advert; what it says is nobody's business here.
Bytes advert(std::uint8_t vrid, std::uint8_t rest = 0) { return {0x31, vrid, 100, 1, 0, 100, 0, 0, 192, 0, 2, rest}; }
Bytes behind_ah(std::uint8_t vrid, std::uint16_t sequence) {
  Bytes bytes{112, 4, 0, 0, 192, 0, 2, 1, 0, 9, static_cast<std::uint8_t>(sequence >> 8), static_cast<std::uint8_t>(sequence)};
  bytes.resize(24, 0xaa);
  const Bytes inner = advert(vrid);
  bytes.insert(bytes.end(), inner.begin(), inner.end());
  return bytes;
}

std::unique_ptr<AdvertPlan> plan_of(const std::vector<Bytes>& frames, std::int64_t every_ns, bool repeats, std::uint32_t per_message = 1) {
  auto plan = std::make_unique<AdvertPlan>();
  for (const Bytes& frame : frames) {
    plan->bytes.insert(plan->bytes.end(), frame.begin(), frame.end());
    plan->ends.push_back(static_cast<std::uint32_t>(plan->bytes.size()));
  }
  plan->frames_per_message = per_message;
  plan->first_ns = monotonic_ns();
  plan->every_ns = every_ns;
  plan->repeats = repeats;
  CHECK(plan->is_valid(per_message));
  return plan;
}

struct Told {
  HeardRecord record;
  Bytes header, payload;
};

/// A port on either machine, with everything it told.
class Host {
 public:
  explicit Host(bool is_far, const RealtimeWish& wish = kOrdinary) : is_far_(is_far) {
    at_home([&] { CHECK(!port.open(wish)); });
  }
  AdvertChannel& open(const AdvertRoute& route, std::uint8_t vrid) {
    std::uint32_t id = 0;
    at_home([&] { CHECK(!port.open_channel(route, vrid, id)); });
    AdvertChannel* channel = port.channel(id);
    if (channel == nullptr) {
      std::printf("Bail out! no channel on %s\n", route.receive_device.c_str());
      std::exit(1);
    }
    return *channel;
  }
  void take(std::int64_t until = 0) {
    Bytes buffer(65'536);
    for (std::size_t bytes; (bytes = port.take(buffer, until)) > 0;)
      for (std::size_t at = 0; at < bytes;) {
        Told one;
        std::memcpy(&one.record, &buffer[at], sizeof one.record);
        const auto header = buffer.begin() + static_cast<std::ptrdiff_t>(at + sizeof one.record), payload = header + one.record.header_bytes;
        one.header.assign(header, payload);
        one.payload.assign(payload, payload + one.record.payload_bytes);
        at += one.record.bytes;
        told.push_back(std::move(one));
      }
  }
  /// By the thread and its eventfd.
  bool wait_for(const std::function<bool()>& what) {
    const std::int64_t end = monotonic_ns() + kPatienceMs * kMs;
    while (!what()) {
      if (monotonic_ns() > end) return false;
      pollfd wait{port.wake(), POLLIN, 0};
      ::poll(&wait, 1, 20);
      take();
    }
    return true;
  }
  bool wait_for_told(std::size_t count) {
    return wait_for([&] { return told.size() >= count; });
  }

  AdvertPort port;
  std::vector<Told> told;

 private:
  template <typename Work>
  void at_home(Work work) {
    if (is_far_) machines.over_there(work);
    else work();
  }
  const bool is_far_;
};

/// What the cable carries, seen on lv1 without any of our code.
class Cable {
 public:
  Cable() {
    machines.over_there([&] {
      fd_ = UniqueFd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL)));
      sockaddr_ll at{};
      at.sll_family = AF_PACKET;
      at.sll_protocol = htons(ETH_P_ALL);
      at.sll_ifindex = static_cast<int>(::if_nametoindex("lv1"));
      CHECK(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
    });
  }
  /// The next packet with this protocol, from its Ethernet header on.
  Bytes next(std::uint8_t protocol) {
    for (;;) {
      pollfd wait{fd_.get(), POLLIN, 0};
      if (::poll(&wait, 1, kPatienceMs) != 1) return {};
      Bytes frame(2048);
      frame.resize(static_cast<std::size_t>(::recv(fd_.get(), frame.data(), frame.size(), 0)));
      const bool ip4 = frame.size() >= 34 && frame[12] == 0x08 && frame[13] == 0 && frame[23] == protocol;
      const bool ip6 = frame.size() >= 54 && frame[12] == 0x86 && frame[13] == 0xdd && frame[20] == protocol;
      if (ip4 || ip6) return frame;
    }
  }

 private:
  UniqueFd fd_;
};

std::size_t open_descriptors() {
  std::size_t count = 0;
  DIR* directory = ::opendir("/proc/self/fd");
  while (::readdir(directory) != nullptr) ++count;
  ::closedir(directory);
  return count;
}

/// RFC 1071 over IPv6's pseudo header and the payload: 0 if the checksum in it is right.
std::uint16_t sum6(const Bytes& frame) {
  std::uint32_t sum = 112 + static_cast<std::uint32_t>(frame.size() - 54);
  for (std::size_t i = 22; i < frame.size(); i += 2) sum += static_cast<std::uint32_t>(frame[i] << 8 | (i + 1 < frame.size() ? frame[i + 1] : 0));
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

}  // namespace

TEST("IPv4 multicast: what is on the wire, and what is told of it") {
  Cable cable;
  Host here(false), there(true);
  AdvertChannel& channel = here.open(route_between("lv0", "192.0.2.1", {"224.0.0.18"}, true), 7);
  there.open(route_between("lv1", "192.0.2.2", {"224.0.0.18"}, true), 7);
  const std::int64_t before = monotonic_ns();
  here.port.plan(channel, plan_of({advert(7, 1)}, 10 * kMs, true));
  const Bytes frame = cable.next(112);
  const Bytes mac{0x01, 0x00, 0x5e, 0x00, 0x00, 0x12};
  CHECK(std::equal(mac.begin(), mac.end(), frame.begin()));
  CHECK_EQUAL(frame[14], 0x45);
  CHECK_EQUAL(frame[15], 0xc0);                            // class
  CHECK_EQUAL(frame[16] << 8 | frame[17], 20 + 12);        // total length
  CHECK_EQUAL(frame[20] << 8 | frame[21], 0);              // DF clear, no fragment
  CHECK_EQUAL(frame[22], 255);                             // TTL
  const Bytes addresses{192, 0, 2, 1, 224, 0, 0, 18};
  CHECK(std::equal(addresses.begin(), addresses.end(), frame.begin() + 26));
  CHECK(there.wait_for_told(5));
  const std::int64_t after = monotonic_ns();
  std::int64_t last = before;
  for (const Told& one : there.told) {
    CHECK(one.payload == advert(7, 1));
    CHECK_EQUAL(one.record.ttl, 255);
    CHECK(one.record.source == address("192.0.2.1") && one.record.destination == address("224.0.0.18"));
    CHECK(one.header.size() == 20 && one.header[0] == 0x45 && one.header[1] == 0xc0);
    CHECK(one.record.at_ns >= last && one.record.at_ns <= after);
    last = one.record.at_ns;
  }
  // it is counted when the kernel has it: they may be there before
  CHECK(here.wait_for([&] { return channel.sent >= 5 && channel.lateness.count() >= 5; }));
  CHECK_EQUAL(channel.failed.load(), 0U);
  here.take(monotonic_ns());
  CHECK(here.told.empty());  // our own are not looped back
}

TEST("a silenced plan sends no more") {
  Host here(false), there(true);
  AdvertChannel& channel = here.open(route_between("lv0", "192.0.2.1", {"224.0.0.18"}, true), 7);
  AdvertChannel& other = here.open(route_between("lv0", "192.0.2.1", {"224.0.0.18"}, true), 8);
  there.open(route_between("lv1", "192.0.2.2", {"224.0.0.18"}, true), 7);
  here.port.plan(channel, plan_of({advert(7, 1)}, 1 * kMs, true));
  CHECK(there.wait_for_told(3));
  here.port.plan(channel, nullptr);
  const std::uint64_t sent = channel.sent;
  here.port.plan(other, plan_of({advert(8)}, 1 * kMs, true));
  CHECK(here.wait_for([&] { return other.sent >= 20; }));
  CHECK_EQUAL(channel.sent.load(), sent);
  there.take(monotonic_ns());
  CHECK_EQUAL(there.told.size(), sent);
  CHECK(there.port.strangers().unknown_vrid >= 20);
}

TEST("messages come in order, the last one again and again or the plan ends") {
  Host here(false), there(true);
  AdvertChannel& channel = here.open(route_between("lv0", "192.0.2.1", {"224.0.0.18"}, true), 7);
  there.open(route_between("lv1", "192.0.2.2", {"224.0.0.18"}, true), 7);
  here.port.plan(channel, plan_of({advert(7, 1), advert(7, 2), advert(7, 3)}, 5 * kMs, false));
  CHECK(there.wait_for([&] { return !there.told.empty() && there.told.back().payload[11] == 3; }));
  CHECK(here.wait_for([&] { return channel.sent + channel.skipped == 3; }));
  for (std::size_t i = 1; i < there.told.size(); ++i) CHECK(there.told[i].payload[11] > there.told[i - 1].payload[11]);
  there.told.clear();
  here.port.plan(channel, plan_of({advert(7, 4), advert(7, 5)}, 2 * kMs, true));
  CHECK(there.wait_for_told(6));
  CHECK_EQUAL(there.told.back().payload[11], 5);
  CHECK_EQUAL(there.told[there.told.size() - 2].payload[11], 5);
}

TEST("IPv6 multicast: hop limit, class, and the kernel's checksum over all of it") {
  Cable cable;
  Host here(false), there(true);
  AdvertChannel& channel = here.open(route_between("lv0", "fe80::1", {"ff02::12"}, true), 9);
  there.open(route_between("lv1", "fe80::2", {"ff02::12"}, true), 9);
  here.port.plan(channel, plan_of({advert(9)}, 10 * kMs, true));
  const Bytes frame = cable.next(112);
  const Bytes mac{0x33, 0x33, 0, 0, 0, 0x12};
  CHECK(std::equal(mac.begin(), mac.end(), frame.begin()));
  CHECK_EQUAL((frame[14] << 4 | frame[15] >> 4) & 0xff, 0xc0);
  CHECK_EQUAL(frame[21], 255);
  CHECK_EQUAL(sum6(frame), 0);
  CHECK(there.wait_for_told(3));
  for (const Told& one : there.told) {
    CHECK_EQUAL(one.record.ttl, 255);
    CHECK(one.record.is_ip6 == 1 && one.header.empty());
    CHECK(one.record.source == address("fe80::1") && one.record.destination == address("ff02::12"));
    CHECK_EQUAL(one.payload.size(), 12U);
    CHECK(std::equal(one.payload.begin(), one.payload.end(), frame.begin() + 54));
  }
}

TEST("unicast: each peer its own frame, with the TTL that was asked for; a copy for the group is not heard") {
  for (const bool is_ip6 : {false, true}) {
    Host here(false), there(true);
    const char* ours = is_ip6 ? "2001:db8::1" : "192.0.2.1";
    const char* theirs = is_ip6 ? "2001:db8::2" : "192.0.2.2";
    const char* nobody = is_ip6 ? "2001:db8::3" : "192.0.2.3";
    AdvertRoute route = route_between("lv0", ours, {nobody, theirs}, false);
    route.ttl = 17;
    AdvertChannel& channel = here.open(route, 7);
    AdvertChannel& group = here.open(route_between("lv0", is_ip6 ? "fe80::1" : ours, {is_ip6 ? "ff02::12" : "224.0.0.18"}, true), 7);
    AdvertRoute back = route_between("", theirs, {ours}, false);  // on whichever interface
    AdvertChannel& answer = there.open(back, 7);
    here.port.plan(group, plan_of({advert(7, 99)}, 2 * kMs, true));
    here.port.plan(channel, plan_of({advert(7, 1), advert(7, 2)}, 10 * kMs, true, 2));
    CHECK(there.wait_for_told(3));
    for (const Told& one : there.told) {
      CHECK(one.payload[11] == 2);
      CHECK_EQUAL(one.record.ttl, 17);
      CHECK(one.record.source == address(ours) && one.record.destination == address(theirs));
    }
    CHECK_EQUAL(there.port.send_now(answer, *plan_of({advert(7, 3)}, kMs, false)), 0);
    CHECK(here.wait_for_told(1));
    CHECK(here.told[0].record.channel == channel.id && here.told[0].payload[11] == 3);
  }
}

TEST("behind the authentication header: the identification is the sequence number's") {
  Host here(false), there(true);
  AdvertChannel& channel = here.open(route_between("lv0", "192.0.2.1", {"224.0.0.18"}, true, 51), 7);
  there.open(route_between("lv1", "192.0.2.2", {"224.0.0.18"}, true, 51), 7);
  const AdvertPlan first = *plan_of({behind_ah(7, 0x1234)}, kMs, false), zero = *plan_of({behind_ah(7, 0)}, kMs, false);
  CHECK_EQUAL(here.port.send_now(channel, first), 0);
  CHECK_EQUAL(here.port.send_now(channel, zero), 0);
  CHECK(there.wait_for_told(2));
  CHECK(there.told[0].payload == behind_ah(7, 0x1234));
  CHECK_EQUAL(there.told[0].header[4] << 8 | there.told[0].header[5], 0x1234);
  CHECK_EQUAL(there.told[0].header[9], 51);
  CHECK_EQUAL(there.told[1].header[4] << 8 | there.told[1].header[5], 1);
  // what is no advert behind its AH, or too short, is counted
  Bytes other = behind_ah(7, 5);
  other[0] = 6;
  CHECK_EQUAL(here.port.send_now(channel, *plan_of({other}, kMs, false)), 0);
  CHECK_EQUAL(here.port.send_now(channel, *plan_of({Bytes{112, 4, 0, 0}}, kMs, false)), 0);
  CHECK(there.wait_for([&] { return there.port.strangers().unreadable == 2; }));
  CHECK_EQUAL(there.told.size(), 2U);
}

TEST("what is expected is stamped and not told; anything else is told") {
  Host here(false), there(true);
  AdvertChannel& channel = here.open(route_between("lv0", "192.0.2.1", {"224.0.0.18"}, true), 7);
  AdvertChannel& heard = there.open(route_between("lv1", "192.0.2.2", {"224.0.0.18"}, true), 7);
  const auto expecting = [](int ttl) { return std::make_unique<ExpectedAdvert>(ExpectedAdvert{.payload = advert(7, 1), .source = address("192.0.2.1"), .least_ttl = ttl}); };
  there.port.expect(heard, expecting(255));
  here.port.plan(channel, plan_of({advert(7, 1)}, 2 * kMs, true));
  CHECK(there.wait_for([&] { return heard.last_expected_ns > 0; }));
  const std::int64_t seen = heard.last_expected_ns;
  CHECK(there.wait_for([&] { return heard.last_expected_ns > seen + 5 * kMs; }));
  CHECK(there.told.empty());
  here.port.plan(channel, plan_of({advert(7, 2)}, 2 * kMs, true));
  CHECK(there.wait_for_told(2));
  CHECK_EQUAL(there.told[0].payload[11], 2);
  here.port.plan(channel, plan_of({advert(7, 1)}, 2 * kMs, true));
  there.port.expect(heard, expecting(256));
  there.take(monotonic_ns());
  there.told.clear();
  CHECK(there.wait_for_told(2));
  CHECK_EQUAL(heard.last_expected_ns.load(), -1);
}

TEST("who is expected and falls silent is told once, when all that came in time has been heard") {
  Host here(false), there(true);
  AdvertChannel& channel = here.open(route_between("lv0", "192.0.2.1", {"224.0.0.18"}, true), 7);
  AdvertChannel& heard = there.open(route_between("lv1", "192.0.2.2", {"224.0.0.18"}, true), 7);
  const auto expecting = [&](std::int64_t patience_ns) {
    return std::make_unique<ExpectedAdvert>(ExpectedAdvert{.payload = advert(7, 1),
                                                           .source = address("192.0.2.1"),
                                                           .least_ttl = 255,
                                                           .since_ns = monotonic_ns(),
                                                           .patience_ns = patience_ns,
                                                           .leeway_ns = 2 * kMs});
  };
  there.port.expect(heard, expecting(3'600'000 * kMs));
  here.port.plan(channel, plan_of({advert(7, 1)}, 2 * kMs, true));
  CHECK(there.wait_for([&] { return heard.expected_heard >= 20; }));
  CHECK(there.told.empty());
  here.port.plan(channel, nullptr);
  there.take(monotonic_ns());
  there.port.expect(heard, expecting(30 * kMs));  // sooner than what the thread waits for
  CHECK(there.wait_for_told(1));
  CHECK(there.told[0].record.is_silence == 1 && there.told[0].record.channel == heard.id && there.told[0].payload.empty());
  CHECK(monotonic_ns() >= there.told[0].record.at_ns);
  // another one, and it is told of the next silence too
  CHECK_EQUAL(here.port.send_now(channel, *plan_of({advert(7, 1)}, kMs, false)), 0);
  CHECK(there.wait_for_told(2));
  CHECK_EQUAL(there.told[1].record.at_ns, heard.last_expected_ns + 30 * kMs);
  there.port.expect(heard, nullptr);
  CHECK_EQUAL(here.port.send_now(channel, *plan_of({advert(7, 2)}, kMs, false)), 0);
  CHECK(there.wait_for_told(3));
  CHECK_EQUAL(there.told[2].record.is_silence, 0);
}

TEST("a flood delays no advert of ours, loses no more than it must, and leaves room for other routers") {
  Host here(false), there(true);
  AdvertChannel& flooder = here.open(route_between("lv0", "192.0.2.1", {"224.0.0.18"}, true), 7);
  AdvertChannel& quiet = here.open(route_between("lv0", "192.0.2.1", {"224.0.0.18"}, true), 8);
  AdvertRoute back = route_between("lv1", "192.0.2.2", {"224.0.0.18"}, true);
  back.receive_buffer_bytes = 1 << 20;
  there.open(back, 7);
  there.open(back, 8);
  AdvertChannel& master = there.open(back, 9);
  here.open(route_between("lv0", "192.0.2.1", {"224.0.0.18"}, true), 9);
  there.port.plan(master, plan_of({advert(9, 1)}, 10 * kMs, true));
  const AdvertPlan bad = *plan_of({advert(7, 66)}, kMs, false);
  for (int i = 0; i < 20'000; ++i) CHECK_EQUAL(here.port.send_now(flooder, bad), 0);
  there.take(monotonic_ns());  // so that there is room in the socket
  CHECK_EQUAL(here.port.send_now(quiet, *plan_of({advert(8, 1)}, kMs, false)), 0);
  CHECK(there.wait_for([&] { return !there.told.empty() && there.told.back().payload[1] == 8; }));
  const std::size_t flood = there.told.size() - 1;
  CHECK(flood >= 100);
  CHECK(flood + there.port.strangers().lost <= 20'000U);  // what the cable itself dropped, nobody counted
  // whoever was told of the flood, nothing of the plan went missing but by the machine's own pauses, which are counted
  CHECK(here.wait_for([&] { return here.told.size() >= 3; }));
  there.port.plan(master, nullptr);
  here.take(monotonic_ns());
  CHECK_EQUAL(here.told.size(), master.sent.load());
  CHECK_EQUAL(master.failed.load(), 0U);
  // nobody takes anything: the flood fills its share of the ring, and the other router's advert still gets in
  there.told.clear();
  for (int i = 0; i < 6'000; ++i) CHECK_EQUAL(here.port.send_now(flooder, bad), 0);
  CHECK_EQUAL(here.port.send_now(quiet, *plan_of({advert(8, 2)}, kMs, false)), 0);
  there.take(monotonic_ns());
  CHECK(!there.told.empty() && there.told.back().payload[1] == 8);
}

TEST("two groups of peers may use one VRID: who sent it says whose it is") {
  Host here(false), there(true);
  AdvertChannel& ours = here.open(route_between("lv0", "192.0.2.1", {"192.0.2.2"}, false), 7);
  AdvertChannel& others = here.open(route_between("lv0", "192.0.2.1", {"192.0.2.77"}, false), 7);
  AdvertChannel& far = there.open(route_between("lv1", "192.0.2.2", {"192.0.2.1"}, false), 7);
  AdvertChannel& stranger = there.open(route_between("lv1", "192.0.2.88", {"192.0.2.1"}, false), 7);
  CHECK_EQUAL(there.port.send_now(far, *plan_of({advert(7, 1)}, kMs, false)), 0);
  CHECK(here.wait_for_told(1));
  CHECK_EQUAL(here.told[0].record.channel, ours.id);
  CHECK_EQUAL(there.port.send_now(stranger, *plan_of({advert(7, 2)}, kMs, false)), 0);
  CHECK(here.wait_for_told(3));
  CHECK(here.told[1].record.channel == ours.id && here.told[2].record.channel == others.id);
}

TEST("an interface that is down is counted and tried again; one that is not there is refused") {
  Host here(false), there(true);
  AdvertChannel& channel = here.open(route_between("lv0", "192.0.2.1", {"224.0.0.18"}, true), 7);
  there.open(route_between("lv1", "192.0.2.2", {"224.0.0.18"}, true), 7);
  CHECK_EQUAL(std::system("ip link set lv0 down"), 0);
  here.port.plan(channel, plan_of({advert(7, 1)}, 2 * kMs, true));
  CHECK(here.wait_for([&] { return channel.failed >= 3; }));
  CHECK(channel.last_error == ENETDOWN || channel.last_error == ENETUNREACH || channel.last_error == ENODEV);
  CHECK_EQUAL(std::system("ip link set lv0 up && ip -6 addr replace fe80::1/64 dev lv0 nodad && ip -6 addr replace 2001:db8::1/64 dev lv0 nodad"), 0);
  CHECK(there.wait_for_told(2));
  std::uint32_t id = 0;
  const SyscallError refused = here.port.open_channel(route_between("nosuch0", "192.0.2.1", {"224.0.0.18"}, true), 7, id);
  CHECK(refused && refused.error == ENODEV);
}

TEST("frames go out as they stand") {
  Cable cable;
  Host here(false);
  Bytes frame(42, 0);
  frame[12] = 0x08;
  frame[13] = 0x00;
  frame[14] = 0x45;
  frame[23] = 0xfe;
  CHECK_EQUAL(here.port.send_frame(static_cast<int>(::if_nametoindex("lv0")), frame), 0);
  CHECK(cable.next(0xfe) == frame);
  CHECK_EQUAL(here.port.send_frame(9999, frame), ENXIO);
}

TEST("a realtime thread sends as well, or says who refused") {
  Host here(false, {.priority = 50, .lock_memory = true}), there(true);
  const RealtimeState& state = here.port.realtime();
  CHECK(state.is_realtime == (state.priority_error == 0) && state.is_locked == (state.lock_error == 0));
  AdvertChannel& channel = here.open(route_between("lv0", "192.0.2.1", {"224.0.0.18"}, true), 7);
  there.open(route_between("lv1", "192.0.2.2", {"224.0.0.18"}, true), 7);
  here.port.plan(channel, plan_of({advert(7, 1)}, 2 * kMs, true));
  CHECK(there.wait_for_told(5));
}

TEST("a limit of realtime that is too short for it leaves the thread an ordinary one") {
  rlimit before{};
  CHECK_EQUAL(::getrlimit(RLIMIT_RTTIME, &before), 0);
  const rlimit brief{.rlim_cur = 2'000, .rlim_max = before.rlim_max};
  CHECK_EQUAL(::setrlimit(RLIMIT_RTTIME, &brief), 0);
  Host here(false, {.priority = 50, .lock_memory = false});
  CHECK(!here.port.realtime().is_realtime && here.port.realtime().priority_error == EPERM);
  CHECK_EQUAL(::setrlimit(RLIMIT_RTTIME, &before), 0);
}

TEST("channels that come and go while others send and hear; in the end nothing is left open") {
  const std::size_t before = open_descriptors();
  {
    Host here(false), there(true);
    AdvertChannel& steady = here.open(route_between("lv0", "192.0.2.1", {"224.0.0.18"}, true), 7);
    AdvertChannel& heard = there.open(route_between("lv1", "192.0.2.2", {"224.0.0.18"}, true), 7);
    here.port.plan(steady, plan_of({advert(7, 1)}, 1 * kMs, true));
    for (int round = 0; round < 100; ++round) {
      AdvertChannel& one = here.open(route_between("lv0", "fe80::1", {"ff02::12"}, true), 20);
      AdvertChannel& two = there.open(route_between("lv1", "fe80::2", {"ff02::12"}, true), 20);
      AdvertChannel& three = there.open(route_between("lv1", "192.0.2.2", {"224.0.0.18"}, true), 21);
      here.port.plan(one, plan_of({advert(20)}, 1 * kMs, true));
      there.port.expect(heard, std::make_unique<ExpectedAdvert>(ExpectedAdvert{.payload = advert(7, 1), .source = address("192.0.2.1"), .least_ttl = 1}));
      there.take(monotonic_ns());
      here.port.close_channel(one.id);
      there.port.close_channel(two.id);
      there.port.close_channel(three.id);
    }
    there.port.expect(heard, nullptr);
    there.told.clear();
    CHECK(there.wait_for_told(3));
    here.port.close();
    here.port.close();
  }
  CHECK_EQUAL(open_descriptors(), before);
}

int main() {
  if (!machines.build()) {
    std::printf("TAP version 14\n1..0 # SKIP no network namespaces of its own\n");
    return 0;
  }
  return lvsd::test::run_all();
}
