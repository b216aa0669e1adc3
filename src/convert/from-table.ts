import type { SyncDaemonSettings } from '../config/configuration.js';
import type { Diagnostics, Place } from '../config/diagnostics.js';
import { familyOf } from '../model/address.js';
import { type DestinationKey, destinationName, type DestinationSettings, plainTunnel } from '../model/destination.js';
import {
  schedulerFlag,
  type ServiceKey,
  serviceFamily,
  serviceName,
  type ServiceSettings,
  wholeAddressMask,
} from '../model/service.js';
import { lost } from './convert.js';
import { block, comment, type Item, line, word } from './items.js';

/** A table as lines made it: what is in it, and where each thing was said last. */
export interface LoadedTable {
  readonly services: readonly LoadedService[];
  /** Seconds; 0: not said. */
  readonly timeouts: { readonly tcp: number; readonly tcpFin: number; readonly udp: number };
  readonly daemons: readonly LoadedDaemon[];
}

export interface LoadedService {
  readonly key: ServiceKey;
  readonly settings: ServiceSettings;
  readonly place: Place;
  readonly servers: readonly LoadedServer[];
}

export interface LoadedServer {
  readonly key: DestinationKey;
  readonly settings: DestinationSettings;
  readonly place: Place;
}

export interface LoadedDaemon {
  readonly role: 'master' | 'backup';
  readonly settings: SyncDaemonSettings;
  readonly place: Place;
}

/** Names of lvs_sched. */
export const schedulers: readonly string[] = 'rr wrr lc wlc lblc lblcr sh mh dh fo ovf sed nq twos'.split(' ');

/** A table → the configuration that makes the same table. It has no checks: nobody said any. */
export function configurationOfTable(table: LoadedTable, diagnostics: Diagnostics): readonly Item[] {
  const globals = [...timeoutLines(table), ...daemonLines(table.daemons, diagnostics)];
  return [
    comment('No server is checked yet: put a check, such as TCP_CHECK, into each real_server.'),
    ...(globals.length === 0 ? [] : [block('global_defs', globals)]),
    ...table.services.map((service) => serviceItem(service, diagnostics)),
  ];
}

function timeoutLines({ timeouts: { tcp, tcpFin, udp } }: LoadedTable): readonly Item[] {
  const pairs = Object.entries({ tcp, tcpfin: tcpFin, udp }).filter(([, seconds]) => seconds > 0);
  return pairs.length === 0 ? [] : [line('lvs_timeouts', ...pairs.flat())];
}

/** Without a VRRP instance lvs_sync_daemon runs both roles. */
function daemonLines(daemons: readonly LoadedDaemon[], diagnostics: Diagnostics): readonly Item[] {
  const [first, second] = daemons;
  if (first === undefined) return [];
  const { interface: device, syncId, maxLength, port, ttl, group } = first.settings;
  const options = Object.entries({ id: syncId, maxlen: maxLength, port, ttl, group }).filter(
    ([, value]) => value !== undefined,
  );
  const items: Item[] = [
    line('lvs_sync_daemon', word(device) ?? device, ...options.flatMap(([name, value]) => [name, value ?? ''])),
  ];
  if (second === undefined) {
    const other = first.role === 'master' ? 'backup' : 'master';
    items.push(
      lost(
        first.place,
        `only the ${first.role} sync daemon`,
        `lvs_sync_daemon without a vrrp_instance runs the ${other} too`,
        diagnostics,
      ),
    );
  } else if (JSON.stringify(first.settings) !== JSON.stringify(second.settings))
    items.push(
      lost(
        second.place,
        `the ${second.role} sync daemon's own settings`,
        `both roles have those of the ${first.role}`,
        diagnostics,
      ),
    );
  return items;
}

function serviceItem(service: LoadedService, diagnostics: Diagnostics): Item {
  const { key, place } = service;
  const head = key.by === 'fwmark' ? `virtual_server fwmark ${key.mark}` : `virtual_server ${endpoint(key)}`;
  if (service.servers.length === 0)
    return lost(place, serviceName(key), 'a virtual_server needs at least one real_server', diagnostics);
  const [first] = service.servers;
  const forwarding = forwardingWords(first!.settings);
  return block(head, [
    ...familyLines(service),
    ...schedulerLines(service, diagnostics),
    line('lvs_method', forwarding),
    ...(key.by === 'address' ? [line('protocol', key.protocol.toUpperCase())] : []),
    ...persistenceLines(service, diagnostics),
    ...(service.settings.onePacket ? [line('ops')] : []),
    ...serverItems(service, forwarding, diagnostics),
  ]);
}

const endpoint = ({ address, port }: DestinationKey): string => (port === 0 ? address : `${address} ${port}`);

