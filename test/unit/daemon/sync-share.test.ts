import t from 'tap';
import { Share } from '../../../src/daemon/sync-share.js';
import { decodeSessions, encodeSessions, type SessionRecord } from '../../../src/dataplane/session-record.js';
import { SessionOrigins } from '../../../src/dataplane/sync-origins.js';

const routers = [
  { name: 'V1', addresses: ['10.0.0.1', 'fd00::1'] },
  { name: 'V2', addresses: ['10.0.0.2'] },
];

const session = (vip: string, port: number): SessionRecord => ({
  client: { address: vip.includes(':') ? 'fd00::9' : '10.9.9.9', port },
  vip: { address: vip, port: 80 },
  destination: { address: '10.1.0.1', port: 80 },
  snat: undefined,
  protocol: 6,
  state: 'established',
  affinity: false,
  gone: false,
  remainingMs: 1000,
  service: 0,
  hash: 1n,
});

const all = encodeSessions([
  session('10.0.0.1', 1),
  session('fd00::1', 2),
  session('10.0.0.2', 3),
  session('10.0.0.3', 4), // of no virtual router
  session('10.0.0.1', 5),
]);
const portsOf = (records: Uint8Array): readonly number[] => decodeSessions(records).map(({ client }) => client.port);
const nothing = new SessionOrigins(100, [1, 2]);

t.test('the one master gives all, and takes nothing of its own', (t) => {
  const share = new Share(routers, { V1: 'master', V2: 'master' });
  t.ok(share.isMasterOfAll);
  t.same(portsOf(share.given(all, nothing)), [1, 2, 3, 4, 5]);
  t.same(portsOf(share.accepted(all)), [4]);
  t.end();
});

t.test('the one that stands by takes all', (t) => {
  const share = new Share(routers, { V1: 'backup' });
  t.same(share.masters, []);
  t.same(portsOf(share.accepted(all)), [1, 2, 3, 4, 5]);
  t.end();
});

t.test('each is master of something: each VIP’s sessions go one way, and nobody’s are told back', (t) => {
  const one = new Share(routers, { V1: 'master', V2: 'backup' });
  const other = new Share(routers, { V1: 'backup', V2: 'master' });
  t.same(portsOf(one.given(all, nothing)), [1, 2, 4, 5]);
  t.same(portsOf(other.accepted(one.given(all, nothing))), [1, 2, 4, 5]);
  const origins = new SessionOrigins(100, [3, 4]);
  origins.begin();
  origins.note(other.accepted(one.given(all, nothing)));
  t.same(portsOf(other.given(all, origins)), [3], 'what the other one told is not ours to tell');
  t.same(portsOf(one.accepted(all)), [3, 4], 'and what is ours is not theirs to tell');
  t.end();
});

t.test('nothing of nothing', (t) => {
  const share = new Share(routers, { V1: 'master', V2: 'fault' });
  t.equal(share.given(new Uint8Array(0), nothing).length, 0);
  t.equal(share.accepted(new Uint8Array(0)).length, 0);
  t.end();
});
