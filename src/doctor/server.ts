import type { Configuration } from '../config/configuration.js';
import { LvsError } from '../errors.js';
import { canonicalAddress } from '../model/address.js';
import { expectedOf } from './expected.js';
import { examine, type Finding } from './finding.js';
import { factsOf, type Shell } from './look.js';
import { servedBy, serverRules } from './server-rules.js';

/** A real server, looked at from its director. */
export interface Visit {
  /** As ssh knows it, or one of its addresses. */
  readonly host: string;
  readonly server: Shell;
  readonly director: Shell;
  /** Milliseconds since 1970, by the director's clock. */
  readonly wallMs: () => number;
}

/**
 * What is wrong with a machine as a real server of a configuration.
 * @throws LvsError DOCTOR_BLIND, DOCTOR_STRANGER: the configuration has no server with one of its addresses
 */
export async function examineServer(configuration: Configuration, visit: Visit): Promise<readonly Finding[]> {
  const expected = expectedOf(configuration);
  const facts = await factsOf(visit.host, visit.server, []);
  const epoch = Math.round(visit.wallMs() / 1000);
  const named = canonicalAddress(visit.host);
  const addresses = facts.addresses.map(({ address }) => address);
  const served = servedBy(expected, new Set(named === undefined ? addresses : [named, ...addresses]));
  if (served.length === 0) throw new LvsError('DOCTOR_STRANGER', [visit.host]);
  const here = await factsOf('this machine', visit.director, []);
  const directors = new Set([...expected.heldByUs, ...here.addresses.map(({ address }) => address)]);
  return examine(serverRules, { facts, served, directors, director: here, epoch });
}
