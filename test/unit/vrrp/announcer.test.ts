/** Frames for the addresses of several routers, at the pace of their interfaces. */
import t from 'tap';
import { Announcer } from '../../../src/vrrp/announcer.js';
import type { AnnounceSettings, Pacing } from '../../../src/vrrp/garp.js';
import type { HeldAddress } from '../../../src/vrrp/network.js';
import { FakeClock } from '../../helpers/fake-clock.js';
import { MemoryLog } from '../../helpers/memory-log.js';

const MAC = Uint8Array.of(2, 0, 0, 0, 0, 1);
const held = (address: string, more: Partial<HeldAddress> = {}): HeldAddress => ({
  address,
  interface: 'eth0',
  index: 2,
  mac: MAC,
  router: false,
  ...more,
});
const once: AnnounceSettings = {
  repeat: 1,
  againMs: 0,
  lowerRepeat: 1,
  lowerAgainMs: 0,
  refreshMs: 0,
  refreshRepeat: 1,
  extraMs: 0,
  extraAll: false,
};

function world(pacing: Pacing = ({ interface: lane }) => ({ lane, gapMs: 0 })) {
  const clock = new FakeClock();
  let leaptMs = 0;
  const log = new MemoryLog();
  const sent: { readonly atMs: number; readonly index: number; readonly frame: Uint8Array }[] = [];
  const kernel = { errno: 0 };
  const adverts = {
    clock: {
      now: () => clock.now() + leaptMs,
      after: (ms: number, run: () => void) => clock.after(ms, run),
      wallMs: (at: number) => at,
    },
    sendFrame: (index: number, frame: Uint8Array) => {
      sent.push({ atMs: clock.now(), index, frame });
      return kernel.errno;
    },
  };
  const announcer = new Announcer({ adverts, log, pacing: () => pacing });
  return {
    clock,
    log,
    sent,
    kernel,
    announcer,
    leap: (ms: number) => (leaptMs += ms),
    times: () => sent.map(({ atMs }) => atMs),
  };
}

t.test('IPv4 by gratuitous ARP, IPv6 by neighbour advertisements, each on its interface', (t) => {
  const { announcer, sent } = world();
  const addresses = [held('10.77.0.50'), held('2001:db8::50', { interface: 'vrrp.51', index: 9, router: true })];
  announcer.of('V1', () => once).announce('master', addresses, 0);
  t.same(
    sent.map(({ index, frame }) => [index, Buffer.from(frame.subarray(12, 14)).toString('hex')]),
    [
      [2, '0806'],
      [9, '86dd'],
    ],
  );
  t.end();
});

t.test('the second burst, and none of it when it is not master any more', (t) => {
  const { announcer, clock, times } = world();
  const voice = announcer.of('V1', () => ({ ...once, repeat: 2, againMs: 5000 }));
  voice.announce('master', [held('10.77.0.50')], 0);
  clock.advance(10_000);
  t.same(times(), [0, 0, 5000, 5000]);
  voice.announce('master', [held('10.77.0.50')], 10_000);
  voice.stop();
  clock.advance(60_000);
  t.equal(times().length, 6);
  t.equal(clock.pending, 0);
  t.end();
});

t.test('routers share the pace of an interface, and stop by themselves', (t) => {
  const { announcer, clock, times } = world(({ interface: lane }) => ({ lane, gapMs: 100 }));
  const [one, other] = ['V1', 'V2'].map((name) => announcer.of(name, () => ({ ...once, repeat: 3 })));
  one!.announce('master', [held('10.77.0.50')], 0);
  other!.announce('master', [held('10.77.0.52')], 0);
  clock.advance(250);
  t.same(times(), [0, 100, 200]);
  one!.stop();
  clock.advance(5000);
  t.same(times(), [0, 100, 200, 300, 400], 'only what the other still has');
  t.end();
});

t.test('refreshed in its period, by settings as they are then', (t) => {
  const { announcer, clock, times } = world();
  let settings: AnnounceSettings = { ...once, refreshMs: 1000 };
  const voice = announcer.of('V1', () => settings);
  voice.announce('master', [held('10.77.0.50')], 0);
  clock.advance(3500);
  t.same(times(), [0, 1000, 2000, 3000]);
  voice.announce('lower-priority', [held('10.77.0.50')], 3500);
  settings = { ...once, refreshMs: 0 };
  clock.advance(10_000);
  t.same(times(), [0, 1000, 2000, 3000, 3500, 4000], 'and then no more');
  t.equal(clock.pending, 0);
  t.end();
});

t.test('an hour in which we did not run is not made up for', (t) => {
  const { announcer, clock, times, leap } = world();
  announcer.of('V1', () => ({ ...once, refreshMs: 1000 })).announce('master', [held('10.77.0.50')], 0);
  clock.advance(500);
  leap(3_600_200);
  clock.advance(2000);
  t.same(times(), [0, 1000, 1800], 'one that is late, and then those of the rhythm');
  t.end();
});

t.test('what the kernel refuses is said once, and again after it went well', (t) => {
  const { announcer, clock, log, kernel } = world();
  kernel.errno = 100;
  announcer.of('V1', () => ({ ...once, refreshMs: 1000 })).announce('master', [held('10.77.0.50')], 0);
  clock.advance(10_000);
  t.match(log.named('vrrp.not-announced'), [{ router: 'V1', address: '10.77.0.50', interface: 'eth0', errno: 100 }]);
  kernel.errno = 0;
  clock.advance(1000);
  kernel.errno = 100;
  clock.advance(5000);
  t.equal(log.named('vrrp.not-announced').length, 2);
  announcer.close();
  t.equal(clock.pending, 0);
  t.end();
});
