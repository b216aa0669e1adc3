import { LvsError } from '../errors.js';

/** Where the values live; src/system/sysctl.ts has the one over /proc/sys. Names are paths: `net/ipv4/vs/conntrack`. */
export interface SysctlPort {
  read(name: string): Promise<string>;
  write(name: string, value: string): Promise<void>;
}

/** What a sysctl holds: how its text becomes a value, which values are taken, and a phrase for both. */
export interface Kind<T> {
  readonly expected: string;
  /** undefined: not the text of such a value. */
  parse(text: string): T | undefined;
  accepts(value: T): boolean;
  print(value: T): string;
}

const wholeNumber = /^-?\d{1,10}$/;

const numeric = (expected: string, accepts: (value: number) => boolean): Kind<number> => ({
  expected,
  parse: (text) => (wholeNumber.test(text) ? Number(text) : undefined),
  accepts: (value) => Number.isInteger(value) && accepts(value),
  print: String,
});

const integer = (low: number, high: number): Kind<number> =>
  numeric(`a whole number from ${low} to ${high}`, (value) => value >= low && value <= high);

const intMax = 0x7fff_ffff;
const anyInt = integer(-intMax - 1, intMax);
/** The kernel stores any int and asks only whether it is zero. */
const onOff: Kind<number> = { ...anyInt, expected: '0 (off) or another whole number (on)' };
const automatic = integer(0, 3);
const powerOfTwo = (highest: number): Kind<number> =>
  numeric(`a power of two from 1 to ${highest}`, (n) => n >= 1 && n <= highest && (n & (n - 1)) === 0);

const threshold: Kind<readonly [number, number]> = {
  expected: "two whole numbers 'first period' with 0 <= first < period, or '0 0'",
  parse(text) {
    const [first = '', period = '', ...rest] = text.split(/[ \t]+/);
    return rest.length === 0 && wholeNumber.test(first) && wholeNumber.test(period)
      ? [Number(first), Number(period)]
      : undefined;
  },
  accepts: ([first, period]) =>
    Number.isInteger(first) &&
    Number.isInteger(period) &&
    period <= intMax &&
    first >= 0 &&
    (first < period || first + period === 0),
  print: ([first, period]) => `${first} ${period}`,
};

const cpuList: Kind<string> = {
  expected: "a list of CPUs such as '0-3,8', or nothing",
  parse: (text) => (isCpuList(text) ? text : undefined),
  accepts: isCpuList,
  print: (text) => text,
};

function isCpuList(text: string): boolean {
  return text === '' || text.split(',').every((range) => /^\d{1,5}(-\d{1,5}(:\d{1,5}\/\d{1,5})?)?$/.test(range));
}

interface Row<T> {
  readonly kind: Kind<T>;
  /** What a fresh initial namespace of 7.2 has; undefined where the kernel computes it. */
  readonly initial: T | undefined;
  readonly meaning: string;
  /** The first kernel that has it, where that is newer than the oldest we support. */
  readonly since?: string;
}

const row = <T>(kind: Kind<T>, initial: T | undefined, meaning: string, since?: string): Row<T> => ({
  kind,
  initial,
  meaning,
  ...(since === undefined ? {} : { since }),
});

