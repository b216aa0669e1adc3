/**
 * The REST API over 10,000 services with ten servers each, without a kernel: what a client waits, and for how long nothing else of the
 * process could run. bench/api-kernel.ts has a real daemon and a real kernel.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { httpServer } from '../src/api/connections.js';
import { FakeApi } from '../test/helpers/fake-api.js';
import { Asking, milliseconds, type Got } from './api-asking.js';
import { largeSite, largeSiteServer, largeSiteService } from './large-site.js';

const SERVICES = Number(process.env['SERVICES'] ?? 10_000);
const SERVERS = 10;
const ROUNDS = Number(process.env['ROUNDS'] ?? 5);
const LOOK_MS = 1;

const folder = mkdtempSync(join(tmpdir(), 'lvsd-bench-'));
const fake = await FakeApi.open(largeSite(SERVICES, SERVERS));
const server = httpServer(fake.api);
server.listen(join(folder, 'api.sock'));
await once(server, 'listening');

/** What `run` gives, and the longest time in which nothing else ran meanwhile. */
async function watched<T>(run: () => Promise<T>): Promise<{ readonly told: T; readonly heldMs: number }> {
  const delay = monitorEventLoopDelay({ resolution: LOOK_MS });
  delay.enable();
  const told = await run();
  delay.disable();
  return { told, heldMs: Math.max(0, delay.max / 1e6 - LOOK_MS) };
}

{
  await using asking = new Asking(join(folder, 'api.sock'));
  const lists = [
    ['all services', `/v1/services?limit=${SERVICES}`],
    ['all destinations', `/v1/destinations?limit=${SERVICES * SERVERS}`],
    ['all counters', `/v1/statistics?limit=${SERVICES}`],
    ['100 destinations', '/v1/destinations'],
    ['status', '/v1/status'],
  ] as const;
  console.log(`\n### API: ${SERVICES} services × ${SERVERS}, least of ${ROUNDS} rounds, milliseconds\n`);
  console.log(
    '| GET | MB | first byte (wanted: < 50) | all (wanted: < 1000) | held up (wanted: < 20) |\n| --- | --- | --- | --- | --- |',
  );
  for (const [what, path] of lists) {
    await asking.get(path); // what is made once is made
    const rounds: { readonly told: Got; readonly heldMs: number }[] = [];
    for (let i = 0; i < ROUNDS; i++) rounds.push(await watched(() => asking.get(path)));
    if (rounds.some(({ told }) => told.status !== 200)) throw new Error(`${path} is refused`);
    const least = (of: (round: (typeof rounds)[number]) => number): string => milliseconds(Math.min(...rounds.map(of)));
    const megabytes = (rounds[0]!.told.bytes / 1e6).toFixed(1);
    console.log(
      `| ${what} | ${megabytes} | ${least(({ told }) => told.firstMs)} | ${least(({ told }) => told.allMs)} | ${least(({ heldMs }) => heldMs)} |`,
    );
  }

  const servers = Array.from(
    { length: 100 },
    (_, i) => `/v1/services/${largeSiteService(i * 97)}/destinations/${largeSiteServer(i * 97, 3)}`,
  );
  const reads = [...servers, '/v1/status', '/v1/services?limit=20'];
  const alone = await watched(() => asking.patch(500, servers));
  const busy = await watched(() => asking.read(1000, 5, reads));
  console.log('\n| | median | p99 | most | held up |\n| --- | --- | --- | --- | --- |');
  for (const [what, { told, heldMs }] of [
    ['PATCH of a weight', alone],
    [`${busy.told.perSecond?.toFixed(0)} reads/s (wanted: 1000)`, busy],
  ] as const)
    console.log(
      `| ${what} | ${milliseconds(told.medianMs)} | ${milliseconds(told.p99Ms)} | ${milliseconds(told.mostMs)} | ${milliseconds(heldMs)} |`,
    );
}
server.close();
await fake.close();
rmSync(folder, { recursive: true });
