/** Whatever the text is: no exception, complaints that stand in it, and time that grows as the text does. */
import * as fc from 'fast-check';
import t from 'tap';
import type { Diagnostic } from '../../../src/config/diagnostics.js';
import { readConfiguration } from '../../../src/config/read.js';

const options = { configId: 'a', environment: { HOME: '/root' }, random: (from: number) => from };
const read = (text: string): readonly Diagnostic[] => readConfiguration({ file: 'f', text }, options).diagnostics;

/** Columns count from 1, and one behind the end of the line is where something lacks. */
function stands({ position, length }: Diagnostic, lines: readonly string[]): boolean {
  const text = lines[position.line - 1];
  const column = position.column;
  return text !== undefined && length >= 1 && column >= 1 && column <= text.length + 1;
}

const linesOf = (text: string): readonly string[] => text.split('\n');

const piece = fc.constantFrom(
  ...['{', '}', '"', "'", '\\', '#', '!', '$', '@', '~', '\n', '\r\n', ' ', '\t', '\0', '\u{1f600}', '\ufeff'],
  ...[
    '$A=',
    '${A}',
    '$A',
    '${',
    '${_ENV HOME}',
    '${_RANDOM 1 9}',
    '~SEQ(A,1,3) ',
    '~LST({A,B},{1,2}) ',
    '~SEQ(',
    '@a ',
    '@^a ',
  ],
  ...[
    'include x',
    'virtual_server 10.0.0.1 80 {',
    'real_server 10.0.0.2 80 {',
    'virtual_server_group g {',
    '10.0.0.1-9 80',
  ],
  ...['global_defs {', 'vrrp_instance V {', 'virtual_ipaddress {', 'vrrp_script s {', 'fwmark_rule r {'],
  ...[
    'TCP_CHECK {',
    'HTTP_GET {',
    'url {',
    'regex "a\\"',
    'notify_up "/x \'y"',
    'weight 1',
    'protocol TCP',
    'lb_kind TUN type gue',
  ],
);

t.test('property: soup of the language', (t) => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const text = pieces.join('');
      return read(text).every((diagnostic) => stands(diagnostic, linesOf(text)));
    }),
    { numRuns: 3000 },
  );
  t.end();
});

t.test('property: any characters', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) =>
      read(text).every((diagnostic) => stands(diagnostic, linesOf(text))),
    ),
    { numRuns: 2000 },
  );
  t.end();
});

const service = (inside: string): string => `virtual_server 10.0.0.1 80 {\nprotocol TCP\n${inside}}\n`;

/** Each makes a text of about n pieces. */
const hostile: Readonly<Record<string, (n: number) => string>> = {
  'open blocks': (n) => 'a {\n'.repeat(n),
  'open blocks on one line': (n) => 'a {'.repeat(n),
  'closing braces': (n) => '}\n'.repeat(n),
  'blocks without a name': (n) => '{\n}\n'.repeat(n),
  'blocks that want to be mended': (n) => 'virtual_server a b\n'.repeat(n),
  'words of one line': (n) => `weight ${'a '.repeat(n)}`,
  'quoted words of one line': (n) => `global_defs {\nrouter_id ${'"a"'.repeat(n)}\n}`,
  'quotes that are not closed': (n) => '"\n'.repeat(n),
  'comment signs': (n) => '\\#'.repeat(n),
  'unknown words': (n) => service('real_sevrer 1\n'.repeat(n)),
  'the same word again': (n) => service('delay_loop 1\n'.repeat(n)),
  'two words in turn': (n) => service('delay_loop 1\nlb_algo rr\n'.repeat(n / 2)),
  'servers that are the same': (n) => service('real_server 10.0.0.2 80 {\n}\n'.repeat(n / 2)),
  'one service again and again': (n) => service('real_server 10.0.0.2 80 {\n}\n').repeat(n / 5),
  definitions: (n) => '$A=1\n'.repeat(n),
  'a definition of many lines': (n) => `$A=\\\n${'weight 1 \\\n'.repeat(n)}weight 1\n$A\n`,
  'variables in a line': (n) => `$A=1\n${'${A}'.repeat(n)}\n`,
  'variables that are not defined': (n) => '${A}\n'.repeat(n),
  'braces of no variable': (n) => '${'.repeat(n),
  'conditions in a row': (n) => '@^b '.repeat(n),
  'a sequence': (n) => `~SEQ(A,1,${n}) a\${A}\n`,
  includes: (n) => 'include x\n'.repeat(n),
  'carriage returns': (n) => '\r'.repeat(n),
  'addresses of a group': (n) => `virtual_server_group g {\n${'10.0.0.1 80\n'.repeat(n)}}\n`,
  'a long word': (n) => `virtual_server ${'9'.repeat(n)} {\n}\n`,
  'a long keyword': (n) => `${'9'.repeat(n)} {\n}\n`,
  'a long pattern': (n) =>
    service(`real_server 10.0.0.2 80 {\nHTTP_GET {\nurl {\nregex "${'(a*)*'.repeat(n)}"\n}\n}\n}\n`),
  'arguments of a command': (n) => service(`quorum_up "/x ${"'a b' ".repeat(n)}"\n`),
};

const milliseconds = (text: string): number => {
  const before = process.cpuUsage();
  read(text);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
};

for (const [name, make] of Object.entries(hostile))
  t.test(`time grows as the text does: ${name}`, (t) => {
    const few = Math.min(...[1, 2].map(() => milliseconds(make(5000))));
    const many = milliseconds(make(40_000));
    t.ok(many < 24 * few + 1500, `5,000: ${few.toFixed(0)} ms, 40,000: ${many.toFixed(0)} ms`);
    t.end();
  });

t.test('variables that double at each step end', (t) => {
  const text = Array.from({ length: 30 }, (_, i) => `$A${i + 1}=\${A${i}}\${A${i}}\n`).join('');
  t.ok(milliseconds(`$A0=a\n${text}\${A30}\n`) < 5000);
  t.match(read(`$A0=a\n${text}\${A30}\n`)[0]?.message, /never end/);
  t.end();
});

t.test('sequences of sequences end', (t) => {
  t.ok(milliseconds('~SEQ(A,1,1000) ~SEQ(B,1,1000) ~SEQ(C,1,1000) a\n') < 20_000);
  t.end();
});
