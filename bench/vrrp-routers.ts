/** keepalived and lvsd with any number of virtual routers, told the same, as processes in a host of the site of test/vrrp/interop. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { exchange } from '../src/cli/ask.js';
import type { VrrpReport } from '../src/vrrp/report.js';
import { Folder, Running } from '../test/vrrp/interop/router.js';
import { LINK } from '../test/vrrp/interop/settings.js';

const KEEPALIVED = '/usr/sbin/keepalived';
export const LVSD = fileURLToPath(new URL('../../bin/lvsd', import.meta.url));

/** Where the sending thread, or keepalived's only one, is scheduled. */
export type Scheduling = 'SCHED_RR' | 'ordinary';

export interface Told {
  readonly instances: number;
  readonly advertMs: number;
  readonly priority: number;
  /** Addresses on the link. */
  readonly ours: string;
  readonly theirs: string;
}

/** What the benches do with a process that has virtual routers. */
export interface Many extends AsyncDisposable {
  start(): Promise<void>;
  /** As an operator stops it. */
  stop(): Promise<void>;
  /** All threads of the process that sends and hears adverts. */
  readonly pid: number;
  readonly masters: () => Promise<number>;
  readonly backups: () => Promise<number>;
  readonly log: string;
}

const PER_NET = 200;
/** Of the virtual router with this VRID: on the link's own net, so that a client needs no route, as long as it is one of the first. */
export const virtualAddress = (vrid: number): string =>
  vrid <= PER_NET ? `10.77.0.${49 + vrid}` : `10.77.1.${vrid - PER_NET}`;

/** keepalived kills itself with SIGXCPU otherwise: 100 instances at 10 ms do not sleep for long. */
const RLIMIT_US = 60_000_000;
const realtimeWords = `vrrp_rt_priority 50\n vrrp_rlimit_rttime ${RLIMIT_US}\n vrrp_no_swap`;

/** What is said beside the virtual routers themselves. */
interface Words {
  readonly globals?: string;
  readonly blocks?: string;
  /** In each vrrp_instance. */
  readonly instance?: string;
}

/** What only lvsd has: the two know each other, and BFD watches the master. Found after 3 × 25 ms, taken over after 50 ms × 156 / 256. */
const pairWords = ({ ours, theirs }: Told): Words => ({
  globals: `pair_peer ${theirs}\n pair_source ${ours}\n pair_key "a key for the bench of the pair"`,
  blocks: `bfd_instance other {
    neighbor_ip ${theirs}
    source_ip ${ours}
    min_tx 25
    min_rx 25
    multiplier 3
}
`,
  instance: 'bfd_master other',
});

const text = ({ instances, advertMs, priority }: Told, { globals = '', blocks = '', instance = '' }: Words): string =>
  [
    `global_defs {\n router_id R${priority}\n ${globals}\n}\n${blocks}`,
    ...Array.from(
      { length: instances },
      (_, i) => `vrrp_instance I${i + 1} {
    state BACKUP
    interface ${LINK}
    version 3
    virtual_router_id ${i + 1}
    priority ${priority}
    advert_int ${advertMs / 1000}
    ${instance}
    virtual_ipaddress {
        ${virtualAddress(i + 1)}/32
    }
}
`,
    ),
  ].join('');

class ManyOfKeepalived implements Many {
  readonly #host: string;
  readonly #text: string;
  readonly #folder = new Folder();
  #process: Running | undefined;

  constructor(host: string, told: Told, scheduling: Scheduling) {
    this.#host = host;
    this.#text = text(told, scheduling === 'SCHED_RR' ? { globals: realtimeWords } : {});
  }

