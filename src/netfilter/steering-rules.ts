import { addressBytes, familyOf, type Family } from '../model/address.js';
import { protocolNumber, type ServiceKey } from '../model/service.js';
import type { Table, TableService } from '../model/table.js';
import { disjointPrefixes, parsePrefix, type Prefix } from './fwmark-rule.js';

/** Whose packets the kernel is not to see, because the engine, which reads copies of them, forwards them. */
export interface Steering {
  /** Interfaces whose packets the engine reads through AF_PACKET. */
  readonly devices: readonly string[];
  /** Services of the engine; those of the kernel are passed over. */
  readonly table: Table;
  /** Of this machine. */
  readonly localAddresses: readonly string[];
}

const STEERING_TABLE = 'netdev lvsd-steer';
/** Before whatever else filters at ingress. */
const PRIORITY = -500;

/** How nft calls what differs by family. */
const words = {
  ip4: {
    ip: 'ip',
    bits: 32,
    type: 'ipv4_addr',
    icmp: 'icmp',
    errors: 'destination-unreachable, time-exceeded, parameter-problem, source-quench',
    laterFragment: 'ip frag-off & 0x1fff != 0',
  },
  ip6: {
    ip: 'ip6',
    bits: 128,
    type: 'ipv6_addr',
    icmp: 'icmpv6',
    errors: 'destination-unreachable, packet-too-big, time-exceeded, parameter-problem',
    laterFragment: 'frag frag-off != 0',
  },
} as const;

/**
 * A table that drops at ingress exactly what the engine takes, after AF_PACKET has seen it; in nft's language, replacing what was there in one
 * transaction. Where less than the whole packet decides, the kernel does not see: later fragments to and ICMP errors about a VIP, and both
 * from a server that is NATed, whatever their port.
 */
export function steeringRuleset({ devices, table, localAddresses }: Steering): string {
  const services = [...table.values()].filter(({ settings }) => settings.engine !== undefined);
  const limited = (one: TableService): readonly string[] => one.settings.engine?.interfaces ?? [];
  const common = new Section('every_device', localAddresses);
  for (const service of services) if (limited(service).length === 0) common.add(service);
  const own = devices.map((device, i) => {
    const section = new Section(`device_${i}`, localAddresses);
    for (const service of services) if (limited(service).includes(device)) section.add(service);
    return { device, section };
  });
  const lines = [common, ...own.map(({ section }) => section)].flatMap((section) => section.lines());
  const hooks = own.map(
    ({ device, section }, i) =>
      `  chain ingress_${i} {\n    type filter hook ingress device ${JSON.stringify(device)} priority ${PRIORITY}; policy accept;\n` +
      `    jump ${common.name}\n    jump ${section.name}\n  }`,
  );
  return `${removalText}table ${STEERING_TABLE} {\n${[...localSets(localAddresses), ...lines, ...hooks].join('\n')}\n}\n`;
}

/** The first line makes the second succeed. */
export const removalText = `add table ${STEERING_TABLE}\ndelete table ${STEERING_TABLE}\n`;

const families: readonly Family[] = ['ip4', 'ip6'];

const ofFamily = (addresses: Iterable<string>, family: Family): string[] =>
  [...new Set(addresses)].filter((address) => familyOf(address) === family);

const localSets = (addresses: readonly string[]): string[] =>
  families.map((family) => setText(`local_${family}`, words[family].type, '', ofFamily(addresses, family)));

const setText = (name: string, type: string, flags: string, elements: readonly string[]): string =>
  `  set ${name} { type ${type}; ${flags}${elements.length === 0 ? '' : `elements = { ${elements.join(', ')} }; `}}`;

interface Shape {
  readonly family: Family;
  readonly prefixLength: number;
  readonly withProtocol: boolean;
  readonly withPort: boolean;
  readonly elements: Set<string>;
}

/** The services of all interfaces, or those of one: their sets, and a chain over them. */
class Section {
  readonly name: string;
  readonly #local: readonly string[];
  /** What clients send: sets whose elements cannot overlap. */
  readonly #services = new Map<string, Shape>();
  /** What NATed servers answer. */
  readonly #replies = new Map<string, Shape>();
  readonly #vips: Prefix[] = [];
  readonly #servers = new Set<string>();
  readonly #pools = new Set<string>();
  readonly #arp: Prefix[] = [];
  readonly #echoes: Prefix[] = [];
  readonly #kernelEchoes: Prefix[] = [];

