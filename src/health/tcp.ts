import type { TcpCheck } from '../config/check.js';
import { alive, type Outcome } from './check.js';
import { converse } from './connection.js';
import type { ProbePorts } from './ports.js';

/** TCP_CHECK: alive is who completes the handshake. */
export function attemptTcp({ target }: TcpCheck, { clock }: ProbePorts, signal: AbortSignal): Promise<Outcome> {
  const timeoutMs = 1000 * target.timeoutSeconds;
  const connected = (): Outcome => alive('connected');
  return converse(
    { target, timeoutMs, deadlineMs: timeoutMs, clock, signal },
    { onConnected: connected, onBytes: connected, onEnd: connected },
  );
}
