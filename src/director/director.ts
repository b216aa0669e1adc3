import type { Configuration, VirtualServer } from '../config/configuration.js';
import { LvsError } from '../errors.js';
import { type Change, changeName, type Forwarder } from '../model/change.js';
import { serviceName } from '../model/service.js';
import type { Table } from '../model/table.js';
import { WorkingTable } from '../model/working-table.js';
import type { Clock } from '../system/clock.js';
import { type Log, reasonOf } from '../system/log.js';
import { Mailbox, MailboxClosed } from '../system/mailbox.js';
import type { StateFile } from '../system/state-file.js';
import { Timers } from '../system/timers.js';
import type { Found } from './adoption.js';
import { type Desired, desired } from './desired.js';
import { DriftWatch } from './drift-watch.js';
import { Memory } from './memory.js';
import { drainTimes, type DrainTimes, type Leaving, nextGone, nextLeaving, notGone, withLeaving } from './leaving.js';
import { virtualServerName } from './names.js';
import { Outlook } from './outlook.js';
import { allNames, type LastApplied, ownPart } from './ownership.js';
import { counts, leftOf, partOf, reweighted, sameKeys } from './parts.js';
import { plan } from './plan.js';
import { foreseen } from './preview.js';
import { probeMarks } from './probe-services.js';

export interface DirectorOptions {
  readonly forwarder: Forwarder;
  readonly clock: Clock;
  readonly log: Log;
  /** Where the names of what is ours are kept. */
  readonly state: Pick<StateFile, 'path' | 'read' | 'write' | 'remove'>;
  /** Verdict on a server, by serverName. */
  readonly isUp: (server: string) => boolean;
  /** What checks make of a configured weight, by serverName. */
  readonly weightOf: (server: string, configured: number) => number;
  /** Milliseconds since 1970, for moments that are remembered over our death. */
  readonly wallMs: () => number;
  /** Whether a virtual server had its quorum when the director before us ended, by virtualServerName; absent, undefined: nobody knows. */
  readonly hadQuorum?: (virtualServer: string) => boolean | undefined;
  /** A virtual server is new, or its quorum changed; by virtualServerName. */
  readonly onQuorum: (virtualServer: string, has: boolean) => void;
  /** The table is read again after this pause. */
  readonly observeMs: number;
  /** A service of the file that somebody else made: take it over, or leave it alone and say so. */
  readonly foreign: 'adopt' | 'refuse';
}

/** One change that the forwarder did not take. */
export interface Refused {
  readonly service: string;
  readonly change: string;
  readonly reason: string;
}

/** What one look at the difference came to. */
export interface Report {
  readonly changes: readonly Change[];
  readonly refused: readonly Refused[];
}

export interface DirectorStatus {
  readonly last: Report;
  /** Refused, and tried again. */
  readonly refused: readonly Refused[];
  /** What somebody else changed and we only report. */
  readonly drift: readonly string[];
  readonly foreign: readonly string[];
  readonly quorums: ReadonlyMap<string, boolean>;
  /** Servers that are down and stay in service (pool_guard), by virtualServerName. */
  readonly held: ReadonlyMap<string, readonly string[]>;
  readonly known: Table;
  /** Of `known`, as WorkingTable has it. */
  readonly shape: symbol;
  /** An operator's, by serverName. */
  readonly weights: ReadonlyMap<string, number>;
  readonly writes: number;
}

const RETRY_FIRST_MS = 1_000;
const RETRY_LONGEST_MS = 60_000;
const nothing: Report = { changes: [], refused: [] };

