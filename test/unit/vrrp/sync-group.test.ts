import t from 'tap';
import { newState, step } from '../../../src/vrrp/machine.js';
import type { Event, State } from '../../../src/vrrp/machine-types.js';
import { groupRole, isFollower, ordersAfter, sharedFaults } from '../../../src/vrrp/sync-group.js';
import { settings } from '../../helpers/vrrp-world.js';

const my = settings({ version: 3, grouped: true });
const START: Event = { is: 'start', atMs: 0 };
const DOWN: Event = { is: 'timer', name: 'master-down', atMs: 4000 };
const MASTER: Event = { is: 'group', to: 'master', atMs: 4000 };

const after = (...events: readonly Event[]): State =>
  events.reduce((state, event) => step(my, state, event).state, newState(100, false));

const states = {
  backup: after(START),
  waiting: after(START, DOWN),
  held: after(START, DOWN, { is: 'hold', atMs: 4000 }),
  master: after(START, DOWN, MASTER),
  fault: after({ is: 'fault', why: 'x', atMs: 0 }),
} as const;

interface Row {
  readonly says: string;
  readonly before: State;
  readonly event: Event;
  readonly others: Readonly<Record<string, State>>;
  readonly orders: readonly string[];
}

const ADVERT: Event = { is: 'advert', atMs: 5000, priority: 50, intervalMs: 1000, source: 'x', sender: 'lower' };

const rows: readonly Row[] = [
  {
    says: 'the last that waits: all who wait are masters',
    before: states.backup,
    event: DOWN,
    others: { b: states.waiting, c: states.waiting },
    orders: ['a master', 'b master', 'c master'],
  },
  {
    says: 'somebody hears a master: all wait',
    before: states.backup,
    event: DOWN,
    others: { b: states.waiting, c: states.backup },
    orders: [],
  },
  {
    says: 'somebody is in a fault: all wait',
    before: states.backup,
    event: DOWN,
    others: { b: states.fault },
    orders: [],
  },
  { says: 'somebody is held: all wait', before: states.backup, event: DOWN, others: { b: states.held }, orders: [] },
  {
    says: 'one that fell behind follows the others',
    before: states.backup,
    event: DOWN,
    others: { b: states.master },
    orders: ['a master'],
  },
  {
    says: 'one yields: all masters do',
    before: states.master,
    event: { ...ADVERT, priority: 200 },
    others: { b: states.master, c: states.waiting },
    orders: ['b backup'],
  },
  {
    says: 'one lost an address: all masters let go',
    before: states.master,
    event: { is: 'addresses-lost', atMs: 5000 },
    others: { b: states.master },
    orders: ['b backup soon'],
  },
  {
    says: 'one hears a lower router: all masters announce',
    before: states.master,
    event: ADVERT,
    others: { b: states.master, c: states.backup },
    orders: ['b repair'],
  },
  {
    says: 'what was ordered is not ordered on',
    before: states.master,
    event: { is: 'group', to: 'repair', atMs: 5000 },
    others: { b: states.master },
    orders: [],
  },
  {
    says: 'an advert of a better router is no news for others',
    before: states.backup,
    event: { ...ADVERT, priority: 200 },
    others: { b: states.backup },
    orders: [],
  },
];

for (const { says, before, event, others, orders } of rows)
  t.test(says, (t) => {
    const result = step(my, before, event);
    const members = new Map(Object.entries({ a: result.state, ...others }));
    t.same(
      ordersAfter(members, 'a', before, result).map(
        ({ member, to, soon }) => `${member} ${to}${soon === true ? ' soon' : ''}`,
      ),
      orders,
    );
    t.end();
  });

t.test('a fault of one is a fault of all, and says whose', (t) => {
  const faults = new Map([
    ['a', []],
    ['b', ['script chk is down', 'eth1 is down']],
    ['c', []],
  ]);
  t.same(Object.fromEntries(sharedFaults('G', faults)), {
    a: { why: 'sync group G: b', byGroup: true },
    b: { why: 'script chk is down', byGroup: false },
    c: { why: 'sync group G: b', byGroup: true },
  });
  t.equal(sharedFaults('G', new Map([['a', []]])).size, 0);
  t.end();
});

t.test('the group is what all of its members are', (t) => {
  const { backup, master, fault } = states;
  t.equal(groupRole([master, master]), 'master');
  t.equal(groupRole([master, backup]), 'backup');
  t.equal(groupRole([master, fault]), 'fault');
  t.equal(groupRole([backup, newState(100, false)]), 'initialize');
  t.end();
});

t.test('members that follow the group say nothing themselves', (t) => {
  const followed = step(my, states.waiting, MASTER).actions.filter((action) => action.do === 'tell');
  const own = step(my, states.master, { is: 'stop', atMs: 5000 }).actions.filter((action) => action.do === 'tell');
  t.same(
    followed.map(({ what }) => isFollower(what)),
    [true],
  );
  t.same(
    own.map(({ what }) => isFollower(what)),
    [false],
  );
  t.end();
});
