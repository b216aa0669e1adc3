/**
 * A full resync between the IPVS of hosts in one guest: COUNT established connections, a million if not told. Time and rate of the whole
 * (replayed, compared), CPU time and memory of both sides, the longest time that an event loop was held up; and what the active director
 * forwards meanwhile: datagrams through its NAT, asked for by a client, answered by a server.
 *
 * The guest has one processor for the client, the server, both directors and their kernels: what is used by one is missing to all others.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { IpvsClient } from '../src/ipvs/client.js';
import { balance, ipvsOf } from '../test/lab/director-host.js';
import { Peer } from '../test/lab/peers.js';
import { crowdServer, crowdVip } from '../test/lab/resync-crowd.js';
import type { DirectorSaid } from '../test/lab/resync-director.js';
import { mustRun, Network } from '../test/lab/topology.js';
import { built } from './native.js';

const COUNT = Number(process.env['COUNT'] ?? 1_000_000);
/** Of what the guest can forward: as much as a client asks for that does not wait for answers. */
const SHARE = 1 / 3;
const WINDOW_MS = 5000;
const LIMIT_MS = 3_000_000;
const ECHO_PORT = 7;
const SYNC_ID = 5;
const SOCKET = '/run/resync-bench.sock';
const script = fileURLToPath(new URL('../test/lab/resync-director.js', import.meta.url));
const [roundTrips = ''] = built('round-trips');

/** What round-trips tells. */
interface Forwarded {
  readonly seconds: number;
  readonly sent: number;
  readonly answered: number;
  readonly medianUs: number;
  readonly p99Us: number;
  readonly worstUs: number;
}

interface Story {
  readonly before: Forwarded;
  readonly during: Forwarded;
  readonly after: Forwarded;
}

// 4096 buckets, the default, are too few for a million: each connection that is learnt is compared with hundreds
const modprobe = process.env['LAB_MODPROBE'] ?? 'modprobe';
await mustRun([modprobe, '-r', 'ip_vs']);
await mustRun([modprobe, 'ip_vs', 'conn_tab_bits=20']);

await using network = await Network.build({
  hosts: {
    client: { links: { outside: ['10.1.0.2/24'] } },
    a: {
      links: { outside: ['10.1.0.11/24', `${crowdVip}/32`], inside: ['10.2.0.1/24'] },
      sysctls: { 'net.ipv4.ip_forward': 1 },
    },
    b: { links: { inside: ['10.2.0.22/24'] } },
    c: { links: { inside: ['10.2.0.23/24'] } },
    rs: { links: { inside: [`${crowdServer}/24`] }, routes: ['default via 10.2.0.1'] },
  },
});

