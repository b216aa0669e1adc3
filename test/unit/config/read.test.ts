import * as fc from 'fast-check';
import t from 'tap';
import { Diagnostics } from '../../../src/config/diagnostics.js';
import { parse, type SourceText } from '../../../src/config/parse.js';
import { outermost, readConfiguration, shape } from '../../../src/config/read.js';
import { says, server, service } from './says.js';

const real = 'real_server 10.1.0.1 80 {\n}';
const file = (...lines: readonly string[]): string => lines.join('\n');

/** One mistake is one message, at its place; nothing is said about the rest. */
const rows: readonly [name: string, text: string, says: readonly string[]][] = [
  ['an empty file', '', []],
  ['a complete service', service(real), []],
  [
    'an unknown outermost block says nothing about its content',
    'virtual_sever 10.0.0.1 80 {\n delay_loop 6\n}',
    ["1:1: 'virtual_sever' is no keyword of the outermost level; did you mean 'virtual_server'?"],
  ],
  [
    'an unknown word in a service says nothing of what may be missing',
    file('virtual_server 10.0.0.1 80 {', 'lvs_shed rr', 'protocol TCP', real, '}'),
    ["2:1: 'lvs_shed' is no keyword of virtual_server; did you mean 'lvs_sched'?"],
  ],
  [
    'an unknown word in a server',
    server('wieght 5'),
    ["6:1: 'wieght' is no keyword of real_server; did you mean 'weight'?"],
  ],
  [
    'another case is another word',
    server('Weight 5'),
    ["6:1: 'Weight' is no keyword of real_server; did you mean 'weight'?"],
  ],
  [
    'names of JavaScript are no words',
    file('constructor 1', '__proto__ {', '}', 'toString'),
    [
      "1:1: 'constructor' is no keyword of the outermost level",
      "2:1: '__proto__' is no keyword of the outermost level",
      "4:1: 'toString' is no keyword of the outermost level",
    ],
  ],
  [
    'all errors at once',
    server('weight x', 'TCP_CHECK {', 'retry -1', 'conect_timeout 3', '}'),
    [
      "6:8: 'x' is no value of weight, expected a whole number from 0 to 2147483647",
      "8:7: '-1' is no value of retry, expected a whole number from 0 to 4294967295",
      "9:1: 'conect_timeout' is no keyword of TCP_CHECK; did you mean 'connect_timeout'?",
    ],
  ],
  [
    'a value is missing',
    service('delay_loop', real),
    ["5:1: 'delay_loop' lacks a value, expected seconds from 0.000001"],
  ],
  [
    'a unit',
    service('delay_loop 6s', real),
    ["5:12: '6s' is no value of delay_loop, expected seconds from 0.000001; did you mean '6'?"],
  ],
  [
    'hexadecimal and exponents are no numbers',
    server('weight 0x10', 'uthreshold 1e3'),
    [
      "6:8: '0x10' is no value of weight, expected a whole number from 0 to 2147483647",
      "7:12: '1e3' is no value of uthreshold, expected a whole number from 0 to 4294967295",
    ],
  ],
  [
    'two statements on one line',
    service('delay_loop 6 lvs_sched rr', real),
    ["5:14: 'lvs_sched' begins a statement of its own, expected it on the next line"],
  ],
  [
    'a word too many',
    service('delay_loop 6 seconds', real),
    ["5:14: warning: 'seconds' is more than 'delay_loop' takes; it has no effect"],
  ],
  [
    'a block where there is none',
    service('delay_loop 6 {', '}', real),
    ["5:13: 'delay_loop' has no block, expected the end of the line"],
  ],
  [
    'a flag that is refused by its value',
    service('alpha no', real),
    ["5:7: 'alpha' is a flag: it is on because it is there, expected no value, or no such line"],
  ],
  [
    'given twice',
    service('delay_loop 6', 'delay_loop 7', real),
    ["6:1: warning: 'delay_loop' is given twice, first in line 5; the last one counts"],
  ],
  [
    'given twice by two names',
    service('lb_algo wrr', real),
    ["5:1: warning: 'lb_algo' says again what 'lvs_sched' says in line 3; the last one counts"],
  ],
  [
    'a command given twice',
    server('notify_up /bin/a', 'notify_up /bin/b'),
    ["7:1: 'notify_up' is given twice, first in line 6, expected it once"],
  ],
  [
    'a variable that is not defined, as a value',
    server('weight $W'),
    ["6:8: '$W' is a variable that is not defined, expected a whole number from 0 to 2147483647"],
  ],
  ['a variable in braces that is not defined is said once', server('weight ${W}'), ["6:8: '${W}' is not defined"]],
  [
    'a quote that is not closed, before a brace',
    file('virtual_server "10.0.0.1 80 {', '  protocol TCP', '  x', '}', 'y'),
    [
      "1:16: a quote that is not closed, expected '\"' on the same line",
      "3:3: 'x' is no keyword of virtual_server",
      "5:1: 'y' is no keyword of the outermost level",
    ],
  ],
  [
    'words without effect here: one warning for each, with the reason',
    'global_defs {\nenable_dbus\nrouter_id b\nprocess_names\n}',
    [
      "2:1: warning: 'enable_dbus' has no effect: lvsd is not on D-Bus; 'lvsctl' talks to it",
      "4:1: warning: 'process_names' has no effect: the processes of lvsd have names of their own",
    ],
  ],
  ['a NUL byte', 'global_defs {\n router_id a\0b\n}', ['2:13: a NUL byte, expected text']],
  ['an include that nobody reads', 'include a.conf', ['1:9: files cannot be included here']],
];

