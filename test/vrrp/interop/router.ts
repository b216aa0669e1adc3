import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** 'none': it does not run, is not ready, or sees a fault. */
export type Role = 'master' | 'backup' | 'none';

/** A virtual router as a process in a host of its own. */
export interface VirtualRouter {
  /** It has been started; nothing is said of what it is then. */
  start(): Promise<void>;
  /** As an operator stops it: nothing of it is left when this resolves. Not running: nothing happens. */
  stop(): Promise<void>;
  /** As it says itself. */
  role(): Promise<Role>;
  /** All that it said. */
  readonly log: string;
  /** Ends it at once and removes its files. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A folder of one router, for anybody: some work as another user. */
export class Folder {
  readonly #path = mkdtempSync(join(tmpdir(), 'lvsd-vrrp-'));

  constructor() {
    chmodSync(this.#path, 0o777);
  }

  file(name: string): string {
    return join(this.#path, name);
  }

  /** Empty as long as nobody wrote it. */
  text(name: string): string {
    return existsSync(this.file(name)) ? readFileSync(this.file(name), 'utf8') : '';
  }

  remove(): void {
    rmSync(this.#path, { recursive: true, force: true, maxRetries: 5 }); // somebody may still write
  }
}

const STOP_LIMIT_MS = 30_000;

/** One process in a host; what it says is appended to a file. */
export class Running {
  readonly #child: ChildProcess;
  readonly #name: string;

  constructor(host: string, command: readonly string[], logFile: string) {
    this.#name = command[0] ?? '';
    const log = openSync(logFile, 'a');
    this.#child = spawn('ip', ['netns', 'exec', host, ...command], { stdio: ['ignore', log, log] });
    closeSync(log);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** SIGTERM, and waits. @throws if it does not end */
  async stop(): Promise<void> {
    if (this.hasEnded) return;
    const ended = once(this.#child, 'exit', { signal: AbortSignal.timeout(STOP_LIMIT_MS) });
    this.#child.kill('SIGTERM');
    try {
      await ended;
    } catch (cause) {
      throw new Error(`${this.#name} does not end`, { cause });
    }
  }

  async kill(): Promise<void> {
    if (this.hasEnded) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}
