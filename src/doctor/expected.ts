import type { Configuration, VirtualServer, VirtualService } from '../config/configuration.js';
import { destinationOf } from '../config/configuration.js';
import { type Family, familyOf } from '../model/address.js';
import { destinationName, type ForwardingMethod, type TunnelType } from '../model/destination.js';
import { type ServiceKey, serviceFamily, serviceName } from '../model/service.js';

/** A server of one service, as the file has them. */
export interface Served {
  /** serviceName. */
  readonly service: string;
  readonly key: ServiceKey;
  /** The kernel forwards, not our engine. */
  readonly byKernel: boolean;
  readonly address: string;
  readonly port: number;
  readonly method: ForwardingMethod;
  readonly tunnel: TunnelType;
}

/** What a configuration asks of the machines. */
export interface Expected {
  readonly served: readonly Served[];
  /** Schedulers the kernel is asked for; each with one service that asks. */
  readonly schedulers: ReadonlyMap<string, string>;
  /** Addresses that something else than the administrator puts on this machine: VRRP, or what announces them. */
  readonly heldByUs: ReadonlySet<string>;
  /** Interfaces that connections are synchronised over. */
  readonly syncInterfaces: readonly string[];
  /** Packets get marks by nftables: IPVS is given those of addresses that are not here. */
  readonly hasMarks: boolean;
}

export function expectedOf(configuration: Configuration): Expected {
  const { virtualServers, vrrp, globals, fwmarkRules } = configuration;
  const all = virtualServers.flatMap((virtual) => virtual.services.map((service) => ({ virtual, service })));
  return {
    served: all.flatMap(({ virtual, service }) => servedBy(virtual, service)),
    schedulers: new Map(
      all
        .filter(({ service }) => service.settings.engine === undefined && service.settings.scheduler !== 'none')
        .map(({ service }) => [service.settings.scheduler, serviceName(service.key)]),
    ),
    heldByUs: new Set(
      vrrp.instances.flatMap(({ addresses, excluded }) => [...addresses, ...excluded].map(({ address }) => address)),
    ),
    syncInterfaces: globals.syncDaemon === undefined ? [] : [globals.syncDaemon.interface],
    hasMarks: fwmarkRules.length > 0,
  };
}

const servedBy = ({ realServers }: VirtualServer, { key, settings }: VirtualService): readonly Served[] =>
  realServers.map((server) => ({
    service: serviceName(key),
    key,
    byKernel: settings.engine === undefined,
    ...destinationOf(key, server),
    method: server.settings.method,
    tunnel: server.settings.tunnel.type,
  }));

/** Those that the kernel's IPVS forwards in one of these ways. */
export const kernels = ({ served }: Expected, ...methods: readonly ForwardingMethod[]): readonly Served[] =>
  served.filter(({ byKernel, method }) => byKernel && methods.includes(method));

/** The VIPs of services by address. */
export const vipOf = ({ key }: Served): string | undefined => (key.by === 'address' ? key.address : undefined);

export const familiesOf = (served: readonly Served[]): readonly Family[] =>
  (['ip4', 'ip6'] as const).filter((family) => served.some(({ key }) => serviceFamily(key) === family));

export const outerFamily = ({ address }: Served): Family => familyOf(address);

export const servedName = ({ service, address, port }: Served): string =>
  `${service} -> ${destinationName({ address, port })}`;

/** Connections of a kernel's table, by what its destinations count. */
export const connectionsOf = (
  services: readonly { readonly destinations: readonly { readonly active: number; readonly inactive: number }[] }[],
): number =>
  services
    .flatMap(({ destinations }) => destinations)
    .reduce((sum, { active, inactive }) => sum + active + inactive, 0);
