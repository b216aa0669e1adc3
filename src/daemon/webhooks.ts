import { readFile } from 'node:fs/promises';
import type { WebhookSettings } from '../config/webhook.js';
import type { Journal } from '../events/journal.js';
import { Webhook, type WebhookOrder } from '../events/webhook.js';
import { type Outcome, outcomeOf } from '../events/webhook-rules.js';
import type { WebhookStatus } from '../events/webhook-status.js';
import type { Clock } from '../system/clock.js';
import { httpPost } from '../system/http-post.js';
import { type Log, reasonOf } from '../system/log.js';
import type { Random } from '../system/random.js';
import type { StateFile } from '../system/state-file.js';
import { Timers } from '../system/timers.js';

export interface WebhooksOptions {
  readonly journal: Journal;
  /** How far each has come. */
  readonly file: Pick<StateFile, 'path' | 'read' | 'write'>;
  readonly director: () => string;
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly wallMs: () => number;
  readonly random: Random;
  readonly log: Log;
}

/** What was done since is done again after a kill: at least once. */
const WRITE_MS = 1000;

/** Owner of the webhooks of the file, and of what is remembered of them. A hook that a reload leaves as it is goes on. */
export class Webhooks {
  readonly #options: WebhooksOptions;
  readonly #timers: Timers<'write'>;
  readonly #hooks = new Map<string, { readonly key: string; readonly hook: Webhook }>();
  #places: ReadonlyMap<string, number> | undefined;
  #writing: Promise<void> = Promise.resolve();
  #hasFailed = false;

  constructor(options: WebhooksOptions) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
  }

  /** Never rejects: what cannot be had is in the log. */
  async follow(wanted: readonly WebhookSettings[]): Promise<void> {
    if (wanted.length === 0 && this.#hooks.size === 0) return;
    this.#places ??= await this.#recall();
    const names = new Set(wanted.map(({ name }) => name));
    for (const [name, { hook }] of [...this.#hooks]) {
      if (names.has(name)) continue;
      this.#hooks.delete(name);
      await hook.stop();
    }
    for (const settings of wanted) {
      const secrets = await this.#secretsOf(settings);
      if (secrets === undefined) continue;
      const { position: _, ...rest } = settings;
      const key = JSON.stringify([rest, secrets]);
      const before = this.#hooks.get(settings.name);
      if (before?.key === key) continue;
      await before?.hook.stop();
      const at = before?.hook.at ?? this.#places.get(settings.name) ?? this.#options.journal.last;
      const hook = this.#hookOf(settings, secrets, at);
      this.#hooks.set(settings.name, { key, hook });
      hook.start();
    }
    this.#writeSoon();
  }

  get status(): readonly WebhookStatus[] {
    return [...this.#hooks.values()].map(({ hook }) => hook.status);
  }

  async stop(): Promise<void> {
    this.#timers.disarmAll();
    await Promise.all([...this.#hooks.values()].map(({ hook }) => hook.stop()));
    if (this.#hooks.size > 0) this.#write();
    await this.#writing;
  }

  #hookOf(settings: WebhookSettings, { secret, authority }: Secrets, at: number): Webhook {
    const { clock, wallMs, journal, director, random, log } = this.#options;
    const timeoutMs = 1000 * settings.timeoutSeconds;
    const order: WebhookOrder = {
      name: settings.name,
      wants: { events: settings.events, level: settings.level },
      secret,
      longestPauseMs: 1000 * settings.retrySeconds,
      keepMs: 1000 * settings.keepSeconds,
    };
    const post = async (
      body: string,
      headers: Readonly<Record<string, string>>,
      signal: AbortSignal,
    ): Promise<Outcome> => {
      try {
        const answer = await httpPost({ url: settings.url, body, headers, timeoutMs, authority, signal }, clock);
        return outcomeOf(answer.status, answer.retryAfter, wallMs());
      } catch (error) {
        return { is: 'failed', why: reasonOf(error) };
      }
    };
    return new Webhook(order, at, {
      ...{ journal, director, post, clock, wallMs, random, log },
      onDone: () => this.#writeSoon(),
    });
  }

  /** undefined: a file of it cannot be read. */
  async #secretsOf({ name, secret, authority }: WebhookSettings): Promise<Secrets | undefined> {
    try {
      const text =
        secret !== undefined && 'file' in secret ? (await readFile(secret.file, 'utf8')).trim() : secret?.text;
      if (text === '') throw new Error('the file of its secret is empty');
      return { secret: text, authority: authority === undefined ? undefined : await readFile(authority, 'utf8') };
    } catch (error) {
      this.#options.log.error({ event: 'webhook.failed', webhook: name, reason: reasonOf(error) });
      return undefined;
    }
  }

  async #recall(): Promise<ReadonlyMap<string, number>> {
    try {
      const told: unknown = JSON.parse((await this.#options.file.read()) ?? '{}');
      const places = Object.entries(told as Readonly<Record<string, unknown>>);
      return new Map(places.flatMap(([name, at]) => (Number.isSafeInteger(at) ? [[name, at as number]] : [])));
    } catch (error) {
      this.#sayFailed('read', error);
      return new Map();
    }
  }

  #writeSoon(): void {
    if (!this.#timers.isArmed('write')) this.#timers.arm('write', WRITE_MS, () => this.#write());
  }

  #write(): void {
    const places = Object.fromEntries([...this.#hooks].map(([name, { hook }]) => [name, hook.at]));
    this.#writing = this.#writing
      .then(() => this.#options.file.write(JSON.stringify(places)))
      .then(
        () => void (this.#hasFailed = false),
        (error: unknown) => this.#sayFailed('write', error),
      );
  }

  /** Once until it is better: that, too, is an event. */
  #sayFailed(operation: string, error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    const { file, log } = this.#options;
    log.warn({ event: 'webhook.not-remembered', operation, path: file.path, reason: reasonOf(error) });
  }
}

interface Secrets {
  readonly secret: string | undefined;
  readonly authority: string | undefined;
}
