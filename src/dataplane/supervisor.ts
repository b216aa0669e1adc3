import { rename } from 'node:fs/promises';
import { isLvsError, LvsError } from '../errors.js';
import type { Cancel, Clock } from '../system/clock.js';
import { type Log, reasonOf } from '../system/log.js';
import { EngineClient, type EngineEvents } from './client.js';
import { enginesStartedAt, isRunning } from './engine-processes.js';
import type { EngineProcess, StartEngine } from './process.js';
import { type Hello, PROTOCOL, SESSION_RECORD_BYTES } from './protocol.js';

/** An engine that answers. */
export interface RunningEngine {
  readonly client: EngineClient;
  readonly hello: Hello;
  /** It ran before us, or we have lost and found it again: its tables, sessions and ports are there. */
  readonly adopted: boolean;
}

export interface SupervisorOptions {
  /** Of the socket at which an engine is found by whoever comes next. */
  readonly path: string;
  readonly start: StartEngine;
  /** Words beside the socket: `--workers 2 --sessions 1000000`. Asked for at each start. */
  readonly args: () => readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EngineEvents;
  /**
   * An engine answers that did not before: publishes everything and opens the ports. Not called for the one that `find` or `ensure`
   * answer with, since their caller does that. What it throws is logged.
   */
  readonly onReturn: (engine: RunningEngine) => Promise<void>;
  /** Answers from an engine that was just started. */
  readonly startTimeoutMs?: number;
  /** Answers that take no work. */
  readonly answerTimeoutMs?: number;
}

const START_TIMEOUT_MS = 10_000;
const KNOCK_MS = 20;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** An engine that ran so long starts anew with the shortest pause. */
const STEADY_MS = 30_000;
/** Sessions asked for at once: about 3 MB. */
const PAGE = 30_000;
const STOP_TIMEOUT_MS = 5_000;

