import { isLvsError } from '../errors.js';
import { addressKey } from '../links/known-links.js';
import type { LinkNews, LinkWatch } from '../links/link-watch.js';
import type { Links } from '../links/links.js';
import { isRoute, isRule, isSameDestination } from '../links/matches.js';
import { RTPROT_KEEPALIVED } from '../links/uapi.js';
import { formatAddress } from '../model/address.js';
import { KernelRefusal } from '../netlink/errno.js';
import { type Log, reasonOf } from '../system/log.js';
import { type Holding, keyOf, planOf } from '../vrrp/holdings.js';
import { addOf, type Entry, entryOf, type Meanings, removeOf } from './vrrp-entries.js';

/** The kernel's network as those see it who hold something in it. */
export interface HeldIn {
  readonly links: Links;
  readonly watch: LinkWatch;
  readonly meanings: () => Meanings;
  /** The kernel keeps who made an address (Linux 5.18). */
  readonly keepsMakers: boolean;
  readonly log: Log;
}

interface Held {
  readonly holding: Holding;
  readonly entry: Entry;
  /** We, or a process before us, made it; else it was there and is left there. */
  readonly ours: boolean;
}

/** What says that there is nothing to remove. */
const absent = new Set(['ESRCH', 'ENOENT', 'EADDRNOTAVAIL', 'ENODEV', 'EAFNOSUPPORT']);

/**
 * Addresses, routes and rules of one holder in the kernel: had, given up, and watched. Each wish is one datagram, in order. What is there
 * already is taken as it is, and given up only if it was ours.
 */
export class HeldThings {
  readonly #name: string;
  readonly #in: HeldIn;
  readonly #lost: (holding: Holding) => void;
  readonly #held = new Map<string, Held>();
  /** Wished for, and refused. */
  #refused: readonly Holding[] = [];
  #desired: readonly Holding[] = [];
  /** Counts what we do: an answer that was asked for before does not count. */
  #deeds = 0;
  #looking = false;

  /** `lost`: somebody else removed something that is watched. */
  constructor(name: string, within: HeldIn, lost: (holding: Holding) => void) {
    this.#name = name;
    this.#in = within;
    this.#lost = lost;
  }

