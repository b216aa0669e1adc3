#include "port/xdp_program.h"

#include <linux/bpf.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "port/rules.h"

namespace lvsd {
namespace {

using namespace bpf;

// ------------------------------------------------------------------------------------------------ the program

// Where things stand on the stack, from r10 down. PrefixKey and PortKey lie as their maps want them.
constexpr std::int16_t kPrefixKey = -24;
constexpr std::int16_t kDestination = kPrefixKey + 4;
constexpr std::int16_t kPortKey = -32;
constexpr std::int16_t kPortNumber = kPortKey + 4;
constexpr std::int16_t kPortProtocol = kPortKey + 6;
constexpr std::int16_t kSource = -48;
constexpr std::int16_t kQuoted = -64;
constexpr std::int16_t kKind = -72;
constexpr std::int16_t kProtocol = -80;
constexpr std::int16_t kSourcePort = -88;
constexpr std::int16_t kDestinationPort = -96;
constexpr std::int16_t kMacKey = -104;  ///< six bytes, two of zero

/// As in steering.cc.
enum Kind : std::int32_t { kPlain, kUnreadable, kIcmp, kIcmpError, kIcmpQuotes };

constexpr std::int32_t kMappedTag = static_cast<std::int32_t>(0xffff0000);  // bytes 00 00 ff ff

/// A sixteen-bit number as it is read from the wire into a little-endian machine.
constexpr std::int32_t wire(std::uint16_t value) noexcept { return (value & 0xff) << 8 | value >> 8; }

/// Writes the rules of steering.h as a program. Registers: r6 context, r7 where we read, r8 end of the frame, r9 whether the frame is to
/// a group, and later the entry that was found.
class Writer {
 public:
  Writer(const SteeringMaps& maps, int sockets, std::uint32_t port, const std::optional<Mac>& mac) : maps_(maps), sockets_(sockets), port_(port), mac_(mac) {}

  std::vector<bpf_insn> write() {
    link_layer();
    arp();
    v4();
    v6();
    ports();
    unreadable();
    decide();
    source();
    endings();
    return a_.finish();
  }

 private:
  /// At least `bytes` from r7 on are there, else to `otherwise`.
  void need(std::int32_t bytes, Label otherwise) {
    a_.move(r2, r7);
    a_.add(r2, bytes);
    a_.jump_if(r2, above, r8, otherwise);
  }
  void copy_v4(std::int16_t to, std::int16_t from) {
    a_.store(b4, r10, to, 0);
    a_.store(b4, r10, static_cast<std::int16_t>(to + 4), 0);
    a_.store(b4, r10, static_cast<std::int16_t>(to + 8), kMappedTag);
    a_.load(b4, r2, r7, from);
    a_.store(b4, r10, static_cast<std::int16_t>(to + 12), r2);
  }
  void copy_v6(std::int16_t to, std::int16_t from) {
    for (std::int16_t i = 0; i < 16; i = static_cast<std::int16_t>(i + 4)) {
      a_.load(b4, r2, r7, static_cast<std::int16_t>(from + i));
      a_.store(b4, r10, static_cast<std::int16_t>(to + i), r2);
    }
  }
  void look_up(int map, std::int16_t key) {
    a_.map(r1, map);
    a_.move(r2, r10);
    a_.add(r2, key);
    a_.call(BPF_FUNC_map_lookup_elem);
  }
  template <std::size_t N>
  void jump_if_one_of(Register value, const std::uint8_t (&list)[N], Label to) {
    for (const std::uint8_t each : list) a_.jump_if(value, equal, each, to);
  }

  void link_layer() {
    a_.move(r6, r1);
    a_.load(b4, r7, r6, offsetof(xdp_md, data));
    a_.load(b4, r8, r6, offsetof(xdp_md, data_end));
    for (const std::int16_t slot : {kKind, kProtocol, kSourcePort, kDestinationPort}) a_.store(b8, r10, slot, 0);
    a_.store(b4, r10, kPrefixKey, 128);
    need(14, pass_);
    a_.load(b1, r9, r7, 0);
    a_.keep_bits(r9, 1);
    if (mac_) leave_to_others(*mac_);
    const Label typed = a_.label();
    for (int tag = 0; tag < 2; ++tag) {
      const Label tagged = a_.label();
      a_.load(b2, r4, r7, 12);
      a_.jump_if(r4, equal, wire(rules::kVlan), tagged);
      a_.jump_if(r4, unequal, wire(rules::kServiceVlan), typed);
      a_.place(tagged);
      a_.add(r7, 4);
      need(14, pass_);
    }
    a_.load(b2, r4, r7, 12);
    a_.place(typed);
    a_.add(r7, 14);
    a_.jump_if(r4, equal, wire(rules::kIpv4), v4_);
    a_.jump_if(r4, equal, wire(rules::kIpv6), v6_);
    a_.jump_if(r4, unequal, wire(rules::kArp), pass_);
  }

