/**
 * doctor/ — why forwarding does not work, or will not one day: settings of a director, and of a real server, that contradict its configuration.
 * codec: script.ts tells, facts.ts reads · rules: director-rules.ts, server-rules.ts, expected.ts what the configuration asks for, examine.ts.
 * Nothing here has an effect: whoever has a shell runs the script, here or over ssh.
 */
import { canonicalAddress } from '../model/address.js';

/** A machine as its script told it. What is absent is not known. */
export interface Facts {
  readonly kernel: string | undefined;
  readonly host: string | undefined;
  /** Seconds since 1970. */
  readonly epoch: number | undefined;
  /** Its clock follows another one. */
  readonly isSynchronised: boolean | undefined;
  /** /proc/net/ip_vs is there. */
  readonly hasIpvs: boolean;
  /** Loaded, and those that could be, also as a part of the kernel. */
  readonly modules: ReadonlySet<string>;
  readonly loadable: ReadonlySet<string>;
  /** The table of connections has 2^n buckets; kernels whose table grows do not say. */
  readonly connTabBits: number | undefined;
  /** By the path below /proc/sys. */
  readonly sysctls: ReadonlyMap<string, string>;
  readonly links: ReadonlyMap<string, Link>;
  readonly addresses: readonly Held[];
  /** Links that merge frames before anybody else sees them (LRO). */
  readonly merging: readonly string[];
  /** Next hops of the default routes. */
  readonly gateways: readonly string[];
  /** Link by the address that was asked for. */
  readonly routes: ReadonlyMap<string, string>;
  /** Sockets that wait for anybody; undefined: it does not tell. */
  readonly listening: readonly Listening[] | undefined;
}

export interface Link {
  /** As ip(8) prints it: ether, loopback, ipip, tunnel6, sit, gre, gre6. */
  readonly type: string;
  readonly isUp: boolean;
  readonly mtu: number;
}

/** An address on a link. */
export interface Held {
  readonly link: string;
  readonly address: string;
  readonly prefixLength: number;
}

export interface Listening {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
}

const LAST_LINE = 'end of facts';

/** @returns undefined if the script did not come to its end */
export function parseFacts(text: string): Facts | undefined {
  const lines = text.split('\n').map((line) => line.trimEnd());
  if (!lines.includes(LAST_LINE)) return undefined;
  const told = (word: string): readonly string[] =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  const rows = (word: string): readonly (readonly string[])[] => told(word).map((line) => line.split(/\s+/));
  const synchronised = told('synchronised')[0];
  return {
    kernel: told('kernel')[0],
    host: told('host')[0],
    epoch: numberOf(told('epoch')[0]),
    isSynchronised: synchronised === undefined ? undefined : synchronised === 'yes',
    hasIpvs: told('ipvs').length > 0,
    modules: new Set(told('module')),
    loadable: new Set(told('loadable')),
    connTabBits: numberOf(told('conn-tab-bits')[0]),
    sysctls: new Map(rows('sysctl').map(([name = '', ...value]) => [name, value.join(' ')])),
    links: new Map(told('link').flatMap(linkOf)),
    addresses: rows('address').flatMap(([link = '', address = '']) => heldOf(link, address)),
    merging: told('merges'),
    gateways: told('gateway').flatMap((line) => canonical(/\bvia (?:inet6 )?(\S+)/.exec(line)?.[1])),
    routes: new Map(rows('route').flatMap(([address = '', ...words]) => routeOf(address, words))),
    listening:
      told('sockets').length === 0
        ? undefined
        : rows('listen').flatMap(([protocol, place = '']) => listeningOf(protocol, place)),
  };
}

function numberOf(text: string | undefined): number | undefined {
  const number = Number(text);
  return text === undefined || !Number.isFinite(number) ? undefined : number;
}

/** `2: eth0@if3: <BROADCAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP \\    link/ether 02:00:00:00:00:01 ...` */
function linkOf(line: string): readonly (readonly [string, Link])[] {
  const [, name, flags = '', mtu = ''] = /^\d+: ([^:@]+)(?:@[^:]*)?: <([^>]*)> mtu (\d+)/.exec(line) ?? [];
  const type = /\blink\/(\S+)/.exec(line)?.[1] ?? '';
  return name === undefined ? [] : [[name, { type, isUp: flags.split(',').includes('UP'), mtu: Number(mtu) }]];
}

function canonical(text: string | undefined): readonly string[] {
  const address = text === undefined ? undefined : canonicalAddress(text);
  return address === undefined ? [] : [address];
}

function heldOf(link: string, text: string): readonly Held[] {
  const [written = '', length] = text.split('/');
  return canonical(written).map((address) => ({
    link,
    address,
    prefixLength: length === undefined ? (address.includes(':') ? 128 : 32) : Number(length),
  }));
}

function routeOf(address: string, words: readonly string[]): readonly (readonly [string, string])[] {
  const at = words.indexOf('dev');
  const link = at < 0 ? undefined : words[at + 1];
  return link === undefined ? [] : [[address, link]];
}

/** `0100007F:0050` of /proc/net/tcp: each 32 bits of the address in the byte order of the machine, which is little-endian wherever lvsd runs. */
function listeningOf(protocol: string | undefined, place: string): readonly Listening[] {
  const [, hex = '', port = ''] = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(place) ?? [];
  if ((protocol !== 'tcp' && protocol !== 'udp') || hex === '') return [];
  const bytes = Buffer.from(hex, 'hex').swap32();
  const written = bytes.length === 4 ? bytes.join('.') : (bytes.toString('hex').match(/.{4}/g) ?? []).join(':');
  return canonical(written).map((address) => ({ protocol, address, port: Number.parseInt(port, 16) }));
}
