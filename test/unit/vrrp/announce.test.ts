/** Frames of keepalived 2.2.7; the captures of the conformance test have a thousand more. */
import t from 'tap';
import { gratuitousArp, unsolicitedAdvertisement } from '../../../src/vrrp/announce.js';
import { bytesOf, hexOf } from './packets.js';

const mac = bytesOf('020077000001');

t.test('RFC 9568 §6.4.2 gratuitous ARP request', (t) => {
  const frame = bytesOf(
    'ffffffffffff 020077000001 0806 | 0001 0800 06 04 0001 | 020077000001 0a4d0032 | ffffffffffff 0a4d0032',
  );
  t.equal(hexOf(gratuitousArp('10.77.0.50', mac)), hexOf(frame));
  t.equal(frame.length, 42);
  t.end();
});

t.test('RFC 9568 §6.4.2 unsolicited neighbour advertisement', (t) => {
  const ip = '60000000 0020 3a ff fd770000000000000000000000000050 ff020000000000000000000000000001';
  const body = (flags: string, sum: string): string =>
    `3333 00000001 020077000001 86dd | ${ip} | 88 00 ${sum} ${flags}000000 fd770000000000000000000000000050 0201 020077000001`;
  const host = unsolicitedAdvertisement('fd77::50', mac, { router: false });
  t.equal(hexOf(host), hexOf(bytesOf(body('20', 'e20e'))));
  const router = unsolicitedAdvertisement('fd77::50', mac, { router: true });
  t.equal(hexOf(router), hexOf(bytesOf(body('a0', '620e'))));
  t.end();
});

t.test('a MAC address has six bytes', (t) => {
  t.throws(() => gratuitousArp('10.77.0.50', mac.subarray(1)), TypeError);
  t.throws(() => unsolicitedAdvertisement('fd77::50', new Uint8Array(8), { router: true }), TypeError);
  t.end();
});
