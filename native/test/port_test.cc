#include <unistd.h>

#include <cstring>
#include <set>
#include <thread>

#include "dataplane/hand_over.h"
#include "port/bpf.h"
#include "port/device.h"
#include "port/open_port.h"
#include "port/port_orders.h"
#include "port/umem.h"
#include "tap.h"

using namespace lvsd;

TEST("frames of a umem are lent once, and come back from a closed socket's rings") {
  const std::shared_ptr<Umem> umem = Umem::make(64);
  CHECK(umem != nullptr);
  std::set<std::uint64_t> taken;
  for (int i = 0; i < 64; ++i) {
    const std::uint64_t frame = umem->take();
    CHECK(frame % Umem::kFrame == 0 && frame < umem->bytes());
    CHECK(taken.insert(frame).second);
    umem->lend(frame, static_cast<std::uint16_t>(i < 40 ? 1 : 2));
  }
  CHECK_EQUAL(umem->take(), Umem::kNoFrame);
  umem->give(*taken.begin() + 300);  // an address inside of the frame means the frame
  CHECK_EQUAL(umem->free_frames(), 1u);
  umem->reclaim(1);
  CHECK_EQUAL(umem->free_frames(), 40u);
  umem->reclaim(1);
  CHECK_EQUAL(umem->free_frames(), 40u);
  umem->reclaim(2);
  CHECK_EQUAL(umem->free_frames(), 64u);
}

TEST("queues promise themselves no more frames than a umem has") {
  const std::shared_ptr<Umem> umem = Umem::make(64);
  CHECK(umem->reserve(40));
  CHECK(!umem->reserve(40));
  umem->unreserve(40);
  CHECK(umem->reserve(64));
}

TEST("jumps of the assembler end where their labels were placed") {
  using namespace lvsd::bpf;
  Assembler a;
  const Label over = a.label(), back = a.label();
  a.set(r0, 1);
  a.jump(over);
  a.place(back);
  a.set(r0, 3);
  a.leave();
  a.place(over);
  a.jump_if(r0, equal, 1, back);
  a.set(r0, 0);
  a.leave();
  const auto code = a.finish();
  CHECK_EQUAL(code[1].off, 2);
  CHECK_EQUAL(code[4].off, -3);
  UniqueFd program;
  std::string why;
  if (load_xdp(code, "trial", program, why)) return;  // BPF is not allowed here: the offsets were looked at
  std::uint32_t result = 0;
  const std::uint8_t frame[64] = {};
  CHECK(!test_run(program.get(), frame, result));
  CHECK_EQUAL(result, 3u);
}

TEST("a program that the verifier refuses is refused with its words") {
  bpf::Assembler a;
  a.load(bpf::b1, bpf::r0, bpf::r1, 4096);
  a.leave();
  UniqueFd program;
  std::string why;
  const SyscallError error = bpf::load_xdp(a.finish(), "bad", program, why);
  CHECK(static_cast<bool>(error));
  if (error.error != EPERM) CHECK(!why.empty());
}

TEST("what is handed over comes out in order, whole, and by kind") {
  HandOver ring;
  std::thread writer([&] {
    for (std::uint32_t i = 0; i < 20'000;) {
      std::uint8_t bytes[2048];
      std::memset(bytes, static_cast<int>(i), sizeof bytes);
      std::memcpy(bytes, &i, 4);
      Packet packet;
      packet.data = bytes;
      packet.length = 4 + i % 2044;
      packet.port = static_cast<std::uint16_t>(i % 7);
      if (ring.put(packet, i % 3 == 0 ? HandOver::kSend : HandOver::kDecide)) {
        ++i;
      } else {
        std::this_thread::yield();
      }
    }
  });
  std::uint32_t next = 0;
  bool right = true;
  while (next < 20'000) {
    Packet packets[64];
    HandOver::What what{};
    const std::uint32_t count = ring.take(packets, 64, what);
    for (std::uint32_t k = 0; k < count; ++k, ++next) {
      std::uint32_t number;
      std::memcpy(&number, packets[k].data, 4);
      right = right && number == next && packets[k].length == 4 + next % 2044 && packets[k].data[packets[k].length - 1] == (packets[k].length == 4 ? number >> 24 : number & 0xff) && packets[k].port == next % 7 &&
              what == (next % 3 == 0 ? HandOver::kSend : HandOver::kDecide) && packets[k].headroom >= 128;
    }
    ring.release();
    if (count == 0) std::this_thread::yield();
  }
  writer.join();
  CHECK(right);
  CHECK(ring.is_empty());
}

