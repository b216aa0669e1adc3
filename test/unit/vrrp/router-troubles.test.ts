/** What goes wrong around virtual routers: interfaces that come and go, a kernel that refuses, reloads at the wrong moment, pauses, floods. */
import assert from 'node:assert/strict';
import t from 'tap';
import { encodeAdvert } from '../../../src/vrrp/advert.js';
import { AdvertHub, packet } from '../../helpers/fake-adverts.js';
import { settled } from '../../helpers/fake-clock.js';
import { instance, Side } from '../../helpers/vrrp-side.js';

const GROUP = '224.0.0.18';

async function alone(text = instance(150)): Promise<{ hub: AdvertHub; a: Side; run: (ms: number) => Promise<void> }> {
  const hub = new AdvertHub();
  const a = new Side(hub, '10.77.0.1');
  await a.follow(text);
  return { hub, a, run: (ms) => hub.clock.run(ms, 50) };
}

const advertOf = (source: string, priority: number, intervalMs = 1000): Uint8Array =>
  encodeAdvert(
    { version: 3, vrid: 51, priority, intervalMs, addresses: ['10.77.0.50'], authentication: undefined },
    { source, destination: GROUP },
    'pseudo',
    () => new Uint8Array(0),
  );

/** A valid advert from somebody. */
function hears(hub: AdvertHub, to: string, source: string, priority: number): void {
  hub.inject(to, packet({ family: 'ip4', protocol: 112, source, ttl: 255 }, advertOf(source, priority), GROUP));
}

const lastPriority = (hub: AdvertHub): number => hub.sent.at(-1)!.payload[2]!;

t.test('whatever the fault is, priority 0 is the last that is said', async (t) => {
  const { hub, a, run } = await alone();
  await run(5000);
  t.equal(a.role, 'master');
  a.machine.set(false);
  t.equal(a.role, 'fault');
  t.equal(lastPriority(hub), 0);
  t.same(hub.open, [], 'and nothing is heard any more');
  const { length } = hub.sent;
  await run(3000);
  t.equal(hub.sent.length, length);
});

t.test('an interface that is missing at first, vanishes, and comes back as another one', async (t) => {
  const hub = new AdvertHub();
  const a = new Side(hub, '10.77.0.1');
  a.machine.index = undefined;
  await a.follow(instance(150));
  t.equal(a.role, 'fault');
  await hub.clock.run(60_000, 1000);
  t.equal(a.log.named('vrrp.not-ready').length, 1, 'said once');
  const tries = a.machine.calls.length;
  await hub.clock.run(60_000, 1000);
  t.equal(a.machine.calls.length, tries, 'nothing is tried while it is not there');

  a.machine.replace(3);
  await hub.clock.run(5000, 50);
  t.equal(a.role, 'master');

  a.machine.replace(undefined);
  await hub.clock.run(100, 50);
  t.equal(a.role, 'fault');
  a.machine.replace(4);
  await hub.clock.run(5000, 50);
  t.equal(a.role, 'master');

  const prepared = a.machine.calls.filter((call) => call.includes('prepare')).length;
  a.machine.replace(5); // gone and back within one batch of news
  await hub.clock.run(5000, 50);
  t.equal(a.role, 'master');
  t.equal(a.machine.calls.filter((call) => call.includes('prepare')).length, prepared + 1);
  t.equal(hub.open.length, 1);
});

t.test('what cannot be prepared is tried again', async (t) => {
  const hub = new AdvertHub();
  const a = new Side(hub, '10.77.0.1');
  a.machine.unprepared = 'nft is not there';
  await a.follow(instance(150));
  await hub.clock.run(10_000, 50);
  t.equal(a.role, 'fault');
  t.ok(a.machine.calls.length < 15, 'once a second');
  a.machine.unprepared = undefined;
  await hub.clock.run(6000, 50);
  t.equal(a.role, 'master');
});

t.test('sockets that the kernel refuses are a fault for as long as they are, and asked for again', async (t) => {
  const hub = new AdvertHub();
  const a = new Side(hub, '10.77.0.1');
  hub.refuses = 'too many open files';
  await a.follow(instance(150));
  a.router.look();
  a.router.look();
  await hub.clock.run(10_000, 50);
  t.same(a.router.instances[0]!.instance.state, {
    is: 'fault',
    priority: 150,
    held: false,
    why: 'adverts: too many open files',
  });
  hub.refuses = undefined;
  await hub.clock.run(6000, 50);
  t.equal(a.role, 'master');
  t.equal(hub.sent.length > 0, true);
});

