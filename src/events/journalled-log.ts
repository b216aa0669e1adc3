import type { Log, LogEvent, LogLevel } from '../system/log.js';
import type { Journal } from './journal.js';

/** Who asks what of the API is for the log alone: whoever follows events by asking would be told of himself. */
const PRIVATE: ReadonlySet<string> = new Set(['api.asked']);

/** A log whose events are in the journal too, from level info on, whatever the log itself leaves out. */
export function journalledLog(log: Log, journal: Pick<Journal, 'add'>): Log {
  const add = (level: LogLevel, event: LogEvent): void => {
    if (!PRIVATE.has(event.event)) journal.add(level, event);
  };
  return {
    debug: (event) => log.debug(event),
    info: (event) => {
      log.info(event);
      add('info', event);
    },
    warn: (event) => {
      log.warn(event);
      add('warn', event);
    },
    error: (event) => {
      log.error(event);
      add('error', event);
    },
  };
}
