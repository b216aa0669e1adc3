import fc from 'fast-check';
import t from 'tap';
import { clockText, counted, momentText, readSeconds, short, spanText } from '../../../src/cli/amounts.js';

t.test('numbers in at most four characters, or five with a sign', (t) => {
  const told: readonly (readonly [number, string])[] = [
    [0, '0'],
    [0.04, '0'],
    [0.44, '0.4'],
    [9.94, '9.9'],
    [9.96, '10'],
    [12.5, '13'],
    [999.4, '999'],
    [999.6, '1k'],
    [1499, '1.5k'],
    [230_000_000, '230M'],
    [-1500, '-1.5k'],
  ];
  for (const [value, text] of told) t.equal(short(value), text);
  fc.assert(fc.property(fc.double({ min: 0, max: 1e20, noNaN: true }), (value) => short(value).length <= 4));
  t.end();
});

t.test('spans in the two units that say most', (t) => {
  t.equal(spanText(-5), '0 s');
  t.equal(spanText(7400), '7 s');
  t.equal(spanText(125_000), '2 min 5 s');
  t.equal(spanText(3_600_000), '1 h');
  t.equal(spanText(90_061_000), '1 d 1 h');
  t.end();
});

t.test('moments by the clock here', (t) => {
  const ms = new Date(2026, 10, 2, 3, 4, 5).getTime();
  t.equal(momentText(ms), '2026-11-02 03:04:05');
  t.equal(clockText(ms), '03:04:05');
  t.end();
});

t.test('counted, and read', (t) => {
  t.equal(counted(1, 'server'), '1 server');
  t.equal(counted(0, 'server'), '0 servers');
  t.equal(readSeconds('60'), 60);
  for (const wrong of ['', '0', '-1', '1.5', '1e3', '99999999999']) t.equal(readSeconds(wrong), undefined);
  t.end();
});
