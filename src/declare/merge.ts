import type { Configuration, VirtualServer } from '../config/configuration.js';
import { serviceName } from '../model/service.js';

/** Where a service is declared. */
export type LayerName = 'file' | 'api' | 'fleet';

/** Virtual servers beside those of the file. */
export type Layers = ReadonlyMap<Exclude<LayerName, 'file'>, readonly VirtualServer[]>;

/** A service that two layers have. */
export interface Clash {
  /** serviceName */
  readonly service: string;
  readonly first: LayerName;
  readonly second: LayerName;
}

export interface Merged {
  readonly configuration: Configuration;
  /** Of the services that are not the file's, by serviceName. */
  readonly origins: ReadonlyMap<string, LayerName>;
  /** The second one of each is not in the configuration, and neither is the virtual server that it belongs to. */
  readonly clashes: readonly Clash[];
}

/** All layers as one configuration: what is not a virtual server is the file's. Pure. */
export function mergeLayers(file: Configuration, layers: Layers): Merged {
  const origins = new Map<string, LayerName>();
  const clashes: Clash[] = [];
  if ([...layers.values()].every((own) => own.length === 0)) return { configuration: file, origins, clashes };
  const virtualServers = [...file.virtualServers];
  const inFile = new Set(virtualServers.flatMap(namesOf));
  for (const [name, own] of layers)
    for (const virtual of own) {
      const names = namesOf(virtual);
      const taken = names.find((service) => inFile.has(service) || origins.has(service));
      if (taken !== undefined) clashes.push({ service: taken, first: origins.get(taken) ?? 'file', second: name });
      else {
        for (const service of names) origins.set(service, name);
        virtualServers.push(virtual);
      }
    }
  return { configuration: { ...file, virtualServers }, origins, clashes };
}

const namesOf = ({ services }: VirtualServer): readonly string[] => services.map(({ key }) => serviceName(key));
