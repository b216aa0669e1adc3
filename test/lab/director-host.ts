import { openIpvs } from '../../src/library/ipvs.js';
import type { IpvsClient } from '../../src/ipvs/client.js';
import { type DestinationSettings, defaultDestinationSettings } from '../../src/model/destination.js';
import {
  defaultServiceSettings,
  serviceFamily,
  type ServiceKey,
  type ServiceSettings,
} from '../../src/model/service.js';

/** A client of the IPVS of one host of the topology: its socket is opened in that network namespace. */
export const ipvsOf = (host: string): Promise<IpvsClient> => openIpvs({ networkNamespace: `/run/netns/${host}` });

/** Makes a service with one destination per address, all on the service's port (0 for a mark). */
export async function balance(
  ipvs: IpvsClient,
  key: ServiceKey,
  addresses: readonly string[],
  service: Partial<ServiceSettings> = {},
  destination: Partial<DestinationSettings> = {},
): Promise<void> {
  const port = key.by === 'address' ? key.port : 0;
  await Promise.all([
    ipvs.addService(key, { ...defaultServiceSettings(serviceFamily(key)), scheduler: 'rr', ...service }),
    ...addresses.map((address) =>
      ipvs.addDestination(
        key,
        { address, port },
        { ...defaultDestinationSettings, method: 'masquerade', ...destination },
      ),
    ),
  ]);
}
