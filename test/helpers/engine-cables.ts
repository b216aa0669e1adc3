/**
 * The engine's process between real devices: `d0` and `d1` in this namespace, veth pairs to a client's (c0, 10.1.0.1) and a server's (s0,
 * 10.2.0.1), which answers at port 8080. Imported first, as own-namespace.ts is.
 */
import { once } from 'node:events';
import { ip } from './own-namespace.js';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { EngineClient } from '../../src/dataplane/client.js';
import { defaultEngineGlobals, type Network } from '../../src/dataplane/network.js';
import { networkImage } from '../../src/dataplane/network-image.js';
import { engineProgram } from '../../src/dataplane/process.js';
import { type PortChanged, topic, type WireMode } from '../../src/dataplane/protocol.js';
import { servicesImage } from '../../src/dataplane/services-image.js';
import { defaultDestinationSettings, destinationName } from '../../src/model/destination.js';
import { defaultEngineSettings } from '../../src/model/engine.js';
import { defaultServiceSettings, type ServiceKey, serviceName } from '../../src/model/service.js';
import type { Table } from '../../src/model/table.js';
import { systemClock } from '../../src/system/clock.js';
import { temporaryDirectory } from './program.js';

export { ip };

const run = promisify(execFile);
export const VIP = '10.0.0.1';
export const SERVER = '10.2.0.1';
/** The address that full NAT puts in place of the client's. */
export const SOURCE = '10.2.0.50';
export const macs = {
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
}).listen(8080, '0.0.0.0', 1024, () => console.log('ready'));`;
/** Prints \`right\` if both directions were, in each of its connections, of which twenty are open at a time; else what was wrong. */
const clientScript = `
const [host, port, size, connections] = process.argv.slice(1);
const hashOf = (bytes) => require('node:crypto').createHash('sha256').update(bytes).digest();
const once = () => new Promise((resolve) => {
  const bytes = require('node:crypto').randomBytes(Number(size)), parts = [];
  const socket = require('node:net').connect({ host, port: Number(port), timeout: 8000 }, () => socket.end(bytes));
  socket.on('timeout', () => socket.destroy(new Error('timed out'))).on('error', (error) => resolve(error.message));
  socket.on('data', (part) => parts.push(part)).on('end', () => {
    const all = Buffer.concat(parts);
    resolve(all.subarray(0, 32).equals(hashOf(bytes)) && all.length === 32 + bytes.length && all.subarray(32).every((b) => b === 7) ? 'right' : 'wrong');
  });
});
let left = Number(connections); const said = new Set();
const some = async () => { while (left-- > 0) said.add(await once()); };
Promise.all(Array.from({ length: 20 }, some)).then(() => console.log([...said].join(', ')));`;

export const client = `lvsd-client-${process.pid}`;
export const server = `lvsd-server-${process.pid}`;

/** `queues` of each end of both cables. */
export function layCables(queues = 1): void {
  const some = `numtxqueues ${queues} numrxqueues ${queues}`;
  for (const name of [client, server]) ip(`netns add ${name}`);
  ip(`link add d0 address ${macs.port0} ${some} type veth peer name c0 address ${macs.client} netns ${client} ${some}`);
  ip(`link add d1 address ${macs.port1} ${some} type veth peer name s0 address ${macs.server} netns ${server} ${some}`);
  ip('address add 10.1.0.2/24 dev d0');
  ip('address add 10.2.0.2/24 dev d1');
  ip(`address add ${SOURCE}/32 dev d1`);
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
  t.teardown(() => {
    for (const name of [client, server]) ip(`netns delete ${name}`);
  });
}

/** The web server, so to speak; it ends with the test file. */
export async function startServer(): Promise<void> {
  const backend = spawn('ip', ['netns', 'exec', server, process.execPath, '-e', serverScript], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => void backend.kill('SIGKILL'));
  await new Promise((resolve) => backend.stdout.once('data', resolve));
}

export const network: Network = {
  ports: [
    { name: 'd0', ifindex: 0, mac: macs.port0, mtu: 1500, up: true },
    { name: 'd1', ifindex: 0, mac: macs.port1, mtu: 1500, up: true },
  ],
  addresses: [
    { address: '10.1.0.2', prefixLength: 24, interface: 'd0' },
    { address: '10.2.0.2', prefixLength: 24, interface: 'd1' },
    { address: SOURCE, prefixLength: 32, interface: 'd1' },
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

export type Method = 'masquerade' | 'full-nat' | 'direct-route';

/** Port 80 of the VIP, of TCP or UDP, by the server's 8080. */
export function table(method: Method = 'masquerade', protocol: 'tcp' | 'udp' = 'tcp'): Table {
  const key: ServiceKey = { by: 'address', protocol, address: VIP, port: 80 };
  const to = { address: SERVER, port: method === 'direct-route' ? 80 : 8080 };
  const settings = { ...defaultDestinationSettings, method, weight: 1 };
  const snatPool = [{ first: SOURCE, last: SOURCE, lowestPort: 20_000, highestPort: 40_000 }];
  const engine = { ...defaultEngineSettings, snatPool: method === 'full-nat' ? snatPool : [] };
  return new Map([
    [
      serviceName(key),
      {
        key,
        settings: { ...defaultServiceSettings('ip4'), scheduler: 'maglev', engine },
        destinations: new Map([[destinationName(to), { key: to, settings }]]),
      },
    ],
  ]);
}

/** `words` are put in front of the command line, `options` behind it. */
export async function startEngine(t: Test, options: readonly string[] = [], words: readonly string[] = []) {
  const path = join(temporaryDirectory(t), 'engine.sock');
  const line = [...words, engineProgram(), '--control', path, '--sessions', '65536', ...options];
  const child = spawn(line[0]!, line.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => void (said += bytes.toString()));
  // until it is gone it has the devices
  t.teardown(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
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

/** Both ports open, the network and one service told. */
export async function forward(engine: EngineClient, mode: WireMode, services = table(), queues?: number) {
  const some = queues === undefined ? {} : { queues };
  const ports = ['d0', 'd1'].map((name, index) => ({ name, mode, completeChecksums: true, index, ...some }));
  const opened = await engine.openPorts(ports);
  await engine.publishNetwork(networkImage(network));
  await engine.publishServices(servicesImage(services, defaultEngineGlobals, ['d0', 'd1']).image);
  return opened;
}

/** `right`, or what was wrong: so many bytes there and back, in each of so many connections from the client's namespace. */
export const ask = async (host: string, port: number, bytes: number, connections = 1): Promise<string> =>
  (
    await run('ip', [
      ...['netns', 'exec', client, process.execPath, '-e', clientScript],
      ...[host, `${port}`, `${bytes}`, `${connections}`],
    ])
  ).stdout.trim();

/** What lvsd sets up for ports without BPF: the kernel does not see what the engine forwards. */
export function kernelLooksAway(t: Test): void {
  const input = `table netdev lvsd {
  chain d0 { type filter hook ingress device d0 priority -500; ip daddr ${VIP} th dport 80 drop; }
  chain d1 { type filter hook ingress device d1 priority -500; ip saddr ${SERVER} th sport 8080 drop; }
}`;
  execFileSync('nft', ['-f', '-'], { input });
  t.teardown(() => void execFileSync('nft', ['delete', 'table', 'netdev', 'lvsd']));
}
