// io-traffic send DEVICE PPS SECONDS FLOWS FROM_MAC TO_MAC FROM TO PORT
//   sends UDP frames of 60 bytes from FLOWS source ports, each with the time in it. The kernel makes them: BPF_PROG_TEST_RUN with live
//   frames and bpf_redirect, so that the sender costs its CPU a tenth of what a socket would. The peer must receive by NAPI.
// io-traffic sink DEVICE SECONDS
//   counts and drops the frames of 60 bytes that come in, before any protocol sees them, and says how old they are (tcx).
// Both print one line. Run them on the CPUs they are meant for, by taskset.
#include <arpa/inet.h>
#include <net/if.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "port/bpf.h"

using namespace lvsd;
using namespace lvsd::bpf;

namespace {

constexpr std::uint32_t kFrame = 60, kTimeAt = 44, kUdpAt = 34;
constexpr std::uint32_t kRepeat = 1 << 20;
constexpr int kTcxIngress = 46;  ///< BPF_TCX_INGRESS, Linux 6.6
constexpr std::uint32_t kBuckets = 32'768;  ///< 33 ms

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}
void must(const SyscallError& error) {
  if (!error) return;
  errno = error.error;
  fail(error.syscall);
}

void look_up_slot(Assembler& a, int map, std::int16_t key, Label missing) {
  a.map(r1, map);
  a.move(r2, r10);
  a.add(r2, key);
  a.call(BPF_FUNC_map_lookup_elem);
  a.jump_if(r0, equal, 0, missing);
}

struct Flow {
  std::uint8_t header[44] = {};
  std::uint32_t flows = 1;
};

/// map[0]: when the next frame is due, ns; map[1]: frames sent.
std::vector<bpf_insn> sender_program(const Flow& flow, int map, std::uint32_t ifindex, std::uint64_t interval_ns) {
  Assembler a;
  const Label drop = a.label(), send = a.label(), late = a.label();
  a.move(r6, r1);
  a.store(b4, r10, -4, 0);
  look_up_slot(a, map, -4, drop);
  a.move(r7, r0);
  a.call(BPF_FUNC_ktime_get_ns);
  a.move(r8, r0);
  a.load(b8, r3, r7, 0);
  a.jump_if(r8, below, r3, drop);
  a.move(r4, r3);
  a.set64(r5, 1'000'000);
  a.add(r4, r5);
  a.jump_if(r8, above, r4, late);
  a.set64(r5, interval_ns);
  a.add(r3, r5);
  a.store(b8, r7, 0, r3);
  a.jump(send);
  a.place(late);  // what was missed by more than a millisecond is not made up for
  a.store(b8, r7, 0, r8);
  a.place(send);
  a.load(b8, r3, r7, 8);
  a.add(r3, 1);
  a.store(b8, r7, 8, r3);
  a.load(b4, r7, r6, 0);
  a.load(b4, r9, r6, 4);
  a.move(r2, r7);
  a.add(r2, static_cast<std::int32_t>(kFrame));
  a.jump_if(r2, above, r9, drop);
  for (std::int16_t at = 0; at < 44; at = static_cast<std::int16_t>(at + 4)) {
    std::int32_t word;
    std::memcpy(&word, flow.header + at, 4);
    a.store(b4, r7, at, word);
  }
  a.store(b8, r7, kTimeAt, r8);
  a.call(BPF_FUNC_get_prandom_u32);
  a.keep_bits(r0, static_cast<std::int32_t>(flow.flows - 1));
  a.add(r0, 1024);
  a.swap16(r0);
  a.store(b2, r7, kUdpAt, r0);
  a.set(r1, static_cast<std::int32_t>(ifindex));
  a.set(r2, 0);
  a.call(BPF_FUNC_redirect);
  a.leave();
  a.place(drop);
  a.set(r0, XDP_DROP);
  a.leave();
  return a.finish();
}

