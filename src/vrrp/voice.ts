import { Timers } from '../system/timers.js';
import { compose, type Composed, remember, type SendSettings } from './send.js';
import type { AdvertChannel, AdvertClock, AdvertMessage } from './ports.js';
import type { WireMemory } from './wire-memory.js';

/** What the machine wants said, and when. */
export interface Rhythm {
  readonly priority: number;
  readonly everyMs: number;
  readonly firstAtMs: number;
  /** What would be so late is not said any more, nor anything after it. */
  readonly silentIfLateMs?: number | undefined;
}

export interface VoiceOptions {
  readonly channel: AdvertChannel;
  readonly clock: AdvertClock;
  /** One for the group, or one for each peer, in the channel's order; without what each advert says by itself. */
  readonly settings: readonly SendSettings[];
  /** Shared with whoever judges what is heard. */
  readonly memory: { get(): WireMemory; set(memory: WireMemory): void };
}

/** Signed adverts are made for so long ahead: the sending thread goes on while JavaScript is busy. */
const AHEAD_MS = 3000;
const LEAST_AHEAD = 8;
/** Signatures carry the sender's time: not more of the future than the receiver's window of at least five seconds allows. */
const MOST_AHEAD_MS = 4000;

/** The adverts of one instance: one that repeats, or, where each is signed with its number or moment, some seconds of them. */
export class Voice {
  readonly #options: VoiceOptions;
  readonly #timers: Timers<'more'>;
  #rhythm: Rhythm | undefined;
  /** What to remember after the i-th advert of the plan has left. */
  #planned: { readonly after: readonly WireMemory[]; readonly rhythm: Rhythm } | undefined;

  constructor(options: VoiceOptions) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
  }

  /** What is being said; undefined: nothing. */
  get rhythm(): Rhythm | undefined {
    return this.#rhythm && nextBeat(this.#rhythm, this.#options.clock.now());
  }

  /** The greatest number of the authentication header that may have left, or will of itself. */
  get headerSequence(): number {
    return this.#planned?.after.at(-1)?.headerSequence ?? this.#memory.headerSequence;
  }

  /** A new plan instead of the one before. */
  advertise(rhythm: Rhythm): void {
    this.#settle();
    this.#rhythm = rhythm;
    const first = this.#composed(rhythm.priority, rhythm.firstAtMs, this.#memory);
    if (first === undefined) return this.silence();
    if (first.signed) this.#planAhead(rhythm);
    else this.#send(rhythm, [first.message], true);
  }

  /** What adverts look like has changed: the same rhythm in the new form. */
  again(): void {
    const { rhythm } = this;
    if (rhythm !== undefined) this.advertise(rhythm);
  }

  /** @returns errno of what was refused, 0: sent */
  sendOnce(priority: number): number {
    this.#settle();
    const made = this.#composed(priority, this.#options.clock.now(), this.#memory);
    if (made === undefined) return 0;
    this.#memory = made.memory;
    const errno = this.#options.channel.sendNow(made.message);
    if (made.signed) this.again();
    return errno;
  }

  silence(): void {
    this.#settle();
    this.#timers.disarmAll();
    this.#rhythm = undefined;
    this.#options.channel.silence();
  }

  get #memory(): WireMemory {
    return this.#options.memory.get();
  }
  set #memory(memory: WireMemory) {
    this.#options.memory.set(memory);
  }

  #planAhead(rhythm: Rhythm): void {
    const most = Math.max(1, Math.floor(MOST_AHEAD_MS / rhythm.everyMs));
    const count = Math.min(Math.max(LEAST_AHEAD, Math.ceil(AHEAD_MS / rhythm.everyMs)), most);
    const messages: AdvertMessage[] = [];
    const after: WireMemory[] = [];
    for (let memory = this.#memory; messages.length < count; ) {
      const made = this.#composed(rhythm.priority, rhythm.firstAtMs + messages.length * rhythm.everyMs, memory);
      if (made === undefined) break;
      memory = made.memory;
      messages.push(made.message);
      after.push(memory);
    }
    this.#planned = { after, rhythm };
    this.#send(rhythm, messages, false);
    const moreAtMs = rhythm.firstAtMs + (Math.ceil(count / 2) - 0.5) * rhythm.everyMs;
    this.#timers.arm('more', Math.max(0, moreAtMs - this.#options.clock.now()), () => this.again());
  }

  #send(rhythm: Rhythm, messages: readonly AdvertMessage[], repeats: boolean): void {
    const { firstAtMs, everyMs, silentIfLateMs } = rhythm;
    this.#options.channel.send({ messages, firstAtMs, everyMs, repeats, silentIfLateMs });
  }

  /** Numbers of adverts of the plan that will never leave are free again; of the one that may be leaving just now it is not. */
  #settle(): void {
    const planned = this.#planned;
    this.#planned = undefined;
    this.#timers.disarm('more');
    if (planned === undefined) return;
    const { firstAtMs, everyMs } = planned.rhythm;
    const left = Math.floor((this.#options.clock.now() - firstAtMs) / everyMs) + 2;
    const after = planned.after[Math.min(left, planned.after.length) - 1];
    if (after !== undefined) this.#memory = { ...this.#memory, ...numbersOf(after, this.#memory) };
  }

  #composed(
    priority: number,
    atMs: number,
    memory: WireMemory,
  ): { readonly message: AdvertMessage; readonly memory: WireMemory; readonly signed: boolean } | undefined {
    const { settings, clock } = this.#options;
    const made = settings.map((one) => compose(one, memory, { priority, wallMs: clock.wallMs(atMs) }));
    if (!made.every((one): one is Composed => one !== undefined)) return undefined;
    const [first] = made;
    if (first === undefined) return undefined;
    const message = made.length === 1 ? first.message : made.map((one) => one.message);
    return {
      message,
      memory: first.stamp === undefined ? memory : remember(memory, first.stamp),
      signed: first.stamp !== undefined,
    };
  }
}

const nextBeat = (rhythm: Rhythm, nowMs: number): Rhythm => {
  const beats = Math.max(0, Math.ceil((nowMs - rhythm.firstAtMs) / rhythm.everyMs));
  return { ...rhythm, firstAtMs: rhythm.firstAtMs + beats * rhythm.everyMs };
};

/** What was sent, beside what was heard meanwhile. */
const numbersOf = (sent: WireMemory, now: WireMemory): Partial<WireMemory> => ({
  headerSequence: Math.max(sent.headerSequence, now.headerSequence),
  trailerSequence: sent.trailerSequence,
});
