/** What a packet costs in memory, without a device: the engine's own process() over batches of 64-byte frames of established flows. */
import { readFileSync } from 'node:fs';
import { type Cost, judged } from './forward-verdict.js';
import { built, jsonLines } from './native.js';

const load = (): string => readFileSync('/proc/loadavg', 'utf8').split(' ')[0] ?? '';

const [program = ''] = built('forward-bench');
const before = load();
const costs = jsonLines(program, ['--json', ...process.argv.slice(2)]) as readonly Cost[];

console.log(
  `\n### A packet in memory: one core, 64 bytes, established flows; load of the machine ${before} to ${load()}\n`,
);
console.log(
  '| method | flows | servers | services | ns: median (least–most) | TSC cycles |\n| --- | --- | --- | --- | --- | --- |',
);
for (const { method, flows, servers, services, medianNs, leastNs, mostNs, cycles, allForwarded } of costs) {
  const ns = `${medianNs.toFixed(1)} (${leastNs.toFixed(1)}–${mostNs.toFixed(1)})`;
  const note = allForwarded ? '' : ' not all were forwarded';
  console.log(`| ${method} | ${flows} | ${servers} | ${services} | ${ns}${note} | ${cycles.toFixed(0)} |`);
}
console.log('\n| | is | wanted |\n| --- | --- | --- |');
for (const { what, is, wanted } of judged(costs)) console.log(`| ${what} | ${is} | ${wanted} |`);
