import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import type { HttpCheck, HttpPattern, HttpUrl } from '../config/check.js';
import { alive, failed, type Outcome } from './check.js';
import { type Conversation, converse } from './connection.js';
import { encodeRequest, type HttpProtocol } from './http-request.js';
import type { ProbePorts } from './ports.js';
import { ResponseReader } from './http-response.js';

/** A server that never falls silent gets this many times its timeout, then it has failed. */
const PATIENCE = 10;
/** Bodies are read to their end, for digests and so that servers log a finished request; but not for ever. */
const LONGEST_BODY = 64 * 1024 * 1024;
/** What of a body is searched for a pattern. */
const LONGEST_SEARCH = 1024 * 1024;

/** The urls take turns; one that failed is asked again until it answers. */
export function attemptHttp(check: HttpCheck, turn: number, ports: ProbePorts, signal: AbortSignal): Promise<Outcome> {
  const { target, tls, protocol, urls } = check;
  const url = urls[turn % urls.length];
  if (url === undefined) return Promise.resolve(alive('nothing to ask'));
  const timeoutMs = 1000 * target.timeoutSeconds;
  const options = { target, timeoutMs, deadlineMs: PATIENCE * timeoutMs, clock: ports.clock, signal };
  return converse(
    { ...options, ...(tls === undefined ? {} : { tls }) },
    new HttpConversation(protocol === '2' ? '1.1' : protocol, url),
  );
}

class HttpConversation implements Conversation {
  readonly #protocol: HttpProtocol;
  readonly #url: HttpUrl;
  readonly #digest = createHash('md5');
  readonly #kept: Uint8Array[] = [];
  #keptBytes = 0;
  readonly #reader = new ResponseReader((bytes) => this.#take(bytes));

  constructor(protocol: HttpProtocol, url: HttpUrl) {
    this.#protocol = protocol;
    this.#url = url;
  }

  onConnected(socket: Socket): undefined {
    socket.write(encodeRequest({ path: this.#url.path, host: this.#url.host, protocol: this.#protocol }), 'latin1');
  }

  onBytes(bytes: Buffer): Outcome | undefined {
    const progress = this.#reader.read(bytes);
    if (typeof progress === 'object') return failed('malformed', progress.refused);
    if (this.#reader.bodyBytes > LONGEST_BODY) return failed('too-large', `more than ${LONGEST_BODY} bytes`);
    return progress === 'complete' ? this.onEnd() : undefined;
  }

  onEnd(): Outcome {
    const { head } = this.#reader;
    if (head === undefined) return failed('closed', 'the server closed the connection without an answer');
    const { statusCodes, digest, pattern } = this.#url;
    if (!accepts(statusCodes, head.status)) return failed('status', `${this.#url.path}: status ${head.status}`);
    if (digest !== undefined) {
      const found = this.#digest.digest('hex');
      if (found !== digest.toLowerCase()) return failed('digest', `${this.#url.path}: digest ${found}`);
    }
    if (pattern !== undefined && this.#finds(head.text, pattern) === pattern.absent)
      return failed('pattern', `${this.#url.path}: pattern ${pattern.absent ? 'found' : 'not found'}`);
    return alive(`status ${head.status}`);
  }

  #take(bytes: Uint8Array): void {
    if (this.#url.digest !== undefined) this.#digest.update(bytes);
    if (this.#url.pattern === undefined || this.#keptBytes >= LONGEST_SEARCH) return;
    this.#kept.push(bytes.slice(0, LONGEST_SEARCH - this.#keptBytes));
    this.#keptBytes += bytes.length;
  }

  #finds(head: string, { regex, minOffset, maxOffset }: HttpPattern): boolean {
    const answer = `${head}\r\n\r\n${Buffer.concat(this.#kept).toString('latin1')}`;
    return answer.slice(minOffset ?? 0, maxOffset).search(regex) >= 0;
  }
}

const accepts = (ranges: HttpUrl['statusCodes'], status: number): boolean =>
  ranges.length === 0 ? status >= 200 && status <= 299 : ranges.some(([from, to]) => status >= from && status <= to);
