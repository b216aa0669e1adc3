import { parseAddress } from '../model/address.js';
import type { Position } from './configuration.js';
import { noMore, one, readWord, type Reader } from './terms.js';
import { keywordOf, placeOfWord, positionOfWord, type Statement } from './tree.js';
import { address, name, port } from './values.js';
import { type Context, isMissing, placeIn, readBlock, type Term, type Vocabulary } from './vocabulary.js';

/** `listen unix:PATH [MODE] [GROUP]`. */
export interface SocketListener {
  readonly at: 'socket';
  readonly position: Position;
  /** Of its socket, absolute. */
  readonly path: string;
  /** Of the socket: who may write to it may connect; what he may then is said by `allow`. */
  readonly mode: number;
  /** By name or number; undefined: that of lvsd. */
  readonly group: string | undefined;
}

/** `listen ADDRESS PORT { tls { ... } }`. */
export interface NetworkListener {
  readonly at: 'network';
  readonly position: Position;
  readonly address: string;
  readonly port: number;
  readonly tls: ApiTls;
}

export type ApiListener = SocketListener | NetworkListener;

/** Paths of PEM files. */
export interface ApiTls {
  readonly certificate: string;
  readonly key: string;
  /** Whose certificates clients may have; undefined: they are asked for none. */
  readonly clientCa: string | undefined;
  /** A client without one cannot even connect. */
  readonly clientMust: boolean;
  /** Certificates of those that hold no more. */
  readonly clientCrl: string | undefined;
}

/** Its owner only, and with a group its members too. */
export const OWNER_MODE = 0o600;
const GROUP_MODE = 0o660;
const OTHERS_MAY_WRITE = 0o002;
/** A sockaddr_un has 107; a socket is made beside its place and then put there, under a name that is longer. */
const LONGEST_PATH = 90;
const UNIX = 'unix:';
const OCTAL = /^0?[0-7]{3}$/;

const socketPath: Reader<string> = (text) => {
  const path = text.slice(UNIX.length);
  const fits = text.startsWith(UNIX) && /^\/.*[^/]$/.test(path) && Buffer.byteLength(path) <= LONGEST_PATH;
  return fits
    ? { value: path }
    : { expected: `${UNIX} and an absolute path of at most ${LONGEST_PATH} bytes, or an address and a port` };
};

const octalMode: Reader<number> = (text) =>
  OCTAL.test(text) ? { value: Number.parseInt(text, 8) } : { expected: 'a mode such as 0660' };

/** `10.0.0.1`, `10.0.0.1:80`, `*`, `8080`: what somebody writes who means the network. */
const isOfNetwork = (text: string): boolean =>
  /^(\*|\d+|\*:\d+|\[.*\](:\d+)?)$/.test(text) || parseAddress(text.replace(/^([\d.]+):\d+$/, '$1')) !== undefined;

export const absolutePath =
  (what: string): Reader<string> =>
  (text) =>
    /^\/.*[^/]$/.test(text) ? { value: text } : { expected: `the absolute path of ${what}` };

const pem = absolutePath('a PEM file');

interface ClientCa {
  readonly path: string;
  readonly must: boolean;
}

const clientCa: Term<ClientCa> = {
  read(statement, context) {
    const path = readWord(statement, 1, pem, context);
    const said = statement.texts.length > 2 ? readWord(statement, 2, requiredWord, context) : undefined;
    noMore(statement, 3, context);
    if (path === undefined || (statement.texts.length > 2 && said === undefined)) return undefined;
    return { path, must: said === true };
  },
};
const requiredWord: Reader<true> = (text) =>
  text === 'required' ? { value: true } : { expected: "'required', or nothing" };

export const tlsWords = {
  certificate: one(pem),
  key: one(pem),
  client_ca: clientCa,
  client_crl: one(pem),
} satisfies Vocabulary;

const tlsTerm: Term<ApiTls> = {
  words: tlsWords,
  read(statement, context) {
    noMore(statement, 1, context);
    const { diagnostics } = context;
    const block = readBlock('tls', tlsWords, statement.block ?? [], diagnostics);
    const { certificate, key, client_ca: ca, client_crl: clientCrl } = block.values;
    for (const word of ['certificate', 'key'] as const)
      if (isMissing(block, word))
        diagnostics.error(placeOfWord(statement, 0), `'tls' without '${word}'`, { expected: `'${word} /PATH'` });
    if (clientCrl !== undefined && isMissing(block, 'client_ca'))
      diagnostics.error(placeIn(block, 'client_crl', statement), "'client_crl' without 'client_ca'", {
        expected: "'client_ca /PATH'",
      });
    if (certificate === undefined || key === undefined) return undefined;
    return { certificate, key, clientCa: ca?.path, clientMust: ca?.must ?? false, clientCrl };
  },
};

export const listenWords = { tls: tlsTerm } satisfies Vocabulary;

/** Either of the two. */
export const listen: Term<ApiListener> = {
  words: listenWords,
  read: (statement, context) =>
    isOfNetwork(statement.texts[1] ?? '') ? networkListener(statement, context) : socketListener(statement, context),
};

function networkListener(statement: Statement, context: Context): NetworkListener | undefined {
  const where = readWord(statement, 1, listenAddress, context);
  const number = where === undefined ? undefined : readWord(statement, 2, port, context);
  noMore(statement, 3, context);
  const { diagnostics } = context;
  const block = readBlock(keywordOf(statement), listenWords, statement.block ?? [], diagnostics);
  if (isMissing(block, 'tls'))
    diagnostics.error(
      placeOfWord(statement, 0),
      "to the network the API is served by TLS only: 'listen' without 'tls'",
      {
        expected: "'tls { certificate /PATH; key /PATH }', or the path of a socket",
      },
    );
  const { tls } = block.values;
  if (where === undefined || number === undefined || tls === undefined) return undefined;
  return { at: 'network', position: positionOfWord(statement, 1), address: where, port: number, tls };
}

/** Everywhere is said by the address that means it, so that nobody says it without noticing. */
const listenAddress: Reader<string> = (text, complain) => {
  const read = address(text, complain);
  return 'value' in read
    ? read
    : { expected: 'an address and a port, such as 10.0.0.1 8443; everywhere: 0.0.0.0 or ::' };
};

function socketListener(statement: Statement, context: Context): SocketListener | undefined {
  const { diagnostics } = context;
  if (statement.block !== undefined) {
    const place = placeOfWord(statement, statement.texts.length);
    diagnostics.error(place, 'a socket has no block', { expected: 'the end of the line' });
  }
  const path = readWord(statement, 1, socketPath, context);
  const saysMode = /^\d/.test(statement.texts[2] ?? '');
  const said = saysMode ? readWord(statement, 2, octalMode, context) : undefined;
  const at = saysMode ? 3 : 2;
  const group = statement.texts.length > at ? readWord(statement, at, name('a group'), context) : undefined;
  noMore(statement, at + 1, context);
  if (path === undefined || (saysMode && said === undefined)) return undefined;
  const mode = said ?? (group === undefined ? OWNER_MODE : GROUP_MODE);
  if ((mode & OTHERS_MAY_WRITE) !== 0)
    diagnostics.warning(placeOfWord(statement, 2), 'everybody on this machine may connect to this socket', {
      kind: 'advice',
      expected: 'a mode such as 0660, and a group',
    });
  return { at: 'socket', position: positionOfWord(statement, 1), path, mode, group };
}

/** As it is written. */
export const placeText = (one: ApiListener): string =>
  one.at === 'socket' ? `${UNIX}${one.path}` : `${one.address} ${one.port}`;
