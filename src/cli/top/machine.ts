/** What `lvsctl top` does with what happens. Pure. */
import { type SortKey, sorted, topColumns } from './columns.js';
import type { Key } from './keys.js';
import { type Rates, ratesOf, type Row, type Sample } from './rates.js';

export interface TopState {
  readonly shows: 'services' | 'servers';
  /** The servers of this one alone; its id. */
  readonly service: string | undefined;
  readonly sort: SortKey;
  readonly isReversed: boolean;
  /** Only rows with this in their name. */
  readonly filter: string;
  /** What is typed goes into the filter. */
  readonly isTyping: boolean;
  readonly isHelping: boolean;
  readonly isPaused: boolean;
  readonly intervalMs: number;
  /** Of the terminal. */
  readonly columns: number;
  readonly lines: number;
  /** Id of the row that is chosen; undefined: the first. */
  readonly chosen: string | undefined;
  /** Rows above the first one that is shown. */
  readonly above: number;
  readonly sample: Sample | undefined;
  readonly rates: Rates | undefined;
  /** Why the last count failed. */
  readonly trouble: string | undefined;
}

export type TopEvent =
  | { readonly is: 'pressed'; readonly key: Key }
  | { readonly is: 'resized'; readonly columns: number; readonly lines: number }
  | { readonly is: 'counted'; readonly sample: Sample }
  | { readonly is: 'failed'; readonly why: string };

/** `count`: now, not after the interval. */
export type TopAction = 'quit' | 'suspend' | 'redraw' | 'count';

export interface TopStep {
  readonly state: TopState;
  readonly action?: TopAction;
}

export interface TopStart extends Pick<TopState, 'shows' | 'service' | 'sort' | 'intervalMs' | 'columns' | 'lines'> {
  readonly sample: Sample | undefined;
}

export const begin = (start: TopStart): TopState => ({
  ...start,
  isReversed: false,
  filter: '',
  isTyping: false,
  isHelping: false,
  isPaused: false,
  chosen: undefined,
  above: 0,
  rates: start.sample === undefined ? undefined : ratesOf(undefined, start.sample),
  trouble: undefined,
});

/** Lines that are no rows: totals, notes, titles, keys. */
export const FRAME_LINES = 4;
export const roomFor = ({ lines }: Pick<TopState, 'lines'>): number => Math.max(1, lines - FRAME_LINES);

export const INTERVALS_MS: readonly number[] = [500, 1000, 2000, 5000, 10_000, 30_000, 60_000];

/** All rows of what is shown, in order. */
export function rowsOf({ shows, service, sort, isReversed, filter, rates }: TopState): readonly Row[] {
  if (rates === undefined) return [];
  const of = rates[shows].filter((row) => service === undefined || row.service === service);
  const named = service === undefined ? of : of.map((row) => ({ ...row, name: row.server ?? row.name }));
  return sorted(
    named.filter(({ name }) => name.includes(filter)),
    sort,
    isReversed,
  );
}

export function step(state: TopState, event: TopEvent): TopStep {
  switch (event.is) {
    case 'resized':
      return { state: settled({ ...state, columns: event.columns, lines: event.lines }), action: 'redraw' };
    case 'counted': {
      const { sample } = event;
      if (state.isPaused) return { state };
      const rates = ratesOf(state.sample, sample);
      return { state: settled({ ...state, sample, rates, trouble: undefined }) };
    }
    case 'failed':
      return { state: { ...state, trouble: event.why } };
    case 'pressed':
      return pressed(state, event.key);
  }
}

function pressed(state: TopState, key: Key): TopStep {
  if (key === 'ctrl-c') return { state, action: 'quit' };
  if (key === 'ctrl-z') return { state, action: 'suspend' };
  if (key === 'ctrl-l') return { state, action: 'redraw' };
  if (state.isTyping) return { state: settled(typed(state, key)) };
  if (state.isHelping) return key === 'q' ? { state, action: 'quit' } : { state: { ...state, isHelping: false } };
  if (key === 'q') return { state, action: 'quit' };
  const moved = moveOf(state, key);
  if (moved !== undefined) return { state: settled(moved) };
  const turned = viewOf(state, key);
  if (turned !== undefined) return { state: settled(turned), action: 'count' };
  return { state: settled(setOf(state, key)) };
}

