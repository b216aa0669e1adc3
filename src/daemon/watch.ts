import type { CheckStatus } from '../cli/control.js';
import type { BfdCheck, Check, FileCheck } from '../config/check.js';
import type { Configuration, RealServer, VirtualServer } from '../config/configuration.js';
import { virtualServerName } from '../director/names.js';
import type { Outcome } from '../health/check.js';
import type { Belief, FindingEvents } from '../health/finding.js';
import type { Verdict } from '../health/judge.js';
import { Monitor, type Watcher } from '../health/monitor.js';
import type { ProbePorts } from '../health/ports.js';
import { Slots } from '../health/slots.js';
import { type Follow, Listener } from '../health/told.js';
import type { Log } from '../system/log.js';
import { beliefOf, commonBelief, keptServer } from './beliefs.js';
import { checkId, dampingSettings, isAsking, monitorSettings } from './checks.js';
import { dynamicWeight } from './dynamic-weight.js';
import type { HealthMemory } from './health-memory.js';
import type { KeptServer } from './health-state.js';
import type { LocalAddresses } from './local-addresses.js';
import { type Place, placesOf, type Route, type WantedCheck } from './places.js';
import { Probe, type Seat } from './probe.js';

export interface WatchOptions {
  readonly ports: ProbePorts;
  readonly log: Log;
  /** Verdicts or weights changed on servers of this virtual server: told once for all that came in one turn of the event loop. */
  readonly onChange: (virtualServer: string) => void;
  /** What all checks of a server together say, at each verdict of one of them, which is given. Whoever is told compares. */
  readonly onServer: (
    server: string,
    isUp: boolean,
    because: { readonly check: string; readonly detail: string },
  ) => void;
  /** Milliseconds since 1970. */
  readonly wallMs: () => number;
  /** Attempts under way at a time. */
  readonly mostAttempts: number;
  /** What survives us, opened; absent: nothing does. */
  readonly memory?: HealthMemory;
  /** Who tells about the checks that are told. */
  readonly follow?: (check: FileCheck | BfdCheck) => Follow;
  /** Absent: checks are made as they are written. */
  readonly route?: Route;
  /** An attempt begins, so many milliseconds later than it was due. */
  readonly onBegin?: (lateMs: number) => void;
  /** For ha_suspend; absent: every address is taken to be here. */
  readonly addresses?: LocalAddresses;
}

/** What the table says of a server that nobody remembers; undefined: nothing. */
export type Before = (virtual: VirtualServer, server: RealServer) => boolean | undefined;

/** What is left to do when a configuration was taken. */
export interface Followed {
  /** Lets the checks that are new begin; some are told at once. */
  readonly start: () => void;
  /** Servers that are no longer in it keep their verdict until now, when nobody asks for it any more. */
  readonly retire: () => Promise<void>;
}

export interface CheckTotals {
  readonly up: number;
  readonly down: number;
  readonly attempts: number;
  readonly failures: number;
}

type Probes = ReadonlyMap<string, Probe>;
type Seats = ReadonlyMap<string, Seat>;

/** Each is a process: more at a time only slow each other down. */
const MOST_SCRIPTS = 256;
/** The log says no more often than this that attempts had to wait. */
const CROWDED_PAUSE_MS = 60_000;

/** A check before it is shown. Its verdict is that of now. */
export class CheckRow {
  readonly seat: Seat;
  readonly probe: Probe;

  constructor(seat: Seat, probe: Probe) {
    this.seat = seat;
    this.probe = probe;
  }

  get server(): string {
    return this.seat.server;
  }

  get check(): string {
    return this.probe.is;
  }

  get verdict(): CheckStatus['verdict'] {
    return this.probe.finding.judgement.verdict;
  }
}

