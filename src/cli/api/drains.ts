import { wallMs } from '../../system/clock.js';
import { readSeconds, spanText } from '../amounts.js';
import { flag, text, type Wrong } from '../arguments.js';
import { type ApiClient, openApi, segment } from '../api-client.js';
import type { Context } from '../lvsctl-entry.js';
import { describe } from '../manual.js';
import { Patience } from '../patience.js';
import { type Sheet, sheetOf } from '../sheet.js';
import { type Column, tableText } from '../table.js';
import type { ShownDestination } from './documents.js';
import { findServers } from './targets.js';

export interface Drain {
  readonly id: string;
  readonly server: string;
  readonly then: 'keep' | 'remove';
  readonly who: string;
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly until: number;
  readonly state: 'running' | 'drained' | 'deadline' | 'cancelled' | 'gone';
  readonly connections: { readonly active: number; readonly inactive: number; readonly persistent: number };
}

export type DrainOrder =
  | { readonly do: 'list' }
  | {
      readonly do: 'drain';
      readonly server: readonly string[];
      readonly withinSeconds: number;
      readonly then: 'keep' | 'remove';
      readonly wait: boolean;
    };

const USUAL_S = 300;

const SERVER = `SERVER is a name as status has it ('tcp 192.0.2.1:80 -> 10.0.0.1:80'), a service and a server of it, or an address with or without a
  port: then the server of all services that have it.`;

export const drainCommand = describe(
  {
    program: 'lvsctl',
    name: 'drain',
    summary: 'takes a server out of service and waits until nobody is connected to it',
    synopsis: ['', 'SERVER [--within SECONDS] [--then keep|remove] [--wait]'],
    shares: ['api', 'json'],
    about: [
      `No new connection goes to the server, over whatever the file and its checks say; those that there are go on. It ends when the last one has
      ended, or after --within seconds; the server then stays as it is until 'lvsctl undrain', or is removed. Without SERVER, the drains that run and
      those that ended.`,
      SERVER,
    ],
    exit: '0 done, with --wait: nobody is connected; 1 refused, or with --wait: the time was up before that; 2 usage.',
  },
  {
    options: {
      within: { ...text, value: 'SECONDS', help: `until it is given up (default ${USUAL_S})` },
      then: {
        ...text,
        value: 'WHAT',
        fills: ['keep', 'remove'],
        help: 'keep (default): it stays without new connections; remove: it goes, if the API declared it',
      },
      wait: { ...flag, short: 'w', help: 'until it has ended, with the connections that are left' },
    },
    words: ['server', 'nothing'],
    read: ({ within, then = 'keep', wait }, server): DrainOrder | Wrong => {
      if (then !== 'keep' && then !== 'remove') return { wrong: `--then is keep or remove, not '${then}'` };
      if (server.length === 0) return within === undefined && !wait ? { do: 'list' } : { wrong: 'drain which server?' };
      if (server.length > 2) return { wrong: 'a name with blanks stands in quotes' };
      const withinSeconds = within === undefined ? USUAL_S : readSeconds(within);
      if (withinSeconds === undefined) return { wrong: `--within is a number of seconds, not '${within ?? ''}'` };
      return { do: 'drain', server, withinSeconds, then, wait };
    },
  },
);

export interface ServersOrder {
  readonly server: readonly string[];
}

export const undrainCommand = describe(
  {
    program: 'lvsctl',
    name: 'undrain',
    summary: 'a server that is drained takes new connections again',
    synopsis: ['SERVER'],
    shares: ['api', 'json'],
    about: ['Also where the drain has ended and the server was kept.', SERVER],
  },
  {
    options: {},
    words: ['server', 'nothing'],
    read: (_, server): ServersOrder | Wrong =>
      server.length === 1 || server.length === 2 ? { server } : { wrong: 'undrain which server?' },
  },
);

