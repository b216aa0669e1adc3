import { familyOf } from '../model/address.js';
import { type Expected, outerFamily, type Served, servedName, vipOf } from './expected.js';
import type { Facts } from './facts.js';
import type { Found, Rule } from './finding.js';
import { effective, isLoopback, neighbourLink, outside, setSysctl, setting, sysctl } from './sysctl-facts.js';

/** What a real server is judged by. */
export interface ServerMachine {
  readonly facts: Facts;
  /** What of the configuration it serves. */
  readonly served: readonly Served[];
  /** Addresses of directors: the ones that answer, and those they hold together. */
  readonly directors: ReadonlySet<string>;
  /** The machine that looks. */
  readonly director: Facts;
  /** The director's clock when the server's was read, in seconds since 1970. */
  readonly epoch: number;
}

/** What of the configuration a machine with these addresses serves; `expected` is all of it. */
export const servedBy = ({ served }: Expected, addresses: ReadonlySet<string>): readonly Served[] =>
  served.filter(({ address }) => addresses.has(address));

type Look = Rule<ServerMachine>['look'];

/** By direct routing or a tunnel: packets for the VIP itself arrive. */
const direct = ({ served }: ServerMachine): readonly Served[] =>
  served.filter(({ method }) => method === 'direct-route' || method === 'tunnel' || method === 'l3dsr');
const tunnelled = ({ served }: ServerMachine): readonly Served[] => served.filter(({ method }) => method === 'tunnel');

const vipsOf = (served: readonly Served[]): readonly string[] => [
  ...new Set(served.map(vipOf).filter((vip) => vip !== undefined)),
];
const holders = ({ addresses }: Facts, vip: string): readonly string[] =>
  addresses.filter(({ address }) => address === vip).map(({ link }) => link);

const methodWords = ({ method, tunnel }: Served): string =>
  method === 'tunnel' ? `--method tun --tunnel ${tunnel}` : '--method dr';

const vipMissing: Look = (machine) =>
  vipsOf(direct(machine))
    .filter((vip) => holders(machine.facts, vip).length === 0)
    .map((vip) => ({
      text: `${vip} is on no interface`,
      mend: `lvsd realserver --vip ${vip} ${methodWords(direct(machine).find((one) => vipOf(one) === vip)!)}`,
    }));

/** VIPs of IPv4 that are here and must not be known to be. */
const secret = (machine: ServerMachine): readonly string[] =>
  vipsOf(direct(machine)).filter((vip) => familyOf(vip) === 'ip4' && holders(machine.facts, vip).length > 0);

const talkative =
  (word: 'arp_ignore' | 'arp_announce', fits: readonly number[], value: number): Look =>
  (machine) => {
    if (secret(machine).length === 0) return [];
    return outside(machine.facts).flatMap((link): readonly Found[] => {
      const have = effective(machine.facts, link, word);
      if (have === undefined || fits.includes(have)) return [];
      return [{ text: `${word} of ${link} is ${have}`, mend: setSysctl(`net/ipv4/conf/all/${word}`, value) }];
    });
  };

/** An address of the link that is asked is answered for, whatever is set. */
const openVip: Look = (machine) =>
  machine.facts.addresses
    .filter(({ address, link }) => secret(machine).includes(address) && outside(machine.facts).includes(link))
    .map(({ address, link, prefixLength }) => ({
      text: `${address} is on ${link}`,
      mend: `ip address add ${address}/32 dev lo; ip address del ${address}/${prefixLength} dev ${link}`,
    }));

const wideVip: Look = (machine) =>
  machine.facts.addresses
    .filter(
      ({ address, link, prefixLength }) =>
        secret(machine).includes(address) && isLoopback(machine.facts, link) && prefixLength < 32,
    )
    .map(({ address, link, prefixLength }) => ({
      text: `${address}/${prefixLength} is on ${link}`,
      mend: `ip address add ${address}/32 dev ${link}; ip address del ${address}/${prefixLength} dev ${link}`,
    }));

