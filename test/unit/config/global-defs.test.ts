import t from 'tap';
import type { GlobalSettings } from '../../../src/config/configuration.js';
import { readConfiguration } from '../../../src/config/read.js';
import { says } from './says.js';

const globals = (...lines: readonly string[]): string => ['global_defs {', ...lines, '}'].join('\n');

const refused: readonly [name: string, text: string, says: readonly string[]][] = [
  [
    'timeouts without any',
    globals('lvs_timeouts'),
    ["2:1: 'lvs_timeouts' lacks a value, expected tcp, tcpfin or udp and seconds"],
  ],
  [
    'a timeout without seconds',
    globals('lvs_timeouts tcp'),
    ["2:14: 'lvs_timeouts' lacks a value, expected a whole number from 0 to 2678400"],
  ],
  [
    'an unknown timeout',
    globals('lvs_timeouts tcpfn 3'),
    ["2:14: 'tcpfn' is no option here, expected tcp, tcpfin or udp; did you mean 'tcpfin'?"],
  ],
  [
    'a pair without its key',
    globals('pair_peer 10.99.0.2'),
    ["2:11: 'pair_peer' without 'pair_key', expected 'pair_key' and a secret that both directors have"],
  ],
  [
    'a key without a pair',
    globals('pair_key 0123456789abcdef'),
    ["2:10: 'pair_key' without 'pair_peer', expected 'pair_peer ADDRESS'"],
  ],
  [
    'a key that can be guessed',
    globals('pair_peer 10.99.0.2', 'pair_key secret'),
    ["3:10: 'secret' is no value of pair_key, expected a secret of at least 16 bytes, or file:/path"],
  ],
  [
    'a key in no file',
    globals('pair_peer 10.99.0.2', 'pair_key file:key'),
    ["3:10: 'file:key' is no value of pair_key, expected file: and the absolute path of a file"],
  ],
  [
    'a peer that is no address',
    globals('pair_peer lb2', 'pair_key 0123456789abcdef'),
    ["2:11: 'lb2' is no value of pair_peer, expected an IPv4 or IPv6 address"],
  ],
  [
    'a source of the other family',
    globals('pair_peer 10.99.0.2', 'pair_key 0123456789abcdef', 'pair_source fd00::1'),
    ["4:13: 'fd00::1' is of another family than the peer's address, expected an IPv4 address"],
  ],
  ['a timeout twice', globals('lvs_timeouts udp 3 udp 4'), ["2:20: 'udp' is given twice, expected tcp, tcpfin or udp"]],
  [
    'a group that is no group',
    globals('lvs_sync_daemon eth0 group 10.0.0.1'),
    ["2:28: '10.0.0.1' is no value of lvs_sync_daemon, expected a multicast address"],
  ],
  [
    'an unknown engine',
    globals('lvs_engine dpdk'),
    ["2:12: 'dpdk' is no value of lvs_engine, expected userspace or kernel"],
  ],
  [
    'an interface of the engine twice',
    globals('engine_ports eth0 eth1 eth0'),
    ["2:24: 'eth0' is given twice, expected each once"],
  ],
  [
    'more interfaces than a service can choose from',
    globals(`engine_ports ${Array.from({ length: 65 }, (_, i) => `e${i}`).join(' ')}`),
    ['2:260: 65 interfaces, expected at most 64'],
  ],
  [
    'no interface',
    globals('engine_ports'),
    ["2:1: 'engine_ports' lacks a value, expected the name of an interface (at most 15 characters)"],
  ],
  [
    'an unknown mode',
    globals('engine_mode xpd'),
    [
      "2:13: 'xpd' is no value of engine_mode, expected auto, xdp, xdp_native, xdp_generic or packet; did you mean 'xdp'?",
    ],
  ],
  [
    'no thread',
    globals('engine_workers 0'),
    ["2:16: '0' is no value of engine_workers, expected a whole number from 1 to 256, or auto"],
  ],
  [
    'few sessions',
    globals('engine_sessions 10'),
    ["2:17: '10' is no value of engine_sessions, expected a whole number from 1024 to 268435456"],
  ],
  [
    'a source of the other family',
    globals('engine_tunnel_source4 2001:db8::1', 'engine_tunnel_source6 192.0.2.1'),
    [
      "2:23: '2001:db8::1' is no value of engine_tunnel_source4, expected an IPv4 address",
      "3:23: '192.0.2.1' is no value of engine_tunnel_source6, expected an IPv6 address",
    ],
  ],
  [
    'TTL 0',
    globals('engine_tunnel_ttl 0'),
    ["2:19: '0' is no value of engine_tunnel_ttl, expected a whole number from 1 to 255"],
  ],
  [
    'timeouts of nothing',
    globals('engine_timeouts'),
    ["2:1: 'engine_timeouts' lacks a value, expected tcp, syn, fin, closed, udp, icmp or other, and seconds"],
  ],
  [
    'an unknown timeout of the engine',
    globals('engine_timeouts tcp 5 sny 3'),
    ["2:23: 'sny' is no option here, expected tcp, syn, fin, closed, udp, icmp or other; did you mean 'syn'?"],
  ],
  [
    'a timeout of the engine twice, and one of 0',
    globals('engine_timeouts udp 5 udp 6', 'engine_timeouts udp 0'),
    [
      "2:23: 'udp' is given twice, expected tcp, syn, fin, closed, udp, icmp or other",
      "3:21: '0' is no value of engine_timeouts, expected a whole number from 1 to 2678400",
    ],
  ],
  ['drift', globals('lvs_drift ignore'), ["2:11: 'ignore' is no value of lvs_drift, expected repair or report"]],
  [
    'a relative state file',
    globals('lvs_state_file lvsd.json'),
    ["2:16: 'lvsd.json' is no value of lvs_state_file, expected the absolute path of a file"],
  ],
  [
    'keep and flush',
    globals('lvs_stop keep', 'lvs_flush_on_stop'),
    ["2:10: 'lvs_stop keep' contradicts 'lvs_flush_on_stop', expected one of them"],
  ],
  [
    'an old name',
    globals('lvs_flush_onstop VS'),
    ["2:1: warning: 'lvs_flush_onstop' is an old name, expected 'lvs_flush_on_stop'"],
  ],
  ['no user', globals('script_user'), ['2:12: no user, expected USER [GROUP]']],
];

