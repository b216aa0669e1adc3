import fc from 'fast-check';
import t from 'tap';
import {
  assumed,
  firstAttemptMs,
  judge,
  type Judgement,
  type JudgeSettings,
  known,
} from '../../../src/health/judge.js';

const tcp: JudgeSettings = {
  intervalMs: 5000,
  retries: 2,
  retryDelayMs: 100,
  rise: 1,
  riseUnseen: 1,
  riseDelayMs: 5000,
};
/** Two urls: the one that failed, then both. */
const http: JudgeSettings = { ...tcp, rise: 3, riseUnseen: 2 };
const fast: JudgeSettings = { ...http, riseDelayMs: 0 };
const careful: JudgeSettings = { ...tcp, rise: 3, riseUnseen: 3 };
const adaptive: JudgeSettings = { ...careful, unsureMs: 500 };

/** Outcomes as + and -; the verdict after each as u (up) or d (down), and the pauses in milliseconds. */
function play(settings: JudgeSettings, start: Judgement, outcomes: string): { verdicts: string; waits: number[] } {
  let judgement = start;
  const waits: number[] = [];
  let verdicts = '';
  for (const outcome of outcomes) {
    const step = judge(settings, judgement, outcome === '+', 0);
    judgement = step.judgement;
    waits.push(step.waitMs);
    verdicts += judgement.verdict === 'up' ? 'u' : 'd';
  }
  return { verdicts, waits };
}

const rows: [
  name: string,
  settings: JudgeSettings,
  start: Judgement,
  outcomes: string,
  verdicts: string,
  waits?: number[],
][] = [
  ['up and seen up: retries before down', tcp, known('up'), '---', 'uud', [100, 100, 5000]],
  ['a success between clears the failures', tcp, known('up'), '--+--', 'uuuuu', [100, 100, 5000, 100, 100]],
  ['only assumed up: the first failure is enough', tcp, assumed('up'), '-', 'd', [5000]],
  ['assumed up, then seen up: retries from now on', tcp, assumed('up'), '+-', 'uu', [5000, 100]],
  ['down: one success is enough', tcp, known('down'), '+', 'u', [5000]],
  ['down: failures are not retried sooner', tcp, known('down'), '--', 'dd', [5000, 5000]],
  ['alpha: up after the first success', tcp, assumed('down'), '-+', 'du', [5000, 5000]],
  ['no retries: down at once', { ...tcp, retries: 0 }, known('up'), '-', 'd', [5000]],
  ['HTTP comes up after the failed url and a round', http, known('down'), '+++', 'ddu', [5000, 5000, 5000]],
  ['HTTP: a failure within the round begins again', http, known('down'), '++-+++', 'dddddu'],
  ['HTTP with alpha: a round', http, assumed('down'), '++', 'du'],
  ['rise: three in a row, also for one that was never seen', careful, assumed('down'), '++-+++', 'dddddu'],
  ['rise: an interval between them', careful, known('down'), '+++', 'ddu', [5000, 5000, 5000]],
  ['adaptive: half of the pauses, less a tenth', adaptive, known('up'), '+--+', 'uuuu', [2250, 45, 45, 2250]],
  ['adaptive: no longer than unsure', { ...adaptive, unsureMs: 30 }, known('up'), '---', 'uud', [30, 30, 2250]],
  ['adaptive: faster while it comes up', adaptive, known('down'), '-+++', 'dddu', [2250, 500, 500, 2250]],
  ['fast_recovery: no pause within the round', fast, known('down'), '+++', 'ddu', [0, 0, 5000]],
];

for (const [name, settings, start, outcomes, verdicts, waits] of rows)
  t.test(name, (t) => {
    const played = play(settings, start, outcomes);
    t.equal(played.verdicts, verdicts);
    if (waits !== undefined) t.same(played.waits, waits);
    t.end();
  });

t.test('a proven verdict changes after exactly the outcomes it takes, and never before', (t) => {
  fc.assert(
    fc.property(
      fc.nat(6),
      fc.integer({ min: 1, max: 6 }),
      fc.array(fc.boolean(), { maxLength: 60 }),
      (retries, rise, all) => {
        let judgement = known('up');
        let against = 0;
        for (const isAlive of all) {
          const wasUp = judgement.verdict === 'up';
          against = isAlive === wasUp ? 0 : against + 1;
          const needed = wasUp ? retries + 1 : rise;
          ({ judgement } = judge({ ...tcp, retries, rise }, judgement, isAlive, 0));
          const changed = (judgement.verdict === 'up') !== wasUp;
          if (changed !== against >= needed) return false;
          if (changed) against = 0;
        }
        return true;
      },
    ),
  );
  t.end();
});

t.test('the first attempt comes after a second and a random part of warmup', (t) => {
  t.equal(firstAttemptMs(5000, 0), 1000);
  t.equal(firstAttemptMs(5000, 0.5), 3500);
  t.end();
});
