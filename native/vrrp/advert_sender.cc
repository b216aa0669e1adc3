#include "vrrp/advert_sender.h"

#include <netinet/ip.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace lvsd {
namespace {

constexpr std::size_t kHeaderBytes = sizeof(iphdr);
constexpr std::uint8_t kClass = 0xc0;

/// RFC 2402 section 2: the low half of the sequence number. What is too short to have one gets the kernel's identification.
std::uint16_t identification_of_ah(std::span<const std::uint8_t> message) noexcept {
  if (message.size() < 12) return 0;
  const auto low = static_cast<std::uint16_t>(message[10] << 8 | message[11]);
  return low == 0 ? 1 : low;  // the kernel puts one of its own where there is 0
}

}  // namespace

SyscallError AdvertSender::open(const AdvertRoute& route) noexcept {
  route_ = route;
  return open_advert_sender(route, fd_);
}

bool AdvertSender::serves(const AdvertRoute& route) const noexcept {
  return route.is_ip6 == route_.is_ip6 && route.protocol == route_.protocol && route.send_device == route_.send_device &&
         route.source == route_.source && route.is_multicast == route_.is_multicast && route.ttl == route_.ttl;
}

void AdvertSender::send(std::span<OutgoingAdvert> adverts) const noexcept {
  while (!adverts.empty()) {
    const std::size_t count = std::min(adverts.size(), kAtOnce);
    send_some(adverts.first(count));
    adverts = adverts.subspan(count);
  }
}

void AdvertSender::send_some(std::span<OutgoingAdvert> adverts) const noexcept {
  mmsghdr messages[kAtOnce]{};
  iovec parts[kAtOnce][2];
  std::uint8_t headers[kAtOnce][kHeaderBytes];
  SocketAddress to[kAtOnce];
  for (std::size_t i = 0; i < adverts.size(); ++i) {
    const OutgoingAdvert& advert = adverts[i];
    msghdr& message = messages[i].msg_hdr;
    message.msg_name = &to[i];
    message.msg_namelen = socket_address(route_.is_ip6, *advert.to, to[i]);
    if (!route_.is_ip6) make_header(advert, headers[i]);
    parts[i][0] = {headers[i], kHeaderBytes};
    parts[i][1] = {const_cast<std::uint8_t*>(advert.message.data()), advert.message.size()};
    message.msg_iov = &parts[i][route_.is_ip6 ? 1 : 0];
    message.msg_iovlen = route_.is_ip6 ? 1 : 2;
  }
  // A group is on the link, whatever the routes say.
  const int flags = MSG_DONTWAIT | (route_.is_multicast ? MSG_DONTROUTE : 0);
  for (std::size_t done = 0; done < adverts.size();) {
    const int sent = ::sendmmsg(fd_.get(), &messages[done], static_cast<unsigned>(adverts.size() - done), flags);
    if (sent < 0 && errno == EINTR) continue;
    // It ends at the first that is refused, and says why only when that is the first of the call.
    if (sent < 0) adverts[done++].error = errno;
    else done += static_cast<std::size_t>(sent);
  }
}

/// The kernel adds total length and checksum (raw(7)).
void AdvertSender::make_header(const OutgoingAdvert& advert, std::uint8_t* bytes) const noexcept {
  iphdr header{};
  header.version = 4;
  header.ihl = kHeaderBytes / 4;
  header.tos = kClass;
  header.ttl = static_cast<std::uint8_t>(route_.ttl);
  header.protocol = static_cast<std::uint8_t>(route_.protocol);
  if (route_.protocol == IPPROTO_AH) header.id = htons(identification_of_ah(advert.message));
  header.saddr = route_.source.to_v4();
  header.daddr = advert.to->to_v4();
  std::memcpy(bytes, &header, sizeof header);
}

}  // namespace lvsd
