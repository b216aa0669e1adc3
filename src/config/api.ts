import { type ApiAllow, allow, type ApiToken, token } from './api-access.js';
import { absolutePath, type ApiListener, listen, placeText } from './api-listen.js';
import type { Diagnostics } from './diagnostics.js';
import { blockOf, each, noMore, one, phrase, readWord } from './terms.js';
import { type Statement, placeOfWord } from './tree.js';
import { integer } from './values.js';
import { type Block, readBlock, type Term, type Vocabulary } from './vocabulary.js';

/** Where the REST API is served, who may use it, and where is kept who did. */
export interface ApiSettings {
  /** `usual`: the file names none: a socket beside that of lvsctl. Empty: nowhere (`api off`). */
  readonly listeners: readonly ApiListener[] | 'usual';
  /** The first that fits counts. root and the user of lvsd may everything without one. */
  readonly allow: readonly ApiAllow[];
  readonly tokens: readonly ApiToken[];
  /** Paths of files with `token` lines. */
  readonly tokenFiles: readonly string[];
  /** undefined: in the log only. */
  readonly audit: ApiAudit | undefined;
  readonly rate: ApiRate;
}

/** `audit_log PATH [MEGABYTES [FILES]]`. */
export interface ApiAudit {
  readonly path: string;
  /** When the file is as long as this, another is begun. */
  readonly longestBytes: number;
  /** How many older ones stay. */
  readonly older: number;
}

/** `rate_limit PER_SECOND [BURST]`: requests of one identity. */
export interface ApiRate {
  readonly perSecond: number;
  readonly burst: number;
}

/** The group, or everybody. */
const OTHERS_MAY_CONNECT = 0o022;
const MEGABYTE = 1_000_000;
const USUAL_MEGABYTES = 16;
const USUAL_OLDER = 4;
const USUAL_RATE = 500;
const MOST_RATE = 100_000;
/** Of the rate: a page that opens asks for much at once. */
const USUAL_BURST_SECONDS = 2;

const auditLog: Term<ApiAudit> = phrase((statement, context) => {
  const { length } = statement.texts;
  const path = readWord(statement, 1, absolutePath('a file'), context);
  const megabytes = length > 2 ? readWord(statement, 2, integer(1, 10_000), context) : USUAL_MEGABYTES;
  const older = length > 3 ? readWord(statement, 3, integer(1, 100), context) : USUAL_OLDER;
  noMore(statement, 4, context);
  if (path === undefined || megabytes === undefined || older === undefined) return undefined;
  return { path, longestBytes: megabytes * MEGABYTE, older };
});

const rateLimit: Term<ApiRate> = phrase((statement, context) => {
  const perSecond = readWord(statement, 1, integer(1, MOST_RATE), context);
  const usual = (perSecond ?? 0) * USUAL_BURST_SECONDS;
  const burst = statement.texts.length > 2 ? readWord(statement, 2, integer(1, 10 * MOST_RATE), context) : usual;
  noMore(statement, 3, context);
  return perSecond === undefined || burst === undefined ? undefined : { perSecond, burst };
});

export const apiWords = {
  listen: each(listen),
  allow: each(allow),
  token: each(token),
  token_file: each(one(absolutePath('a file'))),
  audit_log: auditLog,
  rate_limit: rateLimit,
} satisfies Vocabulary;

/** A block, or `api off`. */
export interface ApiDraft {
  readonly header: Statement;
  /** undefined: off. */
  readonly lines: readonly Statement[] | undefined;
}

/** `api { ... }`, `api off`. */
export const apiTerm: Term<readonly ApiDraft[]> = each<ApiDraft>({
  words: apiWords,
  read(statement, context) {
    const isOff = statement.texts[1] === 'off' && statement.block === undefined;
    noMore(statement, isOff ? 2 : 1, context);
    const lines = isOff ? undefined : blockOf(statement, context);
    return isOff || lines !== undefined ? { header: statement, lines } : undefined;
  },
});

