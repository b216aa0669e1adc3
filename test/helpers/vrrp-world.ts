/** Virtual routers on one link that can lose adverts, on a clock that the test moves. Machines, groups and announcements are the real ones. */
import type { AnnounceSettings, Queue, Target } from '../../src/vrrp/garp.js';
import { add, announcements, cancel, emptyQueue, nextPeriod, take } from '../../src/vrrp/garp.js';
import { newState, step } from '../../src/vrrp/machine.js';
import type { Action, EventName, EventOf, MachineSettings, State, TimerName } from '../../src/vrrp/machine-types.js';
import { ordersAfter } from '../../src/vrrp/sync-group.js';
import { Timers } from '../../src/system/timers.js';
import { FakeClock } from './fake-clock.js';

/** Of a packet on the link; a power of two, so that moments are exact. */
export const DELAY_MS = 1 / 16;

export const settings = (more: Partial<MachineSettings> = {}): MachineSettings => {
  const advertMs = more.advertMs ?? 1000;
  return {
    version: 2,
    owner: false,
    advertMs,
    downTimerAdverts: 3,
    preempt: true,
    preemptDelayMs: 0,
    grouped: false,
    startsEagerly: false,
    answersLower: true,
    advertBeforeYielding: false,
    highestOtherPriority: undefined,
    learnedLeastMs: advertMs / 4,
    learnedMostMs: advertMs * 4,
    ...more,
  };
};

/** What keepalived does where nothing is written. */
export const garp = (more: Partial<AnnounceSettings> = {}): AnnounceSettings => ({
  repeat: 5,
  againMs: 5000,
  lowerRepeat: more.repeat ?? 5,
  lowerAgainMs: more.againMs ?? 5000,
  refreshMs: 0,
  refreshRepeat: 1,
  extraMs: 0,
  extraAll: false,
  ...more,
});

export interface RouterOptions {
  readonly priority: number;
  readonly my?: Partial<MachineSettings>;
  readonly garp?: Partial<AnnounceSettings>;
  readonly addresses?: readonly string[];
  /** A link of its own: others on other links are not heard. */
  readonly link?: string;
  /** Members of the same machine with this name move together. */
  readonly group?: string;
}

/** One thing that happened, as a line: `advert 150`, `backup → master`, `garp 10.77.0.50`. */
export interface Line {
  readonly atMs: number;
  readonly router: string;
  readonly what: string;
}

interface Sent {
  readonly priority: number;
  readonly intervalMs: number;
  readonly version: 2 | 3;
}

/** A happening without its moment. */
type Happening = { [Name in EventName]: Omit<EventOf<Name>, 'atMs'> }[EventName];

export class World {
  readonly clock = new FakeClock();
  readonly lines: Line[] = [];
  /** Which adverts do not arrive. */
  loses: (from: string, to: string, atMs: number) => boolean = () => false;
  readonly #routers: Router[] = [];

  /** Later ones have the higher address. */
  add(name: string, options: RouterOptions): Router {
    const router = new Router(this, name, this.#routers.length, options);
    this.#routers.push(router);
    return router;
  }

  router(name: string): Router {
    const found = this.#routers.find((router) => router.name === name);
    if (found === undefined) throw new Error(`no router ${name}`);
    return found;
  }

  at(atMs: number, run: () => void): void {
    this.clock.after(atMs - this.clock.now(), run);
  }

  runTo(atMs: number): void {
    this.clock.advance(Math.max(0, atMs - this.clock.now()));
  }

  get masters(): readonly string[] {
    return this.#routers.filter(({ state }) => state.is === 'master').map(({ name }) => name);
  }

  log(router: string, what: string): void {
    this.lines.push({ atMs: this.clock.now(), router, what });
  }

  /** Lines of one kind: `what` begins so. */
  told(what: string, router?: string): readonly Line[] {
    return this.lines.filter((line) => line.what.startsWith(what) && (router ?? line.router) === line.router);
  }

  send(from: Router, sent: Sent): void {
    this.log(from.name, `advert ${sent.priority}`);
    const atMs = this.clock.now();
    for (const to of this.#routers) {
      if (to === from || to.link !== from.link || this.loses(from.name, to.name, atMs)) continue;
      this.clock.after(DELAY_MS, () => to.hear(from, sent));
    }
  }

  /** Other members of its group. */
  groupOf({ group }: Router): readonly Router[] {
    return group === undefined ? [] : this.#routers.filter((router) => router.group === group);
  }
}

export class Router {
  readonly #world: World;
  readonly name: string;
  readonly address: number;
  readonly link: string;
  readonly group: string | undefined;
  my: MachineSettings;
  state: State;
  readonly #timers: Timers<TimerName | 'beat' | 'garp' | 'period'>;
  readonly #announce: AnnounceSettings;
  readonly #targets: readonly Target[];
  #queue: Queue = emptyQueue;
  #sinceMs = 0;

