import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Folder, Running } from './interop/router.js';

const program = (name: string): string => fileURLToPath(new URL(`../../../bin/${name}`, import.meta.url));
const PATIENCE_MS = 90_000;

export interface Said {
  /** null: it was killed. */
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** `lvsd run` in the network namespace of a host, with a folder of its own; what it reads is written by whoever has it. */
export class DirectorProcess {
  readonly host: string;
  readonly folder = new Folder();
  #running: Running | undefined;

  constructor(host: string) {
    this.host = host;
  }

  /** What `lvsd run` reads. */
  get file(): string {
    return this.folder.file('lvsd.conf');
  }

  start(...words: readonly string[]): void {
    const file = (name: string): string => this.folder.file(name);
    const places = ['--state', file('director.json'), '--control', file('control.sock')];
    const command = [program('lvsd'), 'run', ...words, '-f', this.file, ...places];
    this.#running = new Running(this.host, command, file('log'));
  }

  stop(): Promise<void> {
    return this.#running?.stop() ?? Promise.resolve();
  }

  /** kill -9 of the director; its other processes live on. */
  async kill(): Promise<void> {
    process.kill(this.#running?.pid ?? 0, 'SIGKILL');
    await this.#running?.stop();
  }

  /** Its exit status, and what it printed. */
  lvsctl(...words: readonly string[]): Promise<Said> {
    return new Promise((resolve) => {
      const child = spawn(program('lvsctl'), ['--control', this.folder.file('control.sock'), ...words]);
      const [out, err]: [string[], string[]] = [[], []];
      child.stdout.on('data', (bytes: Buffer) => out.push(bytes.toString()));
      child.stderr.on('data', (bytes: Buffer) => err.push(bytes.toString()));
      child.once('close', (status) => resolve({ status, out: out.join(''), err: err.join('') }));
    });
  }

  /** What `lvsctl --json` prints; undefined: it does not answer. */
  async told<T>(...words: readonly string[]): Promise<T | undefined> {
    const { out } = await this.lvsctl('--json', ...words);
    return out === '' ? undefined : (JSON.parse(out) as T);
  }

  /** Of its log. */
  events(name: string): readonly Readonly<Record<string, unknown>>[] {
    return this.folder
      .text('log')
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
      .filter(({ event }) => event === name);
  }
}

export async function until(what: string, is: () => Promise<boolean> | boolean): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await is())) {
    if (performance.now() > end) throw new Error(`in vain: ${what}`);
    await sleep(50);
  }
}
