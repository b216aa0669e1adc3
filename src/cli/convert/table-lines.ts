import type { Configuration, SyncDaemonSettings } from '../../config/configuration.js';
import type { TableEntry } from '../../convert/to-table.js';
import { type SaveStyle, serverOptions, serviceOption, serviceOptions } from '../ipvsadm/save.js';

const style: SaveStyle = {
  text: (address, port) => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`),
  all: true,
};

/** Lines for `ipvsadm -R`, in numbers: first timeouts and sync daemons, then each service with its servers. */
export function tableLines(services: readonly TableEntry[], { globals }: Configuration): string {
  const { tcp = 0, tcpFin = 0, udp = 0 } = globals.timeouts;
  const lines = [
    ...(tcp + tcpFin + udp > 0 ? [`--set ${tcp} ${tcpFin} ${udp}`] : []),
    ...(globals.syncDaemon === undefined ? [] : daemonLines(globals.syncDaemon)),
  ];
  for (const { key, settings, destinations } of services) {
    const service = serviceOption(key, style);
    lines.push(`-A ${service}${serviceOptions(key, settings, style)}`);
    for (const { key: server, settings: own } of destinations)
      lines.push(`-a ${service} -r ${style.text(server.address, server.port, undefined)}${serverOptions(own, style)}`);
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** Both roles run, unless a VRRP instance chooses one of them: then there is no line for it. */
function daemonLines({
  interface: device,
  instance,
  syncId,
  maxLength,
  port,
  ttl,
  group,
}: SyncDaemonSettings): readonly string[] {
  if (instance !== undefined) return [];
  const option = (word: string, value: string | number | undefined): string =>
    value === undefined ? '' : ` --${word} ${value}`;
  const options = `--mcast-interface ${device} --syncid ${syncId}${option('sync-maxlen', maxLength)}${option('mcast-group', group)}${option('mcast-port', port)}${option('mcast-ttl', ttl)}`;
  return ['master', 'backup'].map((role) => `--start-daemon ${role} ${options}`);
}
