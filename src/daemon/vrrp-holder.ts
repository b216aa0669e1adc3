import { readFileSync } from 'node:fs';
import type { HmacKey, VrrpInstance } from '../config/vrrp/vrrp.js';
import { LvsError } from '../errors.js';
import type { Outcome } from '../health/check.js';
import { type Log, reasonOf } from '../system/log.js';
import { Timers } from '../system/timers.js';
import type { PairNetwork } from '../pair/ports.js';
import { systemPairNetwork } from '../pair/tcp.js';
import { systemRandom } from '../system/random.js';
import type { HmacSettings } from '../vrrp/hmac.js';
import type { Role, Told } from '../vrrp/machine-types.js';
import type { Network } from '../vrrp/network.js';
import type { AdvertPort } from '../vrrp/ports.js';
import { reportOf, type VrrpReport } from '../vrrp/report.js';
import { Router, type Trackers } from '../vrrp/router.js';
import { startupHoldMs } from '../vrrp/settings.js';
import { Board, type BoardNews } from './board.js';
import { UnknownVrids } from './unknown-vrids.js';
import { VrrpMemory } from './vrrp-memory.js';
import { VrrpPair } from './vrrp-pair.js';
import type { VrrpOrder } from './vrrp-order.js';
import type { VrrpStatics } from './vrrp-statics.js';
import type { HolderTrackers } from './vrrp-trackers.js';

export interface HolderOptions {
  readonly adverts: AdvertPort;
  readonly network: Network;
  readonly trackers: Pick<
    HolderTrackers,
    keyof Trackers | 'prepare' | 'watchMasters' | 'onChange' | 'sessions' | 'close'
  >;
  readonly news: News;
  /** What is there whoever is master; `lost`: somebody removed what a router watches. */
  readonly statics: (lost: (router: string, what: string) => void) => Pick<VrrpStatics, 'apply' | 'remove' | 'close'>;
  readonly log: Log;
  /** What the process lacks to do its work, as sentences. */
  readonly lacks?: readonly string[];
  readonly memoryPath: string;
  readonly bootId: string;
  /** For tests. */
  readonly pairNetwork?: PairNetwork;
}

/** Who is told of changes: scripts, pipes, mail, the kernel's connection synchronisation. */
export interface News {
  follow(order: VrrpOrder): Promise<void>;
  told(instance: VrrpInstance, what: Told, byGroup: boolean): void;
  /** What has happened is told when it resolves. */
  close(): Promise<void>;
}

/** Between two looks whether we were running all the time. */
const WATCH_MS = 100;
/** So late is no scheduling any more: this machine, or we, stood still. */
const PAUSE_MS = 50;

/** Everything of the process `lvsd vrrp` but its socket: the virtual routers, and what they need of this machine. */
export class VrrpHolder {
  readonly #options: HolderOptions;
  readonly #router: Router;
  readonly #pair: VrrpPair;
  readonly #statics: ReturnType<HolderOptions['statics']>;
  readonly #memory: VrrpMemory;
  readonly #unknown: UnknownVrids;
  readonly #roles: Board<Role>;
  readonly #timers: Timers<'startup' | 'sync' | 'watch'>;
  /** Why nobody may become master yet. */
  readonly #holds = new Set<'startup' | 'sync'>();
  /** A first configuration was taken. */
  #isWorking = false;
  #following: Promise<void> = Promise.resolve();

