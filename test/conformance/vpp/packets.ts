/**
 * Packets read and made a second time, from the RFCs and by hand: the judge shares no code with what it judges. Slow and plain.
 * Sums are ones' complement sums of 16-bit words (RFC 1071), folded; 0 and 0xffff are the same number.
 */

export interface Packet {
  /** From the IP header to what its length says; Ethernet padding is cut. */
  readonly bytes: Uint8Array;
  readonly version: 4 | 6;
  readonly source: string;
  readonly destination: string;
  /** ToS or traffic class. */
  readonly tos: number;
  readonly ttl: number;
  readonly flowLabel: number;
  readonly id: number;
  readonly dontFragment: boolean;
  /** Of a fragment: bytes of the datagram before it. */
  readonly fragmentOffset: number;
  readonly moreFragments: boolean;
  readonly headerLength: number;
  /** Of what is behind the IP header and its extensions. */
  readonly protocol: number;
  readonly transportAt: number;
  readonly headerSumRight: boolean;
  readonly sourceMac: string;
  readonly destinationMac: string;
}

export const ICMP = 1;
export const TCP = 6;
export const UDP = 17;
export const GRE = 47;
export const ICMP6 = 58;

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
export const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
const mac = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');

/** Four numbers, or eight hexadecimal ones without any shortening: only ever compared with each other. */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  return Array.from({ length: 8 }, (_, i) => u16(bytes, 2 * i).toString(16)).join(':');
}

/** `2002::1` → as addressText has it. */
export function longAddress(text: string): string {
  if (!text.includes(':')) return text;
  const [head = '', tail] = text.split('::');
  const words = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const [front, back] = [words(head), words(tail ?? '')];
  const zeros = new Array<string>(8 - front.length - back.length).fill('0');
  return [...front, ...(tail === undefined ? [] : zeros), ...back]
    .map((word) => Number.parseInt(word, 16).toString(16))
    .join(':');
}

export function addressBytes(text: string): Uint8Array {
  if (!text.includes(':')) return Uint8Array.from(text.split('.').map(Number));
  return Uint8Array.from(
    longAddress(text)
      .split(':')
      .flatMap((word) => [Number.parseInt(word, 16) >> 8, Number.parseInt(word, 16) & 0xff]),
  );
}

export function isWithin(address: string, prefix: string): boolean {
  const [base = '', length = '0'] = prefix.split('/');
  const [a, b] = [addressBytes(address), addressBytes(base)];
  if (a.length !== b.length) return false;
  for (let bit = 0; bit < Number(length); bit++)
    if (((a[bit >> 3]! ^ b[bit >> 3]!) & (0x80 >> (bit & 7))) !== 0) return false;
  return true;
}

