export type SignalName = 'SIGHUP' | 'SIGINT' | 'SIGTERM' | 'SIGUSR1' | 'SIGUSR2' | 'SIGTSTP' | 'SIGCONT';

/** Where signals come from: `process`, or a test's emitter. */
export interface SignalSource {
  on(signal: SignalName, listener: () => void): unknown;
  off(signal: SignalName, listener: () => void): unknown;
}

/** Listens until the returned function is called. While somebody listens the signal does not end the process. */
export function onSignals(source: SignalSource, handlers: Partial<Record<SignalName, () => void>>): () => void {
  const entries = Object.entries(handlers) as [SignalName, () => void][];
  for (const [signal, handler] of entries) source.on(signal, handler);
  return () => {
    for (const [signal, handler] of entries) source.off(signal, handler);
  };
}

/** The end of a process, once. */
export interface Ending {
  /** A signal's name, or what somebody said. */
  readonly why: Promise<string>;
  readonly end: (why: string) => void;
}

/** By SIGTERM, SIGINT, one of `more`, or whoever calls `end`, whatever comes first. Listens at once, so that a signal that comes while we start ends us in order too. */
export function nextEnding(source: SignalSource, more: readonly SignalName[] = []): Ending {
  let end: (why: string) => void = () => undefined;
  const why = new Promise<string>((resolve) => (end = resolve));
  for (const signal of ['SIGTERM', 'SIGINT', ...more] as const) onSignals(source, { [signal]: () => end(signal) });
  return { why, end: (reason) => end(reason) };
}
