import fc from 'fast-check';
import t from 'tap';
import { type Observed, verdict, watch, type Watched, weightsCount } from '../../../src/vrrp/priority.js';

const GOOD: Observed = { good: true };
const BAD: Observed = { good: false };

interface Row {
  readonly says: string;
  readonly base?: number;
  readonly weight: number;
  readonly reverse?: boolean;
  readonly observed: Observed;
  readonly priority?: number;
  readonly faults?: readonly string[];
  readonly unknown?: readonly string[];
}

const rows: readonly Row[] = [
  { says: 'a weight above 0 is added while it is good', weight: 20, observed: GOOD, priority: 120 },
  { says: 'and not while it is bad', weight: 20, observed: BAD },
  { says: 'a weight below 0 is taken away while it is bad', weight: -20, observed: BAD, priority: 80 },
  { says: 'and not while it is good', weight: -20, observed: GOOD },
  {
    says: 'reverse: a weight above 0 is taken away while it is good',
    weight: 20,
    reverse: true,
    observed: GOOD,
    priority: 80,
  },
  {
    says: 'reverse: a weight below 0 is added while it is bad',
    weight: -20,
    reverse: true,
    observed: BAD,
    priority: 120,
  },
  { says: 'weight 0: bad is a fault', weight: 0, observed: BAD, faults: ['script chk is down'] },
  { says: 'weight 0: good is none', weight: 0, observed: GOOD },
  { says: 'weight 0 reverse: good is a fault', weight: 0, reverse: true, observed: GOOD, faults: ['script chk is up'] },
  { says: 'weight 0 reverse: bad is none', weight: 0, reverse: true, observed: BAD },
  { says: 'weight 0: what is not known is waited for', weight: 0, observed: 'unknown', unknown: ['script chk'] },
  { says: 'with a weight what is not known counts nothing', weight: 50, observed: 'unknown' },
  { says: 'a file: its value times the weight', weight: 3, observed: { value: -7 }, priority: 79 },
  { says: 'a file, reverse', weight: 3, reverse: true, observed: { value: -7 }, priority: 121 },
  { says: 'a file without weight: 0 is good', weight: 0, observed: { value: 0 } },
  {
    says: 'a file without weight: anything else is a fault',
    weight: 0,
    observed: { value: 1 },
    faults: ['script chk says 1'],
  },
  {
    says: 'a file without weight, reverse: 0 is the fault',
    weight: 0,
    reverse: true,
    observed: { value: 0 },
    faults: ['script chk says 0'],
  },
  {
    says: 'a file that takes away 254 is a fault',
    weight: 1,
    observed: { value: -254 },
    priority: 1,
    faults: ['script chk says -254'],
  },
  { says: 'a file that takes away 253 is none', weight: 1, observed: { value: -253 }, priority: 1 },
  { says: 'RFC 9568 §5.2.4 never above 254', base: 250, weight: 100, observed: GOOD, priority: 254 },
  { says: 'RFC 9568 §5.2.4 never below 1', weight: -200, observed: BAD, priority: 1 },
  {
    says: 'RFC 9568 §5.2.4 the owner has 255 whatever is watched',
    base: 255,
    weight: -200,
    observed: BAD,
    priority: 255,
  },
  {
    says: 'the owner has faults like others',
    base: 255,
    weight: 0,
    observed: BAD,
    priority: 255,
    faults: ['script chk is down'],
  },
];

for (const { says, base = 100, weight, reverse = false, observed, priority = base, faults = [], unknown = [] } of rows)
  t.test(says, (t) => {
    t.same(verdict(base, [{ what: 'script chk', weight, reverse, observed }], true), { priority, faults, unknown });
    t.end();
  });

t.test('contributions are added before the limits count', (t) => {
  const all: readonly Watched[] = [
    { what: 'a', weight: 200, reverse: false, observed: GOOD },
    { what: 'b', weight: -150, reverse: false, observed: BAD },
  ];
  t.equal(verdict(100, all, true).priority, 150);
  t.equal(verdict(100, all, false).priority, 100, 'members of a group do not count weights');
  t.end();
});

t.test('sync_group_tracking_weight, and not beside an owner', (t) => {
  t.equal(weightsCount(undefined, [100]), true);
  t.equal(weightsCount({ weightedTracking: false }, [100, 100]), false);
  t.equal(weightsCount({ weightedTracking: true }, [100, 100]), true);
  t.equal(weightsCount({ weightedTracking: true }, [100, 255]), false);
  t.end();
});

t.test('everything that is watched is looked at, by its kind and name', (t) => {
  const position = { file: 'a', line: 1, column: 1 };
  const track = (name: string) => [{ position, name, weight: 0, reverse: false }];
  const tracks = {
    interfaces: track('eth0'),
    scripts: track('chk'),
    files: track('load'),
    processes: track('bird'),
    bfd: track('peer'),
  };
  const watched = watch(tracks, (kind, name) => ({ good: `${kind} ${name}` === 'processes bird' }));
  t.same(verdict(100, watched, true).faults, [
    'interface eth0 is down',
    'script chk is down',
    'file load is down',
    'bfd peer is down',
  ]);
  t.end();
});

t.test('whatever is watched, the priority is one of a router that is not the owner', (t) => {
  const watched = fc.record({
    what: fc.constant('x'),
    weight: fc.integer({ min: -253, max: 253 }),
    reverse: fc.boolean(),
    observed: fc.oneof(
      fc.record({ good: fc.boolean() }),
      fc.record({ value: fc.integer({ min: -2_147_483_648, max: 2_147_483_647 }) }),
      fc.constant<Observed>('unknown'),
    ),
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 254 }), fc.array(watched, { maxLength: 20 }), (base, all) => {
      const { priority } = verdict(base, all, true);
      return Number.isInteger(priority) && priority >= 1 && priority <= 254;
    }),
  );
  t.end();
});
