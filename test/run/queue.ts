/** Runs inside a guest: `node queue.js FOLDER`. Runs the test files of the folder's queue, one after the other; each result is a line of JSON on stdout. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from './outcome.js';
import { runProcess } from './process.js';

export interface Queue {
  readonly files: readonly string[];
  readonly limitMs: number;
}

/** What the guest says: a file taken, or a file's Run. */
export type Said = { readonly taken: string } | { readonly run: Run };

const folder = process.argv[2] ?? '.';
const { files, limitMs } = JSON.parse(readFileSync(join(folder, 'queue.json'), 'utf8')) as Queue;

/**
 * Each file has processes, network and mounts of its own: whatever it leaves behind, crashed or not, is gone when it ends.
 * A shell stands before it because the first process of such a world ignores signals that it does not handle.
 */
const world = ['unshare', '--fork', '--kill-child', '--pid', '--mount-proc', '--mount', '--net', 'sh', '-c'];
const prepare = 'mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns && ip link set lo up && "$@"; exit $?'; // not exec: see above

const say = (said: Said): void => {
  process.stdout.write(`${JSON.stringify(said)}\n`);
};

/** Whoever hung or crashed may have done so in the kernel. */
function withKernelLog(run: Run): Run {
  if (run.trouble === undefined || run.trouble === 'exit status 1') return run;
  const { stdout } = spawnSync('dmesg', { encoding: 'utf8' });
  return { ...run, stderr: `${run.stderr}\nthe end of the kernel's log:\n${stdout.split('\n').slice(-20).join('\n')}` };
}

for (const file of files) {
  say({ taken: file });
  say({ run: withKernelLog(await runProcess(file, [...world, prepare, 'sh', process.execPath, file], limitMs)) });
}
