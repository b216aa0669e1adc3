// Replies of NAT servers: what they are found by, and the source ports of full NAT.
#include <algorithm>

#include "engine/session_cold.h"
#include "engine/sessions.h"

namespace lvsd {

namespace {

/// Addresses and ports of one pool that this worker may give.
struct Share {
  const image::Pool* pool;
  std::uint16_t index;
  std::uint16_t first_port;
  std::uint32_t ports;
  std::uint64_t addresses;  ///< 2^32 at most: more than anybody has ports for
};

std::uint64_t big_endian(const Address& address, std::size_t at) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = at; i < at + 8; ++i) value = value << 8 | address.bytes[i];
  return value;
}

/// `last - first + 1`, at most 2^32; 0 if they are the wrong way round.
std::uint64_t addresses_between(const Address& first, const Address& last) noexcept {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 32;
  const std::uint64_t high = big_endian(last, 0) - big_endian(first, 0), low = big_endian(last, 8) - big_endian(first, 8);
  if (big_endian(last, 0) < big_endian(first, 0)) return 0;
  if (high == 0) return big_endian(last, 8) < big_endian(first, 8) ? 0 : std::min(low, kMost - 1) + 1;
  return high == 1 && big_endian(last, 8) < big_endian(first, 8) ? std::min(low, kMost - 1) + 1 : kMost;
}

Address plus(const Address& first, std::uint64_t offset) noexcept {
  Address sum = first;
  for (std::size_t i = 16; i-- > 0 && offset != 0;) {
    offset += sum.bytes[i];
    sum.bytes[i] = static_cast<std::uint8_t>(offset);
    offset >>= 8;
  }
  return sum;
}

Share share_of(const image::Pool& pool, std::uint16_t index, bool v4, std::uint32_t worker, std::uint32_t workers) noexcept {
  Share share{&pool, index, 0, 0, 0};
  if (pool.first.is_v4() != v4 || pool.last.is_v4() != v4) return share;
  const std::uint32_t lowest = std::max<std::uint32_t>(pool.lowest, 1);
  const std::uint32_t first = lowest + (worker + workers - lowest % workers) % workers;
  if (first > pool.highest) return share;
  share.first_port = static_cast<std::uint16_t>(first);
  share.ports = (pool.highest - first) / workers + 1;
  share.addresses = addresses_between(pool.first, pool.last);
  return share;
}

/// All of a service's pools, as one row of (address, port) pairs.
class Row {
 public:
  Row(const Tables& tables, const Service& service, bool v4, std::uint32_t worker, std::uint32_t workers) noexcept
      : tables_(tables), v4_(v4), worker_(worker), workers_(workers) {
    const std::size_t known = tables.pools().size();
    first_ = std::min<std::size_t>(service.first_pool, known);
    end_ = first_ + std::min<std::size_t>(service.pool_count, known - first_);
    for (std::size_t i = first_; i < end_; ++i) size_ += size_of(share(i));
  }
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  [[nodiscard]] Snat at(std::uint64_t n) const noexcept {
    for (std::size_t i = first_; i < end_; ++i) {
      const Share one = share(i);
      if (n >= size_of(one)) {
        n -= size_of(one);
        continue;
      }
      const auto port = static_cast<std::uint16_t>(one.first_port + n % one.ports * workers_);
      return {one.index, port, plus(one.pool->first, n / one.ports)};
    }
    return {};
  }

 private:
  [[nodiscard]] Share share(std::size_t i) const noexcept {
    return share_of(tables_.pools()[i], static_cast<std::uint16_t>(i), v4_, worker_, workers_);
  }
  [[nodiscard]] static std::uint64_t size_of(const Share& share) noexcept { return share.ports * share.addresses; }

  const Tables& tables_;
  std::size_t first_, end_;
  std::uint64_t size_ = 0;
  bool v4_;
  std::uint32_t worker_, workers_;
};

}  // namespace

bool Sessions::make_nat(Family& family) noexcept {
  if (family.reverse.ready()) return true;
  const std::size_t slots = family.hot.slots();
  if (family.back.data() == nullptr && !family.back.allocate(slots * sizeof(std::uint64_t))) return false;
  return family.reverse.allocate(family.hot.buckets());
}

bool Sessions::make_given(bool v4) noexcept {
  Family& family = this->family(v4);
  return family.given.data() != nullptr || family.given.allocate(family.hot.slots() * (v4 ? sizeof(Given4) : sizeof(Given6)));
}

std::uint64_t& Sessions::back(std::uint32_t handle) noexcept {
  return static_cast<std::uint64_t*>(family_of(handle).back.data())[place(handle)];
}

Snat Sessions::snat(std::uint32_t handle, const Tables&) const noexcept {
  return (slot(handle).meta & kSnat) != 0 ? given(handle) : Snat{};
}

Snat Sessions::given(std::uint32_t handle) const noexcept {
  const void* all = family_of(handle).given.data();
  if (is_v4(handle)) {
    const Given4& given = static_cast<const Given4*>(all)[place(handle)];
    return {given.pool, given.port, Address::v4(given.address)};
  }
  const Given6& given = static_cast<const Given6*>(all)[place(handle)];
  return {given.pool, given.port, Address{given.address}};
}

