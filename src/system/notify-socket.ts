import type { Clock } from './clock.js';
import { type Log, reasonOf } from './log.js';
import { Timers } from './timers.js';

/** What systemd says of us in the environment, sd_notify(3) and sd_watchdog_enabled(3). */
export interface ManagerSettings {
  /** NOTIFY_SOCKET: a path, or '@' and an abstract name. undefined: nobody wants to know. */
  readonly socket: string | undefined;
  /** WATCHDOG_USEC as milliseconds, where it is meant for us; undefined: nobody watches. */
  readonly watchdogMs: number | undefined;
}

/** Takes its words out of `environment`, so that nothing that we start speaks in our name. `pid`: ours. */
export function takeManagerSettings(environment: NodeJS.ProcessEnv, pid: number): ManagerSettings {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: microseconds, WATCHDOG_PID: meant } = environment;
  delete environment['NOTIFY_SOCKET'];
  delete environment['WATCHDOG_USEC'];
  delete environment['WATCHDOG_PID'];
  const isOurs = meant === undefined || meant === String(pid);
  const watchdogMs = isOurs && /^[1-9]\d{0,15}$/.test(microseconds ?? '') ? Number(microseconds) / 1000 : undefined;
  return { socket: socket === '' ? undefined : socket, watchdogMs };
}

export interface ServiceManagerOptions extends ManagerSettings {
  /** One datagram; throws `{ code }` as the addon does. */
  readonly send: (socket: string, text: string) => void;
  readonly clock: Clock;
  /** CLOCK_MONOTONIC, microseconds. */
  readonly monotonicUs: () => bigint;
  /** One line on what we are doing: for `systemctl status`. */
  readonly status: () => string;
  readonly log: Log;
}

/** The line of `systemctl status` is looked at so often where no watchdog sets the pace. */
const STATUS_MS = 10_000;
/** Its queue was full. */
const AGAIN_MS = 100;
const FULL: ReadonlySet<unknown> = new Set(['EAGAIN', 'ENOBUFS']);

/**
 * What the service manager is told, by sd_notify(3)'s protocol. Between `started` and `stopping` it hears WATCHDOG=1 twice in each interval,
 * from a timer like any other: whoever blocks the event loop keeps that back, too. Never throws: a manager that cannot be told stops nobody.
 */
export class ServiceManager {
  readonly #options: ServiceManagerOptions;
  readonly #timers: Timers<'beat' | 'again'>;
  /** What it could not take yet, in order. */
  #waiting: string[] = [];
  #told = '';
  #isServing = false;
  #hasFailed = false;

  constructor(options: ServiceManagerOptions) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
  }

  /** What was wanted is in force for the first time. */
  started(): void {
    if (this.#options.socket === undefined) return;
    this.#isServing = true;
    this.#tell(['READY=1', ...this.#news()]);
    this.#beatLater();
  }

  reloading(): void {
    if (this.#isServing) this.#tell(['RELOADING=1', `MONOTONIC_USEC=${this.#options.monotonicUs()}`]);
  }

  reloaded(): void {
    if (this.#isServing) this.#tell(['READY=1', ...this.#news()]);
  }

  /** The last word. */
  stopping(): void {
    this.#isServing = false;
    this.#tell(['STOPPING=1']);
    this.#timers.disarm('beat');
  }

  /** Nothing is sent any more. */
  close(): void {
    this.#timers.disarmAll();
  }

  #beatLater(): void {
    const { watchdogMs } = this.#options;
    this.#timers.arm('beat', watchdogMs === undefined ? STATUS_MS : watchdogMs / 2, () => {
      this.#tell([...(watchdogMs === undefined ? [] : ['WATCHDOG=1']), ...this.#news()]);
      this.#beatLater();
    });
  }

  /** The status, if it is another one. */
  #news(): readonly string[] {
    const status = this.#options.status().replaceAll('\n', ' ');
    if (status === this.#told) return [];
    this.#told = status;
    return [`STATUS=${status}`];
  }

  #tell(lines: readonly string[]): void {
    if (this.#options.socket === undefined || lines.length === 0) return;
    this.#waiting.push(lines.join('\n'));
    this.#send();
  }

  #send(): void {
    const { socket = '', send, log } = this.#options;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      try {
        send(socket, next);
      } catch (error) {
        if (FULL.has((error as NodeJS.ErrnoException).code))
          return this.#timers.arm('again', AGAIN_MS, () => this.#send());
        if (!this.#hasFailed) log.warn({ event: 'daemon.manager-not-told', socket, reason: reasonOf(error) });
        this.#hasFailed = true;
      }
      this.#waiting.shift();
    }
  }
}
