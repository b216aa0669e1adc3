#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <fstream>
#include <thread>

#include "control/server.h"
#include "tap.h"

using namespace lvsd;
using namespace lvsd::control;

namespace {

constexpr std::uint16_t kEcho = 50, kRefuse = 51, kFollowAll = 52;

class Parrot final : public Respondent {
 public:
  Server* server = nullptr;
  std::atomic<int> left{0};
  Answer answer(ClientId client, std::uint16_t request, std::span<const std::uint8_t> payload) override {
    if (request == kRefuse) return Answer::refuse("no");
    if (request == kFollowAll) server->follow(client, 7);
    return {0, {payload.begin(), payload.end()}};
  }
  void gone(ClientId) override { ++left; }
};

/// A server with its own thread, in a folder of its own.
class Running {
 public:
  Running() {
    char folder[] = "/tmp/lvsd-control-XXXXXX";
    folder_ = ::mkdtemp(folder);
    parrot_.server = &server;
    std::string why;
    CHECK(server.listen(path(), why));
  }
  ~Running() {
    stop();
    ::unlink(path().c_str());  // the server, which would, ends after us
    ::rmdir(folder_.c_str());
  }
  void start() {
    thread_ = std::thread([this] {
      while (!stop_) server.run_once(10);
    });
  }
  void stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  [[nodiscard]] std::string path() const { return folder_ + "/engine.sock"; }
  [[nodiscard]] int left() const { return parrot_.left; }

 private:
  Parrot parrot_;
  std::string folder_;
  std::thread thread_;
  std::atomic<bool> stop_{false};

