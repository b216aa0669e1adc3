import { isDeepStrictEqual } from 'node:util';
import { addressBytes } from '../model/address.js';
import type { Log } from '../system/log.js';
import { Timers } from '../system/timers.js';
import { Conflicts } from './conflicts.js';
import { Differences } from './differences.js';
import { Expected, movedDeadline } from './expected.js';
import { Hands } from './hands.js';
import { newState, step } from './machine.js';
import type {
  Action,
  Advertise,
  Event,
  EventOf,
  MachineSettings,
  State,
  Step,
  TimerName,
  Told,
} from './machine-types.js';
import type { HeldAddress, Possessions } from './network.js';
import type { AdvertChannel, AdvertLink, AdvertPort, HeardAdvert } from './ports.js';
import { type AcceptedAdvert, judge, type ReceiveSettings, type Remark } from './receive.js';
import type { SendSettings } from './send.js';
import { PacedNews } from './paced-news.js';
import { Voice } from './voice.js';
import { nothingHeard, type WireMemory } from './wire-memory.js';

/** How adverts of one instance look and travel; depends on the address that the interface has now. */
export interface Wire {
  readonly link: AdvertLink;
  readonly receive: ReceiveSettings;
  readonly send: readonly SendSettings[];
}

export interface InstanceSettings {
  readonly name: string;
  readonly vrid: number;
  readonly machine: MachineSettings;
  readonly priority: number;
  readonly held: boolean;
  /** Authentication header: what a process before us may have sent; the next number is above it. */
  readonly headerSequence?: number;
}

/** Tells the link where the addresses of one router are. */
export interface Announces {
  announce(why: 'master' | 'lower-priority', held: readonly HeldAddress[], atMs: number): void;
  /** What is still to be said is not. */
  stop(): void;
}

export interface InstancePorts {
  readonly adverts: AdvertPort;
  readonly possessions: Possessions;
  readonly announcer: Announces;
  readonly log: Log;
  /** After what goes with it was done: a new master has its addresses. */
  readonly told: (what: Told) => void;
  /** A step was taken, and what it asks for was done. */
  readonly stepped: (before: State, step: Step) => void;
}

/** What has come in, for what is shown. */
export interface Traffic {
  readonly accepted: number;
  readonly lastAcceptedMs: number | undefined;
  readonly remarks: ReadonlySet<Remark>;
}

/**
 * One virtual router: adverts and timers in, the machine's decisions out. Decides nothing itself.
 * Adverts leave by a thread (voice.ts); those that say what the last one said are noted by it too, and asked for when it matters.
 */
export class Instance {
  readonly #ports: InstancePorts;
  readonly #timers: Timers<TimerName>;
  readonly #hands: Hands;
  readonly #conflicts: Conflicts;
  readonly #differences: Differences;
  readonly #news: PacedNews;
  #settings: InstanceSettings;
  #state: State;
  #memory: WireMemory = nothingHeard;
  #wire: Wire | undefined;
  #channel: AdvertChannel | undefined;
  #voice: Voice | undefined;
  /** What the thread of the channel only notes. */
  #expected: Expected | undefined;
  /** A plan that is to be followed once the addresses are here. */
  #withheld: Advertise | undefined;
  #accepted = 0;
  #last: AcceptedAdvert | undefined;
  #lastMs: number | undefined;

  constructor(settings: InstanceSettings, ports: InstancePorts) {
    const { name, priority, held, headerSequence = 0 } = settings;
    const { clock } = ports.adverts;
    this.#memory = { ...nothingHeard, headerSequence };
    this.#settings = settings;
    this.#ports = ports;
    this.#timers = new Timers(clock);
    const { possessions, log } = ports;
    this.#hands = new Hands({ router: name, possessions, clock, log, late: () => this.#announce('master') });
    this.#conflicts = new Conflicts(name, clock, log);
    this.#differences = new Differences(name, clock, log);
    this.#news = new PacedNews(clock, ports.told);
    this.#state = newState(priority, held);
  }

