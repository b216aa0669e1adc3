import { readdirSync, readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { type Bundle, bundleOf, placesOf, travels } from './bundle.js';
import { type Diagnostic, Diagnostics } from './diagnostics.js';
import { type Includes, parse, type ParseOptions, type SourceText, type SyntaxTree } from './parse.js';
import { type Reading, type ReadOptions, readConfiguration, shape } from './read.js';

/** The one impure file of the folder: reads the main file and those it includes. Rejects nothing: what cannot be read is a complaint too. */
export function readConfigurationFile(file: string, options: ReadOptions = {}): Reading {
  return readFrom(disk, file, options);
}

/** The same as if the files of `bundle` lay there, and no others beside and below the main one. */
export const readBundle = (bundle: Bundle, file: string, options: ReadOptions = {}): Reading =>
  readFrom(withBundle(bundle, resolve(file)), resolve(file), options);

function readFrom(files: Files, file: string, options: ReadOptions): Reading {
  const source = files.read(file);
  if (typeof source !== 'string')
    return readConfiguration(source, { includes: includesOf(files), configId: shortHostName(), ...options });
  const position = { file, line: 1, column: 1 };
  const unreadable: Diagnostic = { severity: 'error', kind: 'file', position, length: 1, message: source };
  return { configuration: undefined, diagnostics: [unreadable], sources: [] };
}

/** An include of another machine's. */
const CONDITIONAL_INCLUDE = /^[ \t]*@.*\binclude/m;

/** All that the file needs, whichever machine reads it: of lines with a condition both sides. `sources`: as it was read here. */
export function bundleOfFile(sources: readonly SourceText[], options: ParseOptions = {}): Bundle | undefined {
  const [main] = sources;
  if (main === undefined || !sources.some(({ text }) => CONDITIONAL_INCLUDE.test(text))) return bundleOf(sources);
  const around = { includes: includeFiles, configId: shortHostName(), ...options, everyCondition: true };
  return bundleOf([main, ...sources, ...parse(main, around, shape, new Diagnostics()).sources]);
}

/** The file as a tree, without understanding it; undefined: it cannot be read. Complaints about its text are not heard. */
export function parseFile(file: string, options: ParseOptions = {}): SyntaxTree | undefined {
  const source = readText(file);
  if (typeof source === 'string') return undefined;
  return parse(source, { includes: includeFiles, configId: shortHostName(), ...options }, shape, new Diagnostics());
}

/** What `@ID` lines ask for unless told otherwise, as keepalived does: the host's name up to its first dot. */
const shortHostName = (): string => hostname().replace(/\..*/, '');

const LARGEST = 256 * 1024 * 1024;

/** Where files are looked for. */
interface Files {
  /** The text, or the sentence why there is none. */
  readonly read: (file: string) => SourceText | string;
  /** In sorted order; none: it is no folder. */
  readonly namesIn: (folder: string) => readonly string[];
  readonly isFile: (path: string) => boolean;
}

const disk: Files = { read: readText, namesIn, isFile };

/** The disk, but for what lies beside and below the main file. */
function withBundle(bundle: Bundle, main: string): Files {
  const texts = new Map(placesOf(bundle, main).map(({ file, text }) => [file, text]));
  const folder = dirname(main);
  const isOurs = (path: string): boolean => path === folder || travels(relative(folder, path));
  return {
    read(file) {
      const path = resolve(file);
      if (!isOurs(path)) return readText(file);
      const text = texts.get(path);
      return text === undefined ? 'there is no such file' : { file, text };
    },
    namesIn(path) {
      if (!isOurs(path)) return namesIn(path);
      const start = join(path, '/');
      const below = [...texts.keys()].filter((file) => file.startsWith(start)).map((file) => file.slice(start.length));
      return [...new Set(below.map((file) => file.replace(/\/.*/s, '')))].sort();
    },
    isFile: (path) => (isOurs(path) ? texts.has(path) : isFile(path)),
  };
}

function readText(file: string): SourceText | string {
  try {
    const stat = statSync(file);
    if (!stat.isFile()) return 'this is no regular file';
    if (stat.size > LARGEST) return `this file is larger than ${LARGEST} bytes`;
    return { file, text: readFileSync(file, 'utf8') };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return 'there is no such file';
    if (code === 'EACCES' || code === 'EPERM') return 'this file may not be read by who runs lvsd';
    return `this file cannot be read: ${(error as Error).message}`;
  }
}

/** A pattern is a path with `*`, `?`, `[...]` and `{a,b}`, relative to the folder of the file that includes. */
const includesOf =
  (files: Files): Includes =>
  (pattern, folder) => {
    const alternatives = braced(pattern);
    if (alternatives === undefined) return { missing: `'${pattern}' stands for too many files`, mayBe: false };
    const found: SourceText[] = [];
    for (const alternative of alternatives) {
      const isPattern = /[*?[]/.test(alternative);
      const paths = isPattern ? matching(files, resolve(folder, alternative)) : [resolve(folder, alternative)];
      if (paths.length === 0 && alternatives.length === 1)
        return { missing: `no file matches '${pattern}'`, mayBe: true };
      for (const path of paths) {
        const text = files.read(path);
        if (typeof text === 'string') return { missing: `${path}: ${text}`, mayBe: false };
        found.push(text);
      }
    }
    return found;
  };

/** Those of the disk. */
export const includeFiles: Includes = includesOf(disk);

const MOST_ALTERNATIVES = 1000;

/** `a{b,c}d` → `abd`, `acd`. */
function braced(pattern: string): readonly string[] | undefined {
  let all = [pattern];
  for (;;) {
    const next = all.flatMap((text) => {
      const [whole, inside = ''] = /\{([^{}]*)\}/.exec(text) ?? [];
      return whole === undefined ? [text] : inside.split(',').map((part) => text.replace(whole, () => part));
    });
    if (next.length > MOST_ALTERNATIVES) return undefined;
    if (next.length === all.length && next.every((text, i) => text === all[i])) return all;
    all = next;
  }
}

/** Files in sorted order; folders that are not there have none. */
function matching(files: Files, pattern: string): readonly string[] {
  let paths = ['/'];
  for (const part of pattern.split('/').filter((text) => text !== '')) {
    paths = /[*?[]/.test(part)
      ? paths.flatMap((path) =>
          files
            .namesIn(path)
            .filter(matches(part))
            .map((name) => join(path, name)),
        )
      : paths.map((path) => join(path, part));
  }
  return paths.filter(files.isFile);
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return []; // not there, or no folder: nothing matches
  }
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** As glob(7): a leading dot is matched only by a dot. */
function matches(part: string): (name: string) => boolean {
  const source = part.replace(/\[!?[^\]]+\]|[*?]|[\\^$.|+(){}[\]]/g, (sign) => {
    if (sign === '*') return '[^/]*';
    if (sign === '?') return '[^/]';
    if (sign.length > 1) return sign.replace(/^\[!/, '[^').replaceAll('\\', '\\\\');
    return `\\${sign}`;
  });
  const pattern = new RegExp(`^${source}$`);
  return (name) => pattern.test(name) && (!name.startsWith('.') || part.startsWith('.'));
}
