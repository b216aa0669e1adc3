import fc from 'fast-check';
import t from 'tap';
import { fingerprintOf } from '../../../src/config/bundle.js';
import type { PushOrder, PushResult } from '../../../src/pair/push-order.js';
import { bundleOfText, fileWith, TwoPushSides } from '../../helpers/push-side.js';

t.setTimeout(180_000); // a busy machine

const BEFORE = fileWith(5);
const AFTER = fileWith(7);
const ANOTHER = fileWith(98);
const NEW = '/root/new.conf';

const order = (more: Partial<PushOrder> = {}): PushOrder => ({
  file: NEW,
  when: null,
  checkOnly: false,
  force: false,
  ...more,
});

/** `lvsctl push -f NEW` on the first, until it is known how it ended; undefined: nobody knows. */
async function push(sides: TwoPushSides, more: Partial<PushOrder> = {}, text = AFTER): Promise<PushResult | undefined> {
  sides.one.disk.others.set(NEW, text);
  return sides.until(sides.one.push.lead(order(more)));
}

/** What is on the disk and in force on both sides. */
const stateOf = ({ one, two }: TwoPushSides): string[] =>
  [one, two].map(({ disk, inForce }) => {
    if (disk.file !== inForce.main || disk.trial !== undefined) return 'torn';
    return disk.file === BEFORE ? 'before' : disk.file === AFTER ? 'after' : 'another';
  });

const eventsOf = (sides: TwoPushSides, which: 'one' | 'two'): string[] =>
  sides[which].log.events.map(({ event }) => event);

t.test('a push is in force on both, and both logs say so', async (t) => {
  const sides = new TwoPushSides(BEFORE);
  const result = await push(sides);
  t.same(result?.end, { is: 'in-force' });
  t.equal(result?.fingerprint, fingerprintOf(bundleOfText(AFTER)));
  t.same(stateOf(sides), ['after', 'after']);
  const side = ['pair.push-offered', 'pair.push-tried', 'pair.push-kept'];
  t.same(eventsOf(sides, 'one'), [...side, 'pair.push-ended']);
  t.same(eventsOf(sides, 'two'), side);
  t.match(sides.two.log.named('pair.push-kept')[0], { by: 'peer', from: 'one', push: result?.id });
  t.same(sides.one.disk.doubt, []);
  t.equal(sides.clock.pending, 0);
});

t.test("where no file is named it is the director's own, as it was changed on its disk", async (t) => {
  const sides = new TwoPushSides(BEFORE);
  sides.one.disk.file = AFTER;
  t.same((await push(sides, { file: null }))?.end, { is: 'in-force' });
  t.same(stateOf(sides), ['after', 'after']);
});

interface Refusal {
  readonly there?: string;
  readonly text?: string;
  readonly before?: (sides: TwoPushSides) => void;
  readonly why: RegExp;
  readonly complaints?: { readonly here?: RegExp; readonly peer?: RegExp };
}

const refusals: Readonly<Record<string, Refusal>> = {
  'the peer takes no pushes': {
    there: BEFORE.replace('pair_accept_push', ''),
    why: /^peer: it takes no pushes; write 'pair_accept_push' into its global_defs$/,
  },
  'the peer has another file': {
    there: ANOTHER,
    why: /^peer: its configuration \(\w{16}\) is not the one that this push is to replace; look at it there, and say --force/,
  },
  "somebody is changing the peer's file": {
    before: ({ two }) => (two.disk.file = ANOTHER),
    why: /^peer: \/etc\/lvsd\.conf was changed there \(\w{16}\), and that is not in force yet; look at it there/,
  },
  'somebody is changing our own file, and another one is pushed': {
    before: ({ one }) => (one.disk.file = ANOTHER),
    why: /^here: \/etc\/lvsd\.conf was changed there/,
  },
  'the peer is not there': {
    before: (sides) => sides.kill('two'),
    why: /^peer: the peer does not answer/,
  },
  'a folder that cannot be written': {
    before: ({ two }) => (two.disk.readOnly = 'its files cannot be replaced: read-only file system'),
    why: /^peer: its files cannot be replaced: read-only/,
  },
  'bytes that are no text': {
    text: AFTER.replace('global', '# \ufffd\nglobal'),
    why: /^here: the main file is not UTF-8; peer: the main file is not UTF-8$/,
  },
  'a mistake': {
    text: fileWith('many'),
    why: /^here: it is not read without errors$/,
    complaints: { here: /^\/etc\/lvsd\.conf:11:14: 'many'/ },
  },
  "a mistake in the peer's lines": {
    text: fileWith(7, '@two lvs_sotp keep'),
    why: /^peer: it is not read without errors$/,
    complaints: { peer: /^\/etc\/lvsd\.conf:5:8: 'lvs_sotp' .*did you mean 'lvs_stop'/ },
  },
};

