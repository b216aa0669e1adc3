import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import {
  bytes,
  decodeAttributes,
  encodeAttributes,
  flag,
  i32,
  laterNest,
  Malformed,
  nest,
  text,
  u8,
  u16,
  u16be,
  u32,
  u64,
  type Values,
} from '../../../src/netlink/attributes.js';
import { Growing, memory } from '../../../src/netlink/bytes.js';

const inner = { small: [1, u8], port: [2, u16be] } as const;
const table = {
  byte: [1, u8],
  half: [2, u16],
  port: [3, u16be],
  word: [4, u32],
  signed: [5, i32],
  wide: [6, u64],
  name: [7, text],
  raw: [8, bytes],
  there: [9, flag],
  inside: [10, nest(inner)],
} as const;

const encode = (values: Values<typeof table>): Uint8Array => {
  const to = new Growing(8);
  encodeAttributes(to, table, values);
  return to.written().slice();
};

const decode = (data: Uint8Array): Values<typeof table> => decodeAttributes(table, memory(data), 0, data.length);

const anyValues = fc.record(
  {
    byte: fc.nat(0xff),
    half: fc.nat(0xffff),
    port: fc.nat(0xffff),
    word: fc.nat(0xffff_ffff),
    signed: fc.integer(),
    wide: fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }),
    name: fc.string({ unit: fc.constantFrom(...'abcxyz_0'), maxLength: 15 }),
    raw: fc.uint8Array({ maxLength: 40 }),
    there: fc.constant(true as const),
    inside: fc.record({ small: fc.nat(0xff), port: fc.nat(0xffff) }, { requiredKeys: [], noNullPrototype: true }),
  },
  { requiredKeys: [], noNullPrototype: true },
);

t.test('what was encoded is decoded again', (t) => {
  fc.assert(
    fc.property(anyValues, (values) => isDeepStrictEqual(decode(encode(values)), values)),
    { numRuns: 300 },
  );
  t.end();
});

t.test('table order is byte order, lengths count the header, padding follows', (t) => {
  t.equal(Buffer.from(encode({ byte: 7, port: 80 })).toString('hex'), '0500010007000000' + '0600030000500000');
  t.equal(Buffer.from(encode({ name: 'rr' })).toString('hex'), '0700070072720000');
  t.equal(
    Buffer.from(encode({ inside: { small: 1 } })).toString('hex'),
    '0c000a80' + '0500010001000000',
    'a nest carries NLA_F_NESTED',
  );
  t.end();
});

t.test('unknown attributes are passed over, NLA_F_NESTED and NLA_F_NET_BYTEORDER are not part of the type', (t) => {
  t.strictSame(decode(Buffer.from('05006300070000000500014007000000', 'hex')), { byte: 7 });
  t.end();
});

const malformed: readonly (readonly [name: string, hex: string])[] = [
  ['a length below the header', '03000100'],
  ['a length past the end', '0900010007000000'],
  ['a zero length, which would loop for ever', '0000010000000000'],
  ['a word in two bytes', '060004000100ffff'],
  ['a nest whose inside is broken', '08000a00ffff0100'],
];
for (const [name, hex] of malformed) {
  t.test(`${name} is refused`, (t) => {
    t.throws(() => decode(Buffer.from(hex, 'hex')), Malformed);
    t.end();
  });
}

t.test('random bytes are decoded or refused as Malformed, and never read past their end', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (data) => {
      try {
        decode(data);
        return true;
      } catch (error) {
        return error instanceof Malformed;
      }
    }),
    { numRuns: 5000 },
  );
  t.end();
});

t.test('a later nest is decoded when asked, and marks its memory as kept', (t) => {
  const from = memory(encode({ inside: { small: 9 } }));
  const told = decodeAttributes({ inside: [10, laterNest(inner)] } as const, from, 0, from.bytes.length);
  t.equal(from.kept, true);
  t.strictSame(told.inside?.decode(), { small: 9 });
  t.end();
});
