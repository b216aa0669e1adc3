import fc from 'fast-check';
import t from 'tap';
import {
  codeName,
  type DnsQuestion,
  dnsTypeNumbers,
  encodeQuery,
  readAnswer,
  readName,
} from '../../../src/health/dns-message.js';
import type { DnsType } from '../../../src/config/check.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const question: DnsQuestion = { name: 'a.example', type: 'A' };

t.test('queries on the wire', (t) => {
  const rows: [DnsQuestion, string][] = [
    [question, '1234 0100 0001 0000 0000 0000 0161 076578616d706c65 00 0001 0001'],
    [{ name: 'a.example.', type: 'A' }, '1234 0100 0001 0000 0000 0000 0161 076578616d706c65 00 0001 0001'],
    [{ name: '.', type: 'SOA' }, '1234 0100 0001 0000 0000 0000 00 0006 0001'],
    [{ name: 'x', type: 'CAA' }, '1234 0100 0001 0000 0000 0000 0178 00 0101 0001'],
  ];
  for (const [asked, bytes] of rows)
    t.equal(Buffer.from(encodeQuery(0x1234, asked)).toString('hex'), hex(bytes).toString('hex'), asked.name);
  t.end();
});

t.test('names that DNS cannot carry', (t) => {
  const long = Array.from({ length: 4 }, () => 'l'.repeat(63)).join('.');
  for (const name of ['', 'a..b', '.a', 'l'.repeat(64), long])
    t.throws(() => encodeQuery(1, { name, type: 'A' }), RangeError, name);
  t.doesNotThrow(() => encodeQuery(1, { name: long.slice(0, 253), type: 'A' }), '253 characters are just right');
  t.end();
});

const Q = '0161 076578616d706c65 00 0001 0001';
const answers: [name: string, bytes: string, expected: ReturnType<typeof readAnswer>][] = [
  ['an answer with a record', `1234 8180 0001 0001 0000 0000 ${Q}`, { code: 0, records: 1, truncated: false }],
  ['an empty answer', `1234 8180 0001 0000 0000 0000 ${Q}`, { code: 0, records: 0, truncated: false }],
  ['a truncated answer', `1234 8380 0001 0000 0000 0000 ${Q}`, { code: 0, records: 0, truncated: true }],
  [
    'the name in capitals',
    `1234 8180 0001 0000 0000 0000 0141 074558414d504c45 00 0001 0001`,
    { code: 0, records: 0, truncated: false },
  ],
  ['NXDOMAIN', `1234 8183 0001 0000 0000 0000 ${Q}`, { code: 3, records: 0, truncated: false }],
  ['an error without the question', '1234 8181 0000 0000 0000 0000', { code: 1, records: 0, truncated: false }],
  ['success without the question', '1234 8180 0000 0000 0000 0000', { ignored: '0 questions' }],
  ['two questions', `1234 8180 0002 0000 0000 0000 ${Q} ${Q}`, { ignored: '2 questions' }],
  ['another id', `1235 8180 0001 0000 0000 0000 ${Q}`, { ignored: 'another id' }],
  ['our own query', `1234 0100 0001 0000 0000 0000 ${Q}`, { ignored: 'being a query' }],
  ['an answer to a NOTIFY', `1234 a180 0001 0000 0000 0000 ${Q}`, { ignored: 'another operation' }],
  ['another name', '1234 8180 0001 0000 0000 0000 0162 076578616d706c65 00 0001 0001', { ignored: 'another question' }],
  [
    'a longer name',
    '1234 8180 0001 0000 0000 0000 0161 0161 076578616d706c65 00 0001 0001',
    { ignored: 'another question' },
  ],
  ['another type', '1234 8180 0001 0000 0000 0000 0161 076578616d706c65 00 001c 0001', { ignored: 'another question' }],
  [
    'another class',
    '1234 8180 0001 0000 0000 0000 0161 076578616d706c65 00 0001 0003',
    { ignored: 'another question' },
  ],
  [
    'a question that ends early',
    '1234 8180 0001 0000 0000 0000 0161 076578',
    { ignored: 'a question that cannot be read' },
  ],
  [
    'a question without a type',
    '1234 8180 0001 0000 0000 0000 0161 076578616d706c65 00 00',
    { ignored: 'a question that cannot be read' },
  ],
  [
    'a question that is a pointer to itself',
    '1234 8180 0001 0000 0000 0000 c00c 0001 0001',
    { ignored: 'a question that cannot be read' },
  ],
  ['11 bytes', '1234 8180 0001 0000 0000 00', { ignored: '11 bytes, too short' }],
  ['nothing', '', { ignored: '0 bytes, too short' }],
];
for (const [name, bytes, expected] of answers)
  t.test(`reads ${name}`, (t) => {
    t.strictSame(readAnswer(hex(bytes), 0x1234, question), expected);
    t.end();
  });

