/** What the dashboard makes of the API's answers: its pure modules, and that all of it has the types of the API. */
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import t from 'tap';
import type { Destination } from '../../src/api/destinations.js';
import type { Check } from '../../src/api/health.js';
import type { Service } from '../../src/api/services.js';
import { root } from '../engine/site.js';
import { destination, down, failed, service } from './fake-director.js';

t.setTimeout(0); // whoever runs us sets the limit

interface Server {
  readonly document: Destination;
  readonly state: string;
  readonly word: string;
  readonly why: string;
  readonly isWrong: boolean;
}
interface Served {
  readonly key: string;
  readonly state: string;
  readonly word: string;
  readonly servers: readonly Server[];
  readonly isWrong: boolean;
}
interface Left {
  readonly served: Served;
  readonly servers: readonly Server[];
  readonly isOpened: boolean;
}
interface SiteModule {
  siteOf(
    services: readonly Service[],
    destinations: readonly Destination[],
    failing: readonly Check[],
  ): readonly Served[];
  filtered(site: readonly Served[], filter: { readonly words: string; readonly only: string }): readonly Left[];
  ordered(rows: readonly Left[], order: string, loadOf: (id: string) => number): readonly Left[];
}
interface Load {
  readonly active: number;
  readonly newPerSecond: number | null;
  readonly inPerSecond: number | null;
}
interface RatesModule {
  readingOf(at: number, items: readonly object[]): object;
  loadsOf(before: object | undefined, now: object): ReadonlyMap<string, Load>;
  totalOf(items: readonly object[], loads: ReadonlyMap<string, Load>): Load;
}
interface FormatModule {
  readonly short: (value: number | null) => string;
  readonly bits: (bytesPerSecond: number | null) => string;
  readonly duration: (ms: number) => string;
}

const load = async (name: string): Promise<unknown> => import(join(root, 'web', name));
const site = (await load('site.js')) as SiteModule;
const rates = (await load('rates.js')) as RatesModule;
const format = (await load('format.js')) as FormatModule;
const { FrameReader } = (await load('stream.js')) as {
  readonly FrameReader: new () => { push(text: string): readonly object[] };
};

const web = service('192.0.2.1', 80);

t.test('a server is in one state: what an operator wanted goes before what checks say', (t) => {
  const drain = { id: 'd', until: 1, then: 'keep' } as const;
  const cases: readonly (readonly [state: string, wrong: boolean, Partial<Destination>])[] = [
    ['up', false, {}],
    ['down', true, down],
    ['down', true, { health: 'down', weight: 0 }],
    ['held', true, { health: 'down', weight: 3 }],
    ['down', true, { health: 'down', weight: 3, override: 3 }],
    ['draining', false, { override: 0, weight: 0 }],
    ['draining', false, { drain, maintenance: true, weight: 0 }],
    ['draining', false, { ...down, drain, maintenance: true }],
    ['maintenance', false, { ...down, maintenance: true }],
    ['idle', false, { configuredWeight: 0, weight: 0 }],
    ['idle', false, { configuredWeight: 0, override: 0, weight: 0 }],
    ['up', true, { refused: 'no such device' }],
    ['sorry', false, { role: 'sorry', health: null, weight: null }],
    ['apologising', false, { role: 'sorry', health: null, weight: 1 }],
  ];
  for (const [state, isWrong, change] of cases) {
    const [served] = site.siteOf([web], [destination(web, '10.0.0.1', change)], []);
    t.match(served?.servers[0], { state, isWrong }, JSON.stringify(change));
  }
  t.end();
});

t.test('a service is as good as its servers', (t) => {
  const stateOf = (changes: readonly Partial<Destination>[], more: Partial<Service> = {}): string => {
    const destinations = changes.map((change, i) => destination(web, `10.0.0.${i + 1}`, change));
    const [served] = site.siteOf([{ ...web, ...more }], destinations, []);
    return `${served?.state ?? ''}: ${served?.word ?? ''}`;
  };
  t.equal(stateOf([{}, {}]), 'up: 2 of 2 up');
  t.equal(stateOf([{}, down]), 'degraded: 1 of 2 up');
  t.equal(stateOf([down, down]), 'down: down');
  t.equal(stateOf([{ maintenance: true }, {}]), 'up: 1 of 2 up', 'somebody wanted it so');
  t.equal(stateOf([{ health: 'down' }, { health: 'down' }]), 'degraded: 0 of 2 up', 'held: it serves');
  t.equal(stateOf([{}], { quorum: { needed: 2, hysteresis: 0, met: false } }), 'down: no quorum');
  t.equal(stateOf([{}], { inForce: false }), 'absent: not in force');
  t.equal(stateOf([]), 'up: no servers');
  const fallen = destination(web, '10.0.0.1', down);
  t.equal(site.siteOf([web], [fallen], [failed(fallen, 'refused')])[0]?.servers[0]?.why, 'HTTP_GET: refused');
  t.end();
});

