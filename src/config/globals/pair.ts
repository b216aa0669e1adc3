import { familyOf } from '../../model/address.js';
import type { Diagnostics } from '../diagnostics.js';
import type { PairSettings } from '../global-settings.js';
import { flag, noMore, one, phrase, readWord, type Reader } from '../terms.js';
import { placeOfWord, type Statement } from '../tree.js';
import { address, port, seconds } from '../values.js';
import { type Block, isMissing, placeIn, type Term, type Vocabulary } from '../vocabulary.js';

/** Connections are synchronised at the port after it. */
const LAST_PORT = 65_534;
/** Of the dynamic ports, beside keepalived's and the kernel's own (IPVS syncs at 8848). */
const PAIR_PORT = 51_112;
const SECOND_PATH_SECONDS = 30;
const LONGEST_SECONDS = 86_400;
/** Whoever hears the pair greet each other can try keys at home, as fast as he likes. */
const SHORTEST_KEY = 16;
const FILE = 'file:';

const pairPort: Reader<number> = (text, complain) => {
  const read = port(text, complain);
  return 'value' in read && read.value > LAST_PORT ? { expected: `a port up to ${LAST_PORT}` } : read;
};

/** `pair_peer ADDRESS [PORT]`. */
const peer: Term<{ readonly address: string; readonly port: number }> = phrase((statement, context) => {
  const where = readWord(statement, 1, address, context);
  const at = statement.words.length > 2 ? readWord(statement, 2, pairPort, context) : PAIR_PORT;
  noMore(statement, 3, context);
  return where === undefined || at === undefined ? undefined : { address: where, port: at };
});

const key: Reader<PairSettings['key']> = (text) => {
  if (text.startsWith(FILE)) {
    const file = text.slice(FILE.length);
    return /^\/.*[^/]$/.test(file) ? { value: { file } } : { expected: 'file: and the absolute path of a file' };
  }
  return Buffer.byteLength(text) >= SHORTEST_KEY
    ? { value: { text } }
    : { expected: `a secret of at least ${SHORTEST_KEY} bytes, or file:/path` };
};

/** Words of global_defs about the other director. All ours. */
export const pairWords = {
  pair_peer: peer,
  pair_source: one(address),
  pair_key: one(key),
  pair_second_path: one(seconds(0, LONGEST_SECONDS)),
  pair_sync_wait: one(seconds(0, LONGEST_SECONDS)),
  pair_accept_push: flag,
} satisfies Vocabulary;

const OTHERS = ['pair_source', 'pair_key', 'pair_second_path', 'pair_sync_wait', 'pair_accept_push'] as const;

/** undefined: this director has no partner, or its lines were complained about. */
export function pairOf(
  block: Block<typeof pairWords>,
  header: Statement | undefined,
  diagnostics: Diagnostics,
): PairSettings | undefined {
  const { values, statements } = block;
  const { pair_peer: other, pair_source: source, pair_key: secret } = values;
  if (header === undefined) return undefined;
  if (isMissing(block, 'pair_peer')) {
    for (const word of OTHERS)
      if (values[word] !== undefined)
        diagnostics.error(placeIn(block, word, header), `'${word}' without 'pair_peer'`, {
          expected: "'pair_peer ADDRESS'",
        });
    return undefined;
  }
  if (isMissing(block, 'pair_key'))
    diagnostics.error(placeIn(block, 'pair_peer', header), "'pair_peer' without 'pair_key'", {
      expected: "'pair_key' and a secret that both directors have",
    });
  if (other === undefined || secret === undefined) return undefined;
  const line = statements['pair_source'];
  if (source !== undefined && line !== undefined && familyOf(source) !== familyOf(other.address)) {
    diagnostics.error(placeOfWord(line, 1), `'${source}' is of another family than the peer's address`, {
      expected: `an ${familyOf(other.address) === 'ip4' ? 'IPv4' : 'IPv6'} address`,
    });
    return undefined;
  }
  return {
    peer: other.address,
    port: other.port,
    source,
    key: secret,
    secondPathSeconds: values.pair_second_path ?? SECOND_PATH_SECONDS,
    syncWaitSeconds: values.pair_sync_wait ?? 0,
    acceptsPush: values.pair_accept_push ?? false,
  };
}
