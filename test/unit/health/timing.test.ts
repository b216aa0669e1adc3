/** How long it takes until a server that died is acted on, by simulation: the judge's pauses, and attempts that take their time. */
import fc from 'fast-check';
import t from 'tap';
import { judge, type JudgeSettings, known } from '../../../src/health/judge.js';

interface Life {
  readonly settings: JudgeSettings;
  /** How long an attempt takes at a server that lives, and at one that is dead. */
  readonly aliveMs: number;
  readonly deadMs: number;
}

/** Milliseconds from its death until the verdict, if it dies `killMs` after a successful attempt has ended. Attempts until then. */
function downAfter({ settings, aliveMs, deadMs }: Life, killMs: number): { afterMs: number; attempts: number } {
  let judgement = known('up');
  let now = judge(settings, judgement, true, 0).waitMs;
  for (let attempts = 1; ; attempts++) {
    // a connection that stood before it died is a success
    const isAlive = now + aliveMs <= killMs;
    now += isAlive ? aliveMs : deadMs;
    const step = judge(settings, judgement, isAlive, now);
    judgement = step.judgement;
    if (judgement.verdict === 'down') return { afterMs: now - killMs, attempts };
    now += step.waitMs;
  }
}

const settingsOf = (loop: number, retries: number, retryDelay: number, adaptive: boolean): JudgeSettings => ({
  intervalMs: 1000 * loop,
  retries,
  retryDelayMs: 1000 * retryDelay,
  rise: 1,
  riseUnseen: 1,
  riseDelayMs: 1000 * loop,
  ...(adaptive ? { unsureMs: Math.max(100, 100 * loop) } : {}),
});

/** Over kill moments spread evenly over a period. */
function meanMs(settings: JudgeSettings, attemptMs: number): number {
  const { waitMs: periodMs } = judge(settings, known('up'), true, 0);
  const moments = 1000;
  let sum = 0;
  for (let i = 0; i < moments; i++)
    sum += downAfter({ settings, aliveMs: attemptMs, deadMs: attemptMs }, ((i + 0.5) / moments) * periodMs).afterMs;
  return sum / moments;
}

const grid = [1, 3, 10, 60].flatMap((loop) =>
  [0, 1, 3].flatMap((retries) => [0.2, 1, 3].map((delay) => [loop, retries, delay] as const)),
);

t.test('without adaptive_interval the mean is what was measured of keepalived', (t) => {
  for (const [loop, retries, delay] of grid) {
    const expected = 1000 * (loop / 2 + retries * delay);
    const mean = meanMs(settingsOf(loop, retries, delay, false), 0);
    t.ok(Math.abs(mean - expected) < 1, `delay_loop ${loop}, retry ${retries}, delay_before_retry ${delay}: ${mean}`);
  }
  t.end();
});

t.test(
  'with adaptive_interval a refused connection is acted on in half of it, and there is room for what else takes time',
  (t) => {
    for (const [loop, retries, delay] of grid) {
      const half = (1000 * (loop / 2 + retries * delay)) / 2;
      const mean = meanMs(settingsOf(loop, retries, delay, true), 1);
      t.ok(mean + 5 <= half, `delay_loop ${loop}, retry ${retries}, delay_before_retry ${delay}: ${mean} of ${half}`);
    }
    t.end();
  },
);

t.test(
  'never later than delay_loop + retry x delay_before_retry + (retry + 1) x connect_timeout, whatever the settings',
  (t) => {
    const seconds = fc.integer({ min: 1, max: 60_000 }).map((ms) => ms / 1000);
    fc.assert(
      fc.property(
        seconds,
        fc.nat(5),
        seconds,
        seconds,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.boolean(),
        (...given) => {
          const [loop, retries, delay, timeout, kill, adaptive] = given;
          const settings = settingsOf(loop, retries, delay, adaptive);
          const life = { settings, aliveMs: 0, deadMs: 1000 * timeout };
          const { afterMs } = downAfter(life, kill * settings.intervalMs);
          return afterMs <= 1000 * (loop + retries * delay + (retries + 1) * timeout) + 1e-6;
        },
      ),
    );
    t.end();
  },
);

t.test('adaptive_interval asks a server that flaps no more than so much more often', (t) => {
  // alternately alive and dead is the worst: never sure
  for (const [loop, retries, delay] of grid) {
    const settings = settingsOf(loop, retries, delay, true);
    let [judgement, now, attempts] = [known('up'), 0, 0];
    for (; now < 1_000_000; attempts++) {
      const step = judge(settings, judgement, attempts % 2 === 0, now);
      judgement = step.judgement;
      now += step.waitMs;
    }
    const shortest = Math.min(settings.unsureMs ?? 0, 450 * delay);
    const most = (2 * 1_000_000) / (450 * loop + shortest) + 2;
    t.ok(attempts <= most, `delay_loop ${loop}, retry ${retries}, delay_before_retry ${delay}: ${attempts} of ${most}`);
  }
  t.end();
});
