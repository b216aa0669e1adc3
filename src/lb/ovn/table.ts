import { familyOf } from '../../model/address.js';
import { type DestinationKey, defaultDestinationSettings, destinationName } from '../../model/destination.js';
import { defaultEngineSettings, defaultHashFields } from '../../model/engine.js';
import { defaultServiceSettings, type ServiceKey, serviceName, type ServiceSettings } from '../../model/service.js';
import type { Table, TableDestination, TableService } from '../../model/table.js';
import type { InterfacesOf } from './command.js';
import { parseOvnEndpoint } from './endpoint.js';
import type { OvnLoadBalancer, OvnState } from './state.js';

/** What is attached, as what the engine forwards. A load balancer that no switch or router has takes nothing, and is not in it. */
export function tableOfOvn(state: OvnState, interfacesOf: InterfacesOf): Table {
  const table = new Map<string, TableService>();
  for (const row of state.loadBalancers) {
    const interfaces = interfacesOfRow(state, row, interfacesOf);
    if (interfaces === undefined) continue;
    for (const [vip, servers] of row.vips) {
      const key = serviceOfVip(row, vip);
      table.set(serviceName(key), {
        key,
        settings: settingsOf(row, key, interfaces),
        destinations: serversOf(servers),
      });
    }
  }
  return table;
}

/** As EngineSettings has them: empty for all. undefined: it is attached to nothing. */
function interfacesOfRow(
  { switches, routers }: OvnState,
  { uuid }: OvnLoadBalancer,
  interfacesOf: InterfacesOf,
): readonly string[] | undefined {
  const attached = [...switches, ...routers].filter(([, uuids]) => uuids.includes(uuid));
  const known = attached.flatMap(([name]) => interfacesOf(name) ?? []);
  if (known.length === 0) return undefined;
  return known.includes('all') ? [] : [...new Set(known)];
}

function serviceOfVip({ protocol }: OvnLoadBalancer, vip: string): ServiceKey {
  const { address, port } = parseOvnEndpoint(vip)!;
  return { by: 'address', protocol: port === 0 ? 'any' : protocol, address, port };
}

function settingsOf(
  { selectionFields, affinityTimeout }: OvnLoadBalancer,
  key: ServiceKey,
  interfaces: readonly string[],
): ServiceSettings {
  return {
    ...defaultServiceSettings(key.by === 'address' ? familyOf(key.address) : key.family),
    scheduler: 'maglev',
    ...(affinityTimeout > 0 ? { persistent: true, persistenceSeconds: affinityTimeout } : {}),
    engine: { ...defaultEngineSettings, hashFields: selectionFields ?? defaultHashFields, interfaces },
  };
}

function serversOf(servers: string): ReadonlyMap<string, TableDestination> {
  const destinations = new Map<string, TableDestination>();
  for (const text of servers.split(',').filter((one) => one !== '')) {
    const key: DestinationKey = parseOvnEndpoint(text)!;
    destinations.set(destinationName(key), { key, settings: { ...defaultDestinationSettings, method: 'masquerade' } });
  }
  return destinations;
}
