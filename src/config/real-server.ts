import { type DestinationSettings, plainTunnel } from '../model/destination.js';
import type { CheckDraft, Inherited } from './checks/common.js';
import { checks } from './checks/checkers.js';
import { pace, paceOver } from './checks/pace.js';
import { command } from './command.js';
import type { RealServer } from './configuration.js';
import type { Diagnostics } from './diagnostics.js';
import { type Forwarding, forwarding } from './forwarding.js';
import { snmpName } from './later.js';
import { positionOfWord, type Statement } from './tree.js';
import { MOST_U32, address, integer, name, portOrNone } from './values.js';
import { blockOf, mapDefined, noMore, one, readWord, switchable } from './terms.js';
import { type Block, type Context, placeIn, readBlock, type Term, type Vocabulary } from './vocabulary.js';

export const weight = integer(0, 2_147_483_647);

export const realServerWords = {
  ...pace,
  retry: one(integer(1, MOST_U32)),
  weight: one(weight),
  lvs_method: forwarding,
  uthreshold: one(integer(0, MOST_U32)),
  lthreshold: one(integer(0, MOST_U32)),
  inhibit_on_failure: switchable,
  alpha: switchable,
  virtualhost: one(name('a host name')),
  notify_up: command,
  notify_down: command,
  smtp_alert: switchable,
  snmp_name: snmpName,
  ...checks,
} satisfies Vocabulary;

/** An address and perhaps a port: of a real server or a sorry server. */
export interface Endpoint {
  readonly address: string;
  readonly port: number | undefined;
}

export function readEndpoint(statement: Statement, from: number, context: Context): Endpoint | undefined {
  const where = readWord(statement, from, address, context);
  const port = statement.texts.length > from + 1 ? readWord(statement, from + 1, portOrNone, context) : undefined;
  const portRead = statement.texts.length <= from + 1 || port !== undefined || /^0+$/.test(statement.texts[from + 1]!);
  if (where === undefined || !portRead) return undefined;
  noMore(statement, from + 2, context);
  return { address: where, port };
}

export interface RealServerDraft {
  readonly header: Statement;
  readonly endpoint: Endpoint | undefined;
  readonly block: Block<typeof realServerWords>;
}

/** Errors inside are found also where the address is wrong. */
export const realServer: Term<RealServerDraft> = {
  words: realServerWords,
  read(statement, context) {
    const endpoint = readEndpoint(statement, 1, context);
    const lines = blockOf(statement, context) ?? [];
    return {
      header: statement,
      endpoint,
      block: readBlock('real_server', realServerWords, lines, context.diagnostics),
    };
  },
};

/** What the virtual server says for all its real servers. */
export interface ServerDefaults extends Omit<Inherited, 'address'> {
  readonly weight: number;
  readonly forwarding: Forwarding;
  readonly inhibitOnFailure: boolean;
  readonly smtpAlert: boolean;
}

export function buildRealServer(
  { header, endpoint, block }: RealServerDraft,
  defaults: ServerDefaults,
  diagnostics: Diagnostics,
): RealServer | undefined {
  if (endpoint === undefined) return undefined;
  const { values } = block;
  const inherited: Inherited = {
    address: endpoint.address,
    port: endpoint.port ?? defaults.port,
    pace: paceOver(values, defaults.pace),
    alpha: values.alpha ?? defaults.alpha,
    logAllFailures: defaults.logAllFailures,
    virtualhost: values.virtualhost ?? defaults.virtualhost,
    named: defaults.named,
  };
  return {
    position: positionOfWord(header, 1),
    address: endpoint.address,
    port: endpoint.port,
    settings: settingsOf(block, defaults, header, diagnostics),
    inhibitOnFailure: values.inhibit_on_failure ?? defaults.inhibitOnFailure,
    alpha: inherited.alpha,
    checks: mapDefined(draftsOf(block), (draft) => draft(inherited, diagnostics)),
    notifyUp: values.notify_up,
    notifyDown: values.notify_down,
    smtpAlert: values.smtp_alert ?? defaults.smtpAlert,
  };
}

function draftsOf({ values }: Block<typeof realServerWords>): readonly CheckDraft[] {
  const lists = [
    values.TCP_CHECK,
    values.HTTP_GET,
    values.SSL_GET,
    values.GRPC_CHECK,
    values.SMTP_CHECK,
    values.DNS_CHECK,
    values.UDP_CHECK,
    values.PING_CHECK,
    values.MISC_CHECK,
    values.FILE_CHECK,
    values.BFD_CHECK,
  ].filter((list) => list !== undefined);
  return lists.length === 1 ? lists[0]! : lists.flat();
}

function settingsOf(
  block: Block<typeof realServerWords>,
  defaults: ServerDefaults,
  header: Statement,
  diagnostics: Diagnostics,
): DestinationSettings {
  const { weight, lvs_method: own, uthreshold: upperThreshold = 0, lthreshold: lowerThreshold = 0 } = block.values;
  if (lowerThreshold > upperThreshold && !block.failed.has('uthreshold'))
    diagnostics.error(
      placeIn(block, 'lthreshold', header),
      `lthreshold ${lowerThreshold} is above uthreshold ${upperThreshold}`,
      {
        expected: 'at most uthreshold',
      },
    );
  const { method, tunnel } = own ?? defaults.forwarding;
  return {
    method,
    weight: weight ?? defaults.weight,
    upperThreshold,
    lowerThreshold,
    tunnel: method === 'tunnel' ? tunnel : plainTunnel,
  };
}
