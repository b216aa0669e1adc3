import type { Committed, Preview, Transaction } from '../declare/change.js';
import { destination } from './destinations.js';
import {
  count,
  countOrNull,
  flag,
  listOf,
  object,
  orNull,
  partial,
  text,
  textOrNull,
  type Document,
} from './schema.js';
import { service } from './services.js';

export const pending = {
  title: 'Pending',
  ...object({
    revision: count,
    until: {
      type: 'number',
      description: 'when it is taken back unless somebody confirms it, milliseconds since 1970',
    },
    who: text,
  }),
} as const;

const step = {
  title: 'Step',
  ...object({
    change: { ...text, description: '+ tcp 192.0.2.1:80 -> 10.0.0.1:80 masquerade weight 1' },
    service: { ...text, description: 'id' },
    destination: { ...textOrNull, description: 'id; null: the service itself' },
    effect: {
      type: 'string',
      enum: ['none', 'kept', 'drained', 'cut', 'moved'],
      description:
        'on connections: kept: they go on; drained: they go on and no new one comes; moved: another forwarder',
    },
    established: { ...countOrNull, description: 'connections that it touches; null: they were not counted' },
    inactive: countOrNull,
  }),
} as const;

/** What every change answers, and the same of one that is only asked for. */
export const changed = {
  title: 'Changed',
  ...object({
    dryRun: { ...flag, description: 'true: nothing was done' },
    revision: { ...count, description: 'of what is declared, now' },
    steps: { ...listOf(step), description: 'what the forwarding table goes through' },
    advice: {
      ...listOf(object({ at: text, detail: text })),
      description: 'what is not wrong, and probably not meant',
    },
    pending: { ...orNull(pending), description: 'not null: it is taken back unless it is confirmed' },
    stored: { ...flag, description: 'false: it is in force, and the disk did not take it yet' },
    service: { ...orNull(service), description: 'which was changed, as it is now; null: none, or it is gone' },
    destination: { ...orNull(destination), description: 'the same of a destination' },
  }),
} as const;
export type Changed = Document<typeof changed>;

/** Of every change. */
export const dryRunQuery = partial({
  dryRun: { ...flag, description: 'true: what it would do, and nothing is done' },
});

export type Wanted = Omit<Transaction, 'who'>;

/** The plan of a change, done or not. */
export function changedBy(told: Preview | Committed, now: Pick<Changed, 'service' | 'destination'>): Changed {
  const isDone = 'stored' in told;
  return {
    dryRun: !isDone,
    revision: told.revision,
    steps: told.steps.map(({ destination = null, ...rest }) => ({ ...rest, destination })),
    advice: told.advice.map(({ pointer, message }) => ({ at: `/body${pointer}`, detail: message })),
    pending: isDone ? told.pending : null,
    stored: isDone && told.stored,
    ...now,
  };
}
