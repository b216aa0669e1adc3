/** auth_hmac: keepalived 2.4.3's own bytes, clocks, sequences, senders. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import {
  type HeardSequence,
  type HmacSettings,
  admitSequence,
  nextSequence,
  sequenceAt,
  signTrailer,
  verifyTrailer,
} from '../../../src/vrrp/hmac.js';
import { bytesOf, hexOf } from './packets.js';

const KEY = bytesOf('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f');
const settings: HmacSettings = {
  keys: new Map([
    [1, KEY],
    [2, KEY.map((byte) => byte ^ 0xff)],
  ]),
  activeKey: 1,
  windowMs: 5000,
  mode: 'enforce',
};

/** keepalived 2.4.3, sent at 1795214692 s. */
const captured = [
  {
    bound: { version: 3, vrid: 51, source: '10.77.0.2' },
    message: bytesOf('313364010064750a 0a4d0032'),
    trailer: bytesOf('01010000 6b00cd64 b965 0000 44b83fe4976403f2d5501c3d7be12d9f'),
    sequence: 0x6b00_cd64_b965_0000n,
  },
  {
    bound: { version: 2, vrid: 51, source: '10.77.0.1' },
    message: bytesOf('2133960100013e4b 0a4d0032 0000000000000000'),
    trailer: bytesOf('01010000 6b00cd77 65db 0000 62855cbaf58de7ba2141328c68a971ab'),
    sequence: 0x6b00_cd77_65db_0000n,
  },
  {
    bound: { version: 3, vrid: 51, source: 'fe80::1' },
    message: bytesOf('313396020064eee7 fe800000000000000000000000770050 fd770000000000000000000000000050'),
    trailer: bytesOf('01010000 6b00cd89 1be6 0000 78dde27937473787e0c9293e3a83ea00'),
    sequence: 0x6b00_cd89_1be6_0000n,
  },
] as const;

for (const { bound, message, trailer, sequence } of captured) {
  t.test(`keepalived's signature, version ${bound.version} from ${bound.source}`, (t) => {
    const wallMs = Number(sequence >> 32n) * 1000 + 700;
    t.equal(hexOf(signTrailer(settings, bound, message, sequence)), hexOf(trailer));
    t.same(verifyTrailer(settings, bound, message, trailer, wallMs), { sequence });
    t.same(
      verifyTrailer(
        settings,
        bound,
        message.map((byte, i) => (i === 6 ? byte ^ 1 : byte)),
        trailer,
        wallMs,
      ),
      { sequence },
      'the checksum is not signed: the kernel fills it in',
    );
    t.end();
  });
}

const [{ bound, message, trailer, sequence }] = captured;
const at = Number(sequence >> 32n) * 1000;
const changed = (index: number, byte: number): Uint8Array => trailer.map((old, i) => (i === index ? byte : old));
const without1: HmacSettings = { ...settings, keys: new Map([[2, KEY]]) };
const otherKey: HmacSettings = { ...settings, keys: new Map([[1, KEY.map((byte) => byte + 1)]]) };
const monotonic: HmacSettings = { ...settings, windowMs: undefined };

type Attempt = readonly [what: string, result: ReturnType<typeof verifyTrailer>, refused: string | undefined];
const attempts: readonly Attempt[] = [
  ['another type', verifyTrailer(settings, bound, message, changed(0, 2), at), 'hmac-malformed'],
  ['reserved bits', verifyTrailer(settings, bound, message, changed(3, 1), at), 'hmac-malformed'],
  ['27 bytes', verifyTrailer(settings, bound, message, trailer.subarray(1), at), 'hmac-malformed'],
  ['5 s old', verifyTrailer(settings, bound, message, trailer, at + 5999), undefined],
  ['6 s old', verifyTrailer(settings, bound, message, trailer, at + 6000), 'hmac-stale'],
  ['5 s ahead', verifyTrailer(settings, bound, message, trailer, at - 5000), undefined],
  ['6 s ahead', verifyTrailer(settings, bound, message, trailer, at - 5001), 'hmac-stale'],
  ['years old, only growth counts', verifyTrailer(monotonic, bound, message, trailer, at + 1e11), undefined],
  ['an id without a key', verifyTrailer(without1, bound, message, trailer, at), 'hmac-key'],
  ['another key under the id', verifyTrailer(otherKey, bound, message, trailer, at), 'hmac-mismatch'],
  ['id changed to a key that we have', verifyTrailer(settings, bound, message, changed(1, 2), at), 'hmac-mismatch'],
  ['another VRID', verifyTrailer(settings, { ...bound, vrid: 52 }, message, trailer, at), 'hmac-mismatch'],
  ['another version', verifyTrailer(settings, { ...bound, version: 2 }, message, trailer, at), 'hmac-mismatch'],
  ['another source', verifyTrailer(settings, { ...bound, source: '10.77.0.3' }, message, trailer, at), 'hmac-mismatch'],
];
for (const [what, result, refused] of attempts) {
  t.test(`verified: ${what}`, (t) => {
    t.same(result, refused === undefined ? { sequence } : { refused });
    t.end();
  });
}

