import { addon, type DatagramHandle } from './addon.js';

/** A multicast group on one interface: what others send to it there is heard, and nothing else. What we send is not heard here. */
export interface GroupOrder {
  /** Address of either family. */
  readonly group: string;
  readonly interface: string;
  readonly port: number;
  /** TTL or hop limit of what is sent. */
  readonly ttl: number;
}

export interface GroupEvents {
  /** Bytes are valid only during the call. */
  message(bytes: Uint8Array): void;
  /** That of a system call; the socket stays usable. */
  error(error: NodeJS.ErrnoException): void;
}

export interface GroupSocket {
  /** @throws errno; EAGAIN: there is no room just now */
  send(bytes: Uint8Array): void;
  /** Its interface is gone; another one may have the name by now. */
  isLost(): boolean;
  /** Idempotent; nothing is told after it returns. */
  close(): void;
}

/** From <asm-generic/socket.h>, <linux/in.h> and <linux/in6.h>. */
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
const IPPROTO_IP = 0;
const IP_MULTICAST_TTL = 33;
const IP_MULTICAST_LOOP = 34;
const IPPROTO_IPV6 = 41;
const IPV6_MULTICAST_HOPS = 18;
const IPV6_MULTICAST_LOOP = 19;

/** Of one socket at a time, so that a flood leaves room for others. */
const MOST_AT_ONCE = 64;
/** Some 1,500 messages: what a busy director is told meanwhile. */
const ROOM_BYTES = 4 * 2 ** 20;
/** Shared: what is in it is told before the next one is read. */
const buffer = new Uint8Array(65_536);

/** Bound to the interface and to the group: others of this machine, and the kernel's own sync daemon, may be so, too. @throws errno */
export function openGroup(order: GroupOrder, events: GroupEvents): GroupSocket {
  const { group, port, interface: name, ttl } = order;
  const isIp6 = group.includes(':');
  const handle = new (addon().DatagramHandle)('udp', isIp6 ? 'ip6' : 'ip4');
  try {
    handle.bindToDevice(name);
    handle.setOption(SOL_SOCKET, SO_REUSEADDR, 1);
    const level = isIp6 ? IPPROTO_IPV6 : IPPROTO_IP;
    handle.setOption(level, isIp6 ? IPV6_MULTICAST_HOPS : IP_MULTICAST_TTL, ttl);
    handle.setOption(level, isIp6 ? IPV6_MULTICAST_LOOP : IP_MULTICAST_LOOP, 0);
    // a group of IPv6 is one of its link
    const address = isIp6 ? `${group}%${name}` : group;
    makeRoom(handle);
    handle.bind(address, port);
    handle.join(group, name);
    return {
      send: (bytes) => handle.send(bytes, address, port),
      isLost: () => !isMember(handle, order),
      close: watch(handle, events),
    };
  } catch (error) {
    handle.close();
    throw error;
  }
}

/** Nobody joins twice on one interface; on another one of the same name one may. */
function isMember(handle: DatagramHandle, { group, interface: name }: GroupOrder): boolean {
  try {
    handle.join(group, name);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
  }
}

/** Beyond what net.core.rmem_max gives everybody, if we may. */
function makeRoom(handle: DatagramHandle): void {
  try {
    handle.setOption(SOL_SOCKET, SO_RCVBUFFORCE, ROOM_BYTES);
  } catch {
    handle.setOption(SOL_SOCKET, SO_RCVBUF, ROOM_BYTES);
  }
}

/** Answers with what ends it. */
function watch(handle: DatagramHandle, events: GroupEvents): () => void {
  let open = true;
  handle.watch(() => {
    for (let i = 0; i < MOST_AT_ONCE && open; i++) {
      let length: number;
      try {
        length = handle.receive(buffer);
      } catch (error) {
        return events.error(error as NodeJS.ErrnoException);
      }
      if (length < 0) return;
      events.message(buffer.subarray(0, length));
    }
  });
  return () => {
    open = false;
    handle.close();
  };
}
