import type { MailSettings } from '../config/global-settings.js';
import type { Clock } from '../system/clock.js';
import { type Log, reasonOf } from '../system/log.js';
import { Timers } from '../system/timers.js';
import type { SendMails } from './ports.js';
import type { MailText } from './words.js';

export interface MailerOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly send: SendMails;
}

interface Waiting {
  readonly settings: MailSettings;
  readonly mail: MailText;
  /** How often it was tried. */
  tries: number;
}

/** What happens within it goes over one connection. */
const TOGETHER_MS = 1_000;
/** Pauses before a mail is tried again; after the last one it is dropped. */
const AGAIN_MS = [10_000, 60_000, 300_000];
const MOST_WAITING = 1_000;
const MOST_AT_ONCE = 100;
/** A relay that never falls silent gets this many times its timeout for one connection. */
const PATIENCE = 10;

/** Sends mails in the order they came, some time later; nobody waits for it. A relay that does not answer costs a bounded queue. */
export class Mailer {
  readonly #options: MailerOptions;
  readonly #timers: Timers<'send' | 'deadline'>;
  readonly #waiting: Waiting[] = [];
  #sending: Promise<void> | undefined;
  #ending = new AbortController();

  constructor(options: MailerOptions) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
  }

  post(settings: MailSettings, mail: MailText): void {
    this.#waiting.push({ settings, mail, tries: 0 });
    // what is true now is worth more than what was
    if (this.#waiting.length > MOST_WAITING) this.#drop(this.#waiting.splice(0, 1), 'too many are waiting');
    if (this.#sending === undefined && !this.#timers.isArmed('send')) this.#sendIn(TOGETHER_MS);
  }

  /** What waits is tried once more, for so long; the rest is dropped. */
  async stop(withinMs: number): Promise<void> {
    this.#timers.arm('deadline', withinMs, () => this.#ending.abort());
    await this.#sending;
    while (this.#waiting.length > 0 && !this.#ending.signal.aborted) {
      const before = this.#waiting.length;
      await this.#send();
      if (this.#waiting.length === before) break;
    }
    this.#timers.disarmAll();
    this.#drop(this.#waiting.splice(0), 'we stop');
  }

  #sendIn(ms: number): void {
    this.#timers.arm('send', ms, () => {
      this.#sending = this.#send().finally(() => (this.#sending = undefined));
    });
  }

  async #send(): Promise<void> {
    const batch = this.#nextBatch();
    const [first] = batch;
    if (first === undefined) return;
    const patience = PATIENCE * 1000 * Math.max(1, first.settings.timeoutSeconds);
    const giveUp = new AbortController();
    const end = (): void => giveUp.abort();
    this.#ending.signal.addEventListener('abort', end, { once: true });
    const disarm = this.#options.clock.after(patience, end);
    const mails = batch.map(({ mail }) => mail);
    const refusals = await this.#options
      .send(first.settings, mails, giveUp.signal)
      // what sends is not ours: whatever is wrong with it must not end a director
      .catch((error: unknown) => mails.map(() => ({ reason: reasonOf(error), forever: false })));
    disarm();
    this.#ending.signal.removeEventListener('abort', end);
    this.#settle(batch, refusals);
  }

  /** The first ones that go to the same relay. */
  #nextBatch(): Waiting[] {
    const key = JSON.stringify(this.#waiting[0]?.settings);
    const other = this.#waiting.findIndex(({ settings }) => JSON.stringify(settings) !== key);
    return this.#waiting.splice(0, Math.min(other < 0 ? this.#waiting.length : other, MOST_AT_ONCE));
  }

  #settle(batch: readonly Waiting[], refusals: Awaited<ReturnType<SendMails>>): void {
    const { log } = this.#options;
    const again: Waiting[] = [];
    const lost = new Map<string, Waiting[]>();
    let reason = '';
    for (const [i, one] of batch.entries()) {
      const refusal = refusals[i];
      if (refusal === undefined) continue;
      one.tries++;
      reason = refusal.reason;
      if (refusal.forever || one.tries > AGAIN_MS.length) lost.set(reason, [...(lost.get(reason) ?? []), one]);
      else again.push(one);
    }
    const sent = batch.length - batch.filter((_, i) => refusals[i] !== undefined).length;
    if (sent > 0) log.info({ event: 'notify.mailed', mails: sent });
    for (const [why, mails] of lost) this.#drop(mails, why);
    if (again.length > 0) {
      const againSeconds = (AGAIN_MS[again[0]!.tries - 1] ?? 0) / 1000;
      log.warn({ event: 'notify.mail-delayed', mails: again.length, againSeconds, reason });
      this.#waiting.unshift(...again);
      this.#sendIn(1000 * againSeconds);
    } else if (this.#waiting.length > 0) this.#sendIn(0);
  }

  #drop(mails: readonly Waiting[], reason: string): void {
    if (mails.length === 0) return;
    const subjects = mails.slice(0, 10).map(({ mail }) => mail.subject);
    this.#options.log.error({ event: 'notify.mail-lost', mails: mails.length, reason, subjects });
  }
}