  /// Bridges flood what they know no port for, and promiscuous devices show it.
  void leave_to_others(const Mac& mac) {
    const Label ours = a_.label(), look = a_.label();
    std::uint32_t first;
    std::uint16_t last;
    std::memcpy(&first, mac.data(), 4);
    std::memcpy(&last, mac.data() + 4, 2);
    a_.jump_if(r9, unequal, 0, ours);
    a_.load(b4, r2, r7, 0);
    a_.load(b2, r3, r7, 4);
    a_.set64(r4, first);
    a_.jump_if(r2, unequal, r4, look);
    a_.jump_if(r3, equal, last, ours);
    a_.place(look);
    a_.store(b8, r10, kMacKey, 0);
    a_.store(b4, r10, kMacKey, r2);
    a_.store(b2, r10, kMacKey + 4, r3);
    look_up(maps_.macs(), kMacKey);
    a_.jump_if(r0, equal, 0, pass_);
    a_.place(ours);
  }

  void arp() {
    need(28, pass_);
    a_.load(b2, r2, r7, 4);
    a_.jump_if(r2, unequal, wire(0x0604), pass_);
    a_.load(b2, r2, r7, 6);
    a_.jump_if(r2, unequal, wire(1), pass_);
    copy_v4(kDestination, 24);
    a_.place(asked_);
    look_up(maps_.prefixes(), kPrefixKey);
    a_.jump_if(r0, equal, 0, pass_);
    jump_if_other_port(r0, pass_);
    a_.load(b2, r3, r0, offsetof(PrefixValue, flags));
    a_.jump_if(r3, has_bits, kAnswers, take_);
    a_.jump(pass_);
  }

  void jump_if_other_port(Register value, Label to) {
    a_.load(b8, r2, value, offsetof(PrefixValue, ingress));
    a_.set64(r4, rules::port_mask(port_));
    a_.keep_bits(r2, r4);
    a_.jump_if(r2, equal, 0, to);
  }

  void v4() {
    a_.place(v4_);
    need(20, pass_);
    a_.load(b1, r3, r7, 0);
    a_.move(r4, r3);
    a_.shift_right(r4, 4);
    a_.jump_if(r4, unequal, 4, pass_);
    copy_v4(kSource, 12);
    copy_v4(kDestination, 16);
    a_.load(b1, r5, r7, 9);
    a_.store(b8, r10, kProtocol, r5);
    a_.load(b2, r4, r7, 6);
    a_.keep_bits(r4, wire(0x3fff));
    a_.jump_if(r4, unequal, 0, unreadable_);
    a_.keep_bits(r3, 15);
    a_.shift_left(r3, 2);
    a_.jump_if(r3, below, 20, unreadable_);
    a_.add(r7, r3);
    a_.jump_if(r5, unequal, IPPROTO_ICMP, ports_);
    need(8, unreadable_);
    a_.store(b8, r10, kKind, kIcmp);
    a_.load(b1, r3, r7, 0);
    const Label error = a_.label();
    jump_if_one_of(r3, rules::kIcmp4Errors, error);
    a_.jump(decide_);
    a_.place(error);
    a_.store(b8, r10, kKind, kIcmpError);
    need(28, decide_);
    copy_v4(kQuoted, 24);
    a_.store(b8, r10, kKind, kIcmpQuotes);
    a_.jump(decide_);
  }

