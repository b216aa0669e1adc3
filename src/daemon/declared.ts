import type { Changes, Declared, DrainOrder } from '../api/changes.js';
import { changeLine, weightsOf } from '../declare/apply.js';
import type {
  Change,
  Committed,
  Drain,
  HistoryEntry,
  Override,
  Pending,
  Preview,
  Transaction,
} from '../declare/change.js';
import { asOf, type DeclaredState, type Delta, deltaOf, oldestOf, type StateStep, without } from '../declare/state.js';
import type { Director, Refused, Report } from '../director/director.js';
import { LvsError } from '../errors.js';
import type { CountedTable } from '../model/counted.js';
import { parseServiceId } from '../model/ids.js';
import { serviceName } from '../model/service.js';
import type { AppendedFile } from '../system/appended-file.js';
import type { Clock } from '../system/clock.js';
import { type Log, reasonOf } from '../system/log.js';
import { Mailbox, MailboxClosed } from '../system/mailbox.js';
import { Timers } from '../system/timers.js';
import { type Content, type Draft, draftOf, layerOf } from './declared-draft.js';
import { DrainKeeper, isRunning } from './declared-drains.js';
import { stepsOf, touchesConnections } from './declared-effects.js';
import { idsOf, serverOf, servicesOf } from './declared-servers.js';
import { DeclaredStore } from './declared-store.js';
import type { Reload } from './reload.js';

export interface DeclaredOptions {
  readonly file: AppendedFile;
  readonly director: Pick<Director, 'preview' | 'previewWeights' | 'setWeights' | 'strand' | 'status'>;
  readonly reload: Pick<Reload, 'configuration' | 'withLayer' | 'setLayer' | 'followWeights'>;
  /** What both engines count, not older than so many milliseconds. */
  readonly counts: { read(oldestMs: number): Promise<CountedTable> };
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly wallMs: () => number;
  readonly log: Log;
}

/** What was counted so long ago is said of a plan. */
const COUNTED_MS = 1_000;
/** A disk that was full may have room. */
const WRITE_AGAIN_MS = 60_000;
const OURSELVES = 'lvsd';
const MOST_TOLD = 20;

type Kind = HistoryEntry['kind'];
const events = {
  commit: { event: 'declared.committed' },
  rollback: { event: 'declared.rolled-back' },
  expired: { event: 'declared.expired' },
  refused: { event: 'declared.refused' },
  drain: { event: 'declared.committed' },
} as const satisfies Record<Kind, { readonly event: string }>;

/** The only one who changes what the API declares and what operators set. */
export class DeclaredChanges implements Changes {
  readonly #options: DeclaredOptions;
  readonly #store: DeclaredStore;
  readonly #drains: DrainKeeper;
  readonly #mailbox = new Mailbox();
  readonly #timers: Timers<'confirm' | 'write'>;

