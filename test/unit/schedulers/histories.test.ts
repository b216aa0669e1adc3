/** What the algorithms remember when destinations come, change and go. test/lab/scheduler-histories.lab.ts tells the same to a kernel. */
import fc from 'fast-check';
import t from 'tap';
import { destinationName } from '../../../src/model/destination.js';
import { schedulers } from '../../../src/schedulers/catalogue.js';
import { mh } from '../../../src/schedulers/mh.js';
import { persistent } from '../../../src/schedulers/persistence.js';
import type { Candidate, Flow, Scheduler, SchedulerSettings } from '../../../src/schedulers/scheduler.js';
import { type Rehearsal, rehearse } from '../../../src/schedulers/simulate.js';

const server = (n: number, rest: Partial<Candidate> = {}): Candidate => ({
  key: { address: `10.9.0.${n}`, port: 80 },
  weight: 1,
  active: 0,
  inactive: 0,
  overloaded: false,
  ...rest,
});
const flow = (n: number, virtual = '192.0.2.1'): Flow => ({
  client: { address: `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`, port: 1024 },
  virtual: { address: virtual, port: 80 },
});
const settings: SchedulerSettings = { flags: 0 };
const named = (name: string): Scheduler => schedulers.get(name)!.algorithm;

/** A service whose list is [last, …, first], built as the kernel would. */
function service(algorithm: Scheduler, ...list: Candidate[]): Rehearsal {
  const rehearsal = rehearse(algorithm, settings);
  for (let n = list.length - 1; n >= 0; n--) rehearsal.change(list.slice(n));
  return rehearsal;
}
const arrivals = (rehearsal: Rehearsal, count: number, first = 0): string[] =>
  Array.from({ length: count }, (_, n) => {
    const place = rehearsal.arrive(flow(first + n));
    return place === undefined ? 'none' : destinationName(rehearsal.candidates[place]!.key).split(/[.:]/)[3]!;
  });

t.test('rr: a new one at the head does not move the mark', (t) => {
  const rehearsal = service(named('rr'), server(1), server(2), server(3));
  t.strictSame(arrivals(rehearsal, 2), ['1', '2']);
  rehearsal.change([server(4), server(1), server(2), server(3)]);
  t.strictSame(arrivals(rehearsal, 4), ['3', '4', '1', '2']);
  t.end();
});

t.test('rr: one that leaves hands the mark to the one before it, the first to the head', (t) => {
  const rehearsal = service(named('rr'), server(1), server(2), server(3));
  t.strictSame(arrivals(rehearsal, 2), ['1', '2']);
  rehearsal.change([server(1), server(3)]);
  t.strictSame(arrivals(rehearsal, 2), ['3', '1']);
  rehearsal.change([server(3)]);
  t.strictSame(arrivals(rehearsal, 2), ['3', '3']);
  t.end();
});

const weights = fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 2, maxLength: 8 });

t.test('mh: weight 0 keeps the slots, so that nobody else’s client moves; and gives them back', (t) => {
  fc.assert(
    fc.property(weights, fc.nat(7), (list, which) => {
      const before = list.map((weight, n) => server(n + 1, { weight }));
      const drained = before.map((one, n) => (n === which % list.length ? { ...one, weight: 0 } : one));
      const rehearsal = service(mh, ...before);
      const first = arrivals(rehearsal, 50);
      rehearsal.change(drained);
      const meanwhile = arrivals(rehearsal, 50);
      rehearsal.change(before);
      const name = String(1 + (which % list.length));
      return (
        meanwhile.every((choice, i) => choice === (first[i] === name ? 'none' : first[i])) &&
        arrivals(rehearsal, 50).join() === first.join()
      );
    }),
    { numRuns: 50 },
  );
  t.end();
});

t.test('mh: a server that was added with weight 0 has no slots', (t) => {
  const list = [server(1), server(2, { weight: 0 }), server(3)];
  t.notOk(arrivals(service(mh, ...list), 200).includes('none'));
  t.end();
});

t.test('mh: a server that leaves moves all its own clients, and few of the others', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 3, max: 20 }), fc.nat(19), (count, which) => {
      const list = Array.from({ length: count }, (_, n) => server(n + 1));
      const gone = `${1 + (which % count)}`;
      const rest = list.filter(({ key }) => !key.address.endsWith(`.${gone}`));
      const [before, after] = [arrivals(service(mh, ...list), 400), arrivals(service(mh, ...rest), 400)];
      const others = before.flatMap((choice, i) => (choice === gone ? [] : [choice === after[i]]));
      return !after.includes(gone) && others.filter((same) => !same).length / others.length < 0.15;
    }),
    { numRuns: 30 },
  );
  t.end();
});

