import t from 'tap';
import { destinationOf, type VirtualServer } from '../../../src/config/configuration.js';
import { readConfiguration } from '../../../src/config/read.js';
import { destinationName } from '../../../src/model/destination.js';
import { serviceName } from '../../../src/model/service.js';
import { says, server, service } from './says.js';

const file = (...lines: readonly string[]): string => lines.join('\n');
const real = 'real_server 10.1.0.1 80 {\n}';

const refused: readonly [name: string, text: string, says: readonly string[]][] = [
  [
    'no address',
    service(real).replace('10.0.0.1', '10.0.0.256'),
    ["1:16: '10.0.0.256' is no value of virtual_server, expected an IPv4 or IPv6 address"],
  ],
  [
    'a port above 65535',
    service(real).replace('80', '65536'),
    ["1:25: '65536' is no value of virtual_server, expected a port from 1 to 65535"],
  ],
  [
    'nothing',
    file('virtual_server {', 'protocol TCP', 'lvs_sched rr', 'lvs_method NAT', real, '}'),
    ["1:1: 'virtual_server' lacks a value, expected an IPv4 or IPv6 address"],
  ],
  ['no servers', service(), ["1:1: virtual_server without servers, expected at least one 'real_server'"]],
  [
    'no protocol',
    file('virtual_server 10.0.0.1 80 {', 'lvs_sched rr', 'lvs_method NAT', real, '}'),
    ["1:1: virtual_server lacks a protocol, expected 'protocol TCP', UDP or SCTP"],
  ],
  [
    'no scheduler and no method, which keepalived chooses itself',
    file('virtual_server 10.0.0.1 80 {', 'protocol TCP', real, '}'),
    [
      "1:1: virtual_server without 'lvs_sched', expected 'lvs_sched wlc', which keepalived takes, or another",
      "1:1: virtual_server without 'lvs_method', expected 'lvs_method NAT', which keepalived takes, DR or TUN",
    ],
  ],
  [
    'an unknown scheduler',
    service('quorum 1', real).replace('rr', 'wllc'),
    [
      "3:11: 'wllc' is no value of lvs_sched, expected rr, wrr, lc, wlc, lblc, lblcr, sh, mh, dh, fo, ovf, sed, nq, twos or maglev; did you mean 'wlc'?",
    ],
  ],
  [
    'a method in lower case',
    service(real).replace('NAT', 'nat'),
    ["4:12: 'nat' is no value of lvs_method, expected NAT, DR, TUN, L3DSR or FULLNAT; did you mean 'NAT'?"],
  ],
  [
    'options without TUN',
    service(real).replace('NAT', 'DR type gre'),
    ["4:15: 'type' is an option of TUN, expected the end of the line"],
  ],
  [
    'gue without a port',
    service(real).replace('NAT', 'TUN type gue'),
    ['4:24: lvs_method: gue without a port, expected port 1 to 65535'],
  ],
  [
    'checksums of ipip',
    service(real).replace('NAT', 'TUN type ipip csum'),
    [
      "4:26: 'csum' does not go with ipip, expected type ipip, type gue port N [nocsum|csum|remcsum] or type gre [nocsum|csum]",
    ],
  ],
  [
    'a misspelt option of TUN',
    service(real).replace('NAT', 'TUN tpye gre'),
    ["4:16: 'tpye' is no option of TUN, expected type, port, nocsum, csum or remcsum; did you mean 'type'?"],
  ],
  [
    'flags of another scheduler',
    service('sh-port', real),
    ["5:1: 'sh-port' does not go with lvs_sched rr, expected lvs_sched sh"],
  ],
  [
    'one packet scheduling of TCP',
    service('ops', real),
    ["5:1: 'ops' is for UDP, not for TCP, expected 'protocol UDP', or a mark"],
  ],
  [
    'a granularity as a prefix length',
    service('persistence_granularity 24', real),
    ["5:25: '24' is no granularity for IPv4, expected a netmask; did you mean '255.255.255.0'?"],
  ],
  [
    'a service for all ports',
    service(real).replace(' 80 {', ' {'),
    [
      "1:16: a service for all ports is persistent, and nothing says for how long, expected a port, or 'persistence_timeout 360', which keepalived takes",
    ],
  ],
  [
    'hysteresis above the quorum',
    service('quorum 2', 'hysteresis 2', 'weight 5', real),
    ['6:12: hysteresis 2 is not below the quorum, 2, expected 0 to 1'],
  ],
  [
    'a quorum that is never met',
    service('quorum 2', real),
    ['5:8: quorum 2 can never be met: all servers together weigh 1, expected at most 1'],
  ],
  [
    'a sorry server of the other family',
    service('sorry_server 2001:db8::1 80', real),
    ['5:14: 2001:db8::1 is IPv6, service tcp 10.0.0.1:80 is IPv4, expected an IPv4 address, or lvs_method TUN'],
  ],
  [
    'an option of no sorry server',
    service('sorry_server_inhibit', real),
    ["5:1: 'sorry_server_inhibit' without a sorry_server, expected 'sorry_server ADDRESS [PORT]'"],
  ],
  [
    'a real server of the other family',
    service('real_server 2001:db8::1 80 {', '}'),
    ['5:13: 2001:db8::1 is IPv6, service tcp 10.0.0.1:80 is IPv4, expected an IPv4 address, or lvs_method TUN'],
  ],
  [
    'DR to another port',
    service('real_server 10.1.0.1 8080 {', '}').replace('NAT', 'DR'),
    ['5:13: DR cannot change the port: packets reach 10.1.0.1 at port 80, not 8080, expected port 80, or none'],
  ],
  [
    'a real server twice',
    service(real, real),
    ['7:13: real server 10.1.0.1:80 is there already, in line 5, expected each server once'],
  ],
  [
    'a bad address hides nothing inside, and no missing server',
    service('real_server 10.1.0 80 {', 'wieght 1', '}'),
    [
      "5:13: '10.1.0' is no value of real_server, expected an IPv4 or IPv6 address",
      "6:1: 'wieght' is no keyword of real_server; did you mean 'weight'?",
    ],
  ],
  [
    'a lower threshold above the upper',
    server('uthreshold 5', 'lthreshold 6'),
    ['7:12: lthreshold 6 is above uthreshold 5, expected at most uthreshold'],
  ],
  [
    'a service twice',
    service(real) + service(real),
    ['8:1: service tcp 10.0.0.1:80 is there already, by the virtual_server in line 1, expected each service once'],
  ],
  [
    'an unknown group',
    file('virtual_server_group web {', '10.0.0.1 80', '}', service(real).replace('10.0.0.1 80', 'group wbe')),
    ["4:22: 'wbe' is no virtual_server_group of this file; did you mean 'web'?"],
  ],
  [
    'a group twice',
    file('virtual_server_group a {', '10.0.0.1 80', '}', 'virtual_server_group a {', '10.0.0.2 80', '}'),
    ["4:22: virtual_server_group 'a' is there already, in line 1, expected another name"],
  ],
  [
    'a mark has no protocol',
    service(real).replace('10.0.0.1 80', 'fwmark 5'),
    ['2:10: warning: a mark has no protocol; this line has no effect'],
  ],
  [
    'no mark',
    service(real).replace('10.0.0.1 80', 'fwmark 0'),
    ["1:23: '0' is no value of virtual_server, expected a whole number from 1 to 4294967295"],
  ],
  [
    'an unquoted command with arguments',
    service('quorum_up /bin/a -x y', real),
    [
      "5:18: '-x' stands where the user and group of the command are named, expected the command and its arguments together in double quotes",
    ],
  ],
  [
    'an empty command',
    service('quorum_up ""', real),
    ['5:11: an empty command, expected a program and its arguments in quotes'],
  ],
  ['no command', service('quorum_up', real), ["5:1: 'quorum_up' lacks a value, expected a command in quotes"]],
];

