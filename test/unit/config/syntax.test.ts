/** keepalived's syntax, point by point: how a text is read, and what is said where its way is a trap and ours another. */
import t from 'tap';
import { Diagnostics, formatDiagnostic } from '../../../src/config/diagnostics.js';
import { type Includes, parse } from '../../../src/config/parse.js';
import { readConfiguration, shape } from '../../../src/config/read.js';
import type { Statement } from '../../../src/config/tree.js';

const around = { configId: 'lb1', environment: { SITE: 'north' }, random: (from: number, to: number) => from + to };

/** `a|b {c}; d`. */
const shown = (statements: readonly Statement[]): string =>
  statements.map(({ texts, block }) => texts.join('|') + (block === undefined ? '' : ` {${shown(block)}}`)).join('; ');

function parsed(text: string, includes?: Includes): readonly string[] {
  const diagnostics = new Diagnostics();
  const options = { ...around, ...(includes === undefined ? {} : { includes }) };
  const { statements, files } = parse({ file: '/etc/f', text }, options, shape, diagnostics);
  return [shown(statements), ...diagnostics.sorted(files).map((one) => formatDiagnostic(one).slice('/etc/'.length))];
}

const rows: readonly [name: string, text: string, ...got: readonly string[]][] = [
  // 1. Reading
  ['a line of more than 1023 bytes is one line', `a ${'b'.repeat(3000)} c\nd`, `a|${'b'.repeat(3000)}|c; d`],
  ['carriage returns', 'a b\r\nc {\r\n}\r\n', 'a|b; c {}'],
  ['a carriage return within a line is a blank', 'a\rb', 'a|b'],
  ['a NUL is an error, and the next line is read', 'a\0b\nc', 'a; c', 'f:1:2: a NUL byte, expected text'],
  // 2. Comments, quotes, escapes, words
  ['both comment signs, within words too', 'a#b\nc!d\n! e\n # f', 'a; c'],
  ['comment signs within quotes', 'a "b # c" "d!"', 'a|b # c|d!'],
  ['escaped comment signs', 'a b\\#c \\!d', 'a|b#c|!d'],
  ['comment signs by name', 'a b${_HASH}c d${_BANG}', 'a|b#c|d!'],
  ['no other escapes', 'a \\t \\" b"', 'a|\\t|\\| b'],
  ['double quotes part words', 'ab"cd ef"gh', 'ab|cd ef|gh'],
  ['single quotes are characters', "'a b'", "'a|b'"],
  ['an empty word', 'a ""', 'a|'],
  [
    'a quote that is not closed: one complaint',
    'a "b c\nd',
    'a; d',
    "f:1:3: a quote that is not closed, expected '\"' on the same line",
  ],
  // 3. Blocks
  ['an opening brace on its own line, or glued', 'a\n{\nb\n}\nc{\n}', 'a {b}; c {}'],
  ['a closing brace behind the last statement', 'a { b 1 }', 'a {b|1}'],
  ['braces within quotes', 'a "{" b"}"', 'a|{|b|}'],
  ['braces within words', 'a{b', 'a {b}', "f:1:1: the block of 'a' is not closed, expected '}'"],
  ['one statement per line', 'a { b 1 c 2 }', 'a {b|1|c|2}'],
  ['a variable that is not defined opens no block', 'a ${VIP} {\nb\n}', 'a|$ {b}', "f:1:3: '${VIP}' is not defined"],
  ['a closing brace too many', 'a\n}\nb', 'a; b', "f:2:1: '}' that closes no block"],
  ['an opening brace too many', '{\na\n}\nb', 'b', "f:1:1: '{' without a keyword before it"],
  // 5. Parameters, conditions, repetition
  ['blanks before a definition', '  $A=1 2\na $A', 'a|1|2'],
  ['definitions without a value', '$A=\na${A}b', 'ab'],
  ['a variable at the end of a word, and within quotes', '$A=x y\na$A "b $A c" "${A}"', 'ax|y|b x y c|x y'],
  ['a slash or a point behind a bare name', '$A=1\na $A/24 $A.5', 'a|$A/24|$A.5'],
  ['a variable of variables, at the place of use', '$B=${A}${A}\n$A=1\na $B\n$A=2\na $B', 'a|11; a|22'],
  [
    'a definition of several lines, with conditions and definitions within',
    '$C= \\\n@lb1 a ${X} \\\n@^lb1 b \\\n$X=2 \\\n  c $X {\\\nd\n$X=1\n$C\n}',
    'a|1; c|2 {d}',
  ],
  ['a backslash at the end of any other line is a word', 'a \\\nb', 'a|\\; b'],
  ['conditions', '@lb1 a\n@lb2 b\n@^lb1 c\n@^lb2 d\n@lb1\n  @lb1 e', 'a; d; e'],
  ['a condition on a condition', '@lb1 @^lb2 a', 'a'],
  ['a condition on a brace', '@lb1 a {\n@lb2 x {\nb\n@lb2 }\n}', 'a {b}'],
  ['sequences in both directions', '~SEQ(N,3) a$N\n~SEQ(N,3,1) b$N', 'a1; a2; a3; b3; b2; b1'],
  ['sequences with a step', '~SEQ(N,0,5,12) a${N}\n~SEQ(N,5,-2,0) b${N}', 'a0; a5; a10; b5; b3; b1'],
  ['hexadecimal sequences', '~SEQx(N,8,b) a${N}', 'a8; a9; aa; ab'],
  ['sequences that end where a variable says', '$M=2\n~SEQ(N,$M) a${N}', 'a1; a2'],
  ['sequences nest, from left to right', '~SEQ(A,2) ~LST(B,x,y) ${A}${B}', '1x; 1y; 2x; 2y'],
  ['lists of several variables', '~LST({A,B},{1,x},{2}) a${A}-${B}-', 'a1-x-; a2--'],
  ['a sequence within a block', 'a {\n~SEQ(N,1,2) b {\n~SEQ(N,1,2) }\n}', 'a {b {b {}}}'],
  ['the environment', 'a ${_ENV SITE} ${_ENV NONE}x', 'a|north|x'],
  ['chance', 'a ${_RANDOM 2 4} ${_RANDOM 7} ${_RANDOM}', 'a|6|32774|32767'],
  ['where and who', 'a ${_PWD} ${_INSTANCE}', 'a|/etc|lb1'],
  [
    'a step of zero',
    '~SEQ(N,1,0,3) a',
    '',
    'f:1:1: ~SEQ(N,1,0,3), expected a step that leads from the start to the end',
  ],
  ['a blank before the sign', '$A = 1', '', "f:1:1: a blank before '=', expected $A=VALUE"],
];