for (const [what, { there, text, before, why, complaints }] of Object.entries(refusals))
  t.test(`refused, and nothing is changed: ${what}`, async (t) => {
    const sides = new TwoPushSides(BEFORE, there);
    before?.(sides);
    const was = [sides.one.disk.file, sides.two.disk.file];
    const result = await push(sides, {}, text);
    t.equal(result?.end.is, 'refused');
    t.match(result?.end, { why: { length: Number } });
    if (result?.end.is === 'refused') t.match(result.end.why.join('; '), why);
    for (const side of ['here', 'peer'] as const)
      if (complaints?.[side] !== undefined) t.match(result?.complaints[side][0], complaints[side]);
    t.same([sides.one.disk.file, sides.two.disk.file], was);
    t.equal(sides.one.push.status().here, 'idle');
    t.same(
      [sides.one, sides.two].flatMap(({ log }) => log.named('pair.push-tried')),
      [],
    );
    await sides.rest();
    t.equal(sides.clock.pending, 0);
  });

t.test('--force overwrites what is there, and what somebody changes', async (t) => {
  const sides = new TwoPushSides(BEFORE, fileWith(99));
  sides.two.disk.file = ANOTHER;
  t.same((await push(sides, { force: true }))?.end, { is: 'in-force' });
  t.same(stateOf(sides), ['after', 'after']);
});

t.test('--check asks, and changes nothing', async (t) => {
  const sides = new TwoPushSides(BEFORE);
  t.same((await push(sides, { checkOnly: true }))?.end, { is: 'checked' });
  t.same(stateOf(sides), ['before', 'before']);
  t.equal((await push(sides, { checkOnly: true }, fileWith(7, '@two x')))?.end.is, 'refused');
  t.equal(sides.two.push.status().here, 'idle');
  t.same(sides.one.disk.doubt, []);
});

t.test('what cannot be written or brought into force on one side goes back on both', async (t) => {
  for (const which of ['one', 'two'] as const)
    for (const [how, spoil, why] of [
      ['full disk', (s: TwoPushSides) => (s[which].disk.full = 'no space left'), 'no space left'],
      ['what the kernel refuses', (s: TwoPushSides) => (s[which].troubled = 'no such scheduler'), 'no such scheduler'],
      ['reload', (s: TwoPushSides) => s[which].refuses.set(AFTER, 'the kernel says no'), 'the kernel says no'],
    ] as const) {
      const sides = new TwoPushSides(BEFORE);
      spoil(sides);
      const result = await push(sides);
      const side = which === 'one' ? 'here' : 'peer';
      t.same(result?.end, { is: 'back', why: [`${side}: ${why}`], peer: 'back' }, `${which}, ${how}`);
      t.same(stateOf(sides), ['before', 'before']);
      t.equal(sides[which].log.named('pair.push-back').length, 1);
      t.same(sides.one.disk.doubt, []);
      t.equal(sides.clock.pending, 0);
    }
});

