import { dirname } from 'node:path';
import type { Diagnostics, Place } from './diagnostics.js';
import { columnAt, placeOf, type SourceLine, withoutComment } from './lexer.js';
import { nearest } from './nearest.js';
import { listOf, sequenceOf } from './sequence.js';

/** What a file may ask about where it is read; absent: it may not. */
export interface Surroundings {
  /** What `@ID` lines are compared with, and `${_INSTANCE}`. */
  readonly configId?: string;
  /** All `@ID` lines are meant: to find what any machine would include. */
  readonly everyCondition?: boolean;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** A whole number, both ends included. */
  readonly random?: (from: number, to: number) => number;
}

export interface Comment {
  readonly source: SourceLine;
  /** Index of the comment sign in the text. */
  readonly at: number;
}

interface Definition {
  readonly name: string;
  readonly lines: string[];
  readonly place: Place;
}

/** Variables may use variables, and files may make them refer to each other: beyond this depth and size it is a mistake. */
const DEEPEST = 32;
const LONGEST = 1 << 20;
const MOST_LINES = 1_000_000;

/** A line without these means what it says. */
const SIGNS = /[#!$@~]/;
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
  #open: Definition | undefined;
  /** What one line of the file may still cost: characters put in, and lines made of it. */
  #budget = 0;
  #steps = 0;
  #lines = 0;

  constructor(diagnostics: Diagnostics, around: Surroundings, emit: (line: SourceLine) => void) {
    this.#diagnostics = diagnostics;
    this.#around = around;
    this.#emit = emit;
  }

  /** Whether the next line belongs to a definition, whatever it looks like. */
  get isDefining(): boolean {
    return this.#open !== undefined;
  }

  take(line: SourceLine): void {
    if (this.#open === undefined && !SIGNS.test(line.text)) return this.#pass(line);
    this.#steps = MOST_LINES;
    const { code, commentAt } = withoutComment(line);
    if (commentAt !== undefined) this.comments.push({ source: line, at: commentAt });
    if (this.#open === undefined) this.#carryOut(code, 0);
    else if (commentAt === undefined || code.text.trim() !== '') this.#define(this.#open, code.text);
  }

  /** The text is over. */
  end(): void {
    if (this.#open !== undefined)
      this.#diagnostics.error(this.#open.place, `the definition of $${this.#open.name} has no end`, {
        expected: "a last line without '\\'",
      });
  }

  #carryOut(line: SourceLine, depth: number): void {
    const { text } = line;
    if (text.includes('$') || /^\s*[@~]/.test(text)) this.#carryOutSigns(line, depth);
    else if (text.trim() !== '') this.#pass(line);
  }

  #carryOutSigns(line: SourceLine, depth: number): void {
    const { text } = line;
    if (depth > DEEPEST || --this.#steps < 0) return this.#tooMuch(line);
    const condition = CONDITION.exec(text);
    if (condition !== null) {
      const [all, not = '', id = ''] = condition;
      const isMeant = (id === this.#around.configId) !== (not === '^');
      if (isMeant || this.#around.everyCondition === true) this.#carryOut(after(line, all.length), depth + 1);
      return;
    }
    const definition = DEFINITION.exec(text);
    if (definition !== null) {
      const [, name = '', value = ''] = definition;
      return this.#define({ name, lines: [], place: placeOf(line, 0, text.length) }, value);
    }
    const spaced = SPACED_DEFINITION.exec(text);
    if (spaced !== null)
      return this.#wrong(line, 0, spaced[0].length, `a blank before '='`, `$${spaced[1] ?? ''}=VALUE`);
    const repetition = REPETITION.exec(text);
    if (repetition !== null) return this.#repeat(line, repetition, depth);
    this.#substituteLine(line, depth);
  }

  #define(open: Definition, text: string): void {
    const more = /\\\s*$/.exec(text);
    open.lines.push(more === null ? text.trimEnd() : text.slice(0, more.index).trimEnd());
    this.#open = more === null ? undefined : open;
    if (more !== null) return;
    const [first = '', ...rest] = open.lines;
    this.#variables.set(open.name, rest.length > 0 && first.trim() === '' ? rest : open.lines);
  }

  #repeat(line: SourceLine, [all, kind, inside = '']: RegExpExecArray, depth: number): void {
    this.#budget = LONGEST;
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
      if (this.#steps < 0 || this.#lines > MOST_LINES) return;
    }
  }

  #substituteLine(line: SourceLine, depth: number): void {
    const whole = /^\s*\$\{?([A-Za-z_]\w*)\}?\s*$/.exec(line.text)?.[1];
    const lines = whole === undefined ? undefined : this.#variables.get(whole);
    if (lines !== undefined) {
      // What a variable holds may be conditions and definitions itself.
      for (const text of lines)
        if (this.#steps >= 0) this.#carryOut(standingIn(line, line.text.indexOf('$'), text), depth + 1);
      return;
    }
    this.#budget = LONGEST;
    const done = this.#substitute(line, depth);
    if (done === undefined) return this.#tooMuch(line);
    if (/^\s*[^\s#!]/.test(done.first.text)) this.#pass(done.first); // `$TEST` that is ${_HASH} switches a line off
    for (const more of done.more) this.#carryOut(more, depth + 1);
  }

  /** undefined: it never ends. */
  #substitute(line: SourceLine, depth: number): { first: SourceLine; more: readonly SourceLine[] } | undefined {
    const { text } = line;
    if (!text.includes('$')) return { first: line, more: [] };
    if (depth > DEEPEST) return undefined;
    let made = '';
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
      const end = use === null ? this.#endOfNoUse(line, sign) : USE.lastIndex;
      const values = use === null ? undefined : this.#valueOf(line, sign, use);
      at = end;
      if (values === undefined) {
        // Without its brace, which would open a block.
        if (text.startsWith('${', sign)) copy(sign, sign + 1);
        else copy(sign, end);
        continue;
      }
      const [firstValue = '', ...moreValues] = values;
      this.#budget -= 1 + firstValue.length;
      const inner = this.#budget < 0 ? undefined : this.#substitute(standingIn(line, sign, firstValue), depth + 1);
      if (inner === undefined) return undefined;
      made += inner.first.text;
      for (const column of inner.first.columns ?? []) columns.push(column);
      more.push(...inner.more, ...moreValues.map((value) => standingIn(line, sign, value)));
    }
    return { first: { file: line.file, line: line.line, text: made, columns }, more };
  }

  /** A dollar that begins nothing stays; `${` that does not end takes the rest of the line with it. */
  #endOfNoUse(line: SourceLine, sign: number): number {
    const { text } = line;
    if (!text.startsWith('${', sign)) return sign + 1;
    this.#diagnostics.spoil(placeOf(line, sign, text.length), "'${' without a name and '}'", { expected: '${NAME}' });
    return text.length;
  }

  #valueOf(
    line: SourceLine,
    at: number,
    [all, braced, extra = '', bare]: RegExpExecArray,
  ): readonly string[] | undefined {
    const name = braced ?? bare ?? '';
    const value = this.#variables.get(name) ?? this.#predefined(line, name, extra.trim());
    if (value === undefined && braced !== undefined) {
      const suggestion = nearest(name, this.#variables.keys());
      this.#diagnostics.spoil(placeOf(line, at, at + all.length), `'\${${name}}' is not defined`, {
        suggestion: suggestion === undefined ? undefined : `\${${suggestion}}`,
      });
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
        return random === undefined || Number(from) > Number(to)
          ? undefined
          : [String(random(Number(from), Number(to)))];
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
    this.#diagnostics.error(
      placeOf(line, 0, line.text.length),
      'the variables of this line refer to each other or never end',
    );
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
