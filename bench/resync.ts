/**
 * A full resync between two IPVS of one guest, each in a namespace of its own: COUNT established connections, 100,000 if not told. Time and rate
 * of the whole (replayed, compared), CPU time of both sides, and the longest time that an event loop was held up.
 */
import { fileURLToPath } from 'node:url';
import { balance, ipvsOf } from '../test/lab/director-host.js';
import { Peer } from '../test/lab/peers.js';
import { crowdServer, crowdVip } from '../test/lab/resync-crowd.js';
import type { DirectorSaid } from '../test/lab/resync-director.js';
import { Network } from '../test/lab/topology.js';

const COUNT = Number(process.env['COUNT'] ?? 100_000);
const LIMIT_MS = 3_000_000;
const SOCKET = '/run/resync-bench.sock';
const script = fileURLToPath(new URL('../test/lab/resync-director.js', import.meta.url));
await using network = await Network.build({
  hosts: { a: { links: { inside: ['10.2.0.21/24'] } }, b: { links: { inside: ['10.2.0.22/24'] } } },
});

/** Runs one side to its end. */
async function side(host: string, ...args: readonly (string | number)[]): Promise<DirectorSaid> {
  const { stdout, stderr } = await network.run(host, [process.execPath, script, ...args.map(String)], {
    limitMs: LIMIT_MS,
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as DirectorSaid;
}

for (const host of ['a', 'b']) {
  await using ipvs = await ipvsOf(host);
  await balance(ipvs, { by: 'address', protocol: 'tcp', address: crowdVip, port: 80 }, [crowdServer]);
  await ipvs.startDaemon({ state: 'backup', interface: 'inside', syncId: 5 });
}
// a kernel that learns a million takes minutes in the lab: connections shall not end meanwhile
const filled = await side('a', 'fill', COUNT, 'tcp');
await using running = new Peer(['ip', 'netns', 'exec', 'a', process.execPath, script, 'running', SOCKET]);
await running.line();
const taken = await side('b', 'newcomer', SOCKET);
const given = JSON.parse(await running.line()) as DirectorSaid;

const { report } = taken;
if (report === undefined) throw new Error(taken.error);
const { connections, rounds, missing, sent } = report;
const line = (what: string, { seconds, cpuSeconds, heldMs }: DirectorSaid): void =>
  console.log(
    `${what}: ${seconds.toFixed(2)} s, CPU ${cpuSeconds.toFixed(2)} s, event loop held up for ${heldMs.toFixed(1)} ms at most`,
  );
console.log(
  `resync of ${connections} connections: ${Math.round(connections / taken.seconds)} a second; ${sent} sent, ${rounds} looks, ${missing} missing`,
);
line('newcomer', taken);
line('running director', given);
line('(made them)', filled);
