import { type EngineSettings, defaultEngineSettings, defaultHashFields } from '../../model/engine.js';
import {
  type DestinationKey,
  type DestinationSettings,
  defaultDestinationSettings,
  destinationName,
  plainTunnel,
} from '../../model/destination.js';
import { defaultServiceSettings, type ServiceKey, serviceName, type ServiceSettings } from '../../model/service.js';
import type { Table, TableDestination, TableService } from '../../model/table.js';
import { familyOf } from '../../model/address.js';
import type { VppState, VppVip } from './state.js';

const wholeLength = (address: string): number => (familyOf(address) === 'ip4' ? 32 : 128);

/** One service; a VIP with a port and no protocol is one for each protocol that VPP balances. */
export function servicesOfVip({ address, prefixLength, protocol, port }: VppVip): readonly ServiceKey[] {
  const where = prefixLength === wholeLength(address) ? { address, port } : { address, port, prefixLength };
  const protocols = protocol === 'any' && port > 0 ? (['tcp', 'udp'] as const) : [protocol];
  return protocols.map((one) => ({ by: 'address', protocol: one, ...where }));
}

export const destinationOfServer = (vip: VppVip, address: string): DestinationKey => ({
  address,
  port: vip.targetPort,
});

/** The state as what the engine forwards. */
export function tableOfVpp(state: VppState): Table {
  const table = new Map<string, TableService>();
  for (const vip of state.vips) {
    const destinations = new Map<string, TableDestination>();
    for (const server of vip.servers) {
      const destination = destinationOfServer(vip, server.address);
      const weight = server.removed ? 0 : server.weight;
      destinations.set(destinationName(destination), { key: destination, settings: { ...methodOf(vip), weight } });
    }
    const settings = settingsOf(state, vip);
    for (const key of servicesOfVip(vip)) table.set(serviceName(key), { key, settings, destinations });
  }
  return table;
}

function methodOf({ encap }: VppVip): DestinationSettings {
  switch (encap) {
    case 'gre4':
    case 'gre6':
      return { ...defaultDestinationSettings, method: 'tunnel', tunnel: { ...plainTunnel, type: 'gre' } };
    case 'l3dsr':
      return { ...defaultDestinationSettings, method: 'l3dsr' };
    case 'nat4':
    case 'nat6':
      return { ...defaultDestinationSettings, method: 'masquerade' };
  }
}

/** src_ip_sticky: the client's address alone picks the server, and keeps it for all its flows as long as one of them lives. */
function settingsOf(state: VppState, vip: VppVip): ServiceSettings {
  const defaults = defaultServiceSettings(familyOf(vip.address));
  return {
    ...defaults,
    scheduler: 'maglev',
    ...(vip.sourceSticky ? { persistent: true, persistenceSeconds: state.timeout } : {}),
    engine: engineOf(state, vip),
  };
}

function engineOf(state: VppState, vip: VppVip): EngineSettings {
  const source = vip.encap === 'gre4' ? state.ip4Source : vip.encap === 'gre6' ? state.ip6Source : undefined;
  return {
    ...defaultEngineSettings,
    hashFields: vip.sourceSticky ? ['ip_src'] : defaultHashFields,
    tableSize: slotsFor(vip),
    dscp: vip.dscp,
    nodePort: vip.nodePort,
    tcpTimeout: state.timeout,
    udpTimeout: state.timeout,
    ...(source === undefined ? {} : { tunnelSource: source }),
  };
}

/** The engine wants a slot for each server, VPP does not. */
const slotsFor = ({ newLen, servers }: VppVip): number =>
  Math.max(newLen, 2 ** Math.ceil(Math.log2(Math.max(1, servers.length))));