TEST("a full ring takes no more, nor what is too big") {
  HandOver ring;
  std::vector<std::uint8_t> bytes(5000);
  Packet packet;
  packet.data = bytes.data();
  packet.length = 60;
  for (std::uint32_t i = 0; i < HandOver::kBytes / HandOver::needed_for(60); ++i) CHECK(ring.put(packet, HandOver::kDecide));
  CHECK(!ring.put(packet, HandOver::kDecide));
  HandOver other;
  packet.length = 5000;
  CHECK(!other.put(packet, HandOver::kDecide));
}

TEST("refusals are sentences that name what is missing") {
  CHECK(sentence({"bpf(BPF_PROG_LOAD)", EPERM}, "eth0").find("CAP_BPF") != std::string::npos);
  CHECK(sentence({"socket(AF_PACKET)", EPERM}, "eth0").find("CAP_NET_RAW") != std::string::npos);
  CHECK(sentence({"bpf(BPF_LINK_CREATE)", EBUSY}, "eth0").find("another XDP program is on this device") != std::string::npos);
  CHECK(sentence({"bpf(BPF_LINK_CREATE)", EPERM}, "eth0").find("CAP_NET_ADMIN") != std::string::npos);
}

TEST("a port of an unknown name is refused with a sentence") {
  SteeringMaps maps;
  std::vector<Umems> umems(1);
  std::string reason;
  PortRequest request;
  request.name = "nosuchdevice";
  CHECK(OpenPort::open(request, {maps, umems}, reason) == nullptr);
  CHECK(reason == "no interface is named nosuchdevice");
}

namespace {

control::PortOrder order_of(const char* name, std::uint32_t index) {
  control::PortOrder order{};
  std::strncpy(order.name, name, sizeof order.name - 1);
  order.index = index;
  return order;
}
std::string refusal_of(const std::vector<control::PortOrder>& orders) {
  std::vector<control::PortOrder> read;
  std::string refused = read_orders({reinterpret_cast<const std::uint8_t*>(orders.data()), orders.size() * sizeof(control::PortOrder)}, 64, read);
  CHECK(!refused.empty() || read.size() == orders.size());
  return refused;
}

}  // namespace

TEST("ports are ordered once each: a device named twice, or an index, is refused with its name") {
  CHECK_EQUAL(refusal_of({}).size(), 0U);
  CHECK_EQUAL(refusal_of({order_of("eth0", 0), order_of("eth1", 1)}).size(), 0U);
  CHECK(refusal_of({order_of("eth0", 0), order_of("eth1", 1), order_of("eth0", 2)}) == "the device eth0 is named twice: a device is one port");
  CHECK(refusal_of({order_of("eth0", 3), order_of("eth1", 3)}) == "two ports have the index 3");
  CHECK(refusal_of({order_of("eth0", 64)}) == "there are at most 64 ports");
  control::PortOrder strange = order_of("eth0", 0);
  strange.mode = 200;
  CHECK(refusal_of({strange}) == "there is no such mode of a port");
  std::vector<control::PortOrder> read;
  const std::uint8_t bytes[25] = {};
  CHECK(!read_orders(bytes, 64, read).empty());
}

int main() { return lvsd::test::run_all(); }
