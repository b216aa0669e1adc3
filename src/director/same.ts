import { isDeepStrictEqual } from 'node:util';
import type { DestinationSettings, Tunnel } from '../model/destination.js';
import type { ServiceSettings } from '../model/service.js';

/** Every field of T, named: a field added to the model does not compile until it is compared. */
const fields = <T>(of: Record<keyof T, true>): readonly (keyof T)[] => Object.keys(of) as (keyof T)[];

const serviceFields = fields<Omit<ServiceSettings, 'engine'>>({
  scheduler: true,
  schedulerFlags: true,
  persistent: true,
  persistenceSeconds: true,
  persistenceMask: true,
  persistenceEngine: true,
  onePacket: true,
});
const tunnelFields = fields<Tunnel>({ type: true, port: true, checksum: true, remoteChecksum: true });
const plainDestinationFields = fields<Omit<DestinationSettings, 'tunnel'>>({
  method: true,
  weight: true,
  upperThreshold: true,
  lowerThreshold: true,
});

const equalIn = <T>(names: readonly (keyof T)[], a: T, b: T): boolean => names.every((name) => a[name] === b[name]);

export const sameServiceSettings = (a: ServiceSettings, b: ServiceSettings): boolean =>
  a === b || (equalIn(serviceFields, a, b) && (a.engine === b.engine || isDeepStrictEqual(a.engine, b.engine)));

export const sameDestinationSettings = (a: DestinationSettings, b: DestinationSettings): boolean =>
  a === b || (equalIn(plainDestinationFields, a, b) && equalIn(tunnelFields, a.tunnel, b.tunnel));
