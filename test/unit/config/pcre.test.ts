/** Patterns of PCRE2 as JavaScript finds them: by rows, and against PCRE2 itself where its library is there. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import t from 'tap';
import { type PcreOptions, translatePcre } from '../../../src/config/checks/pcre.js';

interface Question {
  readonly pattern: string;
  readonly options: PcreOptions;
  readonly subject: string;
}

/** Where it matches first, or -1; 'refused'. The subject is Latin-1. */
function find({ pattern, options, subject }: Question): number | 'refused' {
  const regex = translatePcre(pattern, options);
  return 'refused' in regex ? 'refused' : (regex.exec(subject)?.index ?? -1);
}

const oracle = fileURLToPath(new URL('../../../../test/helpers/pcre2.py', import.meta.url));

/** The same questions to PCRE2; undefined: it is not there. */
function askPcre2(questions: readonly Question[]): (number | 'refused' | 'undecided')[] | undefined {
  const input = questions
    .map((one) => JSON.stringify({ ...one, pattern: Buffer.from(one.pattern).toString('latin1') }))
    .join('\n');
  const { status, stdout, stderr } = spawnSync('python3', [oracle], { input, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status === 3) return undefined;
  if (status !== 0) throw new Error(stderr);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as number | 'refused' | 'undecided');
}

/** Pattern, subject, where it is found. All of it holds in PCRE2 10.42. */
const rows: readonly (readonly [pattern: string, subject: string, at: number, options?: PcreOptions])[] = [
  // the ends of text and line
  ['^b', 'a\nb', -1],
  ['^b', 'a\nb', 2, { m: true }],
  ['^', 'a\n', 0, { m: true }],
  ['\\n^', 'a\n', -1, { m: true }],
  ['a$', 'a', 0],
  ['a$', 'a\n', 0],
  ['a$', 'a\n', -1, { dollarEndOnly: true }],
  ['a$', 'a\n\n', -1],
  ['a$', 'a\nb', -1],
  ['a$', 'a\nb', 0, { m: true }],
  ['a$', 'a\r\nb', -1, { m: true }],
  ['a\\z', 'a\n', -1],
  ['a\\Z', 'a\n', 0],
  ['\\Ab', 'a\nb', -1, { m: true }],
  ['(?m)b$', 'ab\nc', 1],
  // what a dot and the classes are
  ['a.b', 'a\nb', -1],
  ['a.b', 'a\rb', 0],
  ['a.b', 'a\nb', 0, { s: true }],
  ['a\\Nb', 'a\nb', -1, { s: true }],
  ['a\\sb', 'a\xa0b', -1],
  ['a\\hb', 'a\xa0b', 0],
  ['a\\Hb', 'a b', -1],
  ['a\\vb', 'a\x0cb', 0],
  ['a\\Rb', 'a\r\nb', 0],
  ['a\\R\\nb', 'a\r\nb', -1],
  ['a\\Rb', 'a\x85b', 0],
  ['\\w', '\xe9', -1],
  ['[]a]+', 'b]a', 1],
  ['[^]a]', ']ab', 2],
  ['[[:alpha:]]+[[:digit:]]', '-ab1', 1],
  ['[[:^space:]x]', ' \tx', 2],
  ['[[:punct:]]', 'a_', 1],
  ['[\\w-]+$', 'a-b', 0],
  ['[a\\]]', ']', 0],
  ['[\\b]', '\b', 0],
  ['[a-c-]', '-', 0],
  ['[\\x41-\\x43]', 'B', 0],
  ['[\\101]', 'A', 0],
  // letters of both cases: ASCII only
  ['(?i)hello', 'HeLLo', 0],
  ['hel(?i)lo', 'HELlo', -1],
  ['hel(?i)lo', 'helLO', 0],
  ['(?i:a)b', 'Ab', 0],
  ['(?i:a)b', 'AB', -1],
  ['(a(?i)b|c)d', 'Cd', 0],
  ['(a(?i)b|c)d', 'CD', -1],
  ['[a-c]', 'B', 0, { i: true }],
  ['[^a]', 'A', -1, { i: true }],
  ['\xe9', '\xc3\xa9', 0],
  ['\xe9', '\xc3\x89', -1, { i: true }],
  // groups
  ['a++a', 'aaa', -1],
  ['(?>a+)a', 'aaa', -1],
  ['(?>a|ab)c', 'abc', -1],
  ['x(?:a|ab)c', 'xabc', 0],
  ['"(?>[^"\\\\]++|\\\\.)*"', '"a\\"b"', 0],
  ['(?<year>\\d+)-\\k<year>', '12-12', 0],
  ["(?'y'a)\\k{y}", 'aa', 0],
  ['(?P<y>a)(?P=y)', 'aa', 0],
  ['(a)(b)\\2\\1', 'abba', 0],
  ['(a)\\g{-1}', 'aa', 0],
  ['(a)\\g1', 'aa', 0],
  ['a(?#no b)c', 'ac', 0],
  ['a(?=b)b', 'ab', 0],
  ['(?<!a)b', 'abb', 2],
  // what stands for itself
  ['\\Qa.b\\E+', 'a.bb', 0],
  ['\\Q(\\E', '(', 0],
  ['a{,2}', 'a{,2}', 0],
  ['a{b', 'a{b', 0],
  ['a]}', 'a]}', 0],
  ['\\e\\a\\x{41}', '\x1b\x07A', 0],
  ['\\x41\\012', 'A\n', 0],
  ['\\x', '\0', 0],
  ['\\cA', '\x01', 0],
  ['\\/\\-\\_', '/-_', 0],
  ['a b # c', 'ab', 0, { x: true }],
  ['a +', 'aa', 0, { x: true }],
  ['a\\ b[ ]c', 'a b c', 0, { x: true }],
  ['a{2,3}?b', 'aaab', 0],
  ['', 'a', 0],
  ['a||b', 'c', 0],
];

