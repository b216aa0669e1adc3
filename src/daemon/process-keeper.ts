import { type ChildProcess, spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { exchange } from '../cli/ask.js';
import { LvsError } from '../errors.js';
import type { Clock } from '../system/clock.js';
import { reasonOf } from '../system/log.js';
import { Mailbox } from '../system/mailbox.js';
import { Timers } from '../system/timers.js';

export interface ProcessKeeperOptions {
  /** Where the process listens (control.ts). It understands `configure` with an order, `stop` and `hello`. */
  readonly socketPath: string;
  /** Starts the process in a session of its own. */
  readonly start: () => ChildProcess;
  readonly clock: Clock;
  /** Why it could not be started. */
  readonly notStarted: (why: string) => LvsError;
  /** It does not run, for another reason than the last time; nobody who could be told has asked for it. */
  readonly notRunning: (reason: string) => void;
  /** It was told to end so long ago. */
  readonly notStopped: (afterMs: number) => void;
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
 * The director's side of a process that outlives it: found at its socket and taken as it is, started where there is none, started again when it
 * dies. It is told to end only by `close('stop')` or by a configuration that has nothing for it.
 */
export class ProcessKeeper<Order extends object> {
  readonly #options: ProcessKeeperOptions;
  readonly #timers: Timers<'again' | 'hello' | 'stop'>;
  readonly #mailbox = new Mailbox();
  #order: Order | undefined;
  /** Closes when the process dies. */
  #line: Socket | undefined;
  #startedMs = -Infinity;
  #pauseMs = 0;
  /** Why it does not run, as it was told last. */
  #trouble: string | undefined;
  #closed = false;

  constructor(options: ProcessKeeperOptions) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
  }

  /** What it was told last; undefined: it has nothing to do. */
  get order(): Order | undefined {
    return this.#order;
  }

  /**
   * The configuration in force. undefined: there is nothing for it. What fails is tried again later.
   * @throws LvsError of `notStarted`, DIRECTOR_SAYS_NO, DIRECTOR_ABSENT
   */
  follow(order: Order | undefined): Promise<void> {
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

  /** @throws LvsError DIRECTOR_SAYS_NO, DIRECTOR_ABSENT */
  async ask(request: object, timeoutMs?: number): Promise<unknown> {
    const answer = await exchange(this.#options.socketPath, request, timeoutMs);
    if (!answer.ok) throw new LvsError('DIRECTOR_SAYS_NO', [answer.error]);
    return answer.result;
  }

  /** `keep`: it lives on. */
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
    await this.ask({ do: 'configure', order });
    this.#trouble = undefined;
  }

  #find(): Promise<Socket | undefined> {
    return new Promise((resolve) => {
      const socket = connect(this.#options.socketPath);
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
    throw this.#options.notStarted(end ?? 'it does not listen');
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
      line.write(`${JSON.stringify({ do: 'hello' })}\n`);
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
        if (reason !== this.#trouble) this.#options.notRunning(reason);
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
    await this.ask({ do: 'stop' }).catch(() => undefined);
    if (!(await gone)) this.#options.notStopped(STOP_MS);
    this.#timers.disarm('stop');
    line.destroy();
  }
}

/** Another process of this package: the same program with another word, in a session of its own. */
export const startProcess =
  (word: string, folder: string): (() => ChildProcess) =>
  () => {
    const [node = process.execPath, program = ''] = process.argv;
    const child = spawn(node, [program, word, '--folder', folder], {
      detached: true,
      stdio: ['ignore', STDERR, STDERR],
      cwd: '/',
    });
    child.unref();
    return child;
  };

const STDERR = 2;
