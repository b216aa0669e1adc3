import { parseArgs } from 'node:util';

/** What is wrong with a command line, as a sentence. */
export interface Wrong {
  readonly wrong: string;
}

/** What a command line is that is no order: a wish for help, or a mistake. `usage` is what help prints. */
export type NoOrder = { readonly help: string } | (Wrong & { readonly usage: string });

/** What can stand in a place of a command line; shells offer it. A list: these words. */
export type Fills =
  | 'file'
  | 'service'
  | 'server'
  | 'server-name'
  | 'instance'
  | 'command'
  | 'nothing'
  | readonly string[];

interface Option {
  readonly type: 'boolean' | 'string';
  readonly short?: string;
  readonly multiple?: true;
  /** What people are told of it. */
  readonly help?: string;
  /** How its value is called: FILE. */
  readonly value?: string;
  readonly fills?: Fills;
}

export type Options = Readonly<Record<string, Option>>;

export const flag = { type: 'boolean' } as const;
export const text = { type: 'string' } as const;
export const texts = { type: 'string', multiple: true } as const;

type ValueOf<O extends Option> = O extends { type: 'boolean' }
  ? boolean
  : O extends { multiple: true }
    ? readonly string[]
    : string | undefined;

/** What was typed: a flag that was not is false, of texts that may stand several times there are none. */
export type Values<O extends Options> = { readonly [name in keyof O]: ValueOf<O[name]> };

/** A command that people type. `--help` and what it shares with its sisters need not be among its options. */
export interface Command<O extends Options, Order extends object> {
  readonly usage: string;
  readonly options: O;
  /** Whether words stand beside its options. */
  readonly takesWords?: boolean;
  readonly read: (values: Values<O>, words: readonly string[]) => Order | Wrong;
}

/** What a command line asks for. */
export function readCommand<O extends Options, Order extends object>(
  args: readonly string[],
  command: Command<O, Order>,
): Order | NoOrder {
  const read = readSister(args, command, {});
  return 'order' in read ? read.order : read;
}

/** The same of one of several commands that have the options `shared`. */
export function readSister<O extends Options, Shared extends Options, Order extends object>(
  args: readonly string[],
  { usage, options, takesWords = false, read }: Command<O, Order>,
  shared: Shared,
): { readonly order: Order; readonly shared: Values<Shared> } | NoOrder {
  const typed = readWords(args, { ...shared, ...options });
  if ('wrong' in typed) return { ...typed, usage };
  const { values, words, wantsHelp } = typed;
  if (wantsHelp) return { help: usage };
  if (!takesWords && words.length > 0) return { wrong: `'${words.join(' ')}' is too much`, usage };
  const order = read(values as Values<O>, words);
  return 'wrong' in order ? { ...order, usage } : { order, shared: values as Values<Shared> };
}

interface Typed {
  readonly values: Readonly<Record<string, unknown>>;
  readonly words: readonly string[];
  readonly wantsHelp: boolean;
}

function readWords(args: readonly string[], options: Options): Typed | Wrong {
  const all: Options = { ...options, help: { ...flag, short: 'h' } };
  try {
    const { values, positionals } = parseArgs({ args: [...args], strict: true, allowPositionals: true, options: all });
    const unsaid = Object.entries(options).map(([name, option]) => [name, nothingOf(option)] as const);
    return {
      values: { ...Object.fromEntries(unsaid), ...values },
      words: positionals,
      wantsHelp: values['help'] === true,
    };
  } catch (error) {
    return { wrong: (error as Error).message.replace(/\. To specify a positional argument.*/s, '') };
  }
}

const nothingOf = ({ type, multiple }: Option): false | readonly string[] | undefined =>
  type === 'boolean' ? false : multiple === true ? [] : undefined;
