import {
  count,
  countOrNull,
  flag,
  listOf,
  milliseconds,
  millisecondsOrNull,
  object,
  orNull,
  text,
  textOrNull,
} from './schema.js';

const resync = {
  title: 'Resync',
  ...object({
    connections: { ...count, description: "in the giver's table" },
    sent: count,
    missing: { ...count, description: "sent, and not in the taker's table in the end" },
    untold: { ...count, description: 'that no message can tell' },
    msAgo: milliseconds,
    tookMs: milliseconds,
  }),
} as const;

const connections = {
  title: 'ConnectionSync',
  ...object({
    is: { type: 'string', enum: ['off', 'due', 'running', 'done', 'failed'] },
    why: textOrNull,
    messages: { ...count, description: 'of running: those that this kernel has taken' },
    runningForMs: millisecondsOrNull,
    taken: orNull(resync),
    given: orNull(resync),
    isGiving: flag,
    daemons: listOf(object({ state: { type: 'string', enum: ['master', 'backup'] }, interface: text, syncId: count })),
    lostMessages: { ...countOrNull, description: 'at the door of the backup daemon; null: none runs' },
  }),
} as const;

const sessions = {
  title: 'SessionSync',
  ...object({
    takes: {
      ...orNull(
        object({
          phase: { type: 'string', enum: ['waiting', 'table', 'following'] },
          isWhole: { ...flag, description: 'a whole table came, and all that changed since' },
          taken: count,
          refused: count,
        }),
      ),
      description: 'null: nothing; why says the reason',
    },
    why: textOrNull,
    gives: {
      ...orNull(
        object({
          phase: { type: 'string', enum: ['idle', 'due', 'table', 'changes'] },
          taken: count,
          refused: count,
          unconfirmedBytes: count,
          confirmedMsAgo: milliseconds,
        }),
      ),
      description: 'what the other takes of ours',
    },
  }),
} as const;

/** What a director knows of the connections that it has from the other one and gives to it. */
export const syncReport = {
  title: 'Sync',
  ...object({
    peer: object({
      is: { type: 'string', enum: ['connected', 'away', 'untrusted'] },
      forMs: milliseconds,
      why: textOrNull,
      notListening: { ...textOrNull, description: 'why the other one cannot call' },
    }),
    connections: { ...connections, description: "the kernel's" },
    sessions: { ...sessions, description: "the userspace engine's" },
    waitsFor: { ...textOrNull, description: 'before it may be master' },
  }),
} as const;
