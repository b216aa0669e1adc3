/**
 * The two ends of a sync as state machines: (state, event, circumstances) → state, actions. No time, no engine, no stream; session-sync.ts
 * has them.
 *
 * sender:    idle ─hello─► due ─► table (pages, and changes among them) ─► changes ─► due when something was lost, or the other asks
 * receiver:  waiting ─begin─► table ─end─► following ─► waiting when a number is missing; it asks for a table until one begins
 */
import { encodeSync, packRecords, SYNC_VERSION, type SyncFrame, unpackRecords } from './sync-codec.js';

/** Milliseconds and bytes. */
export interface SyncLimits {
  /** Between heartbeats; who is not heard for three of them is gone. */
  readonly beatMs: number;
  /** No page is asked of the engine while so much is not in the other's. */
  readonly windowBytes: number;
  /** So much may be on its way, changes included; then they are dropped, and a new table follows when all has arrived. */
  readonly limitBytes: number;
  /** Between the beginnings of two tables: the least, which doubles with each table that did not last, and the most. */
  readonly gapMs: number;
  readonly longestGapMs: number;
}

export const defaultSyncLimits: SyncLimits = {
  beatMs: 1000,
  windowBytes: 2 ** 20,
  limitBytes: 16 * 2 ** 20,
  gapMs: 500,
  longestGapMs: 30_000,
};

/** How it is at the moment of an event. */
export interface Circumstances {
  readonly nowMs: number;
  /** Bytes that our stream has not yet taken over. */
  readonly buffered: number;
}

const SILENT_BEATS = 3;
const LONGEST_BEAT_MS = 60_000;
/** Numbers of frames end there; a new table begins. */
const MOST_FRAMES = 0xffff_fff0;

/** Of a hello. The other's heartbeat, or why we do not speak with it. */
const greet = (frame: { readonly version: number; readonly beatMs: number }): number | string => {
  if (frame.version !== SYNC_VERSION) return `the other side speaks version ${frame.version}, this one ${SYNC_VERSION}`;
  if (frame.beatMs === 0 || frame.beatMs > LONGEST_BEAT_MS) return `a heartbeat of ${frame.beatMs} ms`;
  return frame.beatMs;
};

interface Peer {
  /** Of the other's heartbeat; undefined: it has not said hello. */
  readonly beatMs: number | undefined;
  readonly heardMs: number;
}
/** One that has not said hello is not heard, whatever else it says. */
const heard = <State extends Peer>(state: State, frame: SyncFrame, nowMs: number): State =>
  state.beatMs === undefined && frame.kind !== 'hello' ? state : { ...state, heardMs: nowMs };
const isSilent = ({ beatMs, heardMs }: Peer, ownBeatMs: number, nowMs: number): boolean =>
  nowMs - heardMs > SILENT_BEATS * Math.max(beatMs ?? 0, ownBeatMs);

// ---------------------------------------------------------------- sender

export interface SenderState extends Peer {
  readonly phase: 'idle' | 'due' | 'table' | 'changes';
  /** The engine answers, and tells its changes. */
  readonly hasEngine: boolean;
  /** The last that began. */
  readonly table: number;
  readonly number: number;
  /** Of this table: payloads sent, and those in the other's engine. */
  readonly sent: number;
  readonly arrived: number;
  /** The other lacks something: what is on its way is worth nothing. */
  readonly isUseless: boolean;
  readonly cursor: bigint;
  /** A page was asked for, maybe for a table that is over. Its answer comes before what changed since. */
  readonly isAsking: boolean;
  /** Changes that came while a page was asked for. */
  readonly held: readonly Uint8Array[];
  readonly heldBytes: number;
  readonly beganMs: number;
  readonly gapMs: number;
  /** What the other said of this table. */
  readonly taken: number;
  readonly refused: number;
}

export type SenderEvent =
  | { readonly on: 'engine'; readonly is: 'there' | 'gone' }
  | { readonly on: 'frame'; readonly frame: SyncFrame }
  | { readonly on: 'page'; readonly next: bigint; readonly records: Uint8Array }
  | { readonly on: 'changed'; readonly lost: boolean; readonly records: Uint8Array }
  | { readonly on: 'beat' };

