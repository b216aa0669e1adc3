import type { MetricsView } from '../api/metrics.js';
import type { Configuration } from '../config/configuration.js';
import type { MetricsSettings } from '../config/metrics.js';
import type { DirectorStatus } from '../director/director.js';
import { virtualServerName } from '../director/names.js';
import type { Journal, StreamEvent } from '../events/journal.js';
import type { EventStreams } from '../events/streams.js';
import type { WebhookStatus } from '../events/webhook-status.js';
import { alertedEvents } from '../metrics/families.js';
import { Histogram } from '../metrics/histogram.js';
import { LoopDelay } from '../metrics/loop-delay.js';
import { Samples } from '../metrics/samples.js';
import { bounded, type ServiceState, tableText } from '../metrics/tables.js';
import { endOf, type Format } from '../metrics/text.js';
import type { CountedTable } from '../model/counted.js';
import { destinationName } from '../model/destination.js';
import type { Table } from '../model/table.js';
import type { Clock } from '../system/clock.js';
import type { Log } from '../system/log.js';
import { ownProcess } from '../system/own-process.js';
import { release } from '../system/release.js';
import type { Engine } from './engine.js';
import type { LiveCounts } from './live-counts.js';
import { addEngine, addPair, addVrrp } from './metrics-samples.js';
import { placesOf, writtenIndex } from './served-places.js';
import type { CheckTotals } from './watch.js';
import type { World } from './world.js';

export interface MetricsOptions {
  readonly counts: Pick<LiveCounts, 'read'>;
  readonly director: { readonly status: DirectorStatus };
  readonly watch: { readonly totals: CheckTotals; isUp(server: string): boolean };
  readonly reload: { readonly configuration: Configuration | undefined; readonly fingerprint: string | undefined };
  readonly engine: Pick<Engine, 'status'> | undefined;
  readonly vrrp: Pick<NonNullable<World['vrrp']>, 'report' | 'pair'> | undefined;
  readonly sync: Pick<NonNullable<World['sync']>, 'report'> | undefined;
  readonly journal: Pick<Journal, 'subscribe'>;
  readonly streams: Pick<EventStreams, 'open' | 'cut'>;
  readonly webhooks: () => readonly WebhookStatus[];
  /** Of each socket: answers of the kernel that were refused, by kind. */
  readonly netlinkErrors: World['netlinkErrors'];
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly wallMs: () => number;
  readonly log: Log;
}

/** Other processes of lvsd answer within this, or they count as away: a scrape is not held up by what it is to tell of. */
const ASK_MS = 1000;
/** A dump that is under way will do: whoever asks meanwhile shares it. */
const SHARED_MS = 1;

/** Owner of what a scrape tells beside the tables: what was counted since the start. */
export class Metrics implements MetricsView {
  readonly #options: MetricsOptions;
  readonly #events = new Map<string, number>(alertedEvents.map((event) => [event, 0]));
  readonly #loopDelay: LoopDelay;
  readonly #lateness = new Histogram();
  readonly #unsubscribe: () => void;
  #reload: { readonly at: number; readonly isGood: boolean };
  #isLimited = false;

  constructor(options: MetricsOptions) {
    this.#options = options;
    this.#loopDelay = new LoopDelay(options.clock);
    this.#reload = { at: options.wallMs(), isGood: true };
    this.#unsubscribe = options.journal.subscribe((events) => this.#count(events));
  }

  /** An attempt of a check began so much later than due. */
  readonly checkBegan = (lateMs: number): void => this.#lateness.record(lateMs / 1000);