t.test('a master whose new socket is refused says so by the old one', async (t) => {
  const { hub, a, run } = await alone();
  await run(5000);
  hub.refuses = 'no memory';
  await a.follow(instance(150, { lines: 'unicast_peer { 10.77.0.9 }' }));
  t.equal(a.role, 'fault');
  t.same([hub.sent.at(-1)!.to, lastPriority(hub)], [GROUP, 0]);
});

t.test('addresses that the kernel refuses at first are announced when they are there', async (t) => {
  const hub = new AdvertHub();
  const a = new Side(hub, '10.77.0.1');
  a.machine.refuses = true;
  await a.follow(instance(150));
  await hub.clock.run(4000, 50);
  t.equal(a.role, 'master');
  t.equal(a.port.frames.length, 0);
  a.machine.refuses = false;
  await hub.clock.run(1100, 50);
  t.same([...a.machine.held], [['V1', ['10.77.0.50']]]);
  t.equal(a.port.frames.length, 5);
});

t.test('a reload that changes nothing: nothing is prepared, held or announced anew', async (t) => {
  const { a, run } = await alone();
  await run(12_000);
  const [calls, frames] = [a.machine.calls.length, a.port.frames.length];
  for (let i = 0; i < 5; i++) {
    await a.follow(`# line ${i}\n\n${instance(150)}`);
    await run(100);
  }
  t.equal(a.machine.calls.length, calls);
  t.equal(a.port.frames.length, frames);
  t.equal(a.role, 'master');
});

t.test('a reload while addresses are being put there: those of the new file are', async (t) => {
  const { a, run } = await alone();
  await run(3400);
  while (a.role !== 'master') await run(50);
  await a.follow(instance(150, { addresses: '10.77.0.60/24' }));
  await settled();
  t.same([...a.machine.held], [['V1', ['10.77.0.60']]]);
});

t.test('a reload says the new things in the first advert, on the channel that is there', async (t) => {
  const { hub, a, run } = await alone();
  await run(4500);
  const { length } = hub.sent;
  await a.follow(instance(150, { addresses: '10.77.0.60/24', lines: 'advert_int 2' }));
  await run(50);
  const said = hub.sent.slice(length).map(({ payload }) => [payload[5], [...payload.subarray(8, 12)]]);
  t.ok(said.length > 0);
  for (const one of said) t.same(one, [200, [10, 77, 0, 60]]);
  t.equal(hub.open.length, 1);
  const sent = hub.sent.length;
  await run(8000);
  t.equal(hub.sent.length, sent + 4, 'in the new interval');
});

const group = (...members: readonly string[]): string => `vrrp_sync_group G {\ngroup { ${members.join(' ')} }\n}\n`;
const V1 = instance(150, { name: 'V1', vrid: 51 });
const V2 = instance(150, { name: 'V2', vrid: 52, addresses: '10.77.0.52/24' });

t.test('a fault of one member is told as its own, and by the group as the others', async (t) => {
  const script = 'vrrp_script chk {\nscript "/bin/true"\n}\n';
  const tracking = instance(150, { name: 'V1', lines: 'track_script { chk }' });
  const hub = new AdvertHub();
  const a = new Side(hub, '10.77.0.1');
  a.tracked.set('chk', { good: true });
  await a.follow(script + group('V1', 'V2') + tracking + V2);
  await hub.clock.run(5000, 50);
  t.same(a.roles, ['master', 'master']);
  a.tracked.set('chk', { good: false });
  a.router.look();
  await hub.clock.run(50);
  t.same(a.roles, ['fault', 'fault']);
  t.match(a.told.slice(-2), [
    { router: 'V1', what: { is: 'role', to: 'fault', why: 'fault' }, byGroup: false },
    { router: 'V2', what: { is: 'role', to: 'fault', why: 'group', detail: 'sync group G: V1' }, byGroup: true },
  ]);
  a.tracked.set('chk', { good: true });
  a.router.look();
  await hub.clock.run(50);
  t.match(a.told.slice(-2), [
    { router: 'V1', what: { to: 'backup', why: 'repaired' }, byGroup: false },
    { router: 'V2', what: { to: 'backup', why: 'group' }, byGroup: true },
  ]);
});

t.test('who waits for its group is free when a reload takes it out, or the one it waits for', async (t) => {
  for (const text of [group('V2') + V1 + V2, group('V1') + V1 + V2, group('V1') + V1]) {
    const hub = new AdvertHub();
    const a = new Side(hub, '10.77.0.1');
    const script = 'vrrp_script chk {\nscript "/bin/true"\n}\n';
    const waiting = instance(150, { name: 'V2', vrid: 52, addresses: '10.77.0.52/24', lines: 'track_script { chk }' });
    await a.follow(script + group('V1', 'V2') + V1 + waiting);
    await hub.clock.run(10_000, 50);
    t.same(a.roles, ['backup', 'initialize'], 'V1 waits for V2, which waits for its script');
    await a.follow(text);
    await hub.clock.run(5000, 50);
    t.equal(a.role, 'master');
  }
});

