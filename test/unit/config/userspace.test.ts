/** Words of the userspace engine: what they mean, and what does not go together. */
import fc from 'fast-check';
import t from 'tap';
import { destinationOf, type VirtualServer } from '../../../src/config/configuration.js';
import { formatDiagnostic } from '../../../src/config/diagnostics.js';
import { lint } from '../../../src/config/lint.js';
import { readConfiguration } from '../../../src/config/read.js';
import { addressesOf } from '../../../src/config/virtual-server-group.js';
import { compareAddresses, isWithin, lastOf } from '../../../src/config/userspace/prefix.js';
import { isPowerOfTwo, isPrime, primeAbove, primeBelow } from '../../../src/config/userspace/prime.js';
import { formatAddress, parseAddress } from '../../../src/model/address.js';
import { defaultEngineSettings } from '../../../src/model/engine.js';
import { serviceName } from '../../../src/model/service.js';
import { says } from './says.js';

const file = (...lines: readonly string[]): string => lines.join('\n');

interface Words {
  readonly header?: string;
  readonly protocol?: string;
  readonly sched?: string;
  readonly method?: string;
  readonly engine?: string;
}

/** A virtual_server: line 1 the header, 2 protocol, 3 lvs_sched, 4 lvs_method, 5 lvs_engine, from 6 on `lines`. */
const service = (words: Words, ...lines: readonly string[]): string =>
  file(
    `virtual_server ${words.header ?? '192.0.2.1 80'} {`,
    `protocol ${words.protocol ?? 'TCP'}`,
    `lvs_sched ${words.sched ?? 'maglev'}`,
    `lvs_method ${words.method ?? 'NAT'}`,
    `lvs_engine ${words.engine ?? 'userspace'}`,
    ...lines,
    '}',
    '',
  );
const real = 'real_server 10.1.0.1 80 {\n}';
const anyReal = 'real_server 10.1.0.1 {\n}';