  constructor(name: string, local: readonly string[]) {
    this.name = name;
    this.#local = local;
  }

  add({ key, settings: { engine }, destinations }: TableService): void {
    if (key.by === 'fwmark' || engine === undefined) return;
    const vip = parsePrefix(key.prefixLength === undefined ? key.address : `${key.address}/${key.prefixLength}`);
    if (vip === undefined) return;
    this.#vips.push(vip);
    note(this.#services, vip, key.protocol === 'any' ? undefined : key.protocol, key.port);
    if (engine.nodePort !== 0)
      for (const address of ofFamily(this.#local, vip.family))
        note(this.#services, whole(address), key.protocol === 'any' ? undefined : key.protocol, engine.nodePort);
    if (engine.answerArp) this.#arp.push(vip);
    if (engine.icmpEcho === 'kernel') this.#kernelEchoes.push(vip);
    else if (engine.icmpEcho === 'answer' || key.port === 0) this.#echoes.push(vip);
    for (const { key: server, settings } of destinations.values())
      if (settings.method === 'masquerade' || settings.method === 'full-nat') this.#addServer(key, server);
    for (const { first, last } of engine.snatPool) this.#pools.add(first === last ? first : `${first}-${last}`);
  }

  #addServer(service: Extract<ServiceKey, { by: 'address' }>, server: { address: string; port: number }): void {
    const protocol = service.protocol === 'any' ? undefined : service.protocol;
    note(this.#replies, whole(server.address), protocol, server.port === 0 ? service.port : server.port);
    this.#servers.add(server.address);
  }

  lines(): string[] {
    const sets: string[] = [];
    const rules: string[] = [];
    const set = (kind: string, type: string, flags: string, elements: readonly string[]): string => {
      const name = `${this.name}_${kind}`;
      sets.push(setText(name, type, flags, elements));
      return `@${name}`;
    };
    for (const family of families) {
      const { ip, type, icmp, errors, laterFragment } = words[family];
      const prefixSet = (kind: string, list: readonly Prefix[]): string | undefined => {
        const own = disjointPrefixes(list.filter((prefix) => prefix.family === family)).map(prefixText);
        return own.length === 0 ? undefined : set(`${kind}_${family}`, type, 'flags interval; ', own);
      };
      const kernelEchoes = prefixSet('kernel_echo', this.#kernelEchoes);
      if (kernelEchoes !== undefined) rules.push(`${ip} daddr ${kernelEchoes} ${icmp} type echo-request accept`);
      for (const [kind, shape] of this.#services)
        if (shape.family === family) {
          const name = set(
            `service_${kind}`,
            typeOf(shape),
            shape.prefixLength < words[family].bits ? 'flags interval; ' : '',
            [...shape.elements],
          );
          rules.push(`${selector(shape, 'daddr', 'dport')} ${name} drop`);
        }
      const vips = prefixSet('vip', this.#vips);
      if (vips !== undefined) {
        rules.push(`${ip} daddr ${vips} ${laterFragment} drop`);
        rules.push(`${ip} daddr ${vips} ${icmp} type { ${errors} } drop`);
      }
      const echoes = prefixSet('echo', this.#echoes);
      if (echoes !== undefined) rules.push(`${ip} daddr ${echoes} ${icmp} type echo-request drop`);
      rules.push(...this.#replyRules(family, set));
    }
    rules.push(...this.#neighbourRules());
    return [...sets, `  chain ${this.name} {`, ...rules.map((rule) => `    ${rule}`), '  }'];
  }

  /** What goes to this machine itself is the kernel's, but for the addresses that full NAT lends out. */
  #replyRules(
    family: Family,
    set: (kind: string, type: string, flags: string, elements: readonly string[]) => string,
  ): string[] {
    const { ip, type, icmp, errors, laterFragment } = words[family];
    const pools = [...this.#pools].filter((range) => familyOf(range) === family);
    const poolSet = pools.length === 0 ? undefined : set(`pool_${family}`, type, 'flags interval; auto-merge; ', pools);
    const servers = ofFamily(this.#servers, family);
    if (servers.length === 0) return [];
    const serverSet = set(`server_${family}`, type, '', servers);
    const targets = [`${ip} daddr != @local_${family}`, ...(poolSet === undefined ? [] : [`${ip} daddr ${poolSet}`])];
    const rules: string[] = [];
    for (const [kind, shape] of this.#replies) {
      if (shape.family !== family) continue;
      const name = set(`reply_${kind}`, typeOf(shape), '', [...shape.elements]);
      for (const target of targets) rules.push(`${selector(shape, 'saddr', 'sport')} ${name} ${target} drop`);
    }
    for (const target of targets) {
      rules.push(`${ip} saddr ${serverSet} ${target} ${laterFragment} drop`);
      rules.push(`${ip} saddr ${serverSet} ${target} ${icmp} type { ${errors} } drop`);
    }
    return rules;
  }

  /** nft before 1.0.8 has no word for the target of a solicitation: the 16 bytes behind the first eight of ICMPv6. */
  #neighbourRules(): string[] {
    const list = disjointPrefixes(this.#arp);
    const ip4 = list.filter(({ family }) => family === 'ip4').map(prefixText);
    const ip6 = list.filter(({ family }) => family === 'ip6').map(rangeOfBits);
    return [
      ...(ip4.length === 0 ? [] : [`arp operation request arp daddr ip { ${ip4.join(', ')} } drop`]),
      ...(ip6.length === 0 ? [] : [`icmpv6 type nd-neighbor-solicit @th,64,128 { ${ip6.join(', ')} } drop`]),
    ];
  }
}

const whole = (address: string): Prefix => {
  const family = familyOf(address);
  return { family, address, length: words[family].bits };
};

const prefixText = ({ family, address, length }: Prefix): string =>
  length === words[family].bits ? address : `${address}/${length}`;

/** `0x2001…-0x2001…`: from the first address to the last. */
function rangeOfBits({ address, length }: Prefix): string {
  const hex = (bytes: Uint8Array): string => `0x${Buffer.from(bytes).toString('hex')}`;
  const first = addressBytes(address);
  const last = first.map((byte, i) => byte | (0xff >> Math.max(0, Math.min(8, length - 8 * i))));
  return length === 128 ? hex(first) : `${hex(first)}-${hex(last)}`;
}

/** Elements of one shape cannot overlap, which nft would refuse: equal prefix lengths, and the same parts given. */
function note(
  shapes: Map<string, Shape>,
  prefix: Prefix,
  protocol: Exclude<Extract<ServiceKey, { by: 'address' }>['protocol'], 'any'> | undefined,
  port: number,
): void {
  const withProtocol = protocol !== undefined;
  const withPort = port !== 0;
  const { family, length } = prefix;
  const kind = `${family}_${length}${withProtocol ? '_protocol' : ''}${withPort ? '_port' : ''}`;
  let shape = shapes.get(kind);
  if (shape === undefined) {
    shape = { family, prefixLength: length, withProtocol, withPort, elements: new Set() };
    shapes.set(kind, shape);
  }
  const parts = [
    prefixText(prefix),
    protocol === undefined ? [] : `${protocolNumber(protocol)}`,
    withPort ? `${port}` : [],
  ];
  shape.elements.add(parts.flat().join(' . '));
}

const typeOf = ({ family, withProtocol, withPort }: Shape): string =>
  [words[family].type, ...(withProtocol ? ['inet_proto'] : []), ...(withPort ? ['inet_service'] : [])].join(' . ');

/** A port without a protocol is one of those that have ports where IPVS looks for them. */
const selector = ({ family, withProtocol, withPort }: Shape, address: string, port: string): string =>
  [
    ...(withPort && !withProtocol ? ['meta l4proto { 6, 17, 132 } '] : []),
    [
      `${words[family].ip} ${address}`,
      ...(withProtocol ? ['meta l4proto'] : []),
      ...(withPort ? [`th ${port}`] : []),
    ].join(' . '),
  ].join('');
