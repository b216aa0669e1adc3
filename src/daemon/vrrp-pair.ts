import { hostname } from 'node:os';
import type { VrrpInstance } from '../config/vrrp/vrrp.js';
import type { PairSettings } from '../config/global-settings.js';
import { LvsError } from '../errors.js';
import type { DirectorFacts, SideFacts } from '../pair/facts.js';
import type { FailoverOrder } from '../pair/failover.js';
import { type FailoverResult, Pair, type PairReport } from '../pair/pair.js';
import type { PairNetwork } from '../pair/ports.js';
import { PairRouters } from '../pair/routers.js';
import type { Log } from '../system/log.js';
import type { Random } from '../system/random.js';
import { release } from '../system/release.js';
import type { Told } from '../vrrp/machine-types.js';
import type { AdvertClock } from '../vrrp/ports.js';
import { reportOf } from '../vrrp/report.js';
import type { Router } from '../vrrp/router.js';
import { secretOf } from './pair-key.js';
import type { VrrpOrder } from './vrrp-order.js';

export interface VrrpPairOptions {
  readonly router: Router;
  readonly network: PairNetwork;
  readonly clock: AdvertClock;
  readonly random: Random;
  readonly log: Log;
}

/** What the director tells of itself beside its configuration. */
export interface DirectorNews extends DirectorFacts {
  /** null: not known. */
  readonly connections: number | null;
}

/** A heartbeat tells of the adverts of each interval, if they are not too many. */
const LEAST_BEAT_MS = 50;
const MOST_BEAT_MS = 200;

/** The partner of this process, if the configuration has one. */
export class VrrpPair {
  readonly #options: VrrpPairOptions;
  readonly #routers: PairRouters;
  #running: { readonly pair: Pair; readonly settings: string } | undefined;
  #facts: SideFacts = { name: hostname(), software: release(), beatMs: MOST_BEAT_MS, routers: [], director: null };
  #connections: number | null = null;

  constructor(options: VrrpPairOptions) {
    this.#options = options;
    this.#routers = new PairRouters(options.router, options.clock);
  }

  /** Whether the configuration could be followed. @throws LvsError PAIR_KEY */
  check({ globals: { pair } }: VrrpOrder): void {
    if (pair !== undefined) secretOf(pair.key);
  }

  /** After the routers have taken it. @throws LvsError PAIR_KEY */
  follow({ globals, vrrp }: VrrpOrder): void {
    const { pair: settings } = globals;
    const secret = settings && secretOf(settings.key);
    const text = JSON.stringify([settings, secret && Buffer.from(secret).toString('hex')]);
    if (settings === undefined || secret === undefined || this.#running?.settings !== text) this.#end();
    if (settings === undefined || secret === undefined) return;
    this.#facts = {
      ...this.#facts,
      name: globals.routerId ?? hostname(),
      beatMs: beatMs(vrrp.instances),
      routers: this.#routers.facts(secret),
    };
    if (this.#running === undefined) this.#begin(settings, secret, text);
    else this.#running.pair.changed();
  }

  /** Roles are not what they were. */
  changed(): void {
    this.#running?.pair.changed();
  }

  /** A master that ends without a successor: the other side need not find out. */
  told({ name }: VrrpInstance, what: Told): void {
    if (what.is !== 'role' || what.from !== 'master') return;
    const isLost = what.to === 'fault' || what.to === 'initialize' || what.why === 'addresses-lost';
    if (isLost) this.#running?.pair.lost([name]);
  }

  tell({ connections, ...director }: DirectorNews): void {
    this.#connections = connections;
    this.#facts = { ...this.#facts, director };
    this.#running?.pair.changed();
  }

  /** @throws LvsError PAIR_NOBODY */
  report(): Promise<PairReport> {
    return this.#must().report();
  }

  /** @throws LvsError PAIR_NOBODY, PAIR_REFUSED */
  failover(order: FailoverOrder): Promise<FailoverResult> {
    return this.#must().failover(order);
  }

  /** Before the routers stop: what is master here goes to the other side. */
  async handOver(): Promise<void> {
    await this.#running?.pair.handOverAll();
  }

  close(): void {
    this.#end();
  }

  #must(): Pair {
    if (this.#running === undefined) throw new LvsError('PAIR_NOBODY', []);
    return this.#running.pair;
  }

  #begin(settings: PairSettings, secret: Uint8Array, text: string): void {
    const { router, network, clock, random, log } = this.#options;
    const pair = new Pair({
      settings,
      secret,
      network,
      clock,
      random,
      log,
      routers: this.#routers,
      facts: () => this.#facts,
      report: () => ({
        facts: this.#facts,
        vrrp: reportOf(router, clock.now()),
        connections: this.#connections,
      }),
    });
    this.#running = { pair, settings: text };
    pair.open();
  }

  #end(): void {
    this.#running?.pair.close();
    this.#running = undefined;
  }
}

const beatMs = (instances: readonly VrrpInstance[]): number => {
  const shortest = Math.min(...instances.map(({ advertSeconds }) => advertSeconds * 1000));
  return Math.min(Math.max(shortest, LEAST_BEAT_MS), MOST_BEAT_MS);
};
