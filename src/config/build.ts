import { plainTunnel } from '../model/destination.js';
import type { Named } from './checks/common.js';
import { paceOver, unsaid } from './checks/pace.js';
import type { RealServer, SorryServer, VirtualServer } from './configuration.js';
import type { Diagnostics } from './diagnostics.js';
import type { Forwarding } from './forwarding.js';
import type { CheckerAlerts } from './global-defs.js';
import { buildRealServer, type ServerDefaults } from './real-server.js';
import { headerName, servicesOf } from './services.js';
import { placeOfWord, positionOfWord } from './tree.js';
import { mapDefined } from './terms.js';
import type { EngineName } from './userspace/words.js';
import type { VirtualServerDraft } from './virtual-server.js';
import type { Group } from './virtual-server-group.js';
import { isMissing, placeIn } from './vocabulary.js';

export interface BuildOptions {
  readonly groups: ReadonlyMap<string, Group>;
  /** Of blocks that do not say it themselves. */
  readonly engine: EngineName;
  readonly logAllFailures: boolean;
  readonly alerts: CheckerAlerts;
  readonly named: Named;
}

/** A block that was read → a virtual server with all defaults filled in. Complains about what its words mean together. */
export function buildVirtualServer(
  draft: VirtualServerDraft,
  { groups, engine, logAllFailures, alerts, named }: BuildOptions,
  diagnostics: Diagnostics,
): VirtualServer {
  const { header, block } = draft;
  const { values } = block;
  const services = servicesOf(draft, groups, values.lvs_engine ?? engine, diagnostics);
  const ports = services.map(({ key }) => (key.by === 'address' ? key.port : 0));
  const onlyPort = ports.every((port) => port === ports[0]) ? (ports[0] ?? 0) : 0;
  const method = methodOf(draft, diagnostics);
  const defaults: ServerDefaults = {
    // Where the services are not known, for their own mistake, nobody shall miss a port.
    port: onlyPort === 0 ? (services.length === 0 ? 1 : undefined) : onlyPort,
    pace: paceOver(values, unsaid),
    alpha: values.alpha ?? false,
    logAllFailures,
    virtualhost: values.virtualhost,
    weight: values.weight ?? 1,
    forwarding: method,
    inhibitOnFailure: values.inhibit_on_failure ?? false,
    smtpAlert: alerts.realServers,
    named,
  };
  const drafts = values.real_server ?? [];
  const realServers = mapDefined(drafts, (server) => buildRealServer(server, defaults, diagnostics));
  const sorryServer = sorryServerOf(draft, method, diagnostics);
  if (isMissing(block, 'real_server') && isMissing(block, 'sorry_server'))
    diagnostics.error(placeOfWord(header, 0), 'virtual_server without servers', {
      expected: "at least one 'real_server'",
    });
  const complete = drafts.length === realServers.length && !block.failed.has('real_server');
  const { quorum, hysteresis } = quorumOf(draft, complete ? realServers : [], diagnostics);
  return {
    position: positionOfWord(header, 0),
    name: headerName(header),
    services,
    realServers,
    sorryServer,
    quorum,
    hysteresis,
    quorumUp: values.quorum_up,
    quorumDown: values.quorum_down,
    alpha: values.alpha ?? false,
    omega: values.omega ?? false,
    haSuspend: values.ha_suspend ?? false,
    smtpAlert: values.smtp_alert ?? alerts.virtualServers,
    // a client of UDP never notices that its server is gone: it would send to nobody until the kernel forgets the flow
    deadFlows: values.dead_flows ?? { do: values.protocol === 'udp' ? 'cut' : 'remove' },
    removedFlows: values.removed_flows ?? { do: values.protocol === 'udp' ? 'cut' : 'remove' },
    slowStart: values.slow_start,
    guardPercent: values.pool_guard,
  };
}

function methodOf({ header, block }: VirtualServerDraft, diagnostics: Diagnostics): Forwarding {
  const { lvs_method: method, real_server: servers = [] } = block.values;
  const needed = servers.length === 0 || servers.some((server) => server.block.values.lvs_method === undefined);
  if (isMissing(block, 'lvs_method') && needed)
    diagnostics.error(placeOfWord(header, 0), "virtual_server without 'lvs_method'", {
      kind: 'repair',
      expected: "'lvs_method NAT', which keepalived takes, DR or TUN",
    });
  return method ?? { method: 'masquerade', tunnel: plainTunnel };
}

function sorryServerOf(
  { block, header }: VirtualServerDraft,
  inherited: Forwarding,
  diagnostics: Diagnostics,
): SorryServer | undefined {
  const { sorry_server: written, sorry_server_lvs_method: own, sorry_server_inhibit: inhibit = false } = block.values;
  if (written === undefined) {
    for (const word of ['sorry_server_inhibit', 'sorry_server_lvs_method'] as const)
      if (block.values[word] !== undefined && isMissing(block, 'sorry_server'))
        diagnostics.error(placeOfWord(block.statements[word] ?? header, 0), `'${word}' without a sorry_server`, {
          expected: "'sorry_server ADDRESS [PORT]'",
        });
    return undefined;
  }
  const { method, tunnel } = own ?? inherited;
  return {
    position: positionOfWord(written.header, 1),
    address: written.address,
    port: written.port,
    settings: { method, weight: 1, upperThreshold: 0, lowerThreshold: 0, tunnel },
    inhibit,
  };
}

/** Some checks give weights of their own. */
const canGrow = (servers: readonly RealServer[]): boolean =>
  servers.some(({ checks }) =>
    checks.some((check) => (check.is === 'misc' && check.dynamic) || (check.is === 'file' && check.weight !== 0)),
  );

function quorumOf(
  { block, header }: VirtualServerDraft,
  servers: readonly RealServer[],
  diagnostics: Diagnostics,
): Pick<VirtualServer, 'quorum' | 'hysteresis'> {
  const { quorum = 1, hysteresis = 0 } = block.values;
  const total = servers.reduce((sum, { settings }) => sum + settings.weight, 0);
  if (block.values.quorum !== undefined && servers.length > 0 && quorum > total)
    diagnostics[canGrow(servers) ? 'warning' : 'error'](
      placeIn(block, 'quorum', header),
      `quorum ${quorum} can never be met: all servers together weigh ${total}`,
      { kind: 'repair', expected: `at most ${total}` },
    );
  if (hysteresis >= quorum && !block.failed.has('quorum'))
    diagnostics.error(
      placeIn(block, 'hysteresis', header),
      `hysteresis ${hysteresis} is not below the quorum, ${quorum}`,
      {
        expected: quorum === 1 ? '0' : `0 to ${quorum - 1}`,
      },
    );
  return { quorum, hysteresis };
}