  constructor(options: HolderOptions) {
    const { adverts, network, trackers, news, log } = options;
    this.#options = options;
    this.#timers = new Timers(adverts.clock);
    this.#roles = new Board(adverts.clock, Math.floor(systemRandom.next() * 2 ** 32));
    this.#unknown = new UnknownVrids(adverts, log);
    this.#memory = new VrrpMemory({
      path: options.memoryPath,
      bootId: options.bootId,
      clock: adverts.clock,
      log,
      masters: () => this.#masters().map(({ config }) => config.name),
      headerSequences: () =>
        Object.fromEntries(
          this.#masters().flatMap(({ config: { name, authentication }, instance: { headerSequence } }) =>
            authentication?.type === 'ah' ? [[name, headerSequence]] : [],
          ),
        ),
    });
    this.#router = new Router({
      adverts,
      network,
      trackers,
      log,
      lacks: options.lacks ?? [],
      hmacOf: ({ hmac }) => hmac && { ...withKeys(hmac), windowMs: windowOf(hmac), mode: hmac.mode },
      told: (instance, what, byGroup) => {
        logTold(log, instance, what);
        news.told(instance, what, byGroup);
        if (what.is === 'role') this.#roles.set(instance.name, what.to === 'initialize' ? undefined : what.to);
        this.#pair.told(instance, what);
      },
      changed: () => {
        this.#memory.write();
        this.#pair.changed();
      },
    });
    this.#pair = new VrrpPair({
      router: this.#router,
      network: options.pairNetwork ?? systemPairNetwork,
      clock: adverts.clock,
      random: systemRandom,
      log,
    });
    this.#statics = options.statics((name, what) => this.#router.lose(name, what));
    trackers.onChange(() => this.#router.look());
    trackers.watchMasters({
      stateOf: (name) => this.#router.instances.find(({ config }) => config.name === name)?.instance.state,
      lost: (name) => void this.#router.deliver(name, { is: 'master-lost', atMs: adverts.clock.now() }),
    });
  }

  /**
   * Takes a configuration, one at a time. Rejects with LvsError: nothing was changed.
   * @param isResumed it was in force when a process before us was killed
   */
  follow(order: VrrpOrder, isResumed = false): Promise<void> {
    const next = this.#following.then(() => this.#follow(order, isResumed));
    this.#following = next.catch(() => undefined);
    return next;
  }

  report(): VrrpReport {
    return reportOf(this.#router, this.#options.adverts.clock.now());
  }

  /** BFD sessions, as soon as they are not what was `known`. */
  sessions(known: number): Promise<BoardNews<Outcome>> {
    return this.#options.trackers.sessions(known);
  }

  /** Roles of the instances, likewise. */
  roles(known: number): Promise<BoardNews<Role>> {
    return this.#roles.since(known);
  }

  /** The peer's connections are here, or nobody has to wait for them any more. */
  synced(why: string): void {
    if (!this.#holds.has('sync')) return;
    this.#options.log.info({ event: 'vrrp.may-be-master', why });
    this.#release('sync');
  }

  /** The other director, and how to move routers between the two. */
  get pair(): Pick<VrrpPair, 'report' | 'failover' | 'tell'> {
    return this.#pair;
  }

  /** All let go; to the other director, if there is one that takes what is master here. */
  async stop(): Promise<void> {
    await this.#following;
    this.#timers.disarmAll();
    await this.#pair.handOver();
    await Promise.all([this.#options.trackers.close(), this.#router.stop()]);
    await this.#statics.remove();
    await this.#statics.close();
    this.#pair.close();
    this.#roles.close();
    await this.#options.news.close();
    await this.#options.network.close();
    this.#memory.close();
  }

  async #follow(order: VrrpOrder, isResumed: boolean): Promise<void> {
    for (const { hmac } of order.vrrp.instances) if (hmac !== undefined) withKeys(hmac);
    this.#pair.check(order);
    await this.#options.news.follow(order);
    this.#options.trackers.prepare(order);
    this.#unknown.follow(order.globals.vrrp.logUnknownVrids);
    await this.#statics.apply(order.statics, order.globals.vrrp.defaultInterface);
    if (this.#isWorking) {
      await this.#router.follow(order.vrrp, order.globals.vrrp);
      this.#pair.follow(order);
      return;
    }
    this.#startupDelay(order);
    if (!isResumed) this.#waitForSync(order);
    await this.#router.follow(order.vrrp, order.globals.vrrp, this.#memory.before());
    this.#isWorking = true;
    this.#memory.open();
    this.#pair.follow(order);
    this.#watch(this.#options.adverts.clock.now());
  }

  #startupDelay({ globals }: VrrpOrder): void {
    const { clock } = this.#options.adverts;
    const delayMs = startupHoldMs(globals.vrrp, clock.now()); // CLOCK_MONOTONIC counts from the boot
    if (delayMs > 0) this.#hold('startup', delayMs, () => this.#release('startup'));
  }

  /** A process before us that was killed has waited already: the kernel and the engine went on. */
  #waitForSync({ globals: { pair } }: VrrpOrder): void {
    const seconds = pair?.syncWaitSeconds ?? 0;
    if (seconds === 0) return;
    this.#options.log.info({ event: 'vrrp.waits-for-sync', seconds });
    this.#hold('sync', 1000 * seconds, () => this.synced(`not all had come within ${seconds} s`));
  }

  #hold(why: 'startup' | 'sync', mostMs: number, end: () => void): void {
    this.#holds.add(why);
    this.#router.hold();
    this.#timers.arm(why, mostMs, end);
  }

  #release(why: 'startup' | 'sync'): void {
    this.#timers.disarm(why);
    this.#holds.delete(why);
    if (this.#holds.size === 0) this.#router.release();
  }

  #masters(): Router['instances'] {
    return this.#router.instances.filter(({ instance }) => instance.state.is === 'master');
  }

  /** A timer that is much too late: nobody ran here, and what was not heard was perhaps said. */
  #watch(lastMs: number): void {
    const { clock } = this.#options.adverts;
    this.#timers.arm('watch', WATCH_MS, () => {
      const nowMs = clock.now();
      if (nowMs - lastMs > WATCH_MS + PAUSE_MS) {
        this.#options.log.warn({ event: 'vrrp.paused', ms: Math.round(nowMs - lastMs) });
        this.#router.tellAll((atMs) => ({ is: 'paused', sinceMs: lastMs, atMs }));
      }
      this.#router.minds();
      this.#unknown.look();
      this.#watch(nowMs);
    });
  }
}

