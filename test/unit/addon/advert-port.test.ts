/** The native adverts between two machines: this process, and one in another network namespace at the other end of a cable. */
import '../../helpers/own-machine.js';
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { openAdvertPort, type NativeAdvertPort } from '../../../src/addon/advert-port.js';
import type { AdvertLink, HeardAdvert } from '../../../src/vrrp/ports.js';
import type { PeerAnswer, PeerHeard, PeerOrder } from '../../helpers/advert-peer.js';

const PATIENCE_MS = 30_000;
const run = (words: string): string => execFileSync('ip', words.split(' '), { encoding: 'utf8' });

run('netns add far');
run('link add lv0 type veth peer name lv1 netns far');
for (const [where, n] of [
  ['', 1],
  ['-n far ', 2],
] as const) {
  run(`${where}addr add 192.0.2.${n}/24 dev lv${n - 1}`);
  run(`${where}-6 addr add 2001:db8::${n}/64 dev lv${n - 1} nodad`);
  run(`${where}-6 addr add fe80::${n}/64 dev lv${n - 1} nodad`);
  run(`${where}link set lv${n - 1} up`);
}

const link = (n: 1 | 2, change: Partial<AdvertLink> = {}): AdvertLink => ({
  family: 'ip4',
  protocol: 112,
  interface: `lv${n - 1}`,
  sendInterface: undefined,
  source: `192.0.2.${n}`,
  to: { group: '224.0.0.18' },
  ttl: 255,
  receiveBufferBytes: undefined,
  ...change,
});

/** Not a good advert: the port does not look beyond the VRID. */
const advert = (vrid: number, last: number): Uint8Array =>
  Uint8Array.of(0x31, vrid, 100, 1, 0, 100, 0, 0, 192, 0, 2, last);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Waits in turns of the loop, so that whatever is to come can come. */
async function until(what: () => boolean, name: string): Promise<void> {
  const end = process.hrtime.bigint() + BigInt(PATIENCE_MS) * 1_000_000n;
  while (!what()) {
    if (process.hrtime.bigint() > end) throw new Error(`waited in vain for ${name}`);
    await turn();
  }
}

class Peer {
  readonly heard: PeerHeard[] = [];
  readonly #child: ChildProcessWithoutNullStreams;
  #opened = 0;
  #flooded = 0;

