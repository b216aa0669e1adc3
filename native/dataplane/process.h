#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "control/server.h"
#include "dataplane/io_thread.h"
#include "engine/engine.h"
#include "port/link_watch.h"
#include "port/open_port.h"
#include "port/steering.h"

namespace lvsd {

struct ProcessOptions {
  std::string control;  ///< path of the socket
  std::string version;
  std::uint32_t workers = 1;
  std::uint32_t sessions = 1'000'000;
  std::uint32_t busy_poll_us = 0;
  std::uint32_t spin_us = 50;
  bool pin = true;       ///< each worker to a core
  bool realtime = true;  ///< workers before other threads, where a core is left for these or the kernel's receiving threads are realtime
};

/// The engine as a process: workers with their threads, ports, and the control socket that tells them what to do. All of it but the
/// workers runs in the thread that calls `run`.
class Process final : private control::Respondent {
 public:
  explicit Process(const ProcessOptions& options);
  ~Process() override;

  /// Until SIGTERM, SIGINT or kStop. False: it could not begin, and said why.
  [[nodiscard]] bool run();

 private:
  static constexpr std::size_t kMostRecords = 65'536;  ///< sessions of one answer

  struct PortState {
    control::PortOrder order;
    std::unique_ptr<OpenPort> open;
    std::string reason;
  };

  [[nodiscard]] bool begin();
  void start_workers();
  void set_priorities();
  void on_signal();
  void on_links();
  void on_told();
  void tick();

  control::Answer answer(control::ClientId client, std::uint16_t request, std::span<const std::uint8_t> payload) override;
  void gone(control::ClientId client) override;
  control::Answer publish(std::span<const std::uint8_t> image, bool services);
  control::Answer open_ports(std::span<const std::uint8_t> orders);
  control::Answer explain(std::span<const std::uint8_t> payload);
  control::Answer sessions(std::span<const std::uint8_t> payload);
  control::Answer load_sessions(std::span<const std::uint8_t> payload);
  control::Answer flush(std::span<const std::uint8_t> payload);
  control::Answer follow(control::ClientId client, std::span<const std::uint8_t> payload);
  control::Answer capture(control::ClientId client, std::span<const std::uint8_t> payload);

  void open_port(PortState& port);
  void close_port(PortState& port);
  void prepare_ports();
  void tell_macs();
  [[nodiscard]] std::vector<std::string> open_devices() const;
  [[nodiscard]] std::string publish_steering();
  [[nodiscard]] std::string ports_json() const;
  [[nodiscard]] std::string hello_json() const;
  void tell_port(const PortState& port, bool up, const std::string& reason);
  void tell_captured();
  void tell_sessions();
  [[nodiscard]] std::uint32_t now_ms() const noexcept { return static_cast<std::uint32_t>(clock_.now_ms()); }

  ProcessOptions options_;
  std::uint64_t started_ms_;
  EngineClock clock_;
  std::unique_ptr<Engine> engine_;
  SteeringMaker steering_maker_;
  SteeringMaps maps_;
  std::shared_ptr<const Steering> steering_;
  std::vector<Umems> umems_;
  std::unique_ptr<Plant> plant_;
  std::vector<PortState> ports_;
  std::vector<std::unique_ptr<IoThread>> threads_;
  control::Server server_{*this};
  UniqueFd signals_;
  LinkWatch links_;
  std::string pass_problem_;
  std::vector<control::ClientId> capturers_;
  bool stop_ = false, pass_open_ = false, sessions_followed_ = false, sessions_lost_ = false;
  std::unique_ptr<SessionRecord[]> changed_sessions_;  ///< kMostRecords, while somebody follows them
  std::uint64_t collected_ms_ = 0, ranked_ms_ = 0;
  int priority_ = 0;  ///< of the workers
};

}  // namespace lvsd
