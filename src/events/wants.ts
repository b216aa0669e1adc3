import type { LogLevel } from '../system/log.js';
import type { StreamEvent } from './journal.js';

/** Which events somebody wants. */
export interface Wants {
  /** Names, or how they begin: `health.`, `vrrp.role`. Empty: all. */
  readonly events: readonly string[];
  /** This level and those above. */
  readonly level: LogLevel;
}

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

export const isWanted = ({ events, level }: Wants, one: Pick<StreamEvent, 'event' | 'level'>): boolean =>
  LEVELS.indexOf(one.level) >= LEVELS.indexOf(level) &&
  (events.length === 0 || events.some((beginning) => one.event.startsWith(beginning)));
