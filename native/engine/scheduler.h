#pragma once
#include <cstdint>
#include <memory>
#include <span>

#include "engine/counters.h"
#include "engine/sessions.h"
#include "engine/tables.h"

namespace lvsd {

/// What choices depend on beside the tables.
struct Arrival {
  const FlowKey& key;
  std::uint64_t fields_hash;  ///< hash over the service's hash_fields (fields_hash in engine/fields_hash.h): Maglev's slot
  std::uint32_t now_ms;
};

/// How one worker chooses a destination for a new flow: every algorithm of src/schedulers, equal to it packet by packet where there is
/// one worker (that is tested). With more of them each goes its own round, as the kernel's CPUs do not.
class Choosers {
 public:
  Choosers(std::uint32_t most_services, std::span<const std::span<const DestinationCounters>> counters_of_workers);
  ~Choosers();
  /// Destination id; kNone: nobody can serve.
  [[nodiscard]] std::uint32_t choose(const Tables& tables, const Service& service, const Arrival& arrival) noexcept;
  /// The same without leaving a trace: for explain.
  [[nodiscard]] std::uint32_t foresee(const Tables& tables, const Service& service, const Arrival& arrival) const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lvsd
