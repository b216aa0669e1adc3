import type { Duplex } from 'node:stream';
import t from 'tap';
import { callChannel, grantChannel, hearChannel, refuseChannel } from '../../../src/pair/channel.js';
import { duplexPair } from '../../helpers/duplex-pair.js';
import { FakeClock, settled } from '../../helpers/fake-clock.js';

const all = (line: Duplex): Promise<string> =>
  new Promise((resolve) => {
    const parts: string[] = [];
    line.on('data', (bytes: Buffer) => parts.push(bytes.toString()));
    line.on('end', () => resolve(parts.join('')));
  });

t.test('granted: words go both ways, and what follows the greeting is the channel’s', async (t) => {
  const clock = new FakeClock();
  const [near, far] = duplexPair();
  const called = callChannel(near, { channel: 'connections', syncId: 7 }, clock);
  const hello = await hearChannel(far, clock);
  t.match(hello, { channel: 'connections', syncId: 7 });
  grantChannel(far, { of: 'me' });
  far.write('and then');
  t.match(await called, { of: 'me' });
  const rest = all(near);
  far.end(' more');
  t.equal(await rest, 'and then more');
  t.equal(clock.pending, 0);
});

t.test('refused: with a sentence', async (t) => {
  const clock = new FakeClock();
  const [near, far] = duplexPair();
  const called = callChannel(near, { channel: 'sessions' }, clock);
  await hearChannel(far, clock);
  refuseChannel(far, 'it is master of nothing');
  await t.rejects(called, { code: 'SYNC_REFUSED', message: /it is master of nothing/ });
  t.ok(near.destroyed);
});

for (const [what, said, why] of [
  ['garbage', 'hello?\n', /no greeting/],
  ['a channel that there is not', '{"version":1,"channel":"gossip"}\n', /no greeting/],
  ['another version', '{"version":9,"channel":"director"}\n', /no greeting/],
  ['null', 'null\n', /no greeting/],
  ['no end of a line', 'x'.repeat(20_000), /too long/],
] as const)
  t.test(`the first line is ${what}`, async (t) => {
    const clock = new FakeClock();
    const [near, far] = duplexPair();
    near.resume();
    near.write(said);
    await t.rejects(hearChannel(far, clock), { code: 'SYNC_AWAY', message: why });
    t.equal(clock.pending, 0);
  });

t.test('nothing is said, or it ends before', async (t) => {
  const clock = new FakeClock();
  const [, silent] = duplexPair();
  const heard = hearChannel(silent, clock);
  heard.catch(() => undefined);
  await settled();
  clock.advance(10_000);
  await t.rejects(heard, { message: /says nothing/ });
  t.ok(silent.destroyed);
  const [near, far] = duplexPair();
  const called = callChannel(near, { channel: 'director' }, clock);
  far.resume();
  far.end();
  await t.rejects(called, { message: /closed the connection/ });
  t.equal(clock.pending, 0);
});
