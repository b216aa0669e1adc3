/** The codec: field by field, refusals, checksum forms; whatever the bytes are, it neither throws nor looks beside them. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { formatAddress } from '../../../src/model/address.js';
import {
  type Advert,
  type ChecksumForm,
  checksumForms,
  decodeAdvert,
  encodeAdvert,
  passwordBytes,
} from '../../../src/vrrp/advert.js';
import { GROUP4, GROUP6 } from '../../../src/vrrp/rfc.js';
import { bytesOf, hexOf } from './packets.js';

const NOTHING = new Uint8Array(0);

/** keepalived 2.2.7, 10.77.0.1 to the group, auth_pass s3cr3t12. */
const V2 = '21 33 96 01 01 01 01ff | 0a4d0032 | 7333637233743132';
/** keepalived 2.2.7, 10.77.0.1 to the group. */
const V3 = '31 33 96 01 0064 430b | 0a4d0032';

t.test('version 2, field by field', (t) => {
  const decoded = decodeAdvert(bytesOf(V2), 'ip4');
  t.same(decoded, {
    advert: {
      version: 2,
      vrid: 51,
      priority: 150,
      intervalMs: 1000,
      addresses: ['10.77.0.50'],
      authentication: { type: 1, data: passwordBytes('s3cr3t12') },
    },
    length: 20,
  });
  t.end();
});

t.test('version 3, field by field; the reserved bits are no interval', (t) => {
  const advert = {
    version: 3,
    vrid: 51,
    priority: 150,
    intervalMs: 1000,
    addresses: ['10.77.0.50'],
    authentication: undefined,
  };
  t.same(decodeAdvert(bytesOf(V3), 'ip4'), { advert, length: 12 });
  t.same(decodeAdvert(bytesOf(V3.replace('0064', 'f064')), 'ip4'), { advert, length: 12 });
  t.match(decodeAdvert(bytesOf('31 ff ff 00 0fff 0000'), 'ip6'), {
    advert: { vrid: 255, priority: 255, intervalMs: 40_950, addresses: [] },
  });
  t.end();
});

t.test('what follows the message is left to others', (t) => {
  t.match(decodeAdvert(bytesOf(`${V3} 0102`), 'ip4'), { length: 12 });
  t.end();
});

const refused: readonly [what: string, hex: string, family: 'ip4' | 'ip6', reason: string][] = [
  ['nothing', '', 'ip4', 'truncated'],
  ['7 bytes', '31 33 96 01 0064 43', 'ip4', 'truncated'],
  ['one address of two', '31 33 96 02 0064 0000 0a4d0032', 'ip4', 'truncated'],
  ['an IPv4 address where IPv6 is spoken', V3, 'ip6', 'truncated'],
  ['version 2 without its authentication data', '21 33 96 01 00 01 0000 0a4d0032', 'ip4', 'truncated'],
  ['version 2 over IPv6', V2, 'ip6', 'version'],
  ['version 1', '11 33 96 00 0064 0000', 'ip4', 'version'],
  ['version 4', '41 33 96 00 0064 0000', 'ip4', 'version'],
  ['type 2', '32 33 96 00 0064 0000', 'ip4', 'type'],
  ['type 0', '30 33 96 00 0064 0000', 'ip4', 'type'],
];
for (const [what, hex, family, reason] of refused) {
  t.test(`refused: ${what}`, (t) => {
    t.same(decodeAdvert(bytesOf(hex), family), { refused: reason });
    t.end();
  });
}

const multicast = { source: '10.77.0.1', destination: GROUP4 };
const unicast = { source: '10.77.0.1', destination: '10.77.0.2' };
const advert: Advert = {
  version: 3,
  vrid: 51,
  priority: 150,
  intervalMs: 1000,
  addresses: ['10.77.0.50'],
  authentication: undefined,
};

/** Sums by hand: the message is 31339601 0064 0a4d0032, a pseudo header 0a4d0001 e0000012 0070 000c. */
const forms: readonly [form: ChecksumForm, envelope: typeof multicast, hex: string][] = [
  ['pseudo', multicast, '430b'],
  ['plain', multicast, '2de8'],
  ['pseudo', unicast, '18cf'],
  ['plain', unicast, '2de8'],
  ['old-unicast', unicast, '430b'],
];
for (const [form, envelope, hex] of forms) {
  t.test(`RFC 9568 §5.2.8 checksum ${form} to ${envelope.destination}`, (t) => {
    const bytes = encodeAdvert(advert, envelope, form);
    t.equal(hexOf(bytes.subarray(6, 8)), hex);
    t.same(checksumForms(3, bytes, NOTHING, envelope), [form]);
    t.end();
  });
}

t.test('a wrong checksum fits no form; 0 and ffff are the same number', (t) => {
  t.same(checksumForms(3, bytesOf(V3.replace('430b', 'dead')), NOTHING, multicast), []);
  t.same(checksumForms(2, bytesOf(V2), NOTHING, multicast), ['plain'], 'version 2 has but one');
  const zero = bytesOf('31 33 96 01 0064 0000 | 00000000');
  new DataView(zero.buffer).setUint16(10, 0xffff - 0x3133 - 0x9601 - 0x0064); // the rest sums up to ffff
  t.same(checksumForms(3, zero, NOTHING, multicast), ['plain']);
  zero.fill(0xff, 6, 8);
  t.same(checksumForms(3, zero, NOTHING, multicast), ['plain']);
  t.end();
});

