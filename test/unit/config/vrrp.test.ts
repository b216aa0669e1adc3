/** vrrp_instance, what it tracks and the groups it is in: complaints and the typed result. */
import fc from 'fast-check';
import t from 'tap';
import { readConfiguration } from '../../../src/config/read.js';
import type { VrrpInstance } from '../../../src/config/vrrp/vrrp.js';
import { configurationOf } from '../../helpers/configuration.js';
import { says } from './says.js';

/** A complete instance, its `lines` from line 6 on. */
const instance = (...lines: readonly string[]): string =>
  [
    'vrrp_instance VI_1 {',
    'interface eth0',
    'virtual_router_id 51',
    'virtual_ipaddress {',
    '192.0.2.16/24 }',
    ...lines,
    '}',
  ].join('\n');

t.test('an instance that is right is no reason for a word', (t) => {
  t.strictSame(says(instance('nopreempt', 'priority 5')), []);
  t.end();
});

const rows: readonly [name: string, text: string, says: readonly string[]][] = [
  [
    'no id',
    instance().replace('virtual_router_id 51', ''),
    ["1:1: vrrp_instance 'VI_1' has no virtual_router_id, expected 'virtual_router_id N', 1 to 255"],
  ],
  [
    'an id out of range',
    instance().replace('51', '256'),
    ["3:19: '256' is no value of virtual_router_id, expected a whole number from 1 to 255"],
  ],
  [
    'no interface',
    instance().replace('interface eth0', ''),
    ["1:1: vrrp_instance 'VI_1' has no interface, expected 'interface IFNAME'"],
  ],
  [
    'unicast from an address needs no interface',
    instance('unicast_src_ip 10.0.0.1', 'unicast_peer {', '10.0.0.2', '}').replace('interface eth0', ''),
    [],
  ],
  ['an unknown state', instance('state PRIMARY'), ["6:7: 'PRIMARY' is no value of state, expected MASTER or BACKUP"]],
  [
    'a state in lower case',
    instance('state backup'),
    ["6:7: 'backup' is no value of state, expected MASTER or BACKUP; did you mean 'BACKUP'?"],
  ],
  [
    'a priority above the owner',
    instance('priority 256'),
    ["6:10: '256' is no value of priority, expected a whole number from 1 to 255"],
  ],
  [
    'an interval out of range',
    instance('advert_int 300'),
    ["6:12: '300' is no value of advert_int, expected seconds from 0.01 to 255"],
  ],
  [
    'a fraction of VRRP 2',
    instance('advert_int 0.5'),
    ["6:12: VRRP version 2 counts whole seconds, expected a whole number of seconds, or 'version 3'"],
  ],
  ['a fraction of VRRP 3', instance('advert_int 0.5', 'version 3'), []],
  [
    'more than VRRP 3 can say',
    instance('advert_int 41', 'version 3'),
    ['6:12: an advert of VRRP version 3 cannot say so much, expected seconds up to 40.95'],
  ],
  [
    'an address of the other family',
    instance().replace('16/24', '16/24\nfd00::1'),
    ["6:1: fd00::1 is not IPv4, as the instance is, expected an IPv4 address, or 'virtual_ipaddress_excluded'"],
  ],
  ['excluded addresses may be of any family', instance('virtual_ipaddress_excluded {', 'fd00::1/64', '}'), []],
  [
    'an address twice',
    instance('virtual_ipaddress_excluded {', '192.0.2.16/24', '}'),
    ['7:1: 192.0.2.16 is there already, in line 5, expected each address once'],
  ],
  [
    'no address in VRRP 3',
    instance('version 3').replace('192.0.2.16/24 ', ''),
    ["4:1: vrrp_instance 'VI_1' has no virtual address, expected 'virtual_ipaddress { ADDRESS/LENGTH }'"],
  ],
  [
    'no address in VRRP 2',
    instance().replace('192.0.2.16/24 ', ''),
    ["4:1: warning: vrrp_instance 'VI_1' has no virtual address, expected 'virtual_ipaddress { ADDRESS/LENGTH }'"],
  ],
  ['no address, and it is meant', instance('no_virtual_ipaddress').replace('192.0.2.16/24 ', ''), []],
  [
    'authentication of VRRP 3',
    instance('version 3', 'authentication {', 'auth_type PASS', 'auth_pass 1', '}'),
    ["7:1: VRRP version 3 has no authentication, expected no such block, 'version 2' or 'auth_hmac'"],
  ],
  [
    'a long password',
    instance('authentication {', 'auth_type PASS', 'auth_pass 123456789', '}'),
    ['8:11: warning: only the first 8 bytes of the password count'],
  ],
  [
    'an unknown kind of authentication',
    instance('authentication {', 'auth_type MD5', 'auth_pass 1', '}'),
    ["7:11: 'MD5' is no value of auth_type, expected PASS or AH"],
  ],
  [
    'a password without a kind',
    instance('authentication {', 'auth_pass 1', '}'),
    ["6:1: warning: 'authentication' without 'auth_type' has no effect, expected 'auth_type PASS' or AH"],
  ],
  [
    'a master that is not to preempt',
    instance('state MASTER', 'nopreempt'),
    [
      "7:1: warning: 'nopreempt' does not work with 'state MASTER': it is not taken, expected 'state BACKUP' on all routers",
    ],
  ],
  [
    'a delay of no preemption',
    instance('nopreempt', 'preempt_delay 5'),
    ["7:15: warning: 'preempt_delay' has no effect with 'nopreempt'"],
  ],
  [
    'strict mode',
    'global_defs {\nvrrp_strict\n}\n' +
      instance('state MASTER', 'authentication {', 'auth_type PASS', 'auth_pass 1', '}'),
    [
      '9:7: warning: in strict mode the owner (priority 255) is master, and nobody else',
      '10:1: warning: in strict mode there is no authentication, expected no such block',
    ],
  ],
  [
    'a peer of the other family',
    instance('unicast_peer {', 'fd00::2', '}'),
    ['7:1: fd00::2 is not IPv4, as the instance is, expected an IPv4 address'],
  ],
  [
    'a word of no peer',
    instance('unicast_peer {', '10.0.0.2 min_tll 3', '}'),
    ["7:10: 'min_tll' is no unicast peer, expected an IPv4 or IPv6 address"],
  ],
  [
    'limits the wrong way round',
    instance('unicast_peer {', '10.0.0.2 min_ttl 9 max_ttl 3', '}'),
    ['7:1: min_ttl 9 is above max_ttl 3, expected at most max_ttl'],
  ],
  [
    'unicast without peers',
    instance('unicast_src_ip 10.0.0.1'),
    ["6:1: warning: 'unicast_src_ip' without a peer: multicast is taken, expected 'unicast_peer { ADDRESS }'"],
  ],
  ['an unknown script', instance('track_script {', 'chk', '}'), ["7:1: 'chk' is no vrrp_script of this file"]],
  [
    'a script that could not be read is not said to be missing',
    'vrrp_script chk {\ninterval 2\n}\n' + instance('track_script {', 'chk', '}'),
    ["1:1: vrrp_script 'chk' runs nothing, expected 'script \"/path arguments\"'"],
  ],
  [
    'a weight without its word',
    instance('track_interface {', 'eth1 wieght 3', '}'),
    ["7:6: 'wieght' is not 'weight', expected 'weight N [reverse]' or a new line; did you mean 'weight'?"],
  ],
  [
    'a weight out of range',
    instance('track_interface {', 'eth1 weight 254', '}'),
    ["7:13: '254' is no weight, expected a whole number from -253 to 253"],
  ],
  [
    'its own interface',
    instance('track_interface {', 'eth0', '}'),
    [
      "7:1: warning: eth0 is the instance's own interface, which is watched anyway, expected no such line, or 'dont_track_primary'",
    ],
  ],
  [
    'an instance twice',
    `${instance()}\n${instance()}`,
    ["7:15: vrrp_instance 'VI_1' is there already, in line 1, expected another name"],
  ],
  [
    'one id for two',
    `${instance()}\n${instance().replace('VI_1', 'VI_2').replace('.16', '.17')}`,
    ["9:19: virtual_router_id 51 is that of 'VI_1' on the same interface, expected another number"],
  ],
  ['one id on two interfaces', `${instance()}\n${instance().replace('VI_1', 'VI_2').replace('eth0', 'eth1')}`, []],
  [
    'a group with a stranger',
    `${instance()}\nvrrp_sync_group G {\ngroup {\nVI_1\nVI_9\n}\n}`,
    ["10:1: 'VI_9' is no vrrp_instance of this file; did you mean 'VI_1'?"],
  ],
  [
    'a group of one',
    `${instance()}\nvrrp_sync_group G {\ngroup {\nVI_1\n}\n}`,
    ["7:1: warning: vrrp_sync_group 'G' has one member: nothing to keep in step"],
  ],
  [
    'a group of nobody',
    'vrrp_sync_group G {\n}',
    ["1:1: vrrp_sync_group 'G' has no members, expected 'group { INSTANCE ... }'"],
  ],
  [
    'two groups of one instance',
    `${instance()}\nvrrp_sync_group G {\ngroup { VI_1\n}\n}\nvrrp_sync_group H {\ngroup { VI_1\n}\n}`,
    [
      "7:1: warning: vrrp_sync_group 'G' has one member: nothing to keep in step",
      "11:1: warning: vrrp_sync_group 'H' has one member: nothing to keep in step",
      "11:1: 'VI_1' is a member of 'H' and of 'G', expected each instance in one group",
    ],
  ],
  [
    'a script that nobody tracks',
    `${instance()}\nvrrp_script chk {\nscript /bin/true\n}`,
    ["7:13: warning: nothing tracks 'chk'"],
  ],
  [
    'an interval of 0',
    `vrrp_script chk {\nscript /bin/true\ninterval 0\n}`,
    ['3:10: warning: an interval of 0 is taken as 1 second'],
  ],
  [
    'an old word with its new one',
    instance('lvs_sync_daemon_interface eth0'),
    [
      "6:1: warning: 'lvs_sync_daemon_interface' is an old word, expected 'lvs_sync_daemon eth0 INSTANCE' in global_defs",
    ],
  ],
  [
    'keys',
    instance('auth_hmac {', 'key 1 short', '}'),
    ["7:7: 'short' is no value of key, expected a key of 32 to 64 bytes, hex:DIGITS or file:/path"],
  ],
  [
    'a key that is not there',
    instance('auth_hmac {', `key 1 ${'k'.repeat(32)}`, 'active_key 2', '}'),
    ['8:12: there is no key 2, expected one of 1'],
  ],
  [
    'two kinds of interface',
    instance('use_vmac', 'use_ipvlan'),
    ["7:1: 'use_ipvlan' contradicts 'use_vmac', expected one of them"],
  ],
  [
    'a session without a neighbour',
    'bfd_instance b {\nmin_rx 100\n}',
    ["1:1: bfd_instance 'b' has no neighbour, expected 'neighbor_ip ADDRESS'"],
  ],
  [
    'a hop limit of IPv4',
    'bfd_instance b {\nneighbor_ip 10.0.0.1\nhoplimit 3\n}',
    ["3:10: warning: 'hoplimit' does not apply to 10.0.0.1, expected 'ttl'"],
  ],
  [
    'a source of the other family',
    'bfd_instance b {\nneighbor_ip 10.0.0.1\nsource_ip ::1\n}',
    ['3:11: ::1 cannot be the source of packets to 10.0.0.1, expected an address of the same family'],
  ],
  [
    'a track_file without a file',
    'track_file f {\nweight 1\n}',
    ["1:1: track_file 'f' has no file, expected 'file /path'"],
  ],
  [
    'a process that is none',
    'vrrp_track_process p {\nquorum 3\nquorum_max 2\n}',
    [
      "1:1: vrrp_track_process 'p' looks for nothing, expected 'process NAME'",
      '3:12: quorum_max 2 is below the quorum, 3, expected 3 or more',
    ],
  ],
  [
    'a garp_group of nothing',
    'garp_group {\ngarp_interval 1\n}',
    ["1:1: garp_group names no interface, expected 'interface IFNAME' or 'interfaces { IFNAME ... }'"],
  ],
  ['two SSL blocks', 'SSL {\nca /a\n}\nSSL {\nca /b\n}', ["4:1: 'SSL' is there already, in line 1, expected it once"]],
  ['half a certificate', 'SSL {\ncertificate /a\n}', ["2:13: a certificate without its key, expected 'key FILE'"]],
];

