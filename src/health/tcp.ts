import type { TcpCheck } from '../config/check.js';
import { attemptWithin } from './attempt.js';
import { alive, failed, type Outcome, outcomeOf } from './check.js';
import type { ProbePorts } from './ports.js';

const connected = alive('connected');

/** TCP_CHECK: alive is who completes the handshake. */
export function attemptTcp({ target }: TcpCheck, ports: ProbePorts, signal: AbortSignal): Promise<Outcome> {
  const timeoutMs = 1000 * target.timeoutSeconds;
  const late = (): Outcome => failed('timeout', `no connection within ${timeoutMs} ms`);
  return attemptWithin(ports.clock, timeoutMs, late, signal, (finish) =>
    ports.dialer.knock(target, (error) => finish(error === undefined ? connected : outcomeOf(error))),
  );
}