t.test('over IPv6 the checksum covers what follows the message, and over IPv4 it does not', (t) => {
  const link = { source: 'fe80::1', destination: GROUP6 };
  const six = encodeAdvert({ ...advert, addresses: ['fe80::50'] }, link, 'plain', () => bytesOf('01020304'));
  const message = six.subarray(0, 24);
  t.same(checksumForms(3, message, six.subarray(24), link), ['pseudo'], 'IPv6 has but one form');
  t.same(checksumForms(3, message, bytesOf('01020305'), link), []);
  const four = encodeAdvert(advert, multicast, 'pseudo', () => bytesOf('01020304'));
  t.same(checksumForms(3, four.subarray(0, 12), bytesOf('01020305'), multicast), ['pseudo']);
  t.end();
});

const impossible: readonly [what: string, advert: Advert, source: string][] = [
  ['41 s', { ...advert, intervalMs: 41_000 }, '10.77.0.1'],
  ['5 ms', { ...advert, intervalMs: 5 }, '10.77.0.1'],
  ['a negative interval', { ...advert, intervalMs: -10 }, '10.77.0.1'],
  ['256 addresses', { ...advert, addresses: new Array<string>(256).fill('10.77.0.50') }, '10.77.0.1'],
  ['another family', { ...advert, addresses: ['fe80::50'] }, '10.77.0.1'],
  ['version 2 without authentication data', { ...advert, version: 2 }, '10.77.0.1'],
];
for (const [what, wrong, source] of impossible) {
  t.test(`cannot be sent: ${what}`, (t) => {
    t.throws(() => encodeAdvert(wrong, { source, destination: GROUP4 }, 'pseudo'), TypeError);
    t.end();
  });
}

t.test('a password is its first 8 bytes of UTF-8', (t) => {
  t.equal(hexOf(passwordBytes('ab')), '6162000000000000');
  t.equal(hexOf(passwordBytes('123456789')), '3132333435363738');
  t.equal(hexOf(passwordBytes('äöüßé')), 'c3a4c3b6c3bcc39f');
  t.end();
});

const ip4 = fc.uint8Array({ minLength: 4, maxLength: 4 }).map(formatAddress);
const ip6 = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(formatAddress);
const common = { vrid: fc.integer({ min: 0, max: 255 }), priority: fc.integer({ min: 0, max: 255 }) };
const second = fc.integer({ min: 0, max: 255 }).map((seconds) => seconds * 1000);
const centisecond = fc.integer({ min: 0, max: 4095 }).map((units) => units * 10);
const many = (address: fc.Arbitrary<string>): fc.Arbitrary<string[]> => fc.array(address, { maxLength: 255 });
const data = fc.uint8Array({ minLength: 8, maxLength: 8 });
const anyAdvert: fc.Arbitrary<readonly [Advert, 'ip4' | 'ip6']> = fc.oneof(
  fc
    .record({
      ...common,
      version: fc.constant(2 as const),
      intervalMs: second,
      addresses: many(ip4),
      authentication: fc.tuple(fc.integer({ min: 0, max: 255 }), data).map(([type, bytes]) => ({ type, data: bytes })),
    })
    .map((one) => [one, 'ip4'] as const),
  ...(['ip4', 'ip6'] as const).map((family) =>
    fc
      .record({
        ...common,
        version: fc.constant(3 as const),
        intervalMs: centisecond,
        addresses: many(family === 'ip4' ? ip4 : ip6),
        authentication: fc.constant(undefined),
      })
      .map((one) => [one, family] as const),
  ),
);

t.test('what was encoded is decoded again, and its checksum is right', (t) => {
  const form = fc.constantFrom<ChecksumForm>('pseudo', 'plain', 'old-unicast');
  fc.assert(
    fc.property(anyAdvert, form, ([one, family], chosen) => {
      const envelope = family === 'ip4' ? unicast : { source: 'fe80::1', destination: GROUP6 };
      const bytes = encodeAdvert(one, envelope, chosen);
      assert.deepEqual(decodeAdvert(bytes, family), { advert: { ...one }, length: bytes.length });
      const wanted = one.version === 2 ? 'plain' : family === 'ip6' ? 'pseudo' : chosen;
      assert(checksumForms(one.version, bytes, NOTHING, envelope).includes(wanted));
    }),
  );
  t.end();
});

t.test('bytes of any kind: no exception, and what lies beside them has no say', (t) => {
  const first = fc.constantFrom(0x21, 0x31, 0x11, 0x41, 0x32, 0x00);
  const tail = fc.uint8Array({ maxLength: 80 });
  const family = fc.constantFrom('ip4' as const, 'ip6' as const);
  fc.assert(
    fc.property(first, tail, family, fc.uint8Array({ minLength: 64, maxLength: 64 }), (head, rest, spoken, beside) => {
      const bytes = Uint8Array.of(head, ...rest);
      const alone = decodeAdvert(bytes, spoken);
      const inside = Uint8Array.of(...beside, ...bytes, ...beside).subarray(64, 64 + bytes.length);
      assert.deepEqual(decodeAdvert(inside, spoken), alone);
      if ('advert' in alone) {
        assert(alone.length <= bytes.length);
        checksumForms(alone.advert.version, bytes.subarray(0, alone.length), bytes.subarray(alone.length), unicast);
      }
    }),
    { numRuns: 2000 },
  );
  t.end();
});