for (const [name, text, expected] of rows)
  t.test(`complains: ${name}`, (t) => {
    t.strictSame(says(text), expected);
    t.end();
  });

const only = (...lines: readonly string[]): VrrpInstance => configurationOf(instance(...lines)).vrrp.instances[0]!;

t.test('an instance that says little', (t) => {
  t.match(only(), {
    name: 'VI_1',
    interface: 'eth0',
    family: 'ip4',
    version: 2,
    vrid: 51,
    state: 'backup',
    priority: 100,
    advertSeconds: 1,
    downTimerAdverts: 3,
    addresses: [{ address: '192.0.2.16', length: 24, interface: undefined, tracked: true }],
    transport: { by: 'multicast', group: '224.0.0.18' },
    preempt: true,
    preemptDelaySeconds: 0,
    accept: true,
    notify: { smtpAlert: false },
    notifyDeleted: 'fault',
  });
  t.equal(only().virtualInterface, undefined);
  t.end();
});

t.test('IPv6 is version 3 and has its own group', (t) => {
  t.match(configurationOf(instance().replace('192.0.2.16/24', 'fe80::1')).vrrp.instances[0], {
    family: 'ip6',
    version: 3,
    transport: { by: 'multicast', group: 'ff02::12' },
  });
  t.end();
});