export function sum16(bytes: Uint8Array, start = 0): number {
  let sum = start;
  for (let at = 0; at < bytes.length; at += 2) sum += u16(bytes, at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}
const isZeroSum = (sum: number): boolean => sum === 0 || sum === 0xffff;
const sameSum = (a: number, b: number): boolean => a === b || (isZeroSum(a) && isZeroSum(b));

/** An Ethernet frame's IP packet; undefined: it carries none, or less than it says. */
export function readFrame(frame: Uint8Array): Packet | undefined {
  let at = 12;
  while (u16(frame, at) === 0x8100 || u16(frame, at) === 0x88a8) at += 4;
  const macs = { destinationMac: mac(frame.subarray(0, 6)), sourceMac: mac(frame.subarray(6, 12)) };
  const type = u16(frame, at);
  if (type !== 0x0800 && type !== 0x86dd) return undefined;
  const packet = readPacket(frame.subarray(at + 2));
  return packet === undefined ? undefined : { ...packet, ...macs };
}

/** An IP packet; a quoted one may be shorter than it says. */
export function readPacket(bytes: Uint8Array, isQuote = false): Packet | undefined {
  const version = (bytes[0] ?? 0) >> 4;
  if (version === 4) return readIp4(bytes, isQuote);
  return version === 6 ? readIp6(bytes, isQuote) : undefined;
}

function readIp4(bytes: Uint8Array, isQuote: boolean): Packet | undefined {
  const headerLength = 4 * ((bytes[0] ?? 0) & 0x0f);
  const length = u16(bytes, 2);
  if (headerLength < 20 || bytes.length < headerLength || length < headerLength) return undefined;
  if (!isQuote && bytes.length < length) return undefined;
  const whole = bytes.subarray(0, length);
  const fragment = u16(whole, 6);
  return {
    bytes: whole,
    version: 4,
    source: addressText(whole.subarray(12, 16)),
    destination: addressText(whole.subarray(16, 20)),
    tos: whole[1]!,
    ttl: whole[8]!,
    flowLabel: 0,
    id: u16(whole, 4),
    dontFragment: (fragment & 0x4000) !== 0,
    moreFragments: (fragment & 0x2000) !== 0,
    fragmentOffset: 8 * (fragment & 0x1fff),
    headerLength,
    protocol: whole[9]!,
    transportAt: headerLength,
    headerSumRight: sum16(whole.subarray(0, headerLength)) === 0xffff,
    sourceMac: '',
    destinationMac: '',
  };
}

/** Hop-by-hop, routing, destination options, mobility, HIP, shim6: type, length in eights without the first eight. */
const EXTENSIONS = new Set([0, 43, 60, 135, 139, 140]);
const FRAGMENT = 44;
const AUTHENTICATION = 51;

function readIp6(bytes: Uint8Array, isQuote: boolean): Packet | undefined {
  const length = 40 + u16(bytes, 4);
  if (bytes.length < 40 || (!isQuote && bytes.length < length)) return undefined;
  const whole = bytes.subarray(0, length);
  let protocol = whole[6]!;
  let at = 40;
  let [id, fragmentOffset, moreFragments] = [0, 0, false];
  while (EXTENSIONS.has(protocol) || protocol === FRAGMENT || protocol === AUTHENTICATION) {
    if (at + 8 > whole.length) break;
    const next = whole[at]!;
    if (protocol === FRAGMENT) {
      fragmentOffset = u16(whole, at + 2) & 0xfff8;
      moreFragments = (u16(whole, at + 2) & 1) !== 0;
      id = u16(whole, at + 4) * 65_536 + u16(whole, at + 6);
      at += 8;
      protocol = next;
      if (fragmentOffset > 0) break; // what follows is the middle of something
      continue;
    }
    at += protocol === AUTHENTICATION ? 4 * (whole[at + 1]! + 2) : 8 * (whole[at + 1]! + 1);
    protocol = next;
  }
  return {
    bytes: whole,
    version: 6,
    source: addressText(whole.subarray(8, 24)),
    destination: addressText(whole.subarray(24, 40)),
    tos: (u16(whole, 0) >> 4) & 0xff,
    ttl: whole[7]!,
    flowLabel: ((whole[1]! & 0x0f) << 16) | u16(whole, 2),
    id,
    dontFragment: true,
    moreFragments,
    fragmentOffset,
    headerLength: 40,
    protocol,
    transportAt: at,
    headerSumRight: true,
    sourceMac: '',
    destinationMac: '',
  };
}

export const isFragment = ({ fragmentOffset, moreFragments }: Packet): boolean => fragmentOffset > 0 || moreFragments;
export const dscp = ({ tos }: Packet): number => tos >> 2;
export const ecn = ({ tos }: Packet): number => tos & 3;

export interface Ports {
  readonly source: number;
  readonly destination: number;
}

/** Of TCP, UDP and SCTP, unless the packet is a fragment that has none. */
export function portsOf({ bytes, protocol, transportAt, fragmentOffset }: Packet): Ports | undefined {
  if (![TCP, UDP, 132].includes(protocol) || fragmentOffset > 0 || bytes.length < transportAt + 4) return undefined;
  return { source: u16(bytes, transportAt), destination: u16(bytes, transportAt + 2) };
}

/** Which header field is the transport's checksum; undefined: none that we know. */
export function sumAt({ protocol, transportAt }: Packet): number | undefined {
  if (protocol === TCP) return transportAt + 16;
  if (protocol === UDP) return transportAt + 6;
  if (protocol === ICMP || protocol === ICMP6) return transportAt + 2;
  return undefined;
}

export const sumOf = (packet: Packet): number => u16(packet.bytes, sumAt(packet) ?? 0);

/** Of the pseudo header, without the lengths that fragments do not know. */
const addressesSum = ({ bytes, version }: Packet): number =>
  version === 4 ? sum16(bytes.subarray(12, 20)) : sum16(bytes.subarray(8, 40));

/** `none`: the protocol has none, it is zero of UDP over IPv4, or a fragment's that nobody can know. */
export function transportSum(packet: Packet): 'right' | 'wrong' | 'zero' | 'none' {
  const at = sumAt(packet);
  if (at === undefined || isFragment(packet) || at + 2 > packet.bytes.length) return 'none';
  const { bytes, transportAt, protocol } = packet;
  if (protocol === UDP && u16(bytes, at) === 0) return 'zero';
  const segment = bytes.subarray(transportAt);
  const pseudo = protocol === ICMP ? 0 : addressesSum(packet) + protocol + segment.length;
  return sum16(segment, pseudo) === 0xffff ? 'right' : 'wrong';
}

/**
 * What an address and port translation must leave as it was, though both packets may be fragments or wrong: the sum of addresses,
 * ports and checksum. Zero of UDP stays zero.
 */
export function keepsSum(before: Packet, after: Packet): boolean {
  const at = sumAt(before);
  if (at === undefined || before.fragmentOffset > 0 || before.protocol === ICMP) return true;
  if (before.protocol === UDP && sumOf(before) === 0) return sumOf(after) === 0;
  const total = (packet: Packet): number => {
    const ports =
      packet.protocol === ICMP6 ? 0 : sum16(packet.bytes.subarray(packet.transportAt, packet.transportAt + 4));
    // RFC 768: a sum that comes out as zero is sent as ones
    return sum16(new Uint8Array(0), addressesSum(packet) + ports + sumOf(packet));
  };
  return sameSum(total(before), total(after));
}

/** Behind the transport's checksum or, where there is none, behind the IP header: what nobody may change. */
export function payloadOf(packet: Packet): Uint8Array {
  const { bytes, transportAt, fragmentOffset, protocol } = packet;
  if (fragmentOffset > 0) return bytes.subarray(transportAt);
  if (protocol === TCP)
    return Buffer.concat([bytes.subarray(transportAt + 4, transportAt + 16), bytes.subarray(transportAt + 18)]);
  if (protocol === UDP)
    return Buffer.concat([bytes.subarray(transportAt + 4, transportAt + 6), bytes.subarray(transportAt + 8)]);
  if (protocol === ICMP || protocol === ICMP6)
    return Buffer.concat([bytes.subarray(transportAt, transportAt + 2), bytes.subarray(transportAt + 4)]);
  return bytes.subarray(transportAt);
}

export interface IcmpError {
  readonly type: number;
  readonly code: number;
  /** Of frag-needed and packet-too-big, else 0. */
  readonly mtu: number;
  readonly quoted: Packet;
}

/** An ICMP or ICMPv6 error with the packet it quotes. */
export function icmpErrorOf({ bytes, protocol, transportAt, fragmentOffset, version }: Packet): IcmpError | undefined {
  if (fragmentOffset > 0 || protocol !== (version === 4 ? ICMP : ICMP6) || bytes.length < transportAt + 8)
    return undefined;
  const [type, code] = [bytes[transportAt]!, bytes[transportAt + 1]!];
  const isError = version === 4 ? [3, 4, 5, 11, 12].includes(type) : type < 128;
  const quoted = isError ? readPacket(bytes.subarray(transportAt + 8), true) : undefined;
  if (quoted === undefined) return undefined;
  const mtu =
    version === 4 ? u16(bytes, transportAt + 6) : u16(bytes, transportAt + 4) * 65_536 + u16(bytes, transportAt + 6);
  return { type, code, mtu, quoted };
}

export const isEchoRequest = ({ bytes, protocol, transportAt, fragmentOffset, version }: Packet): boolean =>
  fragmentOffset === 0 &&
  (version === 4 ? protocol === ICMP && bytes[transportAt] === 8 : protocol === ICMP6 && bytes[transportAt] === 128);

/** What an outer header carries: GRE without options. */
export interface Inner {
  readonly greFlags: number;
  readonly type: number;
  readonly bytes: Uint8Array;
}

export function innerOfGre({ bytes, transportAt }: Packet): Inner | undefined {
  if (bytes.length < transportAt + 4) return undefined;
  return {
    greFlags: u16(bytes, transportAt),
    type: u16(bytes, transportAt + 2),
    bytes: bytes.subarray(transportAt + 4),
  };
}

/** The datagram that fragments make, as one packet with one header; undefined: something is missing or lies over something else. */
export function reassemble(fragments: readonly Packet[]): Uint8Array | undefined {
  const [first] = fragments;
  if (first === undefined || first.version !== 4) return undefined;
  const sorted = fragments.toSorted((a, b) => a.fragmentOffset - b.fragmentOffset);
  let length = 0;
  const parts: Uint8Array[] = [];
  for (const fragment of sorted) {
    if (fragment.id !== first.id || fragment.source !== first.source || fragment.fragmentOffset !== length)
      return undefined;
    const part = fragment.bytes.subarray(fragment.headerLength);
    length += part.length;
    parts.push(part);
  }
  if (sorted.at(-1)!.moreFragments) return undefined;
  const header = Uint8Array.from(sorted[0]!.bytes.subarray(0, sorted[0]!.headerLength));
  const whole = Uint8Array.from(Buffer.concat([header, ...parts]));
  put16(whole, 2, whole.length);
  put16(whole, 6, 0);
  fixHeaderSum(whole);
  return whole;
}

export function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value & 0xff;
}

