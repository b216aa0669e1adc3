/** `lvsctl pair` and `lvsctl failover`: what is asked, what is printed, the exit status. */
import t from 'tap';
import { decodeRequest } from '../../../src/cli/control.js';
import { parseLvsctl } from '../../../src/cli/lvsctl.js';
import { failoverText, pairText, printPair } from '../../../src/cli/pair.js';
import type { SideReport } from '../../../src/pair/messages.js';
import type { PairSeen, SyncReport } from '../../../src/pair/sync-report.js';
import type { InstanceReport } from '../../../src/vrrp/report.js';

const asked = (...args: readonly string[]): unknown => {
  const order = parseLvsctl(args, {});
  return 'request' in order ? order.request : order;
};

t.test('what is asked', (t) => {
  t.same(asked('pair'), { do: 'pair' });
  t.same(asked('failover'), { do: 'failover', order: { to: undefined, routers: [] } });
  t.same(asked('failover', '--to', 'peer', 'V1', 'V2'), {
    do: 'failover',
    order: { to: 'peer', routers: ['V1', 'V2'] },
  });
  t.match(asked('pair', 'V1'), { wrong: "'V1' is too much" });
  t.match(asked('failover', '--help'), { help: /--to/ });
  t.end();
});

t.test('what a daemon takes for a request', (t) => {
  const line = (told: unknown): unknown => decodeRequest(JSON.stringify(told));
  t.same(line({ do: 'pair' }), { do: 'pair' });
  t.same(line({ do: 'failover', order: { routers: ['V1'], to: 'peer' } }), {
    do: 'failover',
    order: { routers: ['V1'], to: 'peer' },
  });
  for (const order of [null, {}, { routers: 'V1' }, { routers: [1] }, { routers: [], to: 7 }])
    t.equal(line({ do: 'failover', order }), undefined);
  t.end();
});

const router = (more: Partial<InstanceReport>): InstanceReport => ({
  name: 'V1',
  interface: 'eth0',
  family: 'ip4',
  version: 3,
  vrid: 51,
  role: 'backup',
  fault: null,
  waitsFor: [],
  held: false,
  priority: 100,
  configuredPriority: 100,
  advertMs: 1000,
  masterForMs: null,
  master: null,
  addresses: ['192.0.2.1/24'],
  lastAdvertMsAgo: null,
  sent: { adverts: 0, refusedByKernel: 0 },
  accepted: 0,
  refused: {},
  remarks: [],
  addressesInUse: [],
  ...more,
});
const side = (name: string, instances: readonly InstanceReport[], more: Partial<SideReport> = {}): SideReport => ({
  facts: { name, software: '0.1.0', beatMs: 200, routers: [], director: null },
  vrrp: { instances, groups: [] },
  connections: null,
  ...more,
});

const ours = side('lb1', [router({ role: 'master', priority: 150, masterForMs: 12_345 })]);
const theirs = side('lb2', [
  router({ master: { address: '10.0.0.1', priority: 150 }, lastAdvertMsAgo: 410 }),
  router({ name: 'V2', vrid: 52, role: 'fault', fault: 'interface eth0 is down' }),
]);
const synced: SyncReport = {
  peer: { is: 'connected', forMs: 1000, why: null, notListening: null },
  connections: {
    is: 'off',
    why: null,
    messages: 0,
    runningForMs: null,
    taken: null,
    given: null,
    isGiving: false,
    daemons: [],
    lostMessages: null,
  },
  sessions: { takes: null, why: null, gives: null },
  waitsFor: null,
};
const report: PairSeen = {
  peer: { address: '10.99.0.2', port: 51_112 },
  state: 'connected',
  stateForMs: 60_000,
  why: null,
  differences: [],
  ours,
  theirs,
  refused: 0,
  sync: { ours: synced, theirs: null },
};

t.test('both sides beside each other', (t) => {
  t.equal(
    pairText(report),
    `peer at 10.99.0.2:51112: connected for 60.0 s
                lb1 (here)                       lb2
  lvsd          0.1.0                            0.1.0
  V1 (vrid 51)  master for 12.3 s, priority 150  backup, priority 100, heard 0.4 s ago
  V2            -                                fault (interface eth0 is down), priority 100
`,
  );
  t.end();
});

t.test('what the directors told of services', (t) => {
  const director = {
    services: { 'tcp 192.0.2.1:80': 'a' },
    maglev: {},
    health: { a: 'up', b: 'down' },
  } as const;
  const told = { ...ours, facts: { ...ours.facts, director }, connections: 7 };
  t.match(pairText({ ...report, ours: told }), /services +1 +\?\n +servers +1 of 2 up +\?\n +connections +7 +\?\n/);
  t.notMatch(pairText({ ...report, ours: told }), / file /);
  const both = { ...told, facts: { ...told.facts, director: { ...director, file: 'f00' } } };
  t.match(pairText({ ...report, ours: both, theirs: both }), / file +f00 +f00\n/);
  t.end();
});

t.test('the exit status', (t) => {
  const printed: string[] = [];
  const output = { out: (text: string) => void printed.push(text), err: () => undefined };
  t.equal(printPair(report, false, output), 0);
  t.equal(printPair({ ...report, differences: ['V1: version: 2 here, 3 there'] }, false, output), 1);
  t.match(printed.at(-1), /differences:\n {2}V1: version: 2 here, 3 there\n/);
  t.equal(printPair({ ...report, state: 'silent', why: 'connect ECONNREFUSED', theirs: null }, false, output), 1);
  t.match(printed.at(-1), /silent for 60.0 s, connect ECONNREFUSED\n(.*\n)+.*V1 \(vrid 51\) .* \?\n/);
  t.equal(printPair({ ...report, theirs: null }, true, output), 1, 'connected, and no answer');
  t.match(JSON.parse(printed.at(-1) ?? ''), { theirs: null, peer: { port: 51_112 } });
  t.end();
});

t.test('what was moved', (t) => {
  t.equal(
    failoverText({ to: 'peer', routers: ['V1', 'V2'], tookMs: 2.34 }),
    'V1, V2: master on the peer now (2.3 ms)\n',
  );
  t.end();
});