  void v6() {
    a_.place(v6_);
    need(40, pass_);
    a_.load(b1, r3, r7, 0);
    a_.shift_right(r3, 4);
    a_.jump_if(r3, unequal, 6, pass_);
    copy_v6(kSource, 8);
    copy_v6(kDestination, 24);
    a_.load(b1, r5, r7, 6);
    a_.add(r7, 40);
    const Label known = a_.label();
    for (int i = 0; i < rules::kMostExtensions; ++i) {
      const Label extension = a_.label();
      jump_if_one_of(r5, rules::kExtensions, extension);
      a_.jump(known);
      a_.place(extension);
      need(8, unreadable_);
      a_.load(b1, r5, r7, 0);
      a_.load(b1, r4, r7, 1);
      a_.add(r4, 1);
      a_.shift_left(r4, 3);
      a_.add(r7, r4);
    }
    jump_if_one_of(r5, rules::kExtensions, unreadable_);
    a_.place(known);
    a_.jump_if(r5, equal, IPPROTO_FRAGMENT, unreadable_);
    a_.jump_if(r5, equal, IPPROTO_AH, unreadable_);
    a_.store(b8, r10, kProtocol, r5);
    a_.jump_if(r5, unequal, IPPROTO_ICMPV6, ports_);
    icmp6();
  }

  void icmp6() {
    need(8, unreadable_);
    a_.load(b1, r3, r7, 0);
    const Label no_discovery = a_.label();
    a_.jump_if(r3, below, rules::kFirstDiscovery, no_discovery);
    a_.jump_if(r3, above, rules::kLastDiscovery, no_discovery);
    a_.jump_if(r3, unequal, rules::kNeighbourSolicitation, pass_);
    need(24, pass_);
    copy_v6(kDestination, 8);
    a_.jump(asked_);
    a_.place(no_discovery);
    a_.store(b8, r10, kKind, kIcmp);
    a_.jump_if(r3, equal, 0, decide_);
    a_.jump_if(r3, above, rules::kLastIcmp6Error, decide_);
    a_.store(b8, r10, kKind, kIcmpError);
    need(48, decide_);
    copy_v6(kQuoted, 32);
    a_.store(b8, r10, kKind, kIcmpQuotes);
    a_.jump(decide_);
  }

  /// r5: the protocol, r7: its header.
  void ports() {
    a_.place(ports_);
    const Label has = a_.label();
    jump_if_one_of(r5, rules::kWithPorts, has);
    a_.jump(decide_);
    a_.place(has);
    need(4, unreadable_);
    a_.load(b2, r2, r7, 0);
    a_.store(b8, r10, kSourcePort, r2);
    a_.load(b2, r2, r7, 2);
    a_.store(b8, r10, kDestinationPort, r2);
    a_.jump(decide_);
  }

  void unreadable() {
    a_.place(unreadable_);
    a_.store(b8, r10, kKind, kUnreadable);
  }

  /// One question to the port map about (id in the key, protocol, port); found: taken.
  void ask_port(bool with_protocol, std::int16_t port_slot) {
    a_.set(r2, 0);
    if (port_slot != 0) a_.load(b8, r2, r10, port_slot);
    a_.store(b2, r10, kPortNumber, r2);
    a_.set(r2, 0);
    if (with_protocol) a_.load(b8, r2, r10, kProtocol);
    a_.store(b2, r10, kPortProtocol, r2);
    look_up(maps_.ports(), kPortKey);
    a_.jump_if(r0, unequal, 0, take_);
  }

  /// r9: an entry with id and flags.
  void ask_ports(Width flags_width, std::int16_t flags_at, std::int16_t id_at, std::int16_t port_slot) {
    struct Question {
      std::uint16_t flag;
      bool with_protocol;
      std::int16_t port_slot;
    };
    a_.load(flags_width, r3, r9, flags_at);
    a_.jump_if(r3, has_bits, kEveryPort, take_);
    a_.load(b4, r2, r9, id_at);
    a_.store(b4, r10, kPortKey, r2);
    for (const Question& question : {Question{kByPort, true, port_slot}, Question{kByProtocol, true, 0}, Question{kByPortAlone, false, port_slot}}) {
      const Label ask = a_.label(), next = a_.label();
      a_.load(flags_width, r3, r9, flags_at);
      a_.jump_if(r3, has_bits, question.flag, ask);
      a_.jump(next);
      a_.place(ask);
      ask_port(question.with_protocol, question.port_slot);
      a_.place(next);
    }
  }

