import * as fc from 'fast-check';
import t from 'tap';
import { Diagnostics, formatDiagnostic } from '../../../src/config/diagnostics.js';
import { Expander, type Surroundings } from '../../../src/config/expand.js';
import type { SourceLine } from '../../../src/config/lexer.js';

const around: Surroundings = {
  configId: 'lb1',
  environment: { SITE: 'north' },
  random: (from, to) => (from + to) / 2,
};

function expand(text: string): { readonly lines: readonly SourceLine[]; readonly says: readonly string[] } {
  const diagnostics = new Diagnostics();
  const lines: SourceLine[] = [];
  const expander = new Expander(diagnostics, around, (line) => lines.push(line));
  for (const [i, line] of text.split('\n').entries()) expander.take({ file: '/etc/k/f', line: i + 1, text: line });
  expander.end();
  return { lines, says: diagnostics.sorted([]).map((one) => formatDiagnostic(one).slice('/etc/k/f:'.length)) };
}

const texts = (text: string): readonly string[] => {
  const { lines, says } = expand(text);
  return [...lines.map((line) => line.text.trim()), ...says].filter((line) => line !== '');
};

const rows: readonly [name: string, text: string, lines: readonly string[]][] = [
  ['a variable in braces anywhere', '$A=1\nx${A}y "${A}"', ['x1y "1"']],
  ['a bare variable before blank, comma, bracket or end', '$A=1\n$A $A, $A) $A', ['1 1, 1) 1']],
  ['not before anything else', '$A=1\n$A/24 $A.5', ['$A/24 $A.5']],
  ['a dollar before a variable stays', '$A=1\nx $$A', ['x $1']],
  ['late binding', '$B=${A}0\n$A=1\nx ${B}', ['x 10']],
  ['a bare name that is not defined stays', 'x $A', ['x $A']],
  [
    'a name in braces that is not defined is an error and opens no block',
    'x ${AB} {',
    ['x $ {', "1:3: '${AB}' is not defined"],
  ],
  [
    'the nearest name is suggested',
    '$VIP=1\nx ${VPI}',
    ['x $', "2:3: '${VPI}' is not defined; did you mean '${VIP}'?"],
  ],
  ['braces without end', 'x ${A', ['x $', "1:3: '${' without a name and '}', expected ${NAME}"]],
  [
    'several lines',
    '$C= \\\ncheck { \\\n  retry 1 \\\n}\na $C\n$C',
    ['a check {', 'retry 1', '}', 'check {', 'retry 1', '}'],
  ],
  ['a comment within several lines does not end them', '$C= \\\na \\\n# no \\\nb\n$C', ['a', 'b']],
  [
    'a definition without end',
    '$C= \\\na \\',
    ["1:1: the definition of $C has no end, expected a last line without '\\'"],
  ],
  ['a blank before the sign', '$A = 1', ["1:1: a blank before '=', expected $A=VALUE"]],
  ['a condition that holds', '@lb1 a', ['a']],
  ['a condition that does not', '@lb2 a', []],
  ['a condition that excludes', '@^lb1 a\n@^lb2 b', ['b']],
  ['a definition under a condition', '@lb1 $A=1\n@lb2 $A=2\nx $A', ['x 1']],
  [
    'what is predefined, in a line',
    'x ${_HASH}a${_BANG} ${_INSTANCE} ${_PWD} ${_ENV SITE} ${_RANDOM 2 4}',
    ['x #a! lb1 /etc/k north 3'],
  ],
  ['a sequence', '~SEQ(N,3) a ${N}', ['a 1', 'a 2', 'a 3']],
  ['a sequence downwards', '~SEQ(M,3,1) a${M}', ['a3', 'a2', 'a1']],
  ['a sequence with a step', '~SEQ(K,0,5,12) $K', ['0', '5', '10']],
  ['a hexadecimal sequence', '~SEQx(K,9,b) $K', ['9', 'a', 'b']],
  ['sequences nest', '~SEQ(A,1,2) ~SEQ(B,1,2) ${A}${B}', ['11', '12', '21', '22']],
  ['a list', '~LST(N,a,b) x$N', ['xa', 'xb']],
  ['a list of several variables', '~LST({A,B},{1,2},{3}) x${A}-${B}', ['x1-2', 'x3-']],
  ['a step of zero', '~SEQ(N,1,0,5) a', ['1:1: ~SEQ(N,1,0,5), expected a step that leads from the start to the end']],
  ['a sequence of nothing', '~SEQ(N) a', ['1:1: ~SEQ(N), expected (VARIABLE,[START,][STEP,]END)']],
  ['a variable of a sequence is forgotten', '~SEQ(N,1) a\nb ${N}', ['a', 'b $', "2:3: '${N}' is not defined"]],
  [
    'variables that are themselves',
    '$A=${B}\n$B=${A}\nx ${A}',
    ['3:1: the variables of this line refer to each other or never end'],
  ],
  [
    'sequences of nothing without end',
    '~SEQ(A,1,100000) ~SEQ(B,1,100000) @nobody x',
    ['1:34: the variables of this line refer to each other or never end'],
  ],
  [
    'several lines that double for ever',
    `${Array.from({ length: 30 }, (_, i) => `$V${i}= \\\n$V${i + 1} \\\n$V${i + 1}`).join('\n')}\n$V30=#\n$V0`,
    ['92:1: the variables of this line refer to each other or never end'],
  ],
  [
    'variables that double for ever',
    `$V0=aa\n${Array.from({ length: 30 }, (_, i) => `$V${i + 1}=\${V${i}}\${V${i}}`).join('\n')}\nx \${V30}`,
    ['32:1: the variables of this line refer to each other or never end'],
  ],
];

for (const [name, text, lines] of rows)
  t.test(name, (t) => {
    t.strictSame(texts(text), lines);
    t.end();
  });

t.test('what a variable brought stands where it is used, what follows it stands where it is written', (t) => {
  const [line] = expand('$A=10.0.0.1\nserver ${A} 80').lines;
  const text = line?.text ?? '';
  t.equal(text, 'server 10.0.0.1 80');
  t.strictSame([line?.columns?.[text.indexOf('10.')], line?.columns?.[text.indexOf('80')]], [8, 13]);
  t.end();
});

t.test('property: no text makes it throw or run away', (t) => {
  const piece = fc.constantFrom(
    '$A',
    '${A}',
    '=',
    '\\',
    '\n',
    '$B=',
    '$A=',
    ' ',
    '~SEQ(A,1,3)',
    '~LST(B,x,y)',
    '@lb1',
    '#',
    '"',
    '{',
    '}',
    'x',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const { lines } = expand(pieces.join(''));
      return lines.every((line) => line.columns === undefined || line.columns.length === line.text.length);
    }),
    { numRuns: 3000 },
  );
  t.end();
});
