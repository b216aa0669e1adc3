/**
 * cli/ — the faces people type at. ipvsadm/ is ipvsadm 1.31 over again, straight to the kernel: words.ts → parse.ts → command.ts →
 * run.ts; print.ts, save.ts, connections.ts and json.ts write. This file is the table of its options: how they are spelt, which
 * class they belong to, which command takes which class.
 */

/** What an option says; several options can share a class, and a class may be given once. The order is that of the checks. */
export const optionClasses = [
  'numeric',
  'connection',
  'service-address',
  'scheduler',
  'persistent',
  'netmask',
  'real-server',
  'forwarding-method',
  'weight',
  'u-threshold',
  'l-threshold',
  'mcast-interface',
  'timeout',
  'daemon',
  'stats',
  'rate',
  'thresholds',
  'persistent-conn',
  'nosort',
  'syncid',
  'exact',
  'ops',
  'pe',
  'sched-flags',
  'mcast-group',
  'mcast-port',
  'mcast-ttl',
  'sync-maxlen',
  'tun-info',
  'tun-type',
  'tun-port',
  'tun-nocsum',
  'tun-csum',
  'tun-remcsum',
  'json',
  'all',
] as const;
export type OptionClass = (typeof optionClasses)[number];

/** Commands by the names their error texts use. */
export type CommandName =
  | 'add-service'
  | 'edit-service'
  | 'delete-service'
  | 'flush'
  | 'restore'
  | 'save'
  | 'add-server'
  | 'edit-server'
  | 'delete-server'
  | 'list'
  | 'zero'
  | 'set'
  | 'start-daemon'
  | 'stop-daemon'
  | 'diff';

export type Takes = 'nothing' | 'value' | 'optional value';

/** What an option does: names a command, prints and leaves, or sets something. */
export type Action =
  | { readonly command: CommandName }
  | { readonly print: 'help' | 'version' }
  | { readonly set: Setting };

/** Settings that are a class of their own go by its name; the others say which member of a class they are. */
export type Setting =
  | Exclude<OptionClass, 'service-address' | 'forwarding-method'>
  | 'tcp-service'
  | 'udp-service'
  | 'sctp-service'
  | 'fwmark-service'
  | 'ipv6'
  | 'gatewaying'
  | 'ipip'
  | 'masquerading'
  | 'sort';

export interface Option {
  readonly long: string;
  readonly short?: string;
  readonly takes: Takes;
  readonly action: Action;
}

const command = (long: string, short: string | undefined, name: CommandName, takes: Takes = 'nothing'): Option => ({
  long,
  takes,
  action: { command: name },
  ...(short === undefined ? {} : { short }),
});
const setting = (long: string, short: string | undefined, set: Setting, takes: Takes = 'nothing'): Option => ({
  long,
  takes,
  action: { set },
  ...(short === undefined ? {} : { short }),
});

const options: readonly Option[] = [
  command('add-service', 'A', 'add-service'),
  command('edit-service', 'E', 'edit-service'),
  command('delete-service', 'D', 'delete-service'),
  command('clear', 'C', 'flush'),
  command('restore', 'R', 'restore'),
  command('save', 'S', 'save'),
  command('add-server', 'a', 'add-server'),
  command('edit-server', 'e', 'edit-server'),
  command('delete-server', 'd', 'delete-server'),
  command('list', 'L', 'list'),
  { long: '', short: 'l', takes: 'nothing', action: { command: 'list' } },
  command('zero', 'Z', 'zero'),
  command('set', undefined, 'set'),
  command('start-daemon', undefined, 'start-daemon', 'value'),
  command('stop-daemon', undefined, 'stop-daemon', 'value'),
  command('diff', undefined, 'diff', 'value'),
  { long: 'help', short: 'h', takes: 'nothing', action: { print: 'help' } },
  { long: 'version', short: 'v', takes: 'nothing', action: { print: 'version' } },
  setting('tcp-service', 't', 'tcp-service', 'value'),
  setting('udp-service', 'u', 'udp-service', 'value'),
  setting('sctp-service', undefined, 'sctp-service', 'value'),
  setting('fwmark-service', 'f', 'fwmark-service', 'value'),
  setting('ipv6', '6', 'ipv6'),
  setting('scheduler', 's', 'scheduler', 'value'),
  setting('persistent', 'p', 'persistent', 'optional value'),
  setting('netmask', 'M', 'netmask', 'value'),
  setting('real-server', 'r', 'real-server', 'value'),
  setting('gatewaying', 'g', 'gatewaying'),
  setting('ipip', 'i', 'ipip'),
  setting('masquerading', 'm', 'masquerading'),
  setting('weight', 'w', 'weight', 'value'),
  setting('u-threshold', 'x', 'u-threshold', 'value'),
  setting('l-threshold', 'y', 'l-threshold', 'value'),
  setting('tun-type', undefined, 'tun-type', 'value'),
  setting('tun-port', undefined, 'tun-port', 'value'),
  setting('tun-nocsum', undefined, 'tun-nocsum'),
  setting('tun-csum', undefined, 'tun-csum'),
  setting('tun-remcsum', undefined, 'tun-remcsum'),
  setting('numeric', 'n', 'numeric'),
  setting('connection', 'c', 'connection'),
  setting('timeout', undefined, 'timeout'),
  setting('daemon', undefined, 'daemon'),
  setting('stats', undefined, 'stats'),
  setting('rate', undefined, 'rate'),
  setting('thresholds', undefined, 'thresholds'),
  setting('persistent-conn', undefined, 'persistent-conn'),
  setting('tun-info', undefined, 'tun-info'),
  setting('exact', undefined, 'exact'),
  setting('nosort', undefined, 'nosort'),
  setting('sort', undefined, 'sort'),
  setting('ops', 'o', 'ops'),
  setting('pe', undefined, 'pe', 'value'),
  setting('sched-flags', 'b', 'sched-flags', 'value'),
  setting('mcast-interface', undefined, 'mcast-interface', 'value'),
  setting('mcast-group', undefined, 'mcast-group', 'value'),
  setting('mcast-port', undefined, 'mcast-port', 'value'),
  setting('mcast-ttl', undefined, 'mcast-ttl', 'value'),
  setting('syncid', undefined, 'syncid', 'value'),
  setting('sync-maxlen', undefined, 'sync-maxlen', 'value'),
  setting('json', undefined, 'json'),
  setting('all', undefined, 'all'),
];

