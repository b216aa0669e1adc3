import type { KernelTold } from './director.js';
import { familyOf } from '../model/address.js';
import { type Expected, familiesOf, kernels, outerFamily, servedName, vipOf } from './expected.js';
import type { Facts } from './facts.js';
import type { Found, Rule } from './finding.js';
import { effective, neighbourLink, outside, setSysctl, setting, sysctl } from './sysctl-facts.js';

/** What a director is judged by. */
export interface DirectorMachine extends KernelTold {
  readonly facts: Facts;
  readonly expected: Expected;
}

type Look = Rule<DirectorMachine>['look'];

const isKernelUsed = ({ expected }: DirectorMachine): boolean => expected.served.some(({ byKernel }) => byKernel);

const has = ({ modules, loadable }: Facts, module: string): boolean => modules.has(module) || loadable.has(module);

const ipvsMissing: Look = (machine) => {
  if (!isKernelUsed(machine) || machine.facts.hasIpvs) return [];
  return has(machine.facts, 'ip_vs')
    ? [{ text: 'the module ip_vs is not loaded', mend: 'modprobe ip_vs' }]
    : [{ text: `the kernel ${machine.facts.kernel ?? ''} has no module ip_vs` }];
};

/** Names of kernel modules: most are the scheduler's. */
const schedulerMissing: Look = ({ facts, expected }) => {
  if (facts.loadable.size === 0) return []; // no /lib/modules here: a container, where the host's are used
  return [...expected.schedulers].flatMap(([scheduler, service]): readonly Found[] => {
    const module = `ip_vs_${scheduler}`;
    return has(facts, module)
      ? []
      : [{ text: `${service} wants the scheduler ${scheduler}, and there is no module ${module}` }];
  });
};

const forwardingOff: Look = ({ facts, expected }) =>
  familiesOf(kernels(expected, 'masquerade')).flatMap((family): readonly Found[] => {
    const name = family === 'ip4' ? 'net/ipv4/ip_forward' : 'net/ipv6/conf/all/forwarding';
    return sysctl(facts, name) === '0' ? [{ text: `${name} is 0`, mend: setSysctl(name, 1) }] : [];
  });

const addressMissing: Look = ({ facts, expected }) => {
  const here = new Set(facts.addresses.map(({ address }) => address));
  const wanted = new Set(expected.served.filter(({ byKernel }) => byKernel).map(vipOf));
  return [...wanted]
    .filter((vip) => vip !== undefined)
    .filter((vip) => !here.has(vip) && !expected.heldByUs.has(vip))
    .map((vip) => ({
      text: `${vip} is on no interface, and no vrrp_instance holds it`,
      mend: `ip address add ${vip}/${familyOf(vip) === 'ip4' ? 32 : 128} dev lo`,
    }));
};

const strictFilter: Look = ({ facts }) => {
  const all = outside(facts);
  if (all.length < 2) return []; // everything comes and goes by the only one
  return all
    .filter((link) => effective(facts, link, 'rp_filter') === 1)
    .map((link) => ({
      text: `rp_filter of ${link} is strict (1)`,
      mend: setSysctl(`net/ipv4/conf/${link}/rp_filter`, 2),
    }));
};

/** A client that is behind the same link as the servers is told of the short way, and its packets miss the director. */
const redirects: Look = ({ facts, expected }) => {
  const translated = kernels(expected, 'masquerade');
  const links = new Set<string>();
  for (const one of translated) {
    const link = neighbourLink(facts, one.address);
    const vip = vipOf(one);
    if (link !== undefined && vip !== undefined && neighbourLink(facts, vip) === link) links.add(link);
  }
  return [...links]
    .filter((link) => ['all', link].some((place) => setting(facts, `net/ipv4/conf/${place}/send_redirects`) === 1))
    .map((link) => ({
      text: `clients and masqueraded servers are both on ${link}, and it sends redirects`,
      mend: ['all', link].map((place) => setSysctl(`net/ipv4/conf/${place}/send_redirects`, 0)).join('; '),
    }));
};

const linkOf = (facts: Facts, address: string): string | undefined =>
  facts.routes.get(address) ?? neighbourLink(facts, address);

const trackedForNothing: Look = (machine) =>
  isKernelUsed(machine) && sysctl(machine.facts, 'net/ipv4/vs/conntrack') === '1' && !machine.expected.hasMarks
    ? [{ text: 'net.ipv4.vs.conntrack is 1', mend: setSysctl('net/ipv4/vs/conntrack', 0) }]
    : [];

/** From here on (5.10) the kernel lets the new connection through at once. */
const REUSES_WELL = [5, 10] as const;

const slowReuse: Look = ({ facts }) =>
  sysctl(facts, 'net/ipv4/vs/conntrack') === '1' &&
  sysctl(facts, 'net/ipv4/vs/conn_reuse_mode') === '1' &&
  isOlder(facts.kernel, REUSES_WELL)
    ? [{ text: 'conntrack and conn_reuse_mode are both 1', mend: setSysctl('net/ipv4/vs/conn_reuse_mode', 0) }]
    : [];

