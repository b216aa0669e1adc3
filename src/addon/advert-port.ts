import type {
  AdvertChannel,
  AdvertClock,
  AdvertLink,
  AdvertMessage,
  AdvertPlan,
  AdvertPort,
  ExpectedAdvert,
  HeardAdvert,
} from '../vrrp/ports.js';
import { type AdvertHandle, addon } from './addon.js';
import { readRecord } from './heard-records.js';
import { MomentTimers } from './moment-timers.js';
import { hearNeighbours } from './neighbours.js';

/** What the sending thread asks of the kernel; who is refused goes on without. */
export interface AdvertThreadOptions {
  /** Of SCHED_RR; 0: an ordinary thread. */
  readonly realtimePriority: number;
  /** Its code, its stack and what it receives into stay in memory. */
  readonly lockMemory: boolean;
}

/** What it got. The errno is why it did not get what was asked for, else 0. */
export interface AdvertThreadState {
  readonly isRealtime: boolean;
  readonly realtimeErrno: number;
  readonly isMemoryLocked: boolean;
  readonly memoryErrno: number;
}

/** How much later than planned the kernel had adverts, in microseconds, right to an eighth. */
export interface Lateness {
  readonly count: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly mostUs: number;
}

/** AdvertPort with what only measurements and status want to know. */
export interface NativeAdvertPort extends AdvertPort {
  readonly thread: AdvertThreadState;
  /** Of all that channels of this port sent by plan. */
  readonly lateness: Lateness;
  open(link: AdvertLink, vrid: number, heard: (advert: HeardAdvert) => void, silent?: () => void): NativeAdvertChannel;
}

export interface NativeAdvertChannel extends AdvertChannel {
  readonly lateness: Lateness;
  /** Moments of plans that had passed before the thread came to them. */
  readonly skipped: number;
}

/** Records that are taken over at once: a flood leaves the loop to others after so many bytes. */
const BATCH_BYTES = 65_536;
const WAITING_ONLY = 0;
const NEVER = -1;
const EBADF = 9;

/** The sockets are those of the network namespace that the process is in. @throws { code, errno, syscall } */
export const openAdvertPort = (
  options: AdvertThreadOptions = { realtimePriority: 50, lockMemory: true },
): NativeAdvertPort => new Port(options);

class Port implements NativeAdvertPort {
  readonly clock: AdvertClock;
  readonly #handle: AdvertHandle;
  readonly #timers: MomentTimers;
  readonly #listeners = new Map<number, Listener>();
  /** Records that were taken over and not told yet: a drain from within a call goes on where that call is. */
  #batch = new Uint8Array(BATCH_BYTES);
  #at = 0;
  #end = 0;
  #depth = 0;
  #isOpen = true;

  constructor({ realtimePriority, lockMemory }: AdvertThreadOptions) {
    const { AdvertHandle } = addon();
    const handle = new AdvertHandle(realtimePriority, lockMemory);
    const timers = new MomentTimers((atMs) => handle.arm(atMs ?? NEVER));
    this.#handle = handle;
    this.#timers = timers;
    this.clock = {
      now: () => handle.nowMs(),
      after: (ms, run) => timers.at(handle.nowMs() + Math.max(ms, 0), run),
      wallMs: (atMs) => handle.wallMs(atMs),
    };
    try {
      handle.watch(
        () => this.#tell(WAITING_ONLY),
        () => timers.ring(handle.nowMs()),
      );
    } catch (error) {
      handle.close();
      throw error;
    }
  }

