/**
 * library/ — what other programs import: `lvsd/ipvs`.
 * Composition only: it gives the pure clients their sockets.
 */
import { type NetlinkOptions, openNetlink } from '../addon/netlink.js';
import { IpvsClient } from '../ipvs/client.js';
import { NETLINK_GENERIC } from '../netlink/generic.js';

export { LvsError } from '../errors.js';
export { IpvsClient } from '../ipvs/client.js';
export type { DestinationRow, Info, ListedService, ServiceRow, SyncDaemon, Timeouts } from '../ipvs/rows.js';
export { type DestinationKey, type DestinationSettings, defaultDestinationSettings } from '../model/destination.js';
export { defaultServiceSettings, type ServiceKey, type ServiceSettings } from '../model/service.js';

/**
 * A client of the kernel's IPVS, in this network namespace or in the one named by its path.
 *
 *     await using ipvs = await openIpvs();
 *     for (const service of await ipvs.list()) console.log(service.key, service.destinations.length);
 *
 * Rejects with LvsError IPVS_UNAVAILABLE if the kernel has none (the kernel loads its module by itself if it can),
 * NETLINK_SOCKET or ADDON_MISSING if there is no way to ask.
 */
export async function openIpvs(options: NetlinkOptions = {}): Promise<IpvsClient> {
  const client = new IpvsClient(openNetlink(NETLINK_GENERIC, options));
  try {
    await client.probe();
    return client;
  } catch (error) {
    client.close();
    throw error;
  }
}
