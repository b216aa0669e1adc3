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
/// Events beyond these are not kept for whoever does not read them.
constexpr std::size_t kMostUnread = 64u << 20;
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
  const int count = ::epoll_wait(epoll_.get(), events, 32, timeout_ms);
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
    if (!fd) return;
    if (!is_ours(fd.get()) || !add_to(epoll_.get(), fd.get(), next_)) continue;
    connections_[next_++].fd = std::move(fd);
  }
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

/// Answers each whole frame that came. False: this is not our protocol.
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

void Server::write(ClientId client) {
  const auto found = connections_.find(client);
  if (found == connections_.end()) return;
  Connection& to = found->second;
  while (to.sent < to.out.size()) {
    const ssize_t count = ::send(to.fd.get(), to.out.data() + to.sent, to.out.size() - to.sent, MSG_NOSIGNAL);
    if (count < 0 && errno == EAGAIN) break;
    if (count < 0) return close(client);
    to.sent += static_cast<std::size_t>(count);
  }
  const bool waits = to.sent < to.out.size();
  if (!waits) to.out.clear(), to.sent = 0;
  if (waits == to.waits_to_write) return;
  to.waits_to_write = waits;
  epoll_event event{};
  event.events = EPOLLIN | (waits ? std::uint32_t{EPOLLOUT} : 0u);
  event.data.u64 = client;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, to.fd.get(), &event);
}

void Server::close(ClientId client) {
  // who sees that it was closed may count on it that it is forgotten, too
  const auto closed = connections_.extract(client);
  respondent_.gone(client);
}

bool Server::tell(ClientId client, std::uint16_t event, std::span<const std::uint8_t> payload) {
  const auto found = connections_.find(client);
  if (found == connections_.end()) return true;
  if (found->second.out.size() - found->second.sent > kMostUnread) return false;
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
