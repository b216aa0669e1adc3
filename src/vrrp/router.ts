import type { VrrpDefaults } from '../config/global-settings.js';
import type { SyncGroup, VrrpConfiguration, VrrpInstance } from '../config/vrrp/vrrp.js';
import { type Log, reasonOf } from '../system/log.js';
import { Timers } from '../system/timers.js';
import { AddressGuard, type Guard, tellGuard } from './address-guard.js';
import { Announcer } from './announcer.js';
import { pacingOf } from './garp.js';
import type { HmacSettings } from './hmac.js';
import { Instance } from './instance.js';
import type { Event, Told } from './machine-types.js';
import type { Network } from './network.js';
import type { AdvertPort } from './ports.js';
import { type Observed, type TrackKind, type Verdict, verdict, watch, weightsCount } from './priority.js';
import { announceSettingsOf, machineSettingsOf } from './settings.js';
import { isFollower, ordersAfter, type SharedFault, sharedFaults } from './sync-group.js';
import { isMaster, isSaidAlike, isSame, type Member, ownFault } from './member.js';
import { networkFaults, sameWire, type Surroundings, wireOf } from './wire.js';

/** Interfaces, scripts, files, processes and BFD sessions that are watched. */
export interface Trackers {
  /** Watches what this configuration names, and nothing else. */
  follow(vrrp: VrrpConfiguration): void;
  look(kind: TrackKind, name: string): Observed;
}

export interface RouterWorld {
  readonly adverts: AdvertPort;
  readonly network: Network;
  readonly trackers: Trackers;
  readonly log: Log;
  /** Keys are read from files when a configuration is taken. @throws LvsError */
  readonly hmacOf: (instance: VrrpInstance) => HmacSettings | undefined;
  /** `byGroup`: the group tells it. */
  readonly told: (instance: VrrpInstance, what: Told, byGroup: boolean) => void;
  /** What we lack to do this work at all, as sentences: nobody becomes master without it. */
  readonly lacks?: readonly string[];
  /** Some state has changed: groups, what is shown, what is kept for the next process. */
  readonly changed: () => void;
}

/** Until when an instance was certainly master in a process before us, and the greatest number in its authentication headers. */
export type Before = (name: string) => { readonly aliveMs: number; readonly headerSequence?: number } | undefined;

/** What could not be prepared, or cannot speak, is tried again: at once, and then so often. */
const RETRY_MS = 1000;

/** All virtual routers of this process: builds them, tells each what it has to know of links, trackers and its group. */
export class Router {
  readonly #world: RouterWorld;
  readonly #announcer: Announcer;
  readonly #guard: AddressGuard;
  readonly #members = new Map<string, Member>();
  readonly #timers: Timers<'mend'>;
  #groups: readonly SyncGroup[] = [];
  #defaults: VrrpDefaults | undefined;
  #pacing: ReturnType<typeof pacingOf> | undefined;
  /** While nobody may be master: startup delay. */
  #held = false;