/** All checks of all servers. A reload hands it another configuration; a check that did not change goes on as it was. */
export class Watch {
  readonly #options: WatchOptions;
  readonly #slots: Slots;
  readonly #scripts: Slots;
  readonly #unwatchAddresses: (() => void) | undefined;
  #seats: Seats = new Map();
  /** The same, by the objects of the configuration. */
  #seatsOf: ReadonlyMap<VirtualServer, readonly Seat[]> = new Map();
  #probes: Probes = new Map();
  #shareProbes: boolean | undefined;
  /** Virtual servers of which somebody is to be told at the end of this turn. */
  readonly #changed = new Set<string>();
  #saidCrowdedMs = Number.NEGATIVE_INFINITY;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#slots = new Slots(options.mostAttempts, () => this.#sayCrowded(this.#slots));
    this.#scripts = new Slots(Math.min(MOST_SCRIPTS, options.mostAttempts), () => this.#sayCrowded(this.#scripts));
    this.#unwatchAddresses = options.addresses?.watch(() => this.#wakeOrRest(this.#seats.values()));
    options.memory?.watch(() => this.#keptServers());
  }

  /** Every check of it succeeds, or there is none. */
  isUp(server: string): boolean {
    for (const { finding } of this.#probesOf(server)) if (finding.judgement.verdict === 'down') return false;
    return true;
  }

  /** It is down, and not because nothing is known of it yet. */
  hasFailed(server: string): boolean {
    return this.#probesOf(server).some(
      ({ finding: { judgement } }) => judgement.proven && judgement.verdict === 'down',
    );
  }

  /** What the checks of a server make of its configured weight. */
  weightOf(server: string, configured: number): number {
    const weights = this.#probesOf(server).map(({ finding }) => finding.weight);
    return dynamicWeight(configured, weights);
  }