/// map[0]: frames; map[1 + n]: those that were n * 1.024 us old.
std::vector<bpf_insn> sink_program(int map) {
  Assembler a;
  const Label shot = a.label(), count = a.label(), another = a.label();
  a.move(r6, r1);
  a.load(b4, r1, r6, offsetof(__sk_buff, len));
  a.jump_if(r1, unequal, static_cast<std::int32_t>(kFrame), another);
  a.store(b4, r10, -4, 0);
  look_up_slot(a, map, -4, shot);
  a.load(b8, r1, r0, 0);
  a.add(r1, 1);
  a.store(b8, r0, 0, r1);
  a.move(r1, r6);
  a.set(r2, static_cast<std::int32_t>(kTimeAt));
  a.move(r3, r10);
  a.add(r3, -16);
  a.set(r4, 8);
  a.call(BPF_FUNC_skb_load_bytes);
  a.jump_if(r0, unequal, 0, shot);
  a.call(BPF_FUNC_ktime_get_ns);
  a.load(b8, r1, r10, -16);
  a.set64(r2, 0);
  a.jump_if(r0, below, r1, count);
  a.move(r2, r0);
  // r2 - r1 without a subtraction: ~r1 + 1
  a.set64(r3, ~std::uint64_t{0});
  a.move(r4, r1);
  a.exclusive_or(r4, r3);
  a.add(r4, 1);
  a.add(r2, r4);
  a.shift_right(r2, 10);
  a.jump_if(r2, below, kBuckets - 2, count);
  a.set(r2, kBuckets - 2);
  a.place(count);
  a.add(r2, 1);
  a.store(b4, r10, -4, r2);
  look_up_slot(a, map, -4, shot);
  a.load(b8, r1, r0, 0);
  a.add(r1, 1);
  a.store(b8, r0, 0, r1);
  a.place(shot);
  a.set(r0, 2);  // TC_ACT_SHOT
  a.leave();
  a.place(another);  // ARP and the like: the kernel's
  a.set(r0, 0);      // TC_ACT_OK
  a.leave();
  return a.finish();
}

UniqueFd load(bpf_prog_type type, std::span<const bpf_insn> program) {
  std::string words(1 << 16, '\0');
  bpf_attr attributes{};
  attributes.prog_type = type;
  attributes.insns = reinterpret_cast<std::uintptr_t>(program.data());
  attributes.insn_cnt = static_cast<std::uint32_t>(program.size());
  attributes.license = reinterpret_cast<std::uintptr_t>("GPL");
  attributes.log_buf = reinterpret_cast<std::uintptr_t>(words.data());
  attributes.log_size = static_cast<std::uint32_t>(words.size());
  attributes.log_level = 1;
  UniqueFd fd(static_cast<int>(::syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes)));
  if (!fd) std::fprintf(stderr, "%s\n", words.c_str()), fail("bpf(BPF_PROG_LOAD)");
  return fd;
}

void read_mac(const char* text, std::uint8_t* into) {
  unsigned bytes[6];
  if (std::sscanf(text, "%x:%x:%x:%x:%x:%x", &bytes[0], &bytes[1], &bytes[2], &bytes[3], &bytes[4], &bytes[5]) != 6) fail(text);
  for (int i = 0; i < 6; ++i) into[i] = static_cast<std::uint8_t>(bytes[i]);
}

