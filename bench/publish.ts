/**
 * 10,000 services of ten servers each reach an engine that forwards a steady stream meanwhile: from changes to forwarding, through the
 * daemon's own Engine and a real lvsd-dataplane on veth. argv: scheduler (maglev), mode (xdp_native).
 */
import '../test/helpers/own-machine.js';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemEngine } from '../src/daemon/engine-system.js';
import { defaultEngineGlobals } from '../src/dataplane/network.js';
import { servicesImage } from '../src/dataplane/services-image.js';
import type { Change } from '../src/model/change.js';
import { defaultDestinationSettings } from '../src/model/destination.js';
import { defaultEngineOptions, defaultEngineSettings, type PortMode } from '../src/model/engine.js';
import { defaultServiceSettings, type ServiceKey } from '../src/model/service.js';
import type { Table } from '../src/model/table.js';
import { systemClock } from '../src/system/clock.js';
import { descriptorSink, jsonLog } from '../src/system/log.js';
import { built } from './native.js';
import { spread } from './statistics.js';

const [scheduler = 'maglev', mode = 'xdp_native'] = process.argv.slice(2);
const SERVICES = Number(process.env['SERVICES'] ?? 10_000);
const SERVERS = 10;
const ROUNDS = Number(process.env['ROUNDS'] ?? 7);
const STREAM_PPS = 10_000;
const WANTED_MS = 1000;
const MOST_DELAY_MS = 10;

const streamed: ServiceKey = { by: 'address', protocol: 'udp', address: '10.0.0.1', port: 5000 };
const service = (i: number): ServiceKey => ({
  by: 'address',
  protocol: 'tcp',
  address: `10.${64 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`,
  port: 80,
});
const server = (i: number, n: number) => {
  const number = i * SERVERS + n;
  return { address: `10.${128 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`, port: 8080 };
};
const settings = { ...defaultServiceSettings('ip4'), scheduler, engine: defaultEngineSettings };
const nat = { ...defaultDestinationSettings, method: 'masquerade' } as const;
const toServer = (i: number, n: number, weight: number): Change => ({
  do: weight === 1 ? 'add-destination' : 'edit-destination',
  service: service(i),
  destination: server(i, n),
  settings: { ...nat, weight },
});

const stream: readonly Change[] = [
  { do: 'add-service', service: streamed, settings: { ...settings, scheduler: 'maglev' } },
  {
    do: 'add-destination',
    service: streamed,
    destination: { address: '10.2.0.1', port: 5000 },
    settings: { ...defaultDestinationSettings, method: 'direct-route' },
  },
];
const all: readonly Change[] = Array.from({ length: SERVICES }, (_, i) => i).flatMap((i): Change[] => [
  { do: 'add-service', service: service(i), settings },
  ...Array.from({ length: SERVERS }, (_, n) => toServer(i, n, 1)),
]);

// ---------------------------------------------------------------- a client, us, a server

const ip = (line: string): string => execFileSync('ip', line.split(' '), { encoding: 'utf8' });
const MACS = {
  client: '02:00:00:00:00:01',
  in: '02:00:00:00:00:02',
  out: '02:00:00:00:00:03',
  server: '02:00:00:00:00:04',
};

function network(): void {
  for (const line of [
    'netns add client',
    'netns add server',
    `link add d0 address ${MACS.in} type veth peer name c0 netns client address ${MACS.client}`,
    `link add d1 address ${MACS.out} type veth peer name s0 netns server address ${MACS.server}`,
    'address add 10.1.0.2/24 dev d0',
    'address add 10.2.0.2/24 dev d1',
    'link set d0 up',
    'link set d1 up',
    '-n client link set c0 up',
    '-n server link set s0 up',
    '-n client address add 10.1.0.1/24 dev c0',
    '-n server address add 10.2.0.1/24 dev s0',
    'link set lo up',
    'route add 10.128.0.0/9 via 10.2.0.1',
  ])
    ip(line);
}

/** The first line that a program in a namespace says when it ends. */
function said(host: string, ...command: readonly string[]): Promise<string> {
  const child = spawn('ip', ['netns', 'exec', host, ...command], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => (text += more));
  return new Promise((resolve) => child.on('exit', () => resolve(text.trim())));
}

const MS_PER_TICK = 10; // sysconf(_SC_CLK_TCK) is 100 on every Linux that Node runs on
/** Milliseconds of CPU that a process has used, all threads. */
function cpu(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return MS_PER_TICK * (Number(fields[11]) + Number(fields[12]));
}