 public:
  Server server{parrot_};
};

[[nodiscard]] UniqueFd unconnected() { return UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

UniqueFd connect_to(const std::string& path, UniqueFd fd = unconnected()) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  CHECK(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  const timeval patience{20, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  return fd;
}

std::vector<std::uint8_t> request(std::uint16_t type, std::uint32_t id, const std::vector<std::uint8_t>& payload) {
  const FrameHeader header{static_cast<std::uint32_t>(payload.size()), type, 0, id};
  std::vector<std::uint8_t> bytes(sizeof header);
  std::memcpy(bytes.data(), &header, sizeof header);
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  return bytes;
}

bool read_frame(int fd, FrameHeader& header, std::vector<std::uint8_t>& payload) {
  if (::recv(fd, &header, sizeof header, MSG_WAITALL) != sizeof header) return false;
  payload.resize(header.bytes);
  return header.bytes == 0 || ::recv(fd, payload.data(), payload.size(), MSG_WAITALL) == static_cast<ssize_t>(payload.size());
}

void send_all(int fd, const std::vector<std::uint8_t>& bytes) { CHECK(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size())); }

/// No descriptor can be opened as long as this is there.
class NoDescriptors {
 public:
  NoDescriptors() {
    CHECK(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
    rlimit now = before_;
    now.rlim_cur = static_cast<rlim_t>(UniqueFd(::dup(0)).get());  // the lowest that is free
    CHECK(::setrlimit(RLIMIT_NOFILE, &now) == 0);
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

/// Whether it is answered, while the server runs here.
bool is_answered(Server& server, int client) {
  send_all(client, request(kEcho, 1, {}));
  for (int i = 0; i < 2000; ++i) {
    FrameHeader header{};
    if (::recv(client, &header, sizeof header, MSG_DONTWAIT) == sizeof header) return header.type == kEcho;
    server.run_once(10);
  }
  return false;
}

}  // namespace

TEST("requests are answered with their type and id, in order, however they are cut") {
  Running running;
  running.start();
  const UniqueFd client = connect_to(running.path());
  std::vector<std::uint8_t> both = request(kEcho, 7, {1, 2, 3}), second = request(kRefuse, 8, {});
  both.insert(both.end(), second.begin(), second.end());
  for (const std::uint8_t byte : both) send_all(client.get(), {byte});
  FrameHeader header{};
  std::vector<std::uint8_t> payload;
  CHECK(read_frame(client.get(), header, payload));
  CHECK_EQUAL(header.type, kEcho);
  CHECK_EQUAL(header.id, 7u);
  CHECK_EQUAL(header.status, 0);
  CHECK((payload == std::vector<std::uint8_t>{1, 2, 3}));
  CHECK(read_frame(client.get(), header, payload));
  CHECK_EQUAL(header.id, 8u);
  CHECK_EQUAL(header.status, 1);
  CHECK(std::string(payload.begin(), payload.end()) == "no");
}

TEST("megabytes go both ways") {
  Running running;
  running.start();
  const UniqueFd client = connect_to(running.path());
  std::vector<std::uint8_t> big(9 << 20);
  for (std::size_t i = 0; i < big.size(); ++i) big[i] = static_cast<std::uint8_t>(i * 31 >> 3);
  std::thread sender([&] { send_all(client.get(), request(kEcho, 1, big)); });
  FrameHeader header{};
  std::vector<std::uint8_t> payload;
  CHECK(read_frame(client.get(), header, payload));
  sender.join();
  CHECK(payload == big);
}

TEST("who announces more than a frame may hold is disconnected, the others stay") {
  Running running;
  running.start();
  const UniqueFd good = connect_to(running.path()), bad = connect_to(running.path());
  const FrameHeader header{kLongestPayload + 1, kEcho, 0, 1};
  CHECK(::send(bad.get(), &header, sizeof header, 0) == sizeof header);
  char byte;
  CHECK_EQUAL(::recv(bad.get(), &byte, 1, 0), ssize_t{0});
  CHECK_EQUAL(running.left(), 1);
  send_all(good.get(), request(kEcho, 2, {9}));
  FrameHeader answer{};
  std::vector<std::uint8_t> payload;
  CHECK(read_frame(good.get(), answer, payload));
  CHECK_EQUAL(answer.id, 2u);
}

TEST("events come to those who follow their topic") {
  Running running;
  const UniqueFd follower = connect_to(running.path()), other = connect_to(running.path());
  send_all(follower.get(), request(kFollowAll, 1, {}));
  send_all(other.get(), request(kEcho, 1, {}));
  for (int i = 0; i < 20; ++i) running.server.run_once(10);
  CHECK(running.server.is_followed(kNeighbours));
  const std::uint8_t event[] = {5};
  CHECK(running.server.tell_all(kNeighbours, kNeighbourWanted, event));
  FrameHeader header{};
  std::vector<std::uint8_t> payload;
  CHECK(read_frame(follower.get(), header, payload));
  CHECK(read_frame(follower.get(), header, payload));
  CHECK_EQUAL(header.type, kNeighbourWanted);
  CHECK_EQUAL(header.id, 0u);
  CHECK(read_frame(other.get(), header, payload));
  char byte;
  CHECK(::recv(other.get(), &byte, 1, MSG_DONTWAIT) < 0);
}

TEST("who asks and never reads is disconnected, the others stay") {
  Running running;
  running.start();
  const UniqueFd good = connect_to(running.path()), silent = connect_to(running.path());
  const std::vector<std::uint8_t> asked = request(kEcho, 1, std::vector<std::uint8_t>(1 << 20));
  std::size_t sent = 0;
  while (sent < 2 * Server::kMostUnread) {
    const ssize_t count = ::send(silent.get(), asked.data() + sent % asked.size(), asked.size() - sent % asked.size(), MSG_NOSIGNAL);
    if (count < 0) break;
    sent += static_cast<std::size_t>(count);
  }
  CHECK(errno == EPIPE || errno == ECONNRESET);
  CHECK(sent > Server::kMostUnread);
  CHECK(sent < Server::kMostUnread + (16u << 20));  // what the kernel holds, and the frame above the limit
  CHECK_EQUAL(running.left(), 1);
  send_all(good.get(), request(kEcho, 2, {9}));
  FrameHeader answer{};
  std::vector<std::uint8_t> payload;
  CHECK(read_frame(good.get(), answer, payload));
  CHECK_EQUAL(answer.id, 2u);
}

TEST("an answer above the limit comes whole to who reads it, and so do all that follow") {
  Running running;
  running.start();
  const UniqueFd client = connect_to(running.path());
  const std::vector<std::uint8_t> big(Server::kMostUnread + 1000, 7);
  for (std::uint32_t id = 1; id <= 2; ++id) {
    std::thread sender([&] { send_all(client.get(), request(kEcho, id, big)); });
    FrameHeader header{};
    std::vector<std::uint8_t> payload;
    CHECK(read_frame(client.get(), header, payload));
    sender.join();
    CHECK_EQUAL(header.id, id);
    CHECK(payload == big);
  }
}

TEST("without descriptors it waits instead of spinning, serves who is there, and accepts when one leaves or there are some again") {
  Running running;
  UniqueFd there = connect_to(running.path());
  CHECK(is_answered(running.server, there.get()));
  UniqueFd first = unconnected(), second = unconnected();
  {
    const NoDescriptors none;
    first = connect_to(running.path(), std::move(first));
    running.server.run_once(0);  // is refused
    const auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < 10; ++i) running.server.run_once(10);
    CHECK(std::chrono::steady_clock::now() - began >= std::chrono::milliseconds(80));  // it slept: this takes longer, never less
    CHECK(is_answered(running.server, there.get()));
    there.reset();
    CHECK(is_answered(running.server, first.get()));
    second = connect_to(running.path(), std::move(second));
    for (int i = 0; i < 10; ++i) running.server.run_once(10);
  }
  CHECK(is_answered(running.server, second.get()));
}

TEST("the socket is its owner's alone, goes with the server, and is not taken from one who listens") {
  std::string path;
  {
    Running running;
    path = running.path();
    struct stat found {};
    CHECK(::stat(path.c_str(), &found) == 0);
    CHECK_EQUAL(found.st_mode & 0777, 0600u);
    Parrot parrot;
    Server second(parrot);
    std::string why;
    CHECK(!second.listen(path, why));
    CHECK(why.find("another engine listens here") != std::string::npos);
  }
  CHECK(::access(path.c_str(), F_OK) != 0);
}

TEST("a socket that a dead engine left is replaced; a file is not") {
  Running running;
  const std::string stale = running.path() + ".stale", file = running.path() + ".file";
  {
    const UniqueFd dead(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, stale.c_str(), sizeof address.sun_path - 1);
    CHECK(::bind(dead.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  std::ofstream(file) << "precious";
  Parrot parrot;
  std::string why;
  {
    Server server(parrot);
    CHECK(server.listen(stale, why));
  }
  Server server(parrot);
  CHECK(!server.listen(file, why));
  CHECK(::access(file.c_str(), F_OK) == 0);
  ::unlink(file.c_str());
}

TEST("a socket that a newer engine has put in its place stays") {
  Running running;
  Parrot parrot;
  std::string why;
  const std::string next = running.path() + ".next", path = running.path() + ".now";
  {
    Server older(parrot), newer(parrot);
    CHECK(older.listen(path, why));
    CHECK(newer.listen(next, why));
    CHECK(::rename(next.c_str(), path.c_str()) == 0);
    // both end here: the newer one, which bound another path, leaves nothing behind but what it was renamed to
  }
  CHECK(::access(path.c_str(), F_OK) == 0);
  ::unlink(path.c_str());
}

int main() { return lvsd::test::run_all(); }
