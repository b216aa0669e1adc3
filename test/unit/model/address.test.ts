import { isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import t from 'tap';
import {
  addressBytes,
  canonicalAddress,
  formatAddress,
  formatEndpoint,
  parseAddress,
} from '../../../src/model/address.js';

const canonical: readonly (readonly [written: string, canonical: string | undefined])[] = [
  ['192.0.2.1', '192.0.2.1'],
  ['0.0.0.0', '0.0.0.0'],
  ['192.0.2', undefined],
  ['192.0.2.256', undefined],
  ['192.0.2.01', undefined],
  ['192.0.2.1.1', undefined],
  ['', undefined],
  ['::', '::'],
  ['::1', '::1'],
  ['1::', '1::'],
  ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
  ['2001:db8:0:1:0:0:0:1', '2001:db8:0:1::1'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
  ['::192.0.2.1', '::192.0.2.1'],
  ['::ffff:c000:201', '::ffff:192.0.2.1'],
  ['fe80::1%eth0', undefined],
  ['2001:db8::1::2', undefined],
];

for (const [written, expected] of canonical) {
  t.test(`${written || 'nothing'} is ${expected ?? 'no address'}`, (t) => {
    t.equal(canonicalAddress(written), expected);
    t.end();
  });
}

t.test('any 4 or 16 bytes come back from their text', (t) => {
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
  );
  fc.assert(
    fc.property(bytes, (value) => Buffer.compare(addressBytes(formatAddress(value)), value) === 0),
    { numRuns: 200 },
  );
  t.end();
});

t.test('what Node calls an address, and nothing else, is one', (t) => {
  const text = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.string({ unit: fc.constantFrom(...'0123456789abcdef:.%'), maxLength: 20 }),
  );
  fc.assert(
    fc.property(text, (value) => {
      const isAddress = isIPv4(value) || (isIPv6(value) && !value.includes('%'));
      return (parseAddress(value) !== undefined) === isAddress;
    }),
    { numRuns: 2000 },
  );
  t.end();
});

t.test('an endpoint puts brackets around IPv6 only', (t) => {
  t.equal(formatEndpoint('192.0.2.1', 80), '192.0.2.1:80');
  t.equal(formatEndpoint('2001:db8::1', 80), '[2001:db8::1]:80');
  t.end();
});
