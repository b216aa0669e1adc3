import type { RealServer, VirtualServer } from '../config/configuration.js';
import { destinationOf } from '../config/configuration.js';
import { destinationName } from '../model/destination.js';
import { serviceName } from '../model/service.js';
import type { Table } from '../model/table.js';
import type { LastApplied } from './ownership.js';

/** What was there when we came: the forwarder's table, and what our state file says of the configuration applied last. */
export interface Found {
  readonly table: Table;
  readonly last: LastApplied;
}

/**
 * What the table that we find says of a server, so that a director killed and started again changes nothing: in the table with
 * weight it was up; there without weight, or gone though the last configuration had it, it was down. undefined: it says nothing.
 */
export function wasUp({ table, last }: Found, { services }: VirtualServer, server: RealServer): boolean | undefined {
  for (const { key } of services) {
    const service = serviceName(key);
    const there = table.get(service);
    if (there === undefined) continue;
    const name = destinationName(destinationOf(key, server));
    const destination = there.destinations.get(name);
    if (destination !== undefined) return destination.settings.weight > 0 || server.settings.weight === 0;
    if (last.get(service)?.includes(name) === true) return false;
  }
  return undefined;
}
