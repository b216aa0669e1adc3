/**
 * A director that has much to do, in a host of the bench: 5,000 services, 4,000 checks each second, a reload and questions all the time. It forwards by
 * the userspace engine (this machine's kernel need not have IPVS).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { exchange } from '../src/cli/ask.js';
import { mustRun } from '../test/lab/topology.js';
import { Folder, Running } from '../test/vrrp/interop/router.js';
import { LINK } from '../test/vrrp/interop/settings.js';
import { KNOCKED_PORT, type KnockedOrder, type Knocks } from './knocked.js';
import { LVSD, until } from './vrrp-routers.js';

const SERVICES = 5000;
const CHECKED = 4000;
const RELOAD_MS = 5000;
const ASK_MS = 100;
/** So many checks each second are as many as were asked for. A machine that has no time for them is looked at so often. */
const LEAST_CHECKS = 0.9 * CHECKED;
const COUNT_MS = 3000;
const COUNTS = 15;

export interface BusyDirector extends AsyncDisposable {
  /** As it began. */
  readonly checksPerSecond: number;
}

const numbered = (net: string, i: number): string => `${net}.${i >> 8}.${i & 255}`;
const server = (i: number): string => numbered('10.99', i);

/** @param turn each file differs from the one before */
const text = (turn: number): string =>
  [
    `global_defs {\n lvs_engine userspace\n engine_ports ${LINK}\n engine_mode packet\n}\n`,
    ...Array.from(
      { length: SERVICES },
      (_, i) => `virtual_server ${numbered('10.88', i)} 80 {
    delay_loop 1
    lvs_sched wrr
    lvs_method NAT
    protocol TCP
    real_server ${server(i)} ${KNOCKED_PORT} {
        weight ${1 + ((i + turn) % 2)}
        ${i < CHECKED ? 'TCP_CHECK {\n            connect_timeout 1\n        }' : ''}
    }
}
`,
    ),
  ].join('');

/** Resolves when it does all that, or as much as it can. @throws if it does not come to that */
export async function busyDirector(host: string): Promise<BusyDirector> {
  const work = new Work(host);
  try {
    await work.begin();
    return work;
  } catch (error) {
    await work[Symbol.asyncDispose]();
    throw error;
  }
}

class Work implements BusyDirector {
  readonly #host: string;
  readonly #folder = new Folder();
  readonly #ending = new AbortController();
  #servers: ChildProcess | undefined;
  #director: Running | undefined;
  #working: Promise<unknown> = Promise.resolve();
  #checksPerSecond = 0;

  constructor(host: string) {
    this.#host = host;
  }

  get log(): string {
    return this.#folder.text('log');
  }
  get checksPerSecond(): number {
    return this.#checksPerSecond;
  }

  async begin(): Promise<void> {
    const file = (name: string): string => this.#folder.file(name);
    await mustRun(['ip', '-n', this.#host, 'route', 'add', 'local', '10.99.0.0/16', 'dev', 'lo']);
    await this.#open();
    this.#write(0);
    const places = ['--state', file('director.json'), '--control', file('control.sock')];
    this.#director = new Running(this.#host, [LVSD, 'run', '-f', file('conf'), ...places], file('log'));
    await until('the director answers', () => this.#answers(), this);
    for (let i = 0; i < COUNTS && this.#checksPerSecond < LEAST_CHECKS; i++) await this.#count();
    this.#working = Promise.all([
      this.#every(RELOAD_MS, (turn) => this.#reload(turn)),
      this.#every(ASK_MS, () => this.#answers()),
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#working;
    await this.#director?.kill(); // its engine ends with its network
    this.#servers?.disconnect();
    this.#folder.remove();
  }

  #write(turn: number): void {
    writeFileSync(this.#folder.file('conf'), text(turn));
  }

  async #reload(turn: number): Promise<void> {
    this.#write(turn);
    await exchange(this.#folder.file('control.sock'), { do: 'reload' });
  }

  async #answers(): Promise<boolean> {
    try {
      return (await exchange(this.#folder.file('control.sock'), { do: 'status' })).ok;
    } catch {
      return false; // it does not listen yet
    }
  }

  async #every(ms: number, act: (turn: number) => Promise<unknown>): Promise<void> {
    const { signal } = this.#ending;
    for (let turn = 1; !signal.aborted; turn++) {
      await act(turn);
      await sleep(ms, undefined, { signal }).catch(() => undefined);
    }
  }

  /** A listener for each server. */
  async #open(): Promise<void> {
    const program = fileURLToPath(new URL('knocked.js', import.meta.url));
    this.#servers = spawn('ip', ['netns', 'exec', this.#host, process.execPath, program], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await this.#ask({ open: Array.from({ length: CHECKED }, (_, i) => server(i)) });
  }

  async #count(): Promise<void> {
    const { knocks } = (await this.#ask({ measure: COUNT_MS })) as Knocks;
    this.#checksPerSecond = (1000 * knocks) / COUNT_MS;
  }

  async #ask(order: KnockedOrder): Promise<unknown> {
    this.#servers?.send(order);
    const [answer] = (await once(this.#servers!, 'message')) as [unknown];
    return answer;
  }
}
