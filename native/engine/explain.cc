#include "engine/explain.h"

#include <arpa/inet.h>

#include <cstdio>
#include <utility>

#include "engine/fields_hash.h"
#include "engine/forward.h"

namespace lvsd {

// ---------------------------------------------------------------- words

namespace {

constexpr std::string_view kStepNames[] = {"parse", "service", "session", "affinity", "schedule", "destination", "path", "rewrite", "link", "verdict"};
constexpr std::string_view kStates[] = {"syn", "established", "fin", "closed", "udp", "icmp", "other", "affinity"};
constexpr std::string_view kMethods[] = {"masquerade", "direct", "tunnel", "l3dsr", "full-nat", "local"};
constexpr std::string_view kTunnels[] = {"ipip", "gue", "gre"};
constexpr std::string_view kSchedulers[] = {"maglev", "rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "fo", "ovf", "mh"};
constexpr std::string_view kServerStates[] = {"vacant", "serving", "weight 0", "unreachable", "removed"};
constexpr std::string_view kVerdicts[] = {"forward", "pass", "drop", "held"};

struct Reason {
  std::string_view name, text;
};
constexpr Reason kReasons[] = {
#define LVSD_X(name, text) {#name, text},
    LVSD_DROP_REASONS(LVSD_X)
#undef LVSD_X
};

template <std::size_t N>
[[nodiscard]] std::string word(const std::string_view (&words)[N], std::size_t index) {
  return std::string(index < N ? words[index] : "unknown");
}

[[nodiscard]] std::string text_of(const Address& address) {
  char text[INET6_ADDRSTRLEN] = "?";
  const std::uint32_t v4 = address.to_v4();
  if (address.is_v4()) {
    ::inet_ntop(AF_INET, &v4, text, sizeof text);
  } else {
    ::inet_ntop(AF_INET6, address.bytes.data(), text, sizeof text);
  }
  return text;
}

[[nodiscard]] std::string endpoint(const Address& address, std::uint16_t port) {
  if (port == 0) return text_of(address);
  return text_of(address) + " port " + std::to_string(port);
}

[[nodiscard]] std::string hex(std::uint64_t number) {
  char text[20];
  std::snprintf(text, sizeof text, "0x%016llx", static_cast<unsigned long long>(number));
  return text;
}

[[nodiscard]] std::string hex(const std::uint8_t* bytes, std::size_t count) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(count * 2);
  for (std::size_t at = 0; at < count; ++at) {
    text += kDigits[bytes[at] >> 4];
    text += kDigits[bytes[at] & 15];
  }
  return text;
}

[[nodiscard]] std::string mac(const std::uint8_t* bytes) {
  char text[18];
  std::snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5]);
  return text;
}

[[nodiscard]] std::string protocol_name(std::uint8_t protocol) {
  switch (protocol) {
    case 0: return "any";
    case wire::kTcp: return "tcp";
    case wire::kUdp: return "udp";
    case wire::kSctp: return "sctp";
    case wire::kIcmp: return "icmp";
    case wire::kIcmpv6: return "icmpv6";
    default: return "protocol " + std::to_string(protocol);
  }
}

[[nodiscard]] std::string port_name(const Tables& tables, std::uint32_t port) {
  if (port >= tables.ports().size()) return "port " + std::to_string(port);
  const image::Port& named = tables.ports()[port];
  return {named.name, strnlen(named.name, sizeof named.name)};
}

[[nodiscard]] std::string tcp_flags(std::uint8_t flags) {
  static constexpr std::string_view kNames[] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG"};
  std::string text;
  for (std::size_t bit = 0; bit < std::size(kNames); ++bit) {
    if ((flags >> bit & 1) == 0) continue;
    if (!text.empty()) text += " ";
    text += kNames[bit];
  }
  return text;
}

[[nodiscard]] std::string server_name(const Tables& tables, std::uint32_t id) {
  if (id >= tables.destinations().size()) return "nobody";
  const Destination& to = tables.destination(id);
  return endpoint(to.address, to.port);
}

[[nodiscard]] std::string seconds(std::uint32_t ms) {
  char text[24];
  std::snprintf(text, sizeof text, "%u.%03u s", ms / 1000, ms % 1000);
  return text;
}

