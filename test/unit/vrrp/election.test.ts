/** Any number of routers on a link that loses adverts: in the end there is one master, and the right one. Seeds are printed when one fails. */
import fc from 'fast-check';
import t from 'tap';
import { masterDownMs } from '../../../src/vrrp/rfc.js';
import { DELAY_MS, type Router, World } from '../../helpers/vrrp-world.js';

interface Node {
  readonly priority: number;
  readonly advertMs: number;
  readonly preempt: boolean;
  readonly answersLower: boolean;
}

/** Something that is done to one router, in turns: what stopped starts again. */
interface Turn {
  readonly node: number;
  readonly atMs: number;
  readonly what: 'stop' | 'die' | 'fault' | 'priority' | 'addresses-lost';
  readonly priority: number;
}

interface Plan {
  readonly version: 2 | 3;
  readonly nodes: readonly Node[];
  readonly turns: readonly Turn[];
  /** Per thousand, and for which parts of the link. */
  readonly lossPerMille: number;
  readonly oneWay: readonly (readonly [number, number])[];
  readonly seed: number;
}

const TROUBLE_MS = 20_000;

/** Few enough that routers are often equal. */
const priority = fc.oneof(fc.constantFrom(100, 150), fc.integer({ min: 1, max: 254 }));

const node = (version: 2 | 3): fc.Arbitrary<Node> =>
  fc.record({
    priority,
    advertMs: version === 2 ? fc.constant(1000) : fc.constantFrom(250, 500, 1000),
    preempt: fc.boolean(),
    answersLower: fc.boolean(),
  });

const turn = (nodes: number): fc.Arbitrary<Turn> =>
  fc.record({
    node: fc.nat(nodes - 1),
    atMs: fc.integer({ min: 0, max: TROUBLE_MS - 1 }),
    what: fc.constantFrom('stop', 'die', 'fault', 'priority', 'addresses-lost'),
    priority,
  });

const plan: fc.Arbitrary<Plan> = fc.constantFrom<2 | 3>(2, 3).chain((version) =>
  fc.array(node(version), { minLength: 2, maxLength: 5 }).chain((nodes) =>
    fc.record({
      version: fc.constant(version),
      nodes: fc.constant(nodes),
      turns: fc.array(turn(nodes.length), { maxLength: 8 }),
      lossPerMille: fc.constantFrom(0, 100, 500, 1000),
      oneWay: fc.array(fc.tuple(fc.nat(nodes.length - 1), fc.nat(nodes.length - 1)), { maxLength: 3 }),
      seed: fc.integer(),
    }),
  ),
);

/** A stream of numbers from 0 to 999 that a seed decides (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % 1000;
  };
}

const isOff = ({ state }: Router): boolean => state.is === 'initialize' || state.is === 'fault';

function act(router: Router, { what, priority }: Turn): void {
  if (router.state.is === 'fault') router.happens({ is: 'repaired' });
  else if (router.state.is === 'initialize') router.happens({ is: 'start' });
  else if (what === 'die') router.dies();
  else if (what === 'fault') router.happens({ is: 'fault', why: 'test' });
  else if (what === 'priority') router.happens({ is: 'priority', value: priority });
  else router.happens({ is: what });
}

function worldOf({ version, nodes, turns }: Plan): { readonly world: World; readonly routers: readonly Router[] } {
  const world = new World();
  const routers = nodes.map(({ priority, advertMs, preempt, answersLower }, index) =>
    world.add(`r${index}`, {
      priority,
      garp: { repeat: 0 },
      my: {
        version,
        advertMs,
        preempt,
        answersLower,
        learnedLeastMs: advertMs / 4,
        learnedMostMs: advertMs * 4,
      },
    }),
  );
  for (const router of routers) world.at(0, () => router.happens({ is: 'start' }));
  for (const each of turns) world.at(each.atMs, () => act(routers[each.node]!, each));
  return { world, routers };
}

/** Nobody else has a reason to want it: better ones would preempt. */
function isRight(routers: readonly Router[]): boolean {
  const masters = routers.filter(({ state }) => state.is === 'master');
  const [only] = masters;
  if (masters.length !== 1 || only === undefined) return routers.every(isOff);
  return routers.every(
    (other) => other === only || isOff(other) || !other.my.preempt || other.state.priority <= only.state.priority,
  );
}

