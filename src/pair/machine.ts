/**
 * What one director knows of the other as a function: (ours, state, event) → state, actions. No socket, no clock. pair.ts has them, and gives
 * it only what was signed by the other side.
 */
import { counterpart, differences, type RouterState, type SideFacts } from './facts.js';
import type { Message } from './messages.js';

/** Our side at this moment. */
export interface Ours {
  readonly facts: SideFacts;
  readonly routers: readonly RouterState[];
  /** How long a backup believes the peer that adverts are sent which it does not hear; 0: not at all. */
  readonly secondPathMs: number;
}

/** A role that the other side told, and when it came. */
export interface HeardState extends RouterState {
  readonly atMs: number;
}

interface Common {
  readonly sinceMs: number;
  /** As it was told last, maybe on an earlier connection. */
  readonly facts: SideFacts | undefined;
  /** What differed when we looked last, since when, and what of it was told. */
  readonly differences: readonly string[];
  readonly differSinceMs: number;
  readonly toldDifferences: readonly string[];
}

export type PairState = Common &
  (
    | { readonly is: 'silent'; readonly why: string }
    /** Somebody is there whom we do not trust. */
    | { readonly is: 'refused'; readonly why: string }
    | { readonly is: 'connected'; readonly heardMs: number; readonly routers: readonly HeardState[] }
  );

export type PairEvent =
  | { readonly is: 'opened' }
  | { readonly is: 'ended'; readonly why: string; readonly refused: boolean }
  | { readonly is: 'heard'; readonly message: Extract<Message, { readonly is: 'facts' | 'states' | 'lost' }> }
  /** With each heartbeat of ours, and when our configuration is another one. */
  | { readonly is: 'beat' };

export type PairAction =
  | {
      readonly do: 'tell';
      readonly event: 'pair.found' | 'pair.lost' | 'pair.refused' | 'pair.differs' | 'pair.agrees';
      readonly why?: string;
      readonly differences?: readonly string[];
    }
  /** The connection is of no use any more. */
  | { readonly do: 'close'; readonly why: string }
  | { readonly do: 'master-lost'; readonly router: string }
  | { readonly do: 'master-confirmed'; readonly router: string; readonly lastAdvertMs: number };

export interface PairStep {
  readonly state: PairState;
  readonly actions: readonly PairAction[];
}

/** Who says nothing for so many heartbeats, and at least so long, is gone. */
const SILENT_BEATS = 3;
const LEAST_SILENCE_MS = 600;
/** Configurations are not changed on both sides at once, nor is health seen at once. */
const STEADY_MS = 2000;
/** Whoever is refused for ever new reasons is one line in so long. */
const REFUSED_GAP_MS = 10_000;

export const newPair = (atMs: number): PairState => ({
  is: 'silent',
  why: 'it was not heard yet',
  sinceMs: atMs,
  facts: undefined,
  differences: [],
  differSinceMs: atMs,
  toldDifferences: [],
});

export function stepPair(ours: Ours, state: PairState, event: PairEvent, atMs: number): PairStep {
  switch (event.is) {
    case 'opened':
      return opened(state, atMs);
    case 'ended':
      return ended(state, event, atMs);
    case 'beat':
      return beat(ours, state, atMs);
    case 'heard':
      if (state.is !== 'connected') return { state, actions: [] };
      return heard(ours, { ...state, heardMs: atMs }, event.message, atMs);
  }
}

type Connected = Extract<PairState, { readonly is: 'connected' }>;

const commonOf = ({ facts, differences: differ, differSinceMs, toldDifferences }: PairState, atMs: number): Common => ({
  sinceMs: atMs,
  facts,
  differences: differ,
  differSinceMs,
  toldDifferences,
});

/** Another connection instead of one that we had is no news. */
function opened(state: PairState, atMs: number): PairStep {
  if (state.is === 'connected') return { state: { ...state, heardMs: atMs, routers: [] }, actions: [] };
  return {
    state: { ...commonOf(state, atMs), is: 'connected', heardMs: atMs, routers: [] },
    actions: [{ do: 'tell', event: 'pair.found' }],
  };
}

/** Each word once: whoever is away is tried again and again. */
function ended(state: PairState, { why, refused }: Extract<PairEvent, { is: 'ended' }>, atMs: number): PairStep {
  const is = refused ? 'refused' : 'silent';
  if (state.is === 'connected')
    return {
      state: { ...commonOf(state, atMs), is, why },
      actions: [{ do: 'tell', event: refused ? 'pair.refused' : 'pair.lost', why }],
    };
  if (!refused) return { state, actions: [] };
  if (state.is === 'refused' && (state.why === why || atMs < state.sinceMs + REFUSED_GAP_MS))
    return { state, actions: [] };
  return {
    state: { ...commonOf(state, atMs), is, why },
    actions: [{ do: 'tell', event: 'pair.refused', why }],
  };
}

function heard(
  ours: Ours,
  state: Connected,
  message: Extract<PairEvent, { is: 'heard' }>['message'],
  atMs: number,
): PairStep {
  switch (message.is) {
    case 'facts':
      return compare(ours, { ...state, facts: message.facts }, atMs);
    case 'states': {
      const routers = message.routers.map((router) => ({ ...router, atMs }));
      return { state: { ...state, routers }, actions: confirmed(ours, routers) };
    }
    case 'lost': {
      const lost = ours.routers.filter((router) => counterpart(router, message.routers) !== undefined);
      return { state, actions: lost.map(({ name }) => ({ do: 'master-lost', router: name })) };
    }
  }
}

function confirmed(ours: Ours, theirs: readonly HeardState[]): readonly PairAction[] {
  if (ours.secondPathMs === 0) return [];
  return ours.routers.flatMap((router): readonly PairAction[] => {
    const mayHear = router.role === 'backup' || router.role === 'master';
    const other = mayHear ? counterpart(router, theirs) : undefined;
    if (other?.role !== 'master' || other.advertMsAgo === null) return [];
    return [{ do: 'master-confirmed', router: router.name, lastAdvertMs: other.atMs - other.advertMsAgo }];
  });
}

function beat(ours: Ours, state: PairState, atMs: number): PairStep {
  if (state.is !== 'connected') return { state, actions: [] };
  const silentMs = atMs - state.heardMs;
  const beats = SILENT_BEATS * Math.max(ours.facts.beatMs, state.facts?.beatMs ?? 0);
  if (silentMs > Math.max(beats, LEAST_SILENCE_MS))
    return { state, actions: [{ do: 'close', why: `nothing was heard of it for ${Math.round(silentMs)} ms` }] };
  return compare(ours, state, atMs);
}

/** What differs is told when it has differed for a while, and once. */
function compare(ours: Ours, state: Connected, atMs: number): PairStep {
  if (state.facts === undefined) return { state, actions: [] };
  const now = differences(ours.facts, state.facts);
  const isSame = same(now, state.differences);
  const next: Connected = isSame ? state : { ...state, differences: now, differSinceMs: atMs };
  const isDue = atMs - next.differSinceMs >= STEADY_MS && !same(now, next.toldDifferences);
  if (!isDue) return { state: next, actions: [] };
  return {
    state: { ...next, toldDifferences: now },
    actions: [
      now.length === 0 ? { do: 'tell', event: 'pair.agrees' } : { do: 'tell', event: 'pair.differs', differences: now },
    ],
  };
}

const same = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((sentence, i) => sentence === other[i]);