t.test('keys are changed one after the other, and nobody is ever refused', (t) => {
  const old = settings.keys.get(1)!;
  const fresh = settings.keys.get(2)!;
  const steps: readonly HmacSettings[] = [
    { ...settings, keys: new Map([[1, old]]), activeKey: 1 },
    { ...settings, activeKey: 1 },
    { ...settings, activeKey: 2 },
    { ...settings, keys: new Map([[2, fresh]]), activeKey: 2 },
  ];
  for (const [i, mine] of steps.entries()) {
    for (const theirs of steps.slice(Math.max(0, i - 1), i + 2)) {
      const signed = signTrailer(theirs, bound, message, sequence);
      t.same(
        verifyTrailer(mine, bound, message, signed, at),
        { sequence },
        `step ${i}, partner signs with ${theirs.activeKey}`,
      );
    }
  }
  t.throws(() => signTrailer({ ...settings, activeKey: 3 }, bound, message, sequence), TypeError);
  t.end();
});

t.test('a moment as a sequence: seconds, 65536ths', (t) => {
  t.equal(sequenceAt(1_000), 0x0000_0001_0000_0000n);
  t.equal(sequenceAt(1_500), 0x0000_0001_8000_0000n);
  t.equal(sequenceAt(1_795_214_692_999.99), 0x6b00_cd64_ffff_0000n);
  t.end();
});

const HALF = 0x8000_0000n;
const next: readonly [what: string, got: bigint, wanted: bigint][] = [
  ['the first: the clock', nextSequence(undefined, 1500, 5000), 0x1_8000_0000n],
  ['later: the clock', nextSequence(0x1_0000_0000n, 1500, 5000), 0x1_8000_0000n],
  ['twice at one moment: one more', nextSequence(0x1_8000_0000n, 1500, 5000), 0x1_8000_0001n],
  ['the counter runs over into the fraction', nextSequence(0x1_8000_ffffn, 1500, 5000), 0x1_8001_0000n],
  ['clock set back within the window: one more', nextSequence(sequenceAt(6000), 1500, 5000), sequenceAt(6000) + 1n],
  ['clock set back beyond the window: the clock', nextSequence(sequenceAt(9000), 1500, 5000), sequenceAt(1500)],
  ['… but where only growth counts', nextSequence(sequenceAt(9000), 1500, undefined), sequenceAt(9000) + 1n],
  ['in 2106 the seconds begin again', nextSequence(0xffff_ffff_ffff_ffffn, 2 ** 32 * 1000 + 500, 5000), HALF],
];
for (const [what, got, wanted] of next) {
  t.test(`next sequence, ${what}`, (t) => {
    t.equal(got, wanted);
    t.end();
  });
}

t.test('a sequence has to grow, for each sender by itself', (t) => {
  const heard: readonly HeardSequence[] = [
    { source: 'a', sequence: sequenceAt(1000) },
    { source: 'b', sequence: sequenceAt(3000) },
  ];
  const admit = (source: string, ms: number, now = 3000): readonly HeardSequence[] | undefined =>
    admitSequence(heard, { source, sequence: sequenceAt(ms) }, settings, now, 4);
  t.equal(admit('a', 1000), undefined, 'the same again');
  t.equal(admit('a', 500), undefined, 'an older one');
  t.same(admit('a', 2000), [heard[1], { source: 'a', sequence: sequenceAt(2000) }]);
  t.same(admit('c', 500), [...heard, { source: 'c', sequence: sequenceAt(500) }]);
  t.same(
    admit('b', 2000, 9000)?.at(-1),
    { source: 'b', sequence: sequenceAt(2000) },
    'a mark outside the window is forgotten',
  );
  t.end();
});

t.test('the sender heard longest ago makes room', (t) => {
  let heard: readonly HeardSequence[] = [];
  for (const source of ['a', 'b', 'c', 'd', 'a', 'e'])
    heard =
      admitSequence(heard, { source, sequence: BigInt(heard.length + source.charCodeAt(0)) << 8n }, monotonic, 0, 4) ??
      heard;
  t.same(
    heard.map(({ source }) => source),
    ['c', 'd', 'a', 'e'],
  );
  t.end();
});

t.test('what is sent in order is admitted in order, however the clock jumps', (t) => {
  const jumps = fc.array(fc.integer({ min: -20_000, max: 20_000 }), { maxLength: 30 });
  fc.assert(
    fc.property(jumps, fc.boolean(), (steps, timed) => {
      const windowMs = timed ? 5000 : undefined;
      let now = 1_800_000_000_000;
      let last: bigint | undefined;
      let heard: readonly HeardSequence[] = [];
      for (const step of steps) {
        now += step;
        last = nextSequence(last, now, windowMs);
        const admitted = admitSequence(heard, { source: 'a', sequence: last }, { ...settings, windowMs }, now, 4);
        assert(admitted !== undefined);
        assert.equal(
          admitSequence(admitted, { source: 'a', sequence: last }, { ...settings, windowMs }, now, 4),
          undefined,
        );
        heard = admitted;
      }
    }),
  );
  t.end();
});
