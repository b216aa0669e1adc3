/** GRPC_CHECK: its messages, and attempts against a real gRPC server, against others, and against none. */
import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import { readFileSync } from 'node:fs';
import grpc from '@grpc/grpc-js';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { decodeHealthResponse, encodeHealthRequest } from '../../../src/health/grpc-message.js';
import { attemptGrpc } from '../../../src/health/grpc.js';
import { systemClock } from '../../../src/system/clock.js';
import { grpcCheck, never, patient } from '../../helpers/attempts.js';
import { makeAuthority } from '../../helpers/certificates.js';
import { FakeClock } from '../../helpers/fake-clock.js';
import { grpcHealth, type Said } from '../../helpers/grpc-health.js';
import { probePorts } from '../../helpers/probe-ports.js';
import { temporaryDirectory } from '../../helpers/program.js';
import { serving } from '../../helpers/scripted-server.js';

const world = probePorts(systemClock);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

t.test('a request is five bytes and field 1', (t) => {
  t.equal(hex(encodeHealthRequest('')), '0000000000');
  t.equal(hex(encodeHealthRequest('web')), '00000000050a03776562');
  t.equal(hex(encodeHealthRequest('x'.repeat(200))).slice(0, 18), '00000000cb0ac80178');
  t.end();
});

const answers: readonly (readonly [name: string, hex: string, told: unknown])[] = [
  ['SERVING', '00000000020801', 'SERVING'],
  ['NOT_SERVING', '00000000020802', 'NOT_SERVING'],
  ['a service it does not know', '00000000020803', 'SERVICE_UNKNOWN'],
  ['nothing is UNKNOWN', '0000000000', 'UNKNOWN'],
  ['a status of the future', '00000000020809', { refused: 'serving status 9' }],
  ['the last of two counts', '000000000408020801', 'SERVING'],
  ['a number longer than needed', '0000000003088100', 'SERVING'],
  ['fields that are not known', '00000000171202686928ac02190102030405060708251f2f3f4f0801', 'SERVING'],
  ['no bytes at all', '', { refused: 'an answer without message' }],
  ['fewer bytes than announced', '000000000208', { refused: '1 bytes of message where 2 are announced' }],
  ['two messages', '0000000002080100000000020801', { refused: '9 bytes of message where 2 are announced' }],
  ['a compressed one', '01000000020801', { refused: 'a compressed message' }],
  ['a number without end', '0000000002088f', { refused: 'a message that is no HealthCheckResponse' }],
  ['a field longer than the message', '0000000003120568', { refused: 'a message that is no HealthCheckResponse' }],
  ['a group', '00000000010b', { refused: 'a message that is no HealthCheckResponse' }],
  ['field 0', '00000000020001', { refused: 'a message that is no HealthCheckResponse' }],
];
for (const [name, bytes, told] of answers)
  t.test(`an answer: ${name}`, (t) => {
    t.same(decodeHealthResponse(Buffer.from(bytes, 'hex')), told);
    t.end();
  });

t.test('random bytes are refused or read, never thrown at', (t) => {
  const framed = fc
    .uint8Array({ maxLength: 20 })
    .map((message) => Uint8Array.of(0, 0, 0, 0, message.length, ...message));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 30 }), framed), (bytes) => {
      const told = decodeHealthResponse(bytes);
      return typeof told === 'string' || told.refused !== '';
    }),
    { numRuns: 3000 },
  );
  t.end();
});

const said = new Map<string, Said>([
  ['', 1],
  ['web', 1],
  ['sick', 2],
  ['odd', 0],
  ['late', 'nothing'],
  ['closed', { code: grpc.status.UNAVAILABLE, details: 'going down' }],
  ['x'.repeat(100), 1],
]);

t.test('a real gRPC server', async (t) => {
  const port = await grpcHealth(t, said);
  const rows: [service: string, outcome: object][] = [
    ['', { is: 'alive', detail: 'the server is SERVING' }],
    ['web', { is: 'alive', detail: 'service web is SERVING' }],
    ['x'.repeat(100), { is: 'alive' }],
    ['sick', { is: 'failed', why: 'answer', detail: 'service sick is NOT_SERVING' }],
    ['odd', { is: 'failed', why: 'answer', detail: 'service odd is UNKNOWN' }],
    ['nobody', { is: 'failed', why: 'answer', detail: 'grpc-status 5 NOT_FOUND: unknown service' }],
    ['closed', { is: 'failed', why: 'answer', detail: 'grpc-status 14 UNAVAILABLE: going down' }],
  ];
  for (const [service, outcome] of rows)
    t.match(await attemptGrpc(patient(grpcCheck(port, service)), world, never), outcome, service);
  const { target, ...check } = grpcCheck(port, 'late');
  const hasty = { ...check, target: { ...target, timeoutSeconds: 0.2 } };
  // the server hears of the time limit too, and may be the first to say so
  t.match(await attemptGrpc(hasty, world, never), {
    is: 'failed',
    detail: /no answer within 200 ms|DEADLINE_EXCEEDED/,
  });
});

t.test('a gRPC server without the health service', async (t) => {
  const server = new grpc.Server();
  t.teardown(() => server.forceShutdown());
  const port = await new Promise<number>((resolve) =>
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (_, bound) => resolve(bound)),
  );
  t.match(await attemptGrpc(patient(grpcCheck(port)), world, never), {
    is: 'failed',
    why: 'answer',
    detail: /grpc-status 12 UNIMPLEMENTED/,
  });
});

