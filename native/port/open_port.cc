#include "port/open_port.h"

#include <linux/if_link.h>
#include <unistd.h>

#include <algorithm>

#include "port/af_packet.h"

namespace lvsd {
namespace {

/// A worker that does not poll for so long leaves the device to the kernel again.
constexpr std::uint64_t kBusyTimeoutNs = 200'000;

bool wants(PortMode requested, PortMode mode) noexcept {
  if (requested == PortMode::automatic) return true;
  // zero copy that a device cannot do is native copy
  return requested == mode || (requested == PortMode::xdp_zero_copy && mode == PortMode::xdp_native);
}

void add_reason(std::string& reasons, const std::string& why) {
  if (why.empty() || reasons.find(why) != std::string::npos) return;
  if (!reasons.empty()) reasons += "; ";
  reasons += why;
}

}  // namespace

const char* name_of(PortMode mode) noexcept {
  switch (mode) {
    case PortMode::automatic: return "automatic";
    case PortMode::xdp_zero_copy: return "xdp-zero-copy";
    case PortMode::xdp_native: return "xdp-native";
    case PortMode::xdp_generic: return "xdp-generic";
    case PortMode::packet: return "packet";
  }
  return "";
}

std::unique_ptr<OpenPort> OpenPort::open(const PortRequest& request, const PortContext& context, std::string& reason) {
  const std::optional<Device> device = Device::find(request.name);
  if (!device) return reason = "no interface is named " + request.name, nullptr;
  std::unique_ptr<OpenPort> port(new OpenPort);
  port->request = request;
  port->device = *device;
  if (request.queues != 0) port->device.receive_queues = std::min<std::uint32_t>(request.queues, device->receive_queues);
  using enum PortMode;
  for (const PortMode mode : {xdp_native, xdp_generic, packet}) {
    if (!wants(request.mode, mode)) continue;
    std::string why;
    if (mode == xdp_generic && request.complete_checksums) {
      if (request.mode == automatic) continue;
      // an AF_XDP frame has no room for them, and nobody would say how to cut them; a packet socket does
      why = request.name + ": it is virtual, and generic XDP would lose the oversized frames (GSO) that its other end leaves uncut";
    } else if (mode == packet ? port->open_packet(why) : port->open_xdp(mode, context, why)) {
      add_reason(reason, why);
      return port;
    }
    add_reason(reason, why);
  }
  return nullptr;
}

OpenPort::~OpenPort() {
  detach();
  close_queues();
}

void OpenPort::detach() noexcept {
  link_.reset();
  program_.reset();
  sockets_.reset();
}

void OpenPort::close_queues() noexcept {
  for (const auto& queue : queues) queue->close();
  queues.clear();
}

bool OpenPort::open_xdp(PortMode as, const PortContext& context, std::string& why) {
  if (!context.maps.is_open()) {
    if (const SyscallError error = context.maps.open()) return why = sentence(error, request.name), false;
  }
  if (!attach(as, context, why)) return false;
  const bool native = as == PortMode::xdp_native;
  SyscallError error;
  const bool zero_copy = native && (request.mode == PortMode::automatic || request.mode == PortMode::xdp_zero_copy) && open_queues(true, context, error);
  if (!zero_copy && !open_queues(false, context, error)) {
    detach();
    return why = sentence(error, request.name), false;
  }
  mode = zero_copy ? PortMode::xdp_zero_copy : as;
  plain_.emplace(request.name, !native);
  if (plain_->hides_tags()) why = request.name + ": it takes VLAN tags out of frames (rx-vlan-offload cannot be switched off), and AF_XDP does not tell them: frames of VLANs look untagged";
  if (context.busy_poll_us != 0) busy_.emplace(request.name, kBusyTimeoutNs);
  return true;
}

/// The program goes with `link_`, and with our process.
bool OpenPort::attach(PortMode as, const PortContext& context, std::string& why) {
  const bpf::MapShape shape{BPF_MAP_TYPE_XSKMAP, 4, 4, device.receive_queues, 0, "lvsd_sockets"};
  SyscallError error = bpf::create_map(shape, sockets_);
  std::string verifier;
  if (!error) error = bpf::load_xdp(steering_program(context.maps, sockets_.get(), request.index, device.mac), "lvsd_steering", program_, verifier);
  if (!error) error = bpf::link_xdp(program_.get(), device.ifindex, as == PortMode::xdp_native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE, link_);
  if (!error) return true;
  detach();
  why = sentence(error, request.name);
  if (as == PortMode::xdp_native && error.error == EOPNOTSUPP) why = request.name + ": its driver has no XDP";
  // without CAP_PERFMON the verifier forbids what it lets others do, and says so; all else that it refuses is our fault
  if (!verifier.empty() && verifier.find("!root") == std::string::npos) why = request.name + ": the kernel refuses the program: " + verifier;
  return false;
}

bool OpenPort::open_queues(bool zero_copy, const PortContext& context, SyscallError& error) {
  const auto workers = static_cast<std::uint32_t>(context.umems.size());
  for (std::uint32_t k = 0; k < device.receive_queues; ++k) {
    XdpQueue::Options options;
    options.ifindex = device.ifindex;
    options.queue = k;
    options.zero_copy = zero_copy;
    options.complete_checksums = request.complete_checksums;
    options.busy_poll_us = context.busy_poll_us;
    options.umem_frames = XdpQueue::kFramesNeeded * std::clamp(context.ports_expected, 2u, 8u);
    auto queue = XdpQueue::open(options, context.umems[k % workers], error);
    if (queue == nullptr) return close_queues(), false;
    const int socket = queue->descriptor();
    queues.push_back(std::move(queue));
    error = bpf::update(sockets_.get(), &k, &socket);
    if (error) return close_queues(), false;
  }
  return true;
}

bool OpenPort::open_packet(std::string& why) {
  PacketQueue::Options options;
  options.ifindex = device.ifindex;
  options.mtu = device.mtu;
  options.port = request.index;
  // the kernel hands a flow to one socket of the group: without it one queue has all frames
  options.queues = std::max<std::uint32_t>(1, request.queues);
  options.fanout_group = static_cast<std::uint16_t>(device.ifindex ^ static_cast<std::uint32_t>(::getpid()));
  for (std::uint32_t k = 0; k < options.queues; ++k) {
    SyscallError error;
    auto queue = PacketQueue::open(options, error);
    if (queue == nullptr) return close_queues(), why = sentence(error, request.name), false;
    queues.push_back(std::move(queue));
  }
  mode = PortMode::packet;
  return true;
}

}  // namespace lvsd
