import type { Destination, Dialer, HangUp } from '../../src/health/ports.js';

/** Servers that are there, refuse, or say nothing, by `address:port`. Whoever is not named is there. Knocks only. */
export class FakeDialer implements Dialer {
  readonly refusing = new Set<string>();
  readonly silent = new Set<string>();
  /** Every knock, in order. */
  readonly knocks: string[] = [];

  knock({ address, port }: Destination, done: (error: NodeJS.ErrnoException | undefined) => void): HangUp {
    const name = `${address}:${port}`;
    this.knocks.push(name);
    if (this.silent.has(name)) return () => undefined;
    let isOver = false;
    const error = this.refusing.has(name)
      ? Object.assign(new Error(`connect ECONNREFUSED ${name}`), { code: 'ECONNREFUSED' })
      : undefined;
    queueMicrotask(() => {
      if (!isOver) done(error);
    });
    return () => void (isOver = true);
  }

  dial(): HangUp {
    throw new Error('no connections here');
  }

  /** The knocks since it was asked last. */
  take(): string[] {
    return this.knocks.splice(0);
  }
}