  /** Takes the servers of `configuration`; what is asked from now on is about them. */
  follow(configuration: Configuration, before: Before): Followed {
    const { shareProbes } = configuration.globals;
    const isComparable = shareProbes === this.#shareProbes;
    const kept = new Map(isComparable ? this.#unchanged(configuration) : []);
    const others = configuration.virtualServers.filter((virtual) => !kept.has(virtual));
    const places = placesOf(others, {
      share: shareProbes,
      route: this.#options.route,
      before: (server) => (isComparable ? this.#seats.get(server)?.wanted : undefined),
    });
    this.#shareProbes = shareProbes;
    const oldSeats = this.#seats;
    const { probes, fresh } = this.#probesFor(places, before);
    const taken = this.#seatsAt(places, probes);
    const changed = [...taken.values()].filter((seat) => oldSeats.get(seat.server) !== seat);
    const seats = new Map(taken);
    for (const seat of [...kept.values()].flat()) {
      seats.set(seat.server, seat);
      for (let i = 0; i < seat.probes.length; i++) probes.set(seat.wanted[i]!.key, seat.probes[i]!);
    }
    this.#seatsOf = new Map([...kept, ...seatsByVirtual(places, taken)]);
    this.#seats = union(oldSeats, seats);
    this.#probes = union(this.#probes, probes);
    for (const { server, probes } of changed) for (const probe of probes) probe.servers.add(server);
    this.#wakeOrRest(changed);
    return {
      start: () => fresh.forEach(({ watcher }) => watcher.start()),
      retire: () => this.#retire(configuration, oldSeats, seats, probes),
    };
  }

  /** The very virtual servers of the last configuration, with their seats. Where probes are sent may change without them. */
  *#unchanged({ virtualServers }: Configuration): Iterable<[VirtualServer, readonly Seat[]]> {
    for (const virtual of virtualServers) {
      const seats = this.#seatsOf.get(virtual);
      if (seats !== undefined && !seats.some(({ wanted }) => wanted.some(isRouted))) yield [virtual, seats];
    }
  }

  /** Of all checks, each for each server that it is for. */
  get totals(): CheckTotals {
    const totals = { up: 0, down: 0, attempts: 0, failures: 0 };
    for (const { probes } of this.#seats.values())
      for (const { finding } of probes) totals[finding.judgement.verdict]++;
    for (const { finding } of this.#probes.values()) {
      totals.attempts += finding.attempts;
      totals.failures += finding.failures;
    }
    return totals;
  }

  get status(): CheckStatus[] {
    const offsetMs = this.#offsetMs();
    return [...this.#seats.values()].flatMap((seat) => seat.probes.map((probe) => statusOf(seat, probe, offsetMs)));
  }

  /** Of every check, the little that finds it: a large site has 50,000. Made once for a configuration. */
  get rows(): readonly CheckRow[] {
    return rowsOf.get(this.#seats) ?? put(rowsOf, this.#seats, makeRows(this.#seats));
  }

  show({ seat, probe }: CheckRow): CheckStatus {
    return statusOf(seat, probe, this.#offsetMs());
  }

  async stop(): Promise<void> {
    // verdicts stay: the director may still ask for them
    this.#unwatchAddresses?.();
    await stopAll(this.#probes.values());
  }

  #probesOf(server: string): readonly Probe[] {
    return this.#seats.get(server)?.probes ?? nobody;
  }

  /** By key: those that run already, and fresh ones that are not started yet. */
  #probesFor(
    places: readonly Place[],
    before: Before,
  ): { readonly probes: Map<string, Probe>; readonly fresh: readonly Probe[] } {
    const { clock } = this.#options.ports;
    const [now, offsetMs] = [clock.now(), this.#offsetMs()];
    const probes = new Map<string, Probe>();
    const unknown = new Map<string, { readonly want: WantedCheck; readonly beliefs: Belief[] }>();
    for (const { server, virtual, real, checks } of places)
      for (const want of checks) {
        const running = this.#probes.get(want.key);
        if (running !== undefined) {
          probes.set(want.key, running);
          continue;
        }
        const { check, identity, key } = want;
        const kept = this.#keptOf(server, offsetMs);
        const evidence = { check, id: () => checkId(identity), kept, table: before(virtual, real) };
        const { beliefs } = unknown.get(key) ?? put(unknown, key, { want, beliefs: [] });
        beliefs.push(beliefOf(evidence, now, offsetMs));
      }
    const fresh = [...unknown.values()].map(({ want, beliefs }) => {
      const probe = this.#newProbe(want, commonBelief(beliefs));
      probes.set(want.key, probe);
      return probe;
    });
    return { probes, fresh };
  }

  /** Those that are as they were stay as they are. */
  #seatsAt(places: readonly Place[], probes: Probes): Seats {
    const seats = new Map<string, Seat>();
    const sleep = new Map<VirtualServer, Seat['isAsleep']>();
    for (const { server, virtual, virtualServer, checks: wanted } of places) {
      const isAsleep = sleep.get(virtual) ?? put(sleep, virtual, this.#sleepOf(virtual));
      const old = this.#seats.get(server);
      const isSame = old !== undefined && old.wanted === wanted && old.isAsleep === isAsleep;
      if (isSame) seats.set(server, old);
      else seats.set(server, { server, virtualServer, wanted, probes: probesOf(wanted, probes), isAsleep });
    }
    return seats;
  }

  #sleepOf({ haSuspend, services }: VirtualServer): Seat['isAsleep'] {
    const { addresses } = this.#options;
    const own = services.flatMap(({ key }) => (key.by === 'address' ? [key.address] : []));
    if (!haSuspend || addresses === undefined || own.length === 0) return never;
    return () => !own.some((address) => addresses.has(address));
  }

  #newProbe(want: WantedCheck, initial: Belief): Probe {
    const events: FindingEvents = {
      onVerdict: (verdict, outcome) => this.#onVerdict(probe, want.check, verdict, outcome),
      onWeight: () => this.#onWeight(probe),
      onOutcome: (outcome, last) => this.#onOutcome(probe, want.check, outcome, last),
    };
    const probe = new Probe(want, this.#watcherOf(want.check, initial, events));
    return probe;
  }

  #watcherOf(check: Check, initial: Belief, events: FindingEvents): Watcher {
    const { ports, follow = nobodyTells, onBegin } = this.#options;
    if (isAsking(check)) {
      const slots = check.is === 'misc' ? this.#scripts : this.#slots;
      return new Monitor(monitorSettings(check), { ...events, ports, slots, initial, onBegin });
    }
    const damping = dampingSettings(check.pace);
    const options = { ...events, clock: ports.clock, initial, follow: follow(check) };
    return new Listener(damping === undefined ? {} : { damping }, options);
  }

  #onVerdict(probe: Probe, check: Check, verdict: Verdict, outcome: Outcome): void {
    const { log, memory } = this.#options;
    const said = { ...whose(probe), check: check.is };
    log[verdict === 'up' ? 'info' : 'warn']({ event: 'health.verdict', ...said, verdict, ...reason(outcome) });
    if (probe.finding.judgement.flaps.damped) log.warn({ event: 'health.damped', ...said, ...check.pace.damping });
    memory?.changed();
    const because = { check: check.is, detail: outcome.detail };
    for (const server of probe.servers) this.#options.onServer(server, this.isUp(server), because);
    this.#changedAt(probe);
  }

  #onWeight(probe: Probe): void {
    this.#options.memory?.changed();
    this.#changedAt(probe);
  }

  #onOutcome(probe: Probe, check: Check, outcome: Outcome, last: Outcome | undefined): void {
    const { log } = this.#options;
    const said = { ...whose(probe), check: check.is };
    if (outcome.is === 'alive') {
      const { warning } = outcome;
      const isNew = last?.is !== 'alive' || last.warning !== warning;
      if (warning !== undefined && isNew) log.warn({ event: 'health.warning', ...said, warning });
      return;
    }
    const level = check.pace.logAllFailures || outcome.is === 'inconclusive' ? 'warn' : 'debug';
    log[level]({ event: 'health.attempt', ...said, ...reason(outcome) });
  }

