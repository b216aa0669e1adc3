import { type DestinationKey, destinationName } from '../model/destination.js';
import { serviceName } from '../model/service.js';
import type { TableService } from '../model/table.js';
import type { Flow } from '../schedulers/scheduler.js';

/** What is asked: a server goes, or has another weight. */
export type Supposition =
  | { readonly do: 'remove'; readonly server: string }
  | { readonly do: 'weight'; readonly server: string; readonly weight: number };

/** A flow that lives now. */
export interface LiveSession {
  readonly service: string;
  /** destinationName. */
  readonly server: string;
  readonly flow: Flow;
}

/** What hashing makes of a service: src/replay/slots.ts. */
export interface Hashing {
  /** Slot → destinationName; undefined: the service's scheduler has no table. Empty: nobody can serve. */
  slotsOf(service: TableService): readonly string[] | undefined;
  /** Where a flow would go if it came anew; undefined: nowhere, or nobody can say. */
  chooserOf(service: TableService): (flow: Flow) => string | undefined;
}

export interface ServiceOutlook {
  readonly service: string;
  readonly slots: number;
  /** Slots of the server itself: they must move. */
  readonly ownSlots: number;
  /** Slots that lead elsewhere than before, the server's own among them. */
  readonly moved: number;
  /** How many had to move, whatever the algorithm: what those lose who have fewer afterwards. */
  readonly least: number;
  /** Slots moved between servers that neither leave nor change: Maglev's disruption. */
  readonly disturbed: number;
  /** By destinationName. */
  readonly before: ReadonlyMap<string, number>;
  readonly after: ReadonlyMap<string, number>;
  readonly sessions: number;
  /** Of a removed server: all of its sessions, if they are not kept. Others keep their server as long as they live. */
  readonly movedSessions: number;
  /** Of the others: those that would go elsewhere if the engine forgot its sessions. */
  readonly restingOnSessions: number;
  /** Why there are no slots to speak of. */
  readonly note?: string;
}

/** What the supposition does to every service that has the server. Sessions are told one by one: there may be millions. */
export class WhatIf {
  readonly #services = new Map<string, Outlook>();

  constructor(services: Iterable<TableService>, supposed: Supposition, hashing: Hashing) {
    for (const service of services) {
      const keys = keysOf(service, supposed.server);
      if (keys.length > 0) this.#services.set(serviceName(service.key), new Outlook(service, keys, supposed, hashing));
    }
  }

