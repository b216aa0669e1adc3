/** lvsctl top without a terminal: what keys do, what is shown in whatever room there is. */
import fc from 'fast-check';
import t from 'tap';
import type { ServiceCounters } from '../../../../src/cli/api/documents.js';
import { topColumns } from '../../../../src/cli/top/columns.js';
import { keysOf } from '../../../../src/cli/top/keys.js';
import { begin, rowsOf, step, type TopEvent, type TopState } from '../../../../src/cli/top/machine.js';
import { ratesOf, type Sample } from '../../../../src/cli/top/rates.js';
import { linesOf } from '../../../../src/cli/top/view.js';
import { coloured, plain } from '../../../../src/cli/sheet.js';
import { statisticsAt } from '../../../helpers/scripted-site.js';

const sampleAt = (seconds: number): Sample => {
  const { at, items } = statisticsAt(seconds) as { readonly at: number; readonly items: readonly ServiceCounters[] };
  return { at, services: items };
};

const start: TopState = begin({
  shows: 'services',
  service: undefined,
  sort: 'connections',
  intervalMs: 2000,
  columns: 80,
  lines: 24,
  sample: sampleAt(10),
});
const after = (state: TopState, ...events: readonly (TopEvent | string)[]): TopState =>
  events.reduce<TopState>(
    (now, event) => step(now, typeof event === 'string' ? { is: 'pressed', key: event } : event).state,
    state,
  );
const counted = after(start, { is: 'counted', sample: sampleAt(12) });
const names = (state: TopState): readonly string[] => rowsOf(state).map(({ name }) => name);
const web = 'tcp 192.0.2.1:80';
const dns = 'udp [2001:db8::1]:53';

t.test('rates are of a second; nobody knows the first ones; counters that were zeroed are 0', (t) => {
  t.match(ratesOf(undefined, sampleAt(10)).services[0], { connections: null, active: 40 });
  const { seconds, services, servers } = ratesOf(sampleAt(10), sampleAt(14));
  t.equal(seconds, 4);
  t.match(services, [{ name: web, connections: 120, inBytes: 5000, outBytes: 20_000, inPackets: 1200 }, { name: dns }]);
  t.match(
    servers.map(({ name, server, connections }) => [name, server, connections]),
    [
      [`${web} -> 10.0.0.1:8080`, '10.0.0.1:8080', 100],
      [`${web} -> 10.0.0.2:8080`, '10.0.0.2:8080', 20],
      [`${dns} -> [2001:db8:1::1]:53`, '[2001:db8:1::1]:53', 7],
    ],
  );
  t.match(ratesOf(sampleAt(10), { ...sampleAt(1), at: sampleAt(12).at }).services[0], { connections: 0 });
  t.match(ratesOf(sampleAt(10), sampleAt(10)).services[0], { connections: null }, 'the same moment twice');
  t.end();
});

t.test('sorted by a key, the other way round by the same again, by the column beside', (t) => {
  t.same(names(counted), [web, dns]);
  t.same(names(after(counted, 'b')), [dns, web]);
  t.same(names(after(counted, 'b', 'b')), [web, dns]);
  t.same(names(after(counted, 'n')), [web, dns]);
  t.same(names(after(counted, 'n', 'r')), [dns, web]);
  t.equal(after(counted, '>').sort, 'inPackets');
  t.equal(after(counted, 'left', 'left').sort, 'inactive', 'around the end');
  const presses = topColumns.map(({ press }) => press);
  t.equal(new Set(presses).size, presses.length);
  t.end();
});

t.test('servers of a service, and back to it', (t) => {
  const servers = after(counted, 'enter');
  t.same(names(servers), ['10.0.0.1:8080', '10.0.0.2:8080']);
  t.match(linesOf(servers, plain)[0], /tcp 192\.0\.2\.1:80 {2}120 conn\/s/);
  t.same(names(after(counted, 'down', 'enter')), ['[2001:db8:1::1]:53']);
  t.equal(after(counted, 'down', 'enter', 'escape').chosen, 'udp-2001:db8::1-53');
  t.equal(names(after(counted, 'd')).length, 3);
  t.equal(step(counted, { is: 'pressed', key: 'd' }).action, 'count');
  t.end();
});

t.test('a filter as it is typed', (t) => {
  t.same(names(after(counted, '/', 'u', 'd')), [dns]);
  t.same(names(after(counted, '/', 'u', 'x', 'backspace', 'enter')), [dns]);
  t.equal(after(counted, '/', 'q').filter, 'q', 'no key is a command then');
  t.same(names(after(counted, '/', 'u', 'escape')), [web, dns]);
  t.same(names(after(counted, '/', 'u', 'enter', 'escape')), [web, dns]);
  t.match(linesOf(after(counted, '/', 'u'), plain)[1], 'filter: u');
  t.end();
});

