/** The engine's process between real devices: veth pairs to a client's and a server's namespace, real TCP, both kinds of ports. */
import { ip } from '../../helpers/own-namespace.js';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { EngineClient } from '../../../src/dataplane/client.js';
import { defaultEngineGlobals, type Network } from '../../../src/dataplane/network.js';
import { networkImage } from '../../../src/dataplane/network-image.js';
import { engineProgram } from '../../../src/dataplane/process.js';
import { type PortChanged, topic, type WireMode } from '../../../src/dataplane/protocol.js';
import { servicesImage } from '../../../src/dataplane/services-image.js';
import { defaultDestinationSettings, destinationName } from '../../../src/model/destination.js';
import { defaultEngineSettings } from '../../../src/model/engine.js';
import { defaultServiceSettings, type ServiceKey, serviceName } from '../../../src/model/service.js';
import type { Table } from '../../../src/model/table.js';
import { systemClock } from '../../../src/system/clock.js';
import { findProgram, temporaryDirectory } from '../../helpers/program.js';

const run = promisify(execFile);
const VIP = '10.0.0.1';
const SERVER = '10.2.0.1';
const BYTES = 4_000_000;
const macs = {
  client: '02:00:00:00:00:01',
  port0: '02:00:00:00:00:02',
  port1: '02:00:00:00:00:03',
  server: '02:00:00:00:00:04',
};

/** Answers with the hash of what it got, then as many bytes. */
const serverScript = `
require('node:net').createServer({ allowHalfOpen: true }, (socket) => {
  const hash = require('node:crypto').createHash('sha256'); let count = 0;
  socket.on('data', (bytes) => { hash.update(bytes); count += bytes.length; }).on('error', () => {});
  socket.on('end', () => socket.end(Buffer.concat([hash.digest(), Buffer.alloc(count, 7)])));
}).listen(8080, '0.0.0.0', () => console.log('ready'));`;
/** Prints \`right\` if both directions were. */
const clientScript = `
const [host, port, count] = process.argv.slice(1);
const bytes = require('node:crypto').randomBytes(Number(count)), parts = [];
const socket = require('node:net').connect({ host, port: Number(port), timeout: 8000 }, () => socket.end(bytes));
socket.on('timeout', () => socket.destroy(new Error('timed out'))).on('error', (error) => { console.log(error.message); process.exit(); });
socket.on('data', (part) => parts.push(part)).on('end', () => {
  const all = Buffer.concat(parts), hash = require('node:crypto').createHash('sha256').update(bytes).digest();
  console.log(all.subarray(0, 32).equals(hash) && all.length === 32 + bytes.length && all.subarray(32).every((b) => b === 7) ? 'right' : 'wrong');
});`;

const client = `lvsd-client-${process.pid}`;
const server = `lvsd-server-${process.pid}`;

function layCables(): void {
  for (const name of [client, server]) ip(`netns add ${name}`);
  ip(`link add d0 address ${macs.port0} type veth peer name c0 address ${macs.client} netns ${client}`);
  ip(`link add d1 address ${macs.port1} type veth peer name s0 address ${macs.server} netns ${server}`);
  ip('address add 10.1.0.2/24 dev d0');
  ip('address add 10.2.0.2/24 dev d1');
  ip(`address add ${VIP}/32 dev lo`);
  ip(`-n ${client} address add 10.1.0.1/24 dev c0`);
  ip(`-n ${server} address add ${SERVER}/24 dev s0`);
  ip('link set d0 up');
  ip('link set d1 up');
  ip(`-n ${client} link set c0 up`);
  ip(`-n ${server} link set s0 up`);
  ip(`-n ${client} route add default via 10.1.0.2`);
  ip(`-n ${server} route add default via 10.2.0.2`);
  execFileSync('sysctl', ['-qw', 'net.ipv4.ip_forward=1']);
}

const network: Network = {
  ports: [
    { name: 'd0', ifindex: 0, mac: macs.port0, mtu: 1500, up: true },
    { name: 'd1', ifindex: 0, mac: macs.port1, mtu: 1500, up: true },
  ],
  addresses: [
    { address: '10.1.0.2', prefixLength: 24, interface: 'd0' },
    { address: '10.2.0.2', prefixLength: 24, interface: 'd1' },
    { address: VIP, prefixLength: 32, interface: 'lo' },
  ],
  routes: [
    { prefix: '10.1.0.0', prefixLength: 24, nextHops: [{ port: 'd0', weight: 1, vlans: [] }] },
    { prefix: '10.2.0.0', prefixLength: 24, nextHops: [{ port: 'd1', weight: 1, vlans: [] }] },
  ],
  neighbours: [
    { address: '10.1.0.1', port: 'd0', mac: macs.client, vlans: [] },
    { address: SERVER, port: 'd1', mac: macs.server, vlans: [] },
  ],
};

