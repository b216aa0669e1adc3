import fc from 'fast-check';
import t from 'tap';
import { type ControlPacket, decodePacket, encodePacket } from '../../../src/bfd/packet.js';
import { sessionStates } from '../../../src/bfd/rfc5880.js';
import { BfdSpeaker, type BfdStatus } from '../../../src/bfd/speaker.js';
import type { BfdSessionSettings } from '../../../src/config/check.js';
import type { Outcome } from '../../../src/health/check.js';
import { type Carried, DatagramNetwork } from '../../helpers/datagram-network.js';
import { FakeClock } from '../../helpers/fake-clock.js';
import { MemoryLog } from '../../helpers/memory-log.js';

const A = '192.0.2.1';
const B = '192.0.2.2';

const session = (neighbor: string, more: Partial<BfdSessionSettings> = {}): BfdSessionSettings => ({
  name: `to ${neighbor}`,
  neighbor,
  minReceiveMs: 10,
  minTransmitMs: 10,
  idleTransmitMs: 1000,
  multiplier: 5,
  passive: false,
  ttl: 255,
  maxHops: 0,
  multihop: false,
  ...more,
});

/** mulberry32: the same numbers from the same seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

class World {
  readonly clock = new FakeClock();
  readonly network = new DatagramNetwork(this.clock);
  readonly log = new MemoryLog();
  readonly #random: () => number;

  constructor(seed = 1) {
    this.#random = seeded(seed);
  }

  speaker(address: string, ...sessions: readonly BfdSessionSettings[]): BfdSpeaker {
    const speaker = new BfdSpeaker({
      openDatagram: this.network.host(address),
      clock: this.clock,
      random: { next: this.#random },
      log: this.log,
      afterReads: (run) =>
        this.clock.after(0, () => {
          this.network.release(address, 1);
          run();
        }),
    });
    speaker.configure(sessions);
    return speaker;
  }

  /** What followers of a session are told, with the time. */
  follow(speaker: BfdSpeaker, name: string): [at: number, outcome: Outcome][] {
    const told: [number, Outcome][] = [];
    speaker.follow(name)((outcome) => told.push([this.clock.now(), outcome]));
    return told;
  }
}

const onlySession = (status: BfdStatus): BfdStatus['sessions'][number] => {
  const [first] = status.sessions;
  if (first === undefined) throw new Error('no session');
  return first;
};
const stateOf = (speaker: BfdSpeaker): string => onlySession(speaker.status).state;
const isOf = (told: readonly [number, Outcome][]): string[] => told.map(([, { is }]) => is);

t.test('two speakers come up within the first packets, and each is told once', (t) => {
  const world = new World();
  const [a, b] = [world.speaker(A, session(B)), world.speaker(B, session(A))];
  const told = world.follow(a, `to ${B}`);
  world.clock.advance(200);
  t.equal(stateOf(a), 'up');
  t.equal(stateOf(b), 'up');
  t.same(isOf(told), ['alive']);
  t.match(onlySession(a.status), {
    remoteState: 'up',
    transmitMs: 10,
    detectionMs: 50,
    remoteDiagnostic: 'no diagnostic',
  });
  t.same(isOf(world.follow(a, `to ${B}`)), ['alive'], 'who comes later knows at once');
  t.end();
});

