/** Servers of every kind, NAT and those with the VIP and a tunnel's end, and one case per way to carry a packet to them. */
import type { Family } from '../../src/model/address.js';
import {
  type DestinationSettings,
  defaultDestinationSettings,
  plainTunnel,
  type Tunnel,
} from '../../src/model/destination.js';
import type { ServiceKey } from '../../src/model/service.js';
import { type Endpoint, serve } from './peers.js';
import { type Host, mustRun, type Network, type Topology } from './topology.js';

export const protocols = ['tcp', 'udp', 'sctp'] as const;
export const vip = { ip4: '10.1.0.100', ip6: 'fd01::100' };
export const client = { ip4: '10.1.0.2', ip6: 'fd01::2' };
/** The real servers of one kind, each with its address per family. */
const behind = {
  nat1: { ip4: '10.2.0.21', ip6: 'fd02::21' },
  nat2: { ip4: '10.2.0.22', ip6: 'fd02::22' },
};
const direct = {
  rs1: { ip4: '10.2.0.11', ip6: 'fd02::11' },
  rs2: { ip4: '10.2.0.12', ip6: 'fd02::12' },
};
export const GUE_PORT = 6080;

/** Its answers go back through the director. */
const natServer = ({ ip4, ip6 }: Record<Family, string>): Host => ({
  links: { inside: [`${ip4}/24`, `${ip6}/64`] },
  routes: ['default via 10.2.0.1', 'default via fd02::1'],
});

/** It has the VIP itself, does not speak of it on the link, and answers the client straight. */
const directServer = ({ ip4, ip6 }: Record<Family, string>): Host => ({
  links: {
    lo: [`${vip.ip4}/32`, `${vip.ip6}/128`],
    inside: [`${ip4}/24`, `${ip6}/64`],
    outside: [`${ip4.replace('10.2.', '10.1.')}/24`, `${ip6.replace('fd02', 'fd01')}/64`],
  },
  sysctls: { 'net.ipv4.conf.all.arp_ignore': 1, 'net.ipv4.conf.all.arp_announce': 2 },
});

/** `vips`: what of them the director itself has; the engine can do without. */
const siteWith = (vips: readonly string[], forwards: 0 | 1): Topology => ({
  hosts: {
    client: { links: { outside: [`${client.ip4}/24`, `${client.ip6}/64`] } },
    director: {
      links: {
        outside: ['10.1.0.1/24', 'fd01::1/64', ...vips],
        inside: ['10.2.0.1/24', 'fd02::1/64'],
      },
      sysctls: { 'net.ipv4.ip_forward': forwards, 'net.ipv6.conf.all.forwarding': forwards },
    },
    nat1: natServer(behind.nat1),
    nat2: natServer(behind.nat2),
    rs1: directServer(direct.rs1),
    rs2: directServer(direct.rs2),
  },
});

export const forwardingSite = siteWith([`${vip.ip4}/32`, `${vip.ip6}/128`], 1);
/** Here the director's kernel knows nothing of the VIPs, and forwards nothing: where nobody keeps it from seeing packets it shall not answer. */
export const engineSite = siteWith([], 0);

export interface Case {
  readonly name: string;
  readonly service: Family;
  readonly server: Family;
  readonly settings: DestinationSettings;
  /** The end of the tunnel on a real server, after `ip link add`. */
  readonly device?: (local: string) => string;
}

const tunnels: Record<string, Tunnel> = {
  ipip: plainTunnel,
  gue: { ...plainTunnel, type: 'gue', port: GUE_PORT },
  'gue with checksum': { ...plainTunnel, type: 'gue', port: GUE_PORT, checksum: true },
  'gue with remote checksum': { ...plainTunnel, type: 'gue', port: GUE_PORT, remoteChecksum: true },
  gre: { ...plainTunnel, type: 'gre' },
  'gre with checksum': { ...plainTunnel, type: 'gre', checksum: true },
};

