import fc from 'fast-check';
import t from 'tap';
import { formatReply, SmtpReplyReader } from '../../../src/health/smtp-reply.js';

const read = (text: string) => new SmtpReplyReader().read(Buffer.from(text, 'latin1'));

const rows: [name: string, text: string, expected: ReturnType<typeof read>][] = [
  ['one line', '220 mail.example ESMTP\r\n', { code: 220, text: 'mail.example ESMTP' }],
  ['no text', '220\r\n', { code: 220, text: '' }],
  ['a space and no text', '220 \r\n', { code: 220, text: '' }],
  [
    'several lines',
    '220-mail.example\r\n220-with rules\r\n220 of the house\r\n',
    { code: 220, text: 'mail.example with rules of the house' },
  ],
  ['a last line without text', '250-mail.example\r\n250\r\n', { code: 250, text: 'mail.example ' }],
  ['line ends of Unix', '220-a\n220 b\n', { code: 220, text: 'a b' }],
  ['bytes that are no text', '554 \x1b[2Jno\xff\r\n', { code: 554, text: '?[2Jno?' }],
  ['the beginning of a line', '220 mail', undefined],
  ['all but the last line', '220-a\r\n220-b\r\n', undefined],
  ['two codes in one reply', '220-a\r\n250 b\r\n', { refused: '220 and 250 in one reply' }],
  ['two replies', '220 a\r\n250 b\r\n', { refused: 'more than one reply to one command' }],
  ['HTTP', 'HTTP/1.0 400 Bad\r\n', { refused: "not a reply: 'HTTP/1.0 400 Bad'" }],
  ['an empty line', '\r\n', { refused: "not a reply: ''" }],
  ['code 99', '99 x\r\n', { refused: "not a reply: '99 x'" }],
  ['code 120', '120 x\r\n', { refused: "not a reply: '120 x'" }],
  ['four digits', '2200 x\r\n', { refused: "not a reply: '2200 x'" }],
  ['a separator of its own', '220=x\r\n', { refused: "not a reply: '220=x'" }],
];
for (const [name, text, expected] of rows)
  t.test(`reads ${name}`, (t) => {
    t.strictSame(read(text), expected);
    t.end();
  });

t.test('a line without end and a reply without end are refused in time', (t) => {
  const line = new SmtpReplyReader();
  t.equal(line.read(Buffer.from(`220 ${'x'.repeat(4000)}`)), undefined);
  t.match(line.read(Buffer.from('x'.repeat(100))), { refused: /a line of more than 4096 bytes/ });
  const reply = new SmtpReplyReader();
  t.equal(reply.read(Buffer.from('220-rule\r\n'.repeat(256))), undefined);
  t.match(reply.read(Buffer.from('220-rule\r\n')), { refused: /a reply of more than 256 lines/ });
  t.end();
});

t.test('a long text is cut short', (t) => {
  const reply = read(`554 ${'x'.repeat(300)}\r\n`);
  t.ok(reply !== undefined && 'text' in reply && formatReply(reply) === `554 ${'x'.repeat(200)}…`);
  t.end();
});

t.test('one reader reads one reply after the other', (t) => {
  const reader = new SmtpReplyReader();
  t.match(reader.read(Buffer.from('220-a\r\n220 b\r\n')), { code: 220 });
  t.equal(reader.read(Buffer.from('250-c\r\n')), undefined);
  t.match(reader.read(Buffer.from('250 d\r\n')), { code: 250, text: 'c d' });
  t.end();
});

const replyLines = fc.tuple(
  fc.integer({ min: 200, max: 599 }),
  fc.array(fc.stringMatching(/^[ -~]{0,60}$/), { minLength: 1, maxLength: 20 }),
);

t.test('replies come out the same, wherever they are cut', (t) => {
  fc.assert(
    fc.property(replyLines, fc.array(fc.nat(1500), { maxLength: 30 }), ([code, lines], cuts) => {
      const last = lines.length - 1;
      const bytes = Buffer.from(lines.map((line, i) => `${code}${i === last ? ' ' : '-'}${line}\r\n`).join(''));
      const reader = new SmtpReplyReader();
      const places = [...new Set([0, ...cuts.filter((at) => at < bytes.length), bytes.length])].sort((a, b) => a - b);
      const found = places.slice(1).map((end, i) => reader.read(bytes.subarray(places[i], end)));
      const reply = found.pop();
      t.ok(found.every((one) => one === undefined));
      const text = lines.join(' ');
      t.strictSame(reply, { code, text: text.length > 200 ? `${text.slice(0, 200)}…` : text });
    }),
    { numRuns: 300 },
  );
  t.end();
});

t.test('fuzz: any bytes in any pieces give a reply, a refusal or nothing, and never much text', (t) => {
  const likely = fc
    .constantFrom('220', '250 ok', '-', ' ', '\r\n', '\n', '220-', '\0', 'x'.repeat(2000))
    .map((text) => Buffer.from(text));
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.uint8Array({ maxLength: 200 }), likely), { maxLength: 40 }), (pieces) => {
      const reader = new SmtpReplyReader();
      for (const piece of pieces) {
        const found = reader.read(piece);
        if (found === undefined) continue;
        if ('refused' in found) return;
        if (!/^[ -~]*…?$/.test(found.text) || found.text.length > 201) throw new Error(found.text);
      }
    }),
    { numRuns: 3000 },
  );
  t.pass('none threw');
  t.end();
});