t.test(
  'RFC 5881 §4: one socket hears, one sends, from a port of its own in the range, with the TTL of the session',
  (t) => {
    const world = new World();
    world.speaker(
      A,
      session(B),
      session('192.0.2.3'),
      session('2001:db8::2', { source: '2001:db8::1' }),
      session('192.0.2.9', { multihop: true, ttl: 64 }),
    );
    world.clock.advance(200);
    const hearing = world.network.sockets.filter(({ peer }) => peer === undefined);
    t.same(
      hearing.map(({ family, bindPort }) => [family, bindPort]),
      [
        ['ip4', 3784],
        ['ip6', 3784],
        ['ip4', 4784],
      ],
    );
    const sending = world.network.sockets.filter(({ peer }) => peer !== undefined);
    t.match(
      sending.sort((one, other) => (one.peer?.address ?? '').localeCompare(other.peer?.address ?? '')),
      [
        { peer: { address: B, port: 3784 }, ttl: 255 },
        { peer: { address: '192.0.2.3', port: 3784 } },
        { peer: { address: '192.0.2.9', port: 4784 }, ttl: 64 },
        { peer: { address: '2001:db8::2', port: 3784 }, bindAddress: '2001:db8::1', family: 'ip6' },
      ],
    );
    const ports = sending.map(({ bindPort = 0 }) => bindPort);
    t.equal(new Set(ports).size, 4);
    t.ok(ports.every((port) => port >= 49_152 && port <= 65_535));
    t.end();
  },
);

t.test('silence: down after the detection time and not later, and up again when it ends', (t) => {
  const world = new World();
  const [a] = [world.speaker(A, session(B)), world.speaker(B, session(A))];
  const told = world.follow(a, `to ${B}`);
  world.clock.advance(1000);
  let lastHeard = 0;
  world.network.carry = () => undefined;
  lastHeard = world.clock.now() + 1; // one may be under way
  world.clock.advance(100);
  const [at, outcome] = told.at(-1) ?? [0, undefined];
  t.ok(at <= lastHeard + 50 && at > lastHeard + 50 - 12, `at ${at}`);
  t.match(outcome, { is: 'failed', why: 'session', detail: /control detection time expired/ });
  const fell = world.log.named('bfd.state').filter(({ from }) => from === 'up');
  t.match(
    fell.find(({ session }) => session === `to ${B}`),
    { level: 'warn', to: 'down' },
  );
  world.network.carry = () => 1;
  world.clock.advance(2500);
  t.same(isOf(told), ['alive', 'failed', 'alive']);
  t.end();
});

t.test('a neighbor that never speaks: told when it had time for it, and not before', (t) => {
  const world = new World();
  const a = world.speaker(A, session(B, { multiplier: 3 }));
  const told = world.follow(a, `to ${B}`);
  world.clock.advance(2999);
  t.same(told, []);
  world.clock.advance(1);
  t.match(told, [[3000, { is: 'failed', why: 'session', detail: `the session with ${B} has not come up` }]]);
  const sent = onlySession(a.status).sent;
  t.ok(sent >= 3 && sent <= 5, `${sent} packets in 3 s`);
  t.end();
});

t.test('passive on one side comes up, on both it does not', (t) => {
  const world = new World();
  const a = world.speaker(A, session(B, { passive: true }));
  world.clock.advance(10_000);
  t.equal(onlySession(a.status).sent, 0);
  const b = world.speaker(B, session(A, { passive: true }));
  world.clock.advance(10_000);
  t.same([stateOf(a), stateOf(b)], ['down', 'down']);
  b.configure([session(A)]);
  world.clock.advance(2000);
  t.same([stateOf(a), stateOf(b)], ['up', 'up']);
  t.end();
});

t.test('stop takes leave: the neighbor knows at once and says why, and nothing is left', async (t) => {
  const world = new World();
  const [a, b] = [world.speaker(A, session(B)), world.speaker(B, session(A))];
  const told = world.follow(a, `to ${B}`);
  const toldOfOwnEnd = world.follow(b, `to ${A}`);
  world.clock.advance(500);
  const before = world.clock.now();
  const stopped = b.stop();
  await world.clock.run(60, 10);
  await stopped;
  t.match(told.at(-1), [before + 1, { is: 'failed', detail: `the session with ${B} was taken down at its other end` }]);
  t.same(isOf(toldOfOwnEnd), ['alive'], 'who stops tells nobody here');
  t.equal(onlySession(a.status).remoteDiagnostic, 'administratively down');
  const stoppedToo = a.stop();
  await world.clock.run(60, 10);
  await stoppedToo;
  t.equal(world.clock.pending, 0);
  t.same(world.network.sockets, []);
});

