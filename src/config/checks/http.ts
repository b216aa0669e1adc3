import { formatEndpoint } from '../../model/address.js';
import { type CheckDraft, type Inherited, common, paceOf, positionOf, targetOf } from './common.js';
import type { HttpCheck, HttpPattern, HttpUrl } from '../check.js';
import type { Diagnostics } from '../diagnostics.js';
import { later } from '../later.js';
import { pattern, patternOptions } from './pattern.js';
import { translatePcre } from './pcre.js';
import { type TlsNames, hostWithoutPort, tlsOf, tlsWords } from './tls.js';
import { type Reader, blockOf, each, flag, obsolete, one, optional, several, switchable } from '../terms.js';
import { type Statement, placeOfWord } from '../tree.js';
import { MOST_U32, integer, name, oneOf } from '../values.js';
import { type Block, type Term, type Vocabulary, isMissing, placeIn, readBlock } from '../vocabulary.js';

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
  regex_min_offset: one(integer(0, MOST_U32)),
  regex_max_offset: one(integer(0, MOST_U32)),
  regex_stack: later,
  tls_compliant: later,
} satisfies Vocabulary;

interface UrlDraft {
  readonly virtualhost: string | undefined;
  readonly url: Omit<HttpUrl, 'host'>;
}

const urlTerm: Term<UrlDraft> = {
  words: url,
  read(statement, context) {
    const { diagnostics } = context;
    const lines = blockOf(statement, context);
    if (lines === undefined) return undefined;
    const block = readBlock('url', url, lines, diagnostics);
    if (isMissing(block, 'path'))
      diagnostics.error(placeOfWord(statement, 0), "'url' lacks a path", { expected: "'path /...'" });
    const { path, virtualhost, status_code: statusCodes = [], digest } = block.values;
    if (path === undefined) return undefined;
    const found = patternOf(block, statement, diagnostics);
    const parts = { ...(digest === undefined ? {} : { digest }), ...(found === undefined ? {} : { pattern: found }) };
    return { virtualhost, url: { path, statusCodes, ...parts } };
  },
};

/** Patterns are PCRE in keepalived: what cannot be read here exactly as there is refused, and the check with it. */
function patternOf(block: Block<typeof url>, header: Statement, diagnostics: Diagnostics): HttpPattern | undefined {
  const { values } = block;
  if (values.regex === undefined || block.failed.has('regex_options')) return undefined;
  const regex = translatePcre(values.regex, values.regex_options);
  if ('refused' in regex) {
    diagnostics.error(placeIn(block, 'regex', header), `the pattern cannot be used: ${regex.refused}`, {
      expected: 'a regular expression of PCRE without recursion, verbs and Unicode properties',
    });
    return undefined;
  }
  const { regex_min_offset: minOffset, regex_max_offset: maxOffset } = values;
  return {
    regex,
    absent: values.regex_no_match === true,
    ...(minOffset === undefined ? {} : { minOffset }),
    ...(maxOffset === undefined ? {} : { maxOffset }),
  };
}

const http = {
  ...common,
  url: each(urlTerm),
  virtualhost: one(name('a host name')),
  http_protocol: one(oneOf('1.0', '1.0C', '1.1', '2')),
  fast_recovery: switchable,
  nb_get_retry: obsolete('retry', common.retry, 'language'),
} satisfies Vocabulary;
const ssl = {
  ...http,
  ...tlsWords,
  enable_sni: switchable,
  sni_name: optional(name('a host name'), ''),
  tls_compliant: later,
} satisfies Vocabulary;

export const httpTerm = (word: 'HTTP_GET' | 'SSL_GET'): Term<CheckDraft> => ({
  words: word === 'SSL_GET' ? ssl : http,
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
  return {
    is: 'http',
    position: positionOf(header, inherited),
    pace: paceOf(block, inherited, { retries: 1, retryDelaySeconds: 3 }),
    target,
    tls: tls ? tlsOf(block, inherited, namesOf(block, virtualhost, target.address), header, diagnostics) : undefined,
    protocol: values.http_protocol ?? '1.0',
    fastRecovery: values.fast_recovery ?? false,
    urls: (values.url ?? []).map((draft) => ({ ...draft.url, host: draft.virtualhost ?? host })),
  };
}

/** enable_sni sends the virtual host's name, sni_name with a name that one. */
function namesOf({ values }: Block<typeof ssl>, virtualhost: string | undefined, address: string): TlsNames {
  const { sni_name: name, enable_sni: enabled = name === undefined ? undefined : true } = values;
  const names = { host: virtualhost, address };
  if (enabled === undefined) return names;
  const sni = name === undefined || name === '' ? hostWithoutPort(virtualhost) : name;
  return { ...names, sni: enabled && sni !== undefined ? sni : false };
}