/** The only writer of a forwarder's table. Whoever wants something changed posts here; nothing interleaves. */
export class Director {
  readonly #options: DirectorOptions;
  readonly #mailbox = new Mailbox();
  readonly #timers: Timers<'retry' | 'wake' | 'gone'>;
  readonly #drifts: DriftWatch;
  readonly #memory: Memory;
  /** What we believe the forwarder has of ours: what it said last, and what it has taken since. */
  #known = new WorkingTable();
  #weights: ReadonlyMap<string, number> = new Map();
  #configuration: Configuration | undefined;
  /** Beside it. */
  #made: Table = new Map();
  /** Beside both, as they were found. */
  #stranded: Table = new Map();
  /** Its virtual servers by virtualServerName: one verdict shall not look at all of them. */
  #virtuals: ReadonlyMap<string, VirtualServer> = new Map();
  /** Names of what we answer for, with their destinations; what we no longer want stays until it is gone. */
  #owned: LastApplied = new Map();
  #foreign: ReadonlySet<string> = new Set();
  readonly #outlook = new Outlook();
  #probeMarks: ReadonlyMap<string, number> = new Map();
  #drains: DrainTimes = new Map();
  #leaving: Leaving = new Map();
  #refused: readonly Refused[] = [];
  #drift: readonly string[] = [];
  #last: Report = nothing;
  #retryMs = RETRY_FIRST_MS;
  #writes = 0;
  readonly #looking = new Set<string>();
  #stopped: Promise<void> | undefined;

