import type { BfdInstance, Configuration, GlobalSettings } from '../config/configuration.js';
import type { Statics } from '../config/static/statics.js';
import type { TrackFile, VrrpConfiguration } from '../config/vrrp/vrrp.js';
import type { FailoverOrder } from '../pair/failover.js';
import type { DirectorNews } from './vrrp-pair.js';

/** What the process that holds the addresses is told of a configuration. Plain data: it crosses a socket, and is kept beside it. */
export interface VrrpOrder {
  readonly vrrp: VrrpConfiguration;
  readonly statics: Statics;
  readonly trackFiles: readonly TrackFile[];
  readonly bfd: readonly BfdInstance[];
  readonly globals: Omit<GlobalSettings, 'engine'>;
}

/** undefined: the file has nothing for it. */
export function vrrpOrderOf({ vrrp, statics, trackFiles, bfd, globals }: Configuration): VrrpOrder | undefined {
  const nothing =
    vrrp.instances.length === 0 &&
    [statics.addresses, statics.routes, statics.rules].every((list) => list.length === 0);
  if (nothing) return undefined;
  const { engine: _engine, ...rest } = globals;
  return { vrrp, statics, trackFiles, bfd: sessionsOf(vrrp, bfd), globals: rest };
}

/** Whether BFD sessions run in the process of the addresses; then those of checks run there, too, for one process of a machine has BFD's port. */
export const hasSessionsBeside = ({ vrrp, bfd }: Pick<Configuration, 'vrrp' | 'bfd'>): boolean =>
  sessionsOf(vrrp, bfd).length > 0;

function sessionsOf({ instances, syncGroups }: VrrpConfiguration, bfd: readonly BfdInstance[]): readonly BfdInstance[] {
  const tracked = [...instances, ...syncGroups].flatMap(({ tracks }) => tracks.bfd.map(({ name }) => name));
  const named = new Set([...tracked, ...instances.flatMap(({ masterSessions }) => masterSessions)]);
  return named.size === 0 ? [] : bfd.filter(({ name, forCheckers }) => forCheckers || named.has(name));
}

export type VrrpRequest =
  | { readonly do: 'configure'; readonly order: VrrpOrder }
  /** Everybody lets go, and the process ends. */
  | { readonly do: 'stop' }
  | { readonly do: 'status' }
  /** BFD sessions, as soon as they are not what was `known`. */
  | { readonly do: 'sessions'; readonly known: number }
  /** Roles of the instances, likewise. */
  | { readonly do: 'roles'; readonly known: number }
  /** What happened there, likewise. */
  | { readonly do: 'events'; readonly known: number }
  /** The peer's connections are here, or for this reason nobody waits for them any more. */
  | { readonly do: 'synced'; readonly why: string }
  /** Of the other director; and what it is told of ours. */
  | { readonly do: 'pair' }
  | { readonly do: 'tell-pair'; readonly news: DirectorNews }
  | { readonly do: 'failover'; readonly order: FailoverOrder }
  /** Nothing but an answer: the line stays open. */
  | { readonly do: 'hello' };

/** undefined: it is none. What an order contains was checked when the file was read: both ends are of one release. */
export function decodeVrrpRequest(line: string): VrrpRequest | undefined {
  try {
    const told = JSON.parse(line) as Readonly<Partial<Record<'do' | 'order' | 'news' | 'known' | 'why', unknown>>>;
    if ((told.do === 'sessions' || told.do === 'roles' || told.do === 'events') && typeof told.known === 'number')
      return { do: told.do, known: told.known };
    if (told.do === 'synced' && typeof told.why === 'string') return { do: 'synced', why: told.why };
    if (told.do === 'stop' || told.do === 'status' || told.do === 'hello' || told.do === 'pair') return { do: told.do };
    if (told.do === 'tell-pair' && typeof told.news === 'object' && told.news !== null)
      return { do: 'tell-pair', news: told.news as DirectorNews };
    if (told.do === 'failover' && typeof told.order === 'object' && told.order !== null)
      return { do: 'failover', order: told.order as FailoverOrder };
    if (told.do === 'configure' && typeof told.order === 'object' && told.order !== null)
      return { do: 'configure', order: told.order as VrrpOrder };
    return undefined;
  } catch {
    return undefined;
  }
}
