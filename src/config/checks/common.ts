import { familyOf } from '../../model/address.js';
import type { Check, CheckPace, CheckTarget } from '../check.js';
import type { Diagnostics } from '../diagnostics.js';
import { one, switchable } from '../terms.js';
import { type Statement, placeOfWord } from '../tree.js';
import { MOST_U32, address, integer, interfaceName, port, positiveSeconds, seconds } from '../values.js';
import { type Block, type Vocabulary, placeIn } from '../vocabulary.js';

/** When to probe: words that virtual server, real server and check share, each the default of the next. */
export const pace = {
  delay_loop: one(positiveSeconds),
  retry: one(integer(0, MOST_U32)),
  delay_before_retry: one(seconds(0)),
  warmup: one(seconds(0)),
  connect_timeout: one(seconds(0.000001, 4294)),
} satisfies Vocabulary;

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
} satisfies Vocabulary;

/** What a check takes over where it says nothing itself. */
export interface Inherited {
  readonly address: string;
  /** undefined: nothing says it. */
  readonly port: number | undefined;
  readonly intervalSeconds: number;
  readonly retries: number | undefined;
  readonly retryDelaySeconds: number | undefined;
  readonly warmupSeconds: number | undefined;
  readonly timeoutSeconds: number | undefined;
  readonly alpha: boolean;
  readonly logAllFailures: boolean;
  readonly virtualhost: string | undefined;
}

/** A check that was read and waits for what it inherits. */
export type CheckDraft = (inherited: Inherited, diagnostics: Diagnostics) => Check | undefined;

interface PaceDefaults {
  readonly retries: number;
  readonly retryDelaySeconds: number;
}

export function paceOf({ values }: Block<typeof common>, inherited: Inherited, defaults: PaceDefaults): CheckPace {
  const intervalSeconds = values.delay_loop ?? inherited.intervalSeconds;
  return {
    intervalSeconds,
    retries: values.retry ?? inherited.retries ?? defaults.retries,
    rise: 1,
    retryDelaySeconds: values.delay_before_retry ?? inherited.retryDelaySeconds ?? defaults.retryDelaySeconds,
    warmupSeconds: values.warmup ?? inherited.warmupSeconds ?? intervalSeconds,
    alpha: values.alpha ?? inherited.alpha,
    logAllFailures: values.log_all_failures ?? inherited.logAllFailures,
  };
}

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
    diagnostics.warning(placeIn(block, 'connect_ip', header), `${address} is not of the real server's address family`);
  if (port === undefined) {
    if (!block.failed.has('connect_port'))
      diagnostics.error(placeOfWord(header, 0), 'nothing says which port to check', {
        expected: "a port behind the address of real_server, or 'connect_port'",
      });
    return undefined;
  }
  return {
    address,
    port,
    timeoutSeconds: values.connect_timeout ?? inherited.timeoutSeconds ?? CONNECT_TIMEOUT,
    mark: values.fwmark ?? 0,
    viaForwarding: false,
    ...(bindAddress === undefined ? {} : { bindAddress }),
    ...(bindPort === undefined ? {} : { bindPort }),
    ...(bindInterface === undefined ? {} : { bindInterface }),
  };
}
