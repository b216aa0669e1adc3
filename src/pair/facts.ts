/** What two directors tell each other of themselves, and what of it should be equal. Plain data; times are ages in ms, for clocks differ. Pure. */
import type { Family } from '../model/address.js';
import type { Role } from '../vrrp/machine-types.js';

/** A virtual router as both sides know it. */
export interface RouterId {
  /** As in the file of the side that tells it. */
  readonly name: string;
  readonly family: Family;
  readonly vrid: number;
}

/** How it is now. */
export interface RouterState extends RouterId {
  readonly role: Role;
  readonly priority: number;
  /** Of the last advert that this side sent by plan; null: it sends none. */
  readonly advertMsAgo: number | null;
}

/** What must be equal on both sides, in words. */
export interface RouterFacts extends RouterId {
  readonly facts: Readonly<Record<string, string>>;
}

/** What the director knows beside virtual routers. */
export interface DirectorFacts {
  /** Fingerprints of the services, and of the Maglev tables of those that have one, by name. */
  readonly services: Readonly<Record<string, string>>;
  readonly maglev: Readonly<Record<string, string>>;
  /** By the names of `lvsctl status`. */
  readonly health: Readonly<Record<string, 'up' | 'down'>>;
  /** What operators set beside the file, in words, by the same names; absent: this side does not tell. */
  readonly overrides?: Readonly<Record<string, string>>;
  /** Fingerprint of the file, of one that takes pushes: then both have the same. */
  readonly file?: string;
}

/** What one side is, told when it changes. */
export interface SideFacts {
  /** router_id, or the name of the machine. */
  readonly name: string;
  readonly software: string;
  /** Between its heartbeats. */
  readonly beatMs: number;
  readonly routers: readonly RouterFacts[];
  /** null: its director has told nothing. */
  readonly director: DirectorFacts | null;
}

/**
 * The same virtual router among those of the other side: the only one of this VRID and family, or of several the one with the same name, for a
 * VRID may be used on two links.
 */
export function counterpart<Id extends RouterId>(
  { name, family, vrid }: RouterId,
  others: readonly Id[],
): Id | undefined {
  const same = others.filter((other) => other.family === family && other.vrid === vrid);
  return same.length === 1 ? same[0] : same.find((other) => other.name === name);
}

/** As sentences; none: all is equal. */
export function differences(ours: SideFacts, theirs: SideFacts): readonly string[] {
  return [
    ...different('software', ours.software, theirs.software),
    ...ours.routers.flatMap((router) => routerDifferences(router, counterpart(router, theirs.routers))),
    ...theirs.routers.flatMap((router) =>
      counterpart(router, ours.routers) === undefined ? [`${routerName(router)} is there only`] : [],
    ),
    ...(ours.director === null || theirs.director === null ? [] : directorDifferences(ours.director, theirs.director)),
  ];
}

const routerName = ({ name, vrid, family }: RouterId): string =>
  `${name} (vrid ${vrid}${family === 'ip6' ? ', IPv6' : ''})`;

function routerDifferences(ours: RouterFacts, theirs: RouterFacts | undefined): readonly string[] {
  if (theirs === undefined) return [`${routerName(ours)} is here only`];
  const words = new Set([...Object.keys(ours.facts), ...Object.keys(theirs.facts)]);
  return [...words].flatMap((word) => {
    const [here, there] = [ours.facts[word] ?? 'nothing', theirs.facts[word] ?? 'nothing'];
    if (word === 'priority')
      return here === there ? [`${ours.name}: priority ${here} on both sides: who is master is left to addresses`] : [];
    return different(`${ours.name}: ${word}`, here, there);
  });
}

const directorDifferences = (ours: DirectorFacts, theirs: DirectorFacts): readonly string[] => [
  ...(ours.file === undefined || theirs.file === undefined
    ? []
    : different('configuration file', ours.file, theirs.file)),
  ...mapDifferences('service', ours.services, theirs.services),
  ...mapDifferences('Maglev table of', ...onBoth(ours.maglev, theirs.maglev)),
  ...mapDifferences('health of', ours.health, theirs.health),
  ...(ours.overrides === undefined || theirs.overrides === undefined
    ? []
    : mapDifferences('override of', ours.overrides, theirs.overrides)),
];

const mapDifferences = (
  what: string,
  ours: Readonly<Record<string, string>>,
  theirs: Readonly<Record<string, string>>,
): readonly string[] =>
  [...new Set([...Object.keys(ours), ...Object.keys(theirs)])].flatMap((name) =>
    different(`${what} ${name}`, ours[name] ?? 'none', theirs[name] ?? 'none'),
  );

/** Tables are computed one after the other: what is not known on one side is no difference. */
function onBoth(
  ours: Readonly<Record<string, string>>,
  theirs: Readonly<Record<string, string>>,
): readonly [Readonly<Record<string, string>>, Readonly<Record<string, string>>] {
  const within = (one: typeof ours, other: typeof theirs): typeof ours =>
    Object.fromEntries(Object.entries(one).filter(([name]) => other[name] !== undefined));
  return [within(ours, theirs), within(theirs, ours)];
}

const different = (what: string, here: string, there: string): readonly string[] =>
  here === there ? [] : [`${what}: ${here} here, ${there} there`];