function table(): Table {
  const key: ServiceKey = { by: 'address', protocol: 'tcp', address: VIP, port: 80 };
  const to = { address: SERVER, port: 8080 };
  const settings = { ...defaultDestinationSettings, method: 'masquerade' as const, weight: 1 };
  return new Map([
    [
      serviceName(key),
      {
        key,
        settings: { ...defaultServiceSettings('ip4'), scheduler: 'maglev', engine: defaultEngineSettings },
        destinations: new Map([[destinationName(to), { key: to, settings }]]),
      },
    ],
  ]);
}

async function startEngine(t: Test) {
  const path = join(temporaryDirectory(t), 'engine.sock');
  const child = spawn(engineProgram(), ['--control', path, '--sessions', '65536'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => void (said += bytes.toString()));
  t.teardown(() => void child.kill('SIGKILL'));
  for (let i = 0; i < 500 && !existsSync(path); i++) await wait(10);
  const changes: PortChanged[] = [];
  const engine = await EngineClient.connect({
    path,
    clock: systemClock,
    onPort: (change) => void changes.push(change),
  });
  t.teardown(() => engine.close());
  await engine.follow(topic.ports);
  return { engine, child, path, changes, said: () => said };
}

async function forward(engine: EngineClient, mode: WireMode) {
  const ports = ['d0', 'd1'].map((name, index) => ({ name, mode, completeChecksums: true, index }));
  const opened = await engine.openPorts(ports);
  await engine.publishNetwork(networkImage(network));
  await engine.publishServices(servicesImage(table(), defaultEngineGlobals, ['d0', 'd1']).image);
  return opened;
}

const ask = async (host: string, port: number, bytes: number): Promise<string> =>
  (
    await run('ip', ['netns', 'exec', client, process.execPath, '-e', clientScript, host, `${port}`, `${bytes}`])
  ).stdout.trim();

/** What lvsd sets up for ports without BPF: the kernel does not see what the engine forwards. */
const kernelLooksAway = `table netdev lvsd {
  chain d0 { type filter hook ingress device d0 priority -500; ip daddr ${VIP} tcp dport 80 drop; }
  chain d1 { type filter hook ingress device d1 priority -500; ip saddr ${SERVER} tcp sport 8080 drop; }
}`;

layCables();
const backend = spawn('ip', ['netns', 'exec', server, process.execPath, '-e', serverScript], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
await new Promise((resolve) => backend.stdout.once('data', resolve));
const kernelService = createServer({ allowHalfOpen: true }, (socket) => socket.end('the kernel')).listen(2222, VIP);
t.teardown(() => {
  backend.kill('SIGKILL');
  kernelService.close();
  for (const name of [client, server]) ip(`netns delete ${name}`);
});

const nft = findProgram('nft');
for (const mode of ['xdp-native', 'packet'] as const) {
  t.test(
    `TCP goes both ways whole through ports of mode ${mode}`,
    { skip: mode === 'packet' && nft === undefined },
    async (t) => {
      const { engine, said } = await startEngine(t);
      const opened = await forward(engine, mode);
      t.same(
        opened.map((port) => port.mode),
        [mode, mode],
        said(),
      );
      if (mode === 'packet') {
        execFileSync('nft', ['-f', '-'], { input: kernelLooksAway });
        t.teardown(() => void execFileSync('nft', ['delete', 'table', 'netdev', 'lvsd']));
      }
      t.equal(await ask(VIP, 80, 10), 'right');
      t.equal(await ask(VIP, 80, BYTES), 'right', 'with the checksums and the oversized frames that veth leaves to us');
      const counters = await engine.counters();
      t.ok(counters.events.get('forwarded')! > 1000n);
      t.ok(counters.events.get('checksums_completed')! > 0n, 'veth leaves checksums to the receiver');
      if (mode === 'packet') t.ok(counters.events.get('segmented')! > 0n, 'and segmentation');

      t.equal(
        await ask(VIP, 2222, 10),
        'wrong',
        'another port of the VIP is a service of the kernel, which answers otherwise',
      );
      t.equal((await engine.counters()).events.get('passed') ?? 0n, 0n, 'it never came to us');
      t.equal(
        await ask(SERVER, 8080, 100_000),
        'right',
        'a NAT server that is spoken to directly: its answers go back to the kernel',
      );
      t.ok((await engine.counters()).events.get('passed')! > 0n, 'they came to us');
    },
  );
}

t.test('what cannot be opened is said in a sentence, the rest is open', async (t) => {
  const { engine } = await startEngine(t);
  const ports = ['d0', 'nosuchdevice'].map((name, index) => ({
    name,
    mode: 'xdp-native' as const,
    completeChecksums: true,
    index,
  }));
  const [good, bad] = await engine.openPorts(ports);
  t.match(good, { mode: 'xdp-native', queues: 1 });
  t.match(bad, { queues: 0, reason: 'no interface is named nosuchdevice' });
  const second = await startEngine(t);
  const [refused] = await second.engine.openPorts(ports.slice(0, 1));
  t.match(refused, { queues: 0, reason: /another XDP program is on this device/ });
  const [lesser] = await second.engine.openPorts([{ ...ports[0]!, mode: 'auto' }]);
  t.match(
    lesser,
    { mode: 'packet', reason: /another XDP program is on this device/ },
    'what it can do instead, and why',
  );
});

t.test('ports are closed and opened while it runs, and nothing stays on the device', async (t) => {
  const { engine, child } = await startEngine(t);
  for (let i = 0; i < 3; i++) {
    t.match(await forward(engine, 'xdp-native'), [{ queues: 1 }, { queues: 1 }]);
    t.equal(await ask(VIP, 80, 50_000), 'right', `round ${i}`);
    t.same(await engine.openPorts([]), []);
    t.notMatch(ip('link show d0'), /xdp/);
  }
  await forward(engine, 'auto');
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  for (let i = 0; i < 200 && ip('link show d0').includes('xdp'); i++) await wait(10);
  t.notMatch(ip('link show d0'), /xdp/, 'its program goes with the process');
});

t.test('a second engine at the same socket is refused; SIGTERM ends the first in order', async (t) => {
  const { child, path, said } = await startEngine(t);
  const second = spawn(engineProgram(), ['--control', path], { stdio: ['ignore', 'ignore', 'pipe'] });
  let why = '';
  second.stderr.on('data', (bytes: Buffer) => void (why += bytes.toString()));
  t.equal(await new Promise((resolve) => second.once('exit', resolve)), 1);
  t.match(why, /another engine listens here/);
  child.kill('SIGTERM');
  t.equal(await new Promise((resolve) => child.once('exit', resolve)), 0);
  t.notOk(existsSync(path));
  const lines = said().trim().split('\n');
  t.ok(lines.length >= 2);
  for (const line of lines) t.match(JSON.parse(line), { level: 'info' });
});

t.test('a device that goes away is told, the others go on, and it is opened again when it is back', async (t) => {
  const { engine, changes } = await startEngine(t);
  ip('link add gone0 type veth peer name gone1');
  ip('link set gone0 up');
  ip('link set gone1 up');
  const ports = ['d0', 'd1', 'gone0'].map((name, index) => ({
    name,
    mode: 'auto' as const,
    completeChecksums: true,
    index,
  }));
  t.match(await engine.openPorts(ports), [{ queues: 1 }, { queues: 1 }, { queues: 1 }]);
  await engine.publishNetwork(networkImage(network));
  await engine.publishServices(servicesImage(table(), defaultEngineGlobals, ['d0', 'd1']).image);
  ip('link delete gone0');
  for (let i = 0; i < 300 && !changes.some((change) => change.state === 'gone'); i++) await wait(10);
  t.match(changes.at(-1), { index: 2, name: 'gone0', state: 'gone', reason: 'gone0: the device is gone' });
  t.equal(await ask(VIP, 80, 100_000), 'right', 'the others forward');
  ip('link add gone0 type veth peer name gone1');
  t.match((await engine.openPorts(ports))[2], { name: 'gone0', queues: 1 });
  ip('link delete gone0');
});

t.test('the engine needs no parent, and its workers have a name', async (t) => {
  const { engine } = await startEngine(t);
  const { pid, workers } = await engine.hello();
  t.equal(workers, 1);
  const names = execFileSync('sh', ['-c', `cat /proc/${pid}/task/*/comm`], { encoding: 'utf8' });
  t.match(names, /lvsd-worker0/);
  t.match(readFileSync(`/proc/${pid}/cmdline`, 'utf8'), /--control/);
});
