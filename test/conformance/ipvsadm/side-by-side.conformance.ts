/** Random command lines to the system's ipvsadm 1.31 and to ours, each in a namespace of its own: the same answers, the same table. */
import { spawnSync } from 'node:child_process';
import t, { type Test } from 'tap';
import { CONNECTIONS_FILE } from '../../../src/cli/ipvsadm/connections.js';
import { addon } from '../../../src/addon/addon.js';
import { openNetlink } from '../../../src/addon/netlink.js';
import { systemNames } from '../../../src/cli/ipvsadm/names.js';
import { main } from '../../../src/cli/ipvsadm/run.js';
import { readTextFile } from '../../../src/cli/ipvsadm/streams.js';
import { IpvsClient } from '../../../src/ipvs/client.js';
import { NETLINK_GENERIC } from '../../../src/netlink/generic.js';
import { testIo } from '../../unit/cli/ipvsadm/fixtures.js';
import { Namespace } from './namespace.js';
import { randomLine, seeded } from './random-lines.js';

const ORIGINAL = '/usr/sbin/ipvsadm';
const [ROUNDS, LINES] = [10, 40];
const env = process.env;

t.setTimeout(0);

function original(namespace: Namespace, words: readonly string[], stdin: string) {
  const { rc, stdout, stderr } = namespace.run([ORIGINAL, ...words], { env, stdin });
  const named = (text: string): string => text.replaceAll(ORIGINAL, 'ipvsadm');
  return { rc, stdout: named(stdout), stderr: named(stderr) };
}

async function ours(namespace: Namespace, words: readonly string[], stdin: string) {
  const io = testIo({
    names: systemNames(addon),
    open: () => new IpvsClient(openNetlink(NETLINK_GENERIC, { networkNamespace: namespace.path })),
    readFile: (path) => readTextFile(path === CONNECTIONS_FILE ? namespace.procNet('ip_vs_conn') : path),
    stdin,
  });
  return { rc: await main(words, io), ...io.printed };
}

async function compare(t: Test, seed: number): Promise<void> {
  await using theirs = await Namespace.create();
  await using mine = await Namespace.create();
  for (const namespace of [theirs, mine])
    namespace.run(['sh', '-c', 'ip link add eth0 type dummy; ip addr add 192.0.2.1/24 dev eth0; ip link set eth0 up'], {
      env,
    });
  const random = seeded(seed);
  for (let i = 0; i < LINES; i++) {
    const restored = random(8) === 0;
    const lines = Array.from({ length: restored ? 1 + random(4) : 1 }, () => randomLine(random));
    const words = restored ? ['-R'] : lines[0]!;
    const stdin = restored ? `${lines.map((line) => line.join(' ')).join('\n')}\n` : '';
    t.strictSame(await ours(mine, words, stdin), original(theirs, words, stdin), JSON.stringify([words, stdin]));
  }
  t.equal(original(mine, ['-Sn'], '').stdout, original(theirs, ['-Sn'], '').stdout, 'the same table in the end');
}

/** Why there is nothing to compare with, or undefined. */
const skip = ((): string | undefined => {
  const { stdout, error } = spawnSync(ORIGINAL, ['--version'], { encoding: 'utf8' });
  if (error !== undefined) return `${ORIGINAL} is not installed`;
  return stdout.startsWith('ipvsadm v1.31 ') && stdout.includes('popt') ? undefined : 'not ipvsadm 1.31 with popt';
})();

for (let seed = 1; seed <= ROUNDS; seed++)
  t.test(`${LINES} lines of seed ${seed}`, skip === undefined ? {} : { skip }, (t) => compare(t, seed));
