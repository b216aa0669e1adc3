import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A configuration and what keepalived 2.3.4 said about it. */
export interface Case {
  readonly id: string;
  /** The file, so that what it includes is found. */
  readonly file: string;
  readonly text: string;
  /** Corpus: files of others, mostly right. Negatives: files with one mistake each. */
  readonly kind: 'corpus' | 'negative';
  /** Of a negative: what kind of mistake it has. */
  readonly mistake: string;
  readonly title: string;
  readonly exit: number;
  readonly messages: readonly Said[];
  /** How many of them are about the language and not about the machine. */
  readonly languageMessages: number;
}

/** One message of keepalived: `(Line 12) Unknown keyword 'x'`. Without a line it is about the whole or about an object. */
export interface Said {
  readonly line: number | undefined;
  readonly text: string;
}

const saidOf = (message: string): Said => {
  const [, line, text = message] = /^\((?:.*: )?Line (\d+)\) (.*)$/s.exec(message.trim()) ?? [];
  return { line: line === undefined ? undefined : Number(line), text };
};

/** DIR/corpus/ID.conf with its row in DIR/index.tsv; undefined: there is no such folder. */
export function corpusOf(folder: string): readonly Case[] | undefined {
  if (!existsSync(join(folder, 'index.tsv')) || !existsSync(join(folder, 'corpus'))) return undefined;
  const [header = '', ...rows] = readFileSync(join(folder, 'index.tsv'), 'utf8').trimEnd().split('\n');
  const names = header.split('\t');
  const files = new Set(readdirSync(join(folder, 'corpus')));
  return rows.flatMap((row) => {
    const cells = row.split('\t');
    const cell = (name: string): string => cells[names.indexOf(name)] ?? '';
    const id = cell('id');
    if (!files.has(`${id}.conf`)) return [];
    const file = join(folder, 'corpus', `${id}.conf`);
    const messages = cell('messages_2.3.4');
    return {
      id,
      file,
      text: readFileSync(file, 'utf8'),
      kind: 'corpus' as const,
      mistake: '',
      title: `${cell('source_repo')} ${cell('source_path')}`,
      exit: Number(cell('exit_2.3.4')),
      messages: messages === '' ? [] : messages.split(' | ').map(saidOf),
      languageMessages: Number(cell('lang_msgs_2.3.4')),
    };
  });
}

interface NegativeRow {
  readonly id: string;
  readonly title: string;
  readonly cls: string;
  readonly config: string;
  readonly exit: number;
  readonly messages: readonly string[];
}

/** One JSON object in each line. */
export function negativesOf(file: string): readonly Case[] {
  const rows = readFileSync(file, 'utf8').trimEnd().split('\n');
  return rows.map((row) => {
    const { id, title, cls, config, exit, messages } = JSON.parse(row) as NegativeRow;
    return {
      id,
      file: 'keepalived.conf',
      text: config,
      kind: 'negative' as const,
      mistake: cls,
      title: `${cls}: ${title}`,
      exit,
      messages: messages.map(saidOf),
      languageMessages: messages.length,
    };
  });
}
