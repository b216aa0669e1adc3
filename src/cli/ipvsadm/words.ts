import { longOptions, type Option, shortOptions } from './options.js';
import { Refusal } from './refusal.js';

export interface Given {
  readonly option: Option;
  readonly value: string | undefined;
}

/**
 * The words of a command line as popt takes them: short options cluster, `=` may join any value, long names are whole,
 * `--` ends the options, and words that are no options are put aside.
 */
export class Words {
  readonly #words: readonly string[];
  #next = 0;
  /** Rest of a cluster of short options. */
  #cluster = '';
  #onlyStrays = false;
  readonly #strays: string[] = [];
  #straysTaken = 0;

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  /** Next option, or undefined at the end. Throws the option library's complaints, which do not end a run of -R. */
  next(): Given | undefined {
    while (this.#cluster === '') {
      const word = this.#words[this.#next];
      if (word === undefined) return undefined;
      this.#next++;
      if (this.#onlyStrays || word.length < 2 || word.charCodeAt(0) !== 45) this.#strays.push(word);
      else if (word === '--') this.#onlyStrays = true;
      else if (word.charCodeAt(1) === 45) return this.#long(word);
      else this.#cluster = word.slice(1);
    }
    return this.#short();
  }

  /** The word last taken, as typed: an option, a whole cluster, or an option's value. */
  get lastWord(): string {
    return this.#words[this.#next - 1] ?? '';
  }

  /** The next word that was no option. Complete after next() said undefined. */
  stray(): string | undefined {
    return this.#strays[this.#straysTaken++];
  }

  #long(word: string): Given {
    const equals = word.indexOf('=');
    const option = longOptions.get(equals < 0 ? word.slice(2) : word.slice(2, equals));
    if (option === undefined) throw this.#complaint('unknown option');
    return this.#withValue(option, equals < 0 ? undefined : word.slice(equals + 1));
  }

  #short(): Given {
    const option = shortOptions.get(this.#cluster.charAt(0));
    if (option === undefined) throw this.#complaint('unknown option');
    const rest = this.#cluster.slice(1);
    const equals = rest.charCodeAt(0) === 61;
    if (option.takes === 'nothing') {
      this.#cluster = rest;
      return this.#withValue(option, equals ? rest : undefined);
    }
    this.#cluster = '';
    if (rest === '') return this.#withValue(option, undefined);
    return this.#withValue(option, equals ? rest.slice(1) : rest);
  }

  #withValue(option: Option, joined: string | undefined): Given {
    if (option.takes === 'nothing') {
      if (joined !== undefined) throw this.#complaint('option does not take an argument');
      return { option, value: undefined };
    }
    if (joined !== undefined) return { option, value: joined };
    const word = this.#words[this.#next];
    if (option.takes === 'optional value') {
      if (word === undefined || word.charCodeAt(0) === 45) return { option, value: undefined };
    } else if (word === undefined) throw this.#complaint('missing argument');
    this.#next++;
    return { option, value: word };
  }

  #complaint(text: string): Refusal {
    return new Refusal(`${this.lastWord}: ${text}`, 255, false);
  }
}
