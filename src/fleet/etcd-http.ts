import { type ClientRequest, request as plainRequest } from 'node:http';
import { Agent, request as tlsRequest, type RequestOptions } from 'node:https';
import type { Cancel, Clock } from '../system/clock.js';
import { once } from '../system/once.js';

/** PEM texts. */
export interface TlsFiles {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** What an etcd said: its status and its JSON. */
export interface Answered {
  readonly status: number;
  readonly told: unknown;
}

/** Questions to one etcd by HTTP. */
export interface EtcdTransport {
  /** Rejects with the reason if there is no answer in time, or none of JSON. */
  post(endpoint: string, path: string, body: object, token: string | undefined): Promise<Answered>;
  /** Lines of JSON until one of both sides ends it; `ended` is called once, and not after it was cancelled. */
  stream(endpoint: string, path: string, body: object, token: string | undefined, to: StreamEars): Cancel;
  /** Ends what is under way. */
  close(): void;
}

export interface StreamEars {
  line(told: unknown): void;
  ended(why: string): void;
}

const ANSWER_MS = 5_000;
/** etcd takes requests of 1.5 MiB; a range may have many values. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Dead peers of a stream that says nothing for hours are found by TCP. */
const KEEPALIVE_MS = 10_000;

export function httpTransport(clock: Pick<Clock, 'after'>, tls: TlsFiles | undefined): EtcdTransport {
  const agent = new Agent({ keepAlive: true, ...tls });
  const asking = new Set<ClientRequest>();
  const open = (endpoint: string, path: string, body: object, token: string | undefined) => {
    const url = new URL(path, endpoint);
    const text = JSON.stringify(body);
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      ...(token === undefined ? {} : { authorization: token }),
    };
    const options: RequestOptions = { method: 'POST', headers };
    const asked = url.protocol === 'https:' ? tlsRequest(url, { ...options, agent }) : plainRequest(url, options);
    asking.add(asked);
    asked.once('close', () => asking.delete(asked));
    asked.end(text);
    return asked;
  };
  return {
    post: (endpoint, path, body, token) =>
      new Promise((resolve, reject) => {
        const asked = open(endpoint, path, body, token);
        const late = clock.after(ANSWER_MS, () => asked.destroy(new Error(`no answer in ${ANSWER_MS / 1000} s`)));
        const fail = (error: Error): void => {
          late();
          reject(error);
        };
        asked.on('error', fail);
        asked.once('response', (answer) => {
          const parts: Buffer[] = [];
          let length = 0;
          answer.on('error', fail);
          answer.on('data', (bytes: Buffer) => {
            parts.push(bytes);
            length += bytes.length;
            if (length > MOST_BYTES) asked.destroy(new Error('its answer is too long'));
          });
          answer.once('end', () => {
            late();
            const told = parsed(Buffer.concat(parts).toString('utf8'));
            if (told === undefined) reject(new Error(`status ${answer.statusCode ?? 0}, and no JSON`));
            else resolve({ status: answer.statusCode ?? 0, told });
          });
        });
      }),
    stream(endpoint, path, body, token, to) {
      const asked = open(endpoint, path, body, token);
      let why = 'etcd closed the connection';
      let isCancelled = false;
      const end = once(() => (isCancelled ? undefined : to.ended(why)));
      const late = clock.after(ANSWER_MS, () => asked.destroy(new Error(`no answer in ${ANSWER_MS / 1000} s`)));
      asked.setSocketKeepAlive(true, KEEPALIVE_MS);
      asked.on('error', (error) => (why = error.message));
      asked.once('close', () => {
        late();
        end();
      });
      asked.once('response', (answer) => {
        late();
        let rest = '';
        answer.setEncoding('utf8');
        answer.on('error', (error) => (why = error.message));
        answer.on('data', (text: string) => {
          const lines = (rest + text).split('\n');
          rest = lines.pop() ?? '';
          if (rest.length > MOST_BYTES) asked.destroy(new Error('a line of its answer is too long'));
          for (const line of lines) if (line !== '' && !isCancelled) to.line(parsed(line));
        });
      });
      return () => {
        isCancelled = true;
        asked.destroy();
      };
    },
    close() {
      for (const asked of asking) asked.destroy(new Error('stopped'));
      agent.destroy();
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