[[nodiscard]] JsonObject begin_step(Step step) {
  JsonObject object;
  object.field("step", kStepNames[static_cast<std::size_t>(step)]);
  return object;
}

[[nodiscard]] std::string how(const Destination& to) {
  const bool v4 = to.address.is_v4();
  switch (to.method) {
    case image::kMasquerade: return "its address is written over the VIP (NAT)";
    case image::kFullNat: return "both addresses are translated (full NAT)";
    case image::kDirect: return "the packet goes to its MAC address as it is (direct routing)";
    case image::kL3dsr: return "its address is written over the VIP, a DSCP tells it which VIP that was (L3DSR)";
    case image::kLocal: return "it is this machine itself";
    default: return "the packet is carried in " + word(kTunnels, to.tunnel) + " over " + (v4 ? "IPv4" : "IPv6");
  }
}

}  // namespace

// ---------------------------------------------------------------- JSON

void JsonObject::name(std::string_view name) {
  if (!text_.empty()) text_ += ",";
  text_ += "\"";
  text_ += name;
  text_ += "\":";
}
JsonObject& JsonObject::field(std::string_view name, std::string_view text) {
  this->name(name);
  text_ += "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') text_ += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) text_ += c;  // names of devices could have anything in them
  }
  text_ += "\"";
  return *this;
}
JsonObject& JsonObject::field(std::string_view name, std::uint64_t number) { return raw(name, std::to_string(number)); }
JsonObject& JsonObject::flag(std::string_view name, bool value) { return raw(name, value ? "true" : "false"); }
JsonObject& JsonObject::raw(std::string_view name, std::string_view json) {
  this->name(name);
  text_ += json;
  return *this;
}

// ---------------------------------------------------------------- the recorder

void Recorder::add(const JsonObject& step) {
  if (!steps_.empty()) steps_ += ",";
  steps_ += step.done();
}

void Recorder::note(Step step, const char* sentence) { add(begin_step(step).field("text", sentence)); }

void Recorder::parsed(const Packet& packet, const Parsed& parsed) {
  JsonObject step = begin_step(Step::parse);
  step.field("ingress", packet.port).field("length", packet.length);
  if (parsed.network != Network::v4 && parsed.network != Network::v6) {
    const bool arp = parsed.network == Network::arp;
    return add(step.field("network", arp ? "arp" : "other").field("text", arp ? "An ARP packet came in." : "Neither IPv4 nor IPv6 came in."));
  }
  const std::string what = protocol_name(parsed.protocol), flags = tcp_flags(parsed.tcp_flags);
  step.field("network", is_v4(parsed) ? "ipv4" : "ipv6").field("protocol", what);
  step.field("source", text_of(parsed.source)).field("destination", text_of(parsed.destination));
  step.field("sourcePort", parsed.source_port).field("destinationPort", parsed.destination_port);
  step.field("ttl", parsed.ttl).field("tos", parsed.tos).field("packetLength", parsed.packet_length());
  if (!flags.empty()) step.field("flags", flags);
  if (is_icmp(parsed)) step.field("icmpType", parsed.icmp_type).field("icmpCode", parsed.icmp_code);
  step.flag("fragment", parsed.is_fragment);
  std::string text = "An " + std::string(is_v4(parsed) ? "IPv4" : "IPv6") + " packet of " + std::to_string(parsed.packet_length()) + " bytes came in: " + what;
  if (!flags.empty()) text += " " + flags;
  text += " from " + endpoint(parsed.source, parsed.source_port) + " to " + endpoint(parsed.destination, parsed.destination_port) + ".";
  add(step.field("text", text));
}

