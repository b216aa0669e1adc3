import t from 'tap';
import { neighbourState } from '../../../src/links/uapi.js';
import type { NetworkFacts } from '../../../src/routing/facts.js';
import type { FactKind, NetworkSource } from '../../../src/routing/kernel-network.js';
import { NeighbourKeeper } from '../../../src/routing/neighbour-keeper.js';
import { NetworkWatcher } from '../../../src/routing/network-watcher.js';
import { FakeClock, settled } from '../../helpers/fake-clock.js';
import { MemoryLog } from '../../helpers/memory-log.js';

class FakeSource implements Pick<NetworkSource, 'read' | 'watch'> {
  readonly reads: FactKind[] = [];
  fails = false;
  tell: (...kinds: FactKind[]) => void = () => undefined;

  read<K extends FactKind>(kind: K): Promise<NetworkFacts[K]> {
    this.reads.push(kind);
    const nothing: NetworkFacts = { links: [], addresses: [], routes: [], neighbours: [] };
    return this.fails ? Promise.reject(new Error('not now')) : Promise.resolve(nothing[kind]);
  }

  watch(onChange: (kinds: ReadonlySet<FactKind>) => void): void {
    this.tell = (...kinds) => onChange(new Set(kinds));
  }
}

async function watching() {
  const clock = new FakeClock();
  const log = new MemoryLog();
  const source = new FakeSource();
  let told = 0;
  const watcher = new NetworkWatcher({ source, clock, log, onFacts: () => told++ });
  await watcher.open();
  return { clock, log, source, watcher, told: () => told };
}

t.test('only what changed is read again, once for what comes together', async (t) => {
  const { clock, source, told } = await watching();
  t.same(source.reads.splice(0), ['links', 'addresses', 'routes', 'neighbours']);
  for (let i = 0; i < 10; i++) source.tell('neighbours');
  source.tell('routes');
  await clock.run(100, 1);
  t.same(source.reads.splice(0), ['routes', 'neighbours']);
  t.equal(told(), 2);
  source.tell('neighbours');
  await clock.run(10, 1);
  source.tell('neighbours');
  await clock.run(10, 1);
  t.equal(source.reads.splice(0).length, 1, 'not again within a pause');
  await clock.run(100, 1);
  t.equal(source.reads.length, 1, 'but after it');
});

t.test('what cannot be read stays as it was known, and is tried again', async (t) => {
  const { clock, source, log, told } = await watching();
  source.fails = true;
  source.tell('routes');
  await clock.run(100, 1);
  t.equal(log.named('routing.not-read').length, 1);
  source.fails = false;
  await clock.run(1500, 10);
  t.equal(told(), 2);
});

t.test('closed: nothing more is read, no timer is left', async (t) => {
  const { clock, source, watcher } = await watching();
  source.tell('links');
  watcher.close();
  source.tell('links');
  source.reads.length = 0;
  await clock.run(200, 10);
  t.same(source.reads, []);
  t.equal(clock.pending, 0);
});

function keeping() {
  const clock = new FakeClock();
  const log = new MemoryLog();
  const used: string[] = [];
  const keeper = new NeighbourKeeper({
    use: (index, address) => {
      used.push(`${index} ${address}`);
      return address === 'bad' ? Promise.reject(new Error('EINVAL')) : Promise.resolve();
    },
    nameOf: () => 'eth0',
    clock,
    log,
  });
  return { clock, log, used, keeper };
}

t.test('those kept are asked for at once, and again before the kernel forgets them', async (t) => {
  const { clock, used, keeper } = keeping();
  keeper.keep([
    { index: 2, address: 'a' },
    { index: 2, address: 'b' },
  ]);
  t.same(used.splice(0), ['2 a', '2 b']);
  keeper.keep([
    { index: 2, address: 'b' },
    { index: 3, address: 'c' },
  ]);
  t.same(used.splice(0), ['3 c'], 'only who is new');
  await clock.run(20_000, 1000);
  t.same(used.splice(0), ['2 b', '3 c']);
  await clock.run(40_000, 1000);
  t.equal(used.length, 4);
  keeper.close();
  t.equal(clock.pending, 0);
});

t.test('whom the engine asked for is asked at most once a second, and kept for ten minutes', async (t) => {
  const { clock, used, keeper } = keeping();
  keeper.keep([]);
  for (let i = 0; i < 5; i++) keeper.wanted({ index: 2, address: 'x' });
  t.same(used.splice(0), ['2 x']);
  clock.advance(1000);
  keeper.wanted({ index: 2, address: 'x' });
  t.same(used.splice(0), ['2 x']);
  await clock.run(600_000, 1000);
  t.equal(used.splice(0).length, 30);
  await clock.run(100_000, 1000);
  t.equal(used.length, 0);
});

t.test('there is room for so many of those asked for', (t) => {
  const { clock, used, keeper } = keeping();
  keeper.keep([]);
  for (let i = 0; i < 5000; i++) keeper.wanted({ index: 2, address: `x${i}` });
  t.equal(used.splice(0).length, 5000);
  clock.advance(20_000);
  t.equal(used.length, 4096, 'the oldest are forgotten');
  t.end();
});

t.test('one that cannot be asked for is no mistake of others', async (t) => {
  const { log, keeper } = keeping();
  keeper.keep([{ index: 2, address: 'bad' }]);
  await settled();
  t.equal(log.named('routing.neighbour-not-asked').length, 1);
  keeper.heard([{ index: 2, address: 'bad', macAddress: '', state: neighbourState.failed }]);
  keeper.keep([]);
  t.same(keeper.silent, [], 'who is not used any more is not missed');
});