export const longOptions: ReadonlyMap<string, Option> = new Map(
  options.filter(({ long }) => long !== '').map((option) => [option.long, option]),
);
export const shortOptions: ReadonlyMap<string, Option> = new Map(
  options.flatMap((option) => (option.short === undefined ? [] : [[option.short, option] as const])),
);

/** `one of`: at most one of the classes so marked. What is not named is illegal. */
export type Legality = 'required' | 'allowed' | 'one of';
export type Rules = Readonly<Partial<Record<OptionClass, Legality>>>;

const oneService: Rules = { 'service-address': 'required' };
const serviceRules: Rules = {
  'service-address': 'required',
  scheduler: 'allowed',
  persistent: 'allowed',
  netmask: 'allowed',
  ops: 'allowed',
  pe: 'allowed',
  'sched-flags': 'allowed',
};
const serverRules: Rules = {
  'service-address': 'required',
  'real-server': 'required',
  'forwarding-method': 'allowed',
  weight: 'allowed',
  'u-threshold': 'allowed',
  'l-threshold': 'allowed',
  'tun-type': 'allowed',
  'tun-port': 'allowed',
  'tun-nocsum': 'allowed',
  'tun-csum': 'allowed',
  'tun-remcsum': 'allowed',
};

export const commandRules: Readonly<Record<CommandName, Rules>> = {
  'add-service': serviceRules,
  'edit-service': serviceRules,
  'delete-service': oneService,
  flush: {},
  restore: {},
  save: { numeric: 'allowed', all: 'allowed' },
  'add-server': serverRules,
  'edit-server': serverRules,
  'delete-server': { 'service-address': 'required', 'real-server': 'required' },
  list: {
    numeric: 'allowed',
    connection: 'one of',
    'service-address': 'one of',
    timeout: 'one of',
    daemon: 'one of',
    stats: 'allowed',
    rate: 'allowed',
    thresholds: 'allowed',
    'persistent-conn': 'allowed',
    nosort: 'allowed',
    syncid: 'allowed',
    exact: 'allowed',
    'tun-info': 'allowed',
    json: 'allowed',
  },
  zero: { 'service-address': 'allowed' },
  set: {},
  'start-daemon': {
    'mcast-interface': 'allowed',
    syncid: 'allowed',
    'mcast-group': 'allowed',
    'mcast-port': 'allowed',
    'mcast-ttl': 'allowed',
    'sync-maxlen': 'allowed',
  },
  'stop-daemon': { syncid: 'allowed' },
  diff: {},
};

export const tunnelRules: Readonly<Record<'ipip' | 'gue' | 'gre', Rules>> = {
  ipip: {},
  gue: { 'tun-port': 'required', 'tun-nocsum': 'one of', 'tun-csum': 'one of', 'tun-remcsum': 'one of' },
  gre: { 'tun-nocsum': 'one of', 'tun-csum': 'one of' },
};
