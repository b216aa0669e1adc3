import { randomBytes } from 'node:crypto';
import { type Bundle, fingerprintOf } from '../config/bundle.js';
import { LvsError } from '../errors.js';
import { type PushQuestion, type PushReply, readPushClock, readPushReply } from '../pair/push-messages.js';
import {
  beginRounds,
  type Heard,
  type PushEnd,
  type RoundsAction,
  type RoundsEvent,
  type RoundsSettings,
  type RoundsState,
  type RoundsStep,
  type Side,
  stepRounds,
} from '../pair/push-rounds.js';
import type { PeerDirector } from '../pair/questions.js';
import type { PushOrder, PushResult } from '../pair/push-order.js';
import type { Clock } from '../system/clock.js';
import { reasonOf } from '../system/log.js';
import { Timers } from '../system/timers.js';
import type { PushSite } from './push-site.js';

export interface PushLeaderOptions {
  readonly site: Pick<PushSite, 'ask'>;
  readonly peer: PeerDirector;
  /** Who leads, as the other side's log shall say. */
  readonly from: string;
  readonly order: PushOrder;
  readonly files: Bundle;
  /** Fingerprints that the peer may have; null: whatever it has is overwritten. */
  readonly against: { readonly here: readonly string[]; readonly peer: readonly string[] } | null;
  readonly clock: Clock;
  /** ms since 1970. */
  readonly wallMs: () => number;
  /** Both have agreed on a moment that is too far away to wait for. */
  readonly onAgreed: (atMs: number) => void;
}

/** What a question that was not answered ends with: of a push that is under way nobody knows. */
const NOTHING_CHANGED = /; nothing was changed$/;
const RETRY_MS = 1000;
const MOST_TRIES = 3;
/** Reading a large file. */
const OFFER_MS = 60_000;
/** Bringing it into force. Longer than that, and it goes back. */
const COMMIT_MS = 45_000;
const SETTLE_MS = 10_000;
const CLOCK_MS = 5000;
/** The longest of all that, so that a side that goes back by itself does so after whoever leads has given up. */
export const TRIAL_MS = COMMIT_MS + MOST_TRIES * (SETTLE_MS + RETRY_MS) + 10_000;
/** An offer stands as long as it takes to ask the other one. */
const HOLD_MS = OFFER_MS + 30_000;
/** Before the moment: longer than it takes to notice that the other one is not there any more, for then nothing happens at all. */
const LEAD_MS = 10_000;
const MOST_APART_MS = 1000;
/** Clocks are set: a moment far away is looked for again and again. */
const LOOK_MS = 30_000;
/** Nobody waits longer for a moment. */
export const PATIENCE_MS = 20_000;
const LONGEST_MS = 7 * 86_400_000;

/** Leads one push: asks both sides, waits for the moment, and says how it ends. */
export class PushLeader {
  readonly id = randomBytes(8).toString('hex');
  readonly #options: PushLeaderOptions;
  readonly #settings: RoundsSettings;
  readonly #timers: Timers<'rounds'>;
  readonly #complaints: Record<Side, readonly string[]> = { here: [], peer: [] };
  #state: RoundsState = { is: 'over' };
  #atMs: number | undefined;
  #isStopped = false;
  #end: (end: PushEnd) => void = () => undefined;

  constructor(options: PushLeaderOptions) {
    this.#options = options;
    this.#settings = { checkOnly: options.order.checkOnly, retryMs: RETRY_MS, mostTries: MOST_TRIES };
    this.#timers = new Timers(options.clock);
  }

  get state(): RoundsState['is'] {
    return this.#state.is;
  }

  /** The moment, ms since 1970; undefined: as soon as both agree. */
  get atMs(): number | undefined {
    return this.#atMs;
  }