/** Answers with the exit status. @throws LvsError of the client */
export async function drain(order: DrainOrder, context: Context): Promise<number> {
  const { asked, output, environment } = context;
  const api = openApi(asked.api);
  const sheet = sheetOf(output, environment);
  try {
    if (order.do === 'list') {
      const all = await api.rows<Drain>('/v1/drains');
      if (asked.json) output.out(`${JSON.stringify({ items: all, next: null, total: all.length })}\n`);
      else if (all.length === 0) output.err('no drains\n');
      else output.out(tableText(all, drainColumns(wallMs()), sheet));
      return 0;
    }
    const { withinSeconds, then, wait } = order;
    const begun: Drain[] = [];
    for (const server of await findServers(api, order.server))
      begun.push(await api.send<Drain>('POST', `${pathOf(server)}/drain`, { withinSeconds, then }));
    if (wait) return await waitFor(api, begun, context, sheet);
    printDrains(begun, context, sheet);
    return 0;
  } finally {
    api.close();
  }
}

export const pathOf = ({ service, id }: Pick<ShownDestination, 'service' | 'id'>): string =>
  `/v1/services/${segment(service)}/destinations/${segment(id)}`;

function printDrains(drains: readonly Drain[], { asked, output }: Context, sheet: Sheet): void {
  output.out(asked.json ? `${JSON.stringify({ items: drains })}\n` : tableText(drains, drainColumns(wallMs()), sheet));
}

const LOOK_MS = 1000;

/** Says what is left whenever that has changed. Ctrl-C ends the waiting, not the drain. */
async function waitFor(
  api: Pick<ApiClient, 'get'>,
  begun: readonly Drain[],
  context: Context,
  sheet: Sheet,
): Promise<number> {
  const patience = new Patience();
  try {
    let said = '';
    for (;;) {
      const now = await Promise.all(begun.map(({ id }) => api.get<Drain>(`/v1/drains/${segment(id)}`)));
      const left = progressText(now, wallMs());
      if (!context.asked.json && left.count !== said) context.output.err(`${left.text}\n`);
      said = left.count;
      if (now.every(({ state }) => state !== 'running') || patience.isOver()) {
        printDrains(now, context, sheet);
        return now.every(({ state }) => state === 'drained') ? 0 : 1;
      }
      await patience.pause(LOOK_MS);
    }
  } finally {
    patience.close();
  }
}

/** `12 active, 3 inactive; 4 min 3 s are left`. `count` is what is compared. */
export function progressText(
  drains: readonly Drain[],
  nowMs: number,
): { readonly count: string; readonly text: string } {
  const sum = (of: keyof Drain['connections']): number => drains.reduce((all, one) => all + one.connections[of], 0);
  const persistent = sum('persistent');
  const count = `${sum('active')} active, ${sum('inactive')} inactive${persistent === 0 ? '' : `, ${persistent} persistent`}`;
  const until = Math.max(...drains.map((one) => one.until));
  return { count, text: `${count}; ${spanText(until - nowMs)} left` };
}

const inks = { running: 'yellow', drained: 'green', deadline: 'red', cancelled: undefined, gone: 'dim' } as const;
const stateTexts: Readonly<Record<Drain['state'], string>> = {
  running: 'draining',
  drained: 'drained',
  deadline: 'time was up',
  cancelled: 'taken back',
  gone: 'gone',
};

const drainColumns = (nowMs: number): readonly Column<Drain>[] => [
  { title: 'SERVER', of: ({ server }) => server },
  { title: 'STATE', of: ({ state }) => stateTexts[state], ink: ({ state }) => inks[state] },
  { title: 'ACTIVE', align: 'right', of: ({ connections }) => String(connections.active) },
  { title: 'INACTIVE', align: 'right', of: ({ connections }) => String(connections.inactive) },
  { title: 'PERSISTENT', align: 'right', of: ({ connections }) => String(connections.persistent), spare: 1 },
  { title: 'LEFT', align: 'right', of: ({ state, until }) => (state === 'running' ? spanText(until - nowMs) : '-') },
  { title: 'THEN', of: ({ then }) => then, spare: 2 },
  { title: 'WHO', of: ({ who }) => who, spare: 3 },
];
