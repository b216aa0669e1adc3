import type { DatagramEvents, DatagramOrder, DatagramSocket, OpenDatagram } from '../health/ports.js';
import { addon, type DatagramHandle } from './addon.js';

/** From <asm-generic/socket.h>, <linux/in.h> and <linux/in6.h>. */
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_MARK = 36;
const IPPROTO_IP = 0;
const IP_TTL = 2;
const IPPROTO_IPV6 = 41;
const IPV6_UNICAST_HOPS = 16;

/** Of one socket at a time, so that a flood at one leaves room for the others. */
const MOST_AT_ONCE = 16;
/** The longest datagram there is fits. Shared: what is in it is told of before the next one is read. */
const buffer = new Uint8Array(65_536);

/** UDP and ICMP echo by the native socket. ICMP needs membership in net.ipv4.ping_group_range, or CAP_NET_RAW. */
export const openDatagram: OpenDatagram = (order, events) => {
  const { DatagramHandle } = addon();
  const handle = new DatagramHandle(order.kind, order.family);
  try {
    prepare(handle, order);
    return watch(handle, order, events);
  } catch (error) {
    handle.close();
    throw error;
  }
};

function prepare(handle: DatagramHandle, order: DatagramOrder): void {
  const { family, peer, bindAddress = '', bindPort = 0, bindInterface, mark = 0, ttl } = order;
  if (bindInterface !== undefined) handle.bindToDevice(bindInterface);
  if (mark !== 0) handle.setOption(SOL_SOCKET, SO_MARK, mark);
  if (ttl !== undefined)
    if (family === 'ip4') handle.setOption(IPPROTO_IP, IP_TTL, ttl);
    else handle.setOption(IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl);
  // a listener must not share its port: of two, one would hear nothing
  if (bindPort !== 0 && peer !== undefined) handle.setOption(SOL_SOCKET, SO_REUSEADDR, 1);
  if (bindAddress !== '' || bindPort !== 0) handle.bind(bindAddress, bindPort);
  if (peer !== undefined) handle.connect(peer.address, peer.port);
}

function watch(handle: DatagramHandle, { peer }: DatagramOrder, events: DatagramEvents): DatagramSocket {
  let open = true;
  handle.watch(() => {
    for (let i = 0; i < MOST_AT_ONCE && open; i++) {
      let length: number;
      try {
        length = handle.receive(buffer);
      } catch (error) {
        events.error(error as NodeJS.ErrnoException);
        continue;
      }
      if (length < 0) return;
      const { address, port } = peer ?? { address: handle.senderAddress, port: handle.senderPort };
      events.message(buffer.subarray(0, length), { address, port, ttl: handle.ttl });
    }
  });
  return {
    send: (bytes, to) => handle.send(bytes, to?.address ?? '', to?.port ?? 0),
    close() {
      open = false;
      handle.close();
    },
  };
}
