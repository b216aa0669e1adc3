import { destinationOf, type Configuration, type RealServer, type VirtualServer } from '../config/configuration.js';
import { destinationName } from '../model/destination.js';
import { defaultServiceSettings, type ServiceKey, serviceFamily } from '../model/service.js';
import type { TableService } from '../model/table.js';
import { serverNamesOf } from './names.js';

/**
 * A probe `via_forwarding` goes to the service's own address, as a client's packet does. So that it comes to the one server that is
 * asked after, the probe's packets carry a mark of that server's own, and a fwmark service with that server alone takes them.
 */

/** Marks of probes begin here: "LV" and three hex digits' worth of room below a million. */
export const FIRST_PROBE_MARK = 0x4c56_0000;
const PROBE_MARKS = 0x10_0000;

/** The service that a probe is sent to: the first that has an address; a mark alone says nothing of where to. */
export const probedService = ({ services }: VirtualServer): (ServiceKey & { readonly by: 'address' }) | undefined =>
  services.map(({ key }) => key).find((key) => key.by === 'address');

const isProbed = ({ checks }: RealServer): boolean =>
  checks.some((check) => 'target' in check && check.target.viaForwarding);

const probed = new WeakMap<VirtualServer, boolean>();

/** Whether any of its servers is probed so; found out once. */
function hasProbes(virtual: VirtualServer): boolean {
  const known = probed.get(virtual);
  if (known !== undefined) return known;
  const found = virtual.realServers.some(isProbed);
  probed.set(virtual, found);
  return found;
}

/**
 * The marks of all servers that are probed so, by serverName. A mark follows from the server's name, so that a reload and a restart
 * give it again; where two names fall together the later one in the file takes the next. Pure.
 */
export function probeMarks({ virtualServers }: Configuration): ReadonlyMap<string, number> {
  const marks = new Map<string, number>();
  const taken = new Set<number>();
  for (const virtual of virtualServers) {
    if (!hasProbes(virtual) || probedService(virtual) === undefined) continue;
    for (const [i, server] of virtual.realServers.entries()) {
      const name = serverNamesOf(virtual)[i]!;
      if (!isProbed(server) || marks.has(name)) continue;
      let offset = hashOf(name) % PROBE_MARKS;
      while (taken.has(offset)) offset = (offset + 1) % PROBE_MARKS;
      taken.add(offset);
      marks.set(name, FIRST_PROBE_MARK + offset);
    }
  }
  return marks;
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c_9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x0100_0193);
  return hash >>> 0;
}

export const probeServiceKey = (service: ServiceKey, mark: number): ServiceKey => ({
  by: 'fwmark',
  family: serviceFamily(service),
  mark,
});

/** It stays in the table whatever the checks say: they live by it. */
export function probeService(virtual: VirtualServer, server: RealServer, mark: number): TableService | undefined {
  const service = probedService(virtual);
  if (service === undefined) return undefined;
  const key = probeServiceKey(service, mark);
  const destination = destinationOf(service, server);
  // a mark has no port: only NAT, which changes it, needs one
  const at = server.settings.method === 'masquerade' ? destination : { ...destination, port: 0 };
  const settings = { ...server.settings, weight: 1, upperThreshold: 0, lowerThreshold: 0 };
  return {
    key,
    settings: { ...defaultServiceSettings(serviceFamily(service)), scheduler: 'rr' },
    destinations: new Map([[destinationName(at), { key: at, settings }]]),
  };
}
