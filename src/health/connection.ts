import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Clock } from '../system/clock.js';
import { Timers } from '../system/timers.js';
import type { CheckTarget } from '../config/check.js';
import { failed, type Outcome, outcomeOf } from './check.js';

export interface ConnectionOptions {
  readonly target: CheckTarget;
  /** For the connection, and again for each silence after it. */
  readonly timeoutMs: number;
  /** For all of it. */
  readonly deadlineMs: number;
  /** Certificates are not verified: a check asks whether the server works. */
  readonly tls?: { readonly serverName?: string };
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** What a check does with its connection. Each may say what the attempt found, which ends it. */
export interface Conversation {
  /** The connection stands (and TLS with it). */
  onConnected(socket: Socket): Outcome | undefined;
  onBytes(bytes: Buffer): Outcome | undefined;
  /** The server has said all it will. */
  onEnd(): Outcome;
}

const stopped: Outcome = { is: 'inconclusive', detail: 'stopped' };

/** Holds one conversation and closes its connection. Never rejects. */
export function converse(options: ConnectionOptions, conversation: Conversation): Promise<Outcome> {
  const { timeoutMs, deadlineMs, signal } = options;
  if (signal.aborted) return Promise.resolve(stopped);
  const timers = new Timers<'silence' | 'deadline'>(options.clock);
  return new Promise((resolve) => {
    const socket = open(options);
    const finish = (outcome: Outcome): void => {
      timers.disarmAll();
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      resolve(outcome);
    };
    const onAbort = (): void => finish(stopped);
    const late = (what: string): void => finish(failed('timeout', what));
    const go = (outcome: Outcome | undefined): void => {
      if (outcome !== undefined) finish(outcome);
      else timers.arm('silence', timeoutMs, () => late(`no answer within ${timeoutMs} ms`));
    };

    signal.addEventListener('abort', onAbort);
    timers.arm('silence', timeoutMs, () => late(`no connection within ${timeoutMs} ms`));
    timers.arm('deadline', deadlineMs, () => late(`not done within ${deadlineMs} ms`));
    socket.once(options.tls === undefined ? 'connect' : 'secureConnect', () => go(conversation.onConnected(socket)));
    socket.on('data', (bytes: Buffer) => go(conversation.onBytes(bytes)));
    socket.once('end', () => finish(conversation.onEnd()));
    // stays after the end: a connection may also fail while it is torn down
    socket.on('error', (error: NodeJS.ErrnoException) => finish(outcomeOf(error)));
  });
}

function open({ target, tls }: ConnectionOptions): Socket {
  const where = {
    host: target.address,
    port: target.port,
    ...(target.bindAddress === undefined ? {} : { localAddress: target.bindAddress }),
    ...(target.bindPort === undefined ? {} : { localPort: target.bindPort }),
  };
  if (tls === undefined) return connectTcp(where);
  return connectTls({
    ...where,
    rejectUnauthorized: false,
    minVersion: 'TLSv1',
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
  });
}
