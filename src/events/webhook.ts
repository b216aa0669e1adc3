import { createHmac } from 'node:crypto';
import type { Clock } from '../system/clock.js';
import type { Log } from '../system/log.js';
import type { Random } from '../system/random.js';
import { Timers } from '../system/timers.js';
import type { Journal, StreamEvent } from './journal.js';
import { isWanted, type Wants } from './wants.js';
import { beginning, type HookState, type Outcome, stepHook } from './webhook-rules.js';
import type { WebhookStatus } from './webhook-status.js';

export interface WebhookOrder {
  readonly name: string;
  readonly wants: Wants;
  /** undefined: requests are not signed. */
  readonly secret: string | undefined;
  readonly longestPauseMs: number;
  readonly keepMs: number;
}

/** One request; never rejects. Once `signal` is aborted it ends at once. */
export type Post = (body: string, headers: Readonly<Record<string, string>>, signal: AbortSignal) => Promise<Outcome>;

export interface WebhookOptions {
  readonly journal: Journal;
  /** Of who sends, in each request. */
  readonly director: () => string;
  readonly post: Post;
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly wallMs: () => number;
  readonly random: Random;
  readonly log: Log;
  /** All up to this number is done. */
  readonly onDone: (id: number) => void;
}

/** Events that are looked at in one go. */
const LOOKED_AT = 1000;
/** Characters of a request; one event may be longer. */
const LONGEST = 256 * 1024;

/**
 * Tells one receiver of events, in their order, each at least once: a place in the journal, which goes on when the receiver has said yes. What
 * leaves the journal, or is too old, before that is lost, and said so.
 */
export class Webhook {
  readonly order: WebhookOrder;
  readonly #options: WebhookOptions;
  readonly #timers: Timers<'again'>;
  readonly #stopped = new AbortController();
  readonly #unsubscribe: () => void;
  #at: number;
  #state: HookState = beginning;
  #isSending = false;
  #delivered = 0;
  #failed = 0;
  #lost = 0;
  #trouble: string | undefined;
  #ended: Promise<void> = Promise.resolve();

  /** @param at number of the last event that is done */
  constructor(order: WebhookOrder, at: number, options: WebhookOptions) {
    this.order = order;
    this.#options = options;
    this.#at = at;
    this.#timers = new Timers(options.clock);
    this.#unsubscribe = options.journal.subscribe(() => this.#look());
  }

  start(): void {
    this.#look();
  }

  /** Number of the last event that is done. */
  get at(): number {
    return this.#at;
  }

  get status(): WebhookStatus {
    const { name } = this.order;
    return {
      name,
      waiting: this.#waiting().length,
      delivered: this.#delivered,
      failed: this.#failed,
      lost: this.#lost,
      isUp: this.#trouble === undefined,
      trouble: this.#trouble,
    };
  }

  /** Resolves when the request under way, which is cut short, has ended. */
  async stop(): Promise<void> {
    this.#unsubscribe();
    this.#timers.disarmAll();
    this.#stopped.abort();
    await this.#ended;
  }

  #look(): void {
    if (this.#isSending || this.#timers.isArmed('again') || this.#stopped.signal.aborted) return;
    const batch = this.#next();
    if (batch.length > 0) this.#ended = this.#send(batch);
  }

  /** What is sent next; what is not wanted or too old is passed over. */
  #next(): readonly StreamEvent[] {
    const { journal, wallMs } = this.#options;
    const oldest = wallMs() - this.order.keepMs;
    let old = 0;
    for (;;) {
      const batch: StreamEvent[] = [];
      let length = 0;
      const events = this.#behind(LOOKED_AT);
      for (const one of events) {
        if (!isWanted(this.order.wants, one)) {
          if (batch.length === 0) this.#at = one.id;
        } else if (one.at < oldest && batch.length === 0) {
          this.#at = one.id;
          old++;
        } else {
          length += one.text.length;
          if (batch.length > 0 && length > LONGEST) break;
          batch.push(one);
          if (batch.length === this.#state.batch) break;
        }
      }
      if (batch.length > 0 || events.length < LOOKED_AT) {
        if (old > 0) this.#lose(old, `nobody took them within ${this.order.keepMs / 1000} seconds`);
        if (batch.length === 0 && this.#at !== journal.last) this.#done(Math.max(this.#at, journal.last));
        return batch;
      }
    }
  }

  /** Behind our place; where that is gone, what there is. */
  #behind(most: number): readonly StreamEvent[] {
    const { journal } = this.#options;
    const events = journal.after(this.#at, most);
    if (events !== 'gone') return events;
    const kept = journal.after(0, most);
    if (kept === 'gone') return [];
    const missed = this.#at < (journal.oldest ?? journal.last);
    this.#at = (journal.oldest ?? journal.last + 1) - 1;
    if (missed) this.#lose(1, 'the journal had no more room for them, or could not be kept');
    return kept;
  }

  #waiting(): readonly StreamEvent[] {
    const events = this.#options.journal.after(this.#at);
    return events === 'gone' ? [] : events.filter((one) => isWanted(this.order.wants, one));
  }

  async #send(batch: readonly StreamEvent[]): Promise<void> {
    const { post, director, wallMs, random } = this.#options;
    this.#isSending = true;
    const [first, last] = [batch[0]!, batch.at(-1)!];
    const body = `{"director":${JSON.stringify(director())},"events":[${batch.map(({ text }) => text).join(',')}]}`;
    const seconds = Math.floor(wallMs() / 1000);
    const headers = {
      'content-type': 'application/json',
      'lvsd-delivery': `${first.id}-${last.id}`,
      ...(this.order.secret === undefined ? {} : { 'lvsd-signature': signature(this.order.secret, seconds, body) }),
    };
    const outcome = await post(body, headers, this.#stopped.signal);
    this.#isSending = false;
    if (this.#stopped.signal.aborted && outcome.is !== 'taken') return;
    const step = stepHook(this.#state, outcome, batch.length, { longestMs: this.order.longestPauseMs }, random.next());
    this.#state = step.state;
    this.#tell(outcome);
    if (step.do === 'skip') this.#lose(batch.length, outcome.is === 'taken' ? '' : outcome.why);
    if (step.do === 'advance') this.#delivered += batch.length;
    if (step.do !== 'wait') this.#done(last.id);
    if (this.#stopped.signal.aborted) return;
    if (step.pauseMs === 0) this.#look();
    else this.#timers.arm('again', step.pauseMs, () => this.#look());
  }

  #done(id: number): void {
    this.#at = id;
    this.#options.onDone(id);
  }

  /** Once for each time that it goes away and comes back. */
  #tell(outcome: Outcome): void {
    const { log } = this.#options;
    const { name } = this.order;
    if (outcome.is === 'taken') {
      if (this.#trouble !== undefined) log.info({ event: 'webhook.back', webhook: name });
      this.#trouble = undefined;
      return;
    }
    this.#failed++;
    if (this.#trouble === undefined) log.warn({ event: 'webhook.failed', webhook: name, reason: outcome.why });
    this.#trouble = outcome.why;
  }

  #lose(events: number, reason: string): void {
    this.#lost += events;
    this.#options.log.warn({ event: 'webhook.lost', webhook: this.order.name, events, reason });
  }
}

/** `t=SECONDS,v1=HEX`: HMAC-SHA-256 of `SECONDS.BODY`, so that an old request cannot be sent again by somebody else. */
export const signature = (secret: string, seconds: number, body: string): string =>
  `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;