  /** @throws LvsError PAIR_REFUSED: the moment cannot be kept, or the peer is not there */
  async run(): Promise<PushResult> {
    await this.#checkMoment();
    const ended = new Promise<PushEnd>((resolve) => (this.#end = resolve));
    this.#take(beginRounds());
    const end = await ended;
    return {
      id: this.id,
      end,
      complaints: this.#complaints,
      fingerprint: fingerprintOf(this.#options.files),
      atMs: this.#atMs ?? null,
    };
  }

  /** Before the moment has come. @returns whether it could be */
  cancel(why: string): boolean {
    const could = this.#state.is === 'agreed';
    this.#step({ is: 'cancel', why });
    return could;
  }

  /** The peer is told, where that can be, and not waited for. */
  stop(): void {
    this.cancel('the director that led it stops');
    this.#isStopped = true;
    this.#timers.disarmAll();
  }

  /** Each side goes by its own clock. */
  async #checkMoment(): Promise<void> {
    const { order, wallMs, peer } = this.#options;
    if (order.when === null) return;
    if ('atMs' in order.when) this.#atMs = order.when.atMs;
    const refuse = (why: string): never => {
      throw new LvsError('PAIR_REFUSED', [why]);
    };
    const restMs = this.#restMs();
    if (restMs < 0) refuse('that moment is over');
    if (restMs > LONGEST_MS) refuse('that moment is more than seven days away');
    const askedMs = wallMs();
    const theirsMs = readPushClock(await peer.ask({ do: 'push-clock' }, CLOCK_MS));
    const heardMs = wallMs();
    const apartMs = Math.abs(theirsMs - (askedMs + heardMs) / 2) - (heardMs - askedMs) / 2;
    if (apartMs > MOST_APART_MS)
      refuse(
        `the clocks of the two directors differ by ${(apartMs / 1000).toFixed(1)} seconds, and each goes by its own`,
      );
  }

  #step(event: RoundsEvent): void {
    if (!this.#isStopped) this.#take(stepRounds(this.#settings, this.#state, event));
  }

  #take({ state, actions }: RoundsStep): void {
    this.#state = state;
    for (const action of actions) this.#do(action);
  }

  #do(action: RoundsAction): void {
    switch (action.do) {
      case 'ask':
        return void this.#ask(action);
      case 'agree':
        return this.#agree();
      case 'arm':
        return this.#timers.arm('rounds', action.ms, () => this.#step({ is: 'timer' }));
      case 'disarm':
        return this.#timers.disarm('rounds');
      case 'end':
        return this.#end(action.end);
    }
  }

  /** Until the moment; of `--in` all of it until both agree. */
  #restMs(): number {
    const { order, wallMs } = this.#options;
    if (this.#atMs !== undefined) return this.#atMs - wallMs();
    return order.when !== null && 'inMs' in order.when ? order.when.inMs : 0;
  }

  #agree(): void {
    const { order, wallMs, onAgreed } = this.#options;
    if (order.when !== null && 'inMs' in order.when) this.#atMs = wallMs() + order.when.inMs;
    if (this.#atMs !== undefined && this.#restMs() > PATIENCE_MS) onAgreed(this.#atMs);
    this.#awaitMoment();
  }

  #awaitMoment(): void {
    const restMs = Math.max(this.#restMs() - LEAD_MS, 0);
    this.#timers.arm('rounds', Math.min(restMs, LOOK_MS), () => {
      if (restMs > LOOK_MS) this.#awaitMoment();
      else this.#step({ is: 'timer' });
    });
  }

  async #ask(action: Extract<RoundsAction, { readonly do: 'ask' }>): Promise<void> {
    const { side, what: of } = action;
    const { question, withinMs } = this.#questionOf(action);
    const what = await this.#hear(side, question, withinMs);
    if ('reply' in what) this.#complaints[side] = [...this.#complaints[side], ...what.reply.complaints];
    this.#step({ is: 'heard', side, of, what });
  }

  async #hear(side: Side, question: Exclude<PushQuestion, { do: 'push-clock' }>, withinMs: number): Promise<Heard> {
    const { site, peer } = this.#options;
    try {
      const reply: PushReply =
        side === 'here' ? await site.ask(question, 'here') : readPushReply(await peer.ask({ ...question }, withinMs));
      return { reply };
    } catch (error) {
      return { unheard: reasonOf(error).replace(NOTHING_CHANGED, '') };
    }
  }

  #questionOf(action: Extract<RoundsAction, { readonly do: 'ask' }>): {
    readonly question: Exclude<PushQuestion, { readonly do: 'push-clock' }>;
    readonly withinMs: number;
  } {
    const { id } = this;
    const { from, files, against } = this.#options;
    switch (action.what) {
      case 'offer': {
        return {
          question: {
            do: 'push-offer',
            id,
            from,
            files,
            against: against === null ? null : against[action.side],
            holdMs: HOLD_MS + this.#restMs(),
          },
          withinMs: OFFER_MS,
        };
      }
      case 'commit': {
        const withinMs = COMMIT_MS + Math.max(0, this.#restMs());
        return { question: { do: 'push-commit', id, atMs: this.#atMs ?? null }, withinMs };
      }
      case 'keep':
        return { question: { do: 'push-settle', id, keep: true, why: '' }, withinMs: SETTLE_MS };
      case 'back':
        return { question: { do: 'push-settle', id, keep: false, why: action.why }, withinMs: SETTLE_MS };
    }
  }
}
