/** What the pair needs of the world: a TCP that tests can fake. */

/** A connection. Bytes come in order or not at all. */
export interface PairStream {
  /** Address of the other end. */
  readonly remote: string;
  write(text: string): void;
  /** Bytes written that the system has not yet taken. */
  buffered(): number;
  /** What was written still leaves. */
  close(): void;
  /** Once, before anything comes. `ended` is called once at most. */
  listen(received: (bytes: Uint8Array) => void, ended: () => void): void;
}

export interface PairNetwork {
  /** Rejects with why nobody can be heard there. Resolves with what ends it. */
  listen(
    at: { readonly address: string | undefined; readonly family: 'ip4' | 'ip6'; readonly port: number },
    accept: (stream: PairStream) => void,
  ): Promise<() => void>;
  /** Rejects when nobody answers within `timeoutMs`. */
  dial(to: {
    readonly address: string;
    readonly port: number;
    readonly source: string | undefined;
    readonly timeoutMs: number;
  }): Promise<PairStream>;
}