  get name(): string {
    return this.#settings.name;
  }
  get state(): State {
    return this.#state;
  }
  get wire(): Wire | undefined {
    return this.#wire;
  }
  get refused(): Conflicts['counts'] {
    return this.#conflicts.counts;
  }
  get sent(): AdvertChannel['sent'] {
    return this.#channel?.sent ?? { count: 0, failed: 0, lastErrno: 0, mutedSinceMs: undefined };
  }
  /** Our adverts ended because they were late (timer_expired_backup). */
  get isMuted(): boolean {
    return this.#settings.machine.highestOtherPriority !== undefined && this.sent.mutedSinceMs !== undefined;
  }
  /** For the process after us. */
  get headerSequence(): number {
    return this.#voice?.headerSequence ?? this.#memory.headerSequence;
  }
  get traffic(): Traffic {
    return {
      accepted: this.#accepted + (this.#expected?.count ?? 0),
      lastAcceptedMs: this.#expected?.lastMs ?? this.#lastMs,
      remarks: new Set(this.#last?.remarks),
    };
  }

  /**
   * Hears and speaks by this from now on, in the rhythm it had. undefined: nothing is heard or said.
   * @throws { code, errno, syscall }; then all is as before, so that a last word can be said
   */
  connect(wire: Wire | undefined): void {
    const { adverts } = this.#ports;
    const before = this.#channel;
    this.#deliverExpected();
    const channel = wire && this.#channelFor(wire.link);
    const rhythm = this.#voice?.rhythm;
    this.#voice?.silence();
    this.#expectNothing();
    if (channel !== before) {
      this.#accepted += this.#expected?.count ?? 0;
      this.#expected = channel && new Expected(channel);
      before?.close();
    }
    this.#wire = wire;
    this.#channel = channel;
    this.#voice =
      wire &&
      channel &&
      new Voice({
        channel,
        clock: adverts.clock,
        settings: wire.send,
        memory: { get: () => this.#memory, set: (memory) => (this.#memory = memory) },
      });
    if (rhythm !== undefined) this.#voice?.advertise(rhythm);
  }

  /** A reload: the same router with other settings. */
  change(settings: InstanceSettings): void {
    const before = this.#settings.machine;
    this.#settings = settings;
    this.deliver({ is: 'settings', before, atMs: this.#now() });
  }

  deliver(event: Event): void {
    if (event.is !== 'advert') this.#catchUp(event);
    const before = this.#state;
    const taken = step(this.#settings.machine, before, event);
    this.#state = taken.state;
    const weighsAnew = event.is === 'priority' || event.is === 'settings';
    if (taken.state.is !== before.is || weighsAnew) this.#expectNothing();
    for (const action of taken.actions) this.#do(action);
    if (taken.state.is !== before.is || taken.actions.length > 0) this.#ports.stepped(before, taken);
  }

  /** Its addresses may be gone: they are put back, and said where they are. */
  repair(): void {
    if (this.#state.is !== 'master') return;
    this.#hands.again();
    this.#announce('master');
  }

  /** Resolves when the kernel has done what was decided until now. False: it is not master, or its addresses could not be had. */
  async hasAddresses(): Promise<boolean> {
    await this.#hands.idle();
    return this.#state.is === 'master' && this.#hands.isDone;
  }

  /** Lets go if it is master. Resolves when the addresses are gone. */
  async stop(): Promise<void> {
    this.deliver({ is: 'stop', atMs: this.#now() });
    await this.#hands.idle();
  }

  close(): void {
    this.connect(undefined);
    this.#timers.disarmAll();
    this.#news.close();
    this.#ports.announcer.stop();
    this.#hands.close();
  }

  /** The one that is open, if it hears and sends by the same. */
  #channelFor(link: AdvertLink): AdvertChannel {
    if (this.#channel !== undefined && isDeepStrictEqual(this.#wire?.link, link)) return this.#channel;
    const { vrid } = this.#settings;
    return this.#ports.adverts.open(
      link,
      vrid,
      (advert) => this.#hear(advert),
      () => this.#fellSilent(),
    );
  }

  #now(): number {
    return this.#ports.adverts.clock.now();
  }

  #do(action: Action): void {
    switch (action.do) {
      case 'advertise':
        return action.onceHeld === true ? this.#speakLater(action) : this.#speak(action);
      case 'silence':
        this.#withheld = undefined;
        return this.#voice?.silence();
      case 'send-once':
        if (this.#withheld === undefined) this.#voice?.sendOnce(action.priority);
        return;
      case 'arm':
        return this.#arm(action.timer, action.atMs);
      case 'disarm-all':
        return this.#timers.disarmAll();
      case 'hold-addresses':
        return this.#hands.want('hold');
      case 'release-addresses':
        this.#ports.announcer.stop();
        return this.#hands.want('release');
      case 'announce':
        return this.#announce(action.why);
      case 'ask-group': // `stepped` tells
        return;
      case 'tell':
        return this.#hands.then(() => this.#news.tell(action.what));
    }
  }

  /** The master's silence is the thread's to tell, where it knows of it. */
  #arm(name: TimerName, atMs: number): void {
    if (name === 'master-down' && this.#expected?.covers(atMs) === true) return this.#timers.disarm(name);
    this.#timers.arm(name, Math.max(0, atMs - this.#now()), () => this.#ring(name));
  }

  #fellSilent(): void {
    if (this.#expected?.fellSilent() === true) this.#ring('master-down');
  }

  #speak(action: Advertise): void {
    this.#withheld = undefined;
    this.#voice?.advertise(action);
  }

  /** What else we would say until then, in answer to others, is not said. */
  #speakLater(action: Advertise): void {
    this.#withheld = action;
    this.#hands.then(() => {
      if (this.#withheld === action) this.#speak(action);
    });
  }

  #announce(why: 'master' | 'lower-priority'): void {
    this.#hands.then(() => {
      if (this.#state.is === 'master') this.#ports.announcer.announce(why, this.#hands.held, this.#now());
    });
  }

  /**
   * Before anybody takes over, everything that has arrived until now is heard: what counts is when the kernel had it, not when we came to it.
   * An advert that moves the deadline arms the timer anew.
   */
  #ring(name: TimerName): void {
    if (name === 'master-down') {
      this.#channel?.drain();
    }
    this.deliver({ is: 'timer', name, atMs: this.#now() });
  }

  /**
   * What the thread has noted came before this. After a pause there is more in the socket, which says whether the master lives; to a master that
   * was away it comes afterwards, or it would answer one who took over.
   */
  #catchUp({ is }: Event): void {
    if (this.#state.is !== 'backup') return;
    if (is === 'paused') this.#channel?.drain();
    this.#deliverExpected();
  }

  #deliverExpected(): void {
    const event = this.#expected?.take();
    if (event !== undefined) this.deliver(event);
  }

  #hear(heard: HeardAdvert): void {
    if (this.#wire === undefined || this.#state.is === 'initialize' || this.#state.is === 'fault') return;
    this.#deliverExpected();
    const judgement = judge(this.#wire.receive, this.#memory, heard, this.#ports.adverts.clock.wallMs(heard.atMs));
    if ('refused' in judgement) {
      this.#conflicts.note(judgement.refused, heard.source, judgement.detail);
      return;
    }
    const { form } = this.#memory;
    this.#memory = judgement.memory;
    this.#accepted++;
    this.#last = judgement.accepted;
    this.#differences.note(judgement.accepted, this.#wire.receive);
    this.#lastMs = heard.atMs;
    const event = eventOf(judgement.accepted, this.#wire.link.source, heard.atMs);
    this.deliver(event);
    if (this.#memory.form !== form) this.#voice?.again();
    this.#expectMore(event, heard);
  }

  /** A backup's master says the same again and again; only a signature makes each advert another. While preempt_delay runs each one counts. */
  #expectMore(event: EventOf<'advert'>, heard: HeardAdvert): void {
    const state = this.#state;
    const { machine } = this.#settings;
    const isMasters = state.is === 'backup' && state.master?.source === event.source && event.priority > 0;
    const isDelaying = state.is === 'backup' && state.preemptAtMs !== undefined;
    if (!isMasters || isDelaying || this.#isSigned() || !movedDeadline(machine, state, event))
      return this.#expectNothing();
    this.#expected?.more(machine, state, event, heard);
    this.#timers.disarm('master-down');
  }

  /** Its silence is ours to notice again. */
  #expectNothing(): void {
    if (this.#expected?.nothing() !== true) return;
    const { is } = this.#state;
    if (is === 'backup' && !this.#state.waits) this.#arm('master-down', this.#state.deadlineMs);
  }

  #isSigned(): boolean {
    const receive = this.#wire?.receive;
    return receive?.hmac !== undefined || receive?.authentication.by === 'header';
  }
}

const eventOf = (advert: AcceptedAdvert, ours: string, atMs: number): EventOf<'advert'> => ({
  is: 'advert',
  atMs,
  priority: advert.priority,
  intervalMs: advert.intervalMs,
  source: advert.source,
  sender: Buffer.compare(addressBytes(advert.source), addressBytes(ours)) > 0 ? 'higher' : 'lower',
});