  #changedAt({ servers }: Probe): void {
    // after all sockets of this turn have been heard: many verdicts make one look
    if (this.#changed.size === 0) setImmediate(() => this.#sayChanged());
    for (const server of servers) {
      const seat = this.#seats.get(server);
      if (seat !== undefined) this.#changed.add(seat.virtualServer);
    }
  }

  #sayChanged(): void {
    const changed = [...this.#changed];
    this.#changed.clear();
    for (const virtualServer of changed) this.#options.onChange(virtualServer);
  }

  /** A probe rests if all its servers are asleep. */
  #wakeOrRest(seats: Iterable<Seat>): void {
    for (const { probes } of seats)
      for (const { servers, watcher } of probes)
        if (this.#someAwake(servers)) watcher.resume();
        else watcher.rest();
  }

  #someAwake(servers: Iterable<string>): boolean {
    for (const server of servers) if (this.#seats.get(server)?.isAsleep() === false) return true;
    return false;
  }

  async #retire(configuration: Configuration, oldSeats: Seats, seats: Seats, probes: Probes): Promise<void> {
    const { memory } = this.#options;
    const gone = [...this.#probes].flatMap(([key, probe]) => (probes.has(key) ? [] : [probe]));
    this.#seats = seats;
    this.#probes = probes;
    const offsetMs = this.#offsetMs();
    const left = [...oldSeats].filter(([server, seat]) => seats.get(server) !== seat);
    for (const [server, seat] of left) {
      const now = seats.get(server);
      for (const probe of seat.probes) if (now?.probes.includes(probe) !== true) probe.servers.delete(server);
      if (now !== undefined) continue;
      const kept = keptServer(seat.probes, offsetMs);
      if (kept !== undefined) memory?.leave(server, kept);
    }
    this.#wakeOrRest(left.map(([, seat]) => seat));
    const names = new Set(seats.keys());
    for (const virtual of configuration.virtualServers) names.add(virtualServerName(virtual));
    memory?.settle(names);
    await stopAll(gone);
  }

