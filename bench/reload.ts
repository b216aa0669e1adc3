/** Reading and planning a file of 5,000 virtual servers with four real servers each, of which one changed its weight. No kernel. */
import { type Configuration } from '../src/config/configuration.js';
import { readConfiguration } from '../src/config/read.js';
import { desired } from '../src/director/desired.js';
import { plan } from '../src/director/plan.js';
import { nothingElse } from '../test/helpers/circumstances.js';
import { largeFile } from './large-file.js';
import { spread } from './statistics.js';

const ROUNDS = Number(process.env['ROUNDS'] ?? 7);
const SERVICES = 5000;

function read(lastWeight: number): Configuration {
  const { configuration } = readConfiguration({ file: 'large.conf', text: largeFile(SERVICES, lastWeight) });
  if (configuration === undefined) throw new Error('the file is not valid');
  return configuration;
}

const times: Record<'read' | 'plan', number[]> = { read: [], plan: [] };
let changes = 0;
const observed = desired(read(1), nothingElse).table;
for (let i = 0; i < ROUNDS; i++) {
  const start = performance.now();
  const configuration = read(2);
  const middle = performance.now();
  changes = plan(desired(configuration, nothingElse).table, observed).length;
  times.read.push(middle - start);
  times.plan.push(performance.now() - middle);
}

console.log(`\n### Reload: ${SERVICES} virtual servers × 4, one weight changed, ${ROUNDS} rounds, milliseconds\n`);
console.log('| step | median (least–most) |\n| --- | --- |');
console.log(`| read the file (${(largeFile(SERVICES, 1).length / 1e6).toFixed(1)} MB) | ${spread(times.read, 0)} |`);
console.log(`| plan | ${spread(times.plan, 0)} (wanted: < 100) |`);
console.log(`| changes in the plan | ${changes} (wanted: 1) |`);
console.log(`| memory of this process | ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB |`);