void Recorder::service(const Tables&, const Parsed& parsed, const Service* service) {
  JsonObject step = begin_step(Step::service);
  const std::string to = endpoint(parsed.destination, parsed.destination_port);
  if (service == nullptr) {
    return add(step.flag("found", false).field("text", "No service takes " + protocol_name(parsed.protocol) + " to " + to + ": it is the kernel's."));
  }
  const bool by_node_port = service->node_port != 0 && parsed.destination_port == service->node_port && service->port != service->node_port;
  const std::string prefix = text_of(service->address) + "/" + std::to_string(service->prefix);
  step.flag("found", true).field("service", service->image_index).field("prefix", prefix).field("prefixLength", service->prefix);
  step.field("protocol", protocol_name(service->protocol)).field("port", service->port);
  step.flag("anyPort", service->port == 0).flag("anyProtocol", service->protocol == 0).flag("nodePort", by_node_port);
  std::string text = "Service " + protocol_name(service->protocol) + " " + prefix;
  text += service->port == 0 ? " takes it on any port" : " port " + std::to_string(service->port) + " takes it";
  text += by_node_port ? ", by its node port " + std::to_string(service->node_port) + "." : ": of those that match, its prefix is the longest, then its port and protocol the most exact.";
  add(step.field("text", text));
}

void Recorder::session_found(const Sessions& sessions, std::uint32_t session, std::uint32_t destination, const Tables& tables,
                             std::uint32_t now_ms) {
  const std::string state = word(kStates, static_cast<std::size_t>(sessions.state(session)));
  const std::uint32_t left = sessions.remaining_ms(session, now_ms);
  const std::string server = server_name(tables, destination);
  add(begin_step(Step::session)
          .flag("found", true)
          .field("hash", hex(sessions.hash_of(session)))
          .field("state", state)
          .field("remainingMs", left)
          .field("server", server)
          .field("text", "The flow has a session (" + state + ", ends in " + seconds(left) + " if nothing more comes): to " + server + "."));
}

void Recorder::session_missed(const FlowKey& key, std::uint64_t hash) {
  const std::string text = "The flow from " + endpoint(key.client, key.client_port) + " has no session yet.";
  add(begin_step(Step::session).flag("found", false).field("hash", hex(hash)).field("text", text));
}

void Recorder::affinity(const Tables& tables, const FlowKey& key, std::uint32_t destination) {
  JsonObject step = begin_step(Step::affinity);
  const std::string client = text_of(key.client);
  step.flag("found", destination != kNone).field("client", client);
  if (destination == kNone) return add(step.field("text", "The client (as " + client + ") has no server yet that it keeps."));
  const std::string server = server_name(tables, destination);
  add(step.field("server", server).field("text", "The client (as " + client + ") keeps the server it had: " + server + "."));
}

void Recorder::scheduled(const Tables& tables, const Service& service, const Arrival& arrival, std::uint32_t destination) {
  JsonObject step = begin_step(Step::schedule);
  const std::string name = word(kSchedulers, service.scheduler);
  step.field("scheduler", name).field("hash", hex(arrival.fields_hash)).field("servers", service.members.size());
  if (destination == kNone) return add(step.field("text", "Scheduler " + name + " finds nobody who can serve: no server has a weight, or no room."));
  const std::string server = server_name(tables, destination);
  const std::uint32_t weight = tables.weighing(destination).weight;
  step.field("server", server).field("weight", weight);
  std::string text = "Scheduler " + name;
  if (service.scheduler == image::kMaglev && !service.slots.empty()) {
    const auto slots = static_cast<std::uint32_t>(service.slots.size());
    const std::uint32_t slot = slot_of(arrival.fields_hash, slots);
    step.field("slot", slot).field("slots", slots);
    text += ": hash " + hex(arrival.fields_hash) + " is slot " + std::to_string(slot) + " of " + std::to_string(slots) + ", which is that of ";
  } else {
    text += " chooses ";
  }
  add(step.field("text", text + server + " (weight " + std::to_string(weight) + ", one of " + std::to_string(service.members.size()) + ")."));
}

void Recorder::destination(const Tables& tables, std::uint32_t id) {
  const Destination& to = tables.destination(id);
  JsonObject step = begin_step(Step::destination);
  step.field("server", server_name(tables, id)).field("method", word(kMethods, to.method)).field("state", word(kServerStates, to.state));
  if (to.method == image::kTunnel) step.field("tunnel", word(kTunnels, to.tunnel));
  std::string text = "The server is " + server_name(tables, id) + ": " + how(to) + ".";
  if (to.state != kServing) text += " It is " + word(kServerStates, to.state) + ", but keeps the flows it has.";
  add(step.field("text", text));
}

