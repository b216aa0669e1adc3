import type { Command, Fills, Options } from './arguments.js';

/** What people are told of a command. Its usage, its man page and what shells complete are made from this and its options. */
export interface Manual {
  readonly program: 'lvsctl' | 'lvsd';
  /** Its word; undefined: the program itself. */
  readonly name?: string;
  /** What it does, in a few words that begin small and end without a full stop. */
  readonly summary: string;
  /** What stands behind its word, once for each way to use it. */
  readonly synopsis: readonly string[];
  /** Which of the options that every command takes are worth a place in its synopsis. */
  readonly shares?: readonly SharedOption[];
  /** Why --json is refused, where that needs a sentence of its own. */
  readonly notJson?: string;
  readonly about: readonly About[];
  /** Behind `Exit status:`. */
  readonly exit?: string;
}

/** A paragraph, a list, or lines that stand as they are. */
export type About = string | Terms | Example;

export interface Terms {
  readonly title: string;
  readonly terms: readonly (readonly [term: string, meaning: string])[];
}

export interface Example {
  readonly example: string;
}

export type SharedOption = 'control' | 'api' | 'json';

/** Options of which everything is told. */
export type DescribedOptions = Options & Readonly<Record<string, { readonly help: string }>>;

/** A command with its manual. */
export interface Described<O extends DescribedOptions, Order extends object> extends Command<O, Order> {
  readonly manual: Manual;
  /** What its words are, in order; the last one goes on. */
  readonly words: readonly Fills[];
}

/** Without `words` it takes none. */
export const describe = <const O extends DescribedOptions, Order extends object>(
  manual: Manual,
  { words, ...command }: Omit<Command<O, Order>, 'usage' | 'takesWords'> & { readonly words?: readonly Fills[] },
): Described<O, Order> => ({
  ...command,
  usage: usageOf(manual, command.options),
  manual,
  takesWords: words !== undefined,
  words: words ?? [],
});

const WIDTH = 100;

/** For the terminal. */
export function usageOf(manual: Manual, options: DescribedOptions): string {
  const { about, exit } = manual;
  const synopsis = synopsisOf(manual).map((line, i) => `${i === 0 ? 'usage: ' : '       '}${line}`);
  const rows = Object.entries(options).map(([name, option]) => [optionText(name, option), option.help] as const);
  const blocks = [
    ...about.map(aboutText),
    ...(rows.length === 0 ? [] : [listText(rows)]),
    ...(exit === undefined ? [] : [wrapped(`Exit status: ${exit}`, WIDTH).join('\n')]),
  ];
  return `${[synopsis.join('\n'), ...blocks].join('\n\n')}\n`;
}

/** `lvsctl [--control SOCKET] [--json] push [-f FILE] …`, one for each way to use it. */
export const synopsisOf = ({ program, name, synopsis, shares = [] }: Manual): readonly string[] =>
  synopsis.map((line) =>
    [program, ...shares.map((option) => sharedText[option]), ...(name === undefined ? [] : [name]), line]
      .filter((word) => word !== '')
      .join(' '),
  );

const sharedText: Readonly<Record<SharedOption, string>> = {
  control: '[--control SOCKET]',
  api: '[--api SOCKET]',
  json: '[--json]',
};

function aboutText(about: About): string {
  if (typeof about === 'string') return wrapped(about, WIDTH).join('\n');
  if ('example' in about) return indented(about.example);
  return `${about.title}\n${listText(about.terms)}`;
}

const indented = (text: string): string =>
  text
    .split('\n')
    .map((line) => (line === '' ? '' : `  ${line}`))
    .join('\n');

/** `-f, --file FILE` */
export const optionText = (name: string, { short, value, type }: Options[string]): string =>
  `${short === undefined ? '    ' : `-${short}, `}--${name}${type === 'boolean' ? '' : ` ${value ?? 'TEXT'}`}`;

const MOST_TERM = 30;

/** Terms and, beside them, what they mean; a term that is too long has its meaning below. */
export function listText(rows: readonly (readonly [term: string, meaning: string])[]): string {
  const widest = Math.max(...rows.map(([term]) => term.length).filter((length) => length <= MOST_TERM), 0);
  const column = widest + 4;
  return rows
    .flatMap(([term, meaning]) => {
      const [first = '', ...more] = wrapped(meaning, WIDTH - column);
      const rest = more.map((line) => `${' '.repeat(column)}${line}`);
      return term.length > widest
        ? [`  ${term}`, `${' '.repeat(column)}${first}`, ...rest]
        : [`  ${term.padEnd(widest)}  ${first}`.trimEnd(), ...rest];
    })
    .join('\n');
}

/** Words in lines of at most `width` columns; a longer word has a line of its own. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
