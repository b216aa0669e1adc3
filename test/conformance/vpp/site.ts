/** What a VPP script says, read a second time: the judge's own idea of who must get what. */
import { isWithin, longAddress } from './packets.js';

export interface Server {
  readonly address: string;
  weight: number;
  removed: boolean;
}

export interface Vip {
  /** `90.0.0.0/8`. */
  readonly prefix: string;
  /** 0: all. */
  readonly protocol: number;
  readonly port: number;
  readonly encap: 'gre4' | 'gre6' | 'l3dsr' | 'nat4' | 'nat6';
  readonly dscp: number;
  readonly targetPort: number;
  /** 0: none. */
  readonly nodePort: number;
  readonly sticky: boolean;
  readonly servers: Server[];
}

export interface Interface {
  readonly name: string;
  mac: string;
  mtu: number;
  /** `172.16.1.1/24`, long addresses. */
  readonly addresses: string[];
}

interface Route {
  readonly prefix: string;
  readonly port: string;
  readonly gateway: string;
}

/** How a packet travels on. */
export interface Way {
  readonly port: Interface;
  /** undefined: nobody knows the neighbour's. */
  readonly mac: string | undefined;
}

export const isRewriting = ({ encap }: Vip): boolean => encap === 'l3dsr' || encap === 'nat4' || encap === 'nat6';
export const isNat = ({ encap }: Vip): boolean => encap === 'nat4' || encap === 'nat6';
export const isTunnel = ({ encap }: Vip): boolean => encap === 'gre4' || encap === 'gre6';

const prefixLength = (prefix: string): number => Number(prefix.split('/')[1]);
const longPrefix = (text: string): string => `${longAddress(text.split('/')[0]!)}/${text.split('/')[1]!}`;

export class Site {
  readonly interfaces: Interface[] = [];
  readonly #routes: Route[] = [];
  readonly #neighbours = new Map<string, string>();
  vips: Vip[] = [];
  source4 = '';
  source6 = '';
  /** Seconds. */
  timeout = 40;

  /** Which VIP takes a packet: the longest prefix, then the one of a port. */
  vipOf(destination: string, protocol: number, port: number | undefined): Vip | undefined {
    const fits = (vip: Vip): boolean =>
      vip.port === 0 ? true : vip.port === port && (vip.protocol === 0 || vip.protocol === protocol);
    const byPrefix = this.vips
      .filter((vip) => isWithin(destination, vip.prefix) && fits(vip))
      .sort((a, b) => prefixLength(b.prefix) - prefixLength(a.prefix) || b.port - a.port);
    return byPrefix[0] ?? this.#byNodePort(destination, protocol, port);
  }