export type SenderAction =
  | { readonly do: 'send'; readonly bytes: Uint8Array }
  | { readonly do: 'ask-page'; readonly cursor: bigint }
  | { readonly do: 'note'; readonly what: 'table' | 'whole' | 'lost' | 'overflow' | 'asked-again' | 'unexpected' }
  | { readonly do: 'close'; readonly why: string };

export type Step<State, Action> = readonly [State, readonly Action[]];
type SenderStep = Step<SenderState, SenderAction>;

export const newSender = (nowMs: number, limits: SyncLimits): SenderState => ({
  phase: 'idle',
  beatMs: undefined,
  heardMs: nowMs,
  hasEngine: false,
  table: 0,
  number: 0,
  sent: 0,
  arrived: 0,
  isUseless: false,
  cursor: 0n,
  isAsking: false,
  held: [],
  heldBytes: 0,
  beganMs: Number.NEGATIVE_INFINITY,
  gapMs: limits.gapMs,
  taken: 0,
  refused: 0,
});

/** What a connection begins with. */
export const helloOf = (limits: SyncLimits): Uint8Array =>
  encodeSync({ kind: 'hello', version: SYNC_VERSION, beatMs: limits.beatMs });

const send = (frame: SyncFrame): SenderAction & ReceiverAction => ({ do: 'send', bytes: encodeSync(frame) });

export function stepSender(state: SenderState, event: SenderEvent, now: Circumstances, limits: SyncLimits): SenderStep {
  const [after, actions] = takeSenderEvent(state, event, now, limits);
  const [last, more] = goOn(after, now, limits);
  return [last, [...actions, ...more]];
}

function takeSenderEvent(state: SenderState, event: SenderEvent, now: Circumstances, limits: SyncLimits): SenderStep {
  switch (event.on) {
    case 'engine':
      return [{ ...abandon(state), hasEngine: event.is === 'there', isAsking: false }, []];
    case 'frame':
      return takeFrame(heard(state, event.frame, now.nowMs), event.frame);
    case 'page':
      return takePage({ ...state, isAsking: false }, event.next, event.records);
    case 'changed':
      return takeChange(state, event, limits);
    case 'beat':
      return beat(state, now.nowMs, limits);
  }
}

/** A table is wanted, from the start. */
function abandon(state: SenderState): SenderState {
  if (state.phase === 'idle') return state;
  return { ...state, phase: 'due', held: [], heldBytes: 0 };
}

function takeFrame(state: SenderState, frame: SyncFrame): SenderStep {
  if (frame.kind === 'hello' && state.phase === 'idle') {
    const beatMs = greet(frame);
    if (typeof beatMs === 'string') return [state, [{ do: 'close', why: beatMs }]];
    return [{ ...state, beatMs, phase: 'due' }, []];
  }
  if (frame.kind === 'ack' && state.phase !== 'idle') {
    if (frame.table !== state.table) return [state, []];
    const { taken, refused } = frame;
    const ahead = (frame.bytes - (state.arrived % 2 ** 32) + 2 ** 32) % 2 ** 32;
    // What was not sent cannot have arrived; and an older answer is further ahead than all that may be on its way.
    if (ahead > state.sent - state.arrived) return [state, []];
    return [{ ...state, arrived: state.arrived + ahead, taken, refused }, []];
  }
  if (frame.kind === 'again' && state.phase !== 'idle') {
    if (frame.table < state.table) return [state, []];
    if (state.phase === 'due') return [{ ...state, isUseless: true }, []];
    return [{ ...abandon(state), isUseless: true }, [{ do: 'note', what: 'asked-again' }]];
  }
  return [state, [{ do: 'note', what: 'unexpected' }]];
}

/** Frames for these sessions, the next numbers being theirs. */
function told(state: SenderState, records: Uint8Array): SenderStep {
  const { table } = state;
  let { number, sent } = state;
  const actions = packRecords(records).map((payload) => {
    sent += payload.length;
    return send({ kind: 'records', table, number: ++number, payload });
  });
  return [{ ...state, number, sent }, actions];
}

