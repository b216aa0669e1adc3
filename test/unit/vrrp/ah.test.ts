/** The authentication header: keepalived 2.2.7's own bytes, and everything that is signed. */
import { createHmac } from 'node:crypto';
import t from 'tap';
import { passwordBytes } from '../../../src/vrrp/advert.js';
import { HEADER_BYTES, type SignedIpHeader, signHeader, verifyHeader } from '../../../src/vrrp/ah.js';
import { bytesOf, hexOf } from './packets.js';

const key = passwordBytes('s3cr3t12');
const message = bytesOf('21339602020131ca 0a4d0032 0a4d0033 0000000000000000');
const captured: readonly [ip: SignedIpHeader, header: string, payload: string][] = [
  [
    { source: '10.77.0.1', destination: '224.0.0.18', identification: 2, ttl: 255, unicast: false },
    '45c0004400020000ff33d0640a4d0001e0000012',
    '70040000 0a4d0001 00000002 9c5c06e4c47e1711748d1791',
  ],
  [
    { source: '10.77.0.1', destination: '10.77.0.2', identification: 2, ttl: 255, unicast: true },
    '45c0004400020000ff33a6280a4d00010a4d0002',
    '70040000 0a4d0001 00000002 56736f860eea96318de15a6b',
  ],
];

for (const [ip, header, front] of captured) {
  const ipHeader = bytesOf(header);
  const payload = Uint8Array.of(...bytesOf(front), ...message);
  t.test(`keepalived's header to ${ip.destination}`, (t) => {
    t.equal(hexOf(signHeader(key, ip, message, 2)), hexOf(payload));
    t.same(verifyHeader(key, ipHeader, payload, ip.unicast), { sequence: 2 });
    t.same(verifyHeader(passwordBytes('other'), ipHeader, payload, ip.unicast), { refused: 'ah-mismatch' });
    t.end();
  });

  t.test(`each bit of header and advert is signed, to ${ip.destination}`, (t) => {
    const survived: number[] = [];
    for (let bit = 0; bit < payload.length * 8; bit++) {
      const flipped = payload.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      if (!('refused' in verifyHeader(key, ipHeader, flipped, ip.unicast))) survived.push(bit);
    }
    t.same(survived, []);
    t.end();
  });

  t.test(`of the IP header all but what routers change, to ${ip.destination}`, (t) => {
    const mutable = new Set([1, 6, 7, 10, 11, ...(ip.unicast ? [8] : [])]); // TOS, fragment, checksum, TTL
    for (let i = 0; i < ipHeader.length; i++) {
      const flipped = ipHeader.map((byte, at) => (at === i ? byte ^ 0x10 : byte));
      const refused = 'refused' in verifyHeader(key, flipped, payload, ip.unicast);
      t.equal(refused, !mutable.has(i), `byte ${i}`);
    }
    t.end();
  });
}

const [[, header, front]] = captured as [(typeof captured)[number]];
const ipHeader = bytesOf(header);
const payload = Uint8Array.of(...bytesOf(front), ...message);
const withByte = (index: number, byte: number): Uint8Array => payload.map((old, i) => (i === index ? byte : old));

t.test('what is no header', (t) => {
  t.same(verifyHeader(key, ipHeader, payload.subarray(0, HEADER_BYTES - 1), false), { refused: 'ah-malformed' });
  t.same(verifyHeader(key, ipHeader.subarray(0, 19), payload, false), { refused: 'ah-malformed' });
  t.same(verifyHeader(key, new Uint8Array(0), payload, false), { refused: 'ah-malformed' });
  t.same(verifyHeader(key, ipHeader, new Uint8Array(0), false), { refused: 'ah-malformed' });
  t.same(verifyHeader(key, ipHeader, withByte(0, 6), false), { refused: 'ah-malformed' }, 'TCP inside');
  t.same(verifyHeader(key, ipHeader, withByte(1, 5), false), { refused: 'ah-malformed' }, 'a longer one');
  t.end();
});

t.test('a good signature over an index that is not the source', (t) => {
  const other = withByte(7, 9).fill(0, 12, 24);
  const signed = bytesOf(header).fill(0, 1, 2).fill(0, 6, 8).fill(0, 10, 12);
  other.set(createHmac('md5', key).update(signed).update(other).digest().subarray(0, 12), 12);
  t.same(verifyHeader(key, ipHeader, other, false), { refused: 'ah-spi' });
  t.end();
});
