/**
 * Whether reading the API makes checks late: the whole director with 10,000 services of ten servers and 1,000 TCP checks a second, on a forwarder
 * that only remembers, first alone and then with 1,000 reads a second beside. (Adverts are sent by another process: `npm run bench -- vrrp`.)
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Asking, milliseconds, type Times } from './api-asking.js';
import { KNOCKED_PORT, type KnockedOrder, type Knocks } from './knocked.js';
import { servedFile } from './served-director.js';

const SERVICES = Number(process.env['SERVICES'] ?? 10_000);
const SERVERS = 10;
const CHECKS = Number(process.env['CHECKS'] ?? 1000);
const READS_PER_SECOND = 1000;
const SETTLE_MS = 10_000;
const MEASURE_MS = 15_000;
/** A pause that is longer than this is a probe that did not come. */
const LOST_MS = 1500;

const directory = mkdtempSync(join(tmpdir(), 'lvsd-bench-'));
const [file, socket] = [join(directory, 'site.conf'), join(directory, 'api.sock')];
const addresses = Array.from({ length: CHECKS }, (_, i) => `127.1.${i >> 8}.${i & 255}`);
const checked = addresses
  .map((one) => `real_server ${one} ${KNOCKED_PORT} {\n TCP_CHECK {\n connect_timeout 1\n }\n }`)
  .join('\n');
writeFileSync(
  file,
  servedFile(
    SERVICES,
    SERVERS,
    `api {\n listen unix:${socket}\n}\nvirtual_server 127.2.0.1 80 {\n delay_loop 1\n lb_algo rr\n lb_kind NAT\n protocol TCP\n${checked}\n}`,
  ),
);

const listeners = fork(fileURLToPath(new URL('knocked.js', import.meta.url)));
const ask = async (order: KnockedOrder): Promise<unknown> => {
  listeners.send(order);
  const [answer] = (await once(listeners, 'message')) as [unknown];
  return answer;
};

async function periods(): Promise<readonly number[]> {
  const { pauses } = (await ask({ measure: MEASURE_MS })) as Knocks;
  return [...pauses].sort((a, b) => a - b);
}

await ask({ open: addresses });
const director = fork(fileURLToPath(new URL('checking-director.js', import.meta.url)), [file]);
await once(director, 'message');
await sleep(SETTLE_MS);
const alone = await periods();
const reads = ['/v1/status', '/v1/services?limit=20', '/v1/services/tcp-192.0.2.7-80'];
const asking = new Asking(socket);
const [beside, times] = await Promise.all([periods(), asking.read(READS_PER_SECOND, MEASURE_MS / 1000, reads)]);
await asking[Symbol.asyncDispose]();
const exit = once(director, 'exit');
director.disconnect();
await exit;
listeners.disconnect();
rmSync(directory, { recursive: true, force: true });

const part = (sorted: readonly number[], share: number): string =>
  (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN).toFixed(0);
const line = (what: string, sorted: readonly number[], asked?: Times): string =>
  [
    '',
    what,
    part(sorted, 0.5),
    part(sorted, 0.99),
    part(sorted, 1),
    sorted.filter((ms) => ms > LOST_MS).length,
    asked === undefined
      ? ''
      : `${asked.perSecond?.toFixed(0)}/s, median ${milliseconds(asked.medianMs)}, p99 ${milliseconds(asked.p99Ms)} ms`,
    '',
  ].join(' | ');
console.log(`\n### ${CHECKS} checks a second, ${SERVICES} services × ${SERVERS}, ${MEASURE_MS / 1000} s each\n`);
console.log('| | period: median | p99 | most, ms | lost | reads |\n| --- | --- | --- | --- | --- | --- |');
console.log(line('checks alone', alone).trim());
console.log(line('and reads', beside, times).trim());