interface Took {
  readonly ms: number;
  /** Of our own process, and of the engine's (with the stream that it forwards). */
  readonly ours: number;
  readonly engines: number;
}

async function taken(pid: number, run: () => unknown): Promise<Took> {
  const [start, ours, engines] = [performance.now(), cpu(process.pid), cpu(pid)];
  await run();
  return { ms: performance.now() - start, ours: cpu(process.pid) - ours, engines: cpu(pid) - engines };
}

const row = (what: string, all: readonly Took[], wanted = ''): void => {
  const of = (name: keyof Took): string =>
    spread(
      all.map((took) => took[name]),
      0,
    );
  console.log(`| ${what} | ${of('ms')} | ${of('ours')} | ${of('engines')} | ${wanted} |`);
};

/** The same table in other objects, of which nothing is known. */
const strange = (table: Table): Table => new Map([...table].map(([name, one]) => [name, { ...one }]));

// ---------------------------------------------------------------- what is measured

const directory = mkdtempSync(join(tmpdir(), 'lvsd-bench-'));
const [traffic = ''] = built('io-traffic');
network();
const engine = systemEngine({
  path: join(directory, 'engine.sock'),
  logFile: join(directory, 'engine.log'),
  clock: systemClock,
  log: jsonLog(descriptorSink(2), 'error'),
});
const refused = (outcomes: readonly (Error | undefined)[]): void => {
  const why = outcomes.find((outcome) => outcome !== undefined);
  if (why !== undefined) throw why;
};
try {
  await engine.open({
    ...defaultEngineOptions,
    ports: ['d0', 'd1'],
    mode: mode as PortMode,
    workers: 1,
    sessions: 100_000,
  });
  refused(await engine.forwarder.apply(stream));

  const forSeconds = 8 + ROUNDS;
  const sink = said('server', traffic, 'sink', 's0', String(forSeconds + 2));
  await sleep(300);
  const sender = said(
    ...(['client', traffic, 'send', 'c0', String(STREAM_PPS), String(forSeconds), '1024'] as const),
    ...[MACS.client, MACS.in, '10.1.0.1', streamed.address, String(streamed.port)],
  );
  await sleep(1000);

  const { pid } = await engine.status();
  if (pid === undefined) throw new Error('no engine runs');
  const apply = (changes: readonly Change[]): Promise<Took> =>
    taken(pid, async () => refused(await engine.forwarder.apply(changes)));
  const first = await apply(all);
  const { table } = engine.forwarder;
  const changes: Took[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    changes.push(await apply([toServer(SERVICES >> 1, 3, 2 + i)]));
    await sleep(200);
  }
  const images: Record<'new' | 'known', Took[]> = { new: [], known: [] };
  const unchanged: Took[] = [];
  const { image } = servicesImage(table, defaultEngineGlobals, []);
  for (let i = 0; i < 3; i++) {
    const other = strange(table);
    images.new.push(await taken(pid, () => servicesImage(other, defaultEngineGlobals, [])));
    images.known.push(await taken(pid, () => servicesImage(table, defaultEngineGlobals, [])));
    unchanged.push(await taken(pid, () => engine.client?.publishServices(image)));
    await sleep(200);
  }
  const status = await engine.status();
  const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1000;
  const [sent, got] = [await sender, await sink];

  const load = readFileSync('/proc/loadavg', 'utf8').split(' ')[0];
  console.log(
    `\n### ${SERVICES} services × ${SERVERS}, ${scheduler}, ${status.ports[0]?.mode}: milliseconds; load of the machine ${load}\n`,
  );
  console.log(
    '| | from changes to forwarding | CPU of lvsd | CPU of the engine | wanted |\n| --- | --- | --- | --- | --- |',
  );
  row('first publication', [first], `< ${WANTED_MS}`);
  row('one weight changed', changes, `< ${WANTED_MS}`);
  row('of it: image of a table that is new', images.new);
  row(`of it: image of a table that is known (${(image.length / 1e6).toFixed(1)} MB)`, images.known);
  row('of it: that image to the engine and its answer, nothing changed', unchanged);
  console.log(`\nMemory of the engine: ${rss.toFixed(0)} MB`);
  console.log(`The stream meanwhile: ${sent}; ${got} (wanted: none lost, none later than ${MOST_DELAY_MS} ms)`);
} finally {
  await engine.close('stop');
  rmSync(directory, { recursive: true, force: true });
}
