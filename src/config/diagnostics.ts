import type { Position } from './configuration.js';
import { nearest } from './nearest.js';

/**
 * What a complaint is about: `language` the words themselves; `repair` something was assumed or altered to go on; `include` a file that
 * could not be included; `file` the main file; `unsupported` known words without effect here; `advice` legal and probably not meant;
 * `host` this machine does not fit; `security` a script keepalived's rules refuse to run.
 */
export const kinds = ['language', 'repair', 'include', 'file', 'unsupported', 'advice', 'host', 'security'] as const;
export type Kind = (typeof kinds)[number];

/** One complaint about one place. Errors refuse the file; warnings are about what is legal and probably not meant. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  readonly kind: Kind;
  readonly position: Position;
  /** How many characters are meant, for a caret line. */
  readonly length: number;
  readonly message: string;
  readonly expected?: string;
  /** The word that was probably meant. */
  readonly suggestion?: string;
}

/** What a place is, for whoever complains about it. */
export interface Place extends Position {
  readonly length: number;
}

export interface Advice {
  /** Absent: language. */
  readonly kind?: Kind;
  readonly expected?: string | undefined;
  readonly suggestion?: string | undefined;
}

/** Collects the complaints of one reading, each once. */
export class Diagnostics {
  readonly #all = new Map<string, Diagnostic>();
  readonly #spoilt = new Set<string>();
  readonly #ignored = new Map<string, { readonly why: string; readonly places: Place[] }>();
  #errors = 0;
  #said = 0;

  get hasErrors(): boolean {
    return this.#errors > 0;
  }

  /** How often anything was said: whether there was something to say about what was read since. */
  get said(): number {
    return this.#said;
  }

  error(place: Place, message: string, advice: Advice = {}): void {
    this.#add('error', place, message, advice);
  }

  warning(place: Place, message: string, advice: Advice = {}): void {
    this.#add('warning', place, message, advice);
  }

  /** An error after which nothing more is said about its line: what was meant there is not known. */
  spoil(place: Place, message: string, advice: Advice = {}): void {
    this.#spoilt.delete(lineOf(place));
    this.error(place, message, advice);
    this.#spoilt.add(lineOf(place));
  }

  /** A word that is known and does nothing here: one warning for all its places. */
  ignored(place: Place, word: string, why: string): void {
    this.#said++;
    const before = this.#ignored.get(word);
    if (before === undefined) this.#ignored.set(word, { why, places: [place] });
    else before.places.push(place);
  }

  /** In the order of the files as they were read, of lines, of columns. */
  sorted(files: readonly string[]): readonly Diagnostic[] {
    this.#warnOfIgnored();
    return inOrder([...this.#all.values()], files);
  }

  #warnOfIgnored(): void {
    for (const [word, { why, places }] of this.#ignored) {
      const [first, ...others] = places;
      const more =
        others.length === 0 ? '' : `, here and in ${others.length} more ${others.length === 1 ? 'place' : 'places'}`;
      if (first !== undefined) this.warning(first, `'${word}' has no effect${more}: ${why}`, { kind: 'unsupported' });
    }
    this.#ignored.clear();
  }

  #add(severity: Diagnostic['severity'], place: Place, message: string, advice: Advice): void {
    this.#said++;
    const { kind = 'language', expected, suggestion } = advice;
    const { file, line, column, length } = place;
    const key = `${file}:${line}:${column}:${message}`;
    if (this.#all.has(key) || this.#spoilt.has(lineOf(place))) return;
    if (severity === 'error') this.#errors++;
    this.#all.set(key, {
      severity,
      kind,
      position: { file, line, column },
      length,
      message,
      ...(expected === undefined ? {} : { expected }),
      ...(suggestion === undefined ? {} : { suggestion }),
    });
  }
}

/** In the order of the files, of lines, of columns; what is said of one place stays as it came. */
export function inOrder(diagnostics: readonly Diagnostic[], files: readonly string[]): readonly Diagnostic[] {
  const rank = new Map(files.map((file, i) => [file, i]));
  const of = ({ position }: Diagnostic): number => rank.get(position.file) ?? files.length;
  return [...diagnostics].sort(
    (a, b) => of(a) - of(b) || a.position.line - b.position.line || a.position.column - b.position.column,
  );
}

const lineOf = ({ file, line }: Place): string => `${file}:${line}`;

/** `'wieght' is no keyword of real_server; did you mean 'weight'?` */
export function unknownWord(text: string, what: string, known: Iterable<string>): [message: string, advice: Advice] {
  return [`'${text}' is ${what}`, { suggestion: nearest(text, known) }];
}

/** `keepalived.conf:12:9: 'wieght' is no keyword of real_server; did you mean 'weight'?` */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { file, line, column } = diagnostic.position;
  const expected = diagnostic.expected === undefined ? '' : `, expected ${diagnostic.expected}`;
  const meant = diagnostic.suggestion === undefined ? '' : `; did you mean '${diagnostic.suggestion}'?`;
  const warning = diagnostic.severity === 'warning' ? 'warning: ' : '';
  return `${file}:${line}:${column}: ${warning}${diagnostic.message}${expected}${meant}`;
}

/** The line that is meant and a caret below the words, tabs kept so that it stands right. */
export function formatExcerpt({ position, length }: Diagnostic, line: string): string {
  const before = line.slice(0, position.column - 1).replace(/[^\t]/g, ' ');
  const width = Math.max(1, Math.min(length, line.length - position.column + 1));
  return `${line}\n${before}^${'~'.repeat(width - 1)}`;
}
