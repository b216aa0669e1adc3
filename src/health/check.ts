/**
 * health/ — who is alive.
 * codecs: http-request.ts, http-response.ts … · attempts: a file per checker over ports.ts, chosen by probe.ts · rules: judge.ts, quorum.ts · owner: monitor.ts
 */

/** Why an attempt failed. Each word is also what logs and statistics count. */
export type Failure =
  | 'refused'
  | 'unreachable'
  | 'timeout'
  | 'reset'
  | 'closed'
  | 'tls'
  | 'bind'
  | 'malformed'
  | 'status'
  | 'digest'
  | 'pattern'
  | 'too-large'
  | 'certificate'
  | 'script'
  | 'file'
  | 'answer'
  | 'session';

/**
 * What one attempt found. `inconclusive` says nothing about the server: this machine had no descriptor or memory left for the
 * attempt, and a director must not empty its table for that.
 */
export type Outcome =
  /** `weight`: what a check with an opinion on it (misc_dynamic) says. `warning`: alive, but look at it (a certificate near its end). */
  | { readonly is: 'alive'; readonly detail: string; readonly weight?: DynamicWeight; readonly warning?: string }
  | { readonly is: 'failed'; readonly why: Failure; readonly detail: string }
  | { readonly is: 'inconclusive'; readonly detail: string };

/** A weight that a check gives its server: as it is, or on top of the configured one. */
export type DynamicWeight = { readonly set: number } | { readonly add: number };

export const alive = (detail: string): Outcome => ({ is: 'alive', detail });
export const failed = (why: Failure, detail: string): Outcome => ({ is: 'failed', why, detail });

/** One attempt. It ends by itself within a bounded time, and soon after `signal` is aborted; it never rejects. */
export type Attempt = (signal: AbortSignal) => Promise<Outcome>;

/** This machine has no descriptor or memory left. */
const SHORTAGES: ReadonlySet<string | undefined> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS']);

/** Errors of connect(2), read(2), bind(2) and setsockopt(2), and of TLS, as outcomes. */
export function outcomeOf(error: NodeJS.ErrnoException): Outcome {
  const { code, syscall = '', message: detail } = error;
  if (SHORTAGES.has(code)) return { is: 'inconclusive', detail };
  // a source address, an interface or a mark that we cannot have
  if (/^(bind|setsockopt)\b/.test(syscall)) return failed('bind', detail);
  switch (code) {
    case 'ECONNREFUSED':
      return failed('refused', detail);
    case 'ETIMEDOUT':
      return failed('timeout', detail);
    case 'ECONNRESET':
    case 'EPIPE':
      return failed('reset', detail);
    case 'EADDRNOTAVAIL':
    case 'EADDRINUSE':
      return failed('bind', detail);
    default:
      return failed(/^(ERR_SSL|ERR_TLS|EPROTO)/.test(code ?? '') ? 'tls' : 'unreachable', detail);
  }
}
