import { addressBytes, formatAddress } from '../model/address.js';
import type { DestinationKey } from '../model/destination.js';
import { changed, placeOf, type Scheduler } from './scheduler.js';

export interface PersistenceSettings {
  /** ServiceSettings.persistenceMask: a netmask for IPv4, a prefix length for IPv6. */
  readonly mask: string;
  /** sysctl net.ipv4.vs.expire_quiescent_template: at weight 0 a destination loses its clients, too. */
  readonly expireQuiescent?: boolean;
}

interface Remembered<State> {
  /** The kernel's connection templates: destination by client network. */
  readonly templates: ReadonlyMap<string, DestinationKey>;
  readonly inner: State;
}

/**
 * Persistence around any algorithm (ip_vs_sched_persist): the first connection of a client network is scheduled, those after it follow
 * it, also to a destination of weight 0 or at its upper threshold, as long as that is in the list. The algorithm sees the whole
 * address of the client, not the masked one. Time is not modelled: templates do not expire.
 */
export function persistent<State>(
  scheduler: Scheduler<State>,
  { mask, expireQuiescent = false }: PersistenceSettings,
): Scheduler<Remembered<State>> {
  return {
    prepare: (settings, candidates) => ({ templates: new Map(), inner: scheduler.prepare(settings, candidates) }),
    change: (settings, candidates, { templates, inner }, previous) => ({
      templates,
      inner: changed(scheduler, settings, candidates, inner, previous),
    }),
    choose(settings, candidates, state, flow) {
      const network = maskAddress(flow.client.address, mask);
      const known = state.templates.get(network);
      const place = known === undefined ? -1 : placeOf(candidates, known);
      if (place >= 0 && !(expireQuiescent && candidates[place]!.weight === 0)) return { index: place, state };

      const { index, state: inner } = scheduler.choose(settings, candidates, state.inner, flow);
      if (index === undefined) return { index, state: { ...state, inner } };
      const templates = new Map(state.templates).set(network, candidates[index]!.key);
      return { index, state: { templates, inner } };
    },
  };
}

/** The network a client is of: `10.1.2.3` with `255.255.255.0` is `10.1.2.0`; `fd00::1:2` with `64` is `fd00::`. */
export function maskAddress(address: string, mask: string): string {
  const bytes = addressBytes(address);
  const maskBytes = mask.includes('.') ? addressBytes(mask) : prefixBytes(Number(mask), bytes.length);
  return formatAddress(bytes.map((byte, i) => byte & maskBytes[i]!));
}

const prefixBytes = (bits: number, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => 0xff00 >> Math.min(8, Math.max(0, bits - 8 * i)));
