/** RFC 3768 §6.4.3, RFC 9568 §6.4.3: a master advertises, and yields to the better only. Nothing that it hears moves its own rhythm. */
import {
  advertise,
  become,
  downMs,
  LET_GO,
  learnedMs,
  othersPatienceMs,
  type Rules,
  setPriority,
  stay,
  toBackup,
  toFault,
  toInitialize,
} from './machine-steps.js';
import { PRIORITY_RELEASE, skewMs } from './rfc.js';
import type { Action, EventOf, MachineSettings, Master, Reason, Step } from './machine-types.js';

/** Between two adverts that answer others, and between two repairs: what is heard is not multiplied. */
const ANSWER_GAP_MS = 100;
const REPAIR_GAP_MS = 1000;
/** Another owner has so many adverts and intervals to yield; keepalived 2.4 waits for the same. */
const RIVAL_ADVERTS = 2;
const RIVAL_INTERVALS = 1.2;
/** A lower master that has not yielded after so many intervals does not hear us. */
const UNHEARD_INTERVALS = 3;

const ignored = (_my: MachineSettings, state: Master): Step => stay(state);

export const master: Rules<Master> = {
  advert(my, state, event) {
    const { priority, sender } = event;
    if (state.handoverUntilMs !== undefined)
      return priority === PRIORITY_RELEASE ? endHandover(my, state, event.atMs) : stay(state);
    if (priority === PRIORITY_RELEASE) return answer(my, state, event.atMs);
    if (priority > state.priority) return yieldTo(my, state, event, 'higher-priority');
    if (priority < state.priority) return outrank(my, state, event);
    if (my.owner) return meetOwner(my, state, event);
    return sender === 'higher' ? yieldTo(my, state, event, 'higher-address') : outrank(my, state, event);
  },

  timer(my, state, { name, atMs }) {
    switch (name) {
      case 'answer':
        return isDue(state.answeredMs, answerGapMs(my), atMs) ? answer(my, state, atMs) : stay(state);
      case 'repair':
        return isDue(state.repairedMs, REPAIR_GAP_MS, atMs) ? repair(state, atMs, []) : stay(state);
      case 'handover':
        return (state.handoverUntilMs ?? Infinity) <= atMs ? endHandover(my, state, atMs) : stay(state);
      case 'master-down':
        return stay(state);
    }
  },

  /** The next beat says it. */
  priority(my, state, event) {
    const next = { ...state, priority: event.value };
    const { actions } = setPriority(my, state, event);
    const silent = actions.length === 0 || state.handoverUntilMs !== undefined;
    return stay(next, ...(silent ? [] : [advertise(my, next, event.atMs)]), ...actions);
  },

  /** Said at once, as keepalived does. */
  settings(my, state, { atMs }) {
    const next = { ...state, rhythmMs: atMs };
    return stay(next, ...(state.handoverUntilMs === undefined ? [advertise(my, next)] : []));
  },

  group(my, state, { to, atMs, soon }) {
    if (to === 'backup' && soon === true) return letGo(my, state, backSoon(my, state, atMs), 'group');
    if (to === 'backup') return letGo(my, state, { deadlineMs: afterSilence(my, state, atMs) }, 'group');
    if (to === 'master' || state.handoverUntilMs !== undefined) return stay(state);
    return repair(state, atMs, []);
  },

  'addresses-lost': (my, state, { atMs }) => letGo(my, state, backSoon(my, state, atMs), 'addresses-lost'),

  'step-down': (my, state, { atMs }) =>
    letGo(my, state, { deadlineMs: afterSilence(my, state, atMs), yields: true }, 'step-down'),

  /** Of a planned switch: the predecessor is gone, or says that it has let go. */
  'master-lost': (my, state, { atMs }) =>
    state.handoverUntilMs === undefined ? stay(state) : endHandover(my, state, atMs),

  /** The other side is master, too, and says so by the second path. If we heard it, one of us would yield. */
  'master-confirmed'(my, state, { atMs }) {
    const patienceMs = downMs(my, state.priority, my.advertMs);
    const mayBeOver = state.handoverUntilMs !== undefined || atMs < state.sinceMs + patienceMs;
    const isHeard = state.lower !== undefined && atMs < state.lower.lastMs + patienceMs;
    if (state.deafTold || mayBeOver || isHeard) return stay(state);
    return stay({ ...state, deafTold: true }, { do: 'tell', what: { is: 'deaf' } });
  },

  /** timer_expired_backup: whoever took over meanwhile is not disturbed; if nobody did, we are back after our time. */
  paused(my, state, { atMs, sinceMs }) {
    const patienceMs = othersPatienceMs(my);
    return patienceMs === undefined || atMs <= sinceMs + patienceMs ? stay(state) : stepAside(my, state, atMs);
  },

  muted: (my, state, { atMs }) => stepAside(my, state, atMs),

  fault: (_my, state, event) => toFault(state, event),
  stop: (_my, state) => become(state, toInitialize(state), 'stop', LET_GO),
  hold: (_my, state) => stay({ ...state, held: true }),
  released: (_my, state) => stay({ ...state, held: false }),
  start: ignored,
  resume: ignored,
  repaired: ignored,
  'take-over': ignored,
};

