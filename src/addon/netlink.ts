import { LvsError } from '../errors.js';
import type { DatagramSocket } from '../netlink/exchange.js';
import { addon, type NetlinkHandle } from './addon.js';

/** From <linux/netlink.h> and <asm-generic/socket.h>. */
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
const SOL_NETLINK = 270;
const NETLINK_ADD_MEMBERSHIP = 1;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const NETLINK_GET_STRICT_CHK = 12;

export interface NetlinkOptions {
  /** Path of a network namespace (`/run/netns/blue`); absent: the one this process is in. */
  readonly networkNamespace?: string;
  /** Room for answers that wait, bytes. */
  readonly receiveBufferBytes?: number;
  /** Multicast groups by number. */
  readonly groups?: readonly number[];
}

const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

/** A netlink socket of a protocol with extended acks, short acks and strict dumps. Throws LvsError NETLINK_SOCKET. */
export function openNetlink(protocol: number, options: NetlinkOptions = {}): DatagramSocket {
  const handle = open(protocol, options.networkNamespace ?? '');
  setReceiveBuffer(handle, options.receiveBufferBytes ?? RECEIVE_BUFFER_BYTES);
  for (const option of [NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK])
    attempt(() => handle.setOption(SOL_NETLINK, option, 1));
  for (const group of options.groups ?? []) handle.setOption(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group);
  return handle;
}

function open(protocol: number, namespacePath: string): NetlinkHandle {
  try {
    const { NetlinkHandle } = addon();
    return new NetlinkHandle(protocol, namespacePath);
  } catch (cause) {
    if (cause instanceof LvsError) throw cause;
    throw new LvsError('NETLINK_SOCKET', [(cause as Error).message], { cause });
  }
}

/** Past rmem_max only with CAP_NET_ADMIN; without it the largest that is allowed. */
function setReceiveBuffer(handle: NetlinkHandle, bytes: number): void {
  if (!attempt(() => handle.setOption(SOL_SOCKET, SO_RCVBUFFORCE, bytes)))
    attempt(() => handle.setOption(SOL_SOCKET, SO_RCVBUF, bytes));
}

/** Options that an older kernel lacks are done without. */
function attempt(run: () => void): boolean {
  try {
    run();
    return true;
  } catch {
    return false;
  }
}
