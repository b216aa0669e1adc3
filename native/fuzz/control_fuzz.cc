// libFuzzer: the engine as a process, in a thread of this one, and whoever speaks to its control socket: requests of every kind, images with
// bytes changed, frames that are cut off, connections that end in the middle, answers that nobody reads. Ports are not opened and nothing
// is stopped: such requests are sent only as they are refused. What was published stays from one input to the next. It must not crash, must
// answer each request, and must not grow: after many connections it has no more descriptors and hardly more memory than after the first.
//
// Input: requests, each a byte of kind, one of how, two of length, then its payload; ends where the bytes end.
#include <dirent.h>
#include <sanitizer/allocator_interface.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "control/protocol.h"
#include "dataplane/process.h"
#include "engine/image.h"
#include "fuzz/input.h"
#include "test/frames.h"
#include "test/images.h"

using namespace lvsd;
using namespace lvsd::fuzz;
using namespace lvsd::test;

namespace {

[[nodiscard]] std::string path() { return "/tmp/lvsd-control-fuzz-" + std::to_string(::getpid()); }

[[nodiscard]] int connected() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string at = path();
  std::memcpy(address.sun_path, at.c_str(), at.size());
  for (int tries = 0; tries < 2000; ++tries) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval patience{60, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
    ::close(fd);
    ::usleep(5'000);
  }
  return -1;
}

void start() {
  static const bool started = [] {
    std::thread([] {
      Process process({.control = path(), .version = "fuzz", .workers = 2, .sessions = 1000, .pin = false, .realtime = false});
      (void)process.run();
    }).detach();
    std::atexit([] { ::unlink(path().c_str()); });
    return true;
  }();
  (void)started;
}

std::vector<std::uint8_t> vector_of(std::span<const std::uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }

std::vector<std::uint8_t> network_image() {
  NetworkImage image;
  image.port("pg0", "02:fe:00:00:00:01");
  image.port("pg1", "02:fe:00:00:00:02");
  image.local("172.16.1.1", 24, 0);
  image.route("10.0.0.0", 16, {image.adjacency("172.16.1.2", 0, "02:02:00:00:ff:02")});
  return vector_of(image.bytes());
}
std::vector<std::uint8_t> services_image() {
  ServicesImage image;
  image::Service service = service_of("192.0.2.1", wire::kTcp, 80);
  service.table_size = 251;
  image.add(service, {destination_of("10.0.0.1", 8080, image::kMasquerade), destination_of("10.0.0.2", 8080, image::kMasquerade)});
  image::Service other = service_of("192.0.2.2", 0, 0);
  other.scheduler = image::kRr;
  image.add(other, {destination_of("10.0.0.3", 0, image::kFullNat)}, {{address("203.0.113.1"), address("203.0.113.2"), 1000, 1009, 0}});
  return vector_of(image.bytes());
}

/// Large tables are slow, not interesting.
bool is_small(const std::vector<std::uint8_t>& bytes) {
  std::vector<std::uint64_t> words((bytes.size() + 7) / 8);
  if (!bytes.empty()) std::memcpy(words.data(), bytes.data(), bytes.size());
  image::ServicesView view;
  if (image::read_services({reinterpret_cast<const std::uint8_t*>(words.data()), bytes.size()}, view)) return true;
  return std::all_of(view.services.begin(), view.services.end(), [](const image::Service& one) { return one.table_size <= 4096; });
}

/// A known good payload with bytes changed: (place, value), as many as the input has.
std::vector<std::uint8_t> changed(std::vector<std::uint8_t> good, const std::vector<std::uint8_t>& changes) {
  for (std::size_t at = 0; at + 2 < changes.size(); at += 3) good[(changes[at] << 8 | changes[at + 1]) % good.size()] = changes[at + 2];
  return good;
}

std::vector<std::uint8_t> payload_of(std::uint16_t type, std::uint8_t how, const std::vector<std::uint8_t>& own) {
  if ((how & 1) != 0) return own;
  if (type == control::kPublishNetwork) return changed(network_image(), own);
  if (type == control::kPublishServices) return changed(services_image(), own);
  if (type == control::kExplain) {
    Frame frame;
    frame.to = (how & 2) != 0 ? "192.0.2.1" : "192.0.2.2";
    std::vector<std::uint8_t> asked(8);
    const Bytes bytes = frame.bytes();
    asked.insert(asked.end(), bytes.begin(), bytes.end());
    return changed(asked, own);
  }
  return own;
}

/// Whether it may be sent: it opens no device and stops nothing.
bool is_harmless(std::uint16_t type, const std::vector<std::uint8_t>& payload) {
  if (type == control::kStop) return false;
  if (type == control::kOpenPorts) return payload.size() % sizeof(control::PortOrder) != 0;
  return type != control::kPublishServices || is_small(payload);
}

std::vector<std::uint8_t> framed(std::uint16_t type, std::uint32_t id, const std::vector<std::uint8_t>& payload) {
  const control::FrameHeader header{static_cast<std::uint32_t>(payload.size()), type, 0, id};
  std::vector<std::uint8_t> frame(sizeof header);
  std::memcpy(frame.data(), &header, sizeof header);
  frame.insert(frame.end(), payload.begin(), payload.end());
  return frame;
}

bool send_all(int fd, const std::vector<std::uint8_t>& bytes) {
  return ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}
bool receive_all(int fd, void* into, std::size_t count) { return ::recv(fd, into, count, MSG_WAITALL) == static_cast<ssize_t>(count); }

/// Its answer, with events and answers to what was asked before passed over.
void expect_answer(int fd, std::uint16_t type, std::uint32_t id) {
  for (int frames = 0; frames < 10'000; ++frames) {
    control::FrameHeader header;
    require(receive_all(fd, &header, sizeof header), "an answer comes");
    require(header.bytes <= control::kLongestPayload && header.status <= 1, "an answer's header");
    std::vector<std::uint8_t> payload(header.bytes);
    require(payload.empty() || receive_all(fd, payload.data(), payload.size()), "an answer is whole");
    if (header.id == 0 && header.type >= control::kNeighbourWanted) continue;
    if (header.id < id) continue;
    require(header.type == type && header.id == id, "the answer is to what was asked");
    require(header.status == 0 || !payload.empty(), "a refusal says why");
    return;
  }
  require(false, "an answer comes among the events");
}

/// One connection's requests. Every answer is waited for, unless the input ends the connection before.
void speak(int fd, Input& input) {
  for (std::uint32_t id = 1; input.more() && id < 30; ++id) {
    const std::uint16_t type = input.byte() % 16;
    const std::uint8_t how = input.byte();
    const std::vector<std::uint8_t> payload = payload_of(type, how, input.some(input.word() % 2048));
    if (!is_harmless(type, payload)) continue;
    std::vector<std::uint8_t> frame = framed(type, id, payload);
    if ((how & 0xc0) == 0xc0) {  // the end, in the middle of a frame, or with a length that nobody sends
      if ((how & 4) != 0) frame[3] = 0xff;
      frame.resize(frame.size() - std::min<std::size_t>(frame.size() - 1, how & 0x3f));
      (void)send_all(fd, frame);
      return;
    }
    require(send_all(fd, frame), "a request is taken");
    if ((how & 0xc0) == 0x80) continue;  // not read, now or ever
    expect_answer(fd, type, id);
  }
}

struct Size {
  std::size_t bytes, descriptors;
};
Size size_now() {
  std::size_t descriptors = 0;
  if (DIR* const all = ::opendir("/proc/self/fd"); all != nullptr) {
    while (::readdir(all) != nullptr) ++descriptors;
    ::closedir(all);
  }
  return {__sanitizer_get_current_allocated_bytes(), descriptors};
}

/// Now and then, when the engine has nothing to do: what a thousand connections leave behind must be nothing.
void check_size(int fd) {
  constexpr unsigned kEvery = 1000;
  constexpr std::size_t kMoreBytes = 64u << 20, kMoreDescriptors = 16;  // images of another size, what libFuzzer keeps; its own files
  static unsigned inputs = 0;
  static Size first{};
  if (++inputs % kEvery != 0) return;
  require(send_all(fd, framed(control::kHello, 1000, {})), "a request is taken");
  expect_answer(fd, control::kHello, 1000);
  const Size now = size_now();
  if (first.bytes == 0) first = now;
  require(now.bytes < first.bytes + kMoreBytes, "memory does not grow");
  require(now.descriptors < first.descriptors + kMoreDescriptors, "descriptors are closed");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  start();
  const UniqueFd fd(connected());
  require(static_cast<bool>(fd), "the engine listens");
  Input input{{data, size}};
  speak(fd.get(), input);
  const UniqueFd asker(connected());
  require(static_cast<bool>(asker), "the engine listens still");
  check_size(asker.get());
  return 0;
}
