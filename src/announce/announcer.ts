import type { AnnounceSettings } from '../config/announce.js';
import type { Clock } from '../system/clock.js';
import { type Log, reasonOf } from '../system/log.js';
import { Mailbox, MailboxClosed } from '../system/mailbox.js';
import type { StateFile } from '../system/state-file.js';
import { Timers } from '../system/timers.js';
import { type Announcement, announcements, type Offer, routeChanges } from './plan.js';

/** A routing table of the kernel in which ours are known from others'. All reject with the kernel's reason. */
export interface RouteBoard {
  /** Our prefixes, `192.0.2.1/32`. */
  read(table: number): Promise<readonly string[]>;
  add(table: number, prefix: string): Promise<void>;
  /** No error if it is not there. */
  remove(table: number, prefix: string): Promise<void>;
}

export interface AnnouncerOptions {
  readonly board: RouteBoard;
  readonly clock: Clock;
  readonly log: Log;
  /** Remembers that an operator withdrew everything, and which table we wrote to. */
  readonly memory: Pick<StateFile, 'path' | 'read' | 'write'>;
  /** As things are now. */
  readonly offers: () => readonly Offer[];
}

export interface AnnouncerStatus {
  readonly by: AnnounceSettings['by'];
  readonly table: number;
  /** By an operator: everything, until he says otherwise. */
  readonly withdrawn: boolean;
  readonly addresses: readonly Announcement[];
  /** What the kernel did not take, and is tried again. */
  readonly trouble: string | null;
}

/** Somebody may have emptied the table. */
const LOOK_MS = 5_000;

/** What is kept over a restart. */
interface Kept {
  readonly withdrawn: boolean;
  /** Where routes of ours may be; null: nowhere. */
  readonly table: number | null;
}

/** Owner of our routes in the table that a routing daemon reads. They stay when we die: so does the forwarding. */
export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #mailbox = new Mailbox();
  readonly #timers: Timers<'look'>;
  #settings: AnnounceSettings | undefined;
  #kept: Kept = { withdrawn: false, table: null };
  #addresses: readonly Announcement[] = [];
  #trouble: string | null = null;
  #isLooking = false;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
  }

  /** Recalls what was kept. The first job. */
  open(): Promise<void> {
    return this.#mailbox.post(async () => {
      const { memory, log } = this.#options;
      try {
        const text = await memory.read();
        if (text !== undefined) this.#kept = readKept(JSON.parse(text));
      } catch (error) {
        log.warn({ event: 'announce.memory-lost', path: memory.path, reason: reasonOf(error) });
      }
    });
  }

  /** undefined: the configuration announces nothing. */
  get status(): AnnouncerStatus | undefined {
    if (this.#settings === undefined) return undefined;
    const { by, table } = this.#settings;
    const { withdrawn } = this.#kept;
    return { by, table, withdrawn, addresses: this.#addresses, trouble: this.#trouble };
  }

  /** With the configuration that is in force. */
  follow(settings: AnnounceSettings | undefined): Promise<void> {
    return this.#mailbox.post(async () => {
      const { table } = this.#kept;
      this.#settings = settings;
      if (table !== null && table !== settings?.table) await this.#empty(table);
      if (table !== (settings?.table ?? null)) await this.#keep({ ...this.#kept, table: settings?.table ?? null });
      await this.#look();
    });
  }

  /** Something changed that offers depend on. */
  look(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    this.#inBackground(() => {
      this.#isLooking = false;
      return this.#look();
    });
  }

  /** By an operator: everything is withdrawn, over restarts too, or announced again as health says. */
  withdraw(withdrawn: boolean): Promise<AnnouncerStatus | undefined> {
    return this.#mailbox.post(async () => {
      if (withdrawn !== this.#kept.withdrawn) {
        await this.#keep({ ...this.#kept, withdrawn });
        this.#options.log.info({ event: withdrawn ? 'announce.withdrawn' : 'announce.resumed' });
      }
      await this.#look();
      return this.status;
    });
  }

  /** @param how `keep`: forwarding goes on without us, and so do the routes; `stop`: they go, and whoever heard of them is given time to turn away */
  async close(how: 'keep' | 'stop'): Promise<void> {
    const { clock, log } = this.#options;
    const settings = this.#settings;
    this.#timers.disarmAll();
    if (how === 'stop' && settings !== undefined)
      await this.#mailbox.post(async () => {
        const count = await this.#empty(settings.table);
        if (count === 0) return;
        log.info({ event: 'announce.stopping', prefixes: count, waitSeconds: settings.withdrawWaitSeconds });
        await new Promise<void>((resolve) => clock.after(1000 * settings.withdrawWaitSeconds, resolve));
      });
    await this.#mailbox.close();
  }

  async #look(): Promise<void> {
    const settings = this.#settings;
    if (settings === undefined) {
      this.#timers.disarm('look');
      return;
    }
    this.#timers.arm('look', LOOK_MS, () => this.look());
    const { board, offers } = this.#options;
    try {
      const there = new Set(await board.read(settings.table));
      this.#addresses = announcements(settings, offers(), { there, withdrawn: this.#kept.withdrawn });
      const { add, remove } = routeChanges(this.#addresses, there);
      for (const prefix of add)
        await this.#change('announce.announced', prefix, () => board.add(settings.table, prefix));
      for (const prefix of remove)
        await this.#change('announce.gone', prefix, () => board.remove(settings.table, prefix));
      this.#setTrouble(null);
    } catch (error) {
      this.#setTrouble(reasonOf(error));
    }
  }

  async #change(
    event: 'announce.announced' | 'announce.gone',
    prefix: string,
    run: () => Promise<void>,
  ): Promise<void> {
    await run();
    const why = this.#addresses.find((one) => one.prefix === prefix)?.why ?? undefined;
    if (event === 'announce.announced') this.#options.log.info({ event: 'announce.announced', prefix });
    else this.#options.log.warn({ event: 'announce.gone', prefix, why: why ?? 'no service has it' });
  }

  /** @returns how many routes there were */
  async #empty(table: number): Promise<number> {
    const { board, log } = this.#options;
    try {
      const there = await board.read(table);
      for (const prefix of there) await board.remove(table, prefix);
      return there.length;
    } catch (error) {
      log.error({ event: 'announce.refused', reason: reasonOf(error) });
      return 0;
    }
  }

  #setTrouble(trouble: string | null): void {
    if (trouble !== null && trouble !== this.#trouble)
      this.#options.log.error({ event: 'announce.refused', reason: trouble });
    this.#trouble = trouble;
  }

  async #keep(kept: Kept): Promise<void> {
    this.#kept = kept;
    const { memory, log } = this.#options;
    try {
      await memory.write(`${JSON.stringify(kept)}\n`);
    } catch (error) {
      log.warn({ event: 'announce.memory-lost', path: memory.path, reason: reasonOf(error) });
    }
  }

  /** A job that nobody waits for; after the end there is none. */
  #inBackground(job: () => Promise<void>): void {
    this.#mailbox.post(job).catch((error: unknown) => {
      if (!(error instanceof MailboxClosed)) this.#setTrouble(reasonOf(error));
    });
  }
}

function readKept(told: unknown): Kept {
  const { withdrawn, table } = (told ?? {}) as Readonly<Record<string, unknown>>;
  return { withdrawn: withdrawn === true, table: typeof table === 'number' ? table : null };
}