  /** What is known of a server: by the checks it has now, or from before our time. */
  #keptOf(server: string, offsetMs: number): KeptServer | undefined {
    const seat = this.#seats.get(server);
    return seat === undefined ? this.#options.memory?.recall(server) : keptServer(seat.probes, offsetMs);
  }

  *#keptServers(): Iterable<readonly [string, KeptServer]> {
    const offsetMs = this.#offsetMs();
    for (const { server, probes } of this.#seats.values()) {
      const kept = keptServer(probes, offsetMs);
      if (kept !== undefined) yield [server, kept];
    }
  }

  /** How far the time since 1970 is ahead of the clock. */
  #offsetMs(): number {
    return this.#options.wallMs() - this.#options.ports.clock.now();
  }

  #sayCrowded({ limit }: Slots): void {
    const now = this.#options.ports.clock.now();
    if (now - this.#saidCrowdedMs < CROWDED_PAUSE_MS) return;
    this.#saidCrowdedMs = now;
    this.#options.log.warn({ event: 'health.crowded', limit });
  }
}

const nobody: readonly Probe[] = [];

const isRouted = ({ check }: WantedCheck): boolean => 'target' in check && check.target.viaForwarding;

function seatsByVirtual(places: readonly Place[], seats: Seats): ReadonlyMap<VirtualServer, readonly Seat[]> {
  const found = new Map<VirtualServer, Seat[]>();
  for (const { virtual, server } of places) (found.get(virtual) ?? put(found, virtual, [])).push(seats.get(server)!);
  return found;
}

const nobodyTells = (): Follow => (tell) => {
  tell({ is: 'inconclusive', detail: 'nobody tells' });
  return () => undefined;
};

const never = (): boolean => false;

const probesOf = (wanted: readonly WantedCheck[], probes: Probes): readonly Probe[] =>
  wanted.flatMap(({ key }) => probes.get(key) ?? []);

function union<T>(old: ReadonlyMap<string, T>, now: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  const isAll = old.size <= now.size && [...old.keys()].every((key) => now.has(key));
  if (isAll) return now;
  const both = new Map(old);
  for (const [key, value] of now) both.set(key, value);
  return both;
}

function put<K, T>(map: { readonly set: (key: K, value: T) => unknown }, key: K, value: T): T {
  map.set(key, value);
  return value;
}

const reason = (outcome: Outcome): { is: string; why?: string; detail: string } => outcome;

/** The first of its servers, and of how many it is if it is shared. */
function whose({ servers }: Probe): { readonly server: string; readonly servers?: number } {
  const [server = ''] = servers;
  return servers.size > 1 ? { server, servers: servers.size } : { server };
}

const rowsOf = new WeakMap<Seats, readonly CheckRow[]>();

const makeRows = (seats: Seats): readonly CheckRow[] =>
  [...seats.values()].flatMap((seat) => seat.probes.map((probe) => new CheckRow(seat, probe)));

function statusOf(seat: Seat, probe: Probe, offsetMs: number): CheckStatus {
  const { judgement, outcome, sinceMs, attempts, failures, weight } = probe.finding;
  return {
    server: seat.server,
    check: probe.is,
    verdict: judgement.verdict,
    proven: judgement.proven,
    since: sinceMs === undefined ? null : new Date(sinceMs + offsetMs).toISOString(),
    attempts,
    failures,
    last: outcome?.is ?? 'none',
    detail: outcome?.detail ?? '',
    damped: judgement.flaps.damped,
    suspended: probe.watcher.rests,
    servers: probe.servers.size,
    weight: weight ?? null,
  };
}

const stopAll = async (probes: Iterable<Probe>): Promise<void> => {
  await Promise.all([...probes].map(({ watcher }) => watcher.stop()));
};
