import type { Configuration, RealServer, SorryServer, VirtualServer, VirtualService } from '../config/configuration.js';
import { destinationOf } from '../config/configuration.js';
import { hasQuorum } from '../health/quorum.js';
import { destinationName } from '../model/destination.js';
import { serviceName } from '../model/service.js';
import type { Table, TableDestination, TableService } from '../model/table.js';
import { climbingWeight, follow, guarded, type Life, placeOfIdle } from './lives.js';
import { serverNamesOf, virtualServerName } from './names.js';
import { probeService } from './probe-services.js';

/** What is known beside the file. */
export interface Circumstances {
  /** By serverName. A server nobody checks is up. */
  readonly isUp: (server: string) => boolean;
  /** What checks make of a configured weight (misc_dynamic, FILE_CHECK), by serverName. */
  readonly weightOf: (server: string, configured: number) => number;
  /** Weights that an operator set, by serverName; they hold over all others. */
  readonly weights: ReadonlyMap<string, number>;
  /** Which virtual servers had their quorum until now, by virtualServerName; absent: was never asked. */
  readonly quorums: ReadonlyMap<string, boolean>;
  /** The same of a director before us, by virtualServerName; undefined: nobody knows. */
  readonly hadQuorum?: (virtualServer: string) => boolean | undefined;
  /** What was remembered of servers, by serverName. */
  readonly lives: ReadonlyMap<string, Life>;
  /** The marks of probes that go through the forwarding of one server, by serverName. */
  readonly probeMarks: ReadonlyMap<string, number>;
  /** Milliseconds of the clock. */
  readonly now: number;
}

export interface Desired {
  readonly table: Table;
  /** Which have it now. */
  readonly quorums: ReadonlyMap<string, boolean>;
  /** Of every server that was looked at. */
  readonly lives: ReadonlyMap<string, Life>;
  /** Servers that are down and stay in service (pool_guard), by virtualServerName; none: no entry. */
  readonly held: ReadonlyMap<string, readonly string[]>;
  /** When the table changes by itself, by virtualServerName; never: no entry. */
  readonly wakes: ReadonlyMap<string, number>;
}

/** File x health x overrides x time = the table that should be. Pure. */
export function desired(configuration: Configuration, now: Circumstances): Desired {
  const table = new Map<string, TableService>();
  const quorums = new Map<string, boolean>();
  const lives = new Map<string, Life>();
  const held = new Map<string, readonly string[]>();
  const wakes = new Map<string, number>();
  for (const virtual of configuration.virtualServers) {
    const name = virtualServerName(virtual);
    const before = now.quorums.get(name);
    const names = serverNamesOf(virtual);
    const servers = virtual.realServers.map((server, i) => situation(names[i]!, server, before === undefined, now));
    for (const { name, life } of servers) lives.set(name, life);
    const quorum = quorumOf(virtual, servers, before ?? now.hadQuorum?.(name) ?? !virtual.alpha);
    quorums.set(name, quorum);

    const standsIn = !quorum && virtual.sorryServer !== undefined;
    const keptIn = standsIn
      ? nobody
      : guarded(
          virtual.guardPercent,
          servers.map(({ life }) => life),
        );
    if (keptIn.size > 0)
      held.set(
        name,
        [...keptIn].map((i) => servers[i]!.name),
      );
    const { places, untilMs } = placesOf(virtual, servers, keptIn, standsIn, now.now);
    if (untilMs < Number.POSITIVE_INFINITY) wakes.set(name, untilMs);
    for (const service of virtual.services) {
      const destinations = destinationsOf(service, virtual.sorryServer, places, standsIn);
      table.set(serviceName(service.key), { ...service, destinations });
    }
    for (const { server, name } of servers) {
      const mark = now.probeMarks.get(name);
      const probe = mark === undefined ? undefined : probeService(virtual, server, mark);
      if (probe !== undefined) table.set(serviceName(probe.key), probe);
    }
  }
  return { table, quorums, lives, held, wakes };
}

const nobody: ReadonlySet<number> = new Set();

interface Situation {
  readonly name: string;
  readonly server: RealServer;
  readonly life: Life;
  /** All of it, when it does not climb. */
  readonly weight: number;
  /** An operator wants no new connections for it; those that it has shall go on. */
  readonly isOut: boolean;
}

function situation(name: string, server: RealServer, isNew: boolean, known: Circumstances): Situation {
  const life = follow(known.lives.get(name), known.isUp(name), isNew, server, known.now);
  const own = known.weights.get(name);
  return { name, server, life, weight: own ?? known.weightOf(name, server.settings.weight), isOut: own === 0 };
}

function quorumOf(virtual: VirtualServer, servers: readonly Situation[], before: boolean): boolean {
  let [live, total] = [0, 0];
  for (const { life, weight } of servers) {
    total += weight;
    if (life.up) live += weight;
  }
  return hasQuorum(virtual, before, live, total);
}

/** A server of the table with its weight, which may be 0. */
interface Place {
  readonly server: RealServer;
  readonly weight: number;
}

/** A lost quorum changes nothing unless a sorry server stands in; then it does so for all of them, the live ones too, but for who drains. */
function placesOf(
  virtual: VirtualServer,
  servers: readonly Situation[],
  keptIn: ReadonlySet<number>,
  standsIn: boolean,
  now: number,
): { readonly places: readonly Place[]; readonly untilMs: number } {
  const places: Place[] = [];
  let untilMs = Number.POSITIVE_INFINITY;
  for (const [i, { server, life, weight, isOut }] of servers.entries()) {
    if ((life.up || keptIn.has(i)) && (!standsIn || isOut)) {
      const climb = climbingWeight(virtual.slowStart, life, weight, now);
      untilMs = Math.min(untilMs, climb.untilMs);
      places.push({ server, weight: climb.value });
    } else {
      const place = placeOfIdle(virtual, server, life, now);
      untilMs = Math.min(untilMs, place.untilMs);
      if (place.value === 'idle') places.push({ server, weight: 0 });
    }
  }
  return { places, untilMs };
}

function destinationsOf(
  { key }: VirtualService,
  sorry: SorryServer | undefined,
  places: readonly Place[],
  standsIn: boolean,
): ReadonlyMap<string, TableDestination> {
  const destinations = new Map<string, TableDestination>();
  const put = (server: RealServer | SorryServer, weight: number): void => {
    const destination = destinationOf(key, server);
    const name = destinationName(destination);
    // written twice (a sorry server that is also a real server): the one with weight is meant
    if ((destinations.get(name)?.settings.weight ?? 0) > 0) return;
    const settings = weight === server.settings.weight ? server.settings : { ...server.settings, weight };
    destinations.set(name, { key: destination, settings });
  };
  for (const { server, weight } of places) put(server, weight);
  if (standsIn && sorry !== undefined) put(sorry, sorry.settings.weight);
  else if (sorry?.inhibit === true) put(sorry, 0);
  return destinations;
}