for (const [name, text, ...got] of rows)
  t.test(name, (t) => {
    t.strictSame(parsed(text), got);
    t.end();
  });

const files: Includes = (pattern, folder) => {
  if (pattern === 'none*') return { missing: "no file matches 'none*'", mayBe: true };
  if (pattern === 'gone') return { missing: 'there is no such file', mayBe: false };
  return [{ file: `${folder}/${pattern}`, text: pattern === 'open' ? 'b {\n' : `in ${pattern}\n` }];
};

const including: readonly [name: string, text: string, ...got: readonly string[]][] = [
  ['within a block', 'a {\n include x\n b\n}', 'a {in|x; b}'],
  ['in quotes', 'include "x"', 'in|x'],
  ['a file may open a block that another closes', 'include open\nc\n}', 'b {c}'],
  ['a variable in its name, and a condition before it', '$F=x\n@lb1 include ${F}y\n@lb2 include z', 'in|xy'],
  ['no match is a warning', 'include none*\na', 'a', "f:1:9: warning: no file matches 'none*'"],
  [
    'no match where there must be one',
    'includew none*\nincludea none*',
    '',
    "f:1:10: no file matches 'none*'",
    "f:2:10: no file matches 'none*'",
  ],
  ['a file that is not there', 'include gone\na', 'a', 'f:1:9: there is no such file'],
  ['a word that begins so', 'included x\ninclude_check', 'included|x; include_check'],
  ['what is defined in a file is defined behind it', 'include x\na', 'in|x; a'],
];

for (const [name, text, ...got] of including)
  t.test(`include: ${name}`, (t) => {
    t.strictSame(parsed(text, files), got);
    t.end();
  });

const says = (inside: string): readonly string[] =>
  readConfiguration({
    file: 'f',
    text: `virtual_server 10.0.0.1 80 {\nprotocol TCP\nlb_algo rr\nlb_kind NAT\n${inside}\n}\n`,
  }).diagnostics.map(formatDiagnostic);
const server = (inside: string): string => `real_server 10.0.0.2 80 {\n${inside}\n}`;

// 3. and 4.: one complaint for one mistake, and the rest of the file stays what it is.
const mistakes: readonly [name: string, inside: string, ...says: readonly RegExp[]][] = [
  [
    'an unknown word that opens a block',
    `${server('')}\nreal_sever 10.0.0.3 80 {\nweight 1\nnonsense\n}`,
    /^f:8:1: 'real_sever' is no keyword/,
  ],
  ['case matters', server('Weight 1'), /^f:6:1: 'Weight' is no keyword of real_server; did you mean 'weight'\?/],
  ['a number with something behind it', server('weight 5x'), /^f:6:8: '5x' is no value of weight.*did you mean '5'/],
  ['a number out of its range', server('weight -1'), /^f:6:8: '-1' is no value of weight/],
  ['no value', server('weight'), /^f:6:1: 'weight' lacks a value/],
  ['a boolean in capitals', server('alpha YES'), /^f:6:7: 'YES' is no value of alpha/],
  [
    'a header that is wrong, and a mistake within',
    'real_server 10.0.0.999 80 {\nwieght 1\n}',
    /^f:5:13: /,
    /^f:6:1: 'wieght'/,
  ],
  ['a second statement on the line', server('weight 1 alpha'), /^f:6:10: 'alpha' begins a statement of its own/],
  ['a variable that nobody defined', server('weight $W'), /^f:6:8: '\$W' is a variable that is not defined/],
];

for (const [name, inside, ...expected] of mistakes)
  t.test(`a mistake: ${name}`, (t) => {
    const all = says(inside);
    t.equal(all.length, expected.length, all.join('\n'));
    for (const [i, pattern] of expected.entries()) t.match(all[i], pattern);
    t.end();
  });