t.test('gRPC over TLS', async (t) => {
  const authority = makeAuthority(temporaryDirectory(t));
  const { certificate, key } = authority.issue('grpc', 20);
  const pair = { private_key: readFileSync(key), cert_chain: readFileSync(certificate) };
  const port = await grpcHealth(t, said, grpc.ServerCredentials.createSsl(null, [pair]));
  const verify = { authority: authority.certificate, name: 'www.example.com' };
  t.match(await attemptGrpc(patient(grpcCheck(port, 'web', {})), world, never), { is: 'alive' });
  t.match(await attemptGrpc(patient(grpcCheck(port, 'web', { verify, warnDays: 60 })), world, never), {
    is: 'alive',
    warning: /ends in \d+ days/,
  });
  const other = { verify: { ...verify, name: 'other.example.com' } };
  t.match(await attemptGrpc(patient(grpcCheck(port, 'web', other)), world, never), {
    is: 'failed',
    why: 'certificate',
  });
  t.match(await attemptGrpc(grpcCheck(port, 'web'), world, never), { is: 'failed' }, 'a server that wants TLS');
});

/** A server of HTTP/2 that answers each request so. */
function http2(t: Test, answer: (stream: ServerHttp2Stream) => void): Promise<number> {
  const server: Http2Server = createServer();
  const sessions = new Set<{ destroy: () => void }>();
  server.on('session', (session) => void sessions.add(session));
  server.on('stream', (stream) => {
    stream.on('error', () => undefined);
    answer(stream);
  });
  t.teardown(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  );
}

const head = { ':status': 200, 'content-type': 'application/grpc+proto' };
const respond = (stream: ServerHttp2Stream, body: string, trailers: Record<string, string>): void => {
  stream.respond(head, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end(Buffer.from(body, 'hex'));
};
const OK = { 'grpc-status': '0' };
/** Only time tells that nothing comes. */
const SILENCE = 'the end without an answer';
const others: readonly (readonly [name: string, answer: (stream: ServerHttp2Stream) => void, outcome: object])[] = [
  ['SERVING', (stream) => respond(stream, '00000000020801', OK), { is: 'alive' }],
  ['no message', (stream) => respond(stream, '', OK), { why: 'malformed', detail: 'an answer without message' }],
  ['half a message', (stream) => respond(stream, '000000000208', OK), { why: 'malformed' }],
  [
    'no grpc-status',
    (stream) => respond(stream, '00000000020801', { a: 'b' }),
    { why: 'malformed', detail: /grpc-status/ },
  ],
  ['a status that is no number', (stream) => respond(stream, '', { 'grpc-status': 'x' }), { why: 'malformed' }],
  [
    'SERVING, and then an error',
    (stream) => respond(stream, '00000000020801', { 'grpc-status': '13' }),
    { why: 'answer', detail: 'grpc-status 13 INTERNAL' },
  ],
  [
    'nothing but trailers',
    (stream) => stream.respond({ ...head, 'grpc-status': '12', 'grpc-message': 'no\x7f' }, { endStream: true }),
    { why: 'answer', detail: /^grpc-status 12 UNIMPLEMENTED/ },
  ],
  ['a web page', (stream) => stream.respond({ ':status': 200, 'content-type': 'text/html' }), { why: 'malformed' }],
  ['status 503', (stream) => stream.respond({ ':status': 503 }, { endStream: true }), { why: 'status' }],
  ['a reset', (stream) => stream.close(2), { why: 'reset', detail: /NGHTTP2_INTERNAL_ERROR/ }],
  ['a refusal', (stream) => stream.close(7), { why: 'reset', detail: /NGHTTP2_REFUSED_STREAM/ }],
  [SILENCE, (stream) => stream.session?.close(), { is: 'failed' }],
  ['GOAWAY', (stream) => stream.session?.goaway(11), { why: 'reset' }],
  ['the connection cut', (stream) => stream.session?.destroy(), { is: 'failed' }],
  [
    'a body without end',
    (stream) => {
      stream.respond(head);
      const more = (): void => {
        while (!stream.destroyed && stream.write(Buffer.alloc(16_384)));
      };
      stream.on('drain', more);
      more();
    },
    { why: 'too-large' },
  ],
];
for (const [name, answer, outcome] of others)
  t.test(`HTTP/2: ${name}`, async (t) => {
    const port = await http2(t, answer);
    const check = grpcCheck(port, 'web');
    t.match(await attemptGrpc(name === SILENCE ? check : patient(check), world, never), outcome);
  });

t.test('a server of HTTP/1, and one that says nothing', async (t) => {
  const old = await serving(t, (socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  t.match(await attemptGrpc(grpcCheck(old), world, never), { is: 'failed' });

  const clock = new FakeClock();
  let asked = (): void => undefined;
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const silent = await serving(t, (socket) => void socket.once('data', () => asked()));
  const outcome = attemptGrpc(grpcCheck(silent), probePorts(clock), never);
  await isAsked;
  clock.advance(999);
  t.equal(clock.pending, 2, 'still waiting');
  clock.advance(1);
  t.match(await outcome, { is: 'failed', why: 'timeout', detail: 'no answer within 1000 ms' });
  t.equal(clock.pending, 0);
});

t.test('what is stopped ends at once and leaves nothing', async (t) => {
  const clock = new FakeClock();
  const stop = new AbortController();
  let asked = (): void => undefined;
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const silent = await http2(t, () => asked());
  const outcome = attemptGrpc(grpcCheck(silent), probePorts(clock), stop.signal);
  await isAsked;
  stop.abort();
  t.match(await outcome, { is: 'inconclusive', detail: 'stopped' });
  t.equal(clock.pending, 0);
});
