import type { TrackProcess } from '../../config/vrrp/vrrp.js';
import type { Cancel } from '../../system/clock.js';
import { Timers } from '../../system/timers.js';
import { type CountedBy, ProcessTracker, type ProcessPorts } from './process.js';
import { isMatch, needsArguments, type ProcessFacts } from './process-match.js';
import { isSame } from './same.js';

/** What the kernel tells of processes, without their threads. */
export type ProcessEvent =
  /** From now on everything is told. */
  | { readonly is: 'following' }
  /** Some of it was lost. */
  | { readonly is: 'lost' }
  /** Nothing is told any more. */
  | { readonly is: 'deaf'; readonly reason: string }
  | { readonly is: 'fork'; readonly pid: number; readonly parent: number }
  /** Another program, or another name. */
  | { readonly is: 'exec'; readonly pid: number }
  | { readonly is: 'exit'; readonly pid: number };

/** The processes of this machine. */
export interface ProcessTable {
  pids(): Promise<readonly number[]>;
  /** Resolves with undefined if it has ended. `argv` is read only on request: the kernel may have to fetch the process's memory for it. */
  read(pid: number, withArguments: boolean): Promise<ProcessFacts | undefined>;
  /** The events of the kernel, if this machine lets us have them; `tell` is not called before it returns. */
  follow(tell: (event: ProcessEvent) => void): Cancel;
}

export interface ProcessesPorts extends ProcessPorts {
  readonly table: ProcessTable;
}

/** Where the kernel tells nothing. */
const LOOK_MS = 1_000;
/** So long the kernel has to begin before it is said that we look ourselves. */
const PATIENCE_MS = 1_000;

/**
 * Which of all processes are tracked ones. One look at all of them at the start; then the kernel's process events, or else another look each
 * second. Works only while something is tracked.
 */
export class Processes {
  readonly #ports: ProcessesPorts;
  readonly #timers: Timers<'look' | 'patience'>;
  /** By name. */
  readonly #trackers = new Map<string, ProcessTracker>();
  /** Trackers that no look at all processes has seen yet. */
  readonly #fresh = new Set<string>();
  /** Names of the trackers that count a process, by its id; processes that nobody counts are left out. */
  #counted = new Map<number, ReadonlySet<string>>();
  /** Processes that are being read, each with the number of its last reading: what was overtaken by their end does not count. */
  readonly #reading = new Map<number, number>();
  #readings = 0;
  #unfollow: Cancel | undefined;
  #isTold = false;
  #looking = false;
  #again = false;
  /** What happened while we looked: it is done again afterwards. */
  #meanwhile: ProcessEvent[] = [];

  constructor(ports: ProcessesPorts) {
    this.#ports = ports;
    this.#timers = new Timers(ports.clock);
  }

  look(name: string): ProcessTracker | undefined {
    return this.#trackers.get(name);
  }