const refused: readonly [name: string, text: string, says: readonly string[]][] = [
  [
    'every word of its own with the kernel',
    service(
      { sched: 'rr', engine: 'kernel' },
      'maglev_size 4093',
      'hash_fields ip_src',
      'src_ip_sticky',
      'node_port 30080',
      'snat_pool 192.0.2.7',
      'tunnel_source 192.0.2.8',
      'icmp_echo answer',
      'answer_arp',
      'stateless',
      'interfaces eth0',
      'tcp_timeout 5',
      'udp_timeout 5',
      real,
    ),
    [
      'maglev_size',
      'hash_fields',
      'src_ip_sticky',
      'node_port',
      'snat_pool',
      'tunnel_source',
      'icmp_echo',
      'answer_arp',
      'stateless',
      'interfaces',
      'tcp_timeout',
      'udp_timeout',
    ].map(
      (word, i) =>
        `${i + 6}:1: '${word}' goes with lvs_engine userspace, not with lvs_engine kernel, expected 'lvs_engine userspace', or no '${word}'`,
    ),
  ],
  [
    'the kernel is who forwards where nobody says it',
    service({ sched: 'maglev' }, real).replace('lvs_engine userspace\n', ''),
    [
      "3:11: 'lvs_sched maglev' goes with lvs_engine userspace, not with lvs_engine kernel, expected 'lvs_engine userspace', or 'lvs_sched mh'",
    ],
  ],
  [
    'a prefix, any protocol and methods with the kernel',
    service(
      { header: '192.0.2.0/24', protocol: 'any', sched: 'rr', method: 'FULLNAT', engine: 'kernel' },
      'persistence_timeout',
      anyReal,
      'real_server 10.1.0.2 {',
      'lvs_method L3DSR dscp 5',
      '}',
    ),
    [
      "1:16: a prefix goes with lvs_engine userspace, not with lvs_engine kernel, expected 'lvs_engine userspace', or a virtual_server_group of addresses",
      "2:10: 'protocol ANY' goes with lvs_engine userspace, not with lvs_engine kernel, expected 'lvs_engine userspace', or TCP, UDP or SCTP",
      "4:12: 'lvs_method FULLNAT' goes with lvs_engine userspace, not with lvs_engine kernel, expected 'lvs_engine userspace', or NAT, DR or TUN",
      "10:12: 'lvs_method L3DSR' goes with lvs_engine userspace, not with lvs_engine kernel, expected 'lvs_engine userspace', or NAT, DR or TUN",
    ],
  ],
  [
    'a sorry server that only the engine reaches',
    service({ engine: 'kernel', sched: 'rr' }, real, 'sorry_server 10.1.0.9 80', 'sorry_server_lvs_method FULLNAT'),
    [
      "9:25: 'lvs_method FULLNAT' goes with lvs_engine userspace, not with lvs_engine kernel, expected 'lvs_engine userspace', or NAT, DR or TUN",
    ],
  ],
  [
    'a mark',
    service({ header: 'fwmark 7', sched: 'rr' }, real).replace('protocol TCP\n', ''),
    [
      "1:16: lvs_engine userspace sees packets before they get a mark, expected addresses or a prefix, or 'lvs_engine kernel'",
    ],
  ],
  [
    'a group with a mark',
    file('virtual_server_group web {', '192.0.2.1 80', 'fwmark 7', '}', service({ header: 'group web' }, real)),
    [
      "5:16: lvs_engine userspace sees packets before they get a mark, expected addresses or a prefix, or 'lvs_engine kernel'",
    ],
  ],
  [
    'what only the kernel has',
    service(
      { sched: 'twos', method: 'TUN type gue port 6080 remcsum' },
      'persistence_engine sip',
      'persistence_granularity 255.0.255.0',
      real,
    ),
    [
      "3:11: 'lvs_sched twos' does not go with lvs_engine userspace, expected another scheduler, or 'lvs_engine kernel'",
      "4:12: 'remcsum' does not go with lvs_engine userspace, expected csum or nocsum",
      "6:20: 'persistence_engine' does not go with lvs_engine userspace, expected persistence by address alone, or 'lvs_engine kernel'",
      '7:25: netmask 255.0.255.0 is no prefix, which is what lvs_engine userspace compares, expected a netmask such as 255.255.255.0',
    ],
  ],
  [
    'a probe through the forwarding',
    service({}, 'real_server 10.1.0.1 80 {', 'TCP_CHECK {', 'via_forwarding', '}', '}'),
    [
      "7:1: 'via_forwarding' marks its probes, which lvs_engine userspace does not see, expected a virtual_server of the kernel, or no via_forwarding",
    ],
  ],
  [
    'a prefix with bits behind its length',
    service({ header: '90.1.0.0/8 80' }, real),
    [
      "1:16: '90.1.0.0/8' is no value of virtual_server, expected the first address of the prefix; did you mean '90.0.0.0/8'?",
    ],
  ],
  [
    'a prefix of IPv6 with bits behind its length',
    service({ header: '2001:db8::1/127 80' }, 'real_server fd00::1 80 {', '}'),
    [
      "1:16: '2001:db8::1/127' is no value of virtual_server, expected the first address of the prefix; did you mean '2001:db8::/127'?",
    ],
  ],
  ...['192.0.2.0/33', '0.0.0.0/0', '192.0.2/24', '192.0.2.0/', '192.0.2.0/24/8', '2001:db8::/129'].map(
    (header): [string, string, readonly string[]] => [
      `no prefix: ${header}`,
      service({ header }, anyReal),
      [
        `1:16: '${header}' is no value of virtual_server, expected ADDRESS/LENGTH, of length 1 to 32 (IPv4) or 1 to 128 (IPv6)`,
      ],
    ],
  ),
  [
    'any protocol and a port',
    service({ protocol: 'ANY' }, real),
    ["2:10: 'protocol ANY' takes all ports, expected no port behind the address, or TCP, UDP or SCTP"],
  ],
  [
    'an address that is no address of a service',
    service({ header: '224.0.0.5 80' }, real),
    ['1:16: 224.0.0.5 is no address that clients send to one machine, expected a unicast address'],
  ],
  [
    'servers that are no servers',
    service({}, 'real_server 255.255.255.255 80 {', '}', 'real_server 0.0.0.0 80 {', '}'),
    [
      '6:13: 255.255.255.255 is no address of a server, expected a unicast address',
      '8:13: 0.0.0.0 is no address of a server, expected a unicast address',
    ],
  ],
  [
    'a server inside of its own prefix',
    service({ header: '10.0.0.0/8', protocol: 'ANY', method: 'L3DSR dscp 7' }, anyReal),
    [
      '6:13: 10.1.0.1 is an address of service any 10.0.0.0/8 port 0 itself: its packets would come back for ever, expected a server outside of it',
    ],
  ],
  [
    'L3DSR without a dscp',
    service({ method: 'L3DSR' }, real),
    ['4:17: lvs_method: L3DSR without a dscp, expected dscp 0 to 63'],
  ],
  [
    'a dscp out of range',
    service({ method: 'L3DSR dscp 64' }, real),
    ["4:23: '64' is no value of lvs_method, expected a whole number from 0 to 63"],
  ],
  [
    'L3DSR with an option of TUN',
    service({ method: 'L3DSR type gre' }, real),
    ["4:18: 'type' is an option of TUN, expected dscp 0 to 63"],
  ],
  ...['NAT', 'DR', 'FULLNAT'].map((method): [string, string, readonly string[]] => [
    `a dscp of ${method}`,
    service({ method: `${method} dscp 5` }, real),
    [`4:${method.length + 13}: 'dscp' is an option of L3DSR, expected the end of the line`],
  ]),
  [
    'a dscp of TUN',
    service({ method: 'TUN type gre dscp 5' }, real),
    ["4:25: 'dscp' is an option of L3DSR, expected type, port, nocsum, csum or remcsum"],
  ],
  [
    'two encapsulations',
    service({ method: 'TUN type gre' }, real, 'real_server 10.1.0.2 80 {', 'lvs_method TUN type gue port 6080', '}'),
    [
      '9:12: two encapsulations in one service: TUN type gre and TUN type gue port 6080, expected one for all its servers, or a virtual_server for each',
    ],
  ],
  [
    'two dscps',
    service({ method: 'L3DSR dscp 5' }, real, 'real_server 10.1.0.2 80 {', 'lvs_method L3DSR dscp 6', '}'),
    [
      '9:12: two encapsulations in one service: L3DSR dscp 5 and L3DSR dscp 6, expected one for all its servers, or a virtual_server for each',
    ],
  ],
  ...(['NAT', 'DR', 'L3DSR dscp 5', 'FULLNAT'] as const).map((method): [string, string, readonly string[]] => [
    `${method} over families`,
    service(
      { method },
      ...(method === 'FULLNAT' ? ['snat_pool 2001:db8::7'] : []),
      'real_server 2001:db8::1 80 {',
      '}',
    ),
    [
      `${method === 'FULLNAT' ? 7 : 6}:13: 2001:db8::1 is IPv6, service tcp 192.0.2.1:80 is IPv4, expected an IPv4 address, or lvs_method TUN`,
    ],
  ]),
  [
    'L3DSR to another port',
    service({ method: 'L3DSR dscp 5' }, 'real_server 10.1.0.1 8080 {', '}'),
    ['6:13: L3DSR cannot change the port: packets reach 10.1.0.1 at port 80, not 8080, expected port 80, or none'],
  ],
  [
    'a table size that is neither',
    service({}, 'maglev_size 1000', real),
    ["6:13: '1000' is no value of maglev_size, expected a prime, such as 997 or 1009, or a power of two"],
  ],
  [
    'a table larger than any',
    service({}, 'maglev_size 16777214', real),
    ["6:13: '16777214' is no value of maglev_size, expected a whole number from 1 to 16777213"],
  ],
  [
    'a table of no slots',
    service({}, 'maglev_size 0', real),
    ["6:13: '0' is no value of maglev_size, expected a whole number from 1 to 16777213"],
  ],
  [
    'a table smaller than its servers',
    service({}, 'maglev_size 2', real, 'real_server 10.1.0.2 80 {', '}', 'real_server 10.1.0.3 80 {', '}'),
    ["6:13: a Maglev table of 2 slots for 3 real servers: some would never be chosen, expected 'maglev_size 307'"],
  ],
  [
    'words of Maglev with another scheduler',
    service({ sched: 'rr' }, 'maglev_size 997', 'hash_fields ip_src', real),
    [
      "6:13: 'maglev_size' does not go with lvs_sched rr, expected lvs_sched maglev",
      "7:13: 'hash_fields' does not go with lvs_sched rr, expected lvs_sched maglev",
    ],
  ],
  [
    'hash fields: unknown, twice, none',
    service({}, 'hash_fields ip_scr', 'hash_fields ip_src tp_dst ip_src', 'hash_fields', real),
    [
      "6:13: 'ip_scr' is no value of hash_fields, expected eth_src, eth_dst, ip_src, ip_dst, tp_src or tp_dst; did you mean 'ip_src'?",
      "7:1: warning: 'hash_fields' is given twice, first in line 6; the last one counts",
      "7:27: 'ip_src' is given twice, expected each once",
      "8:1: 'hash_fields' lacks a value, expected eth_src, eth_dst, ip_src, ip_dst, tp_src or tp_dst",
    ].filter((line) => !line.includes('warning')),
  ],
  [
    'sticky and fields',
    service({}, 'hash_fields tp_dst', 'src_ip_sticky', real),
    ["7:1: 'src_ip_sticky' is 'hash_fields ip_src', and 'hash_fields' says something else, expected one of them"],
  ],
  [
    'stateless with what needs sessions',
    service({ sched: 'wlc' }, 'stateless', 'persistence_timeout 50', real),
    [
      "6:1: 'stateless' does not go with lvs_sched wlc, which chooses anew for each packet, expected maglev, mh, sh or dh",
      "6:1: 'stateless' does not go with lvs_method NAT: replies find their client by the session, expected DR, TUN or L3DSR",
      "7:21: 'persistence_timeout' does not go with 'stateless': nobody remembers clients, expected one of them",
    ],
  ],
  [
    'a node port of all ports',
    service({ header: '192.0.2.1' }, 'node_port 30080', anyReal),
    [
      "6:11: 'node_port' stands for the port of a service, and this one takes all ports, expected a service with a port",
    ],
  ],
  [
    'a node port of any protocol',
    service({ header: '192.0.2.1', protocol: 'ANY' }, 'node_port 30080', anyReal),
    [
      "6:11: 'node_port' stands for the port of a service, and this one takes all ports, expected a service with a port",
    ],
  ],
  [
    'a node port of DR',
    service({ method: 'DR' }, 'node_port 30080', real),
    [
      "6:11: 'node_port' does not go with lvs_method DR: 10.1.0.1 does not have this machine's addresses, expected NAT or FULLNAT",
    ],
  ],
  [
    'a node port twice',
    file(service({}, 'node_port 30080', real), service({ header: '192.0.2.1 81' }, 'node_port 30080', real)),
    ['11:1: node_port 30080 of tcp 192.0.2.1:81 is that of tcp 192.0.2.1:80, line 1, too, expected a port of its own'],
  ],
  [
    'FULLNAT without a pool',
    service({ method: 'FULLNAT' }, real),
    ["4:12: lvs_method FULLNAT without a 'snat_pool' to take source addresses from, expected 'snat_pool A-B'"],
  ],
  [
    'a pool without FULLNAT',
    service({}, 'snat_pool 192.0.2.7', real),
    ["6:11: 'snat_pool' goes with lvs_method FULLNAT, expected FULLNAT, or no snat_pool"],
  ],
  [
    'a pool of the other family',
    service({ method: 'FULLNAT' }, 'snat_pool 2001:db8::7', real),
    ['6:11: snat_pool has no IPv4 address, and 10.1.0.1 is IPv4, expected IPv4 addresses'],
  ],
  [
    'pools of both families for one',
    service({ method: 'FULLNAT' }, 'snat_pool 192.0.2.7', 'snat_pool 2001:db8::7', real),
    ['7:11: 2001:db8::7 is IPv6, and no server of lvs_method FULLNAT is, expected no such line'],
  ],
  [
    'what is no pool',
    service({ method: 'FULLNAT' }, 'snat_pool 192.0.2.9-192.0.2.7', real),
    ["6:11: '192.0.2.9-192.0.2.7' is no value of snat_pool, expected a range whose end is not below its start"],
  ],
  [
    'a pool of two families',
    service({ method: 'FULLNAT' }, 'snat_pool 192.0.2.9-2001:db8::1', real),
    ["6:11: '192.0.2.9-2001:db8::1' is no value of snat_pool, expected two addresses of one family"],
  ],
  [
    'ports of a pool',
    service({ method: 'FULLNAT' }, 'snat_pool 192.0.2.9 ports 9-8', real),
    ["6:27: '9-8' is no value of snat_pool, expected ports LOW-HIGH from 1 to 65535"],
  ],
  [
    'an option of a pool',
    service({ method: 'FULLNAT' }, 'snat_pool 192.0.2.9 prots 8-9', real),
    ["6:21: 'prots' is no option of snat_pool, expected 'ports LOW-HIGH'"],
  ],
  [
    'a pool over a service of another block',
    file(
      service({ method: 'FULLNAT' }, 'snat_pool 198.51.100.5-198.51.100.9', real),
      service({ header: '198.51.100.8/30', protocol: 'ANY', method: 'DR' }, anyReal),
    ),
    [
      '1:1: snat_pool 198.51.100.5-198.51.100.9 overlaps service any 198.51.100.8/30 port 0, expected addresses of no service',
    ],
  ],
  [
    'a pool over a service of the kernel',
    file(
      service({ method: 'FULLNAT' }, 'snat_pool 198.51.100.5', real),
      service({ header: '198.51.100.5 80', sched: 'rr', engine: 'kernel' }, real),
    ),
    ['1:1: snat_pool 198.51.100.5 overlaps service tcp 198.51.100.5:80, expected addresses of no service'],
  ],
  [
    'a tunnel source without tunnels of its family',
    service({ method: 'TUN' }, 'tunnel_source 2001:db8::7', real),
    ['6:15: 2001:db8::7 is IPv6, and no IPv6 server has lvs_method TUN, expected TUN, or no tunnel_source'],
  ],
  [
    'the VIP as source of tunnels',
    service({ method: 'TUN' }, 'tunnel_source 192.0.2.1', real),
    [
      '6:15: tunnel_source 192.0.2.1 is an address of the service: servers have it too, and drop what seems to come from themselves, expected another address of this machine',
    ],
  ],
  [
    'a timeout of another protocol',
    service({ protocol: 'UDP' }, 'tcp_timeout 5', real),
    ["6:13: 'tcp_timeout' has no meaning for protocol UDP, expected no such line"],
  ],
  [
    'an echo that is neither',
    service({}, 'icmp_echo drop', real),
    ["6:11: 'drop' is no value of icmp_echo, expected answer or kernel"],
  ],
  [
    'an interface twice',
    service({}, 'interfaces eth0 eth0', real),
    ["6:17: 'eth0' is given twice, expected each once"],
  ],
  [
    'waiting for a prefix to be an address of this machine',
    service({ header: '192.0.2.0/24 80' }, 'ha_suspend', real),
    ["6:1: 'ha_suspend' asks whether this machine has the address, and a prefix is none, expected no such line"],
  ],
  [
    'a service twice',
    file(service({ header: '192.0.2.0/24 80' }, real), service({ header: '192.0.2.0/24 80' }, real)),
    [
      '10:1: service tcp 192.0.2.0/24 port 80 is there already, by the virtual_server in line 1, expected each service once',
    ],
  ],
  [
    'an address, and a prefix that is that address',
    file(service({ header: '192.0.2.1 80' }, real), service({ header: '192.0.2.1/32 80' }, real)),
    ['10:1: service tcp 192.0.2.1:80 is there already, by the virtual_server in line 1, expected each service once'],
  ],
  [
    'a dscp for two addresses of one server',
    file(service({ method: 'L3DSR dscp 5' }, real), service({ header: '192.0.2.2 80', method: 'L3DSR dscp 5' }, real)),
    ['10:1: dscp 5 means 192.0.2.2 and, line 1, 192.0.2.1 to real server 10.1.0.1, expected a dscp for each address'],
  ],
  [
    'the same in one group',
    file(
      service({ header: 'group web', method: 'L3DSR dscp 5' }, real),
      'virtual_server_group web {',
      '192.0.2.1 80',
      '192.0.2.2 80',
      '}',
    ),
    ['1:1: dscp 5 means 192.0.2.2 and, line 1, 192.0.2.1 to real server 10.1.0.1, expected a dscp for each address'],
  ],
];