  /** None: nobody has the server. */
  get services(): ReadonlySet<string> {
    return new Set(this.#services.keys());
  }

  take(session: LiveSession): void {
    this.#services.get(session.service)?.take(session);
  }

  get outlooks(): readonly ServiceOutlook[] {
    return [...this.#services.values()].map((one) => one.told);
  }
}

export function whatIf(
  services: Iterable<TableService>,
  supposed: Supposition,
  hashing: Hashing,
  sessions: Iterable<LiveSession>,
): readonly ServiceOutlook[] {
  const all = new WhatIf(services, supposed, hashing);
  for (const session of sessions) all.take(session);
  return all.outlooks;
}

/** A server as `10.0.0.1:80`, or all ports of `10.0.0.1`. */
const keysOf = ({ destinations }: TableService, server: string): readonly DestinationKey[] =>
  [...destinations.values()]
    .map(({ key }) => key)
    .filter((key) => destinationName(key) === server || key.address === server);

function supposedService(service: TableService, keys: readonly DestinationKey[], supposed: Supposition): TableService {
  const destinations = new Map(service.destinations);
  for (const key of keys) {
    const name = destinationName(key);
    const { settings } = destinations.get(name)!;
    if (supposed.do === 'remove') destinations.delete(name);
    else destinations.set(name, { key, settings: { ...settings, weight: supposed.weight } });
  }
  return { ...service, destinations };
}

/** One service's. */
class Outlook {
  readonly #slots: Omit<ServiceOutlook, 'sessions' | 'movedSessions' | 'restingOnSessions'>;
  readonly #changed: ReadonlySet<string>;
  readonly #removed: boolean;
  /** undefined: no table, and nobody can say where a flow would go. */
  readonly #choose: ((flow: Flow) => string | undefined) | undefined;
  #sessions = 0;
  #moved = 0;
  #resting = 0;

  constructor(service: TableService, keys: readonly DestinationKey[], supposed: Supposition, hashing: Hashing) {
    this.#changed = new Set(keys.map(destinationName));
    this.#removed = supposed.do === 'remove';
    const later = supposedService(service, keys, supposed);
    const before = hashing.slotsOf(service);
    const after = hashing.slotsOf(later) ?? [];
    this.#choose = before === undefined ? undefined : hashing.chooserOf(later);
    this.#slots = {
      service: serviceName(service.key),
      ...movesOf(before ?? [], after, this.#changed),
      before: count(before ?? []),
      after: count(after),
      ...(before === undefined
        ? { note: `scheduler ${service.settings.scheduler} looks at connections, not at a table` }
        : {}),
    };
  }

  take({ server, flow }: LiveSession): void {
    this.#sessions++;
    if (this.#removed && this.#changed.has(server)) this.#moved++;
    // it stays with its server though its flow would go elsewhere if it came anew
    else if (this.#choose !== undefined && this.#choose(flow) !== server) this.#resting++;
  }

  get told(): ServiceOutlook {
    return {
      ...this.#slots,
      sessions: this.#sessions,
      movedSessions: this.#moved,
      restingOnSessions: this.#resting,
    };
  }
}

function movesOf(
  before: readonly string[],
  after: readonly string[],
  changed: ReadonlySet<string>,
): Pick<ServiceOutlook, 'slots' | 'ownSlots' | 'moved' | 'least' | 'disturbed'> {
  let [ownSlots, moved, disturbed] = [0, 0, 0];
  for (const [slot, server] of before.entries()) {
    const next = after[slot];
    if (changed.has(server)) ownSlots++;
    if (server === next) continue;
    moved++;
    if (!changed.has(server) && !(next !== undefined && changed.has(next))) disturbed++;
  }
  return { slots: before.length, ownSlots, moved, least: leastMoves(count(before), count(after)), disturbed };
}

/** Whoever has fewer slots than before must give up the difference. */
function leastMoves(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): number {
  let least = 0;
  for (const [server, slots] of before) least += Math.max(0, slots - (after.get(server) ?? 0));
  return least;
}

function count(slots: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const server of slots) counts.set(server, (counts.get(server) ?? 0) + 1);
  return counts;
}

const percent = (part: number, whole: number): string => (whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`);

/** For the operator. */
export function whatIfText(supposed: Supposition, outlooks: readonly ServiceOutlook[]): string {
  const what =
    supposed.do === 'remove' ? `removing ${supposed.server}` : `weight ${supposed.weight} for ${supposed.server}`;
  return `${what}:\n${outlooks.map((one) => outlookText(supposed, one)).join('')}`;
}

function outlookText(supposed: Supposition, outlook: ServiceOutlook): string {
  const { service, slots, ownSlots, moved, least, disturbed, before, after, note } = outlook;
  const lines = [`  ${service}`];
  if (note === undefined) {
    lines.push(
      `    slots     ${moved} of ${slots} move (${percent(moved, slots)}), at least ${least} had to; ${ownSlots} are its own, ${disturbed} move between others (${percent(disturbed, slots)})`,
    );
    for (const server of new Set([...before.keys(), ...after.keys()]))
      lines.push(
        `              ${server.padEnd(24)} ${String(before.get(server) ?? 0).padStart(8)} -> ${after.get(server) ?? 0}`,
      );
  } else lines.push(`    slots     none: ${note}`);
  lines.push(...sessionLines(supposed, outlook));
  return `${lines.join('\n')}\n`;
}

function sessionLines(supposed: Supposition, outlook: ServiceOutlook): string[] {
  const { sessions, movedSessions, restingOnSessions } = outlook;
  const stay = supposed.do === 'remove' ? 'unless they are kept (weight 0, drain)' : 'sessions keep their server';
  const lines = [
    `    sessions  ${sessions} live, ${movedSessions} move (${percent(movedSessions, sessions)}); ${stay}`,
  ];
  if (restingOnSessions > 0)
    lines.push(
      `              ${restingOnSessions} stay only because they are remembered: new, they would go elsewhere`,
    );
  return lines;
}
