/** Words of global_defs about mail, scripts, pipes and VRRP's defaults. */
import t from 'tap';
import type { Configuration, GlobalSettings } from '../../../src/config/configuration.js';
import { configurationOf, site } from '../../helpers/configuration.js';
import { says } from './says.js';

const globals = (...lines: readonly string[]): string => ['global_defs {', ...lines, '}'].join('\n');
const read = (...lines: readonly string[]): GlobalSettings => configurationOf(globals(...lines)).globals;
const withService = (...lines: readonly string[]): Configuration =>
  configurationOf(site({ globals: lines.join('\n') }));

const rows: readonly [name: string, text: string, says: readonly string[]][] = [
  [
    'recipients without a relay',
    globals('notification_email {', 'a@example.org', '}'),
    ["2:1: warning: no mail is sent: there is no 'smtp_server'"],
  ],
  [
    'a relay that is no host',
    globals('smtp_server 10.0.0.300'),
    ["2:13: '10.0.0.300' is no value of smtp_server, expected an address or a host name"],
  ],
  [
    'a recipient with a line feed would make a header',
    globals('notification_email_from "a\\nb"', 'smtp_server ::1 99999'),
    ["3:17: '99999' is no value of smtp_server, expected a whole number from 1 to 65535"],
  ],
  [
    'no recipients',
    globals('notification_email {', '}'),
    ["2:1: warning: 'notification_email' is empty, expected a mail address"],
  ],
  [
    'a reader without its pipe',
    globals('lvs_notify_fifo_script /bin/reader'),
    ["2:24: 'lvs_notify_fifo_script' without 'lvs_notify_fifo', expected 'lvs_notify_fifo /path'"],
  ],
  [
    'one pipe for two kinds',
    globals('vrrp_notify_fifo /run/a', 'lvs_notify_fifo /run/a'),
    ["3:17: two kinds of events have one pipe, expected 'notify_fifo' for all events, or another path"],
  ],
  [
    'a umask of an unknown bit',
    globals('umask IRWXG|IRWXX'),
    [
      "2:7: 'IRWXG|IRWXX' is no umask, expected a number such as 0177, or of IRUSR, IWUSR, IXUSR, IRWXU, IRGRP, IWGRP, IXGRP, IRWXG, IROTH, IWOTH, IXOTH or IRWXO with '|' between them",
    ],
  ],
  [
    "the gap of 0 that keepalived's own example has and keepalived refuses",
    globals('vrrp_garp_interval 0'),
    ['2:20: warning: no gap is what is true without this line, expected seconds above 0, as keepalived refuses 0'],
  ],
  [
    'iptables',
    globals('vrrp_iptables', 'nftables'),
    [
      "2:1: warning: 'vrrp_iptables' is an old word: the rules are made with nftables, expected 'nftables [TABLE]'",
      "3:1: warning: 'nftables' says again what 'vrrp_iptables' says in line 2; the last one counts",
    ],
  ],
  [
    'a multicast group of the other family',
    globals('vrrp_mcast_group6 224.0.0.18'),
    ["2:19: '224.0.0.18' is no value of vrrp_mcast_group6, expected an IPv6 multicast address"],
  ],
  [
    'a namespace',
    'net_namespace blue',
    [
      "1:1: warning: 'net_namespace' has no effect: lvsd stays in the network namespace it is started in, and refuses to run in another: 'ip netns exec NAME lvsd run'",
    ],
  ],
  [
    'a misspelt word without effect',
    globals('snmp_sockt unix:/x'),
    ["2:1: 'snmp_sockt' is no keyword of global_defs; did you mean 'snmp_socket'?"],
  ],
];

for (const [name, text, expected] of rows)
  t.test(`complains: ${name}`, (t) => {
    t.strictSame(says(text), expected);
    t.end();
  });

t.test('mail', (t) => {
  const lines = ['notification_email {', 'a@example.org b@example.org', '"C <c@example.org>"', '}'];
  t.equal(configurationOf(globals('smtp_server 10.0.0.9')).globals.mail, undefined, 'nobody to write to');
  t.strictSame(read(...lines, 'smtp_server mail.example.org 2525', 'smtp_helo_name lb1').mail, {
    server: 'mail.example.org',
    port: 2525,
    timeoutSeconds: 30,
    heloName: 'lb1',
    from: undefined,
    to: ['a@example.org', 'b@example.org', 'C <c@example.org>'],
  });
  t.end();
});

t.test('who is mailed about', (t) => {
  const alerts = ({ virtualServers: [one] }: Configuration): readonly unknown[] => [
    one?.smtpAlert,
    one?.realServers[0]?.smtpAlert,
  ];
  t.strictSame(alerts(withService()), [false, true], "keepalived's defaults");
  t.strictSame(alerts(withService('smtp_alert')), [true, true]);
  t.strictSame(alerts(withService('smtp_alert', 'smtp_alert_checker no')), [false, false], 'the narrower word');
  t.strictSame(alerts(configurationOf(site({ service: 'smtp_alert', servers: { 1: 'smtp_alert no' } }))), [
    true,
    false,
  ]);
  t.end();
});

t.test('scripts and pipes', (t) => {
  const settings = read(
    'startup_script "/bin/up now" nobody',
    'startup_script_timeout 3',
    'shutdown_script /bin/down',
    'script_timeout 5.5',
    'umask IXUSR | IRWXG | IRWXO',
    'rs_init_notifies',
    'notify_fifo /run/all root adm',
    'notify_fifo_script "/bin/reader -v"',
    'lvs_notify_fifo /run/lvs',
  );
  t.strictSame(settings.startupScript, {
    script: { argv: ['/bin/up', 'now'], user: { user: 'nobody' } },
    timeoutSeconds: 3,
  });
  t.strictSame(settings.shutdownScript, { script: { argv: ['/bin/down'] }, timeoutSeconds: 10 });
  t.equal(settings.scriptTimeoutSeconds, 5.5);
  t.equal(settings.umask, 0o177);
  t.equal(read('umask 022').umask, 0o022, 'octal with its 0');
  t.equal(settings.notifiesAtStart, true);
  t.strictSame(settings.fifos, {
    all: { path: '/run/all', user: 'root', group: 'adm', script: { argv: ['/bin/reader', '-v'] } },
    vrrp: undefined,
    lvs: { path: '/run/lvs' },
  });
  t.end();
});

t.test("VRRP's defaults", (t) => {
  const { vrrp } = read();
  t.match(vrrp, { version: undefined, strict: false, multicastGroup4: '224.0.0.18', downTimerAdverts: 3 });
  t.match(vrrp.garp, { masterDelaySeconds: 5, masterRepeat: 5, lowerPriorityDelaySeconds: 5, lowerPriorityRepeat: 5 });
  t.match(read('vrrp_min_garp').vrrp.garp, { masterDelaySeconds: 0, masterRepeat: 1, lowerPriorityRepeat: 1 });
  t.match(read('vrrp_garp_master_repeat 3', 'vrrp_garp_lower_prio_delay 1').vrrp.garp, {
    masterRepeat: 3,
    lowerPriorityDelaySeconds: 1,
    lowerPriorityRepeat: 3,
  });
  t.match(read('vmac_prefix vm', 'vrrp_garp_extra_if all 60', 'vrrp_version 3').vrrp, {
    vmacPrefix: 'vm',
    vmacAddressPrefix: 'vm',
    version: 3,
    garp: { extraInterfaceSeconds: 60, extraInterfaceAll: true },
  });
  t.end();
});
