// kernels: uml, qemu
import { readdirSync } from 'node:fs';
import t from 'tap';
import { LvsError } from '../../src/errors.js';
import { parseConnections, parseSyncedConnections } from '../../src/ipvs/proc.js';
import { parseApplications, parseCpuStatistics, parseStatistics, parseStatus } from '../../src/ipvs/proc-status.js';
import {
  ipvsSysctls,
  isIpvsSysctl,
  parseIpvsSysctl,
  readAllIpvsSysctls,
  readIpvsSysctl,
  writeIpvsSysctl,
} from '../../src/ipvs/sysctls.js';
import { systemSysctl } from '../../src/system/sysctl.js';
import { ask, type Endpoint, serve, serversOf } from './peers.js';
import { mustRun, Network, run } from './topology.js';

t.setTimeout(0); // whoever runs us sets the limit

const sysctl = systemSysctl();
const files = readdirSync('/proc/sys/net/ipv4/vs');

t.test('every sysctl of this kernel is in our table, and what it holds is what the table says', async (t) => {
  for (const name of files) t.ok(isIpvsSysctl(name), name);
  for (const [name, value] of await readAllIpvsSysctls(sysctl)) {
    if (value instanceof LvsError) t.match([value.code, files.includes(name)], ['SYSCTL_ABSENT', false], name);
    else t.ok((ipvsSysctls[name].kind.accepts as (value: unknown) => boolean)(value), `${name} = ${String(value)}`);
  }
});

t.test('what is written is read, and what we refuse the kernel refuses, too', async (t) => {
  const changes = [
    ['conntrack', '1', '0'],
    ['drop_entry', '3', '0'],
    ['sync_ports', '8', '1'],
    ['sync_threshold', '4 60', '3 50'],
    ['sync_retries', '3', '0'],
  ] as const;
  for (const [name, value, before] of changes) {
    await writeIpvsSysctl(sysctl, name, parseIpvsSysctl(name, value));
    t.strictSame(await readIpvsSysctl(sysctl, name), parseIpvsSysctl(name, value), name);
    await writeIpvsSysctl(sysctl, name, parseIpvsSysctl(name, before));
  }
  const refused = [
    ['sync_ports', '3'],
    ['sync_threshold', '50 3'],
    ['sync_version', '2'],
    ['sync_retries', '4'],
    ['drop_packet', '4'],
  ] as const;
  for (const [name, value] of refused) {
    t.throws(() => parseIpvsSysctl(name, value), { code: 'SYSCTL_RANGE' }, name);
    await t.rejects(sysctl.write(`net/ipv4/vs/${name}`, value), { code: 'SYSCTL_REFUSED' }, name);
  }
});

const web: Endpoint = { protocol: 'tcp', address: '10.1.0.1', port: 80 };
const dns6: Endpoint = { protocol: 'udp', address: 'fd00:1::1', port: 53 };

t.test('connections are told as they are', async (t) => {
  await using network = await Network.build({
    hosts: {
      client: { links: { outside: ['10.1.0.2/24', 'fd00:1::2/64'] } },
      director: {
        links: { outside: ['10.1.0.1/24', 'fd00:1::1/64'], inside: ['10.2.0.1/24', 'fd00:2::1/64'] },
        sysctls: { 'net.ipv4.ip_forward': 1, 'net.ipv6.conf.all.forwarding': 1 },
      },
      rs: {
        links: { inside: ['10.2.0.11/24', 'fd00:2::11/64'] },
        ip: ['route add default via 10.2.0.1', 'route add default via fd00:2::1'],
      },
    },
  });
  const rules = [
    '-A -t 10.1.0.1:80 -s rr -p 100',
    '-a -t 10.1.0.1:80 -r 10.2.0.11:80 -m',
    '-A -u [fd00:1::1]:53 -s rr',
    '-a -u [fd00:1::1]:53 -r [fd00:2::11]:53 -m',
  ];
  await mustRun(['ip', 'netns', 'exec', 'director', '/sbin/ipvsadm', '-R'], { input: rules.join('\n') });
  await serve('rs', [
    { ...web, address: '10.2.0.11' },
    { ...dns6, address: 'fd00:2::11' },
  ]);
  t.strictSame(serversOf(await ask(network, 'client', web, 1, { address: '10.1.0.2', port: 40001 })), ['rs']);
  t.strictSame(serversOf(await ask(network, 'client', dns6, 1, { address: 'fd00:1::2', port: 40002 })), ['rs']);

  const proc = (name: string): Promise<string> => network.must('director', 'cat', `/proc/net/${name}`);
  const tcp = {
    protocol: 'TCP',
    clientAddress: '10.1.0.2',
    clientPort: 40001,
    virtualAddress: '10.1.0.1',
    virtualPort: 80,
  };
  const expected = [
    { ...tcp, clientPort: 0, destinationAddress: '10.2.0.11', destinationPort: 80 },
    { ...tcp, destinationAddress: '10.2.0.11', destinationPort: 80 },
    {
      protocol: 'UDP',
      clientAddress: 'fd00:1::2',
      clientPort: 40002,
      virtualAddress: 'fd00:1::1',
      virtualPort: 53,
      destinationAddress: 'fd00:2::11',
      destinationPort: 53,
      state: 'UDP',
    },
  ];
  const plain = parseConnections(await proc('ip_vs_conn'));
  const synced = parseSyncedConnections(await proc('ip_vs_conn_sync'));
  for (const { rows, refused } of [plain, synced]) {
    t.match(
      [...rows].sort((a, b) => a.clientPort - b.clientPort),
      expected,
    );
    t.equal(refused, 0);
    for (const { expiresSeconds } of rows) t.ok(expiresSeconds > 0 && expiresSeconds <= 900, String(expiresSeconds));
  }
  t.ok(synced.rows.every(({ origin }) => origin === 'local'));

  t.ok(parseStatistics(await proc('ip_vs_stats')));
  t.ok((parseCpuStatistics(await proc('ip_vs_stats_percpu'))?.cpus.length ?? 0) > 0);
  const status = await network.run('director', ['cat', '/proc/net/ip_vs_status']);
  if (status.status === 0)
    t.match(parseStatus(status.stdout), { connections: { entries: 3 }, services: { entries: 2 } });
  else t.comment('this kernel has no ip_vs_status');
});

t.test('registered helpers', async (t) => {
  await mustRun([process.env['LAB_MODPROBE'] ?? 'modprobe', 'ip_vs_ftp']);
  t.match(parseApplications((await run(['cat', '/proc/net/ip_vs_app'])).stdout), [
    { protocol: 'TCP', port: 21, name: 'ftp' },
  ]);
});
