import { parseAddress } from '../model/address.js';
import type { Position } from './configuration.js';
import type { Diagnostics } from './diagnostics.js';
import { blockOf, each, noMore, phrase, readWord, type Reader } from './terms.js';
import { type Statement, placeOfWord, positionOfWord } from './tree.js';
import { name } from './values.js';
import { isMissing, readBlock, type Term, type Vocabulary } from './vocabulary.js';

/** Where the API is served: `listen unix:PATH [MODE] [GROUP]`. */
export interface ApiListener {
  readonly position: Position;
  /** Of its socket, absolute. */
  readonly path: string;
  /** Of the socket: who may write to it may do everything. */
  readonly mode: number;
  /** By name or number; undefined: that of lvsd. */
  readonly group: string | undefined;
}

/** Its owner only, and with a group its members too. */
const OWNER_MODE = 0o600;
const GROUP_MODE = 0o660;
const OTHERS_MAY_WRITE = 0o002;
/** A sockaddr_un has 107; a socket is made beside its place and then put there, under a name that is longer. */
const LONGEST_PATH = 90;
const UNIX = 'unix:';

const socketPath: Reader<string> = (text) => {
  const path = text.slice(UNIX.length);
  const fits = text.startsWith(UNIX) && /^\/.*[^/]$/.test(path) && Buffer.byteLength(path) <= LONGEST_PATH;
  return fits ? { value: path } : { expected: `${UNIX} and an absolute path of at most ${LONGEST_PATH} bytes` };
};

const OCTAL = /^0?[0-7]{3}$/;
const octalMode: Reader<number> = (text) =>
  OCTAL.test(text) ? { value: Number.parseInt(text, 8) } : { expected: 'a mode such as 0660' };

/** `10.0.0.1`, `10.0.0.1:80`, `*`, `8080`: what somebody writes who means the network. */
const isOfNetwork = (text: string): boolean =>
  /^(\*|\d+|\*:\d+|\[.*\](:\d+)?)$/.test(text) || parseAddress(text.replace(/^([\d.]+):\d+$/, '$1')) !== undefined;

const listen: Term<readonly ApiListener[]> = each(
  phrase((statement, context) => {
    const { diagnostics } = context;
    const where = statement.texts[1] ?? '';
    if (isOfNetwork(where)) {
      const message = `'${where}' is of the network, and for that the API lacks tls and tokens, which lvsd does not have yet`;
      diagnostics.error(placeOfWord(statement, 1), message, { expected: `${UNIX} and the path of a socket` });
      return undefined;
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
      diagnostics.warning(
        placeOfWord(statement, 2),
        'everybody on this machine may do everything through this socket',
        {
          kind: 'advice',
          expected: 'a mode such as 0660, and a group',
        },
      );
    return { position: positionOfWord(statement, 1), path, mode, group };
  }),
);

export const apiWords = { listen } satisfies Vocabulary;

/** `api { listen unix:PATH }`. Without it nothing listens. */
export const apiTerm: Term<readonly ApiListener[]> = {
  words: apiWords,
  read(statement: Statement, context) {
    noMore(statement, 1, context);
    const lines = blockOf(statement, context);
    if (lines === undefined) return undefined;
    const block = readBlock('api', apiWords, lines, context.diagnostics);
    if (isMissing(block, 'listen'))
      context.diagnostics.error(placeOfWord(statement, 0), "'api' without 'listen'", {
        expected: `'listen ${UNIX}/run/lvsd/api.sock'`,
      });
    return block.values.listen;
  },
  join: (before, now) => [...before, ...now],
};

/** Two sockets cannot have one place. */
export function apiOf(listeners: readonly ApiListener[] = [], diagnostics: Diagnostics): readonly ApiListener[] {
  const seen = new Map<string, ApiListener>();
  for (const one of listeners) {
    const before = seen.get(one.path);
    if (before !== undefined) {
      const message = `'${UNIX}${one.path}' is there already, in line ${before.position.line}`;
      diagnostics.error({ ...one.position, length: UNIX.length + one.path.length }, message, {
        expected: 'each socket once',
      });
    }
    seen.set(one.path, before ?? one);
  }
  return [...seen.values()];
}
