import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Clock } from './clock.js';
import { reasonOf } from './log.js';

export interface HttpPost {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  /** From the connection to the end of the answer. */
  readonly timeoutMs: number;
  /** PEM; undefined: the system's authorities. */
  readonly authority?: string | undefined;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

/** Nobody reads what is answered; more than this need not be sent. */
const LONGEST_ANSWER = 64 * 1024;

/** One request on a connection of its own. Redirections are answers like others. Rejects with the reason. */
export const httpPost = (
  { url, body, headers, timeoutMs, authority, signal }: HttpPost,
  clock: Pick<Clock, 'after'>,
): Promise<HttpAnswer> =>
  new Promise((resolve, reject) => {
    const secure = url.startsWith('https:');
    const asked = (secure ? httpsRequest : httpRequest)(url, {
      method: 'POST',
      agent: false,
      signal,
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      ...(secure && authority !== undefined ? { ca: authority } : {}),
    });
    const cancel = clock.after(timeoutMs, () =>
      asked.destroy(new Error(`it did not answer within ${timeoutMs / 1000} seconds`)),
    );
    asked.once('close', cancel);
    asked.on('error', (error) => reject(new Error(reasonOf(error), { cause: error })));
    asked.once('response', (answer) => {
      let length = 0;
      const tell = (): void => {
        resolve({ status: answer.statusCode ?? 0, retryAfter: answer.headers['retry-after'] });
        asked.destroy();
      };
      answer.on('data', (part: Buffer) => {
        length += part.length;
        if (length > LONGEST_ANSWER) tell();
      });
      answer.once('end', tell);
      answer.once('error', reject); // cut off: it may not have been taken
      answer.once('aborted', () => reject(new Error('it closed the connection in the middle of its answer')));
    });
    asked.end(body);
  });