function typed(state: TopState, key: Key): TopState {
  const { filter } = state;
  if (key === 'enter') return { ...state, isTyping: false };
  if (key === 'escape') return { ...state, isTyping: false, filter: '' };
  if (key === 'ctrl-u') return { ...state, filter: '' };
  if (key === 'backspace') return { ...state, filter: Array.from(filter).slice(0, -1).join('') };
  return Array.from(key).length === 1 ? { ...state, filter: filter + key } : state;
}

/** Another row is chosen. */
function moveOf(state: TopState, key: Key): TopState | undefined {
  const rows = rowsOf(state);
  const at = Math.max(
    0,
    rows.findIndex(({ id }) => id === state.chosen),
  );
  const to = targetOf(key, at, roomFor(state), rows.length);
  return to === undefined ? undefined : { ...state, chosen: rows[Math.min(Math.max(to, 0), rows.length - 1)]?.id };
}

function targetOf(key: Key, at: number, room: number, count: number): number | undefined {
  switch (key) {
    case 'up':
    case 'k':
      return at - 1;
    case 'down':
    case 'j':
      return at + 1;
    case 'page-up':
      return at - room;
    case 'page-down':
      return at + room;
    case 'home':
    case 'g':
      return 0;
    case 'end':
    case 'G':
      return count - 1;
    default:
      return undefined;
  }
}

/** Something else is looked at. */
function viewOf(state: TopState, key: Key): TopState | undefined {
  const elsewhere = { ...state, chosen: undefined, above: 0 };
  switch (key) {
    case 's':
      return { ...elsewhere, shows: 'services', service: undefined };
    case 'd':
      return { ...elsewhere, shows: 'servers', service: undefined };
    case 'enter': {
      const rows = rowsOf(state);
      const row = rows.find(({ id }) => id === state.chosen) ?? rows[0];
      return state.shows === 'services' && row !== undefined
        ? { ...elsewhere, shows: 'servers', service: row.service, filter: '' }
        : undefined;
    }
    case 'escape':
    case 'backspace':
      return state.shows === 'servers'
        ? { ...elsewhere, shows: 'services', service: undefined, chosen: state.service }
        : undefined;
    case ' ':
      return state.isPaused ? { ...state, isPaused: false } : undefined;
    default:
      return undefined;
  }
}

/** How it is looked at. */
function setOf(state: TopState, key: Key): TopState {
  const pressed = topColumns.find(({ press }) => press === key);
  if (pressed !== undefined)
    return { ...state, sort: pressed.key, isReversed: state.sort === pressed.key && !state.isReversed };
  switch (key) {
    case '<':
    case 'left':
      return { ...state, sort: neighbour(state.sort, -1), isReversed: false };
    case '>':
    case 'right':
      return { ...state, sort: neighbour(state.sort, 1), isReversed: false };
    case 'r':
      return { ...state, isReversed: !state.isReversed };
    case '/':
      return { ...state, isTyping: true };
    case ' ':
      return { ...state, isPaused: true };
    case '+':
      return { ...state, intervalMs: INTERVALS_MS.find((ms) => ms > state.intervalMs) ?? state.intervalMs };
    case '-':
      return { ...state, intervalMs: INTERVALS_MS.findLast((ms) => ms < state.intervalMs) ?? state.intervalMs };
    case '?':
    case 'h':
      return { ...state, isHelping: true };
    case 'escape':
      return { ...state, filter: '' };
    default:
      return state;
  }
}

function neighbour(sort: SortKey, by: number): SortKey {
  const at = topColumns.findIndex(({ key }) => key === sort) + by;
  return topColumns[(at + topColumns.length) % topColumns.length]!.key;
}

/** So that the chosen row is among those that are shown, and no room is wasted. */
function settled(state: TopState): TopState {
  const rows = rowsOf(state);
  const room = roomFor(state);
  const found = rows.findIndex(({ id }) => id === state.chosen);
  const at = Math.max(0, found);
  const furthest = Math.max(0, rows.length - room);
  const above = Math.min(Math.max(state.above, at - room + 1), at, furthest);
  return { ...state, above: Math.max(0, above), chosen: found < 0 ? undefined : state.chosen };
}
