import type { Log, LogEvent, LogLevel } from '../../src/system/log.js';

export type Logged = LogEvent & { readonly level: LogLevel };

/** A log that a test can ask. */
export class MemoryLog implements Log {
  readonly events: Logged[] = [];

  debug(event: LogEvent): void {
    this.#add('debug', event);
  }
  info(event: LogEvent): void {
    this.#add('info', event);
  }
  warn(event: LogEvent): void {
    this.#add('warn', event);
  }
  error(event: LogEvent): void {
    this.#add('error', event);
  }

  named(event: string): Logged[] {
    return this.events.filter((logged) => logged.event === event);
  }

  #add(level: LogLevel, event: LogEvent): void {
    this.events.push({ ...event, level });
  }
}
