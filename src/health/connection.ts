import type { Socket } from 'node:net';
import type { CheckTarget, TlsSettings } from '../config/check.js';
import { Timers } from '../system/timers.js';
import { attemptWithin } from './attempt.js';
import { failed, type Outcome, outcomeOf } from './check.js';
import type { HangUp, ProbePorts } from './ports.js';
import { secure } from './tls.js';

export type ConnectionPorts = Pick<ProbePorts, 'clock' | 'dialer' | 'wallMs' | 'tlsContext'>;

export interface ConnectionOptions {
  readonly target: CheckTarget;
  /** For the connection, and again for each silence after it. */
  readonly timeoutMs: number;
  /** For all of it. */
  readonly deadlineMs: number;
  readonly tls?: TlsSettings | undefined;
  readonly ports: ConnectionPorts;
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

/** Holds one conversation and closes its connection. Never rejects. */
export const converse = (options: ConnectionOptions, conversation: Conversation): Promise<Outcome> =>
  attemptOnLine(options, [], (socket, finish, heard) => {
    const go = (outcome: Outcome | undefined): void => {
      if (outcome === undefined) heard();
      else finish(outcome);
    };
    socket.on('data', (bytes: Buffer) => go(conversation.onBytes(bytes)));
    socket.once('end', () => finish(conversation.onEnd()));
    go(conversation.onConnected(socket));
  });

/**
 * A connection, TLS on it if the check has it (with these protocols of ALPN), and what `talk` does with it. `heard` tells of a
 * sign of life: the patience with a silent server begins anew. `finish` closes the connection.
 */
export function attemptOnLine(
  { target, timeoutMs, deadlineMs, tls, ports, signal }: ConnectionOptions,
  protocols: readonly string[],
  talk: (socket: Socket, finish: (outcome: Outcome) => void, heard: () => void) => void,
): Promise<Outcome> {
  const { clock, dialer } = ports;
  const late = (): Outcome => failed('timeout', `not done within ${deadlineMs} ms`);
  return attemptWithin(clock, deadlineMs, late, signal, (done) => {
    const timers = new Timers<'silence'>(clock);
    let isOver = false;
    let warning: string | undefined;
    let hangUp: HangUp;
    const finish = (outcome: Outcome): void =>
      done(warning !== undefined && outcome.is === 'alive' ? { ...outcome, warning } : outcome);
    const wait = (what: string): void => {
      if (isOver) return;
      timers.arm('silence', timeoutMs, () => finish(failed('timeout', `no ${what} within ${timeoutMs} ms`)));
    };

    const begin = (socket: Socket): void => {
      hangUp = () => {
        // close_notify, the lack of which some servers take for an attack; HTTP/2 has an end of its own
        if (tls !== undefined && protocols.length === 0) socket.end();
        socket.destroy();
      };
      // stays to the end: a connection may also fail while it is torn down
      socket.on('error', (error: NodeJS.ErrnoException) => finish(outcomeOf(error)));
      wait('answer');
      talk(socket, finish, () => wait('answer'));
    };

    wait('connection');
    hangUp = dialer.dial(target, (result) => {
      if (result instanceof Error) return finish(outcomeOf(result));
      if (tls === undefined) return begin(result);
      wait('TLS handshake');
      hangUp = secure(result, tls, protocols, ports, (secured) => {
        if ('is' in secured) return finish(secured);
        ({ warning } = secured);
        begin(secured.socket);
      });
    });
    return () => {
      isOver = true;
      timers.disarmAll();
      hangUp();
    };
  });
}
