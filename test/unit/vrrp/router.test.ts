/** Owners with real machines, real bytes and real announcements; the link, the network and time are fakes. */
import t from 'tap';
import { AdvertHub, packet } from '../../helpers/fake-adverts.js';
import { settled } from '../../helpers/fake-clock.js';
import { instance, type InstanceOptions, Side } from '../../helpers/vrrp-side.js';

interface PairOptions extends InstanceOptions {
  readonly instances?: string;
}

interface Pair {
  readonly hub: AdvertHub;
  readonly a: Side;
  readonly b: Side;
  readonly run: (ms: number) => Promise<void>;
}

async function pair(options: PairOptions = {}): Promise<Pair> {
  const hub = new AdvertHub();
  const [a, b] = [new Side(hub, '10.77.0.1'), new Side(hub, '10.77.0.2')];
  await a.follow(options.instances ?? instance(150, options));
  await b.follow(options.instances ?? instance(100, options));
  return { hub, a, b, run: (ms) => hub.clock.run(ms, 50) };
}

for (const version of [2, 3] as const)
  t.test(`version ${version}: the higher priority is master, and says so to its link`, async (t) => {
    const { a, b, run } = await pair({ version });
    await run(4000);
    t.equal(a.role, 'master');
    t.equal(b.role, 'backup');
    t.same([...a.machine.held], [['V1', ['10.77.0.50']]]);
    t.same([...b.machine.held], []);
    t.equal(a.port.frames.length, 5, 'five gratuitous ARPs at once');
    await run(5000);
    t.equal(a.port.frames.length, 10, 'and five later');
  });

t.test('adverts that are all alike are noted by the thread, and keep the backup in its place', async (t) => {
  const { a, b, hub, run } = await pair();
  await run(4000);
  const { accepted } = b.router.instances[0]!.instance.traffic;
  await run(20_000);
  t.equal(b.role, 'backup');
  t.equal(b.router.instances[0]!.instance.traffic.accepted, accepted + 20, 'each of them counts');
  hub.loses = (from) => from === '10.77.0.1';
  await run(3600);
  t.equal(b.role, 'master', 'silence is noticed all the same');
  hub.loses = () => false;
  await run(1200);
  t.equal(a.role, 'master');
  t.equal(b.role, 'backup', 'and the better one is obeyed at once');
});

t.test('who preempts has announced its addresses before it says so: its predecessor answers until then', async (t) => {
  const hub = new AdvertHub();
  const [a, b] = [new Side(hub, '10.77.0.1'), new Side(hub, '10.77.0.2')];
  await b.follow(instance(100, {}));
  await hub.clock.run(4000, 50);
  t.equal(b.role, 'master');
  let announced: number | undefined;
  hub.loses = (from) => {
    if (from === '10.77.0.1') announced ??= a.port.frames.length;
    return false;
  };
  await a.follow(instance(150, {}));
  await hub.clock.run(4000, 50);
  t.equal(announced, 5);
  t.same([a.role, b.role], ['master', 'backup']);
});

t.test('a stop is told: the other waits for its skew only', async (t) => {
  const { a, b, run } = await pair();
  await run(4000);
  await a.router.stop();
  t.same(a.machine.calls.slice(-2), ['V1 release', 'V1 dismantle']);
  await run(650);
  t.equal(b.role, 'master');
});

t.test('a link without carrier is a fault; its end is a new start', async (t) => {
  const { a, b, run } = await pair();
  await run(4000);
  a.machine.set(false);
  await run(100);
  t.equal(a.role, 'fault');
  t.same([...a.machine.held], []);
  await run(4000);
  t.equal(b.role, 'master');
  a.machine.set(true);
  await run(4000);
  t.equal(a.role, 'master');
});

t.test('addresses that somebody removed: let go, and back after the skew', async (t) => {
  const { a, run } = await pair();
  await run(4000);
  a.machine.lose('V1', '10.77.0.50');
  await run(50);
  t.equal(a.role, 'backup');
  await run(700);
  t.equal(a.role, 'master');
});

t.test('kill -9: the next process is master at once, without touching the addresses', async (t) => {
  const hub = new AdvertHub();
  const a = new Side(hub, '10.77.0.1');
  a.machine.leftovers = true;
  await hub.clock.run(10_000);
  await a.follow(instance(150, {}), () => ({ aliveMs: 9_500 }));
  await settled();
  t.equal(a.role, 'master');
  t.notOk(a.machine.calls.includes('V1 release'));
  t.ok(a.machine.calls.includes('V1 prepare, keep'));

  const elsewhere = new AdvertHub();
  const late = new Side(elsewhere, '10.77.0.1');
  late.machine.leftovers = true;
  await elsewhere.clock.run(10_000);
  await late.follow(instance(150, {}), () => ({ aliveMs: 5_000 }));
  await settled();
  t.equal(late.role, 'backup', 'somebody may have taken over since');
  t.ok(late.machine.calls.includes('V1 release'));
});

