import { createHash } from 'node:crypto';
import type { Configuration, Position, VirtualServer } from '../config/configuration.js';
import { Diagnostics, formatDiagnostic } from '../config/diagnostics.js';
import { FLEET_NAME } from '../config/fleet.js';
import { type Includes, parse } from '../config/parse.js';
import { readConfiguration, shape } from '../config/read.js';
import { keywordOf, positionOfWord, type Statement } from '../config/tree.js';
import { type KeyRange, type KeyValue, keysBelow } from './etcd-codec.js';

/** Where things are in etcd, below the prefix of the fleet. */
export interface Keys {
  /** Documents for all directors and those for one: read, and watched, as one range. */
  readonly documents: KeyRange;
  /** What the directors tell of themselves. */
  readonly directors: KeyRange;
  director(name: string): string;
  /** @param only a director; null: all */
  document(name: string, only: string | null): string;
  /** Who wrote the document, written with it. */
  note(name: string, only: string | null): string;
}

/** Directors and documents are named alike: both are parts of keys. */
export function keysOf(prefix: string): Keys {
  const at = (what: string, name: string, only: string | null): string =>
    only === null ? `${prefix}/${what}/${name}` : `${prefix}/${what}-of/${only}/${name}`;
  return {
    documents: keysBelow(`${prefix}/configuration`),
    directors: keysBelow(`${prefix}/directors/`),
    director: (name) => `${prefix}/directors/${name}`,
    document: (name, only) => at('configuration', name, only),
    note: (name, only) => at('notes', name, only),
  };
}

/** A text of the configuration language that directors share. */
export interface Document {
  readonly name: string;
  /** The one director that it is for, in the place of everybody's of that name; null: it is everybody's. */
  readonly only: string | null;
  readonly text: string;
  readonly modRevision: number;
  readonly version: number;
}

/** What lies below `PREFIX/configuration`. Keys of another shape are nobody's documents. */
export function documentsOf(prefix: string, items: readonly KeyValue[]): readonly Document[] {
  const start = `${prefix}/configuration`.length;
  return items.flatMap(({ key, value, modRevision, version }): Document[] => {
    const [first = '', second = '', third, ...more] = key.slice(start).split('/');
    const [name, only] = first === '' ? [second, null] : [third ?? '', second];
    const isOurs = more.length === 0 && (first === '' ? third === undefined : first === '-of');
    const named = FLEET_NAME.test(name) && (only === null || FLEET_NAME.test(only));
    return isOurs && named ? [{ name, only, text: value, modRevision, version }] : [];
  });
}

/** Those that a director has to follow, in the order of their names: its own take the places of everybody's. */
export function documentsFor(director: string, all: readonly Document[]): readonly Document[] {
  const mine = new Map<string, Document>();
  for (const one of all) if (one.only === null) mine.set(one.name, one);
  for (const one of all) if (one.only === director) mine.set(one.name, one);
  return [...mine.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Equal for equal texts. */
export const fingerprintOfDocuments = (documents: readonly Pick<Document, 'name' | 'text'>[]): string =>
  createHash('sha256')
    .update(JSON.stringify(documents.map(({ name, text }) => [name, text])))
    .digest('hex')
    .slice(0, 12);

export interface ReadOptions {
  /** What lines `@ID ...` are compared with. */
  readonly director: string;
  readonly allowScripts: boolean;
}

/** undefined: there are errors. Complaints are lines of text, errors first. */
export interface DocumentsRead {
  readonly configuration: Configuration | undefined;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

const MAIN = 'fleet';

/** All documents as one configuration, by the ordinary reader: a group of one may be named in another one. */
export function readDocuments(
  documents: readonly Pick<Document, 'name' | 'text'>[],
  { director, allowScripts }: ReadOptions,
): DocumentsRead {
  const texts = new Map(documents.map(({ name, text }) => [`${MAIN}/${name}`, text]));
  const main = [...texts.keys()].map((file) => `include ${file}\n`).join('');
  const includes: Includes = (pattern) => {
    const text = texts.get(pattern);
    return text === undefined
      ? { missing: `a document of the fleet includes no other: '${pattern}'`, mayBe: false }
      : [{ file: pattern, text }];
  };
  const source = { file: MAIN, text: main };
  const options = { includes, configId: director };
  const read = readConfiguration(source, options);
  const of = (wanted: 'error' | 'warning'): readonly string[] =>
    read.diagnostics.filter(({ severity }) => severity === wanted).map(formatDiagnostic);
  const foreign = parse(source, options, shape, new Diagnostics()).statements.filter(
    (one) => !SHARED.has(keywordOf(one)),
  );
  const scripts = allowScripts ? undefined : read.configuration?.virtualServers.find(hasScripts);
  const errors = [
    ...of('error'),
    ...foreign.map(foreignText),
    ...(scripts === undefined ? [] : [scriptsText(scripts)]),
  ];
  const configuration = errors.length === 0 ? read.configuration : undefined;
  return { configuration, errors, warnings: of('warning') };
}

/** All else is a machine's own business. */
const SHARED: ReadonlySet<string> = new Set(['virtual_server', 'virtual_server_group', 'SSL']);

const placeText = ({ file, line, column }: Position): string => `${file}:${line}:${column}`;

const foreignText = (statement: Statement): string =>
  `${placeText(positionOfWord(statement, 0))}: '${keywordOf(statement)}' stands in the file of a machine, not in a document of the fleet`;

const scriptsText = ({ position, name }: VirtualServer): string =>
  `${placeText(position)}: virtual_server ${name} runs scripts, which the fleet block of this director's file does not allow (allow_scripts)`;

const hasScripts = ({ quorumUp, quorumDown, realServers }: VirtualServer): boolean =>
  quorumUp !== undefined ||
  quorumDown !== undefined ||
  realServers.some(
    ({ notifyUp, notifyDown, checks }) =>
      notifyUp !== undefined || notifyDown !== undefined || checks.some(({ is }) => is === 'misc'),
  );
