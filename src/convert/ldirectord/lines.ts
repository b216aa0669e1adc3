import type { Diagnostics, Place } from '../../config/diagnostics.js';

/** `word = value` of an ldirectord.cf. */
export interface Directive {
  readonly word: string;
  /** Where the word stands. */
  readonly place: Place;
  /** As written, quotes included. */
  readonly value: string;
  readonly valuePlace: Place;
}

/** A `virtual =` line and the indented ones below it. */
export interface Section {
  readonly virtual: Directive;
  readonly directives: readonly Directive[];
}

export interface LdirectordFile {
  readonly globals: readonly Directive[];
  readonly sections: readonly Section[];
}

const DIRECTIVE = /^(\s*)([A-Za-z][\w-]*)(\s*=\s*)?(.*?)\s*$/;
/** No directive is so long. */
const LONGEST = 4096;
const INDENTED = /^(?:\t| {4,}| {1,3}\t)/;

/**
 * Text → directives. What is indented by a tab or four blanks belongs to the `virtual` above it. A line that begins with `#` is a comment
 * everywhere; behind a directive only a section has comments, and there `#` begins one even in quotes.
 */
export function readLines({ file, text }: { file: string; text: string }, diagnostics: Diagnostics): LdirectordFile {
  const globals: Directive[] = [];
  const sections: { virtual: Directive; directives: Directive[] }[] = [];
  let open: Directive[] | undefined;
  for (const [i, whole] of text.split('\n').entries()) {
    if (/^\s*(#|$)/.test(whole)) {
      if (/^\s*$/.test(whole)) open = undefined;
      continue;
    }
    const indented = INDENTED.test(whole);
    const directive = directiveOf(indented ? whole.replace(/#.*/, '') : whole, { file, line: i + 1 }, diagnostics);
    if (directive === undefined) continue;
    if (indented) {
      if (open === undefined)
        diagnostics.error(directive.place, `'${directive.word}' is indented but below no virtual`);
      open?.push(directive);
    } else if (directive.word === 'virtual' || directive.word === 'virtual6') {
      open = [];
      sections.push({ virtual: directive, directives: open });
    } else {
      open = undefined;
      globals.push(directive);
    }
  }
  return { globals, sections };
}

function directiveOf(
  text: string,
  at: { readonly file: string; readonly line: number },
  diagnostics: Diagnostics,
): Directive | undefined {
  if (text.length > LONGEST) {
    diagnostics.error({ ...at, column: 1, length: 1 }, `this line is longer than ${LONGEST} characters`);
    return undefined;
  }
  const [, blanks = '', word = '', equals = '', value = ''] = DIRECTIVE.exec(text) ?? [];
  const column = blanks.length + 1;
  const place = { ...at, column, length: Math.max(1, word.length) };
  if (word === '' || (equals === '' && word !== 'supervised')) {
    diagnostics.error({ ...place, length: Math.max(1, text.trim().length) }, 'this is no directive', {
      expected: "'word = value'",
    });
    return undefined;
  }
  const valuePlace = { ...at, column: column + word.length + equals.length, length: Math.max(1, value.length) };
  return { word, place, value, valuePlace };
}
