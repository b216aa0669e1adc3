/** Which sessions are whose, where both directors are masters of something. Pure. */
import { engineAddress } from '../dataplane/client.js';
import { SESSION_RECORD_BYTES } from '../dataplane/protocol.js';
import { isGone } from '../dataplane/sync-codec.js';
import type { SessionOrigins } from '../dataplane/sync-origins.js';
import type { Role } from '../vrrp/machine-types.js';
import type { SyncOrder } from './sync-order.js';

/** Where a SessionRecord has its VIP. */
const VIP_AT = 16;
const VIP_BYTES = 16;

/** What this director is master of, at a moment. */
export class Share {
  readonly #routers: SyncOrder['routers'];
  readonly masters: readonly string[];
  /** VIP → its virtual router. */
  readonly #vips: ReadonlyMap<string, string>;

  constructor(routers: SyncOrder['routers'], roles: Readonly<Record<string, Role>>) {
    this.#routers = routers;
    this.masters = routers.flatMap(({ name }) => (roles[name] === 'master' ? [name] : [])).sort();
    this.#vips = new Map(
      routers.flatMap(({ name, addresses }) => addresses.map((address) => [keyOf(engineAddress(address), 0), name])),
    );
  }

  isSame(other: Share): boolean {
    const textOf = (share: Share): string => JSON.stringify([share.masters, share.#routers]);
    return textOf(this) === textOf(other);
  }

  get isMasterOfAll(): boolean {
    return this.masters.length === this.#routers.length;
  }

  /** Those of these sessions that are ours to tell: of the VIPs we are master of, and of VIPs of nobody what the other has not told us. */
  given(records: Uint8Array, origins: SessionOrigins): Uint8Array {
    return this.isMasterOfAll
      ? records
      : kept(records, (at) => {
          const router = this.#routerOf(records, at);
          return router === undefined ? !origins.knows(records, at) : this.masters.includes(router);
        });
  }

  /** Those that somebody else may tell us: not of the VIPs we are master of. */
  accepted(records: Uint8Array): Uint8Array {
    if (this.masters.length === 0) return records;
    return kept(records, (at) => {
      const router = this.#routerOf(records, at);
      return router === undefined || !this.masters.includes(router);
    });
  }

  #routerOf(records: Uint8Array, at: number): string | undefined {
    return this.#vips.get(keyOf(records, at + VIP_AT));
  }
}

/** Those that have not ended. */
export const living = (records: Uint8Array): Uint8Array => kept(records, (at) => !isGone(records, at));

const keyOf = (bytes: Uint8Array, at: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + at, VIP_BYTES).toString('latin1');

function kept(records: Uint8Array, is: (at: number) => boolean): Uint8Array {
  const parts: Uint8Array[] = [];
  let from = 0;
  const take = (to: number): void => {
    if (from < to) parts.push(records.subarray(from, to));
  };
  for (let at = 0; at < records.length; at += SESSION_RECORD_BYTES) {
    if (is(at)) continue;
    take(at);
    from = at + SESSION_RECORD_BYTES;
  }
  if (from === 0) return records;
  take(records.length);
  return Buffer.concat(parts);
}
