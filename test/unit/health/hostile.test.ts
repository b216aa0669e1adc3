/** Servers that mean harm, or are broken: each costs a bounded time and memory, and the check fails with the reason. */
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import t from 'tap';
import type { GrpcCheck, HttpCheck } from '../../../src/config/check.js';
import type { Failure, Outcome } from '../../../src/health/check.js';
import { attempt } from '../../../src/health/probe.js';
import { systemClock } from '../../../src/system/clock.js';
import { FakeClock } from '../../helpers/fake-clock.js';
import { grpcCheck, httpCheck, never, patient } from '../../helpers/attempts.js';
import { probePorts } from '../../helpers/probe-ports.js';
import { flood, serving } from '../../helpers/scripted-server.js';

const TIMEOUT_SECONDS = 0.3;
/** Ten timeouts are the patience with a server that keeps talking; the rest is for a machine that is busy. */
const LONGEST_MS = 10 * 1000 * TIMEOUT_SECONDS + 10_000;
/** What was read and thrown away may not have been collected yet. */
const MOST_BYTES = 100 * 1024 * 1024;

const world = probePorts(systemClock);
const hasty = <C extends HttpCheck | GrpcCheck>(check: C): C => ({
  ...check,
  target: { ...check.target, timeoutSeconds: TIMEOUT_SECONDS },
});
const used = (): number => {
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + arrayBuffers;
};

/** HTTP/2: length, type, flags and stream, then what it carries. */
function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.set([type, flags], 3);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}
const [DATA, HEADERS, SETTINGS, PING, CONTINUATION, WINDOW] = [0, 1, 4, 6, 9, 8];
const settings = (...pairs: readonly (readonly [id: number, value: number])[]): Buffer =>
  frame(
    SETTINGS,
    0,
    0,
    Buffer.concat(
      pairs.map(([id, value]) => {
        const pair = Buffer.alloc(6);
        pair.writeUInt16BE(id, 0);
        pair.writeUInt32BE(value, 2);
        return pair;
      }),
    ),
  );
/** HPACK: `:status: 200` of the static table, and a header that is new. */
const STATUS_200 = Buffer.of(0x88);
const newHeader = (length: number): Buffer =>
  Buffer.concat([Buffer.of(0x00, 0x01), Buffer.from('x'), Buffer.of(0x7e), Buffer.alloc(length, 'y')]);
const HELLO = settings();

const talking = (first: string | Uint8Array, piece: () => string | Uint8Array) => (socket: Socket) =>
  void socket.once('data', () => {
    socket.write(first);
    flood(socket, piece);
  });
/** A byte of it, then another a while later, and so on. */
const dripping = (text: string, ms: number) => (socket: Socket) =>
  void socket.once('data', () => {
    let at = 0;
    const timer = setInterval(() => void socket.write(text[at++ % text.length]!), ms);
    socket.once('close', () => clearInterval(timer));
  });

type Row = readonly [
  name: string,
  check: (port: number) => HttpCheck | GrpcCheck,
  talk: (socket: Socket) => void,
  outcome: Failure | readonly Failure[],
  detail?: RegExp,
];
const http = (port: number): HttpCheck => httpCheck(port, {}, '1.1');
const https = (port: number): HttpCheck => httpCheck(port, {}, '1.1', {});
const h2 = (port: number): HttpCheck => httpCheck(port, {}, '2');
const grpc = (port: number): GrpcCheck => grpcCheck(port, 'web');
const bomb = (port: number): HttpCheck => httpCheck(port, { pattern: { regex: /(?:a+)+b/, absent: false } });
const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
const page = Buffer.alloc(65_536, 'x');
const nothing = (): void => undefined;

