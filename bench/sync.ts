/**
 * What the session sync carries, between two real engines without ports, over a Unix socket: a full table, then a steady rate of changes.
 * Sessions per second, bytes per session, and the CPU time of the sender's process and of its engine.
 * SESSIONS=1000000, CHANGES=20000 per second, SECONDS=10.
 */
import '../test/helpers/own-machine.js';
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { EngineClient } from '../src/dataplane/client.js';
import { defaultEngineGlobals } from '../src/dataplane/network.js';
import { engineProgram } from '../src/dataplane/process.js';
import { SESSION_RECORD_BYTES } from '../src/dataplane/protocol.js';
import { servicesImage } from '../src/dataplane/services-image.js';
import { encodeSessions } from '../src/dataplane/session-record.js';
import { SyncReceiver, SyncSender } from '../src/dataplane/session-sync.js';
import { streamOf } from '../src/dataplane/sync-link.js';
import { SessionOrigins } from '../src/dataplane/sync-origins.js';
import { defaultDestinationSettings } from '../src/model/destination.js';
import { defaultEngineSettings } from '../src/model/engine.js';
import { defaultServiceSettings, type ServiceKey, serviceName } from '../src/model/service.js';
import { systemClock } from '../src/system/clock.js';

const SESSIONS = Number(process.env['SESSIONS'] ?? 1_000_000);
const CHANGES = Number(process.env['CHANGES'] ?? 20_000);
const SECONDS = Number(process.env['SECONDS'] ?? 10);
const BATCH = 10_000;
const TICKS_PER_SECOND = 100;
const MEGABYTE = 1_000_000;

const role = process.argv[2];
const engineAt = (path: string, events = {}): Promise<EngineClient> =>
  EngineClient.connect({ path, clock: systemClock, ...events });

/** The sender's lvsd, as far as it is the sync: `sender ENGINE STREAM`. Says its status when asked. */
async function sender(engine: string, stream: string): Promise<void> {
  const sync = new SyncSender({
    stream: streamOf(connect(stream)),
    clock: systemClock,
    connect: (events) => engineAt(engine, events),
    onEnd: () => process.exit(0),
  });
  process.on('message', () => process.send?.({ ...sync.status(), rss: process.memoryUsage().rss }));
  process.on('disconnect', () => process.exit(0));
  await sleep(0);
}

interface Status {
  readonly phase: string;
  readonly table: number;
  readonly bytes: number;
  readonly unconfirmedBytes: number;
  readonly rss: number;
  readonly notes: Readonly<Record<string, number>>;
}

const ask = (child: ChildProcess): Promise<Status> =>
  new Promise((resolve) => {
    child.once('message', (status) => resolve(status as Status));
    child.send('status');
  });

