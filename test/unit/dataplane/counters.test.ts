import { readFileSync } from 'node:fs';
import t from 'tap';
import { decodeCounters, dropReasons, engineEvents } from '../../../src/dataplane/counters.js';
import { BadFrame } from '../../../src/dataplane/protocol.js';

const header = readFileSync(new URL('../../../../native/engine/counters.h', import.meta.url), 'utf8');

/** The rows of an X-macro: word and text. */
function rowsOf(macro: string): string[][] {
  const [, body = ''] = new RegExp(`#define ${macro}\\(X\\)((?:.*\\\\\\n)*.*)`).exec(header) ?? [];
  return [...body.matchAll(/X\((\w+), "([^"]*)"\)/g)].map(([, word = '', text = '']) => [word, text]);
}

interface Parts {
  readonly reasons?: number;
  readonly events?: number;
  readonly services?: readonly bigint[][];
  readonly destinations?: readonly bigint[][];
}

const counters = (parts: Parts) => decodeCounters(bytesOf(parts));

function bytesOf(parts: Parts): Uint8Array {
  const { reasons = dropReasons.length, events = engineEvents.length, services = [], destinations = [] } = parts;
  const numbers = [
    ...Array.from({ length: reasons }, (_, i) => BigInt(i)),
    ...Array.from({ length: events }, (_, i) => BigInt(1000 + i)),
    ...services.flat(),
    ...destinations.flat(),
  ];
  const bytes = new Uint8Array(40 + 8 * numbers.length);
  const view = new DataView(bytes.buffer);
  [reasons, events, services.length, destinations.length].forEach((count, i) => view.setUint32(4 * i, count, true));
  [7n, 8n, 9n].forEach((value, i) => view.setBigUint64(16 + 8 * i, value, true));
  numbers.forEach((value, i) => view.setBigInt64(40 + 8 * i, value, true));
  return bytes;
}

t.test('words are those of counters.h, in its order', (t) => {
  t.same(rowsOf('LVSD_DROP_REASONS'), dropReasons);
  t.same(rowsOf('LVSD_EVENTS'), engineEvents);
  t.ok(rowsOf('LVSD_DROP_REASONS').length > 20 && rowsOf('LVSD_EVENTS').length > 15);
  t.end();
});

t.test('members of the rows are those of counters.h, in its order', (t) => {
  const members = (name: string): string[] => {
    const [, body = ''] =
      new RegExp(`struct alignas\\(64\\) ${name} \\{([^}]*)\\}`).exec(header.replace(/\/\/.*$/gm, '')) ?? [];
    return [...body.matchAll(/int64_t> ([^;]*);/g)].flatMap(([, names = '']) =>
      names.split(',').map((one) => one.trim()),
    );
  };
  const asOurs = (word: string): string => word.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  const one = counters({
    services: [[...Array(8).keys()].map(BigInt)],
    destinations: [[...Array(8).keys()].map(BigInt)],
  });
  t.same(Object.keys(one.services[0]!), members('ServiceCounters').map(asOurs));
  t.same([...Object.keys(one.destinations[0]!), 'zero'], members('DestinationCounters').map(asOurs));
  t.same(Object.values(one.services[0]!), [0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n]);
  t.same(Object.values(one.destinations[0]!), [0n, 1n, 2n, 3n, 4n, 5n, 6n]);
  t.end();
});

t.test('an answer is named', (t) => {
  const got = counters({});
  t.equal(got.dropped.get('no_route'), BigInt(dropReasons.findIndex(([word]) => word === 'no_route')));
  t.equal(got.events.get('received'), 1000n);
  t.equal(got.events.size, engineEvents.length);
  t.same([got.liveSessions, got.sessionCapacity, got.sessionBytes], [7n, 8n, 9n]);
  t.end();
});

t.test('a newer engine has words that we do not know, an older one fewer', (t) => {
  const newer = counters({ reasons: dropReasons.length + 1 });
  t.equal(newer.dropped.get(`reason-${dropReasons.length}`), BigInt(dropReasons.length));
  t.equal(newer.events.get('received'), 1000n);
  t.equal(counters({ reasons: 2 }).dropped.size, 2);
  t.end();
});

t.test('sessions of a destination are never fewer than none', (t) => {
  const got = counters({ destinations: [[0n, 0n, 0n, 0n, 0n, -1n, -2n, 0n]] });
  t.same([got.destinations[0]!.active, got.destinations[0]!.inactive], [0n, 0n]);
  t.end();
});

t.test('what is cut short, or longer than it says, is refused', (t) => {
  const bytes = bytesOf({});
  t.throws(() => decodeCounters(bytes.subarray(0, 39)), BadFrame);
  t.throws(() => decodeCounters(bytes.subarray(0, bytes.length - 8)), BadFrame);
  t.throws(() => decodeCounters(Buffer.concat([bytes, new Uint8Array(64)])), BadFrame);
  t.end();
});
