import type { ListedService, ServiceRow, Timeouts } from '../../ipvs/rows.js';
import type { DestinationSettings, ForwardingMethod } from '../../model/destination.js';
import {
  type Protocol,
  type ServiceKey,
  serviceFamily,
  type ServiceSettings,
  wholeAddressMask,
} from '../../model/service.js';
import { type EndpointText, markText, portProtocol } from './endpoint-text.js';
import { MAX_TIMEOUT } from './draft.js';
import { flagNames, plainFlagNames } from './flags.js';
import type { TableText } from './print.js';

/** How lines are written: as the original does, or so that nothing is lost (`--all`). */
export interface SaveStyle {
  readonly text: EndpointText;
  /** Thresholds, flags without a name and marks above 2147483647 too. */
  readonly all: boolean;
}

/** Lines for -R, one per service and server. */
export function saveLines(style: SaveStyle): TableText {
  const service = ({ key, settings, destinations }: ListedService): string => {
    const name = serviceOption(key, style);
    const protocol = portProtocol(key);
    let out = `-A ${name}${serviceOptions(key, settings, style)}\n`;
    for (const server of destinations) {
      const { address, port } = server.key;
      out += `-a ${name} -r ${style.text(address, port, protocol)}${serverOptions(server.settings, style)}\n`;
    }
    return out;
  };
  return { head: '', service, between: '', tail: '' };
}

/** The line that restores the timeouts; one that no command line may set is left as it is. */
export function timeoutsLine(timeouts: Timeouts): string {
  const word = (seconds: number): number => (seconds > MAX_TIMEOUT ? 0 : seconds);
  return `--set ${word(timeouts.tcp)} ${word(timeouts.tcpFin)} ${word(timeouts.udp)}\n`;
}

/** `-t 192.0.2.1:80`, `-f 7 -6`. */
export function serviceOption(key: ServiceKey, { text, all }: SaveStyle): string {
  if (key.by === 'fwmark') return `-f ${all ? key.mark : markText(key.mark)}${key.family === 'ip6' ? ' -6' : ''}`;
  return `${protocolOption(key.protocol)} ${text(key.address, key.port, key.protocol)}`;
}

function protocolOption(protocol: Protocol): string {
  if (protocol === 'tcp') return '-t';
  if (protocol === 'udp') return '-u';
  if (protocol === 'sctp') return '--sctp-service';
  return '--xxx-service';
}

export function serviceOptions(key: ServiceKey, settings: ServiceRow['settings'], { all }: SaveStyle): string {
  let out = ` -s ${settings.scheduler}`;
  if (settings.persistent) {
    out += ` -p ${settings.persistenceSeconds}`;
    if (settings.persistenceMask !== wholeAddressMask(serviceFamily(key))) out += ` -M ${settings.persistenceMask}`;
  }
  if (settings.persistenceEngine !== '') out += ` --pe ${settings.persistenceEngine}`;
  if (settings.onePacket) out += ' -o';
  if (settings.schedulerFlags !== 0) out += ` -b ${flagsOption(settings, all)}`;
  return out;
}

/** sh and mh have no name of their own for the third flag; only --all saves it. */
const flagsOption = ({ schedulerFlags, scheduler }: ServiceSettings, all: boolean): string =>
  all && (schedulerFlags & 4) !== 0 ? plainFlagNames(schedulerFlags) : flagNames(schedulerFlags, scheduler);

export function serverOptions(settings: DestinationSettings, { all }: SaveStyle): string {
  const thresholds = all
    ? (settings.upperThreshold === 0 ? '' : ` -x ${settings.upperThreshold}`) +
      (settings.lowerThreshold === 0 ? '' : ` -y ${settings.lowerThreshold}`)
    : '';
  return ` ${methodOption(settings.method)} -w ${settings.weight}${tunnelOptions(settings)}${thresholds}`;
}

/** A local server is one the kernel found to be its own, so -g makes it again. */
function methodOption(method: ForwardingMethod): string {
  if (method === 'masquerade') return '-m';
  if (method === 'tunnel') return '-i';
  if (method === 'local' || method === 'direct-route') return '-g';
  return '(null)';
}

function tunnelOptions({ method, tunnel }: DestinationSettings): string {
  if (method !== 'tunnel') return '';
  const port = tunnel.type === 'gue' ? ` --tun-port ${tunnel.port}` : '';
  if (tunnel.type !== 'gue' && tunnel.type !== 'gre') return ` --tun-type ${tunnel.type}`;
  const checksum = tunnel.type === 'gue' && tunnel.remoteChecksum ? 'remcsum' : tunnel.checksum ? 'csum' : 'nocsum';
  return ` --tun-type ${tunnel.type}${port} --tun-${checksum}`;
}
