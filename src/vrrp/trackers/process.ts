import type { TrackProcess } from '../../config/vrrp/vrrp.js';
import type { Clock } from '../../system/clock.js';
import type { Log } from '../../system/log.js';
import { Timers } from '../../system/timers.js';
import type { Observed } from '../priority.js';
import { hasQuorum } from './process-match.js';

/** Why a count is another one: a child that may yet become another program, the end of a process, or anything else. */
export type CountedBy = 'fork' | 'exit' | 'look';

export interface ProcessPorts {
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly log: Log;
  readonly changed: () => void;
}

/**
 * vrrp_track_process: whether as many processes are there as should be. What a fork gives counts after fork_delay, what an end takes away
 * after terminate_delay, if it is still so then.
 */
export class ProcessTracker {
  readonly settings: TrackProcess;
  readonly #ports: ProcessPorts;
  readonly #timers: Timers<'delay'>;
  #count: number | undefined;
  #good: boolean | undefined;

  /** @param before what was known under other settings of the same name */
  constructor(settings: TrackProcess, ports: ProcessPorts, before?: ProcessTracker) {
    this.settings = settings;
    this.#ports = ports;
    this.#timers = new Timers(ports.clock);
    this.#good = before === undefined ? undefined : before.#good;
  }

  get observed(): Observed {
    return this.#good === undefined ? 'unknown' : { good: this.#good };
  }

  /** So many are there now. */
  take(count: number, by: CountedBy): void {
    if (count === this.#count) return;
    this.#count = count;
    const good = hasQuorum(this.settings, count);
    if (good === this.#good) return this.#timers.disarm('delay');
    const { forkDelaySeconds, terminateDelaySeconds } = this.settings;
    const delayMs = 1000 * (by === 'fork' ? forkDelaySeconds : by === 'exit' ? terminateDelaySeconds : 0);
    if (this.#good === undefined || delayMs === 0) this.#become(good);
    else if (!this.#timers.isArmed('delay')) this.#timers.arm('delay', delayMs, () => this.#become(good));
  }

  stop(): void {
    this.#timers.disarmAll();
  }

  #become(good: boolean): void {
    this.#timers.disarm('delay');
    if (good === this.#good) return;
    const isFirst = this.#good === undefined;
    this.#good = good;
    const level = good || isFirst ? 'info' : 'warn';
    const fields = { process: this.settings.name, is: good ? 'good' : 'bad', count: this.#count };
    this.#ports.log[level]({ event: 'vrrp.process', ...fields });
    this.#ports.changed();
  }
}
