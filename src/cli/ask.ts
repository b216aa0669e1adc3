import { connect } from 'node:net';
import { LvsError } from '../errors.js';
import { systemClock } from '../system/clock.js';
import { reasonOf } from '../system/log.js';
import type { Answer, Request } from './control.js';

/** What every command of lvsctl may be told. */
export interface Manner {
  /** The control socket. */
  readonly path: string;
  /** Print one JSON document instead of text. */
  readonly json: boolean;
}

const TIMEOUT_MS = 60_000;

/** What the director answers to one request. @throws LvsError DIRECTOR_ABSENT, DIRECTOR_SAYS_NO */
export async function ask(path: string, request: Request, timeoutMs = TIMEOUT_MS): Promise<unknown> {
  const answer = await exchange(path, request, timeoutMs);
  if (!answer.ok) throw new LvsError('DIRECTOR_SAYS_NO', [answer.error]);
  return answer.result;
}

/** One line of JSON to whoever listens there, and one back. @throws LvsError DIRECTOR_ABSENT */
export function exchange(path: string, request: object, timeoutMs = TIMEOUT_MS): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const told: string[] = [];
    const fail = (reason: string): void => {
      socket.destroy();
      reject(new LvsError('DIRECTOR_ABSENT', [path, reason]));
    };
    socket.setEncoding('utf8');
    const cancel = systemClock.after(timeoutMs, () => fail('no answer in time'));
    socket.once('close', cancel);
    socket.once('connect', () => socket.write(`${JSON.stringify(request)}\n`));
    socket.on('error', (error) => fail(reasonOf(error)));
    socket.once('end', () => fail('it closed the connection'));
    socket.on('data', (text: string) => {
      told.push(text);
      if (!text.endsWith('\n')) return;
      socket.destroy();
      resolve(JSON.parse(told.join('')) as Answer);
    });
  });
}