  constructor(options: DeclaredOptions) {
    this.#options = options;
    this.#store = new DeclaredStore(options);
    this.#timers = new Timers(options.clock);
    this.#drains = new DrainKeeper({
      ...options,
      drains: () => this.#store.state.drains,
      isThere: (service, destination) => serverOf(options.reload.configuration, service, destination) !== undefined,
      end: (drain) => this.#mailbox.post(() => this.#endDrain(drain)),
    });
  }

  /** What was declared before we were started, to stand beside the first configuration. Never fails: what is there is forwarded. */
  open(): Promise<void> {
    return this.#mailbox.post(async () => {
      const { director, reload, log } = this.#options;
      await this.#store.open();
      if (this.#store.isUnreadable) return director.strand();
      const { pending } = this.#store.state;
      if (pending !== null && pending.until <= this.#options.wallMs()) await this.#expireAtStart(pending);
      const { services, overrides, pending: still } = this.#store.state;
      const { layer, unread } = layerOf(services);
      for (const { id, complaints } of unread) log.error({ event: 'declared.unread', service: id, complaints });
      if (unread.length > 0) await director.strand();
      await director.setWeights(weightsOf(overrides));
      await reload.setLayer('api', layer);
      this.#armConfirm(still);
      this.#drains.arm();
    });
  }

  async close(): Promise<void> {
    this.#timers.disarmAll();
    this.#drains.close();
    await this.#mailbox.close();
  }

  declared(): Declared {
    const { revision, services, overrides, pending } = this.#store.state;
    return { revision, services, overrides, pending };
  }

  history(): readonly HistoryEntry[] {
    return this.#store.state.history.toReversed().map(({ undo: _, bytes: __, ...entry }) => entry);
  }

  preview(transaction: Transaction): Promise<Preview> {
    return this.#mailbox.post(() => this.#preview(this.#drafted(transaction)));
  }

  previewRollback(toRevision?: number): Promise<Preview> {
    return this.#mailbox.post(() => this.#preview(this.#past(toRevision)));
  }

  commit(transaction: Transaction): Promise<Committed> {
    return this.#mailbox.post(() => this.#commit(transaction));
  }

  confirm(who: string): Promise<Pending> {
    return this.#mailbox.post(async () => {
      const { pending } = this.#store.state;
      if (pending === null) throw new LvsError('DECLARED_NOT_PENDING', []);
      await this.#store.take({ pending: null, confirmed: pending.revision });
      this.#armConfirm(null);
      this.#options.log.info({ event: 'declared.confirmed', revision: pending.revision, who });
      return pending;
    });
  }

  rollback(who: string, toRevision?: number): Promise<Committed> {
    return this.#mailbox.post(() => this.#rollback('rollback', who, toRevision));
  }

  drains(): readonly Drain[] {
    return this.#drains.list();
  }

  drain(service: string, destination: string, { withinSeconds, then }: DrainOrder, who: string): Promise<Drain> {
    return this.#mailbox.post(async () => {
      if (then === 'remove') this.#mustBeDeclared(service, destination);
      const draft = this.#maintained(service, destination, true, who);
      const { server } = [...draft.overrides.values()].find(isOf(service, destination))!;
      const drain = this.#drains.make({ server, service, destination, then, who }, withinSeconds);
      const entry = this.#entryOf('drain', who, [`drain ${destination} of ${service}`]);
      await this.#take(draft, { entry, drains: this.#drains.storedWith(drain) });
      this.#options.log.info({ event: 'declared.drain-began', drain: drain.id, server, withinSeconds, then, who });
      this.#drains.arm();
      return drain;
    });
  }

  cancelDrain(id: string, who: string): Promise<Drain> {
    return this.#mailbox.post(async () => {
      const drain = this.#store.state.drains.get(id);
      if (drain === undefined) throw new LvsError('DRAIN_MISSING', [id]);
      const { service, destination } = drain;
      const entry = this.#entryOf('drain', who, [`no drain of ${destination} of ${service}`]);
      await this.#take(this.#maintained(service, destination, false, who), { entry });
      return this.#store.state.drains.get(id) ?? drain;
    });
  }

  /** An operator's weight for a server, by serverName, as `lvsctl weight` tells it; null: none. @throws LvsError SERVER_UNKNOWN */
  async overrideServer(server: string, weight: number | null, who: string): Promise<Committed> {
    const ids = this.#store.state.overrides.get(server) ?? idsOf(this.#options.reload.configuration, server);
    if (ids === undefined) throw new LvsError('SERVER_UNKNOWN', [server]);
    const { service, destination } = ids;
    return this.commit({ changes: [{ do: 'override', service, destination, weight }], who });
  }

  #commit(transaction: Transaction): Promise<Committed> {
    const { changes, who, comment, confirmWithinSeconds, expectRevision } = transaction;
    const { revision, pending: waiting } = this.#store.state;
    if (expectRevision !== undefined && expectRevision !== revision)
      throw new LvsError('DECLARED_REVISION', [expectRevision, revision]);
    if (waiting !== null && (confirmWithinSeconds !== undefined || !changes.every(isOverride))) {
      const seconds = Math.max(0, Math.ceil((waiting.until - this.#options.wallMs()) / 1000));
      throw new LvsError('DECLARED_PENDING', [waiting.revision, seconds]);
    }
    const draft = this.#drafted(transaction);
    const entry = this.#entryOf('commit', who, changes.map(changeLine), comment);
    if (confirmWithinSeconds === undefined) return this.#take(draft, { entry });
    const until = Math.ceil(this.#options.wallMs() + 1000 * confirmWithinSeconds);
    return this.#take(draft, { entry, pending: { revision: entry.revision, until, who } });
  }

  #rollback(kind: 'rollback' | 'expired', who: string, toRevision?: number): Promise<Committed> {
    const draft = this.#past(toRevision);
    return this.#take(draft, this.#backStep(kind, who, toRevision));
  }

  #backStep(
    kind: 'rollback' | 'expired',
    who: string,
    toRevision?: number,
  ): StateStep & { readonly entry: HistoryEntry } {
    const { pending, revision } = this.#store.state;
    const isPending = toRevision === undefined && pending !== null;
    const what = isPending ? `without revision ${pending.revision}` : `back to revision ${toRevision ?? revision - 1}`;
    const isOver = pending !== null && (isPending || (toRevision ?? revision) < pending.revision);
    return { entry: this.#entryOf(kind, who, [what]), ...(isOver ? { pending: null } : {}) };
  }

  /**
   * What was at a revision; undefined: without what waits to be confirmed (what came after that stays), or else before the last change.
   * @throws LvsError DECLARED_NO_REVISION, DECLARED_UNREADABLE
   */
  #past(toRevision: number | undefined): Draft {
    this.#store.mustBeReadable();
    const { state } = this.#store;
    const { pending, revision } = state;
    const to = toRevision ?? revision - 1;
    const past = toRevision === undefined && pending !== null ? without(state, pending.revision) : asOf(state, to);
    if (past === undefined) throw new LvsError('DECLARED_NO_REVISION', [to, oldestOf(state), revision]);
    return { ...past, advice: [] };
  }

  /** @throws LvsError DECLARED_INVALID, DECLARED_UNREADABLE, LAYERS_CLASH */
  #drafted(transaction: Transaction): Draft {
    const { reload, wallMs } = this.#options;
    if (!transaction.changes.every(isOverride)) this.#store.mustBeReadable();
    return draftOf(this.#store.state, transaction, {
      configuration: reload.configuration,
      withLayer: (layer) => reload.withLayer('api', layer),
      at: wallMs(),
    });
  }

  #maintained(service: string, destination: string, maintenance: boolean, who: string): Draft {
    return this.#drafted({ changes: [{ do: 'override', service, destination, maintenance }], who });
  }

  #entryOf(kind: Kind, who: string, what: readonly string[], comment?: string): HistoryEntry {
    const revision = this.#store.state.revision + 1;
    return { revision, at: this.#options.wallMs(), who, kind, what, ...(comment === undefined ? {} : { comment }) };
  }

  /** @throws LvsError LAYERS_CLASH */
  async #preview(draft: Draft): Promise<Preview> {
    const { director, counts, log } = this.#options;
    const { revision } = this.#store.state;
    const plan = await this.#planOf(draft);
    const counted = plan.some(touchesConnections)
      ? await counts.read(COUNTED_MS).catch((error: unknown) => {
          log.warn({ event: 'declared.uncounted', reason: reasonOf(error) });
          return undefined;
        })
      : undefined;
    return { revision, steps: stepsOf(plan, director.status.known, counted), advice: draft.advice };
  }

  /** @throws LvsError LAYERS_CLASH */
  async #planOf({ services, overrides }: Content): ReturnType<Director['preview']> {
    const { director, reload } = this.#options;
    const weights = weightsOf(overrides);
    if (services === this.#store.state.services) return director.previewWeights(weights);
    const configuration = reload.withLayer('api', layerOf(services).layer);
    return configuration === undefined ? [] : director.preview(configuration, weights);
  }

  /** Makes it so: first on the disk, which is the moment at which it is done, then in the table. @throws LvsError DECLARED_*, LAYERS_CLASH */
  async #take(draft: Draft, step: StateStep & { readonly entry: HistoryEntry }): Promise<Committed> {
    const { director, reload } = this.#options;
    const before = this.#store.state;
    const redo = deltaOf(before, draft);
    const ofServices = Object.keys(redo.services).length > 0;
    const known = servicesOf(reload.configuration, Object.keys(redo.overrides), director.status.known);
    const planned = ofServices ? await this.#preview(draft) : undefined;
    const cancelled = this.#drains.cancelledBy(draft.overrides);
    const drains = { ...cancelled, ...step.drains };
    // who takes a server out at night, and what nobody confirmed, is not held up by a disk
    const stored = await this.#write(
      { ...step, redo, undo: deltaOf(draft, before), drains },
      !ofServices || step.entry.kind === 'expired',
    );
    const { changes, refused } = await this.#carryOut(draft, redo);
    const isForward = step.entry.kind === 'commit' || step.entry.kind === 'drain';
    if (refused.length > 0 && isForward) return this.#takeBack(before, drains, refused);
    const { revision, pending } = this.#store.state;
    this.#armConfirm(pending);
    this.#tell(step.entry, refused);
    for (const drain of Object.values(cancelled)) this.#tellEnded(drain);
    const steps = planned?.steps ?? stepsOf(changes, known, undefined);
    return { steps, advice: draft.advice, revision, pending, stored, refused: refused.map(sentenceOf) };
  }

  #tell({ kind, revision, who, what, comment }: HistoryEntry, refused: readonly Refused[]): void {
    const facts = { ...events[kind], revision, who, what: what.slice(0, MOST_TOLD) };
    const more = {
      ...(comment === undefined ? {} : { comment }),
      ...(refused.length === 0 ? {} : { refused: refused.map(sentenceOf).slice(0, MOST_TOLD) }),
    };
    if (kind === 'commit' || kind === 'drain') this.#options.log.info({ ...facts, ...more });
    else this.#options.log.warn({ ...facts, ...more });
  }

  /** The commit point. @returns whether the disk has it. @throws LvsError DECLARED_NOT_STORED, DECLARED_UNREADABLE */
  async #write(step: StateStep, evenWithout: boolean): Promise<boolean> {
    try {
      await this.#store.take(step);
      return true;
    } catch (error) {
      if (!evenWithout) throw error;
      this.#store.takeUnstored(step);
      this.#writeLater(error);
      return false;
    }
  }

  #writeLater(because: unknown): void {
    this.#options.log.error({ event: 'declared.not-stored', reason: reasonOf(because) });
    if (!this.#store.isBehind) return;
    this.#timers.arm('write', WRITE_AGAIN_MS, () =>
      this.#background(() => this.#store.catchUp().catch((error: unknown) => this.#writeLater(error))),
    );
  }

  /** What was refused is only of what differs. Whoever fails altogether refuses all of it. */
  async #carryOut({ services, overrides }: Content, { services: changed }: Delta): Promise<Report> {
    const { director, reload } = this.#options;
    try {
      const report = await director.setWeights(weightsOf(overrides));
      await reload.followWeights();
      const touched = new Set(Object.keys(changed).map(nameOfId));
      if (touched.size === 0 || report.refused.length > 0) return report;
      await reload.setLayer('api', layerOf(services).layer);
      return { changes: [], refused: director.status.refused.filter(({ service }) => touched.has(service)) };
    } catch (error) {
      return { changes: [], refused: [{ service: '', change: '', reason: reasonOf(error) }] };
    }
  }

  /** Whoever forwards did not take all of it: what was before is put back. @throws LvsError DECLARED_NOT_TAKEN, always */
  async #takeBack(
    before: DeclaredState,
    drains: NonNullable<StateStep['drains']>,
    refused: readonly Refused[],
  ): Promise<never> {
    const { state } = this.#store;
    const what = refused.map(sentenceOf);
    const entry = this.#entryOf('refused', OURSELVES, what.slice(0, MOST_TOLD));
    const redo = deltaOf(state, before);
    const former = Object.keys(drains).map((id) => [id, before.drains.get(id) ?? null] as const);
    const step = {
      entry,
      redo,
      undo: deltaOf(before, state),
      pending: before.pending,
      drains: Object.fromEntries(former),
    };
    await this.#write(step, true);
    const { refused: again } = await this.#carryOut(before, redo);
    this.#armConfirm(before.pending);
    this.#tell(entry, again);
    throw new LvsError('DECLARED_NOT_TAKEN', [refused.length], { cause: what });
  }

  #armConfirm(pending: Pending | null): void {
    if (pending === null) return this.#timers.disarm('confirm');
    const ms = Math.max(0, pending.until - this.#options.wallMs());
    this.#timers.arm('confirm', ms, () => this.#background(() => this.#expire(pending.revision)));
  }

  /** Nobody said that it is good: perhaps nobody can reach this machine any more. */
  async #expire(revision: number): Promise<void> {
    const { pending } = this.#store.state;
    if (pending?.revision !== revision) return;
    // a clock that was set, or a timer that cannot be set for so long
    if (pending.until > this.#options.wallMs()) this.#armConfirm(pending);
    else await this.#rollback('expired', OURSELVES);
  }

  /** Before anything is in force. */
  async #expireAtStart(pending: Pending): Promise<void> {
    const { state } = this.#store;
    const past = without(state, pending.revision);
    if (past === undefined) return;
    const { entry, ...step } = this.#backStep('expired', OURSELVES);
    await this.#write({ ...step, entry, redo: deltaOf(state, past), undo: deltaOf(past, state) }, true);
    this.#tell(entry, []);
  }

  /** @throws LvsError DECLARED_MISSING */
  #mustBeDeclared(service: string, destination: string): void {
    const declared = this.#store.state.services.get(service);
    if (declared?.destinations.some(({ id }) => id === destination) !== true)
      throw new LvsError('DECLARED_MISSING', [`destination '${destination}' of service '${service}'`]);
  }

  async #endDrain(drain: Drain): Promise<void> {
    const standing = this.#store.state.drains.get(drain.id);
    if (standing === undefined || !isRunning(standing)) return;
    if (drain.then === 'remove' && drain.state !== 'gone') {
      if (this.#store.state.pending !== null) return; // it is looked at again
      await this.#removeDrained(drain);
    } else await this.#write({ drains: { [drain.id]: drain } }, true);
    this.#tellEnded(drain);
  }

  async #removeDrained(drain: Drain): Promise<void> {
    const { id, service, destination, who } = drain;
    try {
      const draft = this.#drafted({ changes: [{ do: 'delete-destination', service, id: destination }], who });
      const entry = this.#entryOf('drain', who, [`${destination} of ${service} has drained and is removed`]);
      await this.#take(draft, { entry, drains: { [id]: drain } });
    } catch (error) {
      // it stays in maintenance, and whoever wanted it away reads why
      this.#options.log.error({
        event: 'declared.drain-not-removed',
        drain: id,
        server: drain.server,
        reason: reasonOf(error),
      });
      await this.#write({ drains: { [id]: drain } }, true);
    }
  }

  #tellEnded({ id, server, state, connections }: Drain): void {
    this.#options.log.info({ event: 'declared.drain-ended', drain: id, server, state, ...connections });
  }

  #background(job: () => Promise<unknown>): void {
    this.#mailbox.post(job).catch((error: unknown) => {
      if (!(error instanceof MailboxClosed))
        this.#options.log.error({ event: 'declared.failed', reason: reasonOf(error) });
    });
  }
}

const isOverride = (change: Change): boolean => change.do === 'override';

const isOf =
  (service: string, destination: string) =>
  (one: Override): boolean =>
    one.service === service && one.destination === destination;

const sentenceOf = ({ change, reason }: Refused): string => (change === '' ? reason : `${change}: ${reason}`);

const nameOfId = (id: string): string => {
  const key = parseServiceId(id);
  return key === undefined ? id : serviceName(key);
};
