import type { DestinationRow, ListedService } from '../ipvs/rows.js';
import { destinationName } from '../model/destination.js';
import { schedulerFlag, serviceFamily } from '../model/service.js';
import { schedulers } from '../schedulers/catalogue.js';
import {
  type Candidate,
  type Flow,
  isAvailable,
  type Scheduler,
  type SchedulerSettings,
  type Slot,
} from '../schedulers/scheduler.js';
import { gcd } from '../schedulers/wrr.js';

/** Whom the kernel's scheduler takes for a flow that comes now. */
export interface KernelChoice {
  /** undefined: nobody. */
  readonly server: DestinationRow | undefined;
  readonly slot: Slot | undefined;
  /** For the operator. */
  readonly text: string;
  /** Why the kernel may choose otherwise: what decides is something that it does not tell. undefined: it will not. */
  readonly doubt: string | undefined;
}

/** What decides, in words; where there is a table, in front of the slot. */
const waysOfChoice: ReadonlyMap<string, string> = new Map([
  ['rr', 'goes round the servers'],
  ['wrr', 'goes round the servers, heavier ones more often'],
  ['lc', 'looks for the fewest connections'],
  ['wlc', 'looks for the fewest connections for its weight'],
  ['lblc', 'looks for the server that this address had, else for the fewest connections for its weight'],
  ['lblcr', 'looks for the servers that this address had, else for the fewest connections for its weight'],
  ['sed', 'looks for the shortest expected delay'],
  ['nq', 'looks for an idle server, else for the shortest expected delay'],
  ['fo', 'takes the heaviest server'],
  ['ovf', 'takes the heaviest server that has fewer connections than weight'],
]);

/** By src/schedulers, from what netlink tells of the service. Pure. */
export function kernelChoice(service: ListedService, flow: Flow): KernelChoice {
  const { scheduler: name, schedulerFlags: flags } = service.settings;
  const algorithm = schedulers.get(name)?.algorithm;
  if (algorithm === undefined)
    return { server: undefined, slot: undefined, text: `Scheduler ${name} is not known.`, doubt: 'nobody knows it' };
  const settings: SchedulerSettings = { flags, family: serviceFamily(service.key) };
  const candidates = service.destinations.map(candidateOf);
  // of a persistent service all connections are counted, those that were not chosen too
  const isRead = turns.has(name) && !service.settings.persistent;
  const turn = isRead ? turnOf(algorithm, settings, candidates, service.destinations) : undefined;
  const state = turn?.state ?? algorithm.prepare(settings, candidates);
  const { index } = algorithm.choose(settings, candidates, state, flow);
  const slot = algorithm.slot?.(settings, state, flow);
  const server = index === undefined ? undefined : service.destinations[index];
  return {
    server,
    slot,
    text: textOf(service, slot, server),
    doubt: turns.has(name) ? doubtOfTurn(turn !== undefined) : doubtOf(service),
  };
}

/** The kernel does not tell which server it passes over for its threshold, but that is what the numbers say. */
const candidateOf = ({ key, settings, active, inactive }: DestinationRow): Candidate => ({
  key,
  weight: settings.weight,
  active,
  inactive,
  overloaded: settings.upperThreshold > 0 && active + inactive >= settings.upperThreshold,
});

function textOf({ settings, destinations }: ListedService, slot: Slot | undefined, server: DestinationRow | undefined) {
  const { scheduler, schedulerFlags } = settings;
  const how =
    slot === undefined
      ? (waysOfChoice.get(scheduler) ?? 'chooses')
      : `hashes ${hashed(scheduler, schedulerFlags)}: slot ${slot.slot} of ${slot.slots}`;
  if (server === undefined) return `Scheduler ${scheduler} ${how}, and finds nobody who may have it.`;
  const whom = `${destinationName(server.key)} (weight ${server.settings.weight}, ${server.active} active and ${server.inactive} inactive connections, one of ${destinations.length})`;
  return `Scheduler ${scheduler} ${how}, and chooses ${whom}.`;
}

function hashed(scheduler: string, flags: number): string {
  if (scheduler === 'dh') return 'the address asked for';
  return (flags & schedulerFlag.port) === 0 ? "the client's address" : "the client's address and port";
}

/** Those whose next choice depends on whom they chose last. */
const turns: ReadonlySet<string> = new Set(['rr', 'wrr']);

const doubtOfTurn = (isKnown: boolean): string =>
  isKnown
    ? 'whose turn it is was read from the numbers of connections, which the kernel renews every two seconds'
    : 'the kernel does not tell whose turn it is, and the numbers of connections do not show it: they do not come to whole turns';

function doubtOf({ settings, destinations }: ListedService): string | undefined {
  const { scheduler } = settings;
  if (scheduler === 'lblc' || scheduler === 'lblcr')
    return 'the kernel does not tell which servers this address had before';
  if (scheduler === 'mh' && destinations.some((row) => row.settings.weight === 0))
    return 'a server of weight 0 keeps the slots that it had, and the kernel does not tell how many';
  if (destinations.some((row) => row.settings.upperThreshold > 0))
    return 'the kernel does not tell which servers it passes over until they are below their lower threshold';
  return undefined;
}

/** Longer rounds are not gone through. */
const LONGEST_ROUND = 100_000n;

/**
 * Whose turn it is of a scheduler that goes round, from how many connections each server ever got: where these are what so many turns from the
 * start come to, the mark stands where it stands after them. undefined: they are not.
 */
function turnOf<State>(
  algorithm: Scheduler<State>,
  settings: SchedulerSettings,
  candidates: readonly Candidate[],
  rows: readonly DestinationRow[],
): { readonly state: State } | undefined {
  const shares = sharesOf(algorithm, candidates);
  const round = shares.reduce((sum, share) => sum + share, 0n);
  if (round === 0n || round > LONGEST_ROUND) return undefined;
  const counts = rows.map(({ statistics }) => statistics.connections);
  if (candidates.some((candidate, i) => !isAvailable(candidate) && counts[i]! > 0n)) return undefined;
  const total = counts.reduce((sum, count) => sum + count, 0n);
  const expected = shares.map((share) => (total / round) * share);
  let state = algorithm.prepare(settings, candidates);
  for (let rest = total % round; rest > 0n; rest--) {
    const choice = algorithm.choose(settings, candidates, state, NO_FLOW);
    state = choice.state;
    if (choice.index === undefined) return undefined;
    expected[choice.index]!++;
  }
  return expected.every((count, i) => count === counts[i]) ? { state } : undefined;
}

/** Neither looks at it. */
const NO_FLOW: Flow = { client: { address: '0.0.0.0', port: 0 }, virtual: { address: '0.0.0.0', port: 0 } };

/** How many turns each has in a round. */
function sharesOf<State>(algorithm: Scheduler<State>, candidates: readonly Candidate[]): readonly bigint[] {
  const isWeighted = schedulers.get('wrr')?.algorithm === algorithm;
  const weights = candidates.map((candidate) => (isAvailable(candidate) ? (isWeighted ? candidate.weight : 1) : 0));
  const divisor = weights.reduce(gcd, 0) || 1;
  return weights.map((weight) => BigInt(weight / divisor));
}
