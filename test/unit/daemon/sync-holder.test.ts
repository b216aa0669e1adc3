/** Two `lvsd sync` that know each other, by roles and states: who takes, who gives, who waits, and what ends where. */
import t from 'tap';
import { decodeSessions, encodeSessions, type SessionRecord } from '../../../src/dataplane/session-record.js';
import { FakeClock, settled } from '../../helpers/fake-clock.js';
import { FakeSecureHub } from '../../helpers/fake-secure-network.js';
import { FakeSessions, type SideOptions, SyncSide, until } from '../../helpers/sync-side.js';

t.setTimeout(120_000);

const session = (vip: string, port: number, more: Partial<SessionRecord> = {}): SessionRecord => ({
  client: { address: '10.9.9.9', port },
  vip: { address: vip, port: 80 },
  destination: { address: '10.1.0.1', port: 80 },
  snat: undefined,
  protocol: 6,
  state: 'established',
  affinity: false,
  gone: false,
  remainingMs: 600_000,
  service: 0,
  hash: 1n,
  ...more,
});
const [V1, V2] = ['10.0.0.1', '10.0.0.2'];
const MASTER = { V1: 'master', V2: 'master' } as const;
const BACKUP = { V1: 'backup', V2: 'backup' } as const;

const portsOf = ({ engine }: SyncSide): readonly number[] =>
  [...(engine?.records.values() ?? [])]
    .flatMap((one) => decodeSessions(one).map(({ client }) => client.port))
    .sort((a, b) => a - b);

