import { openGroup } from '../addon/multicast.js';
import { openNetlink } from '../addon/netlink.js';
import { EngineClient } from '../dataplane/client.js';
import { engineProgram, startEngine } from '../dataplane/process.js';
import { NETLINK_ROUTE } from '../links/uapi.js';
import { systemNft } from '../netfilter/nft.js';
import { SteeringTable } from '../netfilter/steering-table.js';
import { KernelNetwork, networkGroups } from '../routing/kernel-network.js';
import type { Clock } from '../system/clock.js';
import type { Log } from '../system/log.js';
import { Engine, type EngineWorld } from './engine.js';
import { EngineSyncDaemon } from './engine-sync-daemon.js';
import type { VrrpKeeper } from './vrrp-keeper.js';

export interface SystemEngineOptions extends Pick<EngineWorld, 'version' | 'onSessions' | 'beforePorts'> {
  /** Of the engine's socket. */
  readonly path: string;
  /** What the engine says is appended there; undefined: to our stderr. */
  readonly logFile: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** The engine of this package in the network namespace that we are in. Nothing is opened or started yet. */
export function systemEngine({ logFile, clock, ...rest }: SystemEngineOptions): Engine {
  return new Engine({
    ...rest,
    clock,
    start: startEngine(engineProgram, logFile),
    network: () =>
      new KernelNetwork(openNetlink(NETLINK_ROUTE), openNetlink(NETLINK_ROUTE, { groups: networkGroups }), clock),
    steering: new SteeringTable(systemNft()),
  });
}

export interface SystemEngineSyncOptions {
  readonly engine: Engine;
  readonly vrrp: Pick<VrrpKeeper, 'roles'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Its sync daemons on this machine's interfaces. Nothing is opened yet. */
export const systemEngineSync = ({ engine, vrrp, clock, log }: SystemEngineSyncOptions): EngineSyncDaemon =>
  new EngineSyncDaemon({
    clock,
    log,
    connect: (events) => EngineClient.connect({ path: engine.path, clock, ...events }),
    openGroup,
    forwarded: () => engine.forwarder,
    roles: (known) => vrrp.roles(known),
  });
