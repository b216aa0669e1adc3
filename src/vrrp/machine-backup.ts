/** RFC 3768 §6.4.2, RFC 9568 §6.4.2: a backup listens, and becomes master when nobody better is heard. */
import {
  become,
  downMs,
  learnedMs,
  newMaster,
  type Rules,
  setPriority,
  stay,
  toFault,
  toInitialize,
  toMaster,
} from './machine-steps.js';
import { PRIORITY_RELEASE, skewMs } from './rfc.js';
import type { Action, Backup, EventOf, HeardMaster, MachineSettings, Reason, Step } from './machine-types.js';

/** How long a successor waits for the end of its predecessor's adverts. */
const HANDOVER_MS = 1000;
/** Skew of priority 0 after a master that is known to be dead: enough for the better of two backups to be first. */
const LOST_SKEW_MS = 50;

const ignored = (_my: MachineSettings, state: Backup): Step => stay(state);

export const backup: Rules<Backup> = {
  advert: hear,

  timer(my, state, { name, atMs }) {
    if (name !== 'master-down' || state.held || state.waits) return stay(state);
    if (atMs < state.deadlineMs) return stay(state, arm(state));
    const believed = believe(my, state, atMs);
    if (believed !== undefined) return believed;
    if (my.grouped) return stay({ ...state, waits: true }, { do: 'ask-group' });
    return toMaster(my, state, atMs, state.because);
  },

  group(my, state, { to, atMs }) {
    if (to === 'repair' || (to === 'master' && state.held)) return stay(state);
    return to === 'master' ? toMaster(my, state, atMs, 'group') : listen(my, state, atMs);
  },

  /** Not before the addresses are here: then the predecessor is told to let go, and its priority 0 tells us to advertise. */
  'take-over'(_my, state, { atMs }) {
    if (state.held) return stay(state);
    const handoverUntilMs = atMs + HANDOVER_MS;
    return become(state, { ...newMaster(state, atMs), handoverUntilMs }, 'take-over', [
      { do: 'hold-addresses' },
      { do: 'announce', why: 'master' },
      { do: 'arm', timer: 'handover', atMs: handoverUntilMs },
    ]);
  },

  /** Like priority 0, and faster. */
  'master-lost'(my, state, { atMs }) {
    const skew = ((256 - state.priority) * Math.min(LOST_SKEW_MS, my.advertMs)) / 256;
    return hurry(state, atMs + skew, 'master-lost');
  },

  'master-confirmed': (_my, state, { lastAdvertMs, patienceMs }) =>
    stay({ ...state, confirmed: { lastAdvertMs, patienceMs } }),

  /** The rest of our group is handing over, and took us with it. */
  'step-down': (_my, state) => stay({ ...state, yields: true }),

  /** The deadline moves with the skew. */
  priority(my, state, event) {
    const { state: next, actions } = setPriority(my, state, event);
    const laterMs =
      skewMs(my.version, event.value, state.masterAdvertMs) - skewMs(my.version, state.priority, state.masterAdvertMs);
    return laterMs === 0 ? { state: next, actions } : postpone(state, laterMs, { priority: event.value }, actions);
  },

  settings(my, state, { before }) {
    const masterAdvertMs = state.master === undefined ? my.advertMs : learnedMs(my, state.masterAdvertMs);
    const laterMs = downMs(my, state.priority, masterAdvertMs) - downMs(before, state.priority, state.masterAdvertMs);
    return postpone({ ...state, waits: false }, laterMs, { masterAdvertMs }); // the group may be another: it is asked again
  },

  /** Adverts of that time were missed by us, not by the master: it has another interval to show itself, or as long as we were away if that is less. */
  paused(my, state, { atMs, sinceMs }) {
    if (state.deadlineMs > atMs || state.waits) return stay(state);
    const again = state.masterAdvertMs + skewMs(my.version, state.priority, state.masterAdvertMs);
    return postpone(state, atMs + Math.min(again, atMs - sinceMs) - state.deadlineMs, {});
  },

  hold: (_my, state) => stay({ ...state, held: true }),

  released(my, state, { atMs }) {
    if (!state.held) return stay(state);
    const free = { ...state, held: false };
    return my.owner && !my.grouped ? toMaster(my, free, atMs, 'owner') : listen(my, free, atMs);
  },

  fault: (_my, state, event) => toFault(state, event),
  stop: (_my, state) => become(state, toInitialize(state), 'stop', []),
  start: ignored,
  resume: ignored,
  repaired: ignored,
  muted: ignored,
  'addresses-lost': ignored,
};