function isOlder(kernel: string | undefined, [major, minor]: readonly [number, number]): boolean {
  const [, one, two] = /^(\d+)\.(\d+)/.exec(kernel ?? '') ?? [];
  return one !== undefined && (Number(one) < major || (Number(one) === major && Number(two) < minor));
}

const NEARLY_FULL = 0.8;

const trackingFull: Look = ({ facts }) => {
  const [count, most] = ['count', 'max'].map((word) => setting(facts, `net/netfilter/nf_conntrack_${word}`));
  return count !== undefined && most !== undefined && most > 0 && count > NEARLY_FULL * most
    ? [
        {
          text: `${count} of at most ${most} connections are tracked`,
          mend: setSysctl('net/netfilter/nf_conntrack_max', most * 2),
        },
      ]
    : [];
};

const merging: Look = ({ facts }) =>
  facts.merging.map((link) => ({ text: `${link} merges frames (LRO)`, mend: `ethtool -K ${link} lro off` }));

/** Bytes around a packet: an outer header, UDP and GUE, GRE. */
const headers = { ip4: 20, ip6: 40 } as const;
const extra: ReadonlyMap<string, number> = new Map([
  ['gre', 4],
  ['gue', 12],
]);
const ETHERNET_MTU = 1500;

const tunnelMtu: Look = ({ facts, expected }) => {
  const needed = new Map<string, number>();
  for (const one of kernels(expected, 'tunnel')) {
    const link = linkOf(facts, one.address);
    const around = headers[outerFamily(one)] + (extra.get(one.tunnel) ?? 0);
    if (link !== undefined) needed.set(link, Math.max(needed.get(link) ?? 0, ETHERNET_MTU + around));
  }
  return [...needed].flatMap(([link, mtu]) => {
    const have = facts.links.get(link)?.mtu;
    if (have === undefined || have >= mtu) return [];
    const text = `packets of ${ETHERNET_MTU} bytes do not fit into tunnels over ${link} (MTU ${have}, needed ${mtu})`;
    return [{ text, mend: `ip link set dev ${link} mtu ${mtu}` }];
  });
};

const noFragNeeded: Look = ({ facts, expected }) =>
  kernels(expected, 'tunnel').length > 0 && sysctl(facts, 'net/ipv4/vs/pmtu_disc') === '0'
    ? [{ text: 'net.ipv4.vs.pmtu_disc is 0', mend: setSysctl('net/ipv4/vs/pmtu_disc', 1) }]
    : [];

const syncLink: Look = ({ facts, expected }) =>
  expected.syncInterfaces.flatMap((name): readonly Found[] => {
    const link = facts.links.get(name);
    if (link === undefined) return [{ text: `there is no interface ${name}` }];
    return link.isUp ? [] : [{ text: `${name} is down`, mend: `ip link set dev ${name} up` }];
  });

/** Linux asks an idle peer after two hours (net.ipv4.tcp_keepalive_time). */
const KEEPALIVE_SECONDS = 7200;

const forgetsEarly: Look = ({ expected, idleSeconds }) =>
  expected.served.some(({ byKernel, key }) => byKernel && key.by === 'address' && key.protocol === 'tcp') &&
  idleSeconds !== undefined &&
  idleSeconds < KEEPALIVE_SECONDS
    ? [
        {
          text: `TCP connections that are idle for ${idleSeconds} s are forgotten`,
          mend: `ipvsadm --set ${KEEPALIVE_SECONDS} 0 0`,
        },
      ]
    : [];

/** Buckets are lists: with more connections in each, a packet's is searched for. */
const MOST_IN_A_BUCKET = 4;

const smallTable: Look = ({ facts, connections }) => {
  const { connTabBits: bits } = facts;
  if (bits === undefined || connections === undefined || connections <= MOST_IN_A_BUCKET * 2 ** bits) return [];
  const better = Math.min(20, Math.ceil(Math.log2(connections)));
  return [
    {
      text: `${connections} connections in ${2 ** bits} buckets (conn_tab_bits ${bits})`,
      mend: `echo 'options ip_vs conn_tab_bits=${better}' > /etc/modprobe.d/ip_vs.conf`,
    },
  ];
};

const defences: Look = ({ facts }) =>
  ['drop_entry', 'drop_packet', 'secure_tcp']
    .filter((name) => (setting(facts, `net/ipv4/vs/${name}`) ?? 0) > 0)
    .map((name) => ({
      text: `net.ipv4.vs.${name} is ${setting(facts, `net/ipv4/vs/${name}`)!}`,
      mend: setSysctl(`net/ipv4/vs/${name}`, 0),
    }));

