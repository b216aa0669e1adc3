// lvsd-launch PARENT UMASK UID GID GROUPS FILE ARGV0 [ARGUMENT...] becomes the program FILE, as another user.
//
// What Node's spawn cannot say: supplementary groups (libuv drops them all), a umask for the child alone, a signal when the parent
// dies. It runs in the new process, before exec, so none of it touches the director. Numbers are decimal but for UMASK, which is
// octal; `-` leaves as it is. PARENT is the process whose death ends the program with SIGTERM, or `-`.
//
// Whoever is not root then has no capability: neither becoming another ordinary user nor exec takes away what a director that is not
// root was given (capabilities(7), ambient set), and none of it is meant for scripts.
//
// Standard error is the channel for our own failures: `SYSCALL ERRNO SENTENCE`, exit status 127. The program never gets it: its
// standard error is its standard output. So whoever reads the channel knows a script's own 127 from ours.
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>

namespace {

constexpr int kFailed = 127;
constexpr int kMostGroups = 65536;  // NGROUPS_MAX
int channel = STDERR_FILENO;

[[noreturn]] void fail(const char* what, int error) noexcept {
  dprintf(channel, "%s %d %s\n", what, error, strerror(error));
  _exit(kFailed);
}

/// A whole decimal or octal number up to what uid_t, gid_t and pid_t hold.
unsigned long number(const char* text, int base) noexcept {
  char* end = nullptr;
  errno = 0;
  const unsigned long value = strtoul(text, &end, base);
  if (errno != 0 || end == text || *end != '\0' || *text == '-' || value > 0xfffffffeUL) fail("arguments", EINVAL);
  return value;
}

bool given(const char* text) noexcept { return strcmp(text, "-") != 0; }

/// `4,27`; empty: none.
void set_groups(char* text) noexcept {
  static gid_t groups[kMostGroups];
  std::size_t count = 0;
  char* rest = nullptr;
  for (char* word = strtok_r(text, ",", &rest); word != nullptr; word = strtok_r(nullptr, ",", &rest)) {
    if (count == kMostGroups) fail("setgroups", EINVAL);
    groups[count++] = static_cast<gid_t>(number(word, 10));
  }
  if (setgroups(count, groups) != 0) fail("setgroups", errno);
}

/// Effective, permitted, inheritable and with them ambient: none.
void drop_capabilities() noexcept {
  __user_cap_header_struct whose{_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3]{};
  if (syscall(SYS_capset, &whose, none) != 0) fail("capset", errno);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 8) fail("arguments", EINVAL);
  char* const parent = argv[1];
  char* const file = argv[6];

  channel = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (channel < 0) {
    channel = STDERR_FILENO;
    fail("fcntl", errno);
  }
  if (dup2(STDOUT_FILENO, STDERR_FILENO) < 0) fail("dup2", errno);

  if (given(argv[2])) umask(static_cast<mode_t>(number(argv[2], 8) & 0777));
  // groups while we still may, the user last
  if (given(argv[5])) set_groups(argv[5]);
  if (given(argv[4]) && setgid(static_cast<gid_t>(number(argv[4], 10))) != 0) fail("setgid", errno);
  if (given(argv[3]) && setuid(static_cast<uid_t>(number(argv[3], 10))) != 0) fail("setuid", errno);
  if (geteuid() != 0) drop_capabilities();

  if (given(parent)) {
    // after setuid, which forgets it; who died before this line is not told any more
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) fail("prctl", errno);
    if (getppid() != static_cast<pid_t>(number(parent, 10))) fail("getppid", ESRCH);
  }
  // what would make the program load or split words as somebody else wishes has no place in what root runs
  for (const char* name : {"IFS", "LD_PRELOAD", "LD_LIBRARY_PATH"}) unsetenv(name);

  execv(file, argv + 7);
  fail("exec", errno);
}
