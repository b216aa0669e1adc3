import type { AskingCheck } from '../config/check.js';
import type { Outcome } from './check.js';
import { attemptDns } from './dns.js';
import { attemptGrpc } from './grpc.js';
import { attemptHttp } from './http.js';
import { attemptMisc } from './misc.js';
import { attemptPing } from './ping.js';
import type { ProbePorts } from './ports.js';
import { attemptSmtp } from './smtp.js';
import { attemptTcp } from './tcp.js';
import { attemptUdp } from './udp.js';

/** One attempt of any check that asks. `turn` counts the successes so far: the urls of an HTTP check take turns. */
export function attempt(check: AskingCheck, turn: number, ports: ProbePorts, signal: AbortSignal): Promise<Outcome> {
  switch (check.is) {
    case 'tcp':
      return attemptTcp(check, ports, signal);
    case 'http':
      return attemptHttp(check, turn, ports, signal);
    case 'grpc':
      return attemptGrpc(check, ports, signal);
    case 'smtp':
      return attemptSmtp(check, ports, signal);
    case 'dns':
      return attemptDns(check, ports, signal);
    case 'udp':
      return attemptUdp(check, ports, signal);
    case 'ping':
      return attemptPing(check, ports, signal);
    case 'misc':
      return attemptMisc(check, ports, signal);
  }
}