  constructor(world: RouterWorld) {
    const { adverts, log } = world;
    this.#world = world;
    this.#timers = new Timers(adverts.clock);
    this.#guard = new AddressGuard({ adverts, log });
    this.#announcer = new Announcer({
      adverts,
      log,
      pacing: () => this.#pacing ?? (({ interface: lane }) => ({ lane, gapMs: 0 })),
    });
    world.network.follow({ changed: () => this.look(), lost: (name, what) => this.lose(name, what) });
  }

  get instances(): readonly {
    readonly config: VrrpInstance;
    readonly instance: Instance;
    readonly verdict: Verdict;
    readonly guard: Guard;
  }[] {
    return [...this.#members.values()];
  }
  get groups(): readonly SyncGroup[] {
    return this.#groups;
  }

  /**
   * Takes a configuration, the first or another one. Routers that are the same go on. Resolves when those that are gone have let go.
   * Rejects with LvsError if keys cannot be read: nothing was changed.
   */
  async follow(vrrp: VrrpConfiguration, defaults: VrrpDefaults, before: Before = () => undefined): Promise<void> {
    const wanted = new Map(
      vrrp.instances.map((config) => [config.name, { config, hmac: this.#world.hmacOf(config) }] as const),
    );
    const isAnew = !isSaidAlike(this.#defaults, defaults);
    this.#defaults = defaults;
    this.#groups = vrrp.syncGroups;
    this.#pacing = pacingOf(defaults.garp, vrrp.garpGroups);
    this.#world.trackers.follow(vrrp);
    const gone = [...this.#members.values()].filter(({ config }) => !isSame(config, wanted.get(config.name)?.config));
    await Promise.all(gone.map((member) => this.#remove(member)));
    const taken = [...wanted].map(([name, { config, hmac }]) => {
      const known = this.#members.get(name);
      if (known === undefined) return this.#add(config, hmac, before(name));
      return this.#change(known, config, hmac, isAnew || !isSaidAlike(known.config, config));
    });
    await Promise.all(taken);
    this.look();
  }

  /** Links, addresses or trackers are not what they were. */
  look(): void {
    const virtual = this.#virtualAddresses();
    for (const member of this.#members.values()) this.#judge(member, virtual);
    this.#shareFaults();
    for (const { instance, connection } of this.#members.values()) // now that the last word was said
      if (connection !== 'open' && instance.wire !== undefined) instance.connect(undefined);
    for (const member of this.#members.values()) this.#begin(member);
    this.#mend();
    this.#world.changed();
  }

  /** Nobody becomes master before `released`. */
  hold(): void {
    this.#held = true;
    this.tellAll((atMs) => ({ is: 'hold', atMs }));
  }

  release(): void {
    this.#held = false;
    this.tellAll((atMs) => ({ is: 'released', atMs }));
  }

  /** Something happened to one router: the pair's planned switch, BFD. False: there is none of that name. */
  deliver(name: string, event: Event): boolean {
    const member = this.#members.get(name);
    if (member === undefined) return false;
    this.#deliver(member, event);
    return true;
  }

  tellAll(event: (atMs: number) => Event): void {
    for (const member of this.#members.values()) this.#deliver(member, event(this.#now()));
  }

  /** To be called every now and then: who was silenced for being late learns of it. */
  minds(): void {
    for (const member of this.#members.values())
      if (isMaster(member) && member.instance.isMuted) this.#deliver(member, { is: 'muted', atMs: this.#now() });
  }

  /** All let go; what they had on the machine is gone when it resolves. */
  async stop(): Promise<void> {
    this.#timers.disarmAll();
    await Promise.all([...this.#members.values()].map((member) => this.#remove(member)));
    this.#announcer.close();
    this.#guard.close();
  }

  #now(): number {
    return this.#world.adverts.clock.now();
  }

  async #add(config: VrrpInstance, hmac: HmacSettings | undefined, before: ReturnType<Before>): Promise<void> {
    const { adverts, network, log } = this.#world;
    const possessions = network.possessionsOf(config, this.#must());
    const { headerSequence = 0 } = before ?? {};
    const instance: Instance = new Instance(
      { ...this.#settings(config), headerSequence },
      {
        adverts,
        possessions,
        announcer: this.#announcer.of(config.name, () => announceSettingsOf(member.config)),
        log,
        told: (what) => this.#world.told(member.config, what, this.#isGrouped(config.name) && isFollower(what)),
        stepped: (from, step) => this.#follow(member, from, step),
      },
    );
    const member: Member = {
      config,
      hmac,
      instance,
      possessions,
      guard: this.#guard.of({
        name: config.name,
        places: () => possessions.places(),
        lastHeardMs: () => instance.traffic.lastAcceptedMs,
        downMs: () => member.config.advertSeconds * 1000 * (member.config.downTimerAdverts + 1),
        defend: () => this.#deliver(member, { is: 'group', to: 'repair', atMs: this.#now() }),
      }),
      fault: undefined,
      started: false,
      ready: false,
      isPreparing: false,
      trouble: undefined,
      index: undefined,
      connection: 'impossible',
      verdict: { priority: config.priority, faults: [], unknown: [] },
    };
    this.#members.set(config.name, member);
    const resumes = before !== undefined && possessions.areHere();
    await this.#prepare(member, resumes);
    if (!resumes) return;
    this.#judge(member, this.#virtualAddresses());
    if (member.verdict.faults.length > 0) return;
    member.started = true;
    // the last advert left at most an interval before
    const lastAdvertMs = before.aliveMs - config.advertSeconds * 1000;
    member.instance.deliver({ is: 'resume', lastAdvertMs, atMs: this.#now() });
  }

  async #prepare(member: Member, keep: boolean): Promise<void> {
    const { possessions, config } = member;
    member.isPreparing = true;
    try {
      await possessions.prepare(keep);
      member.ready = true;
      member.trouble = undefined;
    } catch (error) {
      const reason = reasonOf(error);
      if (reason !== member.trouble) this.#world.log.error({ event: 'vrrp.not-ready', router: config.name, reason });
      member.ready = false;
      member.trouble = reason;
    } finally {
      member.isPreparing = false;
    }
  }

  /** @param isAnew what it has on the machine may be something else now */
  async #change(member: Member, config: VrrpInstance, hmac: HmacSettings | undefined, isAnew: boolean): Promise<void> {
    member.config = config;
    member.hmac = hmac;
    if (isAnew) {
      this.#world.network.possessionsOf(config, this.#must());
      await this.#prepare(member, isMaster(member));
    }
    this.#judge(member, this.#virtualAddresses()); // what is said at once by the new settings is said in the new form
    member.instance.change(this.#settings(config));
    if (isAnew) member.instance.repair();
  }

  async #remove(member: Member): Promise<void> {
    const { name } = member.config;
    this.#members.delete(name); // nobody looks at it any more
    member.guard.forget();
    await member.instance.stop();
    member.instance.close();
    try {
      await member.possessions.dismantle();
    } catch (error) {
      this.#world.log.error({ event: 'vrrp.not-dismantled', router: name, reason: reasonOf(error) });
    }
  }

  #settings(config: VrrpInstance): ConstructorParameters<typeof Instance>[0] {
    const { name, vrid, priority } = config;
    return { name, vrid, priority, held: this.#held, machine: machineSettingsOf(config, this.#isGrouped(name)) };
  }

  #must(): VrrpDefaults {
    if (this.#defaults === undefined) throw new TypeError('no configuration was taken');
    return this.#defaults;
  }

  #groupOf(name: string): SyncGroup | undefined {
    return this.#groups.find(({ members }) => members.includes(name));
  }
  #isGrouped(name: string): boolean {
    return this.#groupOf(name) !== undefined;
  }

  /** Connects it as its interfaces are now, and weighs what it watches. Who cannot speak any more is not silenced yet: it has a last word. */
  #judge(member: Member, virtual: ReadonlySet<string>): void {
    const { config, instance } = member;
    const around = this.#around(config, virtual);
    const isAnother = member.index !== undefined && around.base?.index !== member.index;
    if (isAnother || (config.virtualInterface !== undefined && around.own === undefined)) member.ready = false;
    member.index = around.base?.index;
    const isNew = member.isPreparing && !member.started;
    const faults = [
      ...(this.#world.lacks ?? []),
      ...(isNew ? [] : networkFaults(config, around)),
      ...(member.ready || isNew ? [] : ['its interface or addresses cannot be prepared']),
    ];
    const wire = faults.length === 0 && !isNew ? wireOf(config, member.hmac, around) : undefined;
    const refused = wire === undefined || sameWire(instance.wire, wire) ? undefined : this.#connect(member, wire);
    member.connection = wire === undefined ? 'impossible' : refused === undefined ? 'open' : 'refused';
    const group = this.#groupOf(config.name);
    const bases = group?.members.flatMap((name) => this.#members.get(name)?.config.priority ?? []) ?? [];
    const look = (kind: TrackKind, name: string): Observed => this.#world.trackers.look(kind, name);
    const watched = [...watch(config.tracks, look), ...(group === undefined ? [] : watch(group.tracks, look))];
    const own = verdict(config.priority, watched, weightsCount(group, bases));
    const unknown = [...(isNew ? ['its interface and addresses'] : []), ...own.unknown];
    member.verdict = {
      ...own,
      unknown,
      faults: [...faults, ...(refused === undefined ? [] : [refused]), ...own.faults],
    };
    if (own.priority !== instance.state.priority)
      this.#deliver(member, { is: 'priority', value: own.priority, atMs: this.#now() });
  }

  /** Interfaces that came back need again what they had; sockets that could not be had may be had now. */
  #mend(): void {
    const broken = [...this.#members.values()].filter((member) => this.#canBeMended(member));
    if (broken.length === 0 || this.#timers.isArmed('mend')) return;
    this.#timers.arm('mend', RETRY_MS, () => this.look());
    const unready = broken.filter(({ ready }) => !ready);
    if (unready.length === 0) return;
    void Promise.all(unready.map((member) => this.#prepare(member, isMaster(member)))).then(() => this.look());
  }

  #canBeMended({ config, ready, isPreparing, connection }: Member): boolean {
    if (isPreparing) return false;
    const { network } = this.#world;
    const { base } = network.interfacesOf(config, this.#must());
    return (!ready || connection === 'refused') && (base === undefined || network.link(base) !== undefined);
  }

  /** Addresses that come and go with a master. */
  #virtualAddresses(): ReadonlySet<string> {
    const all = [...this.#members.values()].flatMap(({ config: { addresses, excluded } }) => [
      ...addresses,
      ...excluded,
    ]);
    return new Set(all.map(({ address }) => address));
  }

  #around(config: VrrpInstance, virtual: ReadonlySet<string>): Surroundings {
    const { network } = this.#world;
    const { base, own } = network.interfacesOf(config, this.#must());
    return {
      base: base === undefined ? this.#linkOfSource(config) : network.link(base),
      own: own === undefined ? undefined : network.link(own),
      virtual,
      isHere: (address) => network.linkWith(address) !== undefined,
      link: (name) => network.link(name),
    };
  }

  #linkOfSource({ source }: VrrpInstance): Surroundings['base'] {
    return source === undefined ? undefined : this.#world.network.linkWith(source);
  }

  /** @returns why it cannot hear and speak */
  #connect(member: Member, wire: ReturnType<typeof wireOf>): string | undefined {
    try {
      member.instance.connect(wire);
      return undefined;
    } catch (error) {
      return `adverts: ${reasonOf(error)}`;
    }
  }

  /** One fault of a group is one of all. */
  #shareFaults(): void {
    const shared = new Map<string, SharedFault>();
    for (const { name, members } of this.#groups) {
      const own = members.flatMap((member) => {
        const found = this.#members.get(member);
        return found === undefined ? [] : [[member, found.verdict.faults] as const];
      });
      for (const [member, fault] of sharedFaults(name, new Map(own))) shared.set(member, fault);
    }
    for (const [name, member] of this.#members) {
      const { fault: before } = member;
      const fault = shared.get(name) ?? ownFault(member);
      if (fault?.why === before?.why) continue;
      member.fault = fault;
      const atMs = this.#now();
      if (fault !== undefined) this.#deliver(member, { is: 'fault', ...fault, atMs });
      else this.#deliver(member, { is: 'repaired', byGroup: before?.byGroup ?? false, atMs });
    }
  }

  /** Everything that has to be known first is known. */
  #begin(member: Member): void {
    if (member.started || member.fault !== undefined || member.verdict.unknown.length > 0) return;
    member.started = true;
    this.#deliver(member, { is: 'start', atMs: this.#now() });
  }

  #deliver(member: Member, event: Event): void {
    member.instance.deliver(event);
  }

  /** What the step of one member means for its addresses and for its group. */
  #follow(member: Member, ...[before, step]: Parameters<InstanceStepped>): void {
    if (step.state.is !== before.is) tellGuard(member.guard, before.is, step.state.is);
    const group = this.#groupOf(member.config.name);
    if (group !== undefined) {
      const states = group.members.flatMap((name) => {
        const found = this.#members.get(name);
        return found === undefined ? [] : [[name, found.instance.state] as const];
      });
      for (const { member: name, ...order } of ordersAfter(new Map(states), member.config.name, before, step)) {
        const other = this.#members.get(name);
        if (other !== undefined) this.#deliver(other, { is: 'group', ...order, atMs: this.#now() });
      }
    }
    this.#world.changed();
  }

  /** Somebody removed something that this router has as master, and watches. */
  lose(name: string, what: string): void {
    const member = this.#members.get(name);
    if (member === undefined || !isMaster(member)) return;
    this.#world.log.warn({ event: 'vrrp.addresses-lost', router: name, what });
    this.#deliver(member, { is: 'addresses-lost', atMs: this.#now() });
  }
}

type InstanceStepped = ConstructorParameters<typeof Instance>[1]['stepped'];