  open(
    link: AdvertLink,
    vrid: number,
    heard: (advert: HeardAdvert) => void,
    silent: () => void = () => undefined,
  ): NativeAdvertChannel {
    const { family, protocol, source, to, ttl, receiveBufferBytes = 0 } = link;
    const isMulticast = 'group' in to;
    const id = this.#handle.openChannel(
      family === 'ip6',
      protocol,
      link.interface ?? '',
      link.sendInterface ?? link.interface ?? '',
      source,
      isMulticast,
      isMulticast ? [to.group] : to.peers,
      ttl,
      receiveBufferBytes,
      vrid,
    );
    this.#listeners.set(id, { heard, silent });
    return new Channel(this.#handle, id, {
      drain: () => this.#drain(),
      close: () => this.#listeners.delete(id),
    });
  }

  get strangers(): AdvertPort['strangers'] {
    const [unknownVrid = 0, unreadable = 0, lost = 0] = this.#handle.strangers();
    return { unknownVrid, unreadable, lost };
  }

  get thread(): AdvertThreadState {
    const [isRealtime, realtimeErrno = 0, isMemoryLocked, memoryErrno = 0] = this.#handle.thread();
    return { isRealtime: isRealtime === 1, realtimeErrno, isMemoryLocked: isMemoryLocked === 1, memoryErrno };
  }

  get lateness(): Lateness {
    return latenessOf(this.#handle.lateness());
  }

  sendFrame(interfaceIndex: number, frame: Uint8Array): number {
    return this.#isOpen ? this.#handle.sendFrame(interfaceIndex, frame) : EBADF;
  }

  readonly hearNeighbours: AdvertPort['hearNeighbours'] = hearNeighbours;

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#listeners.clear();
    this.#timers.cancelAll();
    this.#handle.close();
  }

  #drain(): void {
    const untilMs = this.#handle.nowMs();
    while (this.#isOpen && this.#tell(untilMs));
  }

  /** One batch; what of the batch before has not been told comes first. false: there was nothing. */
  #tell(untilMs: number): boolean {
    this.#depth++;
    try {
      if (this.#at === this.#end && !this.#take(untilMs)) return false;
      while (this.#at < this.#end) {
        const { channel, advert, end } = readRecord(this.#batch, this.#at);
        this.#at = end;
        const listener = this.#listeners.get(channel);
        if (advert === undefined) listener?.silent();
        else listener?.heard(advert);
      }
      return true;
    } finally {
      this.#depth--;
      // a listener threw: the others are told all the same
      if (this.#depth === 0 && this.#at < this.#end) setImmediate(() => this.#tell(WAITING_ONLY));
    }
  }

  #take(untilMs: number): boolean {
    if (!this.#isOpen) return false;
    // the advert that is being told lies in the batch of whoever drains within the call
    if (this.#depth > 1) this.#batch = new Uint8Array(BATCH_BYTES);
    this.#at = 0;
    this.#end = this.#handle.take(this.#batch, untilMs);
    return this.#end > 0;
  }
}

interface Listener {
  heard(advert: HeardAdvert): void;
  silent(): void;
}

/** What a channel needs of its port. */
interface Backing {
  drain(): void;
  close(): void;
}

class Channel implements NativeAdvertChannel {
  readonly #handle: AdvertHandle;
  readonly #id: number;
  readonly #port: Backing;
  #isOpen = true;

  constructor(handle: AdvertHandle, id: number, port: Backing) {
    this.#handle = handle;
    this.#id = id;
    this.#port = port;
  }

  send({ messages, firstAtMs, everyMs, repeats, silentIfLateMs = NEVER }: AdvertPlan): void {
    const framesPerMessage = framesOf(messages[0]).length;
    if (messages.some((message) => framesOf(message).length !== framesPerMessage))
      throw new TypeError('messages of a plan are all for every destination or all for each');
    const { bytes, ends } = joined(messages.flatMap(framesOf));
    this.#handle.plan(this.#id, bytes, ends, framesPerMessage, firstAtMs, everyMs, repeats, silentIfLateMs);
  }

  sendNow(message: AdvertMessage): number {
    const { bytes, ends } = joined(framesOf(message));
    return this.#handle.sendNow(this.#id, bytes, ends);
  }

  silence(): void {
    this.#handle.silence(this.#id);
  }

  expect(known: ExpectedAdvert | undefined): void {
    if (known === undefined) return this.#handle.expectNothing(this.#id);
    const { payload, source, leastTtl, sinceMs, patienceMs, leewayMs } = known;
    this.#handle.expect(this.#id, payload, source, leastTtl, sinceMs, patienceMs, leewayMs);
  }

  get noted(): AdvertChannel['noted'] {
    const [count = 0, lastMs = NEVER] = this.#handle.noted(this.#id);
    return { count, lastMs: momentOf(lastMs) };
  }

  drain(): void {
    this.#port.drain();
  }

  get sent(): AdvertChannel['sent'] {
    const [count = 0, failed = 0, lastErrno = 0, , mutedMs = NEVER] = this.#handle.sent(this.#id);
    return { count, failed, lastErrno, mutedSinceMs: momentOf(mutedMs) };
  }

  get skipped(): number {
    return this.#handle.sent(this.#id)[3] ?? 0;
  }

  get lateness(): Lateness {
    return latenessOf(this.#handle.lateness(this.#id));
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#port.close();
    this.#handle.closeChannel(this.#id);
  }
}

const momentOf = (ms: number): number | undefined => (ms < 0 ? undefined : ms);

const framesOf = (message: AdvertMessage | undefined): readonly Uint8Array[] =>
  message === undefined ? [] : message instanceof Uint8Array ? [message] : message;

/** One behind the other, and where each ends. */
function joined(frames: readonly Uint8Array[]): { bytes: Uint8Array; ends: Uint32Array } {
  const ends = new Uint32Array(frames.length);
  let end = 0;
  frames.forEach((frame, i) => {
    end += frame.length;
    ends[i] = end;
  });
  const bytes = new Uint8Array(end);
  frames.forEach((frame, i) => bytes.set(frame, ends[i]! - frame.length));
  return { bytes, ends };
}

function latenessOf([count = 0, p50Us = 0, p99Us = 0, p999Us = 0, mostUs = 0]: Float64Array): Lateness {
  return { count, p50Us, p99Us, p999Us, mostUs };
}