for (const [name, text, expected] of refused)
  t.test(`complains: ${name}`, (t) => {
    t.strictSame(says(text), expected);
    t.end();
  });

const accepted: readonly [name: string, text: string][] = [
  [
    'an any-port service beside one with a port',
    file(service({ header: '192.0.2.1', protocol: 'ANY' }, anyReal), service({}, real)),
  ],
  [
    'a prefix in a prefix',
    file(service({ header: '90.0.0.0/8' }, anyReal), service({ header: '90.1.0.0/16' }, anyReal)),
  ],
  ['all ports of TCP, without persistence', service({ header: '192.0.2.1' }, anyReal)],
  ['tunnels to both families', service({ method: 'TUN' }, real, 'real_server 2001:db8::1 80 {', '}')],
  ['NAT and DR in one service', service({}, real, 'real_server 10.1.0.2 80 {', 'lvs_method DR', '}')],
  ['L3DSR over IPv6', service({ header: '2001:db8::7 80', method: 'L3DSR dscp 9' }, 'real_server fd00::1 80 {', '}')],
  [
    'one dscp for two ports of an address',
    file(
      service({ method: 'L3DSR dscp 5' }, real),
      service({ header: '192.0.2.1 443', method: 'L3DSR dscp 5' }, anyReal),
    ),
  ],
  [
    'one dscp for two addresses on different servers',
    file(
      service({ method: 'L3DSR dscp 5' }, real),
      service({ header: '192.0.2.2 80', method: 'L3DSR dscp 5' }, 'real_server 10.1.0.2 80 {', '}'),
    ),
  ],
  [
    'a node port of TCP and the same of UDP',
    file(service({}, 'node_port 30053', real), service({ protocol: 'UDP' }, 'node_port 30053', real)),
  ],
  [
    'one pool for two services',
    file(
      service({ method: 'FULLNAT' }, 'snat_pool 192.0.2.9', real),
      service({ header: '192.0.2.1 81', method: 'FULLNAT' }, 'snat_pool 192.0.2.9', real),
    ),
  ],
  ['stateless tunnels', service({ method: 'TUN' }, 'stateless', real)],
  [
    'a group of addresses',
    file('virtual_server_group web {', '192.0.2.1-9 80', '}', service({ header: 'group web' }, real)),
  ],
  ['a table of a power of two, as many slots as servers', service({}, 'maglev_size 1', real)],
];

