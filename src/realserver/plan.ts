/**
 * realserver/ — what a real server needs so that DR, TUN and L3DSR work: it takes packets for the VIP and keeps silent about having it.
 * rules: plan.ts, undo.ts, text.ts · codec: memory.ts · owner: real-server.ts
 */
import { type Family, familyOf } from '../model/address.js';

export type Method = 'dr' | 'tun';
/** Tunnel types of IPVS. gue is an IP tunnel in UDP: the same devices, and a port that opens it. */
export type TunnelKind = 'ipip' | 'gre' | 'gue';

/** What the operator asks for. Addresses are canonical text. */
export interface Wish {
  readonly method: Method;
  readonly vips: readonly string[];
  /** Where the VIPs live; absent: `lo` for dr, the tunnel device for tun. */
  readonly interface?: string;
  readonly tunnel: TunnelKind;
  /** The family of the tunnel's own packets; absent: that of the VIP. */
  readonly over?: Family;
  /** UDP port of gue. */
  readonly port: number;
  /** For L3DSR: what a DSCP in packets to this machine's own addresses means. Their VIPs are among `vips`. */
  readonly dscps: readonly DscpMapping[];
}

/** Packets with this DSCP (0 to 63) are for that VIP. */
export interface DscpMapping {
  readonly dscp: number;
  readonly vip: string;
}

/** As far as it concerns a wish. */
export interface Observed {
  /** Name as a path below /proc/sys; one that is not there has no entry. */
  readonly sysctls: ReadonlyMap<string, string>;
  readonly links: readonly { readonly name: string; readonly up: boolean; readonly resolvesNeighbours: boolean }[];
  readonly addresses: readonly {
    readonly interface: string;
    readonly address: string;
    readonly prefixLength: number;
    readonly dadFailed: boolean;
  }[];
  /** UDP ports that open gue. */
  readonly ports: readonly GuePort[];
  /** What DSCPs mean now. Not looked at unless it is asked for. */
  readonly dscps: readonly DscpMapping[];
}

export interface GuePort {
  readonly family: Family;
  readonly port: number;
}

/** `any6` is an ip6tnl for packets of either family, which the kernel does not make by itself. */
export type DeviceKind = 'ipip' | 'sit' | 'ip6tnl' | 'any6' | 'gre' | 'ip6gre';

/** One thing to do. Data: shown, remembered, carried out, undone. */
export type Step =
  | { readonly do: 'add-tunnel'; readonly interface: string; readonly kind: DeviceKind }
  | { readonly do: 'set-sysctl'; readonly name: string; readonly value: string; readonly was: string | undefined }
  | { readonly do: 'open-port' | 'close-port'; readonly family: Family; readonly port: number }
  | { readonly do: 'set-up' | 'set-down' | 'delete-link'; readonly interface: string }
  | { readonly do: 'add-address' | 'delete-address'; readonly interface: string; readonly address: string }
  | { readonly do: 'map-dscp'; readonly dscp: number; readonly vip: string; readonly was: string | undefined }
  | { readonly do: 'unmap-dscp'; readonly dscp: number; readonly vip: string };

/** Steps put it right; problems are sentences about what only a person can put right. */
export interface Plan {
  readonly steps: readonly Step[];
  readonly problems: readonly string[];
}

type Device = readonly [name: string, kind: DeviceKind];

/** Devices by the families of the packets inside and around. All but lvs-any6 come with their module; they take what any director sends. */
const ipDevices: Readonly<Record<`${Family} in ${Family}`, Device>> = {
  'ip4 in ip4': ['tunl0', 'ipip'],
  'ip6 in ip4': ['sit0', 'sit'],
  'ip4 in ip6': ['lvs-any6', 'any6'],
  'ip6 in ip6': ['ip6tnl0', 'ip6tnl'],
};
const greDevices: Readonly<Record<Family, Device>> = { ip4: ['gre0', 'gre'], ip6: ['ip6gre0', 'ip6gre'] };

