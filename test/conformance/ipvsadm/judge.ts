import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { openNetlink } from '../../../src/addon/netlink.js';
import { CONNECTIONS_FILE } from '../../../src/cli/ipvsadm/connections.js';
import { main } from '../../../src/cli/ipvsadm/run.js';
import { readTextFile } from '../../../src/cli/ipvsadm/streams.js';
import { IpvsClient } from '../../../src/ipvs/client.js';
import { NETLINK_GENERIC } from '../../../src/netlink/generic.js';
import {
  goldenFolder,
  type RecordedCase,
  recordedCases,
  type RecordedStep,
  testIo,
} from '../../unit/cli/ipvsadm/fixtures.js';
import { Namespace } from './namespace.js';
import { normalise } from './normalise.js';

/** Cases that cannot be judged here, and why. */
function skipped({ id, tags = [] }: RecordedCase): string | undefined {
  if (id === 'argv0') return 'prints the path it was called by';
  if (id === 'big-services') return 'the kernel lists many services in an order of each boot of its own';
  if (tags.includes('inject')) return "the kernel's answer was forged: replay.test.ts has it";
  if (tags.includes('no-ipvs')) return 'recorded on a kernel without IPVS';
  return undefined;
}

const bin = join(goldenFolder, '../../../bin');
const env = {
  ...process.env,
  PATH: `${bin}:${process.env['PATH'] ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`,
  CASES: goldenFolder,
  LAB_MODPROBE: process.env['LAB_MODPROBE'] ?? 'modprobe',
};

/** Runs the recorded cases that `chosen` takes, each in a network namespace of its own, ipvsadm in this process. */
export function judgeCases(chosen: (recorded: RecordedCase) => boolean): void {
  mkdirSync('/run/netns', { recursive: true });
  t.setTimeout(0); // whoever runs us sets the limit
  for (const recorded of recordedCases().filter(chosen)) {
    const skip = skipped(recorded);
    t.test(`${recorded.id}: ${recorded.title}`, skip === undefined ? {} : { skip }, async (t) => {
      await using namespace = await Namespace.create();
      for (const [i, step] of recorded.steps.entries()) await judgeStep(t, namespace, step, i);
    });
  }
}

async function judgeStep(t: Test, namespace: Namespace, step: RecordedStep, number: number): Promise<void> {
  const got = step.argv[0] === 'ipvsadm' ? await runHere(namespace, step) : runOutside(namespace, step);
  if (step.env === true) return;
  const name = `${number}: ${step.argv.join(' ').slice(0, 200)}`;
  t.strictSame({ rc: got.rc, stderr: got.stderr }, { rc: step.rc, stderr: step.stderr }, name);
  if (step.volatile === undefined) t.equal(got.stdout, step.stdout, name);
  else if (typeof step.stdout_norm === 'string') t.equal(normalise(step.volatile, got.stdout), step.stdout_norm, name);
}

interface Got {
  readonly rc: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function runHere(namespace: Namespace, { argv, stdin }: RecordedStep): Promise<Got> {
  const io = testIo({
    open: () => new IpvsClient(openNetlink(NETLINK_GENERIC, { networkNamespace: namespace.path })),
    readFile: (path) => readTextFile(path === CONNECTIONS_FILE ? namespace.procNet('ip_vs_conn') : path),
    ...(typeof stdin === 'string' ? { stdin } : {}),
  });
  return { rc: await main(argv.slice(1), io), ...io.printed };
}

/** Other programs, and ipvsadm behind one of them. */
const runOutside = (namespace: Namespace, { argv, stdin }: RecordedStep): Got =>
  namespace.run(
    argv.map((word) => word.replace('$CASES', goldenFolder)),
    { env, ...(typeof stdin === 'string' ? { stdin } : {}) },
  );

if (!existsSync(bin)) throw new Error(`${bin} is not there: the tests run from the checkout`);
