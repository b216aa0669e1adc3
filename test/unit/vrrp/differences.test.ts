import t from 'tap';
import { Differences } from '../../../src/vrrp/differences.js';
import type { AcceptedAdvert } from '../../../src/vrrp/receive.js';
import { FakeClock } from '../../helpers/fake-clock.js';
import { MemoryLog } from '../../helpers/memory-log.js';

const ours = { addresses: ['10.77.0.50', '10.77.0.51'], intervalMs: 1000 };

const advert = (change: Partial<AcceptedAdvert> = {}): AcceptedAdvert => ({
  version: 3,
  vrid: 51,
  priority: 100,
  intervalMs: 1000,
  addresses: ['10.77.0.50', '10.77.0.52'],
  authentication: undefined,
  source: '10.77.0.2',
  remarks: ['addresses'],
  ...change,
});

function world() {
  const clock = new FakeClock();
  const log = new MemoryLog();
  return { clock, differences: new Differences('V1', clock, log), said: () => log.named('vrrp.differs') };
}

t.test('another list of addresses: which are on which side only, once', (t) => {
  const { clock, differences, said } = world();
  for (let i = 0; i < 100; i++) {
    differences.note(advert(), ours);
    clock.advance(1000);
  }
  t.equal(said().length, 1);
  t.match(said()[0], {
    router: 'V1',
    source: '10.77.0.2',
    what: 'addresses',
    onlyThere: ['10.77.0.52'],
    onlyHere: ['10.77.0.51'],
  });
  t.end();
});

t.test('another interval and no signature are told, too', (t) => {
  const { differences, said } = world();
  differences.note(advert({ intervalMs: 500, remarks: ['interval', 'unsigned'] }), ours);
  t.match(said(), [
    { what: 'interval', theirMs: 500, ourMs: 1000 },
    { what: 'unsigned', why: /permissive/ },
  ]);
  t.end();
});

t.test('who agreed meanwhile is told of again; whoever says something else each time fills no log', (t) => {
  const { clock, differences, said } = world();
  differences.note(advert(), ours);
  differences.note(advert({ remarks: [] }), ours);
  clock.advance(10_000);
  differences.note(advert(), ours);
  t.equal(said().length, 2);
  for (let i = 0; i < 200; i++) {
    differences.note(advert({ addresses: [`10.99.0.${i}`] }), ours);
    clock.advance(100);
  }
  t.ok(said().length <= 5, `${said().length}`);
  differences.note(advert({ priority: 0, remarks: [] }), ours);
  const { length } = said();
  differences.note(advert({ addresses: ['10.99.0.199'] }), ours);
  t.ok(said().length <= length + 1, 'a last word is no agreement');
  t.end();
});
