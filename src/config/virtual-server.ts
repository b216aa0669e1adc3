import { pace } from './checks/pace.js';
import { command } from './command.js';
import { deadFlows, poolGuard, removedFlows, slowStart } from './flows.js';
import { forwarding } from './forwarding.js';
import { snmpName } from './later.js';
import { type Endpoint, readEndpoint, realServer, weight } from './real-server.js';
import { formatAddress } from '../model/address.js';
import { type Statement } from './tree.js';
import { baseOf, bitsOf, type Prefix, splitPrefix } from './userspace/prefix.js';
import { MOST_U32, choice, fwmark, granularity, integer, name, oneOf, portOrNone } from './values.js';
import {
  alias,
  blockOf,
  each,
  flag,
  noEffect,
  noMore,
  one,
  optional,
  phrase,
  readWord,
  switchable,
  type Reader,
} from './terms.js';
import { engineName, userspaceWords } from './userspace/words.js';
import { type Block, type Context, readBlock, type Term, type Vocabulary } from './vocabulary.js';

export const PERSISTENCE_SECONDS = 360;

/** The kernel's; twos, which a kernel may have; and our own engine's. */
const scheduler = one(
  oneOf('rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'sh', 'mh', 'dh', 'fo', 'ovf', 'sed', 'nq', 'twos', 'maglev'),
);

type NamedProtocol = 'tcp' | 'udp' | 'sctp' | 'any';

/** In any case, as keepalived. */
const upperCaseProtocol = choice<NamedProtocol>(
  new Map([
    ['TCP', 'tcp'],
    ['UDP', 'udp'],
    ['SCTP', 'sctp'],
    ['ANY', 'any'],
  ]),
);
const protocol: Reader<NamedProtocol> = (text, complain) => upperCaseProtocol(text.toUpperCase(), complain);

const sorryServer: Term<Endpoint & { readonly header: Statement }> = phrase((statement, context) => {
  const endpoint = readEndpoint(statement, 1, context);
  return endpoint === undefined ? undefined : { ...endpoint, header: statement };
});

export const virtualServerWords = {
  ...pace,
  retry: one(integer(1, MOST_U32)),
  lvs_sched: scheduler,
  lb_algo: alias('lvs_sched', scheduler),
  lvs_method: forwarding,
  lb_kind: alias('lvs_method', forwarding),
  protocol: one(protocol),
  persistence_timeout: optional(integer(1, 2_678_400), PERSISTENCE_SECONDS),
  persistence_granularity: one(granularity),
  persistence_engine: one(name('a persistence engine', 15)),
  'flag-1': flag,
  'flag-2': flag,
  'flag-3': flag,
  'sh-port': flag,
  'sh-fallback': flag,
  'mh-port': flag,
  'mh-fallback': flag,
  hashed: { ...noEffect('it never had one', flag), instead: 'nothing' },
  ops: flag,
  ip_family: one(oneOf('inet', 'inet6')),
  ha_suspend: flag,
  virtualhost: one(name('a host name')),
  alpha: flag,
  omega: flag,
  quorum: one(integer(1, MOST_U32)),
  hysteresis: one(integer(0, MOST_U32)),
  quorum_up: command,
  quorum_down: command,
  weight: one(weight),
  inhibit_on_failure: flag,
  sorry_server: sorryServer,
  sorry_server_inhibit: flag,
  sorry_server_lvs_method: forwarding,
  smtp_alert: switchable,
  snmp_name: snmpName,
  real_server: each(realServer),
  dead_flows: deadFlows,
  removed_flows: removedFlows,
  slow_start: slowStart,
  pool_guard: one(poolGuard),
  lvs_engine: one(engineName),
  ...userspaceWords,
} satisfies Vocabulary;

/** What makes it a service. */
export type VirtualHeader =
  | {
      readonly by: 'address';
      readonly address: string;
      readonly port: number;
      /** Of a prefix, whose base the address is. */
      readonly prefixLength?: number;
    }
  | { readonly by: 'fwmark'; readonly mark: number }
  | { readonly by: 'group'; readonly name: string };

export interface VirtualServerDraft {
  readonly header: Statement;
  readonly of: VirtualHeader | undefined;
  readonly block: Block<typeof virtualServerWords>;
}

/** `virtual_server ADDRESS[/LENGTH] [PORT]`, `virtual_server fwmark N`, `virtual_server group NAME`. Errors inside are found also where this is wrong. */
export const virtualServer: Term<VirtualServerDraft> = {
  words: virtualServerWords,
  read(statement, context) {
    const of = readHeader(statement, context);
    const lines = blockOf(statement, context) ?? [];
    return {
      header: statement,
      of,
      block: readBlock('virtual_server', virtualServerWords, lines, context.diagnostics),
    };
  },
};

function readHeader(statement: Statement, context: Context): VirtualHeader | undefined {
  switch (statement.texts[1]) {
    case 'fwmark': {
      const mark = readWord(statement, 2, fwmark, context);
      noMore(statement, 3, context);
      return mark === undefined ? undefined : { by: 'fwmark', mark };
    }
    case 'group': {
      const group = readWord(statement, 2, name('the name of a virtual_server_group'), context);
      noMore(statement, 3, context);
      return group === undefined ? undefined : { by: 'group', name: group };
    }
    default: {
      if (statement.texts[1]?.includes('/') === true) return readPrefixHeader(statement, context);
      const endpoint = readEndpoint(statement, 1, context);
      return endpoint === undefined
        ? undefined
        : { by: 'address', address: endpoint.address, port: endpoint.port ?? 0 };
    }
  }
}

/** `90.0.0.0/8 [PORT]`. A prefix that is one address is that address. */
function readPrefixHeader(statement: Statement, context: Context): VirtualHeader | undefined {
  const prefix = readWord(statement, 1, servicePrefix, context);
  const port = statement.texts.length > 2 ? readWord(statement, 2, portOrNone, context) : undefined;
  const portRead = statement.texts.length <= 2 || port !== undefined || /^0+$/.test(statement.texts[2]!);
  if (prefix === undefined || !portRead) return undefined;
  noMore(statement, 3, context);
  const { address, length } = prefix;
  const header = { by: 'address', address, port: port ?? 0 } as const;
  return length === bitsOf(address) ? header : { ...header, prefixLength: length };
}

/** All addresses together would take this machine's own packets. */
const servicePrefix: Reader<Prefix> = (text) => {
  const split = splitPrefix(text);
  if (split === undefined || split.length === 0)
    return { expected: 'ADDRESS/LENGTH, of length 1 to 32 (IPv4) or 1 to 128 (IPv6)' };
  const address = baseOf(split.bytes, split.length);
  if (address === formatAddress(split.bytes)) return { value: { address, length: split.length } };
  return { expected: 'the first address of the prefix', suggestion: `${address}/${split.length}` };
};