for (const [name, text] of accepted)
  t.test(`takes: ${name}`, (t) => {
    t.strictSame(says(text), []);
    t.end();
  });

function all(text: string): readonly VirtualServer[] {
  const { configuration, diagnostics } = readConfiguration({ file: 'f', text });
  if (configuration === undefined) throw new Error(JSON.stringify(diagnostics));
  return configuration.virtualServers;
}

t.test('all of a service', (t) => {
  const [found] = all(
    service(
      { header: '2001:DB8::/32 53', protocol: 'UDP', method: 'FULLNAT' },
      'maglev_size 65536',
      'hash_fields tp_dst ip_src eth_src',
      'node_port 30053',
      'snat_pool fd00::a-fd00::1f ports 2000-3000',
      'snat_pool fd00::7',
      'icmp_echo kernel',
      'answer_arp',
      'interfaces eth1 eth0',
      'udp_timeout 7',
      'ops',
      'real_server fd01::1 5353 {',
      '}',
    ),
  );
  const [first] = found!.services;
  t.strictSame(first?.key, { by: 'address', protocol: 'udp', address: '2001:db8::', port: 53, prefixLength: 32 });
  t.equal(serviceName(first!.key), 'udp 2001:db8::/32 port 53');
  t.strictSame(first?.settings.engine, {
    hashFields: ['eth_src', 'ip_src', 'tp_dst'],
    tableSize: 65_536,
    dscp: 0,
    nodePort: 30_053,
    snatPool: [
      { first: 'fd00::a', last: 'fd00::1f', lowestPort: 2000, highestPort: 3000 },
      { first: 'fd00::7', last: 'fd00::7', lowestPort: 1024, highestPort: 65_535 },
    ],
    icmpEcho: 'kernel',
    answerArp: true,
    stateless: false,
    interfaces: ['eth1', 'eth0'],
    tcpTimeout: 0,
    udpTimeout: 7,
  });
  t.equal(first?.settings.onePacket, true);
  t.equal(first?.settings.persistent, false);
  t.strictSame(destinationOf(first!.key, found!.realServers[0]!), { address: 'fd01::1', port: 5353 });
  t.end();
});