void Recorder::reply(const Tables& tables, const FlowKey& key, std::uint32_t destination) {
  const std::string client = endpoint(key.client, key.client_port), vip = endpoint(key.vip, key.vip_port);
  const std::string server = server_name(tables, destination);
  add(begin_step(Step::session)
          .flag("found", true)
          .flag("reply", true)
          .field("client", client)
          .field("vip", vip)
          .field("server", server)
          .field("text", "It belongs to a session from the other side: server " + server + " answers " + client + ", who asked " + vip + "."));
}

void Recorder::path(const Tables& tables, const Adjacency* way, std::uint32_t mtu, std::uint32_t length) {
  JsonObject step = begin_step(Step::path);
  if (way == nullptr) return add(step.flag("found", false).field("text", "There is no route to where it should go."));
  const std::string next = way->next_hop.is_zero() ? "the neighbour itself" : text_of(way->next_hop);
  const std::string by = port_name(tables, way->port);
  step.flag("found", true).field("nextHop", next).field("port", way->port).field("portName", by).field("mtu", mtu).field("length", length);
  const std::string fits = std::to_string(length) + " bytes, of at most " + std::to_string(mtu) + " that fit what is added and the path's MTU";
  add(step.field("text", "Next hop is " + next + " by " + by + "; " + fits + "."));
}

void Recorder::before_rewrite(const Packet& packet, const Parsed& parsed) {
  before_length_ = packet.length < parsed.end ? packet.length : parsed.end;
  before_transport_ = parsed.transport_at - parsed.network_at;
  before_bytes_ = before_length_ - parsed.network_at;
  if (before_bytes_ > before_.size()) before_bytes_ = before_.size();
  std::memcpy(before_.data(), packet.data + parsed.network_at, before_bytes_);
}

namespace {

struct Changes {
  std::string json, text;
  void note(std::string_view field, const std::string& before, const std::string& after) {
    if (before == after) return;
    if (!json.empty()) json += ",";
    if (!text.empty()) text += ", ";
    json += JsonObject().field("field", field).field("before", before).field("after", after).done();
    text += std::string(field) + " " + before + " becomes " + after;
  }
};

[[nodiscard]] Address address_at(const std::uint8_t* ip, bool v4, bool destination) {
  if (v4) return Address::v4(load<std::uint32_t>(ip + (destination ? 16 : 12)));
  return Address::v6(ip + (destination ? 24 : 8));
}
[[nodiscard]] unsigned class_at(const std::uint8_t* ip, bool v4) { return v4 ? ip[1] : load_be32(ip) >> 20 & 0xff; }

}  // namespace

void Recorder::after_rewrite(const Packet& packet, const Parsed& parsed, const Destination* to) {
  const std::uint8_t* const ip = packet.data + parsed.network_at;
  const bool v4 = ip[0] >> 4 == 4;
  JsonObject step = begin_step(Step::rewrite);
  if (packet.length > before_length_) {
    const std::uint32_t added = packet.length - before_length_;
    const std::string source = text_of(address_at(ip, v4, false)), destination = text_of(address_at(ip, v4, true));
    const std::string name = to == nullptr ? "tunnel" : word(kTunnels, to->tunnel);
    step.field("added", added).field("header", hex(ip, added)).field("outerSource", source).field("outerDestination", destination);
    step.field("outerTtl", ip[v4 ? 8 : 7]).field("outerTos", class_at(ip, v4));
    return add(step.field("text", std::to_string(added) + " bytes go in front (" + name + "): an outer " + (v4 ? "IPv4" : "IPv6") + " header from " + source + " to " + destination +
                                      "; the packet in it stays as it is, byte by byte."));
  }
  Changes changes;
  changes.note("source address", text_of(address_at(before_.data(), v4, false)), text_of(address_at(ip, v4, false)));
  changes.note("destination address", text_of(address_at(before_.data(), v4, true)), text_of(address_at(ip, v4, true)));
  if (parsed.has_ports && before_transport_ + 4 <= before_bytes_ && !(parsed.is_fragment && !parsed.is_first_fragment)) {
    const std::uint8_t* const was = before_.data() + before_transport_;
    const std::uint8_t* const is = packet.data + parsed.transport_at;
    changes.note("source port", std::to_string(load_be16(was)), std::to_string(load_be16(is)));
    changes.note("destination port", std::to_string(load_be16(was + 2)), std::to_string(load_be16(is + 2)));
  }
  changes.note("DSCP", std::to_string(class_at(before_.data(), v4) >> 2), std::to_string(class_at(ip, v4) >> 2));
  changes.note(v4 ? "TTL" : "hop limit", std::to_string(before_[v4 ? 8 : 7]), std::to_string(ip[v4 ? 8 : 7]));
  step.raw("changes", "[" + changes.json + "]");
  add(step.field("text", "Rewritten, checksums with it: " + changes.text + "."));
}

