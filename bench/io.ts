/**
 * Packets that really come in and go out: veth, 60-byte UDP frames of 1,024 flows, through the kernel's ip_forward, the same with DNAT,
 * and the engine by AF_XDP and AF_PACKET on the same path. First everything on one core, then the receiving half on another. argv: packets
 * per second to offer.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { builtFile } from '../src/system/built.js';
import { type Measured, measuredOf, type Series, seriesOf, wantedOf } from './io-figures.js';
import { built, nativeBench } from './native.js';

const script = fileURLToPath(new URL('../../native/bench/io_bench/run.sh', import.meta.url));
const ROUNDS = Number(process.env['ROUNDS'] ?? 3);
built('io-traffic', 'io-order');

/** One run of all methods, and what the machine's load was. */
async function run(napi: 'threaded' | 'softirq'): Promise<readonly Measured[]> {
  const child = spawn('bash', [script, nativeBench, ...process.argv.slice(2)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NAPI: napi, LVSD_DATAPLANE: builtFile('lvsd-dataplane') },
  });
  const measured: Measured[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const one = measuredOf(line);
    if (one !== undefined) measured.push(one);
  }
  return measured;
}

function print(title: string, series: readonly Series[]): void {
  const load = readFileSync('/proc/loadavg', 'utf8').split(' ')[0];
  console.log(`\n### ${title}; load of the machine ${load}\n`);
  console.log('| method | peak, Mpps | to ip_forward | ns a packet | overload to peak | p50, p99 at low load, µs |');
  console.log('| --- | --- | --- | --- | --- | --- |');
  const base = series.find(({ method }) => method === 'ip_forward')?.peak ?? Number.NaN;
  for (const { method, peak, overload, p50, p99 } of series) {
    const columns = [(peak / 1e6).toFixed(2), `${(peak / base).toFixed(2)} ×`, (1e9 / peak).toFixed(0)];
    console.log(
      `| ${method} | ${columns.join(' | ')} | ${(overload / peak).toFixed(2)} | ${p50.toFixed(0)}, ${p99.toFixed(0)} |`,
    );
  }
}

for (const [napi, title] of [
  ['threaded', 'Everything on one core'],
  ['softirq', 'Two cores'],
] as const) {
  const rounds: (readonly Measured[])[] = [];
  for (let i = 0; i < ROUNDS; i++) rounds.push(await run(napi));
  const series = seriesOf(rounds);
  print(title, series);
  console.log('\n| | is | wanted |\n| --- | --- | --- |');
  for (const { what, is, wanted } of wantedOf(series, napi === 'threaded'))
    console.log(`| ${what} | ${is} | ${wanted} |`);
}
