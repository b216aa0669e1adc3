import type { Clock } from '../system/clock.js';
import { alive, type Outcome, type Target } from './check.js';
import { converse } from './connection.js';

/** TCP_CHECK: alive is who completes the handshake. */
export interface TcpCheck {
  readonly kind: 'tcp';
  readonly target: Target;
  readonly timeoutMs: number;
}

export function attemptTcp(check: TcpCheck, clock: Clock, signal: AbortSignal): Promise<Outcome> {
  const { target, timeoutMs } = check;
  const connected = (): Outcome => alive('connected');
  return converse(
    { target, timeoutMs, deadlineMs: timeoutMs, clock, signal },
    { onConnected: connected, onBytes: connected, onEnd: connected },
  );
}
