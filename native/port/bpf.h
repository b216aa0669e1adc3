#pragma once
#include <linux/bpf.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/syscall_error.h"
#include "base/unique_fd.h"

/// bpf(2) itself: the few commands that a port needs, and an assembler for its program. No library stands between.
namespace lvsd::bpf {

struct MapShape {
  bpf_map_type type;
  std::uint32_t key_bytes, value_bytes, most, flags;
  const char* name;
};

[[nodiscard]] SyscallError create_map(const MapShape& shape, UniqueFd& into) noexcept;
[[nodiscard]] SyscallError update(int map, const void* key, const void* value) noexcept;
/// As many as `count` pairs, laid one after the other: one system call where the map can do that. ENOTSUP: it cannot.
[[nodiscard]] SyscallError update_batch(int map, const void* keys, const void* values, std::uint32_t count) noexcept;
[[nodiscard]] SyscallError remove(int map, const void* key) noexcept;
[[nodiscard]] SyscallError look_up(int map, const void* key, void* value) noexcept;

/// `why` gets the end of the verifier's words if it refuses. `flags` are BPF_F_ of BPF_PROG_LOAD; `ifindex` is for programs bound to a device.
[[nodiscard]] SyscallError load_xdp(std::span<const bpf_insn> program, const char* name, UniqueFd& into, std::string& why) noexcept;
/// Attaches to a device until `into` is closed. `flags`: XDP_FLAGS_DRV_MODE or XDP_FLAGS_SKB_MODE.
[[nodiscard]] SyscallError link_xdp(int program, std::uint32_t ifindex, std::uint32_t flags, UniqueFd& into) noexcept;
/// Runs a program over a frame (BPF_PROG_TEST_RUN): what it returned in `result`.
[[nodiscard]] SyscallError test_run(int program, std::span<const std::uint8_t> frame, std::uint32_t& result) noexcept;

enum Register : std::uint8_t { r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10 };
/// Width of a load or store.
enum Width : std::uint8_t { b1 = BPF_B, b2 = BPF_H, b4 = BPF_W, b8 = BPF_DW };
enum Condition : std::uint8_t {
  equal = BPF_JEQ, unequal = BPF_JNE, above = BPF_JGT, at_least = BPF_JGE, below = BPF_JLT, at_most = BPF_JLE, has_bits = BPF_JSET,
};
struct Label {
  std::uint32_t id;
};

/// A program as it is written: instructions in order, jumps to labels that may be placed later.
class Assembler {
 public:
  [[nodiscard]] Label label();
  void place(Label here);

  void move(Register to, Register from) { emit(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0); }
  void set(Register to, std::int32_t value) { emit(BPF_ALU64 | BPF_MOV | BPF_K, to, r0, 0, value); }
  void set64(Register to, std::uint64_t value);
  /// The address of a map, for the helpers.
  void map(Register to, int fd);
  void add(Register to, std::int32_t value) { emit(BPF_ALU64 | BPF_ADD | BPF_K, to, r0, 0, value); }
  void add(Register to, Register from) { emit(BPF_ALU64 | BPF_ADD | BPF_X, to, from, 0, 0); }
  void keep_bits(Register to, std::int32_t mask) { emit(BPF_ALU64 | BPF_AND | BPF_K, to, r0, 0, mask); }
  void keep_bits(Register to, Register mask) { emit(BPF_ALU64 | BPF_AND | BPF_X, to, mask, 0, 0); }
  void exclusive_or(Register to, Register with) { emit(BPF_ALU64 | BPF_XOR | BPF_X, to, with, 0, 0); }
  void shift_left(Register to, std::int32_t bits) { emit(BPF_ALU64 | BPF_LSH | BPF_K, to, r0, 0, bits); }
  void shift_right(Register to, std::int32_t bits) { emit(BPF_ALU64 | BPF_RSH | BPF_K, to, r0, 0, bits); }
  /// Sixteen bits from network order to the machine's, or back.
  void swap16(Register to) { emit(BPF_ALU | BPF_END | BPF_TO_BE, to, r0, 0, 16); }
  void load(Width width, Register to, Register from, std::int16_t at) { emit(BPF_LDX | BPF_MEM | width, to, from, at, 0); }
  void store(Width width, Register to, std::int16_t at, Register from) { emit(BPF_STX | BPF_MEM | width, to, from, at, 0); }
  void store(Width width, Register to, std::int16_t at, std::int32_t value) { emit(BPF_ST | BPF_MEM | width, to, r0, at, value); }
  void jump(Label to) { emit_jump(BPF_JMP | BPF_JA, r0, r0, 0, to); }
  void jump_if(Register left, Condition is, std::int32_t right, Label to) { emit_jump(BPF_JMP | is | BPF_K, left, r0, right, to); }
  void jump_if(Register left, Condition is, Register right, Label to) { emit_jump(BPF_JMP | is | BPF_X, left, right, 0, to); }
  void call(bpf_func_id helper) { emit(BPF_JMP | BPF_CALL, r0, r0, 0, static_cast<std::int32_t>(helper)); }
  void leave() { emit(BPF_JMP | BPF_EXIT, r0, r0, 0, 0); }

  /// The finished program: every label that is jumped to must be placed.
  [[nodiscard]] std::vector<bpf_insn> finish();

 private:
  struct Jump {
    std::uint32_t at, label;
  };
  void emit(int code, Register to, Register from, std::int16_t at, std::int32_t value);
  void emit_jump(int code, Register left, Register right, std::int32_t value, Label to);

  std::vector<bpf_insn> code_;
  std::vector<std::int32_t> places_;
  std::vector<Jump> jumps_;
};

}  // namespace lvsd::bpf
