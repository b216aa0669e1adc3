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

interface Sample {
  readonly atMs: number;
  readonly services: ReadonlyMap<string, ServiceStatistics>;
}

/** Rates per second between two askings at least a second apart, whoever asks; before that there are none. */
export class RateMeter {
  readonly #clock: Clock;
  #before: Sample | undefined;
  #last: Sample | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  rated(services: ReadonlyMap<string, ServiceStatistics>): ReadonlyMap<string, ServiceStatistics> {
    const atMs = this.#clock.now();
    if (this.#last === undefined || atMs - this.#last.atMs >= SHORTEST_MS) {
      this.#before = this.#last;
      this.#last = { atMs, services };
    }
    const [from, to] = [this.#before, this.#last];
    if (from === undefined) return services;
    const perSecond = 1000 / (to.atMs - from.atMs);
    const all = new Map<string, ServiceStatistics>();
    for (const [name, { statistics, destinations }] of services) {
      const [before, last] = [from.services.get(name), to.services.get(name)];
      const rated = new Map<string, DestinationStatistics>();
      for (const [server, one] of destinations) {
        const [was, is] = [before?.destinations.get(server), last?.destinations.get(server)];
        rated.set(server, {
          ...one,
          statistics: withRates(one.statistics, was?.statistics, is?.statistics, perSecond),
        });
      }
      all.set(name, {
        statistics: withRates(statistics, before?.statistics, last?.statistics, perSecond),
        destinations: rated,
      });
    }
    return all;
  }
}

/** A counter that began anew has none this time. */
function withRates(
  total: Statistics,
  from: Statistics | undefined,
  to: Statistics | undefined,
  perSecond: number,
): Statistics {
  if (from === undefined || to === undefined) return total;
  const rate = (before: bigint, now: bigint): bigint =>
    now > before ? BigInt(Math.round(Number(now - before) * perSecond)) : 0n;
  return {
    ...total,
    connectionRate: rate(from.connections, to.connections),
    inPacketRate: rate(from.inPackets, to.inPackets),
    outPacketRate: rate(from.outPackets, to.outPackets),
    inByteRate: rate(from.inBytes, to.inBytes),
    outByteRate: rate(from.outBytes, to.outBytes),
  };
}
