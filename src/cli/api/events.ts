import { isLvsError } from '../../errors.js';
import { momentText } from '../amounts.js';
import { flag, text, type Wrong } from '../arguments.js';
import { type ApiClient, openApi } from '../api-client.js';
import { harmless } from '../check/excerpt.js';
import type { Output } from '../face.js';
import type { Context } from '../lvsctl-entry.js';
import { describe } from '../manual.js';
import { Patience } from '../patience.js';
import { type Sheet, sheetOf } from '../sheet.js';
import type { ShownEvent } from './documents.js';
import { eventReader } from './event-stream.js';

export interface EventsOrder {
  readonly follow: boolean;
  /** Behind this event; undefined: the last `most` of those that are kept. */
  readonly since?: number;
  readonly most: number;
  readonly filter: { readonly event?: string; readonly level?: string };
}

const USUAL = 20;
const LEVELS = ['info', 'warn', 'error'] as const;

export const eventsCommand = describe(
  {
    program: 'lvsctl',
    name: 'events',
    summary: 'what happened, and what happens',
    synopsis: ['[-f] [--since ID] [-n N] [--level LEVEL] [EVENT...]'],
    shares: ['api', 'json'],
    about: [
      `What the director has to tell, in order: checks, virtual routers, the configuration, drift. EVENT is the name of an event or how it begins:
      health. and vrrp.role; without one all. docs/operating.md has them all. With --json a document on each line, with its id.`,
      `-f goes on with what happens until Ctrl-C, also when lvsd is started again: nothing that it keeps is left out.`,
    ],
  },
  {
    options: {
      follow: { ...flag, short: 'f', help: 'go on with what happens' },
      since: { ...text, value: 'ID', help: 'those behind this one (default: the last ones); 0: all that are kept' },
      lines: { ...text, short: 'n', value: 'N', help: `so many of the last ones (default ${USUAL})` },
      level: { ...text, value: 'LEVEL', fills: LEVELS, help: 'of this level and those above (default info)' },
    },
    words: [['health.', 'vrrp.', 'config.', 'table.', 'api.', 'pair.', 'engine.']],
    read: ({ follow, since, lines, level }, words): EventsOrder | Wrong => {
      if (since !== undefined && !/^\d{1,15}$/.test(since))
        return { wrong: `--since is the id of an event, not '${since}'` };
      if (lines !== undefined && !/^\d{1,6}$/.test(lines)) return { wrong: `-n is a number, not '${lines}'` };
      if (since !== undefined && lines !== undefined) return { wrong: 'either --since or -n' };
      if (level !== undefined && !LEVELS.some((one) => one === level))
        return { wrong: `--level is ${LEVELS.join(', ')}, not '${level}'` };
      const stranger = words.find((word) => !/^[a-z][a-z.-]*$/.test(word));
      if (stranger !== undefined) return { wrong: `'${stranger}' is no name of an event: health., vrrp.role` };
      const filter = {
        ...(words.length === 0 ? {} : { event: words.join(',') }),
        ...(level === undefined ? {} : { level }),
      };
      const most = Number(lines ?? USUAL);
      return { follow, most, filter, ...(since === undefined ? {} : { since: Number(since) }) };
    },
  },
);

interface EventPage {
  readonly items: readonly ShownEvent[];
  /** The `after` of the next page. */
  readonly next: number;
  readonly isMore: boolean;
  /** What was behind `after` is not kept any more, at least in part. */
  readonly reset: boolean;
}

/** Answers with the exit status. @throws LvsError of the client */
export async function events(order: EventsOrder, { asked, output, environment }: Context): Promise<number> {
  const api = openApi(asked.api);
  const sheet = sheetOf(output, environment);
  const print = (event: ShownEvent): void =>
    output.out(asked.json ? `${JSON.stringify(event)}\n` : `${eventText(event, sheet)}\n`);
  const patience = order.follow ? new Patience(() => api.close()) : undefined;
  try {
    const at = await printKept(order, api, print, output);
    if (patience !== undefined) await follow({ api, output, print, patience }, at, order.filter);
    return 0;
  } finally {
    patience?.close();
    api.close();
  }
}

/** @returns the id behind which what follows stands */
async function printKept(
  { since, most, filter }: EventsOrder,
  api: ApiClient,
  print: (event: ShownEvent) => void,
  output: Output,
): Promise<number> {
  const last: ShownEvent[] = [];
  for (let after = since ?? 0; ; ) {
    const page = await api.get<EventPage>('/v1/events', { ...filter, after, limit: 1000 });
    if (page.reset && since !== undefined && since !== 0 && after === since) output.err(LOST);
    if (since !== undefined) page.items.forEach(print);
    else last.splice(0, Infinity, ...[...last, ...page.items].slice(most === 0 ? Infinity : -most));
    after = page.next;
    if (page.isMore) continue;
    last.forEach(print);
    return after;
  }
}

const LOST = 'lvsctl: some events are not kept any more\n';

interface Follower {
  readonly api: Pick<ApiClient, 'stream'>;
  readonly output: Output;
  readonly print: (event: ShownEvent) => void;
  readonly patience: Pick<Patience, 'isOver' | 'pause'>;
}

const AGAIN_MS = 1000;

/** Goes on until it is over. Where the stream ends it comes back to its place. @throws LvsError if it cannot begin, or may not any more */
export async function follow(
  { api, output, print, patience }: Follower,
  from: number,
  filter: EventsOrder['filter'],
): Promise<void> {
  let at = String(from);
  for (let isFirst = true; !patience.isOver(); isFirst = false) {
    try {
      const headers = { accept: 'text/event-stream', 'last-event-id': at };
      const read = eventReader();
      for await (const text of await api.stream('/v1/events', { ...filter }, headers)) {
        for (const { id, type, data } of read(text)) {
          if (type === 'reset') output.err(LOST);
          else if (data !== '') print(JSON.parse(data) as ShownEvent);
          at = id ?? at;
        }
      }
    } catch (error) {
      if (patience.isOver()) return;
      if (isFirst || !isAway(error)) throw error;
    }
    if (!patience.isOver()) await patience.pause(AGAIN_MS);
  }
}

/** It may come back. */
const isAway = (error: unknown): boolean => isLvsError(error, 'API_ABSENT') || isLvsError(error, 'API_OFF');

const inks = { debug: 'dim', info: undefined, warn: 'yellow', error: 'red' } as const;
const HEAD: ReadonlySet<string> = new Set(['id', 'at', 'event', 'level']);

/** `2026-11-22 03:04:05 warn health.down server='tcp …' reason='…'` */
export function eventText(event: ShownEvent, { paint }: Pick<Sheet, 'paint'>): string {
  const fields = Object.entries(event).filter(([name]) => !HEAD.has(name));
  const said = fields.map(([name, value]) => ` ${paint('dim', `${name}=`)}${harmless(valueText(value))}`);
  const head = paint(inks[event.level], `${event.level.padEnd(5)} ${harmless(event.event)}`);
  return `${momentText(event.at)} ${head}${said.join('')}`;
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return /^[\w.:/[\]-]+$/.test(value) ? value : `'${value}'`;
  return JSON.stringify(value);
}