/** Runs one side to its end. */
async function side(host: string, ...args: readonly (string | number)[]): Promise<DirectorSaid> {
  const { stdout, stderr } = await network.run(host, [process.execPath, script, ...args.map(String)], {
    limitMs: LIMIT_MS,
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as DirectorSaid;
}

const host = (name: string, ...command: readonly (string | number)[]): Peer =>
  new Peer(['ip', 'netns', 'exec', name, ...command.map(String)]);
const pause = (): Promise<void> => sleep(WINDOW_MS);

/** What a client sees before, during and after some work. */
async function forwarded(rate: number, work: () => Promise<void>): Promise<Story> {
  await using client = host('client', roundTrips, 'ask', crowdVip, ECHO_PORT, rate);
  const told = async (): Promise<Forwarded> => {
    client.write('');
    return JSON.parse(await client.line()) as Forwarded;
  };
  await pause();
  await told(); // its connections begin, caches fill
  await pause();
  const before = await told();
  await work();
  const during = await told();
  await pause();
  return { before, during, after: await told() };
}

/** Before and after. */
const usually = ({ before, after }: Story): number => (perSecond(before) + perSecond(after)) / 2;
const perSecond = ({ answered, seconds }: Forwarded): number => answered / seconds;

function showForwarding(what: string, story: Story): void {
  const [usual, meanwhile] = [usually(story), perSecond(story.during)];
  const { before, during, after } = story;
  const each = (of: (seen: Forwarded) => number): string => [before, during, after].map(of).join(', ');
  const cells = [
    what,
    Math.round(usual),
    Math.round(meanwhile),
    (meanwhile / usual).toFixed(3),
    each(({ medianUs }) => medianUs),
    each(({ p99Us }) => p99Us),
    each(({ sent, answered }) => Math.max(0, sent - answered)),
  ];
  console.log(`| ${cells.join(' | ')} |`);
}

const show = (what: string, { seconds, cpuSeconds, heldMs, memoryMb }: DirectorSaid): void =>
  console.log(
    `| ${what} | ${seconds.toFixed(1)} s | ${cpuSeconds.toFixed(1)} s | ${memoryMb.toFixed(0)} MB | ${heldMs.toFixed(0)} ms |`,
  );

await using ipvsA = await ipvsOf('a');
await using ipvsB = await ipvsOf('b');
await using ipvsC = await ipvsOf('c');
for (const ipvs of [ipvsA, ipvsB, ipvsC])
  await balance(ipvs, { by: 'address', protocol: 'tcp', address: crowdVip, port: 80 }, [crowdServer]);
await balance(ipvsA, { by: 'address', protocol: 'udp', address: crowdVip, port: ECHO_PORT }, [crowdServer]);

// as if a's kernel had learnt them itself
await ipvsA.startDaemon({ state: 'backup', interface: 'inside', syncId: SYNC_ID });
const filled = await side('a', 'fill', COUNT, 'tcp');
await ipvsA.stopDaemon('backup');

await using server = host('rs', roundTrips, 'serve', crowdServer, ECHO_PORT);
await server.line();

/**
 * The active director's part alone: the newcomer, elsewhere in the world, is not on this processor. Where others leave nothing of it a replay
 * takes long: what it costs is seen in `limitMs`.
 */
async function replaying(rate: number, limitMs = LIMIT_MS): Promise<{ story: Story; said: DirectorSaid | undefined }> {
  await using director = host('a', process.execPath, script, 'broadcast', 'inside', SYNC_ID, 'when-told');
  await director.line();
  let said: DirectorSaid | undefined;
  const story = await forwarded(rate, async () => {
    director.write('');
    const whole = director.line().then(
      (line) => void (said = JSON.parse(line) as DirectorSaid),
      () => undefined,
    );
    await Promise.race([whole, sleep(limitMs, undefined, { ref: false })]);
    director.kill('SIGKILL');
  });
  return { story, said };
}

const saturated = await replaying(0, 4 * WINDOW_MS);
const rate = Math.round(SHARE * usually(saturated.story));
const steady = await replaying(rate);

await using running = host('a', process.execPath, script, 'running', SOCKET);
await running.line();
/** What both sides say. */
async function resync(newcomer: string, ipvs: IpvsClient): Promise<readonly [DirectorSaid, DirectorSaid]> {
  await ipvs.startDaemon({ state: 'backup', interface: 'inside', syncId: SYNC_ID });
  const taken = await side(newcomer, 'newcomer', SOCKET);
  return [taken, JSON.parse(await running.line()) as DirectorSaid];
}
const [taken, given] = await resync('b', ipvsB);
const both = await forwarded(rate, async () => {
  await resync('c', ipvsC);
});
const { report } = taken;
if (report === undefined) throw new Error(taken.error);
const { connections, rounds, missing, sent } = report;

console.log(`\n### A full resync: ${connections} connections, ${Math.round(connections / taken.seconds)} a second\n`);
console.log(`${sent} sent, ${rounds} looks, ${missing} missing\n`);
console.log('| | time | CPU | memory at most | event loop held up for at most |\n| --- | --- | --- | --- | --- |');
show('newcomer', taken);
show('running director', given);
if (steady.said !== undefined) show('(running director, broadcast)', steady.said);
show('(made them)', filled);
console.log(
  '\n| a client through the active director | answers/s else | meanwhile | ratio | median, us: before, meanwhile, after | p99, us | unanswered |',
);
console.log('| --- | --- | --- | --- | --- | --- | --- |');
showForwarding('asks as soon as it is answered; a replay', saturated.story);
showForwarding(`asks ${rate} times a second; a replay`, steady.story);
showForwarding(`asks ${rate} times a second; newcomer on the same processor`, both);
