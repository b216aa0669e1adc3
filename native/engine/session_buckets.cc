#include "engine/session_buckets.h"

#include <sys/mman.h>

namespace lvsd {

namespace {
constexpr std::size_t kHugePage = std::size_t{2} << 20;

std::size_t rounded_up(std::size_t bytes, std::size_t to) noexcept { return (bytes + to - 1) / to * to; }
}  // namespace

const Bucket Buckets::kNothing[1] = {};

Pages::~Pages() {
  if (data_ != nullptr) munmap(data_, bytes_);
}

bool Pages::allocate(std::size_t bytes) noexcept {
  const bool huge = bytes >= kHugePage;
  bytes_ = rounded_up(bytes, 4096);
  const std::size_t asked = bytes_ + (huge ? kHugePage : 0);
  void* mapped = mmap(nullptr, asked, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) return bytes_ = 0, false;
  auto* begin = static_cast<char*>(mapped);
  if (huge) {  // the kernel gives huge pages where a whole one lies inside: begin at one, give back what is around it
    const auto address = reinterpret_cast<std::uintptr_t>(begin);
    const std::size_t before = rounded_up(address, kHugePage) - address;
    if (before != 0) munmap(begin, before);
    begin += before;
    const std::size_t behind = asked - before - bytes_;
    if (behind != 0) munmap(begin + bytes_, behind);
    madvise(begin, bytes_, MADV_HUGEPAGE);
  }
  data_ = begin;
  return true;
}

bool Buckets::allocate(std::uint32_t buckets) noexcept {
  if (!memory_.allocate(std::size_t{buckets} * sizeof(Bucket))) return false;
  table_ = static_cast<Bucket*>(memory_.data());
  count_ = buckets;
  return true;
}

}  // namespace lvsd
