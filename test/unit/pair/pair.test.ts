/** Two directors with their own routers on fake links: what they know of each other, the planned switch, the second path. */
import t from 'tap';
import type { Test } from 'tap';
import { type SideOptions, TwoSides } from '../../helpers/pair-side.js';

async function sides(t: Test, one: SideOptions = {}, two: SideOptions = {}): Promise<TwoSides> {
  const both = new TwoSides();
  t.teardown(() => both.close());
  await both.settle(one, two);
  return both;
}

/** Runs the clock until it is answered. */
async function answered<T>(both: TwoSides, asked: Promise<T>): Promise<T> {
  const progress = { is: false };
  const done = (): void => void (progress.is = true);
  asked.then(done, done);
  for (let i = 0; i < 500 && !progress.is; i++) await both.run(10, 1);
  return asked;
}

t.test('both sides know each other, and agree', async (t) => {
  const both = await sides(t);
  for (const side of [both.one, both.two]) {
    t.equal(side.log.named('pair.found').length, 1);
    t.same(side.log.named('pair.lost'), []);
    t.same(side.log.named('pair.differs'), []);
  }
  const report = await answered(both, both.two.pair.report());
  t.equal(report.state, 'connected');
  t.same(report.differences, []);
  t.equal(report.ours.vrrp.instances[0]?.role, 'backup');
  t.equal(report.theirs?.vrrp.instances[0]?.role, 'master');
  t.equal(report.theirs?.facts.name, 'one');
  t.equal(both.tcp.connections.filter(([caller]) => !caller.isClosed).length, 1, 'one connection');
});

t.test('what differs is told on both sides, once, and that it does no more', async (t) => {
  const both = await sides(t, {}, { advertSeconds: 2 });
  const [event, ...more] = both.two.log.named('pair.differs');
  t.same(event?.['differences'], ['V51: advert interval: 2000 ms here, 1000 ms there']);
  t.same(more, []);
  t.same(both.one.log.named('pair.differs')[0]?.['differences'], ['V51: advert interval: 1000 ms here, 2000 ms there']);
  await both.run(20_000, 50);
  t.equal(both.two.log.named('pair.differs').length, 1);
  await both.two.follow({ priority: 100 });
  await both.run(4000, 50);
  t.equal(both.two.log.named('pair.agrees').length, 1);
  t.equal(both.one.log.named('pair.agrees').length, 1);
});

t.test('files are compared where both sides tell theirs', async (t) => {
  const both = await sides(t);
  const news = { services: {}, maglev: {}, health: {}, connections: null };
  both.one.pair.tell({ ...news, file: 'f00' });
  both.two.pair.tell(news);
  await both.run(5000);
  t.same(both.one.log.named('pair.differs'), [], 'one that takes no pushes has a file of its own');
  both.two.pair.tell({ ...news, file: 'f01' });
  await both.run(5000);
  t.same(both.one.log.named('pair.differs')[0]?.['differences'], ['configuration file: f00 here, f01 there']);
  both.two.pair.tell({ ...news, file: 'f00' });
  await both.run(5000);
  t.equal(both.one.log.named('pair.agrees').length, 1);
});

t.test('what an operator set on one side only is told, before the other one takes over without it', async (t) => {
  const both = await sides(t);
  const news = { services: {}, maglev: {}, health: {}, connections: null };
  const drained = { ...news, overrides: { 'tcp 192.0.2.1:80 -> 10.0.0.1:80': 'maintenance' } };
  both.one.pair.tell(drained);
  both.two.pair.tell(news);
  await both.run(5000);
  t.same(both.one.log.named('pair.differs'), [], 'an older one does not tell');
  both.two.pair.tell({ ...news, overrides: {} });
  await both.run(5000);
  const told = 'override of tcp 192.0.2.1:80 -> 10.0.0.1:80: maintenance here, none there';
  t.same(both.one.log.named('pair.differs')[0]?.['differences'], [told]);
  both.two.pair.tell(drained);
  await both.run(5000);
  t.equal(both.one.log.named('pair.agrees').length, 1);
});

t.test('a wrong password is named though it is not told', async (t) => {
  const both = await sides(
    t,
    { lines: 'version 2\nauthentication { \nauth_type PASS\nauth_pass right\n }' },
    { lines: 'version 2\nauthentication { \nauth_type PASS\nauth_pass wrong\n }' },
  );
  t.match(
    String(both.one.log.named('pair.differs')[0]?.['differences']),
    /V51: authentication: pass \w{12} here, pass/,
  );
  const said = both.tcp.connections.flatMap(([a, b]) => [...a.written, ...b.written]).join('');
  t.notMatch(said, /right|wrong|correct horse/);
});

