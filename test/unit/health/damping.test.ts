import fc from 'fast-check';
import t from 'tap';
import { judge, type Judgement, type JudgeSettings, known } from '../../../src/health/judge.js';

const settings: JudgeSettings = {
  intervalMs: 1000,
  retries: 0,
  retryDelayMs: 100,
  rise: 1,
  riseUnseen: 1,
  riseDelayMs: 1000,
  damping: { falls: 3, withinMs: 20_000, holdMs: 5000 },
};

/** Plays outcomes a second apart, or `stepMs`; the verdict after each, in capitals while damped. */
function play(outcomes: string, stepMs = 1000, my = settings): { text: string; judgement: Judgement; waits: number[] } {
  let judgement = known('up');
  let now = 0;
  const waits: number[] = [];
  let text = '';
  for (const outcome of outcomes) {
    const step = judge(my, judgement, outcome === '+', (now += stepMs));
    judgement = step.judgement;
    waits.push(step.waitMs);
    const letter = judgement.verdict === 'up' ? 'u' : 'd';
    text += judgement.flaps.damped ? letter.toUpperCase() : letter;
  }
  return { text, judgement, waits };
}

t.test('the third fall is one too many: it comes back after five seconds of life', (t) => {
  t.equal(play('-+-+-++++++').text, 'duduDDDDDDu');
  t.end();
});

t.test('a failure within the hold begins it again', (t) => {
  t.equal(play('-+-+-++++-+++++').text, 'duduDDDDDDDDDDD');
  t.equal(play('-+-+-++++-++++++').text, 'duduDDDDDDDDDDDu');
  t.end();
});

t.test('falls that are long ago do not count', (t) => {
  t.equal(play('-+-+-+', 11_000).text, 'dududu');
  t.equal(play('-+-+-+', 4000).text, 'duduDD', 'three within 16 seconds');
  t.end();
});

t.test('after its hold a server begins anew', (t) => {
  t.same(play('-+-+-++++++').judgement.flaps, { fellAt: [], damped: false, aliveSinceMs: undefined });
  t.end();
});

t.test('the attempt that ends the hold comes when the hold ends, not an interval later', (t) => {
  const my = { ...settings, damping: { falls: 1, withinMs: 1000, holdMs: 2500 } };
  t.same(play('-+++', 1000, my).waits, [1000, 1000, 1000, 500]);
  t.end();
});

t.test('a server that was never seen up has not fallen', (t) => {
  const my = { ...settings, damping: { falls: 1, withinMs: 1000, holdMs: 2500 } };
  const { judgement } = judge(my, { ...known('up'), proven: false }, false, 0);
  t.match(judgement, { verdict: 'down', flaps: { damped: false } });
  t.end();
});

t.test('damped is never up; what comes back was alive for all of the hold; memory is bounded', (t) => {
  const outcomes = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 5000 })), { maxLength: 200 });
  fc.assert(
    fc.property(outcomes, fc.integer({ min: 1, max: 5 }), (all, falls) => {
      const damping = { falls, withinMs: 10_000, holdMs: 4000 };
      let judgement = known('up');
      let now = 0;
      let aliveSince: number | undefined;
      for (const [isAlive, pause] of all) {
        now += pause;
        aliveSince = isAlive ? (aliveSince ?? now) : undefined;
        const before = judgement;
        ({ judgement } = judge({ ...settings, damping }, before, isAlive, now));
        if (judgement.flaps.damped && judgement.verdict === 'up') return false;
        if (judgement.flaps.fellAt.length > falls) return false;
        const released = before.flaps.damped && judgement.verdict === 'up';
        if (released && (aliveSince === undefined || now - aliveSince < damping.holdMs)) return false;
      }
      return true;
    }),
  );
  t.end();
});
