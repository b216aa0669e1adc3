import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock } from './clock.js';
import { Timers } from './timers.js';

/** A command without a shell: its words, who runs it, and how long it may. */
export interface ScriptOrder {
  readonly argv: readonly string[];
  /** Numbers; absent: whoever we are. */
  readonly uid?: number;
  readonly gid?: number;
  readonly timeoutMs: number;
}

/** What became of it: its exit status, or why there is none. */
export type ScriptEnd = { readonly status: number } | { readonly failed: string };

const GRACE_MS = 2_000;

/** Runs it in a process group of its own, with nothing to read and nobody to print to. Whoever takes too long is ended, gently first. */
export function runScript(order: ScriptOrder, clock: Clock): Promise<ScriptEnd> {
  const { argv, uid, gid, timeoutMs } = order;
  const [program = '', ...args] = argv;
  const timers = new Timers<'late' | 'too-late'>(clock);
  return new Promise((resolve) => {
    const end = (told: ScriptEnd): void => {
      timers.disarmAll();
      resolve(told);
    };
    let child: ChildProcess;
    try {
      child = spawn(program, args, {
        stdio: 'ignore',
        detached: true,
        ...(uid === undefined ? {} : { uid }),
        ...(gid === undefined ? {} : { gid }),
      });
    } catch (error) {
      return end({ failed: (error as Error).message });
    }
    child.once('error', (error) => end({ failed: error.message }));
    child.once('exit', (status, signal) =>
      end(status === null ? { failed: `ended by ${signal ?? 'a signal'}` } : { status }),
    );
    timers.arm('late', timeoutMs, () => {
      endGroup(child, 'SIGTERM');
      timers.arm('too-late', GRACE_MS, () => endGroup(child, 'SIGKILL'));
    });
  });
}

function endGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // it has ended meanwhile
  }
}
