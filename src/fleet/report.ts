/**
 * fleet/ — many directors that share one desired state in etcd, and tell there how they are.
 * codec: etcd-codec.ts · rules: documents.ts, report.ts, last-good.ts · owners: etcd-http.ts, etcd.ts, fleet.ts (follows and reports), desk.ts (an operator's orders)
 */

/** What a director knows of itself beside the documents. */
export interface DirectorFacts {
  readonly software: string;
  /** Of all that is configured: the file's services and the fleet's. */
  readonly services: number;
  /** Of what is configured of the fleet's services; equal where equal. */
  readonly configured: string;
  /** Of the Maglev tables of the fleet's services, by serviceName; not more than MOST_TABLES. */
  readonly maglev: Readonly<Record<string, string>>;
  readonly servers: { readonly up: number; readonly down: number };
  /** Names of virtual servers; not more than MOST_NAMES. */
  readonly quorumLost: readonly string[];
  /** Changes that the kernel or the engine did not take. */
  readonly refusedChanges: number;
  /** Prefixes; null: no routing daemon is told. Not more than MOST_NAMES. */
  readonly announced: readonly string[] | null;
  /** Everything, by an operator. */
  readonly withdrawn: boolean;
}

export const MOST_TABLES = 64;
export const MOST_NAMES = 64;

/** What a director says of itself in etcd, under its lease. */
export interface DirectorReport extends DirectorFacts {
  readonly name: string;
  /** One run of a director: two of one name have two. */
  readonly run: string;
  /** Of the newest state of the documents that it has seen. */
  readonly seen: number;
  /** Of those that are in force; null: none. */
  readonly applied: AppliedReport | null;
  /** Why the newest ones are not in force; empty: they are. */
  readonly refused: readonly string[];
}

export interface AppliedReport {
  /** Of the store, when they were read. */
  readonly revision: number;
  /** Of their texts. */
  readonly documents: string;
  readonly names: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

/** Of the text that a director wrote, perhaps one of another release: what it does not say is empty. undefined: it is none. */
export function readReport(text: string): DirectorReport | undefined {
  const told = parsed(text);
  if (told === undefined || typeof told['name'] !== 'string' || typeof told['run'] !== 'string') return undefined;
  const applied = object(told['applied']);
  const servers = object(told['servers']);
  return {
    name: told['name'],
    run: told['run'],
    software: string(told['software'], '?'),
    seen: number(told['seen']),
    applied:
      applied === undefined
        ? null
        : {
            revision: number(applied['revision']),
            documents: string(applied['documents'], '?'),
            names: strings(applied['names']),
          },
    refused: strings(told['refused']),
    services: number(told['services']),
    configured: string(told['configured'], '?'),
    maglev: Object.fromEntries(
      Object.entries(object(told['maglev']) ?? {}).filter((one): one is [string, string] => typeof one[1] === 'string'),
    ),
    servers: { up: number(servers?.['up']), down: number(servers?.['down']) },
    quorumLost: strings(told['quorumLost']),
    refusedChanges: number(told['refusedChanges']),
    announced: Array.isArray(told['announced']) ? strings(told['announced']) : null,
    withdrawn: told['withdrawn'] === true,
  };
}

function parsed(text: string): Json | undefined {
  try {
    return object(JSON.parse(text));
  } catch {
    return undefined;
  }
}

const object = (told: unknown): Json | undefined =>
  typeof told === 'object' && told !== null && !Array.isArray(told) ? (told as Json) : undefined;
const string = (told: unknown, otherwise: string): string => (typeof told === 'string' ? told : otherwise);
const number = (told: unknown): number => (typeof told === 'number' && Number.isFinite(told) ? told : 0);
const strings = (told: unknown): readonly string[] =>
  Array.isArray(told) ? told.filter((one): one is string => typeof one === 'string') : [];

/**
 * What is not as it should be among directors that follow the same documents: each as a sentence that begins with a name. `wanted` is the
 * fingerprint of the documents that a director has to follow, by its name.
 */
export function differences(
  reports: readonly DirectorReport[],
  wanted: (director: string) => string,
): readonly string[] {
  const said: string[] = [];
  for (const one of reports) {
    if (one.refused.length > 0) said.push(`${one.name} refuses the newest documents: ${one.refused.join('; ')}`);
    else if (one.applied?.documents !== wanted(one.name))
      said.push(`${one.name} has not applied the newest documents yet`);
    if (one.refusedChanges > 0)
      said.push(`${one.name}: ${one.refusedChanges} changes were refused by what forwards there`);
    if (one.withdrawn) said.push(`${one.name} announces nothing: an operator withdrew everything`);
  }
  const alike = groupsOf(
    reports.filter(({ applied }) => applied !== null),
    ({ applied }) => applied!.documents,
  );
  for (const group of alike) {
    tell(said, group, 'what they make of the same documents', ({ configured }) => configured);
    const services = new Set(group.flatMap(({ maglev }) => Object.keys(maglev)));
    for (const service of [...services].sort())
      tell(
        said,
        group.filter(({ maglev }) => maglev[service] !== undefined),
        `the Maglev table of ${service}`,
        ({ maglev }) => maglev[service]!,
      );
  }
  tell(said, reports, 'the release of lvsd', ({ software }) => software);
  return said;
}

function groupsOf(
  reports: readonly DirectorReport[],
  by: (one: DirectorReport) => string,
): readonly DirectorReport[][] {
  const groups = new Map<string, DirectorReport[]>();
  for (const one of reports) groups.set(by(one), [...(groups.get(by(one)) ?? []), one]);
  return [...groups.values()];
}

/** `a, b differ in WHAT: x (a), y (b)`. */
function tell(
  said: string[],
  reports: readonly DirectorReport[],
  what: string,
  by: (one: DirectorReport) => string,
): void {
  const groups = groupsOf(reports, by);
  if (groups.length < 2) return;
  const sides = groups.map((group) => `${by(group[0]!)} (${group.map(({ name }) => name).join(', ')})`);
  said.push(`${reports.map(({ name }) => name).join(', ')} differ in ${what}: ${sides.join(', ')}`);
}
