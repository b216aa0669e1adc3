/**
 * What a reload costs of a file with 5,000 virtual servers, 4 real servers and a check each, in which one weight changed: reading,
 * planning, the whole of it, and what is written. The kernel is a Map, so that only our own work is measured.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { readConfiguration } from '../src/config/read.js';
import { Daemon } from '../src/daemon/daemon.js';
import { desired } from '../src/director/desired.js';
import { plan } from '../src/director/plan.js';
import { FakeKernel } from '../test/helpers/fake-kernel.js';
import { MemoryFile } from '../test/helpers/memory-file.js';
import { MemoryLog } from '../test/helpers/memory-log.js';
import { spread } from './statistics.js';

const ROUNDS = Number(process.env['ROUNDS'] ?? 9);
const [SERVICES, SERVERS] = [5000, 4];

const site = (weight: number): string =>
  Array.from(
    { length: SERVICES },
    (_, i) => `virtual_server 10.${i >> 8}.${i & 255}.1 80 {
  lb_algo wrr
  lb_kind NAT
  protocol TCP
  delay_loop 10
${Array.from(
  { length: SERVERS },
  (_, j) => `  real_server 10.${100 + (i >> 8)}.${i & 255}.${j + 1} 8080 {
    weight ${i === 2500 && j === 2 ? weight : 1}
    TCP_CHECK {
      connect_timeout 3
    }
  }`,
).join('\n')}
}`,
  ).join('\n');

function read(text: string): NonNullable<ReturnType<typeof readConfiguration>['configuration']> {
  const { configuration } = readConfiguration({ file: 'bench.conf', text });
  if (configuration === undefined) throw new Error('the file of this bench has errors');
  return configuration;
}

const elapsed = async (run: () => unknown): Promise<number> => {
  const start = performance.now();
  await run();
  return performance.now() - start;
};

const texts = [site(5), site(6)];
let round = 0;
const source = {
  path: 'bench.conf',
  read: () => ({ configuration: read(texts[round++ % 2]!), complaints: [] }),
};
const kernel = new FakeKernel();
const clock = { now: () => performance.now(), after: () => () => undefined };
const world = { forwarder: kernel, clock, log: new MemoryLog(), random: { next: () => 0 } };
const options = {
  source,
  state: new MemoryFile(),
  controlPath: undefined,
  observeMs: 10_000,
  foreign: 'adopt',
} as const;
const daemon = await Daemon.start(read(site(1)), world, options);

const times: Record<'read' | 'plan' | 'reload', number[]> = { read: [], plan: [], reload: [] };
let most = 0;
for (let i = 0; i < ROUNDS; i++) {
  const text = texts[round % 2]!;
  const configuration = read(text);
  const now = { isUp: () => true, weights: new Map(), quorums: new Map() };
  times.read.push(await elapsed(() => read(text)));
  times.plan.push(await elapsed(() => plan(desired(configuration, now).table, kernel.table)));
  const before = kernel.writes.length;
  times.reload.push(await elapsed(() => daemon.reload()));
  most = Math.max(most, ...kernel.writes.slice(before).map((changes) => changes.length));
  if (kernel.writes.length !== before + 1) throw new Error('not one write');
}

// what lives, not what waits to be collected
setFlagsFromString('--expose-gc');
(runInNewContext('gc') as () => void)();
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
const { rss, heapUsed } = process.memoryUsage();
console.log(
  `\n### Reload of ${SERVICES} virtual servers with ${SERVERS} checked real servers each, one weight changed, ${ROUNDS} rounds\n`,
);
console.log('| | median (least–most), ms |\n| --- | --- |');
console.log(`| read the file (${megabytes(texts[0]!.length)}) | ${spread(times.read, 0)} |`);
console.log(`| plan: desired state and its difference to what is known (wanted: < 100) | ${spread(times.plan, 0)} |`);
console.log(`| the whole reload | ${spread(times.reload, 0)} |`);
console.log(
  `\nKernel writes per reload: 1, of ${most} change. Memory at the end: ${megabytes(rss)} resident, ${megabytes(heapUsed)} of it live objects.`,
);
process.exit(0);
