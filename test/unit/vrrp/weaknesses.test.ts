/** Where keepalived or FRR are measurably weak, and what our machine does in the same place. Numbers are those of docs/vrrp.md. */
import t from 'tap';
import { type Router, World } from '../../helpers/vrrp-world.js';

const started = (names: Readonly<Record<string, number>>, version: 2 | 3 = 3): World => {
  const world = new World();
  for (const [name, priority] of Object.entries(names)) world.add(name, { priority, my: { version } });
  for (const name of Object.keys(names)) world.router(name).happens({ is: 'start' });
  world.runTo(10_000);
  return world;
};

/** A stranger's advert, each `everyMs` from now on for a while. */
function flood(world: World, to: Router, priority: number, everyMs: number, times: number): void {
  const fromMs = world.clock.now();
  for (let nth = 0; nth < times; nth++)
    world.at(fromMs + nth * everyMs, () =>
      to.happens({ is: 'advert', priority, intervalMs: 1000, source: '10.77.0.99', sender: 'higher' }),
    );
}

t.test(
  'weakness 1: a master whose link falls is followed within 50 ms of the word of BFD, at adverts of one second',
  (t) => {
    const world = started({ r1: 150, r2: 100 });
    world.router('r1').dies();
    world.runTo(10_060);
    world.router('r2').happens({ is: 'master-lost' });
    world.runTo(10_110);
    t.same(world.masters, ['r2']);
    t.end();
  },
);

t.test('weakness 1: a wrong word of BFD costs one exchange of adverts, and the right master stays', (t) => {
  const world = started({ r1: 150, r2: 100 });
  world.router('r2').happens({ is: 'master-lost' });
  world.runTo(10_060);
  t.same(world.masters, ['r1']);
  t.equal(world.told('master → backup: higher-priority', 'r2').length, 1);
  t.end();
});

for (const [name, priority, everyMs] of [
  ['lower adverts, 100 a second', 50, 10],
  ['priority 0, 100 a second', 0, 10],
] as const)
  t.test(`weakness 2: ${name} do not move the rhythm of a master`, (t) => {
    const world = new World();
    const r1 = world.add('r1', { priority: 150, my: { version: 3, answersLower: false } });
    r1.happens({ is: 'start' });
    world.runTo(10_000);
    const before = world.told('advert 150').at(-1)?.atMs ?? 0;
    flood(world, r1, priority, everyMs, 1000);
    world.runTo(20_000);
    const beats = world.told('advert 150').filter(({ atMs }) => (atMs - before) % 1000 === 0 && atMs > before);
    t.equal(beats.length, 10);
    t.same(world.masters, ['r1']);
    t.end();
  });

t.test('weakness 3: one advert of 40.95 s keeps the addresses dark for four intervals of ours, not for 140 s', (t) => {
  const world = started({ r1: 150 });
  world
    .router('r1')
    .happens({ is: 'advert', priority: 200, intervalMs: 40_950, source: '10.77.0.99', sender: 'higher' });
  t.same(world.masters, []);
  world.runTo(10_000 + 3 * 4000 + (106 / 256) * 4000 + 1);
  t.same(world.masters, ['r1']);
  t.end();
});

t.test('weakness 4: 200 lower adverts in two seconds cost 20 adverts and one repair per second', (t) => {
  const world = new World();
  const addresses = Array.from({ length: 20 }, (_, index) => `10.77.0.${50 + index}`);
  const r1 = world.add('r1', { priority: 150, addresses, my: { version: 3 } });
  r1.happens({ is: 'start' });
  world.runTo(20_000);
  const lines = world.lines.length;
  flood(world, r1, 50, 10, 200);
  world.runTo(40_000);
  const since = world.lines.slice(lines);
  const adverts = since.filter(({ what, atMs }) => what === 'advert 150' && atMs <= 22_100).length;
  const garps = since.filter(({ what }) => what.startsWith('garp')).length;
  t.ok(adverts <= 24, `${adverts} adverts; keepalived: 206`);
  // three repairs of 5 per address, and one second burst that replaced the others
  t.equal(garps, 4 * 5 * 20, 'keepalived: 27843');
  t.end();
});

t.test('weakness 4: what a rival said last is repaired', (t) => {
  const world = started({ r1: 150 });
  flood(world, world.router('r1'), 50, 300, 3);
  world.runTo(12_000);
  t.same(
    world
      .told('garp', 'r1')
      .filter(({ atMs }) => atMs >= 10_000)
      .map(({ atMs }) => atMs),
    [10_000, 11_000].flatMap((atMs) => Array<number>(5).fill(atMs)),
  );
  t.end();
});

t.test('weakness 5: killed and back within an interval: the other side does not notice', (t) => {
  const world = started({ r1: 150, r2: 100 });
  const lastAdvertMs = world.told('advert 150', 'r1').at(-1)?.atMs ?? 0;
  world.router('r1').dies();
  world.runTo(10_900);
  world.router('r1').happens({ is: 'resume', lastAdvertMs });
  world.runTo(20_000);
  t.same(world.masters, ['r1']);
  t.equal(world.told('backup → master', 'r2').length, 0);
  t.equal(world.told('releases', 'r1').length, 1, 'only at its first start');
  t.end();
});

t.test('weakness 6: who is held does not preempt before it is released', (t) => {
  const world = started({ r2: 100 });
  const r1 = world.add('r1', { priority: 150, my: { version: 3 } });
  r1.happens({ is: 'hold' });
  r1.happens({ is: 'start' });
  world.runTo(60_000);
  t.same(world.masters, ['r2']);
  r1.happens({ is: 'released' });
  world.runTo(63_450);
  t.same(world.masters, ['r1']);
  t.end();
});

t.test('weakness 14: a planned switch: the successor has the addresses before the predecessor lets go', (t) => {
  const world = started({ r1: 150, r2: 100, r3: 90 });
  world.router('r2').happens({ is: 'take-over' });
  world.runTo(10_002);
  t.same(world.masters, ['r1', 'r2'], 'nobody is without');
  world.router('r1').happens({ is: 'step-down' });
  world.runTo(10_003);
  t.same(world.masters, ['r2']);
  const holds = world.told('holds', 'r2')[0]?.atMs ?? Infinity;
  const releases = world.told('releases', 'r1').at(-1)?.atMs ?? 0;
  t.ok(holds < releases);
  world.runTo(60_000);
  t.same(world.masters, ['r2'], 'the predecessor does not preempt');
  t.equal(world.told('backup → master', 'r3').length, 0);
  world.router('r2').happens({ is: 'stop' });
  world.runTo(61_000);
  t.same(world.masters, ['r1'], 'but is there when it is needed');
  t.end();
});

t.test('weakness 14: a planned switch whose predecessor does not let go is undone', (t) => {
  const world = started({ r1: 150, r2: 100 });
  world.router('r2').happens({ is: 'take-over' });
  world.runTo(13_000);
  t.same(world.masters, ['r1']);
  t.equal(world.told('garp', 'r1').filter(({ atMs }) => atMs > 10_000).length >= 5, true, 'it tells where they are');
  t.end();
});

t.test('weakness 14: a planned switch whose predecessor dies meanwhile has a master all the time', (t) => {
  const world = started({ r1: 150, r2: 100 });
  world.router('r2').happens({ is: 'take-over' });
  world.router('r1').dies();
  world.runTo(20_000);
  t.same(world.masters, ['r2']);
  t.ok(world.told('advert 100', 'r2').length >= 8);
  t.end();
});
