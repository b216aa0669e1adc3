import { wordsInBraces } from '../lists.js';
import { blockOf, each, noMore, one } from '../terms.js';
import { placeOfWord, positionOfWord } from '../tree.js';
import { interfaceName, seconds } from '../values.js';
import { readBlock, type Term, type Vocabulary } from '../vocabulary.js';
import type { GarpGroup } from './vrrp.js';

const gap = one(seconds(0, 4294.967295));

export const garpGroupWords = {
  garp_interval: gap,
  gna_interval: gap,
  interface: one(interfaceName),
  interfaces: wordsInBraces('interface', interfaceName),
} satisfies Vocabulary;

/** `garp_group { garp_interval 0.1; interfaces { eth0 eth1 } }`. */
export const garpGroups: Term<readonly GarpGroup[]> = {
  words: garpGroupWords,
  ...each<GarpGroup>({
    read(statement, context) {
      noMore(statement, 1, context);
      const lines = blockOf(statement, context);
      if (lines === undefined) return undefined;
      const { values, doubtful, failed } = readBlock('garp_group', garpGroupWords, lines, context.diagnostics);
      const interfaces = [...(values.interface === undefined ? [] : [values.interface]), ...(values.interfaces ?? [])];
      const known = !doubtful && failed.size === 0;
      if (known && interfaces.length === 0)
        context.diagnostics.error(placeOfWord(statement, 0), 'garp_group names no interface', {
          expected: "'interface IFNAME' or 'interfaces { IFNAME ... }'",
        });
      if (known && values.garp_interval === undefined && values.gna_interval === undefined)
        context.diagnostics.error(placeOfWord(statement, 0), 'garp_group says no interval', {
          expected: "'garp_interval SECONDS' or 'gna_interval SECONDS'",
        });
      return {
        position: positionOfWord(statement, 0),
        interfaces,
        intervalSeconds: values.garp_interval ?? 0,
        gnaIntervalSeconds: values.gna_interval ?? 0,
      };
    },
  }),
};
