import { isDeepStrictEqual } from 'node:util';
import { type Audit, type AuditEntry, isRefusal, logAudit } from '../api/audit.js';
import { Buckets } from '../api/limits.js';
import type { ApiAudit } from '../config/api.js';
import { AppendLog } from '../system/append-log.js';
import { type Log, reasonOf } from '../system/log.js';

export interface ApiAuditOptions {
  readonly now: () => number;
  readonly wallMs: () => number;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
}

/** Refusals that are noted: whoever is refused a thousand times a second fills no disk with it. */
const REFUSALS = { perSecond: 2, burst: 100 };

/** Who asked for what: in the log, and in a file of its own where the configuration names one. */
export class AuditTrail implements Audit {
  readonly #options: ApiAuditOptions;
  readonly #log: Audit;
  readonly #refusals = new Buckets(REFUSALS);
  #unnoted = 0;
  #settings: ApiAudit | undefined;
  #file: AppendLog | undefined;
  #isFailing = false;

  constructor(options: ApiAuditOptions) {
    this.#options = options;
    this.#log = logAudit(options.log);
  }

  follow(settings: ApiAudit | undefined): void {
    if (isDeepStrictEqual(settings, this.#settings)) return;
    this.close();
    this.#settings = settings;
    this.#file =
      settings && new AppendLog({ path: settings.path, longest: settings.longestBytes, older: settings.older });
    this.flush();
  }

  note(entry: AuditEntry): void {
    const { now, wallMs } = this.#options;
    const refused = isRefusal(entry);
    if (refused && this.#refusals.take('', now()) > 0) {
      this.#unnoted++;
      return;
    }
    const noted = refused && this.#unnoted > 0 ? { ...entry, unnoted: this.#unnoted } : entry;
    if (refused) this.#unnoted = 0;
    this.#log.note(noted);
    const line = JSON.stringify({ time: new Date(wallMs()).toISOString(), ...noted });
    this.#tell(this.#file?.append(line));
  }

  /** Writes what could not be written before. */
  flush(): void {
    this.#tell(this.#file?.flush());
  }

  close(): void {
    this.#tell(this.#file?.close());
    this.#file = undefined;
    this.#settings = undefined;
  }

  #tell(failure: Error | undefined): void {
    const { log } = this.#options;
    const path = this.#settings?.path;
    const lost = this.#file?.lost ?? 0;
    if (failure !== undefined && !this.#isFailing)
      log.error({ event: 'api.audit-failed', path, reason: reasonOf(failure), lost });
    if (failure === undefined && this.#isFailing) log.warn({ event: 'api.audit-restored', path, lost });
    this.#isFailing = failure !== undefined;
  }
}
