#pragma once
// Two network namespaces and a cable between them, for tests with real sockets: lv0 is here (the process lives there), lv1 over there.
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <thread>

#include "base/unique_fd.h"

namespace lvsd::test {

class TwoMachines {
 public:
  /// false: nobody lets us. Called once, before any other thread runs.
  [[nodiscard]] bool build() {
    if (::unshare(CLONE_NEWNET) < 0) return false;
    std::thread([this] {
      if (::unshare(CLONE_NEWNET) == 0) far_ = UniqueFd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
      if (far_) run("ip link set lo up");
    }).join();
    if (!far_) return false;
    const std::string far = "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(far_.get());
    bool built = run("ip link set lo up && ip link add lv0 type veth peer name lv1 && ip link set lv1 netns " + far) &&
                 run("ip addr add 192.0.2.1/24 dev lv0 && ip -6 addr add fe80::1/64 dev lv0 nodad && ip -6 addr add 2001:db8::1/64 dev lv0 nodad && ip link set lv0 up");
    over_there([&] {
      built = built && run("ip addr add 192.0.2.2/24 dev lv1 && ip -6 addr add fe80::2/64 dev lv1 nodad && ip -6 addr add 2001:db8::2/64 dev lv1 nodad && ip link set lv1 up");
    });
    return built;
  }

  /// What opens a socket there, opens one of that machine.
  template <typename Work>
  void over_there(Work work) const {
    std::thread([&] {
      if (::setns(far_.get(), CLONE_NEWNET) == 0) work();
    }).join();
  }

 private:
  static bool run(const std::string& command) { return std::system(command.c_str()) == 0; }

  UniqueFd far_;
};

}  // namespace lvsd::test
