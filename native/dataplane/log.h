#pragma once
#include <string>
#include <string_view>

namespace lvsd {

/// Text as a JSON string with its quotes.
[[nodiscard]] std::string quoted(std::string_view text);

/// One line of JSON to standard error: {"time":"...","level":"...","message":"..."}.
void log_line(const char* level, std::string_view message);

}  // namespace lvsd
