import { writeFileSync } from 'node:fs';
import { keepalivedText, type RouterSettings } from './settings.js';
import { Folder, type Role, Running, type VirtualRouter } from './router.js';

const KEEPALIVED = '/usr/sbin/keepalived';

export class Keepalived implements VirtualRouter {
  readonly #host: string;
  readonly #settings: () => RouterSettings;
  readonly #folder = new Folder();
  #process: Running | undefined;
  /** Length of the log when this run began. */
  #saidBefore = 0;

  constructor(host: string, settings: () => RouterSettings) {
    this.#host = host;
    this.#settings = settings;
  }

  get log(): string {
    return this.#folder.text('log');
  }

  start(): Promise<void> {
    const file = (name: string): string => this.#folder.file(name);
    writeFileSync(file('conf'), keepalivedText(this.#settings()));
    const pids = ['-p', file('pid'), '-r', file('vrrp.pid'), '-c', file('checkers.pid'), '-b', file('bfd.pid')];
    const command = [KEEPALIVED, '--dont-fork', '--log-console', '--log-detail', '--vrrp', '-f', file('conf'), ...pids];
    this.#saidBefore = this.log.length;
    this.#process = new Running(this.#host, command, file('log'));
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
  }

  role(): Promise<Role> {
    const said = this.log.slice(this.#saidBefore);
    const last = [...said.matchAll(/Entering (\w+) STATE/g)].at(-1)?.[1];
    const role =
      this.#process?.hasEnded !== false ? 'none' : last === 'MASTER' ? 'master' : last === 'BACKUP' ? 'backup' : 'none';
    return Promise.resolve(role);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.kill();
    this.#folder.remove();
  }
}
