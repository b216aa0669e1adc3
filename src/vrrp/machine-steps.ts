/** Steps from one state to another, as all states take them. */
import { masterDownMs, PRIORITY_RELEASE } from './rfc.js';
import type {
  Action,
  Advertise,
  Backup,
  EventName,
  EventOf,
  Initialize,
  MachineSettings,
  Master,
  Reason,
  State,
  Step,
} from './machine-types.js';

/** What happens in one state; the compiler asks for every event. */
export type Rules<S extends State> = {
  readonly [Name in EventName]: (my: MachineSettings, state: S, event: EventOf<Name>) => Step;
};

export const stay = (state: State, ...actions: readonly Action[]): Step => ({ state, actions });

/** A change of role: timers of the old one are gone, and it is told last. */
export const become = (from: State, to: State, why: Reason, actions: readonly Action[], detail?: string): Step => ({
  state: to,
  actions: [
    { do: 'disarm-all' },
    ...actions,
    {
      do: 'tell',
      what: { is: 'role', from: from.is, to: to.is, why, ...(detail === undefined ? {} : { detail }) },
    },
  ],
});

export const toInitialize = ({ priority, held }: State): Initialize => ({ is: 'initialize', priority, held });

/** Start, or the end of a fault (RFC 9568 §6.4.1): the owner is master at once (in a group: asks at once), others listen first. */
export function begin(my: MachineSettings, state: State, atMs: number, why: Reason): Step {
  const atOnce = my.owner && !state.held;
  if (atOnce && !my.grouped) return toMaster(my, state, atMs, 'owner');
  const eager = why === 'start' && my.startsEagerly;
  const deadlineMs = atMs + (atOnce ? 0 : eager ? eagerMs(my) : downMs(my, state.priority, my.advertMs));
  return toBackup(my, state, { deadlineMs }, why, [{ do: 'release-addresses' }]);
}

/** One interval and the least skew. */
const eagerMs = ({ version, advertMs }: MachineSettings): number => advertMs + (version === 2 ? 1000 : advertMs) / 256;

/** Master_Down_Interval (RFC 3768 §6.1), Active_Down_Interval (RFC 9568 §6.1). */
export const downMs = (my: MachineSettings, priority: number, masterAdvertMs: number): number =>
  masterDownMs(my.version, priority, masterAdvertMs, my.downTimerAdverts);

/** @param backup what differs from a backup that has heard nobody yet */
export function toBackup(
  my: MachineSettings,
  from: State,
  backup: Partial<Backup> & Pick<Backup, 'deadlineMs'>,
  why: Reason,
  actions: readonly Action[],
  detail?: string,
): Step {
  const to: Backup = {
    is: 'backup',
    priority: from.priority,
    held: from.held,
    because: 'master-down',
    masterAdvertMs: my.advertMs,
    master: undefined,
    preemptAtMs: undefined,
    waits: false,
    yields: false,
    confirmed: undefined,
    deafSinceMs: undefined,
    ...backup,
  };
  return become(from, to, why, [...actions, { do: 'arm', timer: 'master-down', atMs: to.deadlineMs }], detail);
}

/**
 * RFC 9568 §6.4.2 (380): the advert first, then the addresses, then all who must know where they are. But whoever preempts has a predecessor who
 * answers until it hears the advert: nobody is left without an answer if neighbours already know better by then.
 */
export function toMaster(my: MachineSettings, from: State, atMs: number, why: Reason): Step {
  const to = newMaster(from, atMs);
  const advert = advertise(my, to);
  const take = [{ do: 'hold-addresses' }, { do: 'announce', why: 'master' }] as const;
  return become(from, to, why, why === 'preempts' ? [...take, { ...advert, onceHeld: true }] : [advert, ...take]);
}

export const newMaster = ({ priority, held }: State, atMs: number): Master => ({
  is: 'master',
  priority,
  held,
  sinceMs: atMs,
  rhythmMs: atMs,
  answeredMs: undefined,
  repairedMs: undefined,
  handoverUntilMs: undefined,
  rival: undefined,
  lower: undefined,
  deafTold: false,
});

/** From the next beat of the rhythm on. */
export function advertise(my: MachineSettings, { priority, rhythmMs }: Master, atMs: number = rhythmMs): Advertise {
  const beats = Math.max(0, Math.ceil((atMs - rhythmMs) / my.advertMs));
  const patienceMs = othersPatienceMs(my);
  return {
    do: 'advertise',
    priority,
    everyMs: my.advertMs,
    firstAtMs: rhythmMs + beats * my.advertMs,
    silentIfLateMs: patienceMs === undefined ? undefined : patienceMs - my.advertMs, // the one before left an interval before its moment
  };
}

/** timer_expired_backup: so long after our last advert nobody else is master yet. undefined: that does not matter. */
export const othersPatienceMs = (my: MachineSettings): number | undefined =>
  my.highestOtherPriority === undefined
    ? undefined
    : masterDownMs(my.version, my.highestOtherPriority, my.advertMs, my.downTimerAdverts);

/** A master stops (RFC 9568 §6.4.3): whoever hears it waits for its skew only. */
export const LET_GO: readonly Action[] = [
  { do: 'silence' },
  { do: 'send-once', priority: PRIORITY_RELEASE },
  { do: 'release-addresses' },
];

export const toFault = (from: State, { why, byGroup }: EventOf<'fault'>): Step =>
  become(
    from,
    { is: 'fault', priority: from.priority, held: from.held, why },
    byGroup === true ? 'group' : 'fault',
    from.is === 'master' ? LET_GO : [{ do: 'release-addresses' }],
    why,
  );

export function setPriority(_my: MachineSettings, state: State, { value }: EventOf<'priority'>): Step {
  if (value === state.priority) return stay(state);
  return stay({ ...state, priority: value }, { do: 'tell', what: { is: 'priority', value } });
}

/** What is taken of the interval that an advert says; VRRP 2 has only ours. */
export const learnedMs = (my: MachineSettings, saidMs: number): number =>
  my.version === 2 ? my.advertMs : Math.min(Math.max(saidMs, my.learnedLeastMs), my.learnedMostMs);