for (const [pattern, subject, at, options = {}] of rows)
  t.test(`/${pattern}/ in ${JSON.stringify(subject)} ${Object.keys(options).join()}`, (t) => {
    t.equal(find({ pattern, options, subject }), at);
    t.end();
  });

t.test('the rows are true of PCRE2 itself', (t) => {
  const answers = askPcre2(rows.map(([pattern, subject, , options = {}]) => ({ pattern, subject, options })));
  if (answers === undefined) t.comment('libpcre2-8 is not installed');
  answers?.forEach((answer, i) => {
    const [pattern, subject, at] = rows[i]!;
    t.equal(answer, at, `/${pattern}/ in ${JSON.stringify(subject)}`);
  });
  t.end();
});

const refused: readonly (readonly [pattern: string, why: RegExp])[] = [
  ['a(b', /without its '\)'/],
  ['a)b', /without its '\('/],
  ['[a', /without its '\]'/],
  ['[]', /without its '\]'/],
  ['a\\', /at the end/],
  ['*a', /nothing before it/],
  ['a**', /nothing before it/],
  ['a{2}{3}', /nothing before it/],
  ['^*', /cannot be repeated/],
  ['(?=a)*', /cannot be repeated/],
  ['a{3,2}', /out of order/],
  ['a{70000}', /more than 65535/],
  ['[z-a]', /range/],
  ['[\\d-z]', /range/],
  ['[[:alfa:]]', /no class of characters 'alfa'/],
  ['[[.a.]]', /no class/],
  ['\\p{L}', /'\\p' is not known/],
  ['\\X', /'\\X'/],
  ['\\G', /'\\G'/],
  ['a\\Kb', /'\\K'/],
  ['\\u0041', /'\\u'/],
  ['\\x{100}', /beyond 255/],
  ['(?R)', /not known here/],
  ['(?1)', /not known here/],
  ['(?|a|b)', /not known here/],
  ['(?(1)a)', /not known here/],
  ['(?U)a', /not known here/],
  ['(*UTF)a', /verb/],
  ['(?<a>x)(?<a>y)', /two groups/],
  ['\\k<a>(?<a>x)', /no group 'a'/],
  ['(?<a>x)\\g<a>', /not known here/],
  // JavaScript takes a group that did not match for an empty one, PCRE2 for a failure
  ['(a)?\\1', /may not have matched/],
  ['(?:(a)|b)\\1', /may not have matched/],
  ['(a\\1)', /may not have matched/],
  ['(?:(a?))+\\1', /may not have matched/],
  ['(?i)(a)\\1', /under \(\?i\)/],
  ['(a)(?<=\\1)', /lookbehind/],
  ['(?<=a++)', /lookbehind/],
  ['\\12', /'\\12'/],
  ['('.repeat(300), /groups inside each other/],
];
for (const [pattern, why] of refused)
  t.test(`/${pattern.slice(0, 30)}/ is refused`, (t) => {
    const regex = translatePcre(pattern);
    t.match('refused' in regex ? regex.refused : String(regex), why);
    t.end();
  });

