import { type Family, familyOf } from '../model/address.js';
import type { Cancel } from '../system/clock.js';
import { type Log, reasonOf } from '../system/log.js';
import { Timers } from '../system/timers.js';
import { addressSolicitation, arpProbe } from './announce.js';
import { type Claim, claimOf, macText } from './claims.js';
import type { Role } from './machine-types.js';
import type { HeldAddress } from './network.js';
import type { AdvertPort } from './ports.js';

export interface GuardOptions {
  readonly adverts: Pick<AdvertPort, 'clock' | 'sendFrame' | 'hearNeighbours'>;
  readonly log: Log;
}

export interface GuardedRouter {
  readonly name: string;
  /** Where its addresses are, or would be. */
  readonly places: () => Promise<readonly HeldAddress[]>;
  /** When an advert of another router of its VRID was taken last. */
  readonly lastHeardMs: () => number | undefined;
  /** How long after such an advert that router may still have the addresses. */
  readonly downMs: () => number;
  /** As master: it tells the link again where its addresses are. */
  readonly defend: () => void;
}

/** What the guard is told of one router. */
export interface Guard {
  /** It listens for a master: has anybody its addresses? */
  asks(): void;
  /** It is master. */
  leads(): void;
  /** It has no addresses, and will not have any soon. */
  rests(): void;
  forget(): void;
  /** Who else has an address of this master. */
  readonly inUse: readonly Claim[];
}

/** Of a backup that was master somebody else is. */
export function tellGuard(guard: Guard, from: Role, to: Role): void {
  if (to === 'master') guard.leads();
  else if (to === 'backup' && from !== 'master') guard.asks();
  else guard.rests();
}

interface Guarded {
  readonly router: GuardedRouter;
  phase: 'asks' | 'leads' | 'rests';
  sinceMs: number;
  defendedMs: number;
  places: readonly HeldAddress[];
  /** By address and MAC; of who only asks nobody is told yet. */
  claims: Map<string, Claim>;
}

/** So long after the change of role a predecessor may still be letting go, or tell that it has let go of nothing yet. */
const GRACE_MS = 2000;
/** A question or its answer may be lost: it is asked twice. */
const AGAIN_MS = 1000;
/** What others say is contradicted, should we be master still: a successor announces before we let go. And not more often than RFC 5227 §2.4 has it. */
const DEFEND_AFTER_MS = 2000;
const DEFEND_GAP_MS = 10_000;
/** Whoever invents MAC addresses fills no log. */
const MOST_CLAIMS = 8;

const SENTENCE =
  'another machine on the link has this address: take it away there, or give the virtual router another one; it is held here all the same';

/** An interface that came back under its name is another one. */
const earOf = ({ interface: name, index, address }: Pick<HeldAddress, 'interface' | 'index' | 'address'>): string =>
  `${name}#${index} ${familyOf(address)}`;

/**
 * Whether anybody else on the link has an address of ours: asked while nobody is master yet, and after we are; heard all the time. Nobody waits for
 * an answer: a takeover is not a moment later for it. A master contradicts: who was master by mistake and yielded before we heard its adverts has
 * left the wrong MAC address in all tables.
 */
export class AddressGuard {
  readonly #options: GuardOptions;
  readonly #timers: Timers<`ask ${string}` | `defend ${string}`>;
  readonly #guarded = new Map<string, Guarded>();
  /** By interface, its index and the family. undefined: refused. */
  readonly #ears = new Map<string, Cancel | undefined>();

  constructor(options: GuardOptions) {
    this.#options = options;
    this.#timers = new Timers(options.adverts.clock);
  }

  of(router: GuardedRouter): Guard {
    const one: Guarded = { router, phase: 'rests', sinceMs: 0, defendedMs: -Infinity, places: [], claims: new Map() };
    this.#guarded.set(router.name, one);
    return {
      asks: () => {
        this.#enter(one, 'asks');
        this.#ask(one, [0, AGAIN_MS]);
      },
      leads: () => {
        const heardNobody = one.phase === 'asks' && (router.lastHeardMs() ?? -Infinity) < one.sinceMs;
        const before = heardNobody ? [...one.claims.values()] : [];
        this.#enter(one, 'leads');
        for (const claim of before) this.#tell(one, claim);
        this.#ask(one, [GRACE_MS, GRACE_MS + AGAIN_MS]);
      },
      rests: () => {
        this.#enter(one, 'rests');
        this.#disarm(router.name);
      },
      forget: () => {
        this.#disarm(router.name);
        if (this.#guarded.get(router.name) === one) this.#guarded.delete(router.name);
        this.#hearNoMore();
      },
      get inUse() {
        return one.phase === 'leads' ? [...one.claims.values()] : [];
      },
    };
  }

  close(): void {
    this.#timers.disarmAll();
    this.#guarded.clear();
    this.#hearNoMore();
  }

  #disarm(name: string): void {
    this.#timers.disarm(`ask ${name}`);
    this.#timers.disarm(`defend ${name}`);
  }

