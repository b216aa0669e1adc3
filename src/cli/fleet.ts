import { readFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { basename } from 'node:path';
import { FLEET_NAME } from '../config/fleet.js';
import { reasonOf } from '../system/log.js';
import { text, type Wrong } from './arguments.js';
import { harmless } from './check/excerpt.js';
import type { Output } from './face.js';
import { describe } from './manual.js';
import {
  decodeFleetOrder,
  type FleetChecked,
  type FleetOrder,
  type FleetSeen,
  type FleetVersion,
  type FleetWritten,
} from '../fleet/orders.js';
import type { DirectorReport } from '../fleet/report.js';

/** What lvsctl asks the daemon about the directors that share its documents. */
export interface FleetRequest {
  readonly do: 'fleet';
  readonly order: FleetOrder;
}

const options = {
  name: { ...text, value: 'NAME', help: "of the document; without it the file's name up to the first dot" },
  only: {
    ...text,
    value: 'DIRECTOR',
    help: "a document for one director, which takes the place of everybody's of that name there: to try it",
  },
  comment: { ...text, value: 'TEXT', help: 'for the history' },
  revision: { ...text, value: 'N', help: 'as the document was then (fleet history)' },
} as const;
type Told = { readonly [K in keyof typeof options]: string | undefined };

export const fleetCommand = describe(
  {
    program: 'lvsctl',
    name: 'fleet',
    summary: 'the directors that share their configuration in etcd, and the documents they share',
    synopsis: [
      '[status]',
      'check FILE [--name NAME] [--only DIRECTOR]',
      'put FILE [--name NAME] [--only DIRECTOR] [--comment TEXT]',
      'get NAME [--only DIRECTOR] [--revision N]',
      'history NAME [--only DIRECTOR]',
      'rollback NAME --revision N [--only DIRECTOR]',
      'promote NAME --only DIRECTOR',
      'remove NAME [--only DIRECTOR]',
    ],
    shares: ['control', 'json'],
    about: [
      "The directors that follow one etcd (the file's 'fleet' block; docs/fleet.md), the documents they share, and what is not as it should be.",
      {
        title: 'What is done:',
        terms: [
          [
            'status',
            'every director: release, documents in force or refused and why, servers, what it announces; and all differences',
          ],
          ['check', 'reads FILE as a document beside the others, and changes nothing'],
          ['put', 'checks it, then writes it: every director reads it, and applies it or says why not'],
          ['get', 'prints a document, as it is or as it was at a revision'],
          ['history', 'who wrote it and when, as far back as etcd keeps it'],
          ['rollback', 'writes again what it was at a revision'],
          ['promote', "makes what one director tries everybody's"],
          ['remove', 'removes the document, and with it its services'],
        ],
      },
    ],
    exit: '0 done (status: nothing differs), 1 refused, something differs or nobody answers, 2 usage.',
  },
  {
    options,
    words: [['status', 'check', 'put', 'get', 'history', 'rollback', 'promote', 'remove'], 'file'],
    read(told, [what = 'status', subject, ...more]): FleetRequest | Wrong {
      if (more.length > 0) return { wrong: `'${more.join(' ')}' is too much` };
      const order = orderOf(what, subject, told);
      return 'wrong' in order ? order : { do: 'fleet', order };
    },
  },
);

const wants: Readonly<Record<string, readonly (keyof Told)[]>> = {
  status: [],
  check: ['name', 'only'],
  put: ['name', 'only', 'comment'],
  get: ['only', 'revision'],
  history: ['only'],
  rollback: ['only', 'revision'],
  promote: ['only'],
  remove: ['only'],
};

function orderOf(what: string, subject: string | undefined, told: Told): FleetOrder | Wrong {
  const known = Object.hasOwn(wants, what) ? wants[what]! : undefined;
  if (known === undefined) return { wrong: `fleet ${Object.keys(wants).join('|')}, not '${what}'` };
  const stranger = (Object.keys(options) as (keyof Told)[]).find(
    (one) => told[one] !== undefined && !known.includes(one),
  );
  if (stranger !== undefined) return { wrong: `--${stranger} does not go with ${what}` };
  if (what === 'status') return subject === undefined ? { what } : { wrong: `'${subject}' is too much` };
  const isFile = what === 'check' || what === 'put';
  if (subject === undefined) return { wrong: `fleet ${what} ${isFile ? 'FILE' : 'NAME'}` };
  const name = isFile ? (told.name ?? basename(subject).split('.')[0] ?? '') : subject;
  const only = told.only ?? null;
  for (const one of [name, only ?? name])
    if (!FLEET_NAME.test(one)) return { wrong: `'${one}' is no name: letters, digits, points, - and _` };
  const revision = told.revision === undefined ? null : /^\d{1,15}$/.test(told.revision) ? Number(told.revision) : 0;
  if (revision === 0) return { wrong: `--revision is a number of 'fleet history', not '${told.revision ?? ''}'` };
  const who = `${userInfo().username}@${hostname()}`;
  switch (what) {
    case 'check':
    case 'put': {
      const read = textOfFile(subject);
      if ('wrong' in read) return read;
      return what === 'check'
        ? { what, name, only, text: read.text }
        : { what, name, only, text: read.text, who, comment: told.comment ?? '' };
    }
    case 'get':
      return { what, name, only, revision };
    case 'rollback':
      return revision === null ? { wrong: 'which one? --revision N' } : { what, name, only, revision, who };
    case 'promote':
      return only === null ? { wrong: 'whose? --only DIRECTOR' } : { what, name, only, who };
    default:
      return { what: what as 'history' | 'remove', name, only };
  }
}

function textOfFile(path: string): { readonly text: string } | Wrong {
  try {
    return { text: readFileSync(path, 'utf8') };
  } catch (error) {
    return { wrong: reasonOf(error) };
  }
}

/** Of a line of JSON; undefined: it is none. */
export function decodeFleetRequest(told: object): FleetRequest | undefined {
  const order = decodeFleetOrder((told as Readonly<Record<string, unknown>>)['order']);
  return order && { do: 'fleet', order };
}

/** Prints the answer to an order, which is what our own daemon made for it. @returns the exit status */
export function printFleet(order: FleetOrder, result: unknown, json: boolean, output: Output): number {
  const { text, status } = answerOf(order, result);
  output.out(json ? `${JSON.stringify(result)}\n` : text);
  return status;
}

function answerOf(order: FleetOrder, result: unknown): { readonly text: string; readonly status: number } {
  switch (order.what) {
    case 'status': {
      const seen = result as FleetSeen;
      return { text: fleetText(seen), status: seen.differences.length === 0 ? 0 : 1 };
    }
    case 'get':
      return { text: result as string, status: 0 };
    case 'history':
      return { text: historyText(result as readonly FleetVersion[]), status: 0 };
    case 'check': {
      const { virtualServers, warnings } = result as FleetChecked;
      return {
        text: [...warnings.map(harmless), `good: ${virtualServers} virtual servers with it`, ''].join('\n'),
        status: 0,
      };
    }
    default: {
      const { revision, warnings } = result as FleetWritten;
      return {
        text: [
          ...warnings.map(harmless),
          `written at revision ${revision}; 'lvsctl fleet' shows who has applied it`,
          '',
        ].join('\n'),
        status: 0,
      };
    }
  }
}

export function fleetText({ here, prefix, away, revision, documents, directors, differences }: FleetSeen): string {
  return [
    `${prefix} at revision ${revision}, told by ${here}${away === null ? '' : ', which does not reach etcd'}`,
    ...section(
      'documents',
      documents.map(
        (one) =>
          `${one.name}${one.only === null ? '' : ` for ${one.only} only`}: revision ${one.modRevision}, version ${one.version}, ${one.bytes} bytes`,
      ),
    ),
    ...directors.flatMap(directorLines),
    ...section('not as it should be', differences.map(harmless)),
    '',
  ].join('\n');
}

function directorLines(one: DirectorReport): readonly string[] {
  const { name, software, applied, refused, services, servers, quorumLost, announced, withdrawn, maglev } = one;
  const tables = Object.entries(maglev);
  return [
    `${name}, lvsd ${software}: ${services} services, ${servers.up} of ${servers.up + servers.down} servers up`,
    applied === null
      ? '  no documents in force'
      : `  documents ${applied.documents} of revision ${applied.revision} in force${refused.length === 0 ? '' : ', newer ones refused'}`,
    ...(quorumLost.length === 0 ? [] : [`  without quorum: ${quorumLost.join(', ')}`]),
    ...(announced === null
      ? []
      : [`  announces ${withdrawn ? 'nothing: withdrawn by an operator' : announced.join(' ') || 'nothing'}`]),
    ...tables.map(([service, print]) => `  Maglev ${service}: ${print}`),
  ].map(harmless);
}

const historyText = (versions: readonly FleetVersion[]): string =>
  versions
    .map(({ revision, version, at, who, comment, bytes }) =>
      harmless(
        [
          `revision ${revision}`,
          `version ${version}`,
          `${bytes} bytes`,
          at,
          who === '' ? 'not by lvsctl' : who,
          comment,
        ]
          .filter((part) => part !== '')
          .join(', '),
      ),
    )
    .map((line) => `${line}\n`)
    .join('');

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`)];
