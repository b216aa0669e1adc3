import { linesInBraces, readEntry } from '../lists.js';
import { type Statement, placeOfWord } from '../tree.js';
import { address, integer } from '../values.js';
import type { Context, Term } from '../vocabulary.js';
import type { UnicastPeer } from './vrrp.js';

export interface PeerDraft extends UnicastPeer {
  readonly statement: Statement;
  readonly index: number;
}

const ttl = integer(0, 255);
const LIMITS = ['min_ttl', 'max_ttl'];

/** `ADDRESS [min_ttl N] [max_ttl N]`, several on a line as they come. */
export const unicastPeers: Term<readonly PeerDraft[]> = linesInBraces('unicast peer', readPeers, true);

function readPeers(line: Statement, context: Context): readonly PeerDraft[] {
  const peers: PeerDraft[] = [];
  for (let i = 0; i < line.words.length; ) {
    const index = i++;
    const { text } = line.words[index]!;
    if (LIMITS.includes(text)) {
      const message = `'${text}' stands before any address`;
      context.diagnostics.error(placeOfWord(line, index), message, { expected: 'ADDRESS [min_ttl N] [max_ttl N]' });
      return peers;
    }
    const peer = readEntry(line, index, 'unicast peer', address, context);
    const limits = { min_ttl: 0, max_ttl: 255 };
    for (let word = line.words[i]?.text; word === 'min_ttl' || word === 'max_ttl'; word = line.words[i]?.text) {
      limits[word] = readEntry(line, i + 1, `value of ${word}`, ttl, context) ?? limits[word];
      i += 2;
    }
    const { min_ttl: minTtl, max_ttl: maxTtl } = limits;
    if (minTtl > maxTtl)
      context.diagnostics.error(placeOfWord(line, index), `min_ttl ${minTtl} is above max_ttl ${maxTtl}`, {
        expected: 'at most max_ttl',
      });
    if (peer === undefined && /[a-z]_/.test(text)) return peers; // what follows belongs to the word that is wrong
    if (peer !== undefined) peers.push({ address: peer, minTtl, maxTtl, statement: line, index });
  }
  return peers;
}
