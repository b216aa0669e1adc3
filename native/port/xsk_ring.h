#pragma once
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace lvsd {

/// One of the four rings of an AF_XDP socket (Documentation/networking/af_xdp.rst), mapped. Element: xdp_desc, or an address.
template <typename Element>
class XskRing {
 public:
  XskRing() = default;
  XskRing(const XskRing&) = delete;
  XskRing& operator=(const XskRing&) = delete;
  ~XskRing() {
    if (mapping_ != nullptr) ::munmap(mapping_, bytes_);
  }

  /// `offsets`: of xdp_mmap_offsets; `page`: XDP_PGOFF_... False: errno says why.
  template <typename Offsets>
  [[nodiscard]] bool map(int socket, const Offsets& offsets, std::uint64_t page, std::uint32_t entries, bool we_produce) noexcept {
    bytes_ = offsets.desc + entries * sizeof(Element);
    void* mapping = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, socket, static_cast<off_t>(page));
    if (mapping == MAP_FAILED) return false;
    mapping_ = static_cast<std::uint8_t*>(mapping);
    producer_ = reinterpret_cast<std::uint32_t*>(mapping_ + offsets.producer);
    consumer_ = reinterpret_cast<std::uint32_t*>(mapping_ + offsets.consumer);
    flags_ = reinterpret_cast<std::uint32_t*>(mapping_ + offsets.flags);
    elements_ = reinterpret_cast<Element*>(mapping_ + offsets.desc);
    entries_ = entries;
    ours_ = we_produce ? *producer_ : *consumer_;
    return true;
  }

  // -------- rings that we fill: fill and tx
  [[nodiscard]] std::uint32_t room() const noexcept { return entries_ - (ours_ - theirs(consumer_)); }
  void put(const Element& element) noexcept { elements_[ours_++ & (entries_ - 1)] = element; }
  void publish() noexcept { std::atomic_ref(*producer_).store(ours_, std::memory_order_release); }
  /// Put, and not yet taken by the kernel.
  [[nodiscard]] std::uint32_t pending() const noexcept { return ours_ - theirs(consumer_); }
  [[nodiscard]] bool needs_wakeup() const noexcept { return (std::atomic_ref(*flags_).load(std::memory_order_relaxed) & 1) != 0; }

  // -------- rings that we empty: rx and completion
  [[nodiscard]] std::uint32_t waiting() const noexcept { return theirs(producer_) - ours_; }
  [[nodiscard]] const Element& get() noexcept { return elements_[ours_++ & (entries_ - 1)]; }
  void release() noexcept { std::atomic_ref(*consumer_).store(ours_, std::memory_order_release); }

 private:
  static std::uint32_t theirs(std::uint32_t* index) noexcept { return std::atomic_ref(*index).load(std::memory_order_acquire); }

  std::uint8_t* mapping_ = nullptr;
  std::size_t bytes_ = 0;
  std::uint32_t *producer_ = nullptr, *consumer_ = nullptr, *flags_ = nullptr;
  Element* elements_ = nullptr;
  std::uint32_t entries_ = 0, ours_ = 0;
};

}  // namespace lvsd