for (const [name, text, expected] of rows)
  t.test(name, (t) => {
    t.strictSame(says(text), expected);
    t.end();
  });

t.test('a byte order mark is no text', (t) => {
  t.strictSame(says(`\ufeff${service(real)}`), []);
  t.end();
});

t.test('CRLF is LF', (t) => {
  const text = service(real);
  t.strictSame(says(text.replaceAll('\n', '\r\n')), []);
  t.end();
});

t.test('any error: no configuration; only warnings: one', (t) => {
  t.equal(readConfiguration({ file: 'f', text: service('delay_loop x', real) }).configuration, undefined);
  t.equal(
    readConfiguration({ file: 'f', text: service('delay_loop 6 x', real) }).configuration?.virtualServers.length,
    1,
  );
  t.end();
});

t.test('included files are read where they stand, each complaint names its file', (t) => {
  const texts: Readonly<Record<string, string>> = {
    a: 'delay_loop x\ninclude b\n',
    b: 'delay_lop 1',
    self: 'include self',
  };
  const includes = (pattern: string): readonly SourceText[] | { missing: string; mayBe: boolean } =>
    Object.hasOwn(texts, pattern)
      ? [{ file: pattern, text: texts[pattern] ?? '' }]
      : { missing: `no ${pattern}`, mayBe: pattern.includes('*') };
  t.strictSame(
    says(
      `$B=b\n${service(
        ...['include a', real, 'include *.conf', 'includew *.conf', 'include c', 'include self'],
        ...['@lb1 include "${B}" # under a condition', '@lb2 include nothing', 'include'],
      )}`,
      { includes, configId: 'lb1' },
    ),
    [
      '9:9: warning: no *.conf',
      '10:10: no *.conf',
      '11:9: no c',
      "15:1: 'include' lacks the name of a file",
      "a:1:12: 'x' is no value of delay_loop, expected seconds from 0.000001",
      "b:1:1: 'delay_lop' is no keyword of virtual_server; did you mean 'delay_loop'?",
      'self:1:9: self includes itself',
    ],
  );
  t.end();
});

t.test('comments are kept with their places', (t) => {
  const tree = parse({ file: 'f', text: '# one\nglobal_defs { ! two\n}\n' }, {}, shape, new Diagnostics());
  t.strictSame(
    tree.comments.map(({ source, at }) => [source.line, at, source.text.slice(at)]),
    [
      [1, 0, '# one'],
      [2, 14, '! two'],
    ],
  );
  t.end();
});

/** Words that lead deep into the language, and some that lead nowhere. */
const words = [
  ...Object.keys(outermost).slice(-6),
  ...'real_server TCP_CHECK HTTP_GET url path regex lvs_method protocol delay_loop weight notify_up lvs_timeouts sorry_server'.split(
    ' ',
  ),
  ...'10.0.0.1 2001:db8::1 10.0.0.1-10.0.1.9 80 0 -1 5 TCP TUN type gue port group fwmark "a b" \'c\' "( ${X} $X $X=1 \\'.split(
    ' ',
  ),
];

t.test(
  'property: no text throws; every complaint stands in the text, and errors are why there is no configuration',
  (t) => {
    const piece = fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...words) },
      { weight: 4, arbitrary: fc.constantFrom(' ', '\n', ' {\n', '\n}\n', '# x\n') },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 5 }) },
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const text = pieces.join(' ');
        const { configuration, diagnostics } = readConfiguration({ file: 'f', text });
        const lines = text.split('\n');
        const placed = diagnostics.every(({ position: { line, column } }) => {
          const { length } = lines[line - 1] ?? '';
          return line >= 1 && line <= lines.length && column >= 1 && column <= length + 1;
        });
        return placed && (configuration === undefined) === diagnostics.some((one) => one.severity === 'error');
      }),
      { numRuns: 3000 },
    );
    t.end();
  },
);

t.test('property: a word exchanged in a complete file gives at most two complaints, the first at its line', (t) => {
  const text = server('weight 1', 'TCP_CHECK {', 'connect_timeout 3', 'retry 1', '}');
  const lines = text.split('\n');
  const places = lines.flatMap((line, i) =>
    [...line.matchAll(/[^\s{}]+/g)].map((match) => ({ i, at: match.index, word: match[0] })),
  );
  fc.assert(
    fc.property(fc.constantFrom(...places), ({ i, at, word }) => {
      const broken = lines.map((line, j) =>
        i === j ? `${line.slice(0, at)}qqqqqqqqqqqq${line.slice(at + word.length)}` : line,
      );
      const found = says(broken.join('\n'));
      return found.length === 1 && (found[0] ?? '').startsWith(`${i + 1}:${at + 1}:`);
    }),
  );
  t.end();
});