function takePage(state: SenderState, next: bigint, records: Uint8Array): SenderStep {
  if (state.phase !== 'table') return [{ ...state, held: [], heldBytes: 0 }, []];
  const actions: SenderAction[] = [];
  let after = state;
  for (const part of [records, ...state.held]) {
    const [later, more] = told(after, part);
    after = later;
    actions.push(...more);
  }
  after = { ...after, held: [], heldBytes: 0, cursor: next };
  if (next !== 0n) return [after, actions];
  const number = after.number + 1;
  actions.push(send({ kind: 'end', table: after.table, number }), { do: 'note', what: 'whole' });
  return [{ ...after, number, phase: 'changes' }, actions];
}

/** Those of before a table are in it. */
function takeChange(
  state: SenderState,
  { lost, records }: { readonly lost: boolean; readonly records: Uint8Array },
  limits: SyncLimits,
): SenderStep {
  if (state.phase !== 'table' && state.phase !== 'changes') return [state, []];
  if (lost) return [abandon(state), [{ do: 'note', what: 'lost' }]];
  if (state.sent - state.arrived + state.heldBytes > limits.limitBytes || state.number > MOST_FRAMES)
    return [abandon(state), [{ do: 'note', what: 'overflow' }]];
  if (!state.isAsking) return told(state, records);
  return [{ ...state, held: [...state.held, records], heldBytes: state.heldBytes + records.length }, []];
}

function beat(state: SenderState, nowMs: number, limits: SyncLimits): SenderStep {
  if (isSilent(state, limits.beatMs, nowMs)) return [state, [{ do: 'close', why: 'nothing is heard of the receiver' }]];
  const lasts = state.phase === 'changes' && nowMs - state.beganMs > 2 * limits.longestGapMs;
  const { table, number } = state;
  return [lasts ? { ...state, gapMs: limits.gapMs } : state, [send({ kind: 'beat', table, number })]];
}

/** A table begins when the time has come for it, and goes on as the other takes it. */
function goOn(state: SenderState, { nowMs, buffered }: Circumstances, limits: SyncLimits): SenderStep {
  const actions: SenderAction[] = [];
  let after = state;
  const isClear = (after.isUseless || after.sent === after.arrived) && buffered <= limits.windowBytes;
  if (after.phase === 'due' && after.hasEngine && !after.isAsking && isClear && nowMs - after.beganMs >= after.gapMs) {
    const isFirst = after.table === 0;
    const table = after.table + 1;
    const gapMs = isFirst ? limits.gapMs : Math.min(2 * after.gapMs, limits.longestGapMs);
    const begun = { phase: 'table', table, number: 0, sent: 0, arrived: 0, taken: 0, refused: 0, cursor: 0n } as const;
    after = { ...after, ...begun, isUseless: false, beganMs: nowMs, gapMs };
    actions.push(send({ kind: 'begin', table }), { do: 'note', what: 'table' });
  }
  if (after.phase === 'table' && !after.isAsking && after.sent - after.arrived <= limits.windowBytes) {
    actions.push({ do: 'ask-page', cursor: after.cursor });
    after = { ...after, isAsking: true };
  }
  return [after, actions];
}

// ---------------------------------------------------------------- receiver

export interface ReceiverState extends Peer {
  readonly phase: 'waiting' | 'table' | 'following';
  /** That which is taken, and the newest that was heard of. */
  readonly table: number;
  readonly newest: number;
  /** Of the frame that is to come. */
  readonly next: number;
  /** Of this table: payload bytes in the engine. */
  readonly loaded: number;
  readonly taken: number;
  readonly refused: number;
}

export type ReceiverEvent =
  | { readonly on: 'frame'; readonly frame: SyncFrame }
  /** A frame that is none. */
  | { readonly on: 'bad' }
  /** A `load` is done. */
  | {
      readonly on: 'loaded';
      readonly table: number;
      readonly bytes: number;
      readonly taken: number;
      readonly refused: number;
    }
  /** Our engine did not take a batch. */
  | { readonly on: 'failed' }
  /** `isPaused`: we do not listen, for our engine lags; that is no silence of the other. */
  | { readonly on: 'beat'; readonly isPaused: boolean };

