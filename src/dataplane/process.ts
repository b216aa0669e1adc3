import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { LvsError } from '../errors.js';
import { builtFile } from '../system/built.js';

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
 * own stderr goes; never through a pipe of ours, for that would break with us.
 */
export const startEngine =
  (program: string, logFile: string | undefined): StartEngine =>
  (args) =>
    new Promise((resolve, reject) => {
      const log = logFile === undefined ? 2 : openSync(logFile, 'a', 0o600);
      const child = spawn(program, args, { detached: true, stdio: ['ignore', log, log], cwd: '/' });
      if (logFile !== undefined) closeSync(log);
      child.once('error', (cause) => reject(new LvsError('ENGINE_NOT_STARTED', [program, cause.message], { cause })));
      child.once('spawn', () => {
        child.unref();
        resolve({
          pid: child.pid ?? 0,
          onExit: (run) => {
            child.once('exit', (status, signal) =>
              run(signal === null ? `exit status ${status ?? 0}` : `signal ${signal}`),
            );
          },
          kill: () => void child.kill('SIGKILL'),
        });
      });
    });
