import type { Fills } from './arguments.js';
import { openApi } from './api-client.js';
import type { ShownDestination, ShownService } from './api/documents.js';
import { LvsError } from '../errors.js';
import { foreignCommands } from './lb.js';
import { type Entry, sharedOptions, type Usual } from './lvsctl-entry.js';
import type { DescribedOptions } from './manual.js';

/** What may stand where the cursor is, and what it is. */
export interface Candidate {
  readonly word: string;
  readonly means: string;
}

/** What fills the place of the cursor: words that are known, or what somebody else knows. */
export type Place = { readonly words: readonly Candidate[] } | { readonly of: Fills; readonly before: string };

const helpOption = { help: { type: 'boolean', short: 'h', help: 'all of it' } } as const satisfies DescribedOptions;

/** `typed`: the words behind lvsctl, up to the one that is being typed, which may be empty. Pure. */
export function placeOf(typed: readonly string[], commands: readonly Entry[]): Place {
  const current = typed.at(-1) ?? '';
  const before = typed.slice(0, -1);
  const at = commandAt(before);
  const command = commands.find(({ name }) => name === before[at]);
  const options = { ...optionsOf(command, at), ...helpOption };
  const [, equals] = /^(--[a-z-]+=)/.exec(current) ?? [];
  if (equals !== undefined) return { of: valueOf(equals.slice(0, -1), options) ?? 'nothing', before: equals };
  const value = before.includes('--') ? undefined : valueOf(before.at(-1) ?? '', options);
  if (value !== undefined) return { of: value, before: '' };
  if (current.startsWith('-')) return { words: optionWords(options) };
  if (at < 0) return { words: commandWords(commands) };
  if (command === undefined) return { of: 'nothing', before: '' };
  const words = wordsOf(before.slice(at + 1), options);
  return { of: command.words[Math.min(words, command.words.length - 1)] ?? 'nothing', before: '' };
}

/** The place of the command; -1: there is none yet. */
function commandAt(words: readonly string[]): number {
  for (let i = 0; i < words.length; i++) {
    if (words[i] === '--control' || words[i] === '--api') i++;
    else if (words[i]?.startsWith('-') !== true) return i;
  }
  return -1;
}

/** Those that every command takes stand before it; behind it, those that it makes use of. */
function optionsOf(command: Entry | undefined, at: number): DescribedOptions {
  if (at < 0 || command === undefined) return sharedOptions;
  const shares = Object.entries(sharedOptions).filter(([name]) =>
    command.manual.shares?.some((share) => share === name),
  );
  return { ...command.options, ...Object.fromEntries(shares) };
}

/** What the value of an option is; undefined: that is no option, or one without a value. */
function valueOf(word: string, options: DescribedOptions): Fills | undefined {
  const found = Object.entries(options).find(([name, { short }]) => word === `--${name}` || word === `-${short ?? ''}`);
  if (found === undefined || found[1].type === 'boolean') return undefined;
  return found[1].fills ?? 'nothing';
}

/** How many words there are beside options and their values. */
function wordsOf(typed: readonly string[], options: DescribedOptions): number {
  let words = 0;
  for (let i = 0; i < typed.length; i++) {
    const word = typed[i] ?? '';
    if (!word.startsWith('-') || word === '-') words++;
    else if (valueOf(word, options) !== undefined) i++;
  }
  return words;
}

const optionWords = (options: DescribedOptions): readonly Candidate[] =>
  Object.entries(options).map(([name, { help }]) => ({ word: `--${name}`, means: help }));

const commandWords = (commands: readonly Entry[]): readonly Candidate[] => [
  ...commands.map(({ name, manual }) => ({ word: name, means: manual.summary })),
  ...foreignCommands.map(({ word, summary }) => ({ word, means: summary })),
];

/** Nobody waits longer for a key. */
const SILENCE_MS = 1500;
/** More cannot be looked at, and a site may have 100,000. */
const MOST = 500;

/** All that fills a place. What the director would know is nothing where it does not answer. */
export async function candidates(
  typed: readonly string[],
  commands: readonly Entry[],
  usual: Usual,
): Promise<'file' | readonly Candidate[]> {
  const place = placeOf(typed, commands);
  const current = typed.at(-1) ?? '';
  const fitting = (all: readonly Candidate[]): readonly Candidate[] =>
    all.filter(({ word }) => word.startsWith(current)).slice(0, MOST);
  if ('words' in place) return fitting(place.words);
  const { of, before } = place;
  if (of === 'file') return 'file';
  const known = typeof of === 'string' ? await lookedUp(of, apiOf(typed, usual), commands) : of.map(plain);
  return fitting(known.map(({ word, means }) => ({ word: `${before}${word}`, means })));
}

const plain = (word: string): Candidate => ({ word, means: '' });

/** The socket that somebody has typed. */
function apiOf(typed: readonly string[], { api }: Usual): string {
  const at = typed.indexOf('--api');
  const joined = typed.find((word) => word.startsWith('--api='))?.slice('--api='.length);
  return joined ?? (at < 0 ? api : (typed[at + 1] ?? api));
}

async function lookedUp(
  of: Exclude<Fills, readonly string[]>,
  path: string,
  commands: readonly Entry[],
): Promise<readonly Candidate[]> {
  if (of === 'command') return commandWords(commands);
  if (of === 'nothing') return [];
  const api = openApi(path, SILENCE_MS);
  try {
    if (of === 'service') {
      const services = await api.rows<ShownService>('/v1/services');
      return services.map(({ id, name }) => ({ word: id, means: name }));
    }
    if (of === 'instance') {
      const { instances } = await api.get<{ readonly instances: readonly { name: string; role: string }[] }>(
        '/v1/vrrp',
      );
      return instances.map(({ name, role }) => ({ word: name, means: role }));
    }
    const servers = await api.rows<ShownDestination>('/v1/destinations', { role: 'real' });
    return of === 'server'
      ? serverWords(servers)
      : servers.flatMap(({ server }) => (server === null ? [] : plain(server)));
  } catch (error) {
    if (error instanceof LvsError) return [];
    throw error;
  } finally {
    api.close();
  }
}

/** Each server once, and what has it. */
function serverWords(servers: readonly ShownDestination[]): readonly Candidate[] {
  const names = new Map<string, string>();
  for (const { id, server } of servers) names.set(id, names.has(id) ? `${names.get(id)}, ...` : (server ?? ''));
  return [...names].map(([word, means]) => ({ word, means }));
}

/** A line for each, a tab before what it means; one line ':file' where the shell knows better. */
export const candidatesText = (all: 'file' | readonly Candidate[]): string =>
  all === 'file' ? ':file\n' : all.map(({ word, means }) => `${word}\t${means}\n`).join('');