t.test('reload: what did not change goes on; faster and slower are agreed upon without a break', (t) => {
  const world = new World();
  const [a, b] = [world.speaker(A, session(B)), world.speaker(B, session(A))];
  const told = world.follow(a, `to ${B}`);
  world.clock.advance(1000);
  const { discriminator } = onlySession(a.status);
  const toldB = world.follow(b, `to ${A}`);
  for (const [minTransmitMs, minReceiveMs, multiplier] of [
    [10, 10, 5],
    [100, 50, 3],
    [5, 300, 3],
    [20, 20, 2],
  ] as const) {
    a.configure([session(B, { minTransmitMs, minReceiveMs, multiplier })]);
    world.clock.advance(3000);
    t.match(onlySession(b.status), { detectionMs: multiplier * Math.max(10, minTransmitMs) });
    t.match(onlySession(a.status), {
      transmitMs: Math.max(10, minTransmitMs),
      detectionMs: 5 * Math.max(10, minReceiveMs),
    });
  }
  t.equal(onlySession(a.status).discriminator, discriminator);
  t.same(isOf(told), ['alive']);
  t.same(isOf(toldB), ['alive']);
  t.end();
});

t.test('reload: another neighbor under the same name is another session; the old neighbor is told', async (t) => {
  const world = new World();
  const [a, b] = [world.speaker(A, session(B, { name: 'x' })), world.speaker(B, session(A))];
  const told = world.follow(a, 'x');
  const toldB = world.follow(b, `to ${A}`);
  world.clock.advance(1000);
  a.configure([session('192.0.2.3', { name: 'x' })]);
  await world.clock.run(1000);
  t.match(toldB.at(-1)?.[1], { is: 'failed', detail: /taken down at its other end/ });
  t.same(isOf(told), ['alive'], 'of the new one nothing is known yet');
  await world.clock.run(5000);
  t.same(isOf(told), ['alive', 'failed']);
});

t.test('reload: another TTL keeps the session, sent with from then on', (t) => {
  const world = new World();
  const [a] = [world.speaker(A, session(B, { maxHops: -1 })), world.speaker(B, session(A, { maxHops: -1 }))];
  world.clock.advance(1000);
  const port = world.network.sockets.find(({ peer }) => peer?.address === B)?.bindPort;
  a.configure([session(B, { maxHops: -1, ttl: 64 })]);
  world.clock.advance(1000);
  t.match(
    world.network.sockets.find(({ peer }) => peer?.address === B),
    { ttl: 64, bindPort: port },
  );
  t.equal(stateOf(a), 'up');
  t.end();
});

t.test('reload: the same neighbor, seen as several hops away: it comes up again', async (t) => {
  const world = new World();
  const [a, b] = [world.speaker(A, session(B)), world.speaker(B, session(A))];
  world.clock.advance(1000);
  for (const [speaker, to] of [
    [a, B],
    [b, A],
  ] as const)
    speaker.configure([session(to, { multihop: true })]);
  await world.clock.run(4000);
  t.same([stateOf(a), stateOf(b)], ['up', 'up']);
  t.same(
    world.network.sockets.filter(({ peer }) => peer === undefined).map(({ bindPort }) => bindPort),
    [4784, 4784],
  );
});

t.test('RFC 5881 §5: who is further away than allowed is not heard, and that is logged once', (t) => {
  const world = new World();
  world.network.hops = 1;
  const [a] = [world.speaker(A, session(B)), world.speaker(B, session(A))];
  world.clock.advance(5000);
  t.equal(stateOf(a), 'down');
  t.ok(a.status.refused.ttl >= 4);
  t.match(
    world.log.named('bfd.refused').filter(({ session }) => session === `to ${B}`),
    [{ why: 'ttl', ttl: 254, from: B }],
  );
  t.end();
});

