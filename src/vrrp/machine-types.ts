/**
 * What the state machine of one virtual router speaks of: its settings, where it is, what happens to it and what it wants done.
 * Moments are milliseconds of one monotonic clock (AdvertClock), with a fraction.
 */
import type { Version } from './rfc.js';

/** Everything that the election depends on; made by settings.ts. */
export interface MachineSettings {
  readonly version: Version;
  /** Priority 255: the addresses are this machine's own. */
  readonly owner: boolean;
  /** Between our adverts. */
  readonly advertMs: number;
  /** down_timer_adverts: missed adverts before a backup takes over; 3 in the RFCs. */
  readonly downTimerAdverts: number;
  readonly preempt: boolean;
  /** Between the first advert of a lower router and the moment from which such adverts do not count. */
  readonly preemptDelayMs: number;
  /** A member of a sync group: it becomes master when the group says so. */
  readonly grouped: boolean;
  /** `state MASTER` in a sync group: at start it waits for one interval only. */
  readonly startsEagerly: boolean;
  /** A master answers adverts of lower routers with its own, and announces its addresses again. Not with lower_prio_no_advert. */
  readonly answersLower: boolean;
  /** higher_prio_send_advert: one more advert before a higher router's advert is obeyed. */
  readonly advertBeforeYielding: boolean;
  /**
   * timer_expired_backup: the highest priority of another router. A master whose last advert is so old that this one may be master by now
   * steps down. undefined: it goes on.
   */
  readonly highestOtherPriority: number | undefined;
  /** What is taken of an interval that a VRRP 3 master says; beyond that a single advert could silence the addresses for minutes. */
  readonly learnedLeastMs: number;
  readonly learnedMostMs: number;
}

/** Whom a backup hears. */
export interface HeardMaster {
  readonly source: string;
  readonly priority: number;
}

interface Common {
  /** In effect: of settings, trackers and the group. */
  readonly priority: number;
  /** Not eligible yet: startup delay, or connections that are still being copied. */
  readonly held: boolean;
}

export interface Initialize extends Common {
  readonly is: 'initialize';
}

export interface Backup extends Common {
  readonly is: 'backup';
  /** When the master is taken to be gone, and why if that comes. */
  readonly deadlineMs: number;
  readonly because: Reason;
  /** Master_Adver_Interval: that of the master we hear, or our own. */
  readonly masterAdvertMs: number;
  readonly master: HeardMaster | undefined;
  /** Of preempt_delay: adverts of lower routers count until then. undefined: none was heard. */
  readonly preemptAtMs: number | undefined;
  /** The deadline has passed, and the rest of the group is not ready. */
  readonly waits: boolean;
  /** We handed over: whoever is master stays it, as with nopreempt. */
  readonly yields: boolean;
  /** The master's last advert that another way told of, and how long we go by that without hearing one. undefined: since we heard one, nothing. */
  readonly confirmed: { readonly lastAdvertMs: number; readonly patienceMs: number } | undefined;
  /** The deadline that we let pass because of it. undefined: none. */
  readonly deafSinceMs: number | undefined;
}

export interface Master extends Common {
  readonly is: 'master';
  readonly sinceMs: number;
  /** First advert of the plan: later ones keep its rhythm. */
  readonly rhythmMs: number;
  /** Our last advert beside the plan, and our last repair after an advert of a lower router. undefined: none. */
  readonly answeredMs: number | undefined;
  readonly repairedMs: number | undefined;
  /** We took over from a master that was told to hand over, and is silent only later: until then we do not advertise and do not obey. */
  readonly handoverUntilMs: number | undefined;
  /** Another owner of the addresses that does not yield to our higher address: since when, and its adverts. */
  readonly rival: { readonly sinceMs: number; readonly adverts: number } | undefined;
  /** A master that should yield to us and goes on; `told`: that it does not hear us. undefined: there is none. */
  readonly lower: LowerMaster | undefined;
  /** It was told that another master's adverts are not heard here. */
  readonly deafTold: boolean;
}

export interface LowerMaster {
  readonly source: string;
  readonly sinceMs: number;
  readonly lastMs: number;
  readonly told: boolean;
}

export interface Fault extends Common {
  readonly is: 'fault';
  readonly why: string;
}

export type State = Initialize | Backup | Master | Fault;
export type Role = State['is'];

/** `answer`: an advert that was put off; `repair`: an announcement that was; `handover`: the end of patience with it. */
export type TimerName = 'master-down' | 'answer' | 'repair' | 'handover';

