import { type DestinationSettings, plainTunnel } from '../model/destination.js';
import type { Body } from './bodies.js';
import type { CheckDraft, Inherited } from './checks/common.js';
import { checks } from './checks/checkers.js';
import { pace, paceOver } from './checks/pace.js';
import { command } from './command.js';
import type { RealServer } from './configuration.js';
import { Diagnostics } from './diagnostics.js';
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
  readonly checks: readonly CheckDraft[];
  /** The server whose block was read, if that is another one: it says the same, letter by letter. */
  readonly like: Statement | undefined;
}

/** Errors inside are found also where the address is wrong. */
export const realServer: Term<RealServerDraft> = {
  words: realServerWords,
  read(statement, context) {
    const endpoint = readEndpoint(statement, 1, context);
    const { body } = statement;
    const same = body === undefined ? undefined : known.get(body);
    if (same === undefined) return readInside(statement, endpoint, context);
    const { block, checks } = same;
    return { header: statement, endpoint, block, checks, like: same.header };
  },
};

/** Of a large file most servers say the same: who said it first, if there was nothing to say about that. */
const known = new WeakMap<Body, RealServerDraft>();

function readInside(statement: Statement, endpoint: Endpoint | undefined, context: Context): RealServerDraft {
  const { body } = statement;
  const { diagnostics } = context;
  const before = diagnostics.said;
  const lines = blockOf(statement, context) ?? [];
  const block = readBlock('real_server', realServerWords, lines, diagnostics);
  const draft = { header: statement, endpoint, block, checks: draftsOf(block), like: undefined };
  if (body !== undefined && diagnostics.said === before) known.set(body, draft);
  return draft;
}

/** What the virtual server says for all its real servers. */
export interface ServerDefaults extends Omit<Inherited, 'address' | 'movedBy' | 'file'> {
  readonly weight: number;
  readonly forwarding: Forwarding;
  readonly inhibitOnFailure: boolean;
  readonly smtpAlert: boolean;
}

/** Complaints at the place of another server. That there are any is all that counts. */
let elsewhere = new Diagnostics();

export function buildRealServer(
  draft: RealServerDraft,
  defaults: ServerDefaults,
  diagnostics: Diagnostics,
): RealServer | undefined {
  const { header, endpoint, like } = draft;
  if (endpoint === undefined) return undefined;
  if (like === undefined) return build(draft, endpoint, defaults, diagnostics);
  const before = elsewhere.said;
  const server = build(draft, endpoint, defaults, elsewhere);
  if (elsewhere.said === before) return server;
  elsewhere = new Diagnostics();
  const block = readBlock('real_server', realServerWords, header.block ?? [], new Diagnostics());
  return build({ header, endpoint, block, checks: draftsOf(block), like: undefined }, endpoint, defaults, diagnostics);
}

function build(
  { header, block, checks, like }: RealServerDraft,
  { address, port }: Endpoint,
  defaults: ServerDefaults,
  diagnostics: Diagnostics,
): RealServer {
  const same = sameFor(block, defaults, header, diagnostics);
  const { settings, alpha, pace, virtualhost } = same;
  const position = positionOfWord(header, 1);
  const { logAllFailures, named } = defaults;
  const inherited = {
    address,
    port: port ?? defaults.port,
    pace,
    alpha,
    logAllFailures,
    virtualhost,
    named,
    movedBy: like === undefined ? 0 : header.line - like.line,
    file: like === undefined ? undefined : position.file,
  };
  return {
    position,
    address,
    port,
    settings,
    alpha,
    checks: mapDefined(checks, (draft) => draft(inherited, diagnostics)),
    inhibitOnFailure: same.inhibitOnFailure,
    notifyUp: same.notifyUp,
    notifyDown: same.notifyDown,
    smtpAlert: same.smtpAlert,
  };
}

/** What servers of a virtual server have in common whose blocks say the same. */
interface Same
  extends Omit<RealServer, 'position' | 'address' | 'port' | 'checks'>,
    Pick<Inherited, 'pace' | 'virtualhost'> {}

let last: { readonly values: unknown; readonly defaults: ServerDefaults; readonly same: Same } | undefined;

/** Made again only where it differs from the one before it, or is wrong; nothing depends on it. */
function sameFor(
  block: Block<typeof realServerWords>,
  defaults: ServerDefaults,
  header: Statement,
  diagnostics: Diagnostics,
): Same {
  const { values } = block;
  if (last !== undefined && last.values === values && last.defaults === defaults) return last.same;
  const before = diagnostics.said;
  const same = {
    settings: settingsOf(block, defaults, header, diagnostics),
    inhibitOnFailure: values.inhibit_on_failure ?? defaults.inhibitOnFailure,
    alpha: values.alpha ?? defaults.alpha,
    notifyUp: values.notify_up,
    notifyDown: values.notify_down,
    smtpAlert: values.smtp_alert ?? defaults.smtpAlert,
    pace: paceOver(values, defaults.pace),
    virtualhost: values.virtualhost ?? defaults.virtualhost,
  };
  if (diagnostics.said === before) last = { values, defaults, same };
  return same;
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
