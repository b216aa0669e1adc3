/** Whether a director that starts still waits for the other's connections before it may be master. Pure. */

/** Something that should be here before. */
export type Part =
  /** Or nobody needs it. */
  | { readonly is: 'here' }
  | { readonly is: 'missing'; readonly what: string }
  /** It will not come. */
  | { readonly is: 'hopeless'; readonly why: string };

export interface WaitView {
  readonly peer: {
    readonly is: 'connected' | 'away' | 'untrusted';
    readonly forMs: number;
    readonly why: string | null;
  };
  readonly parts: readonly Part[];
}

export type Verdict = { readonly is: 'wait'; readonly for: string } | { readonly is: 'go'; readonly why: string };

/** A director that is alone comes up after so long, whatever is configured. */
export const ALONE_MS = 5000;

export function verdictOf({ peer, parts }: WaitView): Verdict {
  const missing = parts.flatMap((part) => (part.is === 'missing' ? [part.what] : []));
  const hopeless = parts.flatMap((part) => (part.is === 'hopeless' ? [part.why] : []));
  if (missing.length === 0 && hopeless.length === 0) return { is: 'go', why: 'all is here' };
  if (peer.is === 'untrusted') return { is: 'go', why: peer.why ?? 'the other director is not trusted' };
  if (peer.is === 'away')
    return peer.forMs >= ALONE_MS
      ? { is: 'go', why: `this director is alone: ${peer.why ?? 'the other one is away'}` }
      : { is: 'wait', for: 'the other director' };
  if (missing.length > 0) return { is: 'wait', for: missing.join(' and ') };
  return { is: 'go', why: hopeless.join('; ') };
}