  constructor(t: Test) {
    const program = fileURLToPath(new URL('../../helpers/advert-peer.js', import.meta.url));
    this.#child = spawn('ip', ['netns', 'exec', 'far', process.execPath, program]);
    this.#child.stderr.pipe(process.stderr);
    createInterface(this.#child.stdout).on('line', (line) => this.#answer(JSON.parse(line) as PeerAnswer));
    t.teardown(async () => {
      this.#child.stdin.end();
      if (this.#child.exitCode === null) await once(this.#child, 'exit');
    });
  }

  async open(vrid: number, open: AdvertLink): Promise<void> {
    const before = this.#opened;
    this.#order({ open, vrid });
    await until(() => this.#opened > before, 'the peer to open');
  }

  plan(vrid: number, message: Uint8Array, everyMs: number): void {
    this.#order({ plan: { messages: [hex(message)], everyMs, repeats: true }, vrid });
  }

  /** How many left. */
  async flood(vrid: number, message: Uint8Array, times: number): Promise<number> {
    this.#flooded = 0;
    this.#order({ flood: hex(message), times, vrid });
    await until(() => this.#flooded > 0, 'the flood to end');
    return this.#flooded;
  }

  #order(order: PeerOrder): void {
    this.#child.stdin.write(`${JSON.stringify(order)}\n`);
  }

  #answer(answer: PeerAnswer): void {
    if ('opened' in answer) this.#opened++;
    else if ('flooded' in answer) this.#flooded = answer.flooded;
    else this.heard.push(answer.heard);
  }
}

function openPort(t: Test): NativeAdvertPort {
  const port = openAdvertPort({ realtimePriority: 0, lockMemory: false });
  t.teardown(() => port.close());
  return port;
}

/** The bytes are copied: they are the port's after the call. */
const collect =
  (into: HeardAdvert[]) =>
  (heard: HeardAdvert): void =>
    void into.push({ ...heard, payload: heard.payload.slice(), ipHeader: heard.ipHeader.slice() });

/** What a peer has sent lies in our socket by then, though our thread had no turn. */
const CROSSING_MS = 200;

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

for (const [name, change] of [
  ['IPv4 multicast', () => ({})],
  ['IPv4 unicast', (n) => ({ to: { peers: [`192.0.2.${3 - n}`] }, ttl: 64 })],
  ['IPv6 multicast', (n) => ({ family: 'ip6', source: `fe80::${n}`, to: { group: 'ff02::12' } })],
  [
    'IPv6 unicast',
    (n) => ({
      family: 'ip6',
      source: `2001:db8::${n}`,
      to: { peers: [`2001:db8::${3 - n}`] },
      interface: undefined,
      ttl: 9,
    }),
  ],
] as const satisfies readonly (readonly [string, (n: number) => Partial<AdvertLink>])[]) {
  t.test(`${name}: there and back`, async (t) => {
    const port = openPort(t);
    const peer = new Peer(t);
    const ours = link(1, change(1));
    const theirs = link(2, change(2));
    await peer.open(7, theirs);
    const heard: HeardAdvert[] = [];
    const channel = port.open(ours, 7, collect(heard));
    const startMs = port.clock.now();
    channel.send({ messages: [advert(7, 1)], firstAtMs: startMs, everyMs: 10, repeats: true });
    await until(() => peer.heard.length >= 3, 'adverts to arrive');
    const nowMs = port.clock.now();
    for (const { source, destination, ttl, ipHeader, payload, atMs } of peer.heard) {
      t.equal(source, ours.source);
      t.equal(destination, 'group' in ours.to ? ours.to.group : theirs.source);
      t.equal(ttl, ours.ttl);
      t.equal(ipHeader.length, ours.family === 'ip4' ? 40 : 0);
      if (ours.family === 'ip4') t.equal(payload, hex(advert(7, 1)));
      t.ok(atMs >= startMs && atMs <= nowMs, `${atMs} between ${startMs} and ${nowMs}`);
    }
    peer.plan(7, advert(7, 2), 10);
    await until(() => heard.length >= 3, 'adverts of the peer');
    t.equal(heard[0]?.source, theirs.source);
    t.equal(heard[0]?.payload[11], 2);
    t.equal(channel.sent.failed, 0);
    channel.close();
    channel.close();
    const count = heard.length;
    await peer.flood(7, advert(7, 3), 10);
    t.equal(heard.length, count, 'nothing is told after close');
  });
}

t.test('JavaScript that does nothing for some time stops no advert, and hears what came meanwhile', async (t) => {
  const port = openPort(t);
  const peer = new Peer(t);
  await peer.open(7, link(2));
  const heard: HeardAdvert[] = [];
  const channel = port.open(link(1), 7, collect(heard));
  peer.plan(7, advert(7, 2), 5);
  await until(() => heard.length > 0, 'the peer');
  channel.send({ messages: [advert(7, 1)], firstAtMs: port.clock.now(), everyMs: 5, repeats: true });
  await until(() => peer.heard.length > 0, 'our first');
  heard.length = 0;
  const startMs = port.clock.now();
  block(2000);
  const endMs = port.clock.now();
  channel.drain();
  const arrived = heard.filter(({ atMs }) => atMs >= startMs && atMs <= endMs);
  // on a calm machine it is 400; a busy one has pauses of its own
  t.ok(arrived.length >= 10, `${arrived.length} heard`);
  t.ok(arrived.every(({ atMs }, i) => i === 0 || atMs >= arrived[i - 1]!.atMs));
  t.ok(arrived[0]!.atMs < endMs - 250, 'the stamp is the arrival, not when we came to it');
  const during = (): number => peer.heard.filter(({ atMs }) => atMs >= startMs && atMs <= endMs).length;
  await until(() => during() >= 10, 'what was sent meanwhile');
  t.ok(channel.lateness.count > 10 && channel.lateness.p50Us <= channel.lateness.mostUs);
});

t.test('a flood is counted or told, and keeps no planned advert back', async (t) => {
  const port = openPort(t);
  const peer = new Peer(t);
  // whoever floods does not look what comes to him meanwhile
  const roomy = link(2, { receiveBufferBytes: 1 << 23 });
  await peer.open(7, roomy);
  await peer.open(9, roomy);
  let told = 0;
  let seen = 0;
  port.open(link(1), 7, () => told++);
  const other = port.open(link(1), 9, () => seen++);
  other.send({ messages: [advert(9, 1)], firstAtMs: port.clock.now(), everyMs: 10, repeats: true });
  const before = port.strangers.unknownVrid;
  const flooded = await peer.flood(7, advert(7, 66), 20_000);
  t.equal(flooded, 20_000);
  other.drain(); // so that there is room in the socket
  await peer.flood(9, advert(9, 2), 1);
  await until(() => seen === 1, 'the advert behind the flood');
  t.ok(told + port.strangers.lost <= 20_000); // what the cable itself dropped, nobody counted
  t.ok(told > 100, `${told} told`);
  t.equal(port.strangers.unknownVrid, before);
  other.silence();
  const { count, failed } = other.sent;
  t.ok(count > 0);
  t.equal(failed, 0);
  const planned = (): number => peer.heard.filter(({ vrid }) => vrid === 9).length;
  await until(() => planned() === count, 'every planned advert');
});

t.test('what is expected is stamped only; a drain reads the socket itself', async (t) => {
  const port = openPort(t);
  const peer = new Peer(t);
  await peer.open(7, link(2));
  const heard: HeardAdvert[] = [];
  const channel = port.open(link(1), 7, collect(heard));
  const expected = { payload: advert(7, 1), source: '192.0.2.2', leastTtl: 255, leewayMs: 2, patienceMs: 3_600_000 };
  channel.expect({ ...expected, sinceMs: port.clock.now() });
  t.strictSame(channel.noted, { count: 0, lastMs: undefined });
  const startMs = port.clock.now();
  await peer.flood(7, advert(7, 1), 5);
  block(CROSSING_MS);
  channel.drain();
  const { count, lastMs = Number.NaN } = channel.noted;
  t.equal(count, 5);
  t.ok(lastMs >= startMs && lastMs <= port.clock.now());
  t.strictSame(heard, []);
  await peer.flood(7, advert(7, 2), 5);
  block(CROSSING_MS);
  channel.drain();
  t.equal(heard.length, 5, 'in the same turn');
  channel.expect(undefined);
  t.strictSame(channel.noted, { count: 5, lastMs: undefined });
  await peer.flood(7, advert(7, 1), 5);
  block(CROSSING_MS);
  channel.drain();
  t.equal(heard.length, 10);
});

t.test('who is expected and silent is told once, and again after it was heard', async (t) => {
  const port = openPort(t);
  const peer = new Peer(t);
  await peer.open(7, link(2));
  const silences: number[] = [];
  const told: HeardAdvert[] = [];
  const channel = port.open(link(1), 7, collect(told), () => silences.push(port.clock.now()));
  const sinceMs = port.clock.now();
  const expected = { payload: advert(7, 1), source: '192.0.2.2', leastTtl: 255, sinceMs, patienceMs: 40, leewayMs: 2 };
  channel.expect(expected);
  await until(() => silences.length === 1, 'the first silence');
  t.ok(silences[0]! >= sinceMs + 40);
  await peer.flood(7, advert(7, 1), 1);
  await until(() => silences.length === 2, 'the second silence');
  t.ok(silences[1]! >= channel.noted.lastMs! + 40);
  channel.expect(undefined);
  await peer.flood(7, advert(7, 1), 1);
  await until(() => told.length === 1, 'an advert that nobody expects');
  t.equal(silences.length, 2);
});

t.test('a plan that is late by too much is silent, and says since when', async (t) => {
  const port = openPort(t);
  const peer = new Peer(t);
  await peer.open(7, link(2));
  const channel = port.open(link(1), 7, () => undefined);
  const nowMs = port.clock.now();
  const plan = { messages: [advert(7, 1)], everyMs: 5, repeats: true };
  channel.send({ ...plan, firstAtMs: nowMs - 1000, silentIfLateMs: 900 });
  await until(() => channel.sent.mutedSinceMs !== undefined, 'silence');
  t.ok(channel.sent.mutedSinceMs! >= nowMs);
  t.equal(channel.sent.count, 0);
  channel.send({ ...plan, firstAtMs: nowMs, silentIfLateMs: 3_600_000 });
  await until(() => channel.sent.count > 2, 'adverts');
  t.equal(channel.sent.mutedSinceMs, undefined);
});

t.test('a drain from within a call tells the others too, in order, and spoils no bytes', async (t) => {
  const port = openPort(t);
  const peer = new Peer(t);
  await peer.open(7, link(2));
  const order: number[] = [];
  const channel = port.open(link(1), 7, ({ payload }) => {
    const last = payload[11]!;
    if (order.length === 0) channel.drain();
    order.push(last);
    t.equal(payload[11], last);
  });
  for (let i = 1; i <= 4; i++) await peer.flood(7, advert(7, i), 1);
  block(CROSSING_MS);
  channel.drain();
  t.strictSame([...order].sort(), [1, 2, 3, 4]);
});

t.test('timers are of the same clock, keep fractions, and are no more after close', async (t) => {
  const port = openPort(t);
  const { clock } = port;
  const ran: string[] = [];
  const startMs = clock.now();
  clock.after(20, () => ran.push('20'));
  clock.after(1.25, () => ran.push('1.25'));
  clock.after(0.5, () => ran.push('0.5'));
  clock.after(10, () => ran.push('never'))();
  await until(() => ran.includes('20'), 'the last timer');
  t.strictSame(ran, ['0.5', '1.25', '20']);
  t.ok(clock.now() >= startMs + 20);
  t.ok(Math.abs(clock.wallMs(clock.now()) - Date.now()) < 1000);
  clock.after(1, () => ran.push('after close'));
  port.close();
  block(5);
  await turn();
  await turn();
  t.equal(ran.length, 3);
});

t.test('refusals are named; a closed port and a closed channel refuse', (t) => {
  const port = openPort(t);
  t.throws(() => port.open(link(1, { interface: 'nosuch0' }), 7, () => undefined), {
    code: 'ENODEV',
    syscall: 'setsockopt',
  });
  t.throws(() => port.open(link(1, { source: 'fe80::1' }), 7, () => undefined), { code: 'EINVAL' });
  const channel = port.open(link(1), 7, () => undefined);
  const plan = { firstAtMs: 0, everyMs: 10, repeats: true };
  t.throws(() => channel.send({ ...plan, messages: [] }), { code: 'EINVAL' });
  t.throws(() => channel.send({ ...plan, messages: [advert(7, 1)], everyMs: 0.5 }), { code: 'EINVAL' });
  channel.close();
  t.throws(() => channel.send({ ...plan, messages: [advert(7, 1)] }), { code: 'EBADF' });
  t.equal(port.sendFrame(9999, new Uint8Array(42)), 6); // ENXIO
  port.close();
  t.equal(port.sendFrame(1, new Uint8Array(42)), 9);
  t.throws(() => port.open(link(1), 7, () => undefined));
  t.end();
});

t.test('close leaves nothing open; what the kernel granted the thread is told', (t) => {
  const descriptors = (): number => readdirSync('/proc/self/fd').length;
  const before = descriptors();
  for (let i = 0; i < 5; i++) {
    const port = openAdvertPort();
    t.equal(port.thread.isRealtime, port.thread.realtimeErrno === 0);
    t.equal(port.thread.isMemoryLocked, port.thread.memoryErrno === 0);
    for (let vrid = 1; vrid <= 20; vrid++) {
      const channel = port.open(link(1, { source: `192.0.2.${vrid}` }), vrid, () => undefined);
      channel.send({ messages: [advert(vrid, 1)], firstAtMs: port.clock.now(), everyMs: 10, repeats: true });
    }
    port.clock.after(1e9, () => undefined);
    port.close();
    port.close();
  }
  // libuv frees its watchers a turn later; they have no descriptor of their own
  t.equal(descriptors(), before);
  t.end();
});