t.test('a flood of bad adverts does not keep a master from advertising, nor fill the log', async (t) => {
  const { a, hub, run } = await pair();
  await run(4000);
  const bad = hub.sent.at(-1)!.payload.slice();
  bad[6]! ^= 0xff;
  const before = hub.sent.filter(({ from }) => from === '10.77.0.1').length;
  for (let i = 0; i < 500; i++) {
    const sender = { family: 'ip4', protocol: 112, source: '10.77.0.99', ttl: 255 } as const;
    hub.inject('10.77.0.1', packet(sender, bad, '224.0.0.18'));
    await run(20);
  }
  const adverts = hub.sent.filter(({ from }) => from === '10.77.0.1').length - before;
  t.ok(adverts === 10 || adverts === 11, `${adverts} in ten seconds`);
  t.equal(a.role, 'master');
  const lines = [...a.log.named('vrrp.conflict'), ...a.log.named('vrrp.refused')];
  t.equal(lines.length, 1);
  t.equal(a.router.instances[0]!.instance.refused.get('checksum')?.count, 500);
});

t.test('two passwords are two masters, and the log says why', async (t) => {
  const hub = new AdvertHub();
  const [a, b] = [new Side(hub, '10.77.0.1'), new Side(hub, '10.77.0.2')];
  const secret = (word: string): string => `authentication { auth_type PASS\nauth_pass ${word}\n}`;
  await a.follow(instance(150, { version: 2, lines: secret('one') }));
  await b.follow(instance(100, { version: 2, lines: secret('two') }));
  await hub.clock.run(8000);
  t.same([a.role, b.role], ['master', 'master']);
  for (const { log } of [a, b]) t.match(log.named('vrrp.conflict')[0], { router: 'V1', reason: 'password' });
});

t.test(
  'a reload: what did not change goes on, another priority is said at the next beat, who is gone lets go',
  async (t) => {
    const { a, b, run } = await pair();
    await run(4000);
    await a.follow(instance(90, {}));
    await run(4500);
    t.same([a.role, b.role], ['backup', 'master']);
    await a.follow(instance(200, {}));
    await run(4500);
    t.same([a.role, b.role], ['master', 'backup']);
    await a.follow('global_defs {\n}\n');
    t.equal(a.router.instances.length, 0);
    await run(700);
    t.equal(b.role, 'master');
  },
);

t.test('a script without weight is a fault; before it has run nothing begins', async (t) => {
  const script = 'vrrp_script chk {\nscript "/bin/true"\n}\n';
  const lines = 'track_script { chk }';
  const hub = new AdvertHub();
  const a = new Side(hub, '10.77.0.1');
  await a.follow(script + instance(150, { lines }));
  await hub.clock.run(8000);
  t.equal(a.role, 'initialize');
  a.tracked.set('chk', { good: true });
  a.router.look();
  await hub.clock.run(4000);
  t.equal(a.role, 'master');
  a.tracked.set('chk', { good: false });
  a.router.look();
  await hub.clock.run(100);
  t.equal(a.role, 'fault');
  t.equal(hub.sent.at(-1)!.payload[2], 0, 'priority 0 is the last that is said');
});

t.test('a group goes together', async (t) => {
  const one = (name: string, vrid: number, priority: number): string =>
    `vrrp_instance ${name} {\nversion 3\ninterface eth0\nvirtual_router_id ${vrid}\npriority ${priority}\nvirtual_ipaddress { 10.77.0.${vrid}/24 }\n}\n`;
  const group = 'vrrp_sync_group G {\ngroup { V1 V2 }\n}\n';
  const hub = new AdvertHub();
  const a = new Side(hub, '10.77.0.1');
  await a.follow(group + one('V1', 51, 150) + one('V2', 52, 120));
  await hub.clock.run(5000);
  t.same(
    a.router.instances.map(({ instance: { state } }) => state.is),
    ['master', 'master'],
  );
  a.machine.lose('V1', '10.77.0.51');
  t.same(
    a.router.instances.map(({ instance: { state } }) => state.is),
    ['backup', 'backup'],
  );
});