/** The type of the devices that take what comes in each sort of tunnel, as ip(8) names it. */
function deviceFor(one: Served): string {
  const outer = outerFamily(one);
  if (one.tunnel === 'gre') return outer === 'ip4' ? 'gre' : 'gre6';
  const vip = vipOf(one);
  if (outer === 'ip6') return 'tunnel6';
  return vip !== undefined && familyOf(vip) === 'ip6' ? 'sit' : 'ipip';
}

const tunnelMissing: Look = (machine) => {
  const links = [...machine.facts.links.values()];
  const missing = tunnelled(machine).filter((one) => !links.some(({ type, isUp }) => isUp && deviceFor(one) === type));
  const [first] = missing;
  if (first === undefined) return [];
  const vip = vipOf(first);
  return [
    {
      text: `no device that is up takes the ${first.tunnel} packets of ${servedName(first)}`,
      ...(vip === undefined ? {} : { mend: `lvsd realserver --vip ${vip} ${methodWords(first)}` }),
    },
  ];
};

const tunnelFilter: Look = (machine) => {
  if (tunnelled(machine).length === 0) return [];
  const types = new Set(tunnelled(machine).map(deviceFor));
  return [...machine.facts.links]
    .filter(([name, { type, isUp }]) => isUp && types.has(type) && effective(machine.facts, name, 'rp_filter') === 1)
    .map(([name]) => ({
      text: `rp_filter of ${name} is strict (1)`,
      mend: setSysctl(`net/ipv4/conf/${name}/rp_filter`, 2),
    }));
};

const wrongGateway: Look = ({ facts, served, directors }) => {
  const families = new Set(
    served.filter(({ method }) => method === 'masquerade').map(({ address }) => familyOf(address)),
  );
  return [...families].flatMap((family): readonly Found[] => {
    const ours = [...directors].filter((address) => familyOf(address) === family);
    const gateways = facts.gateways.filter((address) => familyOf(address) === family);
    if (ours.length === 0 || gateways.some((address) => directors.has(address))) return [];
    const have =
      gateways.length === 0 ? 'there is no default route' : `the default route leads to ${gateways.join(', ')}`;
    return [
      {
        text: `${have}; a director is ${ours.join(', ')}`,
        mend: `ip ${family === 'ip4' ? '-4' : '-6'} route replace default via ${ours[0]!}`,
      },
    ];
  });
};

/** Replies carry the VIP as their source, and the director has that address, too. IPv6 does not mind. */
const ownSource: Look = (machine) => {
  const { facts, director } = machine;
  const through = facts.gateways.filter((address) => director.addresses.some((held) => held.address === address));
  const vips = secret(machine).filter((vip) => director.addresses.some(({ address }) => address === vip));
  return through.flatMap((gateway): readonly Found[] => {
    const link =
      director.addresses.find(({ address }) => address === gateway)?.link ?? neighbourLink(director, gateway);
    if (familyOf(gateway) !== 'ip4' || link === undefined || vips.length === 0) return [];
    if (effective(director, link, 'accept_local') !== 0) return [];
    return [
      {
        text: `replies of ${vips.join(', ')} go through the director, whose accept_local of ${link} is 0`,
        mend: setSysctl(`net/ipv4/conf/${link}/accept_local`, 1),
        mendOn: 'director',
      },
    ];
  });
};

const ANY = new Set(['0.0.0.0', '::']);

const notListening: Look = ({ facts: { listening }, served }) => {
  if (listening === undefined) return [];
  const seen = new Set<string>();
  return served.flatMap((one): readonly Found[] => {
    const { key, address, port, method } = one;
    if (key.by !== 'address' || (key.protocol !== 'tcp' && key.protocol !== 'udp') || port === 0) return [];
    const asked = method === 'masquerade' || method === 'full-nat' ? address : key.address;
    const name = `${key.protocol} ${asked} ${port}`;
    const isHeard = listening.some(
      (socket) =>
        socket.protocol === key.protocol &&
        socket.port === port &&
        (ANY.has(socket.address) || socket.address === asked),
    );
    if (isHeard || seen.has(name)) return [];
    seen.add(name);
    return [{ text: `nobody listens at ${key.protocol} ${asked}:${port}` }];
  });
};