class Both implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly hub = new FakeSecureHub();
  readonly one = new SyncSide(this.hub, this.clock, 1);
  readonly two = new SyncSide(this.hub, this.clock, 2);

  /** No timer is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.one.holder.stop();
    await this.two.holder.stop();
    await this.run(30_000);
    if (this.clock.pending > 0) throw new Error(`${this.clock.pending} timers are left`);
  }

  until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    return until(this.clock, what, isSo);
  }

  async run(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 50) {
      this.clock.advance(50);
      for (let i = 0; i < 5; i++) await settled();
    }
  }
}

const kernel: SideOptions = { userspace: false, globals: 'lvs_sync_daemon cross V1 id 5' };

t.test('the standby takes what the master has, and what changes; it may be master when all is there', async (t) => {
  await using both = new Both();
  const { one, two } = both;
  one.become(MASTER);
  one.engine?.tell(encodeSessions([session(V1, 1), session(V2, 2)]));
  await one.follow();
  await two.follow();
  await both.until('two may be master', () => two.synced.length === 1);
  t.same(two.synced, ['all is here']);
  t.same(portsOf(two), [1, 2]);
  one.engine?.tell(encodeSessions([session(V1, 3), session(V2, 2, { gone: true })]));
  await both.until('the changes', () => portsOf(two).join() === '1,3');
  t.match((await two.report()).sessions, { takes: { isWhole: true }, gives: null });
  t.match((await one.report()).sessions, { takes: null, gives: { phase: 'changes' } });
  t.match(await two.holder.report(), { theirs: { sessions: { gives: { phase: 'changes' } } } });
  t.match(two.log.named('pair.sync-sessions'), [{ refused: 0 }]);
  t.match(one.log.named('pair.sync-found'), [{ peer: '10.99.0.2' }]);
});

t.test('what ends at a master of yesterday does not end at that of today', async (t) => {
  await using both = new Both();
  const { one, two } = both;
  one.become(MASTER);
  one.engine?.tell(encodeSessions([session(V1, 1), session(V2, 2)]));
  await one.follow();
  await two.follow();
  await both.until('whole', () => two.synced.length === 1);
  two.become(MASTER);
  await both.run(100);
  one.engine?.tell(encodeSessions([session(V1, 1, { gone: true })]));
  await both.run(2000);
  t.same(portsOf(two), [1, 2]);
  one.become(BACKUP);
  await both.until('the other way round', async () => (await one.report()).sessions.takes?.isWhole === true);
  t.same(portsOf(one), [1, 2]);
  t.same(portsOf(two), [1, 2]);
});

t.test('each is master of something: both ways, each what is its own', async (t) => {
  await using both = new Both();
  const { one, two } = both;
  one.become({ V1: 'master', V2: 'backup' });
  two.become({ V1: 'backup', V2: 'master' });
  one.engine?.tell(encodeSessions([session(V1, 1)]));
  two.engine?.tell(encodeSessions([session(V2, 2)]));
  await one.follow();
  await two.follow();
  await both.until('both have both', () => [one, two].every((side) => portsOf(side).join() === '1,2'));
  // an old copy of it ends at the other side
  one.engine?.tell(encodeSessions([session(V2, 2, { gone: true })]));
  await both.run(3000);
  t.same(portsOf(two), [2, 1].sort(), 'it lives where its master is');
  one.become(MASTER);
  two.become(BACKUP);
  two.engine?.tell(encodeSessions([session(V1, 1, { gone: true })]));
  await both.until('one gives all', async () => (await two.report()).sessions.takes?.isWhole === true);
  t.ok(portsOf(one).includes(1));
});

t.test('the standby’s engine dies: the next one gets all; so does the master’s, from the standby', async (t) => {
  await using both = new Both();
  const { one, two } = both;
  one.become(MASTER);
  one.engine?.tell(encodeSessions([session(V1, 1), session(V2, 2)]));
  await one.follow();
  await two.follow();
  await both.until('whole', () => two.synced.length === 1);
  const old = two.engine;
  two.engine = undefined;
  old?.die();
  await both.run(1000);
  t.match((await two.report()).sessions, { takes: null, why: 'no engine runs here' });
  two.engine = new FakeSessions(200);
  await both.until('the next one has all', () => portsOf(two).join() === '1,2');

  const dead = one.engine;
  one.engine = new FakeSessions(300);
  dead?.die();
  let isRestored = false;
  void one.holder.restore().then(() => (isRestored = true));
  await both.until('it has its sessions', () => isRestored);
  t.same(portsOf(one), [1, 2], 'before it takes packets');
  await both.until('and gives again', async () => (await two.report()).sessions.takes?.isWhole === true);
  t.same(portsOf(two), [1, 2]);
  t.match(one.log.named('pair.sync-restored'), [{ sessions: 2 }]);
  await one.holder.restore();
  t.equal(one.log.named('pair.sync-restored').length, 1, 'it does not ask twice');
});

t.test('an engine without services is not asked to take sessions', async (t) => {
  await using both = new Both();
  const { one, two } = both;
  one.become(MASTER);
  one.engine?.tell(encodeSessions([session(V1, 1)]));
  if (two.engine !== undefined) two.engine.services = undefined;
  await one.follow();
  await two.follow();
  await both.run(3000);
  t.same(portsOf(two), []);
  t.same(two.synced, []);
  if (two.engine !== undefined) two.engine.services = new Uint8Array(8);
  await both.until('now', () => two.synced.length === 1);
  t.same(portsOf(two), [1]);
});

t.test('two that start together, and neither is master: nobody waits for the other', async (t) => {
  await using both = new Both();
  await both.one.follow();
  await both.two.follow();
  await both.until('both may be master', () => both.one.synced.length === 1 && both.two.synced.length === 1);
  t.match(both.one.synced[0], /it is master of nothing/);
});

t.test('alone: after five seconds, and with the other one at once; cut, and mended', async (t) => {
  await using both = new Both();
  const { one, two, hub } = both;
  one.engine?.tell(encodeSessions([session(V1, 1)]));
  await one.follow();
  await both.run(4000);
  t.same(one.synced, []);
  t.match((await one.report()).waitsFor, /the other director/);
  await both.until('alone', () => one.synced.length === 1);
  t.match(one.synced[0], /alone: .*nobody listens/);
  one.become(MASTER);
  await two.follow();
  await both.until('two has all', () => two.synced.length === 1);
  hub.cut();
  await both.run(5000);
  t.match((await two.holder.report()).theirs, null);
  t.match((await two.report()).peer, { is: 'away' });
  t.match(two.log.named('pair.sync-lost'), [{ peer: '10.99.0.1' }]);
  await t.rejects(two.holder.ask({ do: 'x' }, 1000), { code: 'PAIR_REFUSED' });
  one.engine?.tell(encodeSessions([session(V1, 2), session(V1, 1, { gone: true })]));
  hub.mend();
  await both.until('what it missed', () => portsOf(two).join() === '2');
  t.equal(two.synced.length, 1, 'told once');
});

t.test('another key: a sentence on both sides, nothing is taken, and nobody waits', async (t) => {
  await using both = new Both();
  const { one, two } = both;
  one.become(MASTER);
  one.engine?.tell(encodeSessions([session(V1, 1)]));
  await one.follow();
  await two.follow({ key: 'another secret of theirs' });
  await both.until('two does not wait', () => two.synced.length === 1);
  t.match(two.synced[0], /its key is not ours/);
  t.match(two.log.named('pair.sync-refused'), [{ why: /its key is not ours/ }]);
  t.ok(one.log.named('pair.sync-refused').length > 0);
  t.match((await two.report()).peer, { is: 'untrusted' });
  await both.run(60_000);
  t.ok(both.hub.dials < 80, `${both.hub.dials} calls`);
  t.same(portsOf(two), []);
  await two.follow();
  await both.until('the right key', () => portsOf(two).join() === '1');
});

t.test('the port is taken: it is said, tried again, and the other direction works', async (t) => {
  await using both = new Both();
  both.hub.taken.add('10.99.0.1');
  await both.one.follow();
  await both.two.follow();
  await both.run(500);
  t.match(both.one.log.named('pair.sync-not-listening'), [{ reason: /EADDRINUSE/ }]);
  t.match((await both.one.report()).peer, { is: 'connected', notListening: /EADDRINUSE/ });
  both.hub.taken.clear();
  await both.until('two reaches it', async () => (await both.two.report()).peer.is === 'connected');
});

t.test('questions from director to director, through both processes', async (t) => {
  await using both = new Both();
  const { one, two } = both;
  await one.follow();
  await two.follow();
  await both.until('connected', async () => (await one.report()).peer.is === 'connected');
  const asked = one.holder.ask({ do: 'add', n: 20 }, 5000);
  const question = await two.holder.nextQuestion();
  t.match(question?.question, { do: 'add', n: 20 });
  two.holder.answer(question?.id ?? 0, { ok: true, result: 22 });
  t.same(await asked, { ok: true, result: 22 });
});

t.test(
  'kernel: taken once in a boot, again after the other one was away, and when this one is no master any more',
  async (t) => {
    await using both = new Both();
    const { one, two, hub } = both;
    one.become(MASTER);
    one.daemons = [{ state: 'master', interface: 'cross', syncId: 5 }];
    await one.follow(kernel);
    await two.follow(kernel);
    await both.until('two may be master', () => two.synced.length === 1);
    t.equal(two.log.named('pair.sync-taken').length, 1);
    t.equal(one.log.named('pair.sync-given').length, 1);
    t.match((await two.report()).connections, { is: 'done', taken: { missing: 0 }, lostMessages: 0 });
    await both.until('one has its own', async () => /is master/.test((await one.report()).connections.why ?? ''));
    t.match((await one.report()).connections, { is: 'off', given: { missing: 0 } });
    await both.run(20_000);
    t.equal(two.log.named('pair.sync-taken').length, 1);

    hub.cut();
    await both.run(6000);
    hub.mend();
    await both.until('taken again', () => two.log.named('pair.sync-taken').length === 2);

    two.daemons = [{ state: 'master', interface: 'cross', syncId: 5 }];
    one.daemons = [{ state: 'backup', interface: 'cross', syncId: 5 }];
    two.become(MASTER);
    one.become(BACKUP);
    await both.until('the other way round', () => one.log.named('pair.sync-taken').length === 1);

    const after = new SyncSide(hub, both.clock, 2, two.memory);
    after.become(BACKUP);
    await after.follow(kernel);
    await both.until('the one after a kill', () => after.synced.length === 1);
    await both.run(3000);
    t.equal(after.log.named('pair.sync-taken').length, 0, 'has no need of it');
    await after.holder.stop();
    t.equal(two.memory.text, undefined, 'one that was stopped begins anew');
  },
);

for (const [name, mine, theirs, why] of [
  ['another sync id', 'lvs_sync_daemon cross V1 id 6', 'lvs_sync_daemon cross V1 id 5', /sync id 5, and ours 6/],
  ['none at the other side', 'lvs_sync_daemon cross V1 id 5', '', /it has no lvs_sync_daemon/],
] as const)
  t.test(`kernel: ${name}: a sentence, and nobody waits for ever`, async (t) => {
    await using both = new Both();
    const { one, two } = both;
    two.daemons = [{ state: 'backup', interface: 'cross', syncId: mine.endsWith('6') ? 6 : 5 }];
    await one.follow({ userspace: false, globals: theirs });
    await two.follow({ userspace: false, globals: mine });
    await both.until('two may be master', () => two.synced.length === 1);
    t.match(two.synced[0], why);
    t.match((await two.report()).connections, { is: 'failed', why });
    t.match(two.log.named('pair.sync-failed'), [{ reason: why }], 'said once');
  });

t.test('kernel: no daemon here, or none runs', async (t) => {
  await using both = new Both();
  const { one, two } = both;
  await one.follow({ userspace: false });
  two.daemons = [];
  await two.follow(kernel);
  await both.until('neither waits for ever', () => one.synced.length === 1 && two.synced.length === 1);
  t.match((await one.report()).connections, { is: 'off', why: 'there is no lvs_sync_daemon here' });
  t.match((await two.report()).connections, { is: 'failed', why: /no backup daemon with sync id 5 runs/ });
  two.daemons = undefined;
  await both.run(30_000);
  t.match((await two.report()).connections, { is: 'failed', daemons: [] });
});

t.test('a key that cannot be read: nothing is changed', async (t) => {
  await using both = new Both();
  await both.one.follow();
  await t.rejects(both.one.follow({ key: 'file:/nowhere/at/all' }), { code: 'PAIR_KEY' });
  await both.two.follow();
  await both.until('the one before is in force', async () => (await both.one.report()).peer.is === 'connected');
});
