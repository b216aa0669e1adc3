/** What is composed is heard: for any settings, one after the other, and not twice. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { passwordBytes } from '../../../src/vrrp/advert.js';
import { MOST_SEQUENCE, identificationOf } from '../../../src/vrrp/ah.js';
import { type HmacSettings, TRAILER_BYTES } from '../../../src/vrrp/hmac.js';
import { type ReceiveSettings, judge } from '../../../src/vrrp/receive.js';
import { type SendSettings, compose, remember } from '../../../src/vrrp/send.js';
import { nothingHeard } from '../../../src/vrrp/wire-memory.js';
import { heard, hexOf, receiver, receiver6, sender, sender6 } from './packets.js';

const NOW = 1_800_000_000_000;
const hmac: HmacSettings = {
  keys: new Map([[9, new Uint8Array(32).fill(1)]]),
  activeKey: 9,
  windowMs: 5000,
  mode: 'enforce',
};

t.test('without signatures each advert is like the one before', (t) => {
  const first = compose(sender, nothingHeard, { priority: 150, wallMs: NOW });
  t.same(first, compose(sender, nothingHeard, { priority: 150, wallMs: NOW + 1000 }));
  t.equal(first?.stamp, undefined);
  t.equal(hexOf(first?.message ?? new Uint8Array(0)), '313396010064d3a2c0000232');
  t.end();
});

t.test('receive-only signs nothing', (t) => {
  const composed = compose({ ...sender, hmac: { ...hmac, mode: 'receive-only' } }, nothingHeard, {
    priority: 150,
    wallMs: NOW,
  });
  t.same(composed, compose(sender, nothingHeard, { priority: 150, wallMs: NOW }));
  const signed = compose({ ...sender, hmac: { ...hmac, mode: 'permissive' } }, nothingHeard, {
    priority: 150,
    wallMs: NOW,
  });
  t.equal(signed?.message.length, 12 + TRAILER_BYTES);
  t.end();
});

const header: SendSettings = { ...sender, version: 2, authentication: { by: 'header', key: passwordBytes('secret') } };

t.test('the authentication header goes on where the last one heard or sent was, until there is no number left', (t) => {
  const at = (headerSequence: number): ReturnType<typeof compose> =>
    compose(header, { ...nothingHeard, headerSequence }, { priority: 150, wallMs: NOW });
  t.same(at(0)?.stamp, { headerSequence: 1 });
  t.same(at(41)?.stamp, { headerSequence: 42 });
  t.same(at(MOST_SEQUENCE - 1)?.stamp, { headerSequence: MOST_SEQUENCE });
  t.equal(at(MOST_SEQUENCE), undefined);
  t.end();
});

t.test('the identification that the sending thread will write', (t) => {
  t.equal(identificationOf(1), 1);
  t.equal(identificationOf(0x12345), 0x2345);
  t.equal(identificationOf(0x20000), 1);
  t.end();
});

t.test('what was sent is remembered, and a number that was heard meanwhile is not forgotten', (t) => {
  const memory = { ...nothingHeard, headerSequence: 7, trailerSequence: 3n };
  t.same(remember(memory, { headerSequence: 9 }), { ...memory, headerSequence: 9 });
  t.same(remember(memory, { headerSequence: 5 }), memory);
  t.same(remember(memory, { trailerSequence: 8n }), { ...memory, trailerSequence: 8n });
  t.end();
});

type Pair = readonly [SendSettings, ReceiveSettings];
const pairs: readonly Pair[] = [
  [sender, receiver],
  [sender6, receiver6],
  [
    { ...sender, hmac },
    { ...receiver, hmac },
  ],
  [
    { ...sender6, hmac },
    { ...receiver6, hmac },
  ],
  [
    { ...sender, version: 2, hmac },
    { ...receiver, version: 2, hmac },
  ],
  [header, { ...receiver, version: 2, authentication: header.authentication }],
  ...(['pseudo', 'plain', 'old-unicast'] as const).map(
    (form): Pair => [
      { ...sender, destination: '192.0.2.1', unicast: true, ttl: 64, checksum: { form, follows: false } },
      {
        ...receiver,
        senders: { by: 'unicast', peers: [{ address: '192.0.2.2', leastTtl: 64, mostTtl: 64 }], peersOnly: true },
      },
    ],
  ),
  [
    { ...header, destination: '192.0.2.1', unicast: true, ttl: 60 },
    {
      ...receiver,
      version: 2,
      authentication: header.authentication,
      senders: { by: 'unicast', peers: [{ address: '192.0.2.2', leastTtl: 50, mostTtl: 60 }], peersOnly: true },
    },
  ],
];

t.test('adverts in order are accepted, and signed ones only once', (t) => {
  const pauses = fc.array(fc.integer({ min: 0, max: 2000 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(
      fc.constantFrom(...pairs),
      pauses,
      fc.integer({ min: 0, max: 255 }),
      ([ours, theirs], waits, priority) => {
        let [mine, memory, now] = [nothingHeard, nothingHeard, NOW];
        for (const wait of waits) {
          now += wait;
          const composed = compose(ours, mine, { priority, wallMs: now });
          assert(composed);
          if (composed.stamp !== undefined) mine = remember(mine, composed.stamp);
          const protocol = ours.authentication.by === 'header' ? 51 : 112;
          const identification = identificationOf(composed.stamp?.headerSequence ?? 0);
          const packet = heard(composed.message, { ...ours, protocol, identification });
          const judged = judge(theirs, memory, packet, now);
          assert(
            'accepted' in judged,
            JSON.stringify(judged, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)),
          );
          assert.equal(judged.accepted.priority, priority);
          memory = judged.memory;
          assert.equal('refused' in judge(theirs, memory, packet, now), composed.stamp !== undefined);
        }
      },
    ),
  );
  t.end();
});

t.test('any packet at all: an answer, never an exception, and who is refused changes nothing', (t) => {
  const start = fc.constantFrom([0x31, 51], [0x21, 51], [112, 4], [0x31, 52], []);
  const addresses = fc.constantFrom('192.0.2.2', '192.0.2.1', '224.0.0.18', '0.0.0.0');
  const packets = fc.record({
    ipHeader: fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.constant(heard(new Uint8Array(24)).ipHeader)),
    tail: fc.uint8Array({ maxLength: 90 }),
    source: addresses,
    destination: addresses,
    ttl: fc.constantFrom(255, 254),
    protocol: fc.constantFrom(51, 112),
  });
  fc.assert(
    fc.property(fc.constantFrom(...pairs), start, packets, ([, settings], first, { ipHeader, tail, ...rest }) => {
      const payload = Uint8Array.of(...first, ...tail);
      const header = ipHeader.length === 20 ? heard(payload, rest).ipHeader : ipHeader;
      const six = settings.family === 'ip6' ? { source: 'fe80::2', destination: 'ff02::12' } : {};
      const judged = judge(settings, nothingHeard, { ...rest, ...six, ipHeader: header, payload, atMs: 0 }, NOW);
      if ('refused' in judged) assert.equal(judged.memory, nothingHeard);
    }),
    { numRuns: 3000 },
  );
  t.end();
});
