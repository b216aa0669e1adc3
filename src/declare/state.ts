import { createHash } from 'node:crypto';
import type { Drain, HistoryEntry, Override, Pending } from './change.js';
import { isRecord } from './lines.js';
import type { DeclaredService } from './service.js';

/** What other values some services (by id) and overrides (by serverName) get; null: none. */
export interface Delta {
  readonly services: Readonly<Record<string, DeclaredService | null>>;
  readonly overrides: Readonly<Record<string, Override | null>>;
}

export const noDelta: Delta = { services: {}, overrides: {} };

/** A revision, and how to get back to what was before it. */
export interface Past extends HistoryEntry {
  readonly undo: Delta;
  /** How much of the file it takes. */
  readonly bytes: number;
}

/** All that is kept over the end of lvsd. */
export interface DeclaredState {
  readonly revision: number;
  readonly services: ReadonlyMap<string, DeclaredService>;
  readonly overrides: ReadonlyMap<string, Override>;
  readonly pending: Pending | null;
  readonly drains: ReadonlyMap<string, Drain>;
  /** The oldest first; the newest is `revision`. */
  readonly history: readonly Past[];
}

export const emptyState: DeclaredState = {
  revision: 0,
  services: new Map(),
  overrides: new Map(),
  pending: null,
  drains: new Map(),
  history: [],
};

/** One step from a state to the next: a line of the file. A part that is absent stays. */
export interface StateStep {
  /** A new revision. */
  readonly entry?: HistoryEntry;
  readonly redo?: Delta;
  readonly undo?: Delta;
  readonly pending?: Pending | null;
  /** The revision that somebody confirmed. */
  readonly confirmed?: number;
  /** By id; null: it is forgotten. */
  readonly drains?: Readonly<Record<string, Drain | null>>;
}

const MOST_PAST = 100;
const MOST_PAST_BYTES = 16 * 1024 * 1024;

/** @param bytes that the step takes in the file. Pure. */
export function afterStep(before: DeclaredState, step: StateStep, bytes: number): DeclaredState {
  const { entry, redo = noDelta, undo = noDelta, pending = before.pending, confirmed, drains = {} } = step;
  let history = before.history;
  if (confirmed !== undefined)
    history = history.map((past) => (past.revision === confirmed ? { ...past, confirmed: true } : past));
  if (entry !== undefined) history = bounded([...history, { ...entry, undo, bytes }], pending?.revision);
  return {
    revision: entry?.revision ?? before.revision,
    services: withEntries(before.services, redo.services),
    overrides: withEntries(before.overrides, redo.overrides),
    pending,
    drains: withEntries(before.drains, drains),
    history,
  };
}

/** The newest that there is room for, the very newest in any case, and what may have to be taken back. */
function bounded(history: readonly Past[], needed = Number.POSITIVE_INFINITY): readonly Past[] {
  let bytes = 0;
  let from = history.length;
  for (const past of history.toReversed()) {
    bytes += past.bytes;
    const hasRoom = history.length - from < MOST_PAST && bytes <= MOST_PAST_BYTES;
    if (!hasRoom && from < history.length && past.revision < needed) break;
    from--;
  }
  return from === 0 ? history : history.slice(from);
}

export function withEntries<T>(
  map: ReadonlyMap<string, T>,
  entries: Readonly<Record<string, T | null>>,
): ReadonlyMap<string, T> {
  const changed = Object.entries(entries);
  if (changed.length === 0) return map;
  const next = new Map(map);
  for (const [name, value] of changed)
    if (value === null) next.delete(name);
    else next.set(name, value);
  return next;
}

/** What turns `from` into `to`: the entries that are not the same object. Pure. */
export function deltaOf(from: Pick<DeclaredState, 'services' | 'overrides'>, to: typeof from): Delta {
  return { services: entriesOf(from.services, to.services), overrides: entriesOf(from.overrides, to.overrides) };
}

function entriesOf<T>(from: ReadonlyMap<string, T>, to: ReadonlyMap<string, T>): Record<string, T | null> {
  const entries: Record<string, T | null> = {};
  if (from === to) return entries;
  for (const [name, value] of to) if (from.get(name) !== value) entries[name] = value;
  for (const name of from.keys()) if (!to.has(name)) entries[name] = null;
  return entries;
}

