import t, { type Test } from 'tap';
import { DriftWatch } from '../../../src/director/drift-watch.js';
import { serviceName } from '../../../src/model/service.js';
import type { Table, TableService } from '../../../src/model/table.js';
import { defaultServiceSettings } from '../../../src/model/service.js';
import { FakeClock, settled } from '../../helpers/fake-clock.js';

const PAUSE_MS = 10_000;

function service(host: number, scheduler = 'rr'): TableService {
  return {
    key: { by: 'address', protocol: 'tcp', address: `192.0.2.${host}`, port: 80 },
    settings: { ...defaultServiceSettings('ip4'), scheduler },
    destinations: new Map(),
  };
}
const tableOf = (...services: readonly TableService[]): Table =>
  new Map(services.map((one) => [serviceName(one.key), one]));

/** A watch whose looks are answered by the test. */
function scene(t: Test, known: Table, isOurs = (name: string): boolean => known.has(name)) {
  const clock = new FakeClock();
  const said: boolean[] = [];
  const asked: ((answer: Table | Error) => void)[] = [];
  const world = { known };
  const watch = new DriftWatch({
    clock,
    pauseMs: PAUSE_MS,
    look: () =>
      new Promise((resolve, reject) => {
        asked.push((answer) => (answer instanceof Error ? reject(answer) : resolve(answer)));
      }),
    known: () => world.known,
    isOurs,
    onLooked: (differs) => {
      said.push(differs);
      return Promise.resolve();
    },
  });
  t.teardown(() => watch.stop());
  /** The look that is under way finds this. */
  const found = async (answer: Table | Error): Promise<boolean | undefined> => {
    asked.shift()?.(answer);
    for (let turn = 0; turn < 10; turn++) await settled();
    return said.at(-1);
  };
  const next = (): void => {
    clock.advance(PAUSE_MS);
  };
  return { watch, clock, said, asked, world, found, next };
}

t.test('what is known is there: nothing differs, though strangers come and go', async (t) => {
  const { watch, found, next } = scene(t, tableOf(service(1), service(2)));
  watch.begin();
  next();
  t.equal(await found(tableOf(service(1), service(2))), false);
  next();
  t.equal(await found(tableOf(service(9), service(2), service(1))), false);
});

t.test('what is changed, gone, or there again is a difference', async (t) => {
  const { watch, found, next } = scene(t, tableOf(service(1)), (name) => !name.includes('192.0.2.9'));
  watch.begin();
  for (const there of [tableOf(service(1, 'wlc')), tableOf(), tableOf(service(1), service(2))]) {
    next();
    t.equal(await found(there), true);
  }
  next();
  t.equal(await found(tableOf(service(1), service(9))), false);
});

t.test('what we change while it is read is none', async (t) => {
  const { watch, found, next, world } = scene(t, tableOf(service(1), service(2), service(3)), () => true);
  watch.begin();
  next();
  // the first is another one, the second has gone, the fourth is new
  world.known = tableOf(service(1, 'wlc'), world.known.get('tcp 192.0.2.3:80')!, service(4));
  t.equal(await found(tableOf(service(1), service(2), service(3))), false);
  next();
  t.equal(await found(tableOf(service(1, 'wlc'), service(3), service(4))), false);
  next();
  t.equal(await found(tableOf(service(1), service(3), service(4))), true, 'and somebody who changes it back is seen');
});

t.test('what cannot be read is looked at again by who can say why', async (t) => {
  const { watch, found, next } = scene(t, tableOf(service(1)));
  watch.begin();
  next();
  t.equal(await found(new Error('no buffer')), true);
});

t.test('a look that takes long is made seldom', async (t) => {
  const { watch, clock, asked, found, next } = scene(t, tableOf(service(1)));
  watch.begin();
  next();
  clock.advance(1000);
  await found(tableOf(service(1)));
  clock.advance(199_999);
  t.equal(asked.length, 0);
  clock.advance(1);
  t.equal(asked.length, 1);
});

t.test('who has stopped it hears nothing more', async (t) => {
  const { watch, clock, said, found, next } = scene(t, tableOf(service(1)));
  watch.begin();
  next();
  watch.stop();
  await found(tableOf());
  t.same(said, []);
  watch.begin();
  t.equal(clock.pending, 0);
});