t.test('somebody reloads another file between the offer and the commit', async (t) => {
  for (const which of ['one', 'two'] as const) {
    const sides = new TwoPushSides(BEFORE);
    sides.step = (what) => {
      if (what !== 'two hears push-commit') return;
      sides[which].disk.file = ANOTHER;
      sides[which].reload();
    };
    const result = await push(sides, { when: { inMs: 10_000 } });
    const side = which === 'one' ? 'here' : 'peer';
    t.same(result?.end, { is: 'back', why: [`${side}: its configuration was changed meanwhile`], peer: 'back' });
    t.same(stateOf(sides), which === 'one' ? ['another', 'before'] : ['before', 'another']);
  }
});

t.test('a moment: both begin then, each by its own clock', async (t) => {
  const sides = new TwoPushSides(BEFORE);
  sides.aheadMs = 400;
  const begun = new Map<string, number>();
  sides.step = (what) => {
    if (what.endsWith('before begin')) begun.set(what.slice(0, 3), sides.clock.now());
  };
  const start = sides.clock.now();
  t.same((await push(sides, { when: { inMs: 10_000 } }))?.end, { is: 'in-force' });
  const [one = 0, two = 0] = [begun.get('one'), begun.get('two')];
  t.ok(one >= start + 10_000 && one < start + 12_000, `${one - start}`);
  t.ok(Math.abs(one - two) <= 500, `${one - two}`);
});

t.test('clocks that differ too much cannot keep a moment', async (t) => {
  const sides = new TwoPushSides(BEFORE);
  sides.aheadMs = -1500;
  await t.rejects(push(sides, { when: { inMs: 10_000 } }), {
    code: 'PAIR_REFUSED',
    message: /^the clocks of the two directors differ by 1\.5 seconds, and each goes by its own; nothing was changed$/,
  });
  t.same((await push(sides))?.end, { is: 'in-force' }, 'at once is at once');
});

t.test('a moment far away is not waited for, and can be cancelled', async (t) => {
  const sides = new TwoPushSides(BEFORE);
  const atMs = sides.wallMs(sides.one) + 3_600_000;
  t.match(await push(sides, { when: { atMs } }), { end: { is: 'scheduled' }, atMs });
  t.match(sides.one.push.status(), { running: { state: 'agreed', atMs }, last: null });
  t.equal(sides.two.push.status().here, 'offered');
  await t.rejects(push(sides), { code: 'PAIR_REFUSED', message: /^another push is under way/ });
  await sides.rest(3_500_000);
  t.same(stateOf(sides), ['before', 'before']);
  await sides.rest(200_000);
  t.same(stateOf(sides), ['after', 'after']);
  t.match(sides.one.push.status(), { running: null, last: { end: { is: 'in-force' } } });

  t.equal((await push(sides, { when: { inMs: 60_000 } }, BEFORE))?.end.is, 'scheduled');
  sides.one.push.cancel();
  await sides.rest(5000);
  t.match(sides.one.push.status(), { running: null, last: { end: { is: 'refused', why: ['it was cancelled'] } } });
  t.equal(sides.two.push.status().here, 'idle');
  t.throws(() => sides.one.push.cancel(), { code: 'PAIR_REFUSED' });
  await t.rejects(push(sides, { when: { atMs: 5 } }), { message: /^that moment is over/ });
  await sides.rest();
  t.same(stateOf(sides), ['after', 'after']);
});

t.test('both push at once: one of them at most', async (t) => {
  const sides = new TwoPushSides(BEFORE);
  sides.two.disk.others.set(NEW, ANOTHER);
  const other = sides.two.push.lead(order());
  const [one, two] = [await push(sides), await sides.until(other)];
  const won = [one, two].filter((result) => result?.end.is === 'in-force');
  t.ok(won.length <= 1);
  t.match([one, two].find((result) => result?.end.is === 'refused')?.end, { why: [/another push is under way/] });
  const [here, there] = stateOf(sides);
  t.equal(here, there);
});

t.test('an offer that nobody commits is forgotten, and a newer one of the same director takes its place', async (t) => {
  const sides = new TwoPushSides(BEFORE);
  await push(sides, { when: { inMs: 1_000_000 } });
  sides.kill('one');
  sides.restart('one');
  t.equal(sides.two.push.status().here, 'offered');
  t.same((await push(sides))?.end, { is: 'in-force' });
  await push(sides, { when: { inMs: 100_000 } }, BEFORE);
  sides.kill('one');
  await sides.rest();
  t.equal(sides.two.push.status().here, 'idle');
  t.match(sides.two.log.named('pair.push-forgotten').at(-1), { why: 'it was not committed in its time' });
});