const noCounters: Look = (machine) =>
  isKernelUsed(machine) && sysctl(machine.facts, 'net/ipv4/vs/run_estimation') === '0'
    ? [{ text: 'net.ipv4.vs.run_estimation is 0', mend: setSysctl('net/ipv4/vs/run_estimation', 1) }]
    : [];

const freeClock: Look = ({ facts }) =>
  facts.isSynchronised === false ? [{ text: 'no clock is followed', mend: 'timedatectl set-ntp true' }] : [];

/** The director is a server of its own, too: what the other director sends it must not be scheduled once more. */
const ownServer: Look = ({ facts, expected }) => {
  const here = new Set(facts.addresses.map(({ address }) => address));
  const both = kernels(expected, 'direct-route', 'tunnel').filter(({ address }) => here.has(address));
  if (both.length === 0 || expected.syncInterfaces.length === 0 || sysctl(facts, 'net/ipv4/vs/backup_only') === '1')
    return [];
  return [
    {
      text: `${servedName(both[0]!)} is this machine, and backup_only is 0`,
      mend: setSysctl('net/ipv4/vs/backup_only', 1),
    },
  ];
};

export const directorRules: readonly Rule<DirectorMachine>[] = [
  {
    name: 'ipvs-missing',
    severity: 'wrong',
    why: 'services of the kernel have no engine: nothing is balanced. `lvs_engine userspace` does without it.',
    look: ipvsMissing,
  },
  {
    name: 'scheduler-missing',
    severity: 'wrong',
    why: 'the kernel refuses a service whose scheduler it does not have.',
    look: schedulerMissing,
  },
  {
    name: 'forwarding-off',
    severity: 'wrong',
    why: 'replies of masqueraded servers pass this machine as a router; without forwarding they are dropped, and clients wait in vain.',
    look: forwardingOff,
  },
  {
    name: 'vip-missing',
    severity: 'wrong',
    why: 'IPVS sees packets that are for this machine. Those for an address it does not have are routed on, or dropped.',
    look: addressMissing,
  },
  {
    name: 'sync-interface',
    severity: 'wrong',
    why: 'connections are synchronised over it: after a failover all of them would be cut.',
    look: syncLink,
  },
  {
    name: 'conntrack-full',
    severity: 'wrong',
    why: 'when the table is full new connections are dropped, of whatever service, without a word to the client.',
    look: trackingFull,
  },
  {
    name: 'rp-filter-strict',
    severity: 'risk',
    why: 'a packet that comes in by another interface than the way back to its sender leads out is dropped and not counted anywhere one looks.',
    look: strictFilter,
  },
  {
    name: 'redirects',
    severity: 'risk',
    why: 'the servers learn of a way to the client that misses the director, their replies come from an address the client never asked, and connections hang.',
    look: redirects,
  },
  {
    name: 'pmtu-discovery-off',
    severity: 'risk',
    why: 'nobody learns that a packet is too long for its tunnel: small requests work, downloads hang.',
    look: noFragNeeded,
  },
  {
    name: 'conn-reuse-delay',
    severity: 'risk',
    why: 'kernels before 5.10 then drop the first packet of a connection whose port was used before: every such connect takes a second.',
    look: slowReuse,
  },
  {
    name: 'backup-only',
    severity: 'risk',
    why: 'a standby director that is also a real server schedules what it is sent once more, and the packet goes round in circles.',
    look: ownServer,
  },
  {
    name: 'lro',
    severity: 'risk',
    why: 'a merged frame is longer than any link: it cannot be forwarded as it came, and throughput falls to that of lost packets.',
    look: merging,
  },
  {
    name: 'clock',
    severity: 'risk',
    why: 'logs of two machines cannot be laid beside each other, certificates expire early or late, and `lvsctl push --at` means two times.',
    look: freeClock,
  },
  {
    name: 'defences',
    severity: 'hint',
    why: 'it drops packets or ends connections of good clients as well; it is for the hours of an attack.',
    look: defences,
  },
  {
    name: 'conntrack-of-ipvs',
    severity: 'hint',
    why: 'each balanced packet is looked up in nf_conntrack as well, about half of the throughput. Rules that match states of balanced connections need it; others do not.',
    look: trackedForNothing,
  },
  {
    name: 'tunnel-mtu',
    severity: 'hint',
    why: 'each full packet is answered with fragmentation needed, or an MSS must be clamped; a firewall on the way that drops ICMP makes downloads hang.',
    look: tunnelMtu,
  },
  {
    name: 'idle-timeout',
    severity: 'hint',
    why: 'both ends keep an idle connection for at least two hours before they ask (tcp_keepalive_time); the first packet after ours has forgotten it is reset.',
    look: forgetsEarly,
  },
  {
    name: 'connection-table',
    severity: 'hint',
    why: 'the kernel searches a list for each packet; the size is set when the module is loaded.',
    look: smallTable,
  },
  {
    name: 'no-estimation',
    severity: 'hint',
    why: 'the kernel then shows no counters or rates: statistics, metrics and the dashboard show zeros.',
    look: noCounters,
  },
];
