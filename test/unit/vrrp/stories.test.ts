/**
 * What keepalived 2.2.7 and 2.4.3 did, recorded on the wire: our machines on a fake link make the same decisions at the same moments. Moments are
 * seconds since the first router started; the recorded ones are off by what the recorded machine needed, at most a tenth of a second.
 */
import t from 'tap';
import type { Test } from 'tap';
import { type RouterOptions, World } from '../../helpers/vrrp-world.js';

interface Story {
  readonly name: string;
  readonly routers: Readonly<Record<string, RouterOptions>>;
  readonly happens: (world: World) => void;
  readonly endS: number;
  /** First adverts of each master, in order. */
  readonly masters: readonly (readonly [atS: number, router: string])[];
  readonly also?: (t: Test, world: World) => void;
}

const TOLERANCE_MS = 100;

const starts = (world: World, atS: number, ...names: readonly string[]): void =>
  world.at(atS * 1000, () => {
    for (const name of names) world.router(name).happens({ is: 'start' });
  });
const stops = (world: World, atS: number, name: string): void =>
  world.at(atS * 1000, () => world.router(name).happens({ is: 'stop' }));

/** Neither hears the other. */
const partition = (world: World, fromS: number, toS: number): void => {
  const before = world.loses;
  world.loses = (from, to, atMs) => (atMs >= fromS * 1000 && atMs < toS * 1000) || before(from, to, atMs);
};

const near = (t: Test, actualMs: number | undefined, expectedS: number, what: string): void =>
  void t.ok(
    actualMs !== undefined && Math.abs(actualMs - expectedS * 1000) <= TOLERANCE_MS,
    `${what}: ${actualMs} ms, recorded ${expectedS} s`,
  );

const adverts = (world: World, router: string): readonly string[] =>
  world.told('advert', router).map(({ what }) => what);
const garps = (world: World, router: string, fromS: number, toS: number): number =>
  world.told('garp', router).filter(({ atMs }) => atMs >= fromS * 1000 && atMs < toS * 1000).length;

const pair = { r1: { priority: 150 }, r2: { priority: 100 } };

