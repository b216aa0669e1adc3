// vrrp-probe INTERFACE [ADDRESS]: what a client on the link of virtual routers sees, until standard input ends. Moments are ns of CLOCK_MONOTONIC.
//   advert AT SOURCE VRID PRIORITY   each advert that came by, IPv4, with the kernel's time of arrival
//   echo SENT ANSWERED TTL           with ADDRESS (IPv4): an echo request each millisecond; ANSWERED is 0 if nobody did
// Nothing is printed before the end, and nothing is allocated between two requests. SCHED_FIFO where it may be had.
#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <vector>

namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000, kMillisecondNs = 1'000'000;
/// Without echo requests: so often the queue of the kernel is emptied. The moments are the kernel's.
constexpr std::int64_t kLookNs = 20 * kMillisecondNs;
/// After the end of standard input: answers that are under way.
constexpr std::int64_t kLastAnswersNs = 300 * kMillisecondNs;
constexpr int kBufferBytes = 64 << 20;
constexpr unsigned kProtocolVrrp = 112;
/// Vectors have room for so much from the start: half an hour of requests, 10,000 adverts each second for three minutes.
constexpr std::size_t kEchoes = 1'800'000, kAdverts = 2'000'000;

struct Advert {
  std::int64_t at_ns;
  std::uint32_t source;  ///< network order
  std::uint8_t vrid, priority;
};

struct Echo {
  std::int64_t sent_ns, answered_ns;
  std::uint8_t ttl;
};

std::int64_t now_ns(clockid_t clock = CLOCK_MONOTONIC) {
  timespec at{};
  ::clock_gettime(clock, &at);
  return at.tv_sec * kSecondNs + at.tv_nsec;
}

void sleep_until(std::int64_t at_ns) {
  const timespec at{at_ns / kSecondNs, at_ns % kSecondNs};
  while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr) == EINTR) {
  }
}

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

int must(int result, const char* what) {
  return result < 0 ? fail(what), result : result;
}

void enlarge(int socket) {
  ::setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &kBufferBytes, sizeof kBufferBytes);
}

/// Packets of protocol 112 that come in on an interface.
class Adverts {
 public:
  explicit Adverts(const char* interface) : socket_(must(::socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK, 0), "packet socket")) {
    // IPv4 headers of adverts have no options, so that the kernel's filter needs to look at one byte only
    std::array<sock_filter, 4> program{{{BPF_LD | BPF_B | BPF_ABS, 0, 0, offsetof(iphdr, protocol)},
                                        {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, kProtocolVrrp},
                                        {BPF_RET | BPF_K, 0, 0, 0xffff},
                                        {BPF_RET | BPF_K, 0, 0, 0}}};
    const sock_fprog filter{program.size(), program.data()};
    const int on = 1;
    must(::setsockopt(socket_, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter), "filter");
    must(::setsockopt(socket_, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on), "timestamps");
    enlarge(socket_);
    sockaddr_ll at{};
    at.sll_family = AF_PACKET;
    at.sll_protocol = htons(ETH_P_IP);
    at.sll_ifindex = static_cast<int>(::if_nametoindex(interface));
    must(::bind(socket_, reinterpret_cast<const sockaddr*>(&at), sizeof at), interface);
    // the other stations' groups are not joined: without this a real card would not hear them
    packet_mreq all{at.sll_ifindex, PACKET_MR_ALLMULTI, 0, {}};
    must(::setsockopt(socket_, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all), "membership");
    heard_.reserve(kAdverts);
  }

  void take() {
    const std::int64_t monotonic_ahead = now_ns() - now_ns(CLOCK_REALTIME);
    while (take_one(monotonic_ahead)) {
    }
  }

  void print() const {
    tpacket_stats stats{};
    socklen_t length = sizeof stats;
    ::getsockopt(socket_, SOL_PACKET, PACKET_STATISTICS, &stats, &length);
    if (stats.tp_drops != 0) std::fprintf(stderr, "%u adverts were lost before they could be noted\n", stats.tp_drops), std::exit(1);
    for (const auto& [at_ns, source, vrid, priority] : heard_) {
      std::array<char, INET_ADDRSTRLEN> text;
      ::inet_ntop(AF_INET, &source, text.data(), text.size());
      std::printf("advert %lld %s %u %u\n", static_cast<long long>(at_ns), text.data(), vrid, priority);
    }
  }

 private:
  bool take_one(std::int64_t monotonic_ahead) {
    std::array<std::uint8_t, 256> packet;
    alignas(cmsghdr) std::array<std::uint8_t, 64> control;
    iovec bytes{packet.data(), packet.size()};
    msghdr message{};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t size = ::recvmsg(socket_, &message, 0);
    if (size < 0) return false;
    iphdr ip;
    if (static_cast<std::size_t>(size) < sizeof ip + 3) return true;
    std::memcpy(&ip, packet.data(), sizeof ip);
    const std::uint8_t* advert = packet.data() + ip.ihl * 4;
    for (const cmsghdr* each = CMSG_FIRSTHDR(&message); each != nullptr; each = CMSG_NXTHDR(&message, const_cast<cmsghdr*>(each))) {
      if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SO_TIMESTAMPNS) continue;
      timespec at;
      std::memcpy(&at, CMSG_DATA(each), sizeof at);
      heard_.push_back({at.tv_sec * kSecondNs + at.tv_nsec + monotonic_ahead, ip.saddr, advert[1], advert[2]});
    }
    return true;
  }

  int socket_;
  std::vector<Advert> heard_;
};