export function fixHeaderSum(packet: Uint8Array): void {
  put16(packet, 10, 0);
  put16(packet, 10, 0xffff - sum16(packet.subarray(0, 4 * (packet[0]! & 0x0f))));
}

export interface Made {
  readonly protocol: number;
  readonly source: string;
  readonly destination: string;
  readonly ports: Ports;
  /** TCP. */
  readonly flags?: number;
  readonly payload?: Uint8Array;
  readonly id?: number;
}

/** A packet of TCP or UDP with right checksums. */
export function makePacket({ protocol, source, destination, ports, flags = 0x10, payload, id = 1 }: Made): Uint8Array {
  const data = payload ?? Buffer.from('a packet of the judge');
  const header = new Uint8Array(protocol === TCP ? 20 : 8);
  put16(header, 0, ports.source);
  put16(header, 2, ports.destination);
  if (protocol === TCP) {
    header[12] = 0x50;
    header[13] = flags;
    put16(header, 14, 8192);
  } else put16(header, 4, 8 + data.length);
  const segment = Uint8Array.from(Buffer.concat([header, data]));
  const ip = ipHeader(addressBytes(source), addressBytes(destination), protocol, segment.length, id);
  const packet = Uint8Array.from(Buffer.concat([ip, segment]));
  return withTransportSum(packet);
}

