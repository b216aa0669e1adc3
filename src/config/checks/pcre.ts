import {
  allBut,
  type ByteSet,
  byteText,
  classEscapes,
  inBothCases,
  otherCase,
  posixClasses,
  setOf,
  setText,
} from './pcre-bytes.js';

/** Options of PCRE2, by the letters it has inside of a pattern, and two that it has not. */
export interface PcreOptions {
  readonly i?: boolean;
  readonly m?: boolean;
  readonly s?: boolean;
  readonly x?: boolean;
  /** PCRE2_DOLLAR_ENDONLY. */
  readonly dollarEndOnly?: boolean;
}

/** Why a pattern is not taken. */
class Refusal extends Error {}

/**
 * A pattern of PCRE2 (pcre2pattern(3), 10.42, bytes, newline is \n) as one of JavaScript that finds the same in Latin-1 text, or why
 * there is none. Nothing is handed on as it is: what the two languages spell alike and read differently (`$`, `.`, `\s`, `[]a]`) is
 * written anew, and what is not known here is refused.
 */
export function translatePcre(text: string, options: PcreOptions = {}): RegExp | { readonly refused: string } {
  try {
    return new RegExp(new Translator(Buffer.from(text).toString('latin1'), options).all());
  } catch (error) {
    return {
      refused: error instanceof Refusal ? error.message : (error as Error).message.replace(/^.*?: \/.*\/: /, ''),
    };
  }
}

const START = '(?<![^])';
const END = '(?![^])';
const NEWLINE = 10;
const MOST_REPEATS = 65_535;
const DEEPEST = 250;

const noNewline = allBut(setOf([NEWLINE, NEWLINE]));
/** Every kind of line end; \r\n is never taken apart. */
const ANY_LINE_END = '(?:\\r\\n|(?!\\r\\n)[\\n\\x0b\\f\\r\\x85])';

const CHARACTER_ESCAPES: ReadonlyMap<string, number> = new Map(
  Object.entries({ a: 7, e: 27, f: 12, n: 10, r: 13, t: 9 }),
);

interface Atom {
  readonly js: string;
  /** Something that a quantifier may follow. */
  readonly repeats: boolean;
}

interface Flags {
  i: boolean;
  m: boolean;
  s: boolean;
  x: boolean;
}

class Translator {
  readonly #text: string;
  readonly #dollarEndOnly: boolean;
  #at = 0;
  #flags: Flags;
  #quoting = false;
  #depth = 0;
  /** Loops so far of which a turn may match nothing. */
  #emptyTurns = 0;
  #lookingBehind = 0;
  #groups = 0;
  #helpers = 0;
  readonly #names = new Map<string, number>();
  /** Groups that have matched for certain where we are: only for these a reference means the same in both languages. */
  #sure: ReadonlySet<number> = new Set();

  constructor(text: string, { i = false, m = false, s = false, x = false, dollarEndOnly = false }: PcreOptions) {
    this.#text = text;
    this.#flags = { i, m, s, x };
    this.#dollarEndOnly = dollarEndOnly;
  }

