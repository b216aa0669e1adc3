/** Maglev tables of the engine: how long one takes, how evenly it is dealt, and what moves when one of N servers leaves. CPU time of one core. */
import { built, jsonLines } from './native.js';
import { median, spread } from './statistics.js';

const MOST_MS = 2;

interface Built {
  readonly slots: number;
  readonly servers: number;
  readonly fewest: number;
  readonly most: number;
  /** Percent of the slots of those that stay. */
  readonly movedMean?: number;
  readonly movedMost?: number;
  readonly ms: readonly number[];
}

const [program = ''] = built('tables-bench');
const tables = jsonLines(program, ['maglev']) as readonly Built[];

console.log('\n### Maglev tables: milliseconds of one core\n');
console.log('| slots | servers | ms: median (least–most) | slots of a server | moved when one leaves: mean, most |');
console.log('| --- | --- | --- | --- | --- |');
for (const { slots, servers, fewest, most, movedMean, movedMost, ms } of tables) {
  const moved =
    movedMean === undefined || movedMost === undefined ? '' : `${movedMean.toFixed(2)} %, ${movedMost.toFixed(2)} %`;
  console.log(`| ${slots} | ${servers} | ${spread(ms, 2)} | ${fewest}–${most} | ${moved} |`);
}
const worst = Math.max(...tables.filter(({ slots }) => slots === 65_537).map(({ ms }) => median(ms)));
console.log(`\n65,537 slots: ${worst.toFixed(2)} ms at most (wanted: ≤ ${MOST_MS})`);
