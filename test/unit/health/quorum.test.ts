import t from 'tap';
import { hasQuorum } from '../../../src/health/quorum.js';

const rows: [
  name: string,
  quorum: number,
  hysteresis: number,
  before: boolean,
  live: number,
  total: number,
  has: boolean,
][] = [
  ['kept at the quorum', 3, 0, true, 3, 5, true],
  ['lost below it', 3, 0, true, 2, 5, false],
  ['regained at it', 3, 0, false, 3, 5, true],
  ['hysteresis: kept down to quorum - hysteresis', 3, 1, true, 2, 5, true],
  ['hysteresis: lost below that', 3, 1, true, 1, 5, false],
  ['hysteresis: not regained at the quorum', 3, 1, false, 3, 5, false],
  ['hysteresis: regained at quorum + hysteresis', 3, 1, false, 4, 5, true],
  ['no weight is never a quorum', 1, 1, true, 0, 5, false],
  ['a quorum above the total is lowered to it', 9, 0, false, 5, 5, true],
  ['quorum + hysteresis above the total is lowered to it', 4, 3, false, 5, 5, true],
];

for (const [name, quorum, hysteresis, before, live, total, has] of rows)
  t.test(name, (t) => {
    t.equal(hasQuorum({ quorum, hysteresis }, before, live, total), has);
    t.end();
  });
