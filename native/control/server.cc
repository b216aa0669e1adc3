#include "control/server.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace lvsd::control {
namespace {

constexpr int kBacklog = 16;
constexpr std::size_t kReadAtOnce = 1 << 18;
/// Marks watched descriptors among epoll's data; connections are numbered without.
constexpr std::uint64_t kWatched = std::uint64_t{1} << 63;
constexpr std::uint64_t kListener = ~std::uint64_t{0};

bool is_ours(int fd) noexcept {
  ucred peer{};
  socklen_t length = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return false;
  return peer.uid == 0 || peer.uid == ::geteuid();
}

std::string why_not(const char* call, const std::string& path) { return path + ": " + call + ": " + std::strerror(errno); }

bool somebody_listens(const sockaddr_un& address) noexcept {
  const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

bool add_to(int epoll, int fd, std::uint64_t data) noexcept {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = data;
  return ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

}  // namespace

Server::~Server() {
  struct stat now {};
  // what a newer engine has put in its place is its own
  if (!path_.empty() && ::stat(path_.c_str(), &now) == 0 && now.st_ino == inode_) ::unlink(path_.c_str());
}

bool Server::listen(const std::string& path, std::string& why) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return why = path + ": no path for a socket", false;
  std::memcpy(address.sun_path, path.c_str(), path.size());
  if (somebody_listens(address)) return why = path + ": another engine listens here", false;
  struct stat found {};
  if (::lstat(path.c_str(), &found) == 0 && !S_ISSOCK(found.st_mode)) return why = path + ": is there and no socket", false;
  ::unlink(path.c_str());

  listener_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!listener_) return why = why_not("socket", path), false;
  const mode_t before = ::umask(0177);
  const bool bound = ::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::umask(before);
  if (!bound) return why = why_not("bind", path), false;
  path_ = path;
  if (::stat(path.c_str(), &found) == 0) inode_ = found.st_ino;
  epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_ || ::listen(listener_.get(), kBacklog) != 0 || !add_to(epoll_.get(), listener_.get(), kListener)) return why = why_not("listen", path), false;
  return true;
}

bool Server::watch(int fd, std::function<void()> ready) {
  if (!add_to(epoll_.get(), fd, kWatched | static_cast<std::uint64_t>(fd))) return false;
  watched_[fd] = std::move(ready);
  return true;
}

void Server::run_once(int timeout_ms) {
  epoll_event events[32];
  const int count = ::epoll_wait(epoll_.get(), events, 32, until_resumed(timeout_ms));
  for (int i = 0; i < count; ++i) {
    const std::uint64_t who = events[i].data.u64;
    if (who == kListener) {
      accept();
    } else if ((who & kWatched) != 0) {
      watched_[static_cast<int>(who & ~kWatched)]();
    } else {
      if ((events[i].events & EPOLLOUT) != 0) write(who);
      if ((events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) read(who);
    }
  }
}

void Server::accept() {
  while (true) {
    UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) {
      if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR) pause_accepting();
      return;
    }
    if (!is_ours(fd.get()) || !add_to(epoll_.get(), fd.get(), next_)) continue;
    connections_[next_++].fd = std::move(fd);
  }
}

/// Who waits to be accepted would wake us again and again.
void Server::pause_accepting() {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, listener_.get(), nullptr);
  paused_until_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(kAcceptPauseMs);
}

void Server::resume_accepting() {
  if (paused_until_ && add_to(epoll_.get(), listener_.get(), kListener)) paused_until_.reset();
}

/// How long may be waited, if it must not be longer than a pause.
int Server::until_resumed(int timeout_ms) {
  if (!paused_until_) return timeout_ms;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*paused_until_ - std::chrono::steady_clock::now()).count();
  if (left <= 0) return resume_accepting(), timeout_ms;
  return timeout_ms < 0 ? static_cast<int>(left) : std::min(timeout_ms, static_cast<int>(left));
}