  constructor(world: World, name: string, address: number, options: RouterOptions) {
    this.#world = world;
    this.name = name;
    this.address = address;
    this.link = options.link ?? 'eth0';
    this.group = options.group;
    this.my = settings({ grouped: options.group !== undefined, ...options.my });
    this.state = newState(options.priority, false);
    this.#timers = new Timers(world.clock);
    this.#announce = garp(options.garp);
    this.#targets = (options.addresses ?? ['10.77.0.50']).map((each) => ({
      family: 'ip4',
      address: each,
      interface: this.link,
    }));
  }

  happens(what: Happening, atMs: number = this.#world.clock.now()): void {
    const before = this.state;
    const result = step(this.my, before, { ...what, atMs });
    this.state = result.state;
    for (const action of result.actions) this.#perform(action);
    const members = this.#world.groupOf(this);
    const states = new Map(members.map(({ name, state }) => [name, state]));
    for (const { member, to } of ordersAfter(states, this.name, before, result))
      this.#world.router(member).happens({ is: 'group', to });
  }

  hear(from: Router, { priority, intervalMs, version }: Sent): void {
    const readable = version === this.my.version && (version === 3 || intervalMs === this.my.advertMs);
    const listens = this.state.is === 'backup' || this.state.is === 'master';
    if (!readable || !listens) return;
    const sender = from.address > this.address ? 'higher' : 'lower';
    this.happens({ is: 'advert', priority, intervalMs, source: from.name, sender });
  }

  /** Without a word: power, or kill -9. */
  dies(): void {
    this.#timers.disarmAll();
    this.state = newState(this.state.priority, false);
    this.#world.log(this.name, 'dies');
  }

  #perform(action: Action): void {
    switch (action.do) {
      case 'advertise':
        this.#beat(action.priority, action.firstAtMs, action.everyMs);
        return;
      case 'silence':
        this.#timers.disarm('beat');
        return;
      case 'send-once':
        this.#send(action.priority);
        return;
      case 'arm':
        this.#arm(action.timer, action.atMs, () =>
          this.happens({ is: 'timer', name: action.timer }, this.#notBefore(action.atMs)),
        );
        return;
      case 'disarm-all':
        for (const name of ['master-down', 'answer', 'repair', 'handover'] as const) this.#timers.disarm(name);
        return;
      case 'hold-addresses':
        this.#world.log(this.name, 'holds');
        return;
      case 'release-addresses':
        this.#world.log(this.name, 'releases');
        this.#queue = cancel(this.#queue, this.name);
        this.#timers.disarm('garp');
        this.#timers.disarm('period');
        return;
      case 'announce':
        this.#tellWhere(action.why);
        return;
      case 'ask-group':
        return;
      case 'tell':
        if (action.what.is === 'role')
          this.#world.log(this.name, `${action.what.from} → ${action.what.to}: ${action.what.why}`);
        else this.#world.log(this.name, action.what.is);
        return;
    }
  }

  #beat(priority: number, atMs: number, everyMs: number): void {
    const send = (): void => {
      this.#send(priority);
      this.#arm('beat', atMs + everyMs, () => this.#beat(priority, atMs + everyMs, everyMs));
    };
    if (atMs <= this.#world.clock.now()) send();
    else this.#arm('beat', atMs, send);
  }

  #send(priority: number): void {
    this.#world.send(this, { priority, intervalMs: this.my.advertMs, version: this.my.version });
  }

  #tellWhere(occasion: 'master' | 'lower-priority' | 'refresh' | 'extra'): void {
    const now = this.#world.clock.now();
    this.#queue = add(this.#queue, announcements(this.#announce, this.name, this.#targets, occasion, now), now);
    if (occasion === 'master') {
      this.#sinceMs = now;
      this.#nextPeriod();
    }
    this.#drain();
  }

  #nextPeriod(): void {
    const next = nextPeriod(this.#announce, this.#sinceMs, this.#world.clock.now());
    if (next === undefined) return;
    this.#arm('period', next.atMs, () => {
      for (const occasion of next.occasions) this.#tellWhere(occasion);
      this.#nextPeriod();
    });
  }

  #drain(): void {
    const pace = (): { lane: string; gapMs: number } => ({ lane: this.link, gapMs: 0 });
    const { send, queue, nextMs } = take(this.#queue, pace, this.#world.clock.now());
    this.#queue = queue;
    for (const { address } of send) this.#world.log(this.name, `garp ${address}`);
    if (nextMs !== undefined) this.#arm('garp', nextMs, () => this.#drain());
  }

  #arm(name: TimerName | 'beat' | 'garp' | 'period', atMs: number, run: () => void): void {
    this.#timers.arm(name, Math.max(0, atMs - this.#world.clock.now()), run);
  }

  /** Sums of fractions may end a hair before the moment that was meant. */
  #notBefore(atMs: number): number {
    return Math.max(atMs, this.#world.clock.now());
  }
}