function ipHeader(
  source: Uint8Array,
  destination: Uint8Array,
  protocol: number,
  length: number,
  id: number,
): Uint8Array {
  if (source.length === 16) {
    const header = new Uint8Array(40);
    header[0] = 0x60;
    put16(header, 4, length);
    header[6] = protocol;
    header[7] = 64;
    header.set(source, 8);
    header.set(destination, 24);
    return header;
  }
  const header = new Uint8Array(20);
  header[0] = 0x45;
  put16(header, 2, 20 + length);
  put16(header, 4, id & 0xffff);
  header[8] = 64;
  header[9] = protocol;
  header.set(source, 12);
  header.set(destination, 16);
  fixHeaderSum(header);
  return header;
}

/** A whole packet with both of its checksums computed anew. */
export function withTransportSum(packet: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(packet);
  if (copy[0]! >> 4 === 4) fixHeaderSum(copy);
  const read = readPacket(copy)!;
  const at = sumAt(read);
  if (at === undefined || isFragment(read)) return copy;
  put16(copy, at, 0);
  const segment = copy.subarray(read.transportAt, read.bytes.length);
  const pseudo = read.protocol === ICMP ? 0 : addressesSum(read) + read.protocol + segment.length;
  const sum = 0xffff - sum16(segment, pseudo);
  put16(copy, at, sum === 0 && read.protocol === UDP ? 0xffff : sum);
  return copy;
}

/** The same packet from somebody else, its checksums as right or wrong as before. */
export function withSource(packet: Packet, source: string): Uint8Array {
  const bytes = Uint8Array.from(packet.bytes);
  const at = packet.version === 4 ? 12 : 8;
  bytes.set(addressBytes(source), at);
  if (packet.version === 4) fixHeaderSum(bytes);
  const field = sumAt(packet);
  if (field === undefined || packet.fragmentOffset > 0 || packet.protocol === ICMP) return bytes;
  if (packet.protocol === UDP && sumOf(packet) === 0) return bytes;
  const after = readPacket(bytes)!;
  // RFC 1624: HC' = ~(~HC + ~m + m')
  const sum = sum16(new Uint8Array(0), 0xffff - sumOf(packet) + (0xffff - addressesSum(packet)) + addressesSum(after));
  put16(bytes, field, 0xffff - sum);
  return bytes;
}

/** In an Ethernet frame. */
export function framed(packet: Uint8Array, destinationMac: string, sourceMac: string): Uint8Array {
  const macBytes = (text: string): Uint8Array =>
    Uint8Array.from(text.split(':').map((word) => Number.parseInt(word, 16)));
  const type = packet[0]! >> 4 === 4 ? [0x08, 0x00] : [0x86, 0xdd];
  return Uint8Array.from(Buffer.concat([macBytes(destinationMac), macBytes(sourceMac), Uint8Array.from(type), packet]));
}