t.test('dh and sh: a server that leaves moves nobody only by chance: they are tables of buckets in turn', (t) => {
  for (const name of ['dh', 'sh']) {
    const virtual = (n: number): Flow => flow(n, `192.0.2.${n % 250}`);
    const list = Array.from({ length: 10 }, (_, n) => server(n + 1));
    const [ten, nine] = [service(named(name), ...list), service(named(name), ...list.slice(1))];
    const moved = Array.from({ length: 200 }, (_, n) => n).filter(
      (n) => ten.arrive(virtual(n)) !== nine.arrive(virtual(n))! + 1,
    );
    t.ok(moved.length > 100, `${name}: ${moved.length} of 200`);
  }
  t.end();
});

t.test('lblc: its address stays with a server that is full, not with one that was removed or has weight 0', (t) => {
  const rehearsal = service(named('lblc'), server(1), server(2));
  t.strictSame(arrivals(rehearsal, 1), ['1']);
  rehearsal.count([server(1, { overloaded: true }), server(2)]);
  t.strictSame(arrivals(rehearsal, 1), ['1']);
  rehearsal.change([server(1, { weight: 0 }), server(2)]);
  t.strictSame(arrivals(rehearsal, 1), ['2']);
  rehearsal.change([server(1)]);
  t.strictSame(arrivals(rehearsal, 1), ['1']);
  t.end();
});

t.test('lblcr: an overworked server gets company; after a day of peace the most loaded one goes', (t) => {
  const at = (atSeconds: number): Flow => ({ ...flow(1), atSeconds });
  const rehearsal = service(
    named('lblcr'),
    server(1, { weight: 4 }),
    server(2, { weight: 4 }),
    server(3, { weight: 4 }),
  );
  t.equal(rehearsal.arrive(at(0)), 0, 'the first');
  rehearsal.count([server(1, { weight: 4, active: 5 }), server(2, { weight: 4 }), server(3, { weight: 4 })]);
  t.equal(rehearsal.arrive(at(1)), 1, 'the second joins');
  rehearsal.count([server(1, { weight: 4, active: 3 }), server(2, { weight: 4, active: 4 }), server(3, { weight: 4 })]);
  t.equal(rehearsal.arrive(at(2)), 0, 'the less loaded of the two, although the third is idle');
  t.equal(rehearsal.arrive(at(86_401)), 0, 'not yet more than a day after the last change');
  t.equal(rehearsal.arrive(at(86_402)), 0, 'this one takes the second away');
  rehearsal.count([server(1, { weight: 4, active: 3 }), server(2, { weight: 4 }), server(3, { weight: 4 })]);
  t.equal(rehearsal.arrive(at(86_403)), 0, 'which would be less loaded now, but is no member any more');
  t.end();
});

t.test('persistence: a network stays where its first client went, weight 0 or full, unless the server is gone', (t) => {
  const rehearsal = service(persistent(named('rr'), { mask: '255.255.255.0' }), server(1), server(2));
  t.strictSame(arrivals(rehearsal, 3), ['1', '1', '1'], 'one network');
  t.strictSame(arrivals(rehearsal, 2, 256), ['2', '2'], 'the next');
  rehearsal.change([server(1, { weight: 0, overloaded: true }), server(2)]);
  t.strictSame(arrivals(rehearsal, 1), ['1']);
  t.strictSame(arrivals(rehearsal, 1, 512), ['2'], 'a new one');
  rehearsal.change([server(2)]);
  t.strictSame(arrivals(rehearsal, 1), ['2']);
  t.end();
});

t.test('persistence: with expire_quiescent_template weight 0 lets clients go', (t) => {
  const algorithm = persistent(named('rr'), { mask: '255.255.255.255', expireQuiescent: true });
  const rehearsal = service(algorithm, server(1), server(2));
  t.strictSame(arrivals(rehearsal, 1), ['1']);
  rehearsal.change([server(1, { weight: 0 }), server(2)]);
  t.strictSame(arrivals(rehearsal, 1), ['2']);
  t.end();
});