for (const [name, text, expected] of refused)
  t.test(`complains: ${name}`, (t) => {
    t.strictSame(says(text), expected);
    t.end();
  });

function only(text: string): VirtualServer {
  const { configuration, diagnostics } = readConfiguration({ file: 'f', text });
  const [first] = configuration?.virtualServers ?? [];
  if (first === undefined) throw new Error(JSON.stringify(diagnostics));
  return first;
}

t.test('all of a service', (t) => {
  const found = only(
    file(
      'virtual_server 10.0.0.1 53 {',
      'protocol udp',
      'lb_algo sh',
      'sh-port',
      'sh-fallback',
      'flag-3',
      'lb_kind TUN type gue port 6080 csum',
      'ops',
      'persistence_timeout',
      'persistence_granularity 255.255.255.0',
      'persistence_engine sip',
      'ha_suspend',
      'alpha',
      'omega',
      'quorum 3',
      'hysteresis 1',
      `quorum_up "/bin/up 'a b' c" nobody nogroup`,
      'weight 4',
      'sorry_server 2001:db8::9',
      'sorry_server_inhibit',
      'sorry_server_lvs_method TUN type gre nocsum',
      'real_server 10.1.0.1 53 {',
      'weight 0',
      'lvs_method DR',
      'uthreshold 10',
      'lthreshold 5',
      'notify_down /bin/down',
      'inhibit_on_failure',
      'alpha off',
      '}',
      'real_server 10.1.0.2 53 {',
      '}',
      '}',
    ),
  );
  const gue = { type: 'gue', port: 6080, checksum: true, remoteChecksum: false };
  t.strictSame(found.services, [
    {
      key: { by: 'address', protocol: 'udp', address: '10.0.0.1', port: 53 },
      settings: {
        scheduler: 'sh',
        schedulerFlags: 7,
        persistent: true,
        persistenceSeconds: 360,
        persistenceMask: '255.255.255.0',
        persistenceEngine: 'sip',
        onePacket: true,
      },
    },
  ]);
  const { quorum, hysteresis, quorumUp, quorumDown, alpha, omega, haSuspend } = found;
  t.strictSame(
    { quorum, hysteresis, quorumUp, quorumDown, alpha, omega, haSuspend },
    {
      quorum: 3,
      hysteresis: 1,
      quorumUp: { argv: ['/bin/up', 'a b', 'c'], user: { user: 'nobody', group: 'nogroup' } },
      quorumDown: undefined,
      alpha: true,
      omega: true,
      haSuspend: true,
    },
  );
  t.strictSame(found.sorryServer, {
    position: { file: 'f', line: 19, column: 14 },
    address: '2001:db8::9',
    port: undefined,
    settings: {
      method: 'tunnel',
      weight: 1,
      upperThreshold: 0,
      lowerThreshold: 0,
      tunnel: { type: 'gre', port: 0, checksum: false, remoteChecksum: false },
    },
    inhibit: true,
  });
  const [first, second] = found.realServers;
  t.strictSame(first?.settings, {
    method: 'direct-route',
    weight: 0,
    upperThreshold: 10,
    lowerThreshold: 5,
    tunnel: { type: 'ipip', port: 0, checksum: false, remoteChecksum: false },
  });
  t.strictSame([first?.inhibitOnFailure, first?.alpha, first?.notifyDown], [true, false, { argv: ['/bin/down'] }]);
  t.strictSame([second?.settings.weight, second?.settings.tunnel, second?.alpha], [4, gue, true]);
  t.end();
});

