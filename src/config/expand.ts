import { dirname } from 'node:path';
import { type Diagnostics, unknownWord } from './diagnostics.js';
import { columnAt, placeOf, type SourceLine, withoutComment } from './lexer.js';
import { listOf, sequenceOf } from './sequence.js';

/** What a file may ask about where it is read; absent: it may not. */
export interface Surroundings {
  /** What `@ID` lines are compared with, and `${_INSTANCE}`. */
  readonly configId?: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** A whole number, both ends included. */
  readonly random?: (from: number, to: number) => number;
}

export interface Comment {
  readonly source: SourceLine;
  /** Index of the comment sign in the text. */
  readonly at: number;
}

/** Variables may use variables, and files may make them refer to each other: beyond this depth and size it is a mistake. */
const DEEPEST = 32;
const LONGEST = 1 << 20;
const MOST_LINES = 1_000_000;

const DEFINITION = /^\s*\$([A-Za-z_]\w*)=(.*)$/s;
const SPACED_DEFINITION = /^\s*\$([A-Za-z_]\w*)\s+=/;
const CONDITION = /^\s*@(\^?)(\S+)/;
const REPETITION = /^\s*~(SEQx?|LST)\(([^()]*)\)/;
const USE = /\$\{([A-Za-z_]\w*)([^{}]*)\}|\$([A-Za-z_]\w*)(?=[\s,)]|$)/y;

/** Lines of the file → lines without comments, with variables, conditions and sequences carried out. */
export class Expander {
  readonly comments: Comment[] = [];
  readonly #diagnostics: Diagnostics;
  readonly #around: Surroundings;
  readonly #emit: (line: SourceLine) => void;
  readonly #variables = new Map<string, readonly string[]>();
  /** The definition that goes on on the next line. */
  #open: { readonly name: string; readonly lines: string[] } | undefined;
  #budget = 0;
  #lines = 0;

  constructor(diagnostics: Diagnostics, around: Surroundings, emit: (line: SourceLine) => void) {
    this.#diagnostics = diagnostics;
    this.#around = around;
    this.#emit = emit;
  }

  take(line: SourceLine): void {
    this.#budget = LONGEST;
    const { code, commentAt } = withoutComment(line);
    if (commentAt !== undefined) this.comments.push({ source: line, at: commentAt });
    if (this.#open === undefined) this.#carryOut(code, 0);
    else this.#define(this.#open, code.text);
  }

  #carryOut(line: SourceLine, depth: number): void {
    const { text } = line;
    if (text.includes('$') || /^\s*[@~]/.test(text)) this.#carryOutSigns(line, depth);
    else if (text.trim() !== '') this.#pass(line);
  }

  #carryOutSigns(line: SourceLine, depth: number): void {
    const { text } = line;
    if (depth > DEEPEST) return this.#tooMuch(line);
    const condition = CONDITION.exec(text);
    if (condition !== null) {
      const [all, not = '', id = ''] = condition;
      if ((id === this.#around.configId) !== (not === '^')) this.#carryOut(after(line, all.length), depth + 1);
      return;
    }
    const definition = DEFINITION.exec(text);
    if (definition !== null) {
      const [, name = '', value = ''] = definition;
      return this.#define({ name, lines: [] }, value);
    }
    const spaced = SPACED_DEFINITION.exec(text);
    if (spaced !== null) return this.#wrong(line, 0, spaced[0].length, `a blank before '='`, `$${spaced[1] ?? ''}=VALUE`);
    const repetition = REPETITION.exec(text);
    if (repetition !== null) return this.#repeat(line, repetition, depth);
    this.#substituteLine(line, depth);
  }

  #define(open: { readonly name: string; readonly lines: string[] }, text: string): void {
    const more = /\\\s*$/.exec(text);
    open.lines.push(more === null ? text.trimEnd() : text.slice(0, more.index).trimEnd());
    this.#open = more === null ? undefined : open;
    if (more !== null) return;
    const [first = '', ...rest] = open.lines;
    this.#variables.set(open.name, rest.length > 0 && first.trim() === '' ? rest : open.lines);
  }

