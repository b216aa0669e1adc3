/** What is known of a check survives: found → kept → written → read → believed. */
import fc from 'fast-check';
import t from 'tap';
import type { Check } from '../../../src/config/check.js';
import { beliefOf, commonBelief, keptServer } from '../../../src/daemon/beliefs.js';
import { decodeHealth, encodeHealth, type KeptServer } from '../../../src/daemon/health-state.js';
import type { Outcome } from '../../../src/health/check.js';
import { Finding } from '../../../src/health/finding.js';
import { assumed, type Judgement, known } from '../../../src/health/judge.js';
import { anyCheck, targetAt } from '../../helpers/probe-ports.js';

const damping = { falls: 2, withinSeconds: 100, holdSeconds: 50 };
const check: Check = { is: 'tcp', ...anyCheck, pace: { ...anyCheck.pace, damping }, target: targetAt(80) };
const alpha: Check = { ...check, pace: { ...check.pace, alpha: true } };
const settings = {
  ...{ intervalMs: 1000, retries: 0, retryDelayMs: 0, rise: 1, riseUnseen: 1, riseDelayMs: 0 },
  damping: { falls: 2, withinMs: 100_000, holdMs: 50_000 },
};
const quiet = { onVerdict: () => undefined, onWeight: () => undefined, onOutcome: () => undefined };

/** Outcomes a second apart; the clock stands at the last of them. */
function findingAfter(outcomes: readonly Outcome[], start: Judgement = assumed('up')): Finding {
  const finding = new Finding(settings, { judgement: start }, quiet);
  for (const [i, outcome] of outcomes.entries()) finding.take(outcome, 1000 * (i + 1));
  return finding;
}

const alive: Outcome = { is: 'alive', detail: '' };
const dead: Outcome = { is: 'failed', why: 'refused', detail: '' };
const outcome = fc.oneof(
  fc.constant(alive),
  fc.constant(dead),
  fc.nat(9).map((set): Outcome => ({ is: 'alive', detail: '', weight: { set } })),
);

/** Written to the file, and read from it. */
function survive(kept: KeptServer | undefined): KeptServer | undefined {
  const servers = new Map(kept === undefined ? [] : [['a', kept] as const]);
  return decodeHealth(encodeHealth({ servers, told: new Map() }))?.servers.get('a');
}

t.test('verdict, falls and weight are the same after a restart, by whatever clock', (t) => {
  fc.assert(
    fc.property(
      fc.array(outcome, { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 0, max: 10_000 }),
      (all, ahead) => {
        const finding = findingAfter(all);
        const now = 1000 * all.length;
        const wall = 1_700_000_000_000;
        const kept = survive(keptServer([{ is: 'tcp', id: () => 'x', finding }], wall - now));
        const belief = beliefOf({ check, id: () => 'x', kept, table: undefined }, ahead, wall - ahead);
        const { verdict, flaps } = finding.judgement;
        const shift = ahead - now;
        return (
          belief.judgement.verdict === verdict &&
          belief.judgement.proven &&
          belief.judgement.flaps.damped === flaps.damped &&
          JSON.stringify(belief.judgement.flaps.fellAt) === JSON.stringify(flaps.fellAt.map((at) => at + shift)) &&
          JSON.stringify(belief.weight) === JSON.stringify(finding.weight)
        );
      },
    ),
  );
  t.end();
});

t.test('a wall clock that was set back makes no fall that is yet to come', (t) => {
  const finding = findingAfter([alive, dead, alive, dead]);
  const kept = keptServer([{ is: 'tcp', id: () => 'x', finding }], 1_700_000_000_000);
  const { judgement, sinceMs } = beliefOf({ check, id: () => 'x', kept, table: undefined }, 500, 1_600_000_000_000);
  t.same(judgement.flaps.fellAt, [500, 500]);
  t.equal(sinceMs, 500);
  t.end();
});

const up: KeptServer = { up: true, checks: new Map() };
const down: KeptServer = { up: false, checks: new Map([['x', { is: 'tcp', verdict: 'down' }]]) };
const misc: KeptServer = { up: true, checks: new Map([['x', { is: 'tcp', verdict: 'up', weight: { set: 3 } }]]) };

const rows: readonly [
  what: string,
  evidence: Pick<Parameters<typeof beliefOf>[0], 'check' | 'kept' | 'table'>,
  verdict: string,
  proven: boolean,
][] = [
  ['nothing is known', { check, kept: undefined, table: undefined }, 'up', false],
  ['nothing is known, alpha', { check: alpha, kept: undefined, table: undefined }, 'down', false],
  ['only the table knows', { check: alpha, kept: undefined, table: true }, 'up', true],
  ['it was down, whatever the table says', { check, kept: down, table: true }, 'down', true],
  ['it was up, and a sorry server stood in', { check: alpha, kept: up, table: false }, 'up', true],
];
for (const [what, evidence, verdict, proven] of rows)
  t.test(what, (t) => {
    t.match(beliefOf({ ...evidence, id: () => 'other' }, 0, 0), { judgement: { verdict, proven } });
    t.end();
  });

t.test('a check that changed keeps the weight that one of its kind gave', (t) => {
  t.same(beliefOf({ check, id: () => 'other', kept: misc, table: undefined }, 0, 0).weight, { set: 3 });
  t.end();
});

t.test('what was only assumed is not kept; one failure that was seen is', (t) => {
  const [unseen, seen, failed] = [findingAfter([]), findingAfter([alive]), findingAfter([dead])];
  const keptOf = (...findings: Finding[]): KeptServer | undefined =>
    keptServer(
      findings.map((finding, i) => ({ is: 'tcp', id: () => String(i), finding })),
      0,
    );
  t.equal(keptOf(), undefined);
  t.equal(keptOf(unseen, seen), undefined);
  t.match(keptOf(seen, seen), { up: true, checks: new Map() });
  t.same([...(keptOf(seen, unseen, failed)?.checks.keys() ?? [])], ['0', '2']);
  t.equal(keptOf(findingAfter([], assumed('down'))), undefined);
  t.end();
});

t.test('of servers that share a probe, who is known to be down counts, then who is known', (t) => {
  const beliefs = [assumed('up'), known('up'), known('down')].map((judgement) => ({ judgement }));
  t.match(commonBelief(beliefs), { judgement: { verdict: 'down', proven: true } });
  t.match(commonBelief(beliefs.slice(0, 2)), { judgement: { verdict: 'up', proven: true } });
  t.match(commonBelief(beliefs.slice(0, 1)), { judgement: { verdict: 'up', proven: false } });
  t.end();
});