const arm = (state: Backup): Action => ({ do: 'arm', timer: 'master-down', atMs: state.deadlineMs });

/**
 * The adverts that a second path tells of count as if they were heard, once we hear none: two masters are avoided where only adverts are lost.
 * But it may be the master whom nobody hears; then this must end. Whoever waits for something else than the master's silence is not held up.
 */
function believe(my: MachineSettings, state: Backup, atMs: number): Step | undefined {
  const { confirmed, because } = state;
  if (confirmed === undefined || because !== 'master-down') return undefined;
  const deafSinceMs = state.deafSinceMs ?? state.deadlineMs;
  const silentMs = confirmed.lastAdvertMs + downMs(my, state.priority, state.masterAdvertMs);
  const deadlineMs = Math.min(silentMs, deafSinceMs + confirmed.patienceMs);
  if (deadlineMs <= atMs) return undefined;
  const next: Backup = { ...state, deadlineMs, deafSinceMs };
  const told: readonly Action[] = state.deafSinceMs === undefined ? [{ do: 'tell', what: { is: 'deaf' } }] : [];
  return stay(next, arm(next), ...told);
}

/** From the beginning, as if nobody had been heard. */
function listen(my: MachineSettings, state: Backup, atMs: number): Step {
  const deadlineMs = atMs + downMs(my, state.priority, state.masterAdvertMs);
  const next: Backup = { ...state, deadlineMs, because: 'master-down', waits: false };
  return stay(next, arm(next));
}

/** RFC 9568 §6.4.2 (430) to (490). */
function hear(my: MachineSettings, state: Backup, event: EventOf<'advert'>): Step {
  const { priority, atMs } = event;
  if (priority === PRIORITY_RELEASE)
    return hurry(state, atMs + skewMs(my.version, state.priority, state.masterAdvertMs), 'released-by-master');
  if (!my.preempt || state.yields || priority >= state.priority) return accept(my, state, event, undefined);
  const preemptAtMs = my.preemptDelayMs === 0 ? atMs : (state.preemptAtMs ?? atMs + my.preemptDelayMs);
  if (atMs < preemptAtMs) return accept(my, state, event, preemptAtMs);
  const because = state.because === 'master-down' ? 'preempts' : state.because;
  return stay(my.preemptDelayMs === 0 ? { ...state, because } : { ...state, because, preemptAtMs });
}

function accept(
  my: MachineSettings,
  state: Backup,
  { priority, source, intervalMs, atMs }: EventOf<'advert'>,
  preemptAtMs: number | undefined,
): Step {
  const masterAdvertMs = learnedMs(my, intervalMs);
  const next: Backup = {
    ...state,
    deadlineMs: atMs + downMs(my, state.priority, masterAdvertMs),
    because: 'master-down',
    masterAdvertMs,
    master: { source, priority },
    preemptAtMs,
    waits: false,
    confirmed: undefined,
    deafSinceMs: undefined,
  };
  return stay(next, arm(next), ...news(my, state, { source, priority }, intervalMs, masterAdvertMs));
}

/** What people should know of an accepted advert: once, not with each. */
function news(
  my: MachineSettings,
  state: Backup,
  master: HeardMaster,
  saidMs: number,
  takenMs: number,
): readonly Action[] {
  const another = state.master?.source !== master.source;
  const same = another && master.priority === state.priority;
  const bounded = my.version === 3 && saidMs !== takenMs && (another || takenMs !== state.masterAdvertMs);
  return [
    ...(another ? [{ do: 'tell', what: { is: 'new-master', master } } as const] : []),
    ...(same ? [{ do: 'tell', what: { is: 'same-priority', master } } as const] : []),
    ...(bounded ? [{ do: 'tell', what: { is: 'interval-bounded', saidMs, takenMs } } as const] : []),
  ];
}

/** The deadline comes sooner; never later, or a stream of such adverts would put it off for ever. */
function hurry(state: Backup, deadlineMs: number, because: Reason): Step {
  if (deadlineMs >= state.deadlineMs || state.waits) return stay(state);
  const next: Backup = { ...state, deadlineMs, because };
  return stay(next, arm(next));
}

function postpone(state: Backup, laterMs: number, changed: Partial<Backup>, actions: readonly Action[] = []): Step {
  const next: Backup = { ...state, ...changed, deadlineMs: state.deadlineMs + laterMs };
  return stay(next, ...(state.waits ? [] : [arm(next)]), ...actions);
}