t.test('compressed names', (t) => {
  const head = '00'.repeat(12);
  const rows: [name: string, bytes: string, at: number, labels: readonly string[] | undefined, end: number][] = [
    ['a pointer back', `${head} 0161 00 0162 c00c`, 15, ['b', 'a'], 19],
    ['a pointer to a pointer', `${head} 0161 00 0162 c00c 0163 c00f`, 19, ['c', 'b', 'a'], 23],
    ['a pointer forward', `${head} c00e 0161 00`, 12, undefined, 0],
    ['two pointers in a circle', `${head} 0161 c010 0162 c00c`, 16, undefined, 0],
    ['a pointer into the header', `0161 00 ${'00'.repeat(9)} c000`, 12, undefined, 0],
    ['half a pointer', `${head} c0`, 12, undefined, 0],
    ['a label of 64', `${head} 40${'61'.repeat(64)} 00`, 12, undefined, 0],
    ['no end', `${head} 0161`, 12, undefined, 0],
    ['a start behind the end', head, 99, undefined, 0],
  ];
  for (const [name, bytes, at, labels, end] of rows)
    t.strictSame(readName(hex(bytes), at), labels === undefined ? undefined : { labels, end }, name);
  t.end();
});

t.test('codes have their names', (t) => {
  t.strictSame([0, 2, 3, 5, 15].map(codeName), ['NOERROR', 'SERVFAIL', 'NXDOMAIN', 'REFUSED', 'RCODE 15']);
  t.end();
});

const label = fc.stringMatching(/^[!-[\]-~]{1,63}$/).filter((text) => !text.includes('.'));
const asked = fc.record({
  name: fc
    .array(label, { minLength: 1, maxLength: 4 })
    .map((labels) => labels.join('.'))
    .filter((name) => name.length <= 253),
  type: fc.constantFrom(...(Object.keys(dnsTypeNumbers) as DnsType[])),
});

t.test('every question that is sent back is known again, and no other', (t) => {
  fc.assert(
    fc.property(asked, asked, fc.nat(65_535), (one, other, id) => {
      const bytes = encodeQuery(id, one);
      bytes[2]! |= 0x80;
      t.strictSame(readAnswer(bytes, id, one), { code: 0, records: 0, truncated: false });
      const same = one.name.toLowerCase() === other.name.toLowerCase() && one.type === other.type;
      t.equal('ignored' in readAnswer(bytes, id, other), !same);
    }),
    { numRuns: 200 },
  );
  t.end();
});

t.test('fuzz: any bytes give a verdict, and so does any answer with bytes changed', (t) => {
  const mutated = fc
    .tuple(asked, fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { maxLength: 8 }), fc.nat(300))
    .map(([one, changes, cut]) => {
      const bytes = encodeQuery(7, one);
      bytes[2]! |= 0x80;
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      return bytes.subarray(0, bytes.length - (cut % bytes.length));
    });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 600 }), mutated), fc.nat(600), (bytes, at) => {
      const answer = readAnswer(bytes, 7, question);
      if (!('ignored' in answer) && (answer.code < 0 || answer.code > 15)) throw new Error(JSON.stringify(answer));
      const name = readName(bytes, at);
      if (name !== undefined && (name.end > bytes.length || name.labels.join('.').length > 254))
        throw new Error('too long');
    }),
    { numRuns: 5000 },
  );
  t.pass('none threw');
  t.end();
});