const answerGapMs = (my: MachineSettings): number => Math.min(ANSWER_GAP_MS, my.advertMs);

const isDue = (lastMs: number | undefined, gapMs: number, atMs: number): boolean =>
  lastMs === undefined || atMs >= lastMs + gapMs;

/** When a backup that hears nobody is master again. */
const afterSilence = (my: MachineSettings, state: Master, atMs: number): number =>
  atMs + downMs(my, state.priority, my.advertMs);

/** As a backup that has heard priority 0, which is what we say: the best of all takes the addresses again. */
const backSoon = (my: MachineSettings, state: Master, atMs: number): Parameters<typeof toBackup>[2] => ({
  deadlineMs: atMs + skewMs(my.version, state.priority, my.advertMs),
  because: 'addresses-lost',
});

const letGo = (my: MachineSettings, state: Master, backup: Parameters<typeof toBackup>[2], why: Reason): Step =>
  toBackup(my, state, backup, why, LET_GO);

/** Without a word: whoever is master by now is not to be disturbed. */
const stepAside = (my: MachineSettings, state: Master, atMs: number): Step =>
  toBackup(my, state, { deadlineMs: afterSilence(my, state, atMs) }, 'paused', [
    { do: 'silence' },
    { do: 'release-addresses' },
  ]);

/** RFC 9568 §6.4.3 (725) to (780): the other is better. */
function yieldTo(my: MachineSettings, state: Master, event: EventOf<'advert'>, why: Reason): Step {
  const { priority, source, intervalMs, atMs } = event;
  const masterAdvertMs = learnedMs(my, intervalMs);
  const last: readonly Action[] = my.advertBeforeYielding ? [{ do: 'send-once', priority: state.priority }] : [];
  const bounded: readonly Action[] =
    my.version === 3 && masterAdvertMs !== intervalMs
      ? [{ do: 'tell', what: { is: 'interval-bounded', saidMs: intervalMs, takenMs: masterAdvertMs } }]
      : [];
  const same: readonly Action[] =
    why === 'higher-address' ? [{ do: 'tell', what: { is: 'same-priority', master: { source, priority } } }] : [];
  return toBackup(
    my,
    state,
    { deadlineMs: atMs + downMs(my, state.priority, masterAdvertMs), masterAdvertMs, master: { source, priority } },
    why,
    [...last, { do: 'silence' }, { do: 'release-addresses' }, ...bounded, ...same],
    source,
  );
}

