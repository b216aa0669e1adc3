import type { Diagnostics } from './diagnostics.js';
import { blockOf, flag, noMore, one, phrase, readWord, type Reader, several } from './terms.js';
import { placeOfWord, type Statement } from './tree.js';
import { absolutePath, seconds } from './values.js';
import { type Block, isMissing, placeIn, readBlock, type Term, type Vocabulary } from './vocabulary.js';

/** Where the configuration that many directors share is kept, and who we are among them. */
export interface FleetSettings {
  /** `https://10.0.0.1:2379`: the members of one etcd, at least one. */
  readonly endpoints: readonly string[];
  /** What all keys begin with; no slash at its end. */
  readonly prefix: string;
  /** Its own, or the router_id; undefined: the machine's. */
  readonly name: string | undefined;
  readonly login: FleetLogin | undefined;
  readonly tls: FleetTls | undefined;
  /** How long a director that is silent is still told of. */
  readonly leaseSeconds: number;
  /** Documents may name scripts: whoever may write to etcd has them run here. */
  readonly allowScripts: boolean;
}

export interface FleetLogin {
  readonly user: string;
  readonly password: { readonly text: string } | { readonly file: string };
}

/** PEM files. */
export interface FleetTls {
  /** undefined: the system's authorities. */
  readonly authority: string | undefined;
  readonly client: { readonly certificate: string; readonly key: string } | undefined;
}

const PREFIX = '/lvsd';
const LEASE_SECONDS = 10;
/** etcd grants none below its election timeout, which is a second. */
const SHORTEST_LEASE = 3;
const LONGEST_LEASE = 3600;
const FILE = 'file:';

const endpoint: Reader<string> = (text) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url !== undefined && url.pathname === '/' && url.search + url.hash + url.username === '';
  return isPlain && (url.protocol === 'http:' || url.protocol === 'https:')
    ? { value: url.origin }
    : { expected: 'http:// or https://, a host and a port, and nothing behind it: https://10.0.0.1:2379' };
};

const keyPrefix: Reader<string> = (text) =>
  /^(\/[\w.-]+)+$/.test(text) ? { value: text } : { expected: `a path such as ${PREFIX}, without a slash at its end` };

/** A part of a key, and what lvsctl is told. */
export const FLEET_NAME = /^[A-Za-z0-9][\w.-]{0,62}$/;

const directorName: Reader<string> = (text) =>
  FLEET_NAME.test(text) ? { value: text } : { expected: 'letters, digits, points, - and _, at most 63' };

/** `user NAME SECRET|file:PATH`. */
const user: Term<FleetLogin> = phrase((statement, context) => {
  const given: Reader<string> = (text) => (text === '' ? { expected: 'a name' } : { value: text });
  const secret: Reader<FleetLogin['password']> = (text) => {
    if (text === '') return { expected: 'a password, or file:/path' };
    if (!text.startsWith(FILE)) return { value: { text } };
    const file = text.slice(FILE.length);
    return /^\/.*[^/]$/.test(file) ? { value: { file } } : { expected: 'file: and the absolute path of a file' };
  };
  const name = readWord(statement, 1, given, context);
  const password = readWord(statement, 2, secret, context);
  noMore(statement, 3, context);
  return name === undefined || password === undefined ? undefined : { user: name, password };
});

/** `tls_client CERTIFICATE KEY`. */
const client: Term<NonNullable<FleetTls['client']>> = phrase((statement, context) => {
  const certificate = readWord(statement, 1, absolutePath, context);
  const key = readWord(statement, 2, absolutePath, context);
  noMore(statement, 3, context);
  return certificate === undefined || key === undefined ? undefined : { certificate, key };
});

export const fleetWords = {
  etcd: several(endpoint),
  prefix: one(keyPrefix),
  name: one(directorName),
  user,
  tls_ca: one(absolutePath),
  tls_client: client,
  lease: one(seconds(SHORTEST_LEASE, LONGEST_LEASE)),
  allow_scripts: flag,
} satisfies Vocabulary;

/** A block, and where it stands. */
export interface FleetDraft {
  readonly header: Statement;
  readonly block: Block<typeof fleetWords>;
}

/** `fleet { etcd URL... }`. Without it the file is all there is. */
export const fleetTerm: Term<FleetDraft> = {
  words: fleetWords,
  once: true,
  read(statement, context) {
    noMore(statement, 1, context);
    const lines = blockOf(statement, context);
    if (lines === undefined) return undefined;
    return { header: statement, block: readBlock('fleet', fleetWords, lines, context.diagnostics) };
  },
};

/** undefined: there is none, or the block was complained about. */
export function fleetOf(
  draft: FleetDraft | undefined,
  routerId: string | undefined,
  diagnostics: Diagnostics,
): FleetSettings | undefined {
  if (draft === undefined) return undefined;
  const { header, block } = draft;
  const { values } = block;
  if (isMissing(block, 'etcd'))
    diagnostics.error(placeOfWord(header, 0), "'fleet' without 'etcd'", { expected: "'etcd https://10.0.0.1:2379'" });
  const endpoints = values.etcd ?? [];
  const isPlain = endpoints.some((url) => url.startsWith('http:'));
  for (const word of ['tls_ca', 'tls_client'] as const)
    if (isPlain && values[word] !== undefined)
      diagnostics.error(placeIn(block, word, header), `'${word}' is for https:// only`, {
        expected: 'https:// for every etcd',
      });
  if (isPlain && values.user !== undefined)
    diagnostics.warning(placeIn(block, 'user', header), 'the password crosses the network in the clear', {
      kind: 'advice',
      expected: 'https:// for every etcd',
    });
  if (isMissing(block, 'name') && routerId !== undefined && !FLEET_NAME.test(routerId))
    diagnostics.error(placeOfWord(header, 0), `the router_id '${routerId}' is no name in a fleet`, {
      expected: "'name' with letters, digits, points, - and _, at most 63",
    });
  if (endpoints.length === 0) return undefined;
  const tls = { authority: values.tls_ca, client: values.tls_client };
  return {
    endpoints: [...new Set(endpoints)],
    prefix: values.prefix ?? PREFIX,
    name: values.name ?? routerId,
    login: values.user,
    tls: isPlain ? undefined : tls,
    leaseSeconds: Math.ceil(values.lease ?? LEASE_SECONDS),
    allowScripts: values.allow_scripts ?? false,
  };
}
