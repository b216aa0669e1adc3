import fc from 'fast-check';
import t from 'tap';
import { decodeHead, type Progress, ResponseReader } from '../../../src/health/http-response.js';

/** Feeds an answer in pieces; tells the last progress and the body. */
function read(pieces: readonly string[]): { progress: Progress; body: string; status: number | undefined } {
  let body = '';
  const reader = new ResponseReader((bytes) => (body += Buffer.from(bytes).toString('latin1')));
  let progress: Progress = 'more';
  for (const piece of pieces) {
    progress = reader.read(Buffer.from(piece, 'latin1'));
    if (progress !== 'more') break;
  }
  return { progress, body, status: reader.head?.status };
}

const heads: [name: string, text: string, told: object][] = [
  ['a plain status line', 'HTTP/1.1 200 OK', { status: 200, length: undefined, chunked: false }],
  ['no reason phrase', 'HTTP/1.0 404', { status: 404 }],
  ['a length', 'HTTP/1.1 200 OK\r\ncontent-LENGTH:  12 ', { length: 12 }],
  ['two lengths are none', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2', { length: undefined }],
  ['a length that is no number', 'HTTP/1.1 200 OK\r\nContent-Length: 0x10', { length: undefined }],
  [
    'chunked has no length',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked',
    { length: undefined, chunked: true },
  ],
  ['an SSH banner', 'SSH-2.0-OpenSSH_9.2', { refused: "'SSH-2.0-OpenSSH_9.2' is not a status line of HTTP" }],
  ['bare line feeds', 'HTTP/1.1 200 OK\nX: y', { refused: "'HTTP/1.1 200 OK.X: y' is not a status line of HTTP" }],
  ['nothing', '', { refused: "'' is not a status line of HTTP" }],
];

for (const [name, text, told] of heads)
  t.test(name, (t) => {
    t.match(decodeHead(text), told);
    t.end();
  });

t.test('the body ends where the server said, whatever comes after', (t) => {
  const told = read(['HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab', 'cdef']);
  t.same(told, { progress: 'complete', body: 'abc', status: 200 });
  t.end();
});

t.test('without a length it ends with the connection', (t) => {
  t.same(read(['HTTP/1.1 200 OK\r\n\r\n', 'abc']), { progress: 'more', body: 'abc', status: 200 });
  t.end();
});

t.test('a head without end is refused before it fills the memory', (t) => {
  const line = `X: ${'y'.repeat(1000)}\r\n`;
  const told = read(['HTTP/1.1 200 OK\r\n', ...new Array<string>(70).fill(line)]);
  t.same(told.progress, { refused: 'a head without end' });
  t.end();
});

t.test('a head may be as long as the limit, in one piece with a body that is longer', (t) => {
  const told = read([`HTTP/1.1 200 OK\r\nX: ${'y'.repeat(65_000)}\r\n\r\n${'z'.repeat(100_000)}`]);
  t.equal(told.body.length, 100_000);
  t.match(read([`HTTP/1.1 200 OK\r\nX: ${'y'.repeat(65_536)}\r\n\r\n`]).progress, { refused: /head/ });
  t.end();
});

t.test('interim answers count as head: without end they are refused', (t) => {
  const interim = 'HTTP/1.1 100 Continue\r\n\r\n';
  t.same(read([interim.repeat(1000), 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n']), {
    progress: 'complete',
    body: '',
    status: 200,
  });
  t.match(read([interim.repeat(4000)]).progress, { refused: 'a head without end' });
  t.end();
});

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
const chunks: [name: string, text: string, told: { progress: unknown; body?: string }][] = [
  ['two chunks', '3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n', { progress: 'complete', body: 'abcde' }],
  ['a line feed in a chunk', '3\r\na\nc\r\n0\r\n\r\n', { progress: 'complete', body: 'a\nc' }],
  ['zeros and capitals', '00A\r\n0123456789\r\n0\r\n\r\n', { progress: 'complete', body: '0123456789' }],
  ['an extension', '3 ; a="b;c"\r\nabc\r\n0;x\r\n\r\n', { progress: 'complete', body: 'abc' }],
  ['a trailer', '0\r\nX: y\r\nZ: \r\n\r\nmore', { progress: 'complete', body: '' }],
  ['not all of it', '3\r\nab', { progress: 'more', body: 'ab' }],
  ['no size', '\r\nabc', { progress: { refused: 'a chunk without size' } }],
  ['a negative size', '-1\r\n', { progress: { refused: 'a chunk without size' } }],
  ['a hexadecimal sign', '0x3\r\nabc', { progress: { refused: 'a chunk without size' } }],
  ['a size beyond all', 'fffffffffff\r\n', { progress: { refused: 'a chunk without size' } }],
  ['a chunk longer than its size', '3\r\nabcd\r\n', { progress: { refused: /longer than its size/ } }],
  ['a line feed alone', '3\nabc\r\n', { progress: { refused: /a line feed alone/ } }],
  ['an extension without end', `3;${'x'.repeat(5000)}`, { progress: { refused: /a line without end/ } }],
  ['a trailer without end', `0\r\n${'X: y\r\n'.repeat(20_000)}`, { progress: { refused: 'a trailer without end' } }],
  ['chunks of a byte', '1\r\nx\r\n'.repeat(100_001), { progress: { refused: 'more than 100000 chunks' } }],
];
for (const [name, text, told] of chunks)
  t.test(`chunked: ${name}`, (t) => {
    t.match(read([CHUNKED, text]), told);
    t.match(read([...(CHUNKED + text.slice(0, 7000))].concat(text.slice(7000))), told, 'byte by byte');
    t.end();
  });

const anyAnswer = fc.oneof(
  fc.constant('HTTP/1.1 200 OK\r\nContent-Length: 11\r\nX: y\r\n\r\nhello world'),
  fc.constant(`HTTP/1.1 100 Continue\r\n\r\n${CHUNKED}5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nA: b\r\n\r\n`),
  fc.constant('HTTP/1.0 200 OK\r\n\r\nhello world'),
  // and what is wrong with it shall be told alike
  fc
    .array(fc.constantFrom('1', 'a', '\r\n', '\n', '0', ';', 'xx'), { maxLength: 20 })
    .map((parts) => CHUNKED + parts.join('')),
  fc
    .array(fc.constantFrom('HTTP/1.1 100 X', 'HTTP/1.0 200 X', '\r\n', 'A: b', 'Content-Length: 3'))
    .map((parts) => parts.join('')),
);

t.test('it makes no difference in which pieces an answer comes', (t) => {
  fc.assert(
    fc.property(anyAnswer, fc.array(fc.nat(200), { maxLength: 8 }), (answer, cuts) => {
      const at = [0, ...cuts.map((cut) => cut % (answer.length + 1)).sort((a, b) => a - b), answer.length];
      const pieces = at.slice(1).map((end, i) => answer.slice(at[i], end));
      const [whole, cut] = [read([answer]), read(pieces)];
      t.same(cut.progress, whole.progress);
      // what came before a refusal may have been given, or not
      if (typeof whole.progress !== 'object') t.same(cut, whole);
    }),
    { numRuns: 500 },
  );
  t.end();
});

t.test('random bytes are refused or read, never thrown at', (t) => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }), (pieces) => {
      const reader = new ResponseReader(() => undefined);
      for (const piece of pieces) if (typeof reader.read(Buffer.from(piece)) === 'object') return true;
      return true;
    }),
  );
  t.end();
});
