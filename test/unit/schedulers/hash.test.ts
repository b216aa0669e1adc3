import t from 'tap';
import { foldAddress, halfSipHash, hash32 } from '../../../src/schedulers/hash.js';
import { maskAddress } from '../../../src/schedulers/persistence.js';

t.test('an address folds to one number in host order', (t) => {
  t.equal(foldAddress('10.1.2.3'), 0x0a010203);
  t.equal(foldAddress('255.255.255.255'), 0xffffffff, 'unsigned');
  t.equal(foldAddress('2001:db8::1'), 0x20010db8 ^ 1);
  t.equal(foldAddress('1:2:3:4:5:6:7:8'), 0x00010002 ^ 0x00030004 ^ 0x00050006 ^ 0x00070008);
  t.equal(foldAddress('2001:db8::1', 'ip4'), 0x20010db8, 'an IPv6 destination of an IPv4 service: the first word');
  t.equal(foldAddress('10.1.2.3', 'ip6'), 0x0a010203, 'an IPv4 destination of an IPv6 service');
  t.end();
});

t.test('hash_32 keeps the upper bits of the product', (t) => {
  t.equal(hash32(1, 8), 0x61);
  t.equal(hash32(0x0a010203, 8), Number((0x0a010203n * 0x61c88647n) & 0xffffffffn) >>> 24);
  t.end();
});

t.test('hsiphash of four bytes: the vector of the kernel’s own test', (t) => {
  // lib/tests/siphash_kunit.c, test_vectors_hsiphash[4] of a 64-bit kernel: key 00 01 … 0f, message 00 01 02 03.
  t.equal(halfSipHash(0x03020100, [0x0706050403020100n, 0x0f0e0d0c0b0a0908n]), 0x88d38328);
  t.end();
});

t.test('a network is the address under the mask', (t) => {
  t.equal(maskAddress('10.1.2.3', '255.255.255.0'), '10.1.2.0');
  t.equal(maskAddress('10.1.2.3', '255.255.255.255'), '10.1.2.3');
  t.equal(maskAddress('fd00:1:2:3:4::5', '64'), 'fd00:1:2:3::');
  t.equal(maskAddress('fd00:1:2:3:ffff::5', '68'), 'fd00:1:2:3:f000::');
  t.equal(maskAddress('fd00::5', '128'), 'fd00::5');
  t.end();
});
