#include "port/af_packet.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "packet/checksum.h"
#include "packet/parse.h"
#include "port/rules.h"
#include "port/steering.h"

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

namespace lvsd {
namespace {

constexpr SyscallError kOk{};
constexpr std::uint32_t kReceiveFrames = 4096, kTransmitFrames = 1024;
constexpr std::uint32_t kReserve = 192;    ///< head-room before a frame: what is put in front, and its tags
constexpr std::uint32_t kTailroom = 64;
constexpr std::uint32_t kBlock = 1 << 20;  ///< of a ring: memory is mapped by these
constexpr std::uint32_t kOversized = 70'000;
constexpr std::uint32_t kSegments = 64;
constexpr std::uint64_t kCut = ~std::uint64_t{0};  ///< cookie of a segment: it is in no ring
constexpr int kBuffer = 8 << 20;
constexpr std::size_t kTxData = TPACKET2_HDRLEN - sizeof(sockaddr_ll);

/// virtio_net_hdr of <linux/virtio_net.h>, which no C++ compiler reads.
struct VnetHeader {
  std::uint8_t flags, gso_type;
  std::uint16_t header_bytes, gso_size, csum_start, csum_offset;
};
static_assert(sizeof(VnetHeader) == 10);
constexpr std::uint8_t kNeedsChecksum = 1;
constexpr std::uint8_t kGsoEcn = 0x80;

template <typename T>
SyscallError set(int socket, int level, int option, const T& value, const char* name) noexcept {
  return ::setsockopt(socket, level, option, &value, sizeof value) != 0 ? SyscallError{name, errno} : kOk;
}

std::uint32_t frame_for(std::uint32_t payload) noexcept {
  std::uint32_t frame = 2048;
  while (frame < payload && frame < 16'384) frame *= 2;
  return frame;
}

std::uint32_t status_of(tpacket2_hdr* header) noexcept { return std::atomic_ref(header->tp_status).load(std::memory_order_acquire); }
void give_to_kernel(tpacket2_hdr* header, std::uint32_t status) noexcept {
  std::atomic_ref(header->tp_status).store(status, std::memory_order_release);
}

/// The kernel says the same of a CRC32c that it left to be done as of a sum; only the place of the field tells.
constexpr std::uint16_t kSctpChecksumAt = 8;

/// Writes the checksum that the sender left to the device: over all from csum_start on, its pseudo-header's sum being in the field.
void complete(Packet& packet, const VnetHeader& how) noexcept {
  if (how.csum_offset == kSctpChecksumAt) {
    Parsed parsed;
    if (parse(packet, parsed) == DropReason::none) write_transport_checksum(packet, parsed);
    return;
  }
  std::uint8_t* const frame = packet.data;
  const std::uint32_t length = packet.length;
  const std::uint32_t start = how.csum_start, field = start + how.csum_offset;
  if (start > length || field + 2 > length) return;
  std::uint16_t sum = static_cast<std::uint16_t>(~fold(sum_bytes(frame + start, length - start)));
  if (sum == 0) sum = 0xffff;
  std::memcpy(frame + field, &sum, 2);
}

/// The tag that the kernel took out of the frame.
void insert_tag(Packet& packet, std::uint16_t type, std::uint16_t tag) noexcept {
  std::memmove(packet.data - 4, packet.data, 12);
  packet.data -= 4;
  packet.headroom = static_cast<std::uint16_t>(packet.headroom - 4);
  packet.length += 4;
  const std::uint16_t words[2] = {htons(type), htons(tag)};
  std::memcpy(packet.data + 12, words, 4);
}

bool is_gso(const VnetHeader& how) noexcept { return (how.gso_type & ~kGsoEcn) != 0 && how.gso_size != 0; }

}  // namespace

std::unique_ptr<PacketQueue> PacketQueue::open(const Options& options, SyscallError& error) noexcept {
  std::unique_ptr<PacketQueue> queue(new PacketQueue);
  queue->port_ = options.port;
  queue->segment_room_ = frame_for(options.mtu + kReserve + kTailroom);
  queue->big_ = std::make_unique<std::uint8_t[]>(kReserve + kOversized);
  queue->segments_ = std::make_unique<std::uint8_t[]>(std::size_t{kSegments} * queue->segment_room_);
  error = queue->open_sender(options);
  if (!error) error = queue->open_receiver(options);
  return error ? nullptr : std::move(queue);
}

SyscallError PacketQueue::map_ring(int socket, int option, std::uint32_t frame, std::uint32_t frames, Ring& ring) noexcept {
  tpacket_req request{};
  request.tp_block_size = kBlock;
  request.tp_frame_size = frame;
  request.tp_block_nr = frames * frame / kBlock;
  request.tp_frame_nr = frames;
  if (const auto error = set(socket, SOL_PACKET, option, request, "setsockopt(PACKET_RING)")) return error;
  ring.bytes = std::size_t{frames} * frame;
  void* memory = ::mmap(nullptr, ring.bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, socket, 0);
  if (memory == MAP_FAILED) return {"mmap(packet ring)", errno};
  ring.memory = static_cast<std::uint8_t*>(memory);
  ring.frame = frame;
  ring.frames = frames;
  return kOk;
}

SyscallError PacketQueue::open_receiver(const Options& options) noexcept {
  receiver_.reset(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (!receiver_) return {"socket(AF_PACKET)", errno};
  const int fd = receiver_.get();
  const int version = TPACKET_V2, reserve = kReserve, one = 1;
  if (const auto error = set(fd, SOL_PACKET, PACKET_VERSION, version, "setsockopt(PACKET_VERSION)")) return error;
  if (const auto error = set(fd, SOL_PACKET, PACKET_RESERVE, reserve, "setsockopt(PACKET_RESERVE)")) return error;
  if (const auto error = set(fd, SOL_PACKET, PACKET_VNET_HDR, one, "setsockopt(PACKET_VNET_HDR)")) return error;
  static_cast<void>(set(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, one, ""));
  // an oversized frame does not fit the ring: the kernel queues it, and we are told so in its place
  static_cast<void>(set(fd, SOL_SOCKET, SO_RCVBUFFORCE, kBuffer, ""));
  if (const auto error = set(fd, SOL_PACKET, PACKET_COPY_THRESH, one, "setsockopt(PACKET_COPY_THRESH)")) return error;
  const std::uint32_t frame = frame_for(options.mtu + kReserve + kTailroom + TPACKET2_HDRLEN + 40);
  if (const auto error = map_ring(fd, PACKET_RX_RING, frame, kReceiveFrames, receive_)) return error;
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(options.ifindex);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {"bind(AF_PACKET)", errno};
  if (options.queues <= 1) return kOk;
  const std::uint32_t fanout = options.fanout_group | (PACKET_FANOUT_HASH | PACKET_FANOUT_FLAG_ROLLOVER) << 16;
  return set(fd, SOL_PACKET, PACKET_FANOUT, fanout, "setsockopt(PACKET_FANOUT)");
}

SyscallError PacketQueue::open_sender(const Options& options) noexcept {
  sender_.reset(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (!sender_) return {"socket(AF_PACKET)", errno};
  const int fd = sender_.get();
  const int version = TPACKET_V2, one = 1;
  if (const auto error = set(fd, SOL_PACKET, PACKET_VERSION, version, "setsockopt(PACKET_VERSION)")) return error;
  static_cast<void>(set(fd, SOL_PACKET, PACKET_LOSS, one, ""));  // a frame that is refused does not stop the ring
  static_cast<void>(set(fd, SOL_PACKET, PACKET_QDISC_BYPASS, one, ""));
  static_cast<void>(set(fd, SOL_SOCKET, SO_SNDBUFFORCE, kBuffer, ""));
  if (const auto error = map_ring(fd, PACKET_TX_RING, frame_for(options.mtu + kTxData + 40), kTransmitFrames, transmit_)) return error;
  sockaddr_ll address{};  // protocol 0: it receives nothing
  address.sll_family = AF_PACKET;
  address.sll_ifindex = static_cast<int>(options.ifindex);
  return ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ? SyscallError{"bind(AF_PACKET)", errno} : kOk;
}

PacketQueue::~PacketQueue() { close(); }

void PacketQueue::close() noexcept {
  for (Ring* ring : {&receive_, &transmit_}) {
    if (ring->memory != nullptr) ::munmap(ring->memory, ring->bytes);
    *ring = Ring{};
  }
  receiver_.reset();
  sender_.reset();
}

std::size_t PacketQueue::receive(std::span<Packet> into) noexcept {
  if (oversized_.cut) return cut(into);
  std::size_t count = 0;
  // a round of the ring at most: what is not ours must not keep us here
  for (std::uint32_t looked = 0; count < into.size() && looked < receive_.frames; ++looked) {
    std::uint8_t* slot = receive_.at(receive_.next);
    auto* header = reinterpret_cast<tpacket2_hdr*>(slot);
    if ((status_of(header) & TP_STATUS_USER) == 0) break;
    const std::uint32_t index = receive_.next;
    receive_.advance();
    if (take(slot, into[count])) {
      into[count++].cookie = index;
      continue;
    }
    give_to_kernel(header, TP_STATUS_KERNEL);
    if (oversized_.cut) break;  // segments come in their turn: the next call
  }
  return count != 0 || !oversized_.cut ? count : cut(into);
}

/// False: not ours, or an oversized frame, which is copied and cut.
bool PacketQueue::take(std::uint8_t* slot, Packet& into) noexcept {
  const auto& header = *reinterpret_cast<const tpacket2_hdr*>(slot);
  const auto& from = *reinterpret_cast<const sockaddr_ll*>(slot + TPACKET_ALIGN(sizeof(tpacket2_hdr)));
  const bool copied = (header.tp_status & TP_STATUS_COPY) != 0;
  if (from.sll_pkttype == PACKET_OUTGOING || from.sll_pkttype == PACKET_OTHERHOST) {
    // nor does what waits for it in the socket's queue concern us
    if (copied) static_cast<void>(::recv(receiver_.get(), nullptr, 0, MSG_DONTWAIT | MSG_TRUNC));
    return false;
  }
  if (copied) {
    static_cast<void>(take_copy(header));
    return false;
  }
  if (header.tp_snaplen != header.tp_len) return false;
  into = Packet{};
  into.data = slot + header.tp_mac;
  into.length = header.tp_snaplen;
  into.headroom = static_cast<std::uint16_t>(header.tp_mac - TPACKET2_HDRLEN);
  into.tailroom = static_cast<std::uint16_t>(receive_.frame - header.tp_mac - header.tp_snaplen);
  VnetHeader how;
  std::memcpy(&how, into.data - sizeof how, sizeof how);
  const bool tagged = (header.tp_status & TP_STATUS_VLAN_VALID) != 0;
  const std::uint16_t tag_type = (header.tp_status & TP_STATUS_VLAN_TPID_VALID) != 0 ? header.tp_vlan_tpid : rules::kVlan;
  const bool gso = is_gso(how);
  if (!gso && (how.flags & kNeedsChecksum) != 0) {
    complete(into, how);
    ++counts_.checksums_completed;
  }
  if (tagged) insert_tag(into, tag_type, header.tp_vlan_tci);
  if (steering_ == nullptr || !steers(*steering_, {into.data, into.length}, port_)) return false;
  if (!gso) return true;
  // it stays in our memory until all of its segments are made
  std::memcpy(big_.get() + kReserve, into.data, into.length);
  into.data = big_.get() + kReserve;
  static_cast<void>(begin_cutting(into, how.gso_size));
  return false;
}

/// The frame that the ring had no room for waits in the socket's queue, in order.
bool PacketQueue::take_copy(const tpacket2_hdr& header) noexcept {
  VnetHeader how{};
  iovec parts[2] = {{&how, sizeof how}, {big_.get() + kReserve, kOversized}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  const ssize_t count = ::recvmsg(receiver_.get(), &message, MSG_DONTWAIT);
  if (count <= static_cast<ssize_t>(sizeof how) || (message.msg_flags & MSG_TRUNC) != 0) return false;
  Packet packet;
  packet.data = big_.get() + kReserve;
  packet.length = static_cast<std::uint32_t>(count) - sizeof how;
  packet.headroom = kReserve;
  if ((header.tp_status & TP_STATUS_VLAN_VALID) != 0)
    insert_tag(packet, (header.tp_status & TP_STATUS_VLAN_TPID_VALID) != 0 ? header.tp_vlan_tpid : rules::kVlan, header.tp_vlan_tci);
  if (!is_gso(how) || steering_ == nullptr || !steers(*steering_, {packet.data, packet.length}, port_)) return false;
  return begin_cutting(packet, how.gso_size);
}

bool PacketQueue::begin_cutting(const Packet& packet, std::uint32_t size) noexcept {
  oversized_.packet = packet;
  if (parse(packet, oversized_.parsed) != DropReason::none) return false;
  oversized_.cut.emplace(oversized_.packet, oversized_.parsed, size);
  ++counts_.segmented;
  return true;
}

std::size_t PacketQueue::cut(std::span<Packet> into) noexcept {
  std::size_t count = 0;
  for (segment_next_ = 0; count < into.size() && segment_next_ < kSegments && oversized_.cut->more(); ++segment_next_, ++count) {
    Packet& packet = into[count];
    packet = Packet{};
    packet.data = &segments_[std::size_t{segment_next_} * segment_room_ + kReserve];
    packet.headroom = kReserve;
    packet.tailroom = static_cast<std::uint16_t>(segment_room_ - kReserve);
    packet.cookie = kCut;
    if (!oversized_.cut->next(packet)) {
      oversized_.cut.reset();
      return count;
    }
  }
  if (!oversized_.cut->more()) oversized_.cut.reset();
  return count;
}

void PacketQueue::free(std::span<const Packet> packets) noexcept {
  for (const Packet& packet : packets)
    if (packet.cookie != kCut) give_to_kernel(reinterpret_cast<tpacket2_hdr*>(receive_.at(static_cast<std::uint32_t>(packet.cookie))), TP_STATUS_KERNEL);
}

std::size_t PacketQueue::send(std::span<const Packet> packets) noexcept {
  std::size_t taken = 0;
  for (const Packet& packet : packets) {
    if (packet.length > transmit_.frame - kTxData) continue;
    std::uint8_t* slot = transmit_.at(transmit_.next);
    auto* header = reinterpret_cast<tpacket2_hdr*>(slot);
    if (status_of(header) != TP_STATUS_AVAILABLE) {
      if (unsent_ == 0) break;
      flush();
      if (status_of(header) != TP_STATUS_AVAILABLE) break;
    }
    header->tp_len = packet.length;
    std::memcpy(slot + kTxData, packet.data, packet.length);
    give_to_kernel(header, TP_STATUS_SEND_REQUEST);
    transmit_.advance();
    ++unsent_;
    ++taken;
  }
  return taken;
}

void PacketQueue::flush() noexcept {
  if (unsent_ == 0) return;
  // what the device does not take now stays in the ring, and goes with the next
  if (::send(sender_.get(), nullptr, 0, MSG_DONTWAIT) >= 0 || errno != EAGAIN) unsent_ = 0;
}

int PacketQueue::take_error() noexcept {
  int error = 0;
  socklen_t length = sizeof error;
  return ::getsockopt(receiver_.get(), SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

}  // namespace lvsd