/** Patterns of what real ones are made of, and subjects over the same few letters. */
const piece = fc.constantFrom(
  ...[
    'a',
    'b',
    'A',
    '.',
    '\\n',
    '\\r',
    ' ',
    '^',
    '$',
    '|',
    '\\b',
    '\\B',
    '\\A',
    '\\z',
    '\\Z',
    '\\R',
    '\\h',
    '\\v',
    '\\s',
    '\\S',
  ],
  ...[
    '\\w',
    '\\W',
    '\\d',
    '\\N',
    '[ab]',
    '[^a]',
    '[a-b]',
    '[[:upper:]b]',
    '[^[:space:]]',
    '[\\s\\d]',
    '\\Qa.\\E',
    '(?#x)',
  ],
  ...['\\x61', '\\141', '(?i)', '(?s)', '(?m)', '(?-i)', '(?x)', '{', ']', '\\1', '\\g{-1}', '{,2}', '#', '\\.'],
);
const quantifier = fc.constantFrom(
  '',
  '',
  '',
  '*',
  '+',
  '?',
  '*?',
  '+?',
  '??',
  '*+',
  '++',
  '?+',
  '{2}',
  '{1,2}',
  '{0,1}+',
);
const pattern = fc.letrec<{ all: string; item: string }>((tie) => ({
  item: fc.oneof(
    { maxDepth: 4 },
    piece,
    fc
      .tuple(fc.constantFrom('(', '(?:', '(?=', '(?!', '(?>', '(?i:', '(?<=', '(?<n>'), tie('all'))
      .map(([open, inside]) => `${open}${inside})`),
  ),
  all: fc
    .array(fc.tuple(tie('item'), quantifier), { maxLength: 4 })
    .map((items) => items.map((parts) => parts.join('')).join('')),
})).all;
const subject = fc
  .array(fc.constantFrom('a', 'b', 'A', 'B', '\n', '\r', ' ', '1', '.', '\xa0', '\x85', '{'), { maxLength: 8 })
  .map((letters) => letters.join(''));
const options = fc.record(
  { i: fc.boolean(), m: fc.boolean(), s: fc.boolean(), x: fc.boolean(), dollarEndOnly: fc.boolean() },
  { requiredKeys: [] },
);

t.test('random patterns find what PCRE2 finds, or are refused', (t) => {
  const questions = fc.sample(fc.record({ pattern, options, subject }), {
    numRuns: 5000,
    seed: Number(process.env['SEED'] ?? 20_261_121), // each run of the tests asks the same; another seed asks other things
  });
  const answers = askPcre2(questions);
  let compared = 0;
  answers?.forEach((answer, i) => {
    const found = find(questions[i]!);
    // what PCRE2 refuses (lookbehinds of unknown length, above all) has no meaning in keepalived
    if (found === 'refused' || answer === 'refused' || answer === 'undecided') return;
    compared++;
    if (found !== answer) t.fail(`${JSON.stringify(questions[i])}: ${found}, PCRE2 says ${answer}`);
  });
  if (answers === undefined) t.comment('libpcre2-8 is not installed');
  else t.ok(compared > 1000, `${compared} were compared`);
  t.end();
});

t.test(
  'a loop that may match nothing in what is matched once is refused: JavaScript and PCRE take different turns',
  (t) => {
    for (const text of ['(?:a*?(b?){1,2}){0,1}+c', '(?>(?:a*?)?)b', '(?:(?:a|)+)++b'])
      t.match(translatePcre(text), { refused: /may match nothing/ }, text);
    t.notMatch(translatePcre('(?>(?:ab)+)c'), { refused: /./ });
    t.end();
  },
);

t.test('no text makes the translation throw', (t) => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const regex = translatePcre(text);
      return 'refused' in regex ? regex.refused !== '' : regex.flags === '';
    }),
    { numRuns: 2000 },
  );
  t.end();
});