t.test('what nobody says is as the model has it', (t) => {
  const [found] = all(service({}, real));
  t.strictSame(found?.services[0]?.settings.engine, defaultEngineSettings);
  t.end();
});

t.test('the dscp of servers that say it themselves', (t) => {
  const [found] = all(service({ method: 'DR' }, 'real_server 10.1.0.1 80 {', 'lvs_method L3DSR dscp 9', '}'));
  t.equal(found?.services[0]?.settings.engine?.dscp, 9);
  t.equal(found?.realServers[0]?.settings.method, 'l3dsr');
  t.end();
});

t.test('a sticky client: hashed by its address, and held', (t) => {
  const settings = (...lines: readonly string[]) =>
    all(service({ method: 'TUN' }, ...lines, real))[0]?.services[0]?.settings;
  const sticky = settings('src_ip_sticky');
  t.strictSame(sticky?.engine?.hashFields, ['ip_src']);
  t.equal(sticky?.persistent, true);
  t.equal(sticky?.persistenceSeconds, 360);
  t.equal(settings('src_ip_sticky', 'persistence_timeout 40')?.persistenceSeconds, 40);
  t.equal(settings('src_ip_sticky', 'stateless')?.persistent, false);
  t.end();
});

t.test('global_defs says it for all that do not say it', (t) => {
  const text = (...own: readonly string[]): string => file('global_defs {', 'lvs_engine userspace', '}', ...own);
  const unsaid = service({ sched: 'rr' }, real).replace('lvs_engine userspace\n', '');
  const [first, second] = all(text(unsaid, service({ header: '192.0.2.1 81', sched: 'rr', engine: 'kernel' }, real)));
  t.not(first?.services[0]?.settings.engine, undefined);
  t.notOk(Object.hasOwn(second!.services[0]!.settings, 'engine'));
  t.end();
});

