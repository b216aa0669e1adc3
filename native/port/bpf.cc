#include "port/bpf.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace lvsd::bpf {
namespace {

constexpr SyscallError kOk{};
constexpr std::size_t kVerifierWords = 64 * 1024;
/// Of what the verifier says only the end tells why.
constexpr std::size_t kLastWords = 400;

long call_bpf(int command, bpf_attr& attributes) noexcept { return ::syscall(SYS_bpf, command, &attributes, sizeof attributes); }
std::uint64_t address_of(const void* at) noexcept { return reinterpret_cast<std::uintptr_t>(at); }

void name_it(char (&into)[BPF_OBJ_NAME_LEN], const char* name) noexcept { std::strncpy(into, name, sizeof into - 1); }

}  // namespace

SyscallError create_map(const MapShape& shape, UniqueFd& into) noexcept {
  bpf_attr attributes{};
  attributes.map_type = shape.type;
  attributes.key_size = shape.key_bytes;
  attributes.value_size = shape.value_bytes;
  attributes.max_entries = shape.most;
  attributes.map_flags = shape.flags;
  name_it(attributes.map_name, shape.name);
  const long fd = call_bpf(BPF_MAP_CREATE, attributes);
  if (fd < 0) return {"bpf(BPF_MAP_CREATE)", errno};
  into.reset(static_cast<int>(fd));
  return kOk;
}

SyscallError update(int map, const void* key, const void* value) noexcept {
  bpf_attr attributes{};
  attributes.map_fd = static_cast<std::uint32_t>(map);
  attributes.key = address_of(key);
  attributes.value = address_of(value);
  return call_bpf(BPF_MAP_UPDATE_ELEM, attributes) < 0 ? SyscallError{"bpf(BPF_MAP_UPDATE_ELEM)", errno} : kOk;
}

SyscallError update_batch(int map, const void* keys, const void* values, std::uint32_t count) noexcept {
  bpf_attr attributes{};
  attributes.batch.map_fd = static_cast<std::uint32_t>(map);
  attributes.batch.keys = address_of(keys);
  attributes.batch.values = address_of(values);
  attributes.batch.count = count;
  return call_bpf(BPF_MAP_UPDATE_BATCH, attributes) < 0 ? SyscallError{"bpf(BPF_MAP_UPDATE_BATCH)", errno} : kOk;
}

SyscallError remove(int map, const void* key) noexcept {
  bpf_attr attributes{};
  attributes.map_fd = static_cast<std::uint32_t>(map);
  attributes.key = address_of(key);
  return call_bpf(BPF_MAP_DELETE_ELEM, attributes) < 0 ? SyscallError{"bpf(BPF_MAP_DELETE_ELEM)", errno} : kOk;
}

SyscallError look_up(int map, const void* key, void* value) noexcept {
  bpf_attr attributes{};
  attributes.map_fd = static_cast<std::uint32_t>(map);
  attributes.key = address_of(key);
  attributes.value = address_of(value);
  return call_bpf(BPF_MAP_LOOKUP_ELEM, attributes) < 0 ? SyscallError{"bpf(BPF_MAP_LOOKUP_ELEM)", errno} : kOk;
}

SyscallError load_xdp(std::span<const bpf_insn> program, const char* name, UniqueFd& into, std::string& why) noexcept {
  bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_XDP;
  attributes.insns = address_of(program.data());
  attributes.insn_cnt = static_cast<std::uint32_t>(program.size());
  attributes.license = address_of("GPL");
  name_it(attributes.prog_name, name);
  long fd = call_bpf(BPF_PROG_LOAD, attributes);
  if (fd < 0 && errno != EPERM) {
    // once more, for the sake of what the verifier says
    std::string words(kVerifierWords, '\0');
    attributes.log_buf = address_of(words.data());
    attributes.log_size = static_cast<std::uint32_t>(words.size());
    attributes.log_level = 1;
    fd = call_bpf(BPF_PROG_LOAD, attributes);
    if (fd < 0) {
      const int error = errno;
      words.resize(std::strlen(words.c_str()));
      why = words.substr(words.size() - std::min(words.size(), kLastWords));
      return {"bpf(BPF_PROG_LOAD)", error};
    }
  }
  if (fd < 0) return {"bpf(BPF_PROG_LOAD)", errno};
  into.reset(static_cast<int>(fd));
  return kOk;
}

SyscallError link_xdp(int program, std::uint32_t ifindex, std::uint32_t flags, UniqueFd& into) noexcept {
  bpf_attr attributes{};
  attributes.link_create.prog_fd = static_cast<std::uint32_t>(program);
  attributes.link_create.target_ifindex = ifindex;
  attributes.link_create.attach_type = BPF_XDP;
  attributes.link_create.flags = flags;
  const long fd = call_bpf(BPF_LINK_CREATE, attributes);
  if (fd < 0) return {"bpf(BPF_LINK_CREATE)", errno};
  into.reset(static_cast<int>(fd));
  return kOk;
}

SyscallError test_run(int program, std::span<const std::uint8_t> frame, std::uint32_t& result) noexcept {
  bpf_attr attributes{};
  attributes.test.prog_fd = static_cast<std::uint32_t>(program);
  attributes.test.data_in = address_of(frame.data());
  attributes.test.data_size_in = static_cast<std::uint32_t>(frame.size());
  attributes.test.repeat = 1;
  if (call_bpf(BPF_PROG_TEST_RUN, attributes) < 0) return {"bpf(BPF_PROG_TEST_RUN)", errno};
  result = attributes.test.retval;
  return kOk;
}

Label Assembler::label() {
  places_.push_back(-1);
  return {static_cast<std::uint32_t>(places_.size() - 1)};
}

void Assembler::place(Label here) { places_[here.id] = static_cast<std::int32_t>(code_.size()); }

void Assembler::set64(Register to, std::uint64_t value) {
  emit(BPF_LD | BPF_DW | BPF_IMM, to, r0, 0, static_cast<std::int32_t>(value));
  emit(0, r0, r0, 0, static_cast<std::int32_t>(value >> 32));
}

void Assembler::map(Register to, int fd) {
  emit(BPF_LD | BPF_DW | BPF_IMM, to, static_cast<Register>(BPF_PSEUDO_MAP_FD), 0, fd);
  emit(0, r0, r0, 0, 0);
}

std::vector<bpf_insn> Assembler::finish() {
  for (const Jump& jump : jumps_) code_[jump.at].off = static_cast<std::int16_t>(places_[jump.label] - static_cast<std::int32_t>(jump.at) - 1);
  return std::move(code_);
}

void Assembler::emit(int code, Register to, Register from, std::int16_t at, std::int32_t value) {
  bpf_insn instruction{};
  instruction.code = static_cast<std::uint8_t>(code);
  instruction.dst_reg = to & 0xf;
  instruction.src_reg = from & 0xf;
  instruction.off = at;
  instruction.imm = value;
  code_.push_back(instruction);
}

void Assembler::emit_jump(int code, Register left, Register right, std::int32_t value, Label to) {
  jumps_.push_back({static_cast<std::uint32_t>(code_.size()), to.id});
  emit(code, left, right, 0, value);
}

}  // namespace lvsd::bpf
