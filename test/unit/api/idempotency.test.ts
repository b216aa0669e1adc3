/** Changes that are asked for twice with the same key. */
import t, { type Test } from 'tap';
import { AnswerKeeper, type KeptAnswer } from '../../../src/api/idempotency.js';
import { FakeApi } from '../../helpers/fake-api.js';

const url = '/v1/services/tcp-192.0.2.1-80/destinations/10.0.0.1-8080';

async function asking(t: Test) {
  const fake = await FakeApi.open();
  t.teardown(() => fake.close());
  const ask = (key: string, payload: object, query = '') =>
    fake.api.inject({ method: 'PATCH', url: `${url}${query}`, payload, headers: { 'idempotency-key': key } });
  return { fake, ask };
}

t.test('the same with the same key is done once', async (t) => {
  const { fake, ask } = await asking(t);
  const first = await ask('a', { weight: 5 });
  t.equal(first.statusCode, 200);
  t.notOk(first.headers['idempotent-replayed']);
  await ask('b', { weight: 6 });
  const again = await ask('a', { weight: 5 });
  t.equal(again.body, first.body);
  t.equal(again.headers.etag, first.headers.etag);
  t.equal(again.headers['idempotent-replayed'], 'true');
  t.equal(fake.declared.history().length, 2, 'and the weight is still 6');
});

t.test('another request with the same key is refused', async (t) => {
  const { fake, ask } = await asking(t);
  await ask('a', { weight: 5 });
  const other = await ask('a', { weight: 6 });
  t.match([other.statusCode, other.json()], [422, { code: 'API_KEY_REUSED' }]);
  fake.identity = { ...fake.identity, name: 'somebody else' };
  t.equal((await ask('a', { weight: 6 })).statusCode, 200, 'keys are of who asks');
});

t.test('at the same time it is done once', async (t) => {
  const { fake, ask } = await asking(t);
  const both = await Promise.all([ask('a', { weight: 5 }), ask('a', { weight: 5 })]);
  t.equal(both[0].statusCode, 200);
  t.match(both[1].statusCode, /200|409/, 'it depends on which of them is the faster');
  t.equal(fake.declared.history().length, 1);

  const keeper = new AnswerKeeper({ now: () => 0 });
  const one = { key: 'a', name: 'a', request: 'r' };
  t.equal(keeper.begin(one), undefined);
  t.throws(() => keeper.begin(one), { code: 'API_KEY_BUSY' });
  keeper.end(one, undefined);
  t.equal(keeper.begin(one), undefined, 'nothing was done');
});

t.test('what was refused, or only asked for, can be asked again', async (t) => {
  const { fake, ask } = await asking(t);
  fake.kernel.refuse = () => 'ENOMEM';
  t.equal((await ask('a', { weight: 5 })).statusCode, 409);
  fake.kernel.refuse = () => undefined;
  t.equal((await ask('a', { weight: 5 }, '?dryRun=true')).statusCode, 200);
  t.match((await ask('a', { weight: 5 })).json(), { dryRun: false });
});

t.test('after a day it is new again', async (t) => {
  const { fake, ask } = await asking(t);
  await ask('a', { weight: 5 });
  fake.clock.advance(24 * 3600 * 1000);
  t.equal((await ask('a', { weight: 6 })).statusCode, 200);
  t.end();
});

t.test('answers are bounded in number and in size, the oldest go', (t) => {
  const answer: KeptAnswer = { status: 200, headers: {}, body: 'x'.repeat(10) };
  const keeper = new AnswerKeeper({ now: () => 0, mostAnswers: 3, mostText: 100 });
  const one = (key: string) => ({ key, name: key, request: 'r' });
  const done = (key: string, body = answer.body): void => {
    keeper.begin(one(key));
    keeper.end(one(key), { ...answer, body });
  };
  for (const key of ['a', 'b', 'c', 'd']) done(key);
  t.same(keeper.begin(one('b')), answer);
  t.equal(keeper.begin(one('a')), undefined, 'forgotten');
  done('e', 'x'.repeat(85));
  t.equal(keeper.begin(one('c')), undefined);
  t.ok(keeper.begin(one('d')));
  t.ok(keeper.begin(one('e')));
  t.end();
});