/**
 * The engine's process, which is there before and after us: found at its socket and taken as it is, started where none is, started again
 * when it dies. It is never ended but by `stop`. One that speaks another protocol goes on forwarding until `takeOver`.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  #engine: RunningEngine | undefined;
  #process: EngineProcess | undefined;
  /** Speaks another protocol; forwards until the new one can. */
  #predecessor: RunningEngine | undefined;
  /** Where #engine's socket is now. */
  #place: string;
  #finding: Promise<RunningEngine | undefined> | undefined;
  #ensuring: Promise<RunningEngine> | undefined;
  #cancelReturn: Cancel | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #upSince = 0;
  #closed = false;
  #isLate = false;
  /** How often it was started again because it had died. */
  restarts = 0;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#place = options.path;
  }

  /** undefined: none answers now. */
  get engine(): RunningEngine | undefined {
    return this.#engine;
  }

  /** An older engine still forwards, and its sessions wait to be taken over. */
  get predecessor(): RunningEngine | undefined {
    return this.#predecessor;
  }

  /** The engine that runs, if one does. Nothing is started, but where one of another protocol runs. */
  find(): Promise<RunningEngine | undefined> {
    if (this.#engine !== undefined) return Promise.resolve(this.#engine);
    this.#finding ??= this.#find().finally(() => (this.#finding = undefined));
    return this.#finding;
  }

  /** The engine, started if need be. @throws LvsError ENGINE_NOT_STARTED and what EngineClient throws */
  ensure(): Promise<RunningEngine> {
    this.#ensuring ??= this.#ensure().finally(() => (this.#ensuring = undefined));
    return this.#ensuring;
  }

  /**
   * The sessions of an older engine become those of the new one, which has all tables by now; then the old one ends, and its ports are free
   * for `ports`. Without an older one only `ports` is called.
   */
  async takeOver(ports: () => Promise<void>): Promise<void> {
    const old = this.#predecessor;
    const engine = this.#engine;
    const { log, path } = this.#options;
    if (old !== undefined && engine !== undefined) {
      let copied = { taken: 0, refused: 0 };
      try {
        copied = await copySessions(old.client, engine.client);
      } catch (error) {
        log.warn({ event: 'engine.sessions-lost', reason: reasonOf(error) });
      }
      this.#predecessor = undefined;
      await this.#end(old);
      log.info({ event: 'engine.replaced', from: old.hello.version, to: engine.hello.version, ...copied });
    }
    if (this.#place !== path) await rename(this.#place, path);
    this.#place = path;
    await ports();
  }

  /** Starts another one beside the one that runs, which is its predecessor until `takeOver`. @throws LvsError ENGINE_NOT_STARTED */
  async renew(): Promise<RunningEngine> {
    const old = this.#engine;
    if (old === undefined || this.#predecessor !== undefined) return this.ensure();
    const engine = await this.#start(nextPath(this.#place));
    this.#predecessor = old;
    return engine;
  }

  /** The engine ends, and is not started again until `ensure`. */
  async stop(): Promise<void> {
    this.#cancelReturn?.();
    await (this.#ensuring ?? this.#finding)?.catch(() => undefined); // what is just being started must not outlive this
    const engines = [this.#engine, this.#predecessor];
    this.#engine = undefined;
    this.#predecessor = undefined;
    for (const engine of engines) if (engine !== undefined) await this.#end(engine);
  }

  /** The engine goes on without us. */
  close(): void {
    this.#closed = true;
    this.#cancelReturn?.();
    this.#engine?.client.close();
    this.#predecessor?.client.close();
    this.#engine = undefined;
    this.#predecessor = undefined;
  }

  async #find(): Promise<RunningEngine | undefined> {
    const { path, log } = this.#options;
    const found = await this.#answering(path);
    if (found?.hello.protocol === PROTOCOL) {
      log.info({ event: 'engine.adopted', pid: found.hello.pid, version: found.hello.version });
      return this.#use(found, path);
    }
    // an lvsd may have ended in the middle of a change of engines
    const next = await this.#answering(nextPath(path));
    if (found === undefined && next === undefined) return undefined;
    if (found !== undefined) {
      this.#predecessor = found;
      log.info({ event: 'engine.other-protocol', pid: found.hello.pid, version: found.hello.version });
    }
    if (next === undefined) return this.#start(nextPath(path));
    log.info({ event: 'engine.adopted', pid: next.hello.pid, version: next.hello.version });
    return this.#use(next, nextPath(path));
  }

  async #ensure(): Promise<RunningEngine> {
    return (await this.find()) ?? this.#start(this.#options.path);
  }

  /** As `knock`; one that is asked twice and says nothing is ended, if an lvsd started it. @throws LvsError ENGINE_ABSENT if none did */
  async #answering(path: string): Promise<RunningEngine | undefined> {
    try {
      return await this.#knock(path).catch((error: unknown) => {
        if (!isLvsError(error, 'ENGINE_TIMEOUT')) throw error;
        return this.#knock(path); // it may have been at work on a large table
      });
    } catch (error) {
      if (!isLvsError(error, 'ENGINE_TIMEOUT')) throw error;
      await this.#endMute(path, error);
      return undefined;
    }
  }

  async #endMute(path: string, why: LvsError): Promise<void> {
    const { path: usual, clock, log } = this.#options;
    const places = [usual, nextPath(usual)];
    // who was started at one place may be at the other by now
    const other = await this.#knock(path === usual ? nextPath(usual) : usual).catch(() => undefined);
    other?.client.close();
    const mute = (await enginesStartedAt(places, path)).filter((pid) => pid !== other?.hello.pid);
    if (mute.length === 0)
      throw new LvsError('ENGINE_ABSENT', [path, 'who listens there says nothing, and was not started by an lvsd'], {
        cause: why,
      });
    for (const pid of mute) {
      log.error({ event: 'engine.hung', pid, reason: reasonOf(why) });
      kill(pid);
    }
    const deadline = clock.now() + STOP_TIMEOUT_MS;
    while (mute.some(isRunning) && clock.now() < deadline) await this.#pause(KNOCK_MS);
  }

  #use(engine: RunningEngine, place: string): RunningEngine {
    this.#engine = engine;
    this.#place = place;
    this.#upSince = this.#options.clock.now();
    return engine;
  }

  /** Who answers at a socket; undefined: nobody. @throws LvsError ENGINE_TIMEOUT: it takes connections and says nothing */
  async #knock(path: string, adopted = true): Promise<RunningEngine | undefined> {
    const { clock, events, answerTimeoutMs } = this.#options;
    if (Buffer.byteLength(path) > LONGEST_PATH) return undefined;
    let client: EngineClient | undefined;
    try {
      const mine = (run: (() => void) | undefined): void => {
        if (client !== undefined && (client === this.#engine?.client || client === this.#predecessor?.client)) run?.();
      };
      client = await EngineClient.connect({
        ...events,
        path,
        clock,
        ...(answerTimeoutMs === undefined ? {} : { timeoutMs: answerTimeoutMs }),
        onLate: () => mine(() => void this.#late()),
        onEnd: () => mine(() => this.#lost(client)),
      });
      return { client, hello: await client.hello(), adopted };
    } catch (error) {
      client?.close();
      // one that is ending takes the connection and is gone
      if (isLvsError(error, 'ENGINE_LOST') || isLeft(error)) return undefined;
      throw error;
    }
  }

  async #start(path: string): Promise<RunningEngine> {
    const { start, args, clock, log, startTimeoutMs = START_TIMEOUT_MS } = this.#options;
    if (Buffer.byteLength(path) > LONGEST_PATH)
      throw new LvsError('ENGINE_NOT_STARTED', [`at ${path}`, `its path is longer than ${LONGEST_PATH} bytes`]);
    const child = await start(['--control', path, ...args()]);
    let ended: string | undefined;
    child.onExit((how) => {
      ended = how;
      if (this.#process === child) this.#process = undefined;
      log.warn({ event: 'engine.ended', pid: child.pid, how });
    });
    const deadline = clock.now() + startTimeoutMs;
    for (;;) {
      const found = await this.#knock(path, false).catch(() => undefined);
      if (found?.hello.pid === child.pid) {
        this.#process = child;
        log.info({ event: 'engine.started', pid: child.pid, version: found.hello.version });
        return this.#use(found, path);
      }
      found?.client.close();
      if (ended !== undefined) throw new LvsError('ENGINE_NOT_STARTED', [`at ${path}`, `it ended (${ended})`]);
      if (clock.now() >= deadline) {
        child.kill();
        throw new LvsError('ENGINE_NOT_STARTED', [`at ${path}`, `it does not answer within ${startTimeoutMs} ms`]);
      }
      await this.#pause(KNOCK_MS);
    }
  }

  /**
   * It did not answer in time. One that does not even say hello follows no check and no route any more: it is ended, and its sessions with
   * it, for another to take its place.
   */
  async #late(): Promise<void> {
    const engine = this.#engine;
    if (engine === undefined || this.#isLate) return;
    this.#isLate = true;
    try {
      await engine.client.hello();
    } catch (error) {
      if (!isLvsError(error, 'ENGINE_TIMEOUT') || engine !== this.#engine) return;
      this.#options.log.error({ event: 'engine.hung', pid: engine.hello.pid, reason: reasonOf(error) });
      kill(engine.hello.pid);
    } finally {
      this.#isLate = false;
    }
  }

  #lost(client: EngineClient | undefined): void {
    const { clock, log, events, onReturn } = this.#options;
    if (client === this.#predecessor?.client) {
      this.#predecessor = undefined;
      log.warn({ event: 'engine.predecessor-ended' });
      // what it held is lost, and its ports are free
      if (this.#engine !== undefined) onReturn(this.#engine).catch((error: unknown) => this.#notBack(error));
      return;
    }
    if (clock.now() - this.#upSince > STEADY_MS) this.#pauseMs = FIRST_PAUSE_MS;
    log.error({ event: 'engine.lost', pid: this.#engine?.hello.pid });
    this.#engine = undefined;
    events.onEnd?.();
    this.#return();
  }

  /** Again and again, with growing pauses, until one answers. */
  #return(): void {
    if (this.#closed) return;
    const { clock, onReturn } = this.#options;
    const pause = this.#pauseMs;
    this.#pauseMs = Math.min(2 * pause, LONGEST_PAUSE_MS);
    this.#cancelReturn = clock.after(pause, () => {
      this.ensure()
        .then(async (engine) => {
          if (this.#closed) return engine.client.close();
          if (!engine.adopted) this.restarts++;
          await onReturn(engine);
        })
        .catch((error: unknown) => this.#notBack(error));
    });
  }

  #notBack(error: unknown): void {
    this.#options.log.error({ event: 'engine.not-back', reason: reasonOf(error) });
    if (this.#engine === undefined) this.#return();
  }

  /** Asks it to end and waits until it has. */
  async #end({ client, hello }: RunningEngine): Promise<void> {
    const { clock, log } = this.#options;
    const deadline = clock.now() + STOP_TIMEOUT_MS;
    try {
      await client.stop();
    } catch (error) {
      if (!isLvsError(error, 'ENGINE_LOST'))
        log.warn({ event: 'engine.does-not-stop', pid: hello.pid, reason: reasonOf(error) });
    }
    client.close();
    while (isRunning(hello.pid) && clock.now() < deadline) await this.#pause(KNOCK_MS);
    if (!isRunning(hello.pid)) return;
    log.warn({ event: 'engine.killed', pid: hello.pid });
    kill(hello.pid);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#options.clock.after(ms, resolve));
  }
}

/** sockaddr_un; libuv cuts what is longer without a word. */
const LONGEST_PATH = 107;

/** No socket, or one that nobody listens at. Any other failure (it is somebody else's) means that the place is taken. */
function isLeft(error: unknown): boolean {
  if (!isLvsError(error, 'ENGINE_ABSENT')) return false;
  const { code } = error.cause as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ECONNREFUSED' || code === 'ECONNRESET';
}

/** Where a new engine is to be found while an old one has the place. */
const nextPath = (path: string): string => `${path}.next`;

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended meanwhile, or we may not: who waits for its end sees which
  }
}

/** Page by page, whole records. */
export async function copySessions(
  from: EngineClient,
  to: EngineClient,
): Promise<{ readonly taken: number; readonly refused: number }> {
  const sum = { taken: 0, refused: 0 };
  let cursor = 0n;
  do {
    const { next, records } = await from.sessions(cursor, PAGE);
    if (records.length % SESSION_RECORD_BYTES !== 0)
      throw new LvsError('ENGINE_MALFORMED', ['list the sessions', `its sessions have another form`]);
    if (records.length > 0) {
      const { taken, refused } = await to.loadSessions(records);
      sum.taken += taken;
      sum.refused += refused;
    }
    cursor = next;
  } while (cursor !== 0n);
  return sum;
}
