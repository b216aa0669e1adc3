import t from 'tap';
import { addressBytes } from '../../../src/model/address.js';
import { addressSolicitation, arpProbe, gratuitousArp, unsolicitedAdvertisement } from '../../../src/vrrp/announce.js';
import { claimOf } from '../../../src/vrrp/claims.js';

const MAC = Uint8Array.of(2, 0, 0, 0, 0, 9);
const ETHERNET = 14;
const IP6 = 40;

t.test('a gratuitous request and an answer say whose the address is', (t) => {
  const claim = { address: '10.77.0.50', mac: '02:00:00:00:00:09' };
  const request = gratuitousArp('10.77.0.50', MAC).subarray(ETHERNET);
  t.same(claimOf('ip4', request, -1), claim);
  const answer = Uint8Array.from(request);
  answer[7] = 2;
  answer.set(addressBytes('10.77.0.1'), 24);
  t.same(claimOf('ip4', answer, -1), claim);
  t.same(claimOf('ip4', Uint8Array.of(...answer, ...new Uint8Array(18)), -1), claim, 'filled up to the least frame');
  t.end();
});

t.test('a probe says nothing of its sender, and is a question for the address', (t) => {
  const frame = arpProbe('10.77.0.50', MAC);
  t.equal(frame.length, 42);
  t.same([...frame.subarray(0, 6)], [255, 255, 255, 255, 255, 255]);
  t.same([...frame.subarray(28, 32)], [0, 0, 0, 0], 'RFC 5227 §2.1.1: the sender is nobody');
  t.same([...frame.subarray(38, 42)], [10, 77, 0, 50]);
  t.equal(claimOf('ip4', frame.subarray(ETHERNET), -1), undefined);
  t.end();
});

t.test('ARP of something else than Ethernet and IPv4, or cut short, says nothing', (t) => {
  const request = gratuitousArp('10.77.0.50', MAC).subarray(ETHERNET);
  for (let i = 0; i < 6; i++) {
    const other = Uint8Array.from(request);
    other[i] = 77;
    t.equal(claimOf('ip4', other, -1), undefined);
  }
  for (let length = 0; length < request.length; length++)
    t.equal(claimOf('ip4', request.subarray(0, length), -1), undefined);
  t.end();
});

t.test('an advertisement says it with the MAC address in its option, and only from this link', (t) => {
  const message = unsolicitedAdvertisement('2001:db8::50', MAC, { router: false }).subarray(ETHERNET + IP6);
  t.same(claimOf('ip6', message, 255), { address: '2001:db8::50', mac: '02:00:00:00:00:09' });
  t.equal(claimOf('ip6', message, 254), undefined, 'RFC 4861 §7.1.2');
  for (let length = 0; length < message.length; length++)
    t.equal(claimOf('ip6', message.subarray(0, length), 255), undefined);
  const endless = Uint8Array.from(message);
  endless[25] = 0;
  t.equal(claimOf('ip6', endless, 255), undefined, 'an option without a length');
  const behind = Uint8Array.of(...message.subarray(0, 24), 77, 1, 0, 0, 0, 0, 0, 0, ...message.subarray(24));
  t.match(claimOf('ip6', behind, 255), { mac: '02:00:00:00:00:09' }, 'behind another option');
  t.end();
});

t.test('the question over IPv6 goes to the group of the address, from nobody', (t) => {
  const frame = addressSolicitation('2001:db8::abcd:1234', MAC);
  t.same([...frame.subarray(0, 6)], [0x33, 0x33, 0xff, 0xcd, 0x12, 0x34]);
  t.same([...frame.subarray(22, 38)], new Array(16).fill(0), 'RFC 4862 §5.4.2');
  t.same([...frame.subarray(38, 54)], [...addressBytes('ff02::1:ffcd:1234')]);
  t.equal(frame[54], 135);
  t.equal(frame[21], 255);
  t.same(
    [...frame.subarray(62)],
    [...addressBytes('2001:db8::abcd:1234')],
    'and no option: there is no address to answer to',
  );
  t.end();
});
