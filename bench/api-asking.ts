import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Got {
  readonly status: number;
  readonly firstMs: number;
  readonly allMs: number;
  readonly bytes: number;
}

export interface Times {
  readonly count: number;
  readonly wrong: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly mostMs: number;
  readonly perSecond?: number;
}

/** api-client.ts as a process. */
export class Asking implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(socketPath: string) {
    const client = fileURLToPath(new URL('api-client.js', import.meta.url));
    this.#process = spawn(process.execPath, [client, socketPath], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#process.stdout! })[Symbol.asyncIterator]();
  }

  get(path: string): Promise<Got> {
    return this.#ask<Got>(`get ${path}`);
  }

  patch(count: number, paths: readonly string[]): Promise<Times> {
    return this.#ask<Times>(`patch ${count} ${paths.join(' ')}`);
  }

  read(perSecond: number, seconds: number, paths: readonly string[]): Promise<Times> {
    return this.#ask<Times>(`read ${perSecond} ${seconds} ${paths.join(' ')}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null) return;
    this.#process.stdin?.end();
    await once(this.#process, 'exit');
  }

  async #ask<T>(order: string): Promise<T> {
    this.#process.stdin?.write(`${order}\n`);
    const line = await this.#lines.next();
    if (line.done === true) throw new Error('the client has ended');
    return JSON.parse(line.value) as T;
  }
}

export const milliseconds = (ms: number): string => ms.toFixed(ms < 10 ? 1 : 0);
