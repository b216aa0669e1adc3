export type SignalName = 'SIGHUP' | 'SIGINT' | 'SIGTERM' | 'SIGUSR1';

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