t.test('once loss stops there is one master, and the right one, within the longest master-down and an advert', (t) => {
  fc.assert(
    fc.property(plan, (plan) => {
      const { world, routers } = worldOf(plan);
      const next = numbers(plan.seed);
      const deaf = new Set(plan.oneWay.map(([from, to]) => `r${from} r${to}`));
      world.loses = (from, to, atMs) => atMs < TROUBLE_MS && (deaf.has(`${from} ${to}`) || next() < plan.lossPerMille);
      world.runTo(TROUBLE_MS);
      const longestMs = Math.max(...plan.nodes.map(({ advertMs }) => advertMs));
      const least = Math.min(...routers.map(({ state }) => state.priority));
      const settledMs = TROUBLE_MS + masterDownMs(plan.version, least, longestMs) + longestMs + 4 * DELAY_MS;
      world.runTo(settledMs);
      const first = [...world.masters];
      const right = isRight(routers);
      world.runTo(settledMs + 20_000);
      return right && isRight(routers) && world.masters.join() === first.join();
    }),
    { numRuns: 400 },
  );
  t.end();
});

t.test('without loss two masters never outlive one exchange of adverts', (t) => {
  fc.assert(
    fc.property(plan, (plan) => {
      const { world, routers } = worldOf(plan);
      let sinceMs: number | undefined;
      const longestMs = Math.max(...plan.nodes.map(({ advertMs }) => advertMs));
      for (let atMs = 0; atMs < TROUBLE_MS; atMs += 5) {
        world.runTo(atMs);
        const two = routers.filter(({ state }) => state.is === 'master').length > 1;
        sinceMs = two ? (sinceMs ?? atMs) : undefined;
        if (sinceMs !== undefined && atMs - sinceMs > longestMs + 5) return false;
      }
      return true;
    }),
    { numRuns: 100 },
  );
  t.end();
});

t.test('… and with answers to lower adverts it is a tenth of a second', (t) => {
  const answering = plan.map((plan) => ({
    ...plan,
    nodes: plan.nodes.map((node) => ({ ...node, answersLower: true })),
  }));
  fc.assert(
    fc.property(answering, (plan) => {
      const { world, routers } = worldOf(plan);
      let sinceMs: number | undefined;
      for (let atMs = 0; atMs < TROUBLE_MS; atMs += 5) {
        world.runTo(atMs);
        const two = routers.filter(({ state }) => state.is === 'master').length > 1;
        sinceMs = two ? (sinceMs ?? atMs) : undefined;
        if (sinceMs !== undefined && atMs - sinceMs > 105) return false;
      }
      return true;
    }),
    { numRuns: 100 },
  );
  t.end();
});

t.test('a backup that hears nobody is master after Active_Down_Interval, whatever it has heard before', (t) => {
  fc.assert(
    fc.property(plan, (plan) => {
      const { world, routers } = worldOf(plan);
      world.runTo(TROUBLE_MS);
      const [survivor, ...others] = routers;
      if (survivor === undefined || isOff(survivor)) return true;
      for (const other of others) other.dies();
      const longestMs = Math.max(...plan.nodes.map(({ advertMs }) => advertMs));
      world.runTo(TROUBLE_MS + masterDownMs(plan.version, survivor.state.priority, longestMs) + DELAY_MS);
      return survivor.state.is === 'master';
    }),
    { numRuns: 200 },
  );
  t.end();
});

t.test('a sync group on three links is master together or not at all', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(2), fc.integer({ min: 0, max: TROUBLE_MS }), fc.boolean()), { maxLength: 8 }),
      fc.integer(),
      fc.constantFrom(0, 200, 600),
      (faults, seed, lossPerMille) => {
        const world = new World();
        const next = numbers(seed);
        world.loses = (_from, _to, atMs) => atMs < TROUBLE_MS && next() < lossPerMille;
        const members = ['r1', 'r2'].map((machine, index) =>
          [0, 1, 2].map((link) =>
            world.add(`${machine}-${link}`, {
              priority: index === 0 ? 150 : 100,
              link: `${link}`,
              group: machine,
              garp: { repeat: 0 },
            }),
          ),
        );
        for (const router of members.flat()) world.at(0, () => router.happens({ is: 'start' }));
        for (const [link, atMs, first] of faults)
          world.at(atMs, () => members[first ? 0 : 1]![link]!.happens({ is: 'addresses-lost' }));
        let together = true;
        for (let atMs = 0; atMs <= TROUBLE_MS + 5000; atMs += 50) {
          world.runTo(atMs);
          for (const machine of members) together &&= new Set(machine.map(({ state }) => state.is)).size === 1;
        }
        return together && members[0]!.every(({ state }) => state.is === 'master');
      },
    ),
    { numRuns: 60 },
  );
  t.end();
});