t.test('unicast', (t) => {
  t.match(
    only('unicast_src_ip 10.0.0.1', 'unicast_peer {', '10.0.0.2 min_ttl 3 max_ttl 9 10.0.0.3', '}', 'unicast_ttl 9'),
    {
      source: '10.0.0.1',
      transport: {
        by: 'unicast',
        peers: [
          { address: '10.0.0.2', minTtl: 3, maxTtl: 9 },
          { address: '10.0.0.3', minTtl: 0, maxTtl: 255 },
        ],
        ttl: 9,
        oldChecksum: 'auto',
      },
    },
  );
  t.end();
});

t.test('interfaces of our own', (t) => {
  t.match(only('use_vmac name vr1 0:0:5e:0:1:a group 7', 'vmac_xmit_base').virtualInterface, {
    kind: 'macvlan',
    name: 'vr1',
    mac: '00:00:5e:00:01:0a',
    group: '7',
    sendFromBase: true,
    forAddresses: false,
  });
  t.match(only('use_ipvlan iv 192.0.2.99/24 private').virtualInterface, {
    kind: 'ipvlan',
    name: 'iv',
    address: '192.0.2.99/24',
    mode: 'private',
  });
  t.end();
});

t.test('what is tracked, with the weight of the line or of the thing', (t) => {
  const text = [
    'vrrp_script a {\nscript "/bin/a 1"\ninterval 2\nweight -20\nfall 3\n}',
    'track_file f {\nfile /run/f\nweight 2 reverse\ninit_file 5 overwrite\n}',
    'vrrp_track_process p {\nprocess "my proxy" -x\nparam_match initial\n}',
    'bfd_instance b {\nneighbor_ip 10.0.0.1\nweight 7\nvrrp\n}',
    instance(
      'track_script {\na\n}',
      'track_file {\nf weight 9\n}',
      'track_process {\np weight -3 reverse\n}',
      'track_bfd {\nb\n}',
      'track_interface {\neth1\n}',
    ),
  ].join('\n');
  const { vrrp, trackFiles, bfd } = configurationOf(text);
  t.match(vrrp.instances[0]?.tracks, {
    scripts: [{ name: 'a', weight: -20, reverse: false }],
    files: [{ name: 'f', weight: 9, reverse: true }],
    processes: [{ name: 'p', weight: -3, reverse: true }],
    bfd: [{ name: 'b', weight: 7 }],
    interfaces: [{ name: 'eth1', weight: 0 }],
  });
  t.match(vrrp.scripts[0], {
    script: { argv: ['/bin/a', '1'] },
    intervalSeconds: 2,
    timeoutSeconds: 2,
    fall: 3,
    rise: 1,
  });
  t.match(vrrp.processes[0], { argv: ['my proxy', '-x'], match: 'initial', quorum: 1, most: undefined });
  t.match(trackFiles[0], { path: '/run/f', initial: { value: 5, overwrite: true } });
  t.match(bfd[0], {
    minReceiveMs: 10,
    idleTransmitMs: 1000,
    multiplier: 5,
    ttl: 255,
    maxHops: 0,
    forVrrp: true,
    forCheckers: false,
  });
  t.end();
});

