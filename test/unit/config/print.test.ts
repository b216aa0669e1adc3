import * as fc from 'fast-check';
import t from 'tap';
import { Diagnostics } from '../../../src/config/diagnostics.js';
import { type Includes, parse, type SyntaxTree } from '../../../src/config/parse.js';
import { printTree } from '../../../src/config/print.js';
import { readConfiguration, shape } from '../../../src/config/read.js';
import type { Statement } from '../../../src/config/tree.js';

const treeOf = (text: string, includes?: Includes): SyntaxTree =>
  parse({ file: '/f', text }, { configId: 'a', ...(includes && { includes }) }, shape, new Diagnostics());
const printed = (text: string, includes?: Includes): string => printTree(treeOf(text, includes));
const lines = (...all: readonly string[]): string => all.map((line) => `${line}\n`).join('');

const rows: readonly [name: string, text: string, printed: string][] = [
  ['nothing', '', ''],
  ['indentation and blanks', 'a   b{\n\tc\t d \n} ', lines('a b {', '    c d', '}')],
  ['a brace on a line of its own', 'a\n{\nb { c }\n}', lines('a {', '    b {', '        c', '    }', '}')],
  ['an empty block', 'a {}', lines('a {', '}')],
  [
    'empty lines: one where there were some',
    'a\n\n\n\nb\nc {\n\nd\n\ne\n\n}\n\nf\n',
    lines('a', '', 'b', 'c {', '    d', '', '    e', '}', '', 'f'),
  ],
  [
    'comments before, beside, and before the end of a block',
    '# one\na { ! two\n  # three\n  b # four\n\n  # five\n} # six\n# seven',
    lines('# one', 'a { ! two', '    # three', '    b # four', '', '    # five', '} # six', '# seven'),
  ],
  ['only comments', '# a\n\n# b\n', lines('# a', '', '# b')],
  ['quotes stay as they are', 'a  "b  c"   d""', lines('a "b  c" d""')],
  ['words of a command stay as they are', `notify_up "/a  'b  c'  \\"d"`, lines(`notify_up "/a  'b  c'  \\"d"`)],
  ['escaped comment signs', 'a b\\#c \\!d "e # f"', lines('a b\\#c \\!d "e # f"')],
  ['signs that variables made', '$A=\\!x ${_HASH}\n$B=@b c\na ${A}\n${B}d', lines('a \\!x \\#', '"@b" cd')],
  [
    'variables, conditions and sequences are carried out',
    '$A=1\n@a b ${A}\n@c d\n~SEQ(N,2) e${N}',
    lines('b 1', '', 'e1', 'e2'),
  ],
  ['a byte order mark and carriage returns', '\ufeffa {\r\n b\r\n}\r\n', lines('a {', '    b', '}')],
];

for (const [name, text, wanted] of rows)
  t.test(name, (t) => {
    t.equal(printed(text), wanted);
    t.end();
  });

t.test('what is included stands where it was included, with its comments', (t) => {
  const includes: Includes = () => [{ file: '/g', text: '# of g\nc # beside\n# end of g\n' }];
  const text = printed('# of f\na {\n  include g\n  # later\n  d\n}\n# end of f\n', includes);
  t.equal(
    text,
    lines('# of f', 'a {', '    # of g', '    c # beside', '    # end of g', '    # later', '    d', '}', '# end of f'),
  );
  t.end();
});

const words = (statements: readonly Statement[]): unknown =>
  statements.map(({ texts, block }) => (block === undefined ? texts : [texts, words(block)]));

/** Lines of the language that are right as far as braces and quotes go. */
const character = fc.constantFrom(..."ab0.-:/_='\\#!$@~é,()");
const word = fc.oneof(
  fc.string({ unit: character, minLength: 1, maxLength: 6 }),
  fc.string({ unit: fc.oneof(character, fc.constantFrom(...' \t{}')), maxLength: 6 }).map((text) => `"${text}"`),
  fc.constantFrom('notify_up', 'regex', 'virtual_server', '10.0.0.1', '\\x41', "'a  b'"),
);
const blank = fc.constantFrom(' ', '  ', '\t', '');
const statement = fc
  .array(fc.tuple(word, blank), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.map(([text, space]) => text + space).join(''));
const comment = fc.constantFrom('', '', '', ' # a  comment {', '!"', '#');
const { text: generated } = fc.letrec<{ text: string; line: string }>((tie) => ({
  text: fc.array(tie('line'), { maxLength: 5 }).map((all) => all.map((line) => `${line}\n`).join('')),
  line: fc.oneof(
    { maxDepth: 3 },
    fc.tuple(blank, statement, comment).map((parts) => parts.join('')),
    fc.constantFrom('', '# alone', '$A=b c', '~SEQ(N,1,2) s${N} x', '@a kept', '@b dropped', '$A'),
    fc
      .tuple(statement, comment, tie('text'), blank, comment)
      .map(([head, one, inside, indent, two]) => `${head} {${one}\n${inside}${indent}}${two}`),
  ),
}));

