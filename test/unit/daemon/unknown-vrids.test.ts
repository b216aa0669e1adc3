import t from 'tap';
import { UnknownVrids } from '../../../src/daemon/unknown-vrids.js';
import { FakeClock } from '../../helpers/fake-clock.js';
import { MemoryLog } from '../../helpers/memory-log.js';

t.test('adverts for routers that are not here: told where it is asked for, and no flood of lines', (t) => {
  const clock = new FakeClock();
  const log = new MemoryLog();
  const strangers = { unknownVrid: 7, unreadable: 0, lost: 0 };
  const advertClock = {
    now: () => clock.now(),
    after: (ms: number, run: () => void) => clock.after(ms, run),
    wallMs: (atMs: number) => atMs,
  };
  const unknown = new UnknownVrids({ strangers, clock: advertClock }, log);
  unknown.look();
  unknown.follow(true);
  unknown.look();
  t.same(log.events, [], 'those of before are no news');
  for (let i = 0; i < 300; i++) {
    strangers.unknownVrid += 2;
    unknown.look();
    clock.advance(100);
  }
  t.same(
    log.named('vrrp.unknown-vrids').map(({ adverts }) => adverts),
    [2, 200, 200],
  );
  unknown.follow(false);
  strangers.unknownVrid++;
  clock.advance(20_000);
  unknown.look();
  t.equal(log.events.length, 3);
  t.end();
});