const MOST_SECONDS_APART = 2;

const otherTime: Look = ({ facts, epoch }) => {
  const apart = facts.epoch === undefined ? 0 : facts.epoch - epoch;
  return Math.abs(apart) > MOST_SECONDS_APART
    ? [
        {
          text: `its clock is ${Math.abs(apart)} s ${apart > 0 ? 'ahead of' : 'behind'} the director's`,
          mend: 'timedatectl set-ntp true',
        },
      ]
    : [];
};

const noIpv6: Look = (machine) => {
  const name = 'net/ipv6/conf/lo/disable_ipv6';
  return vipsOf(direct(machine)).some((vip) => familyOf(vip) === 'ip6') && sysctl(machine.facts, name) === '1'
    ? [{ text: `${name} is 1`, mend: setSysctl(name, 0) }]
    : [];
};

const noProbing: Look = (machine) =>
  tunnelled(machine).length > 0 && setting(machine.facts, 'net/ipv4/tcp_mtu_probing') === 0
    ? [{ text: 'net.ipv4.tcp_mtu_probing is 0', mend: setSysctl('net/ipv4/tcp_mtu_probing', 1) }]
    : [];

export const serverRules: readonly Rule<ServerMachine>[] = [
  {
    name: 'server-vip-missing',
    severity: 'wrong',
    why: 'packets arrive with the VIP as their destination, and a machine that does not have it drops them.',
    look: vipMissing,
  },
  {
    name: 'server-arp-ignore',
    severity: 'wrong',
    why: 'the server answers ARP for the VIP: some clients reach it and never the director, and which ones changes with every cache.',
    look: talkative('arp_ignore', [1, 2, 8], 1),
  },
  {
    name: 'server-vip-on-link',
    severity: 'wrong',
    why: 'the server answers ARP for an address of that link, whatever arp_ignore says; the VIP belongs on lo.',
    look: openVip,
  },
  {
    name: 'server-arp-announce',
    severity: 'wrong',
    why: 'the server asks ARP questions in the name of the VIP; routers learn its address from them, and the director gets no more packets.',
    look: talkative('arp_announce', [2], 2),
  },
  {
    name: 'server-tunnel-missing',
    severity: 'wrong',
    why: 'nobody takes the packets out of their tunnel; the kernel answers protocol unreachable, or nothing.',
    look: tunnelMissing,
  },
  {
    name: 'server-tunnel-filter',
    severity: 'wrong',
    why: 'what comes out of the tunnel is from clients that are not behind it: a strict filter drops all of it.',
    look: tunnelFilter,
  },
  {
    name: 'server-gateway',
    severity: 'wrong',
    why: 'replies must pass the director, which gives them the address the client asked; past it they come from a stranger and are reset.',
    look: wrongGateway,
  },
  {
    name: 'accept-local',
    severity: 'wrong',
    why: 'a router drops packets that come from an address of its own. Or let the replies go past the director, which is what direct routing is for.',
    look: ownSource,
  },
  {
    name: 'server-not-listening',
    severity: 'wrong',
    why: 'connections are refused, also when a check of another port or address is content.',
    look: notListening,
  },
  {
    name: 'server-ipv6-off',
    severity: 'wrong',
    why: 'the VIP cannot be put there.',
    look: noIpv6,
  },
  {
    name: 'server-vip-wide',
    severity: 'risk',
    why: 'on loopback every address of the prefix is local: the server does not reach its neighbours of that network any more.',
    look: wideVip,
  },
  {
    name: 'server-clock',
    severity: 'risk',
    why: 'logs cannot be laid beside those of the director, and certificates expire early or late.',
    look: otherTime,
  },
  {
    name: 'server-mtu-probing',
    severity: 'hint',
    why: 'replies do not pass the tunnel, requests do: where ICMP is filtered, probing finds the size that fits.',
    look: noProbing,
  },
];