t.test('what makes a service persistent', (t) => {
  const rows: readonly [lines: readonly string[], seconds: number, mask: string][] = [
    [[], 0, '255.255.255.255'],
    [['persistence_timeout'], 360, '255.255.255.255'],
    [['persistence_timeout 50'], 50, '255.255.255.255'],
    [['persistence_granularity 255.255.0.0'], 360, '255.255.0.0'],
  ];
  for (const [lines, seconds, mask] of rows) {
    const [found] = only(service(...lines, real)).services;
    const { persistent, persistenceSeconds, persistenceMask } = found!.settings;
    t.strictSame([persistent, persistenceSeconds, persistenceMask], [seconds > 0, seconds, mask], lines.join());
  }
  t.end();
});

const keys = (text: string): readonly string[] => only(text).services.map(({ key }) => serviceName(key));
const grouped = (...entries: readonly string[]): string =>
  file(
    'virtual_server_group g {',
    ...entries,
    '}',
    service('persistence_timeout 60', real).replace('10.0.0.1 80', 'group g'),
  );

t.test('a group stands for all its addresses, ranges, prefixes and marks', (t) => {
  t.strictSame(
    keys(
      grouped('10.0.0.1 80', '10.0.0.1 443', '10.0.7.254-10.0.8.1 80', '10.0.9.1-3 80', '10.0.10.4/30 81', 'fwmark 7'),
    ),
    [
      'tcp 10.0.0.1:80',
      'tcp 10.0.0.1:443',
      'tcp 10.0.7.254:80',
      'tcp 10.0.7.255:80',
      'tcp 10.0.8.0:80',
      'tcp 10.0.8.1:80',
      'tcp 10.0.9.1:80',
      'tcp 10.0.9.2:80',
      'tcp 10.0.9.3:80',
      'tcp 10.0.10.4:81',
      'tcp 10.0.10.5:81',
      'tcp 10.0.10.6:81',
      'tcp 10.0.10.7:81',
      'fwmark 7',
    ],
  );
  t.end();
});