t.test('max_hops: so many hops less', (t) => {
  const world = new World();
  world.network.hops = 2;
  const [a, b] = [
    world.speaker(A, session(B, { maxHops: 2, multihop: true })),
    world.speaker(B, session(A, { maxHops: -1, multihop: true })),
  ];
  world.clock.advance(2000);
  t.same([stateOf(a), stateOf(b)], ['up', 'up']);
  t.end();
});

/** A packet that B sends, whoever B is. */
function forge(world: World, packet: Partial<ControlPacket>, from = B): void {
  const down = {
    diagnostic: 0,
    state: 'down',
    poll: false,
    final: false,
    controlPlaneIndependent: false,
    demand: false,
  } as const;
  const numbers = {
    multiplier: 3,
    desiredMinTransmitUs: 1000,
    requiredMinReceiveUs: 1000,
    requiredMinEchoReceiveUs: 0,
  };
  const bytes = encodePacket({ ...down, ...numbers, myDiscriminator: 5, yourDiscriminator: 0, ...packet });
  const socket = world.network.host(from)(
    { kind: 'udp', family: 'ip4', peer: { address: A, port: 3784 }, bindPort: 50_000, ttl: 255 },
    { message: () => undefined, error: () => undefined },
  );
  socket.send(bytes);
  socket.close();
  world.clock.advance(2);
}

t.test('strangers are counted, not heard and not logged', (t) => {
  const world = new World();
  const a = world.speaker(A, session(B));
  forge(world, { state: 'down' }, '192.0.2.66');
  forge(world, { state: 'up', yourDiscriminator: 12_345 });
  t.equal(a.status.refused.session, 2);
  forge(world, { state: 'up' });
  t.equal(a.status.refused['your-discriminator'], 1);
  t.match(world.log.named('bfd.refused'), [{ why: 'your-discriminator', session: `to ${B}` }]);
  t.equal(onlySession(a.status).received, 0);
  t.end();
});

t.test('a neighbor that is administratively down is known to be down at once', (t) => {
  const world = new World();
  const a = world.speaker(A, session(B));
  const told = world.follow(a, `to ${B}`);
  forge(world, { state: 'admin-down', diagnostic: 7 });
  t.match(told, [[1, { is: 'failed', detail: /taken down at its other end/ }]]);
  t.end();
});

t.test('a flood of Polls is answered one for one and changes nothing else', (t) => {
  const world = new World();
  const a = world.speaker(A, session(B));
  world.clock.advance(1000);
  const before = onlySession(a.status).sent;
  for (let i = 0; i < 50; i++) forge(world, { poll: true });
  t.equal(onlySession(a.status).sent - before, 50);
  t.equal(stateOf(a), 'init');
  t.end();
});

t.test('a loop that was held up reads what waits before it takes silence for an answer', (t) => {
  for (const dies of [false, true]) {
    const world = new World();
    const a = world.speaker(A, session(B), session('192.0.2.3'));
    world.speaker(B, session(A, { multiplier: 3 }));
    world.speaker('192.0.2.3', session(A, { multiplier: 200 }));
    const told = world.follow(a, `to ${B}`);
    world.clock.advance(1000);
    t.match(onlySession(a.status), { detectionMs: 30, state: 'up' });
    world.network.hold(A);
    // B speaks once, behind others; then the timer fires, and each turn of the loop reads one datagram
    const held = world.clock.now();
    world.network.carry = ({ from }) => (from === B && (dies || world.clock.now() < held + 10) ? undefined : 1);
    world.clock.advance(31);
    t.same(isOf(told), dies ? ['alive', 'failed'] : ['alive'], dies ? 'it was silent' : 'it was not');
    t.ok(a.status.sessions[1]?.received);
  }
  t.end();
});

