import type { Configuration, RealServer } from '../config/configuration.js';
import type { Change } from '../model/change.js';
import { type Found, wasUp } from './adoption.js';
import { desired } from './desired.js';
import { serverName, serverNamesOf, virtualServerName } from './names.js';
import { allNames, ownPart } from './ownership.js';
import { plan } from './plan.js';
import { probeMarks } from './probe-services.js';

/** Who is up once a configuration is taken: of servers that are not `isKnown` yet, all but those with `alpha`. */
export function foreseen(
  { virtualServers }: Configuration,
  isUp: (server: string) => boolean,
  isKnown: (server: string) => boolean,
): (server: string) => boolean {
  const waiting = new Set<string>();
  for (const virtual of virtualServers)
    for (const [i, name] of serverNamesOf(virtual).entries())
      if (!isKnown(name) && hasAlpha(virtual.realServers[i]!)) waiting.add(name);
  return (server) => !waiting.has(server) && isUp(server);
}

const hasAlpha = ({ checks }: RealServer): boolean => checks.some(({ pace }) => pace.alpha);

/** What a director that starts with this configuration, and finds this, would change before its first check has ended. Pure. */
export function firstPlan(configuration: Configuration, found: Found): Change[] {
  const up = new Map<string, boolean>();
  for (const virtual of configuration.virtualServers)
    for (const server of virtual.realServers) {
      const assumed = !hasAlpha(server);
      const unchecked = server.checks.length === 0;
      up.set(serverName(virtualServerName(virtual), server), unchecked || (wasUp(found, virtual, server) ?? assumed));
    }
  const { table } = desired(configuration, {
    isUp: (server) => up.get(server) ?? true,
    weightOf: (_, configured) => configured,
    weights: new Map(),
    quorums: new Map(),
    lives: new Map(),
    probeMarks: probeMarks(configuration),
    now: 0,
  });
  return plan(table, ownPart(found.table, new Set([...allNames(configuration).keys(), ...found.last.keys()])));
}
