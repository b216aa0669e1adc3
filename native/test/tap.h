#pragma once
// Tests in C++: TEST(name) { CHECK(...); CHECK_EQUAL(a, b); } and one TAP line per test.
#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

namespace lvsd::test {

struct Test {
  const char* name;
  void (*run)();
};

inline std::vector<Test>& tests() {
  static std::vector<Test> all;
  return all;
}
inline std::vector<std::string>& complaints() {
  static std::vector<std::string> all;
  return all;
}

struct Registered {
  Registered(const char* name, void (*run)()) { tests().push_back({name, run}); }
};

template <typename A, typename B>
void equal(const A& is, const B& should, const char* what, const char* file, int line) {
  if (is == should) return;
  std::ostringstream text;
  text << file << ":" << line << ": " << what << " is " << +is << ", should be " << +should;
  complaints().push_back(text.str());
}

/// `int main() { return lvsd::test::run_all(); }`
inline int run_all() {
  std::printf("TAP version 14\n1..%zu\n", tests().size());
  int number = 0, failed = 0;
  for (const Test& test : tests()) {
    complaints().clear();
    test.run();
    std::printf("%s %d - %s\n", complaints().empty() ? "ok" : "not ok", ++number, test.name);
    for (const std::string& complaint : complaints()) std::printf("# %s\n", complaint.c_str());
    std::fflush(stdout);
    failed += complaints().empty() ? 0 : 1;
  }
  return failed == 0 ? 0 : 1;
}

}  // namespace lvsd::test

#define LVSD_JOIN2(a, b) a##b
#define LVSD_JOIN(a, b) LVSD_JOIN2(a, b)
#define TEST(name) LVSD_TEST(name, __COUNTER__)
#define LVSD_TEST(name, n)                                                                        \
  static void LVSD_JOIN(test_, n)();                                                              \
  static const ::lvsd::test::Registered LVSD_JOIN(registered_, n){name, LVSD_JOIN(test_, n)};     \
  static void LVSD_JOIN(test_, n)()
#define CHECK(what)                                                                               \
  do {                                                                                            \
    if (!(what)) ::lvsd::test::complaints().push_back(std::string(__FILE__ ":") + std::to_string(__LINE__) + ": not so: " #what); \
  } while (false)
#define CHECK_EQUAL(is, should) ::lvsd::test::equal((is), (should), #is, __FILE__, __LINE__)