  #repeat(line: SourceLine, [all, kind, inside = '']: RegExpExecArray, depth: number): void {
    const facts = this.#substitute({ ...line, text: inside }, depth + 1)?.first.text ?? '';
    const rounds = kind === 'LST' ? listOf(facts) : sequenceOf(facts, kind === 'SEQx');
    if (typeof rounds === 'string') return this.#wrong(line, 0, all.length, `~${kind ?? ''}(${facts})`, rounds);
    const rest = after(line, all.length);
    for (const round of rounds) {
      const before = [...round.keys()].map((name) => [name, this.#variables.get(name)] as const);
      for (const [name, value] of round) this.#variables.set(name, [value]);
      this.#carryOut(rest, depth + 1);
      for (const [name, value] of before)
        if (value === undefined) this.#variables.delete(name);
        else this.#variables.set(name, value);
      if (this.#lines > MOST_LINES) return;
    }
  }

  #substituteLine(line: SourceLine, depth: number): void {
    const whole = /^\s*\$\{?([A-Za-z_]\w*)\}?\s*$/.exec(line.text)?.[1];
    const lines = whole === undefined ? undefined : this.#variables.get(whole);
    if (lines !== undefined) {
      // What a variable holds may be conditions and definitions itself.
      for (const text of lines) this.#carryOut(standingIn(line, line.text.indexOf('$'), text), depth + 1);
      return;
    }
    const done = this.#substitute(line, depth);
    if (done === undefined) return this.#tooMuch(line);
    if (done.first.text.trim() !== '') this.#pass(done.first);
    for (const more of done.more) this.#carryOut(more, depth + 1);
  }

  /** undefined: it never ends. */
  #substitute(line: SourceLine, depth: number): { first: SourceLine; more: readonly SourceLine[] } | undefined {
    const { text } = line;
    if (!text.includes('$')) return { first: line, more: [] };
    if (depth > DEEPEST) return undefined;
    let made = '';
    let broken = line.broken ?? false;
    const columns: number[] = [];
    const more: SourceLine[] = [];
    const copy = (from: number, to: number): void => {
      made += text.slice(from, to);
      for (let i = from; i < to; i++) columns.push(columnAt(line, i));
    };
    for (let at = 0; at < text.length; ) {
      const sign = text.indexOf('$', at);
      copy(at, sign < 0 ? text.length : sign);
      if (sign < 0) break;
      USE.lastIndex = sign;
      const use = USE.exec(text);
      const end = use === null ? sign + 1 : USE.lastIndex;
      const values = use === null ? undefined : this.#valueOf(line, sign, use);
      at = end;
      if (values === undefined) {
        const inBraces = text.startsWith('${', sign);
        if (inBraces) broken = true;
        if (inBraces && use === null) this.#wrong(line, sign, text.length, "'${' without a name and '}'", '${NAME}');
        copy(sign, inBraces ? sign + 1 : end);
        if (inBraces && use === null) at = text.length;
        continue;
      }
      const [firstValue = '', ...moreValues] = values;
      this.#budget -= 1 + firstValue.length;
      const inner = this.#budget < 0 ? undefined : this.#substitute(standingIn(line, sign, firstValue), depth + 1);
      if (inner === undefined) return undefined;
      made += inner.first.text;
      for (const column of inner.first.columns ?? []) columns.push(column);
      if (inner.first.broken) broken = true;
      more.push(...inner.more, ...moreValues.map((value) => standingIn(line, sign, value)));
    }
    return { first: { file: line.file, line: line.line, text: made, columns, ...(broken ? { broken } : {}) }, more };
  }

  #valueOf(line: SourceLine, at: number, [all, braced, extra = '', bare]: RegExpExecArray): readonly string[] | undefined {
    const name = braced ?? bare ?? '';
    const value = this.#variables.get(name) ?? this.#predefined(line, name, extra.trim());
    if (value === undefined && braced !== undefined) {
      const [message, advice] = unknownWord(`\${${name}}`, 'not defined', this.#variables.keys());
      this.#diagnostics.error(placeOf(line, at, at + all.length), message, advice);
    }
    return value;
  }

  #predefined(line: SourceLine, name: string, facts: string): readonly string[] | undefined {
    const { configId, environment, random } = this.#around;
    switch (name) {
      case '_HASH':
        return ['#'];
      case '_BANG':
        return ['!'];
      case '_PWD':
        return [dirname(line.file)];
      case '_INSTANCE':
        return configId === undefined ? undefined : [configId];
      case '_ENV':
        return environment === undefined ? undefined : [environment[facts] ?? ''];
      case '_RANDOM': {
        const [from = '0', to = '32767'] = facts.split(/\s+/).filter((word) => /^\d{1,10}$/.test(word));
        return random === undefined || Number(from) > Number(to) ? undefined : [String(random(Number(from), Number(to)))];
      }
      default:
        return undefined;
    }
  }

  #pass(line: SourceLine): void {
    if (++this.#lines === MOST_LINES + 1) this.#diagnostics.error(placeOf(line, 0, 1), 'more than a million lines');
    if (this.#lines <= MOST_LINES) this.#emit(line);
  }

  #tooMuch(line: SourceLine): void {
    this.#diagnostics.error(placeOf(line, 0, line.text.length), 'the variables of this line refer to each other or never end');
  }

  #wrong(line: SourceLine, from: number, to: number, message: string, expected: string): void {
    this.#diagnostics.error(placeOf(line, from, to), message, { expected });
  }
}

const after = (line: SourceLine, at: number): SourceLine => ({
  ...line,
  text: line.text.slice(at),
  columns: Array.from({ length: line.text.length - at }, (_, i) => columnAt(line, at + i)),
});

/** Text that stands in for what is written at `at`: all of it has that place. */
const standingIn = (line: SourceLine, at: number, text: string): SourceLine => ({
  file: line.file,
  line: line.line,
  text,
  columns: new Array<number>(text.length).fill(columnAt(line, at)),
});