t.test('equal priorities and routers of one side only', async (t) => {
  const both = await sides(t, { priority: 100, vrids: [51, 52] }, { priority: 100, vrids: [51, 53] });
  t.same(both.one.log.named('pair.differs')[0]?.['differences'], [
    'V51: priority 100 on both sides: who is master is left to addresses',
    'V52 (vrid 52) is here only',
    'V53 (vrid 53) is there only',
  ]);
});

t.test('the connection is lost without a word, and found again', async (t) => {
  const both = await sides(t);
  both.tcp.isCut = true;
  await both.run(3000);
  for (const side of [both.one, both.two]) t.equal(side.log.named('pair.lost').length, 1);
  t.match(both.one.log.named('pair.lost')[0]?.['why'], /nothing was heard of it for \d+ ms/);
  t.same([both.one.roles, both.two.roles], [['master'], ['backup']], 'adverts go on');
  await both.run(30_000, 50);
  t.equal(both.one.log.named('pair.lost').length, 1, 'once');
  both.tcp.isCut = false;
  await both.run(5000);
  for (const side of [both.one, both.two]) t.equal(side.log.named('pair.found').length, 2);
  const silent = await answered(both, both.one.pair.report());
  t.equal(silent.state, 'connected');
});

t.test('planned switch from the master: the successor has the addresses first, and nobody preempts', async (t) => {
  const both = await sides(t);
  const before = both.one.machine.calls.length;
  const result = await answered(both, both.one.pair.failover({ routers: [], to: undefined }));
  t.match(result, { to: 'peer', routers: ['V51'] });
  t.ok(result.tookMs < 5, `took ${result.tookMs} ms`);
  t.same(both.two.machine.held.get('V51'), ['10.77.0.51']);
  await both.run(50);
  t.same(both.one.machine.calls.slice(before), ['V51 release']);
  t.same([both.one.roles, both.two.roles], [['backup'], ['master']]);
  await both.run(20_000, 50);
  t.same([both.one.roles, both.two.roles], [['backup'], ['master']], 'the higher priority stays where it is');
  const back = await answered(both, both.one.pair.failover({ routers: ['V51'], to: 'here' }));
  t.match(back, { to: 'here' });
  await both.run(5000, 50);
  t.same([both.one.roles, both.two.roles], [['master'], ['backup']]);
});

t.test('planned switch from the backup, by the name of who shall have it', async (t) => {
  const both = await sides(t);
  await answered(both, both.two.pair.failover({ routers: [], to: 'two' }));
  await both.run(3000);
  t.same([both.one.roles, both.two.roles], [['backup'], ['master']]);
});

t.test('the successor advertises at once though the priority 0 of the predecessor is lost', async (t) => {
  const both = await sides(t);
  both.adverts.loses = () => true;
  await answered(both, both.one.pair.failover({ routers: [], to: 'peer' }));
  const atMs = both.adverts.clock.now();
  await both.run(20, 1);
  t.ok(both.adverts.sent.some((sent) => sent.from === '10.77.0.2' && sent.atMs <= atMs + 5));
});

t.test('a sync group moves as a whole, and neither side takes it apart', async (t) => {
  const group = { vrids: [51, 52, 53], more: 'vrrp_sync_group G { group {\n V51\n V52\n } }' };
  const both = await sides(t, group, group);
  const result = await answered(both, both.one.pair.failover({ routers: ['V51'], to: 'peer' }));
  t.same(result.routers, ['V51', 'V52']);
  await both.run(20_000, 50);
  t.same(both.one.roles, ['backup', 'backup', 'master']);
  t.same(both.two.roles, ['master', 'master', 'backup']);
});

const refusals: readonly (readonly [
  name: string,
  sentence: RegExp,
  order: { routers: string[]; to?: string },
  prepare?: (both: TwoSides) => void | Promise<void>,
])[] = [
  ['a router that is not there', /there is no vrrp_instance 'V9' here; nothing was changed/, { routers: ['V9'] }],
  ['a side that is none', /'three' is neither here nor the peer/, { routers: [], to: 'three' }],
  ['the master is there already', /nothing is master on the peer/, { routers: [], to: 'here' }],
  [
    'the other one has a fault',
    /V51 has a fault there: .*eth0/,
    { routers: [] },
    async (both) => {
      both.two.machine.set(false);
      await both.run(500);
    },
  ],
  [
    'the other one may not be master yet',
    /V51 may not become master there yet/,
    { routers: [] },
    (both) => both.two.router.hold(),
  ],
  [
    'the other one does not answer',
    /the connection to the peer ended|did not answer within 1000 ms/,
    { routers: [] },
    (both) => void (both.tcp.isCut = true),
  ],
  [
    'nobody is there',
    /the peer is silent/,
    { routers: [] },
    async (both) => {
      both.tcp.isCut = true;
      await both.run(2000);
    },
  ],
];
for (const [name, sentence, { routers, to }, prepare] of refusals)
  t.test(`planned switch refused: ${name}`, async (t) => {
    const both = await sides(t);
    await prepare?.(both);
    await t.rejects(answered(both, both.one.pair.failover({ routers, to })), { message: sentence });
    await both.run(5000, 50);
    t.same(both.one.roles, ['master']);
    t.same([...both.one.machine.held.keys()], ['V51']);
  });

