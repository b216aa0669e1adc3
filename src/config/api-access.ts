import { canonicalAddress, familyOf } from '../model/address.js';
import { type Role, roles } from '../model/role.js';
import type { Position } from './configuration.js';
import { noMore, one, readWord, type Reader, several } from './terms.js';
import { positionOfWord, type Statement } from './tree.js';
import { name, oneOf } from './values.js';
import { type Context, readBlock, type Term, type Vocabulary } from './vocabulary.js';

/** `allow user anna operate [SERVICE...]`: what those may who are known by a socket or a certificate. */
export interface ApiAllow {
  readonly position: Position;
  /** `certificate`: by a name in it, `dns:`, `email:`, `uri:` or `cn:`. */
  readonly who: 'user' | 'group' | 'certificate';
  /** Users and groups also by number. */
  readonly name: string;
  readonly role: Role;
  readonly services: ApiGrant;
}

/** Ids of services, or beginnings of ids with a `*` behind them. */
export type ApiGrant = readonly string[] | 'all';

/** `token NAME ROLE sha256:HASH { ... }`. */
export interface ApiToken {
  readonly position: Position;
  readonly name: string;
  readonly role: Role;
  /** SHA-256 of the token's text, 64 hex digits. */
  readonly hash: string;
  /** Milliseconds since 1970; from then on it is refused. */
  readonly expiresAt: number | undefined;
  readonly services: ApiGrant;
  /** Where it may come from, prefixes; empty: anywhere. */
  readonly from: readonly string[];
}

const role = oneOf(...roles);
const SERVICE = /^[a-z][\w.:-]{0,127}\*?$/;
const service: Reader<string> = (text) =>
  SERVICE.test(text)
    ? { value: text }
    : { expected: 'the id of a service, such as tcp-192.0.2.1-80, or its beginning and a *: tcp-192.0.2.1-*' };

/** The words from `at` on; none: all. undefined: one of them is wrong. */
function grantOf(statement: Statement, at: number, context: Context): ApiGrant | undefined {
  const count = statement.texts.length - at;
  if (count <= 0) return 'all';
  const read = Array.from({ length: count }, (_, i) => readWord(statement, at + i, service, context));
  return read.includes(undefined) ? undefined : read.filter((one) => one !== undefined);
}

const certificateName: Reader<string> = (text) =>
  /^(dns|email|uri|cn):./.test(text)
    ? { value: text }
    : { expected: "a name that is in the certificate: 'dns:NAME', 'email:ADDRESS', 'uri:URI' or 'cn:NAME'" };
const account = { user: name('a user'), group: name('a group'), certificate: certificateName } as const;

export const allow: Term<ApiAllow> = {
  read(statement, context) {
    const who = readWord(statement, 1, oneOf('user', 'group', 'certificate'), context);
    if (who === undefined) return undefined;
    const said = readWord(statement, 2, account[who], context);
    const may = said === undefined ? undefined : readWord(statement, 3, role, context);
    const services = grantOf(statement, 4, context);
    if (said === undefined || may === undefined || services === undefined) return undefined;
    return { position: positionOfWord(statement, 1), who, name: said, role: may, services };
  },
};

const MOMENT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?Z)?$/;
/** A day begins at 00:00 UTC. */
const moment: Reader<number> = (text) => {
  const at = MOMENT.test(text) ? Date.parse(text) : Number.NaN;
  const isOne = !Number.isNaN(at) && new Date(at).toISOString().startsWith(text.slice(0, 10)); // not the 30th of February
  return isOne ? { value: at } : { expected: 'a day such as 2027-12-31, or a moment such as 2027-12-31T18:00Z' };
};

const prefix: Reader<string> = (text) => {
  const [, written = '', length] = /^([\da-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const base = canonicalAddress(written);
  const longest = base === undefined ? -1 : familyOf(base) === 'ip4' ? 32 : 128;
  const bits = length === undefined ? longest : Number(length);
  return base !== undefined && bits <= longest
    ? { value: `${base}/${bits}` }
    : { expected: 'an address or a prefix, such as 10.0.0.0/8' };
};

export const tokenBlockWords = {
  expires: one(moment),
  services: several(service),
  from: several(prefix),
} satisfies Vocabulary;

const TOKEN_NAME = /^[\w.@-]{1,64}$/;
const tokenName: Reader<string> = (text) =>
  TOKEN_NAME.test(text) ? { value: text } : { expected: 'a name of at most 64 letters, digits and _ . @ -' };
const HASH = /^sha256:([\da-f]{64})$/;
const tokenHash: Reader<string> = (text) => {
  const [, hash] = HASH.exec(text) ?? [];
  return hash === undefined
    ? { expected: "sha256: and 64 hex digits: 'lvsd token NAME ROLE' makes a token and prints this line" }
    : { value: hash };
};

export const token: Term<ApiToken> = {
  words: tokenBlockWords,
  read(statement, context) {
    const named = readWord(statement, 1, tokenName, context);
    const may = named === undefined ? undefined : readWord(statement, 2, role, context);
    const hash = may === undefined ? undefined : readWord(statement, 3, tokenHash, context);
    noMore(statement, 4, context);
    const block = readBlock('token', tokenBlockWords, statement.block ?? [], context.diagnostics);
    // without a line that could not be read it would hold for longer, or for more
    if (named === undefined || may === undefined || hash === undefined || block.failed.size > 0 || block.doubtful)
      return undefined;
    const { expires, services = 'all', from = [] } = block.values;
    const position = positionOfWord(statement, 1);
    return { position, name: named, role: may, hash, expiresAt: expires, services, from };
  },
};