/** What happens, and what is said of it beside the moment. */
interface Happenings {
  start: unknown;
  /** Our process died as master, and its addresses are still here; its last advert left then. */
  resume: { readonly lastAdvertMs: number };
  stop: unknown;
  /**
   * An advert that was accepted (receive.ts refuses an interval of 0, and our own address); its moment is when it arrived.
   * `sender`: its address compared with ours, as numbers.
   */
  advert: {
    readonly priority: number;
    readonly intervalMs: number;
    readonly source: string;
    readonly sender: 'higher' | 'lower';
  };
  timer: { readonly name: TimerName };
  /** The first reason for a fault (its text is for people), and the end of the last one. `byGroup`: only another member's. */
  fault: { readonly why: string; readonly byGroup?: boolean };
  repaired: { readonly byGroup?: boolean };
  /** In effect: 1 to 254, or 255 of an owner. */
  priority: { readonly value: number };
  /** BFD or a second path says that the master is gone. */
  'master-lost': unknown;
  /** A second path says that the master sent an advert then. Whoever hears none goes by it for so long, and not for ever: nobody else may hear any. */
  'master-confirmed': { readonly lastAdvertMs: number; readonly patienceMs: number };
  /** Somebody else removed an address, route or rule that a master has. */
  'addresses-lost': unknown;
  /** Planned switch. Successor: take the addresses now. Predecessor: the successor has them. */
  'take-over': unknown;
  'step-down': unknown;
  /** Not eligible: startup delay, or connections that are still being copied; and the end of that. */
  hold: unknown;
  released: unknown;
  /** Of sync-group.ts. `repair`: another member heard a lower router; `soon`: nobody else is to be master, ours is the next turn again. */
  group: { readonly to: 'master' | 'backup' | 'repair'; readonly soon?: true };
  /** We were not running for a while. `sinceMs`: when we last ran; of a master: when its last advert left. */
  paused: { readonly sinceMs: number };
  /** Adverts of ours were so late that another one is master by now: none has left since then, and none will. */
  muted: unknown;
  /** A reload: the settings of this step are new ones. */
  settings: { readonly before: MachineSettings };
}

export type EventName = keyof Happenings;
export type EventOf<Name extends EventName> = {
  [N in Name]: { readonly is: N; readonly atMs: number } & Happenings[N];
}[Name];
export type Event = EventOf<EventName>;

/** Why the role changed. */
export type Reason =
  | 'start'
  | 'resume'
  | 'stop'
  | 'owner'
  | 'master-down'
  /** Only lower routers were heard. */
  | 'preempts'
  /** Priority 0. */
  | 'released-by-master'
  | 'master-lost'
  | 'higher-priority'
  | 'higher-address'
  | 'other-owner'
  | 'fault'
  | 'repaired'
  | 'group'
  | 'addresses-lost'
  | 'take-over'
  | 'step-down'
  | 'paused';

/** For logs, notifications and what is shown. */
export type Told =
  | { readonly is: 'role'; readonly from: Role; readonly to: Role; readonly why: Reason; readonly detail?: string }
  | { readonly is: 'priority'; readonly value: number }
  /** The backup hears another master than before. */
  | { readonly is: 'new-master'; readonly master: HeardMaster }
  /** We are master and hear one that should not be: two masters for a moment, or for longer. */
  | { readonly is: 'lower-master'; readonly master: HeardMaster }
  /** It has gone on for several intervals of ours: it does not hear us, or refuses what it hears. */
  | { readonly is: 'unheard'; readonly master: HeardMaster }
  /** The other one has our priority: the addresses of the two decide. */
  | { readonly is: 'same-priority'; readonly master: HeardMaster }
  /** Two routers say that they own the addresses. */
  | { readonly is: 'two-owners'; readonly source: string }
  /** The master sends adverts, a second path says, and none is heard here: a backup does not take over yet; a master is one too many. */
  | { readonly is: 'deaf' }
  /** The master's interval is beyond what is taken. */
  | { readonly is: 'interval-bounded'; readonly saidMs: number; readonly takenMs: number };

export interface Advertise {
  readonly do: 'advertise';
  readonly priority: number;
  readonly everyMs: number;
  readonly firstAtMs: number;
  /** Adverts that would be so late, or later, are not to leave any more. undefined: better late than never. */
  readonly silentIfLateMs: number | undefined;
  /** Nothing is said before the addresses are held and announced. */
  readonly onceHeld?: true;
}

export type Action =
  /** The plan of the sending thread, instead of the one before. */
  | Advertise
  | { readonly do: 'silence' }
  /** At once, beside the plan. */
  | { readonly do: 'send-once'; readonly priority: number }
  | { readonly do: 'arm'; readonly timer: TimerName; readonly atMs: number }
  /** Each change of role begins with it. */
  | { readonly do: 'disarm-all' }
  | { readonly do: 'hold-addresses' }
  | { readonly do: 'release-addresses' }
  /** Of garp.ts. What is still to be announced is dropped with `release-addresses`. */
  | { readonly do: 'announce'; readonly why: 'master' | 'lower-priority' }
  /** The deadline has passed: sync-group.ts is asked, and answers with an event `group`. */
  | { readonly do: 'ask-group' }
  | { readonly do: 'tell'; readonly what: Told };

/** In the order in which they are to be done. */
export interface Step {
  readonly state: State;
  readonly actions: readonly Action[];
}
