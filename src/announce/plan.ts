/**
 * announce/ — which virtual addresses a routing daemon of this machine (BIRD, FRR) is told of: routes in a table of the kernel that it reads.
 * rules: plan.ts · owner: announcer.ts, through the port RouteBoard
 */
import type { AnnounceSettings, Prefix } from '../config/announce.js';
import { addressBytes } from '../model/address.js';

/** What there is to know of the services of one virtual server. */
export interface Offer {
  /** `192.0.2.1/32`: addresses of its services, each with its length; a service by mark has none. */
  readonly prefixes: readonly string[];
  /** Enough live servers; undefined: nobody knows yet. */
  readonly hasQuorum: boolean | undefined;
  /** A sorry server stands in while it has none. */
  readonly hasSorryServer: boolean;
}

export interface Announcement {
  readonly prefix: string;
  readonly announced: boolean;
  /** Why not; null: it is. */
  readonly why: 'no quorum' | 'not known yet' | 'withdrawn by the operator' | null;
}

type Verdict = boolean | undefined;

function fitness({ when }: AnnounceSettings, { hasQuorum, hasSorryServer }: Offer): Verdict {
  if (when === 'configured') return true;
  return when === 'serving' && hasSorryServer ? true : hasQuorum;
}

/** One of them: yes is enough, and only noes are a no. All of them: the other way round. */
function together(needs: AnnounceSettings['needs'], verdicts: readonly Verdict[]): Verdict {
  const decisive = needs === 'any';
  if (verdicts.includes(decisive)) return decisive;
  return verdicts.includes(undefined) ? undefined : !decisive;
}

/**
 * Every address that may be announced, in their order, and whether it is to be now. What nobody knows yet stays as it is `there`: a director that
 * starts again does not disturb what the one before it announced.
 */
export function announcements(
  settings: AnnounceSettings,
  offers: readonly Offer[],
  { there, withdrawn }: { readonly there: ReadonlySet<string>; readonly withdrawn: boolean },
): readonly Announcement[] {
  const verdicts = new Map<string, Verdict[]>();
  for (const offer of offers) {
    const verdict = fitness(settings, offer);
    for (const prefix of new Set(offer.prefixes)) {
      if (!isMeant(settings.only, prefix)) continue;
      const before = verdicts.get(prefix);
      if (before === undefined) verdicts.set(prefix, [verdict]);
      else before.push(verdict);
    }
  }
  return [...verdicts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([prefix, all]): Announcement => {
      const is = together(settings.needs, all);
      if (withdrawn) return { prefix, announced: false, why: 'withdrawn by the operator' };
      if (is === undefined && !there.has(prefix)) return { prefix, announced: false, why: 'not known yet' };
      return is === false ? { prefix, announced: false, why: 'no quorum' } : { prefix, announced: true, why: null };
    });
}

/** What is to be added and removed, so that `there` becomes what is announced. */
export function routeChanges(
  wanted: readonly Announcement[],
  there: ReadonlySet<string>,
): { readonly add: readonly string[]; readonly remove: readonly string[] } {
  const should = new Set(wanted.filter(({ announced }) => announced).map(({ prefix }) => prefix));
  return {
    add: [...should].filter((prefix) => !there.has(prefix)),
    remove: [...there].filter((prefix) => !should.has(prefix)),
  };
}

function isMeant(only: readonly Prefix[], prefix: string): boolean {
  if (only.length === 0) return true;
  const slash = prefix.lastIndexOf('/');
  const [bytes, length] = [addressBytes(prefix.slice(0, slash)), Number(prefix.slice(slash + 1))];
  return only.some(
    (allowed) => allowed.bytes.length === bytes.length && allowed.length <= length && within(bytes, allowed),
  );
}

function within(bytes: Uint8Array, { bytes: net, length }: Prefix): boolean {
  for (let i = 0, left = length; left > 0; i++, left -= 8) {
    const mask = left >= 8 ? 0xff : (0xff << (8 - left)) & 0xff;
    if (((bytes[i]! ^ net[i]!) & mask) !== 0) return false;
  }
  return true;
}
