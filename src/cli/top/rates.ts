import { destinationText, serviceText } from '../names.js';
import type { Counters, ServiceCounters } from '../api/documents.js';

/** What was counted at one moment. */
export interface Sample {
  /** Milliseconds since 1970, of the director's clock. */
  readonly at: number;
  readonly services: readonly ServiceCounters[];
}

export type RateName = 'connections' | 'inPackets' | 'outPackets' | 'inBytes' | 'outBytes';
const rateNames: readonly RateName[] = ['connections', 'inPackets', 'outPackets', 'inBytes', 'outBytes'];

/** A service or a server, a second long. */
export interface Row extends Readonly<Record<RateName, number | null>> {
  /** Unique: of a server that of its service too. */
  readonly id: string;
  readonly service: string;
  /** Its name without that of its service; null: it is one. */
  readonly server: string | null;
  readonly name: string;
  readonly active: number;
  readonly inactive: number;
}

/** Between two samples. A rate that nobody knows yet is null; counters that were zeroed meanwhile give 0. */
export interface Rates {
  readonly at: number;
  readonly seconds: number;
  readonly services: readonly Row[];
  readonly servers: readonly Row[];
}

export function ratesOf(before: Sample | undefined, after: Sample): Rates {
  const seconds = before === undefined ? 0 : Math.max(0, after.at - before.at) / 1000;
  const past = new Map(before?.services.map((one) => [one.id, one]));
  const services: Row[] = [];
  const servers: Row[] = [];
  for (const service of after.services) {
    const was = past.get(service.id);
    const { id } = service;
    const name = serviceText(id);
    services.push(rowOf(service, was, seconds, { id, service: id, server: null, name }));
    const pastOf = new Map(was?.destinations.map((one) => [one.id, one]));
    for (const one of service.destinations) {
      const server = destinationText(one.id);
      const names = { id: `${id} ${one.id}`, service: id, server, name: `${name} -> ${server}` };
      servers.push(rowOf(one, pastOf.get(one.id), seconds, names));
    }
  }
  return { at: after.at, seconds, services, servers };
}

function rowOf(
  now: Counters,
  was: Counters | undefined,
  seconds: number,
  names: Pick<Row, 'id' | 'service' | 'server' | 'name'>,
): Row {
  const rate = (name: RateName): number | null =>
    was === undefined || seconds === 0 ? null : Math.max(0, now[name] - was[name]) / seconds;
  const rates = Object.fromEntries(rateNames.map((name) => [name, rate(name)])) as Record<RateName, number | null>;
  return { ...names, ...rates, active: now.active, inactive: now.inactive };
}
