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

t.test('it makes no difference in which pieces an answer comes', (t) => {
  const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 11\r\nX: y\r\n\r\nhello world';
  fc.assert(
    fc.property(fc.array(fc.nat(answer.length), { maxLength: 8 }), (cuts) => {
      const at = [0, ...[...cuts].sort((a, b) => a - b), answer.length];
      const pieces = at.slice(1).map((end, i) => answer.slice(at[i], end));
      const { progress, body } = read(pieces);
      return progress === 'complete' && body === 'hello world';
    }),
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
