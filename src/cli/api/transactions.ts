import { readFileSync } from 'node:fs';
import type { Change } from '../../declare/change.js';
import type { DeclaredService } from '../../declare/service.js';
import { LvsError } from '../../errors.js';
import { wallMs } from '../../system/clock.js';
import { reasonOf } from '../../system/log.js';
import { readSeconds } from '../amounts.js';
import { flag, text, type Wrong } from '../arguments.js';
import { type ApiClient, openApi } from '../api-client.js';
import type { Request } from '../control.js';
import type { Context } from '../lvsctl-entry.js';
import { describe, type About } from '../manual.js';
import { type Changed, printChanged } from './changed.js';
import type { ShownService } from './documents.js';

/** A document of changes, and how it is applied. */
export interface ApplyOrder {
  /** `-`: standard input. */
  readonly file: string;
  readonly prune: boolean;
  readonly dryRun: boolean;
  readonly confirmWithinSeconds?: number;
  readonly comment?: string;
}

const file: readonly About[] = [
  {
    title: 'FILE is a document of JSON (- for standard input), one of',
    terms: [
      [
        '{"changes": [...]}',
        'a transaction of the API, which may say confirmWithinSeconds, comment and expectRevision too',
      ],
      ['[...]', 'its changes alone, such as {"do": "delete-service", "id": "tcp-192.0.2.1-80"}'],
      ['{"services": [...]}', 'services as they are to be; with --prune there are no others that the API declares'],
    ],
  },
];

const prune = { ...flag, help: 'with "services": what else the API declares goes' } as const;

export const planCommand = describe(
  {
    program: 'lvsctl',
    name: 'plan',
    summary: 'what a reload, or the changes of a document, would do',
    synopsis: ['', 'FILE [--prune]'],
    shares: ['control', 'api', 'json'],
    about: [
      `Without FILE, what a reload of the director's file would change in the forwarding table. With FILE, each change that 'lvsctl apply FILE'
      would make, and how many connections it would touch. Nothing is changed.`,
      ...file,
    ],
  },
  {
    options: { prune },
    words: ['file', 'nothing'],
    read: ({ prune }, [file, ...more]): Request | ApplyOrder | Wrong => {
      if (more.length > 0) return { wrong: `'${more.join(' ')}' is one word too many` };
      if (file === undefined) return prune ? { wrong: '--prune goes with FILE' } : { do: 'plan' };
      return { file, prune, dryRun: true };
    },
  },
);

export const applyCommand = describe(
  {
    program: 'lvsctl',
    name: 'apply',
    summary: 'the changes of a document, all of them or none',
    synopsis: ['FILE [--prune] [--dry-run] [--confirm-within SECONDS] [--comment TEXT]'],
    shares: ['api', 'json'],
    about: [
      `Changes what is declared beside the director's file: all of FILE, or nothing where a part of it is wrong or is not taken. It is stored, and
      in force again after a restart. With --confirm-within it is taken back by itself, also over a restart, unless 'lvsctl confirm' is said in
      time: whoever locks himself out is let in again.`,
      ...file,
    ],
  },
  {
    options: {
      prune,
      'dry-run': { ...flag, help: 'only say what it would change, as plan does' },
      'confirm-within': { ...text, value: 'SECONDS', help: 'taken back after so long unless it is confirmed' },
      comment: { ...text, value: 'TEXT', help: 'for the history: why' },
    },
    words: ['file', 'nothing'],
    read: ({ prune, 'dry-run': dryRun, 'confirm-within': within, comment }, words): ApplyOrder | Wrong => {
      const [file, ...more] = words;
      if (file === undefined || more.length > 0) return { wrong: 'apply which one file?' };
      const seconds = within === undefined ? undefined : readSeconds(within);
      if (within !== undefined && seconds === undefined)
        return { wrong: `--confirm-within is a number of seconds, not '${within}'` };
      return {
        file,
        prune,
        dryRun,
        ...(seconds === undefined ? {} : { confirmWithinSeconds: seconds }),
        ...(comment === undefined ? {} : { comment }),
      };
    },
  },
);

/** Answers with the exit status. @throws LvsError DOCUMENT_UNREADABLE and those of the client */
export async function apply(order: ApplyOrder, context: Context): Promise<number> {
  const document = readDocument(order.file, readFileSync);
  const api = openApi(context.asked.api);
  try {
    const transaction = await transactionOf(document, order, api);
    const query = order.dryRun ? { dryRun: true } : {};
    const changed = await api.send<Changed>('POST', '/v1/transactions', transaction, query);
    return printChanged(changed, context, wallMs());
  } finally {
    api.close();
  }
}

/** What a file may be: a transaction of the API as it is, or services. */
export type ApplyDocument = { readonly changes: readonly unknown[] } | { readonly services: readonly unknown[] };

const STDIN = 0;

/** @throws LvsError DOCUMENT_UNREADABLE */
export function readDocument(file: string, read: (file: string | number, encoding: 'utf8') => string): ApplyDocument {
  const cannot = (why: string): LvsError<'DOCUMENT_UNREADABLE'> => new LvsError('DOCUMENT_UNREADABLE', [file, why]);
  let told: unknown;
  try {
    told = JSON.parse(read(file === '-' ? STDIN : file, 'utf8'));
  } catch (error) {
    throw cannot(reasonOf(error));
  }
  if (Array.isArray(told)) return { changes: told };
  if (typeof told !== 'object' || told === null) throw cannot('it is no object and no list');
  const { changes, services } = told as Readonly<Record<string, unknown>>;
  if (Array.isArray(changes) === Array.isArray(services)) throw cannot('it has either "changes" or "services"');
  return told as ApplyDocument;
}

/** Services become changes; what the document says beside goes along, for the API to judge. */
async function transactionOf(
  document: ApplyDocument,
  { prune, confirmWithinSeconds, comment }: ApplyOrder,
  api: Pick<ApiClient, 'rows'>,
): Promise<object> {
  const { services, ...rest } = 'services' in document ? document : { ...document, services: undefined };
  if (services === undefined && prune)
    throw new LvsError('API_SAYS_NO', ['--prune goes with a document of "services"']);
  const declared = prune ? await api.rows<ShownService>('/v1/services') : [];
  const changes =
    services === undefined ? {} : { changes: changesTo(services as readonly DeclaredService[], declared) };
  return {
    ...rest,
    ...changes,
    ...(confirmWithinSeconds === undefined ? {} : { confirmWithinSeconds }),
    ...(comment === undefined ? {} : { comment }),
  };
}

/** What makes of `declared` what is wanted: those of the API that are not wanted go. */
export const changesTo = (
  wanted: readonly DeclaredService[],
  declared: readonly Pick<ShownService, 'id' | 'origin'>[],
): readonly Change[] => {
  const ids = new Set(wanted.map(({ id }) => id));
  return [
    ...declared
      .filter(({ id, origin }) => origin === 'api' && !ids.has(id))
      .map(({ id }) => ({ do: 'delete-service', id }) as const),
    ...wanted.map((service) => ({ do: 'put-service', service }) as const),
  ];
};
