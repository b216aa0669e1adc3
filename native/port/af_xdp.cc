#include "port/af_xdp.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "packet/checksum.h"
#include "packet/parse.h"

#ifndef SO_PREFER_BUSY_POLL
#define SO_PREFER_BUSY_POLL 69
#define SO_BUSY_POLL_BUDGET 70
#endif

namespace lvsd {
namespace {

constexpr SyscallError kOk{};
constexpr std::uint32_t kRing = 2048;
constexpr int kMaxTxBudget = 9;  ///< XDP_MAX_TX_SKB_BUDGET: Linux 6.18; before, 32 frames go out per call
constexpr int kTxPerCall = 256;
constexpr int kSendBuffer = 4 << 20;
constexpr int kMostTxCalls = 128;  ///< of one flush, should the device take nothing
constexpr int kBusyBudget = 64;

template <typename T>
SyscallError set(int socket, int level, int option, const T& value, const char* name) noexcept {
  return ::setsockopt(socket, level, option, &value, sizeof value) != 0 ? SyscallError{name, errno} : kOk;
}

}  // namespace

std::unique_ptr<XdpQueue> XdpQueue::open(const Options& options, Umems& umems, SyscallError& error) noexcept {
  const auto try_with = [&](const std::shared_ptr<Umem>& umem) -> std::unique_ptr<XdpQueue> {
    if (umem->zero_copy != options.zero_copy || !umem->reserve(kFramesNeeded)) return nullptr;
    std::unique_ptr<XdpQueue> queue(new XdpQueue);
    queue->umem_ = umem;
    if (++umem->next_owner == Umem::kNobody) ++umem->next_owner;  // devices that come and go for weeks
    queue->owner_ = umem->next_owner;
    error = queue->set_up(options);
    return error ? nullptr : std::move(queue);
  };
  for (const std::shared_ptr<Umem>& umem : umems)
    if (auto queue = try_with(umem)) return queue;
  const std::shared_ptr<Umem> umem = Umem::make(std::max(options.umem_frames, kFramesNeeded));
  if (umem == nullptr) return error = {"mmap", ENOMEM}, nullptr;
  umem->zero_copy = options.zero_copy;
  auto queue = try_with(umem);
  if (queue != nullptr) umems.push_back(umem);
  return queue;
}

SyscallError XdpQueue::set_up(const Options& options) noexcept {
  complete_checksums_ = options.complete_checksums;
  socket_.reset(::socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (!socket_) return {"socket(AF_XDP)", errno};
  const int fd = socket_.get();
  const bool shared = !umem_->sockets.empty();
  if (!shared) {
    xdp_umem_reg region{};
    region.addr = reinterpret_cast<std::uintptr_t>(umem_->begin());
    region.len = umem_->bytes();
    region.chunk_size = Umem::kFrame;
    if (const auto error = set(fd, SOL_XDP, XDP_UMEM_REG, region, "setsockopt(XDP_UMEM_REG)")) return error;
  }
  for (const int ring : {XDP_UMEM_FILL_RING, XDP_UMEM_COMPLETION_RING, XDP_RX_RING, XDP_TX_RING})
    if (const auto error = set(fd, SOL_XDP, ring, kRing, "setsockopt(XDP_RING)")) return error;
  if (const auto error = map_rings()) return error;

  // these make it faster where the kernel knows them
  static_cast<void>(set(fd, SOL_XDP, kMaxTxBudget, kTxPerCall, ""));
  static_cast<void>(set(fd, SOL_SOCKET, SO_SNDBUFFORCE, kSendBuffer, ""));
  if (options.busy_poll_us != 0) {
    const int microseconds = static_cast<int>(options.busy_poll_us);
    busy_polls_ = !set(fd, SOL_SOCKET, SO_PREFER_BUSY_POLL, 1, "") && !set(fd, SOL_SOCKET, SO_BUSY_POLL, microseconds, "") &&
                  !set(fd, SOL_SOCKET, SO_BUSY_POLL_BUDGET, kBusyBudget, "");
  }

  sockaddr_xdp address{};
  address.sxdp_family = AF_XDP;
  address.sxdp_ifindex = options.ifindex;
  address.sxdp_queue_id = options.queue;
  if (shared) {
    address.sxdp_flags = XDP_SHARED_UMEM;
    address.sxdp_shared_umem_fd = static_cast<std::uint32_t>(umem_->sockets.back());
  } else {
    address.sxdp_flags = static_cast<std::uint16_t>(XDP_USE_NEED_WAKEUP | (options.zero_copy ? XDP_ZEROCOPY : XDP_COPY));
  }
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {"bind(AF_XDP)", errno};
  umem_->sockets.push_back(fd);
  return kOk;
}

SyscallError XdpQueue::map_rings() noexcept {
  xdp_mmap_offsets offsets{};
  socklen_t length = sizeof offsets;
  if (::getsockopt(socket_.get(), SOL_XDP, XDP_MMAP_OFFSETS, &offsets, &length) != 0) return {"getsockopt(XDP_MMAP_OFFSETS)", errno};
  const int fd = socket_.get();
  const bool mapped = receive_.map(fd, offsets.rx, XDP_PGOFF_RX_RING, kRing, false) &&
                      transmit_.map(fd, offsets.tx, XDP_PGOFF_TX_RING, kRing, true) &&
                      fill_.map(fd, offsets.fr, XDP_UMEM_PGOFF_FILL_RING, kRing, true) &&
                      completion_.map(fd, offsets.cr, XDP_UMEM_PGOFF_COMPLETION_RING, kRing, false);
  return mapped ? kOk : SyscallError{"mmap(AF_XDP ring)", errno};
}

XdpQueue::~XdpQueue() { close(); }

void XdpQueue::close() noexcept {
  if (umem_ == nullptr || !socket_) return;
  umem_->unreserve(kFramesNeeded);
  std::erase(umem_->sockets, socket_.get());
  socket_.reset();
}

std::size_t XdpQueue::receive(std::span<Packet> into) noexcept {
  const std::size_t count = std::min<std::size_t>(receive_.waiting(), into.size());
  if (count == 0) {
    refill();
    if (busy_polls_ || fill_.needs_wakeup()) ::recvfrom(socket_.get(), nullptr, 0, MSG_DONTWAIT, nullptr, nullptr);
    return 0;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const xdp_desc& frame = receive_.get();
    const auto offset = static_cast<std::uint16_t>(frame.addr & (Umem::kFrame - 1));
    Packet& packet = into[i];
    packet = Packet{};
    packet.data = umem_->at(frame.addr);
    packet.length = frame.len;
    packet.headroom = offset;
    packet.tailroom = static_cast<std::uint16_t>(Umem::kFrame - offset - frame.len);
    __builtin_prefetch(packet.data);
  }
  receive_.release();
  refill();
  if (!complete_checksums_) return count;
  for (Packet& packet : into.first(count)) {
    Parsed parsed;
    if (parse(packet, parsed) != DropReason::none || !looks_partial(packet, parsed)) continue;
    complete_partial(packet, parsed);
    ++counts_.checksums_completed;
  }
  return count;
}

/// The fill ring is never left with less than it could have: a frame that finds none is lost.
void XdpQueue::refill() noexcept {
  std::uint32_t room = fill_.room();
  // by halves of a batch: the ring's index is a cache line that the kernel reads
  if (room < 32) return;
  room = std::min(room, umem_->free_frames());
  if (room == 0) return;
  for (; room > 0; --room) {
    const std::uint64_t frame = umem_->take();
    umem_->lend(frame, owner_);
    fill_.put(frame);
  }
  fill_.publish();
}

void XdpQueue::reap() noexcept {
  const std::uint32_t count = completion_.waiting();
  if (count == 0) return;
  for (std::uint32_t i = 0; i < count; ++i) umem_->give(completion_.get());
  completion_.release();
}

bool XdpQueue::put(const Packet& packet) noexcept {
  if (transmit_.room() == 0) return false;
  std::uint64_t address;
  if (shares(packet)) {
    address = umem_->address(packet.data);
  } else {
    if (packet.length > Umem::kFrame - Umem::kHeadroom) return false;
    address = umem_->take();
    if (address == Umem::kNoFrame) return false;
    address += Umem::kHeadroom;
    std::memcpy(umem_->at(address), packet.data, packet.length);
  }
  umem_->lend(address, owner_);
  xdp_desc frame{};
  frame.addr = address;
  frame.len = packet.length;
  transmit_.put(frame);
  return true;
}

std::size_t XdpQueue::send(std::span<const Packet> packets) noexcept {
  reap();
  if (transmit_.room() < packets.size()) flush(), reap();
  std::size_t taken = 0;
  while (taken < packets.size() && put(packets[taken])) ++taken;
  transmit_.publish();
  for (const Packet& left : packets.subspan(taken))
    if (shares(left)) umem_->give(umem_->address(left.data));
  return taken;
}

void XdpQueue::free(std::span<const Packet> packets) noexcept {
  for (const Packet& packet : packets) umem_->give(umem_->address(packet.data));
}

void XdpQueue::flush() noexcept {
  if (transmit_.pending() == 0) return;
  if (!transmit_.needs_wakeup()) return reap();
  for (int i = 0; i < kMostTxCalls && transmit_.pending() != 0; ++i) {
    if (::sendto(socket_.get(), nullptr, 0, MSG_DONTWAIT, nullptr, 0) >= 0) continue;
    if (errno != EAGAIN) break;  // ENOBUFS, EBUSY: the device is full, the next flush goes on. ENETDOWN: take_error tells
  }
  reap();
}

int XdpQueue::take_error() noexcept {
  int error = 0;
  socklen_t length = sizeof error;
  return ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

}  // namespace lvsd
