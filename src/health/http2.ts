import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
  type OutgoingHttpHeaders,
} from 'node:http2';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { attemptOnLine, type ConnectionOptions } from './connection.js';
import { failed, type Outcome, outcomeOf } from './check.js';

export interface Http2Request {
  /** All but the scheme. */
  readonly headers: OutgoingHttpHeaders;
  readonly body?: Uint8Array;
}

/** What a check makes of the answer. Each may say what the attempt found, which ends it. */
export interface Http2Exchange {
  onHeaders(headers: IncomingHttpHeaders & IncomingHttpStatusHeader): Outcome | undefined;
  onBytes(bytes: Buffer): Outcome | undefined;
  onTrailers?(headers: IncomingHttpHeaders): void;
  /** The answer is complete. */
  onEnd(): Outcome;
}

/** What a server may make us keep; nghttp2 ends the session with one that wants more. */
const LIMITS = {
  settings: { enablePush: false, maxHeaderListSize: 64 * 1024 },
  maxHeaderListPairs: 256,
  maxSessionMemory: 4, // megabytes
  maxOutstandingPings: 4,
  maxSettings: 32,
  maxSessionInvalidFrames: 100,
} as const;
/** Data in pieces of a byte costs a thousand times what it carries. */
const MOST_PIECES = 100_000;

/** One request over HTTP/2: h2 by ALPN under TLS, with prior knowledge without (RFC 9113 section 3). Never rejects. */
export const exchangeHttp2 = (
  options: ConnectionOptions,
  request: Http2Request,
  exchange: Http2Exchange,
): Promise<Outcome> =>
  attemptOnLine(options, ['h2'], (socket, finish, heard) => {
    const isTls = socket instanceof TLSSocket;
    if (isTls && socket.alpnProtocol !== 'h2') return finish(failed('tls', 'the server does not take h2 (ALPN)'));
    try {
      const session = open(socket);
      // both stay to the end: a session may also fail while it is torn down
      session.on('error', (error: Error) => finish(http2Outcome(error)));
      session.once('close', () => finish(failed('closed', 'the server closed the connection without an answer')));
      socket.once('close', () => session.destroy());
      const stream = session.request({ ...request.headers, ':scheme': isTls ? 'https' : 'http' });
      stream.on('error', (error: Error) => finish(http2Outcome(error)));
      listen(stream, exchange, finish, heard);
      stream.end(request.body);
    } catch (error) {
      finish(http2Outcome(error as Error)); // a header that HTTP/2 does not have, or a socket that is gone already
    }
  });

const open = (socket: Socket): ClientHttp2Session =>
  connect('http://unused.invalid', { ...LIMITS, createConnection: () => socket });

/** Only what belongs to the request is a sign of life: a server that pings without end has not answered. */
function listen(
  stream: ClientHttp2Stream,
  exchange: Http2Exchange,
  finish: (outcome: Outcome) => void,
  heard: () => void,
): void {
  let pieces = 0;
  const go = (outcome: Outcome | undefined): void => {
    if (outcome === undefined) heard();
    else finish(outcome);
  };
  let isAnswered = false;
  stream.on('response', (headers) => {
    isAnswered = true;
    go(exchange.onHeaders(headers));
  });
  stream.on('trailers', (headers: IncomingHttpHeaders) => exchange.onTrailers?.(headers));
  stream.on('data', (bytes: Buffer) =>
    go(++pieces > MOST_PIECES ? failed('too-large', `more than ${MOST_PIECES} pieces`) : exchange.onBytes(bytes)),
  );
  stream.once('end', () => {
    if (isAnswered && stream.rstCode === 0) finish(exchange.onEnd());
  });
  stream.once('close', () => finish(failed('closed', 'the server ended the request without an answer')));
}

/** The peer's word against the request or the session, or what nghttp2 says of what is not HTTP/2. */
function http2Outcome(error: NodeJS.ErrnoException): Outcome {
  const { code = '', message } = error;
  if (code === 'ERR_HTTP2_STREAM_ERROR' || code === 'ERR_HTTP2_SESSION_ERROR') return failed('reset', message);
  return /^ERR_(HTTP2|INVALID)/.test(code) ? failed('malformed', `HTTP/2: ${message}`) : outcomeOf(error);
}

/** A head as HTTP/1 would write it, Latin-1: what patterns are looked for in. */
export const headText = (headers: IncomingHttpHeaders & IncomingHttpStatusHeader): string =>
  [
    `HTTP/2 ${headers[':status'] ?? ''}`,
    ...Object.entries(headers)
      .filter(([name]) => !name.startsWith(':'))
      .flatMap(([name, value]) => [value ?? []].flat().map((one) => `${name}: ${one}`)),
  ].join('\r\n');
