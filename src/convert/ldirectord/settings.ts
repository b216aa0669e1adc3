import type { Diagnostics } from '../../config/diagnostics.js';
import type { Directive } from './lines.js';

/** The directives that count for one section: its own before the file's, the last before the others. */
export class Settings {
  readonly #own: ReadonlyMap<string, Directive>;
  readonly #globals: ReadonlyMap<string, Directive>;
  readonly #diagnostics: Diagnostics;

  constructor(own: readonly Directive[], globals: readonly Directive[], diagnostics: Diagnostics) {
    this.#own = byWord(own);
    this.#globals = byWord(globals);
    this.#diagnostics = diagnostics;
  }

  own(word: string): Directive | undefined {
    return this.#own.get(word);
  }

  directive(word: string): Directive | undefined {
    return this.#own.get(word) ?? this.#globals.get(word);
  }

  /** Of quotes, what is in them. */
  text(word: string): string | undefined {
    const directive = this.directive(word);
    return directive === undefined ? undefined : unquoted(directive.value);
  }

  flag(word: string, otherwise: boolean): boolean {
    const value = this.#oneOf(word, ['yes', 'no']);
    return value === undefined ? otherwise : value === 'yes';
  }

  choice<C extends string>(word: string, choices: readonly C[], otherwise: C): C {
    return this.#oneOf(word, choices) ?? otherwise;
  }

  /** A whole number from 1. */
  number(word: string): number | undefined {
    return this.#numberOf(this.directive(word));
  }

  /**
   * What stands for a timeout: the two words stand for each other where one is missing, first in the section, then in the file
   * (ldirectord.cf(5), checktimeout and negotiatetimeout).
   */
  timeout(word: 'checktimeout' | 'negotiatetimeout'): number {
    const other = word === 'checktimeout' ? 'negotiatetimeout' : 'checktimeout';
    const found = this.#own.get(word) ?? this.#own.get(other) ?? this.#globals.get(word) ?? this.#globals.get(other);
    return this.#numberOf(found) ?? (word === 'checktimeout' ? 5 : 30);
  }

  #oneOf<C extends string>(word: string, choices: readonly C[]): C | undefined {
    const directive = this.directive(word);
    if (directive === undefined) return undefined;
    const choice = choices.find((one) => one === directive.value);
    if (choice === undefined)
      this.#diagnostics.error(directive.valuePlace, `'${directive.value}' is no value of ${word}`, {
        expected: choices.join(', '),
      });
    return choice;
  }

  #numberOf(directive: Directive | undefined): number | undefined {
    if (directive === undefined) return undefined;
    if (/^[1-9]\d{0,8}$/.test(directive.value)) return Number(directive.value);
    this.#diagnostics.error(directive.valuePlace, `'${directive.value}' is no value of ${directive.word}`, {
      expected: 'a whole number from 1',
    });
    return undefined;
  }
}

const byWord = (directives: readonly Directive[]): ReadonlyMap<string, Directive> =>
  new Map(directives.map((directive) => [directive.word, directive]));

export const unquoted = (text: string): string => /^"(.*)"$/.exec(text)?.[1] ?? text;