const advice = (text: string): readonly string[] =>
  lint(readConfiguration({ file: 'f', text }).configuration!).map((one) => formatDiagnostic(one).replace(/^f:/, ''));

t.test('advises', (t) => {
  t.strictSame(advice(service({}, 'maglev_size 97', real)), [
    "1:1: warning: a Maglev table of 97 slots for 1 real servers: with fewer than 100 for each their shares are uneven, expected 'maglev_size 101'",
  ]);
  t.strictSame(advice(service({ header: '192.0.2.0/24 80', method: 'L3DSR dscp 0' }, real)), [
    '1:1: warning: L3DSR with dscp 0, which ordinary packets have: its servers take all they get for the VIP, expected dscp 1 to 63',
    '1:1: warning: L3DSR for the prefix of tcp 192.0.2.0/24 port 80: its servers know a dscp, not which address the client used, and answer from one, expected an address, or lvs_method TUN or DR',
  ]);
  t.strictSame(
    advice(
      file(service({ method: 'TUN type gre' }, real), service({ header: '192.0.2.1 443', method: 'TUN' }, anyReal)),
    ),
    [
      '10:1: warning: two encapsulations for 192.0.2.1: TUN type ipip, and TUN type gre in line 1, expected one lvs_method for all services of an address',
    ],
  );
  t.strictSame(advice(service({}, 'maglev_size 101', real)), []);
  t.end();
});