export type ReceiverAction =
  | { readonly do: 'send'; readonly bytes: Uint8Array }
  | { readonly do: 'begin' }
  /** SessionRecord[] into the engine, in this order. `bytes` is for its `loaded`. */
  | { readonly do: 'load'; readonly table: number; readonly bytes: number; readonly records: Uint8Array }
  /** After all loads before it: what this table did not name ends. */
  | { readonly do: 'purge'; readonly table: number }
  | { readonly do: 'note'; readonly what: 'gap' | 'duplicate' | 'malformed' | 'unexpected' }
  | { readonly do: 'close'; readonly why: string };

type ReceiverStep = Step<ReceiverState, ReceiverAction>;

export const newReceiver = (nowMs: number): ReceiverState => ({
  phase: 'waiting',
  beatMs: undefined,
  heardMs: nowMs,
  table: 0,
  newest: 0,
  next: 0,
  loaded: 0,
  taken: 0,
  refused: 0,
});

export function stepReceiver(
  state: ReceiverState,
  event: ReceiverEvent,
  nowMs: number,
  limits: SyncLimits,
): ReceiverStep {
  switch (event.on) {
    case 'frame':
      return receive(heard(state, event.frame, nowMs), event.frame);
    case 'bad':
      return state.phase === 'waiting' ? [state, [{ do: 'note', what: 'malformed' }]] : lacks(state, 'malformed');
    case 'failed':
      return state.phase === 'waiting' ? [state, []] : lacks(state, 'gap');
    case 'loaded': {
      if (event.table !== state.table) return [state, []];
      const loaded = state.loaded + event.bytes;
      const after = { ...state, loaded, taken: state.taken + event.taken, refused: state.refused + event.refused };
      return [after, state.phase === 'waiting' ? [] : [ackOf(after)]];
    }
    case 'beat': {
      const after = event.isPaused ? { ...state, heardMs: nowMs } : state;
      if (isSilent(after, limits.beatMs, nowMs))
        return [after, [{ do: 'close', why: 'nothing is heard of the sender' }]];
      return [after, [after.phase === 'waiting' ? send({ kind: 'again', table: after.newest }) : ackOf(after)]];
    }
  }
}

const ackOf = ({ table, loaded, taken, refused }: ReceiverState): ReceiverAction =>
  send({ kind: 'ack', table, bytes: loaded % 2 ** 32, taken, refused });

/** Nothing more is taken of this table. */
const lacks = (state: ReceiverState, what: 'gap' | 'malformed'): ReceiverStep => [
  { ...state, phase: 'waiting' },
  [{ do: 'note', what }, send({ kind: 'again', table: state.newest })],
];

function receive(state: ReceiverState, frame: SyncFrame): ReceiverStep {
  if (frame.kind === 'hello' && state.beatMs === undefined) {
    const beatMs = greet(frame);
    return typeof beatMs === 'string' ? [state, [{ do: 'close', why: beatMs }]] : [{ ...state, beatMs }, []];
  }
  if (state.beatMs === undefined || frame.kind === 'hello' || frame.kind === 'ack' || frame.kind === 'again')
    return [state, [{ do: 'note', what: 'unexpected' }]];
  const after = { ...state, newest: Math.max(state.newest, frame.table) };
  if (frame.kind === 'begin') {
    if (frame.table <= state.table) return [after, [{ do: 'note', what: 'duplicate' }]];
    const begun = { phase: 'table', table: frame.table, next: 1, loaded: 0, taken: 0, refused: 0 } as const;
    return [{ ...after, ...begun }, [{ do: 'begin' }]];
  }
  if (after.phase === 'waiting') return [after, []];
  if (frame.table > after.table) return lacks(after, 'gap');
  if (frame.table < after.table) return [after, [{ do: 'note', what: 'duplicate' }]];
  if (frame.kind === 'beat') return frame.number >= after.next ? lacks(after, 'gap') : [after, []];
  if (frame.number < after.next) return [after, [{ do: 'note', what: 'duplicate' }]];
  if (frame.number > after.next) return lacks(after, 'gap');
  const taken = { ...after, next: after.next + 1 };
  if (frame.kind === 'end') return [{ ...taken, phase: 'following' }, [{ do: 'purge', table: taken.table }]];
  const records = unpackRecords(frame.payload);
  if (records === undefined) return lacks(after, 'malformed');
  const bytes = frame.payload.length;
  return [taken, [{ do: 'load', table: taken.table, bytes, records }]];
}
