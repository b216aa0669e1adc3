import { familyOf } from '../../model/address.js';
import type { Check, CheckPace, CheckTarget } from '../check.js';
import type { BfdInstance, Position, SslSettings } from '../configuration.js';
import type { TrackFile } from '../vrrp/vrrp.js';
import type { Diagnostics } from '../diagnostics.js';
import { one, switchable } from '../terms.js';
import { type Statement, placeOfWord, positionOfWord } from '../tree.js';
import { MOST_U32, address, integer, interfaceName, port } from '../values.js';
import { type Block, type Values, type Vocabulary, placeIn } from '../vocabulary.js';
import { completePace, type InheritedPace, pace, type PaceDefaults, paceOver, saysWhen } from './pace.js';

export const common = {
  ...pace,
  alpha: switchable,
  log_all_failures: switchable,
  connect_ip: one(address),
  connect_port: one(port),
  bindto: one(address),
  bind_port: one(port),
  bind_if: one(interfaceName),
  fwmark: one(integer(0, MOST_U32)),
  via_forwarding: switchable,
} satisfies Vocabulary;

/** What a check takes over where it says nothing itself. */
export interface Inherited {
  readonly pace: InheritedPace;
  readonly address: string;
  /** undefined: nothing says it. */
  readonly port: number | undefined;
  readonly alpha: boolean;
  readonly logAllFailures: boolean;
  readonly virtualhost: string | undefined;
  readonly named: Named;
  /** Where the server stands, if what was read is another one that says the same: so many lines further down, in this file. */
  readonly movedBy: number;
  readonly file: string | undefined;
}

/** Where the check of this server begins. */
export function positionOf(header: Statement, { movedBy, file }: Inherited): Position {
  const position = positionOfWord(header, 0);
  return file === undefined ? position : { file, line: position.line + movedBy, column: position.column };
}

/** What checks of all services refer to by name, or have in common. */
export interface Named {
  readonly ssl: SslSettings;
  /** undefined: it is there, but could not be read; nobody shall say that it is missing. */
  readonly trackFiles: ReadonlyMap<string, TrackFile | undefined>;
  readonly bfd: ReadonlyMap<string, BfdInstance | undefined>;
}

/** A check that was read and waits for what it inherits. */
export type CheckDraft = (inherited: Inherited, diagnostics: Diagnostics) => Check | undefined;

export function paceOf({ values }: Block<typeof common>, inherited: Inherited, defaults: PaceDefaults): CheckPace {
  const { pace: outer } = inherited;
  const isSameBlock = last?.values === values && last.outer === outer;
  const said = isSameBlock ? last!.said : saysWhen(values) ? paceOver(values, outer) : outer;
  const alpha = values.alpha ?? inherited.alpha;
  const logAllFailures = values.log_all_failures ?? inherited.logAllFailures;
  const isSame =
    last?.said === said &&
    last.defaults === defaults &&
    last.pace.alpha === alpha &&
    last.pace.logAllFailures === logAllFailures;
  const pace = isSame ? last!.pace : { ...completePace(said, defaults), alpha, logAllFailures };
  if (!isSame || !isSameBlock) last = { values, outer, said, defaults, pace };
  return pace;
}

/** The checks of a virtual server's servers mostly have one pace. It is made once; nothing depends on it. */
let last:
  | {
      readonly values: Values<typeof common>;
      readonly outer: InheritedPace;
      readonly said: InheritedPace;
      readonly defaults: PaceDefaults;
      readonly pace: CheckPace;
    }
  | undefined;

const CONNECT_TIMEOUT = 5;

export function targetOf(
  block: Block<typeof common>,
  inherited: Inherited,
  header: Statement,
  diagnostics: Diagnostics,
): CheckTarget | undefined {
  const { values } = block;
  const address = values.connect_ip ?? inherited.address;
  const port = values.connect_port ?? inherited.port;
  const { bindto: bindAddress, bind_port: bindPort, bind_if: bindInterface } = values;
  if (bindAddress !== undefined && familyOf(bindAddress) !== familyOf(address)) {
    const message = `${bindAddress} cannot be the source of a connection to ${address}`;
    diagnostics.error(placeIn(block, 'bindto', header), message, { expected: 'an address of the same family' });
  }
  if (familyOf(address) !== familyOf(inherited.address))
    diagnostics.error(placeIn(block, 'connect_ip', header), `${address} is not of the real server's address family`, {
      expected: `an ${familyOf(inherited.address) === 'ip4' ? 'IPv4' : 'IPv6'} address`,
    });
  if (port === undefined) {
    if (!block.failed.has('connect_port'))
      diagnostics.error(placeOfWord(header, 0), 'nothing says which port to check', {
        expected: "a port behind the address of real_server, or 'connect_port'",
      });
    return undefined;
  }
  const target: CheckTarget = {
    address,
    port,
    timeoutSeconds: values.connect_timeout ?? inherited.pace.timeoutSeconds ?? CONNECT_TIMEOUT,
    mark: values.fwmark ?? 0,
    viaForwarding: values.via_forwarding ?? false,
  };
  if (bindAddress === undefined && bindPort === undefined && bindInterface === undefined) return target;
  return {
    ...target,
    ...(bindAddress === undefined ? {} : { bindAddress }),
    ...(bindPort === undefined ? {} : { bindPort }),
    ...(bindInterface === undefined ? {} : { bindInterface }),
  };
}