t.test('paused, slower, faster, helped, ended', (t) => {
  const paused = after(counted, ' ', { is: 'counted', sample: sampleAt(20) });
  t.equal(paused.sample?.at, counted.sample?.at);
  t.match(linesOf(paused, plain)[1], 'paused');
  t.match(step(paused, { is: 'pressed', key: ' ' }), { state: { isPaused: false }, action: 'count' });
  t.equal(after(counted, '+').intervalMs, 5000);
  t.equal(after(counted, '-', '-', '-', '-').intervalMs, 500);
  t.match(linesOf(after(counted, '?'), plain).join('\n'), /sort by new connections/);
  t.equal(after(counted, '?', 'x').isHelping, false);
  for (const key of ['q', 'ctrl-c']) t.equal(step(counted, { is: 'pressed', key }).action, 'quit');
  t.equal(step(after(counted, '/'), { is: 'pressed', key: 'ctrl-c' }).action, 'quit');
  t.equal(step(counted, { is: 'pressed', key: 'ctrl-z' }).action, 'suspend');
  t.end();
});

t.test('a director that is away is told of, and what was known stays', (t) => {
  const away = after(counted, { is: 'failed', why: 'no lvsd answers' });
  t.match(linesOf(away, plain)[1], 'no lvsd answers');
  t.same(names(away), names(counted));
  t.notMatch(linesOf(after(away, { is: 'counted', sample: sampleAt(14) }), plain)[1], 'no lvsd');
  t.end();
});

/** `count` services with addresses that differ. */
const crowd = (count: number, seconds: number): Sample => ({
  at: 1000 * seconds,
  services: Array.from({ length: count }, (_, i) => ({
    id: `tcp-10.0.${i >> 8}.${i & 255}-80`,
    connections: i * seconds,
    inPackets: seconds,
    outPackets: seconds,
    inBytes: seconds,
    outBytes: seconds,
    active: i,
    inactive: 0,
    persistent: 0,
    destinations: [],
  })),
});

t.test('the chosen row stays in sight, and stays chosen while others overtake it', (t) => {
  const many = after(begin({ ...start, sample: crowd(100, 1), lines: 14 }), { is: 'counted', sample: crowd(100, 2) });
  const inSight = (state: TopState): boolean => {
    const at = rowsOf(state).findIndex(({ id }) => id === state.chosen);
    return at >= state.above && at < state.above + 10;
  };
  const low = after(many, 'page-down', 'page-down', 'down');
  t.ok(inSight(low));
  t.equal(low.chosen, 'tcp-10.0.0.78-80');
  const reversed = after(low, 'r');
  t.equal(reversed.chosen, low.chosen);
  t.ok(inSight(reversed));
  t.ok(inSight(after(low, { is: 'resized', columns: 40, lines: 6 })) || low.lines === 14);
  t.equal(after(many, 'end').above, 90);
  t.equal(after(many, 'end', 'home').above, 0);
  t.equal(after(many, 'up').above, 0);
  t.end();
});

t.test('in any terminal, after any keys: no more lines than it has, none longer than it is wide', (t) => {
  const key = fc.constantFrom(
    ...'cpPbBanisdrjk/gGh?<>+- xu10'.split(''),
    'up',
    'down',
    'page-down',
    'end',
    'enter',
    'escape',
    'backspace',
    'tab',
  );
  const size = fc.record({ columns: fc.integer({ min: 1, max: 200 }), lines: fc.integer({ min: 1, max: 60 }) });
  fc.assert(
    fc.property(
      fc.array(key, { maxLength: 12 }),
      size,
      fc.integer({ min: 0, max: 80 }),
      (keys, { columns, lines }, count) => {
        const resized: TopEvent = { is: 'resized', columns, lines };
        const many = after(begin({ ...start, sample: crowd(count, 1) }), { is: 'counted', sample: crowd(count, 2) });
        const state = after(many, resized, ...keys);
        const shown = linesOf(state, plain);
        const inked = linesOf(state, coloured).map((line) => line.replace(/\x1b\[\d+m/g, ''));
        t.strictSame(inked, shown);
        return shown.length <= lines && shown.every((line) => [...line].length <= columns);
      },
    ),
  );
  t.end();
});

t.test('names and what people read or sort by are whole at 80 columns', (t) => {
  const lines = linesOf(counted, plain);
  t.match(lines[2], /^NAME {18}▼CONN\/S .*ACTIVE$/);
  t.match(lines[3], /^tcp 192\.0\.2\.1:80 +120 +1\.2k +2\.4k +5k +20k +40 *$/);
  t.match(lines[4], /^udp \[2001:db8::1\]:53 +7 /);
  t.equal(lines.length, 24);
  t.end();
});

t.test('keys as terminals send them', (t) => {
  t.same(keysOf('\x1b[A\x1bOBq\r\x7f\x03'), ['up', 'down', 'q', 'enter', 'backspace', 'ctrl-c']);
  t.same(keysOf('\x1b'), ['escape']);
  t.same(keysOf('\x1b[200;5u\x1b[1;5C'), [], 'what means nothing here');
  t.same(keysOf('ü'), ['ü']);
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => keysOf(text).length <= text.length));
  t.end();
});
