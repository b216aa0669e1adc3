#include "engine/held.h"

#include <algorithm>
#include <map>
#include <vector>

#include "test/session_fixture.h"
#include "test/tap.h"

using namespace lvsd;
using lvsd::test::Dice;

namespace {

struct Frame {
  explicit Frame(std::vector<std::uint8_t> contents, std::uint16_t port = 0, std::uint64_t cookie = 0) : bytes(std::move(contents)) {
    packet.data = bytes.data();
    packet.length = static_cast<std::uint32_t>(bytes.size());
    packet.port = port;
    packet.cookie = cookie;
  }
  std::vector<std::uint8_t> bytes;
  Packet packet;
};
Frame frame(std::uint32_t number, std::size_t length = 60) {
  std::vector<std::uint8_t> bytes(length, static_cast<std::uint8_t>(number));
  if (length >= 4) std::memcpy(bytes.data(), &number, 4);
  return Frame(bytes, static_cast<std::uint16_t>(number % 7), number);
}
std::uint32_t number_of(const Packet& packet) {
  std::uint32_t number;
  std::memcpy(&number, packet.data, 4);
  return number;
}

}  // namespace

TEST("what was held comes out in order, byte for byte, with room before it, and outlives the frame it was copied from") {
  HeldPackets held(8);
  for (std::uint32_t n = 0; n < 4; ++n) {
    const Frame some = frame(n, 60 + n);
    CHECK(held.hold(some.packet, n % 2, 100) != HeldPackets::kFull);
  }
  CHECK_EQUAL(held.count(0), 2u);
  CHECK_EQUAL(held.count(7), 0u);
  Packet out[8];
  CHECK_EQUAL(held.release(1, out), 2u);
  for (std::uint32_t i = 0; i < 2; ++i) {
    const std::uint32_t n = i * 2 + 1;
    const Frame should = frame(n, 60 + n);
    CHECK_EQUAL(out[i].length, 60 + n);
    CHECK(std::equal(should.bytes.begin(), should.bytes.end(), out[i].data));
    CHECK_EQUAL(out[i].port, n % 7);
    CHECK_EQUAL(out[i].cookie, n);
    CHECK_EQUAL(out[i].headroom, 128u);
    CHECK_EQUAL(out[i].tailroom, HeldPackets::kLongest - (60 + n));
    std::memset(out[i].data - out[i].headroom, 0xee, out[i].headroom + out[i].length + out[i].tailroom);  // ASan watches
  }
  CHECK_EQUAL(held.release(1, out), 0u);
  CHECK_EQUAL(held.release(0, out), 2u);
  CHECK_EQUAL(number_of(out[0]), 0u);
  CHECK_EQUAL(number_of(out[1]), 2u);
}

TEST("it is full when all places are waiting or not yet recycled, and a frame too long for a place is refused") {
  HeldPackets held(3);
  for (std::uint32_t n = 0; n < 3; ++n) CHECK(held.hold(frame(n).packet, 5, 100) != HeldPackets::kFull);
  CHECK_EQUAL(held.hold(frame(3).packet, 5, 100), HeldPackets::kFull);
  Packet out[2];
  CHECK_EQUAL(held.release(5, out), 2u);  // no more than fit; the third waits on
  CHECK_EQUAL(held.count(5), 1u);
  CHECK_EQUAL(held.hold(frame(3).packet, 5, 100), HeldPackets::kFull);
  held.recycle();
  CHECK(held.hold(frame(3).packet, 5, 100) != HeldPackets::kFull);
  CHECK_EQUAL(held.hold(frame(4, HeldPackets::kLongest + 1).packet, 5, 100), HeldPackets::kFull);
  CHECK(held.hold(frame(5, HeldPackets::kLongest).packet, 5, 100) != HeldPackets::kFull);
  CHECK_EQUAL(held.release(5, out), 2u);
  CHECK_EQUAL(number_of(out[0]), 2u);
  CHECK_EQUAL(number_of(out[1]), 3u);
  HeldPackets none(0);
  CHECK_EQUAL(none.hold(frame(1).packet, 1, 1), HeldPackets::kFull);
  CHECK_EQUAL(none.release(1, out) + none.expire(0, out), 0u);
}

TEST("what has waited long enough is given up, across the turn of the clock too, whatever the order of the times") {
  HeldPackets held(8);
  const std::uint32_t now = 0xffffff00;
  CHECK(held.hold(frame(0).packet, 1, now + 0x200) != HeldPackets::kFull);
  CHECK(held.hold(frame(1).packet, 2, now + 0x10) != HeldPackets::kFull);
  CHECK(held.hold(frame(2).packet, 1, now + 0x180) != HeldPackets::kFull);
  Packet out[8];
  CHECK_EQUAL(held.expire(now + 0xf, out), 0u);
  CHECK_EQUAL(held.expire(now + 0x10, out), 1u);
  CHECK_EQUAL(number_of(out[0]), 1u);
  CHECK_EQUAL(held.expire(now + 0x17f, out), 0u);
  CHECK_EQUAL(held.expire(now + 0x180, out), 1u);
  CHECK_EQUAL(number_of(out[0]), 2u);
  CHECK_EQUAL(held.waiting(), 1u);
  CHECK_EQUAL(held.expire(now + 0x200, out), 1u);
}

TEST("200,000 steps as a model of lists says") {
  struct Waiting { std::uint32_t number, until; std::uint64_t key; };
  Dice dice(11);
  HeldPackets held(64);
  std::vector<Waiting> model;
  std::size_t out_now = 0;
  std::uint32_t now = 0xfffff000;
  Packet out[64];
  for (std::uint32_t step = 0; step < 200'000; ++step) {
    const std::uint64_t key = dice.below(12) * 0x100000000ull;
    const std::uint32_t what = dice.below(100);
    if (what < 60) {
      const bool full = model.size() + out_now == 64;
      const std::uint32_t until = now + 1 + dice.below(400);
      CHECK_EQUAL(held.hold(frame(step, 4 + dice.below(100)).packet, key, until) == HeldPackets::kFull, full);
      if (!full) model.push_back({step, until, key});
    } else if (what < 90) {
      const bool by_time = what >= 75;
      if (by_time) now += dice.below(60);
      const std::size_t most = dice.below(10);
      std::vector<std::uint32_t> should;
      for (auto at = model.begin(); at != model.end() && should.size() < most;) {
        const bool goes = by_time ? static_cast<std::int32_t>(at->until - now) <= 0 : at->key == key;
        if (goes) should.push_back(at->number);
        at = goes ? model.erase(at) : at + 1;
      }
      const std::span<Packet> into(out, most);
      const std::size_t count = by_time ? held.expire(now, into) : held.release(key, into);
      CHECK_EQUAL(count, should.size());
      for (std::size_t i = 0; i < std::min(count, should.size()); ++i) CHECK_EQUAL(number_of(out[i]), should[i]);
      out_now += count;
    } else {
      held.recycle();
      out_now = 0;
    }
    if (step % 64 == 0) {
      const auto waiting = std::count_if(model.begin(), model.end(), [key](const Waiting& one) { return one.key == key; });
      CHECK_EQUAL(held.count(key), static_cast<std::uint32_t>(waiting));
      CHECK_EQUAL(held.waiting(), model.size());
    }
  }
}

int main() { return lvsd::test::run_all(); }
