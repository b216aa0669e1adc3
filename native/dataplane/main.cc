// lvsd-dataplane --control PATH [--workers N] [--sessions N] [--busy-poll-us N] [--spin-us N] [--no-pin] [--no-realtime] [--version TEXT]
//
// The engine as a process of its own: it forwards from its ports as long as it runs, whatever becomes of the director that started it.
// It ends by SIGTERM, SIGINT or a request, never with its parent. It logs JSON lines to standard error.
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>

#include "dataplane/log.h"
#include "dataplane/process.h"

namespace {

constexpr int kUsage = 2, kFailed = 1;

std::optional<std::uint32_t> number(const char* text, std::uint32_t least, std::uint32_t most) {
  char* end = nullptr;
  errno = 0;
  const unsigned long value = std::strtoul(text, &end, 10);
  if (errno != 0 || end == text || *end != '\0' || *text == '-' || value < least || value > most) return std::nullopt;
  return static_cast<std::uint32_t>(value);
}

/// False: said why.
bool read_options(int argc, char** argv, lvsd::ProcessOptions& options) {
  struct Number {
    const char* name;
    std::uint32_t* into;
    std::uint32_t least, most;
  };
  const Number numbers[] = {
      {"--workers", &options.workers, 1, 64},
      {"--sessions", &options.sessions, 1024, 1u << 28},
      {"--busy-poll-us", &options.busy_poll_us, 0, 1'000'000},
      {"--spin-us", &options.spin_us, 0, 1'000'000},
  };
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--no-pin") {
      options.pin = false;
      continue;
    }
    if (word == "--no-realtime") {
      options.realtime = false;
      continue;
    }
    const char* value = i + 1 < argc ? argv[++i] : nullptr;
    if (value == nullptr) return lvsd::log_line("error", word + ": a value is missing"), false;
    if (word == "--control") {
      options.control = value;
      continue;
    }
    if (word == "--version") {
      options.version = value;
      continue;
    }
    bool known = false;
    for (const Number& each : numbers) {
      if (word != each.name) continue;
      known = true;
      const auto read = number(value, each.least, each.most);
      if (!read) return lvsd::log_line("error", word + ": a number from " + std::to_string(each.least) + " to " + std::to_string(each.most) + " is needed, not " + value), false;
      *each.into = *read;
    }
    if (!known) return lvsd::log_line("error", word + ": no such option"), false;
  }
  if (options.control.empty()) return lvsd::log_line("error", "--control PATH is missing"), false;
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  lvsd::ProcessOptions options;
  if (!read_options(argc, argv, options)) return kUsage;
  lvsd::Process process(options);
  return process.run() ? 0 : kFailed;
}
