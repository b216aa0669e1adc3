#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/syscall_error.h"
#include "base/unique_fd.h"
#include "control/protocol.h"

namespace lvsd::control {

/// What a request is answered with. `status` 1: refused, and the payload is a sentence.
struct Answer {
  std::uint16_t status = 0;
  std::vector<std::uint8_t> payload;

  [[nodiscard]] static Answer refuse(std::string_view sentence) { return {1, {sentence.begin(), sentence.end()}}; }
  [[nodiscard]] static Answer json(std::string_view text) { return {0, {text.begin(), text.end()}}; }
};

using ClientId = std::uint64_t;

/// Whoever answers. In the thread that runs the server.
class Respondent {
 public:
  virtual ~Respondent() = default;
  virtual Answer answer(ClientId client, std::uint16_t request, std::span<const std::uint8_t> payload) = 0;
  virtual void gone(ClientId client) = 0;
};

/// The control socket and its connections: frames in, frames out, for whoever runs as our user or root. One thread.
///
/// Memory is bounded by client: of its requests never more is kept than one frame (kLongestPayload) and what one read brings; of answers
/// and events that it does not read kMostUnread, and one frame above. Who asks on beyond that is disconnected; events beyond it are lost.
/// Without a descriptor for a newcomer (EMFILE, ENFILE) nobody is accepted until a client leaves, or for kAcceptPauseMs.
class Server {
 public:
  static constexpr std::size_t kMostUnread = 64u << 20;  ///< bytes
  static constexpr int kAcceptPauseMs = 500;

  explicit Server(Respondent& respondent) : respondent_(respondent) {}
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Listens at `path`, which only its owner may open. A socket that nobody listens at is replaced. False: `why` not.
  [[nodiscard]] bool listen(const std::string& path, std::string& why);
  /// Calls `ready` whenever this may be read.
  [[nodiscard]] bool watch(int fd, std::function<void()> ready);
  /// Waits for something and does what it asks for, at most so long.
  void run_once(int timeout_ms);

  /// An event to one client, or to all who follow a topic. False: somebody does not read what he asked for, and got nothing.
  bool tell(ClientId client, std::uint16_t event, std::span<const std::uint8_t> payload);
  bool tell_all(std::uint32_t topic, std::uint16_t event, std::span<const std::uint8_t> payload);
  [[nodiscard]] bool is_followed(std::uint32_t topic) const noexcept;
  void follow(ClientId client, std::uint32_t topics);

 private:
  struct Connection {
    UniqueFd fd;
    std::vector<std::uint8_t> in, out;
    std::size_t sent = 0;  ///< of `out`
    [[nodiscard]] std::size_t unread() const noexcept { return out.size() - sent; }
    std::uint32_t topics = 0;
    bool waits_to_write = false;
  };

  void accept();
  void pause_accepting();
  void resume_accepting();
  [[nodiscard]] int until_resumed(int timeout_ms);
  void read(ClientId client);
  [[nodiscard]] bool take_requests(ClientId client);
  void write(ClientId client);
  [[nodiscard]] bool reads_on(ClientId client);
  void frame(Connection& to, std::uint16_t type, std::uint16_t status, std::uint32_t id, std::span<const std::uint8_t> payload);
  void close(ClientId client);

  Respondent& respondent_;
  UniqueFd epoll_, listener_;
  std::optional<std::chrono::steady_clock::time_point> paused_until_;  ///< nobody is accepted until then
  std::string path_;
  std::uint64_t inode_ = 0;
  ClientId next_ = 1;
  std::map<ClientId, Connection> connections_;
  std::map<int, std::function<void()>> watched_;
};

}  // namespace lvsd::control
