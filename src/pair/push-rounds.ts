/**
 * Who leads a push, as a function: (settings, state, event) → state, actions. It asks both sides, its own as the other one: would you take it? try
 * it; it stays. It stays only where both tried it and the other side said that it stays there: whatever is not answered means no.
 */
import type { PushReply } from './push-messages.js';

export type Side = 'here' | 'peer';

export interface RoundsSettings {
  /** Only ask whether it would be taken. */
  readonly checkOnly: boolean;
  readonly retryMs: number;
  /** How often a side that does not answer is asked how it ends. */
  readonly mostTries: number;
}

/** What came of a question: an answer, or why there is none. */
export type Heard = { readonly reply: PushReply } | { readonly unheard: string };

export type PushEnd =
  /** Both would take it, and nothing was changed. */
  | { readonly is: 'checked' }
  | { readonly is: 'in-force' }
  /** It was in force nowhere. */
  | { readonly is: 'refused'; readonly why: readonly string[] }
  /** It was tried, and what was before is in force again; or nobody knows of the peer. */
  | { readonly is: 'back'; readonly why: readonly string[]; readonly peer: 'back' | 'unknown' }
  /** One side has it, and the other one could not keep it, or not bring back what was before. */
  | { readonly is: 'apart'; readonly why: readonly string[] };

type Answers = Readonly<Partial<Record<Side, Heard>>>;

export type RoundsState =
  | { readonly is: 'offering'; readonly answers: Answers }
  | { readonly is: 'agreed' }
  | { readonly is: 'committing'; readonly answers: Answers }
  /** First the peer, then we. */
  | { readonly is: 'keeping'; readonly side: Side; readonly tries: number }
  | { readonly is: 'letting-go'; readonly end: PushEnd; readonly open: readonly Side[]; readonly tries: number }
  | { readonly is: 'over' };

export type RoundsEvent =
  | {
      readonly is: 'heard';
      readonly side: Side;
      readonly of: 'offer' | 'commit' | 'keep' | 'back';
      readonly what: Heard;
    }
  /** The moment to commit has come, or the time to ask again. */
  | { readonly is: 'timer' }
  | { readonly is: 'cancel'; readonly why: string };

export type RoundsAction =
  | { readonly do: 'ask'; readonly side: Side; readonly what: 'offer' | 'commit' | 'keep' }
  | { readonly do: 'ask'; readonly side: Side; readonly what: 'back'; readonly why: string }
  /** Both would take it: the timer is armed for the moment. */
  | { readonly do: 'agree' }
  | { readonly do: 'arm'; readonly ms: number }
  | { readonly do: 'disarm' }
  | { readonly do: 'end'; readonly end: PushEnd };

export interface RoundsStep {
  readonly state: RoundsState;
  readonly actions: readonly RoundsAction[];
}

const BOTH = ['here', 'peer'] as const;

const to = (state: RoundsState, ...actions: readonly RoundsAction[]): RoundsStep => ({ state, actions });
const askBoth = (what: 'offer' | 'commit'): readonly RoundsAction[] => BOTH.map((side) => ({ do: 'ask', side, what }));

export const beginRounds = (): RoundsStep => to({ is: 'offering', answers: {} }, ...askBoth('offer'));

export function stepRounds(settings: RoundsSettings, state: RoundsState, event: RoundsEvent): RoundsStep {
  switch (event.is) {
    case 'heard':
      return heard(settings, state, event);
    case 'timer':
      return timedOut(state);
    case 'cancel':
      return state.is === 'agreed' ? letGo({ is: 'refused', why: [event.why] }, { do: 'disarm' }) : to(state);
  }
}

function heard(settings: RoundsSettings, state: RoundsState, event: Extract<RoundsEvent, { is: 'heard' }>): RoundsStep {
  const { side, of, what } = event;
  if (state.is === 'offering' && of === 'offer') return offered(settings, { ...state.answers, [side]: what });
  if (state.is === 'committing' && of === 'commit') return committed({ ...state.answers, [side]: what });
  if (state.is === 'keeping' && of === 'keep' && side === state.side) return kept(settings, state, what);
  if (state.is === 'letting-go' && of === 'back') return wentBack(settings, state, side, what);
  return to(state);
}

/** The sentence, with whose it is; undefined: yes. */
function troubleOf(side: Side, what: Heard | undefined): string | undefined {
  if (what === undefined) return undefined;
  const why = 'unheard' in what ? what.unheard : what.reply.failed;
  return why === null ? undefined : `${side}: ${why}`;
}

