import { canonicalAddress, type Family, familyOf, formatEndpoint } from '../model/address.js';

export const askedProtocols = ['tcp', 'udp', 'sctp', 'icmp'] as const;
export type AskedProtocol = (typeof askedProtocols)[number];
/** Bits of the TCP header's flags, from the lowest on. */
export const tcpFlags = ['fin', 'syn', 'rst', 'psh', 'ack', 'urg'] as const;
export type TcpFlag = (typeof tcpFlags)[number];

/** A packet that somebody asks about. Addresses are canonical text. */
export interface AskedPacket {
  readonly protocol: AskedProtocol;
  readonly family: Family;
  /** Ports are 0 with icmp, which is an echo request. */
  readonly client: { readonly address: string; readonly port: number };
  readonly target: { readonly address: string; readonly port: number };
  /** Of tcp. */
  readonly flags: readonly TcpFlag[];
  /** Of the IP packet, bytes; undefined: as short as can be. */
  readonly length: number | undefined;
  readonly dontFragment: boolean;
  /** Whom the frame is from; undefined: MAC_OF_NOBODY. */
  readonly sourceMac: string | undefined;
}

/** As they are typed. */
export interface PacketWords {
  /** `tcp 198.51.100.7:40000 > 10.0.0.1:80` */
  readonly flow: string;
  /** `syn|ack` */
  readonly flags?: string;
  readonly length?: string;
  readonly df?: boolean;
  readonly mac?: string;
}

/** What of the words is none, as a sentence. */
interface Wrong {
  readonly wrong: string;
}

const LONGEST_PACKET = 65_535;
const EXAMPLE = "'tcp 198.51.100.7:40000 > 10.0.0.1:80', IPv6 as '[2001:db8::7]:40000'";

/** Headers alone: what a packet is at least long. SCTP: with an INIT chunk. */
const transportBytes: Readonly<Record<AskedProtocol, number>> = { tcp: 20, udp: 8, sctp: 32, icmp: 8 };
export const shortestPacket = (protocol: AskedProtocol, family: Family): number =>
  (family === 'ip4' ? 20 : 40) + transportBytes[protocol];

export function readAskedPacket({ flow, flags, length, df = false, mac }: PacketWords): AskedPacket | Wrong {
  const read = readFlow(flow);
  if ('wrong' in read) return read;
  const { protocol, family } = read;
  const set = readFlags(flags, protocol);
  if ('wrong' in set) return set;
  const bytes = length === undefined ? undefined : readLength(length, shortestPacket(protocol, family));
  if (typeof bytes === 'object') return bytes;
  if (df && family === 'ip6') return { wrong: '--df is for IPv4: no router fragments IPv6' };
  const sourceMac = mac?.toLowerCase();
  if (sourceMac !== undefined && !/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(sourceMac))
    return { wrong: `'${mac ?? ''}' is no MAC address such as 02:00:00:00:00:01` };
  return { ...read, flags: set.flags, length: bytes, dontFragment: df, sourceMac };
}

function readFlow(flow: string): Pick<AskedPacket, 'protocol' | 'family' | 'client' | 'target'> | Wrong {
  const words = flow
    .replace('>', ' > ')
    .split(/\s+/)
    .filter((word) => word !== '');
  const [first = '', from = '', arrow = '', to = '', ...more] = words;
  const protocol = askedProtocols.find((name) => name === first.toLowerCase());
  if (protocol === undefined)
    return { wrong: `a packet begins with ${askedProtocols.join(', ')}, not '${first}'; expected ${EXAMPLE}` };
  if (arrow !== '>' || to === '' || more.length > 0)
    return { wrong: `'${flow}' is not PROTOCOL CLIENT > TARGET; expected ${EXAMPLE}` };
  const client = readEnd(from, protocol, 'client');
  if ('wrong' in client) return client;
  const target = readEnd(to, protocol, 'target');
  if ('wrong' in target) return target;
  const family = familyOf(client.address);
  if (family !== familyOf(target.address))
    return { wrong: `${client.address} and ${target.address} are not of one family` };
  return { protocol, family, client, target };
}

function readEnd(text: string, protocol: AskedProtocol, which: string): AskedPacket['client'] | Wrong {
  if (protocol === 'icmp') {
    const address = canonicalAddress(text.replace(/^\[(.*)\]$/, '$1'));
    return address === undefined
      ? { wrong: `the ${which} of icmp is an address without a port, not '${text}'` }
      : { address, port: 0 };
  }
  const [, bracketed, plain, digits = ''] = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? [];
  const address = canonicalAddress(bracketed ?? plain ?? '');
  const isSix = address?.includes(':') === true;
  if (address === undefined || isSix !== (bracketed !== undefined))
    return { wrong: `the ${which} is ADDRESS:PORT or [IPv6]:PORT, not '${text}'` };
  const port = Number(digits);
  if (port < 1 || port > 65_535) return { wrong: `the ${which}'s port is 1 to 65535, not ${digits}` };
  return { address, port };
}

function readFlags(text: string | undefined, protocol: AskedProtocol): { readonly flags: readonly TcpFlag[] } | Wrong {
  if (text === undefined) return { flags: protocol === 'tcp' ? ['syn'] : [] };
  if (protocol !== 'tcp') return { wrong: `--flags goes with tcp, not with ${protocol}` };
  const words = text
    .toLowerCase()
    .split(/[|,+ ]+/)
    .filter((word) => word !== '');
  const flags = tcpFlags.filter((flag) => words.includes(flag));
  const stranger = words.find((word) => !flags.some((flag) => flag === word));
  if (stranger !== undefined) return { wrong: `'${stranger}' is no flag of tcp: ${tcpFlags.join(', ')}` };
  return { flags };
}

function readLength(text: string, least: number): number | Wrong {
  const length = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return length >= least && length <= LONGEST_PACKET
    ? length
    : { wrong: `--length is bytes of the IP packet, ${least} to ${LONGEST_PACKET} here, not '${text}'` };
}

/** `tcp 198.51.100.7:40000 > 10.0.0.1:80` */
export function packetName({ protocol, client, target }: AskedPacket): string {
  const end = ({ address, port }: AskedPacket['client']): string =>
    protocol === 'icmp' ? address : formatEndpoint(address, port);
  return `${protocol} ${end(client)} > ${end(target)}`;
}