t.test('authentication', (t) => {
  const pass = (...lines: readonly string[]) => only('authentication {', ...lines, '}');
  t.strictSame(pass('auth_type PASS', 'auth_pass ninebytes').authentication, { type: 'pass', password: 'ninebyte' });
  t.strictSame(pass('auth_type PASS', 'auth_pass aaaaaaaé').authentication?.password, 'aaaaaaa', 'no half characters');
  t.match(only('state MASTER', 'authentication {', 'auth_type AH', 'auth_pass 1', '}'), { state: 'backup' });
  t.match(only('auth_hmac {', `key 7 hex:${'AB'.repeat(32)}`, `key 9 ${'k'.repeat(40)}`, '}', 'advert_int 3').hmac, {
    keys: [{ id: 7, key: { hex: 'ab'.repeat(32) } }, { id: 9 }],
    activeKey: 7,
    antiReplay: 'time',
    windowSeconds: 9,
    mode: 'enforce',
  });
  t.end();
});

t.test('the old word stands for lvs_sync_daemon', (t) => {
  t.strictSame(configurationOf(instance('lvs_sync_daemon_interface eth3')).globals.syncDaemon, {
    interface: 'eth3',
    instance: 'VI_1',
    syncId: 51,
  });
  t.end();
});

t.test('lvs_sync_daemon of an instance has its VRID, unless it says another number', (t) => {
  const idOf = (more: string): number | undefined =>
    configurationOf(`global_defs {\nlvs_sync_daemon eth3 VI_1 ${more}\n}\n${instance()}`).globals.syncDaemon?.syncId;
  t.equal(idOf(''), 51);
  t.equal(idOf('id 0'), 0);
  t.same(says(`global_defs {\nlvs_sync_daemon eth3 VI_9\n}\n${instance()}`), [
    "2:22: warning: 'VI_9' is no vrrp_instance of this file: the sync daemon never becomes master; did you mean 'VI_1'?",
  ]);
  t.end();
});

