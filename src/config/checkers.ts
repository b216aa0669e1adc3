import { formatEndpoint, familyOf } from '../model/address.js';
import type { Check, CheckPace, CheckTarget, HttpCheck, HttpPattern, HttpUrl } from './configuration.js';
import type { Diagnostics } from './diagnostics.js';
import { later, laterBlock } from './later.js';
import { compile, pattern, patternOptions } from './pattern.js';
import { placeOfWord, positionOfWord, type Statement } from './tree.js';
import { address, integer, interfaceName, name, oneOf, port, positiveSeconds, seconds } from './values.js';
import {
  type Block,
  blockOf,
  each,
  flag,
  isMissing,
  obsolete,
  one,
  optional,
  placeIn,
  readBlock,
  type Reader,
  several,
  switchable,
  type Term,
  type Vocabulary,
} from './vocabulary.js';

const MOST = 4_294_967_295;

/** When to probe: words that virtual server, real server and check share, each the default of the next. */
export const pace = {
  delay_loop: one(positiveSeconds),
  retry: one(integer(0, MOST)),
  delay_before_retry: one(seconds(0)),
  warmup: one(seconds(0)),
  connect_timeout: one(seconds(0.000001, 4294)),
} satisfies Vocabulary;

const common = {
  ...pace,
  alpha: switchable,
  log_all_failures: switchable,
  connect_ip: one(address),
  connect_port: one(port),
  bindto: one(address),
  bind_port: one(port),
  bind_if: one(interfaceName),
  fwmark: one(integer(0, MOST)),
} satisfies Vocabulary;

/** `200`, `200-299`. */
const statusCodes: Reader<readonly [number, number]> = (text) => {
  const [, from = '', to = from] = /^(\d{3})(?:-(\d{3}))?$/.exec(text) ?? [];
  const [low, high] = [Number(from), Number(to)];
  const fits = from !== '' && low >= 100 && low <= high && high <= 599;
  return fits ? { value: [low, high] } : { expected: 'a status code or a range of them from 100 to 599' };
};

const digest: Reader<string> = (text) =>
  /^[0-9a-fA-F]{32}$/.test(text) ? { value: text.toLowerCase() } : { expected: '32 hexadecimal digits (MD5)' };

const url = {
  path: one(name('a path')),
  status_code: several(statusCodes),
  digest: one(digest),
  virtualhost: one(name('a host name')),
  regex: pattern,
  regex_no_match: flag,
  regex_options: patternOptions,
  regex_min_offset: one(integer(0, MOST)),
  regex_max_offset: one(integer(0, MOST)),
  regex_stack: later,
  tls_compliant: later,
} satisfies Vocabulary;

interface UrlDraft {
  readonly virtualhost: string | undefined;
  readonly url: Omit<HttpUrl, 'host'>;
}

const urlTerm: Term<UrlDraft> = {
  read(statement, context) {
    const { diagnostics } = context;
    const lines = blockOf(statement, context);
    if (lines === undefined) return undefined;
    const block = readBlock('url', url, lines, diagnostics);
    if (isMissing(block, 'path'))
      diagnostics.error(placeOfWord(statement, 0), "'url' lacks a path", { expected: "'path /...'" });
    const { path, virtualhost, status_code: statusCodes = [], digest } = block.values;
    if (path === undefined) return undefined;
    const found = patternOf(block);
    const parts = { ...(digest === undefined ? {} : { digest }), ...(found === undefined ? {} : { pattern: found }) };
    return { virtualhost, url: { path, statusCodes, ...parts } };
  },
};

function patternOf({ values }: Block<typeof url>): HttpPattern | undefined {
  if (values.regex === undefined) return undefined;
  const regex = compile(values.regex, values.regex_options ?? '');
  if (typeof regex === 'string') return undefined; // complained about where it was read
  const { regex_min_offset: minOffset, regex_max_offset: maxOffset } = values;
  return {
    regex,
    absent: values.regex_no_match === true,
    ...(minOffset === undefined ? {} : { minOffset }),
    ...(maxOffset === undefined ? {} : { maxOffset }),
  };
}

