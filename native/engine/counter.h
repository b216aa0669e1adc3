#pragma once
#include <atomic>
#include <type_traits>

namespace lvsd {

/// A number that one thread writes while others read it: whole at any moment, in no order with anything else. Writing is a plain load,
/// addition and store, no locked one: there must be no second writer. Zeroed memory is zeros.
template <typename T>
class Counter {
 public:
  Counter() = default;
  Counter(T value) noexcept : value_(value) {}
  Counter(const Counter& other) noexcept : value_(T{other}) {}
  operator T() const noexcept { return std::atomic_ref(value_).load(std::memory_order_relaxed); }
  Counter& operator=(const Counter& other) noexcept { return *this = T{other}; }
  Counter& operator=(T value) noexcept {
    std::atomic_ref(value_).store(value, std::memory_order_relaxed);
    return *this;
  }
  Counter& operator+=(T more) noexcept { return *this = static_cast<T>(*this + more); }
  Counter& operator-=(T less) noexcept { return *this = static_cast<T>(*this - less); }
  Counter& operator++() noexcept { return *this += 1; }
  Counter& operator--() noexcept { return *this -= 1; }

 private:
  mutable T value_;  // atomic_ref takes no const, not even to read
};
static_assert(std::is_trivially_default_constructible_v<Counter<long>> && sizeof(Counter<long>) == sizeof(long));

}  // namespace lvsd
