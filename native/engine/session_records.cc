// Sessions on their way out of this process and into it.
#include <algorithm>
#include <utility>

#include "engine/session_cold.h"
#include "engine/sessions.h"

namespace lvsd {

namespace {

constexpr std::uint32_t kPauseMs = 60'000;

const Service* service_of(const Tables& tables, const Destination& destination) noexcept {
  return destination.service < tables.services().size() ? &tables.service(destination.service) : nullptr;
}

/// Whether a destination serves a VIP's port at this address and port.
bool is_at(const Destination& destination, const SessionRecord& record) noexcept {
  if (destination.state == kVacant || destination.state == kGone || !(destination.address == record.destination)) return false;
  return record.destination_port == (destination.port != 0 ? destination.port : record.vip_port);
}

/// A session of another engine in this state had more than one packet.
bool proves(SessionState state) noexcept { return state == SessionState::established || state == SessionState::fin; }

}  // namespace

// ---------------------------------------------------------------- out

Sessions::Change Sessions::change_of(std::uint32_t handle) const noexcept {
  const Slot slot = this->slot(handle);
  const Snat snat = (slot.meta & kSnat) != 0 ? given(handle) : Snat{};
  return {key(handle), snat, slot.hash, slot.meta >> kDestinationShift, slot.deadline, state_of(slot), false};
}

SessionRecord Sessions::record_of(const Change& change, const Tables& tables, std::uint32_t now_ms) noexcept {
  SessionRecord record{};
  record.client = change.key.client;
  record.vip = change.key.vip;
  record.client_port = change.key.client_port;
  record.vip_port = change.key.vip_port;
  record.protocol = change.key.protocol;
  record.affinity = change.key.affinity ? 1 : 0;
  record.state = static_cast<std::uint8_t>(change.state);
  record.gone = change.gone ? 1 : 0;
  record.snat = change.snat.address;
  record.snat_port = change.snat.port;
  const auto remaining = static_cast<std::int32_t>(change.deadline - now_ms);
  record.remaining_ms = remaining > 0 && !change.gone ? static_cast<std::uint32_t>(remaining) : 0;
  record.hash = change.hash;
  record.service = kNone;
  if (change.destination < tables.destinations().size()) {
    const Destination& destination = tables.destination(change.destination);
    record.destination = destination.address;
    record.destination_port = destination.port != 0 ? destination.port : change.key.vip_port;
    const Service* service = service_of(tables, destination);
    if (service != nullptr && destination.state != kGone && destination.state != kVacant) record.service = service->image_index;
  }
  return record;
}

/// The dump that was left at this cursor; for a new one the place of who has said nothing for longest.
Sessions::Dump& Sessions::dump_of(std::uint64_t cursor, std::uint32_t now_ms) noexcept {
  Dump* oldest = &dumps_[0];
  for (Dump& dump : dumps_) {
    if (dump.next != 0 && dump.next == cursor) return dump;
    const bool is_free = dump.next == 0 || now_ms - dump.last_ms > kPauseMs;
    const bool oldest_is_free = oldest->next == 0 || now_ms - oldest->last_ms > kPauseMs;
    if (oldest_is_free) continue;
    if (is_free || now_ms - dump.last_ms > now_ms - oldest->last_ms) oldest = &dump;
  }
  return *oldest;
}

std::size_t Sessions::dump(std::uint64_t& cursor, std::span<SessionRecord> into, const Tables& tables,
                           std::uint32_t now_ms) noexcept {
  std::size_t written = 0;
  std::uint64_t next = std::max<std::uint64_t>(cursor, 1);  // family in the upper half, place + 1 in the lower
  while (written < into.size() && next >> 32 < 2) {
    const auto which = static_cast<std::uint32_t>(next >> 32);
    const std::uint32_t at = static_cast<std::uint32_t>(next) - 1;
    const Buckets& hot = families_[which].hot;
    if (at >= hot.slots()) {
      next = (std::uint64_t{which} + 1) << 32 | 1;
      continue;
    }
    ++next;
    const Slot slot = hot.at(at);
    if (is_free(slot, now_ms)) continue;
    into[written++] = record_of(change_of(at | which << 31), tables, now_ms);
  }
  Dump& dump = dump_of(cursor, now_ms);
  dump = {written == 0 ? 0 : next, now_ms};
  cursor = next;
  return written;
}

void Sessions::follow(bool on) noexcept {
  if (on != (changes_ != nullptr)) changes_.reset(on ? new Changes : nullptr);
}

void Sessions::tell(std::uint32_t handle, bool gone) noexcept {
  if (changes_ == nullptr) return;
  if (changes_->made - changes_->told == kChanges) {
    changes_->lost = true;
    return;
  }
  Change& change = changes_->ring[changes_->made++ % kChanges];
  change = change_of(handle);
  change.gone = gone;
}

/// Made by full NAT a moment before it was given its source port, which is told next.
bool Sessions::lacks_port(const Change& change, const Tables& tables) noexcept {
  if (change.gone || change.key.affinity || !change.snat.address.is_zero()) return false;
  return change.destination < tables.destinations().size() && tables.destination(change.destination).method == image::kFullNat;
}

/// Who follows has the deadline of the last record. A session that was seen since is told again at the next of its moments, a third of its
/// time-out apart and chosen by its hash, so that not all are told at once; never as much as to fill the log.
void Sessions::remind(std::uint32_t handle, const Tables& tables, std::uint32_t before_ms, std::uint32_t now_ms) noexcept {
  const Slot slot = this->slot(handle);
  const Service* service = service_of(tables, tables.destination(slot.meta >> kDestinationShift));
  if (service == nullptr || changes_->made - changes_->told > kChanges / 2) return;
  const std::int64_t timeout = service->timeouts[state_of(slot)];
  const std::int64_t third = timeout / 3 + 1, since = now_ms - before_ms, idle = timeout - (slot.deadline - now_ms);
  if (idle > third + since) return;  // told at the moment that came after its last packet
  const std::int64_t moment = (std::int64_t{1} << 32) + now_ms + static_cast<std::int64_t>(slot.hash % static_cast<std::uint64_t>(third));
  if (moment / third != (moment - since) / third) tell(handle, false);
}

std::size_t Sessions::changes(std::span<SessionRecord> into, bool& lost, const Tables& tables, std::uint32_t now_ms) noexcept {
  lost = false;
  if (changes_ == nullptr) return 0;
  lost = std::exchange(changes_->lost, false);
  std::size_t written = 0;
  while (written < into.size() && changes_->told != changes_->made) {
    const Change& change = changes_->ring[changes_->told++ % kChanges];
    if (!lacks_port(change, tables)) into[written++] = record_of(change, tables, now_ms);
  }
  return written;
}

// ---------------------------------------------------------------- in

/// Id of the destination that a record names, among those of the service that takes the flow here. Remembered, since records of one
/// service come one after the other and it may have a thousand destinations.
std::uint32_t Sessions::destination_of(const SessionRecord& record, const Tables& tables) noexcept {
  const std::uint64_t asked = hasher_.reverse(record.destination, record.destination_port, record.vip, record.vip_port, record.protocol);
  std::uint32_t& remembered = (*remembered_)[asked % kRemembered];
  const std::size_t ports = std::clamp<std::size_t>(tables.ports().size(), 1, 64);
  const Service* before = nullptr;
  for (std::size_t port = 0; port < ports; ++port) {  // a service may take packets from some ports only, and a record does not say its port
    const Service* service =
        tables.find_service(record.vip, record.protocol, record.vip_port, static_cast<std::uint16_t>(port));
    if (service == nullptr || service == before) continue;
    before = service;
    if (remembered < tables.destinations().size()) {
      const Destination& destination = tables.destination(remembered);
      if (is_at(destination, record) && service_of(tables, destination) == service) return remembered;
    }
    for (const std::uint32_t id : service->members) {
      if (id < tables.destinations().size() && is_at(tables.destination(id), record)) return remembered = id;
    }
  }
  return kNone;
}

/// A record of a session that is here already.
bool Sessions::renew(std::uint32_t handle, const SessionRecord& record, std::uint32_t id, std::uint32_t now_ms) noexcept {
  const Slot slot = this->slot(handle);
  const Snat snat = (slot.meta & kSnat) != 0 ? given(handle) : Snat{};
  if (slot.meta >> kDestinationShift != id || !(snat.address == record.snat) || snat.port != record.snat_port) return false;
  const auto state = static_cast<SessionState>(record.state);
  this->slot(handle).deadline = now_ms + Timeouts::bounded(record.remaining_ms);
  this->slot(handle).meta |= proves(state) ? kProved : 0;
  if (state_of(slot) != state) change_state(handle, state);
  return true;
}

bool Sessions::load(const SessionRecord& record, const Tables& tables, std::uint32_t now_ms) noexcept {
  FlowKey key{record.client, record.vip, record.client_port, record.vip_port, record.protocol, record.affinity != 0};
  const bool v4 = key.vip.is_v4();
  if (key.client.is_v4() != v4 || record.state >= kSessionStates) return false;
  const auto state = static_cast<SessionState>(record.state);
  if ((state == SessionState::affinity) != key.affinity) return false;
  const std::uint64_t hash = this->hash(key);
  const std::uint32_t known = find(hash, v4, now_ms);
  if (record.gone != 0) {
    if (known != kNone) erase(known);
    return known != kNone;
  }
  const std::uint32_t id = destination_of(record, tables);
  if (id >= counters_.size() || record.remaining_ms == 0) return false;
  if (known != kNone && renew(known, record, id, now_ms)) return true;
  const std::uint32_t handle = place_for(hash, v4, now_ms);
  if (handle == kNone) return false;
  fill(handle, hash, key, id, state);
  slot(handle).deadline = now_ms + Timeouts::bounded(record.remaining_ms);
  if (proves(state)) slot(handle).meta |= kProved;
  const std::uint8_t method = tables.destination(id).method;
  bool whole = true;
  if (!key.affinity && method == image::kMasquerade) {
    whole = insert_reverse(handle, record.destination, record.destination_port, record.client, record.client_port);
  } else if (!key.affinity && method == image::kFullNat) {
    whole = !record.snat.is_zero() && record.snat.is_v4() == v4 && make_given(v4) &&
            insert_reverse(handle, record.destination, record.destination_port, record.snat, record.snat_port);
    if (whole) give(handle, {0, record.snat_port, record.snat});
  }
  if (!whole) return end(handle, Whither::evicted), false;
  tell(handle, false);
  return true;
}

}  // namespace lvsd