const tcp = common;
const http = {
  ...common,
  url: each(urlTerm),
  virtualhost: one(name('a host name')),
  http_protocol: one(oneOf('1.0', '1.0C', '1.1')),
  fast_recovery: switchable,
  nb_get_retry: obsolete('retry', common.retry),
} satisfies Vocabulary;
const ssl = {
  ...http,
  enable_sni: switchable,
  sni_name: optional(name('a host name'), ''),
  tls_compliant: later,
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

function paceOf({ values }: Block<typeof common>, inherited: Inherited, defaults: PaceDefaults): CheckPace {
  const intervalSeconds = values.delay_loop ?? inherited.intervalSeconds;
  return {
    intervalSeconds,
    retries: values.retry ?? inherited.retries ?? defaults.retries,
    retryDelaySeconds: values.delay_before_retry ?? inherited.retryDelaySeconds ?? defaults.retryDelaySeconds,
    warmupSeconds: values.warmup ?? inherited.warmupSeconds ?? intervalSeconds,
    alpha: values.alpha ?? inherited.alpha,
    logAllFailures: values.log_all_failures ?? inherited.logAllFailures,
  };
}

const CONNECT_TIMEOUT = 5;

function targetOf(
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
    ...(bindAddress === undefined ? {} : { bindAddress }),
    ...(bindPort === undefined ? {} : { bindPort }),
    ...(bindInterface === undefined ? {} : { bindInterface }),
  };
}

const tcpTerm: Term<CheckDraft> = {
  read(statement, context) {
    const lines = statement.block ?? []; // TCP_CHECK without a block is complained about where braces are
    const block = readBlock('TCP_CHECK', tcp, lines, context.diagnostics);
    return (inherited, diagnostics) => {
      const target = targetOf(block, inherited, statement, diagnostics);
      const position = positionOfWord(statement, 0);
      const pace = paceOf(block, inherited, { retries: 1, retryDelaySeconds: 1 });
      return target === undefined ? undefined : { is: 'tcp', position, pace, target };
    };
  },
};

const httpTerm = (word: 'HTTP_GET' | 'SSL_GET'): Term<CheckDraft> => ({
  read(statement, { diagnostics }) {
    const tls = word === 'SSL_GET';
    const block = readBlock(word, (tls ? ssl : http) as typeof ssl, statement.block ?? [], diagnostics);
    if (isMissing(block, 'url'))
      diagnostics.error(placeOfWord(statement, 0), `'${word}' asks nothing`, { expected: "at least one 'url'" });
    return (inherited, diagnostics) => buildHttp(block, tls, inherited, statement, diagnostics);
  },
});

function buildHttp(
  block: Block<typeof ssl>,
  tls: boolean,
  inherited: Inherited,
  header: Statement,
  diagnostics: Diagnostics,
): HttpCheck | undefined {
  const { values } = block;
  const target = targetOf(block, inherited, header, diagnostics);
  if (target === undefined) return undefined;
  const virtualhost = values.virtualhost ?? inherited.virtualhost;
  const host = virtualhost ?? formatEndpoint(target.address, target.port);
  const sni = values.sni_name !== undefined || values.enable_sni === true;
  const serverName = values.sni_name === undefined || values.sni_name === '' ? virtualhost : values.sni_name;
  return {
    is: 'http',
    position: positionOfWord(header, 0),
    pace: paceOf(block, inherited, { retries: 1, retryDelaySeconds: 3 }),
    target,
    tls: tls ? (sni && serverName !== undefined ? { serverName } : {}) : undefined,
    protocol: values.http_protocol ?? '1.0',
    fastRecovery: values.fast_recovery ?? false,
    urls: (values.url ?? []).map((draft) => ({ ...draft.url, host: draft.virtualhost ?? host })),
  };
}

const unchecked = laterBlock('the server is not checked by it');

/** The words of real_server that begin a check. */
export const checks = {
  TCP_CHECK: each(tcpTerm),
  HTTP_GET: each(httpTerm('HTTP_GET')),
  SSL_GET: each(httpTerm('SSL_GET')),
  SMTP_CHECK: unchecked,
  DNS_CHECK: unchecked,
  MISC_CHECK: unchecked,
  UDP_CHECK: unchecked,
  PING_CHECK: unchecked,
  FILE_CHECK: unchecked,
  BFD_CHECK: unchecked,
} satisfies Vocabulary;
