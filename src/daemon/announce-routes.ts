import type { RouteBoard } from '../announce/announcer.js';
import { isLvsError } from '../errors.js';
import { addRoute, deleteRoute } from '../links/changes.js';
import type { Links } from '../links/links.js';
import type { WrittenRoute } from '../links/route-attrs.js';
import { AF_INET, AF_INET6, routeType, scopes } from '../links/uapi.js';
import { addressBytes, formatAddress } from '../model/address.js';
import { KernelRefusal } from '../netlink/errno.js';

/** Ours among the kernel's rtm_protocol: no routing daemon has it. BIRD: `krt_source = 179`. */
export const RTPROT_LVSD = 179;

/**
 * Blackholes: nothing that depends on an interface. Where the kernel looks into the table at all, a packet that neither the engine nor the kernel's
 * IPVS has taken ends here, instead of going back to the router that it came from.
 */
export const kernelRoutes = (links: Pick<Links, 'change' | 'routesOf'>): RouteBoard => ({
  async read(table) {
    const both = await Promise.all([AF_INET, AF_INET6].map((family) => links.routesOf(family, table)));
    return both
      .flat()
      .flatMap(({ protocol, type, attributes: { destination }, destinationLength, table: of }) =>
        of === table && protocol === RTPROT_LVSD && type === routeType.blackhole && destination !== undefined
          ? [`${formatAddress(destination)}/${destinationLength}`]
          : [],
      );
  },
  async add(table, prefix) {
    try {
      await links.change(addRoute(prefix, routeOf(table, prefix), 'add'));
    } catch (error) {
      if (!isLvsError(error, 'LINK_EXISTS')) throw error;
    }
  },
  async remove(table, prefix) {
    try {
      await links.change(deleteRoute(prefix, routeOf(table, prefix)));
    } catch (error) {
      if (error instanceof Error && error.cause instanceof KernelRefusal && error.cause.errno === 'ESRCH') return;
      throw error;
    }
  },
});

function routeOf(table: number, prefix: string): WrittenRoute {
  const slash = prefix.lastIndexOf('/');
  const destination = addressBytes(prefix.slice(0, slash));
  return {
    family: destination.length === 4 ? AF_INET : AF_INET6,
    destinationLength: Number(prefix.slice(slash + 1)),
    scope: scopes.global,
    protocol: RTPROT_LVSD,
    type: routeType.blackhole,
    attributes: { destination, table },
  };
}