  #enter(one: Guarded, phase: Guarded['phase']): void {
    one.phase = phase;
    one.sinceMs = this.#now();
    one.claims = new Map();
  }

  /** At these times from now on. */
  #ask(one: Guarded, [nextMs, ...laterMs]: readonly number[]): void {
    if (nextMs === undefined) return;
    this.#timers.arm(`ask ${one.router.name}`, nextMs, () => {
      void this.#probe(one);
      this.#ask(
        one,
        laterMs.map((ms) => ms - nextMs),
      );
    });
  }

  async #probe(one: Guarded): Promise<void> {
    const before = one.places;
    one.places = (await one.router.places()).filter(({ mac }) => mac.length === 6);
    if (this.#guarded.get(one.router.name) !== one || one.phase === 'rests') return;
    const now = new Set(one.places.map(earOf));
    if (before.some((place) => !now.has(earOf(place)))) this.#hearNoMore();
    for (const { address, index, mac, interface: name } of one.places) {
      const family = familyOf(address);
      this.#listen(earOf({ address, index, interface: name }), name, family);
      const question = family === 'ip4' ? arpProbe(address, mac) : addressSolicitation(address, mac);
      this.#options.adverts.sendFrame(index, question);
    }
  }

  #listen(ear: string, name: string, family: Family): void {
    if (this.#ears.has(ear)) return;
    try {
      const close = this.#options.adverts.hearNeighbours(name, family, (message, hopLimit) => {
        const claim = claimOf(family, message, hopLimit);
        if (claim !== undefined) this.#note(name, claim);
      });
      this.#ears.set(ear, close);
    } catch (error) {
      this.#ears.set(ear, undefined);
      this.#options.log.warn({ event: 'vrrp.not-guarded', interface: name, family, reason: reasonOf(error) });
    }
  }

  /** Where nobody has addresses any more. */
  #hearNoMore(): void {
    const wanted = new Set([...this.#guarded.values()].flatMap(({ places }) => places.map(earOf)));
    for (const [ear, close] of this.#ears)
      if (!wanted.has(ear)) {
        close?.();
        this.#ears.delete(ear);
      }
  }

  #note(interfaceName: string, claim: Claim): void {
    const all = [...this.#guarded.values()];
    if (all.some(({ places }) => places.some(({ mac }) => macText(mac) === claim.mac))) return;
    for (const one of all) {
      const isOurs = one.places.some((place) => place.interface === interfaceName && place.address === claim.address);
      if (!isOurs || one.phase === 'rests') continue;
      if (one.phase === 'leads') this.#defend(one);
      if (one.phase === 'asks') this.#keep(one, claim);
      else if (!this.#mayBeRouters(one)) this.#tell(one, claim);
    }
  }

  #defend(one: Guarded): void {
    const timer = `defend ${one.router.name}` as const;
    if (this.#timers.isArmed(timer)) return;
    const waitMs = Math.max(DEFEND_AFTER_MS, one.defendedMs + DEFEND_GAP_MS - this.#now());
    this.#timers.arm(timer, waitMs, () => {
      one.defendedMs = this.#now();
      one.router.defend();
    });
  }

  /** One that was master, or thinks it is: that has news of its own. */
  #mayBeRouters({ router, sinceMs }: Guarded): boolean {
    const nowMs = this.#now();
    return nowMs < sinceMs + GRACE_MS || nowMs < (router.lastHeardMs() ?? -Infinity) + router.downMs();
  }

  #keep(one: Guarded, claim: Claim): boolean {
    const key = `${claim.address} ${claim.mac}`;
    if (one.claims.has(key) || one.claims.size >= MOST_CLAIMS) return false;
    one.claims.set(key, claim);
    return true;
  }

  #tell(one: Guarded, claim: Claim): void {
    if (!this.#keep(one, claim)) return;
    const { name: router } = one.router;
    this.#options.log.error({ event: 'vrrp.address-in-use', router, ...claim, why: SENTENCE });
  }

  #now(): number {
    return this.#options.adverts.clock.now();
  }
}