const stories: readonly Story[] = [
  {
    name: 'v2-mcast-noauth, v2-preempt-delay: with preempt_delay 4 a restarted router waits 4 s and its timer',
    routers: { r1: { priority: 150, my: { preemptDelayMs: 4000 } }, r2: { priority: 100 } },
    happens(world) {
      starts(world, 0, 'r1', 'r2');
      stops(world, 4.949, 'r1');
      starts(world, 9, 'r1');
    },
    endS: 17,
    masters: [
      [3.404, 'r1'],
      [5.558, 'r2'],
      [15.979, 'r1'],
    ],
    also: (t, world) => void t.match(adverts(world, 'r1'), ['advert 150', 'advert 150', 'advert 0', 'advert 150']),
  },
  {
    name: 'v2-same-prio: of two equal routers the first stays, and the other follows when it stops',
    routers: { r1: { priority: 100 }, r2: { priority: 100 } },
    happens(world) {
      starts(world, 0, 'r1');
      starts(world, 0.01, 'r2');
      stops(world, 6.965, 'r1');
    },
    endS: 8,
    masters: [
      [3.596, 'r1'],
      [7.584, 'r2'],
    ],
  },
  {
    name: 'v2-same-prio-split: both are masters while they do not hear each other; then the higher address stays',
    routers: { r1: { priority: 100 }, r2: { priority: 100 } },
    happens(world) {
      starts(world, 0, 'r1');
      starts(world, 0.01, 'r2');
      partition(world, 8.61, 12.3);
    },
    endS: 16,
    masters: [
      [3.599, 'r1'],
      [12.21, 'r2'],
    ],
    also(t, world) {
      t.same(world.masters, ['r2']);
      t.equal(world.told('master → backup: higher-address', 'r1').length, 1);
    },
  },
  {
    name: 'v2-weight: 150 - 60 is advertised; the backup ignores it and is master after its own time; and back',
    routers: pair,
    happens(world) {
      starts(world, 0, 'r1', 'r2');
      world.at(6000, () => world.router('r1').happens({ is: 'priority', value: 90 }));
      world.at(12_500, () => world.router('r1').happens({ is: 'priority', value: 150 }));
      stops(world, 18.997, 'r1');
    },
    endS: 20,
    masters: [
      [3.411, 'r1'],
      [9.022, 'r2'],
      [15.44, 'r1'],
      [19.607, 'r2'],
    ],
    also(t, world) {
      t.match(
        adverts(world, 'r1').slice(0, 7),
        ['150', '150', '150', '90', '90', '90'].map((priority) => `advert ${priority}`),
      );
    },
  },
  {
    name: 'v2-fault: a fault is told with priority 0, and the backup waits for its skew; the end of it is a new start',
    routers: pair,
    happens(world) {
      starts(world, 0, 'r1', 'r2');
      world.at(5998, () => world.router('r1').happens({ is: 'fault', why: 'script chk' }));
      world.at(10_999, () => world.router('r1').happens({ is: 'repaired' }));
      stops(world, 16.999, 'r1');
    },
    endS: 18,
    masters: [
      [3.411, 'r1'],
      [6.609, 'r2'],
      [14.413, 'r1'],
      [17.609, 'r2'],
    ],
  },
  {
    name: 'v2-sync-group: the members of a group become masters in one moment, and let go in one',
    routers: Object.fromEntries(
      (['r1', 'r2'] as const).flatMap((node) =>
        [51, 52, 53].map((vrid) => [
          `${node}-${vrid}`,
          {
            priority: node === 'r1' ? 150 : 100,
            link: `vrid ${vrid}`,
            group: node,
            my: { version: vrid === 53 ? 3 : 2 } as const,
          },
        ]),
      ),
    ),
    happens(world) {
      for (const node of ['r1', 'r2'])
        [51, 52, 53].forEach((vrid, index) => starts(world, index / 1000, `${node}-${vrid}`));
      for (const vrid of [51, 52, 53]) stops(world, 4.962, `r1-${vrid}`);
    },
    endS: 6,
    masters: [
      [3.416, 'r1-53'],
      [3.419, 'r1-51'],
      [3.419, 'r1-52'],
      [5.572, 'r2-53'],
      [5.572, 'r2-51'],
      [5.572, 'r2-52'],
    ],
    also(t, world) {
      const moments = new Set(world.told('backup → master').map(({ atMs }) => atMs));
      t.equal(moments.size, 2, 'three masters in one moment, twice');
    },
  },
  {
    name: 'v2-owner-clash: of two owners the lower address yields at the first advert',
    routers: { r1: { priority: 255, my: { owner: true } }, r2: { priority: 255, my: { owner: true } } },
    happens(world) {
      starts(world, 0, 'r1');
      starts(world, 0.033, 'r2');
    },
    endS: 5.5,
    masters: [
      [0, 'r1'],
      [0.033, 'r2'],
    ],
    also(t, world) {
      t.same(world.masters, ['r2']);
      t.equal(world.told('two-owners', 'r1').length, 1);
      t.same(adverts(world, 'r1'), ['advert 255']);
    },
  },
  {
    name: 'v2-down-timer-adverts: with down_timer_adverts 6 the backup waits for six adverts and its skew',
    routers: { r1: { priority: 150, my: { downTimerAdverts: 6 } }, r2: { priority: 100, my: { downTimerAdverts: 6 } } },
    happens(world) {
      starts(world, 0, 'r1', 'r2');
      world.at(10_500, () => world.router('r1').dies());
    },
    endS: 18,
    masters: [
      [6.447, 'r1'],
      // recorded 9.861 → 16.605: 6.744 s; the last advert of ours is at 10.414
      [10.414 + 6.609, 'r2'],
    ],
  },
  {
    name: 'v2-startup-delay: with vrrp_startup_delay 4 nobody is master before 4 s and its time',
    routers: { r1: { priority: 150 } },
    happens(world) {
      world.at(0, () => world.router('r1').happens({ is: 'hold' }));
      starts(world, 0, 'r1');
      world.at(4000, () => world.router('r1').happens({ is: 'released' }));
      stops(world, 9.959, 'r1');
    },
    endS: 11,
    masters: [[7.405, 'r1']],
    also: (t, world) => void t.equal(adverts(world, 'r1').at(-1), 'advert 0'),
  },
  {
    name: 'v2-garp-tuned: 3 per address, again after 2 s, and 2 per address each 3 s; none after the stop',
    routers: {
      r1: {
        priority: 150,
        addresses: ['10.77.0.50', '10.77.0.51'],
        garp: { repeat: 3, againMs: 2000, refreshMs: 3000, refreshRepeat: 2 },
      },
    },
    happens(world) {
      starts(world, 0, 'r1');
      stops(world, 15.961, 'r1');
    },
    endS: 22,
    masters: [[3.405, 'r1']],
    also(t, world) {
      const bursts = [3.405, 5.408, 6.408, 9.424, 12.429, 15.43];
      t.same(
        bursts.map((atS) => garps(world, 'r1', atS - 0.1, atS + 0.1)),
        [6, 6, 4, 4, 4, 4],
      );
      t.equal(world.told('garp').length, 28, 'and no others');
      t.match(
        world
          .told('garp')
          .slice(0, 3)
          .map(({ what }) => what),
        ['garp 10.77.0.50', 'garp 10.77.0.51', 'garp 10.77.0.50'],
      );
    },
  },
  {
    name: 'v2-lower-prio-no-advert: the addresses are announced again, but no advert answers',
    routers: {
      r1: { priority: 150, garp: { againMs: 1000, lowerAgainMs: 5000 }, my: { answersLower: false } },
      r2: { priority: 100 },
    },
    happens(world) {
      starts(world, 0, 'r1', 'r2');
      partition(world, 7.5, 10.9);
    },
    endS: 17,
    masters: [
      [3.403, 'r1'],
      [11.015, 'r2'],
    ],
    also(t, world) {
      near(t, world.told('advert', 'r1').find(({ atMs }) => atMs > 11_000)?.atMs, 11.406, 'the next advert is a beat');
      t.equal(garps(world, 'r1', 11, 11.1), 5);
      t.equal(garps(world, 'r1', 16, 16.1), 5);
      t.same(world.masters, ['r1']);
    },
  },
  {
    name: 'v2-higher-prio-send-advert: the lower master sends one more advert before it yields',
    routers: { r1: { priority: 150 }, r2: { priority: 100, my: { advertBeforeYielding: true } } },
    happens(world) {
      starts(world, 0, 'r1', 'r2');
      partition(world, 7.5, 10.9);
    },
    endS: 12,
    masters: [
      [3.403, 'r1'],
      [11.024, 'r2'],
    ],
    also(t, world) {
      const round = world.told('advert').filter(({ atMs }) => atMs > 10_900 && atMs < 11_100);
      t.same(
        round.map(({ router, what }) => `${router} ${what}`),
        ['r2 advert 100', 'r1 advert 150', 'r2 advert 100'],
      );
      t.same(world.masters, ['r1']);
    },
  },
  {
    name: 'v2-vip-deleted: an address that somebody removed is told with priority 0, and back after our skew',
    routers: pair,
    happens(world) {
      starts(world, 0, 'r1', 'r2');
      world.at(5890, () => world.router('r1').happens({ is: 'addresses-lost' }));
    },
    endS: 8,
    masters: [
      [3.425, 'r1'],
      [6.304, 'r1'],
    ],
    also: (t, world) => void t.equal(adverts(world, 'r2').length, 0, 'the backup has no time to be master'),
  },
];

for (const { name, routers, happens, endS, masters, also } of stories) {
  t.test(name, (t) => {
    const world = new World();
    for (const [router, options] of Object.entries(routers)) world.add(router, options);
    happens(world);
    world.runTo(endS * 1000);
    const seen = world.lines.filter(({ what }) => what.includes('→ master'));
    t.same(seen.map(({ router }) => router).sort(), masters.map(([, router]) => router).sort(), 'who becomes master');
    for (const [index, [atS, router]] of masters.entries()) {
      const nth = masters.slice(0, index).filter(([, other]) => other === router).length;
      near(t, seen.filter((line) => line.router === router)[nth]?.atMs, atS, router);
    }
    also?.(t, world);
    t.end();
  });
}
