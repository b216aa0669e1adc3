import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually.js';
import { mustRun } from './topology.js';

const BFDD = '/usr/lib/frr/bfdd';

/** Why there can be none; undefined: there can. */
export const bfddMissing = (): string | undefined =>
  existsSync(BFDD) ? undefined : `${BFDD} is missing: apt-get install frr`;

/** What bfdd says of a session. */
export interface BfddPeer {
  readonly peer: string;
  readonly multihop: boolean;
  readonly status: 'up' | 'down' | 'init' | 'shutdown';
  readonly diagnostic: string;
  readonly 'remote-diagnostic': string;
  readonly 'remote-detect-multiplier': number;
  readonly 'remote-receive-interval': number;
  readonly 'remote-transmit-interval': number;
}

/** FRR's bfdd in a host of the lab, without the rest of FRR. */
export class Bfdd implements AsyncDisposable {
  readonly #host: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'lvsd-bfdd-'));
  #child: ReturnType<typeof spawn> | undefined;

  private constructor(host: string, configuration: string) {
    this.#host = host;
    chmodSync(this.#folder, 0o777); // it works as the user frr
    writeFileSync(join(this.#folder, 'bfdd.conf'), configuration);
  }

  /** It answers when this resolves. */
  static async start(host: string, configuration: string): Promise<Bfdd> {
    const bfdd = new Bfdd(host, configuration);
    await bfdd.start();
    return bfdd;
  }

  async start(): Promise<void> {
    const file = (name: string): string => join(this.#folder, name);
    const options = [
      ...['-f', file('bfdd.conf'), '-i', file('pid'), '-z', file('zserv'), '--vty_socket', this.#folder],
      ...['--bfdctl', file('control'), '-P', '0', '-u', 'frr', '-g', 'frr', '--log', `file:${file('log')}`],
    ];
    this.#child = spawn('ip', ['netns', 'exec', this.#host, BFDD, ...options], { stdio: 'ignore' });
    await eventually(() => this.peers());
  }

  async peers(): Promise<readonly BfddPeer[]> {
    return JSON.parse(await this.vtysh('show bfd peers json')) as BfddPeer[];
  }

  /** Commands, one after another. */
  vtysh(...commands: readonly string[]): Promise<string> {
    return mustRun(['vtysh', '--vty_socket', this.#folder, ...commands.flatMap((command) => ['-c', command])]);
  }

  /** At once: it says nothing to anybody any more. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL'); // `ip netns exec` has become bfdd
    await once(child, 'exit');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
