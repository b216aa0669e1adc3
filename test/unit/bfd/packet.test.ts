import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import {
  type ControlPacket,
  type DecodingRefusal,
  decodePacket,
  decodingRefusals,
  encodePacket,
} from '../../../src/bfd/packet.js';
import { sessionStates } from '../../../src/bfd/rfc5880.js';

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

/** As bfdd of FRR 8.4 sent it: Down, no diagnostic, multiplier 3, one second. */
const DOWN = '20 40 03 18  f18291ad 00000000  000f4240 000f4240 0000c350';

t.test('a packet, field by field', (t) => {
  t.same(decodePacket(bytesOf(DOWN)), {
    packet: {
      diagnostic: 0,
      state: 'down',
      poll: false,
      final: false,
      controlPlaneIndependent: false,
      demand: false,
      multiplier: 3,
      myDiscriminator: 0xf18291ad,
      yourDiscriminator: 0,
      desiredMinTransmitUs: 1_000_000,
      requiredMinReceiveUs: 1_000_000,
      requiredMinEchoReceiveUs: 50_000,
    },
  });
  t.match(decodePacket(bytesOf('23 ea 05 18  fffffffe ffffffff  ffffffff 00000000 00000000')), {
    packet: {
      diagnostic: 3,
      state: 'up',
      poll: true,
      final: false,
      controlPlaneIndependent: true,
      demand: true,
      multiplier: 5,
      myDiscriminator: 0xfffffffe,
      yourDiscriminator: 0xffffffff,
      desiredMinTransmitUs: 0xffffffff,
      requiredMinReceiveUs: 0,
    },
  });
  t.end();
});

const rows: readonly [name: string, hex: string, refused: DecodingRefusal | undefined][] = [
  ['nothing', '', 'truncated'],
  ['a byte too few', DOWN.slice(0, -2), 'truncated'],
  ['version 0', DOWN.replace('20 40', '00 40'), 'version'],
  ['version 2', DOWN.replace('20 40', '40 40'), 'version'],
  ['a length below 24', DOWN.replace('03 18', '03 17'), 'length'],
  ['a length beyond the datagram', DOWN.replace('03 18', '03 19'), 'length'],
  ['bytes behind the length', `${DOWN} 00 00`, undefined],
  ['authenticated, and too short for that', DOWN.replace('20 40 03 18', '20 44 03 19') + '00', 'length'],
  ['authenticated: we share no key', DOWN.replace('20 40 03 18', '20 44 03 1a') + '0103', 'authentication'],
  ['multiplier 0', DOWN.replace('03 18', '00 18'), 'multiplier'],
  ['multipoint', DOWN.replace('20 40', '20 41'), 'multipoint'],
  ['my discriminator 0', DOWN.replace('f18291ad', '00000000'), 'my-discriminator'],
  ['your discriminator 0 in AdminDown', DOWN.replace('20 40', '20 00'), undefined],
  ['your discriminator 0 in Init', DOWN.replace('20 40', '20 80'), 'your-discriminator'],
  ['your discriminator 0 in Up', DOWN.replace('20 40', '20 c0'), 'your-discriminator'],
];
for (const [name, hex, refused] of rows)
  t.test(`§6.8.6 ${name}`, (t) => {
    const decoded = decodePacket(bytesOf(hex));
    t.equal('refused' in decoded ? decoded.refused : undefined, refused);
    t.end();
  });

const u32 = fc.nat(0xffffffff);
const packets = fc.record<ControlPacket>({
  diagnostic: fc.nat(31),
  state: fc.constantFrom(...sessionStates),
  poll: fc.boolean(),
  final: fc.boolean(),
  controlPlaneIndependent: fc.boolean(),
  demand: fc.boolean(),
  multiplier: fc.integer({ min: 1, max: 255 }),
  myDiscriminator: fc.integer({ min: 1, max: 0xffffffff }),
  yourDiscriminator: fc.integer({ min: 1, max: 0xffffffff }),
  desiredMinTransmitUs: u32,
  requiredMinReceiveUs: u32,
  requiredMinEchoReceiveUs: u32,
});

t.test('what is encoded is decoded', (t) => {
  fc.assert(
    fc.property(packets, (packet) => assert.deepEqual(decodePacket(encodePacket(packet)), { packet: { ...packet } })),
    { numRuns: 300 },
  );
  t.end();
});

t.test('any bytes are taken or refused, and what is taken survives another round', (t) => {
  const noise = fc.uint8Array({ maxLength: 64 });
  const nearly = fc
    .tuple(packets, fc.nat(23), fc.nat(255))
    .map(([packet, at, value]) => encodePacket(packet).fill(value, at, at + 1));
  let taken = 0;
  fc.assert(
    fc.property(fc.oneof(noise, nearly), (bytes) => {
      const decoded = decodePacket(bytes);
      if ('refused' in decoded) return decodingRefusals.includes(decoded.refused);
      taken++;
      return JSON.stringify(decodePacket(encodePacket(decoded.packet))) === JSON.stringify(decoded);
    }),
    { numRuns: 3000 },
  );
  t.ok(taken > 100);
  t.end();
});
