/** TCP_CHECK and HTTP_GET against scripted servers on the loopback; time is the test's own. */
import { createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import type { HttpCheck, HttpUrl, TcpCheck } from '../../../src/config/check.js';
import { type Failure, outcomeOf } from '../../../src/health/check.js';
import { attemptHttp } from '../../../src/health/http.js';
import type { Dialer } from '../../../src/health/ports.js';
import { attemptTcp } from '../../../src/health/tcp.js';
import { httpCheck, never, why } from '../../helpers/attempts.js';
import { FakeClock } from '../../helpers/fake-clock.js';
import { anyCheck, probePorts, targetAt } from '../../helpers/probe-ports.js';
import { serving } from '../../helpers/scripted-server.js';

const tcp = (port: number, bindAddress?: string): TcpCheck => ({
  is: 'tcp',
  ...anyCheck,
  target: targetAt(port, bindAddress === undefined ? {} : { bindAddress }),
});
/** No time passes: nobody is late, however busy this machine is. */
const world = probePorts(new FakeClock());

/** Answers the first line that comes with this text, and closes. */
const answering = (text: string) => (socket: Socket) => void socket.once('data', () => socket.end(text, 'latin1'));

t.test('TCP: alive is who completes the handshake', async (t) => {
  const port = await serving(t, () => undefined);
  t.equal(why(await attemptTcp(tcp(port), world, never)), 'alive');
});

t.test('TCP: a port nobody listens at is refused', async (t) => {
  const server = createServer();
  const port = await new Promise<number>((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  );
  await new Promise((resolve) => server.close(resolve));
  t.equal(why(await attemptTcp(tcp(port), world, never)), 'refused');
});

t.test('TCP: an address that is not ours to bind to', async (t) => {
  const port = await serving(t, () => undefined);
  t.equal(why(await attemptTcp(tcp(port, '192.0.2.77'), world, never)), 'bind');
});

t.test('TCP: the source address is the one asked for', async (t) => {
  const from = new Promise<string | undefined>((resolve) => {
    void serving(t, (socket) => resolve(socket.remoteAddress)).then((port) =>
      attemptTcp(tcp(port, '127.0.0.2'), world, never),
    );
  });
  t.equal(await from, '127.0.0.2');
});

t.test('TCP: who does not answer has failed after the timeout, not before, and is hung up on', async (t) => {
  const clock = new FakeClock();
  let hangUps = 0;
  const knock: Dialer['knock'] = () => () => {
    hangUps++;
  };
  const dialer: Dialer = { knock, dial: () => () => undefined };
  const outcome = attemptTcp(tcp(80), { ...probePorts(clock), dialer }, never);
  clock.advance(999);
  t.equal(hangUps, 0);
  clock.advance(1);
  t.match(await outcome, { is: 'failed', why: 'timeout', detail: 'no connection within 1000 ms' });
  t.equal(hangUps, 1);
  t.equal(clock.pending, 0);
});

t.test('a machine that is short of descriptors says nothing about the server', async (t) => {
  const error = Object.assign(new Error('socket EMFILE'), { code: 'EMFILE', syscall: 'socket' });
  const knock: Dialer['knock'] = (_, done) => {
    queueMicrotask(() => done(error));
    return () => undefined;
  };
  const dial: Dialer['dial'] = (_, done) => {
    queueMicrotask(() => done(error));
    return () => undefined;
  };
  const ports = { ...world, dialer: { knock, dial } };
  for (const outcome of [
    await attemptTcp(tcp(80), ports, never),
    await attemptHttp(httpCheck(80), 0, ports, never),
    await attemptHttp(httpCheck(80, {}, '2', {}), 0, ports, never),
  ])
    t.match(outcome, { is: 'inconclusive', detail: 'socket EMFILE' });
});

const errors: [code: string, syscall: string, outcome: Failure | 'inconclusive'][] = [
  ['ECONNREFUSED', 'connect', 'refused'],
  ['EHOSTUNREACH', 'connect', 'unreachable'],
  ['EPERM', 'connect', 'unreachable'],
  ['ETIMEDOUT', 'connect', 'timeout'],
  ['ECONNRESET', 'read', 'reset'],
  ['EADDRNOTAVAIL', 'connect', 'bind'],
  ['EADDRNOTAVAIL', 'bind', 'bind'],
  ['ENODEV', 'setsockopt SO_BINDTODEVICE', 'bind'],
  ['EPERM', 'setsockopt SO_MARK', 'bind'],
  ['ENOBUFS', 'setsockopt SO_MARK', 'inconclusive'],
  ['ENOMEM', 'connect', 'inconclusive'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', '', 'tls'],
  ['EPROTO', 'write', 'tls'],
  ['EWHATEVER', 'connect', 'unreachable'],
];
for (const [code, syscall, outcome] of errors)
  t.test(`${code} of ${syscall} is ${outcome}`, (t) => {
    t.equal(why(outcomeOf(Object.assign(new Error(code), { code, syscall }))), outcome);
    t.end();
  });

t.test('what was stopped before it began says nothing', async (t) => {
  t.equal(why(await attemptTcp(tcp(1), world, AbortSignal.abort())), 'inconclusive');
});

const MD5_HELLO = '5d41402abc4b2a76b9719d911017c592';
const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
const chunked = (body: string): string => `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body}`;
const looksFor = (regex: RegExp): NonNullable<HttpUrl['pattern']> => ({ regex, absent: false });
const ok = 'HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nhello';
const rows: [name: string, answer: string, url: Partial<HttpUrl>, verdict: Failure | 'alive'][] = [
  ['200 without status_code', ok, {}, 'alive'],
  ['204 without status_code', 'HTTP/1.0 204 None\r\n\r\n', {}, 'alive'],
  ['301 without status_code', 'HTTP/1.0 301 Moved\r\n\r\n', {}, 'status'],
  ['404 where 404 is wanted', 'HTTP/1.0 404 None\r\n\r\n', { statusCodes: [[404, 404]] }, 'alive'],
  ['201 where 200 is wanted', 'HTTP/1.0 201 Made\r\n\r\n', { statusCodes: [[200, 200]] }, 'status'],
  [
    'a range',
    'HTTP/1.0 302 Found\r\n\r\n',
    {
      statusCodes: [
        [200, 200],
        [300, 399],
      ],
    },
    'alive',
  ],
  ['the right digest', ok, { digest: MD5_HELLO }, 'alive'],
  ['the right digest in capitals', ok, { digest: '5D41402ABC4B2A76B9719D911017C592' }, 'alive'],
  ['a wrong digest', ok, { digest: '00000000000000000000000000000000' }, 'digest'],
  ['the right digest with status 404', ok.replace('200', '404'), { digest: MD5_HELLO }, 'status'],
  ['a pattern in the body', ok, { pattern: { regex: /h.llo$/, absent: false } }, 'alive'],
  ['a pattern in the head', ok, { pattern: { regex: /text\/plain/, absent: false } }, 'alive'],
  ['a pattern that is not there', ok, { pattern: { regex: /goodbye/, absent: false } }, 'pattern'],
  ['a pattern that must not be there', ok, { pattern: { regex: /hello/, absent: true } }, 'pattern'],
  ['a pattern before the least offset', ok, { pattern: { regex: /HTTP/, absent: false, minOffset: 10 } }, 'pattern'],
  ['fewer bytes than announced', 'HTTP/1.0 200 OK\r\nContent-Length: 99\r\n\r\nhello', {}, 'alive'],
  ['headers only', 'HTTP/1.0 200 OK\r\n\r\n', {}, 'alive'],
  ['an empty answer', '', {}, 'closed'],
  ['a status line only', 'HTTP/1.0 200 OK\r\n', {}, 'closed'],
  ['an SSH banner', 'SSH-2.0-OpenSSH\r\n\r\n', {}, 'malformed'],
  ['100 Continue first', `HTTP/1.1 100 Continue\r\n\r\n${ok}`, {}, 'alive'],
  ['103 Early Hints twice', `${hints}${hints}${ok}`, { digest: MD5_HELLO }, 'alive'],
  ['interim answers and then nothing', hints, {}, 'closed'],
  ['101 is the last answer', `HTTP/1.1 101 Switching Protocols\r\n\r\n${ok}`, {}, 'status'],
  ['the right digest of chunks', chunked('2\r\nhe\r\n3;x="y"\r\nllo\r\n0\r\n\r\n'), { digest: MD5_HELLO }, 'alive'],
  ['a pattern across chunks', chunked('2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n'), { pattern: looksFor(/hello/) }, 'alive'],
  ['chunks that break off', chunked('2\r\nhe\r\n3\r\nl'), {}, 'alive'],
  ['chunks that break off, and a digest', chunked('2\r\nhe\r\n3\r\nl'), { digest: MD5_HELLO }, 'digest'],
  ['chunks without sizes', chunked('hello\r\n'), {}, 'malformed'],
  ['chunks with wrong sizes', chunked('2\r\nhello\r\n0\r\n\r\n'), {}, 'malformed'],
  ['a match may start at the most offset', ok, { pattern: { ...looksFor(/hello/), maxOffset: 45 } }, 'alive'],
  ['but not behind it', ok, { pattern: { ...looksFor(/hello/), maxOffset: 44 } }, 'pattern'],
  ['a least offset behind the answer', ok, { pattern: { ...looksFor(/(?:)/), minOffset: 1000 } }, 'pattern'],
  ['and a pattern that must not be there', ok, { pattern: { regex: /hello/, absent: true, minOffset: 1000 } }, 'alive'],
];

for (const [name, answer, more, verdict] of rows)
  t.test(`HTTP: ${name}`, async (t) => {
    const port = await serving(t, answering(answer));
    t.equal(why(await attemptHttp(httpCheck(port, more), 0, world, never)), verdict);
  });

t.test('HTTP: chunks that are complete are enough, though the connection stays open', async (t) => {
  const port = await serving(t, (socket) => void socket.write(chunked('2\r\nok\r\n0\r\nX: y\r\n\r\n')));
  t.equal(why(await attemptHttp(httpCheck(port, {}, '1.1'), 0, probePorts(new FakeClock()), never)), 'alive');
});

t.test('HTTP: 204 has no body to wait for', async (t) => {
  const port = await serving(t, (socket) => void socket.write('HTTP/1.1 204 No Content\r\n\r\n'));
  t.equal(why(await attemptHttp(httpCheck(port, {}, '1.1'), 0, probePorts(new FakeClock()), never)), 'alive');
});

t.test('HTTP: a body that is complete is enough, though the connection stays open', async (t) => {
  const port = await serving(t, (socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
  t.equal(why(await attemptHttp(httpCheck(port, {}, '1.1'), 0, probePorts(new FakeClock()), never)), 'alive');
});

const requests: [protocol: HttpCheck['protocol'], lines: string[]][] = [
  ['1.0', ['GET /alive HTTP/1.0', 'User-Agent: lvsd', 'Host: www.example.com', '', '']],
  ['1.0C', ['GET /alive HTTP/1.0', 'User-Agent: lvsd', 'Connection: close', 'Host: www.example.com', '', '']],
  ['1.1', ['GET /alive HTTP/1.1', 'User-Agent: lvsd', 'Connection: close', 'Host: www.example.com', '', '']],
];
for (const [protocol, lines] of requests)
  t.test(`HTTP ${protocol}: the request on the wire`, async (t) => {
    let request = '';
    const port = await serving(t, (socket) => {
      socket.once('data', (bytes) => {
        request = bytes.toString('latin1');
        socket.end(ok);
      });
    });
    await attemptHttp(httpCheck(port, {}, protocol), 0, world, never);
    t.same(request.split('\r\n'), lines);
  });

/** A server that reads a request and says nothing; `asked` resolves when it has read one. */
async function silent(t: Test): Promise<{ port: number; asked: Promise<void> }> {
  let tell = (): void => undefined;
  const asked = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const port = await serving(t, (socket) => void socket.once('data', () => tell()));
  return { port, asked };
}

t.test('HTTP: a server that is silent has failed after the timeout, not before', async (t) => {
  const clock = new FakeClock();
  const { port, asked } = await silent(t);
  const outcome = attemptHttp(httpCheck(port), 0, probePorts(clock), never);
  await asked;
  clock.advance(999);
  t.equal(clock.pending, 2, 'still waiting');
  clock.advance(1);
  t.equal(why(await outcome), 'timeout');
  t.equal(clock.pending, 0, 'no timer is left');
});

t.test('HTTP: a server that drips for ever has failed at the deadline', async (t) => {
  const clock = new FakeClock();
  const port = await serving(t, (socket) => {
    socket.on('data', () => void socket.write('HTTP/1.0 200 OK\r\nX: '));
  });
  const stop = new AbortController();
  const outcome = attemptHttp(httpCheck(port), 0, probePorts(clock), stop.signal);
  clock.advance(10_000);
  t.equal(why(await outcome), 'timeout');
});

t.test('an attempt that is stopped ends at once and says nothing', async (t) => {
  const clock = new FakeClock();
  const stop = new AbortController();
  const { port, asked } = await silent(t);
  const outcome = attemptHttp(httpCheck(port), 0, probePorts(clock), stop.signal);
  await asked;
  stop.abort();
  t.equal(why(await outcome), 'inconclusive');
  t.equal(clock.pending, 0);
});
