import { spawn } from 'node:child_process';
import { type FileHandle, open } from 'node:fs/promises';
import { LvsError } from '../errors.js';
import { builtFile } from '../system/built.js';
import { reasonOf } from '../system/log.js';

/** The port: starts the engine's process; a test starts something else. */
export interface EngineProcess {
  readonly pid: number;
  /** Calls back once when it has ended: `exit status 1`, `signal SIGSEGV`. */
  onExit(run: (how: string) => void): void;
  /** Ends it hard: only for one that does not answer. */
  kill(): void;
}

export type StartEngine = (args: readonly string[]) => Promise<EngineProcess>;

/** The engine of this package. @throws LvsError ADDON_MISSING */
export const engineProgram = (): string => process.env['LVSD_DATAPLANE'] ?? builtFile('lvsd-dataplane');

/**
 * Starts it in a session of its own, so that no signal to ours and no end of ours reaches it. What it says goes to a file, or to where our
 * own stderr goes; never through a pipe of ours, for that would break with us. Rejects with LvsError ENGINE_NOT_STARTED, ADDON_MISSING.
 */
export const startEngine =
  (program: string | (() => string), logFile: string | undefined): StartEngine =>
  async (args) => {
    const path = typeof program === 'string' ? program : program();
    const log = logFile === undefined ? STDERR : await openLog(logFile, path);
    try {
      return await spawned(path, args, typeof log === 'number' ? log : log.fd);
    } finally {
      if (typeof log !== 'number') await log.close();
    }
  };

const STDERR = 2;

function openLog(logFile: string, program: string): Promise<FileHandle> {
  return open(logFile, 'a', 0o600).catch((cause: unknown) => {
    throw new LvsError('ENGINE_NOT_STARTED', [program, reasonOf(cause)], { cause });
  });
}

function spawned(program: string, args: readonly string[], log: number): Promise<EngineProcess> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { detached: true, stdio: ['ignore', log, log], cwd: '/' });
    child.once('error', (cause) => reject(new LvsError('ENGINE_NOT_STARTED', [program, cause.message], { cause })));
    child.once('spawn', () => {
      child.unref();
      resolve({
        pid: child.pid ?? 0,
        onExit(run) {
          const how = (status: number | null, signal: string | null): string =>
            signal === null ? `exit status ${status ?? 0}` : `signal ${signal}`;
          if (child.exitCode !== null || child.signalCode !== null) run(how(child.exitCode, child.signalCode));
          else child.once('exit', (status, signal) => run(how(status, signal)));
        },
        kill: () => void child.kill('SIGKILL'),
      });
    });
  });
}