void Recorder::link(const Tables& tables, const Adjacency& way) {
  JsonObject step = begin_step(Step::link);
  const std::string by = port_name(tables, way.port);
  step.field("port", way.port).field("portName", by).field("vlanTags", way.vlan_tags).flag("resolved", (way.flags & image::kResolved) != 0);
  step.field("destinationMac", mac(way.header)).field("sourceMac", mac(way.header + 6));
  add(step.field("text", "It leaves by " + by + ", from " + mac(way.header + 6) + " to " + mac(way.header) + "."));
}

void Recorder::verdict(const Tables& tables, const Packet& packet) {
  JsonObject step = begin_step(Step::verdict);
  step.field("verdict", word(kVerdicts, static_cast<std::size_t>(packet.verdict)));
  std::string text;
  switch (packet.verdict) {
    case Verdict::forward: text = std::to_string(packet.length) + " bytes go out by " + port_name(tables, packet.port) + "."; break;
    case Verdict::pass: text = "The kernel gets it, unchanged."; break;
    case Verdict::held: text = "The engine keeps it, or has answered it in its own name."; break;
    case Verdict::drop: {
      const Reason reason = packet.reason < kDropReasons ? kReasons[packet.reason] : kReasons[0];
      step.field("reason", reason.name);
      text = "Dropped: " + std::string(reason.text) + ".";
      break;
    }
  }
  add(step.field("text", text));
}

// ---------------------------------------------------------------- the whole

std::string explain_packet(Core& core, const Tables& tables, Packet& packet, std::uint64_t now_ms) {
  EngineCounters counted{};  // by nobody: others read the worker's own meanwhile
  EngineCounters* const own = std::exchange(core.count, &counted);
  const RateLimit limit = core.icmp_limit;
  const std::uint32_t then_ms = core.now_ms;
  core.extras.clear();
  core.service_cache.use(tables);  // newer ones, perhaps, than any batch has seen
  core.now_ms = static_cast<std::uint32_t>(now_ms);

  Recorder recorder;
  Flight flight;
  flight.packet = &packet;
  Received received;
  if (look(core, tables, flight, received, recorder)) {
    if (!recognize(core, flight)) ask_service(core, tables, flight);
    if (take(core, tables, flight, recorder) && settle(core, tables, flight, recorder)) dispatch(core, tables, flight, recorder);
  }
  recorder.verdict(tables, packet);

  JsonObject all;
  all.raw("steps", recorder.steps()).field("verdict", word(kVerdicts, static_cast<std::size_t>(packet.verdict)));
  if (packet.verdict == Verdict::drop && packet.reason < kDropReasons) all.field("reason", kReasons[packet.reason].name);
  all.field("port", packet.port);
  all.field("frame", packet.verdict == Verdict::forward ? hex(packet.data, packet.length) : std::string());
  std::string answers;
  for (const Packet& extra : core.extras.all()) {
    if (!answers.empty()) answers += ",";
    answers += JsonObject().field("port", extra.port).field("frame", hex(extra.data, extra.length)).done();
  }
  all.raw("answers", "[" + answers + "]");

  core.extras.clear();
  core.now_ms = then_ms;
  core.icmp_limit = limit;
  core.count = own;
  return all.done();
}

}  // namespace lvsd