t.test('the kernel of the successor refuses the addresses: nothing is changed', async (t) => {
  const both = await sides(t);
  both.two.machine.refuses = true;
  await t.rejects(answered(both, both.one.pair.failover({ routers: [], to: 'peer' })), {
    message: /the addresses of V51 could not be taken there/,
  });
  await both.run(5000, 50);
  t.same([both.one.roles, both.two.roles], [['master'], ['backup']]);
});

t.test('stop: the successor is told and confirms first', async (t) => {
  const both = await sides(t);
  const stopped = both.one.pair.handOver();
  await answered(both, stopped);
  t.same(both.two.machine.held.get('V51'), ['10.77.0.51']);
  t.equal(both.one.roles[0], 'backup');
});

t.test('a master whose link falls tells the other one: it does not wait for three adverts', async (t) => {
  const both = await sides(t);
  both.adverts.loses = (from) => from === '10.77.0.1';
  const atMs = both.adverts.clock.now();
  both.one.machine.set(false);
  while (both.two.roles[0] !== 'master' && both.adverts.clock.now() < atMs + 5000) await both.run(1, 1);
  t.ok(both.adverts.clock.now() - atMs < 60, `${both.adverts.clock.now() - atMs} ms`);
});

t.test(
  'a backup that hears no adverts does not take over as long as the other one says that it sends them',
  async (t) => {
    const both = await sides(t);
    both.adverts.loses = (from) => from === '10.77.0.1';
    await both.run(20_000, 50);
    t.same([both.one.roles, both.two.roles], [['master'], ['backup']]);
    t.equal(both.two.told.filter(([, { is }]) => is === 'deaf').length, 1, 'told once');
    both.adverts.loses = () => false;
    await both.run(5000, 50);
    t.same([both.one.roles, both.two.roles], [['master'], ['backup']]);
    both.adverts.loses = (from) => from === '10.77.0.1';
    await both.run(10_000, 50);
    t.equal(both.two.told.filter(([, { is }]) => is === 'deaf').length, 2, 'and the next time again');
  },
);

t.test('… but not for ever: it may be the master whom nobody hears', async (t) => {
  const both = await sides(t, {}, { globals: 'pair_second_path 10' });
  both.adverts.loses = (from) => from === '10.77.0.1';
  await both.run(10_000, 50);
  t.same(both.two.roles, ['backup']);
  await both.run(5000, 50);
  t.same(both.two.roles, ['master']);
  await both.run(10_000, 50);
  t.same([both.one.roles, both.two.roles], [['master'], ['master']]);
  const news = (side: typeof both.one, name: string): number => side.told.filter(([, { is }]) => is === name).length;
  t.same([news(both.one, 'unheard'), news(both.one, 'deaf')], [1, 0], 'it hears the other one, and is not heard');
  t.equal(news(both.two, 'deaf'), 2, 'once as backup, and once as a master too many');
});

t.test('… and not at all where the file says so', async (t) => {
  const both = await sides(t, {}, { globals: 'pair_second_path 0' });
  both.adverts.loses = (from) => from === '10.77.0.1';
  await both.run(4000, 50);
  t.same(both.two.roles, ['master']);
});

t.test('the whole master dies: the second path does not put it off by a moment', async (t) => {
  const both = await sides(t);
  const last = Math.max(...both.adverts.sent.map(({ atMs }) => atMs));
  both.adverts.loses = (from) => from === '10.77.0.1';
  both.tcp.isCut = true;
  while (both.two.roles[0] !== 'master') await both.run(1, 1);
  const downMs = 3000 + ((256 - 100) * 1000) / 256;
  const tookMs = both.adverts.clock.now() - last;
  t.ok(Math.abs(tookMs - downMs) < 5, `${tookMs} ms, and ${downMs} ms by the RFC`);
});

t.test('both call at once: one connection stays', async (t) => {
  const both = new TwoSides();
  t.teardown(() => both.close());
  await Promise.all([both.one.follow({ priority: 150 }), both.two.follow({ priority: 100 })]);
  const [a, b] = [both.tcp.dial('10.99.0.1', '10.99.0.2:51112'), both.tcp.dial('10.99.0.2', '10.99.0.1:51112')];
  await both.run(5000);
  t.ok(await a);
  t.ok(await b);
  const open = both.tcp.connections.filter(([caller, called]) => !caller.isClosed && !called.isClosed);
  t.equal(open.length, 1);
  t.equal(both.one.log.named('pair.lost').length, 0);
});