t.test('a member that a reload adds to a master group is master after its time', async (t) => {
  const { a, run } = await alone(group('V1') + V1);
  await run(5000);
  await a.follow(group('V1', 'V2') + V1 + V2);
  await run(5000);
  t.same(a.roles, ['master', 'master']);
});

t.test('the end of a fault is no start: a script that has not run yet is waited for', async (t) => {
  const script = 'vrrp_script chk {\nscript "/bin/true"\n}\n';
  const hub = new AdvertHub();
  const a = new Side(hub, '10.77.0.1');
  a.machine.running = false;
  await a.follow(script + instance(150, { lines: 'track_script { chk }' }));
  t.equal(a.role, 'fault');
  a.machine.set(true);
  await hub.clock.run(8000, 50);
  t.match(a.router.instances[0]!.instance.state, { is: 'fault', why: 'script chk is not known yet' });
  a.tracked.set('chk', { good: true });
  a.router.look();
  await hub.clock.run(5000, 50);
  t.equal(a.role, 'master');
});

t.test(
  'kill -9 with several routers: each goes on by itself, startup delay or not; who died long ago does not',
  async (t) => {
    const texts = V1 + V2 + instance(150, { name: 'V3', vrid: 53, addresses: '10.77.0.53/24' });
    const hub = new AdvertHub();
    const a = new Side(hub, '10.77.0.1');
    a.machine.leftovers = true;
    await hub.clock.run(10_000);
    a.router.hold();
    await a.follow(texts, (name) => (name === 'V3' ? undefined : { aliveMs: 9800 }));
    await settled();
    t.same(a.roles, ['master', 'master', 'backup']);
    t.same(
      a.machine.calls.filter((call) => call.endsWith('release')),
      ['V3 release'],
    );
    await hub.clock.run(20_000, 50);
    t.same(a.roles, ['master', 'master', 'backup'], 'V3 is not eligible before its time');
    a.router.release();
    await hub.clock.run(5000, 50);
    t.same(a.roles, ['master', 'master', 'master']);

    const other = new AdvertHub();
    const b = new Side(other, '10.77.0.1');
    b.machine.leftovers = true;
    await other.clock.run(10_000);
    await b.follow(V1, () => ({ aliveMs: 7900 }));
    await settled();
    t.equal(b.role, 'backup', 'its last advert may have left at 6900: somebody may be master since 9900');
  },
);

t.test('held: who starts listens, and is master only after the release and a full silence', async (t) => {
  const hub = new AdvertHub();
  const a = new Side(hub, '10.77.0.1');
  a.router.hold();
  await a.follow(instance(150));
  await hub.clock.run(30_000, 50);
  t.equal(a.role, 'backup');
  a.router.release();
  await hub.clock.run(3300, 50);
  t.equal(a.role, 'backup');
  await hub.clock.run(300, 50);
  t.equal(a.role, 'master');
});

/** b is master, a hears it by the thread's note only. */
async function listening(
  lines: string,
): Promise<{ hub: AdvertHub; a: Side; b: Side; run: (ms: number) => Promise<void> }> {
  const { hub, a, run } = await alone(instance(100, { lines }));
  const b = new Side(hub, '10.77.0.2');
  await b.follow(instance(120));
  await run(8000);
  assert.deepEqual([a.role, b.role], ['backup', 'master']);
  return { hub, a, b, run };
}

t.test('a priority that rises counts from the last advert on, noted or told', async (t) => {
  const { a, hub, run } = await listening('');
  await run(2900);
  const lastMs = hub.sent.at(-1)!.atMs;
  await a.follow(instance(200));
  while (a.role !== 'master') await run(50);
  const downMs = 3000 + (56 * 1000) / 256;
  const took = hub.clock.now() - lastMs;
  t.ok(took >= downMs && took < downMs + 200, `${took} ms after the last advert that was obeyed`);
});

t.test('preempt_delay: until its end each advert counts, and the last one of these begins the silence', async (t) => {
  const hub = new AdvertHub();
  const b = new Side(hub, '10.77.0.2');
  await b.follow(instance(100));
  await hub.clock.run(8000, 50);
  const a = new Side(hub, '10.77.0.1');
  await a.follow(instance(200, { lines: 'preempt_delay 5' }));
  const startMs = hub.clock.now();
  while (a.role !== 'master') await hub.clock.run(50, 50);
  const tookMs = hub.clock.now() - startMs;
  t.ok(tookMs > 5000 + 2200 && tookMs < 5000 + 4400, `${tookMs} ms: the delay and a master-down`);
});