  all(): string {
    const js = this.#alternatives();
    if (this.#at < this.#text.length) throw new Refusal("a ')' without its '('");
    return js;
  }

  #alternatives(): string {
    if (++this.#depth > DEEPEST) throw new Refusal(`more than ${DEEPEST} groups inside each other`);
    const before = this.#sure;
    const branches = [this.#branch()];
    let sure = this.#sure;
    while (this.#takes('|')) {
      this.#sure = before;
      branches.push(this.#branch());
      sure = new Set([...sure].filter((group) => this.#sure.has(group)));
    }
    this.#sure = sure;
    this.#depth--;
    return branches.join('|');
  }

  #branch(): string {
    let js = '';
    for (;;) {
      this.#skipIgnored();
      const next = this.#text[this.#at];
      if (next === undefined || (!this.#quoting && (next === '|' || next === ')'))) return js;
      const before = { sure: this.#sure, emptyTurns: this.#emptyTurns };
      const atom = this.#atom(next);
      js += this.#repeated(atom, before);
    }
  }

  /** Comments, the ends of quotations, and under x what makes a pattern readable. */
  #skipIgnored(): void {
    for (;;) {
      const from = this.#at;
      if (this.#takes('\\E')) this.#quoting = false;
      else if (!this.#quoting && this.#takes('\\Q')) this.#quoting = true;
      else if (!this.#quoting && this.#takes('(?#')) this.#skipPast(')');
      else if (!this.#quoting && this.#flags.x) this.#takeMatch(/[\t-\r ]+|#[^\n]*/y);
      if (this.#at === from) return;
    }
  }

  #skipPast(end: string): void {
    const at = this.#text.indexOf(end, this.#at);
    if (at < 0) throw new Refusal(`no '${end}' after a comment`);
    this.#at = at + end.length;
  }

  /** What follows an atom: `*`, `+?`, `{2,3}+` … */
  #repeated(
    { js, repeats }: Atom,
    before: { readonly sure: ReadonlySet<number>; readonly emptyTurns: number },
  ): string {
    this.#skipIgnored();
    if (this.#quoting) return js;
    const [quantifier, least, comma, most] = this.#takeMatch(/[*+?]|\{(\d+)(?:(,)(\d*))?\}/y) ?? [];
    if (quantifier === undefined) return js;
    if (!repeats) throw new Refusal(`'${quantifier}' after what cannot be repeated`);
    if (Number(least ?? 0) > MOST_REPEATS || Number(most ?? 0) > MOST_REPEATS)
      throw new Refusal(`'${quantifier}': more than ${MOST_REPEATS} times`);
    if (comma !== undefined && most !== undefined && most !== '' && Number(most) < Number(least))
      throw new Refusal(`'${quantifier}': numbers out of order`);
    this.#sure = before.sure; // the last turn of a loop, where one matched nothing, is not the same in both
    const isExact = least !== undefined && (comma === undefined || most === least);
    if (!isExact && mayBeEmpty(js)) this.#emptyTurns++;
    if (this.#takes('?')) return `${js}${quantifier}?`;
    if (this.#flags.x && /^[\t-\r ]+\+/.test(this.#text.slice(this.#at))) this.#skipIgnored();
    return this.#takes('+') ? this.#atomic(`${js}${quantifier}`, before.emptyTurns) : `${js}${quantifier}`;
  }

  /** Matches once, and is not tried otherwise: a lookahead is never gone back into. */
  #atomic(js: string, emptyTurnsBefore: number): string {
    // JavaScript takes no turn of a loop that matches nothing, PCRE one: elsewhere both find the same in the end
    if (this.#emptyTurns > emptyTurnsBefore)
      throw new Refusal('an atomic group or possessive quantifier around a loop that may match nothing');
    if (this.#lookingBehind > 0) throw new Refusal('an atomic group or possessive quantifier in a lookbehind');
    const name = `a${++this.#helpers}`;
    return `(?:(?=(?<${name}>${js}))\\k<${name}>)`;
  }

  #atom(next: string): Atom {
    if (this.#quoting) return this.#byte(this.#takeByte());
    this.#at += next.length;
    switch (next) {
      case '(':
        return this.#group();
      case '[':
        return this.#set(this.#class());
      case '\\':
        return this.#escape();
      case '.':
        return this.#set(this.#flags.s ? setOf([0, 255]) : noNewline);
      case '^':
        // in the middle of the text, but not behind its last newline
        return assertion(this.#flags.m ? `(?:${START}|(?<=\\n)(?=[^]))` : START);
      case '$':
        if (this.#flags.m) return assertion('(?=\\n|(?![^]))');
        return assertion(this.#dollarEndOnly ? END : '(?=\\n?(?![^]))');
      case '*':
      case '+':
      case '?':
        throw new Refusal(`'${next}' with nothing before it to repeat`);
      case '{':
        if (/^\{\d+(,\d*)?\}/.test(this.#text.slice(this.#at - 1)))
          throw new Refusal("'{' with nothing before it to repeat");
        return this.#byte(next.charCodeAt(0));
      default:
        return this.#byte(next.charCodeAt(0));
    }
  }

  #byte(byte: number): Atom {
    const other = otherCase(byte);
    const js = this.#flags.i && other !== byte ? `[${byteText(byte)}${byteText(other)}]` : byteText(byte);
    return { js, repeats: true };
  }

  #set(set: ByteSet): Atom {
    return { js: setText(set), repeats: true };
  }

  #group(): Atom {
    if (this.#takes('*')) throw new Refusal("'(*...)' is a verb of PCRE");
    if (!this.#takes('?')) return this.#capture(undefined);
    const [, name] =
      this.#takeMatch(/P?<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)'/y)?.filter((part) => part !== undefined) ?? [];
    if (name !== undefined) return this.#capture(name);
    const [, kind] = this.#takeMatch(/(:|>|=|!|<=|<!)/y) ?? [];
    if (kind !== undefined) return this.#uncaptured(kind);
    const [, reference] = this.#takeMatch(/P=([A-Za-z_]\w*)\)/y) ?? [];
    if (reference !== undefined) return this.#reference(this.#named(reference));
    return this.#options();
  }

  #capture(name: string | undefined): Atom {
    const group = ++this.#groups;
    if (name !== undefined) {
      if (this.#names.has(name)) throw new Refusal(`two groups named '${name}'`);
      this.#names.set(name, group);
    }
    const js = this.#inside();
    this.#sure = new Set([...this.#sure, group]);
    return { js: `(?<g${group}>${js})`, repeats: true };
  }

  #uncaptured(kind: string): Atom {
    const before = this.#sure;
    const emptyTurns = this.#emptyTurns;
    if (kind.startsWith('<')) this.#lookingBehind++;
    const js = this.#inside();
    if (kind.startsWith('<')) this.#lookingBehind--;
    if (kind === ':') return { js: `(?:${js})`, repeats: true };
    if (kind === '>') return { js: this.#atomic(js, emptyTurns), repeats: true };
    if (kind !== '=') this.#sure = before;
    return assertion(`(?${kind}${js})`);
  }

  /** Up to the bracket that closes, behind which the options are what they were. */
  #inside(): string {
    const flags = { ...this.#flags };
    const js = this.#alternatives();
    if (!this.#takes(')')) throw new Refusal("a '(' without its ')'");
    this.#flags = flags;
    return js;
  }

  /** `(?i)`, `(?i-s:...)`. */
  #options(): Atom {
    const [, on = '', off = '', end] = this.#takeMatch(/([imsx]*)(?:-([imsx]*))?([:)])/y) ?? [];
    if (end === undefined || on.includes('xx') || off.includes('xx'))
      throw new Refusal(`'(?${this.#text.slice(this.#at, this.#at + 2)}' is not known here`);
    const outer = { ...this.#flags };
    for (const letter of on) this.#flags[letter as keyof Flags] = true;
    for (const letter of off) this.#flags[letter as keyof Flags] = false;
    if (end === ')') return assertion('');
    const js = this.#inside();
    this.#flags = outer;
    return { js: `(?:${js})`, repeats: true };
  }

  #escape(): Atom {
    const byte = this.#byteEscape();
    if (byte !== undefined) return this.#byte(byte);
    const letter = this.#text[this.#at++];
    if (letter === undefined) throw new Refusal("a '\\' at the end");
    const set = classEscapes.get(letter);
    if (set !== undefined) return this.#set(set);
    switch (letter) {
      case 'b':
      case 'B':
        return assertion(`\\${letter}`);
      case 'A':
        return assertion(START);
      case 'z':
        return assertion(END);
      case 'Z':
        return assertion('(?=\\n?(?![^]))');
      case 'R':
        return { js: ANY_LINE_END, repeats: true };
      case 'N':
        if (this.#text[this.#at] === '{') throw new Refusal("'\\N{' is not known here");
        return this.#set(noNewline);
      case 'C':
        return this.#set(setOf([0, 255]));
      case 'k':
      case 'g':
        return this.#longReference(letter);
      default:
        if (/[1-9]/.test(letter)) return this.#reference(this.#number(letter));
        throw new Refusal(`'\\${letter}' is not known here`);
    }
  }

  /** An escape that stands for one byte, in a class or not; undefined: it is none, and nothing was taken. */
  #byteEscape(): number | undefined {
    const [, octal, braced, hexadecimal, short, control, other] =
      this.#takeMatch(
        /(0[0-7]{0,2})|o\{([0-7]+)\}|x\{([0-9a-fA-F]+)\}|x(?!\{)([0-9a-fA-F]{0,2})|c([ -~])|([^0-9A-Za-z])/y,
      ) ?? [];
    const byte =
      octal !== undefined || braced !== undefined
        ? Number.parseInt(octal ?? braced ?? '', 8)
        : hexadecimal !== undefined || short !== undefined
          ? Number.parseInt(`0${hexadecimal ?? short ?? ''}`, 16)
          : control !== undefined
            ? control.toUpperCase().charCodeAt(0) ^ 0x40
            : other?.charCodeAt(0);
    if (byte !== undefined && byte > 255) throw new Refusal('a character beyond 255');
    if (byte !== undefined) return byte;
    const known = CHARACTER_ESCAPES.get(this.#text[this.#at] ?? '');
    if (known !== undefined) this.#at++;
    return known;
  }

  #number(first: string): number {
    const [more = ''] = this.#takeMatch(/\d+/y) ?? [];
    const number = Number(first + more);
    // beyond nine it may be an octal number, if there are not so many groups
    if (number > 9 && !this.#sure.has(number)) throw new Refusal(`'\\${number}' is not known here`);
    return number;
  }

  /** `\k<name>`, `\g{-1}`, `\g2` … */
  #longReference(letter: string): Atom {
    const [, ...names] = this.#takeMatch(/<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)'|\{([A-Za-z_]\w*)\}/y) ?? [];
    const name = names.find((one) => one !== undefined);
    // \g<name> calls the group again
    if (name !== undefined && (letter === 'k' || this.#text[this.#at - 1] === '}'))
      return this.#reference(this.#named(name));
    const [, braced, plain] =
      letter === 'g' && name === undefined ? (this.#takeMatch(/\{(-?\d+)\}|(-?\d+)/y) ?? []) : [];
    const number = Number(braced ?? plain ?? Number.NaN);
    if (Number.isNaN(number)) throw new Refusal(`'\\${letter}' so is not known here`);
    return this.#reference(number < 0 ? this.#groups + 1 + number : number);
  }

  #named(name: string): number {
    const group = this.#names.get(name);
    if (group === undefined) throw new Refusal(`no group '${name}' before it is referred to`);
    return group;
  }

  #reference(group: number): Atom {
    if (!this.#sure.has(group)) throw new Refusal(`a reference to group ${group}, which may not have matched there`);
    if (this.#flags.i) throw new Refusal(`a reference to group ${group} under (?i)`);
    if (this.#lookingBehind > 0) throw new Refusal(`a reference to group ${group} in a lookbehind`);
    return { js: `\\k<g${group}>`, repeats: true };
  }

  /** Behind the `[`. A `]` that comes first stands for itself. */
  #class(): ByteSet {
    const isNegated = this.#takes('^');
    const bytes = new Set<number>();
    do {
      if (this.#at >= this.#text.length) throw new Refusal("a '[' without its ']'");
      const from = this.#classItem();
      if (!/^-[^\]]/.test(this.#text.slice(this.#at, this.#at + 2))) {
        for (const byte of typeof from === 'number' ? [from] : from) bytes.add(byte);
        continue;
      }
      this.#at++;
      const to = this.#classItem();
      if (typeof from !== 'number' || typeof to !== 'number' || to < from)
        throw new Refusal('a range of characters that is none');
      for (let byte = from; byte <= to; byte++) bytes.add(byte);
    } while (!this.#takes(']'));
    const set = this.#flags.i ? inBothCases(bytes) : bytes;
    return isNegated ? allBut(set) : set;
  }

  #classItem(): number | ByteSet {
    const [, not, name, other] = this.#takeMatch(/\[(?::(\^?)([^\]:]*):|([.=])[^\]]*\3)\]/y) ?? [];
    if (name === undefined && other === undefined) return this.#takes('\\') ? this.#classEscape() : this.#takeByte();
    const set = posixClasses.get(name ?? '');
    if (set === undefined) throw new Refusal(`no class of characters '${name ?? other ?? ''}'`);
    return not === '^' ? allBut(set) : set;
  }

  #classEscape(): number | ByteSet {
    const byte = this.#byteEscape();
    if (byte !== undefined) return byte;
    const letter = this.#text[this.#at++] ?? '';
    const set = classEscapes.get(letter);
    if (set !== undefined) return set;
    if (letter === 'b') return 8;
    const [more = ''] = /[1-7]/.test(letter) ? (this.#takeMatch(/[0-7]{0,2}/y) ?? []) : [];
    const octal = Number.parseInt(letter + more, 8);
    if (!/[1-7]/.test(letter) || octal > 255) throw new Refusal(`'\\${letter}' in a class is not known here`);
    return octal;
  }

  #takeByte(): number {
    return this.#text.charCodeAt(this.#at++);
  }

  #takes(expected: string): boolean {
    const is = this.#text.startsWith(expected, this.#at);
    if (is) this.#at += expected.length;
    return is;
  }

  /** `pattern` is sticky. */
  #takeMatch(pattern: RegExp): readonly (string | undefined)[] | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text) ?? undefined;
    if (found !== undefined) this.#at = pattern.lastIndex;
    return found;
  }
}

const assertion = (js: string): Atom => ({ js, repeats: false });

/** Whether what is repeated may match nothing. What refers to a group elsewhere cannot be tried alone and may. */
function mayBeEmpty(js: string): boolean {
  if (!js.startsWith('(')) return false;
  try {
    return new RegExp(`^(?:${js})$`).test('');
  } catch {
    return true;
  }
}
