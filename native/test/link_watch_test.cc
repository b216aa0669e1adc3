// Which devices are gone, also when the kernel could not say all it had to. In a network namespace of its own.
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "base/unique_fd.h"
#include "port/link_watch.h"
#include "test/tap.h"

using namespace lvsd;
using namespace lvsd::test;

namespace {

/// A device that lives as long as its descriptor.
struct TestDevice {
  explicit TestDevice(const char* name) : fd(::open("/dev/net/tun", O_RDWR | O_CLOEXEC)) {
    ifreq request{};
    std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    if (fd && ::ioctl(fd.get(), TUNSETIFF, &request) == 0) ifindex = ::if_nametoindex(name);
  }
  UniqueFd fd;
  std::uint32_t ifindex = 0;
};

/// The kernel has so much to tell of the loopback device that the watch's socket cannot hold it.
void flood(std::uint32_t times) {
  const UniqueFd control(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strncpy(request.ifr_name, "lo", IFNAMSIZ - 1);
  for (std::uint32_t time = 0; time < times; ++time) {
    request.ifr_flags = time % 2 == 0 ? IFF_UP : 0;
    if (::ioctl(control.get(), SIOCSIFFLAGS, &request) != 0) return;
  }
}

}  // namespace

TEST("a device that went is told, others are not") {
  LinkWatch watch;
  CHECK(!watch.open());
  TestDevice stays("stays0");
  std::uint32_t went = 0;
  {
    const TestDevice goes("goes0");
    went = goes.ifindex;
    CHECK(watch.gone(std::vector{stays.ifindex, went}).empty());
  }
  CHECK(watch.gone(std::vector{stays.ifindex, went}) == std::vector{went});
  CHECK(watch.gone(std::vector{stays.ifindex}).empty());
  CHECK_EQUAL(watch.overruns(), 0U);
}

TEST("a device whose end was lost, because more came than the socket holds, is found") {
  LinkWatch watch;
  CHECK(!watch.open());
  TestDevice stays("stays1");
  std::uint32_t went = 0;
  {
    const TestDevice goes("goes1");
    went = goes.ifindex;
    CHECK(watch.gone(std::vector{stays.ifindex, went}).empty());
    const int least = 1;  // the kernel makes it the least it allows
    CHECK(::setsockopt(watch.descriptor(), SOL_SOCKET, SO_RCVBUF, &least, sizeof least) == 0);
    flood(200);
  }
  CHECK(watch.gone(std::vector{stays.ifindex, went}) == std::vector{went});
  CHECK(watch.overruns() > 0);
}

int main() {
  if (::unshare(CLONE_NEWNET) != 0) {
    std::printf("1..0 # SKIP unshare(CLONE_NEWNET): %s\n", std::strerror(errno));
    return 0;
  }
  if (TestDevice("probe0").ifindex == 0) {
    std::printf("1..0 # SKIP no TUN devices here\n");
    return 0;
  }
  return run_all();
}