  /** These are tracked from now on. Those that are the same keep what they know. */
  track(wanted: readonly TrackProcess[]): void {
    const names = new Set(wanted.map(({ name }) => name));
    for (const [name, tracker] of this.#trackers)
      if (!names.has(name)) {
        tracker.stop();
        this.#trackers.delete(name);
      }
    let isNew = false;
    for (const settings of wanted) {
      const known = this.#trackers.get(settings.name);
      if (known !== undefined && isSame(known.settings, settings)) continue;
      known?.stop();
      this.#trackers.set(settings.name, new ProcessTracker(settings, this.#ports, known));
      this.#fresh.add(settings.name);
      isNew = true;
    }
    if (wanted.length === 0) return this.stop();
    if (this.#unfollow === undefined) this.#begin();
    else if (isNew) this.#lookAtAll();
  }

  stop(): void {
    this.#timers.disarmAll();
    this.#unfollow?.();
    this.#unfollow = undefined;
    this.#isTold = false;
    for (const tracker of this.#trackers.values()) tracker.stop();
    this.#trackers.clear();
    this.#fresh.clear();
    this.#reading.clear();
    this.#counted.clear();
  }

  #begin(): void {
    this.#timers.arm('patience', PATIENCE_MS, () => this.#complain('the kernel tells of no processes here'));
    this.#unfollow = this.#ports.table.follow((event) => this.#take(event));
    this.#lookAtAll();
  }

  #complain(reason: string): void {
    this.#ports.log.info({ event: 'vrrp.processes-looked-at', everySeconds: LOOK_MS / 1000, reason });
  }

  #take(event: ProcessEvent): void {
    if (this.#unfollow === undefined) return;
    switch (event.is) {
      case 'following':
        this.#isTold = true;
        this.#timers.disarm('patience');
        return this.#lookAtAll();
      case 'lost':
        return this.#lookAtAll();
      case 'deaf':
        this.#isTold = false;
        this.#timers.disarm('patience');
        this.#complain(event.reason);
        return this.#lookAtAll();
      default:
        if (this.#looking) this.#meanwhile.push(event);
        this.#apply(event);
    }
  }

  #apply(event: Exclude<ProcessEvent, { readonly is: 'following' | 'lost' | 'deaf' }>): void {
    switch (event.is) {
      case 'fork': {
        // until it becomes another program it is what its parent is
        const names = this.#counted.get(event.parent);
        if (names !== undefined) this.#set(event.pid, names, 'fork');
        return;
      }
      case 'exec':
        return void this.#readAnew(event.pid);
      case 'exit':
        this.#reading.delete(event.pid);
        return this.#set(event.pid, new Set(), 'exit');
    }
  }

  async #readAnew(pid: number): Promise<void> {
    const reading = ++this.#readings;
    this.#reading.set(pid, reading);
    const names = await this.#namesOf(pid);
    if (this.#reading.get(pid) !== reading) return;
    this.#reading.delete(pid);
    // one that has ended meanwhile is told as such
    if (names !== undefined) this.#set(pid, names, 'look');
  }

  #set(pid: number, names: ReadonlySet<string>, by: CountedBy): void {
    const before = this.#counted.get(pid) ?? new Set<string>();
    if (names.size === 0) this.#counted.delete(pid);
    else this.#counted.set(pid, names);
    if (before.size > 0 || names.size > 0) this.#count(by);
  }

  #count(by: CountedBy): void {
    const counts = new Map([...this.#trackers.keys()].map((name) => [name, 0]));
    for (const names of this.#counted.values()) for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
    for (const [name, tracker] of this.#trackers) if (!this.#fresh.has(name)) tracker.take(counts.get(name) ?? 0, by);
  }

  /** One look at a time; what is wanted meanwhile means one more. */
  #lookAtAll(): void {
    this.#timers.disarm('look');
    if (this.#looking) {
      this.#again = true;
      return;
    }
    this.#looking = true;
    void this.#lookOnce().finally(() => {
      this.#looking = false;
      if (this.#unfollow === undefined) return;
      if (this.#again) {
        this.#again = false;
        this.#lookAtAll();
      } else if (!this.#isTold) this.#timers.arm('look', LOOK_MS, () => this.#lookAtAll());
    });
  }

  async #lookOnce(): Promise<void> {
    this.#meanwhile = [];
    const seen = [...this.#trackers.keys()];
    const found = new Map<number, ReadonlySet<string>>();
    for (const pid of await this.#ports.table.pids()) {
      const names = await this.#namesOf(pid);
      if (names !== undefined && names.size > 0) found.set(pid, names);
    }
    if (this.#unfollow === undefined) return;
    const isLess = [...this.#counted.keys()].some((pid) => !found.has(pid));
    this.#counted = found;
    for (const name of seen) this.#fresh.delete(name);
    this.#count(isLess ? 'exit' : 'look');
    const meanwhile = this.#meanwhile;
    this.#meanwhile = [];
    for (const event of meanwhile) this.#take(event);
  }

  async #namesOf(pid: number): Promise<ReadonlySet<string> | undefined> {
    const trackers = [...this.#trackers.values()];
    const facts = await this.#ports.table.read(
      pid,
      trackers.some(({ settings }) => needsArguments(settings)),
    );
    if (facts === undefined) return undefined;
    return new Set(trackers.filter(({ settings }) => isMatch(settings, facts)).map(({ settings }) => settings.name));
  }
}
