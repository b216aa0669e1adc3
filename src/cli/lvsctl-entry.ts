import { flag, type Fills, type NoOrder, readSister, text } from './arguments.js';
import type { Manner } from './ask.js';
import type { Request } from './control.js';
import type { Output } from './face.js';
import type { Described, DescribedOptions, Manual } from './manual.js';

/** What every command of lvsctl may be told. */
export const sharedOptions = {
  control: {
    ...text,
    value: 'SOCKET',
    fills: 'file',
    help: 'where to ask (default $RUNTIME_DIRECTORY or /run/lvsd, control.sock)',
  },
  api: {
    ...text,
    value: 'SOCKET',
    fills: 'file',
    help: 'where to ask by REST (default $RUNTIME_DIRECTORY or /run/lvsd, api.sock)',
  },
  json: { ...flag, help: 'JSON instead of text for people' },
} as const satisfies DescribedOptions;

/** Where is asked, and how the answer is printed. */
export interface Asked extends Manner {
  /** The API's Unix socket. */
  readonly api: string;
}

/** The sockets, if nobody says others. */
export interface Usual {
  readonly control: string;
  readonly api: string;
}

/** What a command works with. */
export interface Context {
  readonly asked: Asked;
  readonly output: Output;
  readonly environment: NodeJS.ProcessEnv;
  /** All of lvsctl's, for those that tell of them. */
  readonly commands: readonly Entry[];
}

/** Something the director is asked by its control socket, or something that lvsctl does itself. */
export type Task = { readonly request: Request } | OwnTask;

export interface OwnTask {
  readonly own: string;
  readonly order: object;
  /** Answers with the exit status. */
  readonly run: (context: Context) => Promise<number> | number;
}

export type Order = Asked & Task;

export type Group = 'look' | 'suppose' | 'change' | 'pair' | 'engine' | 'lvsctl';

/** A row of the command table. */
export interface Entry {
  readonly group: Group;
  readonly name: string;
  readonly manual: Manual;
  readonly usage: string;
  readonly options: DescribedOptions;
  readonly words: readonly Fills[];
  /** Its word is not among `args`. */
  readonly read: (args: readonly string[], usual: Usual) => Order | NoOrder;
}

/** `taskOf`: what becomes of what was typed. */
export function entry<O extends DescribedOptions, Told extends object>(
  group: Group,
  command: Described<O, Told>,
  taskOf: (told: Told) => Task,
): Entry {
  const { manual, usage, options, words } = command;
  const { name = manual.program, shares = [] } = manual;
  const read: Entry['read'] = (args, usual) => {
    const typed = readSister(args, command, sharedOptions);
    if (!('order' in typed)) return typed;
    const { control: path = usual.control, api = usual.api, json } = typed.shared;
    if (json && !shares.includes('json')) return { wrong: manual.notJson ?? `${name} has no --json`, usage };
    return { path, api, json, ...taskOf(typed.order) };
  };
  return { group, name, manual, usage, options, words, read };
}

/** A command that asks the director by its control socket. */
export const asking = <O extends DescribedOptions, Told extends Request>(
  group: Group,
  command: Described<O, Told>,
): Entry => entry(group, command, (request) => ({ request }));

/** A command that lvsctl carries out itself. */
export const doing = <O extends DescribedOptions, Told extends object>(
  group: Group,
  command: Described<O, Told>,
  run: (told: Told, context: Context) => Promise<number> | number,
): Entry =>
  entry(group, command, (order) => ({
    own: command.manual.name ?? '',
    order,
    run: (context) => run(order, context),
  }));
