import { request } from 'node:http';
import { connect } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** One request over a Unix socket. Rejects if nobody answers. */
export const ask = (
  socketPath: string,
  path: string,
  {
    method = 'GET',
    body,
    headers = {},
  }: { readonly method?: string; readonly body?: object; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const asked = request({
      socketPath,
      path,
      method,
      agent: false,
      headers: { ...headers, ...(payload === undefined ? {} : { 'content-type': 'application/json' }) },
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
    asked.end(payload);
  });

/** Bytes as they are; what came until the other end closed. */
export const sendRaw = (path: string, bytes: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const parts: string[] = [];
    const socket = connect(path, () => socket.write(bytes));
    socket.setEncoding('latin1');
    socket.on('data', (part: string) => parts.push(part));
    socket.once('close', () => resolve(parts.join('')));
    socket.once('error', (error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? reject(error) : undefined));
  });
