/** Checks of servers on the loopback, and their outcomes in a word. */
import type { CheckTarget, GrpcCheck, HttpCheck, HttpUrl, TlsSettings } from '../../src/config/check.js';
import type { Failure, Outcome } from '../../src/health/check.js';
import { anyCheck, targetAt } from './probe-ports.js';

/** The signal of an attempt that nobody stops. */
export const never: AbortSignal = new AbortController().signal;

export const anyUrl: HttpUrl = { path: '/alive', host: 'www.example.com', statusCodes: [] };

export const httpCheck = (
  port: number,
  url: Partial<HttpUrl> = {},
  protocol: HttpCheck['protocol'] = '1.0',
  tls?: TlsSettings,
): HttpCheck => ({
  is: 'http',
  ...anyCheck,
  target: targetAt(port),
  tls,
  protocol,
  fastRecovery: false,
  urls: [{ ...anyUrl, ...url }],
});

export const grpcCheck = (port: number, service = '', tls?: TlsSettings): GrpcCheck => ({
  is: 'grpc',
  ...anyCheck,
  target: targetAt(port),
  tls,
  service,
  authority: 'www.example.com',
});

/** The same with so much time that no machine is too busy for it: for what is to answer. */
export const patient = <C extends { readonly target: CheckTarget }>(check: C): C => ({
  ...check,
  target: { ...check.target, timeoutSeconds: 60 },
});

export const why = (outcome: Outcome): Failure | 'alive' | 'inconclusive' =>
  outcome.is === 'failed' ? outcome.why : outcome.is;
