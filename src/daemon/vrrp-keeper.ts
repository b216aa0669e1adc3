import type { ChildProcess } from 'node:child_process';
import { LvsError } from '../errors.js';
import type { Outcome } from '../health/check.js';
import type { FailoverOrder } from '../pair/failover.js';
import type { FailoverResult, PairReport } from '../pair/pair.js';
import type { Clock } from '../system/clock.js';
import type { Log } from '../system/log.js';
import type { Role } from '../vrrp/machine-types.js';
import type { VrrpReport } from '../vrrp/report.js';
import type { BoardNews } from './board.js';
import type { EventsNews } from './process-events.js';
import { ProcessKeeper } from './process-keeper.js';
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

/** The director's side of the process that holds the addresses. It is told to let go only when there is nothing for it, or when we stop. */
export class VrrpKeeper {
  readonly #keeper: ProcessKeeper<VrrpOrder>;

  constructor({ folder, start, clock, log }: VrrpKeeperOptions) {
    this.#keeper = new ProcessKeeper({
      socketPath: vrrpFiles(folder).socket,
      start,
      clock,
      notStarted: (why) => new LvsError('VRRP_NOT_STARTED', [why]),
      notRunning: (reason) => log.error({ event: 'vrrp.not-running', reason }),
      notStopped: (afterMs) => log.error({ event: 'vrrp.not-stopped', afterMs }),
    });
  }

  /**
   * The configuration in force. undefined: nothing is to be held. What fails is tried again later.
   * @throws LvsError VRRP_NOT_STARTED, DIRECTOR_SAYS_NO, DIRECTOR_ABSENT
   */
  follow(order: VrrpOrder | undefined): Promise<void> {
    return this.#keeper.follow(order);
  }

  /** undefined: it does not run. */
  async report(): Promise<VrrpReport | undefined> {
    if (this.#keeper.order === undefined) return undefined;
    try {
      return (await this.#ask({ do: 'status' })) as VrrpReport;
    } catch {
      return undefined;
    }
  }

  /** BFD sessions that run there, as soon as they are not what was `known`. @throws LvsError DIRECTOR_SAYS_NO, DIRECTOR_ABSENT */
  async sessions(known: number): Promise<BoardNews<Outcome>> {
    return (await this.#ask({ do: 'sessions', known })) as BoardNews<Outcome>;
  }

  /** Roles of the instances, as soon as they are not what was `known`. @throws LvsError DIRECTOR_SAYS_NO, DIRECTOR_ABSENT */
  async roles(known: number): Promise<BoardNews<Role>> {
    return (await this.#ask({ do: 'roles', known })) as BoardNews<Role>;
  }

  /** What happened there behind `known`, as soon as there is something. @throws LvsError PAIR_NOBODY, DIRECTOR_SAYS_NO, DIRECTOR_ABSENT */
  async events(known: number): Promise<EventsNews> {
    return (await this.#askHolder({ do: 'events', known })) as EventsNews;
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
    if (this.#keeper.order?.globals.pair === undefined) return;
    await this.#ask({ do: 'tell-pair', news }).catch(() => undefined);
  }

  close(how: 'keep' | 'stop'): Promise<void> {
    return this.#keeper.close(how);
  }

  #askHolder(request: VrrpRequest): Promise<unknown> {
    if (this.#keeper.order === undefined) throw new LvsError('PAIR_NOBODY', []);
    return this.#ask(request);
  }

  #ask(request: VrrpRequest): Promise<unknown> {
    return this.#keeper.ask(request);
  }
}
