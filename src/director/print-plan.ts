import type { Change } from '../model/change.js';
import { destinationName, type DestinationSettings, type Tunnel } from '../model/destination.js';
import { defaultEngineSettings, type EngineSettings } from '../model/engine.js';
import { serviceName, type ServiceSettings } from '../model/service.js';

/** A plan for people: one change per line, destinations below their service, and what it comes to. */
export function planText(changes: readonly Change[]): string {
  if (changes.length === 0) return 'nothing to change\n';
  const counted = changes.length === 1 ? '1 change' : `${changes.length} changes`;
  return `${changes.map(changeText).join('\n')}\n${counted}\n`;
}

/** A plan for programs: the changes as they are. */
export const planJson = (changes: readonly Change[]): string => `${JSON.stringify(changes)}\n`;

/** `+ tcp 192.0.2.1:80 -> 10.0.0.1:80 masquerade weight 1` */
export function changeText(change: Change): string {
  const sign = change.do.startsWith('add') ? '+' : change.do.startsWith('edit') ? '~' : '-';
  const service = serviceName(change.service);
  switch (change.do) {
    case 'add-service':
    case 'edit-service':
      return `${sign} ${service} ${serviceText(change.settings)}`;
    case 'delete-service':
      return `${sign} ${service}`;
    case 'add-destination':
    case 'edit-destination':
      return `${sign} ${service} -> ${destinationName(change.destination)} ${destinationText(change.settings)}`;
    case 'delete-destination':
      return `${sign} ${service} -> ${destinationName(change.destination)}`;
  }
}

const serviceText = (settings: ServiceSettings): string =>
  [
    settings.scheduler,
    ...(settings.schedulerFlags === 0 ? [] : [`flags ${settings.schedulerFlags}`]),
    ...(settings.persistent ? [`persistent ${settings.persistenceSeconds} s mask ${settings.persistenceMask}`] : []),
    ...(settings.persistenceEngine === '' ? [] : [`engine ${settings.persistenceEngine}`]),
    ...(settings.onePacket ? ['one-packet'] : []),
    ...(settings.engine === undefined ? [] : engineTexts(settings.engine)),
  ].join(' ');

/** What is not as usual. */
function engineTexts(engine: EngineSettings): readonly string[] {
  const usual = defaultEngineSettings;
  return [
    'userspace',
    ...(engine.tableSize === usual.tableSize ? [] : [`slots ${engine.tableSize}`]),
    ...(engine.hashFields.join() === usual.hashFields.join() ? [] : [`hash ${engine.hashFields.join(',')}`]),
    ...(engine.dscp === 0 ? [] : [`dscp ${engine.dscp}`]),
    ...(engine.nodePort === 0 ? [] : [`node-port ${engine.nodePort}`]),
    ...engine.snatPool.map(
      ({ first, last, lowestPort, highestPort }) => `snat ${first}-${last} ports ${lowestPort}-${highestPort}`,
    ),
    ...(engine.tunnelSource === undefined ? [] : [`from ${engine.tunnelSource}`]),
    ...(engine.icmpEcho === 'default' ? [] : [`echo ${engine.icmpEcho}`]),
    ...(engine.answerArp ? ['answer-arp'] : []),
    ...(engine.stateless ? ['stateless'] : []),
    ...(engine.interfaces.length === 0 ? [] : [`interfaces ${engine.interfaces.join(',')}`]),
    ...(engine.tcpTimeout === 0 ? [] : [`tcp ${engine.tcpTimeout} s`]),
    ...(engine.udpTimeout === 0 ? [] : [`udp ${engine.udpTimeout} s`]),
  ];
}

const destinationText = ({ method, weight, upperThreshold, lowerThreshold, tunnel }: DestinationSettings): string =>
  [
    method === 'tunnel' ? tunnelText(tunnel) : method,
    `weight ${weight}`,
    ...(upperThreshold === 0 ? [] : [`upper ${upperThreshold}`]),
    ...(lowerThreshold === 0 ? [] : [`lower ${lowerThreshold}`]),
  ].join(' ');

const tunnelText = ({ type, port, checksum, remoteChecksum }: Tunnel): string =>
  [
    `tunnel ${type}`,
    ...(port === 0 ? [] : [`port ${port}`]),
    ...(checksum ? ['csum'] : []),
    ...(remoteChecksum ? ['remcsum'] : []),
  ].join(' ');
