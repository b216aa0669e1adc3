#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace lvsd {

/// A map that only grows, in two allocations: entries in the order they came, and an open-addressed index of them. Made and thrown away
/// with every publication, hundreds of thousands of entries at a time, where one node each would cost more than all the rest.
template <typename Key, typename Value, typename Hash>
class FlatMap {
 public:
  using Entry = std::pair<Key, Value>;
  using const_iterator = const Entry*;

  void reserve(std::size_t entries) {
    entries_.reserve(entries);
    if (entries * 2 > index_.size()) rehash(entries * 2);
  }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] const_iterator begin() const noexcept { return entries_.data(); }
  [[nodiscard]] const_iterator end() const noexcept { return entries_.data() + entries_.size(); }
  [[nodiscard]] Entry* begin() noexcept { return entries_.data(); }
  [[nodiscard]] Entry* end() noexcept { return entries_.data() + entries_.size(); }

  [[nodiscard]] const_iterator find(const Key& key) const noexcept {
    if (index_.empty()) return end();
    const std::uint32_t at = index_[place_of(key)];
    return at == kEmpty ? end() : begin() + at;
  }
  [[nodiscard]] bool contains(const Key& key) const noexcept { return find(key) != end(); }

  /// A new key's value is Value{}. What was got before may have moved.
  Value& operator[](const Key& key) {
    if ((entries_.size() + 1) * 2 > index_.size()) rehash((entries_.size() + 1) * 4);
    std::uint32_t& at = index_[place_of(key)];
    if (at == kEmpty) {
      at = static_cast<std::uint32_t>(entries_.size());
      entries_.emplace_back(key, Value{});
    }
    return entries_[at].second;
  }

 private:
  static constexpr std::uint32_t kEmpty = 0xffffffff;

  /// Where the key stands, or would.
  [[nodiscard]] std::size_t place_of(const Key& key) const noexcept {
    const std::size_t mask = index_.size() - 1;
    for (std::size_t place = Hash{}(key)&mask;; place = (place + 1) & mask) {
      if (index_[place] == kEmpty || entries_[index_[place]].first == key) return place;
    }
  }
  void rehash(std::size_t least) {
    index_.assign(std::bit_ceil(least < 16 ? std::size_t{16} : least), kEmpty);
    for (std::uint32_t at = 0; at < entries_.size(); ++at) index_[place_of(entries_[at].first)] = at;
  }

  std::vector<Entry> entries_;
  std::vector<std::uint32_t> index_;  ///< a power of two, at most half full; kEmpty or a place in entries_
};

}  // namespace lvsd