/** Seconds of CPU that a process has used. */
function cpu(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

const key: ServiceKey = { by: 'address', protocol: 'tcp', address: '10.0.0.1', port: 80 };
const nat = { ...defaultDestinationSettings, method: 'masquerade' } as const;
const settings = { ...defaultServiceSettings('ip4'), scheduler: 'rr', engine: defaultEngineSettings };
const server = { key: { address: '10.2.0.1', port: 80 }, settings: nat };
const table = new Map([[serviceName(key), { key, settings, destinations: new Map([['10.2.0.1:80', server]]) }]]);

const template = encodeSessions([
  {
    client: { address: '100.64.0.1', port: 1 },
    vip: { address: '10.0.0.1', port: 80 },
    destination: server.key,
    snat: undefined,
    protocol: 6,
    state: 'established',
    affinity: false,
    gone: false,
    remainingMs: 900_000,
    service: 0,
    hash: 0n,
  },
]);
/** Established NAT flows, numbered: the client's address and port are the number. */
function flows(first: number, count: number, gone = false): Uint8Array {
  const records = new Uint8Array(count * SESSION_RECORD_BYTES);
  const view = new DataView(records.buffer);
  for (let i = 0; i < count; i++) {
    const at = i * SESSION_RECORD_BYTES;
    const number = first + i;
    records.set(template, at);
    view.setUint16(at + 13, number >>> 14);
    view.setUint8(at + 15, 1 + (number >>> 30));
    view.setUint16(at + 64, 1 + (number & 0x3fff), true);
    records[at + 75] = gone ? 1 : 0;
  }
  return records;
}

async function startEngine(path: string): Promise<ChildProcess> {
  const args = ['--control', path, '--workers', '1', '--sessions', `${2 * SESSIONS}`, '--no-pin', '--no-realtime'];
  const child = spawn(engineProgram(), args, { stdio: ['ignore', 'ignore', 'inherit'] });
  while (!existsSync(path)) await sleep(20);
  const client = await engineAt(path);
  await client.publishServices(servicesImage(table, defaultEngineGlobals, []).image);
  client.close();
  return child;
}

/** Half of the changes begin a session, half end one; at an even pace. Seconds it took. */
async function churn(engine: EngineClient): Promise<number> {
  const step = CHANGES / 100;
  const began = performance.now();
  for (let i = 0; i < SECONDS * 100; i++) {
    const first = SESSIONS + (i % 1000) * step;
    await engine.loadSessions(flows(first, step / 2));
    await engine.loadSessions(flows(first, step / 2, true));
    await sleep(Math.max(0, began + 10 * (i + 1) - performance.now()));
  }
  return (performance.now() - began) / 1000;
}

async function bench(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'lvsd-sync-'));
  const [pathA, pathB, stream] = ['a', 'b', 'stream'].map((name) => join(directory, name)) as [string, string, string];
  const a = await startEngine(pathA);
  const b = await startEngine(pathB);
  const feeder = await engineAt(pathA);
  for (let at = 0; at < SESSIONS; at += BATCH) await feeder.loadSessions(flows(at, Math.min(BATCH, SESSIONS - at)));
  console.log(`sync: ${Number((await feeder.counters()).liveSessions)} sessions in the sender's engine`);

  const idle = cpu(a.pid!);
  const idleSeconds = await churn(feeder);
  const without = (cpu(a.pid!) - idle) / idleSeconds;

  const listening = createServer();
  await new Promise<void>((resolve) => void listening.listen(stream, resolve));
  const accepted = new Promise<Socket>((resolve) => listening.once('connection', resolve));
  const child = fork(fileURLToPath(import.meta.url), ['sender', pathA, stream]);
  const engine = await engineAt(pathB);
  const origins = new SessionOrigins(4 * SESSIONS, [1, 2]);
  const socket = await accepted;
  const [engineBefore, began] = [cpu(a.pid!), performance.now()];
  const receiver = new SyncReceiver({ stream: streamOf(socket), clock: systemClock, engine, origins });
  while (!receiver.status().isWhole) await sleep(5);
  const seconds = (performance.now() - began) / 1000;
  const { taken, refused } = receiver.status();
  const whole = await ask(child);
  console.log(
    `full table: ${taken} sessions in ${seconds.toFixed(2)} s: ${Math.round(taken / seconds)} per second, ${(whole.bytes / taken).toFixed(1)} bytes each; refused ${refused}`,
  );
  console.log(
    `  CPU: sender ${cpu(child.pid!).toFixed(2)} s, its engine ${(cpu(a.pid!) - engineBefore).toFixed(2)} s; receiver's origins ${(origins.bytes / MEGABYTE).toFixed(0)} MB`,
  );

  const [childBefore, aBefore] = [cpu(child.pid!), cpu(a.pid!)];
  const took = await churn(feeder);
  const after = await ask(child);
  const rate = (SECONDS * CHANGES) / took;
  const changed = (after.bytes - whole.bytes) / (SECONDS * CHANGES);
  console.log(
    `changes: ${Math.round(rate)} per second, ${changed.toFixed(1)} bytes each, ${JSON.stringify(after.notes)}`,
  );
  console.log(
    `  CPU of one core: sender ${((100 * (cpu(child.pid!) - childBefore)) / took).toFixed(1)} %, its engine ${((100 * (cpu(a.pid!) - aBefore)) / took).toFixed(1)} % (the same changes without sync: ${(100 * without).toFixed(1)} %), sender's memory ${(after.rss / MEGABYTE).toFixed(0)} MB`,
  );
  await sleep(1000);
  const [left, right] = [await feeder.counters(), await engine.counters()];
  console.log(`in the end ${Number(left.liveSessions)} and ${Number(right.liveSessions)} sessions`);
  if (left.liveSessions !== right.liveSessions) process.exitCode = 1;
  receiver.close();
  for (const one of [child, a, b]) one.kill('SIGKILL');
  rmSync(directory, { recursive: true });
  process.exit();
}

if (role === 'sender') await sender(process.argv[3]!, process.argv[4]!);
else await bench();