t.test('nobody confirms: the peer goes back by itself', async (t) => {
  const sides = new TwoPushSides(BEFORE);
  sides.loses = (what) => what.endsWith('push-settle');
  const result = await push(sides);
  t.match(result?.end, { is: 'back', peer: 'unknown' });
  await sides.rest();
  t.same(stateOf(sides), ['before', 'before']);
  t.match(sides.two.log.named('pair.push-back')[0], { why: /^nobody confirmed it within \d+ seconds$/ });
});

/** What is left after everything: both have the same, or somebody was told, and the next push mends it. */
async function mends(sides: TwoPushSides, result: PushResult | undefined, isLeaderDead: boolean): Promise<string> {
  sides.step = () => undefined;
  sides.loses = () => false;
  await sides.rest();
  for (const which of ['one', 'two'] as const) if (sides[which].isDead) sides.restart(which);
  await sides.rest();
  const left = stateOf(sides);
  if (left.includes('torn')) return `torn: ${left.join(', ')}`;
  const is = result?.end.is;
  if (is === 'in-force' && left.join() !== 'after,after') return `told in force, and it is ${left.join()}`;
  if (
    (is === 'refused' || (result?.end.is === 'back' && result.end.peer === 'back')) &&
    left.join() !== 'before,before'
  )
    return `told ${is}, and it is ${left.join()}`;
  if (left[0] !== left[1] && !isLeaderDead && is !== 'back' && is !== 'apart')
    return `${left.join()}, and nobody is told`;
  const again = await push(sides);
  return again?.end.is === 'in-force' && stateOf(sides).join() === 'after,after'
    ? 'mended'
    : `not mended: ${JSON.stringify(again)}`;
}

for (const which of ['one', 'two'] as const)
  t.test(`${which === 'one' ? 'who leads' : 'the peer'} is killed between any two steps`, async (t) => {
    for (let at = 1; ; at++) {
      const sides = new TwoPushSides(BEFORE);
      let steps = 0;
      let killed: string | undefined;
      sides.step = (what) => {
        if (++steps !== at) return;
        killed = what;
        sides.kill(which);
      };
      const result = await push(sides);
      if (killed === undefined) {
        t.ok(at > 20, `${at} steps`);
        break;
      }
      t.equal(await mends(sides, result, which === 'one'), 'mended', `killed at step ${at}: ${killed}`);
    }
  });

t.test('whatever is lost, refused or killed: all or nothing, or it is told; and the next push mends it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        losses: fc.array(fc.boolean(), { maxLength: 12 }),
        kills: fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.constantFrom('one' as const, 'two' as const)), {
          maxLength: 2,
        }),
        refusing: fc.constantFrom(undefined, 'one' as const, 'two' as const),
        inMs: fc.constantFrom(0, 5000),
      }),
      async ({ losses, kills, refusing, inMs }) => {
        const sides = new TwoPushSides(BEFORE);
        let [steps, asked] = [0, 0];
        const dead = new Set<string>();
        if (refusing !== undefined) sides[refusing].refuses.set(AFTER, 'no');
        sides.loses = (what) => what !== 'question push-clock' && losses[asked++] === true;
        sides.step = () => {
          steps++;
          for (const [at, which] of kills)
            if (at === steps && !sides[which].isDead) {
              dead.add(which);
              sides.kill(which);
            }
        };
        const result = await push(sides, { when: inMs === 0 ? null : { inMs } }).catch(() => undefined);
        for (const { refuses } of [sides.one, sides.two]) refuses.clear();
        const left = await mends(sides, result, dead.has('one') || result === undefined);
        if (left !== 'mended') throw new Error(left);
      },
    ),
    { numRuns: 60 },
  );
});