for (const [name, text, expected] of refused)
  t.test(`complains: ${name}`, (t) => {
    t.strictSame(says(text), expected);
    t.end();
  });

const read = (text: string): GlobalSettings | undefined =>
  readConfiguration({ file: 'f', text }).configuration?.globals;

const defaults: Omit<GlobalSettings, 'vrrp'> = {
  routerId: undefined,
  drift: 'repair',
  stop: 'remove',
  flushAtStart: false,
  timeouts: {},
  syncDaemon: undefined,
  stateFile: undefined,
  scriptUser: undefined,
  scriptSecurity: false,
  supplementaryGroups: false,
  scriptTimeoutSeconds: 60,
  umask: 0o177,
  startupScript: undefined,
  shutdownScript: undefined,
  mail: undefined,
  fifos: { all: undefined, vrrp: undefined, lvs: undefined },
  notifiesAtStart: false,
  noCheckerMail: false,
  shareProbes: true,
  engine: { ports: 'auto', mode: 'auto', workers: 'auto', timeouts: {} },
  pair: undefined,
};

/** But for what is said of VRRP. */
const withoutVrrp = (text: string): unknown => {
  const { vrrp, ...others } = read(text) ?? {};
  return vrrp === undefined ? undefined : others;
};

t.test('nothing said', (t) => {
  t.strictSame(withoutVrrp(''), defaults);
  t.end();
});

t.test('everything said, in two blocks', (t) => {
  const text = [
    globals('router_id "LB 1"', 'lvs_drift report', 'lvs_stop keep', 'lvs_flush', 'lvs_timeouts tcp 7200 udp 0'),
    globals(
      'lvs_sync_daemon eth0 VI_1 id 9 maxlen 1400 port 8849 ttl 3 group 224.0.0.82',
      'lvs_state_file /run/lvsd.json',
      'script_user nobody :nogroup',
      'enable_script_security',
      'lvs_engine kernel',
    ),
  ].join('\n');
  t.strictSame(withoutVrrp(text), {
    ...defaults,
    routerId: 'LB 1',
    drift: 'report',
    stop: 'keep',
    flushAtStart: true,
    timeouts: { tcp: 7200, udp: 0 },
    syncDaemon: {
      interface: 'eth0',
      instance: 'VI_1',
      syncId: 9,
      maxLength: 1400,
      port: 8849,
      ttl: 3,
      group: '224.0.0.82',
    },
    stateFile: '/run/lvsd.json',
    scriptUser: { user: 'nobody', group: 'nogroup', supplementary: true },
    scriptSecurity: true,
    supplementaryGroups: false,
  });
  t.end();
});

t.test('everything said of the engine', (t) => {
  const text = globals(
    'lvs_engine userspace',
    'engine_ports eth0 ens1f0np0',
    'engine_mode xdp_native',
    'engine_workers 4',
    'engine_sessions 1048576',
    'engine_tunnel_source4 192.0.2.1',
    'engine_tunnel_source6 2001:DB8:0::1',
    'engine_tunnel_ttl 32',
    'engine_timeouts tcp 1 syn 2 fin 3 closed 4 udp 5 icmp 6 other 7',
  );
  t.strictSame(read(text)?.engine, {
    ports: ['eth0', 'ens1f0np0'],
    mode: 'xdp_native',
    workers: 4,
    sessions: 1_048_576,
    tunnelSource4: '192.0.2.1',
    tunnelSource6: '2001:db8::1',
    tunnelTtl: 32,
    timeouts: { tcpEstablished: 1, tcpSyn: 2, tcpFin: 3, tcpClosed: 4, udp: 5, icmp: 6, other: 7 },
  });
  t.strictSame(read(globals('engine_ports auto', 'engine_workers auto'))?.engine, defaults.engine);
  t.end();
});

t.test('the other director', (t) => {
  t.strictSame(read(globals('pair_peer 10.99.0.2', 'pair_key "0123456789 abcdef"'))?.pair, {
    peer: '10.99.0.2',
    port: 51_112,
    source: undefined,
    key: { text: '0123456789 abcdef' },
    secondPathSeconds: 30,
    syncWaitSeconds: 0,
    acceptsPush: false,
  });
  const all = globals(
    'pair_peer FD00::2 700',
    'pair_source fd00::1',
    'pair_key file:/etc/lvsd/key',
    'pair_second_path 0',
    'pair_sync_wait 20',
    'pair_accept_push',
  );
  t.strictSame(read(all)?.pair, {
    peer: 'fd00::2',
    port: 700,
    source: 'fd00::1',
    key: { file: '/etc/lvsd/key' },
    secondPathSeconds: 0,
    syncWaitSeconds: 20,
    acceptsPush: true,
  });
  t.end();
});

t.test('what remains at the end', (t) => {
  t.equal(read(globals('lvs_flush_on_stop'))?.stop, 'flush');
  t.equal(read(globals('lvs_flush_on_stop VS'))?.stop, 'remove');
  t.end();
});
