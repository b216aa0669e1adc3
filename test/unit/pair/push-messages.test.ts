import fc from 'fast-check';
import t from 'tap';
import {
  decodePushQuestion,
  type PushQuestion,
  readPushClock,
  readPushReply,
} from '../../../src/pair/push-messages.js';
import type { PeerQuestion } from '../../../src/pair/questions.js';

const ID = '00112233aabbccdd';
const questions: readonly PushQuestion[] = [
  { do: 'push-clock' },
  {
    do: 'push-offer',
    id: ID,
    from: 'lb1',
    files: { main: 'a', included: [{ path: 'b/c', text: 'd' }] },
    against: ['x'],
    holdMs: 5,
  },
  { do: 'push-offer', id: ID, from: 'lb1', files: { main: '', included: [] }, against: null, holdMs: 0 },
  { do: 'push-commit', id: ID, atMs: null },
  { do: 'push-commit', id: ID, atMs: 1.5 },
  { do: 'push-settle', id: ID, keep: true, why: '' },
];

t.test('questions are what they were', (t) => {
  for (const question of questions)
    t.same(decodePushQuestion(JSON.parse(JSON.stringify(question)) as PeerQuestion), question);
  t.end();
});

t.test('a word that is missing, or is another thing, is no question', (t) => {
  for (const question of questions)
    for (const word of Object.keys(question).filter((one) => one !== 'do')) {
      t.equal(decodePushQuestion({ ...question, [word]: undefined }), undefined, `${question.do} without ${word}`);
      t.equal(
        decodePushQuestion({ ...question, [word]: { no: 1 } }),
        undefined,
        `${question.do} with a strange ${word}`,
      );
    }
  t.equal(decodePushQuestion({ do: 'push-commit', id: '../../x', atMs: null }), undefined);
  t.equal(decodePushQuestion({ do: 'other' }), undefined);
  t.end();
});

t.test('answers are looked at', (t) => {
  t.same(readPushReply({ ok: true, result: { failed: null, complaints: ['a'] } }), { failed: null, complaints: ['a'] });
  t.same(readPushReply({ ok: true, result: { failed: 'no', complaints: [] } }), { failed: 'no', complaints: [] });
  t.throws(() => readPushReply({ ok: false, error: 'what?' }), { code: 'PAIR_REFUSED', message: /^what\?/ });
  for (const result of [
    null,
    5,
    {},
    { failed: null },
    { failed: 5, complaints: [] },
    { failed: null, complaints: [5] },
  ])
    t.throws(() => readPushReply({ ok: true, result }), { message: /does not understand/ });
  t.equal(readPushClock({ ok: true, result: 5 }), 5);
  t.throws(() => readPushClock({ ok: true, result: '5' }), { message: /does not understand/ });
  t.throws(() => readPushClock({ ok: false, error: 'what?' }), { code: 'PAIR_REFUSED', message: /^what\?/ });
  t.end();
});

t.test('nothing that comes is thrown at', (t) => {
  fc.assert(
    fc.property(
      fc.constantFrom(...questions),
      fc.dictionary(fc.constantFrom('id', 'files', 'against', 'holdMs', 'atMs', 'keep'), fc.jsonValue()),
      (question, other) => {
        decodePushQuestion({ ...question, ...other });
      },
    ),
  );
  t.end();
});
