/** Whoever speaks at the port of the pair without its key, or repeats what the other side said. */
import t from 'tap';
import type { Test } from 'tap';
import { encodeHello, Seal } from '../../../src/pair/codec.js';
import type { FakeStream } from '../../helpers/fake-pair-network.js';
import { KEY, TwoSides } from '../../helpers/pair-side.js';

const PORT = 51_112;
const nonce = 'ab'.repeat(32);
const id = 'cd'.repeat(32);

interface Stranger {
  readonly stream: FakeStream;
  /** Lines that came from the side that was called. */
  readonly heard: string[];
  ended(): boolean;
}

/** Calls `one` as if it were its peer. */
async function call(both: TwoSides, from = '10.99.0.2'): Promise<Stranger> {
  const dialed = both.tcp.dial(from, `10.99.0.1:${PORT}`);
  await both.run(1, 1);
  const stream = await dialed;
  const heard: string[] = [];
  let isEnded = false;
  stream.listen(
    (bytes) => heard.push(...Buffer.from(bytes).toString().split('\n').filter(Boolean)),
    () => void (isEnded = true),
  );
  await both.run(2, 1);
  return { stream, heard, ended: () => isEnded };
}

/** Only `one` is there; the peer's machine does not answer. */
async function alone(t: Test): Promise<TwoSides> {
  const both = new TwoSides();
  t.teardown(() => both.close());
  await both.one.follow({ priority: 150 });
  await both.run(5000, 50);
  return both;
}

/** Says hello, and knows the secret. */
function prove(stranger: Stranger, secret = KEY): { readonly seal: Seal; readonly first: string } {
  stranger.stream.write(encodeHello({ nonce, id }));
  const told = JSON.parse(stranger.heard[0] ?? '') as { readonly nonce: string };
  const seal = new Seal(Buffer.from(secret), 'caller', { caller: nonce, called: told.nonce });
  const first = seal.sign({ is: 'proof' });
  stranger.stream.write(first);
  return { seal, first };
}

t.test('who knows the key is the other side', async (t) => {
  const both = await alone(t);
  const stranger = await call(both);
  prove(stranger);
  await both.run(10, 1);
  t.equal(stranger.ended(), false);
  t.equal(both.one.log.named('pair.found').length, 1);
});

t.test('an address that is not the peer’s is not spoken with', async (t) => {
  const both = await alone(t);
  const stranger = await call(both, '10.99.0.66');
  t.equal(stranger.ended(), true);
  t.same(stranger.heard, []);
});

const bad: readonly (readonly [name: string, why: RegExp, say: (stranger: Stranger) => void])[] = [
  ['another key', /its key is not ours/, (stranger) => void prove(stranger, 'another secret of this length')],
  ['garbage', /no hello/, ({ stream }) => stream.write('GET / HTTP/1.1\r\n\r\n')],
  ['an empty line', /no hello/, ({ stream }) => stream.write('\n')],
  ['null', /no hello/, ({ stream }) => stream.write('null\n')],
  [
    'another protocol version',
    /version 7/,
    ({ stream }) => stream.write(`{"pair":7,"nonce":"${nonce}","id":"${id}"}\n`),
  ],
  ['a nonce of one character', /no hello/, ({ stream }) => stream.write(`{"pair":1,"nonce":"a","id":"${id}"}\n`)],
  ['a line without end', /too long/, ({ stream }) => stream.write('x'.repeat(257))],
  [
    'a proof without end',
    /too long/,
    ({ stream }) => {
      stream.write(encodeHello({ nonce, id }));
      stream.write('x'.repeat(300));
    },
  ],
  [
    'our own proof, turned round',
    /its key is not ours/,
    ({ stream, heard }) => {
      const told = JSON.parse(heard[0] ?? '') as { readonly nonce: string };
      stream.write(encodeHello({ nonce, id }));
      const theirs = new Seal(Buffer.from(KEY), 'called', { caller: nonce, called: told.nonce });
      stream.write(theirs.sign({ is: 'proof' }));
    },
  ],
  ['our own hello, turned round', /it is ourselves/, ({ stream, heard }) => stream.write(`${heard[0] ?? ''}\n`)],
];
for (const [name, why, say] of bad)
  t.test(`refused: ${name}`, async (t) => {
    const both = await alone(t);
    const stranger = await call(both);
    say(stranger);
    await both.run(10, 1);
    t.equal(stranger.ended(), true);
    const [event, ...more] = both.one.log.named('pair.refused');
    t.match(event?.['why'], why);
    t.same(more, []);
    t.same(both.one.roles, ['master']);
  });

