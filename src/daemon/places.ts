import type { AskingCheck, Check } from '../config/check.js';
import type { RealServer, VirtualServer } from '../config/configuration.js';
import { serverNamesOf, virtualServerName } from '../director/names.js';
import { checkIdentity, isAsking, probeKey, sameCheck } from './checks.js';

/** A real server of a configuration, and what is to be watched for it. */
export interface Place {
  readonly server: string;
  readonly virtual: VirtualServer;
  readonly virtualServer: string;
  readonly real: RealServer;
  readonly checks: readonly WantedCheck[];
}

export interface WantedCheck {
  /** As it is to be made. */
  readonly check: Check;
  readonly identity: string;
  /** The same for checks that are one probe. */
  readonly key: string;
}

/** The check as it is to be made, of one as it is written. */
export type Route = (virtual: VirtualServer, real: RealServer, check: AskingCheck) => AskingCheck;

export interface PlacesOptions {
  /** share_probes. */
  readonly share: boolean;
  readonly route: Route | undefined;
  /** What was wanted of a server before, while `share_probes` was the same: kept where it is still so, which costs far less. */
  readonly before: (server: string) => readonly WantedCheck[] | undefined;
}

/** Every real server once, and each of its checks once. Pure, but for what `route` knows. */
export function placesOf(virtualServers: readonly VirtualServer[], options: PlacesOptions): readonly Place[] {
  const { share, route, before } = options;
  const places = new Map<string, Place>();
  for (const virtual of virtualServers) {
    const virtualServer = virtualServerName(virtual);
    const names = serverNamesOf(virtual);
    for (const [i, real] of virtual.realServers.entries()) {
      const server = names[i]!;
      if (places.has(server)) continue;
      const checks =
        route === undefined ? real.checks : real.checks.map((check) => routed(check, virtual, real, route));
      const wanted = before(server);
      const same = wanted !== undefined && asBefore(wanted, checks);
      places.set(server, {
        server,
        virtual,
        virtualServer,
        real,
        checks: same ? wanted : wantedOf(server, checks, share),
      });
    }
  }
  return [...places.values()];
}

const routed = (check: Check, virtual: VirtualServer, real: RealServer, route: Route): Check =>
  isAsking(check) ? route(virtual, real, check) : check;

function asBefore(wanted: readonly WantedCheck[], checks: readonly Check[]): boolean {
  if (wanted.length !== checks.length) return false;
  for (let i = 0; i < checks.length; i++) if (!sameCheck(wanted[i]!.check, checks[i]!)) return false;
  return true;
}

function wantedOf(server: string, checks: readonly Check[], share: boolean): readonly WantedCheck[] {
  const wanted = new Map<string, WantedCheck>();
  for (const check of checks) {
    const identity = checkIdentity(check);
    const key = probeKey(server, check, identity, share);
    wanted.set(key, { check, identity, key });
  }
  return [...wanted.values()];
}
