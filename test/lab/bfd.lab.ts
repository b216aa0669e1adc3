// kernels: uml
/** BFD against FRR's bfdd: one hop and several, both families; up, every way down, and up again. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { BfdStatus } from '../../src/bfd/speaker.js';
import type { BfdSessionSettings } from '../../src/config/check.js';
import type { Outcome } from '../../src/health/check.js';
import { Bfdd, bfddMissing, type BfddPeer } from './bfdd.js';
import type { SpeakerOrder, SpeakerSaid } from './bfd-speaker.js';
import { eventually } from './eventually.js';
import { Peer } from './peers.js';
import { Lifetime } from '../../src/system/lifetime.js';
import { Network, type Topology } from './topology.js';

t.setTimeout(0); // whoever runs us sets the limit

/** We are `lb`; `near` is our neighbor and the way to `far`. */
const topology: Topology = {
  hosts: {
    lb: {
      links: { lan: ['10.0.0.1/24', '2001:db8::1/64'] },
      routes: ['10.0.1.0/24 via 10.0.0.2', '2001:db8:1::/64 via 2001:db8::2'],
    },
    near: {
      links: { lan: ['10.0.0.2/24', '2001:db8::2/64'], wan: ['10.0.1.1/24', '2001:db8:1::1/64'] },
      sysctls: { 'net.ipv4.ip_forward': 1, 'net.ipv6.conf.all.forwarding': 1 },
    },
    far: {
      links: { wan: ['10.0.1.2/24', '2001:db8:1::2/64'] },
      routes: ['10.0.0.0/24 via 10.0.1.1', '2001:db8::/64 via 2001:db8:1::1'],
    },
  },
};

/** Ours is so large that nobody misses us while our loop is held up for longer than our own detection time. */
const OUR_MULTIPLIER = 60;

const session = (neighbor: string, source: string, more: Partial<BfdSessionSettings> = {}): BfdSessionSettings => ({
  name: neighbor,
  neighbor,
  source,
  minReceiveMs: 50,
  minTransmitMs: 50,
  idleTransmitMs: 1000,
  multiplier: OUR_MULTIPLIER,
  passive: false,
  ttl: 255,
  maxHops: 0,
  multihop: false,
  ...more,
});
const several = { multihop: true, maxHops: 1 } as const;
const near4 = session('10.0.0.2', '10.0.0.1');
const near6 = session('2001:db8::2', '2001:db8::1');
const far4 = session('10.0.1.2', '10.0.0.1', several);
const far6 = session('2001:db8:1::2', '2001:db8::1', several);

/** The other ends'. Their multiplier times 50 ms is our detection time: a second, in which a busy machine lets everybody have a turn. */
const MULTIPLIER = 20;
const DETECTION_MS = MULTIPLIER * 50;
const peerLines = (peer: string): string[] => [
  ` peer ${peer}`,
  `  detect-multiplier ${MULTIPLIER}`,
  '  receive-interval 50',
  '  transmit-interval 50',
  '  no shutdown',
];
const configuration = (...peers: readonly string[]): string => ['bfd', ...peers.flatMap(peerLines), ''].join('\n');
const nearConfiguration = configuration('10.0.0.1 local-address 10.0.0.2', '2001:db8::1 local-address 2001:db8::2');
const farConfiguration = configuration(
  '10.0.0.1 multihop local-address 10.0.1.2',
  '2001:db8::1 multihop local-address 2001:db8:1::2',
);

interface Told {
  readonly outcome: Outcome;
  readonly at: number;
}

/** Our speaker in `lb`. */
class Speaker implements AsyncDisposable {
  readonly #peer: Peer;
  readonly #told = new Map<string, Told[]>();
  #status: BfdStatus | undefined;
  readonly #done: string[] = [];

  constructor(sessions: readonly BfdSessionSettings[]) {
    const script = join(import.meta.dirname, 'bfd-speaker.js');
    this.#peer = new Peer(['ip', 'netns', 'exec', 'lb', process.execPath, script, JSON.stringify(sessions)]);
    void this.#listen();
  }

  /** All that was told of a session. */
  told({ name }: BfdSessionSettings): readonly Told[] {
    return this.#told.get(name) ?? [];
  }

  /** Waits until a session is so. */
  until(of: BfdSessionSettings, is: Outcome['is']): Promise<Told> {
    return eventually(() => {
      const last = this.told(of).at(-1);
      if (last?.outcome.is !== is) throw new Error(`${of.name} is ${JSON.stringify(last)}, not ${is}`);
      return last;
    });
  }

