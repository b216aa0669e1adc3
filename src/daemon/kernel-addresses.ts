import { openNetlink } from '../addon/netlink.js';
import { Links } from '../links/links.js';
import { NETLINK_ROUTE } from '../links/uapi.js';
import { type DatagramSocket, Exchange } from '../netlink/exchange.js';
import { MAX_DATAGRAM } from '../netlink/inbox.js';
import type { Clock } from '../system/clock.js';
import type { AddressSource } from './local-addresses.js';

/** Multicast groups of <linux/rtnetlink.h>. */
const RTNLGRP_IPV4_IFADDR = 5;
const RTNLGRP_IPV6_IFADDR = 9;

/** The addresses of the network namespace that we are in; absent path: the process's own. Throws LvsError NETLINK_SOCKET. */
export function kernelAddresses(clock: Clock, networkNamespace?: string): AddressSource {
  const where = networkNamespace === undefined ? {} : { networkNamespace };
  const links = new Links(new Exchange(openNetlink(NETLINK_ROUTE, where), clock));
  const events = openNetlink(NETLINK_ROUTE, { ...where, groups: [RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR] });
  return {
    list: () => links.addresses(),
    watch(onEvent) {
      const room = new Uint8Array(MAX_DATAGRAM);
      events.watch(() => {
        drain(events, room);
        onEvent();
      });
    },
    close() {
      events.close();
      links.close();
    },
  };
}

/** Takes what waits and does not look at it. ENOBUFS: more happened than there was room for, which is an event too. */
function drain(socket: DatagramSocket, room: Uint8Array): void {
  for (let more = true; more; ) {
    try {
      more = socket.receive(room, 0) !== undefined;
    } catch (error) {
      more = (error as NodeJS.ErrnoException).code === 'ENOBUFS';
    }
  }
}