  async scrape(format: Format): Promise<Iterable<string>> {
    const samples = new Samples();
    this.#addDirector(samples);
    this.#addEvents(samples);
    this.#addProcess(samples);
    const [counted] = await Promise.all([this.#table(samples), this.#addOthers(samples)]);
    const { status } = this.#options.director;
    const states = this.#settings.destinations ? this.#states(status.known) : this.#states(status.known).map(alone);
    const shown = this.#settings.destinations ? (counted?.services ?? []) : (counted?.services ?? []).map(alone);
    const tables = bounded({ counted: shown, states }, Math.max(0, this.#settings.series - samples.count - 1));
    samples.add('series_left_out', tables.leftOut);
    this.#tellLimit(tables.leftOut);
    return documentOf(samples.text(format), tableText(tables, format), endOf(format));
  }

  stop(): void {
    this.#unsubscribe();
    this.#loopDelay.stop();
  }

  get #settings(): MetricsSettings {
    return this.#options.reload.configuration?.metrics ?? { series: 0, destinations: false };
  }

  #count(events: readonly StreamEvent[]): void {
    for (const { event, at } of events) {
      this.#events.set(event, (this.#events.get(event) ?? 0) + 1);
      if (event === 'daemon.reloaded' || event === 'daemon.reload-refused')
        this.#reload = { at, isGood: event === 'daemon.reloaded' };
    }
  }

  async #table(samples: Samples): Promise<CountedTable | undefined> {
    const { counts, clock } = this.#options;
    const began = clock.now();
    try {
      const table = await counts.read(SHARED_MS);
      samples.add('table_read_successful', 1);
      return table;
    } catch {
      samples.add('table_read_successful', 0); // the rest is told all the same
      return undefined;
    } finally {
      samples.add('table_read_seconds', (clock.now() - began) / 1000);
    }
  }

  #addDirector(samples: Samples): void {
    const { director, watch, reload } = this.#options;
    const { status } = director;
    const { up, down, attempts, failures } = watch.totals;
    samples.add('director', 1, { version: release(), node: process.versions.node });
    samples.add('services', status.known.size);
    let destinations = 0;
    for (const service of status.known.values()) destinations += service.destinations.size;
    samples.add('destinations', destinations);
    samples.add('checks', up, { verdict: 'up' });
    samples.add('checks', down, { verdict: 'down' });
    samples.add('check_attempts', attempts);
    samples.add('check_failures', failures);
    samples.addHistogram('check_lateness_seconds', this.#lateness);
    samples.add('refused_changes', status.refused.length);
    samples.add('drift', status.drift.length);
    samples.add('foreign_services', status.foreign.length);
    samples.add('weight_overrides', status.weights.size);
    samples.add(
      'held_servers',
      [...status.held.values()].reduce((sum, held) => sum + held.length, 0),
    );
    samples.add('table_writes', status.writes);
    for (const virtual of reload.configuration?.virtualServers ?? []) {
      const name = virtualServerName(virtual);
      const has = status.quorums.get(name);
      if (has !== undefined) samples.add('virtual_server_quorum', has ? 1 : 0, { virtual_server: name });
    }
    samples.add('config', 1, { fingerprint: reload.fingerprint ?? '' });
    samples.add('config_last_reload_successful', this.#reload.isGood ? 1 : 0);
    samples.add('config_last_reload_timestamp_seconds', this.#reload.at / 1000);
  }

  #addEvents(samples: Samples): void {
    const { streams, webhooks } = this.#options;
    samples.addEach('events', 'event', this.#events);
    samples.add('event_streams', streams.open);
    samples.add('event_streams_cut', streams.cut);
    for (const { name: webhook, waiting, delivered, failed, lost, isUp } of webhooks()) {
      samples.add('webhook_waiting', waiting, { webhook });
      samples.add('webhook_delivered', delivered, { webhook });
      samples.add('webhook_failed', failed, { webhook });
      samples.add('webhook_lost', lost, { webhook });
      samples.add('webhook_up', isUp ? 1 : 0, { webhook });
    }
  }

  #addProcess(samples: Samples): void {
    const own = ownProcess();
    samples.addHistogram('event_loop_delay_seconds', this.#loopDelay.histogram);
    samples.add('event_loop_active_seconds', own.loopActiveSeconds);
    for (const [socket, errors] of Object.entries(this.#options.netlinkErrors?.() ?? {}))
      for (const [kind, count] of Object.entries(errors)) samples.add('netlink_errors', count, { socket, kind });
    samples.add('cpu_seconds', own.cpuSeconds);
    samples.add('resident_memory_bytes', own.residentBytes);
    samples.add('heap_bytes', own.heapBytes);
    samples.add('start_time_seconds', own.startSeconds);
    if (own.openDescriptors !== undefined) samples.add('open_descriptors', own.openDescriptors);
    if (own.descriptorLimit !== undefined) samples.add('descriptor_limit', own.descriptorLimit);
  }

  /** The processes beside us. */
  async #addOthers(samples: Samples): Promise<void> {
    const { reload, vrrp, sync, engine } = this.#options;
    const { configuration } = reload;
    const holds = (configuration?.vrrp.instances.length ?? 0) > 0;
    const isPaired = configuration?.globals.pair !== undefined;
    const [report, pair, both, engineStatus] = await Promise.all([
      holds ? this.#within(vrrp?.report()) : undefined,
      isPaired && holds ? this.#within(vrrp?.pair()) : undefined,
      isPaired ? this.#within(sync?.report()) : undefined,
      this.#within(engine?.status()),
    ]);
    if (holds) addVrrp(samples, report);
    if (isPaired) addPair(samples, holds ? pair : 'none', both?.ours);
    if (engineStatus !== undefined) addEngine(samples, engineStatus);
  }

  /** undefined: it does not answer, or not in time. */
  #within<T>(asked: Promise<T> | undefined): Promise<T | undefined> {
    if (asked === undefined) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(ASK_MS, () => resolve(undefined));
      asked.then(resolve, () => resolve(undefined)).finally(cancel);
    });
  }

  #states(known: Table): readonly ServiceState[] {
    const { watch, reload } = this.#options;
    const written = writtenIndex(reload.configuration);
    const states: ServiceState[] = [];
    for (const [name, one] of written) {
      const inForce = known.get(name);
      const settings = (inForce ?? one.service).settings;
      states.push({
        name,
        virtualServer: one.virtual.name,
        engine: engineOf(settings),
        scheduler: settings.scheduler,
        destinations: placesOf(one).rows.map(({ key, server }) => {
          const destination = destinationName(key);
          const weight = inForce?.destinations.get(destination)?.settings.weight;
          return { name: destination, isUp: server === null || watch.isUp(server), weight };
        }),
      });
    }
    for (const [name, { settings, destinations }] of known) {
      if (written.has(name)) continue;
      const rows = [...destinations].map(([destination, one]) => ({
        name: destination,
        isUp: true,
        weight: one.settings.weight,
      }));
      const { scheduler } = settings;
      states.push({ name, virtualServer: undefined, engine: engineOf(settings), scheduler, destinations: rows });
    }
    return states;
  }

  /** Said when it begins and when it is over. */
  #tellLimit(leftOut: number): void {
    const isLimited = leftOut > 0;
    if (isLimited === this.#isLimited) return;
    this.#isLimited = isLimited;
    const { log } = this.#options;
    const { series } = this.#settings;
    if (isLimited) log.warn({ event: 'metrics.limited', series, leftOut });
    else log.info({ event: 'metrics.whole', series });
  }
}

const engineOf = ({ engine }: { readonly engine?: unknown }): string => (engine === undefined ? 'kernel' : 'userspace');

/** A service without what it has for each destination. */
const alone = <T extends { readonly destinations: readonly unknown[] }>(service: T): T => ({
  ...service,
  destinations: [],
});

function* documentOf(samples: Iterable<string>, tables: Iterable<string>, end: string): Generator<string> {
  yield* samples;
  yield* tables;
  yield end;
}