const SAME_PRIORITY = 'both have this priority, and the higher address is master: give one of them another priority';
const UNHEARD =
  'this router should have yielded to us: it does not hear our adverts, or refuses them. Look at its log, and at what filters protocol 112 on the way there';

function logTold(log: Log, { name: router }: VrrpInstance, what: Told): void {
  switch (what.is) {
    case 'role': {
      const { from, to, why, detail } = what;
      return log.info({ event: 'vrrp.role', router, from, to, why, ...(detail === undefined ? {} : { detail }) });
    }
    case 'priority':
      return log.info({ event: 'vrrp.priority', router, priority: what.value });
    case 'new-master':
      return log.info({ event: 'vrrp.new-master', router, ...what.master });
    case 'lower-master':
      return log.warn({ event: 'vrrp.two-masters', router, ...what.master });
    case 'same-priority':
      return log.warn({ event: 'vrrp.same-priority', router, ...what.master, why: SAME_PRIORITY });
    case 'unheard':
      return log.error({ event: 'vrrp.unheard', router, ...what.master, why: UNHEARD });
    case 'two-owners':
      return log.error({ event: 'vrrp.two-owners', router, source: what.source });
    case 'deaf':
      return log.error({ event: 'vrrp.deaf', router });
    case 'interval-bounded':
      return log.warn({ event: 'vrrp.interval-bounded', router, saidMs: what.saidMs, takenMs: what.takenMs });
  }
}

type Hmac = NonNullable<VrrpInstance['hmac']>;

/** @throws LvsError VRRP_KEY */
const withKeys = ({ keys, activeKey }: Hmac): Pick<HmacSettings, 'keys' | 'activeKey'> => ({
  keys: new Map(keys.map((key) => [key.id, bytesOf(key)])),
  activeKey,
});

const windowOf = ({ antiReplay, windowSeconds }: Hmac): number | undefined =>
  antiReplay === 'time' ? windowSeconds * 1000 : undefined;

const SHORTEST_KEY = 32;
const LONGEST_KEY = 64;

function bytesOf({ id, key }: HmacKey): Uint8Array {
  if ('text' in key) return Buffer.from(key.text);
  if ('hex' in key) return Buffer.from(key.hex, 'hex');
  const bytes = readKey(id, key.file);
  if (bytes.length < SHORTEST_KEY || bytes.length > LONGEST_KEY)
    throw new LvsError('VRRP_KEY', [
      id,
      key.file,
      `it has ${bytes.length} bytes, and not ${SHORTEST_KEY} to ${LONGEST_KEY}`,
    ]);
  return bytes;
}

/** As keepalived reads it: a line's end does not belong to the key. */
function readKey(id: number, path: string): Uint8Array {
  try {
    const bytes = readFileSync(path);
    return bytes.at(-1) === 0x0a ? bytes.subarray(0, -1) : bytes;
  } catch (cause) {
    throw new LvsError('VRRP_KEY', [id, path, reasonOf(cause)], { cause });
  }
}
