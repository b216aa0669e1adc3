import fc from 'fast-check';
import t from 'tap';
import {
  add,
  type Announcement,
  type AnnounceSettings,
  announcements,
  cancel,
  emptyQueue,
  nextPeriod,
  pacingOf,
  type Pacing,
  type Queue,
  take,
  type Target,
} from '../../../src/vrrp/garp.js';
import { garp } from '../../helpers/vrrp-world.js';

const target = (address: string, more: Partial<Target> = {}): Target => ({
  family: 'ip4',
  address,
  interface: 'eth0',
  ...more,
});
const two = [target('.50'), target('.51')];
/** What global_defs says where nothing is written. */
const seconds = {
  masterDelaySeconds: 5,
  masterRepeat: 5,
  refreshSeconds: 0,
  refreshRepeat: 1,
  lowerPriorityDelaySeconds: 5,
  lowerPriorityRepeat: 5,
  intervalSeconds: 0,
  gnaIntervalSeconds: 0,
  extraInterfaceSeconds: 0,
  extraInterfaceAll: false,
};
const free: Pacing = ({ interface: lane }) => ({ lane, gapMs: 0 });

/** Everything that leaves, as `moment address`. */
function run(
  queue: Queue,
  pacing: Pacing,
  fromMs: number,
  toMs: number,
): { readonly lines: readonly string[]; readonly queue: Queue } {
  const lines: string[] = [];
  let now: number | undefined = fromMs;
  let rest = queue;
  while (now !== undefined && now <= toMs) {
    const taken = take(rest, pacing, now);
    for (const { address } of taken.send) lines.push(`${now} ${address}`);
    rest = taken.queue;
    now = taken.nextMs;
  }
  return { lines, queue: rest };
}
const queued = (
  settings: AnnounceSettings,
  occasion: 'master' | 'lower-priority' | 'refresh' | 'extra',
  targets = two,
): Queue => add(emptyQueue, announcements(settings, 'V1', targets, occasion, 0), 0);

t.test('all addresses once, then all again; and after the delay the same', (t) => {
  const { lines } = run(queued(garp({ repeat: 2, againMs: 5000 }), 'master'), free, 0, 1e9);
  t.same(lines, ['0 .50', '0 .51', '0 .50', '0 .51', '5000 .50', '5000 .51', '5000 .50', '5000 .51']);
  t.end();
});

t.test('garp_master_delay 0: one burst', (t) => {
  t.equal(run(queued(garp({ againMs: 0 }), 'master'), free, 0, 1e9).lines.length, 10);
  t.end();
});

t.test('garp_lower_prio_repeat, garp_lower_prio_delay', (t) => {
  const { lines } = run(queued(garp({ lowerRepeat: 1, lowerAgainMs: 700 }), 'lower-priority'), free, 0, 1e9);
  t.same(lines, ['0 .50', '0 .51', '700 .50', '700 .51']);
  t.equal(run(queued(garp({ lowerRepeat: 0 }), 'lower-priority'), free, 0, 1e9).lines.length, 0, 'none');
  t.end();
});

t.test('garp_extra_if: virtual interfaces, or with `all` every interface that is not the own', (t) => {
  const targets = [target('.50'), target('.51', { elsewhere: 'virtual' }), target('.52', { elsewhere: 'other' })];
  t.same(run(queued(garp(), 'extra', targets), free, 0, 1e9).lines, ['0 .51']);
  t.same(run(queued(garp({ extraAll: true }), 'extra', targets), free, 0, 1e9).lines, ['0 .51', '0 .52']);
  t.end();
});

t.test('periods are counted from the moment of becoming master', (t) => {
  const settings = garp({ refreshMs: 3000, extraMs: 2000 });
  const beats: string[] = [];
  for (
    let next = nextPeriod(settings, 100, 100);
    next !== undefined && next.atMs < 7000;
    next = nextPeriod(settings, 100, next.atMs)
  )
    beats.push(`${next.atMs} ${next.occasions.join(' ')}`);
  t.same(beats, ['2100 extra', '3100 refresh', '4100 extra', '6100 refresh extra']);
  t.equal(nextPeriod(garp(), 0, 0), undefined);
  t.end();
});

t.test('vrrp_garp_interval: one at once, the others in turn; of another interface at the same time', (t) => {
  const paced = pacingOf({ ...seconds, intervalSeconds: 0.2, gnaIntervalSeconds: 0 }, []);
  const targets = [...two, target('.60', { interface: 'eth1' }), target('::50', { family: 'ip6' })];
  const { lines } = run(queued(garp({ repeat: 2, againMs: 0 }), 'master', targets), paced, 0, 1e9);
  t.same(lines, ['0 .50', '0 .60', '0 ::50', '0 ::50', '200 .51', '200 .60', '400 .50', '600 .51']);
  t.end();
});