t.test('a port that is taken is tried again; told once', (t) => {
  const world = new World();
  world.network.refusals.set(3784, 'EADDRINUSE');
  const a = world.speaker(A, session(B));
  world.clock.advance(5000);
  t.match(a.status.trouble, [/^ip4 3784: EADDRINUSE/]);
  t.match(
    world.log.named('bfd.trouble').filter(({ level }) => level === 'error'),
    [{ operation: 'listen', port: 3784 }],
  );
  world.network.refusals.clear();
  world.speaker(B, session(A));
  world.clock.advance(3000);
  t.same(a.status.trouble, []);
  t.equal(stateOf(a), 'up');
  t.end();
});

t.test('a source port that another program has is left to it', (t) => {
  const world = new World();
  const tried: number[] = [];
  const host = world.network.host(A);
  const speaker = new BfdSpeaker({
    openDatagram: (order, events) => {
      if (order.peer !== undefined && tried.push(order.bindPort ?? 0) === 1)
        throw Object.assign(new Error('EADDRINUSE'), { code: 'EADDRINUSE' });
      return host(order, events);
    },
    clock: world.clock,
    random: { next: seeded(3) },
    log: world.log,
    afterReads: (run) => world.clock.after(0, run),
  });
  speaker.configure([session(B)]);
  world.clock.advance(2000);
  t.equal(tried.length, 2);
  t.not(tried[0], tried[1]);
  t.equal(onlySession(speaker.status).trouble?.startsWith('EADDRINUSE'), true, 'until the neighbor was heard');
  t.end();
});

t.test('reload: a name that was away begins anew, whatever was known of it', (t) => {
  const world = new World();
  const a = world.speaker(A, session(B, { name: 'x' }));
  world.speaker(B, session(A));
  world.clock.advance(500);
  a.follow('x')(() => undefined);
  a.configure([session(B, { name: 'y' })]);
  a.configure([session('192.0.2.3', { name: 'x' }), session(B, { name: 'y' })]);
  t.same(world.follow(a, 'x'), []);
  world.clock.advance(3000);
  t.same(isOf(world.follow(a, 'y')), ['alive']);
  t.end();
});

t.test('two sessions with one neighbor: the second is not, and that is told', (t) => {
  const world = new World();
  const a = world.speaker(A, session(B), session(B, { name: 'again' }), session(B, { name: 'far', multihop: true }));
  const told = world.follow(a, 'again');
  t.match(told, [[0, { is: 'failed', detail: `${B} is the neighbor of session 'to ${B}' already` }]]);
  t.same(
    a.status.sessions.map(({ name }) => name),
    [`to ${B}`, 'far'],
  );
  t.match(world.log.named('bfd.trouble'), [{ level: 'error', operation: 'configure', session: 'again' }]);
  world.speaker(B, session(A));
  a.configure([session(B, { name: 'again' })]);
  world.clock.advance(2000);
  t.same(isOf(told), ['failed', 'alive']);
  t.end();
});

t.test('a follower that stopped is told nothing, and others still are', (t) => {
  const world = new World();
  const [a] = [world.speaker(A, session(B)), world.speaker(B, session(A))];
  const told: Outcome[] = [];
  const tell = (outcome: Outcome): void => void told.push(outcome);
  const stop = a.follow(`to ${B}`)(tell);
  a.follow(`to ${B}`)(tell);
  stop();
  stop();
  world.clock.advance(500);
  t.equal(told.length, 1);
  t.end();
});

const timers = fc.record({
  minReceiveMs: fc.integer({ min: 5, max: 500 }),
  minTransmitMs: fc.integer({ min: 5, max: 500 }),
  idleTransmitMs: fc.integer({ min: 1000, max: 1500 }),
  multiplier: fc.integer({ min: 2, max: 6 }),
});

