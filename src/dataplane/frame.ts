import { addressBytes } from '../model/address.js';
import { type AskedPacket, shortestPacket, tcpFlags } from './asked-packet.js';

/** Locally administered, and nobody's. */
export const MAC_OF_NOBODY = '02:00:00:00:00:01';

const ETHERNET_BYTES = 14;
const TTL = 64;
const DONT_FRAGMENT = 0x4000;
const protocolNumbers = { tcp: 6, udp: 17, sctp: 132, icmp: 1 } as const;
const ICMPV6 = 58;
const ECHO_REQUEST = { ip4: 8, ip6: 128 } as const;

/** The frame of a packet that comes in at a port, whose MAC it is sent to. Checksums are right; what the packet carries is zeros. */
export function frameOf(packet: AskedPacket, portMac: string): Uint8Array {
  const { protocol, family, sourceMac = MAC_OF_NOBODY } = packet;
  const length = packet.length ?? shortestPacket(protocol, family);
  const frame = new Uint8Array(ETHERNET_BYTES + length);
  const view = new DataView(frame.buffer);
  frame.set(macBytes(portMac), 0);
  frame.set(macBytes(sourceMac), 6);
  view.setUint16(12, family === 'ip4' ? 0x0800 : 0x86dd);
  const ip = new DataView(frame.buffer, ETHERNET_BYTES);
  const number = protocol === 'icmp' && family === 'ip6' ? ICMPV6 : protocolNumbers[protocol];
  const headerBytes = family === 'ip4' ? putIp4(ip, packet, number, length) : putIp6(ip, packet, number, length);
  putTransport(new DataView(frame.buffer, ETHERNET_BYTES + headerBytes), packet, number);
  return frame;
}

const macBytes = (mac: string): readonly number[] => mac.split(':').map((byte) => Number.parseInt(byte, 16));

const bytesOf = (view: DataView): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

function putIp4(ip: DataView, { client, target, dontFragment }: AskedPacket, number: number, length: number): number {
  ip.setUint8(0, 0x45);
  ip.setUint16(2, length);
  ip.setUint16(6, dontFragment ? DONT_FRAGMENT : 0);
  ip.setUint8(8, TTL);
  ip.setUint8(9, number);
  bytesOf(ip).set(addressBytes(client.address), 12);
  bytesOf(ip).set(addressBytes(target.address), 16);
  ip.setUint16(10, checksum(bytesOf(ip).subarray(0, 20)));
  return 20;
}

function putIp6(ip: DataView, { client, target }: AskedPacket, number: number, length: number): number {
  ip.setUint8(0, 0x60);
  ip.setUint16(4, length - 40);
  ip.setUint8(6, number);
  ip.setUint8(7, TTL);
  bytesOf(ip).set(addressBytes(client.address), 8);
  bytesOf(ip).set(addressBytes(target.address), 24);
  return 40;
}

function putTransport(at: DataView, packet: AskedPacket, number: number): void {
  const { protocol, client, target, family } = packet;
  if (protocol === 'icmp') {
    at.setUint8(0, ECHO_REQUEST[family]);
    at.setUint16(4, 1); // identifier
    at.setUint16(6, 1); // sequence number
    at.setUint16(2, family === 'ip4' ? checksum(bytesOf(at)) : transportChecksum(at, packet, number));
    return;
  }
  at.setUint16(0, client.port);
  at.setUint16(2, target.port);
  if (protocol === 'sctp') return putSctp(at);
  if (protocol === 'udp') {
    at.setUint16(4, at.byteLength);
    at.setUint16(6, transportChecksum(at, packet, number) || 0xffff); // RFC 768: zero says that there is none
    return;
  }
  at.setUint32(4, 1); // sequence number
  at.setUint8(12, 5 << 4);
  at.setUint8(
    13,
    tcpFlags.reduce((bits, flag, bit) => bits | (packet.flags.includes(flag) ? 1 << bit : 0), 0),
  );
  at.setUint16(14, 0xffff); // window
  at.setUint16(16, transportChecksum(at, packet, number));
}

const SCTP_HEADER_BYTES = 12;
const INIT_BYTES = 20;
/** RFC 4820. */
const PADDING_PARAMETER = 0x8005;

/** An association's first packet (RFC 9260, 3.3.2). A longer one has padding in its INIT. */
function putSctp(at: DataView): void {
  const chunkBytes = at.byteLength - SCTP_HEADER_BYTES;
  at.setUint8(12, 1); // INIT
  at.setUint16(14, chunkBytes);
  at.setUint32(16, 1); // initiate tag
  at.setUint32(20, 0xffff); // window
  at.setUint16(24, 1); // streams out
  at.setUint16(26, 1); // and in
  at.setUint32(28, 1); // first TSN
  if (chunkBytes >= INIT_BYTES + 4) {
    at.setUint16(SCTP_HEADER_BYTES + INIT_BYTES, PADDING_PARAMETER);
    at.setUint16(SCTP_HEADER_BYTES + INIT_BYTES + 2, chunkBytes - INIT_BYTES);
  }
  at.setUint32(8, crc32c(bytesOf(at)), true);
}

/** RFC 1071, of bytes whose checksum field is zero. */
function checksum(bytes: Uint8Array, start = 0): number {
  let sum = start;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x1_0000);
  return ~sum & 0xffff;
}

/** With the pseudo-header of RFC 9293 or RFC 8200. */
function transportChecksum(at: DataView, { client, target }: AskedPacket, number: number): number {
  let sum = at.byteLength + number;
  for (const { address } of [client, target]) {
    const bytes = addressBytes(address);
    for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) | bytes[i + 1]!;
  }
  return checksum(bytesOf(at), sum);
}

/** Castagnoli's, reflected (RFC 9260, appendix A). */
function crc32c(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) === 1 ? 0x82f6_3b78 : 0);
  }
  return ~crc >>> 0;
}
