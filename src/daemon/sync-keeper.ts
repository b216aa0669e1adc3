import type { ChildProcess } from 'node:child_process';
import { isLvsError, LvsError } from '../errors.js';
import type { AnswerPeer, PeerAnswer, PeerDirector, PeerQuestion } from '../pair/questions.js';
import type { PairSeen } from '../pair/sync-report.js';
import type { Clock } from '../system/clock.js';
import { type Log, reasonOf } from '../system/log.js';
import { Timers } from '../system/timers.js';
import type { EventsNews } from './process-events.js';
import { ProcessKeeper } from './process-keeper.js';
import type { SyncOrder, SyncRequest, WaitingQuestion } from './sync-order.js';
import { syncFiles } from './sync-process.js';

export interface SyncKeeperOptions {
  /** Where the process has its socket and what it remembers. */
  readonly folder: string;
  /** Starts the process in a session of its own. */
  readonly start: () => ChildProcess;
  readonly clock: Clock;
  readonly log: Log;
}

/** A process that does not answer is being started, or started again. */
const AGAIN_MS = 500;
/** Packets that come meanwhile are lost. */
const RESTORE_MS = 2000;
/** Beyond what the other director may take for its answer. */
const SLACK_MS = 1000;

/** The director's side of the process that synchronises connections; by way of it the two directors ask each other. */
export class SyncKeeper {
  readonly #keeper: ProcessKeeper<SyncOrder>;
  readonly #timers: Timers<'again'>;
  #answer: AnswerPeer | undefined;
  #isHearing = false;
  #isClosed = false;

  constructor({ folder, start, clock, log }: SyncKeeperOptions) {
    this.#timers = new Timers(clock);
    this.#keeper = new ProcessKeeper({
      socketPath: syncFiles(folder).socket,
      start,
      clock,
      notStarted: (why) => new LvsError('SYNC_NOT_STARTED', [why]),
      notRunning: (reason) => log.error({ event: 'sync.not-running', reason }),
      notStopped: (afterMs) => log.error({ event: 'sync.not-stopped', afterMs }),
    });
  }

  /**
   * The configuration in force. undefined: there is no other director. What fails is tried again later.
   * @throws LvsError SYNC_NOT_STARTED, DIRECTOR_SAYS_NO, DIRECTOR_ABSENT
   */
  async follow(order: SyncOrder | undefined): Promise<void> {
    await this.#keeper.follow(order);
    void this.#hear();
  }

  /** An engine that was just started gets its sessions back from the other director, or it does not: so long nobody waits. */
  async restoreSessions(): Promise<void> {
    if (this.#keeper.order?.usesEngine !== true) return;
    await this.#ask({ do: 'restore' }, RESTORE_MS).catch(() => undefined);
  }

  /** The other one. */
  get peer(): PeerDirector {
    return { ask: (question, withinMs) => this.#askPeer(question, withinMs) };
  }

  /** Who answers the other director from now on. */
  answerPeer(answer: AnswerPeer): void {
    this.#answer = answer;
    void this.#hear();
  }

  /** What happened there behind `known`, as soon as there is something. @throws LvsError PAIR_NOBODY, DIRECTOR_SAYS_NO, DIRECTOR_ABSENT */
  async events(known: number): Promise<EventsNews> {
    if (this.#keeper.order === undefined) throw new LvsError('PAIR_NOBODY', []);
    return (await this.#ask({ do: 'events', known })) as EventsNews;
  }

  /** null: it does not run. */
  async report(): Promise<PairSeen['sync']> {
    if (this.#keeper.order === undefined) return null;
    try {
      return (await this.#ask({ do: 'status' })) as PairSeen['sync'];
    } catch {
      return null;
    }
  }

  close(how: 'keep' | 'stop'): Promise<void> {
    this.#isClosed = true;
    this.#timers.disarmAll();
    return this.#keeper.close(how);
  }

  /** @throws LvsError PAIR_REFUSED, PAIR_NOBODY */
  async #askPeer(question: PeerQuestion, withinMs: number): Promise<PeerAnswer> {
    if (this.#keeper.order === undefined) throw new LvsError('PAIR_NOBODY', []);
    try {
      return (await this.#ask({ do: 'ask', question, withinMs }, withinMs + SLACK_MS)) as PeerAnswer;
    } catch (error) {
      // its sentence has come as text, with what was said of it in the other process
      const why = isLvsError(error, 'DIRECTOR_SAYS_NO') ? reasonOf(error).replace(SAID_TWICE, '') : reasonOf(error);
      throw new LvsError('PAIR_REFUSED', [why], { cause: error });
    }
  }

  /** Asks for questions, one after the other, as long as there is somebody to answer them. */
  async #hear(): Promise<void> {
    if (this.#isHearing || this.#timers.isArmed('again')) return;
    this.#isHearing = true;
    try {
      while (!this.#isClosed && this.#answer !== undefined && this.#keeper.order !== undefined) {
        const waiting = (await this.#ask({ do: 'next-question' })) as WaitingQuestion | null;
        if (waiting !== null) void this.#reply(waiting, this.#answer);
      }
    } catch {
      // ProcessKeeper says in the log that it is not there
      if (!this.#isClosed) this.#timers.arm('again', AGAIN_MS, () => void this.#hear());
    } finally {
      this.#isHearing = false;
    }
  }

  async #reply({ id, question }: WaitingQuestion, answerPeer: AnswerPeer): Promise<void> {
    const answer = await answerPeer(question).catch(
      (error: unknown): PeerAnswer => ({ ok: false, error: reasonOf(error) }),
    );
    await this.#ask({ do: 'answer', id, answer }).catch(() => undefined); // nobody waits for it any more
  }

  #ask(request: SyncRequest, timeoutMs?: number): Promise<unknown> {
    return this.#keeper.ask(request, timeoutMs);
  }
}

/** The end of every PAIR_REFUSED. */
const SAID_TWICE = /; nothing was changed$/;