/** What was declared at a revision; undefined: that is forgotten, or is not yet. Pure. */
export function asOf(
  state: DeclaredState,
  revision: number,
): Pick<DeclaredState, 'services' | 'overrides'> | undefined {
  if (revision > state.revision || revision < oldestOf(state)) return undefined;
  let { services, overrides } = state;
  for (const past of state.history.toReversed()) {
    if (past.revision <= revision) break;
    services = withEntries(services, past.undo.services);
    overrides = withEntries(overrides, past.undo.overrides);
  }
  return { services, overrides };
}

/** What would be declared without what a revision changed; undefined: that is forgotten. Pure. */
export function without(
  state: DeclaredState,
  revision: number,
): Pick<DeclaredState, 'services' | 'overrides'> | undefined {
  const past = state.history.find((one) => one.revision === revision);
  return (
    past && {
      services: withEntries(state.services, past.undo.services),
      overrides: withEntries(state.overrides, past.undo.overrides),
    }
  );
}

/** The oldest revision that there is a way back to. */
export const oldestOf = ({ history, revision }: DeclaredState): number => (history[0]?.revision ?? revision + 1) - 1;

const FORMAT = 'lvsd-declared';
const VERSION = 1;

/** The whole state as the first line of a file. */
export function encodeState(state: DeclaredState): string {
  const { services, overrides, drains, ...rest } = state;
  const told = {
    ...rest,
    services: Object.fromEntries(services),
    overrides: Object.fromEntries(overrides),
    drains: Object.fromEntries(drains),
  };
  return lineOf({ format: FORMAT, version: VERSION, state: told });
}

/** A step as one more line. */
export const encodeStep = (step: StateStep): string => lineOf({ step });

function lineOf(told: unknown): string {
  const json = JSON.stringify(told);
  return `${checksumOf(json)} ${json}\n`;
}

const CHECKSUM = 16;
const checksumOf = (json: string): string => createHash('sha256').update(json).digest('hex').slice(0, CHECKSUM);

export interface Decoded {
  readonly state: DeclaredState;
  /** The last line was not written to its end: nobody was told that it was. */
  readonly torn: boolean;
  readonly steps: number;
}

/** Lines of a file → the state. A broken line that others follow is no accident of writing: nothing of such a file is believed. Pure. */
export function decodeState(text: string): Decoded | { readonly unreadable: string } {
  const lines = text.split('\n');
  const rest = lines.pop();
  const [first, ...steps] = lines.map(decodeLine);
  if (!isRecord(first)) return { unreadable: 'its first line is torn or not of lvsd' };
  if (first['format'] !== FORMAT) return { unreadable: 'it is not of lvsd' };
  if (first['version'] !== VERSION)
    return { unreadable: `it is of another lvsd (version ${String(first['version'])})` };
  let state = stateOf(first['state']);
  if (state === undefined) return { unreadable: 'its first line is not what lvsd writes' };
  let torn = rest !== '';
  for (const [i, line] of steps.entries()) {
    const step = isRecord(line) && isRecord(line['step']) ? (line['step'] as StateStep) : undefined;
    if (step !== undefined) state = afterStep(state, step, lines[i + 1]!.length);
    else if (i < steps.length - 1) return { unreadable: `its line ${i + 2} is damaged, and others follow` };
    else torn = true;
  }
  return { state, torn, steps: steps.length };
}

/** undefined: the checksum is not that of the line. */
function decodeLine(line: string): unknown {
  const json = line.slice(CHECKSUM + 1);
  if (line.slice(0, CHECKSUM + 1) !== `${checksumOf(json)} `) return undefined;
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function stateOf(told: unknown): DeclaredState | undefined {
  if (!isRecord(told)) return undefined;
  const { revision, services, overrides, drains, pending, history } = told;
  if (typeof revision !== 'number' || !isRecord(services) || !isRecord(overrides) || !isRecord(drains))
    return undefined;
  if (!Array.isArray(history) || !(pending === null || isRecord(pending))) return undefined;
  return {
    revision,
    services: new Map(Object.entries(services) as [string, DeclaredService][]),
    overrides: new Map(Object.entries(overrides) as [string, Override][]),
    drains: new Map(Object.entries(drains) as [string, Drain][]),
    pending: pending as Pending | null,
    history: history as Past[],
  };
}
