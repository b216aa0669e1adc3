import { spawn } from 'node:child_process';
import type { Run } from './outcome.js';

/** Leaders of the groups that run. They are not of our own group: who interrupts us does not reach them. */
const leaders = new Set<number>();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => {
    for (const pid of leaders) killGroup(pid);
    process.kill(process.pid, signal); // as if nobody had listened
  });

/** Runs one test file's command to its end; never rejects. After `limitMs` the process and its children are killed. */
export function runProcess(file: string, command: readonly string[], limitMs: number): Promise<Run> {
  const started = performance.now();
  const [program, ...args] = command as [string, ...string[]];
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      env: { ...process.env, TAP_TIMEOUT: String((limitMs / 1000) * 0.9) }, // tap's own limit is 30 s; its message is better than ours
    });
    const { pid } = child;
    if (pid !== undefined) leaders.add(pid);
    const output = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => (output[stream] += text));
    }

    let hung = false;
    const limit = setTimeout(() => {
      hung = true;
      killGroup(pid);
    }, limitMs);

    const end = (trouble: string | undefined): void => {
      clearTimeout(limit);
      resolve({ file, ms: performance.now() - started, ...output, ...(trouble === undefined ? {} : { trouble }) });
    };
    child.on('error', (error) => {
      end(error.message);
    });
    child.on('close', (status, signal) => {
      killGroup(pid); // what it left behind
      if (pid !== undefined) leaders.delete(pid);
      if (hung) end(`hung: killed after ${limitMs / 1000} s`);
      else if (signal !== null) end(`killed by ${signal}`);
      else end(status === 0 ? undefined : `exit status ${String(status)}`);
    });
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody of the group is left.
  }
}
