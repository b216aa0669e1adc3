/** A configuration as the files it is made of, to be carried to another machine. Pure. */
import { createHash } from 'node:crypto';
import { basename, dirname, isAbsolute, join, normalize, relative, resolve } from 'node:path';
import type { SourceText } from './parse.js';

export interface BundleFile {
  /** Relative to the folder of the main file, never above it. */
  readonly path: string;
  readonly text: string;
}

/**
 * The main file, which has no path of its own, and those beside and below it that it includes. A hidden file, or one that is included from
 * elsewhere, is the machine's own: it does not travel.
 */
export interface Bundle {
  readonly main: string;
  /** In the order of their paths. */
  readonly included: readonly BundleFile[];
}

/** Of one machine's files: `sources` as they were read, the main one first. */
export function bundleOf(sources: readonly SourceText[]): Bundle | undefined {
  const [main, ...others] = sources;
  if (main === undefined) return undefined;
  const folder = dirname(resolve(main.file));
  const included = new Map<string, string>();
  for (const { file, text } of others) {
    const path = relative(folder, resolve(file));
    if (path !== basename(main.file) && travels(path)) included.set(path, text);
  }
  return { main: main.text, included: inOrder(included) };
}

const inOrder = (texts: ReadonlyMap<string, string>): readonly BundleFile[] =>
  [...texts].map(([path, text]) => ({ path, text })).sort((a, b) => (a.path < b.path ? -1 : 1));

/** Where its files lie if the main one is `main`, an absolute path; the main one is the last. */
export function placesOf(bundle: Bundle, main: string): readonly SourceText[] {
  const folder = dirname(main);
  return [
    ...bundle.included.map(({ path, text }) => ({ file: join(folder, path), text })),
    { file: main, text: bundle.main },
  ];
}

/** Equal for equal files, whatever the main one is called and wherever they lie. */
export const fingerprintOf = ({ main, included }: Bundle): string =>
  createHash('sha256')
    .update(JSON.stringify([main, included.map(({ path, text }) => [path, text])]))
    .digest('hex')
    .slice(0, 16);

const MOST_FILES = 1000;
/** What a text has where the bytes of its file were none. */
const NO_TEXT = '\ufffd';

/** Why it cannot be carried; undefined: it can. */
export function untransportable({ main, included }: Bundle): string | undefined {
  if (main.includes(NO_TEXT)) return 'the main file is not UTF-8';
  const broken = included.find(({ text }) => text.includes(NO_TEXT));
  return broken && `${broken.path} is not UTF-8`;
}

/** What another machine sent; undefined: it is none. */
export function decodeBundle(told: unknown): Bundle | undefined {
  if (typeof told !== 'object' || told === null) return undefined;
  const { main, included } = told as Readonly<Record<string, unknown>>;
  if (typeof main !== 'string' || !Array.isArray(included) || included.length > MOST_FILES) return undefined;
  const texts = new Map<string, string>();
  for (const one of included as readonly unknown[]) {
    const file = decodeFile(one);
    if (file === undefined || texts.has(file.path)) return undefined;
    texts.set(file.path, file.text);
  }
  return { main, included: inOrder(texts) };
}

function decodeFile(told: unknown): BundleFile | undefined {
  if (typeof told !== 'object' || told === null) return undefined;
  const { path, text } = told as Readonly<Record<string, unknown>>;
  if (typeof path !== 'string' || typeof text !== 'string') return undefined;
  return path.includes('\0') || normalize(path) !== path || !travels(path) ? undefined : { path, text };
}

/** `path`: relative to the main file's folder. Neither outside of it nor hidden: hidden files are what lvsd itself keeps there. */
export const travels = (path: string): boolean =>
  path !== '' && !isAbsolute(path) && path.split('/').every((part) => part !== '' && !part.startsWith('.'));
