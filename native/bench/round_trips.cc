// round-trips serve ADDRESS PORT        answers each datagram with itself, until it is killed
// round-trips ask ADDRESS PORT RATE     asks RATE times a second on an absolute schedule, whatever is answered; 0: the next when the last one was
//                                       answered, or a tenth of a second after it. For each line on standard input it tells what happened since
//                                       the line before as a line of JSON; latencies in microseconds. It ends with standard input.
// IPv4. There are some clients, by turns, so that a balancer between them has as many connections to find.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string_view>
#include <vector>

namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000, kMicrosecondNs = 1000;
constexpr std::int64_t kLostNs = kSecondNs / 10;
constexpr std::size_t kClients = 64;
/// Room for so many answers from the start: nothing is allocated between two requests.
constexpr std::size_t kAnswers = 8'000'000;

struct Request {
  std::int64_t sent_ns;
  std::uint64_t number;
};

std::int64_t now_ns() {
  timespec at{};
  ::clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec * kSecondNs + at.tv_nsec;
}

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

sockaddr_in endpoint(const char* address, const char* port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
  if (::inet_pton(AF_INET, address, &at.sin_addr) != 1) fail(address);
  return at;
}

[[noreturn]] void serve(const sockaddr_in& at) {
  const int socket = ::socket(AF_INET, SOCK_DGRAM, 0);
  if (socket < 0 || ::bind(socket, reinterpret_cast<const sockaddr*>(&at), sizeof at) < 0) fail("bind");
  std::puts("ready");
  std::fflush(stdout);
  for (std::array<std::uint8_t, 1500> bytes;;) {
    sockaddr_in from{};
    socklen_t length = sizeof from;
    const ssize_t size = ::recvfrom(socket, bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&from), &length);
    if (size >= 0) ::sendto(socket, bytes.data(), static_cast<std::size_t>(size), 0, reinterpret_cast<sockaddr*>(&from), length);
  }
}

class Asker {
 public:
  Asker(const sockaddr_in& to, std::int64_t rate) : every_ns_(rate == 0 ? 0 : kSecondNs / rate) {
    for (std::size_t i = 0; i < kClients; i++) {
      const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
      if (socket < 0 || ::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to) < 0) fail("connect");
      polled_[i] = {socket, POLLIN, 0};
    }
    polled_[kClients] = {STDIN_FILENO, POLLIN, 0};
    latencies_us_.reserve(kAnswers);
  }

  void run() {
    since_ns_ = next_ns_ = now_ns();
    do {
      for (std::int64_t now = now_ns(); now >= next_ns_; now = now_ns()) ask(now);
      const std::int64_t wait_ns = std::max<std::int64_t>(0, next_ns_ - now_ns());
      const timespec wait{wait_ns / kSecondNs, wait_ns % kSecondNs};
      if (::ppoll(polled_.data(), polled_.size(), &wait, nullptr) <= 0) continue;
      for (std::size_t i = 0; i < kClients; i++)
        if (polled_[i].revents != 0) take(polled_[i].fd);
    } while (polled_[kClients].revents == 0 || tell());
  }

 private:
  void ask(std::int64_t now) {
    const Request request{now, ++number_};
    sent_++;
    ::send(polled_[number_ % kClients].fd, &request, sizeof request, 0);  // refused: it stays unanswered
    next_ns_ = every_ns_ == 0 ? now + kLostNs : next_ns_ + every_ns_;
  }

  void take(int socket) {
    for (Request answer; ::recv(socket, &answer, sizeof answer, 0) == sizeof answer;) {
      const std::int64_t now = now_ns();
      if (latencies_us_.size() < kAnswers) latencies_us_.push_back(static_cast<std::uint32_t>((now - answer.sent_ns) / kMicrosecondNs));
      if (every_ns_ == 0 && answer.number == number_) next_ns_ = now;
    }
  }

  /// false: standard input has ended.
  bool tell() {
    std::array<char, 256> line;
    if (::read(STDIN_FILENO, line.data(), line.size()) <= 0) return false;
    const std::int64_t now = now_ns();
    std::sort(latencies_us_.begin(), latencies_us_.end());
    std::printf(R"({"seconds":%.3f,"sent":%llu,"answered":%zu,"medianUs":%u,"p99Us":%u,"worstUs":%u})"
                "\n",
                static_cast<double>(now - since_ns_) / kSecondNs, static_cast<unsigned long long>(sent_), latencies_us_.size(), quantile(0.5),
                quantile(0.99), quantile(1));
    std::fflush(stdout);
    latencies_us_.clear();
    sent_ = 0;
    since_ns_ = now_ns();
    next_ns_ = std::max(next_ns_, since_ns_);  // what was not asked while it was sorted is not made up for
    return true;
  }

  std::uint32_t quantile(double part) const {
    if (latencies_us_.empty()) return 0;
    return latencies_us_[static_cast<std::size_t>(part * static_cast<double>(latencies_us_.size() - 1))];
  }

  const std::int64_t every_ns_;
  std::array<pollfd, kClients + 1> polled_;
  std::vector<std::uint32_t> latencies_us_;
  std::uint64_t number_ = 0, sent_ = 0;
  std::int64_t next_ns_ = 0, since_ns_ = 0;
};

}  // namespace

int main(int count, char** words) {
  const std::string_view role = count > 3 ? words[1] : "";
  if (role == "serve") serve(endpoint(words[2], words[3]));
  if (role != "ask" || count < 5) {
    std::fputs("round-trips serve ADDRESS PORT | ask ADDRESS PORT RATE\n", stderr);
    return 64;
  }
  Asker(endpoint(words[2], words[3]), std::atoll(words[4])).run();
}
