/**
 * library/ — what other programs import: `lvsd/ipvs`, `lvsd/keepalived-conf`.
 * Composition only: it gives the pure clients their sockets and clocks.
 */
import { type NetlinkOptions, openNetlink } from '../addon/netlink.js';
import { isLvsError } from '../errors.js';
import { IpvsClient } from '../ipvs/client.js';
import { NETLINK_GENERIC } from '../netlink/generic.js';
import { systemClock } from '../system/clock.js';
import { loadKernelModule } from '../system/kernel-module.js';

export { LvsError } from '../errors.js';
export { IpvsClient, type ListOptions } from '../ipvs/client.js';
export { type Connection, parseConnections } from '../ipvs/proc.js';
export type { DestinationRow, Info, ListedService, ServiceRow, SyncDaemon, Timeouts } from '../ipvs/rows.js';
export { ipvsSysctls, readAllIpvsSysctls, readIpvsSysctl, writeIpvsSysctl } from '../ipvs/sysctls.js';
export { type DestinationKey, type DestinationSettings, defaultDestinationSettings } from '../model/destination.js';
export { defaultServiceSettings, type ServiceKey, type ServiceSettings } from '../model/service.js';
export type { Statistics } from '../model/statistics.js';
export { systemSysctl } from '../system/sysctl.js';

export interface OpenOptions extends NetlinkOptions {
  /** If the kernel has no IPVS: modprobe ip_vs, and ask again. (A kernel that may loads it by itself when root asks.) */
  readonly loadModule?: boolean;
  /** Milliseconds that an answer may take, 10,000 if not told. */
  readonly timeoutMs?: number;
}

/**
 * A client of the kernel's IPVS, in this network namespace or in the one named by its path.
 *
 *     await using ipvs = await openIpvs();
 *     for (const { key, destinations } of await ipvs.list()) console.log(key, destinations.length);
 *
 * Rejects with LvsError IPVS_UNAVAILABLE if the kernel has none, NETLINK_SOCKET or ADDON_MISSING if there is no way to ask.
 */
export async function openIpvs(options: OpenOptions = {}): Promise<IpvsClient> {
  const client = new IpvsClient(openNetlink(NETLINK_GENERIC, options), {
    ...systemClock,
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  });
  try {
    await probe(client, options.loadModule ?? false);
    return client;
  } catch (error) {
    client.close();
    throw error;
  }
}

async function probe(client: IpvsClient, loadModule: boolean): Promise<void> {
  try {
    await client.probe();
  } catch (error) {
    if (!loadModule || !isLvsError(error, 'IPVS_UNAVAILABLE') || !(await loadKernelModule('ip_vs'))) throw error;
    await client.probe();
  }
}
