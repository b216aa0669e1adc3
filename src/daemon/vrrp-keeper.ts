import { type ChildProcess, spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { exchange } from '../cli/ask.js';
import { LvsError } from '../errors.js';
import type { Clock } from '../system/clock.js';
import { type Log, reasonOf } from '../system/log.js';
import { Mailbox } from '../system/mailbox.js';
import type { FailoverOrder } from '../pair/failover.js';
import type { FailoverResult, PairReport } from '../pair/pair.js';
import { Timers } from '../system/timers.js';
import type { VrrpReport } from '../vrrp/report.js';
import type { SessionsNews } from './bfd-board.js';
import type { VrrpOrder, VrrpRequest } from './vrrp-order.js';
import type { DirectorNews } from './vrrp-pair.js';
import { vrrpFiles } from './vrrp-process.js';

export interface VrrpKeeperOptions {
  /** Where the process has its socket and what it remembers. */
  readonly folder: string;
  /** Starts the process in a session of its own. */
  readonly start: () => ChildProcess;
  readonly clock: Clock;
  readonly log: Log;
}

/** A process that was just started listens after this time, or it never will. */
const START_MS = 15_000;
const KNOCK_MS = 10;
/** Lines are closed for their silence. */
const HELLO_MS = 10_000;
/** Letting go includes what scripts are told. One that takes longer is not waited for. */
const STOP_MS = 20_000;
/** The first death of a process that lived so long is made up for at once. */
const STEADY_MS = 10_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

/**
 * The director's side of the process that holds the addresses: found at its socket and taken as it is, started where there is none, started
 * again when it dies. It is told to let go only by `close('stop')` or by a configuration that has nothing for it.
 */
export class VrrpKeeper {
  readonly #options: VrrpKeeperOptions;
  readonly #timers: Timers<'again' | 'hello' | 'stop'>;
  readonly #mailbox = new Mailbox();
  readonly #socketPath: string;
  #order: VrrpOrder | undefined;
  /** Closes when the process dies. */
  #line: Socket | undefined;
  #startedMs = -Infinity;
  #pauseMs = 0;
  /** Why it does not run, as it was logged last. */
  #trouble: string | undefined;
  #closed = false;

  constructor(options: VrrpKeeperOptions) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
    this.#socketPath = vrrpFiles(options.folder).socket;
  }

  /**
   * The configuration in force. undefined: nothing is to be held. What fails is tried again later.
   * @throws LvsError VRRP_NOT_STARTED, DIRECTOR_SAYS_NO, DIRECTOR_ABSENT
   */
  follow(order: VrrpOrder | undefined): Promise<void> {
    return this.#mailbox.post(async () => {
      this.#order = order;
      if (order === undefined) return this.#letGo();
      try {
        await this.#ensure();
      } catch (error) {
        this.#trouble = reasonOf(error); // who asked is told
        this.#againLater();
        throw error;
      }
    });
  }

  /** undefined: it does not run. */
  async report(): Promise<VrrpReport | undefined> {
    if (this.#order === undefined) return undefined;
    try {
      return (await this.#ask({ do: 'status' })) as VrrpReport;
    } catch {
      return undefined;
    }
  }

  /** BFD sessions that run there, as soon as they are not what was `known`. @throws LvsError DIRECTOR_SAYS_NO, DIRECTOR_ABSENT */
  async sessions(known: number): Promise<SessionsNews> {
    return (await this.#ask({ do: 'sessions', known })) as SessionsNews;
  }

  /** Both directors. @throws LvsError PAIR_NOBODY, DIRECTOR_SAYS_NO, DIRECTOR_ABSENT */
  async pair(): Promise<PairReport> {
    return (await this.#askHolder({ do: 'pair' })) as PairReport;
  }

  /** @throws LvsError PAIR_NOBODY, DIRECTOR_SAYS_NO, DIRECTOR_ABSENT */
  async failover(order: FailoverOrder): Promise<FailoverResult> {
    return (await this.#askHolder({ do: 'failover', order })) as FailoverResult;
  }

  /** What the other director is told of ours. Nobody misses it where there is no other. */
  async tellPair(news: DirectorNews): Promise<void> {
    if (this.#order?.globals.pair === undefined) return;
    await this.#ask({ do: 'tell-pair', news }).catch(() => undefined);
  }

  async close(how: 'keep' | 'stop'): Promise<void> {
    this.#closed = true;
    await this.#mailbox.close();
    this.#timers.disarmAll();
    if (how === 'stop') await this.#letGo();
    this.#line?.destroy();
  }

  async #ensure(): Promise<void> {
    const order = this.#order;
    if (order === undefined || this.#closed) return;
    const line = this.#line ?? (await this.#find()) ?? (await this.#start());
    this.#hold(line);
    await this.#ask({ do: 'configure', order });
    this.#trouble = undefined;
  }

  #find(): Promise<Socket | undefined> {
    return new Promise((resolve) => {
      const socket = connect(this.#socketPath);
      socket.once('connect', () => resolve(socket));
      socket.once('error', () => resolve(undefined));
    });
  }

  async #start(): Promise<Socket> {
    const { start, clock } = this.#options;
    this.#startedMs = clock.now();
    const child = start();
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (status, signal) => resolve(signal ?? `exit status ${status ?? 0}`));
    });
    let end: string | undefined;
    void ended.then((how) => (end = how));
    while (end === undefined && clock.now() < this.#startedMs + START_MS) {
      const line = await this.#find();
      if (line !== undefined) return line;
      await new Promise<void>((resolve) => void clock.after(KNOCK_MS, resolve));
    }
    if (end === undefined) child.kill('SIGKILL'); // it would come up beside the next one
    throw new LvsError('VRRP_NOT_STARTED', [end ?? 'it does not listen']);
  }

  /** Its end is noticed at once. */
  #hold(line: Socket): void {
    if (this.#line === line) return;
    this.#line = line;
    line.on('error', () => undefined);
    line.resume(); // answers to our greetings
    line.unref();
    this.#greet(line);
    line.once('close', () => {
      if (this.#line !== line) return;
      this.#line = undefined;
      this.#timers.disarm('hello');
      if (this.#closed || this.#order === undefined) return;
      const isSteady = this.#options.clock.now() - this.#startedMs >= STEADY_MS;
      if (isSteady) this.#pauseMs = 0;
      this.#again(isSteady ? 0 : this.#longerPause());
    });
  }

  #greet(line: Socket): void {
    this.#timers.arm('hello', HELLO_MS, () => {
      line.write(`${JSON.stringify({ do: 'hello' } satisfies VrrpRequest)}\n`);
      this.#greet(line);
    });
  }

  #longerPause(): number {
    this.#pauseMs = Math.min(Math.max(2 * this.#pauseMs, FIRST_PAUSE_MS), LONGEST_PAUSE_MS);
    return this.#pauseMs;
  }

  #again(pauseMs: number): void {
    if (this.#closed) return;
    this.#timers.arm('again', pauseMs, () => {
      const ensured = this.#mailbox.post(() => this.#ensure());
      ensured.catch((error: unknown) => {
        if (this.#closed) return;
        const reason = reasonOf(error);
        if (reason !== this.#trouble) this.#options.log.error({ event: 'vrrp.not-running', reason });
        this.#trouble = reason;
        this.#againLater();
      });
    });
  }

  /** Unless it will be tried anyway: it died while it was told. */
  #againLater(): void {
    if (!this.#timers.isArmed('again')) this.#again(this.#longerPause());
  }

  /** Resolves when it has ended: it closes its lines last. */
  async #letGo(): Promise<void> {
    this.#timers.disarmAll();
    const line = this.#line ?? (await this.#find());
    if (line === undefined) return;
    this.#line = undefined;
    const gone = new Promise<boolean>((resolve) => {
      line.once('close', () => resolve(true));
      line.on('error', () => undefined);
      line.resume();
      this.#timers.arm('stop', STOP_MS, () => resolve(false));
    });
    await this.#ask({ do: 'stop' }).catch(() => undefined);
    if (!(await gone)) this.#options.log.error({ event: 'vrrp.not-stopped', afterMs: STOP_MS });
    this.#timers.disarm('stop');
    line.destroy();
  }

  #askHolder(request: VrrpRequest): Promise<unknown> {
    if (this.#order === undefined) throw new LvsError('PAIR_NOBODY', []);
    return this.#ask(request);
  }

  async #ask(request: VrrpRequest): Promise<unknown> {
    const answer = await exchange(this.#socketPath, request);
    if (!answer.ok) throw new LvsError('DIRECTOR_SAYS_NO', [answer.error]);
    return answer.result;
  }
}

/** The process of this package: the same program with another word. */
export const startVrrp =
  (folder: string): (() => ChildProcess) =>
  () => {
    const [node = process.execPath, program = ''] = process.argv;
    const child = spawn(node, [program, 'vrrp', '--folder', folder], {
      detached: true,
      stdio: ['ignore', STDERR, STDERR],
      cwd: '/',
    });
    child.unref();
    return child;
  };

const STDERR = 2;
