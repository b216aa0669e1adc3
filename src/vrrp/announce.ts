/**
 * How a new master tells the link where an address is now (byte for byte what keepalived and FRR send), and how it asks whether anybody else has it:
 * whole Ethernet frames.
 */
import { addressBytes } from '../model/address.js';
import { onesComplement } from './checksum.js';
import { HOP_LIMIT } from './rfc.js';

const MAC_BYTES = 6;
const BROADCAST = new Uint8Array(MAC_BYTES).fill(0xff);
const ETHERTYPE_ARP = 0x0806;
const ETHERTYPE_IP6 = 0x86dd;

function ethernet(destination: Uint8Array, source: Uint8Array, type: number, payload: Uint8Array): Uint8Array {
  if (source.length !== MAC_BYTES) throw new TypeError(`a MAC address of ${source.length} bytes`);
  return Uint8Array.of(...destination, ...source, type >> 8, type & 0xff, ...payload);
}

/**
 * A gratuitous ARP request (RFC 3768 §6.4.2, RFC 9568 §6.4.2 (140); RFC 5227 §3 on why a request). 42 bytes: the driver fills it up.
 * @param mac 6 bytes: of the interface, or the virtual one
 */
export function gratuitousArp(address: string, mac: Uint8Array): Uint8Array {
  const ip = addressBytes(address);
  return arpRequest(mac, ip, BROADCAST, ip);
}

/** "Has anybody this address?", without a word of who would like to: nobody's cache changes (RFC 5227 §2.1.1, an ARP probe). */
export function arpProbe(address: string, mac: Uint8Array): Uint8Array {
  return arpRequest(mac, NO_IP4, NO_MAC, addressBytes(address));
}

const NO_IP4 = new Uint8Array(4);
const NO_MAC = new Uint8Array(MAC_BYTES);

function arpRequest(mac: Uint8Array, sender: Uint8Array, targetMac: Uint8Array, target: Uint8Array): Uint8Array {
  const request = [0, 1, 0x08, 0x00, MAC_BYTES, target.length, 0, 1, ...mac, ...sender, ...targetMac, ...target];
  return ethernet(BROADCAST, mac, ETHERTYPE_ARP, Uint8Array.from(request));
}

const ALL_NODES = addressBytes('ff02::1');
const ALL_NODES_MAC = Uint8Array.of(0x33, 0x33, 0, 0, 0, 1);
const UNSPECIFIED = new Uint8Array(16);
const ICMP6 = 58;
const NEIGHBOUR_SOLICITATION = 135;
const NEIGHBOUR_ADVERTISEMENT = 136;
const ROUTER = 0x80;
const OVERRIDE = 0x20;
const TARGET_LINK_LAYER_ADDRESS = 2;

/**
 * An unsolicited neighbour advertisement to all nodes (RFC 4861 §4.4, RFC 9568 §6.4.2 (140)): from the address itself, with the override flag.
 * @param router whether the interface forwards: hosts forget a default router that says it is none (RFC 4861 §7.2.5)
 */
export function unsolicitedAdvertisement(
  address: string,
  mac: Uint8Array,
  { router }: { readonly router: boolean },
): Uint8Array {
  const target = addressBytes(address);
  const flags = OVERRIDE | (router ? ROUTER : 0);
  const option = [TARGET_LINK_LAYER_ADDRESS, 1, ...mac];
  const message = Uint8Array.of(NEIGHBOUR_ADVERTISEMENT, 0, 0, 0, flags, 0, 0, 0, ...target, ...option);
  return ethernet(ALL_NODES_MAC, mac, ETHERTYPE_IP6, icmp6(target, ALL_NODES, message));
}

/** The same question over IPv6: duplicate address detection (RFC 4862 §5.4.2, RFC 4861 §4.3). Who has the address answers to all nodes. */
export function addressSolicitation(address: string, mac: Uint8Array): Uint8Array {
  const target = addressBytes(address);
  const group = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, ...target.subarray(13));
  const groupMac = Uint8Array.of(0x33, 0x33, ...group.subarray(12));
  const message = Uint8Array.of(NEIGHBOUR_SOLICITATION, 0, 0, 0, 0, 0, 0, 0, ...target);
  return ethernet(groupMac, mac, ETHERTYPE_IP6, icmp6(UNSPECIFIED, group, message));
}

function icmp6(source: Uint8Array, destination: Uint8Array, message: Uint8Array): Uint8Array {
  const pseudoTail = Uint8Array.of(0, 0, 0, message.length, 0, 0, 0, ICMP6);
  const sum = onesComplement(source, destination, pseudoTail, message);
  message.set([sum >> 8, sum & 0xff], 2);
  const header = Uint8Array.of(0x60, 0, 0, 0, 0, message.length, ICMP6, HOP_LIMIT, ...source, ...destination);
  return Uint8Array.of(...header, ...message);
}
