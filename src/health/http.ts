import type { IncomingHttpHeaders, IncomingHttpStatusHeader } from 'node:http2';
import type { Socket } from 'node:net';
import type { HttpCheck, HttpUrl } from '../config/check.js';
import { alive, failed, type Outcome } from './check.js';
import { type Conversation, converse } from './connection.js';
import { ExpectedAnswer } from './http-answer.js';
import { encodeRequest, type HttpProtocol, USER_AGENT } from './http-request.js';
import { ResponseReader } from './http-response.js';
import { exchangeHttp2, headText, type Http2Exchange, type Http2Request } from './http2.js';
import type { ProbePorts } from './ports.js';

/** A server that never falls silent gets this many times its timeout, then it has failed. */
const PATIENCE = 10;

/** The urls take turns; one that failed is asked again until it answers. */
export function attemptHttp(check: HttpCheck, turn: number, ports: ProbePorts, signal: AbortSignal): Promise<Outcome> {
  const { target, tls, protocol, urls } = check;
  const url = urls[turn % urls.length];
  if (url === undefined) return Promise.resolve(alive('nothing to ask'));
  const timeoutMs = 1000 * target.timeoutSeconds;
  const options = { target, timeoutMs, deadlineMs: PATIENCE * timeoutMs, tls, ports, signal };
  if (protocol === '2') return exchangeHttp2(options, requestOf(url), new Http2Conversation(url));
  return converse(options, new HttpConversation(protocol, url));
}

class HttpConversation implements Conversation {
  readonly #protocol: HttpProtocol;
  readonly #url: HttpUrl;
  readonly #answer: ExpectedAnswer;
  readonly #reader: ResponseReader;

  constructor(protocol: HttpProtocol, url: HttpUrl) {
    this.#protocol = protocol;
    this.#url = url;
    const answer = new ExpectedAnswer(url);
    this.#answer = answer;
    this.#reader = new ResponseReader((bytes) => answer.take(bytes));
  }

  onConnected(socket: Socket): undefined {
    socket.write(encodeRequest({ path: this.#url.path, host: this.#url.host, protocol: this.#protocol }));
  }

  onBytes(bytes: Buffer): Outcome | undefined {
    const progress = this.#reader.read(bytes);
    if (typeof progress === 'object') return failed('malformed', progress.refused);
    return progress === 'complete' ? this.onEnd() : this.#answer.excess;
  }

  /** As in keepalived a body that breaks off is judged by what came of it. */
  onEnd(): Outcome {
    const { head } = this.#reader;
    if (head === undefined) return failed('closed', 'the server closed the connection without an answer');
    return this.#answer.judge(head.status, head.text);
  }
}

const requestOf = ({ path, host }: HttpUrl): Http2Request => ({
  headers: { ':method': 'GET', ':path': bytesOf(path), ':authority': bytesOf(host), 'user-agent': USER_AGENT },
});

/** Node writes what is in a header of HTTP/2 as Latin-1: this makes UTF-8 of it. */
const bytesOf = (text: string): string => Buffer.from(text).toString('latin1');

class Http2Conversation implements Http2Exchange {
  readonly #answer: ExpectedAnswer;
  #status = 0;
  #head = '';

  constructor(url: HttpUrl) {
    this.#answer = new ExpectedAnswer(url);
  }

  onHeaders(headers: IncomingHttpHeaders & IncomingHttpStatusHeader): undefined {
    this.#status = headers[':status'] ?? 0;
    this.#head = headText(headers);
  }

  onBytes(bytes: Buffer): Outcome | undefined {
    this.#answer.take(bytes);
    return this.#answer.excess;
  }

  onEnd(): Outcome {
    return this.#answer.judge(this.#status, this.#head);
  }
}