const USUAL: ApiSettings = {
  listeners: 'usual',
  allow: [],
  tokens: [],
  tokenFiles: [],
  audit: undefined,
  rate: { perSecond: USUAL_RATE, burst: USUAL_RATE * USUAL_BURST_SECONDS },
};

/** The lines of all blocks are read together. */
export function apiOf(drafts: readonly ApiDraft[] = [], diagnostics: Diagnostics): ApiSettings {
  const blocks = drafts.filter(({ lines }) => lines !== undefined);
  const off = drafts.find(({ lines }) => lines === undefined);
  if (off !== undefined) {
    if (blocks[0] !== undefined)
      diagnostics.error(placeOfWord(off.header, 1), `'api off', and in line ${blocks[0].header.line} it is on`, {
        expected: 'one of the two',
      });
    return { ...USUAL, listeners: [] };
  }
  const block: Block<typeof apiWords> = readBlock(
    'api',
    apiWords,
    blocks.flatMap(({ lines = [] }) => lines),
    diagnostics,
  );
  const { values } = block;
  const listeners = values.listen && eachOnce(values.listen, placeText, 'each place once', diagnostics);
  const tokens = eachOnce(values.token ?? [], ({ name }) => name, 'another name', diagnostics);
  const settings = {
    listeners: listeners ?? USUAL.listeners,
    allow: values.allow ?? [],
    tokens,
    tokenFiles: values.token_file ?? [],
    audit: values.audit_log,
    rate: values.rate_limit ?? USUAL.rate,
  };
  if (block.failed.size === 0 && !block.doubtful) adviseOn(settings, diagnostics);
  return settings;
}

function eachOnce<T extends { readonly position: ApiListener['position'] }>(
  all: readonly T[],
  nameOf: (one: T) => string,
  expected: string,
  diagnostics: Diagnostics,
): readonly T[] {
  const seen = new Map<string, T>();
  for (const one of all) {
    const name = nameOf(one);
    const before = seen.get(name);
    if (before !== undefined) {
      const message = `'${name}' is there already, in line ${before.position.line}`;
      diagnostics.error({ ...one.position, length: name.length }, message, { expected });
    }
    seen.set(name, before ?? one);
  }
  return [...seen.values()];
}

/** Doors that nobody can open, and keys without a door. */
function adviseOn({ listeners, allow, tokens, tokenFiles }: ApiSettings, diagnostics: Diagnostics): void {
  const advise = (position: ApiListener['position'], length: number, message: string, expected: string): void =>
    diagnostics.warning({ ...position, length }, message, { kind: 'advice', expected });
  const places = listeners === 'usual' ? [] : listeners;
  const takesCertificates = places.some((one) => one.at === 'network' && one.tls.clientCa !== undefined);
  const hasTokens = tokens.length + tokenFiles.length > 0;
  const certificates = allow.filter(({ who }) => who === 'certificate');
  for (const one of places) {
    if (one.at === 'network') {
      const isKnown = hasTokens || (one.tls.clientCa !== undefined && certificates.length > 0);
      if (!isKnown)
        advise(
          one.position,
          one.address.length,
          'nobody may use the API here',
          "'token', 'token_file', or 'client_ca' and 'allow certificate'",
        );
    } else if (one.group !== undefined && !allow.some(({ who }) => who !== 'certificate'))
      advise(
        one.position,
        placeText(one).length,
        `who is in group '${one.group}' may connect here, and then nothing`,
        `'allow group ${one.group} ROLE'`,
      );
  }
  const account = allow.find(({ who }) => who !== 'certificate');
  const isOpen = places.some((one) => one.at === 'socket' && (one.mode & OTHERS_MAY_CONNECT) !== 0);
  if (account !== undefined && !isOpen)
    advise(
      account.position,
      account.who.length,
      'only the user of lvsd may connect to the socket',
      "'listen unix:/PATH 0660 GROUP'",
    );
  if (!takesCertificates)
    for (const { position } of certificates)
      advise(position, 'certificate'.length, 'nobody is asked for a certificate', "'client_ca /PATH' in a 'tls'");
}
