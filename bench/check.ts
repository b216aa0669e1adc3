/** `lvsd check` against `keepalived -t`: the CPU time of whole processes, alternately, for 5,000 virtual servers with four checked real servers each. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkedFile } from './large-file.js';
import { median, spread } from './statistics.js';

const ROUNDS = Number(process.env['ROUNDS'] ?? 11);
const SERVICES = 5000;
const WANTED = 2;
const lvsd = fileURLToPath(new URL('../../bin/lvsd', import.meta.url));

/** Milliseconds of user and system time, of all threads and children: what a shell's `times` counts. */
function milliseconds(command: string, args: readonly string[]): number | undefined {
  const script = '"$@" >/dev/null 2>&1 || [ $? -lt 100 ] || exit 1; times';
  const { stdout, status } = spawnSync('sh', ['-c', script, 'sh', command, ...args], { encoding: 'utf8' });
  const [, minutes, seconds, systemMinutes, systemSeconds] = /\n(\d+)m([\d.]+)s (\d+)m([\d.]+)s/.exec(stdout) ?? [];
  if (status !== 0 || systemSeconds === undefined) return undefined;
  return 1000 * (60 * (Number(minutes) + Number(systemMinutes)) + Number(seconds) + Number(systemSeconds));
}

const folder = mkdtempSync(join(tmpdir(), 'lvsd-bench-'));
try {
  const file = join(folder, 'large.conf');
  const text = checkedFile(SERVICES);
  writeFileSync(file, text, { mode: 0o600 });
  const commands = {
    'node -e 0': () => milliseconds(process.execPath, ['-e', '0']),
    'lvsd check': () => milliseconds(lvsd, ['check', '-f', file]),
    'keepalived -t': () => milliseconds('keepalived', ['-t', '-f', file]),
  };
  const times = new Map<string, number[]>();
  for (let i = 0; i < ROUNDS; i++)
    for (const [name, run] of Object.entries(commands)) {
      const time = run();
      if (time !== undefined) times.set(name, [...(times.get(name) ?? []), time]);
    }
  const of = (name: string): readonly number[] => times.get(name) ?? [];
  console.log(
    `\n### Checking a file: ${SERVICES} virtual servers × 4 with TCP_CHECK, ${(text.length / 1e6).toFixed(1)} MB, ${ROUNDS} rounds, milliseconds of CPU\n`,
  );
  console.log('| command | median (least–most) |\n| --- | --- |');
  for (const name of Object.keys(commands))
    console.log(`| \`${name}\` | ${of(name).length === 0 ? 'it cannot run here' : spread(of(name), 0)} |`);
  if (of('keepalived -t').length > 0 && of('lvsd check').length > 0) {
    const ratio = median(of('lvsd check')) / median(of('keepalived -t'));
    console.log(`| \`lvsd check\` to \`keepalived -t\` | ${ratio.toFixed(1)} (wanted: ≤ ${WANTED}) |`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
