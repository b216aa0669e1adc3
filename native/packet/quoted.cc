// translate_quoted of packet/icmp.h.
#include "packet/checksum.h"
#include "packet/headers.h"
#include "packet/icmp.h"
#include "packet/view.h"

namespace lvsd {
namespace {

/// Bytes that are replaced inside the quote. The ICMP checksum covers them all, checksum fields included.
class Quote {
 public:
  explicit Quote(SumChange& icmp) noexcept : icmp_(icmp) {}

  /// Two bytes at an even offset of the ICMP message.
  void put16(std::uint8_t* at, std::uint16_t after) noexcept {
    icmp_.replace16(load<std::uint16_t>(at), after);
    store(at, after);
  }
  void put_address(std::uint8_t* at, std::size_t bytes, const std::uint8_t* after) noexcept {
    for (std::size_t i = 0; i < bytes; i += 2) put16(at + i, load<std::uint16_t>(after + i));
  }

 private:
  SumChange& icmp_;
};

void translate_ports(Quote& quote, std::uint8_t* transport, const Rewrite& rewrite, SumChange& inner) noexcept {
  const auto before = load<std::uint32_t>(transport);
  if (rewrite.new_source_port != 0) quote.put16(transport, swap16(rewrite.new_source_port));
  if (rewrite.new_destination_port != 0) quote.put16(transport + 2, swap16(rewrite.new_destination_port));
  inner.replace32(before, load<std::uint32_t>(transport));
}

/// The quoted transport checksum, where the quote reaches so far.
void translate_checksum(Quote& quote, std::uint8_t* transport, std::size_t there, std::uint8_t protocol, const SumChange& inner) noexcept {
  const std::size_t at = checksum_offset(protocol);
  if (at == 0 || there < at + 2 || inner.is_none()) return;
  std::uint8_t copy[sizeof(wire::Tcp)] = {};
  std::memcpy(copy + at, transport + at, 2);
  change_transport_checksum(copy, sizeof copy, protocol, inner);
  quote.put16(transport + at, load<std::uint16_t>(copy + at));
}

void translate_ip4(Quote& quote, std::uint8_t* ip, const Rewrite& rewrite, SumChange& inner) noexcept {
  SumChange header;
  const auto put = [&](std::size_t at, const Address& after) {
    header.replace32(load<std::uint32_t>(ip + at), after.to_v4());
    quote.put_address(ip + at, 4, &after.bytes[12]);
  };
  if (!rewrite.new_source.is_zero()) put(offsetof(wire::Ipv4, source), rewrite.new_source);
  if (!rewrite.new_destination.is_zero()) put(offsetof(wire::Ipv4, destination), rewrite.new_destination);
  std::uint8_t* const field = ip + offsetof(wire::Ipv4, checksum);
  quote.put16(field, header.apply(load<std::uint16_t>(field)));
  inner.add(header);
}

void translate_ip6(Quote& quote, std::uint8_t* ip, const Rewrite& rewrite, SumChange& inner) noexcept {
  const auto put = [&](std::size_t at, const Address& after) {
    inner.replace(Address::v6(ip + at), after);
    quote.put_address(ip + at, 16, after.bytes.data());
  };
  if (!rewrite.new_source.is_zero()) put(offsetof(wire::Ipv6, source), rewrite.new_source);
  if (!rewrite.new_destination.is_zero()) put(offsetof(wire::Ipv6, destination), rewrite.new_destination);
}

}  // namespace

void translate_quoted(Packet& packet, const Parsed& error, const Quoted& quoted, const Rewrite& rewrite) noexcept {
  const bool is_v4 = error.network == Network::v4;
  const std::size_t header = is_v4 ? sizeof(wire::Ipv4) : sizeof(wire::Ipv6);
  if (error.end > packet.length || quoted.network_at + header > error.end || quoted.transport_at > error.end) return;
  if (error.transport_at + sizeof(wire::Icmp) > error.end) return;
  SumChange icmp, inner;
  Quote quote(icmp);
  std::uint8_t* const ip = packet.data + quoted.network_at;
  std::uint8_t* const transport = packet.data + quoted.transport_at;
  const std::size_t there = error.end - quoted.transport_at;
  is_v4 ? translate_ip4(quote, ip, rewrite, inner) : translate_ip6(quote, ip, rewrite, inner);
  if (!quoted.is_later_fragment && !(is_v4 && quoted.protocol == wire::kIcmpv6)) {
    if (quoted.has_ports && there >= 4) translate_ports(quote, transport, rewrite, inner);
    translate_checksum(quote, transport, there, quoted.protocol, inner);
  }
  icmp.apply_at(packet.data + error.transport_at + offsetof(wire::Icmp, checksum));
}

}  // namespace lvsd
