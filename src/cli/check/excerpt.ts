import { readFileSync } from 'node:fs';
import { type Diagnostic, formatExcerpt } from '../../config/diagnostics.js';

/** The lines of the files that complaints are about. */
export interface Lines {
  /** undefined: it cannot be shown. Lines count from 1. */
  line(file: string, number: number): string | undefined;
}

/** Read when the first complaint about a file is shown, and again never. */
export function linesOfFiles(read: (file: string) => string = (file) => readFileSync(file, 'utf8')): Lines {
  const files = new Map<string, readonly string[]>();
  const linesOf = (file: string): readonly string[] => {
    const known = files.get(file);
    if (known !== undefined) return known;
    const lines = readOrNothing(file, read).split('\n');
    files.set(file, lines);
    return lines;
  };
  return { line: (file, number) => linesOf(file)[number - 1] };
}

function readOrNothing(file: string, read: (file: string) => string): string {
  try {
    return read(file);
  } catch {
    return ''; // that it cannot be read is the complaint itself
  }
}

/** Wider lines are shown around the place that is meant. */
const WIDEST = 120;
const BEFORE = 60;

const COLOURS = { error: '\x1b[1;31m', warning: '\x1b[1;33m' } as const;
const PLAIN = '\x1b[0m';

/**
 * ```text
 *    12 |     wieght 5
 *       |     ^~~~~~
 * ```
 * Empty if the line cannot be shown.
 */
export function excerpt(diagnostic: Diagnostic, lines: Lines, colour: boolean): string {
  const { file, line, column } = diagnostic.position;
  const text = lines.line(file, line);
  if (text === undefined || text.trim() === '' || column > text.length + 1) return '';
  const cut = text.length > WIDEST ? Math.max(0, column - 1 - BEFORE) : 0;
  const shown = harmless(text.slice(cut, cut + WIDEST));
  const position = { ...diagnostic.position, column: column - cut };
  const [source = '', caret = ''] = formatExcerpt({ ...diagnostic, position }, shown).split('\n');
  const indent = caret.slice(0, caret.indexOf('^'));
  const mark = caret.slice(indent.length);
  const number = String(line).padStart(5);
  const coloured = colour ? `${COLOURS[diagnostic.severity]}${mark}${PLAIN}` : mark;
  return `${number} | ${source.trimEnd()}\n      | ${indent}${coloured}\n`;
}

/** A file must not talk to the terminal: control characters but tabs become dots. */
export const harmless = (text: string): string => text.replace(/[\x00-\x08\x0a-\x1f\x7f-\x9f]/g, '·');

/** Colours are for people at a terminal who have not said no (no-color.org). */
export const wantsColour = (isTerminal: boolean, environment: NodeJS.ProcessEnv): boolean =>
  isTerminal && (environment['NO_COLOR'] ?? '') === '' && environment['TERM'] !== 'dumb';
