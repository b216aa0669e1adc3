import t from 'tap';
import { Announcer, type RouteBoard } from '../../../src/announce/announcer.js';
import type { Offer } from '../../../src/announce/plan.js';
import { configurationOf } from '../../helpers/configuration.js';
import { FakeClock, settled } from '../../helpers/fake-clock.js';
import { MemoryFile } from '../../helpers/memory-file.js';
import { MemoryLog } from '../../helpers/memory-log.js';

const A = '192.0.2.1/32';
const B = '192.0.2.2/32';
const of = (text: string) => configurationOf(`announce {\n${text}\n}\n`).announce!;
const bird = of('bird\nwithdraw_wait 3');

class Tables implements RouteBoard {
  readonly tables = new Map<number, Set<string>>();
  trouble: Error | undefined;

  async read(table: number): Promise<readonly string[]> {
    if (this.trouble !== undefined) throw this.trouble;
    return Promise.resolve([...(this.tables.get(table) ?? [])]);
  }
  async add(table: number, prefix: string): Promise<void> {
    await this.read(table);
    this.tables.set(table, (this.tables.get(table) ?? new Set()).add(prefix));
  }
  async remove(table: number, prefix: string): Promise<void> {
    await this.read(table);
    this.tables.get(table)?.delete(prefix);
  }
  of(table: number): readonly string[] {
    return [...(this.tables.get(table) ?? [])].sort();
  }
}

async function world(kept?: string) {
  const clock = new FakeClock();
  const log = new MemoryLog();
  const board = new Tables();
  const memory = new MemoryFile(kept);
  const state: { offers: readonly Offer[] } = { offers: [] };
  const announcer = new Announcer({ board, clock, log, memory, offers: () => state.offers });
  await announcer.open();
  const offer = (prefix: string, hasQuorum: boolean | undefined): Offer => ({
    prefixes: [prefix],
    hasQuorum,
    hasSorryServer: false,
  });
  const look = async (...offers: readonly Offer[]): Promise<void> => {
    state.offers = offers;
    announcer.look();
    for (let i = 0; i < 10; i++) await settled();
  };
  return { clock, log, board, memory, announcer, offer, look, state };
}

t.test('routes follow quorums', async (t) => {
  const { announcer, board, offer, look, log } = await world();
  await announcer.follow(bird);
  await look(offer(A, true), offer(B, false));
  t.same(board.of(179), [A]);
  await look(offer(A, false), offer(B, true));
  t.same(board.of(179), [B]);
  t.match(log.named('announce.gone'), [{ prefix: A, why: 'no quorum' }]);
  t.match(announcer.status, { by: 'bird', table: 179, withdrawn: false, trouble: null });
});

t.test('nothing is told where the file says nothing, and what was there goes', async (t) => {
  const { announcer, board, offer, look } = await world();
  await look(offer(A, true));
  t.same(board.of(179), []);
  t.equal(announcer.status, undefined);
  await announcer.follow(bird);
  t.same(board.of(179), [A]);
  await announcer.follow(of('frr'));
  t.same([board.of(179), board.of(254)], [[], [A]], 'another table');
  await announcer.follow(undefined);
  t.same(board.of(254), []);
});

t.test('a director that starts again leaves what is there until it knows', async (t) => {
  const { announcer, board, offer, look } = await world();
  board.tables.set(179, new Set([A, B]));
  await look(offer(A, undefined));
  await announcer.follow(bird);
  t.same(board.of(179), [A], 'nobody has the other one any more');
  await look(offer(A, false));
  t.same(board.of(179), []);
});

t.test('a table that the file of before named is emptied', async (t) => {
  const first = await world();
  await first.announcer.follow(bird);
  const { announcer, board } = await world(first.memory.text);
  board.tables.set(179, new Set([A]));
  await announcer.follow(of('bird\ntable 7'));
  t.same(board.of(179), []);
});

t.test("an operator's word outlives a restart", async (t) => {
  const first = await world();
  await first.announcer.follow(bird);
  await first.look(first.offer(A, true));
  t.match(await first.announcer.withdraw(true), { withdrawn: true, addresses: [{ prefix: A, announced: false }] });
  t.same(first.board.of(179), []);
  const { announcer, board, offer, look } = await world(first.memory.text);
  await announcer.follow(bird);
  await look(offer(A, true));
  t.same(board.of(179), []);
  await announcer.withdraw(false);
  t.same(board.of(179), [A]);
});

t.test('a torn memory is none, and is told of', async (t) => {
  const { announcer, log } = await world('{"withdra');
  t.equal(log.named('announce.memory-lost').length, 1);
  await announcer.follow(bird);
  t.match(announcer.status, { withdrawn: false });
});

t.test('somebody else empties the table; the kernel refuses for a while', async (t) => {
  const { announcer, board, clock, log, offer, look } = await world();
  await announcer.follow(bird);
  await look(offer(A, true));
  board.tables.clear();
  await clock.run(6_000);
  t.same(board.of(179), [A]);
  board.trouble = new Error('no');
  await clock.run(20_000);
  t.equal(log.named('announce.refused').length, 1, 'said once');
  t.match(announcer.status, { trouble: 'no' });
  board.tables.clear();
  board.trouble = undefined;
  await clock.run(6_000);
  t.same(board.of(179), [A]);
  t.match(announcer.status, { trouble: null });
});

t.test('the end: routes stay with the forwarding, or go first and are waited for', async (t) => {
  const kept = await world();
  await kept.announcer.follow(bird);
  await kept.look(kept.offer(A, true));
  await kept.announcer.close('keep');
  t.same(kept.board.of(179), [A]);
  t.equal(kept.clock.pending, 0);

  const { announcer, board, clock, offer, look } = await world();
  await announcer.follow(bird);
  await look(offer(A, true));
  let hasEnded = false;
  const end = announcer.close('stop').then(() => (hasEnded = true));
  await clock.run(2_900);
  t.same(board.of(179), []);
  t.notOk(hasEnded);
  await clock.run(200);
  await end;
  announcer.look();
  await settled();
  t.same(board.of(179), [], 'nothing comes after the end');
  t.equal(clock.pending, 0);
});