t.test('a sync group', (t) => {
  const two = `${instance()}\n${instance().replace('VI_1', 'VI_2').replace('51', '52')}`;
  const { syncGroups } = configurationOf(
    `${two}\nvrrp_sync_group G {\ngroup { VI_1 VI_2\n}\nnotify_master /bin/m\nsmtp_alert\n}`,
  ).vrrp;
  t.match(syncGroups, [
    { name: 'G', members: ['VI_1', 'VI_2'], notify: { master: { argv: ['/bin/m'] }, smtpAlert: true } },
  ]);
  t.end();
});

t.test('any words make complaints, never exceptions', (t) => {
  const words = [
    ...'use_vmac use_ipvlan unicast_peer track_script track_interface virtual_ipaddress virtual_routes authentication auth_type'.split(
      ' ',
    ),
    ...'auth_pass auth_hmac key 1 weight 255 PASS MASTER state reverse group name eth0 10.0.0.1/24 fd00::1 { } notify "/bin/x'.split(
      ' ',
    ),
  ];
  const line = fc.array(fc.constantFrom(...words), { maxLength: 5 }).map((some) => some.join(' '));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      const { configuration, diagnostics } = readConfiguration({ file: 'f', text: instance(...lines) });
      return (configuration === undefined) === diagnostics.some(({ severity }) => severity === 'error');
    }),
  );
  t.end();
});
