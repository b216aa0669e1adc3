/** What neighbours say of whose an address is → who says that it has one. Pure; native/socket/datagram.h tells what comes here. */
import { type Family, formatAddress } from '../model/address.js';
import { HOP_LIMIT } from './rfc.js';

/** Somebody on the link says that an address is its. */
export interface Claim {
  readonly address: string;
  /** `02:00:00:00:00:01`. */
  readonly mac: string;
}

/** undefined: nobody says so in it, or it is not what it should be. */
export const claimOf = (family: Family, message: Uint8Array, hopLimit: number): Claim | undefined =>
  family === 'ip4' ? arpClaim(message) : advertisedClaim(message, hopLimit);

/** As ARP says it in front: Ethernet, IPv4, 6 and 4 bytes; RFC 826. */
const ARP_OF_ETHERNET = [0, 1, 8, 0, 6, 4] as const;
const ARP_BYTES = 28;
const SENDER_MAC = 8;
const SENDER_IP = 14;

/** A probe of somebody who asks, too, has no sender. */
function arpClaim(message: Uint8Array): Claim | undefined {
  if (message.length < ARP_BYTES || ARP_OF_ETHERNET.some((byte, i) => message[i] !== byte)) return undefined;
  const sender = message.subarray(SENDER_IP, SENDER_IP + 4);
  if (sender.every((byte) => byte === 0)) return undefined;
  return { address: formatAddress(sender), mac: macText(message.subarray(SENDER_MAC, SENDER_MAC + 6)) };
}

const NEIGHBOUR_ADVERTISEMENT = 136;
const TARGET_LINK_LAYER_ADDRESS = 2;
const ADVERTISEMENT_BYTES = 24;

/** RFC 4861 §7.1.2: from this link only, and whole. Who says no MAC address says nothing that could be found. */
function advertisedClaim(message: Uint8Array, hopLimit: number): Claim | undefined {
  if (message.length < ADVERTISEMENT_BYTES || message[0] !== NEIGHBOUR_ADVERTISEMENT || hopLimit !== HOP_LIMIT)
    return undefined;
  for (let at = ADVERTISEMENT_BYTES; at + 8 <= message.length; ) {
    const length = 8 * message[at + 1]!;
    if (length === 0) return undefined;
    if (message[at] === TARGET_LINK_LAYER_ADDRESS && length === 8)
      return { address: formatAddress(message.subarray(8, 24)), mac: macText(message.subarray(at + 2, at + 8)) };
    at += length;
  }
  return undefined;
}

export const macText = (mac: Uint8Array): string =>
  Array.from(mac, (byte) => byte.toString(16).padStart(2, '0')).join(':');