  void decide() {
    a_.place(decide_);
    a_.jump_if(r9, unequal, 0, pass_);
    look_up(maps_.prefixes(), kPrefixKey);
    a_.jump_if(r0, equal, 0, source_);
    a_.move(r9, r0);
    vip();
    pool();
    local();
  }

  void load_flags(Register to) { a_.load(b2, to, r9, offsetof(PrefixValue, flags)); }

  void vip() {
    const Label is_vip = a_.label(), no_icmp = a_.label();
    load_flags(r3);
    a_.jump_if(r3, has_bits, kVip, is_vip);
    a_.jump(pool_);
    a_.place(is_vip);
    jump_if_other_port(r9, pool_);
    a_.load(b8, r5, r10, kKind);
    a_.jump_if(r5, unequal, kIcmp, no_icmp);
    a_.jump_if(r3, has_bits, kTakesIcmp, take_);
    a_.jump(pool_);
    a_.place(no_icmp);
    a_.jump_if(r5, unequal, kPlain, take_);
    ask_ports(b2, offsetof(PrefixValue, flags), offsetof(PrefixValue, id), kDestinationPort);
  }

  void pool() {
    const Label is_pool = a_.label(), no_icmp = a_.label();
    a_.place(pool_);
    load_flags(r3);
    a_.jump_if(r3, has_bits, kPoolAddress, is_pool);
    a_.jump(local_);
    a_.place(is_pool);
    a_.load(b8, r5, r10, kKind);
    a_.jump_if(r5, unequal, kIcmp, no_icmp);
    a_.jump_if(r3, has_bits, kLocalAddress, local_);
    a_.place(no_icmp);
    a_.jump_if(r5, unequal, kPlain, take_);
    a_.load(b8, r2, r10, kDestinationPort);
    a_.swap16(r2);
    a_.load(b2, r4, r9, offsetof(PrefixValue, lowest));
    a_.jump_if(r2, below, r4, local_);
    a_.load(b2, r4, r9, offsetof(PrefixValue, highest));
    a_.jump_if(r2, at_most, r4, take_);
  }

  void local() {
    const Label is_local = a_.label(), other = a_.label();
    a_.place(local_);
    load_flags(r3);
    a_.jump_if(r3, has_bits, kLocalAddress, is_local);
    a_.jump(source_);
    a_.place(is_local);
    a_.store(b4, r10, kPortKey, static_cast<std::int32_t>(kNodePorts));
    a_.load(b8, r5, r10, kKind);
    a_.jump_if(r5, equal, kIcmp, pass_);
    a_.jump_if(r5, unequal, kPlain, other);
    ask_port(true, kDestinationPort);
    a_.jump(pass_);
    a_.place(other);
    ask_port(false, 0);
    a_.load(b8, r5, r10, kKind);
    a_.jump_if(r5, unequal, kIcmpQuotes, pass_);
    look_up(maps_.servers(), kQuoted);
    a_.jump_if(r0, equal, 0, pass_);
    a_.load(b4, r3, r0, offsetof(ServerValue, flags));
    a_.jump_if(r3, has_bits, kTunnelServer, take_);
    a_.jump(pass_);
  }

  void source() {
    const Label quoted = a_.label();
    a_.place(source_);
    look_up(maps_.servers(), kSource);
    a_.jump_if(r0, equal, 0, quoted);
    a_.load(b8, r5, r10, kKind);
    a_.jump_if(r5, unequal, kPlain, take_);
    a_.move(r9, r0);
    ask_ports(b4, offsetof(ServerValue, flags), offsetof(ServerValue, id), kSourcePort);
    a_.place(quoted);
    a_.load(b8, r5, r10, kKind);
    a_.jump_if(r5, unequal, kIcmpQuotes, pass_);
    look_up(maps_.servers(), kQuoted);
    a_.jump_if(r0, unequal, 0, take_);
  }

  void endings() {
    a_.place(pass_);
    a_.set(r0, XDP_PASS);
    a_.leave();
    a_.place(take_);
    if (sockets_ < 0) {
      a_.set(r0, XDP_REDIRECT);
    } else {
      a_.map(r1, sockets_);
      a_.load(b4, r2, r6, offsetof(xdp_md, rx_queue_index));
      a_.set(r3, XDP_PASS);  // where no socket listens
      a_.call(BPF_FUNC_redirect_map);
    }
    a_.leave();
  }

