/** Every finding on real machines: what is broken is found, the command that is given mends it, and then nothing is found any more. */
import '../../helpers/own-machine.js';
import { delimiter, join } from 'node:path';
import t, { type Test } from 'tap';
import { directorRules } from '../../../src/doctor/director-rules.js';
import { expectedOf } from '../../../src/doctor/expected.js';
import { examine, type Finding } from '../../../src/doctor/finding.js';
import { factsOf } from '../../../src/doctor/look.js';
import { servedBy, serverRules } from '../../../src/doctor/server-rules.js';
import { mustRun, Network, run, type Topology } from '../../lab/topology.js';
import { configurationOf } from '../../helpers/configuration.js';

t.setTimeout(120_000);

const SERVER = '10.0.1.11';
const ROOT = join(import.meta.dirname, '../../../..');

const healthy: Topology = {
  hosts: {
    director: {
      links: { out: ['10.0.9.1/24', 'fd00:9::1/64'], in: ['10.0.1.1/24', 'fd00:1::1/64'] },
      sysctls: { 'net.ipv4.ip_forward': 1, 'net.ipv6.conf.all.forwarding': 1, 'net.ipv4.conf.all.rp_filter': 0 },
    },
    server: {
      links: { in: [`${SERVER}/24`, 'fd00:1::11/64'] },
      routes: ['default via 10.0.1.1', 'default via fd00:1::1'],
      sysctls: { 'net.ipv4.conf.all.arp_ignore': 1, 'net.ipv4.conf.all.arp_announce': 2 },
    },
  },
};

const virtual = (vip: string, kind: string, server = SERVER): string => `virtual_server ${vip} 80 {
  lb_algo rr
  lb_kind ${kind}
  protocol TCP
  real_server ${server} 80 {
    weight 1
  }
}
`;
const nat = virtual('203.0.113.10', 'NAT');
const nat6 = virtual('2001:db8::10', 'NAT', 'fd00:1::11');
const dr = virtual('203.0.113.20', 'DR');
const dr6 = virtual('2001:db8::20', 'DR', 'fd00:1::11');
const tun = virtual('203.0.113.30', 'TUN');

/** What this kernel or test lacks on both machines: no IPVS here, and none of our concern. */
const ofThisKernel = new Set(['ipvs-missing', 'scheduler-missing', 'clock']);

async function examineDirector(text: string): Promise<readonly Finding[]> {
  const expected = expectedOf(configurationOf(text));
  const facts = await factsOf('director', shellOf('director'), [SERVER, 'fd00:1::11']);
  const findings = examine(directorRules, { facts, expected, idleSeconds: undefined, connections: undefined });
  return findings.filter(({ rule }) => !ofThisKernel.has(rule));
}

async function examineServer(text: string): Promise<readonly Finding[]> {
  const expected = expectedOf(configurationOf(text));
  const facts = await factsOf('server', shellOf('server'), []);
  const served = servedBy(expected, new Set(facts.addresses.map(({ address }) => address)));
  const directors = new Set(['10.0.1.1', 'fd00:1::1']);
  const director = await factsOf('director', shellOf('director'), []);
  // both have one clock; how long it takes to ask for it is no difference
  const { epoch = 0 } = facts;
  const findings = examine(serverRules, { facts, served, directors, director, epoch });
  return findings.filter(({ rule }) => !ofThisKernel.has(rule));
}

const shellOf =
  (host: string) =>
  async (script: string, words: readonly string[]): Promise<{ out: string }> => ({
    out: await mustRun(['ip', 'netns', 'exec', host, 'sh', '-s', '--', ...words], { input: script }),
  });

/** `lvsd` of a command is that of this checkout, and remembers in a folder of the test. */
async function shell(host: string, command: string, state = '/nonexistent'): Promise<void> {
  const path = `${join(ROOT, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`;
  const ran = await run([
    'ip',
    'netns',
    'exec',
    host,
    'env',
    `PATH=${path}`,
    `STATE_DIRECTORY=${state}`,
    'sh',
    '-ec',
    command,
  ]);
  if (ran.status !== 0) throw new Error(`${command}: ${ran.stderr}${ran.stdout}`);
}

interface Case {
  readonly rule: string;
  readonly file: string;
  /** Makes a healthy machine ready for the file. */
  readonly prepare?: string;
  readonly breaking: string;
}

async function hold(t: Test, host: 'director' | 'server', { rule, file, prepare, breaking }: Case): Promise<void> {
  await using network = await Network.build(healthy);
  t.ok(network);
  t.testdir();
  const look = (): Promise<readonly Finding[]> => (host === 'director' ? examineDirector(file) : examineServer(file));
  if (prepare !== undefined) await shell(host, prepare);
  const listening = host === 'server' ? await listen() : undefined;
  try {
    t.same(await look(), [], 'healthy');
    await shell(host, breaking);
    const findings = await look();
    t.ok(findings.length > 0 && findings.every((one) => one.rule === rule), `found: ${JSON.stringify(findings)}`);
    for (const { mend, mendOn } of findings)
      if (mend !== null) await shell(mendOn === 'director' ? mendOn : host, mend, t.testdirName);
    t.same(await look(), [], 'mended');
  } finally {
    listening?.();
  }
}