const troublesOf = (answers: Answers): readonly string[] =>
  BOTH.flatMap((side) => troubleOf(side, answers[side]) ?? []);

const isComplete = (answers: Answers): boolean => BOTH.every((side) => answers[side] !== undefined);

function offered({ checkOnly }: RoundsSettings, answers: Answers): RoundsStep {
  if (!isComplete(answers)) return to({ is: 'offering', answers });
  const why = troublesOf(answers);
  if (why.length > 0) return letGo({ is: 'refused', why });
  return checkOnly ? letGo({ is: 'checked' }) : to({ is: 'agreed' }, { do: 'agree' });
}

/** The first no ends it: where the moment has not come yet, the other side need not begin. */
function committed(answers: Answers): RoundsStep {
  const why = troublesOf(answers);
  if (why.length > 0) return letGo({ is: 'back', why, peer: 'back' });
  if (!isComplete(answers)) return to({ is: 'committing', answers });
  return to({ is: 'keeping', side: 'peer', tries: 1 }, { do: 'ask', side: 'peer', what: 'keep' });
}

function kept(
  { retryMs, mostTries }: RoundsSettings,
  state: Extract<RoundsState, { is: 'keeping' }>,
  what: Heard,
): RoundsStep {
  const { side, tries } = state;
  const why = troubleOf(side, what);
  if (why === undefined)
    return side === 'here'
      ? over({ is: 'in-force' })
      : to({ is: 'keeping', side: 'here', tries: 1 }, { do: 'ask', side: 'here', what: 'keep' });
  if (side === 'here') return over({ is: 'apart', why: [why] });
  if (!('unheard' in what)) return letGo({ is: 'back', why: [why], peer: 'back' });
  if (tries < mostTries) return to({ ...state, tries: tries + 1 }, { do: 'arm', ms: retryMs });
  // it may have heard us: it is asked no more
  const end: PushEnd = { is: 'back', why: [why], peer: 'unknown' };
  return to({ is: 'letting-go', end, open: ['here'], tries: mostTries }, askBack('here', end));
}

/** Both sides are told, also one that said no: its answer may be late, and it may have more to forget than it knows. */
const letGo = (end: PushEnd, ...first: readonly RoundsAction[]): RoundsStep =>
  to({ is: 'letting-go', end, open: BOTH, tries: 1 }, ...first, ...BOTH.map((side) => askBack(side, end)));

const askBack = (side: Side, end: PushEnd): RoundsAction => ({
  do: 'ask',
  side,
  what: 'back',
  why: 'why' in end ? end.why.join('; ') : 'it was only asked for',
});

function wentBack(
  { retryMs, mostTries }: RoundsSettings,
  state: Extract<RoundsState, { is: 'letting-go' }>,
  side: Side,
  what: Heard,
): RoundsStep {
  const { end, tries } = state;
  const open = state.open.filter((other) => other !== side);
  const why = troubleOf(side, what);
  if (why === undefined) return open.length === 0 ? over(end) : to({ ...state, open });
  if (!('unheard' in what)) return lastOf({ ...state, open, end: { is: 'apart', why: [...whyOf(end), why] } });
  // an offer that nobody commits is forgotten anyway
  const isOfferOnly = end.is !== 'back' && end.is !== 'apart';
  if (isOfferOnly) return lastOf({ ...state, open });
  if (tries < mostTries) return to({ ...state, tries: tries + 1 }, { do: 'arm', ms: retryMs });
  return lastOf({ ...state, open, end: end.is === 'back' ? { ...end, peer: 'unknown' } : end });
}

const lastOf = (state: Extract<RoundsState, { is: 'letting-go' }>): RoundsStep =>
  state.open.length === 0 ? over(state.end) : to(state);

const whyOf = (end: PushEnd): readonly string[] => ('why' in end ? end.why : []);

const over = (end: PushEnd): RoundsStep => to({ is: 'over' }, { do: 'end', end });

function timedOut(state: RoundsState): RoundsStep {
  switch (state.is) {
    case 'agreed':
      return to({ is: 'committing', answers: {} }, ...askBoth('commit'));
    case 'keeping':
      return to(state, { do: 'ask', side: state.side, what: 'keep' });
    case 'letting-go':
      // ours answers always: only the peer can be missing
      return to(state, askBack('peer', state.end));
    default:
      return to(state);
  }
}
