/**
 * A full resync between the IPVS of two hosts in one guest: COUNT established connections, a million if not told. Time and rate of the whole
 * (replayed, compared), CPU time and memory of both sides, the longest time that an event loop was held up; and what the active director
 * forwards meanwhile: datagrams through its NAT, asked for by a client, answered by a server.
 *
 * The guest has one processor for the client, the server, both directors and their kernels: what is used by one is missing to all others.
 */
import { fileURLToPath } from 'node:url';
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
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, WINDOW_MS));

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
  console.log(`| ${what} | ${Math.round(usual)} | ${Math.round(meanwhile)} | ${(meanwhile / usual).toFixed(3)} |`);
  for (const [name, { medianUs, p99Us, worstUs, sent, answered }] of Object.entries<Forwarded>({ ...story }))
    console.log(
      `    ${name}: median ${medianUs} us, p99 ${p99Us} us, worst ${(worstUs / 1000).toFixed(1)} ms, ${sent - answered} of ${sent} unanswered`,
    );
}

const show = (what: string, { seconds, cpuSeconds, heldMs, memoryMb }: DirectorSaid): void =>
  console.log(
    `| ${what} | ${seconds.toFixed(1)} s | ${cpuSeconds.toFixed(1)} s | ${memoryMb.toFixed(0)} MB | ${heldMs.toFixed(0)} ms |`,
  );

await using ipvsA = await ipvsOf('a');
await using ipvsB = await ipvsOf('b');
for (const ipvs of [ipvsA, ipvsB])
  await balance(ipvs, { by: 'address', protocol: 'tcp', address: crowdVip, port: 80 }, [crowdServer]);
await balance(ipvsA, { by: 'address', protocol: 'udp', address: crowdVip, port: ECHO_PORT }, [crowdServer]);

// as if a's kernel had learnt them itself
await ipvsA.startDaemon({ state: 'backup', interface: 'inside', syncId: SYNC_ID });
const filled = await side('a', 'fill', COUNT, 'tcp');
await ipvsA.stopDaemon('backup');

await using server = host('rs', roundTrips, 'serve', crowdServer, ECHO_PORT);
await server.line();

// the active director's part alone: the newcomer, elsewhere in the world, is not on this processor
let replayed = filled;
const replay = async (): Promise<void> => {
  replayed = await side('a', 'broadcast', 'inside', SYNC_ID);
};
// where nothing is left of the processor a replay takes long: some of it is enough to see what it costs
const saturated = await forwarded(0, async () => {
  await using replaying = host('a', process.execPath, script, 'broadcast', 'inside', SYNC_ID);
  await Promise.race([replaying.line(), pause().then(pause).then(pause)]);
});
const rate = Math.round(SHARE * usually(saturated));
const steady = await forwarded(rate, replay);

await ipvsB.startDaemon({ state: 'backup', interface: 'inside', syncId: SYNC_ID });
await using running = host('a', process.execPath, script, 'running', SOCKET);
await running.line();
let taken = filled;
const both = await forwarded(rate, async () => {
  taken = await side('b', 'newcomer', SOCKET);
});
const given = JSON.parse(await running.line()) as DirectorSaid;
const { report } = taken;
if (report === undefined) throw new Error(taken.error);
const { connections, rounds, missing, sent } = report;

console.log(`\n### A full resync: ${connections} connections, ${Math.round(connections / taken.seconds)} a second\n`);
console.log(`${sent} sent, ${rounds} looks, ${missing} missing\n`);
console.log('| | time | CPU | memory at most | event loop held up for at most |\n| --- | --- | --- | --- | --- |');
show('newcomer', taken);
show('running director', given);
show('(replayed to nobody)', replayed);
show('(made them)', filled);
console.log('\n| answers a second through the active director | else | meanwhile | ratio |\n| --- | --- | --- | --- |');
showForwarding(`${rate} requests a second, its part of a resync`, steady);
showForwarding('as many as it can, its part of a resync', saturated);
showForwarding(`${rate} requests a second, the newcomer on the same processor`, both);
