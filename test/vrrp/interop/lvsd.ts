import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { exchange } from '../../../src/cli/ask.js';
import type { InstanceReport, VrrpReport } from '../../../src/vrrp/report.js';
import { keepalivedText, type RouterSettings } from './settings.js';
import { Folder, type Role, Running, type VirtualRouter } from './router.js';

const LVSD = fileURLToPath(new URL('../../../../bin/lvsd', import.meta.url));

/** `lvsd run`, with the process that it starts for the addresses. */
export class Lvsd implements VirtualRouter {
  readonly #host: string;
  readonly #settings: () => RouterSettings;
  readonly #folder = new Folder();
  #process: Running | undefined;

  constructor(host: string, settings: () => RouterSettings) {
    this.#host = host;
    this.#settings = settings;
  }

  get log(): string {
    return this.#folder.text('log');
  }

  /** Events of its log, of this name, of all runs. */
  events(name: string): readonly Readonly<Record<string, unknown>>[] {
    const whole = this.log.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'));
    return whole
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
      .filter(({ event }) => event === name);
  }

  start(): Promise<void> {
    const file = (name: string): string => this.#folder.file(name);
    writeFileSync(file('conf'), keepalivedText(this.#settings()));
    const places = ['--state', file('director.json'), '--control', file('control.sock')];
    this.#process = new Running(this.#host, [LVSD, 'run', '-f', file('conf'), ...places], file('log'));
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
  }

  /** What it shows of its router; undefined: it does not run, or has not yet read its file. */
  async report(): Promise<InstanceReport | undefined> {
    try {
      const answer = await exchange(this.#folder.file('vrrp.sock'), { do: 'status' });
      return answer.ok ? (answer.result as VrrpReport).instances[0] : undefined;
    } catch {
      return undefined;
    }
  }

  async role(): Promise<Role> {
    const role = (await this.report())?.role;
    return role === 'master' || role === 'backup' ? role : 'none';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.kill();
    this.#folder.remove(); // the process of the addresses ends with its network
  }
}