t.test('a filter', (t) => {
  const mail = service('192.0.2.2', 25, { scheduler: 'sh' });
  const fallen = destination(mail, '10.0.1.2', down);
  const all = site.siteOf([web, mail], [destination(web, '10.0.0.1'), destination(mail, '10.0.1.1'), fallen], []);
  const found = (words: string, only = 'all'): string =>
    site
      .filtered(all, { words, only })
      .map(
        ({ served, servers, isOpened }) =>
          `${served.key}${isOpened ? '+' : ''} ${servers.map((one) => one.document.address).join()}`,
      )
      .join(' ');
  t.equal(found(''), 'tcp-192.0.2.1-80 10.0.0.1 tcp-192.0.2.2-25 10.0.1.1,10.0.1.2');
  t.equal(found('  SH '), 'tcp-192.0.2.2-25 10.0.1.1,10.0.1.2', 'a service shows all its servers');
  t.equal(found('10.0.1.2'), 'tcp-192.0.2.2-25+ 10.0.1.2', 'a server shows itself');
  t.equal(found('192.0.2.2 10.0.1.'), 'tcp-192.0.2.2-25+ 10.0.1.1,10.0.1.2');
  t.equal(found('192.0.2.1 10.0.1.'), '');
  t.equal(found('', 'wrong'), 'tcp-192.0.2.2-25+ 10.0.1.2');
  t.equal(found('', 'maintenance'), '');
  const order = (by: string): readonly string[] =>
    site
      .ordered(site.filtered(all, { words: '', only: 'all' }), by, (id) => (id === web.id ? 1 : 2))
      .map(({ served }) => served.key);
  t.strictSame(order('file'), [web.id, mail.id]);
  t.strictSame(order('worst'), [mail.id, web.id]);
  t.strictSame(order('busiest'), [mail.id, web.id]);
  t.end();
});

t.test('rates are differences; what began anew has none yet', (t) => {
  const counted = (connections: number, inBytes: number) => ({
    connections,
    inBytes,
    outBytes: 0,
    inPackets: 0,
    outPackets: 0,
    active: 2,
    inactive: 0,
  });
  const items = (...counts: readonly (readonly [number, number])[]): readonly object[] =>
    counts.map(([connections, bytes], i) => ({
      id: `s${i}`,
      ...counted(connections, bytes),
      destinations: [{ id: 'd', ...counted(connections, bytes) }],
    }));
  const before = rates.readingOf(1000, items([10, 1000], [50, 500]));
  const rows = items([30, 5000], [2, 20], [9, 9]);
  const now = rates.readingOf(3000, rows);
  const loads = rates.loadsOf(before, now);
  t.match(loads.get('s0'), { active: 2, newPerSecond: 10, inPerSecond: 2000 });
  t.match(loads.get('s0 d'), { newPerSecond: 10 });
  t.match(loads.get('s1'), { active: 2, newPerSecond: null }, 'its counters went back');
  t.match(loads.get('s2'), { newPerSecond: null }, 'it is new');
  t.match(rates.totalOf(rows, loads), { active: 6, newPerSecond: 10, inPerSecond: 2000 });
  t.match(rates.loadsOf(undefined, now).get('s0'), { newPerSecond: null });
  t.end();
});

t.test('numbers as people read them', (t) => {
  t.strictSame([0, 0.01, 0.26, 3, 12.4, 999, 1000, 12_345, 3_456_789, null].map(format.short), [
    '0',
    '<0.1',
    '0.3',
    '3',
    '12',
    '999',
    '1 k',
    '12.3 k',
    '3.46 M',
    '–',
  ]);
  t.strictSame([0, 100, 125_000, null].map(format.bits), ['0 bit/s', '800 bit/s', '1 Mbit/s', '–']);
  t.strictSame([0, 89_000, 600_000, 7_200_000, 200_000_000].map(format.duration), [
    '0 s',
    '89 s',
    '10 min',
    '2 h',
    '2 d',
  ]);
  t.end();
});

t.test('frames of a stream, however they are cut', (t) => {
  const text = 'retry: 2000\n\nid: 7\ndata: {"a":1}\n\nid: 8\n\nevent: reset\r\ndata: one\r\ndata: two\r\n\r\n';
  const whole = [
    { id: undefined, type: 'message', data: undefined },
    { id: '7', type: 'message', data: '{"a":1}' },
    { id: '8', type: 'message', data: undefined },
    { id: undefined, type: 'reset', data: 'one\ntwo' },
  ];
  for (let at = 0; at <= text.length; at++) {
    const frames = new FrameReader();
    t.strictSame([...frames.push(text.slice(0, at)), ...frames.push(text.slice(at))], whole, `cut at ${at}`);
  }
  t.end();
});

t.test('its scripts have the types of the API', (t) => {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', 'web'], { cwd: root, stdio: 'pipe' }); // throws with what is wrong
  t.end();
});
