/** Rare moments of virtual routers: late threads, addresses that are had in part, numbers that go on after a kill -9. */
import t from 'tap';
import { AdvertHub } from '../../helpers/fake-adverts.js';
import { settled } from '../../helpers/fake-clock.js';
import { instance, Side } from '../../helpers/vrrp-side.js';

async function alone(text = instance(150)): Promise<{ hub: AdvertHub; a: Side; run: (ms: number) => Promise<void> }> {
  const hub = new AdvertHub();
  const a = new Side(hub, '10.77.0.1');
  await a.follow(text);
  return { hub, a, run: (ms) => hub.clock.run(ms, 50) };
}

const lastPriority = (hub: AdvertHub): number => hub.sent.at(-1)!.payload[2]!;

t.test(
  'timer_expired_backup: adverts that are late for so long are not sent, and the master learns of it',
  async (t) => {
    const { hub, a, run } = await alone(instance(150, { lines: 'nopreempt\ntimer_expired_backup 100' }));
    await run(10_000);
    t.equal(a.role, 'master');
    hub.lateMs = 2500;
    await run(2000);
    a.router.minds();
    t.equal(a.role, 'master', 'a late word is better than none: nobody took over for it');
    hub.lateMs = 2700; // three intervals and the skew of 100, less the interval before the moment that is late
    const { length } = hub.sent;
    await run(2000);
    t.equal(hub.sent.length, length, 'nothing is made up for');
    a.router.minds();
    await settled();
    t.equal(a.role, 'backup');
    t.same([...a.machine.held], []);
    hub.lateMs = 0;
    await run(5000);
    t.equal(a.role, 'master', 'nobody had taken over');
    t.not(lastPriority(hub), 0);
  },
);

t.test('an address of a sync group is lost: all members are back after their skew, and no later', async (t) => {
  const { hub, a, run } = await alone(
    `${instance(150)}${instance(150, { name: 'V2', vrid: 52, addresses: '10.77.0.60/24' })} vrrp_sync_group G { group { V1\nV2 } }`,
  );
  await run(5000);
  t.same(a.roles, ['master', 'master']);
  a.machine.lose('V1', '10.77.0.50');
  await settled();
  t.same(a.roles, ['backup', 'backup']);
  t.equal(hub.sent.slice(-2).filter(({ payload }) => payload[2] === 0).length, 2, 'both let go');
  await run(450); // (256 - 150) / 256 of a second
  t.same(a.roles, ['master', 'master']);
});

t.test(
  'addresses that the kernel refuses in part are held, asked for again, and announced when they are there',
  async (t) => {
    const hub = new AdvertHub();
    const a = new Side(hub, '10.77.0.1');
    a.machine.refused = new Set(['10.77.0.51']);
    await a.follow(instance(150, { addresses: '10.77.0.50/24\n10.77.0.51/24' }));
    await hub.clock.run(5000, 50);
    t.equal(a.role, 'master');
    t.same(a.machine.held.get('V1'), ['10.77.0.50']);
    await hub.clock.run(10_000, 50);
    const before = a.port.frames.length;
    t.ok(a.port.frames.every((frame) => frame.at(-1) === 50));
    a.machine.refused = new Set();
    await hub.clock.run(1500, 50);
    t.same(a.machine.held.get('V1'), ['10.77.0.50', '10.77.0.51']);
    t.ok(
      a.port.frames.slice(before).some((frame) => frame.at(-1) === 51),
      'and announced',
    );
  },
);

t.test('kill -9: numbers of authentication headers go on, or nobody would hear us', async (t) => {
  const hub = new AdvertHub();
  const a = new Side(hub, '10.77.0.1');
  a.machine.leftovers = true;
  await hub.clock.run(10_000);
  const lines = 'authentication { auth_type AH\nauth_pass secret }';
  await a.follow(instance(150, { version: 2, lines }), () => ({ aliveMs: 9_500, headerSequence: 1042 }));
  await hub.clock.run(3000, 50);
  const numbers = hub.sent.map(({ payload }) => new DataView(payload.buffer, payload.byteOffset).getUint32(8));
  t.equal(numbers[0], 1043);
  t.same(
    numbers,
    [...numbers].sort((one, other) => one - other),
  );
  t.ok(a.router.instances[0]!.instance.headerSequence >= numbers.at(-1)!, 'and the next process is told of all');
});
