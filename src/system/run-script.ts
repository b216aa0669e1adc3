import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Account } from './accounts.js';
import type { Clock } from './clock.js';
import { launcherPath } from './launcher.js';
import { reasonOf } from './log.js';
import { Timers } from './timers.js';

/** A command without a shell: its words, who runs it, and how long it may. */
export interface ScriptOrder {
  /** At least the program: an absolute path. */
  readonly argv: readonly string[];
  /** Absent: whoever we are. */
  readonly account?: Account;
  /** Absent: as long as it likes. */
  readonly timeoutMs?: number;
  /** Of the files it makes; absent: ours. */
  readonly umask?: number;
  /** SIGTERM when we die. Without it a script that has begun is finished, whatever becomes of us. */
  readonly endsWithUs?: boolean;
  /** Ends it before its time, as the time limit does. */
  readonly signal?: AbortSignal;
}

/**
 * What became of it: its exit status, or why there is none. `shortage`: this machine had no process, descriptor or memory left for
 * it, which says nothing about the script. `output`: the beginning of what it said on standard output and standard error; absent if
 * it said nothing.
 */
export type ScriptEnd = ({ readonly status: number } | { readonly failed: string; readonly shortage?: true }) & {
  readonly output?: string;
};

/** From SIGTERM to SIGKILL. */
const GRACE_MS = 2_000;
/** A script's output may still be under way when it has ended; something it left running may hold the pipe open for ever. */
const LINGER_MS = 200;
const MOST_OUTPUT = 4096;
/** The launcher's own exit status; it says why, which a script's 127 does not. */
const LAUNCH_FAILED = 127;
/** Its sentences are short. */
const MOST_REPORT = 512;

/**
 * Runs it in `/`, in a process group of its own, with nothing to read. Whoever takes too long is ended with all of its group,
 * gently first. Never rejects.
 */
export function runScript(order: ScriptOrder, clock: Clock): Promise<ScriptEnd> {
  const { timeoutMs, signal } = order;
  const timers = new Timers<'late' | 'too-late' | 'linger'>(clock);
  return new Promise((resolve) => {
    let child: ChildProcess;
    try {
      child = spawn(launcherPath(), launcherArguments(order), {
        cwd: '/',
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      });
    } catch (error) {
      return resolve(notStarted(error));
    }
    let cut: string | undefined;
    const output = collect(child.stdout, MOST_OUTPUT);
    const report = collect(child.stderr, MOST_REPORT);
    const finish = (status: number | null, by: NodeJS.Signals | null): void => {
      timers.disarmAll();
      output.letGo();
      report.letGo();
      const said = output.text === '' ? {} : { output: output.text };
      if (status === LAUNCH_FAILED && report.text !== '') resolve({ failed: sentenceOf(report.text) });
      else if (cut !== undefined) resolve({ failed: cut, ...said });
      else resolve({ ...(status === null ? { failed: `ended by ${by ?? 'a signal'}` } : { status }), ...said });
    };
    const end = (why: string): void => {
      if (cut !== undefined) return;
      cut = why;
      endGroup(child, 'SIGTERM');
      timers.arm('too-late', GRACE_MS, () => endGroup(child, 'SIGKILL'));
    };
    const stop = (): void => end('stopped');
    child.once('error', (error) => {
      timers.disarmAll();
      signal?.removeEventListener('abort', stop);
      resolve(notStarted(error));
    });
    child.once('exit', (status, by) => {
      signal?.removeEventListener('abort', stop);
      // whoever was cut takes with it what it started and what does not listen to SIGTERM
      if (cut !== undefined) endGroup(child, 'SIGKILL');
      timers.disarm('late');
      timers.disarm('too-late');
      const once = onlyOnce(() => finish(status, by));
      child.once('close', once);
      timers.arm('linger', LINGER_MS, once);
    });
    if (timeoutMs !== undefined)
      timers.arm('late', timeoutMs, () => end(`took longer than ${timeoutMs / 1000} s and was ended`));
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted === true) stop();
  });
}

const SHORTAGES: ReadonlySet<unknown> = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM']);

function notStarted(error: unknown): ScriptEnd {
  const isShortage = error instanceof Error && 'code' in error && SHORTAGES.has(error.code);
  return { failed: reasonOf(error), ...(isShortage ? { shortage: true } : {}) };
}

const onlyOnce = (run: () => void): (() => void) => {
  let ran = false;
  return () => {
    if (ran) return;
    ran = true;
    run();
  };
};

/** `lvsd-launch PARENT UMASK UID GID GROUPS FILE ARGV0 [ARGUMENT...]`; `-` leaves as it is. */
function launcherArguments({ argv, account, umask, endsWithUs }: ScriptOrder): string[] {
  return [
    endsWithUs === true ? String(process.pid) : '-',
    umask === undefined ? '-' : umask.toString(8),
    ...(account === undefined ? ['-', '-', '-'] : [String(account.uid), String(account.gid), account.groups.join(',')]),
    argv[0] ?? '',
    ...argv,
  ];
}

/** `exec 8 Exec format error`: what the launcher could not do. */
function sentenceOf(report: string): string {
  const [, call, errno, sentence = ''] = /^(\w+) (\d+) (.*)/.exec(report) ?? [];
  if (call === undefined) return report.trim();
  if (call === 'exec' && errno === '8') return 'it is no program, and a script needs a first line such as #!/bin/sh';
  return call === 'exec' ? `it cannot be run: ${sentence}` : `${call}: ${sentence}`;
}

interface Collected {
  readonly text: string;
  /** What still comes is read and forgotten, so that nobody who holds the pipe is blocked or ended by it; it keeps nobody waiting. */
  letGo(): void;
}

function collect(stream: Readable | null, most: number): Collected {
  const pieces: Buffer[] = [];
  let length = 0;
  stream?.on('error', () => undefined);
  stream?.on('data', (piece: Buffer) => {
    if (length >= most) return;
    pieces.push(piece.subarray(0, most - length));
    length += piece.length;
  });
  return {
    get text() {
      return Buffer.concat(pieces).toString('utf8').trimEnd();
    },
    letGo() {
      length = most;
      if (stream !== null && 'unref' in stream && typeof stream.unref === 'function') (stream.unref as () => void)();
    },
  };
}

function endGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // it has ended meanwhile
  }
}
