/** Times as the clauses have them; the figures are worked out by hand. */
import t from 'tap';
import { masterDownMs, skewMs, virtualMac } from '../../../src/vrrp/rfc.js';

const skews: readonly [clause: string, skew: number, ms: number][] = [
  ['RFC 3768 §6.1: (256 - 100) / 256 seconds', skewMs(2, 100, 1000), 609.375],
  ['RFC 3768 §6.1: whatever the interval', skewMs(2, 100, 255_000), 609.375],
  ['RFC 9568 §6.1: of the interval', skewMs(3, 100, 1000), 609.375],
  ['RFC 9568 §6.1: 100 ms', skewMs(3, 100, 100), 60.9375],
  ['priority 254 at 10 ms keeps its 78 µs', skewMs(3, 254, 10), 0.078125],
  ['the owner waits a 256th', skewMs(3, 255, 1000), 3.90625],
  ['priority 1', skewMs(2, 1, 1000), 996.09375],
];
for (const [clause, skew, ms] of skews) {
  t.test(`skew, ${clause}`, (t) => {
    t.equal(skew, ms);
    t.end();
  });
}

const downs: readonly [what: string, down: number, ms: number][] = [
  ['version 2, priority 150, 1 s', masterDownMs(2, 150, 1000), 3414.0625],
  ['version 2, priority 100, 2 s', masterDownMs(2, 100, 2000), 6609.375],
  ['version 3, priority 100, 10 ms', masterDownMs(3, 100, 10), 36.09375],
  ['version 3, priority 150, the longest interval', masterDownMs(3, 150, 40_950), 139_805.859375],
  ['down_timer_adverts 6', masterDownMs(2, 100, 1000, 6), 6609.375],
];
for (const [what, down, ms] of downs) {
  t.test(`master down, ${what}`, (t) => {
    t.equal(down, ms);
    t.end();
  });
}

t.test('RFC 9568 §7.3 virtual MAC', (t) => {
  t.equal(Buffer.from(virtualMac('ip4', 51)).toString('hex'), '00005e000133');
  t.equal(Buffer.from(virtualMac('ip6', 255)).toString('hex'), '00005e0002ff');
  t.end();
});
