import { wallMs } from '../../system/clock.js';
import { momentText, spanText } from '../amounts.js';
import { flag, text, type Wrong } from '../arguments.js';
import { openApi, type Page } from '../api-client.js';
import type { Context } from '../lvsctl-entry.js';
import { describe } from '../manual.js';
import { sheetOf } from '../sheet.js';
import { type Column, tableText } from '../table.js';
import { type Changed, type Pending, pendingText, printChanged } from './changed.js';

export interface HistoryEntry {
  readonly revision: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly who: string;
  readonly comment: string | null;
  readonly kind: string;
  readonly what: readonly string[];
  /** null: it was not to be confirmed. */
  readonly confirmed: boolean | null;
}

interface HistoryPage extends Page<HistoryEntry> {
  readonly revision: number;
  readonly pending: Pending | null;
}

export const confirmCommand = describe(
  {
    program: 'lvsctl',
    name: 'confirm',
    summary: "keeps what 'apply --confirm-within' has changed",
    synopsis: [''],
    shares: ['api', 'json'],
    about: ['What waits to be confirmed stays as it is.'],
  },
  { options: {}, read: () => ({}) },
);

/** Answers with the exit status. @throws LvsError of the client */
export async function confirm(_: object, { asked, output }: Context): Promise<number> {
  const api = openApi(asked.api);
  try {
    const kept = await api.send<Pending>('POST', '/v1/transactions/confirm');
    output.out(asked.json ? `${JSON.stringify(kept)}\n` : `revision ${kept.revision} stays\n`);
    return 0;
  } finally {
    api.close();
  }
}

export interface RollbackOrder {
  readonly revision?: number;
  readonly dryRun: boolean;
}

export const rollbackCommand = describe(
  {
    program: 'lvsctl',
    name: 'rollback',
    summary: 'takes the last change back, or all since a revision',
    synopsis: ['[REVISION] [--dry-run]'],
    shares: ['api', 'json'],
    about: [
      `What the API declares is again what it was at REVISION ('lvsctl history' has them), or before the last change; a change that waits to be
      confirmed is taken back at once. That is a change itself: it is in the history, and can be taken back.`,
    ],
  },
  {
    options: { 'dry-run': { ...flag, help: 'only say what it would change' } },
    words: ['nothing'],
    read: ({ 'dry-run': dryRun }, [revision, ...more]): RollbackOrder | Wrong => {
      if (more.length > 0) return { wrong: `'${more.join(' ')}' is one word too many` };
      if (revision === undefined) return { dryRun };
      return /^\d{1,15}$/.test(revision)
        ? { dryRun, revision: Number(revision) }
        : { wrong: `'${revision}' is no revision: lvsctl history has them` };
    },
  },
);

/** Answers with the exit status. @throws LvsError of the client */
export async function rollback({ revision, dryRun }: RollbackOrder, context: Context): Promise<number> {
  const api = openApi(context.asked.api);
  try {
    const path = revision === undefined ? '/v1/transactions/rollback' : `/v1/history/${revision}/rollback`;
    const changed = await api.send<Changed>('POST', path, undefined, dryRun ? { dryRun } : {});
    return printChanged(changed, context, wallMs());
  } finally {
    api.close();
  }
}

export interface HistoryOrder {
  readonly most: number;
}

const USUAL = 20;

export const historyCommand = describe(
  {
    program: 'lvsctl',
    name: 'history',
    summary: 'who changed what by the API, and when',
    synopsis: ['[-n N]'],
    shares: ['api', 'json'],
    about: ["The newest first, each with the revision that 'lvsctl rollback' takes."],
  },
  {
    options: { lines: { ...text, short: 'n', value: 'N', help: `so many (default ${USUAL})` } },
    read: ({ lines = String(USUAL) }): HistoryOrder | Wrong =>
      /^[1-9]\d{0,5}$/.test(lines) ? { most: Number(lines) } : { wrong: `-n is a number, not '${lines}'` },
  },
);

/** Answers with the exit status. @throws LvsError of the client */
export async function history({ most }: HistoryOrder, { asked, output, environment }: Context): Promise<number> {
  const api = openApi(asked.api);
  try {
    const page = await api.get<HistoryPage>('/v1/history', { limit: most });
    if (asked.json) output.out(`${JSON.stringify(page)}\n`);
    else {
      if (page.items.length === 0) output.err('nothing was changed by the API yet\n');
      else output.out(tableText(page.items, historyColumns(wallMs()), sheetOf(output, environment)));
      if (page.pending !== null)
        output.out(`revision ${page.pending.revision} is ${pendingText(page.pending, wallMs())}\n`);
    }
    return 0;
  } finally {
    api.close();
  }
}

const kindText = ({ kind, confirmed }: HistoryEntry): string =>
  confirmed === null ? kind : `${kind}, ${confirmed ? 'confirmed' : 'not confirmed'}`;

/** A change of many lines is told by its first and their number. */
const whatText = ({ what: [first = '', ...more] }: HistoryEntry): string =>
  more.length === 0 ? first : `${first} and ${more.length} more`;

const historyColumns = (nowMs: number): readonly Column<HistoryEntry>[] => [
  { title: 'REVISION', align: 'right', of: ({ revision }) => String(revision) },
  { title: 'WHEN', of: ({ at }) => momentText(at) },
  { title: 'AGO', align: 'right', of: ({ at }) => spanText(nowMs - at), spare: 1 },
  { title: 'WHO', of: ({ who }) => who },
  { title: 'KIND', of: kindText, ink: ({ kind }) => (kind === 'refused' || kind === 'expired' ? 'yellow' : undefined) },
  { title: 'WHAT', of: whatText, least: 24 },
  { title: 'COMMENT', of: ({ comment }) => comment ?? '', least: 12 },
];
