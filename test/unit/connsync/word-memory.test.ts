import fc from 'fast-check';
import t from 'tap';
import { protocolOfWord, stateOfWord } from '../../../src/connsync/kernel-words.js';
import { WordMemory } from '../../../src/connsync/word-memory.js';

const known = [
  'TCP',
  'UDP',
  'IP',
  'IP_77',
  'IP_300',
  'ESTABLISHED',
  'SYN_RECV',
  'FIN_WAIT',
  'NONE',
  'CLOSE',
  'LISTEN',
  '',
];
const word = fc.oneof(fc.constantFrom(...known), fc.string({ unit: fc.constantFrom(...'ABCDE_19'), maxLength: 6 }));

t.test('a word means the same whatever was met before', (t) => {
  for (const meaning of [
    (text: string) => protocolOfWord(text) ?? -1,
    (text: string) => stateOfWord(6, false, text) ?? -1,
  ])
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ maxLength: 3 }), word), { maxLength: 300 }), (all) => {
        const memory = new WordMemory(meaning);
        for (const [before, text] of all) {
          const line = Buffer.from(`${before}${text} ${before}`, 'latin1');
          const found = memory.valueOf(line, before.length, before.length + text.length);
          if (found !== meaning(text)) throw new Error(`${text}: ${found}`);
        }
      }),
    );
  t.end();
});

t.test('what it has met is not asked for again, and the bytes may change', (t) => {
  let asked = 0;
  const memory = new WordMemory(() => ++asked);
  const line = Buffer.from('TCP');
  t.equal(memory.valueOf(line, 0, 3), 1);
  line.fill(0x41);
  t.equal(memory.valueOf(Buffer.from('xTCP'), 1, 4), 1);
  t.equal(memory.valueOf(line, 0, 3), 2);
  t.end();
});