  #byNodePort(destination: string, protocol: number, port: number | undefined): Vip | undefined {
    if (port === undefined || !this.isOurs(destination)) return undefined;
    return this.vips.find((vip) => vip.nodePort === port && (vip.protocol === 0 || vip.protocol === protocol));
  }

  isOurs(address: string): boolean {
    return this.interfaces.some(({ addresses }) => addresses.some((one) => one.split('/')[0] === address));
  }

  /** undefined: no route. */
  wayTo(address: string): Way | undefined {
    const connected = this.interfaces.flatMap(({ name, addresses }) =>
      addresses.map((prefix) => ({ prefix, port: name, gateway: '' })),
    );
    const [best] = [...this.#routes, ...connected]
      .filter(({ prefix }) => isWithin(address, prefix))
      .sort((a, b) => prefixLength(b.prefix) - prefixLength(a.prefix));
    const port = this.interfaces.find(({ name }) => name === best?.port);
    if (best === undefined || port === undefined) return undefined;
    return { port, mac: this.#neighbours.get(`${port.name} ${best.gateway === '' ? address : best.gateway}`) };
  }

  /** Servers that may get a new flow: those that cannot be reached only if nobody can. */
  eligible(vip: Vip): readonly string[] {
    const weighted = vip.servers.filter(({ weight, removed }) => weight > 0 && !removed).map(({ address }) => address);
    return weighted.filter((address) => this.wayTo(address) !== undefined);
  }

  /** A line of the script. Whether it was one that we know. */
  apply(line: string): boolean {
    const words = line.trim().split(/\s+/);
    const text = words.join(' ');
    for (const [pattern, apply] of this.#lines) {
      const match = pattern.exec(text);
      if (match === null) continue;
      apply(match);
      return true;
    }
    return false;
  }

  #interface(name: string): Interface {
    return this.interfaces.find((one) => one.name === name)!;
  }

  readonly #lines: readonly (readonly [RegExp, (match: RegExpExecArray) => void])[] = [
    [
      /^create packet-generator interface (\S+)$/,
      ([, name = '']) => void this.interfaces.push({ name, mac: '', mtu: 9000, addresses: [] }),
    ],
    [/^set interface mac address (\S+) (\S+)$/, ([, name = '', mac = '']) => void (this.#interface(name).mac = mac)],
    [
      /^set interface ip address (\S+) (\S+)$/,
      ([, name = '', prefix = '']) => void this.#interface(name).addresses.push(longPrefix(prefix)),
    ],
    [
      /^set interface mtu (?:packet )?(\d+) (\S+)$/,
      ([, mtu = '', name = '']) => void (this.#interface(name).mtu = Number(mtu)),
    ],
    [
      /^set ip neighbor (\S+) (\S+) (\S+)$/,
      ([, name = '', address = '', mac = '']) => void this.#neighbours.set(`${name} ${longAddress(address)}`, mac),
    ],
    [
      /^ip route add (\S+) via (\S+) (\S+)$/,
      ([, prefix = '', gateway = '', port = '']) =>
        void this.#routes.push({ prefix: longPrefix(prefix), gateway: longAddress(gateway), port }),
    ],
    [
      /^ip route del (\S+)/,
      ([, prefix = '']) => {
        const at = this.#routes.findIndex((one) => one.prefix === longPrefix(prefix));
        if (at >= 0) this.#routes.splice(at, 1);
      },
    ],
    [/^lb conf (.*)$/, ([, rest = '']) => this.#conf(rest)],
    [/^lb vip (\S+) (.*)$/, ([, prefix = '', rest = '']) => this.#vip(longPrefix(prefix), rest)],
    [/^lb vip (\S+)$/, ([, prefix = '']) => this.#vip(longPrefix(prefix), '')],
    [/^lb as (\S+) (.*)$/, ([, prefix = '', rest = '']) => this.#as(longPrefix(prefix), rest)],
    [/^(#|$|set interface state|ip6 nd|lb set interface|lb flush vip|(test )?lb flowtable flush)/, () => undefined],
  ];

  #conf(rest: string): void {
    this.source4 = /ip4-src-address (\S+)/.exec(rest)?.[1] ?? this.source4;
    const source6 = /ip6-src-address (\S+)/.exec(rest)?.[1];
    if (source6 !== undefined) this.source6 = longAddress(source6);
    this.timeout = Number(/timeout (\d+)/.exec(rest)?.[1] ?? this.timeout);
  }

  #vip(prefix: string, rest: string): void {
    const { protocol, port } = portOf(rest);
    const others = this.vips.filter(
      (one) => !(one.prefix === prefix && one.port === port && one.protocol === protocol),
    );
    if (/\bdel\b/.test(rest)) {
      this.vips = others;
      return;
    }
    const encap = /encap (gre4|gre6|l3dsr|nat4|nat6)/.exec(rest)?.[1] ?? (prefix.includes(':') ? 'gre6' : 'gre4');
    const nodePort = Number(/node_port (\d+)/.exec(rest)?.[1] ?? (/type nodeport/.test(rest) ? port : 0));
    this.vips.push({
      prefix,
      protocol,
      port,
      encap: encap as Vip['encap'],
      dscp: Number(/dscp (\d+)/.exec(rest)?.[1] ?? 0),
      targetPort: Number(/target_port (\d+)/.exec(rest)?.[1] ?? port),
      nodePort,
      sticky: /src_ip_sticky/.test(rest),
      servers: [],
    });
  }

  #as(prefix: string, rest: string): void {
    const { protocol, port } = portOf(rest);
    const vip = this.vips.find((one) => one.prefix === prefix && one.port === port && one.protocol === protocol);
    if (vip === undefined) return;
    const weight = Number(/weight (\d+)/.exec(rest)?.[1] ?? 100);
    const addresses = rest
      .split(' ')
      .filter((word) => /[.:]/.test(word))
      .map(longAddress);
    for (const address of addresses) this.#server(vip, address, rest, weight);
  }

  #server(vip: Vip, address: string, rest: string, weight: number): void {
    const known = vip.servers.find((one) => one.address === address);
    if (/\bdel\b/.test(rest)) {
      if (/\bflush\b/.test(rest) && known !== undefined) vip.servers.splice(vip.servers.indexOf(known), 1);
      else if (known !== undefined) known.removed = true;
    } else if (known !== undefined) {
      known.weight = weight;
      known.removed = false;
    } else vip.servers.push({ address, weight, removed: false });
  }
}

function portOf(rest: string): { readonly protocol: number; readonly port: number } {
  const port = Number(/(?:^| )port (\d+)/.exec(rest)?.[1] ?? 0);
  const word = /protocol (tcp|udp)/.exec(rest)?.[1];
  return { port, protocol: port === 0 ? 0 : word === 'tcp' ? 6 : word === 'udp' ? 17 : 0 };
}

/** What a command lets go of: which flows may move after it. */
export type Flushed =
  | { readonly what: 'nothing' }
  | { readonly what: 'all' }
  | { readonly what: 'vip'; readonly prefix: string; readonly port: number }
  | { readonly what: 'servers'; readonly prefix: string; readonly port: number; readonly servers: readonly string[] };

export function flushedBy(line: string): Flushed {
  if (/^(test )?lb flowtable flush/.test(line)) return { what: 'all' };
  const [, prefix = '', rest = ''] = /^lb (?:flush vip|vip|as) (\S+) ?(.*)$/.exec(line) ?? [];
  if (prefix === '') return { what: 'nothing' };
  const where = { prefix: longPrefix(prefix), port: portOf(rest).port };
  if (/^lb flush vip/.test(line) || (/^lb vip/.test(line) && /\bdel\b/.test(rest))) return { what: 'vip', ...where };
  if (!/\bflush\b/.test(rest)) return { what: 'nothing' };
  return {
    what: 'servers',
    ...where,
    servers: rest
      .split(' ')
      .filter((word) => /[.:]/.test(word))
      .map(longAddress),
  };
}