t.test('whatever was lost: once nothing is, both are up within a few idle packets, and agree', (t) => {
  fc.assert(
    fc.property(timers, timers, fc.nat(), fc.double({ min: 0.1, max: 1, noNaN: true }), (mine, theirs, seed, loss) => {
      const world = new World(seed);
      const chance = seeded(seed + 1);
      world.network.carry = () => (chance() < loss ? undefined : chance() * 20);
      const [a, b] = [world.speaker(A, session(B, mine)), world.speaker(B, session(A, theirs))];
      world.clock.advance(8000);
      world.network.carry = () => 1;
      // a detection time that began during the loss has to pass before a session that is up on one side only falls
      world.clock.advance(6 * 500 + 5 * 1500);
      const [one, other] = [onlySession(a.status), onlySession(b.status)];
      const agreed =
        one.state === 'up' &&
        other.state === 'up' &&
        one.remoteDiscriminator === other.discriminator &&
        other.remoteDiscriminator === one.discriminator &&
        one.transmitMs === Math.max(mine.minTransmitMs, theirs.minReceiveMs) &&
        one.detectionMs === theirs.multiplier * Math.max(mine.minReceiveMs, theirs.minTransmitMs);
      const toldA = world.follow(a, `to ${B}`);
      // and then all is lost: neither believes for longer than its detection time
      world.network.carry = () => undefined;
      world.clock.advance(1 + Math.max(one.detectionMs ?? 0, other.detectionMs ?? 0));
      return agreed && toldA.at(-1)?.[1].is === 'failed' && stateOf(b) === 'down';
    }),
    { numRuns: 60 },
  );
  t.end();
});

t.test('delays below the slack of the detection time never take a session down', (t) => {
  fc.assert(
    fc.property(timers, timers, fc.nat(), (mine, theirs, seed) => {
      const world = new World(seed);
      const chance = seeded(seed + 1);
      const [a, b] = [world.speaker(A, session(B, mine)), world.speaker(B, session(A, theirs))];
      world.clock.advance(5000);
      world.network.carry = () => chance() * 5;
      const told = world.follow(a, `to ${B}`);
      world.clock.advance(5000);
      return isOf(told).join() === 'alive' && stateOf(b) === 'up';
    }),
    { numRuns: 30 },
  );
  t.end();
});

t.test('any datagrams from the neighbor: the speaker stands, and recovers', (t) => {
  const noise = fc.uint8Array({ maxLength: 60 });
  const states = fc.constantFrom(...sessionStates);
  const packets = fc.record(
    {
      state: states,
      poll: fc.boolean(),
      final: fc.boolean(),
      demand: fc.boolean(),
      multiplier: fc.integer({ min: 1, max: 255 }),
      desiredMinTransmitUs: fc.nat(0xffffffff),
      requiredMinReceiveUs: fc.nat(0xffffffff),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(noise, packets), { maxLength: 40 }), (list) => {
      const world = new World();
      const a = world.speaker(A, session(B));
      for (const one of list)
        if (one instanceof Uint8Array)
          world.network
            .host(B)(
              { kind: 'udp', family: 'ip4', peer: { address: A, port: 3784 } },
              { message: () => undefined, error: () => undefined },
            )
            .send(one);
        else forge(world, { ...one, yourDiscriminator: onlySession(a.status).discriminator });
      world.clock.advance(2);
      const armed = world.clock.pending;
      // the last word of a forger may be that it speaks once in an hour: the real neighbor says otherwise with its first packet
      world.speaker(B, session(A));
      world.clock.advance(10_000);
      return armed <= 3 && stateOf(a) === 'up';
    }),
    { numRuns: 100 },
  );
  t.end();
});

t.test('what is sent is what decodes', (t) => {
  const world = new World();
  world.speaker(A, session(B));
  world.speaker(B, session(A));
  world.clock.advance(2000);
  const refused = (one: Carried): boolean => 'refused' in decodePacket(one.bytes);
  t.ok(world.network.log.length > 100);
  t.equal(world.network.log.filter(refused).length, 0);
  t.end();
});
