/**
 * One side of a pushed configuration as a function: (settings, state, event) → state, actions. Both directors are such a side; push-rounds.ts is
 * the one that leads. Whatever is not settled in its time goes back: a crash, a cut cable and silence all mean no.
 */
import { done, failure, type PushReply } from './push-messages.js';

export interface PushSettings {
  /** How long a configuration is in force without the word that it stays. */
  readonly trialMs: number;
}

export interface Pushed {
  readonly id: string;
  /** Who leads. */
  readonly by: 'here' | 'peer';
  readonly from: string;
}

/** How the last one ended: whoever asks again is told the same. */
export interface Ended {
  readonly id: string;
  readonly kept: boolean;
  readonly why: string;
}

export type PushState = { readonly last: Ended | undefined } & (
  | { readonly is: 'idle' }
  | { readonly is: 'offered'; readonly push: Pushed }
  /** Committed, for a moment to come. */
  | { readonly is: 'waiting'; readonly push: Pushed }
  /** Files are written, and read. `unwanted`: why it will go back as soon as that is over. */
  | { readonly is: 'trying'; readonly push: Pushed; readonly unwanted: string | undefined }
  | { readonly is: 'trial'; readonly push: Pushed }
  | { readonly is: 'keeping'; readonly push: Pushed }
  | { readonly is: 'returning'; readonly push: Pushed; readonly why: string }
);

type Busy = Exclude<PushState, { readonly is: 'idle' }>;

export type PushEvent =
  /** `reply`: what was found when it was read. */
  | { readonly is: 'offer'; readonly push: Pushed; readonly reply: PushReply; readonly holdMs: number }
  | { readonly is: 'commit'; readonly id: string; readonly inMs: number }
  | { readonly is: 'settle'; readonly id: string; readonly keep: boolean; readonly why: string }
  | { readonly is: 'timer' }
  /** What `try`, `keep` or `back` came to; undefined: done. */
  | { readonly is: 'worked'; readonly failed: string | undefined };

export type PushStory =
  | 'pair.push-offered'
  | 'pair.push-refused'
  | 'pair.push-forgotten'
  | 'pair.push-tried'
  | 'pair.push-kept'
  | 'pair.push-back'
  | 'pair.push-stuck';

/** `keep` and `back` are settle's two. */
export type Asked = 'offer' | 'commit' | 'keep' | 'back';

export type PushAction =
  /** To all who asked this of this push. */
  | { readonly do: 'answer'; readonly to: Asked; readonly id: string; readonly reply: PushReply }
  | { readonly do: 'arm'; readonly ms: number }
  | { readonly do: 'disarm' }
  /** Write the files and bring them into force; let them stay; bring back what was before. */
  | { readonly do: 'try' | 'keep' | 'back' }
  | { readonly do: 'tell'; readonly event: PushStory; readonly push: Pushed; readonly why?: string };

export interface PushStep {
  readonly state: PushState;
  readonly actions: readonly PushAction[];
}

export const newPush: PushState = { is: 'idle', last: undefined };

export function stepPush(settings: PushSettings, state: PushState, event: PushEvent): PushStep {
  switch (event.is) {
    case 'offer':
      return offered(state, event);
    case 'commit':
      return committed(state, event);
    case 'settle':
      return settled(state, event);
    case 'timer':
      return timedOut(settings, state);
    case 'worked':
      return worked(settings, state, event.failed);
  }
}

const stay = (state: PushState, ...actions: readonly PushAction[]): PushStep => ({ state, actions });

const answer = (to: Asked, id: string, reply: PushReply): PushAction => ({ do: 'answer', to, id, reply });

const endOf = (push: Pushed, kept: boolean, why: string): PushState => ({
  is: 'idle',
  last: { id: push.id, kept, why },
});

/** A newer offer of the same director takes the place of one that it has not committed: it may have forgotten it. */
function offered(state: PushState, { push, reply, holdMs }: Extract<PushEvent, { is: 'offer' }>): PushStep {
  const tell = (why: string): PushAction => ({ do: 'tell', event: 'pair.push-refused', push, why });
  const isFree = state.is === 'idle' || (state.is === 'offered' && state.push.by === push.by);
  if (!isFree) {
    const why = `another push is under way, from ${state.push.from}`;
    return stay(state, answer('offer', push.id, failure(why)), tell(why));
  }
  if (reply.failed !== null) return stay(state, answer('offer', push.id, reply), tell(reply.failed));
  return stay({ is: 'offered', push, last: state.last }, { do: 'arm', ms: holdMs }, answer('offer', push.id, reply), {
    do: 'tell',
    event: 'pair.push-offered',
    push,
  });
}