const rows: readonly Row[] = [
  ['accepts and says nothing', http, nothing, 'timeout', /no answer within 300 ms/],
  ['accepts and resets at once', http, (socket) => void socket.resetAndDestroy(), 'reset'],
  ['accepts and closes at once', http, (socket) => void socket.end(), ['closed', 'reset']],
  ['headers without end', http, talking(OK, () => 'X: y\r\n'.repeat(1000)), 'malformed', /head without end/],
  ['one header without end', http, talking(`${OK}X: `, () => page), 'malformed', /head without end/],
  ['interim answers without end', http, talking('', () => 'HTTP/1.1 100 X\r\n\r\n'.repeat(500)), 'malformed'],
  ['a head that drips too slowly', http, dripping(OK, 400), 'timeout', /no answer within 300 ms/],
  ['a body without end', http, talking(`${OK}\r\n`, () => page), 'too-large'],
  ['a gigabyte', http, talking(`${OK}Content-Length: 1073741824\r\n\r\n`, () => page), 'too-large'],
  ['a gigabyte in one chunk', http, talking(`${CHUNKED}40000000\r\n`, () => page), 'too-large'],
  ['chunks of one byte without end', http, talking(CHUNKED, () => '1\r\nx\r\n'.repeat(5000)), 'malformed', /chunks/],
  ['a chunk size without end', http, talking(CHUNKED, () => '0'.repeat(5000)), 'malformed'],
  ['a trailer without end', http, talking(`${CHUNKED}0\r\n`, () => 'X: y\r\n'.repeat(1000)), 'malformed'],
  [
    'a body that makes a pattern backtrack',
    bomb,
    talking(`${OK}Content-Length: 65536\r\n\r\n`, () => 'a'.repeat(65_536)),
    'pattern',
    /not decided/,
  ],
  ['garbage', http, talking('', () => Buffer.alloc(1000, 0xff)), 'malformed'],

  ['TLS: garbage instead of a handshake', https, talking('', () => page), 'tls'],
  ['TLS: plain HTTP', https, (socket) => void socket.once('data', () => socket.end(`${OK}\r\n`)), 'tls'],
  ['TLS: a handshake that never begins', https, nothing, 'timeout', /no TLS handshake within 300 ms/],
  [
    'TLS: a handshake that never ends',
    https,
    dripping('\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03'.padEnd(9000, 'r'), 1),
    ['timeout', 'tls'],
  ],
  ['TLS: closed within the handshake', https, (socket) => void socket.once('data', () => socket.end()), 'tls'],
  [
    'TLS: reset within the handshake',
    https,
    (socket) => void socket.once('data', () => socket.resetAndDestroy()),
    'tls',
  ],
  ['TLS: alerts without end', https, talking('', () => Buffer.from('1503030002015a'.repeat(500), 'hex')), 'tls'],

  ['HTTP/2: nothing', h2, nothing, 'timeout'],
  ['HTTP/2: closed at once', h2, (socket) => void socket.end(), ['closed', 'reset']],
  ['HTTP/2: reset at once', h2, (socket) => void socket.resetAndDestroy(), ['closed', 'reset']],
  ['HTTP/2: garbage', h2, talking('', () => Buffer.alloc(1000, 0xff)), 'malformed'],
  [
    'HTTP/2: settings without end',
    h2,
    talking(HELLO, () => Buffer.concat(Array<Buffer>(500).fill(settings([4, 65_535])))),
    ['malformed', 'timeout', 'reset'],
  ],
  [
    'HTTP/2: one frame of very many settings',
    h2,
    talking(settings(...Array<[number, number]>(2000).fill([4, 65_535])), () => page),
    ['malformed', 'reset', 'timeout'],
  ],
  [
    'HTTP/2: pings without end',
    h2,
    talking(HELLO, () => Buffer.concat(Array<Buffer>(500).fill(frame(PING, 0, 0, Buffer.alloc(8))))),
    ['malformed', 'timeout', 'reset'],
  ],
  [
    'HTTP/2: windows without end',
    h2,
    talking(HELLO, () => Buffer.concat(Array<Buffer>(500).fill(frame(WINDOW, 0, 0, Buffer.of(0, 0, 0, 1))))),
    ['malformed', 'timeout', 'reset'],
  ],
  [
    'HTTP/2: a head without end',
    h2,
    talking(Buffer.concat([HELLO, frame(HEADERS, 0, 1, STATUS_200)]), () => frame(CONTINUATION, 0, 1, newHeader(126))),
    ['malformed', 'reset', 'timeout'],
  ],
  [
    'HTTP/2: empty pieces of head without end',
    h2,
    talking(Buffer.concat([HELLO, frame(HEADERS, 0, 1, STATUS_200)]), () =>
      Buffer.concat(Array<Buffer>(500).fill(frame(CONTINUATION, 0, 1, Buffer.alloc(0)))),
    ),
    ['malformed', 'reset', 'timeout'],
  ],
  [
    'HTTP/2: a body without end',
    h2,
    talking(Buffer.concat([HELLO, frame(HEADERS, 4, 1, STATUS_200)]), () => frame(DATA, 0, 1, Buffer.alloc(16_384))),
    ['malformed', 'reset', 'too-large', 'timeout'],
  ],
  [
    'HTTP/2: empty data without end',
    h2,
    talking(Buffer.concat([HELLO, frame(HEADERS, 4, 1, STATUS_200)]), () =>
      Buffer.concat(Array<Buffer>(500).fill(frame(DATA, 0, 1, Buffer.alloc(0)))),
    ),
    ['malformed', 'reset', 'too-large', 'timeout'],
  ],
  ['gRPC: a window that never opens', grpc, (socket) => void socket.write(settings([4, 0])), 'timeout'],
];

