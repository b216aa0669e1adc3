#include "port/umem.h"

#include <sys/mman.h>

#include <new>

namespace lvsd {

std::shared_ptr<Umem> Umem::make(std::uint32_t frames) noexcept {
  const std::uint64_t bytes = std::uint64_t{frames} * kFrame;
  constexpr int kProtection = PROT_READ | PROT_WRITE, kFlags = MAP_PRIVATE | MAP_ANONYMOUS;
  void* memory = ::mmap(nullptr, bytes, kProtection, kFlags | MAP_HUGETLB | MAP_POPULATE, -1, 0);
  if (memory == MAP_FAILED) {
    memory = ::mmap(nullptr, bytes, kProtection, kFlags, -1, 0);
    if (memory == MAP_FAILED) return nullptr;
    ::madvise(memory, bytes, MADV_HUGEPAGE);
  }
  std::shared_ptr<Umem> umem(new (std::nothrow) Umem);
  if (umem == nullptr) return ::munmap(memory, bytes), nullptr;
  umem->memory_ = static_cast<std::uint8_t*>(memory);
  umem->bytes_ = bytes;
  umem->frames_ = frames;
  umem->free_ = std::make_unique<std::uint64_t[]>(frames);
  umem->owners_ = std::make_unique<std::uint16_t[]>(frames);
  // the lowest first: what is in use lies together
  for (std::uint32_t i = frames; i > 0; --i) umem->give(std::uint64_t{i - 1} * kFrame);
  return umem;
}

Umem::~Umem() {
  if (memory_ != nullptr) ::munmap(memory_, bytes_);
}

void Umem::reclaim(std::uint16_t owner) noexcept {
  for (std::uint32_t i = 0; i < frames_; ++i)
    if (owners_[i] == owner) give(std::uint64_t{i} * kFrame);
}

bool Umem::reserve(std::uint32_t frames) noexcept {
  if (reserved_ + frames > frames_) return false;
  reserved_ += frames;
  return true;
}

}  // namespace lvsd