t.test(
  'property: printed and parsed again it is the same tree with the same comments, and printed again the same text',
  (t) => {
    let complete = 0;
    fc.assert(
      fc.property(generated, (text) => {
        const diagnostics = new Diagnostics();
        const tree = parse({ file: '/f', text }, { configId: 'a' }, shape, diagnostics);
        if (diagnostics.hasErrors) return;
        complete++;
        const once = printTree(tree);
        const again = treeOf(once);
        t.strictSame(words(again.statements), words(tree.statements));
        t.equal(again.comments.length, tree.comments.length);
        t.equal(printTree(again), once);
      }),
      { numRuns: 1500 },
    );
    t.ok(complete > 300, `${complete} texts had no error`);
    t.end();
  },
);

const gap = fc.constantFrom('\n', '\n\n', ' # why\n', '\n  ! so\n');
const server = fc
  .tuple(
    fc.integer({ min: 1, max: 250 }),
    fc.integer({ min: 0, max: 9 }),
    gap,
    fc.boolean(),
    fc.constantFrom("'a  b'", '\\#1', '"x y"'),
  )
  .map(
    ([last, weight, space, checked, argument]) =>
      `real_server 10.1.0.${last} 80 {${space}weight ${weight}${space}` +
      (checked ? `TCP_CHECK { connect_timeout 3 }${space}` : '') +
      `notify_up "/bin/true ${argument.replaceAll('"', '')}"${space}}${space}`,
  );
const configurations = fc
  .tuple(fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 4 }), gap, server, fc.constantFrom('TCP', 'udp'))
  .map(([ports, space, inside, protocol]) =>
    ports
      .map(
        (port) =>
          `virtual_server 10.0.0.1 ${port}${space}{${space}protocol ${protocol}\nlb_algo rr\nlb_kind NAT\n${inside}}`,
      )
      .join('\n'),
  );

/** Services of the userspace engine: one of each set of words that go together, on prefixes that follow each other. */
const userspaceLines = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('4093', '65536', '101'),
      fc.shuffledSubarray(['ip_src', 'tp_src', 'eth_dst'], { minLength: 1 }),
    )
    .map(([size, fields]) => [
      'protocol ANY',
      'lb_kind TUN type gre',
      `maglev_size ${size}`,
      `hash_fields ${fields.join('  ')}`,
    ]),
  fc
    .tuple(fc.nat(63), fc.constantFrom('answer', 'kernel'))
    .map(([dscp, echo]) => [
      'protocol tcp',
      `lb_kind L3DSR dscp ${dscp}`,
      `icmp_echo ${echo}`,
      'answer_arp',
      'stateless',
    ]),
  fc
    .tuple(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 65_535 }))
    .map(([last, port]) => [
      'protocol UDP',
      'lb_kind FULLNAT',
      `snat_pool 172.16.0.${last}-172.16.0.99 ports ${port}`,
      'snat_pool 172.16.1.1',
      `udp_timeout ${port}`,
    ]),
  fc.constant(['protocol TCP', 'lb_kind TUN', 'tunnel_source 172.16.0.1', 'interfaces "eth0" eth1', 'src_ip_sticky']),
);
const userspace = fc
  .tuple(fc.array(userspaceLines, { minLength: 1, maxLength: 3 }), gap, fc.boolean())
  .map(([blocks, space, forAll]) =>
    [
      forAll
        ? `global_defs {${space}lvs_engine userspace\nengine_ports eth0  eth1${space}engine_timeouts udp 5 syn 6\n}`
        : '',
      ...blocks.map(
        (lines, i) =>
          `virtual_server 10.0.${i}.0/24 {${space}${forAll ? '' : 'lvs_engine userspace\n'}lb_algo maglev\n` +
          `${lines.join(space)}${space}real_server 10.1.0.${i + 1} {\n}\n}`,
      ),
    ].join('\n'),
  );

const meaning = (text: string): string | undefined => {
  const { configuration } = readConfiguration({ file: '/f', text });
  return configuration === undefined
    ? undefined
    : JSON.stringify(configuration, (key, value: unknown) => (key === 'position' ? undefined : value));
};

t.test('property: a configuration that is printed means the same', (t) => {
  fc.assert(
    fc.property(fc.oneof(configurations, userspace), (text) => {
      const before = meaning(text);
      t.type(before, 'string', text);
      t.equal(meaning(printed(text)), before);
    }),
    { numRuns: 500 },
  );
  t.end();
});
