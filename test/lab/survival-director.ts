import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { exchange } from '../../src/cli/ask.js';
import type { VrrpReport } from '../../src/vrrp/report.js';
import { Folder, Running } from '../vrrp/interop/router.js';
import { run } from './topology.js';
import type { Network, Ran } from './topology.js';

const program = (name: string): string => fileURLToPath(new URL(`../../../bin/${name}`, import.meta.url));
const LVSCTL_LIMIT_MS = 90_000;

/** A machine with `lvsd run` and all that it starts, which can die and be there again. */
export class DirectorMachine {
  readonly host: string;
  readonly #network: Network;
  readonly #text: string;
  #folder = new Folder();
  #running: Running | undefined;
  /** What was said before it died. */
  #past = '';

  constructor(network: Network, host: string, text: string) {
    this.#network = network;
    this.host = host;
    this.#text = text;
  }

  start(): void {
    const file = (name: string): string => this.#folder.file(name);
    writeFileSync(file('lvsd.conf'), this.#text);
    const command = ['env', `RUNTIME_DIRECTORY=${file('.')}`, program('lvsd'), 'run', '-f', file('lvsd.conf')];
    this.#running = new Running(this.host, command, file('log'));
  }

  stop(): Promise<void> {
    return this.#running?.stop() ?? Promise.resolve();
  }

  /** kill -9 of the director alone; what it has started lives on. */
  kill(): Promise<void> {
    return this.#running?.kill() ?? Promise.resolve();
  }

  /** It dies, and what it had in memory and in /run with it. */
  async crash(): Promise<void> {
    await this.#network.crash(this.host);
    this.#past += this.#folder.text('log');
    this.#folder.remove();
  }

  /** It is there again, plugged in, and starts as if for the first time. */
  async boot(): Promise<void> {
    await this.#network.boot(this.host);
    this.#folder = new Folder();
    this.start();
  }

  /** A file of its folder. */
  file(name: string): string {
    return this.#folder.file(name);
  }

  get log(): string {
    return this.#past + this.#folder.text('log');
  }

  /** Of this name, since it was booted. */
  events(name: string): readonly Readonly<Record<string, unknown>>[] {
    return this.#folder
      .text('log')
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
      .filter(({ event }) => event === name);
  }

  lvsctl(...words: readonly string[]): Promise<Ran> {
    return run([program('lvsctl'), '--control', this.file('control.sock'), ...words], { limitMs: LVSCTL_LIMIT_MS });
  }

  /** What all of its virtual routers are; 'none': it does not tell, or they differ. */
  async role(): Promise<string> {
    const roles = new Set((await this.vrrp())?.instances.map(({ role }) => role));
    return roles.size === 1 ? [...roles].join('') : 'none';
  }

  /** undefined: it does not run. */
  async vrrp(): Promise<VrrpReport | undefined> {
    try {
      const answer = await exchange(this.file('vrrp.sock'), { do: 'status' });
      return answer.ok ? (answer.result as VrrpReport) : undefined;
    } catch {
      return undefined;
    }
  }

  remove(): void {
    this.#folder.remove();
  }
}

/** When the test ends they do, and what they said is told if it failed. */
export function endWith(t: Test, ...directors: readonly DirectorMachine[]): void {
  t.teardown(async () => {
    if (!t.passing()) t.comment(...directors.map(({ log }) => log));
    for (const director of directors) {
      await director.stop();
      director.remove();
    }
  });
}