t.test('ranges of IPv6 end in hexadecimal', (t) => {
  const text = grouped('2001:db8::fe-100 80', 'fwmark 8 inet6').replace('10.1.0.1', '2001:db8:1::1');
  t.strictSame(keys(text), [
    'tcp [2001:db8::fe]:80',
    'tcp [2001:db8::ff]:80',
    'tcp [2001:db8::100]:80',
    'fwmark 8 ip6',
  ]);
  t.end();
});

for (const [entry, expected] of [
  ['10.0.7.20-10', 'a range whose end is above its start'],
  ['10.0.0.0-10.9.0.0', 'a range of at most 65536 addresses'],
  ['10.0.0.0/8', 'a prefix of at most 65536 addresses'],
  ['10.0.0.0/33', 'a prefix length up to 32'],
  ['10.0.0.1-2001:db8::1', 'an address, or the last part of one, behind the hyphen'],
  ['web', 'ADDRESS, ADDRESS-LAST, ADDRESS-ADDRESS, ADDRESS/LENGTH or fwmark N'],
])
  t.test(`a group entry '${entry ?? ''}' is refused, once`, (t) => {
    t.strictSame(says(grouped(entry ?? '')), [
      `2:1: '${entry ?? ''}' is no entry of a virtual_server_group, expected ${expected ?? ''}`,
    ]);
    t.end();
  });

t.test('an empty group', (t) => {
  t.strictSame(says(grouped()), [
    "1:22: virtual_server_group 'g' is empty, expected at least one address, range, prefix or fwmark",
  ]);
  t.end();
});

t.test('a mark is of the family of its servers, unless tunnels mix them', (t) => {
  const marked = (method: string, ...addresses: readonly string[]): string =>
    file(
      'virtual_server fwmark 3 {',
      'lvs_sched rr',
      `lvs_method ${method}`,
      ...addresses.map((one) => `real_server ${one} {\n}`),
      '}',
    );
  t.strictSame(keys(marked('DR', '10.1.0.1')), ['fwmark 3']);
  t.strictSame(keys(marked('DR', '2001:db8::1')), ['fwmark 3 ip6']);
  t.strictSame(keys(marked('TUN', '2001:db8::1', '10.1.0.1')), ['fwmark 3']);
  t.strictSame(keys(marked('TUN\nip_family inet6', '2001:db8::1', '10.1.0.1')), ['fwmark 3 ip6']);
  t.end();
});

t.test('only NAT changes the port; a server without one has that of the service', (t) => {
  const rows: readonly [text: string, destination: string][] = [
    [service('real_server 10.1.0.1 8080 {', '}'), '10.1.0.1:8080'],
    [service('real_server 10.1.0.1 {', '}'), '10.1.0.1:80'],
    [service('real_server 10.1.0.1 0 {', '}'), '10.1.0.1:80'],
    [service('real_server 10.1.0.1 80 {', '}').replace('NAT', 'TUN'), '10.1.0.1:80'],
    [service('real_server 10.1.0.1 8080 {', '}').replace('10.0.0.1 80', 'fwmark 1'), '10.1.0.1:8080'],
    [service('real_server 10.1.0.1 8080 {', '}').replace('10.0.0.1 80', 'fwmark 1').replace('NAT', 'DR'), '10.1.0.1:0'],
  ];
  for (const [text, destination] of rows) {
    const { services, realServers } = only(text);
    t.equal(destinationName(destinationOf(services[0]!.key, realServers[0]!)), destination);
  }
  t.end();
});