  get held(): Holding[] {
    return [...this.#held.values()].map(({ holding }) => holding);
  }

  /** All of these and nothing else. What the kernel refuses is logged, and tried again by `retry`. Answers with what could not be had. */
  async hold(desired: readonly Holding[]): Promise<ReadonlyMap<Holding, unknown>> {
    this.#desired = desired;
    const plan = planOf(desired, this.held);
    const removed = this.#remove(plan.remove);
    const added = this.#add(plan.add);
    await removed;
    return added;
  }

  /** Those that were refused, once more. */
  async retry(): Promise<void> {
    if (this.#refused.length > 0) await this.#add(this.#refused);
  }

  get hasRefused(): boolean {
    return this.#refused.length > 0;
  }

  /** Takes what is in the kernel of these as what a process before us has made. */
  async adopt(desired: readonly Holding[]): Promise<void> {
    for (const [holding, entry] of await this.#present(desired))
      if (!this.#held.has(keyOf(holding)))
        this.#held.set(keyOf(holding), { holding, entry, ours: this.#isMarked(entry) });
  }

  /** Whatever is in the kernel of these goes, but for what `spare` says. @throws LvsError what the kernel refuses */
  async clear(desired: readonly Holding[], spare: (entry: Entry) => boolean): Promise<void> {
    const present = await this.#present(desired);
    const going = present.filter(([, entry]) => !spare(entry));
    await this.#carryOut(going.map(([, entry]) => entry).reverse());
  }

  /** All that is ours goes, and nothing is wished for any more. @throws LvsError what the kernel refuses; the rest is gone */
  async release(): Promise<void> {
    this.#desired = [];
    this.#refused = [];
    await this.#remove(this.held.reverse());
  }

  /** Something happened: is all that is watched still there? */
  check(news: LinkNews): void {
    if (news.addressesGone) this.#dropGone([...this.#held.values()].filter((one) => this.#isAddressGone(one)));
    const watched = [...this.#held.values()].filter(({ holding }) => holding.watched && holding.is !== 'address');
    const inDoubt = watched.some(
      ({ entry }) =>
        (entry.is === 'rule' && news.rulesGone) ||
        (entry.is === 'route' &&
          (news.routesInDoubt || news.routesGone.some((route) => isSameDestination(entry.message, route)))),
    );
    if (inDoubt) void this.#look();
  }

  /** One that we made, or where the kernel does not say who did. */
  #isMarked(entry: Entry): boolean {
    if (entry.is !== 'address' || !this.#in.keepsMakers) return true;
    return this.#in.watch.known.address(addressKeyOf(entry))?.protocol === RTPROT_KEEPALIVED;
  }

  #isAddressGone({ holding, entry }: Held): boolean {
    return holding.watched && entry.is === 'address' && this.#in.watch.known.address(addressKeyOf(entry)) === undefined;
  }

  #add(list: readonly Holding[]): Promise<ReadonlyMap<Holding, unknown>> {
    const refused = new Map<Holding, unknown>();
    const meanings = this.#in.meanings();
    this.#deeds++;
    const asked = list.map(async (holding) => {
      const key = keyOf(holding);
      try {
        const entry = entryOf(holding, meanings);
        await this.#in.links.change(addOf(entry)).then(
          () => this.#held.set(key, { holding, entry, ours: true }),
          (error: unknown) => {
            if (!isLvsError(error, 'LINK_EXISTS')) throw error;
            this.#in.watch.catchUp();
            const before = this.#held.get(key);
            this.#held.set(key, { holding, entry, ours: before?.ours ?? this.#isTakenOver(entry) });
          },
        );
      } catch (error) {
        refused.set(holding, error);
      }
    });
    return Promise.all(asked).then(() => {
      this.#deeds++;
      this.#in.watch.catchUp();
      this.#tellRefused(refused);
      this.#refused = [...refused.keys()].filter((one) => this.#desired.includes(one));
      return refused;
    });
  }

  /** One that is there though we did not make it: ours only if it says so. Of routes and rules nothing does. */
  #isTakenOver(entry: Entry): boolean {
    return entry.is === 'address' && this.#in.keepsMakers && this.#isMarked(entry);
  }

  #tellRefused(refused: ReadonlyMap<Holding, unknown>): void {
    for (const [holding, error] of refused)
      if (!this.#refused.includes(holding))
        this.#in.log.error({ event: 'vrrp.not-held', holder: this.#name, reason: reasonOf(error) });
  }

  async #remove(list: readonly Holding[]): Promise<void> {
    const going = list.flatMap((holding) => this.#held.get(keyOf(holding)) ?? []);
    for (const { holding } of going) this.#held.delete(keyOf(holding));
    const ours = going.filter((one) => one.ours);
    const back = new Map(ours.map((one) => [one.entry, one]));
    await this.#carryOut([...back.keys()], (entry) => {
      const one = back.get(entry)!;
      this.#held.set(keyOf(one.holding), one);
    });
  }

  /** Removes; what is gone already is as good. */
  async #carryOut(entries: readonly Entry[], onRefused: (entry: Entry) => void = () => undefined): Promise<void> {
    this.#deeds++;
    const refusals: Error[] = [];
    await Promise.all(
      entries.map((entry) =>
        this.#in.links.change(removeOf(entry)).catch((error: unknown) => {
          if (!(error instanceof Error)) throw error;
          if (error.cause instanceof KernelRefusal && absent.has(error.cause.errno)) return;
          refusals.push(error);
          onRefused(entry);
        }),
      ),
    );
    this.#deeds++;
    this.#in.watch.catchUp();
    const [first] = refusals;
    if (first !== undefined) throw first;
  }

  /** What is in the kernel of these; what cannot even be named here is not. */
  async #present(list: readonly Holding[]): Promise<readonly (readonly [Holding, Entry])[]> {
    const meanings = this.#in.meanings();
    const named = list.flatMap((holding): (readonly [Holding, Entry])[] => {
      try {
        return [[holding, entryOf(holding, meanings)]];
      } catch {
        return [];
      }
    });
    const isThere = await this.#seen(named.map(([, entry]) => entry));
    return named.filter(([, entry]) => isThere(entry));
  }

  /** Asks the kernel for what these entries are among. */
  async #seen(entries: readonly Entry[]): Promise<(entry: Entry) => boolean> {
    const { links, watch } = this.#in;
    const tables = new Map<string, Promise<Awaited<ReturnType<Links['routesOf']>>>>();
    const rules = new Map<number, Promise<Awaited<ReturnType<Links['rules']>>>>();
    for (const entry of entries) {
      const { family } = entry.message;
      if (entry.is === 'rule' && !rules.has(family)) rules.set(family, links.rules(family));
      if (entry.is !== 'route') continue;
      const key = `${family} ${entry.table}`;
      if (!tables.has(key)) tables.set(key, links.routesOf(family, entry.table));
    }
    const seenRoutes = (await Promise.all(tables.values())).flat();
    const seenRules = (await Promise.all(rules.values())).flat();
    return (entry) => {
      switch (entry.is) {
        case 'address':
          return watch.known.address(addressKeyOf(entry)) !== undefined;
        case 'route':
          return seenRoutes.some((route) => isRoute(entry.message, route));
        case 'rule':
          return seenRules.some((rule) => isRule(entry.message, rule));
      }
    };
  }

  /** Of routes and rules: news tell not all, so the kernel is asked. */
  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      for (let before = -1; before !== this.#deeds; ) {
        before = this.#deeds;
        const watched = [...this.#held.values()].filter(({ holding }) => holding.watched && holding.is !== 'address');
        const isThere = await this.#seen(watched.map(({ entry }) => entry));
        if (before === this.#deeds) this.#dropGone(watched.filter(({ entry }) => !isThere(entry)));
      }
    } catch (error) {
      this.#in.log.error({ event: 'vrrp.not-watched', holder: this.#name, reason: reasonOf(error) });
    } finally {
      this.#looking = false;
    }
  }

  #dropGone(gone: readonly Held[]): void {
    for (const { holding } of gone) this.#held.delete(keyOf(holding));
    for (const { holding } of gone) this.#lost(holding);
  }
}

const addressKeyOf = ({ message }: Entry & { is: 'address' }): string => {
  const { local, address } = message.attributes;
  const own = formatAddress(local!);
  return addressKey(message.index, own, message.prefixLength, address === undefined ? own : formatAddress(address));
};
