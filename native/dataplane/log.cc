#include "dataplane/log.h"

#include <time.h>
#include <unistd.h>

#include <cstdio>

namespace lvsd {

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (byte < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", byte);
      result += escape;
    } else {
      result += c;
    }
  }
  return result + '"';
}

void log_line(const char* level, std::string_view message) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  tm utc{};
  ::gmtime_r(&now.tv_sec, &utc);
  char time[40];
  const std::size_t length = ::strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(time + length, sizeof time - length, ".%03ldZ", now.tv_nsec / 1'000'000);
  const std::string line = std::string("{\"time\":\"") + time + "\",\"level\":\"" + level + "\",\"message\":" + quoted(message) + "}\n";
  // nobody is left to tell that nobody reads
  if (::write(STDERR_FILENO, line.data(), line.size()) < 0) return;
}

}  // namespace lvsd
