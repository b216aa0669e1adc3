import type { IncomingHttpHeaders, IncomingHttpStatusHeader } from 'node:http2';
import type { GrpcCheck } from '../config/check.js';
import { alive, failed, type Outcome } from './check.js';
import { decodeHealthResponse, encodeHealthRequest } from './grpc-message.js';
import { USER_AGENT } from './http-request.js';
import { exchangeHttp2, type Http2Exchange, type Http2Request } from './http2.js';
import type { ProbePorts } from './ports.js';

/** A HealthCheckResponse has two bytes; this is for fields that it may have one day. */
const LONGEST_ANSWER = 64 * 1024;

/** GRPC_CHECK: alive is who answers grpc.health.v1.Health/Check with SERVING. */
export function attemptGrpc(check: GrpcCheck, ports: ProbePorts, signal: AbortSignal): Promise<Outcome> {
  const { target, tls, service } = check;
  const timeoutMs = 1000 * target.timeoutSeconds;
  // the connection, the TLS handshake, and the answer each have the timeout
  const options = { target, timeoutMs, deadlineMs: 3 * timeoutMs, tls, ports, signal };
  return exchangeHttp2(options, requestOf(check, timeoutMs), new HealthExchange(service));
}

const requestOf = ({ service, authority }: GrpcCheck, timeoutMs: number): Http2Request => ({
  headers: {
    ':method': 'POST',
    ':path': '/grpc.health.v1.Health/Check',
    ':authority': authority,
    'content-type': 'application/grpc',
    te: 'trailers',
    // at most eight digits (gRPC over HTTP/2, TimeoutValue)
    'grpc-timeout': `${Math.min(Math.ceil(timeoutMs), 99_999_999)}m`,
    'user-agent': USER_AGENT,
  },
  body: encodeHealthRequest(service),
});

/** Status codes of gRPC by number. */
const STATUS_NAMES =
  `OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED
  FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED`.split(/\s+/);

class HealthExchange implements Http2Exchange {
  readonly #service: string;
  readonly #pieces: Buffer[] = [];
  #bytes = 0;
  /** Of the trailers, or of an answer that is nothing but trailers. */
  #end: IncomingHttpHeaders = {};

  constructor(service: string) {
    this.#service = service;
  }

  onHeaders(headers: IncomingHttpHeaders & IncomingHttpStatusHeader): Outcome | undefined {
    if (headers[':status'] !== 200) return failed('status', `status ${headers[':status'] ?? 'missing'}`);
    if (!/^application\/grpc(?:[+;]|$)/.test(headers['content-type'] ?? ''))
      return failed('malformed', `content-type '${printable(headers['content-type'])}' is not gRPC`);
    this.#end = headers;
    return undefined;
  }

  onBytes(bytes: Buffer): Outcome | undefined {
    this.#pieces.push(bytes);
    this.#bytes += bytes.length;
    return this.#bytes > LONGEST_ANSWER ? failed('too-large', `more than ${LONGEST_ANSWER} bytes`) : undefined;
  }

  onTrailers(headers: IncomingHttpHeaders): void {
    this.#end = headers;
  }

  onEnd(): Outcome {
    const code = this.#end['grpc-status'];
    if (typeof code !== 'string' || !/^\d{1,3}$/.test(code))
      return failed('malformed', 'an answer without grpc-status');
    if (Number(code) !== 0) return failed('answer', this.#refusal(Number(code)));
    const status = decodeHealthResponse(Buffer.concat(this.#pieces));
    if (typeof status === 'object') return failed('malformed', status.refused);
    const what = this.#service === '' ? 'the server' : `service ${this.#service}`;
    return status === 'SERVING' ? alive(`${what} is SERVING`) : failed('answer', `${what} is ${status}`);
  }

  #refusal(code: number): string {
    const text = `grpc-status ${code} ${STATUS_NAMES[code] ?? ''}`.trimEnd();
    const message = printable(unescaped(this.#end['grpc-message']));
    return message === '' ? text : `${text}: ${message}`;
  }
}

/** grpc-message is percent-encoded UTF-8 (gRPC over HTTP/2); what is not well-formed is shown as it came. */
function unescaped(text: string | string[] | undefined): string {
  try {
    return decodeURIComponent(String(text ?? ''));
  } catch {
    return String(text);
  }
}

/** The first words of what a stranger sent, fit for a log. */
const printable = (text = ''): string => text.slice(0, 100).replace(/[^ -~]/g, '.');
