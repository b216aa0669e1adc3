import { isDeepStrictEqual } from 'node:util';
import type { Configuration, VirtualServer } from '../config/configuration.js';
import type { FleetSettings } from '../config/fleet.js';
import { isLvsError } from '../errors.js';
import type { Cancel, Clock } from '../system/clock.js';
import { type Log, reasonOf } from '../system/log.js';
import { Mailbox, MailboxClosed } from '../system/mailbox.js';
import type { Random } from '../system/random.js';
import type { StateFile } from '../system/state-file.js';
import { Timers } from '../system/timers.js';
import { documentsFor, documentsOf, fingerprintOfDocuments, type Keys, keysOf, readDocuments } from './documents.js';
import type { Etcd } from './etcd.js';
import { appliedOf, type LastGood, printLastGood, readLastGood } from './last-good.js';
import type { DirectorFacts, DirectorReport } from './report.js';

export interface FleetOptions {
  /** Opens the etcd of the settings. Rejects if a file that they name cannot be read. */
  readonly open: (settings: FleetSettings) => Promise<Etcd>;
  /** The virtual servers of the fleet, in place of those it had. Rejects with why they are not taken. */
  readonly apply: (layer: Pick<Configuration, 'virtualServers'> | undefined) => Promise<void>;
  /** @param own the virtual servers of the fleet */
  readonly facts: (own: readonly VirtualServer[]) => DirectorFacts;
  /** What a director is called whose file does not say it. */
  readonly machine: string;
  readonly memory: Pick<StateFile, 'path' | 'read' | 'write'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface FleetStatus {
  readonly name: string;
  readonly prefix: string;
  readonly connected: boolean;
  /** Why not; null: it is. */
  readonly why: string | null;
  readonly report: DirectorReport;
}

const RETRY_FIRST_MS = 500;
const RETRY_LONGEST_MS = 30_000;
/** How often it is looked whether what we tell of ourselves has changed. */
const REPORT_MS = 1_000;
/** The documents are read again after so long, though the watch was silent: it also tries again what another service stood in the way of. */
const LOOK_MS = 30_000;
/** How long the last words may take. */
const LEAVE_MS = 2_000;
/** A burst of writes is one change. */
const GATHER_MS = 50;

/** A settled link to etcd. */
interface Link {
  readonly etcd: Etcd;
  readonly lease: string;
  unwatch: Cancel;
}

/** What we follow, once the configuration has said so. */
interface Followed {
  readonly settings: FleetSettings;
  readonly name: string;
  readonly keys: Keys;
}

type TimerName = 'retry' | 'alive' | 'report' | 'look' | 'gather';

/**
 * Owner of everything between this director and etcd. Without etcd all stays as it is: what was applied last is kept in a file, too, and is in force
 * before etcd is asked at all.
 */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #mailbox = new Mailbox();
  readonly #timers: Timers<TimerName>;
  readonly #run: string;
  #followed: Followed | undefined;
  #etcd: Etcd | undefined;
  #link: Link | undefined;
  #why = 'not tried yet';
  #retryMs = RETRY_FIRST_MS;
  #good: LastGood | undefined;
  #own: readonly VirtualServer[] = [];
  #seen = 0;
  #refused: readonly string[] = [];
  /** The fingerprint of documents that cannot be read: they are not read twice. */
  #broken: string | undefined;
  #told = '';

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
    this.#run = Math.floor(options.random.next() * 2 ** 48).toString(16);
  }

  /** undefined: the configuration follows no etcd. */
  get status(): FleetStatus | undefined {
    if (this.#followed === undefined) return undefined;
    const { name, settings } = this.#followed;
    const connected = this.#link !== undefined;
    return { name, prefix: settings.prefix, connected, why: connected ? null : this.#why, report: this.#report(name) };
  }

  get followed(): Followed | undefined {
    return this.#followed;
  }

  /** For an operator's orders. undefined: the configuration follows none, or its files cannot be read. */
  get etcd(): Etcd | undefined {
    return this.#etcd;
  }

  /**
   * What was in force when the director before us ended is in force with its first plan. Only where that is not known, etcd is waited for: what
   * forwards may have services of the fleet, and they would go. Never rejects.
   */
  recall(settings: FleetSettings | undefined): Promise<void> {
    return this.#mailbox.post(async () => {
      if (settings === undefined) return;
      this.#followed = { settings, name: this.#nameOf(settings), keys: keysOf(settings.prefix) };
      const lost = await this.#recall(this.#followed);
      if (lost === undefined) return this.#retrySoon();
      const { memory, log } = this.#options;
      if (lost !== '') log.error({ event: 'fleet.memory-lost', path: memory.path, reason: lost });
      await this.#connect();
    });
  }

  /** @returns why nothing was recalled; empty: there was nothing; undefined: it was */
  async #recall({ settings, name: director }: Followed): Promise<string | undefined> {
    const { memory, apply, log } = this.#options;
    try {
      const text = await memory.read();
      if (text === undefined) return '';
      const good = readLastGood(text);
      if (good === undefined) return 'torn, or of a newer lvsd';
      if (good.director !== director || good.prefix !== settings.prefix)
        return `it is of ${good.director} below ${good.prefix}`;
      const { configuration, errors } = readDocuments(good.documents, {
        director,
        allowScripts: settings.allowScripts,
      });
      if (configuration === undefined) return errors.join('; ');
      await apply(configuration);
      this.#own = configuration.virtualServers;
      this.#good = good;
      log.info({ event: 'fleet.recalled', revision: good.revision, services: this.#own.length });
      return undefined;
    } catch (error) {
      return reasonOf(error);
    }
  }

  /** With the configuration that is in force; the same settings again disturb nothing. Does not wait for etcd. */
  follow(settings: FleetSettings | undefined): void {
    this.#inBackground(async () => {
      const name = settings && this.#nameOf(settings);
      if (isDeepStrictEqual([settings, name], [this.#followed?.settings, this.#followed?.name])) return;
      const before = this.#followed;
      await this.#leave();
      this.#etcd?.close();
      this.#etcd = undefined;
      this.#followed = settings && { settings, name: name!, keys: keysOf(settings.prefix) };
      const isSame = before === undefined || (before.settings.prefix === settings?.prefix && before.name === name);
      if (!isSame) [this.#good, this.#refused, this.#seen, this.#broken] = [undefined, [], 0, undefined];
      if (settings === undefined) await this.#applyNothing();
      else await this.#connect();
    });
  }

  /** The lease goes, so that nobody counts on us; what is in force stays. An etcd that does not answer is not waited for. */
  async close(): Promise<void> {
    this.#timers.disarmAll();
    if (this.#link === undefined) this.#etcd?.close();
    const late = this.#options.clock.after(LEAVE_MS, () => this.#etcd?.close());
    await this.#mailbox.close();
    await this.#leave();
    late();
    this.#etcd?.close();
  }

  #nameOf(settings: FleetSettings): string {
    return settings.name ?? this.#options.machine;
  }

  async #connect(): Promise<void> {
    if (this.#followed === undefined || this.#link !== undefined) return;
    const { settings, keys } = this.#followed;
    try {
      this.#etcd ??= await this.#options.open(settings);
      const etcd = this.#etcd;
      const { id } = await etcd.grant(settings.leaseSeconds);
      this.#link = { etcd, lease: id, unwatch: () => undefined };
      this.#told = '';
      const revision = await this.#look(this.#link);
      const link = this.#link;
      link.unwatch = etcd.watch(keys.documents, revision + 1, {
        changed: () => this.#timers.arm('gather', GATHER_MS, () => this.#lookSoon()),
        compacted: () => this.#lost(link, 'etcd no longer keeps what changed since'),
        ended: (why) => this.#lost(link, why),
      });
      this.#retryMs = RETRY_FIRST_MS;
      this.#options.log.info({ event: 'fleet.connected', director: this.#followed.name, revision });
      this.#stayAlive();
      await this.#tell();
    } catch (error) {
      this.#away(reasonOf(error));
    }
  }

  /** @returns the revision that was seen */
  async #look({ etcd }: Link): Promise<number> {
    const { settings, keys, name } = this.#followed!;
    this.#timers.arm('look', LOOK_MS, () => this.#lookSoon());
    const { revision, items } = await etcd.range(keys.documents);
    this.#seen = revision;
    const mine = documentsFor(name, documentsOf(settings.prefix, items));
    await this.#take({
      prefix: settings.prefix,
      director: name,
      revision,
      documents: mine.map(({ name, text }) => ({ name, text })),
    });
    return revision;
  }

  #lookSoon(): void {
    this.#inBackground(async () => {
      const link = this.#link;
      if (link === undefined) return;
      try {
        await this.#look(link);
        await this.#tell();
      } catch (error) {
        this.#lost(link, reasonOf(error));
      }
    });
  }

  /** Never rejects: what is not taken is refused, and what was before stays. */
  async #take(next: LastGood): Promise<void> {
    const print = fingerprintOfDocuments(next.documents);
    if (this.#good !== undefined && fingerprintOfDocuments(this.#good.documents) === print) {
      this.#refuse([]);
      return;
    }
    if (print === this.#broken) return;
    // an empty etcd, or another prefix, is a mistake more often than the wish to serve nobody: for that there is a document without services
    if (next.documents.length === 0) {
      if (this.#good !== undefined)
        this.#refuse(['there are no documents any more; to end all services, leave one that has none']);
      return;
    }
    const { settings, name } = this.#followed!;
    const read = readDocuments(next.documents, { director: name, allowScripts: settings.allowScripts });
    for (const complaint of read.warnings) this.#options.log.warn({ event: 'config.complaint', complaint });
    if (read.configuration === undefined) {
      this.#broken = print;
      this.#refuse(read.errors);
      return;
    }
    try {
      await this.#options.apply(read.configuration);
    } catch (error) {
      if (error instanceof MailboxClosed) return;
      this.#refuse([reasonOf(error)]);
      return;
    }
    this.#own = read.configuration.virtualServers;
    this.#good = next;
    this.#broken = undefined;
    this.#refuse([]);
    const { revision, documents } = appliedOf(next);
    this.#options.log.info({ event: 'fleet.applied', revision, documents, services: this.#own.length });
    await this.#keep(next);
  }

  async #applyNothing(): Promise<void> {
    if (this.#own.length === 0) return;
    try {
      await this.#options.apply(undefined);
      this.#own = [];
    } catch (error) {
      this.#options.log.error({ event: 'fleet.refused', reasons: [reasonOf(error)] });
    }
  }

  #refuse(reasons: readonly string[]): void {
    if (isDeepStrictEqual(reasons, this.#refused)) return;
    this.#refused = reasons.slice(0, MOST_REASONS);
    if (reasons.length > 0)
      this.#options.log.error({ event: 'fleet.refused', revision: this.#seen, reasons: this.#refused });
  }

  async #keep(good: LastGood): Promise<void> {
    const { memory, log } = this.#options;
    try {
      await memory.write(printLastGood(good));
    } catch (error) {
      log.error({ event: 'fleet.memory-lost', path: memory.path, reason: reasonOf(error) });
    }
  }

  #stayAlive(): void {
    this.#armRenewal();
    this.#timers.arm('report', REPORT_MS, () => this.#tellSoon());
  }

  #armRenewal(): void {
    const { leaseSeconds } = this.#followed!.settings;
    this.#timers.arm('alive', (1000 * leaseSeconds) / 3, () => this.#inBackground(() => this.#renew()));
  }

  async #renew(): Promise<void> {
    const link = this.#link;
    if (link === undefined) return;
    try {
      if (await link.etcd.keepAlive(link.lease)) this.#armRenewal();
      else this.#lost(link, 'the lease had ended');
    } catch (error) {
      this.#lost(link, reasonOf(error));
    }
  }

  #tellSoon(): void {
    this.#inBackground(async () => {
      const link = this.#link;
      if (link === undefined) return;
      this.#timers.arm('report', REPORT_MS, () => this.#tellSoon());
      try {
        await this.#tell();
      } catch (error) {
        this.#lost(link, reasonOf(error));
      }
    });
  }

  /** Only what is new. */
  async #tell(): Promise<void> {
    if (this.#link === undefined || this.#followed === undefined) return;
    const { name, keys } = this.#followed;
    const text = JSON.stringify(this.#report(name));
    if (text === this.#told) return;
    await this.#link.etcd.put(keys.director(name), text, this.#link.lease);
    this.#told = text;
  }

  #report(name: string): DirectorReport {
    return {
      name,
      run: this.#run,
      seen: this.#seen,
      applied: this.#good === undefined ? null : appliedOf(this.#good),
      refused: this.#refused,
      ...this.#options.facts(this.#own),
    };
  }

  /** What a link that is no longer ours says does not count. */
  #lost(link: Link, why: string): void {
    if (this.#link === link) this.#away(why);
  }

  #away(why: string): void {
    const wasConnected = this.#link !== undefined;
    this.#link?.unwatch();
    this.#link = undefined;
    for (const name of ['alive', 'report', 'look', 'gather'] as const) this.#timers.disarm(name);
    if (wasConnected || why !== this.#why) this.#options.log.warn({ event: 'fleet.away', reason: why });
    this.#why = why;
    this.#retrySoon();
  }

  #retrySoon(): void {
    const { random } = this.#options;
    this.#timers.arm('retry', this.#retryMs * (0.5 + random.next() / 2), () =>
      this.#inBackground(() => this.#connect()),
    );
    this.#retryMs = Math.min(2 * this.#retryMs, RETRY_LONGEST_MS);
  }

  async #leave(): Promise<void> {
    this.#timers.disarmAll();
    const link = this.#link;
    this.#link = undefined;
    link?.unwatch();
    try {
      await link?.etcd.revoke(link.lease);
    } catch (error) {
      if (!isLvsError(error, 'FLEET_AWAY') && !isLvsError(error, 'FLEET_ETCD')) throw error;
    }
  }

  /** A job that nobody waits for; after the end there is none. */
  #inBackground(job: () => Promise<void>): void {
    this.#mailbox.post(job).catch((error: unknown) => {
      if (!(error instanceof MailboxClosed)) this.#away(reasonOf(error));
    });
  }
}

const MOST_REASONS = 20;
