import * as fc from 'fast-check';
import t from 'tap';
import { Diagnostics, formatDiagnostic } from '../../../src/config/diagnostics.js';
import type { Statement } from '../../../src/config/tree.js';
import { buildTree, type Shape } from '../../../src/config/tree-builder.js';

const shape: Shape = { opens: new Set(['server', 'check']), outermost: new Set(['service']) };

/** `service 1 {server {weight 5}}`. */
const print = (statements: readonly Statement[]): string =>
  statements
    .map(
      ({ words, block }) =>
        words.map((word) => word.text).join(' ') + (block === undefined ? '' : ` {${print(block)}}`),
    )
    .join('; ');

function build(text: string): { readonly tree: string; readonly says: readonly string[] } {
  const diagnostics = new Diagnostics();
  const lines = text.split('\n').map((text, i) => ({ file: 'f', line: i + 1, text }));
  const tree = print(buildTree(lines, shape, diagnostics));
  return { tree, says: diagnostics.sorted(['f']).map((one) => formatDiagnostic(one).slice(2)) };
}

const lines = (...text: readonly string[]): string => text.join('\n');

const rows: readonly [name: string, text: string, tree: string, says: readonly string[]][] = [
  ['a block', lines('service 1 {', '  a', '  b 2', '}', 'c'), 'service 1 {a; b 2}; c', []],
  ['the brace on a line of its own', lines('service 1', '{', 'a', '}'), 'service 1 {a}', []],
  ['all of it on one line', 'server 1 { weight 1 }', 'server 1 {weight 1}', []],
  ['several words on one line are one statement', 'group { one two }', 'group {one two}', []],
  ['nested, closed on one line', lines('service { server {', 'a', '} }'), 'service {server {a}}', []],
  [
    'an inner block is not closed: indentation tells which',
    lines('service {', '  server 1 {', '    a', '  server 2 {', '    b', '  }', '}'),
    'service {server 1 {a}; server 2 {b}}',
    ["2:3: the block of 'server' is not closed, expected '}'"],
  ],
  [
    'the next outermost word ends what is open, without indentation too',
    lines('service {', 'server 1 {', 'a', '}', 'service {', 'b', '}'),
    'service {server 1 {a}}; service {b}',
    ["1:1: the block of 'service' is not closed, expected '}'"],
  ],
  [
    'one brace too many within a block: the rest stays where it belongs',
    lines('service {', '  server 1 {', '  }', '  }', '  server 2 {', '  }', '}'),
    'service {server 1 {}; server 2 {}}',
    ["4:3: '}' that closes no block"],
  ],
  ['one brace too many at the end', lines('service {', '}', '}'), 'service {}', ["3:1: '}' that closes no block"]],
  [
    'nothing is closed',
    lines('service {', '  a'),
    'service {a}',
    ["1:1: the block of 'service' is not closed, expected '}'"],
  ],
  [
    'the opening brace is missing',
    lines('service {', '  server 1', '    a', '  }', '}'),
    'service {server 1 {a}}',
    ["2:11: 'server' without its block, expected '{'"],
  ],
  [
    'no block at all',
    lines('service {', '  check', '}'),
    'service {check {}}',
    ["2:8: 'check' without its block, expected '{'"],
  ],
  ['a block of nobody', lines('{', 'a', '}', 'b'), 'b', ["1:1: '{' without a keyword before it"]],
];

for (const [name, text, tree, says] of rows)
  t.test(name, (t) => {
    t.strictSame(build(text), { tree, says });
    t.end();
  });

t.test('property: braces in any order never throw, and each complaint stands in the text', (t) => {
  const word = fc.constantFrom('{', '}', '{\n', '}\n', 'service', 'server 1', 'check', '\n', '\n  ', '"', ' a ');
  fc.assert(
    fc.property(fc.array(word, { maxLength: 40 }), (words) => {
      const text = words.join('');
      const all = text.split('\n');
      return build(text).says.every((one) => {
        const [line = 0, column = 0] = one.split(':').map(Number);
        return line >= 1 && line <= all.length && column >= 1 && column <= (all[line - 1] ?? '').length + 1;
      });
    }),
    { numRuns: 3000 },
  );
  t.end();
});

t.test('property: lines that are read in one run give what they give one by one', (t) => {
  const line = fc.constantFrom(
    'a {',
    'service 1 {',
    ' server 1 {',
    '  check',
    ' check {',
    ' b 2',
    '}',
    ' }',
    'x { y }',
    'c{',
    '',
    '\t{',
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 20 }), fc.nat(20), (lines, cut) => {
      const text = lines.map((one) => `${one}\n`).join('');
      const half = lines
        .slice(0, cut)
        .map((one) => `${one}\n`)
        .join('').length;
      const runs = [
        { file: 'f', text, from: 0, to: half, line: 1 },
        { file: 'f', text, from: half, to: text.length, line: Math.min(cut, lines.length) + 1 },
      ];
      const diagnostics = new Diagnostics();
      const tree = print(buildTree(runs, shape, diagnostics));
      const says = diagnostics.sorted(['f']).map((one) => formatDiagnostic(one).slice(2));
      t.strictSame({ tree, says }, build(text));
    }),
    { numRuns: 2000 },
  );
  t.end();
});

t.test('a tree of 100,000 open blocks is built', (t) => {
  t.equal(build('a {\n'.repeat(100_000)).says.length > 0, true);
  t.end();
});