/** GUE's UDP header is taken off before (`ip fou`), so that what comes to the device is as with ipip. */
function device({ type, checksum }: Tunnel, service: Family, server: Family): (local: string) => string {
  if (type === 'gre') {
    const kind = server === 'ip4' ? 'gre' : 'ip6gre';
    return (local) => `type ${kind} local ${local} ${checksum ? 'icsum' : ''}`;
  }
  if (server === 'ip6') return (local) => `type ip6tnl local ${local} mode any`;
  return (local) => `type ${service === 'ip4' ? 'ipip' : 'sit'} local ${local}`;
}

const families = ['ip4', 'ip6'] as const;
const plain = families.flatMap((family): Case[] => [
  {
    name: `NAT, ${family}`,
    service: family,
    server: family,
    settings: { ...defaultDestinationSettings, method: 'masquerade' },
  },
  { name: `DR, ${family}`, service: family, server: family, settings: defaultDestinationSettings },
]);
const tunnelled = Object.entries(tunnels).flatMap(([name, tunnel]) =>
  families.flatMap((service) =>
    families.map(
      (server): Case => ({
        name: `TUN ${name}, ${service === server ? service : `${service} in ${server}`}`,
        service,
        server,
        settings: { ...defaultDestinationSettings, method: 'tunnel', tunnel },
        device: device(tunnel, service, server),
      }),
    ),
  ),
);
const allCases = [...plain, ...tunnelled];
/** Under emulation each case takes many seconds: one of each kind. */
const smoke = ['NAT, ip4', 'NAT, ip6', 'DR, ip4', 'TUN ipip, ip4', 'TUN gue, ip6', 'TUN gre, ip4'];
export const cases =
  process.env['LAB_KERNEL'] === 'qemu' ? allCases.filter(({ name }) => smoke.includes(name)) : allCases;

/** A port per case, so that the counters of each remain to be read at the end: the kernel brings them up to date every two seconds. */
export const portOf = (index: number): number => 2000 + index;
export const serviceKeys = (index: number, { service }: Case): ServiceKey[] =>
  protocols.map((protocol) => ({ by: 'address', protocol, address: vip[service], port: portOf(index) }));
export const serversFor = ({ settings }: Case): Record<string, Record<Family, string>> =>
  settings.method === 'masquerade' ? behind : direct;

export async function startServers(network: Network): Promise<void> {
  for (const [host, addresses] of Object.entries({ ...behind, ...direct })) {
    const endpoints = cases.flatMap((one, index): Endpoint[] => {
      if (!(host in serversFor(one))) return [];
      const address = one.settings.method === 'masquerade' ? addresses[one.server] : vip[one.service];
      return protocols.map((protocol) => ({ protocol, address, port: portOf(index) }));
    });
    await serve(host, endpoints);
  }
  await mustRun([process.env['LAB_MODPROBE'] ?? 'modprobe', 'fou']); // the kernel does not look for it by itself
  for (const host of Object.keys(direct))
    for (const family of ['-4', '-6'])
      await network.must(host, 'ip', family, 'fou', 'add', 'port', String(GUE_PORT), 'gue');
}

/** The servers' end of a case's tunnel; those without one have none. */
export async function openTunnels(network: Network, one: Case): Promise<void> {
  if (one.device === undefined) return;
  for (const [host, address] of Object.entries(serversFor(one))) {
    await network.must(host, ...`ip link add name tunnel ${one.device(address[one.server])}`.trim().split(/ +/));
    await network.must(host, 'ip', 'link', 'set', 'tunnel', 'up');
  }
}

/** Takes them away again, and says how many packets came through the one that had the fewest; undefined: there are none. */
export async function closeTunnels(network: Network, one: Case): Promise<number | undefined> {
  if (one.device === undefined) return undefined;
  const received: number[] = [];
  for (const host of Object.keys(serversFor(one))) {
    received.push(Number(await network.must(host, 'cat', '/sys/class/net/tunnel/statistics/rx_packets')));
    await network.must(host, 'ip', 'link', 'delete', 'tunnel');
  }
  return Math.min(...received);
}

/** The engine's words for a case's method, after `lvs_method`. */
export function engineMethod({ settings: { method, tunnel } }: Case): string {
  if (method === 'masquerade') return 'NAT';
  if (method === 'direct-route') return 'DR';
  const { type, port, checksum } = tunnel;
  return `TUN type ${type}${type === 'gue' ? ` port ${port}` : ''}${checksum ? ' csum' : ''}`;
}
