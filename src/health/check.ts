/**
 * health/ — who is alive.
 * codec: http-request.ts, http-response.ts · attempts: tcp.ts, http.ts over connection.ts · rules: judge.ts, quorum.ts · owner: monitor.ts
 */

/** Where a check connects, and from where. Addresses are canonical text, ports numbers; 0 or absent: whatever the kernel takes. */
export interface Target {
  readonly address: string;
  readonly port: number;
  readonly bindAddress?: string;
  readonly bindPort?: number;
}

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
  | 'too-large';

/**
 * What one attempt found. `inconclusive` says nothing about the server: this machine had no descriptor or memory left for the
 * attempt, and a director must not empty its table for that.
 */
export type Outcome =
  | { readonly is: 'alive'; readonly detail: string }
  | { readonly is: 'failed'; readonly why: Failure; readonly detail: string }
  | { readonly is: 'inconclusive'; readonly detail: string };

export const alive = (detail: string): Outcome => ({ is: 'alive', detail });
export const failed = (why: Failure, detail: string): Outcome => ({ is: 'failed', why, detail });

/** One attempt. It ends by itself within a bounded time, and soon after `signal` is aborted; it never rejects. */
export type Attempt = (signal: AbortSignal) => Promise<Outcome>;

/** Errors of connect(2), read(2) and bind(2) as outcomes. */
export function outcomeOf(error: NodeJS.ErrnoException): Outcome {
  const detail = error.message;
  switch (error.code) {
    case 'ECONNREFUSED':
      return failed('refused', detail);
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EHOSTDOWN':
    case 'EACCES':
    case 'EPERM':
      return failed('unreachable', detail);
    case 'ETIMEDOUT':
      return failed('timeout', detail);
    case 'ECONNRESET':
    case 'EPIPE':
      return failed('reset', detail);
    case 'EADDRNOTAVAIL':
    case 'EADDRINUSE':
      return failed('bind', detail);
    case 'EMFILE':
    case 'ENFILE':
    case 'ENOMEM':
    case 'ENOBUFS':
      return { is: 'inconclusive', detail };
    default:
      return failed(error.code?.startsWith('ERR_SSL') === true ? 'tls' : 'unreachable', detail);
  }
}
