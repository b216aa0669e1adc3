import * as fc from 'fast-check';
import t from 'tap';
import { Diagnostics, formatDiagnostic } from '../../../src/config/diagnostics.js';
import { lex, placeOf, withoutComment } from '../../../src/config/lexer.js';

const rows: readonly [text: string, words: string][] = [
  ['delay_loop 6', 'delay_loop|6'],
  ['  \tweight\t5  ', 'weight|5'],
  ['ab"cd ef"gh', 'ab|"cd ef"|gh'],
  ["'a b'", "'a|b'"],
  ['a ""', 'a|""'],
  ['real_server 10.0.0.1 80{', 'real_server|10.0.0.1|80|{'],
  ['a{b}c', 'a|{|b|}|c'],
  ['a "{b}"', 'a|"{b}"'],
  ['router_id a#b', 'router_id|a'],
  ['mail a!b # c', 'mail|a'],
  ['router_id a\\#b\\!c', 'router_id|a#b!c'],
  ['router_id "a # b" # c', 'router_id|"a # b"'],
  ['a\\tb', 'a\\tb'],
  ['', ''],
  ['   # only a comment', ''],
];

const lexed = (text: string): ReturnType<typeof lex> =>
  lex(withoutComment({ file: 'f', line: 1, text }).code, new Diagnostics());

for (const [text, words] of rows)
  t.test(`words of ${JSON.stringify(text)}`, (t) => {
    const found = lexed(text).words.map((word) => (word.is === 'quoted' ? `"${word.text}"` : word.text));
    t.equal(found.join('|'), words);
    t.end();
  });

t.test('a quote that is not closed is said at the quote, and nothing more about its line', (t) => {
  const diagnostics = new Diagnostics();
  const source = { file: 'f', line: 3, text: 'router_id "LB 1' };
  lex(source, diagnostics);
  diagnostics.error(placeOf(source, 0, 9), 'router_id lacks a value');
  t.strictSame(diagnostics.sorted(['f']).map(formatDiagnostic), [
    "f:3:11: a quote that is not closed, expected '\"' on the same line",
  ]);
  t.end();
});

t.test('behind an escaped comment sign columns are still those of the file', (t) => {
  const { code } = withoutComment({ file: 'f', line: 1, text: 'a \\# b' });
  t.equal(code.text, 'a # b');
  t.equal(placeOf(code, 4, 5).column, 6);
  t.end();
});

t.test('property: any line gives words that stand where they say, in order', (t) => {
  const text = fc.string({ unit: fc.constantFrom(...'ab1 \t"\'\\#!{}$~@.'), maxLength: 60 });
  fc.assert(
    fc.property(text, (text) => {
      const { code } = withoutComment({ file: 'f', line: 1, text });
      let end = 0;
      for (const word of lex(code, new Diagnostics()).words) {
        const written = code.text.slice(word.from, word.to);
        const place = placeOf(code, word.from, word.to);
        if (word.from < end || (word.is === 'quoted' ? written !== `"${word.text}"` : written !== word.text))
          return false;
        if (place.column < 1 || place.column > text.length) return false;
        end = word.to;
      }
      return true;
    }),
    { numRuns: 2000 },
  );
  t.end();
});
