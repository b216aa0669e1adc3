import t from 'tap';
import { Lifetime } from '../../../src/system/lifetime.js';

t.test('what was started last stops first', async (t) => {
  const log: string[] = [];
  {
    await using life = new Lifetime();
    life.own('socket', (thing) => void log.push(thing));
    life.own('timer', (thing) => void log.push(thing));
  }
  t.same(log, ['timer', 'socket']);
});

t.test('one step that fails does not keep the others from stopping', async (t) => {
  const log: string[] = [];
  const life = new Lifetime();
  life.own('first', (thing) => void log.push(thing));
  life.own('second', () => Promise.reject(new Error('stuck')));
  await t.rejects(life[Symbol.asyncDispose](), { message: 'shutdown was not clean' });
  t.same(log, ['first']);
  await life[Symbol.asyncDispose]();
  t.same(log, ['first'], 'nothing stops twice');
});
