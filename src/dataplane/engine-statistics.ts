import type { Statistics } from '../model/statistics.js';
import type { Clock } from '../system/clock.js';
import type { EngineCounters } from './counters.js';
import type { ImageOrder } from './services-image.js';

export interface DestinationStatistics {
  readonly statistics: Statistics;
  /** Sessions now: established or beginning, and ended but not yet forgotten; as ActiveConn and InActConn of IPVS. */
  readonly activeConnections: number;
  readonly inactiveConnections: number;
}

export interface ServiceStatistics {
  readonly statistics: Statistics;
  /** By destinationName. */
  readonly destinations: ReadonlyMap<string, DestinationStatistics>;
}

const noRates = { connectionRate: 0n, inPacketRate: 0n, outPacketRate: 0n, inByteRate: 0n, outByteRate: 0n };

/** Totals by name; rates are 0. A table that was published a moment ago may have more names than numbers. */
export function statisticsOf(counters: EngineCounters, order: ImageOrder): Map<string, ServiceStatistics> {
  const all = new Map<string, { statistics: Statistics; destinations: Map<string, DestinationStatistics> }>();
  for (const [i, name] of order.services.entries()) {
    const row = counters.services[i];
    if (row === undefined) continue;
    const statistics = {
      connections: row.connections,
      inPackets: row.existing + row.first + row.untracked,
      outPackets: row.packetsOut,
      inBytes: row.bytesIn,
      outBytes: row.bytesOut,
      ...noRates,
    };
    all.set(name, { statistics, destinations: new Map() });
  }
  for (const [i, { service, destination }] of order.destinations.entries()) {
    const row = counters.destinations[i];
    if (row === undefined) continue;
    const statistics = {
      connections: row.connections,
      inPackets: row.packetsIn,
      outPackets: row.packetsOut,
      inBytes: row.bytesIn,
      outBytes: row.bytesOut,
      ...noRates,
    };
    all.get(service)?.destinations.set(destination, {
      statistics,
      activeConnections: Number(row.active),
      inactiveConnections: Number(row.inactive),
    });
  }
  return all;
}

/** Rates are of at least so long a time. */
const SHORTEST_MS = 1000;

type Rates = typeof noRates;

/** Rates per second between two askings at least a second apart, whoever asks; before that there are none. */
export class RateMeter {
  readonly #clock: Clock;
  #last: { readonly atMs: number; readonly totals: ReadonlyMap<string, Statistics> } | undefined;
  #rates: ReadonlyMap<string, Rates> = new Map();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  rated(services: ReadonlyMap<string, ServiceStatistics>): ReadonlyMap<string, ServiceStatistics> {
    this.#take(flat(services));
    const rated = (name: string, total: Statistics): Statistics => ({ ...total, ...this.#rates.get(name) });
    return new Map(
      [...services].map(([service, { statistics, destinations }]) => [
        service,
        {
          statistics: rated(service, statistics),
          destinations: new Map(
            [...destinations].map(([to, one]) => [
              to,
              { ...one, statistics: rated(`${service} -> ${to}`, one.statistics) },
            ]),
          ),
        },
      ]),
    );
  }

  #take(totals: ReadonlyMap<string, Statistics>): void {
    const atMs = this.#clock.now();
    const last = this.#last;
    if (last !== undefined && atMs - last.atMs < SHORTEST_MS) return;
    this.#last = { atMs, totals };
    if (last !== undefined) this.#rates = ratesBetween(last.totals, totals, atMs - last.atMs);
  }
}

function flat(services: ReadonlyMap<string, ServiceStatistics>): ReadonlyMap<string, Statistics> {
  const all = new Map<string, Statistics>();
  for (const [service, { statistics, destinations }] of services) {
    all.set(service, statistics);
    for (const [to, one] of destinations) all.set(`${service} -> ${to}`, one.statistics);
  }
  return all;
}

/** Of what has both; a counter that began anew has none this time. */
function ratesBetween(
  before: ReadonlyMap<string, Statistics>,
  now: ReadonlyMap<string, Statistics>,
  ms: number,
): ReadonlyMap<string, Rates> {
  const time = BigInt(Math.round(ms));
  const perSecond = (from: bigint, to: bigint): bigint => (to > from ? ((to - from) * 1000n) / time : 0n);
  const rates = new Map<string, Rates>();
  for (const [name, to] of now) {
    const from = before.get(name);
    if (from === undefined) continue;
    rates.set(name, {
      connectionRate: perSecond(from.connections, to.connections),
      inPacketRate: perSecond(from.inPackets, to.inPackets),
      outPacketRate: perSecond(from.outPackets, to.outPackets),
      inByteRate: perSecond(from.inBytes, to.inBytes),
      outByteRate: perSecond(from.outBytes, to.outBytes),
    });
  }
  return rates;
}