/// Echo requests to one address; the number of a request is its index.
class Echoes {
 public:
  explicit Echoes(const char* address) : socket_(must(::socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_ICMP), "raw socket")) {
    to_.sin_family = AF_INET;
    if (::inet_pton(AF_INET, address, &to_.sin_addr) != 1) fail(address);
    enlarge(socket_);
    echoes_.reserve(kEchoes);
  }

  void send() {
    Request request{};
    request.header.type = ICMP_ECHO;
    request.header.un.echo = {mine_, htons(static_cast<std::uint16_t>(echoes_.size()))};
    request.index = static_cast<std::uint32_t>(echoes_.size());
    request.header.checksum = checksum_of(request);
    echoes_.push_back({now_ns(), 0, 0});
    ::sendto(socket_, &request, sizeof request, 0, reinterpret_cast<const sockaddr*>(&to_), sizeof to_);  // refused: it stays unanswered
  }

  void take() {
    std::array<std::uint8_t, 512> packet;
    for (ssize_t size; (size = ::recv(socket_, packet.data(), packet.size(), 0)) >= 0;) {
      iphdr ip;
      std::memcpy(&ip, packet.data(), sizeof ip);
      Request answer;
      if (static_cast<std::size_t>(size) < ip.ihl * 4u + sizeof answer) continue;
      std::memcpy(&answer, packet.data() + ip.ihl * 4, sizeof answer);
      if (answer.header.type != ICMP_ECHOREPLY || answer.header.un.echo.id != mine_ || answer.index >= echoes_.size()) continue;
      Echo& echo = echoes_[answer.index];
      if (echo.answered_ns == 0) echo.answered_ns = now_ns(), echo.ttl = ip.ttl;
    }
  }

  void print() const {
    for (const auto& [sent_ns, answered_ns, ttl] : echoes_)
      std::printf("echo %lld %lld %u\n", static_cast<long long>(sent_ns), static_cast<long long>(answered_ns), ttl);
  }

 private:
  struct Request {
    icmphdr header;
    std::uint32_t index;
  };

  static std::uint16_t checksum_of(const Request& request) {
    std::array<std::uint16_t, sizeof request / 2> words;
    std::memcpy(words.data(), &request, sizeof request);
    std::uint32_t sum = 0;
    for (const std::uint16_t word : words) sum += word;
    sum = (sum >> 16) + (sum & 0xffff);
    return static_cast<std::uint16_t>(~(sum + (sum >> 16)));
  }

  int socket_;
  sockaddr_in to_{};
  std::uint16_t mine_ = static_cast<std::uint16_t>(::getpid());
  std::vector<Echo> echoes_;
};

bool has_ended(int input) {
  pollfd one{input, POLLIN, 0};
  if (::poll(&one, 1, 0) <= 0) return false;
  char byte;
  return ::read(input, &byte, 1) <= 0;
}

void run(Adverts& adverts, Echoes* echoes) {
  const std::int64_t every_ns = echoes == nullptr ? kLookNs : kMillisecondNs;
  std::int64_t next_ns = now_ns(), end_ns = 0;
  while (end_ns == 0 || next_ns < end_ns) {
    sleep_until(next_ns);
    if (echoes != nullptr) {
      if (end_ns == 0) echoes->send();
      echoes->take();
    }
    adverts.take();
    if (end_ns == 0 && has_ended(STDIN_FILENO)) end_ns = next_ns + kLastAnswersNs;
    next_ns += every_ns;
    // the machine stood still: what could not be asked then is not asked now, in a burst
    if (next_ns < now_ns() - 10 * every_ns) next_ns = now_ns();
  }
}

}  // namespace

int main(int count, char** words) {
  if (count < 2) return std::fputs("usage: vrrp-probe INTERFACE [ADDRESS]\n", stderr), 2;
  Adverts adverts(words[1]);
  std::vector<Echoes> echoes;
  if (count > 2) echoes.emplace_back(words[2]);
  const sched_param realtime{60};
  ::sched_setscheduler(0, SCHED_FIFO, &realtime);
  std::puts("ready");
  std::fflush(stdout);
  run(adverts, echoes.empty() ? nullptr : &echoes.front());
  adverts.print();
  if (!echoes.empty()) echoes.front().print();
  return 0;
}
