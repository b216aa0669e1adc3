import { readFileSync } from 'node:fs';
import { request, type RequestOptions } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import type { Certificate } from './certificates.js';
import type { Answer } from './unix-http.js';

export interface HttpsOrder {
  readonly method?: string;
  readonly body?: object;
  readonly token?: string;
  readonly headers?: RequestOptions['headers'];
  /** Of the client. */
  readonly certificate?: Certificate;
  /** Of whom we believe; a path. */
  readonly ca: string;
  readonly agent?: RequestOptions['agent'];
  readonly localAddress?: string;
}

/** One request to 127.0.0.1. Rejects if nobody answers, or if it is not whom we believe. */
export const askTls = (port: number, path: string, order: HttpsOrder): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { method = 'GET', body, token, headers = {}, certificate, ca, agent = false, localAddress } = order;
    const asked = request({
      host: '127.0.0.1',
      port,
      path,
      method,
      agent,
      localAddress,
      ca: readFileSync(ca),
      ...(certificate && { cert: readFileSync(certificate.certificate), key: readFileSync(certificate.key) }),
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
    });
    asked.once('error', reject);
    asked.once('response', (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.once('error', reject);
      answer.once('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: Buffer.concat(parts).toString() }),
      );
    });
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });

/** One that nobody listens at just now. */
export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
