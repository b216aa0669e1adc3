/** What starting `ipvsadm` costs above starting Node: alternately, on this machine. It is asked for its help, and needs IPVS for nothing else. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { median, spread } from './statistics.js';

const ROUNDS = Number(process.env['ROUNDS'] ?? 21);
const tool = fileURLToPath(new URL('../../bin/ipvsadm', import.meta.url));

function milliseconds(command: string, args: readonly string[]): number {
  const start = process.hrtime.bigint();
  spawnSync(command, args, { stdio: 'ignore' });
  return Number(process.hrtime.bigint() - start) / 1e6;
}

const commands = {
  'node -e 0': () => milliseconds(process.execPath, ['-e', '0']),
  'ipvsadm -Ln': () => milliseconds(tool, ['-Ln']),
};
const times: Record<keyof typeof commands, number[]> = { 'node -e 0': [], 'ipvsadm -Ln': [] };
for (let i = 0; i < ROUNDS; i++) {
  for (const name of ['node -e 0', 'ipvsadm -Ln'] as const) times[name].push(commands[name]());
}

const above = median(times['ipvsadm -Ln'].map((time, i) => time - times['node -e 0'][i]!));
console.log(`\n### A single command, ${ROUNDS} rounds, milliseconds\n`);
console.log('| command | median (least–most) |\n| --- | --- |');
for (const name of ['node -e 0', 'ipvsadm -Ln'] as const) console.log(`| \`${name}\` | ${spread(times[name], 0)} |`);
console.log(`| above \`node -e 0\`, median of pairs | ${above.toFixed(0)} (wanted: ≤ 60) |`);
