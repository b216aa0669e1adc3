/** What the machine wishes and what the kernel does meanwhile. */
import t from 'tap';
import { Hands } from '../../../src/vrrp/hands.js';
import type { HeldAddress, Possessions } from '../../../src/vrrp/network.js';
import { FakeClock, settled } from '../../helpers/fake-clock.js';
import { MemoryLog } from '../../helpers/memory-log.js';

const ADDRESS: HeldAddress = {
  address: '10.77.0.50',
  interface: 'eth0',
  index: 2,
  mac: Uint8Array.of(2, 0, 0, 0, 0, 1),
  router: false,
};

const OTHER: HeldAddress = { ...ADDRESS, address: '10.77.0.51' };

/** A kernel that answers when the test says so. */
class SlowKernel {
  readonly calls: string[] = [];
  readonly #under: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];

  /** Of two addresses. */
  most = 1;

  readonly possessions: { -readonly [Name in keyof Possessions]: Possessions[Name] } = {
    prepare: () => Promise.resolve(),
    hold: () => this.#call('hold').then(() => [ADDRESS, OTHER].slice(0, this.most)),
    places: () => Promise.resolve([ADDRESS, OTHER].slice(0, this.most)),
    isWhole: true,
    release: () => this.#call('release'),
    areHere: () => false,
    dismantle: () => Promise.resolve(),
  };

  async answer(error?: string): Promise<void> {
    const call = this.#under.shift();
    if (call === undefined) throw new Error('nothing was asked');
    if (error === undefined) call.resolve();
    else call.reject(new Error(error));
    await settled();
  }

  get isIdle(): boolean {
    return this.#under.length === 0;
  }

  #call(what: string): Promise<void> {
    this.calls.push(what);
    return new Promise((resolve, reject) => this.#under.push({ resolve, reject }));
  }
}

function world() {
  const kernel = new SlowKernel();
  const clock = new FakeClock();
  const log = new MemoryLog();
  const told: string[] = [];
  const { possessions } = kernel;
  const hands = new Hands({ router: 'V1', possessions, clock, log, late: () => told.push('late') });
  return { kernel, clock, log, hands, told };
}

t.test('what is told waits for the addresses, in the order in which it was said', async (t) => {
  const { kernel, hands, told } = world();
  hands.want('hold');
  hands.then(() => told.push(`master with ${hands.held.length}`));
  hands.want('release');
  hands.then(() => told.push(`backup with ${hands.held.length}`));
  t.same(told, []);
  await kernel.answer();
  t.same(kernel.calls, ['hold', 'release']);
  t.same(hands.held, [], 'nobody announces what is about to go');
  t.same(told, []);
  await kernel.answer();
  t.same(told, ['master with 0', 'backup with 0']);
  hands.then(() => told.push('at once'));
  t.equal(told.length, 3);
});

t.test('of wishes that came meanwhile the last one counts', async (t) => {
  const { kernel, hands } = world();
  hands.want('release');
  hands.want('hold');
  hands.want('release');
  hands.want('hold');
  await kernel.answer();
  await kernel.answer();
  t.same(kernel.calls, ['release', 'hold']);
  t.same(hands.held, [ADDRESS]);
  hands.want('hold');
  t.ok(kernel.isIdle, 'it has what it wants');
});

t.test(
  'a wish that comes again while it is carried out is carried out again: what is to be held may be something else',
  async (t) => {
    const { kernel, hands } = world();
    hands.want('hold');
    hands.again();
    await kernel.answer();
    t.same(kernel.calls, ['hold', 'hold']);
    await kernel.answer();
    t.ok(kernel.isIdle);
  },
);

t.test('a wish of the very moment in which the one before ends is not lost', async (t) => {
  const { kernel, hands } = world();
  for (let turns = 0; turns < 12; turns++) {
    const before = kernel.calls.length;
    hands.want('hold');
    const answered = kernel.answer();
    let later = Promise.resolve();
    for (let i = 0; i < turns; i++) later = later.then(() => undefined);
    void later.then(() => hands.want('release'));
    await answered;
    await settled();
    t.same(kernel.calls.slice(before), ['hold', 'release'], `${turns} turns later`);
    await kernel.answer();
  }
});

t.test('what the kernel refuses is tried again, told meanwhile, and announced when it is there', async (t) => {
  const { kernel, clock, log, hands, told } = world();
  hands.want('hold');
  hands.then(() => told.push('master'));
  await kernel.answer('no such device');
  t.same(told, ['master']);
  t.match(log.named('vrrp.addresses-failed'), [{ router: 'V1', operation: 'hold', reason: 'no such device' }]);
  clock.advance(1000);
  t.same(kernel.calls, ['hold', 'hold']);
  await kernel.answer();
  t.same(told, ['master', 'late']);
  t.same(hands.held, [ADDRESS]);
});

t.test(
  'what is had in part is held and announced, the rest is asked for again, and announced when it is there',
  async (t) => {
    const { kernel, clock, hands, told } = world();
    kernel.possessions.isWhole = false;
    hands.want('hold');
    hands.then(() => told.push('master'));
    await kernel.answer();
    t.same(told, ['master']);
    t.same(hands.held, [ADDRESS]);
    t.ok(hands.isDone, 'it is master of what it has');
    clock.advance(1000);
    await kernel.answer();
    t.same(told, ['master'], 'nothing more is here');
    kernel.most = 2;
    kernel.possessions.isWhole = true;
    clock.advance(1000);
    await kernel.answer();
    t.same(kernel.calls, ['hold', 'hold', 'hold']);
    t.same(told, ['master', 'late']);
    t.same(hands.held, [ADDRESS, OTHER]);
    t.equal(clock.pending, 0, 'and nothing is tried any more');
  },
);

t.test('let go with something of it: the rest is not asked for', async (t) => {
  const { kernel, clock, hands } = world();
  kernel.possessions.isWhole = false;
  hands.want('hold');
  await kernel.answer();
  hands.want('release');
  await kernel.answer();
  clock.advance(5000);
  t.same(kernel.calls, ['hold', 'release']);
});

t.test('a release that is refused is tried again, and is no news', async (t) => {
  const { kernel, clock, hands, told } = world();
  hands.want('release');
  await kernel.answer('busy');
  clock.advance(1000);
  await kernel.answer();
  t.same(kernel.calls, ['release', 'release']);
  t.same(told, []);
  t.equal(clock.pending, 0);
});

t.test('let go while the next try waits: no try comes after it', async (t) => {
  const { kernel, clock, hands } = world();
  hands.want('hold');
  await kernel.answer('no such device');
  hands.want('release');
  await kernel.answer();
  clock.advance(5000);
  t.same(kernel.calls, ['hold', 'release']);
});

t.test('closed: nothing is told and nothing tried, whatever the kernel still says', async (t) => {
  const { kernel, clock, hands, told } = world();
  hands.want('hold');
  hands.then(() => told.push('master'));
  hands.close();
  await kernel.answer('gone');
  t.same(told, []);
  t.equal(clock.pending, 0);
  await hands.idle();
});
