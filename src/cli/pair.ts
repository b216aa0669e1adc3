import type { FailoverOrder } from '../pair/failover.js';
import type { SideReport } from '../pair/messages.js';
import type { FailoverResult } from '../pair/pair.js';
import type { PairSeen } from '../pair/sync-report.js';
import { counterpart } from '../pair/facts.js';
import type { InstanceReport } from '../vrrp/report.js';
import { text } from './arguments.js';
import type { Output } from './face.js';
import { describe } from './manual.js';
import { syncRows, syncTrouble } from './pair-sync.js';

/** What lvsctl asks the daemon about the other one. */
export type PairRequest = { readonly do: 'pair' } | { readonly do: 'failover'; readonly order: FailoverOrder };

export const pairCommand = describe(
  {
    program: 'lvsctl',
    name: 'pair',
    summary: 'both directors beside each other, and what differs',
    synopsis: [''],
    shares: ['control', 'json'],
    about: [
      'Both directors of the pair, as they see themselves, and what differs between them (pair_peer in global_defs; docs/vrrp.md).',
    ],
    exit: '0 both are there and agree, 1 something differs, the other one is silent or not to be trusted, or nobody answers.',
  },
  { options: {}, read: (): PairRequest => ({ do: 'pair' }) },
);

export const failoverCommand = describe(
  {
    program: 'lvsctl',
    name: 'failover',
    summary: 'hands virtual routers over to the other director, or takes them',
    synopsis: ['[--to here|peer|NAME|ADDRESS] [INSTANCE...]'],
    shares: ['control', 'json'],
    about: [
      `Hands over virtual routers: the successor takes the addresses and says so, then the predecessor lets go. Of a sync group all or none.
      Without INSTANCE all that are master on one side; without --to away from here, or if nothing is master here, to here. Where the other
      director does not answer within a second, or may not be master, nothing is changed. Until it is started again, or has been master
      again, the predecessor does not preempt.`,
    ],
  },
  {
    options: {
      to: {
        ...text,
        value: 'WHERE',
        fills: ['here', 'peer'],
        help: "where they are to be master: 'here', 'peer', or the router_id or address (pair_source, pair_peer) of one of them",
      },
    },
    words: ['instance'],
    read: ({ to }, routers): PairRequest => ({ do: 'failover', order: { to, routers } }),
  },
);

/** Of a line of JSON; undefined: it is none. */
export function decodePairRequest(told: object): PairRequest | undefined {
  const { do: what, order } = told as Readonly<Record<string, unknown>>;
  if (what === 'pair') return { do: 'pair' };
  if (what !== 'failover' || typeof order !== 'object' || order === null) return undefined;
  const { routers, to } = order as Readonly<Record<string, unknown>>;
  if (!Array.isArray(routers) || !routers.every((name) => typeof name === 'string')) return undefined;
  if (to !== undefined && typeof to !== 'string') return undefined;
  return { do: 'failover', order: { routers, to } };
}

/** Prints both sides. @returns the exit status */
export function printPair(report: PairSeen, json: boolean, output: Output): number {
  output.out(json ? `${JSON.stringify(report)}\n` : pairText(report));
  return report.state === 'connected' && report.theirs !== null && report.differences.length === 0 ? 0 : 1;
}

export const failoverText = ({ to, routers, tookMs }: FailoverResult): string =>
  `${routers.join(', ')}: master ${to === 'here' ? 'here' : 'on the peer'} now (${tookMs.toFixed(1)} ms)\n`;

export function pairText(report: PairSeen): string {
  const { peer, state, stateForMs, why, ours, theirs, differences, refused, sync } = report;
  const where = `${peer.address}:${peer.port}`;
  return [
    `peer at ${where}: ${state} for ${seconds(stateForMs)}${why === null ? '' : `, ${why}`}`,
    ...table([
      ['', `${ours.facts.name} (here)`, theirs?.facts.name ?? '(peer)'],
      ['lvsd', ...sides(ours, theirs, ({ facts }) => facts.software)],
      ...ours.vrrp.instances.map((router) => routerRow(router, theirs)),
      ...(theirs?.vrrp.instances ?? [])
        .filter((router) => counterpart(router, ours.vrrp.instances) === undefined)
        .map((router) => [router.name, '-', routerText(router)]),
      ...directorRows(ours, theirs),
      ...syncRows(sync),
    ]),
    ...syncTrouble(sync),
    ...(refused === 0 ? [] : [`refused connections: ${refused}`]),
    ...(differences.length === 0 ? [] : ['differences:', ...differences.map((one) => `  ${one}`)]),
    '',
  ].join('\n');
}

const sides = (ours: SideReport, theirs: SideReport | null, told: (side: SideReport) => string): [string, string] => [
  told(ours),
  theirs === null ? '?' : told(theirs),
];

const routerRow = (router: InstanceReport, theirs: SideReport | null): string[] => {
  const other = theirs === null ? undefined : counterpart(router, theirs.vrrp.instances);
  return [
    `${router.name} (vrid ${router.vrid})`,
    routerText(router),
    theirs === null ? '?' : other === undefined ? '-' : routerText(other),
  ];
};

/** `master for 12.3 s, priority 150` */
function routerText({
  role,
  priority,
  masterForMs,
  lastAdvertMsAgo,
  master,
  fault,
  held,
  refused,
}: InstanceReport): string {
  const refusedCount = Object.values(refused).reduce((sum, { adverts }) => sum + adverts, 0);
  return [
    `${role}${masterForMs === null ? '' : ` for ${seconds(masterForMs)}`}${fault === null ? '' : ` (${fault})`}`,
    `priority ${priority}`,
    ...(master !== null && lastAdvertMsAgo !== null ? [`heard ${seconds(lastAdvertMsAgo)} ago`] : []),
    ...(held ? ['held'] : []),
    ...(refusedCount === 0 ? [] : [`${refusedCount} adverts refused`]),
  ].join(', ');
}

/** Only what a director has told. */
function directorRows(ours: SideReport, theirs: SideReport | null): string[][] {
  if (ours.facts.director === null && (theirs?.facts.director ?? null) === null) return [];
  const health = ({ facts: { director } }: SideReport): string => {
    const words = Object.values(director?.health ?? {});
    return director === null ? '?' : `${words.filter((word) => word === 'up').length} of ${words.length} up`;
  };
  const services = ({ facts: { director } }: SideReport): string =>
    director === null ? '?' : String(Object.keys(director.services).length);
  const file = ({ facts: { director } }: SideReport): string => director?.file ?? '?';
  const isOneFile = [ours, theirs].some((side) => side?.facts.director?.file !== undefined);
  return [
    ...(isOneFile ? [['file', ...sides(ours, theirs, file)]] : []),
    ['services', ...sides(ours, theirs, services)],
    ['servers', ...sides(ours, theirs, health)],
    ['connections', ...sides(ours, theirs, ({ connections }) => String(connections ?? '?'))],
  ];
}

/** Columns as wide as they must be. */
function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map(([what = '', here = '', there = '']) =>
    `  ${what.padEnd(widths[0] ?? 0)}  ${here.padEnd(widths[1] ?? 0)}  ${there}`.trimEnd(),
  );
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
