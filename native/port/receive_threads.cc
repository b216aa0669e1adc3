#include "port/receive_threads.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <vector>

#include "base/unique_fd.h"

namespace lvsd {
namespace {

std::string first_line(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char text[64];
  const ssize_t count = fd ? ::read(fd.get(), text, sizeof text) : 0;
  const std::string read(text, static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  return read.substr(0, read.find('\n'));
}

}  // namespace

int receive_priority(std::span<const std::string> devices) {
  std::vector<std::string> threads;  // how their names begin
  for (const std::string& device : devices) {
    const std::string threaded = first_line("/sys/class/net/" + device + "/threaded");
    if (!threaded.empty() && threaded != "0") threads.push_back("napi/" + device + "-");
  }
  if (threads.empty()) return 0;
  const std::unique_ptr<DIR, int (*)(DIR*)> processes(::opendir("/proc"), ::closedir);
  int highest = 0;
  while (const dirent* entry = processes == nullptr ? nullptr : ::readdir(processes.get())) {
    const int pid = std::atoi(entry->d_name);
    if (pid <= 0) continue;
    const std::string name = first_line(std::string("/proc/") + entry->d_name + "/comm");
    const bool receives = std::any_of(threads.begin(), threads.end(), [&](const std::string& begin) { return name.starts_with(begin); });
    sched_param param{};
    if (receives && ::sched_getparam(pid, &param) == 0) highest = std::max(highest, param.sched_priority);
  }
  return highest;
}

}  // namespace lvsd