t.test('primes, slowly', (t) => {
  const slow = (value: number): boolean => {
    if (value < 2) return false;
    for (let i = 2; i < value; i++) if (value % i === 0) return false;
    return true;
  };
  for (let value = 0; value < 2000; value++) {
    t.equal(isPrime(value), slow(value), String(value));
    t.equal(isPowerOfTwo(value), value > 0 && value.toString(2).replace(/0+$/, '') === '1', String(value));
    if (value < 2) continue;
    const [below, above] = [primeBelow(value)!, primeAbove(value)];
    t.ok(below <= value && value <= above && slow(below) && slow(above), String(value));
    for (let between = below + 1; between < above; between++) if (between !== value) t.notOk(slow(between));
  }
  t.equal(primeBelow(1), undefined);
  t.ok(isPrime(65_537) && isPrime(16_777_213) && !isPrime(16_777_211 * 1 + 4) && isPowerOfTwo(2 ** 23));
  t.end();
});

t.test('property: a prefix is its addresses', (t) => {
  const ip4 = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)).map((bytes) => bytes.join('.'));
  fc.assert(
    fc.property(ip4, fc.integer({ min: 22, max: 32 }), fc.nat(2000), (address, length, offset) => {
      const inside = addressesOf(`${address}/${length}`);
      if (typeof inside === 'string') return true;
      const prefix = { address: inside[0]!, length };
      const probe = Uint8Array.from(parseAddress(prefix.address)!);
      const number = (new DataView(probe.buffer).getUint32(0) + offset) >>> 0;
      new DataView(probe.buffer).setUint32(0, number);
      const text = formatAddress(probe);
      return (
        lastOf(prefix.address, length) === inside.at(-1) &&
        compareAddresses(inside[0]!, inside.at(-1)!) <= 0 &&
        isWithin(text, prefix) === inside.includes(text) &&
        isWithin(address, prefix)
      );
    }),
  );
  t.notOk(isWithin('2001:db8::1', { address: '10.0.0.0', length: 8 }));
  t.ok(isWithin('2001:db8:0:1::1', { address: '2001:db8::', length: 63 }));
  t.notOk(isWithin('2001:db8:0:2::1', { address: '2001:db8::', length: 63 }));
  t.end();
});