Flow flow_of(char** words) {
  Flow flow;
  flow.flows = static_cast<std::uint32_t>(std::atoi(words[0]));
  if (flow.flows == 0 || (flow.flows & (flow.flows - 1)) != 0 || flow.flows > 32'768) std::fprintf(stderr, "flows: a power of two up to 32768\n"), std::exit(2);
  read_mac(words[1], flow.header + 6);
  read_mac(words[2], flow.header);
  std::uint8_t* ip = flow.header + 14;
  const std::uint8_t fixed[] = {8, 0, 0x45, 0, 0, kFrame - 14, 0, 0, 0x40, 0, 64, 17, 0, 0};
  std::memcpy(ip - 2, fixed, sizeof fixed);
  if (::inet_pton(AF_INET, words[3], ip + 12) != 1 || ::inet_pton(AF_INET, words[4], ip + 16) != 1) fail("address");
  std::uint32_t sum = 0;
  for (int i = 0; i < 20; i += 2) sum += static_cast<std::uint32_t>(ip[i] << 8 | ip[i + 1]);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  const std::uint16_t checksum = htons(static_cast<std::uint16_t>(~sum)), port = htons(static_cast<std::uint16_t>(std::atoi(words[5]))), length = htons(kFrame - 34);
  std::memcpy(ip + 10, &checksum, 2);
  std::memcpy(ip + 22, &port, 2);
  std::memcpy(ip + 24, &length, 2);
  return flow;
}

int send(char** words) {
  const std::uint32_t ifindex = ::if_nametoindex(words[0]);
  if (ifindex == 0) fail(words[0]);
  const double pps = std::atof(words[1]), seconds = std::atof(words[2]);
  UniqueFd map;
  must(create_map({BPF_MAP_TYPE_ARRAY, 4, 16, 1, 0, "io_sender"}, map));
  const UniqueFd program = load(BPF_PROG_TYPE_XDP, sender_program(flow_of(words + 3), map.get(), ifindex, static_cast<std::uint64_t>(1e9 / pps)));
  std::vector<std::uint8_t> frame(kFrame);
  xdp_md context{};
  context.data_end = kFrame;
  bpf_attr attributes{};
  attributes.test.prog_fd = static_cast<std::uint32_t>(program.get());
  attributes.test.data_in = reinterpret_cast<std::uintptr_t>(frame.data());
  attributes.test.data_size_in = kFrame;
  attributes.test.ctx_in = reinterpret_cast<std::uintptr_t>(&context);
  attributes.test.ctx_size_in = sizeof context;
  attributes.test.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
  attributes.test.repeat = kRepeat;
  const auto start = std::chrono::steady_clock::now();
  const auto passed = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); };
  while (passed() < seconds)
    if (::syscall(SYS_bpf, BPF_PROG_TEST_RUN, &attributes, sizeof attributes) != 0) fail("bpf(BPF_PROG_TEST_RUN)");
  const double took = passed();
  const std::uint32_t zero = 0;
  std::uint64_t value[2];
  must(look_up(map.get(), &zero, value));
  std::printf("sent %llu in %.3f s: %.0f pps\n", static_cast<unsigned long long>(value[1]), took, static_cast<double>(value[1]) / took);
  return 0;
}

int sink(char** words) {
  const std::uint32_t ifindex = ::if_nametoindex(words[0]);
  if (ifindex == 0) fail(words[0]);
  UniqueFd map, link;
  must(create_map({BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, kBuckets, 0, "io_sink"}, map));
  const UniqueFd program = load(BPF_PROG_TYPE_SCHED_CLS, sink_program(map.get()));
  bpf_attr attributes{};
  attributes.link_create.prog_fd = static_cast<std::uint32_t>(program.get());
  attributes.link_create.target_ifindex = ifindex;
  attributes.link_create.attach_type = static_cast<bpf_attach_type>(kTcxIngress);
  link.reset(static_cast<int>(::syscall(SYS_bpf, BPF_LINK_CREATE, &attributes, sizeof attributes)));
  if (!link) fail("bpf(BPF_LINK_CREATE)");
  const double seconds = std::atof(words[1]);
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  std::vector<std::uint64_t> counts(kBuckets);
  std::vector<std::uint64_t> cpus(static_cast<std::size_t>(::sysconf(_SC_NPROCESSORS_CONF)));
  for (std::uint32_t i = 0; i < kBuckets; ++i) {
    must(look_up(map.get(), &i, cpus.data()));
    for (const std::uint64_t count : cpus) counts[i] += count;
  }
  const auto quantile = [&](double share) {
    std::uint64_t left = static_cast<std::uint64_t>(static_cast<double>(counts[0]) * share);
    for (std::uint32_t i = 1; i < kBuckets; ++i) {
      if (counts[i] > left) return i * 1.024 - 0.5;
      left -= counts[i];
    }
    return kBuckets * 1.024;
  };
  std::uint32_t oldest = kBuckets - 1;  // the last bucket: that old or older
  while (oldest > 1 && counts[oldest] == 0) --oldest;
  std::printf("got %llu p50 %.0f us p99 %.0f us most %.0f us\n", static_cast<unsigned long long>(counts[0]), quantile(0.5), quantile(0.99),
              oldest * 1.024 - 0.5);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 11 && std::strcmp(argv[1], "send") == 0) return send(argv + 2);
  if (argc == 4 && std::strcmp(argv[1], "sink") == 0) return sink(argv + 2);
  std::fprintf(stderr, "io-traffic send DEVICE PPS SECONDS FLOWS FROM_MAC TO_MAC FROM TO PORT | io-traffic sink DEVICE SECONDS\n");
  return 2;
}
