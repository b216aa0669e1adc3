import type { AskingCheck } from '../config/check.js';
import type { Outcome } from './check.js';
import { attemptHttp } from './http.js';
import type { ProbePorts } from './ports.js';
import { attemptTcp } from './tcp.js';

/** One attempt of any check that asks. `turn` counts the successes so far: the urls of an HTTP check take turns. */
export function attempt(check: AskingCheck, turn: number, ports: ProbePorts, signal: AbortSignal): Promise<Outcome> {
  switch (check.is) {
    case 'tcp':
      return attemptTcp(check, ports, signal);
    case 'http':
      return attemptHttp(check, turn, ports, signal);
    default:
      return Promise.resolve({ is: 'inconclusive', detail: `${check.is} checks are not implemented yet` });
  }
}