void Server::read(ClientId client) {
  const auto found = connections_.find(client);
  if (found == connections_.end()) return;
  std::vector<std::uint8_t>& in = found->second.in;
  const std::size_t had = in.size();
  in.resize(had + kReadAtOnce);
  const ssize_t count = ::recv(found->second.fd.get(), in.data() + had, kReadAtOnce, 0);
  const int error = errno;
  in.resize(had + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  if (count == 0 || (count < 0 && error != EAGAIN && error != EINTR)) return close(client);
  if (count > 0 && !take_requests(client)) return close(client);
  write(client);
}

/// Answers each whole frame that came. False: this is not our protocol, or answers are not read.
bool Server::take_requests(ClientId client) {
  std::size_t at = 0;
  while (true) {
    const auto found = connections_.find(client);
    if (found == connections_.end()) return true;
    std::vector<std::uint8_t>& in = found->second.in;
    FrameHeader header;
    const std::size_t rest = in.size() - at;
    if (rest >= sizeof header) std::memcpy(&header, in.data() + at, sizeof header);
    if (rest >= sizeof header && header.bytes > kLongestPayload) return false;
    if (rest < sizeof header || rest - sizeof header < header.bytes) {
      in.erase(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(at));
      return true;
    }
    // images must be aligned to eight bytes: a copy is
    const std::vector<std::uint8_t> payload(in.begin() + static_cast<std::ptrdiff_t>(at + sizeof header),
                                            in.begin() + static_cast<std::ptrdiff_t>(at + sizeof header + header.bytes));
    at += sizeof header + header.bytes;
    if (!reads_on(client)) return false;
    const Answer answer = respondent_.answer(client, header.type, payload);
    if (const auto still = connections_.find(client); still != connections_.end())
      frame(still->second, header.type, answer.status, header.id, answer.payload);
  }
}

void Server::frame(Connection& to, std::uint16_t type, std::uint16_t status, std::uint32_t id, std::span<const std::uint8_t> payload) {
  const FrameHeader header{static_cast<std::uint32_t>(payload.size()), type, status, id};
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&header);
  to.out.insert(to.out.end(), bytes, bytes + sizeof header);
  to.out.insert(to.out.end(), payload.begin(), payload.end());
}

/// Whether it is there and may ask on: it has read what it asked for, up to a limit.
bool Server::reads_on(ClientId client) {
  const auto reads = [&] {
    const auto found = connections_.find(client);
    return found != connections_.end() && found->second.unread() <= kMostUnread;
  };
  if (!reads()) write(client);
  return reads();
}

void Server::write(ClientId client) {
  const auto found = connections_.find(client);
  if (found == connections_.end()) return;
  Connection& to = found->second;
  while (to.unread() > 0) {
    const ssize_t count = ::send(to.fd.get(), to.out.data() + to.sent, to.unread(), MSG_NOSIGNAL);
    if (count < 0 && errno == EAGAIN) break;
    if (count < 0) return close(client);
    to.sent += static_cast<std::size_t>(count);
  }
  const bool waits = to.unread() > 0;
  if (to.sent >= to.unread()) {  // never more copied than was sent
    to.out.erase(to.out.begin(), to.out.begin() + static_cast<std::ptrdiff_t>(to.sent));
    to.sent = 0;
  }
  if (waits == to.waits_to_write) return;
  to.waits_to_write = waits;
  epoll_event event{};
  event.events = EPOLLIN | (waits ? std::uint32_t{EPOLLOUT} : 0u);
  event.data.u64 = client;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, to.fd.get(), &event);
}

void Server::close(ClientId client) {
  // who sees that it was closed may count on it that it is forgotten, too
  {
    const auto closed = connections_.extract(client);
    if (closed.empty()) return;
    respondent_.gone(client);
  }
  resume_accepting();
}

bool Server::tell(ClientId client, std::uint16_t event, std::span<const std::uint8_t> payload) {
  const auto found = connections_.find(client);
  if (found == connections_.end()) return true;
  if (found->second.unread() > kMostUnread) return false;
  frame(found->second, event, 0, 0, payload);
  write(client);
  return true;
}

bool Server::tell_all(std::uint32_t topic, std::uint16_t event, std::span<const std::uint8_t> payload) {
  std::vector<ClientId> followers;
  for (const auto& [client, connection] : connections_)
    if ((connection.topics & topic) != 0) followers.push_back(client);
  bool all = true;
  for (const ClientId client : followers) all = tell(client, event, payload) && all;
  return all;
}

bool Server::is_followed(std::uint32_t topic) const noexcept {
  return std::any_of(connections_.begin(), connections_.end(), [&](const auto& each) { return (each.second.topics & topic) != 0; });
}

void Server::follow(ClientId client, std::uint32_t topics) {
  if (const auto found = connections_.find(client); found != connections_.end()) found->second.topics = topics;
}

}  // namespace lvsd::control