/** RFC 9568 §6.4.3 (785): we are better, and say so to it and to the switches. */
function assert(my: MachineSettings, state: Master, { priority, source, atMs }: EventOf<'advert'>): Step {
  const told: Action = { do: 'tell', what: { is: 'lower-master', master: { source, priority } } };
  const answered = my.answersLower ? answer(my, state, atMs) : { state, actions: [] };
  const repaired = repair(answered.state, atMs, [told]);
  return { state: repaired.state, actions: [...answered.actions, ...repaired.actions] };
}

/** A lower master hears us at least once in an interval, and yields. One that goes on does not hear us: that way of the link is broken. */
function outrank(my: MachineSettings, state: Master, event: EventOf<'advert'>): Step {
  const { source, priority, atMs } = event;
  const before = state.lower;
  const goesOn = before?.source === source && atMs <= before.lastMs + downMs(my, state.priority, my.advertMs);
  const lower = goesOn ? { ...before, lastMs: atMs } : { source, sinceMs: atMs, lastMs: atMs, told: false };
  const isUnheard = !lower.told && atMs >= lower.sinceMs + UNHEARD_INTERVALS * my.advertMs;
  const master = { source, priority };
  const next = assert(my, { ...state, lower: { ...lower, told: lower.told || isUnheard } }, event);
  const told: readonly Action[] = [
    ...(!goesOn && priority === state.priority ? [{ do: 'tell', what: { is: 'same-priority', master } } as const] : []),
    ...(isUnheard ? [{ do: 'tell', what: { is: 'unheard', master } } as const] : []),
  ];
  return { state: next.state, actions: [...next.actions, ...told] };
}

/** At once, or as soon as the gap allows. */
function answer(my: MachineSettings, state: Master, atMs: number): Step & { readonly state: Master } {
  const gapMs = answerGapMs(my);
  if (isDue(state.answeredMs, gapMs, atMs))
    return { state: { ...state, answeredMs: atMs }, actions: [{ do: 'send-once', priority: state.priority }] };
  return { state, actions: [{ do: 'arm', timer: 'answer', atMs: (state.answeredMs ?? atMs) + gapMs }] };
}

/** The same for the announcement of our addresses. */
function repair(state: Master, atMs: number, told: readonly Action[]): Step {
  if (isDue(state.repairedMs, REPAIR_GAP_MS, atMs))
    return stay({ ...state, repairedMs: atMs }, { do: 'announce', why: 'lower-priority' }, ...told);
  return stay(state, { do: 'arm', timer: 'repair', atMs: (state.repairedMs ?? atMs) + REPAIR_GAP_MS });
}

/**
 * Both say 255: a mistake in a file. The lower address yields; one that goes on has its way, for two masters are worse. What it said longer ago
 * than a master-down is forgotten.
 */
function meetOwner(my: MachineSettings, state: Master, event: EventOf<'advert'>): Step {
  const { source, sender, atMs } = event;
  const known = atMs <= (state.rival?.sinceMs ?? -Infinity) + downMs(my, state.priority, my.advertMs);
  const { sinceMs, adverts: before } = known && state.rival !== undefined ? state.rival : { sinceMs: atMs, adverts: 0 };
  const adverts = before + 1;
  const stubborn = adverts > RIVAL_ADVERTS && atMs >= sinceMs + RIVAL_INTERVALS * my.advertMs;
  const told: readonly Action[] = adverts === 1 ? [{ do: 'tell', what: { is: 'two-owners', source } }] : [];
  const next =
    sender === 'higher' || stubborn
      ? yieldTo(my, state, event, 'other-owner')
      : assert(my, { ...state, rival: { sinceMs, adverts } }, event);
  return { state: next.state, actions: [...told, ...next.actions] };
}

/** The predecessor is silent, or had its time. */
function endHandover(my: MachineSettings, state: Master, atMs: number): Step {
  const next = { ...state, rhythmMs: atMs, handoverUntilMs: undefined };
  return stay(next, advertise(my, next));
}
