import type { Socket } from 'node:net';
import { checkServerIdentity, connect, type TLSSocket } from 'node:tls';
import type { TlsSettings } from '../config/check.js';
import { failed, type Outcome, outcomeOf } from './check.js';
import type { HangUp, ProbePorts } from './ports.js';

/** A connection that is encrypted now; `warning`: its certificate ends soon. */
export interface Secured {
  readonly socket: TLSSocket;
  readonly warning: string | undefined;
}

export type TlsPorts = Pick<ProbePorts, 'wallMs' | 'tlsContext'>;

/**
 * TLS on a connection that stands. As in keepalived nobody looks at the certificate unless the settings say so. Whoever is told
 * of the connection destroys it; where it does not come to that, and after `HangUp`, it is destroyed here.
 */
export function secure(
  raw: Socket,
  settings: TlsSettings,
  protocols: readonly string[],
  ports: TlsPorts,
  done: (result: Secured | Outcome) => void,
): HangUp {
  const socket = encrypted(raw, settings, protocols, ports);
  if ('is' in socket) {
    raw.destroy();
    queueMicrotask(() => done(socket));
    return () => undefined;
  }
  const refuse = (outcome: Outcome): void => {
    socket.destroy();
    done(outcome);
  };
  const onError = (error: Error): void => refuse(tlsOutcome(error));
  socket.once('error', onError);
  socket.once('secureConnect', () => {
    socket.off('error', onError);
    const look = inspect(socket, settings, ports.wallMs());
    if (typeof look === 'object') refuse(look);
    else done({ socket, warning: look });
  });
  return () => {
    socket.removeAllListeners('secureConnect');
    socket.off('error', onError);
    socket.on('error', () => undefined); // a handshake may also fail while it is torn down
    socket.destroy();
  };
}

function encrypted(
  socket: Socket,
  settings: TlsSettings,
  protocols: readonly string[],
  { tlsContext }: TlsPorts,
): TLSSocket | Outcome {
  try {
    return connect({
      socket,
      secureContext: tlsContext(settings),
      rejectUnauthorized: false, // it is looked at below, and the reason told
      checkServerIdentity: () => undefined,
      ...(protocols.length === 0 ? {} : { ALPNProtocols: [...protocols] }),
      ...(settings.serverName === undefined ? {} : { servername: settings.serverName }),
    });
  } catch (error) {
    return tlsOutcome(error as Error);
  }
}

/** Before the handshake is done, whatever goes wrong is TLS, but for a shortage of our own. */
function tlsOutcome(error: Error & { readonly reason?: string }): Outcome {
  const outcome = outcomeOf(error);
  // of OpenSSL's errors the reason is what people understand
  return outcome.is === 'inconclusive' ? outcome : failed('tls', error.reason ?? error.message);
}

/** What is wrong with the certificate; or a warning; or nothing. */
function inspect(socket: TLSSocket, settings: TlsSettings, nowMs: number): Outcome | string | undefined {
  const { verify, warnDays, failDays } = settings;
  if (verify === undefined && warnDays === undefined && failDays === undefined) return undefined;
  const certificate = socket.getPeerCertificate();
  if (!('valid_to' in certificate)) return failed('certificate', 'the server has no certificate');
  const ends = judgeEnd(Date.parse(certificate.valid_to), nowMs, settings);
  if (typeof ends === 'object') return ends;
  if (verify !== undefined) {
    const chain = socket.authorizationError as Error | string | undefined | null; // its type is wrong: it is a code
    if (!socket.authorized) return failed('certificate', `not to be trusted: ${String(chain)}`);
    const name = checkServerIdentity(verify.name, certificate);
    if (name !== undefined) return failed('certificate', name.message);
  }
  return ends;
}

const DAY_MS = 86_400_000;

/** certificate_warn and certificate_fail: both in days before the end; a certificate that has ended is past both. Pure. */
export function judgeEnd(
  endMs: number,
  nowMs: number,
  { warnDays, failDays }: Pick<TlsSettings, 'warnDays' | 'failDays'>,
): Outcome | string | undefined {
  const leftMs = endMs - nowMs;
  const days = Math.floor(Math.abs(leftMs) / DAY_MS);
  const count = `${days} day${days === 1 ? '' : 's'}`;
  const date = Number.isNaN(endMs) ? 'nobody knows when' : new Date(endMs).toISOString().slice(0, 10);
  const text =
    leftMs < 0 ? `the certificate ended ${count} ago (${date})` : `the certificate ends in ${count} (${date})`;
  const within = (limit: number | undefined): boolean => limit !== undefined && !(leftMs >= limit * DAY_MS);
  if (within(failDays)) return failed('certificate', text);
  return within(warnDays) ? text : undefined;
}