t.test('garp_group: interfaces of a group share the pause', (t) => {
  const position = { file: 'a', line: 1, column: 1 };
  const groups = [{ position, interfaces: ['eth0', 'eth1'], intervalSeconds: 0.1, gnaIntervalSeconds: 0 }];
  const paced = pacingOf(seconds, groups);
  const targets = [target('.50'), target('.60', { interface: 'eth1' }), target('.70', { interface: 'eth2' })];
  t.same(run(queued(garp({ repeat: 1, againMs: 0 }), 'master', targets), paced, 0, 1e9).lines, [
    '0 .50',
    '0 .70',
    '100 .60',
  ]);
  t.end();
});

t.test('who becomes master beside a long queue has its first turn before the others have their second', (t) => {
  const paced: Pacing = () => ({ lane: 'eth0', gapMs: 100 });
  const first = add(emptyQueue, announcements(garp({ repeat: 3, againMs: 0 }), 'V1', two, 'master', 0), 0);
  const both = add(first, announcements(garp({ repeat: 1, againMs: 0 }), 'V2', [target('.99')], 'master', 1), 1);
  const { lines } = run(both, paced, 0, 1e9);
  t.same(lines.slice(0, 4), ['0 .50', '100 .51', '200 .99', '300 .50']);
  t.end();
});

t.test('leaving master drops what waits, of this instance only, and does not keep the interface busy', (t) => {
  const paced: Pacing = () => ({ lane: 'eth0', gapMs: 100 });
  const first = queued(garp(), 'master');
  const both = add(first, announcements(garp({ repeat: 1, againMs: 0 }), 'V2', [target('.99')], 'master', 0), 0);
  const { queue } = run(both, paced, 0, 100);
  const { lines } = run(cancel(queue, 'V1'), paced, 200, 1e9);
  t.same(lines, ['200 .99']);
  t.end();
});

t.test('weakness 4: however often a lower router is heard, bursts do not add up', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 9_999 }), { maxLength: 60 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 0, max: 6000 }),
      fc.constantFrom(0, 20),
      (moments, repeat, againMs, gapMs) => {
        const settings = garp({ lowerRepeat: repeat, lowerAgainMs: againMs });
        const paced: Pacing = () => ({ lane: 'eth0', gapMs });
        let queue = emptyQueue;
        let lines = 0;
        let lastMs = 0;
        for (const atMs of [...moments].sort((a, b) => a - b)) {
          const before = run(queue, paced, lastMs, atMs);
          lastMs = atMs;
          lines += before.lines.length;
          queue = add(before.queue, announcements(settings, 'V1', two, 'lower-priority', atMs), atMs);
          const most = 2 * 2 * repeat;
          if (queue.waiting.length > most) return false;
        }
        lines += run(queue, paced, lastMs, 1e9).lines.length;
        // one burst for each, and one second burst for those that had no successor within the delay
        return lines <= moments.length * 2 * 2 * repeat && (moments.length === 0 || lines >= 2 * repeat);
      },
    ),
  );
  t.end();
});

t.test('every address is announced as often as is said, at any pace, and none before its moment', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 0, max: 3000 }),
      fc.integer({ min: 0, max: 300 }),
      (addresses, repeat, againMs, gapMs) => {
        const targets = Array.from({ length: addresses }, (_, nth) => target(`${nth}`));
        const all = announcements(garp({ repeat, againMs }), 'V1', targets, 'master', 0);
        const sent: (Announcement & { readonly sentMs: number })[] = [];
        let queue = add(emptyQueue, all, 0);
        for (let now: number | undefined = 0; now !== undefined; ) {
          const sentMs: number = now;
          const taken = take(queue, () => ({ lane: 'eth0', gapMs }), sentMs);
          sent.push(...taken.send.map((each) => ({ ...each, sentMs })));
          ({ queue, nextMs: now } = taken);
        }
        const bursts = againMs > 0 ? 2 : 1;
        const spaced = sent.every(
          ({ sentMs }, nth) => nth === 0 || gapMs === 0 || sentMs - (sent[nth - 1]?.sentMs ?? 0) >= gapMs,
        );
        const counts = targets.map(({ address }) => sent.filter((each) => each.address === address).length);
        return (
          spaced &&
          counts.every((count) => count === repeat * bursts) &&
          sent.every(({ atMs, sentMs }) => sentMs >= atMs)
        );
      },
    ),
  );
  t.end();
});