for (const [name, check, talk, expected, detail] of rows)
  t.test(name, async (t) => {
    const port = await serving(t, talk);
    const before = used();
    const start = performance.now();
    // who is to fail in another way must not be overtaken by the time of a machine that is busy
    const isLate = [expected].flat().includes('timeout');
    const outcome = await attempt(isLate ? hasty(check(port)) : patient(check(port)), 0, world, never);
    const ms = performance.now() - start;
    const grown = used() - before;
    if (outcome.is !== 'failed') return t.fail(`${outcome.is}: ${outcome.detail}`);
    t.ok([expected].flat().includes(outcome.why), `${outcome.why}: ${outcome.detail}`);
    if (detail !== undefined) t.match(outcome.detail, detail);
    t.ok(ms < LONGEST_MS, `${ms.toFixed(0)} ms`);
    t.ok(grown < MOST_BYTES, `${grown} bytes more`);
    t.ok(outcome.detail.length < 300, 'what a stranger says does not fill the log');
    return undefined;
  });

t.test('a head that drips', async (t) => {
  const clock = new FakeClock();
  const port = await serving(t, dripping(`${OK}X: ${'y'.repeat(5000)}`, 5));
  let outcome: Outcome | undefined;
  void attempt(hasty(http(port)), 0, probePorts(clock), never).then((found) => (outcome = found));
  // a byte comes in each of these moments, however long they take here
  while (outcome === undefined) {
    clock.advance(50);
    await new Promise((resolve) => setTimeout(resolve, 6));
  }
  t.match(outcome, { is: 'failed', why: 'timeout', detail: /not done within 3000 ms/ });
});

t.test('a server that went away without a word is noticed by its silence', async (t) => {
  const port = await serving(t, (socket) => void socket.pause());
  t.match(await attempt(hasty(httpCheck(port)), 0, world, never), { is: 'failed', why: 'timeout' });
});

t.test('the servers above do speak TLS to nobody', async (t) => {
  // a test of the test: a client of Node's own is told the same
  const port = await serving(t, (socket) => void socket.once('data', () => socket.end(`${OK}\r\n`)));
  const error = await new Promise<NodeJS.ErrnoException>((resolve) => connectTls({ port }).once('error', resolve));
  t.match(error.code, /^ERR_SSL|EPROTO/);
});
