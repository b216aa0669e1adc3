/**
 * The original ipvsadm and ours on one table in one guest kernel, alternately, each round in a new network namespace
 * (a table that is loaded again after a flush is slow in the kernel itself). Run inside the lab: npm run bench -- ipvsadm
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { row } from './statistics.js';
import { rules } from './rules.js';

const ROUNDS = Number(process.env['ROUNDS'] ?? 5);
const SERVICES = Number(process.env['SERVICES'] ?? 10_000);
const original = '/usr/sbin/ipvsadm';
const ours = fileURLToPath(new URL('../../bin/ipvsadm', import.meta.url));
const input = '/run/bench-rules';
const output = '/run/bench-output';

/** Wall seconds of a shell line in a namespace. */
function seconds(namespace: string, line: string): number {
  const start = process.hrtime.bigint();
  const { status, stderr } = spawnSync('ip', ['netns', 'exec', namespace, 'sh', '-c', line], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${line}: ${stderr}`);
  return Number(process.hrtime.bigint() - start) / 1e9;
}

const steps = {
  '-R': (tool: string) => `${tool} -R < ${input}`,
  '-Ln': (tool: string) => `${tool} -Ln > ${output}`,
  '-Sn': (tool: string) => `${tool} -Sn > ${output}`,
  '-Ln --stats': (tool: string) => `${tool} -Ln --stats > ${output}`,
  '-C': (tool: string) => `${tool} -C`,
} as const;
type Step = keyof typeof steps;
const limits: Readonly<Record<Step, number>> = { '-R': 1, '-Ln': 0.7, '-Sn': 0.7, '-Ln --stats': 0.7, '-C': 0.7 };

/** Everything with one tool in a namespace of its own. */
function round(tool: string, name: string): Record<Step, number> {
  execFileSync('ip', ['netns', 'add', name]);
  execFileSync('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
  try {
    return Object.fromEntries(Object.entries(steps).map(([step, line]) => [step, seconds(name, line(tool))])) as Record<
      Step,
      number
    >;
  } finally {
    execFileSync('ip', ['netns', 'del', name]);
  }
}

writeFileSync(input, rules(SERVICES));
const theirs: Record<Step, number>[] = [];
const mine: Record<Step, number>[] = [];
for (let i = 0; i < ROUNDS; i++) {
  const order = i % 2 === 0 ? ([theirs, mine] as const) : ([mine, theirs] as const);
  for (const into of order)
    into.push(round(into === theirs ? original : ours, `bench${i}${into === theirs ? 'o' : 'u'}`));
}

console.log(`\n### ipvsadm, ${SERVICES} services × 4 servers, ${ROUNDS} rounds, seconds\n`);
console.log('| command | original 1.31 | ours | ratio | wanted |\n| --- | --- | --- | --- | --- |');
for (const step of Object.keys(steps) as Step[]) {
  console.log(
    row({
      what: `\`ipvsadm ${step}\``,
      theirs: theirs.map((r) => r[step]),
      ours: mine.map((r) => r[step]),
      limit: limits[step],
    }),
  );
}