/** Every file of /proc/sys/net/ipv4/vs in Linux 7.2, with the ranges that kernel was seen to take. */
export const ipvsSysctls = {
  am_droprate: row(anyInt, 10, 'drop_packet mode 3 drops one packet of so many'),
  amemthresh: row(anyInt, 1024, 'free pages below which the automatic defences start'),
  backup_only: row(
    onOff,
    0,
    'schedule nothing while only a backup sync daemon runs: a director that is also a real server',
  ),
  cache_bypass: row(onOff, 0, 'forward to the original destination when no cache server is left'),
  conn_lfactor: row(integer(-8, 8), -4, 'load factor of the connection table: 2^n entries a bucket', '7.x'),
  conn_max: row(integer(0, 2 ** 30), 2 ** 30, 'most connections a namespace may hold', '7.2'),
  conn_reuse_mode: row(
    anyInt,
    1,
    'a reused client port is scheduled anew: bit 0 when safe (NAT: TIME_WAIT), bit 1 in FIN_WAIT too (DR, TUN)',
  ),
  conntrack: row(onOff, 0, 'keep nf_conntrack entries for balanced connections, so that netfilter sees them'),
  debug_level: row(
    anyInt,
    0,
    'how much the kernel logs; only with CONFIG_IP_VS_DEBUG, only the initial namespace writes it',
  ),
  drop_entry: row(
    automatic,
    0,
    'drop half-open entries: 0 never, 1 and 2 when memory is short (2: now active), 3 always',
  ),
  drop_packet: row(automatic, 0, 'drop packets before scheduling: 0 never, 1 and 2 when memory is short, 3 always'),
  est_cpulist: row(cpuList, undefined, 'CPUs of the threads that compute rates; empty stops them', '6.2'),
  est_nice: row(integer(-20, 19), 0, 'niceness of those threads', '6.2'),
  expire_nodest_conn: row(onOff, 0, 'end connections whose destination was removed at their next packet'),
  expire_quiescent_template: row(onOff, 0, 'forget persistence to destinations of weight 0'),
  ignore_tunneled: row(onOff, 0, 'let packets of protocols IPVS does not know pass unscheduled'),
  nat_icmp_send: row(onOff, 0, 'answer replies of unknown NAT connections with ICMP unreachable'),
  pmtu_disc: row(onOff, 1, 'take part in path MTU discovery for tunnels'),
  run_estimation: row(onOff, 1, '0 stops rates, and the counters that listings show'),
  schedule_icmp: row(onOff, 0, 'schedule ICMP errors of unknown connections, too'),
  secure_tcp: row(automatic, 0, 'strict TCP states and timeouts: 0 never, 1 and 2 when memory is short, 3 always'),
  sloppy_sctp: row(onOff, 0, 'any SCTP packet makes a connection'),
  sloppy_tcp: row(onOff, 0, 'any TCP packet makes a connection'),
  snat_reroute: row(onOff, 1, 'look up the route again after replies were rewritten'),
  svc_lfactor: row(integer(-8, 8), -3, 'load factor of the service table: 2^n services a bucket', '7.x'),
  sync_persist_mode: row(onOff, 0, 'synchronise persistence templates only'),
  sync_ports: row(powerOfTwo(64), 1, 'threads and UDP ports of a sync daemon'),
  sync_qlen_max: row(integer(0, intMax), undefined, 'most sync messages waiting to be sent'),
  sync_refresh_period: row(
    integer(0, intMax),
    0,
    'seconds after which an unchanged connection is sent again; 0 by sync_threshold',
  ),
  sync_retries: row(integer(0, 3), 0, 'how often a sync message is repeated'),
  sync_sock_size: row(anyInt, 0, 'bytes of socket buffer of the sync daemons; 0 leaves the default'),
  sync_threshold: row(
    threshold,
    [3, 50] as const,
    'send a connection at its first-th packet, then every period packets',
  ),
  sync_version: row(integer(0, 1), 1, 'sync protocol: 0 for kernels before 2.6.39'),
} as const;

export type IpvsSysctlName = keyof typeof ipvsSysctls;
export type IpvsSysctlValue<N extends IpvsSysctlName> =
  (typeof ipvsSysctls)[N]['kind'] extends Kind<infer T> ? T : never;

export const ipvsSysctlNames = Object.keys(ipvsSysctls) as readonly IpvsSysctlName[];
export const isIpvsSysctl = (name: string): name is IpvsSysctlName => Object.hasOwn(ipvsSysctls, name);

const path = (name: IpvsSysctlName): string => `net/ipv4/vs/${name}`;
const dotted = (name: IpvsSysctlName): string => `net.ipv4.vs.${name}`;
const kindOf = <N extends IpvsSysctlName>(name: N): Kind<IpvsSysctlValue<N>> =>
  ipvsSysctls[name].kind as unknown as Kind<IpvsSysctlValue<N>>;

/** A value from text a person wrote: `sync_threshold`, `3 50`. @throws LvsError SYSCTL_RANGE */
export function parseIpvsSysctl<N extends IpvsSysctlName>(name: N, text: string): IpvsSysctlValue<N> {
  const kind = kindOf(name);
  const value = kind.parse(text.trim());
  if (value === undefined || !kind.accepts(value))
    throw new LvsError('SYSCTL_RANGE', [dotted(name), text, kind.expected]);
  return value;
}

/** @throws LvsError SYSCTL_MALFORMED if the kernel's text is no such value, and what the port throws */
export async function readIpvsSysctl<N extends IpvsSysctlName>(port: SysctlPort, name: N): Promise<IpvsSysctlValue<N>> {
  const kind = kindOf(name);
  const text = await port.read(path(name));
  const value = kind.parse(text.trim());
  // 7.2.7 prints garbage for sync_refresh_period after -1 was written to it.
  if (value === undefined) throw new LvsError('SYSCTL_MALFORMED', [dotted(name), text, kind.expected]);
  return value;
}

/** Refuses before the kernel is asked. @throws LvsError SYSCTL_RANGE, and what the port throws */
export async function writeIpvsSysctl<N extends IpvsSysctlName>(
  port: SysctlPort,
  name: N,
  value: IpvsSysctlValue<N>,
): Promise<void> {
  const kind = kindOf(name);
  if (!kind.accepts(value)) throw new LvsError('SYSCTL_RANGE', [dotted(name), kind.print(value), kind.expected]);
  await port.write(path(name), kind.print(value));
}

export type IpvsSysctlReadings = ReadonlyMap<IpvsSysctlName, number | string | readonly [number, number] | LvsError>;

/** All of them. What this kernel does not have, or may not be read, is there as its error. */
export async function readAllIpvsSysctls(port: SysctlPort): Promise<IpvsSysctlReadings> {
  const readings = new Map<IpvsSysctlName, number | string | readonly [number, number] | LvsError>();
  for (const name of ipvsSysctlNames) {
    try {
      readings.set(name, await readIpvsSysctl(port, name));
    } catch (error) {
      if (!(error instanceof LvsError)) throw error;
      readings.set(name, error);
    }
  }
  return readings;
}
