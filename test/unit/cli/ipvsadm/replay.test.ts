import t from 'tap';
import { CONNECTIONS_FILE } from '../../../../src/cli/ipvsadm/connections.js';
import { main } from '../../../../src/cli/ipvsadm/run.js';
import { IpvsClient } from '../../../../src/ipvs/client.js';
import { type ReplayedStep, replayedSteps, testIo } from './fixtures.js';
import { RecordedKernel } from './recorded-kernel.js';

/** Steps where the original reads past its memory; ours is right instead: connections.test.ts says how. */
const wrongInTheOriginal = /^inject-conn-(pe$|pelen-|long-line)/;
const steps = replayedSteps().filter(({ id }) => !wrongInTheOriginal.test(id));

async function replay(step: ReplayedStep): Promise<{ printed: unknown; mismatches: readonly string[] }> {
  const kernel = new RecordedKernel(step.io, step.inject?.stats64);
  const files = new Map(step.io.flatMap((io) => (io.dir === 'file' ? [[io.path, io.text] as const] : [])));
  if (step.inject?.conn !== undefined) files.set(CONNECTIONS_FILE, step.inject.conn);
  const io = testIo({
    open: () => new IpvsClient(kernel.socket),
    readFile: (path) => files.get(path),
    ...(typeof step.stdin === 'string' ? { stdin: step.stdin } : {}),
  });
  const rc = await main(step.argv.slice(1), io);
  return { printed: { rc, ...io.printed }, mismatches: kernel.mismatches };
}

const byCase = new Map<string, ReplayedStep[]>();
for (const step of steps) byCase.set(step.id, [...(byCase.get(step.id) ?? []), step]);

for (const [id, ofCase] of byCase) {
  t.test(`${id}: the same text, and the same requests, as the original`, async (t) => {
    for (const step of ofCase) {
      const { printed, mismatches } = await replay(step);
      const name = `${step.step}: ${step.argv.join(' ').slice(0, 120)}`;
      t.strictSame(printed, { rc: step.rc, stdout: step.stdout, stderr: step.stderr }, name);
      t.strictSame(mismatches, [], name);
    }
  });
}
