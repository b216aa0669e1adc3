/**
 * From the moment a server stops listening to its weight 0 in the kernel: lvsd, lvsd with adaptive_interval, and keepalived, with one
 * check and with 4,000. Run inside the lab: npm run bench -- detection
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openIpvs } from '../src/library/ipvs.js';
import type { ServiceKey } from '../src/model/service.js';
import { LISTENER_PORT, type ListenerOrder } from './listeners.js';
import { median } from './statistics.js';

const ROUNDS = Number(process.env['ROUNDS'] ?? 12);
const MANY = Number(process.env['CHECKS'] ?? 4000);
const SERVERS_PER_SERVICE = 4;
const PACE = { delayLoop: 1, retry: 1, delayBeforeRetry: 1, connectTimeout: 1 };
/** A refused connection takes no time, so the timeout adds nothing to what is promised. */
const PROMISED_MS = 1000 * (PACE.delayLoop + PACE.retry * PACE.delayBeforeRetry) + 50;
const file = '/run/detection.conf';

const address = (i: number): string => `127.1.${i >> 8}.${i & 255}`;
const service = (i: number): ServiceKey => ({
  by: 'address',
  protocol: 'tcp',
  address: `127.2.${i >> 8}.${i & 255}`,
  port: 80,
});

/** The file that all of them read; `words` is what only lvsd knows. */
function configuration(checks: number, words: string): string {
  const servers = Array.from({ length: checks }, (_, i) => i);
  const services = servers.filter((i) => i % SERVERS_PER_SERVICE === 0);
  return services
    .map(
      (first, n) => `virtual_server 127.2.${n >> 8}.${n & 255} 80 {
    delay_loop ${PACE.delayLoop}
    lvs_sched rr
    lvs_method NAT
    protocol TCP
    inhibit_on_failure
    ${words}
${servers
  .slice(first, first + SERVERS_PER_SERVICE)
  .map(
    (i) => `    real_server ${address(i)} ${LISTENER_PORT} {
        TCP_CHECK {
            connect_timeout ${PACE.connectTimeout}
            retry ${PACE.retry}
            delay_before_retry ${PACE.delayBeforeRetry}
        }
    }`,
  )
  .join('\n')}
}
`,
    )
    .join('');
}

const listeners = fork(fileURLToPath(new URL('listeners.js', import.meta.url)));
const ask = async (order: ListenerOrder): Promise<void> => {
  listeners.send(order);
  await once(listeners, 'message');
};
const ipvs = await openIpvs();

/** Weight of a server in the kernel now; undefined: it is not there. */
async function weightOf(i: number): Promise<number | undefined> {
  const rows = await ipvs.destinations(service(Math.floor(i / SERVERS_PER_SERVICE)));
  return rows.find(({ key }) => key.address === address(i))?.settings.weight;
}

async function until(i: number, weight: number, limitMs = 60_000): Promise<number> {
  const start = performance.now();
  while ((await weightOf(i).catch(() => undefined)) !== weight) {
    if (performance.now() - start > limitMs) throw new Error(`${address(i)} did not get weight ${weight}`);
    await sleep(2);
  }
  return performance.now();
}

interface Director {
  readonly name: string;
  readonly start: () => ChildProcess;
  readonly words: string;
}
const lvsd = (): ChildProcess =>
  spawn(
    fileURLToPath(new URL('../../bin/lvsd', import.meta.url)),
    ['run', '-f', file, '--control', 'none', '--log', 'error'],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
const keepalived = (): ChildProcess =>
  spawn('/usr/sbin/keepalived', ['-n', '-C', '-f', file, '-p', '/run/bench-k.pid', '-c', '/run/bench-kc.pid'], {
    stdio: 'ignore',
  });
const directors: readonly Director[] = [
  { name: 'keepalived', start: keepalived, words: '' },
  { name: 'lvsd', start: lvsd, words: '' },
  { name: 'lvsd, adaptive_interval', start: lvsd, words: 'adaptive_interval' },
].filter(({ name }) => name !== 'keepalived' || existsSync('/usr/sbin/keepalived'));

async function stop(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  await once(child, 'exit');
  await ipvs.flush();
}

/** One server at a time, at a moment that nobody can know. */
async function singles(checks: number): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const victim = (round * 997) % checks;
    await sleep(1000 * Math.random() + 300);
    await ask({ do: 'close', addresses: [address(victim)] });
    const start = performance.now();
    times.push((await until(victim, 0)) - start);
    await ask({ do: 'open', addresses: [address(victim)] });
    await until(victim, 1);
  }
  return times;
}

/** All at once: until the last one has weight 0. */
async function together(checks: number): Promise<number> {
  const all = Array.from({ length: checks }, (_, i) => address(i));
  await sleep(1500);
  await ask({ do: 'close', addresses: all });
  const start = performance.now();
  for (;;) {
    const rows = await ipvs.list();
    if (rows.every(({ destinations }) => destinations.every(({ settings }) => settings.weight === 0))) break;
    if (performance.now() - start > 60_000) throw new Error('not all of them got weight 0');
    await sleep(5);
  }
  const time = performance.now() - start;
  await ask({ do: 'open', addresses: all });
  return time;
}

console.log(
  `\n### From a closed port to weight 0 in the kernel, ms: delay_loop 1, retry 1, delay_before_retry 1; never later than ${PROMISED_MS}\n`,
);
console.log('| | mean | median | most |\n| --- | --- | --- | --- |');
const line = (what: string, times: readonly number[]): void => {
  const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
  console.log(`| ${what} | ${mean.toFixed(0)} | ${median(times).toFixed(0)} | ${Math.max(...times).toFixed(0)} |`);
};
for (const checks of [1, MANY]) {
  const all = Array.from({ length: checks }, (_, i) => address(i));
  await ask({ do: 'open', addresses: all });
  for (const { name, start, words } of directors) {
    writeFileSync(file, configuration(checks, words), { mode: 0o644 });
    const child = start();
    await until(checks - 1, 1);
    await sleep(3000);
    line(`${name}, one of ${checks}`, await singles(checks));
    if (checks > 1) line(`${name}, all ${checks} at once (the last one)`, [await together(checks)]);
    await stop(child);
  }
  await ask({ do: 'close', addresses: all });
}
ipvs.close();
listeners.disconnect();
