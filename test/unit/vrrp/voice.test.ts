/** Plans for the sending thread: those that repeat, and signed ones, whose numbers must neither come twice nor run ahead. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { passwordBytes } from '../../../src/vrrp/advert.js';
import type { HmacSettings } from '../../../src/vrrp/hmac.js';
import type { AdvertLink } from '../../../src/vrrp/ports.js';
import { judge } from '../../../src/vrrp/receive.js';
import type { SendSettings } from '../../../src/vrrp/send.js';
import { Voice } from '../../../src/vrrp/voice.js';
import { nothingHeard, type WireMemory } from '../../../src/vrrp/wire-memory.js';
import { AdvertHub, WALL_MS } from '../../helpers/fake-adverts.js';
import { heard, receiver, sender } from './packets.js';

const hmac: HmacSettings = {
  keys: new Map([[9, new Uint8Array(32).fill(1)]]),
  activeKey: 9,
  windowMs: 5000,
  mode: 'enforce',
};
const key = passwordBytes('secret');
const signed: SendSettings = { ...sender, hmac };
const headed: SendSettings = { ...sender, version: 2, authentication: { by: 'header', key } };

const link = (to: AdvertLink['to']): AdvertLink => ({
  family: 'ip4',
  protocol: 112,
  interface: 'eth0',
  sendInterface: 'eth0',
  source: sender.source,
  to,
  ttl: 255,
  receiveBufferBytes: undefined,
});

function world(settings: readonly SendSettings[], to: AdvertLink['to'] = { group: sender.destination }) {
  const hub = new AdvertHub();
  const port = hub.port();
  const ignored = (): undefined => undefined;
  const channel = port.open(link(to), sender.vrid, ignored, ignored);
  let memory: WireMemory = nothingHeard;
  const voice = new Voice({
    channel,
    clock: port.clock,
    settings,
    memory: { get: () => memory, set: (next) => (memory = next) },
  });
  return {
    hub,
    channel,
    voice,
    memory: () => memory,
    hear: (headerSequence: number) => (memory = { ...memory, headerSequence }),
  };
}

const sequenceOf = (payload: Uint8Array): bigint => {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  return payload[0] === 112 ? BigInt(view.getUint32(8)) : view.getBigUint64(payload.length - 24);
};

t.test('one advert that repeats, with another priority from the next beat on', (t) => {
  const { hub, voice } = world([sender]);
  voice.advertise({ priority: 150, everyMs: 1000, firstAtMs: 0 });
  hub.clock.advance(2500);
  voice.advertise({ priority: 90, everyMs: 1000, firstAtMs: 3000 });
  hub.clock.advance(1500);
  t.same(
    hub.sent.map(({ atMs, payload }) => [atMs, payload[2]]),
    [
      [0, 150],
      [1000, 150],
      [2000, 150],
      [3000, 90],
      [4000, 90],
    ],
  );
  voice.silence();
  hub.clock.advance(5000);
  t.equal(hub.sent.length, 5);
  t.equal(voice.rhythm, undefined);
  voice.again();
  hub.clock.advance(5000);
  t.equal(hub.sent.length, 5, 'who is silent has nothing to say anew');
  t.end();
});

t.test('an answer is beside the rhythm, and the last word is the last', (t) => {
  const { hub, voice } = world([sender]);
  voice.advertise({ priority: 150, everyMs: 1000, firstAtMs: 0 });
  hub.clock.advance(400);
  t.equal(voice.sendOnce(150), 0);
  hub.clock.advance(1000);
  t.same(
    hub.sent.map(({ atMs }) => atMs),
    [0, 400, 1000],
  );
  voice.silence();
  voice.sendOnce(0);
  hub.clock.advance(5000);
  t.equal(hub.sent.at(-1)!.payload[2], 0);
  t.equal(hub.sent.length, 4);
  t.end();
});

for (const [name, settings] of [
  ['auth_hmac', signed],
  ['authentication header', headed],
] as const)
  t.test(`${name}: a plan is made up in time, for as long as it goes on`, (t) => {
    for (const everyMs of [10, 100, 1000, 5000, 40_950]) {
      const { hub, voice } = world([settings]);
      voice.advertise({ priority: 150, everyMs, firstAtMs: 0 });
      hub.clock.advance(everyMs * 50);
      t.same(
        hub.sent.map(({ atMs }) => Math.round(atMs / everyMs)),
        Array.from({ length: 51 }, (_, i) => i),
        `${everyMs} ms: each beat once`,
      );
      t.equal(new Set(hub.sent.map(({ payload }) => sequenceOf(payload))).size, 51);
      voice.silence();
      t.equal(hub.clock.pending, 0);
    }
    t.end();
  });

t.test('signed adverts say when they leave, whatever was planned, given up and said in between', (t) => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('wait' as const), ms: fc.double({ min: 0, max: 4000, noNaN: true }) }),
    fc.record({ do: fc.constantFrom('answer' as const, 'again' as const, 'leave and return' as const) }),
    fc.record({ do: fc.constant('priority' as const), value: fc.integer({ min: 1, max: 254 }) }),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(signed, headed),
      fc.constantFrom(100, 1000, 2500),
      fc.array(step, { maxLength: 40 }),
      (settings, everyMs, steps) => {
        const { hub, voice } = world([settings]);
        const begin = (priority: number): void => voice.advertise({ priority, everyMs, firstAtMs: hub.clock.now() });
        begin(150);
        for (const one of steps)
          switch (one.do) {
            case 'wait':
              hub.clock.advance(one.ms);
              break;
            case 'answer':
              voice.sendOnce(150);
              break;
            case 'again':
              voice.again();
              break;
            case 'priority':
              begin(one.value);
              break;
            case 'leave and return':
              voice.silence();
              voice.sendOnce(0);
              begin(150);
          }
        hub.clock.advance(5000);
        const receives = {
          ...receiver,
          version: settings.version,
          authentication: settings.authentication,
          hmac: settings.hmac,
        };
        let memory = nothingHeard;
        for (const { atMs, payload } of hub.sent) {
          const identification = settings === headed ? Number(sequenceOf(payload)) & 0xffff : 0;
          const protocol = settings === headed ? 51 : 112;
          const judged = judge(receives, memory, heard(payload, { identification, protocol }), WALL_MS + atMs);
          assert.ok('accepted' in judged, `refused: ${'refused' in judged ? judged.refused : ''} at ${atMs}`);
          memory = judged.memory;
          if (settings !== signed) continue;
          const saidMs = Number(sequenceOf(payload) >> 32n) * 1000;
          assert.ok(saidMs - (WALL_MS + atMs) <= everyMs + 1000, 'an advert of the future');
        }
      },
    ),
    { numRuns: 200 },
  );
  t.end();
});

t.test('unicast: each peer has its own bytes under one number', (t) => {
  const peers = ['192.0.2.1', '192.0.2.3'];
  const to = peers.map((destination) => ({ ...headed, unicast: true, destination }));
  const { hub, voice } = world(to, { peers });
  voice.advertise({ priority: 150, everyMs: 1000, firstAtMs: 0 });
  hub.clock.advance(1500);
  voice.sendOnce(150);
  const [first, other] = peers.map((peer) => hub.sent.filter(({ to: destination }) => destination === peer));
  t.equal(first!.length, 3);
  t.same(
    first!.map(({ payload }) => sequenceOf(payload)),
    other!.map(({ payload }) => sequenceOf(payload)),
  );
  for (const [i, { payload }] of first!.entries()) t.notSame(payload, other![i]!.payload);
  t.end();
});

t.test('the number of the header goes on behind what was heard', (t) => {
  const { hub, voice, hear } = world([headed]);
  hear(500);
  voice.advertise({ priority: 150, everyMs: 1000, firstAtMs: 0 });
  hub.clock.advance(100);
  t.equal(sequenceOf(hub.sent.at(-1)!.payload), 501n);
  hear(9000); // a lower router that knows more than we do
  voice.sendOnce(150);
  hub.clock.advance(2000);
  const numbers = hub.sent.map(({ payload }) => Number(sequenceOf(payload)));
  t.ok(
    numbers.slice(1).every((number) => number > 9000),
    numbers.join(' '),
  );
  t.same(
    numbers,
    [...new Set(numbers)].sort((a, b) => a - b),
  );
  t.end();
});

t.test('the number of the advert that may be leaving just now is not used again', (t) => {
  const { hub, voice } = world([headed]);
  voice.advertise({ priority: 150, everyMs: 1000, firstAtMs: 0 });
  hub.clock.advance(999.9);
  voice.sendOnce(150);
  const numbers = hub.sent.map(({ payload }) => Number(sequenceOf(payload)));
  t.same(numbers, [1, 3], '2 is in the hands of the thread');
  t.end();
});

t.test('no number left: silence', (t) => {
  const { hub, voice, hear } = world([headed]);
  hear(0xfffffffd);
  voice.advertise({ priority: 150, everyMs: 1000, firstAtMs: 0 });
  voice.sendOnce(0);
  hub.clock.advance(3000);
  t.same(hub.sent, []);
  t.end();
});