  async order(order: SpeakerOrder): Promise<void> {
    const before = this.#done.length;
    this.#peer.write(JSON.stringify(order));
    await eventually(() => {
      if (this.#done.length === before) throw new Error(`${order.do} is not done`);
    });
  }

  async statusOf({ name }: BfdSessionSettings): Promise<BfdStatus['sessions'][number]> {
    await this.order({ do: 'status' });
    const found = this.#status?.sessions.find((one) => one.name === name);
    if (found === undefined) throw new Error(`no session ${name}`);
    return found;
  }

  /** Waits until both ends have agreed upon the intervals of a session that is up. */
  async settled(of: BfdSessionSettings): Promise<void> {
    await eventually(async () => {
      const { transmitMs, detectionMs } = await this.statusOf(of);
      if (transmitMs !== 50 || detectionMs !== DETECTION_MS) throw new Error(`${transmitMs} ms, ${detectionMs} ms`);
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#peer[Symbol.asyncDispose]();
  }

  async #listen(): Promise<void> {
    try {
      for (;;) this.#hear(JSON.parse(await this.#peer.line()) as SpeakerSaid);
    } catch {
      // It has ended; whoever waits for it says what is missing.
    }
  }

  #hear(said: SpeakerSaid): void {
    if ('status' in said) this.#status = said.status;
    else if ('done' in said) this.#done.push(said.done);
    else this.#told.set(said.session, [...(this.#told.get(said.session) ?? []), said]);
  }
}

interface Scene {
  readonly network: Network;
  readonly speaker: Speaker;
  readonly bfdd: Bfdd;
}

/** A network with bfdd in one of its hosts, and all of our sessions up; gone with the test. */
async function scene(
  t: Test,
  sessions: readonly BfdSessionSettings[],
  host = 'near',
  text = nearConfiguration,
): Promise<Scene> {
  const life = new Lifetime();
  t.teardown(() => life[Symbol.asyncDispose]());
  const end = (thing: AsyncDisposable): Promise<void> => Promise.resolve(thing[Symbol.asyncDispose]());
  const network = life.own(await Network.build(topology), end);
  const bfdd = life.own(await Bfdd.start(host, text), end);
  const speaker = life.own(new Speaker(sessions), end);
  for (const one of sessions) {
    await speaker.until(one, 'alive');
    await speaker.settled(one);
  }
  return { network, speaker, bfdd };
}

/** Waits until bfdd, too, sees these sessions up. */
const isUp = (bfdd: Bfdd, ...peers: readonly string[]): Promise<void> =>
  eventually(async () => {
    const up = (await bfdd.peers()).flatMap(({ peer, status }) => (status === 'up' ? peer : []));
    if (!peers.every((peer) => up.includes(peer))) throw new Error(`up are ${up.join(' ')}`);
  });

const peerOf = async (bfdd: Bfdd, peer: string): Promise<BfddPeer> => {
  const found = (await bfdd.peers()).find((one) => one.peer === peer);
  if (found === undefined) throw new Error(`bfdd knows no ${peer}`);
  return found;
};

/** The guest has one CPU, the machine has other work, and everybody's timers are late. */
const LATE_MS = DETECTION_MS;

const skip = bfddMissing() ?? false;

t.test('one hop: up, with the intervals that both ends agree upon', { skip }, async (t) => {
  const { speaker, bfdd } = await scene(t, [near4, near6]);
  await isUp(bfdd, '10.0.0.1', '2001:db8::1');
  for (const one of [near4, near6]) {
    t.match(await speaker.statusOf(one), {
      state: 'up',
      remoteState: 'up',
      transmitMs: 50,
      detectionMs: DETECTION_MS,
      diagnostic: 'no diagnostic',
    });
    t.equal(speaker.told(one).length, 1);
  }
  t.match(await peerOf(bfdd, '10.0.0.1'), {
    'remote-detect-multiplier': OUR_MULTIPLIER,
    'remote-receive-interval': 50,
    'remote-transmit-interval': 50,
  });
});

t.test('several hops: up; and not, where none is allowed', { skip }, async (t) => {
  const { speaker, bfdd } = await scene(t, [far4, far6], 'far', farConfiguration);
  await isUp(bfdd, '10.0.0.1', '2001:db8::1');
  await speaker.order({ do: 'configure', sessions: [{ ...far4, maxHops: 0 }, far6] });
  const { outcome } = await speaker.until(far4, 'failed');
  t.match(outcome, { why: 'session', detail: /control detection time expired/ });
  t.equal(speaker.told(far6).length, 1);
});

t.test('bfdd is killed: told within the detection time; it comes back: up again', { skip }, async (t) => {
  const { speaker, bfdd } = await scene(t, [near4, near6]);
  const killed = performance.timeOrigin + performance.now();
  await bfdd.kill();
  for (const one of [near4, near6]) {
    const { at, outcome } = await speaker.until(one, 'failed');
    const took = at - killed;
    t.comment(`${one.name}: ${took.toFixed(0)} ms after the kill`);
    t.ok(took <= DETECTION_MS + LATE_MS, `${took} ms`);
    t.ok(took >= DETECTION_MS / 2, 'and not for the kill itself');
    t.match(outcome, { why: 'session', detail: /control detection time expired/ });
  }
  await bfdd.start();
  for (const one of [near4, near6]) await speaker.until(one, 'alive');
});

t.test('a session is shut down at the other end: told at once; and it is allowed again', { skip }, async (t) => {
  const { speaker, bfdd } = await scene(t, [near4, near6]);
  const peer = ['configure terminal', 'bfd', 'peer 10.0.0.1 local-address 10.0.0.2'];
  await bfdd.vtysh(...peer, 'shutdown');
  const { outcome } = await speaker.until(near4, 'failed');
  t.match(outcome, { detail: /was taken down at its other end/ });
  t.equal(speaker.told(near6).length, 1, 'the other session is as it was');
  await bfdd.vtysh(...peer, 'no shutdown');
  await speaker.until(near4, 'alive');
});

t.test('other intervals, ours and theirs, without a break', { skip }, async (t) => {
  const { speaker, bfdd } = await scene(t, [near4]);
  await speaker.order({
    do: 'configure',
    sessions: [{ ...near4, minReceiveMs: 150, minTransmitMs: 200, multiplier: 30 }],
  });
  await eventually(async () => {
    const peer = await peerOf(bfdd, '10.0.0.1');
    if (peer['remote-transmit-interval'] !== 200) throw new Error(JSON.stringify(peer));
    t.match(peer, { 'remote-receive-interval': 150, 'remote-detect-multiplier': 30, status: 'up' });
  });
  await eventually(async () => {
    const { transmitMs, detectionMs } = await speaker.statusOf(near4);
    if (transmitMs !== 200 || detectionMs !== MULTIPLIER * 150) throw new Error(`${transmitMs} ms, ${detectionMs} ms`);
  });
  await bfdd.vtysh('configure terminal', 'bfd', 'peer 10.0.0.1 local-address 10.0.0.2', 'transmit-interval 300');
  await eventually(async () => {
    const { detectionMs } = await speaker.statusOf(near4);
    if (detectionMs !== MULTIPLIER * 300) throw new Error(`${String(detectionMs)} ms`);
  });
  await delay(3000);
  t.equal(speaker.told(near4).length, 1);
  t.equal((await peerOf(bfdd, '10.0.0.1')).status, 'up');
});

t.test('the link goes down and comes back', { skip }, async (t) => {
  const { network, speaker } = await scene(t, [near4, near6]);
  await network.must('lb', 'ip', 'link', 'set', 'lan', 'down');
  for (const one of [near4, near6]) t.match((await speaker.until(one, 'failed')).outcome, { why: 'session' });
  await network.must('lb', 'ip', 'link', 'set', 'lan', 'up');
  await network.must('lb', 'ip', 'address', 'replace', '2001:db8::1/64', 'dev', 'lan', 'nodad'); // the kernel took it away
  for (const one of [near4, near6]) await speaker.until(one, 'alive');
});

t.test('our loop is held up for longer than the detection time: nobody falls', { skip }, async (t) => {
  const { speaker, bfdd } = await scene(t, [near4]);
  await isUp(bfdd, '10.0.0.1');
  for (let i = 0; i < 5; i++) {
    await speaker.order({ do: 'block', ms: DETECTION_MS + 100 });
    await delay(200);
  }
  t.equal(speaker.told(near4).length, 1);
  t.equal((await peerOf(bfdd, '10.0.0.1')).status, 'up');
});

t.test('we stop: the other end knows at once that we meant it', { skip }, async (t) => {
  const { speaker, bfdd } = await scene(t, [near4]);
  await isUp(bfdd, '10.0.0.1');
  await speaker.order({ do: 'stop' });
  const told = await eventually(async () => {
    const peer = await peerOf(bfdd, '10.0.0.1');
    if (peer.status !== 'down') throw new Error(JSON.stringify(peer));
    return peer;
  });
  t.match(told, { 'remote-diagnostic': 'administratively down' }, 'and not that it missed us');
});

const KEEPALIVED = '/usr/sbin/keepalived';
const withoutKeepalived = existsSync(KEEPALIVED) ? false : `${KEEPALIVED} is missing: apt-get install keepalived`;

t.test("keepalived's own bfd_instance: up, killed, up again", { skip: withoutKeepalived }, async (t) => {
  const network = await Network.build(topology);
  t.teardown(() => network[Symbol.asyncDispose]());
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-bfd-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const text = `bfd_instance lb {\n neighbor_ip 10.0.0.1\n source_ip 10.0.0.2\n min_rx 50\n min_tx 50\n multiplier ${MULTIPLIER}\n}\n`;
  writeFileSync(join(folder, 'keepalived.conf'), text);
  const start = (): Peer =>
    new Peer(['ip', 'netns', 'exec', 'near', KEEPALIVED, '-n', '-l', '-f', join(folder, 'keepalived.conf')]);
  const first = start();
  const speaker = new Speaker([near4]);
  t.teardown(() => speaker[Symbol.asyncDispose]());
  await speaker.until(near4, 'alive');
  await speaker.settled(near4);
  const pids = (await network.must('near', 'ip', 'netns', 'pids', 'near')).trim().split('\n').map(Number);
  for (const pid of pids) await network.run('near', ['kill', '-9', String(pid)]); // one of them was `ip` itself
  await first[Symbol.asyncDispose]();
  t.match((await speaker.until(near4, 'failed')).outcome, { detail: /control detection time expired/ });
  const second = start();
  t.teardown(() => second[Symbol.asyncDispose]());
  await speaker.until(near4, 'alive');
});
