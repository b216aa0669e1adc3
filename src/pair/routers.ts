import { createHmac } from 'node:crypto';
import type { VrrpInstance } from '../config/vrrp/vrrp.js';
import type { AdvertClock } from '../vrrp/ports.js';
import type { Router } from '../vrrp/router.js';
import { counterpart, type RouterFacts, type RouterId, type RouterState } from './facts.js';
import type { Instance } from '../vrrp/instance.js';

/** This side's virtual routers, as the pair sees and moves them. */
export class PairRouters {
  readonly #router: Router;
  readonly #clock: Pick<AdvertClock, 'now'>;
  readonly #lastAdverts = new Map<string, { readonly count: number; readonly atMs: number }>();

  constructor(router: Router, clock: Pick<AdvertClock, 'now'>) {
    this.#router = router;
    this.#clock = clock;
  }

  states(): readonly RouterState[] {
    return this.#router.instances.map(({ config, instance }) => ({
      ...idOf(config),
      role: instance.state.is,
      priority: instance.state.priority,
      advertMsAgo: this.#advertMsAgo(config, instance),
    }));
  }

  /** @param secret of the pair: what is confidential is told as its fingerprint under it */
  facts(secret: Uint8Array): readonly RouterFacts[] {
    const groups = this.#router.groups;
    return this.#router.instances.map(({ config }) => ({
      ...idOf(config),
      facts: {
        ...factsOf(config, secret),
        'sync group': groups.find(({ members }) => members.includes(config.name))?.name ?? 'none',
      },
    }));
  }

  /** With all that move together with them. */
  together(names: readonly string[]): readonly string[] {
    const all = names.flatMap(
      (name) => this.#router.groups.find(({ members }) => members.includes(name))?.members ?? [name],
    );
    return [...new Set(all)];
  }

  idsOf(names: readonly string[]): readonly RouterId[] {
    return this.states()
      .filter(({ name }) => names.includes(name))
      .map(({ name, family, vrid }) => ({ name, family, vrid }));
  }

  /** Which of ours the other side means; undefined: one of them is not here. */
  namesOf(theirs: readonly RouterId[]): readonly string[] | undefined {
    const ours = this.states();
    const names = theirs.flatMap((router) => counterpart(router, ours)?.name ?? []);
    return names.length === theirs.length ? names : undefined;
  }

  /**
   * Planned switch, the successor's side: takes the addresses of all, or of none.
   * @returns why it cannot; undefined: all are held
   */
  async takeOver(names: readonly string[]): Promise<string | undefined> {
    const members = this.#members(names);
    for (const { config, instance } of members) {
      const { state } = instance;
      if (state.is === 'fault') return `${config.name} has a fault there: ${state.why}`;
      if (state.is !== 'backup') return `${config.name} is ${state.is} there`;
      if (state.held) return `${config.name} may not become master there yet`;
    }
    for (const { instance } of members) instance.deliver({ is: 'take-over', atMs: this.#clock.now() });
    const held = await Promise.all(members.map(({ instance }) => instance.hasAddresses()));
    if (held.every(Boolean)) return undefined;
    this.giveBack(names);
    const failed = members.filter((_, i) => held[i] !== true).map(({ config }) => config.name);
    return `the addresses of ${failed.join(', ')} could not be taken there`;
  }

  /** Those that were taken over, and not yet given by the predecessor. */
  giveBack(names: readonly string[]): void {
    for (const { instance } of this.#members(names)) {
      const { state } = instance;
      if (state.is === 'master' && state.handoverUntilMs !== undefined)
        instance.deliver({ is: 'step-down', atMs: this.#clock.now() });
    }
  }

  /** Planned switch, the predecessor's side: the successor has the addresses. */
  stepDown(names: readonly string[]): void {
    for (const { instance } of this.#members(names)) instance.deliver({ is: 'step-down', atMs: this.#clock.now() });
  }

  masterLost(name: string): void {
    this.#router.deliver(name, { is: 'master-lost', atMs: this.#clock.now() });
  }

  masterConfirmed(name: string, lastAdvertMs: number, patienceMs: number): void {
    this.#router.deliver(name, { is: 'master-confirmed', lastAdvertMs, patienceMs, atMs: this.#clock.now() });
  }

  #members(names: readonly string[]): Router['instances'] {
    return this.#router.instances.filter(({ config }) => names.includes(config.name));
  }

  /** By the plan's rhythm; only while the kernel takes what the plan sends. */
  #advertMsAgo(config: VrrpInstance, { state, sent }: Instance): number | null {
    const { name } = config;
    if (state.is !== 'master' || state.handoverUntilMs !== undefined) {
      this.#lastAdverts.delete(name);
      return null;
    }
    const nowMs = this.#clock.now();
    const everyMs = config.advertSeconds * 1000;
    const known = this.#lastAdverts.get(name);
    if (known?.count === sent.count) return nowMs - known.atMs;
    const atMs = nowMs - (Math.max(0, nowMs - state.rhythmMs) % everyMs);
    this.#lastAdverts.set(name, { count: sent.count, atMs });
    return sent.count === 0 ? null : nowMs - atMs;
  }
}

const idOf = ({ name, family, vrid }: VrrpInstance): RouterId => ({ name, family, vrid });

/** What two routers of one VRID must agree on; `priority` is compared the other way round. */
function factsOf(instance: VrrpInstance, secret: Uint8Array): Readonly<Record<string, string>> {
  const { version, advertSeconds, priority, addresses, excluded, transport, authentication, hmac } = instance;
  const list = (lines: typeof addresses): string =>
    lines.length === 0
      ? 'none'
      : lines
          .map(({ address, length }) => `${address}/${length}`)
          .sort()
          .join(' ');
  return {
    version: String(version),
    'advert interval': `${Math.round(advertSeconds * 1e6) / 1000} ms`,
    addresses: list(addresses),
    'excluded addresses': list(excluded),
    transport: transport.by === 'multicast' ? `multicast ${transport.group}` : transport.by,
    authentication: authentication === undefined ? 'none' : `${authentication.type} ${sealed(authentication, secret)}`,
    signatures: hmac === undefined ? 'none' : `key ${hmac.activeKey} ${sealed(hmac.keys, secret)}`,
    priority: String(priority),
  };
}

/** A fingerprint that says nothing to whom does not know the secret. */
const sealed = (what: object, secret: Uint8Array): string =>
  createHmac('sha256', secret).update(JSON.stringify(what)).digest('hex').slice(0, 12);
