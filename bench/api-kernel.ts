/**
 * The REST API of a real `lvsd run` over 10,000 services with ten servers each in a real kernel (the lab's): a weight until the kernel has it,
 * a thousand reads a second beside it, what the daemon weighs, and what 1,000 services cost it while nothing happens.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Asking, milliseconds } from './api-asking.js';
import { largeSite, largeSiteServer, largeSiteService } from './large-site.js';

const SERVICES = Number(process.env['SERVICES'] ?? 10_000);
const SERVERS = 10;
const IDLE_SERVICES = 1000;
const IDLE_S = 20;
const bin = fileURLToPath(new URL('../../bin/lvsd', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'lvsd-bench-'));
const socket = join(folder, 'api.sock');

async function started(text: string): Promise<ChildProcess> {
  const file = join(folder, 'lvsd.conf');
  writeFileSync(file, `api {\n  listen unix:${socket}\n}\n${text}`);
  const args = ['run', '-f', file, '--state', join(folder, 'state'), '--control', join(folder, 'control.sock')];
  const env = { ...process.env, STATE_DIRECTORY: folder, RUNTIME_DIRECTORY: folder };
  const lvsd = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'inherit', 'pipe'], env });
  let said = '';
  for await (const part of lvsd.stderr.setEncoding('utf8')) {
    said += String(part);
    if (said.includes('"daemon.started"')) break;
  }
  if (!said.includes('"daemon.started"')) throw new Error(`lvsd has ended: ${said}`);
  return lvsd;
}

async function stopped(lvsd: ChildProcess): Promise<void> {
  lvsd.kill('SIGTERM');
  await once(lvsd, 'exit');
}

const megabytes = ({ pid }: ChildProcess): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1000;

/** Of all its threads, in hundredths of a second. */
function ticks({ pid }: ChildProcess): number {
  const words = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return Number(words[11]) + Number(words[12]);
}

console.log(
  `\n### API of a real kernel: ${SERVICES} services × ${SERVERS}\n\n| | median ms | p99 | most |\n| --- | --- | --- | --- |`,
);
{
  const lvsd = await started(largeSite(SERVICES, SERVERS));
  await using asking = new Asking(socket);
  await using other = new Asking(socket);
  const servers = Array.from({ length: 100 }, (_, i) => {
    const at = Math.floor((i * SERVICES) / 100);
    return `/v1/services/${largeSiteService(at)}/destinations/${largeSiteServer(at, 3)}`;
  });
  const reads = [...servers, '/v1/status', '/v1/services?limit=20'];
  await asking.patch(100, servers);
  const alone = await asking.patch(1000, servers);
  const [beside, read] = await Promise.all([other.patch(500, servers), asking.read(1000, 10, reads)]);
  for (const [what, told] of [
    ['PATCH of a weight until the kernel has it (wanted: p99 < 10)', alone],
    ['the same beside the reads', beside],
    [`${read.perSecond?.toFixed(0)} reads/s (wanted: 1000)`, read],
  ] as const) {
    if (told.wrong > 0) throw new Error(`${told.wrong} of ${told.count} are refused: ${what}`);
    console.log(
      `| ${what} | ${milliseconds(told.medianMs)} | ${milliseconds(told.p99Ms)} | ${milliseconds(told.mostMs)} |`,
    );
  }
  console.log(`| memory of the daemon, MB | ${megabytes(lvsd).toFixed(0)} | | |`);
  await stopped(lvsd);
}
{
  const lvsd = await started(largeSite(IDLE_SERVICES, SERVERS));
  await delay(5000);
  const before = ticks(lvsd);
  await delay(1000 * IDLE_S);
  const share = (ticks(lvsd) - before) / IDLE_S;
  console.log(
    `| processor time of ${IDLE_SERVICES} services without checks, percent of a core | ${share.toFixed(1)} (wanted: < 1) | | |`,
  );
  await stopped(lvsd);
}
rmSync(folder, { recursive: true });
