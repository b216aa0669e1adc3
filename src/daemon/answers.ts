import type { Announcer, AnnouncerStatus } from '../announce/announcer.js';
import type { Request } from '../cli/control.js';
import { readAskedPacket } from '../dataplane/asked-packet.js';
import type { Director } from '../director/director.js';
import { LvsError } from '../errors.js';
import type { FleetDesk } from '../fleet/desk.js';
import type { PairSeen } from '../pair/sync-report.js';
import type { DeclaredChanges } from './declared.js';
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
  readonly declared: Pick<DeclaredChanges, 'overrideServer'>;
  /** undefined: this daemon follows no etcd. */
  readonly desk: Pick<FleetDesk, 'carryOut'> | undefined;
  /** undefined: no routing daemon is told anything. */
  readonly announcer: Pick<Announcer, 'status' | 'withdraw'> | undefined;
}

/** What is answered at the control socket. Rejects with what lvsctl prints. */
export const answersOf =
  ({
    director,
    engine,
    engineSync,
    made,
    kernel,
    sysctl,
    links,
    watch,
    reload,
    vrrp,
    sync,
    push,
    declared,
    desk,
    announcer,
  }: Answerers) =>
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
        return declared.overrideServer(request.server, request.weight, 'lvsctl');
      case 'explain': {
        const packet = readAskedPacket(request);
        if ('wrong' in packet) throw new LvsError('EXPLAIN_PACKET', [packet.wrong]);
        return explainPacket({ engine, kernel, sysctl, links }, packet, request.interface);
      }
      case 'fleet':
        if (desk === undefined) throw new LvsError('FLEET_NOBODY', []);
        return desk.carryOut(request.order);
      case 'announce':
        return announced(announcer, request.withdraw);
      case 'what-if':
        return whatIfNow({ engine, kernel }, request);
      case 'lb':
        return needed(made).run(request.words);
    }
  };

/** @throws LvsError ANNOUNCE_NOBODY */
async function announced(announcer: Answerers['announcer'], withdraw: boolean | null): Promise<AnnouncerStatus> {
  const status = announcer?.status;
  if (announcer === undefined || status === undefined) throw new LvsError('ANNOUNCE_NOBODY', []);
  return withdraw === null ? status : ((await announcer.withdraw(withdraw)) ?? status);
}

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
