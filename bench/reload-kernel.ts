/** The same through a running lvsd and a real kernel: SIGHUP to the end of the reload. Run inside the lab: npm run bench -- reload-kernel */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { largeFile } from './large-file.js';
import { spread } from './statistics.js';

const ROUNDS = Number(process.env['ROUNDS'] ?? 5);
const SERVICES = 5000;
const file = '/run/bench.conf';

interface Event {
  readonly event: string;
  readonly changes?: number;
}

/** The events of a running lvsd, one after the other. */
class Director {
  readonly process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor() {
    const lvsd = fileURLToPath(new URL('../../bin/lvsd', import.meta.url));
    const child = spawn(lvsd, ['run', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.process = child;
    this.#lines = createInterface({ input: child.stderr })[Symbol.asyncIterator]();
  }

  /** Waits for an event; the changes that were applied until then. */
  async until(event: string): Promise<number> {
    for (let changes = 0; ; ) {
      const next = await this.#lines.next();
      if (next.done === true) throw new Error('lvsd ended');
      const said = JSON.parse(next.value) as Event;
      if (said.event === 'director.applied') changes += said.changes ?? 0;
      if (said.event === event) return changes;
    }
  }
}

writeFileSync(file, largeFile(SERVICES, 1));
const director = new Director();
const started = performance.now();
const added = await director.until('daemon.started');
const startMs = performance.now() - started;

const times: number[] = [];
const changes: number[] = [];
for (let i = 0; i < ROUNDS; i++) {
  writeFileSync(file, largeFile(SERVICES, 2 + i));
  const start = performance.now();
  director.process.kill('SIGHUP');
  changes.push(await director.until('daemon.reloaded'));
  times.push(performance.now() - start);
}
const memory = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${String(director.process.pid)}/status`, 'utf8'))?.[1] ?? '0';
director.process.kill('SIGKILL');

console.log(
  `\n### Reload through lvsd and the kernel: ${SERVICES} virtual servers × 4, one weight changed, ${ROUNDS} rounds\n`,
);
console.log('| | |\n| --- | --- |');
console.log(`| start to all of ${added} changes applied | ${(startMs / 1000).toFixed(1)} s |`);
console.log(`| SIGHUP to reloaded, milliseconds | ${spread(times, 0)} |`);
console.log(`| kernel writes of each reload | ${changes.join(', ')} (wanted: 1) |`);
console.log(`| memory of lvsd (resident) | ${(Number(memory) / 1000).toFixed(0)} MB |`);