void Sessions::give(std::uint32_t handle, const Snat& snat) noexcept {
  void* all = family_of(handle).given.data();
  if (is_v4(handle)) {
    static_cast<Given4*>(all)[place(handle)] = {snat.address.to_v4(), snat.port, snat.pool};
  } else {
    static_cast<Given6*>(all)[place(handle)] = {snat.address.bytes, snat.port, snat.pool};
  }
  slot(handle).meta |= kSnat;
}

void Sessions::drop_reverse(std::uint32_t handle) noexcept {
  const SlotPlace slot = this->slot(handle);
  if ((slot.meta & kReverse) != 0) {
    Buckets& reverse = family_of(handle).reverse;
    const std::uint32_t at = reverse.find(back(handle));
    if (at != kNoSlot) reverse.at(at).clear();
  }
  slot.meta &= ~(kReverse | kSnat);
}

void Sessions::forget_replies(std::uint32_t handle) noexcept {
  drop_reverse(handle);
  tell(handle, false);
}

/// A holder that has ended, or is about to, gives way.
bool Sessions::gives_way(std::uint32_t holder, std::uint32_t now_ms) const noexcept {
  const SessionState state = this->state(holder);
  const bool over = state == SessionState::fin || state == SessionState::closed || state == SessionState::syn;
  return over || !is_live(slot(holder), now_ms);
}

bool Sessions::has_room_for_reverse(const Address& server, std::uint16_t server_port, const Address& peer, std::uint16_t peer_port,
                                    std::uint8_t protocol, std::uint32_t now_ms) const noexcept {
  const Buckets& reverse = family(server.is_v4()).reverse;
  const std::uint32_t there = reverse.find(reverse_hash(server, server_port, peer, peer_port, protocol));
  return there == kNoSlot || gives_way(reverse.at(there).deadline, now_ms);
}

bool Sessions::insert_reverse(std::uint32_t handle, const Address& server, std::uint16_t server_port, const Address& peer,
                              std::uint16_t peer_port) noexcept {
  Family& family = family_of(handle);
  if (server.is_v4() != is_v4(handle) || peer.is_v4() != is_v4(handle) || !make_nat(family)) return false;
  const std::uint64_t hash = reverse_hash(server, server_port, peer, peer_port, key(handle).protocol);
  const std::uint32_t there = family.reverse.find(hash);
  if (there != kNoSlot) {
    const std::uint32_t holder = family.reverse.at(there).deadline;
    if (holder == handle) return true;
    if (!gives_way(holder, now_ms_)) return false;
    end(holder, Whither::evicted);
  }
  const std::uint32_t before = slot(handle).meta & kSnat;
  drop_reverse(handle);
  const auto is_empty = [](const Slot& slot) { return slot.hash == 0; };
  const auto move_there = [&family](std::uint32_t from, std::uint32_t to) {
    family.reverse.at(to).put(family.reverse.at(from));
    family.reverse.at(from).clear();
    return true;
  };
  const std::uint32_t at = family.reverse.room(hash, 3, is_empty, move_there);
  if (at == kNoSlot) return false;
  family.reverse.at(at).put({hash, handle, 0});
  back(handle) = hash;
  slot(handle).meta |= kReverse | before;
  return true;
}

Snat Sessions::foresee_snat(std::uint64_t hash, const FlowKey& key, const Tables& tables, const Service& service, const Destination& to,
                            std::uint32_t worker, std::uint32_t workers, std::uint32_t now_ms) const noexcept {
  const bool v4 = key.vip.is_v4();
  if (workers == 0 || to.address.is_v4() != v4) return {};
  const Row row(tables, service, v4, worker, workers);
  if (row.size() == 0) return {};
  const Buckets& reverse = family(v4).reverse;
  const std::uint16_t server_port = to.port != 0 ? to.port : key.vip_port;
  const std::uint64_t start = hasher_.words(hash, 0) % row.size();
  const bool all = row.size() <= kSnatTries;
  for (std::uint32_t i = 0; i < (all ? row.size() : kSnatTries); ++i) {
    const Snat snat = row.at(all ? (start + i) % row.size() : hasher_.words(hash, i) % row.size());
    const std::uint32_t there = reverse.find(reverse_hash(to.address, server_port, snat.address, snat.port, key.protocol));
    if (there == kNoSlot) return snat;
    const Slot holder = slot(reverse.at(there).deadline);
    if (holder.hash != hash && !is_live(holder, now_ms)) return snat;
  }
  return {};
}

bool Sessions::take_snat(std::uint32_t handle, const Tables& tables, const Service& service, const Destination& to,
                         std::uint32_t worker, std::uint32_t workers, std::uint32_t now_ms) noexcept {
  const bool v4 = is_v4(handle);
  Family& family = family_of(handle);
  if (!make_nat(family) || !make_given(v4)) return false;
  const FlowKey key = this->key(handle);
  const Snat snat = foresee_snat(hash_of(handle), key, tables, service, to, worker, workers, now_ms);
  if (snat.address.is_zero()) return false;
  const std::uint16_t server_port = to.port != 0 ? to.port : key.vip_port;
  const std::uint32_t there = family.reverse.find(reverse_hash(to.address, server_port, snat.address, snat.port, key.protocol));
  if (there != kNoSlot) end(family.reverse.at(there).deadline, Whither::expired);
  if (!insert_reverse(handle, to.address, server_port, snat.address, snat.port)) return false;
  give(handle, snat);
  tell(handle, false);
  return true;
}

}  // namespace lvsd