function committed(state: PushState, { id, inMs }: Extract<PushEvent, { is: 'commit' }>): PushStep {
  if (state.is === 'idle' || state.push.id !== id)
    return stay(state, answer('commit', id, failure(unknown(state, id))));
  const { push, last } = state;
  switch (state.is) {
    case 'offered':
      if (inMs > 0) return stay({ is: 'waiting', push, last }, { do: 'arm', ms: inMs });
      return begin(state);
    case 'waiting':
    case 'trying':
      return stay(state); // answered when it was tried
    case 'trial':
    case 'keeping':
      return stay(state, answer('commit', id, done));
    case 'returning':
      return stay(state, answer('commit', id, failure(state.why)));
  }
}

const begin = ({ push, last }: Busy): PushStep =>
  stay({ is: 'trying', push, last, unwanted: undefined }, { do: 'disarm' }, { do: 'try' });

const unknown = ({ last }: PushState, id: string): string =>
  last?.id === id ? last.why : 'it is not offered any more';

function settled(state: PushState, { id, keep, why }: Extract<PushEvent, { is: 'settle' }>): PushStep {
  if (state.is === 'idle' || state.push.id !== id)
    return stay(state, answer(keep ? 'keep' : 'back', id, afterwards(state, id, keep)));
  const { push, last } = state;
  switch (state.is) {
    case 'offered':
    case 'waiting':
      if (keep) return stay(state, answer('keep', id, failure('it was not in force yet')));
      return stay(
        endOf(push, false, why),
        { do: 'disarm' },
        answer('commit', id, failure(why)),
        answer('back', id, done),
        { do: 'tell', event: 'pair.push-forgotten', push, why },
      );
    case 'trying':
      if (keep) return stay(state, answer('keep', id, failure('it is not in force yet')));
      return stay({ ...state, unwanted: why });
    case 'trial':
      if (keep) return stay({ is: 'keeping', push, last }, { do: 'disarm' }, { do: 'keep' });
      return goBack(state, why);
    case 'keeping':
    case 'returning':
      return stay(state); // answered when that is done
  }
}

const STAYS = 'it stays already';

/** The same question may come twice. Of what was never heard of nothing is in force. */
function afterwards({ last }: PushState, id: string, keep: boolean): PushReply {
  const kept = last?.id === id && last.kept;
  if (kept === keep) return done;
  return failure(kept ? STAYS : unknown({ is: 'idle', last }, id));
}

const goBack = (state: Busy, why: string): PushStep =>
  stay({ is: 'returning', push: state.push, last: state.last, why }, { do: 'disarm' }, { do: 'back' });

function timedOut({ trialMs }: PushSettings, state: PushState): PushStep {
  switch (state.is) {
    case 'offered': {
      const why = 'it was not committed in its time';
      return stay(endOf(state.push, false, why), { do: 'tell', event: 'pair.push-forgotten', push: state.push, why });
    }
    case 'waiting':
      return begin(state);
    case 'trial':
      return goBack(state, `nobody confirmed it within ${Math.round(trialMs / 1000)} seconds`);
    default:
      return stay(state);
  }
}

function worked({ trialMs }: PushSettings, state: PushState, failed: string | undefined): PushStep {
  switch (state.is) {
    case 'trying':
      return tried(trialMs, state, failed);
    case 'keeping':
      return kept(state, failed);
    case 'returning':
      return returned(state, failed);
    default:
      return stay(state);
  }
}

function tried(trialMs: number, state: Extract<PushState, { is: 'trying' }>, failed: string | undefined): PushStep {
  const { push, last } = state;
  const why = failed ?? state.unwanted;
  if (why !== undefined) {
    const { state: next, actions } = goBack(state, why);
    return stay(next, answer('commit', push.id, failure(why)), ...actions);
  }
  return stay({ is: 'trial', push, last }, { do: 'arm', ms: trialMs }, answer('commit', push.id, done), {
    do: 'tell',
    event: 'pair.push-tried',
    push,
  });
}

/** What cannot be written down to stay would be gone after the next start: better now. */
function kept(state: Extract<PushState, { is: 'keeping' }>, failed: string | undefined): PushStep {
  const { push } = state;
  if (failed !== undefined) return goBack(state, failed);
  return stay(endOf(push, true, 'it stays'), answer('keep', push.id, done), answer('back', push.id, failure(STAYS)), {
    do: 'tell',
    event: 'pair.push-kept',
    push,
  });
}

function returned(state: Extract<PushState, { is: 'returning' }>, failed: string | undefined): PushStep {
  const { push, why } = state;
  const gone = `it has gone back: ${why}`;
  const end = endOf(push, false, gone);
  const no = answer('keep', push.id, failure(gone));
  if (failed === undefined)
    return stay(end, { do: 'tell', event: 'pair.push-back', push, why }, no, answer('back', push.id, done));
  const stuck = failure(`what was before could not be brought back: ${failed}`);
  return stay(end, { do: 'tell', event: 'pair.push-stuck', push, why: failed }, no, answer('back', push.id, stuck));
}