  constructor(options: DirectorOptions) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
    this.#memory = new Memory(options.state, options.log);
    this.#drifts = new DriftWatch({
      clock: options.clock,
      pauseMs: options.observeMs,
      look: () => options.forwarder.look(),
      known: () => this.#known.table,
      isOurs: (service) => this.#owned.has(service),
      onLooked: (differs) => this.#background(() => this.#observe(differs)),
    });
  }

  /** Looks at what is there; changes nothing. The first job. */
  open(): Promise<Found> {
    return this.#mailbox.post(async () => {
      const { last, leaving } = await this.#memory.recall();
      const table = await this.#options.forwarder.read();
      this.#owned = last;
      this.#leaving = leaving;
      this.#known = new WorkingTable(ownPart(table, new Set(last.keys())));
      return { table, last };
    });
  }

  /** Makes the table what this configuration wants; from now on it is kept so. */
  configure(configuration: Configuration): Promise<Report> {
    return this.#mailbox.post(() => this.#configure(configuration));
  }

  /** All services made at run time; they stand beside those of the file, which win. */
  keep(made: Table): Promise<Report> {
    return this.#mailbox.post(() => {
      if (this.#configuration !== undefined) return this.#configure(this.#configuration, made);
      this.#made = made;
      return nothing;
    });
  }

  /**
   * What was found and is ours stays as it is, unless a configuration or `keep` says otherwise: nobody knows whether it is still wanted. Before the
   * first configuration.
   */
  strand(): Promise<void> {
    return this.#mailbox.post(() => {
      this.#stranded = new Map(this.#known.table);
    });
  }

  /** What `configure` would do, with these weights of operators. */
  preview(configuration: Configuration, weights = this.#weights): Promise<readonly Change[]> {
    return this.#mailbox.post(() => {
      const isUp = foreseen(configuration, this.#options.isUp, (server) => this.#outlook.lives.has(server));
      const marks = probeMarks(configuration);
      const want = this.#desired(configuration, marks, this.#beside(this.#made), isUp, weights);
      const leaving = this.#leavingWith(
        allNames(configuration, marks, this.#beside(this.#made)),
        drainTimes(configuration),
      );
      return this.#planned(want.table, false, leaving).changes;
    });
  }

  /** A verdict on a server of this virtual server changed. Those that come together are answered by one plan, of no more than those. */
  look(virtualServer: string): void {
    this.#looking.add(virtualServer);
    if (this.#looking.size > 1) return;
    void this.#background(() => {
      const names = new Set(this.#looking);
      this.#looking.clear();
      return this.#reconcile(names);
    });
  }

  /**
   * The weights that operators want, by serverName, in place of those before; of servers that are not there they wait for them. Only the
   * virtual servers of those that differ are looked at: the report is of them.
   */
  setWeights(weights: ReadonlyMap<string, number>): Promise<Report> {
    return this.#mailbox.post(() => {
      const looked = reweighted(this.#weights, weights, this.#virtuals);
      this.#weights = new Map(weights);
      return looked.size === 0 ? nothing : this.#reconcile(looked);
    });
  }

  /** What `setWeights` would do. */
  previewWeights(weights: ReadonlyMap<string, number>): Promise<readonly Change[]> {
    return this.#mailbox.post(() => {
      if (this.#configuration === undefined) return [];
      const looked = reweighted(this.#weights, weights, this.#virtuals);
      const part = partOf(this.#configuration, this.#virtuals, looked);
      const want = this.#desired(part, this.#probeMarks, new Map(), this.#options.isUp, weights);
      return this.#planned(want.table, true).changes;
    });
  }

  /** Reads the table and compares it with what we made of it. */
  observe(): Promise<void> {
    return this.#mailbox.post(() => this.#observe());
  }

  get status(): DirectorStatus {
    return {
      last: this.#last,
      refused: this.#refused,
      drift: this.#drift,
      foreign: [...this.#foreign],
      quorums: this.#outlook.quorums,
      held: this.#outlook.held,
      known: this.#known.table,
      shape: this.#known.shape,
      weights: this.#weights,
      writes: this.#writes,
    };
  }

  /** No timer is left and no job accepted. The table stays, loses what is ours, or all it has. */
  stop(how: 'keep' | 'remove' | 'flush'): Promise<void> {
    this.#stopped ??= this.#stop(how);
    return this.#stopped;
  }

  async #stop(how: 'keep' | 'remove' | 'flush'): Promise<void> {
    this.#drifts.stop();
    this.#timers.disarmAll();
    const last = this.#mailbox.post(() => this.#leave(how));
    await Promise.all([last, this.#mailbox.close()]);
  }

  async #configure(configuration: Configuration, made = this.#made): Promise<Report> {
    const { forwarder, log } = this.#options;
    const marks = probeMarks(configuration);
    const names = allNames(configuration, marks, this.#beside(made));
    const drains = drainTimes(configuration);
    const virtuals = new Map(configuration.virtualServers.map((virtual) => [virtualServerName(virtual), virtual]));
    const flush = configuration.globals.flushAtStart && this.#configuration === undefined;
    if (flush || [...names.keys()].some((name) => !this.#owned.has(name))) {
      const table = await forwarder.read();
      if (flush) await this.#flush(new Map([...table].filter(([name]) => !names.has(name) && !this.#owned.has(name))));
      this.#meetForeign(names, table);
    }
    this.#foreign = new Set([...this.#foreign].filter((name) => names.has(name)));
    const only = flush || made !== this.#made ? undefined : this.#changed(virtuals, names, marks);
    for (const name of only ?? []) this.#outlook.forget(leftOf(this.#virtuals.get(name), virtuals.get(name)));
    this.#configuration = configuration;
    this.#made = made;
    this.#virtuals = virtuals;
    this.#probeMarks = marks;
    this.#leaving = this.#leavingWith(names, drains);
    this.#drains = drains;
    // Remembered before it is made: who dies between the two must find it again. What goes is forgotten when it is gone.
    const wanted = this.#withoutForeign(names);
    this.#owned = new Map([...this.#owned, ...wanted]);
    await this.#remember();
    const report = await this.#reconcile(only);
    await this.#forgetGone(wanted);
    log.info({ event: 'director.configured', services: names.size, ...counts(report) });
    this.#drifts.begin();
    return report;
  }

  #beside(made: Table): Table {
    return this.#stranded.size === 0 ? made : new Map([...this.#stranded, ...made]);
  }

  /** The virtual servers that are new or other than before, by name; undefined: there is more to do than to look at those. */
  #changed(
    virtuals: ReadonlyMap<string, VirtualServer>,
    names: LastApplied,
    marks: ReadonlyMap<string, number>,
  ): ReadonlySet<string> | undefined {
    const isCalm = this.#leaving.size + this.#foreign.size + this.#refused.length === 0;
    if (!isCalm || this.#configuration === undefined) return undefined;
    for (const name of this.#owned.keys()) if (!names.has(name)) return undefined;
    for (const [name, mark] of this.#probeMarks) if ((marks.get(name) ?? mark) !== mark) return undefined;
    for (const name of this.#virtuals.keys()) if (!virtuals.has(name)) return undefined;
    return new Set([...virtuals].flatMap(([name, virtual]) => (this.#virtuals.get(name) === virtual ? [] : [name])));
  }

  /** Services of the file that are in the table though we did not put them there. */
  #meetForeign(names: LastApplied, table: Table): void {
    const { foreign, log } = this.#options;
    const met = [...names.keys()].filter((name) => table.has(name) && !this.#owned.has(name));
    for (const service of met) {
      const error = new LvsError(foreign === 'adopt' ? 'SERVICE_ADOPTED' : 'SERVICE_FOREIGN', [service]);
      const told = foreign === 'adopt' ? { event: 'director.adopted' } : { event: 'director.foreign' };
      log.warn({ ...told, service, reason: error.message });
    }
    if (foreign === 'refuse') this.#foreign = new Set(met);
    else this.#known = new WorkingTable(ownPart(table, new Set([...this.#owned.keys(), ...names.keys()])));
  }

  #withoutForeign<T>(services: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
    return new Map([...services].filter(([name]) => !this.#foreign.has(name)));
  }

  async #forgetGone(wanted: LastApplied): Promise<void> {
    this.#owned = new Map([...this.#owned].filter(([name]) => wanted.has(name) || this.#known.table.has(name)));
    await this.#remember();
  }

  #remember(): Promise<void> {
    return this.#memory.remember({ last: this.#owned, leaving: this.#leaving });
  }

  #desired(
    configuration: Configuration,
    marks: ReadonlyMap<string, number>,
    made: Table,
    isUp = this.#options.isUp,
    weights = this.#weights,
  ): Desired {
    const { weightOf, clock, hadQuorum } = this.#options;
    const { quorums, lives } = this.#outlook;
    const now = clock.now();
    const want = desired(configuration, {
      isUp,
      weightOf,
      weights,
      quorums,
      ...(hadQuorum === undefined ? {} : { hadQuorum }),
      lives,
      probeMarks: marks,
      now,
    });
    const table = made.size === 0 ? want.table : new Map([...made, ...want.table]);
    return { ...want, table: this.#foreign.size === 0 ? table : this.#withoutForeign(table) };
  }

  #leavingWith(names: LastApplied, drains: DrainTimes): Leaving {
    return nextLeaving(this.#leaving, {
      table: this.#known.table,
      last: this.#owned,
      names,
      drains,
      drainsBefore: this.#drains,
      now: this.#options.wallMs(),
    });
  }

  /** Of all virtual servers, or only of some. */
  async #reconcile(only?: ReadonlySet<string>): Promise<Report> {
    if (this.#configuration === undefined) return nothing;
    const part = only === undefined ? this.#configuration : partOf(this.#configuration, this.#virtuals, only);
    const want = this.#desired(part, this.#probeMarks, only === undefined ? this.#beside(this.#made) : new Map());
    this.#tell(want);
    if (only === undefined) this.#outlook.replace(want);
    else this.#outlook.renew(want);
    this.#armWake();
    const { table, changes } = this.#planned(want.table, only !== undefined);
    const refused = await this.#apply(changes);
    const report = { changes, refused };
    if (changes.length > 0) this.#last = report;
    const before = only === undefined ? [] : this.#refused.filter(({ service }) => !table.has(service));
    this.#refused = [...before, ...refused];
    if (refused.length > 0) this.#armRetry();
    else if (this.#refused.length === 0) this.#retryMs = RETRY_FIRST_MS;
    return report;
  }

  /** The table that is wanted, or a part of it, with what is leaving; and what makes it so. */
  #planned(wanted: Table, isPart: boolean, leaving = this.#leaving): Pick<Desired, 'table'> & Pick<Report, 'changes'> {
    const known = this.#known.table;
    const table = withLeaving(wanted, isPart, known, leaving, this.#options.wallMs());
    return { table, changes: plan(table, isPart ? sameKeys(known, table) : known) };
  }

  async #apply(changes: readonly Change[]): Promise<Refused[]> {
    if (changes.length === 0) return [];
    const { forwarder, log } = this.#options;
    this.#writes++;
    const outcomes = await forwarder.apply(changes);
    const refused: Refused[] = [];
    for (const [i, change] of changes.entries()) {
      const error = outcomes[i];
      if (error === undefined) {
        this.#known.take(change);
        continue;
      }
      const refusal = { service: serviceName(change.service), change: changeName(change), reason: reasonOf(error) };
      refused.push(refusal);
      log.error({ event: 'director.refused', ...refusal });
    }
    log.info({ event: 'director.applied', changes: changes.length, refused: refused.length });
    return refused;
  }

  #armRetry(): void {
    this.#timers.arm('retry', this.#retryMs, () => void this.#background(() => this.#retry()));
    this.#retryMs = Math.min(2 * this.#retryMs, RETRY_LONGEST_MS);
  }

  /** What was refused may have been refused because its service is not what we think: look first. */
  async #retry(): Promise<Report> {
    const table = await this.#options.forwarder.read();
    for (const name of new Set(this.#refused.map(({ service }) => service))) this.#known.correct(name, table.get(name));
    return this.#reconcile();
  }

  async #observe(differs = true): Promise<void> {
    const own = differs ? ownPart(await this.#options.forwarder.read(), new Set(this.#owned.keys())) : undefined;
    const drift = own === undefined ? [] : plan(this.#known.table, own).map(changeName);
    if (drift.join() !== this.#drift.join()) this.#tellDrift(drift);
    this.#drift = drift;
    await this.#remember(); // again, if the disk was full
    if (own === undefined || drift.length === 0 || this.#configuration?.globals.drift !== 'repair') return;
    this.#known = new WorkingTable(own);
    this.#drift = [];
    await this.#reconcile();
  }

  #tellDrift(drift: readonly string[]): void {
    const repair = this.#configuration?.globals.drift === 'repair';
    if (drift.length === 0) this.#options.log.info({ event: 'director.drift-gone' });
    else this.#options.log.warn({ event: 'director.drift', repair, count: drift.length, undo: drift.slice(0, 20) });
  }

  /** What is different from the last look. */
  #tell({ quorums, held }: Desired): void {
    const { log, onQuorum } = this.#options;
    for (const [virtualServer, has] of quorums) {
      const before = this.#outlook.quorums.get(virtualServer);
      if (before !== has) {
        if (before !== undefined || !has)
          log.warn({ event: has ? 'director.quorum-regained' : 'director.quorum-lost', virtualServer });
        onQuorum(virtualServer, has);
      }
      const [was = [], is = []] = [this.#outlook.held.get(virtualServer), held.get(virtualServer)];
      if (was.join() === is.join()) continue;
      if (is.length > 0) log.error({ event: 'director.pool-guard', virtualServer, held: is });
      else log.info({ event: 'director.pool-guard-ended', virtualServer });
    }
  }

  /** Weights that climb, servers that have drained: the table changes though nobody posts anything. */
  #armWake(): void {
    const { clock, wallMs } = this.#options;
    const wakeMs = this.#outlook.nextWake - clock.now();
    if (wakeMs === Number.POSITIVE_INFINITY) this.#timers.disarm('wake');
    else this.#timers.arm('wake', Math.max(0, wakeMs), () => this.#wake());
    const goneMs = nextGone(this.#leaving) - wallMs();
    if (goneMs === Number.POSITIVE_INFINITY) this.#timers.disarm('gone');
    else this.#timers.arm('gone', Math.max(0, goneMs), () => void this.#background(() => this.#letGo()));
  }

  #wake(): void {
    const due = this.#outlook.due(this.#options.clock.now());
    for (const name of due) this.look(name);
    // timers come up to a turn of the event loop before their time, and days before it where they cannot be set for so long
    if (due.length === 0) this.#armWake();
  }

  async #letGo(): Promise<void> {
    this.#leaving = notGone(this.#leaving, this.#options.wallMs());
    await this.#reconcile();
    await this.#forgetGone(
      this.#withoutForeign(allNames(this.#configuration!, this.#probeMarks, this.#beside(this.#made))),
    );
  }

  async #leave(how: 'keep' | 'remove' | 'flush'): Promise<void> {
    this.#timers.disarmAll();
    if (how === 'keep') return;
    await this.#flush(how === 'flush' ? await this.#options.forwarder.read() : this.#known.table);
    await this.#forgetGone(new Map());
    if (this.#owned.size === 0) await this.#memory.forget();
  }

  async #flush(table: Table): Promise<void> {
    await this.#apply([...table.values()].map(({ key: service }) => ({ do: 'delete-service', service })));
  }

  /** A job without a caller: its failure is logged, and retried with the next look. */
  async #background(job: () => Promise<unknown>): Promise<void> {
    try {
      await this.#mailbox.post(job);
    } catch (error) {
      if (error instanceof MailboxClosed) return;
      this.#options.log.error({ event: 'director.failed', reason: reasonOf(error) });
      this.#armRetry();
    }
  }
}