t.test('a line that is said again, changed, left out, or of another connection', async (t) => {
  const tricks: readonly (readonly [string, (seal: Seal, first: string) => string])[] = [
    ['again', (_seal, first) => first],
    ['changed', (seal) => seal.sign({ is: 'states', routers: [] }).replace('[]', '[ ]')],
    [
      'left out',
      (seal) => {
        seal.sign({ is: 'states', routers: [] });
        return seal.sign({ is: 'lost', routers: [] });
      },
    ],
    [
      'of another connection',
      () => {
        const other = new Seal(Buffer.from(KEY), 'caller', { caller: nonce, called: nonce });
        other.sign({ is: 'proof' });
        return other.sign({ is: 'states', routers: [] });
      },
    ],
  ];
  for (const [name, trick] of tricks) {
    const both = await alone(t);
    const stranger = await call(both);
    const { seal, first } = prove(stranger);
    await both.run(10, 1);
    stranger.stream.write(trick(seal, first));
    await both.run(10, 1);
    t.equal(stranger.ended(), true, name);
    t.match(both.one.log.named('pair.refused')[0]?.['why'], /not signed as it should be/, name);
  }
});

t.test('a good signature on what is no message', async (t) => {
  const both = await alone(t);
  const stranger = await call(both);
  const { seal } = prove(stranger);
  await both.run(10, 1);
  stranger.stream.write(seal.sign({ is: 'states', routers: [{ name: 'V51', role: 'king' }] } as never));
  await both.run(10, 1);
  t.equal(stranger.ended(), true);
  t.match(both.one.log.named('pair.refused')[0]?.['why'], /no message/);
});

t.test('who says nothing has two seconds', async (t) => {
  const both = await alone(t);
  const stranger = await call(both);
  await both.run(1900, 50);
  t.equal(stranger.ended(), false);
  await both.run(200, 50);
  t.equal(stranger.ended(), true);
});

t.test('a flood of connections: few wait for their proof, the rest is sent away, and the log is short', async (t) => {
  const both = await alone(t);
  const strangers = await Promise.all(Array.from({ length: 20 }, () => call(both)));
  t.equal(strangers.filter((stranger) => !stranger.ended()).length, 4);
  for (let i = 0; i < 200; i++) {
    const stranger = await call(both);
    if (!stranger.ended()) stranger.stream.write(i % 2 === 0 ? 'x\n' : `{"pair":9,"nonce":"","id":""}\n`);
    await both.run(20, 10);
  }
  t.ok(both.one.log.named('pair.refused').length <= 2, `${both.one.log.named('pair.refused').length} lines`);
  t.same(both.one.roles, ['master']);
});

t.test('the other side is half open: silence ends it, and the peer that comes back is taken', async (t) => {
  const both = await alone(t);
  const stranger = await call(both);
  prove(stranger);
  await both.run(10, 1);
  await both.run(1000);
  t.equal(stranger.ended(), true);
  t.equal(both.one.log.named('pair.lost').length, 1);
  const again = await call(both);
  prove(again);
  await both.run(10, 1);
  t.equal(both.one.log.named('pair.found').length, 2);
});

t.test('who calls again has given up the connection before', async (t) => {
  const both = await alone(t);
  const first = await call(both);
  prove(first);
  await both.run(10, 1);
  const second = await call(both);
  prove(second);
  await both.run(10, 1);
  t.equal(first.ended(), true);
  t.equal(second.ended(), false);
  t.equal(both.one.log.named('pair.lost').length, 0, 'no news');
});

t.test('the other side calls while our own call hangs: its end is no news', async (t) => {
  const both = await alone(t);
  both.tcp.isCut = true;
  const before = both.tcp.unanswered;
  while (both.tcp.unanswered === before) await both.run(10);
  both.tcp.isCut = false;
  const stranger = await call(both);
  const { seal } = prove(stranger);
  for (let i = 0; i < 30; i++) {
    await both.run(100);
    stranger.stream.write(seal.sign({ is: 'states', routers: [] }));
  }
  t.equal(stranger.ended(), false);
  t.same(both.one.log.named('pair.lost'), []);
});

t.test('who does not read is not written to for ever', async (t) => {
  const both = await alone(t);
  const stranger = await call(both);
  prove(stranger);
  await both.run(10, 1);
  stranger.stream.other!.stuck = 16 * 2 ** 20;
  await both.run(300);
  t.match(both.one.log.named('pair.lost')[0]?.['why'], /does not read/);
});
