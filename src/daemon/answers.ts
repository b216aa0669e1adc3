import type { Request } from '../cli/control.js';
import { readAskedPacket } from '../dataplane/asked-packet.js';
import type { Director } from '../director/director.js';
import { LvsError } from '../errors.js';
import type { PairSeen } from '../pair/sync-report.js';
import type { Engine } from './engine.js';
import { explainPacket } from './explain.js';
import type { KernelView } from './kernel-view.js';
import type { MadeServices } from './made.js';
import type { Push } from './push.js';
import type { Reload } from './reload.js';
import { engineStatusOf, engineSyncStatusOf, statusOf } from './status.js';
import type { Watch } from './watch.js';
import { whatIfNow } from './what-if.js';
import type { World } from './world.js';

/** Who knows what lvsctl asks for. */
export interface Answerers {
  readonly director: Director;
  /** undefined: a daemon that has none. */
  readonly engine: Engine | undefined;
  readonly engineSync: World['engineSync'];
  readonly made: MadeServices | undefined;
  /** What the kernel tells; undefined: it has no IPVS. */
  readonly kernel: KernelView | undefined;
  readonly sysctl: World['sysctl'] | undefined;
  readonly links: World['links'] | undefined;
  readonly watch: Watch;
  readonly reload: Reload;
  readonly vrrp: World['vrrp'];
  readonly sync: World['sync'];
  readonly push: Push;
}

/** What is answered at the control socket. Rejects with what lvsctl prints. */
export const answersOf =
  ({ director, engine, engineSync, made, kernel, sysctl, links, watch, reload, vrrp, sync, push }: Answerers) =>
  async (request: Request): Promise<unknown> => {
    switch (request.do) {
      case 'status':
        return {
          ...statusOf(director.status, watch.status),
          engine: engine === undefined ? null : engineStatusOf(await engine.status()),
          engineSync: engineSyncStatusOf(engineSync?.status()),
          vrrp: (await vrrp?.report()) ?? null,
        };
      case 'pair':
        return seenPair(vrrp, sync);
      case 'failover':
        return holding(vrrp).failover(request.order);
      case 'push':
        return push.lead(request.order);
      case 'push-status':
        return push.status();
      case 'push-cancel':
        push.cancel();
        return undefined;
      case 'plan':
        return director.preview(reload.read());
      case 'reload':
        return reload.fromSource();
      case 'weight':
        return director.override(request.server, request.weight ?? undefined);
      case 'explain': {
        const packet = readAskedPacket(request);
        if ('wrong' in packet) throw new LvsError('EXPLAIN_PACKET', [packet.wrong]);
        return explainPacket({ engine, kernel, sysctl, links }, packet, request.interface);
      }
      case 'what-if':
        return whatIfNow({ engine, kernel }, request);
      case 'lb':
        return needed(made).run(request.words);
    }
  };

/** Both directors. @throws LvsError PAIR_NOBODY, DIRECTOR_SAYS_NO, DIRECTOR_ABSENT */
export async function seenPair(
  vrrp: Pick<NonNullable<Answerers['vrrp']>, 'pair'> | undefined,
  sync: Pick<NonNullable<Answerers['sync']>, 'report'> | undefined,
): Promise<PairSeen> {
  const [pair, both] = await Promise.all([holding(vrrp).pair(), sync?.report()]);
  return { ...pair, sync: both ?? null };
}

/** @throws LvsError PAIR_NOBODY */
export function holding<T>(vrrp: T | undefined): T {
  if (vrrp === undefined) throw new LvsError('PAIR_NOBODY', []);
  return vrrp;
}

/** @throws LvsError ENGINE_CANNOT */
export function needed<T>(owner: T | undefined): T {
  if (owner === undefined) throw new LvsError('ENGINE_CANNOT', ['this daemon', 'it has no engine']);
  return owner;
}