/** A web server of the real server's, as far as its port goes. */
async function listen(): Promise<() => void> {
  const script = `import socket,sys
s=socket.socket(socket.AF_INET6); s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0); s.bind(('::',80)); s.listen()
sys.stdin.read()`;
  const { spawn } = await import('node:child_process');
  const child = spawn('ip', ['netns', 'exec', 'server', 'python3', '-c', script], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  for (let i = 0; i < 500; i++) {
    const { stdout } = await run(['ip', 'netns', 'exec', 'server', 'grep', ':0050 .* 0A', '/proc/net/tcp6']);
    if (stdout !== '') break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return () => child.kill('SIGKILL');
}

const hereNat = 'ip addr add 203.0.113.10/32 dev lo';
const here6 = 'ip addr add 2001:db8::10/128 dev lo';
const hereDr = 'ip addr add 203.0.113.20/32 dev lo';

const ofDirectors: readonly Case[] = [
  { rule: 'forwarding-off', file: nat, prepare: hereNat, breaking: 'sysctl -qw net.ipv4.ip_forward=0' },
  { rule: 'forwarding-off', file: nat6, prepare: here6, breaking: 'sysctl -qw net.ipv6.conf.all.forwarding=0' },
  { rule: 'vip-missing', file: nat, prepare: hereNat, breaking: 'ip addr del 203.0.113.10/32 dev lo' },
  { rule: 'vip-missing', file: nat6, prepare: here6, breaking: 'ip addr del 2001:db8::10/128 dev lo' },
  { rule: 'rp-filter-strict', file: nat, prepare: hereNat, breaking: 'sysctl -qw net.ipv4.conf.all.rp_filter=1' },
  { rule: 'rp-filter-strict', file: dr, prepare: hereDr, breaking: 'sysctl -qw net.ipv4.conf.in.rp_filter=1' },
  {
    rule: 'redirects',
    file: nat,
    prepare:
      'ip addr add 203.0.113.10/32 dev in; sysctl -qw net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.in.send_redirects=0',
    breaking: 'sysctl -qw net.ipv4.conf.in.send_redirects=1',
  },
  {
    rule: 'tunnel-mtu',
    file: tun,
    prepare: 'ip addr add 203.0.113.30/32 dev lo; ip link set dev in mtu 1600',
    breaking: 'ip link set dev in mtu 1500',
  },
];

const ofServers: readonly Case[] = [
  { rule: 'server-vip-missing', file: dr, prepare: hereDr, breaking: 'ip addr del 203.0.113.20/32 dev lo' },
  {
    rule: 'server-vip-missing',
    file: dr6,
    prepare: 'ip addr add 2001:db8::20/128 dev lo',
    breaking: 'ip addr del 2001:db8::20/128 dev lo',
  },
  { rule: 'server-arp-ignore', file: dr, prepare: hereDr, breaking: 'sysctl -qw net.ipv4.conf.all.arp_ignore=0' },
  { rule: 'server-arp-announce', file: dr, prepare: hereDr, breaking: 'sysctl -qw net.ipv4.conf.all.arp_announce=0' },
  {
    rule: 'server-vip-on-link',
    file: dr,
    prepare: hereDr,
    breaking: 'ip addr del 203.0.113.20/32 dev lo; ip addr add 203.0.113.20/32 dev in',
  },
  {
    rule: 'server-vip-wide',
    file: dr,
    prepare: hereDr,
    breaking: 'ip addr del 203.0.113.20/32 dev lo; ip addr add 203.0.113.20/24 dev lo',
  },
  { rule: 'server-gateway', file: nat, breaking: 'ip route replace default via 10.0.1.99' },
  { rule: 'server-gateway', file: nat6, breaking: 'ip -6 route del default' },
];

for (const one of ofDirectors) t.test(`director: ${one.rule}: ${one.breaking}`, (t) => hold(t, 'director', one));
for (const one of ofServers) t.test(`server: ${one.rule}: ${one.breaking}`, (t) => hold(t, 'server', one));

t.test('server: replies that the director takes for its own', async (t) => {
  await using network = await Network.build({
    hosts: { ...healthy.hosts, client: { links: { out: ['10.0.9.2/24'] }, routes: ['default via 10.0.9.1'] } },
  });
  await shell('director', hereDr);
  await shell('server', hereDr);
  const stop = await listen();
  try {
    // a datagram as its replies are: from the VIP; the client has no such port, and counts it
    const reply = `import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('203.0.113.20', 0)); s.sendto(b'', ('10.0.9.2', 9))`;
    const received = async (): Promise<number> =>
      Number((await network.must('client', 'grep', '^Udp: [0-9]', '/proc/net/snmp')).split(' ')[2]);
    await network.must('server', 'python3', '-c', reply);
    t.match(await examineServer(dr), [{ rule: 'accept-local', mendOn: 'director' }]);
    t.equal(await received(), 0, 'it does not get there');
    for (const { mend } of await examineServer(dr)) await shell('director', mend!);
    await network.must('server', 'python3', '-c', reply);
    for (let i = 0; i < 500 && (await received()) === 0; i++) await new Promise((resolve) => setTimeout(resolve, 20));
    t.equal(await received(), 1, 'it gets there');
    t.same(await examineServer(dr), []);
  } finally {
    stop();
  }
});

t.test('server: nobody listens where packets go', async (t) => {
  await using network = await Network.build(healthy);
  t.ok(network);
  t.match(await examineServer(nat), [{ rule: 'server-not-listening', text: `nobody listens at tcp ${SERVER}:80` }]);
  await shell('server', hereDr);
  t.match(await examineServer(dr), [{ rule: 'server-not-listening', text: 'nobody listens at tcp 203.0.113.20:80' }]);
});
