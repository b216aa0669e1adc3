import { createServer, type Server, type ServerOptions, STATUS_CODES } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { LvsError } from '../errors.js';
import { problemOf, PROBLEM_TYPE } from './problem.js';
import type { Api } from './schema.js';

export interface HttpLimits {
  /** Bytes. */
  readonly longestHeader: number;
  readonly headerMs: number;
  /** From the first byte of a request to its last. */
  readonly requestMs: number;
  /** Between two requests. */
  readonly idleMs: number;
  /** Without a byte in either direction: longer than any answer takes to begin. */
  readonly silenceMs: number;
  readonly mostConnections: number;
}

const usualLimits: HttpLimits = {
  longestHeader: 16 * 1024,
  headerMs: 10_000,
  requestMs: 30_000,
  idleMs: 30_000,
  silenceMs: 120_000,
  mostConnections: 256,
};
/** How exactly times are kept. */
const LOOK_EVERY_MS = 1000;

/** HTTP for `api`, bounded in time and memory. It listens nowhere yet. */
export const httpServer = (api: Pick<Api, 'routing'>, limits: HttpLimits = usualLimits): Server =>
  bounded(
    createServer(optionsOf(limits), (request, response) => api.routing(request, response)),
    limits,
  );

/** The same behind TLS. Whom `mayEnter` does not let in is cut off before anything is computed for him. */
export function httpsServer(
  api: Pick<Api, 'routing'>,
  tls: TlsOptions,
  mayEnter: (socket: Socket) => boolean,
  limits: HttpLimits = usualLimits,
): TlsServer {
  const options = { ...tls, ...optionsOf(limits), handshakeTimeout: limits.headerMs };
  const server = createTlsServer(options, (request, response) => api.routing(request, response));
  const [handshake] = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    if (handshake !== undefined && mayEnter(socket)) Reflect.apply(handshake, server, [socket]);
    else socket.destroy();
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return bounded(server, limits);
}

const optionsOf = (limits: HttpLimits): ServerOptions => ({
  maxHeaderSize: limits.longestHeader,
  headersTimeout: limits.headerMs,
  requestTimeout: limits.requestMs,
  keepAliveTimeout: limits.idleMs,
  connectionsCheckingInterval: Math.min(LOOK_EVERY_MS, limits.headerMs),
});

function bounded<S extends Server | TlsServer>(server: S, limits: HttpLimits): S {
  server.timeout = limits.silenceMs;
  server.maxConnections = limits.mostConnections;
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => refuse(error, socket));
  return server;
}

/** What Node's parser could not read, or did not get in time: fastify never hears of it. */
function refuse({ code, message }: NodeJS.ErrnoException, socket: Socket): void {
  if (code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const status = code === 'HPE_HEADER_OVERFLOW' ? 431 : code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
  const title = STATUS_CODES[status] ?? '';
  const body = JSON.stringify({ ...problemOf(new LvsError('API_REQUEST', [message])), status, title });
  const head = [
    `HTTP/1.1 ${status} ${title}`,
    'connection: close',
    `content-type: ${PROBLEM_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  // Node may have stopped to read it, and would not see the other end go
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