function deviceOf({ tunnel, over }: Wish, family: Family): Device {
  const carrier = over ?? family;
  return tunnel === 'gre' ? greDevices[carrier] : ipDevices[`${family} in ${carrier}`];
}

export const fullLength = (family: Family): number => (family === 'ip4' ? 32 : 128);

const familiesOf = ({ vips }: Wish): Family[] =>
  (['ip4', 'ip6'] as const).filter((family) => vips.some((vip) => familyOf(vip) === family));

/** Where a VIP of this family goes. */
export const interfaceOf = (wish: Wish, family: Family): string =>
  wish.interface ?? (wish.method === 'dr' ? 'lo' : deviceOf(wish, family)[0]);

/** A sysctl that matters. `fits` may ask for others; `value` is what to set where it does not. */
interface Requirement {
  readonly name: string;
  readonly value: string;
  readonly fits: (value: string) => boolean;
}

type Read = (name: string) => string | undefined;

/** Every sysctl that a wish looks at, for whoever observes. */
export function sysctlsOf(wish: Wish): string[] {
  const names = new Set<string>();
  const note = (name: string): undefined => void names.add(name);
  for (const family of familiesOf(wish)) for (const { name } of requirements(wish, family, note)) names.add(name);
  return [...names];
}

function requirements(wish: Wish, family: Family, read: Read): Requirement[] {
  const holder = interfaceOf(wish, family);
  if (family === 'ip6') {
    // Neighbour solicitations are answered for the addresses of the asked interface only: nothing to suppress.
    return [...new Set([holder, ...tunnelOf(wish, family)])].map((name) =>
      oneOf(`net/ipv6/conf/${name}/disable_ipv6`, ['0']),
    );
  }
  // The kernel takes the greater of `all` and the interface a question came in on.
  const silence = [...new Set(['all', holder])].flatMap((name) => [
    oneOf(`net/ipv4/conf/${name}/arp_ignore`, ['1', '2', '8']),
    oneOf(`net/ipv4/conf/${name}/arp_announce`, ['2']),
  ]);
  return [...silence, ...tunnelOf(wish, family).map((device) => reversePath(device, read))];
}

const tunnelOf = (wish: Wish, family: Family): string[] => (wish.method === 'tun' ? [deviceOf(wish, family)[0]] : []);

/** The first value is what gets set. */
const oneOf = (name: string, values: readonly [string, ...string[]]): Requirement => ({
  name,
  value: values[0],
  fits: (value) => values.includes(value),
});

/**
 * A packet out of the tunnel comes from a client that is not behind the tunnel, which a strict filter drops. The kernel takes the greater
 * of `all` and the device, where 1 is strict and 2 loose: a strict `all` is outdone by a loose device and stays in force for the others.
 */
function reversePath(device: string, read: Read): Requirement {
  const all = read('net/ipv4/conf/all/rp_filter') ?? '0';
  return {
    name: `net/ipv4/conf/${device}/rp_filter`,
    value: all === '0' ? '0' : '2',
    fits: (value) => Math.max(Number(all), Number(value)) !== 1,
  };
}