/** A mark's family is that of its servers, unless tunnels carry it to the other one. */
function familyLines({ key, servers }: LoadedService): readonly Item[] {
  if (key.by === 'address') return [];
  const all6 = servers.every((server) => familyOf(server.key.address) === 'ip6');
  if ((key.family === 'ip6') === all6) return [];
  return [line('ip_family', key.family === 'ip6' ? 'inet6' : 'inet')];
}

function schedulerLines({ settings, place }: LoadedService, diagnostics: Diagnostics): readonly Item[] {
  const { scheduler, schedulerFlags } = settings;
  if (!schedulers.includes(scheduler))
    return [
      lost(place, `scheduler ${scheduler}`, 'lvs_sched does not know it; wlc is taken', diagnostics),
      line('lvs_sched', 'wlc'),
    ];
  const own = scheduler === 'sh' || scheduler === 'mh';
  const names: readonly (readonly [bit: number, name: string])[] = [
    [schedulerFlag.fallback, own ? `${scheduler}-fallback` : 'flag-1'],
    [schedulerFlag.port, own ? `${scheduler}-port` : 'flag-2'],
    [schedulerFlag.third, 'flag-3'],
  ];
  return [
    line('lvs_sched', scheduler),
    ...names.filter(([bit]) => (schedulerFlags & bit) !== 0).map(([, name]) => line(name)),
  ];
}

function persistenceLines({ key, settings, place }: LoadedService, diagnostics: Diagnostics): readonly Item[] {
  const { persistent, persistenceSeconds, persistenceMask, persistenceEngine } = settings;
  const items: Item[] = [];
  const whole = persistenceMask === wholeAddressMask(serviceFamily(key));
  if (persistent) {
    items.push(line('persistence_timeout', persistenceSeconds));
    if (!whole) items.push(line('persistence_granularity', persistenceMask));
  } else if (!whole)
    items.push(lost(place, `netmask ${persistenceMask}`, 'it has no meaning without persistence', diagnostics));
  if (persistenceEngine !== '') {
    const name = word(persistenceEngine);
    items.push(
      name === undefined
        ? lost(place, 'the persistence engine', 'its name cannot be written', diagnostics)
        : line('persistence_engine', name),
    );
  }
  return items;
}

/** `TUN type gue port 6080 csum`. */
export function forwardingWords({ method, tunnel }: Pick<DestinationSettings, 'method' | 'tunnel'>): string {
  if (method === 'masquerade') return 'NAT';
  if (method !== 'tunnel') return 'DR';
  const { type, port, checksum, remoteChecksum } = tunnel;
  if (type === plainTunnel.type) return 'TUN';
  return [
    'TUN type',
    type,
    ...(type === 'gue' ? [`port ${port}`] : []),
    ...(remoteChecksum ? ['remcsum'] : checksum ? ['csum'] : []),
  ].join(' ');
}

/** As the language will understand it: DR and TUN have the service's port, and so has a server without one. */
function effective(service: ServiceKey, { key, settings }: LoadedServer): DestinationKey {
  const servicePort = service.by === 'address' ? service.port : 0;
  const own = settings.method === 'masquerade' && key.port !== 0;
  return { address: key.address, port: own ? key.port : servicePort };
}

function serverItems({ key, servers }: LoadedService, inherited: string, diagnostics: Diagnostics): readonly Item[] {
  const seen = new Set<string>();
  return servers.flatMap((server) => {
    const asked = destinationName(server.key);
    const made = effective(key, server);
    const name = destinationName(made);
    if (seen.has(name)) return [lost(server.place, `server ${asked}`, `${name} is there already`, diagnostics)];
    seen.add(name);
    const moved =
      name === asked
        ? []
        : [lost(server.place, `port ${server.key.port} of ${asked}`, `packets go to ${name}`, diagnostics)];
    return [...moved, block(`real_server ${endpoint(made)}`, settingLines(server, inherited, diagnostics))];
  });
}

function settingLines({ settings, place }: LoadedServer, inherited: string, diagnostics: Diagnostics): readonly Item[] {
  const { weight, upperThreshold, lowerThreshold } = settings;
  const forwarding = forwardingWords(settings);
  return [
    line('weight', weight),
    ...(forwarding === inherited ? [] : [line('lvs_method', forwarding)]),
    ...(upperThreshold === 0 ? [] : [line('uthreshold', upperThreshold)]),
    ...(lowerThreshold === 0
      ? []
      : lowerThreshold > upperThreshold
        ? [
            lost(
              place,
              `lower threshold ${lowerThreshold}`,
              `it is above the upper one, ${upperThreshold}`,
              diagnostics,
            ),
          ]
        : [line('lthreshold', lowerThreshold)]),
  ];
}