  const SteeringMaps& maps_;
  const int sockets_;
  const std::uint32_t port_;
  const std::optional<Mac>& mac_;
  Assembler a_;
  Label pass_ = a_.label(), take_ = a_.label(), v4_ = a_.label(), v6_ = a_.label(), asked_ = a_.label(), ports_ = a_.label(),
        unreadable_ = a_.label(), decide_ = a_.label(), pool_ = a_.label(), local_ = a_.label(), source_ = a_.label();
};

// ------------------------------------------------------------------------------------------------ its maps

constexpr std::uint32_t kMostPrefixes = 1u << 18;
constexpr std::uint32_t kMostPorts = 1u << 20;
constexpr std::uint32_t kMostServers = 1u << 18;
constexpr std::uint32_t kMostMacs = 1u << 14;

std::array<std::uint8_t, 8> mac_key(const Mac& mac) noexcept {
  std::array<std::uint8_t, 8> key{};
  std::copy(mac.begin(), mac.end(), key.begin());
  return key;
}

/// What is new or different in `next`.
template <typename Entries>
SyscallError put(int map, const Entries* before, const Entries& next) noexcept {
  for (const auto& [key, value] : next) {
    if (before != nullptr) {
      const auto old = before->find(key);
      if (old != before->end() && old->second == value) continue;
    }
    if (const SyscallError error = update(map, &key, &value)) return error;
  }
  return {};
}

template <typename Entries>
SyscallError take_away(int map, const Entries* before, const Entries& next) noexcept {
  if (before == nullptr) return {};
  for (const auto& [key, value] : *before) {
    if (next.contains(key)) continue;
    const SyscallError error = remove(map, &key);
    if (error && error.error != ENOENT) return error;
  }
  return {};
}

}  // namespace

SyscallError SteeringMaps::open() noexcept {
  if (const auto error = create_map({BPF_MAP_TYPE_LPM_TRIE, sizeof(PrefixKey), sizeof(PrefixValue), kMostPrefixes, BPF_F_NO_PREALLOC, "lvsd_prefixes"}, prefixes_)) return error;
  if (const auto error = create_map({BPF_MAP_TYPE_HASH, sizeof(PortKey), 4, kMostPorts, BPF_F_NO_PREALLOC, "lvsd_ports"}, ports_)) return error;
  if (const auto error = create_map({BPF_MAP_TYPE_HASH, 8, 4, kMostMacs, BPF_F_NO_PREALLOC, "lvsd_macs"}, macs_)) return error;
  return create_map({BPF_MAP_TYPE_HASH, sizeof(Address), sizeof(ServerValue), kMostServers, BPF_F_NO_PREALLOC, "lvsd_servers"}, servers_);
}

SyscallError SteeringMaps::use_macs(std::vector<Mac> macs) noexcept {
  const std::uint32_t one = 1;
  for (const Mac& mac : macs)
    if (const auto error = update(macs_.get(), mac_key(mac).data(), &one)) return error;
  for (const Mac& mac : current_macs_)
    if (std::find(macs.begin(), macs.end(), mac) == macs.end()) static_cast<void>(remove(macs_.get(), mac_key(mac).data()));
  current_macs_ = std::move(macs);
  return {};
}

SyscallError SteeringMaps::publish(std::shared_ptr<const Steering> next) noexcept {
  const Steering* before = current_.get();
  if (const auto error = put(ports_.get(), before == nullptr ? nullptr : &before->ports, next->ports)) return error;
  if (const auto error = put(servers_.get(), before == nullptr ? nullptr : &before->servers, next->servers)) return error;
  if (const auto error = put(prefixes_.get(), before == nullptr ? nullptr : &before->prefixes, next->prefixes)) return error;
  if (before != nullptr) {
    if (const auto error = take_away(prefixes_.get(), &before->prefixes, next->prefixes)) return error;
    if (const auto error = take_away(servers_.get(), &before->servers, next->servers)) return error;
    if (const auto error = take_away(ports_.get(), &before->ports, next->ports)) return error;
  }
  current_ = std::move(next);
  return {};
}

std::vector<bpf_insn> steering_program(const SteeringMaps& maps, int sockets, std::uint32_t port, const std::optional<Mac>& mac) {
  return Writer(maps, sockets, port, mac).write();
}

}  // namespace lvsd