t.test('nopreempt: a lower master that goes on is left alone, one that stops is not', async (t) => {
  const hub = new AdvertHub();
  const b = new Side(hub, '10.77.0.2');
  await b.follow(instance(100));
  await hub.clock.run(8000, 50);
  const a = new Side(hub, '10.77.0.1');
  await a.follow(instance(200, { lines: 'nopreempt' }));
  await hub.clock.run(60_000, 50);
  t.same([a.role, b.role], ['backup', 'master']);
  hub.loses = (from) => from === '10.77.0.2';
  await hub.clock.run(3300, 50);
  t.equal(a.role, 'master');
});

t.test('the same master with another priority, then with another interval', async (t) => {
  const { a, b, run } = await listening('');
  const master = (): unknown => {
    const { state } = a.router.instances[0]!.instance;
    return state.is === 'backup' && [state.master?.priority, state.masterAdvertMs];
  };
  await b.follow(instance(110));
  await run(1500);
  t.same(master(), [110, 1000]);
  await b.follow(instance(110, { lines: 'advert_int 2' }));
  await run(2500);
  t.same(master(), [110, 2000]);
  await run(30_000);
  t.same([a.role, b.role], ['backup', 'master']);
});

t.test(
  'stopped for five seconds: a backup looks at what came in meanwhile, and a master that timer_expired_backup tells to lets go',
  async (t) => {
    const { a, run } = await listening('');
    const sinceMs = a.port.clock.now();
    await run(5000);
    a.router.tellAll((atMs) => ({ is: 'paused', sinceMs, atMs }));
    const { state } = a.router.instances[0]!.instance;
    t.ok(state.is === 'backup' && state.deadlineMs > a.port.clock.now() + 2000, 'the master is there');

    const hub = new AdvertHub();
    const m = new Side(hub, '10.77.0.1');
    await m.follow(instance(150, { lines: 'nopreempt\ntimer_expired_backup 100' }));
    await hub.clock.run(10_000, 50);
    t.equal(m.role, 'master');
    m.router.tellAll((atMs) => ({ is: 'paused', sinceMs: atMs - 5000, atMs }));
    await settled();
    t.equal(m.role, 'backup');
    t.same([...m.machine.held], []);
    t.not(lastPriority(hub), 0, 'whoever took over is not disturbed');
  },
);

t.test('valid adverts from ever other sources: neither log nor memory grow with them', async (t) => {
  const { hub, a, run } = await alone(instance(100));
  const floods = 5000;
  for (let i = 0; i < floods; i++) {
    hears(hub, '10.77.0.1', `10.77.${1 + (i >> 8)}.${i & 0xff}`, 200);
    if (i % 10 === 0) await run(10);
  }
  const news = (): number => a.told.filter(({ what }) => what.is === 'new-master').length;
  t.ok(news() <= 7, `${news()} in five seconds`);
  await run(1500);
  const last = floods - 1;
  t.match(a.told.at(-1), { what: { is: 'new-master', master: { source: `10.77.${1 + (last >> 8)}.${last & 0xff}` } } });
  t.ok(hub.clock.pending < 10);
});

t.test('removed by a reload while an interface goes: it has gone for good', async (t) => {
  const { hub, a, run } = await alone(V1 + V2);
  await run(5000);
  const gone = a.follow(V2);
  a.machine.set(false);
  a.machine.set(true);
  await gone;
  await run(6000);
  t.same(a.roles, ['master']);
  t.same([...a.machine.held.keys()], ['V2']);
  t.equal(hub.open.length, 1);
  t.equal(a.machine.calls.filter((call) => call === 'V1 dismantle').length, 1);
});

t.test('unicast with several peers: each hears it, and each takes over by itself', async (t) => {
  const hub = new AdvertHub();
  const addresses = ['10.77.0.1', '10.77.0.2', '10.77.0.3'];
  const sides = addresses.map((address) => new Side(hub, address));
  for (const [i, side] of sides.entries()) {
    const peers = addresses.filter((_, other) => other !== i).join(' ');
    await side.follow(instance(150 - 10 * i, { lines: `unicast_peer { ${peers} }` }));
  }
  const run = (ms: number): Promise<void> => hub.clock.run(ms, 50);
  await run(5000);
  t.same(
    sides.map(({ role }) => role),
    ['master', 'backup', 'backup'],
  );
  hub.loses = (from, to) => from === '10.77.0.1' || to === '10.77.0.1';
  await run(5000);
  t.same(
    sides.map(({ role }) => role),
    ['master', 'master', 'backup'],
  );
  hub.loses = () => false;
  await run(2500);
  t.same(
    sides.map(({ role }) => role),
    ['master', 'backup', 'backup'],
  );
});
