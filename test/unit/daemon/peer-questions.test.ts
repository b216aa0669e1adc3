import t from 'tap';
import { PeerQuestions } from '../../../src/daemon/peer-questions.js';
import { FakeClock } from '../../helpers/fake-clock.js';

t.test('one after the other, to whoever asks; answered once', async (t) => {
  const clock = new FakeClock();
  const questions = new PeerQuestions(clock);
  const taken = questions.next();
  const [first, second] = [questions.post({ do: 'one' }), questions.post({ do: 'two' })];
  t.match(await taken, { id: 1, question: { do: 'one' } });
  t.match(await questions.next(), { id: 2, question: { do: 'two' } });
  questions.answer(2, { ok: true, result: 2 });
  questions.answer(1, { ok: false, error: 'no' });
  questions.answer(1, { ok: true, result: 'again' });
  t.same(await first, { ok: false, error: 'no' });
  t.same(await second, { ok: true, result: 2 });
  t.equal(clock.pending, 0);
});

t.test('nothing to ask, nobody who answers, nobody who answers in time', async (t) => {
  const clock = new FakeClock();
  const questions = new PeerQuestions(clock);
  const none = questions.next();
  clock.advance(20_000);
  t.equal(await none, null);
  const untaken = questions.post({ do: 'x' });
  clock.advance(20_000);
  t.match(await untaken, { ok: false, error: /no lvsd run/ });
  const unanswered = questions.post({ do: 'x' });
  await questions.next();
  clock.advance(200_000);
  t.match(await unanswered, { ok: false, error: /does not answer/ });
  t.equal(clock.pending, 0);
});

t.test('the end is the end of all that wait', async (t) => {
  const clock = new FakeClock();
  const questions = new PeerQuestions(clock);
  const [taken, untaken] = [questions.post({ do: 'x' }), questions.post({ do: 'y' })];
  await questions.next();
  questions.close();
  t.match(await taken, { ok: false });
  t.match(await untaken, { ok: false });
  const waiting = questions.next();
  questions.close();
  t.equal(await waiting, null);
  t.equal(clock.pending, 0);
});
