import type { AnnouncerStatus } from '../announce/announcer.js';
import type { Wrong } from './arguments.js';
import { describe } from './manual.js';

/** What lvsctl asks the daemon about the addresses that a routing daemon is told of. */
export interface AnnounceRequest {
  readonly do: 'announce';
  /** null: only how it is. */
  readonly withdraw: boolean | null;
}

const states: ReadonlyMap<string, boolean | null> = new Map([
  ['status', null],
  ['off', true],
  ['on', false],
]);

export const announceCommand = describe(
  {
    program: 'lvsctl',
    name: 'announce',
    summary: 'the addresses that BIRD or FRR is told of; withdraws them all, or announces them again',
    synopsis: ['[status|on|off]'],
    shares: ['control', 'json'],
    about: [
      `The addresses that BIRD or FRR is told of (the file's 'announce' block; docs/fleet.md), and why others are not. 'off' withdraws every
      address until 'on', over restarts too: routers turn away, and forwarding goes on for those that have not yet.`,
    ],
    exit: '0 done, 1 nobody answers or there is no such block, 2 usage.',
  },
  {
    options: {},
    words: [['status', 'on', 'off']],
    read(_, [word = 'status', ...more]): AnnounceRequest | Wrong {
      const withdraw = states.get(word);
      return withdraw === undefined || more.length > 0
        ? { wrong: 'announce [status|on|off]' }
        : { do: 'announce', withdraw };
    },
  },
);

/** Of a line of JSON; undefined: it is none. */
export function decodeAnnounceRequest(told: object): AnnounceRequest | undefined {
  const { withdraw } = told as Readonly<Record<string, unknown>>;
  return withdraw === null || typeof withdraw === 'boolean' ? { do: 'announce', withdraw } : undefined;
}

export const announceText = ({ by, table, withdrawn, addresses, trouble }: AnnouncerStatus): string =>
  [
    `by ${by === 'bird' ? 'BIRD' : 'FRR'}, through routing table ${table}${withdrawn ? '; withdrawn by an operator' : ''}`,
    ...addresses.map(
      ({ prefix, announced, why }) => `  ${prefix} ${announced ? 'announced' : `not announced: ${why ?? '?'}`}`,
    ),
    ...(trouble === null ? [] : [`the kernel refuses: ${trouble}`]),
    '',
  ].join('\n');