/** What turns `observed` into the wish. Pure; an observed that is as wished gives no steps. */
export function plan(wish: Wish, observed: Observed): Plan {
  const read: Read = (name) => observed.sysctls.get(name);
  const families = familiesOf(wish);
  const tunnels = families.flatMap((family) => planTunnel(wish, family, observed));
  const sysctls = (family: Family): Step[] =>
    families.includes(family) ? planSysctls(requirements(wish, family, read), read) : [];
  const holders = families.map((family) => interfaceOf(wish, family));
  const devices = [...new Set([...families.flatMap((family) => tunnelOf(wish, family)), ...holders])];
  const down = devices.filter((name) => observed.links.find((link) => link.name === name)?.up !== true);
  return {
    steps: once([
      ...tunnels,
      ...sysctls('ip4'), // silence comes before the addresses
      ...families.flatMap((family) => planPort(wish, family, observed)),
      ...down.map((name): Step => ({ do: 'set-up', interface: name })),
      ...sysctls('ip6'), // the kernel makes a tunnel's IPv6 part when it is set up first
      ...wish.vips.flatMap((vip) => planAddress(wish, vip, observed)),
      ...wish.dscps.flatMap((mapping) => planDscp(mapping, observed)), // to an address that is there
    ]),
    problems: [
      ...missingInterfaces(devices, tunnels, observed),
      ...wish.vips.flatMap((vip) => addressProblems(interfaceOf(wish, familyOf(vip)), vip, observed)),
    ],
  };
}

/** VIPs of both families may need the same device or port. */
const once = (steps: readonly Step[]): Step[] => [
  ...new Map(steps.map((step) => [JSON.stringify(step), step])).values(),
];

function planTunnel(wish: Wish, family: Family, observed: Observed): Step[] {
  if (wish.method === 'dr') return [];
  const [name, kind] = deviceOf(wish, family);
  return observed.links.some((link) => link.name === name) ? [] : [{ do: 'add-tunnel', interface: name, kind }];
}

function planPort({ method, tunnel, port, over }: Wish, inner: Family, observed: Observed): Step[] {
  const family = over ?? inner;
  const open = observed.ports.some((one) => one.family === family && one.port === port);
  return method === 'tun' && tunnel === 'gue' && !open ? [{ do: 'open-port', family, port }] : [];
}

function planSysctls(list: readonly Requirement[], read: Read): Step[] {
  return list.flatMap(({ name, value, fits }): Step[] => {
    const was = read(name);
    return was !== undefined && fits(was) ? [] : [{ do: 'set-sysctl', name, value, was }];
  });
}

function planAddress(wish: Wish, vip: string, observed: Observed): Step[] {
  const holder = interfaceOf(wish, familyOf(vip));
  const there = observed.addresses.some(({ interface: name, address }) => name === holder && address === vip);
  return there ? [] : [{ do: 'add-address', interface: holder, address: vip }];
}

/** Whether both are about the same packets: those of IPv4 and of IPv6 have DSCPs of their own. */
export const isSameDscp = (one: DscpMapping, other: DscpMapping): boolean =>
  one.dscp === other.dscp && familyOf(one.vip) === familyOf(other.vip);

function planDscp({ dscp, vip }: DscpMapping, { dscps }: Observed): Step[] {
  const was = dscps.find((one) => isSameDscp(one, { dscp, vip }))?.vip;
  return was === vip ? [] : [{ do: 'map-dscp', dscp, vip, was }];
}

function missingInterfaces(devices: readonly string[], tunnels: readonly Step[], observed: Observed): string[] {
  const coming = tunnels.map((step) => (step.do === 'add-tunnel' ? step.interface : ''));
  return devices
    .filter((name) => !coming.includes(name) && !observed.links.some((link) => link.name === name))
    .map((name) => `there is no interface ${name}`);
}

function addressProblems(holder: string, vip: string, observed: Observed): string[] {
  const length = fullLength(familyOf(vip));
  return observed.addresses
    .filter(({ address }) => address === vip)
    .flatMap((found) => {
      if (found.interface === holder)
        return [
          ...(found.prefixLength === length
            ? []
            : [`${vip} is on ${holder} as /${found.prefixLength}; it must be /${length}`]),
          ...(found.dadFailed
            ? [`${vip} on ${holder} failed duplicate address detection; remove it and run this again`]
            : []),
        ];
      const link = observed.links.find(({ name }) => name === found.interface);
      return link?.resolvesNeighbours === true
        ? [`${vip} is on ${found.interface}, too, which answers for it on the network; remove it there`]
        : [];
    });
}
