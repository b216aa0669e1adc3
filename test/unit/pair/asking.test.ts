import type { Duplex } from 'node:stream';
import t from 'tap';
import { answerAsker, Asker } from '../../../src/pair/asking.js';
import { type AnswerPeer, LONGEST_QUESTION } from '../../../src/pair/questions.js';
import { duplexPair } from '../../helpers/duplex-pair.js';
import { FakeClock } from '../../helpers/fake-clock.js';

interface Both {
  readonly clock: FakeClock;
  readonly near: Duplex;
  readonly far: Duplex;
  readonly asker: Asker;
  readonly ended: string[];
  readonly stop: () => void;
}

function both(answer: AnswerPeer): Both {
  const clock = new FakeClock();
  const [near, far] = duplexPair();
  const ended: string[] = [];
  const asker = new Asker(near, clock, (why) => ended.push(why));
  const stop = answerAsker(far, clock, answer, () => ended.push('called'));
  return { clock, near, far, asker, ended, stop };
}

t.test('questions are answered, in whatever order; a failure is a sentence', async (t) => {
  const { clock, asker, ended } = both(async ({ do: what, n }) => {
    if (what === 'fail') throw new Error('it does not want to');
    if (what === 'slow') await new Promise((resolve) => setImmediate(resolve));
    return { ok: true, result: { n } };
  });
  const [slow, quick] = [asker.ask({ do: 'slow', n: 1 }, 1000), asker.ask({ do: 'quick', n: 2 }, 1000)];
  t.same(await quick, { ok: true, result: { n: 2 } });
  t.same(await slow, { ok: true, result: { n: 1 } });
  t.same(await asker.ask({ do: 'fail' }, 1000), { ok: false, error: 'it does not want to' });
  asker.close();
  t.equal(ended[0], 'we closed it');
  await t.rejects(asker.ask({ do: 'quick' }, 1000), { code: 'PAIR_REFUSED' });
  await clock.run(20_000, 1000);
  t.equal(clock.pending, 0);
});

t.test('silence of a while is none: both give signs of life', async (t) => {
  const { clock, asker, ended } = both(() => Promise.resolve({ ok: true, result: null }));
  await clock.run(60_000, 500);
  t.same(ended, []);
  t.same(await asker.ask({ do: 'x' }, 1000), { ok: true, result: null });
  asker.close();
});

t.test('late: who asked hears it, and the answer that comes after it hurts nobody', async (t) => {
  let answer: () => void = () => undefined;
  const { clock, asker } = both(
    () => new Promise((resolve) => (answer = (): void => resolve({ ok: true, result: 1 }))),
  );
  const asked = asker.ask({ do: 'x' }, 3000);
  asked.catch(() => undefined);
  await clock.run(4000, 500);
  await t.rejects(asked, { code: 'PAIR_REFUSED', message: /did not answer within 3000 ms/ });
  answer();
  await clock.run(1000);
  asker.close();
});

t.test('the connection ends: whoever waits knows at once', async (t) => {
  const { asker, far, ended } = both(() => new Promise(() => undefined));
  const asked = asker.ask({ do: 'x' }, 60_000);
  far.destroy();
  await t.rejects(asked, { code: 'PAIR_REFUSED', message: /the connection ended/ });
  t.ok(ended.includes('the connection ended'));
});

t.test('a peer that is mute, or stalls, is gone after five seconds', async (t) => {
  const clock = new FakeClock();
  const [near] = duplexPair();
  const ended: string[] = [];
  const asker = new Asker(near, clock, (why) => ended.push(why));
  const asked = asker.ask({ do: 'x' }, 60_000);
  asked.catch(() => undefined);
  await clock.run(6000, 500);
  t.same(ended, ['nothing is heard of it']);
  await t.rejects(asked, { message: /nothing is heard of it/ });
  t.equal(clock.pending, 0);
});

t.test('garbage, too much of it, and too many questions', async (t) => {
  for (const [said, why] of [
    ['what?\n', 'what it says is no line of ours'],
    ['[1', undefined],
    [Buffer.alloc(3 * LONGEST_QUESTION + 512, 'x'), 'a line of it is too long'],
  ] as const) {
    const clock = new FakeClock();
    const [near, far] = duplexPair();
    const ended: string[] = [];
    const asker = new Asker(near, clock, (reason) => ended.push(reason));
    far.resume();
    far.write(said);
    await clock.run(1000);
    t.same(ended, why === undefined ? [] : [why]);
    asker.close();
  }
  const { asker, clock } = both(() => new Promise(() => undefined));
  const asked = Array.from({ length: 16 }, () => asker.ask({ do: 'x' }, 1000));
  await t.rejects(asker.ask({ do: 'x' }, 1000), { message: /too many/ });
  await t.rejects(asker.ask({ do: 'x', text: 'y'.repeat(LONGEST_QUESTION) }, 1000), { message: /too long/ });
  const refused = Promise.allSettled(asked);
  await clock.run(2000, 500);
  t.ok((await refused).every(({ status }) => status === 'rejected'));
  asker.close();
});

t.test('an answer that is none', async (t) => {
  const clock = new FakeClock();
  const [near, far] = duplexPair();
  const asker = new Asker(near, clock, () => undefined);
  far.on('data', () => far.write('{"id":1,"answer":{"ok":"perhaps"}}\n{"id":77,"answer":{"ok":true}}\n'));
  await t.rejects(asker.ask({ do: 'x' }, 1000), { message: /no answer/ });
  asker.close();
});
