import { serviceName } from '../../model/service.js';
import type { Say } from '../advisor.js';
import type { VirtualServer } from '../configuration.js';
import type { Place } from '../diagnostics.js';
import { forwardingText } from '../forwarding.js';
import { primeAbove } from './prime.js';
import { SLOTS_PER_SERVER } from './rules.js';

const headerOf = ({ position }: VirtualServer): Place => ({ ...position, length: 'virtual_server'.length });

/** Of a service of the userspace engine: what will be uneven, or ambiguous to its servers. */
export function lintUserspace(server: VirtualServer, say: Say): void {
  const [first] = server.services;
  const engine = first?.settings.engine;
  if (first === undefined || engine === undefined) return;
  const wanted = SLOTS_PER_SERVER * server.realServers.length;
  if (first.settings.scheduler === 'maglev' && engine.tableSize < wanted)
    say(
      headerOf(server),
      `a Maglev table of ${engine.tableSize} slots for ${server.realServers.length} real servers: with fewer than ${SLOTS_PER_SERVER} for each their shares are uneven`,
      `'maglev_size ${primeAbove(wanted)}'`,
    );
  if (!server.realServers.some(({ settings }) => settings.method === 'l3dsr')) return;
  if (engine.dscp === 0)
    say(
      headerOf(server),
      'L3DSR with dscp 0, which ordinary packets have: its servers take all they get for the VIP',
      'dscp 1 to 63',
    );
  const prefix = server.services.find(({ key }) => key.by === 'address' && key.prefixLength !== undefined);
  if (prefix !== undefined)
    say(
      headerOf(server),
      `L3DSR for the prefix of ${serviceName(prefix.key)}: its servers know a dscp, not which address the client used, and answer from one`,
      'an address, or lvs_method TUN or DR',
    );
}

/** Services of one VIP that reach their servers in two ways: servers of both must open both. */
export function lintEncapsulations(servers: readonly VirtualServer[], say: Say): void {
  const seen = new Map<string, { readonly text: string; readonly line: number }>();
  for (const server of servers) {
    const dscp = server.services[0]?.settings.engine?.dscp;
    if (dscp === undefined) continue;
    const carried = server.realServers.find(({ settings: { method } }) => method === 'tunnel' || method === 'l3dsr');
    if (carried === undefined) continue;
    const { method, tunnel } = carried.settings;
    const text = forwardingText(method === 'l3dsr' ? { method, tunnel, dscp } : { method, tunnel });
    const vips = server.services.flatMap(({ key }) =>
      key.by === 'address' ? [`${key.address}/${key.prefixLength ?? ''}`] : [],
    );
    for (const vip of new Set(vips)) {
      const before = seen.get(vip);
      if (before === undefined) seen.set(vip, { text, line: server.position.line });
      else if (before.text !== text) {
        const name = vip.endsWith('/') ? vip.slice(0, -1) : vip;
        say(
          headerOf(server),
          `two encapsulations for ${name}: ${text}, and ${before.text} in line ${before.line}`,
          'one lvs_method for all services of an address',
        );
        break;
      }
    }
  }
}
