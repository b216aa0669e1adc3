import { pino } from 'pino';

/** One thing that happened. Events and their fields are listed in docs/operating.md. */
export interface LogEvent {
  /** `folder.what`, for example `health.verdict`. */
  readonly event: string;
  readonly [field: string]: unknown;
}

export interface Log {
  debug(event: LogEvent): void;
  info(event: LogEvent): void;
  warn(event: LogEvent): void;
  error(event: LogEvent): void;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Where lines of a log go. Closing writes what waits. */
export interface LogSink {
  write(line: string): void;
}

/**
 * JSON lines with time (ISO), level (a word) and pid. Written at once, not buffered: who reads a log after a crash wants its last
 * line.
 */
export function jsonLog(sink: LogSink, level: LogLevel = 'info'): Log {
  const logger = pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    sink,
  );
  return {
    debug: (event) => logger.debug(event),
    info: (event) => logger.info(event),
    warn: (event) => logger.warn(event),
    error: (event) => logger.error(event),
  };
}

/** Lines to a file descriptor. A log reader that goes away must not take the director with it. */
export function descriptorSink(fd: number): LogSink {
  const destination = pino.destination({ dest: fd, sync: true });
  destination.on('error', () => undefined);
  return destination;
}

/** The sentence of whatever was thrown. */
export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