  get log(): string {
    return this.#folder.text('log');
  }
  get pid(): number {
    return Number(this.#folder.text('vrrp.pid'));
  }

  start(): Promise<void> {
    const file = (name: string): string => this.#folder.file(name);
    writeFileSync(file('conf'), this.#text);
    const pids = ['-p', file('pid'), '-r', file('vrrp.pid'), '-c', file('checkers.pid'), '-b', file('bfd.pid')];
    const command = [KEEPALIVED, '--dont-fork', '--log-console', '--log-detail', '--vrrp', '-f', file('conf'), ...pids];
    this.#process = new Running(this.#host, command, file('log'));
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
  }

  masters = (): Promise<number> => Promise.resolve(this.#last('MASTER'));
  backups = (): Promise<number> => Promise.resolve(this.#last('BACKUP'));

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.kill();
    this.#folder.remove();
  }

  #last(state: string): number {
    const states = new Map<string, string>();
    for (const [, name = '', is = ''] of this.log.matchAll(/\((\w+)\) Entering (\w+) STATE/g)) states.set(name, is);
    return [...states.values()].filter((is) => is === state).length;
  }
}

class ManyOfLvsd implements Many {
  readonly #host: string;
  readonly #text: string;
  readonly #scheduling: Scheduling;
  readonly #folder = new Folder();
  #process: Running | undefined;
  #ordinary: Running | undefined;

  constructor(host: string, told: Told, scheduling: Scheduling, words: Words = {}) {
    this.#host = host;
    this.#text = text(told, words);
    this.#scheduling = scheduling;
  }

  get log(): string {
    return this.#folder.text('log');
  }
  get pid(): number {
    return processOf(['vrrp', '--folder', this.#folder.file('')]);
  }

  async start(): Promise<void> {
    const file = (name: string): string => this.#folder.file(name);
    writeFileSync(file('conf'), this.#text);
    if (this.#scheduling === 'ordinary') {
      const command = [LVSD, 'vrrp', '--folder', file(''), '--no-realtime'];
      this.#ordinary = new Running(this.#host, command, file('log'));
      await until('lvsd vrrp listens', () => Promise.resolve(existsSync(file('vrrp.sock'))), this);
    }
    const places = ['--state', file('director.json'), '--control', file('control.sock')];
    this.#process = new Running(this.#host, [LVSD, 'run', '-f', file('conf'), ...places], file('log'));
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
  }

  masters = (): Promise<number> => this.#count('master');
  backups = (): Promise<number> => this.#count('backup');

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.kill();
    await this.#ordinary?.kill();
    this.#folder.remove(); // a process that lvsd started ends with its network
  }

  async #count(role: string): Promise<number> {
    try {
      const answer = await exchange(this.#folder.file('vrrp.sock'), { do: 'status' });
      return answer.ok ? (answer.result as VrrpReport).instances.filter((one) => one.role === role).length : 0;
    } catch {
      return 0; // it does not listen yet
    }
  }
}

/** The process with these words in its command line, one behind the other. @throws if there is none */
function processOf(words: readonly string[]): number {
  const wanted = `\0${words.join('\0').replace(/\/$/, '')}`;
  const found = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .find((pid) => commandLine(pid).includes(wanted));
  if (found === undefined) throw new Error(`there is no process ${words.join(' ')}`);
  return Number(found);
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return ''; // it has ended
  }
}

const LIMIT_MS = 90_000;

/** @throws with what the router said, if it does not come to that */
export async function until(what: string, holds: () => Promise<boolean>, router: Pick<Many, 'log'>): Promise<void> {
  const end = performance.now() + LIMIT_MS;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`it did not come to this: ${what}\n${router.log.slice(-4000)}`);
    await sleep(50);
  }
}

export interface Maker {
  readonly name: string;
  readonly make: (host: string, told: Told) => Many;
}

const keepalived = (scheduling: Scheduling): Maker => ({
  name: `keepalived, ${scheduling}`,
  make: (host, told) => new ManyOfKeepalived(host, told, scheduling),
});
const lvsd = (scheduling: Scheduling): Maker => ({
  name: `lvsd, ${scheduling}`,
  make: (host, told) => new ManyOfLvsd(host, told, scheduling),
});

const WANTED = process.env['ROUTERS'] ?? '';
const isHere = ({ name }: Maker): boolean =>
  name.startsWith(WANTED) && (!name.startsWith('keepalived') || existsSync(KEEPALIVED));

/** As each is by default. */
export const DEFAULTS: readonly Maker[] = [keepalived('ordinary'), lvsd('SCHED_RR')].filter(isHere);
export const PAIR: readonly Maker[] = [
  {
    name: 'lvsd, pair and BFD',
    make: (host: string, told: Told): Many => new ManyOfLvsd(host, told, 'SCHED_RR', pairWords(told)),
  },
].filter(isHere);
export const ALL: readonly Maker[] = [
  keepalived('ordinary'),
  keepalived('SCHED_RR'),
  lvsd('ordinary'),
  lvsd('SCHED_RR'),
].filter(isHere);
