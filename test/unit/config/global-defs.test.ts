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
  ['a timeout twice', globals('lvs_timeouts udp 3 udp 4'), ["2:20: 'udp' is given twice, expected tcp, tcpfin or udp"]],
  [
    'a group that is no group',
    globals('lvs_sync_daemon eth0 group 10.0.0.1'),
    ["2:28: '10.0.0.1' is no value of lvs_sync_daemon, expected a multicast address"],
  ],
  [
    'an engine that is not here yet',
    globals('lvs_engine userspace'),
    [
      "2:12: 'userspace' is no value of lvs_engine, expected 'kernel': the userspace engine is not part of this version",
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

t.test('what remains at the end', (t) => {
  t.equal(read(globals('lvs_flush_on_stop'))?.stop, 'flush');
  t.equal(read(globals('lvs_flush_on_stop VS'))?.stop, 'remove');
  t.end();
});
